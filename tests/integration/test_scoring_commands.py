"""``profile``, ``claim`` and ``analyze --claim --payer`` as a shell sees them."""

import json
from importlib import resources

import pytest

from measured_once import SAMPLES
from rtcomplexity.model.options import DEFAULT_PROFILE
from rtcomplexity.scoring.profile import load_profile

pytestmark = pytest.mark.usefixtures("measured_once")

PLAN = SAMPLES / "routine_sbrt"


def test_profiles_are_listed_and_shown(told):
    assert "interim-0" in told("profile", "list")[1]
    status, out, _ = told("profile", "show")
    assert status == 0
    assert "Strata" in out
    assert "Largest" in out
    bound = 100 * load_profile().calibration.false_support_upper95
    assert f"(95% upper bound {bound:.3g}%)" in " ".join(out.split())


def test_a_profile_is_shown_as_json(told):
    shown = json.loads(told("profile", "show", "interim-0", "--json")[1])
    assert shown["id"] == "interim-0"


def test_plans_in_a_table_are_counted_by_verdict_and_label(told, tmp_path):
    table = tmp_path / "plans.csv"
    table.write_text("scored.volume,scored.topolgy\n1,2\n", encoding="utf-8")
    status, out, err = told("profile", "evaluate", table)
    assert (status, out) == (3, "")
    assert "scored.topolgy" in err
    table.write_text(
        "scored.volume,scored.component_count,patient,label,stratum\n"
        "4,1,a,small,thoracic-sbrt\n4,1,a,small,\n9000,9,b,large,thoracic-sbrt\n",
        encoding="utf-8",
    )
    status, out, err = told("profile", "evaluate", table, "--profile", "thoracic-delineation-1", "--json")
    tree = json.loads(out)
    assert (status, tree["plans"], tree["patients"], tree["profile"]["id"]) == (0, 3, 2, "thoracic-delineation-1")
    assert {label: shares["supports"]["count"] for label, shares in tree["labels"].items()} == {"small": 0, "large": 0}
    assert tree["labels"]["small"]["insufficient_evidence"] == {"count": 2, "share": 1, "interval": [0.158114, 1]}
    assert "3 plans of 2 patients" in err
    assert "1 plans without a stratum" in err
    assert "small" in told("profile", "evaluate", table, "--profile", "thoracic-delineation-1")[1]


def test_payers_are_shown_with_what_is_not_known(told):
    payers = json.loads(told("profile", "show", "--payers", "--json")[1])
    assert {payer["id"] for payer in payers} >= {"aetna", "cigna", "medicare", "unitedhealthcare"}
    assert "Not known." in told("profile", "show", "--payers")[1]


def test_an_own_profile_is_named_by_what_it_is_and_never_by_its_file(told, tmp_path):
    own = tmp_path / "Doe_Jane_1958.toml"
    text = (resources.files("rtcomplexity.scoring") / "profiles" / f"{DEFAULT_PROFILE}.toml").read_text("utf-8")
    own.write_text(text.replace(f'id = "{DEFAULT_PROFILE}"', 'id = "ours"', 1), encoding="utf-8")
    status, out, err = told("analyze", PLAN, "--profile", own, "--json")
    record = json.loads(out)
    assert status == 0
    assert "Doe" not in out + err
    assert record["options"]["--profile"].startswith("ours (not shipped, SHA-256 ")
    assert record["default_verdict"]["value"] == "rejects"
    assert "this profile is not shipped with the software" in record["verdict"]["false_support_rate"]["population"]


def test_fractions_stated_against_the_rt_plan_help_nobody(told):
    record = json.loads(told("analyze", SAMPLES / "pet_ct_nsclc", "--fractions", "5", "--json", "--quiet")[1])
    assert record["verdict"]["claim"] == "not_eligible"
    assert "stated-otherwise-than-plan" in {issue["code"] for issue in record["issues"]}
    assert "User-supplied information contradicts the RT Plan: the number of fractions." in record["verdict"]["against"]


def test_a_broken_profile_is_named_with_its_line(told, tmp_path):
    broken = tmp_path / "ours.toml"
    broken.write_text('id = "ours"\nversion = 7\n', encoding="utf-8")
    status, _, err = told("profile", "check", broken)
    assert status == 3
    assert "line 2" in err


def test_a_good_profile_passes(told, tmp_path):
    shown = told("profile", "show", "interim-0", "--json")
    assert shown[0] == 0
    status, out, _ = told("profile", "check", "src/rtcomplexity/scoring/profiles/interim-0.toml")
    assert status == 0
    assert "can be used" in out


def test_a_claim_file_fills_readiness_and_the_claim_axis(told, tmp_path):
    claim = tmp_path / "claim.toml"
    claim.write_text('global_period = "XXX"\nfractions = 3\nreason = "Own words."\n', encoding="utf-8")
    status, out, _ = told("analyze", PLAN, "--claim", claim, "--payer", "Medicare", "--json", "--quiet")
    assert status == 0
    record = json.loads(out)
    assert record["verdict"]["claim"] == "not_eligible"
    assert record["stated_claim"]["payer"] == "medicare"
    states = {each["item"]: each["state"] for each in record["verdict"]["readiness"]}
    assert states["physician_statement"] == states["payer_rule"] == "met"
    assert "claim-disagrees-with-plan" in {issue["code"] for issue in record["issues"]}
    assert record["options"] == {"--payer": "Medicare"}


def test_the_template_is_accepted_as_it_is(told, tmp_path):
    claim = tmp_path / "claim.toml"
    claim.write_text(told("claim", "new")[1], encoding="utf-8")
    status, out, _ = told("analyze", PLAN, "--claim", claim, "--json", "--quiet")
    assert status == 0
    assert json.loads(out)["verdict"]["claim"] == "unknown"


def test_an_unknown_payer_stops_nothing_and_is_an_issue(told):
    status, out, _ = told("analyze", PLAN, "--payer", "Nobody", "--json", "--quiet")
    record = json.loads(out)
    assert status == 0
    assert "claim-payer-unlisted" in {issue["code"] for issue in record["issues"]}
