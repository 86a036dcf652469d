"""Each fact that keeps a plan from being compared, or a verdict from being a support, does so alone."""

from dataclasses import replace

import pytest

from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring.applicability import (
    blocking_reasons,
    limiting_reasons,
    limits_of,
    other_strata,
    reason,
    stratum_of,
)
from rtcomplexity.scoring.facts import CaseFacts, StatedBy
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.site import NOT_STATED
from rtcomplexity.units import Unit
from unit.scoring.made_profile import NOT_THORACIC, THORACIC, made_profile

PROFILE = made_profile()
NEEDING = made_profile(
    ("supports_needs = []", 'supports_needs = ["fractions_known", "volume_within_reference", "stability"]')
)
SBRT, CONVENTIONAL = PROFILE.strata
KNOWN = CaseFacts(
    site=THORACIC, site_stated_by=StatedBy.RT_PLAN, fractions=5, fractions_stated_by=StatedBy.RT_PLAN
)  # fmt: skip


def volume(cm3):
    return {"scored.volume": Measurement.of(cm3, Unit.CM3)}


def codes(reasons):
    return [each.code for each in reasons]


@pytest.mark.parametrize(
    ("fractions", "stratum"),
    [(1, "sbrt"), (5, "sbrt"), (6, "conventional"), (40, "conventional"), (41, None), (None, "sbrt")],
)
def test_a_plan_is_compared_within_the_stratum_of_its_fractions(fractions, stratum):
    found = stratum_of(replace(KNOWN, fractions=fractions), PROFILE)
    assert (found and found.id) == stratum
    elsewhere = replace(KNOWN, fractions=fractions, site=NOT_THORACIC)
    assert stratum_of(elsewhere, PROFILE) is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"fractions": None, "site": NOT_STATED}, []),
        ({"approval_status": "REJECTED"}, ["structure_set_rejected"]),
        ({"approval_status": "UNAPPROVED"}, []),
        ({"has_gross_target": False}, ["no_gross_target"]),
        ({"has_gross_target": False, "geometry_problem": "open contours"}, ["no_gross_target"]),
        ({"has_planning_images": False}, ["no_planning_images"]),
        ({"has_planning_images": False, "planning_images_are_linked": False}, ["no_planning_images"]),
        ({"planning_images_are_linked": False}, ["images_not_linked"]),
        ({"images_are_of_another_patient": True}, ["images_of_another_patient"]),
        ({"planning_image_is_pet": True}, ["planning_image_is_pet"]),
        ({"is_measured": False}, ["not_measured"]),
        ({"is_measured": False, "geometry_problem": "open contours"}, ["not_measured"]),
        ({"geometry_problem": "open contours"}, ["invalid_geometry"]),
        ({"site": NOT_THORACIC}, ["site_not_in_reference"]),
        ({"site": NOT_THORACIC, "fractions": 60}, ["site_not_in_reference"]),
        ({"fractions": 41}, ["fractions_not_in_reference"]),
    ],
)
def test_what_stands_in_the_way_of_a_comparison_is_told_by_one_reason(facts, expected):
    assert codes(blocking_reasons(replace(KNOWN, **facts), PROFILE)) == expected


@pytest.mark.parametrize(
    ("stated_by", "words"),
    [
        (StatedBy.RT_PLAN, "from the RT Plan"),
        (StatedBy.USER, "stated by the user"),
        (StatedBy.CLAIM, "stated in the claim information"),
        (StatedBy.IMAGE, "from the planning image's Body Part Examined"),
        (StatedBy.NOBODY, "source not known"),
    ],
)
def test_a_site_that_is_not_the_profiles_is_told_with_who_stated_it(stated_by, words):
    (found,) = blocking_reasons(replace(KNOWN, site=NOT_THORACIC, site_stated_by=stated_by), PROFILE)
    assert f"({words})" in found.text


