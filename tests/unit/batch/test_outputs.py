"""Tables and dashboard: harmless whatever the plans hold, whole without a network."""

import base64
import csv
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from rtcomplexity.batch import dashboard, distributions
from rtcomplexity.batch.csv_tables import cell, table_writer
from rtcomplexity.batch.dashboard import DOWNLOADS
from rtcomplexity.batch.distributions import Collector, histogram
from rtcomplexity.batch.ledger import Claimed, FileRow, Ledger, PlanEntry, PlanRow, Standing
from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.batch.outputs import write_outputs
from rtcomplexity.batch.results import PlanResult
from rtcomplexity.batch.rows import EDIT_COLUMNS, flags_of, metric_values
from rtcomplexity.errors import UsageError

HOSTILE = "</script><script>alert(1)</script>\"'=1+1"


def key(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def record(value=1.0, verdict="rejects", percentile=50.0):
    return {
        "plan": {
            "id": "1" * 64,
            "structure_set": {"approval": HOSTILE, "link": "none"},
            "planning_image": None,
            "facts": {"site": "unknown", "fractions": None},
        },
        "verdict": {"value": verdict, "claim": "unknown", "service_level": None, "reasons": [{"code": HOSTILE}]},
        "score": {
            "t": percentile,
            "percentile": percentile,
            "stratum": None,
            "decided_by": ["shape"],
            "profile": {"id": "p", "sha256": "s"},
        },
        "gross_target": {"metrics": {"scored.volume": {"value": value, "unit": "cm3"}}},
        "rois": [
            {
                "number": 1,
                "target_class": "GTV",
                "generation": "=cmd()",
                "derived_from": None,
                "is_gross_target": True,
                "metrics": {"shape.volume": {"value": value}, "shape.none": {"value": None, "reason": "x"}},
            }
        ],
        "image_sets": [],
        "issues": [{"severity": "warning"}],
        "software": {"version": "0"},
    }


def put(ledger, key, outcome):
    nothing, own = Standing("", "", ""), key.encode()
    row = PlanEntry(key=key, standing=nothing, outcome=outcome, patient=b"p", instance=own, file_count=1)
    ledger.put_plan(row, [])


def result_of(tree):
    return PlanResult.parse(json.dumps(tree))


def content_of(tree):
    """What a worker hands over of a record."""
    summary = {
        "plan_id": tree["plan"]["id"],
        "verdict": tree["verdict"]["value"],
        "t": tree["score"]["t"],
        "target_metrics": sorted(tree["gross_target"]["metrics"]),
        "roi_metrics": sorted({name for roi in tree["rois"] for name in roi["metrics"]}),
    }
    return {"record": json.dumps(tree), "summary": summary}


def assessed(value=1.0, change=None, **facts):
    tree = record(value, **facts)
    if change is not None:
        change(tree)
    return Outcome(status=Status.ASSESSED, content=content_of(tree), wall_s=0.5, peak_bytes=10**8)


@pytest.fixture
def written(tmp_path):
    with Ledger(tmp_path) as ledger:
        for number in range(12):
            put(ledger, key(number), assessed(1000.0 if number == 7 else 10.0 + number))
        put(ledger, "f" * 64, Outcome(status=Status.REFUSED, code="x", reason=f"{HOSTILE}"))
        write_outputs(ledger, tmp_path, parquet=False, evidence=False)
    return tmp_path


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.stack, self.parts = [], [], [], {"style": [], "script": []}

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.stack.append(tag)

    def handle_data(self, data):
        if self.stack and self.stack[-1] in self.parts:
            self.parts[self.stack[-1]].append(data)

    def handle_endtag(self, tag):
        if self.stack and self.stack[-1] == tag:
            self.stack.pop()


@pytest.fixture
def page(written):
    outline = Outline()
    outline.feed((written / "dashboard.html").read_text("utf-8"))
    return outline


def test_the_page_asks_for_nothing(page, written):
    addresses = [
        value for _, given in page.tags for name, value in given.items() if name in {"src", "href", "action", "data"}
    ]
    assert all(address.startswith(("#", "evidence/")) or address in DOWNLOADS for address in addresses)
    assert set(addresses) >= set(DOWNLOADS)
    assert all((written / name).is_file() for name in DOWNLOADS)
    assert "http" not in re.sub(r'http-equiv="', "", (written / "dashboard.html").read_text("utf-8"))


def test_only_its_own_style_and_script_may_run(page):
    policy = next(given["content"] for tag, given in page.tags if tag == "meta" and "http-equiv" in given)
    assert policy.startswith("default-src 'none'")
    for name in ("style", "script"):
        assert len(page.parts[name]) == 1
        digest = base64.b64encode(hashlib.sha256(page.parts[name][0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert not [given for _, given in page.tags if any(name.startswith("on") or name == "style" for name in given)]


def test_what_plans_say_is_text(written):
    text = (written / "dashboard.html").read_text("utf-8")
    assert "alert(1)</script>" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_row_for_every_plan_and_a_link_to_every_outlier(page):
    rows = {given["id"] for tag, given in page.tags if tag == "tr" and "id" in given}
    assert len(rows) == 13
    far = {given["href"] for tag, given in page.tags if tag == "a" and given["href"].startswith("#p")}
    assert far == {"#p" + key(7)[:16]}
    assert {href[1:] for href in far} <= rows


def test_every_table_has_headings_with_a_scope(page):
    assert all(given.get("scope") in {"col", "row"} for tag, given in page.tags if tag == "th")


def test_formulas_are_disarmed(written):
    assert "'=cmd()" in (written / "results_rois.csv").read_text("utf-8")
    assert cell("\uff1d1") == "'\uff1d1"
    assert cell(-2) == "-2"


def test_the_alarm_stands_on_the_page(tmp_path):
    with Ledger(tmp_path) as ledger:
        for number in range(20):
            put(ledger, str(number), assessed(verdict="supports" if number < 4 else "rejects", percentile=99.0))
        write_outputs(ledger, tmp_path, parquet=False, evidence=True)
    text = (tmp_path / "dashboard.html").read_text("utf-8")
    assert 'role="alert"' in text
    assert "4 of 20 scored plans are supported" in text


def test_more_plans_than_the_page_lists_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(dashboard, "MOST_ROWS", 3)
    monkeypatch.setattr(distributions, "MOST_PLANS", 4)
    with Ledger(tmp_path) as ledger:
        for number in range(6):
            put(ledger, str(number), assessed())
        write_outputs(ledger, tmp_path, parquet=False, evidence=False)
    text = (tmp_path / "dashboard.html").read_text("utf-8")
    assert "The first 3 of 6 plans by key" in text
    assert "over 4 plans (a sample of 6)" in text


def test_an_output_that_fails_leaves_what_stood_there(tmp_path):
    target = tmp_path / "table.csv"
    with table_writer(target, ["a"]) as write:
        write([1])

    with pytest.raises(OSError, match="full"), table_writer(target, ["a"]) as write:  # noqa: PT012
        write([2])
        raise OSError(28, "full")
    assert target.read_text() == "a\n1\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cannot_be_read_is_refused_in_the_words_of_a_plan(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.put_file(FileRow(b"p", 1, 1, "broken", "It is cut off.", "unreadable-file"))
        write_outputs(ledger, tmp_path, parquet=False, evidence=False)
    row = re.search(r"<td>file</td>.*", (tmp_path / "dashboard.html").read_text("utf-8"))[0]
    assert "<td>Refused</td>" in row
    assert '<div class="tile"><b>1</b>Unreadable files</div>' in (tmp_path / "dashboard.html").read_text("utf-8")


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rtcomplexity.batch.outputs.table_writer", full)
    with Ledger(tmp_path) as ledger, pytest.raises(UsageError, match="no space left"):
        write_outputs(ledger, tmp_path, parquet=False, evidence=False)


def plan_row(**changes):
    given = {
        "key": "k", "status": Status.ASSESSED, "code": "", "reason": "", "plan_id": "i", "verdict": "rejects", "t": 1.0,
        "result": result_of(record()), "patient": "", "claims": (), "file_count": 1, "wall_s": 1.0, "cpu_s": 1.0,
        "peak_bytes": 1, "face": 0, "versions": 1,
    }  # fmt: skip
    return PlanRow(**{**given, **changes})


def test_flags():
    assert flags_of(plan_row()) == []
    assert flags_of(plan_row(claims=(Claimed(2, "c", 2),), face=1)) == [
        "same_patient_and_course",
        "pictures_may_show_a_face",
    ]
    assert flags_of(plan_row(claims=(Claimed(2, "c", 1), Claimed(3, "d", 1)))) == ["several_claims"]
    assert flags_of(plan_row(versions=2)) == ["several_versions_of_one_structure_set"]


def test_missing_values_are_no_part_of_a_distribution():
    assert {metric for _, metric, _ in metric_values(plan_row())} == {"scored.volume", "shape.volume"}


def test_distributions_are_those_of_numpy():
    collector = Collector()
    values = np.arange(50.0) ** 2
    for number, value in enumerate(values):
        collector.take(plan_row(key=str(number), result=result_of(record(value))))
    first = collector.distributions()[0]
    assert (first.group, first.metric, first.n) == ("scored target", "scored.volume", 50)
    assert first.quantiles == pytest.approx(np.quantile(values, (0, 0.05, 0.5, 0.95, 1)))
    assert sum(first.bins) == 50
    assert first.outliers == ()


def test_a_constant_metric_has_one_bin_and_no_outlier():
    assert histogram(np.full(9, 3.0), 3.0, 3.0) == (9,)
    collector = Collector()
    for number in range(9):
        collector.take(plan_row(key=str(number)))
    assert collector.distributions()[0].outliers == ()


def test_an_edit_stands_in_the_row_of_the_roi_that_was_edited(tmp_path):
    plain, edited = record(), record()
    edited["edits"] = [
        {"roi_number": 1, "basis": "predecessor", "extent": "light", "moved_share": 0.2, "side": "against"}
    ]
    with Ledger(tmp_path) as ledger:
        for number, tree in enumerate((plain, edited)):
            content = {**content_of(tree), "record": json.dumps(tree)}
            put(ledger, key(number), Outcome(status=Status.ASSESSED, content=content))
        write_outputs(ledger, tmp_path, parquet=False, evidence=False)
    with (tmp_path / "results_rois.csv").open(newline="") as stream:
        rows = [[row[name] for name in EDIT_COLUMNS] for row in csv.DictReader(stream)]
    assert sorted(rows) == [["", "", "", ""], ["predecessor", "light", "0.2", "against"]]


def test_a_record_is_parsed_once_whatever_is_written_of_it(tmp_path, monkeypatch):
    parsed, text = [], json.dumps(record())
    loads = json.loads

    def counted(content, *arguments, **options):
        parsed.append("gross_target" in str(content))
        return loads(content, *arguments, **options)

    monkeypatch.setattr("json.loads", counted)
    dumped = []
    dumps = json.dumps
    monkeypatch.setattr(
        "json.dumps", lambda tree, **options: (dumped.append("gross_target" in tree), dumps(tree, **options))[1]
    )
    with Ledger(tmp_path) as ledger:
        for number in range(3):
            outcome = Outcome(status=Status.ASSESSED, content={**content_of(loads(text)), "record": text})
            dumped.clear()
            put(ledger, key(number), outcome)
        assert sum(parsed) == 0
        write_outputs(ledger, tmp_path, parquet=False, evidence=False)
    assert sum(parsed) == 3
    assert sum(dumped) == 0
    assert all(f'"record": {text}}}' in line for line in (tmp_path / "results.jsonl").read_text().splitlines())


def test_a_ledger_with_other_columns_is_begun_again(tmp_path):
    with Ledger(tmp_path) as ledger:
        put(ledger, key(1), assessed())
        ledger._database.execute("PRAGMA user_version = 1")
    with Ledger(tmp_path) as ledger:
        assert ledger.standing(key(1)) is None
        assert ledger.run == 2
