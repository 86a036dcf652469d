"""ROIs copied, split, renamed, retired, added or left out: none moves a verdict towards support."""

from dataclasses import replace

import pytest

from rtcomplexity.model.structure_set import TargetClass
from scoring.gaming import plans
from sweep import sweep

SAMPLES = ("routine_sbrt", "pet_ct_nsclc", "complex_central")


def gross(case):
    return next(roi for roi in case.structure_set.rois if roi.target_class is TargetClass.GTV)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_gross_target_drawn_twice_counts_once(name):
    case = plans.sample(name)
    twice = plans.added(case, gross(case), name="GTV copy")
    assert plans.values(twice) == pytest.approx(plans.values(case), rel=1e-6, nan_ok=True)
    assert plans.verdict(twice) == plans.verdict(case)


def test_a_target_within_another_adds_nothing():
    case = plans.sample()
    inner = plans.roi_named(case, "GTVn")
    nested = plans.added(case, inner, name="GTVn old")
    assert plans.values(nested) == pytest.approx(plans.values(case), rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", ["zGTV", "_GTV"])
def test_a_retired_target_is_known_by_its_name(name):
    from rtcomplexity.case.target_names import read_name

    assert read_name(name).target_class is not TargetClass.GTV


@pytest.mark.parametrize("name", ["1,SUV_primair", "GTV_SUV25", "MTV 41"])
def test_a_pet_threshold_adds_nothing(name):
    case = plans.sample()
    big = plans.roi_named(case, "PTV")
    added = plans.added(case, big, name=name, target_class=TargetClass.GTV, generation="")
    assert plans.values(added) == pytest.approx(plans.values(case), rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_target_split_in_two_rois_is_still_one(name):
    case = plans.sample(name)
    split = plans.split_in_two(case, gross(case).name)
    before, after = plans.values(case), plans.values(split)
    assert after["component_count"] == before["component_count"]
    assert after["volume"] == pytest.approx(before["volume"], rel=0.01)
    assert plans.verdict(split) == plans.verdict(case)


@pytest.mark.parametrize("to", ["Hart", "HEART", "heart_1"])
def test_an_organ_renamed_within_its_kind_changes_nothing(to):
    case = plans.sample()
    renamed = plans.with_rois(
        case, [replace(roi, name=to) if roi.name == "Heart" else roi for roi in case.structure_set.rois]
    )
    assert plans.values(renamed) == plans.values(case)


@pytest.mark.parametrize("name", ["Ring_5mm", "z_Heart", "Heart_PRV05", "OptHeart", "Avoid", "NormTissue"])
def test_planning_structures_are_no_organs(name):
    case = plans.sample()
    ring = replace(plans.roi_named(case, "PTV"), target_class=TargetClass.OAR, generation="")
    assert plans.families(plans.added(case, ring, name=name))["adjacency"] == plans.families(case)["adjacency"]


@pytest.mark.parametrize("name", SAMPLES)
def test_no_roi_left_out_turns_a_verdict_into_supports(name):
    case = plans.sample(name)
    if plans.verdict(case) == "supports":
        pytest.skip("this sample supports as it is")
    for roi in case.structure_set.rois:
        assert plans.verdict(plans.without(case, roi.name)) != "supports", roi.name


@pytest.mark.real_data
@pytest.mark.parametrize("plan", sweep(["lung1_001", "sts/STS_001"]))
def test_no_roi_left_out_of_a_real_plan_turns_it_into_supports(real_data, plan):
    case = plans.case_of(real_data / plan)
    for roi in case.structure_set.rois:
        if roi.target_class.is_gross or roi.target_class is TargetClass.OAR:
            assert plans.verdict(plans.without(case, roi.name)) != "supports", roi.number


@pytest.mark.real_data
def test_a_soft_tissue_sarcoma_is_outside_the_reference(real_data):
    case = plans.case_of(real_data / "sts" / "STS_001")
    found = plans.outcome(case, site=None).verdict
    assert found.value == "insufficient_evidence"
    assert [reason.code for reason in found.reasons] == ["site_not_in_reference"]


@pytest.mark.real_data
def test_the_lung_plan_without_an_rt_plan_is_at_most_indeterminate(real_data):
    case = plans.case_of(real_data / "lung1_001")
    assert plans.outcome(case, site=None).verdict.value == "indeterminate"
    stated = plans.outcome(case, site=None, fractions=30)
    assert stated.verdict.claim.status == "not_eligible"
    assert stated.stratum.id == "thoracic-conventional"
