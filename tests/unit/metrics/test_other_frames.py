"""ROIs of another frame of reference: equal numbers there mean another place, so nothing may bring the two together."""

from dataclasses import replace

import pytest

from rtcomplexity.case.roi_frames import rois_elsewhere
from rtcomplexity.fusion.contoured_phases import case_phases
from rtcomplexity.metrics.masks import masks
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.pictures.region import view_of
from unit.metrics.test_phases_of_one_set import (
    FOUR_D,
    LUNG,
    SETTINGS,
    ball,
    codes,
    image,
    phase_rois,
    plan,
    read,
    slab_sum_cm3,
    values_of,
)

OTHER = "9.8.7"


def in_other_frame(case, *numbers):
    """The case with these ROIs in another frame of reference."""
    rois = (
        replace(roi, frame_of_reference_uid=OTHER) if roi.number in numbers else roi for roi in case.structure_set.rois
    )
    return replace(case, structure_set=replace(case.structure_set, rois=tuple(rois)))


@pytest.fixture
def case(tmp_path):
    rois = ball(1, "GTV"), ball(2, "GTV MR", (5, 0, 0), 10.5), ball(3, "PTV", (0, 0, 0), 14.0, "PTV"), LUNG
    return in_other_frame(read(tmp_path, plan(*rois, images=(image("ct0"),))), 2)


def test_it_has_its_volume_and_no_image_values(case):
    table = measure(MeasuredCase(case=case, settings=SETTINGS))
    assert values_of(table, 2, "shape.volume")["shape.volume"] == pytest.approx(slab_sum_cm3(10.5), rel=1e-3)
    reasons = {
        key: each.reason for key, each in table.rois[1].values.items() if key in {"ct.mean", "shape.voxel_volume"}
    }
    assert set(reasons.values()) == {"it lies in another frame of reference than the planning image"}
    assert len(reasons) == 2
    assert table.images[0].roi_numbers == (1, 3)


def test_it_is_not_related_and_not_scored(case):
    table = measure(MeasuredCase(case=case, settings=SETTINGS))
    assert table.gross_target_rois == (1,)
    assert all(2 not in {pair.a, pair.b} for pair in table.relations)
    assert {(pair.a, pair.b) for pair in table.relations} >= {(1, 3), (3, 1)}
    assert "target-not-nested" not in codes(table.issues)


def test_it_has_no_mask_and_stands_in_no_picture(case):
    found = {mask.roi.number: mask for mask in masks(MeasuredCase(case=case, settings=SETTINGS))}
    assert "another frame of reference" in found[2].left_out_because
    assert not found[1].left_out_because
    names = {roi.number: str(roi.number) for roi in case.structure_set.rois}
    view = view_of(MeasuredCase(case=case, settings=SETTINGS), names, (1,))
    assert {each.roi.number for each in view.shown} == {1, 3, 9}


def test_it_is_no_phase_of_a_target(tmp_path):
    whole = read(tmp_path, plan(*phase_rois(), images=FOUR_D))
    assert case_phases(whole).count == 3
    assert case_phases(in_other_frame(whole, 3)).count == 2


def test_without_an_image_the_frame_of_most_rois_counts(tmp_path):
    bare = replace(read(tmp_path, plan(ball(1, "GTV"), LUNG)), planning_image=None)
    names = {roi.frame_of_reference_uid for roi in bare.structure_set.rois}
    assert len(names) == 1
    assert [roi.number for roi in rois_elsewhere(in_other_frame(bare, 9).structure_set, None)] == [9]
    assert rois_elsewhere(in_other_frame(bare, 1, 9).structure_set, None) == ()
