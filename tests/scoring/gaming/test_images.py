"""Image sets copied, added or deleted: what nothing ties to the plan counts nothing, and deleting never supports."""

from dataclasses import replace

import pytest

from rtcomplexity.metrics.measurement import Measurement, MetricTable
from rtcomplexity.model.case import EvidenceLevel, ImageRole
from rtcomplexity.scoring.facts import case_facts
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import assess
from rtcomplexity.units import Unit
from scoring.gaming import plans
from unit.scoring.made_profile import THORACIC

IMAGING = ("registered_sets", "registration_chain", "acquisitions", "modalities")


def imaging(case):
    found = plans.values(case)
    return {key: found[key] for key in IMAGING}


@pytest.mark.parametrize("level", [EvidenceLevel.PRESENT, EvidenceLevel.SAME_FRAME])
def test_a_set_that_nothing_ties_to_the_plan_counts_nothing(level):
    case = plans.sample()
    stray = replace(case.image_sets[-1], level=level, role=ImageRole.SECONDARY)
    more = replace(case, image_sets=(*case.image_sets, stray))
    assert imaging(more) == imaging(case)
    assert plans.verdict(more) == plans.verdict(case)


def test_a_registered_set_more_never_lowers_the_imaging_families():
    case = plans.sample()
    registered = next(s for s in case.image_sets if s.level is EvidenceLevel.REGISTERED)
    more = replace(case, image_sets=(*case.image_sets, replace(registered)))
    before, after = plans.families(case), plans.families(more)
    assert after["fusion"] >= before["fusion"]
    assert after["image_sets"] >= before["image_sets"]


@pytest.mark.parametrize("name", ["routine_sbrt", "pet_ct_nsclc", "complex_central"])
def test_deleting_a_series_or_a_registration_supports_nothing(name):
    case = plans.sample(name)
    if plans.verdict(case) == "supports":
        pytest.skip("this sample supports as it is")
    for left_out in case.image_sets[1:]:
        fewer = replace(case, image_sets=tuple(s for s in case.image_sets if s is not left_out))
        assert plans.verdict(fewer) != "supports"
    assert plans.verdict(replace(case, registrations=())) != "supports"


@pytest.mark.parametrize("name", ["routine_sbrt", "pet_ct_nsclc", "complex_central"])
def test_deleting_the_rt_plan_supports_nothing(name):
    case = replace(plans.sample(name), rt_plan=None)
    found = plans.outcome(case, site=None).verdict
    assert found.value != "supports"
    assert found.claim.status == "unknown"


@pytest.mark.parametrize(
    ("c_anchor", "verdict"), [("as shipped", "supports"), (99.9, "indeterminate"), (None, "indeterminate")]
)
def test_however_many_image_sets_there_are_the_anchor_has_to_be_rare(c_anchor, verdict):
    """What is usual of image sets is a convention: shape at 99.6 passes the shipped 99.48 beside them, and no more."""
    case = plans.sample("supported_central")
    found = plans.gross_target(case)
    many = {"registered_sets": 6, "registration_chain": 3, "acquisitions": 8, "modalities": 3}
    values = dict(found.values) | {f"scored.{key}": Measurement.of(value, Unit.NONE) for key, value in many.items()}
    table = MetricTable(rois=(), gross_target=values, gross_target_rois=found.roi_numbers)
    facts = case_facts(case, table, site=THORACIC, fractions=5)
    profile = plans.profile() if c_anchor == "as shipped" else with_c_anchor(plans.profile(), c_anchor)
    outcome = assess(values, facts, profile, stability=Stability(share=1.0))
    assert outcome.score.t >= profile.joint(outcome.stratum.id).c_support
    assert outcome.score.decided_by == ("shape", "fusion")
    assert outcome.verdict.value == verdict
    is_withheld = verdict == "indeterminate"
    assert ("convention_alone" in [reason.code for reason in outcome.verdict.reasons]) is is_withheld
    assert any("is a convention" in text for text in outcome.verdict.findings_against) is is_withheld


def with_c_anchor(profile, c_anchor):
    """The profile with another cutoff of the anchor beside image sets."""
    joints = tuple(joint.model_copy(update={"c_anchor": c_anchor}) for joint in profile.joint_references)
    return profile.model_copy(update={"joint_references": joints})
