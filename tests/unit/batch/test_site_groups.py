"""A batch by site: where plans were compared, and which profile would help those that have none of their site."""

import json

import pytest

from rtcomplexity.batch.dashboard import Dashboard
from rtcomplexity.batch.ledger import Ledger
from rtcomplexity.batch.outputs import write_outputs
from rtcomplexity.batch.results import PlanResult
from rtcomplexity.batch.site_groups import SiteGroups
from unit.batch.test_outputs import Outline, assessed, key, put, record


class Plan:
    """As much of a plan as is asked for."""

    def __init__(self, tree):
        self.result = None if tree is None else PlanResult.parse(json.dumps(tree))


def plan(site="pelvis", profile="any-site-1", stratum="any", verdict="rejects", reason=""):
    tree = record(verdict=verdict)
    tree["plan"]["facts"]["site"] = site
    tree["score"] |= {"stratum": stratum, "profile": {"id": profile, "sha256": "0" * 64}}
    tree["verdict"]["reasons"] = [{"code": reason}] if reason else []
    return Plan(tree)


def of(*plans):
    found = SiteGroups()
    for each in plans:
        found.take(each)
    return found


def test_plans_are_counted_by_site_stratum_and_verdict():
    sbrt = {"site": "thoracic", "profile": "thoracic-delineation-1", "stratum": "thoracic-sbrt"}
    found = of(plan(), plan(verdict="supports"), plan(**sbrt), plan(**sbrt), plan(**sbrt), Plan(None)).groups()
    assert [(each.site, each.plans, each.verdicts) for each in found] == [
        ("thoracic", 3, (0, 3, 0, 0)),
        ("pelvic", 2, (1, 1, 0, 0)),
    ]
    assert found[0].stratum == "thoracic SBRT, at most 5 fractions"


def test_every_assessed_plan_is_in_one_group():
    plans = [
        plan(site=site, verdict=v) for site in ("pelvis", "brain", "unknown") for v in ("rejects", "indeterminate")
    ]
    assert sum(each.plans for each in of(*plans).groups()) == 6


def test_sites_without_a_profile_of_their_own_are_told_which_would_help():
    (most, second) = of(*[plan(site="head-and-neck")] * 3, plan(site="brain")).advice()
    assert most.startswith("3 plans, site head and neck: compared with real contours of any site.")
    assert "profile calibrate --site head-and-neck; 120 plans are needed, 3 here" in most
    assert second.startswith("1 plan, site brain")


def test_enough_plans_are_said_to_be_enough():
    assert "enough here" in next(of(*[plan()] * 120).advice())


def test_a_site_that_nobody_documented_is_asked_for():
    (advice,) = of(plan(site="unknown")).advice()
    assert "State the treated site" in advice
    assert "calibrate" not in advice


@pytest.mark.parametrize("site", ["brain_or_pelvis", "not_thoracic"])
def test_a_site_that_is_not_one_site_is_asked_for(site):
    (advice,) = of(plan(site=site)).advice()
    assert "State the treated site" in advice


def test_a_plan_that_a_chosen_profile_has_no_reference_for_is_told_so():
    elsewhere = plan(
        profile="thoracic-delineation-1", stratum=None, verdict="insufficient_evidence", reason="site_not_in_reference"
    )
    (advice,) = of(elsewhere).advice()
    assert "1 plan, site pelvic: no reference in profile thoracic-delineation-1." in advice
    assert of(elsewhere).groups()[0].stratum == "none applies"


def test_a_plan_of_a_site_with_a_profile_needs_no_advice():
    thoracic = plan(site="thoracic", profile="thoracic-delineation-1", stratum="thoracic-sbrt")
    assert not list(of(thoracic).advice())


def test_a_profile_of_ones_own_names_its_stratum_by_id():
    assert of(plan(profile="pelvis-own", stratum="short")).groups()[0].stratum == "short"


@pytest.fixture
def page(tmp_path):
    def change(site):
        def of_site(tree):
            tree["plan"]["facts"]["site"] = site
            tree["score"]["profile"]["id"] = "any-site-1"
            tree["score"]["stratum"] = "any"

        return of_site

    with Ledger(tmp_path) as ledger:
        for number in range(6):
            put(ledger, key(number), assessed(change=change("pelvis" if number < 4 else "brain")))
        write_outputs(ledger, tmp_path, parquet=False, evidence=False)
    return (tmp_path / "dashboard.html").read_text("utf-8")


def test_the_dashboard_groups_by_site_and_filters_by_it(page):
    outline = Outline()
    outline.feed(page)
    rows = [attributes for tag, attributes in outline.tags if tag == "tr" and "data-site" in attributes]
    assert sorted(each["data-site"] for each in rows) == ["brain"] * 2 + ["pelvic"] * 4
    assert page.index("By site and stratum") < page.index('id="list"')
    assert "4 plans, site pelvic: compared with real contours of any site" in page
    assert "<option>pelvic</option>" in page


def test_a_dashboard_without_assessed_plans_has_no_sites():
    assert Dashboard(evidence=False).sites.groups() == ()
