"""Official facts of a code: the release of the day counts, a contradiction is said, and nothing of money is kept."""

from datetime import date

import pytest

from rtcomplexity.scoring.claim import claim_of, readiness_of, stated_claim, warnings_of
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.cms_files import fee_schedule, physician_times
from rtcomplexity.scoring.facts import CaseFacts, StatedBy
from rtcomplexity.scoring.official_facts import (
    OfficialFactsError,
    load_official_facts,
    source_file,
    to_json,
    with_release,
    with_times,
)
from rtcomplexity.scoring.site import Site
from unit.scoring.made_cms import DESCRIPTION, MONEY, TITLE, fees, line, times

CODE = ("32701",)
THORACIC_SBRT = CaseFacts(
    site=Site(named=frozenset({"thoracic"})),
    site_stated_by=StatedBy.RT_PLAN,
    fractions=5,
    fractions_stated_by=StatedBy.RT_PLAN,
)


def release(month="January", period="XXX"):
    content = fees(line("32701", period=period), title=TITLE.replace("January", month))
    rows = physician_times(times(), "PHYSTIME.csv", CODE)
    time_file = source_file(times(), "PHYSTIME.csv")
    name = f"PPRRVU2026_{month[:3]}.csv"
    return with_times(fee_schedule(content, name, CODE), rows, time_file)


def facts(*releases):
    found = None
    for each in releases or (release(),):
        found = with_release(found, each)
    return found


@pytest.fixture
def two():
    return facts(release("July", "010"), release("January", "XXX"))


@pytest.mark.parametrize(
    ("day", "period"),
    [
        (date(2026, 1, 1), "XXX"),
        (date(2026, 6, 30), "XXX"),
        (date(2026, 7, 1), "010"),
        (date(2027, 1, 1), "010"),
        (None, "010"),
    ],
)
def test_the_release_of_the_day_counts(two, day, period):
    assert two.at("32701", day).facts.global_period == period


def test_a_day_before_every_release_has_none(two):
    assert two.at("32701", date(2025, 12, 31)) is None
    assert two.at("12345", None) is None


def test_a_release_of_the_same_day_is_replaced(two):
    again = with_release(two, release("July", "090"))
    assert [each.codes["32701"].global_period for each in again.releases] == ["XXX", "090"]


def test_facts_survive_the_file_and_keep_no_description_and_no_money(two, tmp_path):
    path = tmp_path / "cms.json"
    path.write_text(to_json(two), encoding="utf-8")
    assert load_official_facts(path) == two
    for words in (DESCRIPTION, MONEY, "copyright", "$"):
        assert words not in to_json(two)


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "rtcomplexity/official-facts/2", "releases": []}', "[" * 9])
def test_what_holds_no_facts_is_refused(content, tmp_path):
    path = tmp_path / "cms.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OfficialFactsError):
        load_official_facts(path)
    with pytest.raises(OfficialFactsError, match="cannot be read"):
        load_official_facts(tmp_path / "none.json")


def test_the_published_indicator_decides_where_nobody_states_one():
    found = claim_of(THORACIC_SBRT, stated_claim(None, "medicare", facts()))
    assert found.status == "not_eligible"
    assert f"global days indicator XXX (CMS, {TITLE}, line 8)" in found.text
    allowed = claim_of(THORACIC_SBRT, stated_claim(None, "medicare", facts(release(period="010"))))
    assert allowed.status == "eligible"


def test_without_facts_the_indicator_is_asked_for():
    assert "global days" in claim_of(THORACIC_SBRT, stated_claim(None, "medicare")).text


def test_a_stated_indicator_counts_and_its_contradiction_is_a_warning():
    claim = ClaimFile(global_period="090")
    stated = stated_claim(claim, "medicare", facts())
    assert claim_of(THORACIC_SBRT, stated).status == "eligible"
    (warning,) = warnings_of(stated, THORACIC_SBRT)
    assert warning.code == "claim-disagrees-with-official"
    assert warning.severity == "warning"
    for words in ("states the global days indicator 090", "publishes XXX", TITLE, "line 8"):
        assert words in warning.text
    item = next(each for each in readiness_of(THORACIC_SBRT, stated) if each.item == "global_period")
    assert item.state == "unknown"


def test_a_stated_indicator_that_agrees_is_no_warning():
    stated = stated_claim(ClaimFile(global_period="XXX"), "medicare", facts())
    assert warnings_of(stated, THORACIC_SBRT) == ()
    item = next(each for each in readiness_of(THORACIC_SBRT, stated) if each.item == "global_period")
    assert item.state == "met"


def test_the_date_of_service_chooses_the_release(two):
    stated = stated_claim(ClaimFile(date_of_service=date(2026, 3, 1)), "medicare", two)
    assert stated.global_period == "XXX"


def test_published_minutes_are_not_the_practices():
    """What CMS publishes is no typical time of this practice: that item stays missing."""
    readiness = readiness_of(THORACIC_SBRT, stated_claim(None, None, facts()))
    states = {each.item: each.state for each in readiness}
    assert (states["typical_minutes"], states["physician_minutes"]) == ("missing", "missing")
