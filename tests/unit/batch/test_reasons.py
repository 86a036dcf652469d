"""Why plans ended as they did: in plain words, each plan counted under every reason it has."""

import io

import pytest
from rich.console import Console

from rtcomplexity.batch.alarm import alarm_of
from rtcomplexity.batch.ledger import FileRow, Ledger
from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.batch.outputs import write_outputs
from rtcomplexity.batch.reasons import Reason, ReasonCount, found_sentence
from rtcomplexity.batch.run import BatchResult
from rtcomplexity.cli.rendering.batch import batch_parts
from unit.batch.test_outputs import assessed, key, put


def of_record(*codes, issues=(), **facts):
    def change(record):
        record["verdict"]["reasons"] = [{"code": code, "text": f"text of {code}"} for code in codes]
        record["issues"] = [{"severity": "warning", "code": code} for code in issues]

    return assessed(change=change, **facts)


def reasons_of(plans):
    counted = ReasonCount()
    for plan in plans:
        counted.take(plan)
    return counted.reasons()


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path) as ledger:
        lacking = {"verdict": "insufficient_evidence"}
        put(ledger, key(1), of_record("site_not_in_reference", issues=["map-name-unmet"], **lacking))
        put(ledger, key(2), of_record("site_not_in_reference", "no_planning_images", **lacking))
        put(ledger, key(3), of_record("a_code_without_words"))
        put(ledger, key(4), Outcome(status=Status.TIMED_OUT, code="time-limit", reason="It took longer than 5 s."))
        put(ledger, key(5), Outcome(status=Status.REFUSED, code="unreadable-file", reason="File b is cut short."))
        put(ledger, key(6), Outcome(status=Status.REFUSED, code="unreadable-file", reason="File a is cut short."))
        yield ledger


def test_reasons_are_counted_in_plain_words_under_their_end(ledger):
    told = reasons_of(ledger.plans()).told
    site = "The treated site is not the site of the reference."
    assert told == (
        Reason(end="Insufficient evidence", text=site, plans=2),
        Reason(end="Insufficient evidence", text="The planning images are missing.", plans=1),
        Reason(end="Not supported", text="text of a_code_without_words", plans=1),
        Reason(end="Refused", text="For example: File a is cut short.", plans=2),
        Reason(end="Timed out", text="It took longer than 5 s.", plans=1),
    )


def test_plans_with_an_unmet_name_are_counted(ledger):
    assert reasons_of(ledger.plans()).unmet_names == 1


def test_the_page_tells_reasons_in_words_and_keeps_codes_for_refusals_alone(ledger, tmp_path):
    write_outputs(ledger, tmp_path, parquet=False, evidence=False)
    page = (tmp_path / "dashboard.html").read_text("utf-8")
    assert "<td>The planning images are missing.</td><td" in page
    assert "site_not_in_reference" not in page
    assert "insufficient_evidence" not in page
    assert "<code>unreadable-file</code></td><td>For example: File a is cut short.</td>" in page
    assert "--map gives a name that no ROI has in 1 of 6 plans." in page


def structure_set(number, patient):
    return FileRow(bytes([number]), 1, 1, "structure set", sha256=key(number), patient=patient, content=key(number))


@pytest.mark.parametrize(
    ("patients", "words"),
    [
        ([b"p", b"q"], "2 plans"),
        ([b"p"], "1 plan"),
        ([b"p", b"p", b"q"], "3 plans: 3 structure sets of 2 patients, each scored separately"),
        ([b"p", b"p"], "2 plans: 2 structure sets of 1 patient, each scored separately"),
        ([b"p", b""], "2 plans: 2 structure sets of 1 patient and 1 without patient ID, each scored separately"),
        ([b"", b""], "2 plans: 2 structure sets without patient ID, each scored separately"),
    ],
)
def test_structure_sets_and_patients_are_told_apart(tmp_path, patients, words):
    with Ledger(tmp_path) as ledger:
        for number, patient in enumerate(patients):
            ledger.put_file(structure_set(number, patient))
        assert found_sentence(*ledger.count_sources()) == words


def test_a_copy_of_a_structure_set_counts_once(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.put_file(structure_set(1, b"p"))
        ledger.put_file(structure_set(1, b"p")._replace(path=b"elsewhere"))
        assert ledger.count_sources() == (1, 1, 0, 0)


def printed(**changes):
    facts = {
        "plans": 2, "found": "2 plans", "by_status": {"assessed": 2}, "verdicts": {"rejects": 2}, "reasons": (),
        "unmet_names": 0, "broken_files": 0, "stood": 0, "alarm": alarm_of({"rejects": 2}), "shared_courses": 0,
        "unmatched_claims": (), "files": ("results.csv",),
    }  # fmt: skip
    stream = io.StringIO()
    console = Console(file=stream, width=100, markup=False)
    for part in batch_parts(BatchResult(**{**facts, **changes})):
        console.print(part)
    return " ".join(stream.getvalue().split())


def test_the_terminal_tells_an_unmet_name_once_for_all_plans():
    assert printed(unmet_names=2).count("--map") == 1
    assert "--map" not in printed()


def test_more_reasons_than_fit_are_told():
    reasons = tuple(Reason(end="rejects", text=f"Reason {number}.", plans=1) for number in range(13))
    text = printed(reasons=reasons)
    assert "Reason 9." in text
    assert "Reason 10." not in text
    assert "3 more reasons: dashboard.html lists all" in text


def test_no_alarm_is_judged_where_nothing_was_scored():
    assert "larm" in printed()
    none_scored = printed(alarm=alarm_of({"insufficient_evidence": 2}))
    assert "No plan was scored, so there is nothing to judge for an alarm." in none_scored
    assert "probability" not in none_scored
    empty = printed(plans=0, by_status={}, verdicts={}, alarm=alarm_of({}), broken_files=1)
    assert empty.startswith("No plan was found")
    assert "larm" not in empty


def test_patients_with_images_alone_are_counted(tmp_path):
    """Their structure set may lie elsewhere, or be a Segmentation: nobody is left out in silence."""
    with Ledger(tmp_path) as ledger:
        ledger.put_file(structure_set(1, b"p"))
        for number, patient in enumerate([b"p", b"q", b"q", b"r", b""], start=2):
            ledger.put_file(structure_set(number, patient)._replace(kind="image"))
        found = found_sentence(*ledger.count_sources())
    assert found == "1 plan; images without a structure set: 2 other patients"
