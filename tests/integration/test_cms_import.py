"""CMS's files from a shell to page one of a report."""

import json
import os
import re

import pytest

from measured_once import SAMPLES
from unit.scoring.made_cms import DESCRIPTION, MONEY, TITLE, fees, line, times

pytestmark = pytest.mark.usefixtures("measured_once")

PLAN = SAMPLES / "routine_sbrt"


@pytest.fixture
def cms(tmp_path, told):
    (tmp_path / "PPRRVU2026_Jan.csv").write_bytes(fees())
    (tmp_path / "PHYSTIME2026.csv").write_bytes(times())
    out = tmp_path / "cms.json"
    assert told("cms", "import", tmp_path / "PPRRVU2026_Jan.csv", tmp_path / "PHYSTIME2026.csv", "--out", out)[0] == 0
    return out


def words(text):
    return re.sub(r"[\s│]+", " ", re.sub(r"<[^>]+>", " ", text))


def test_an_import_shows_and_cites_what_it_read(cms, told, tmp_path):
    status, shown, err = told(
        "cms", "import", tmp_path / "PPRRVU2026_Jan.csv", tmp_path / "PHYSTIME2026.csv", "--out", cms, "--json"
    )
    found = json.loads(shown)
    assert status == 0
    (release,) = found["releases"]
    assert release["title"] == TITLE
    assert release["codes"]["32701"]["global_period"] == "XXX"
    assert release["codes"]["32701"]["minutes"]["total_minutes"] == 90
    assert release["fee_schedule"]["name"] == "PPRRVU2026_Jan.csv"
    assert "Wrote cms.json: 1 release\n" in err
    for text in (DESCRIPTION, MONEY):
        assert text not in cms.read_text("utf-8")


def test_releases_are_added(cms, told, tmp_path):
    later = tmp_path / "PPRRVU2026_Jul.csv"
    later.write_bytes(fees(line("32701", period="010"), title=TITLE.replace("January", "July")))
    assert told("cms", "import", later, "--out", cms)[0] == 0
    found = json.loads(cms.read_text("utf-8"))["releases"]
    assert [each["starts"] for each in found] == ["2026-01-01", "2026-07-01"]


def test_an_import_that_fails_loses_no_release(cms, told, tmp_path, monkeypatch):
    before, open_file = cms.read_bytes(), os.fdopen

    def full(descriptor, *_, **__):
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    def emptied(path, *_, **__):
        open_file(os.open(path, os.O_WRONLY | os.O_TRUNC), "w").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    monkeypatch.setattr("pathlib.Path.write_text", emptied)
    assert told("cms", "import", tmp_path / "PPRRVU2026_Jan.csv", "--out", cms)[0] == 2
    assert cms.read_bytes() == before


def test_a_file_that_is_none_ends_with_3_and_writes_nothing(told, tmp_path):
    bad, out = tmp_path / "bad.csv", tmp_path / "cms.json"
    bad.write_text("a,b\n1,2\n")
    status, _, err = told("cms", "import", bad, "--out", out)
    assert status == 3
    assert "no line of column names with HCPCS" in words(err)
    assert not out.exists()
    assert told("cms", "import", bad, "--out", out, "--code", "no code")[0] == 2


def test_a_report_uses_and_cites_the_published_indicator_and_is_verified_with_it(cms, told, tmp_path):
    out = tmp_path / "evidence"
    assert told("analyze", PLAN, "--payer", "medicare", "--cms", cms, "--out", out, "--quiet")[0] == 0
    record = json.loads((out / "evidence.json").read_text("utf-8"))
    assert record["verdict"]["claim"] == "not_eligible"
    assert f"(CMS, {TITLE}, line 9)" in record["verdict"]["claim_rule"]["text"]
    assert record["official_facts"]["work_rvu"] == 4.08
    assert record["official_facts"]["file"] is None, "de-identified: the name is the user's"
    page = words((out / "evidence.html").read_text("utf-8"))
    for said in ("CMS: work RVU 4.08", "CMS: typical physician time 90 min", f"{TITLE}, line 9"):
        assert said in page
    assert "$" not in page
    assert told("verify", out, "--plan", PLAN, "--cms", cms, "--quiet")[0] == 0
    status, _, err = told("verify", out, "--plan", PLAN, "--quiet")
    assert status == 2
    assert "--cms" in err


def test_a_typed_global_period_that_contradicts_the_published_one_warns_on_page_one(cms, told, tmp_path):
    claim, out = tmp_path / "claim.toml", tmp_path / "evidence"
    claim.write_text('global_period = "090"\npayer = "medicare"\n')
    status, _, _ = told("analyze", PLAN, "--claim", claim, "--cms", cms, "--identified", "--out", out, "--quiet")
    assert status == 0
    record = json.loads((out / "evidence.json").read_text("utf-8"))
    assert "claim-disagrees-with-official" in [issue["code"] for issue in record["issues"]]
    page = words((out / "evidence.html").read_text("utf-8"))
    summary = words((out / "summary.txt").read_text("utf-8"))
    warned = f"global days indicator XXX (CMS, {TITLE}, line 9); the claim information states 090"
    assert warned in summary
    assert page.index(warned) < page.index("Findings against")
    terminal = words(told("analyze", PLAN, "--claim", claim, "--cms", cms, "--quiet")[1])
    assert "the claim information states 090" in terminal


def test_facts_without_a_release_of_the_day_say_so(cms, told, tmp_path):
    claim = tmp_path / "claim.toml"
    claim.write_text("date_of_service = 2025-06-01\n")
    found = json.loads(told("analyze", PLAN, "--claim", claim, "--cms", cms, "--json", "--quiet")[1])
    assert found["official_facts"] is None
    assert found["options"]["--cms"] == "no release for the code and the date of service"