def test_reasons_state_their_facts():
    (geometry,) = blocking_reasons(replace(KNOWN, geometry_problem="open contours"), PROFILE)
    assert geometry.text == "The gross target has no volume to score: open contours."
    (fractions,) = blocking_reasons(replace(KNOWN, fractions=41), PROFILE)
    assert fractions.text == "The reference holds no plans of 41 fractions."
    assert reason("fractions_unknown").text == "The number of fractions is not documented."


@pytest.mark.parametrize(
    ("facts", "cm3", "expected"),
    [
        ({}, 90.0, []),
        ({}, 90.001, ["volume_above_reference"]),
        ({"fractions": None}, 90.0, ["fractions_unknown"]),
        ({"fractions": None}, 90.001, ["fractions_unknown", "volume_above_reference_fractions_unknown"]),
        ({"site": NOT_STATED}, 50.0, ["site_unknown"]),
        ({"site_stated_by": StatedBy.IMAGE}, 50.0, ["site_unknown"]),
        ({"planned_fractions": 5}, 50.0, []),
        ({"planned_fractions": 4}, 50.0, ["statement_contradicts_plan"]),
        ({"planned_site": NOT_THORACIC}, 50.0, ["statement_contradicts_plan"]),
        ({"rests_on_stated_patient": True}, 50.0, ["patient_stated_by_user"]),
        ({"unexplained_targets": (7, 9)}, 50.0, ["gross_target_incomplete"]),
    ],
)
def test_what_keeps_a_verdict_below_a_support_is_told_by_one_reason(facts, cm3, expected):
    assert codes(limiting_reasons(replace(KNOWN, **facts), volume(cm3), NEEDING, SBRT)) == expected


def test_a_profile_that_needs_neither_fractions_nor_a_volume_within_its_reference_limits_less():
    undated = replace(KNOWN, fractions=None)
    assert codes(limiting_reasons(undated, volume(50), PROFILE, SBRT)) == []
    assert codes(limiting_reasons(KNOWN, volume(91), PROFILE, SBRT)) == []
    assert codes(limiting_reasons(undated, volume(91), PROFILE, SBRT)) == ["volume_above_reference_fractions_unknown"]
    silent = made_profile(("may_support = true", "may_support = false"))
    assert codes(limiting_reasons(KNOWN, volume(50), silent, SBRT)) == ["profile_may_not_support"]


def test_a_volume_that_is_not_known_is_no_large_one():
    assert codes(limiting_reasons(KNOWN, {}, NEEDING, SBRT)) == ["volume_unknown"]
    missing = {"scored.volume": Measurement.missing("open contours", Unit.CM3)}
    assert codes(limiting_reasons(KNOWN, missing, NEEDING, SBRT)) == ["volume_unknown"]


def test_limits_state_volume_limit_targets_and_what_is_contradicted():
    facts = replace(KNOWN, unexplained_targets=(7, 9), planned_fractions=4, planned_site=NOT_THORACIC)
    told = [each.text for each in limiting_reasons(facts, volume(120.5), NEEDING, SBRT)]
    assert told == [
        "User-supplied information contradicts the RT Plan: the treated site and the number of fractions.",
        "A planned target (ROI number 7, 9) lies apart from every gross target that is scored: one may be missing.",
        "The gross target of 120.5 cm3 exceeds the 90 cm3 maximum of the reference (at most 5 fractions).",
    ]


def test_limits_of_many_plans_are_told_plan_by_plan():
    plans = Plans.of([volume(80), volume(91), {}])
    found = limits_of(KNOWN, plans, NEEDING, SBRT)
    assert found["volume_above_reference"].tolist() == [False, True, False]
    assert found["volume_unknown"].tolist() == [False, False, True]
    assert found["site_unknown"].tolist() == [False] * 3
    assert limits_of(KNOWN, plans, NEEDING, CONVENTIONAL)["volume_above_reference"].tolist() == [False] * 3


def test_without_fractions_every_other_stratum_must_agree():
    assert other_strata(KNOWN, PROFILE, SBRT) == ()
    assert other_strata(replace(KNOWN, fractions=None), PROFILE, SBRT) == (CONVENTIONAL,)
    assert other_strata(replace(KNOWN, fractions=None), PROFILE, CONVENTIONAL) == (SBRT,)
