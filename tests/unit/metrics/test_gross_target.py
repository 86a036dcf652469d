"""The union of gross targets that lie apart, in other orientations, or whose volume nothing tells."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry.stack.runs import Runs
from rtcomplexity.metrics import gross_target, target_shape
from rtcomplexity.metrics.course import union_of
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.model.case import Case
from rtcomplexity.model.structure_set import ContourGeometricType, Contours, Roi, StructureSet, TargetClass
from rtcomplexity.settings import Settings
from rtcomplexity.testing import SAGITTAL, contour_stack, plane_positions, sphere
from unit.geometry.stacks import circle, on_planes, square
from unit.metrics.contexts import context_of

DISC_CM3 = np.pi * 100 * 3 / 1000
"""One slab of a tube of 10 mm radius drawn every 3 mm."""
ROUND = square(10)


def tube(*positions, center=(0.0, 0.0)):
    return on_planes(*((z, circle(10, center=center)) for z in positions))


def measured(*contours):
    """Table of gross targets without images."""
    rois = tuple(
        Roi(number=n + 1, name=f"GTV {n}", contours=each, target_class=TargetClass.GTV)
        for n, each in enumerate(contours)
    )
    drawn = StructureSet(sop_instance_uid="1", series_uid="", study_uid="", patient_key="", rois=rois)
    return measure(MeasuredCase(case=Case(plan_id="1", structure_set=drawn, chosen_because=""), settings=Settings()))


def union_of_two(*contours):
    return union_of([context_of(each, number=n) for n, each in enumerate(contours)]).stack


def gross(table, name):
    return table.gross_target[f"scored.{name}"].value


@pytest.mark.parametrize("apart_mm", [0, 3, 30, 150])
def test_bodies_apart_have_the_sum_of_their_volumes_without_an_image_too(apart_mm):
    lower, upper = tube(0, 3, 6, 9), tube(*(12 + apart_mm + np.array([0, 3, 6])))
    table = measured(lower, upper)
    assert gross(table, "volume") == pytest.approx(7 * DISC_CM3, rel=1e-6)
    assert gross(table, "component_count") == (1 if apart_mm == 0 else 2)


def test_a_target_drawn_in_another_orientation_is_not_mixed_in():
    ball = sphere(12.0, center_mm=(40.0, 0.0, 0.0))
    across = contour_stack(ball, positions_mm=plane_positions(ball, 3.0), frame=SAGITTAL)
    axial = contour_stack(sphere(15.0), positions_mm=plane_positions(sphere(15.0), 3.0))
    table = measured(across, axial)
    assert table.gross_target_rois == (2,)
    issues = [(issue.code, issue.subject) for issue in table.issues]
    assert ("gross-target-in-other-orientation", "roi:1") in issues
    alone = measured(across)
    assert alone.gross_target_rois == (1,)
    assert gross(alone, "volume") == pytest.approx(4 / 3 * np.pi * 12**3 / 1000, rel=0.02)


@pytest.mark.parametrize("centers", [[(0, 0)], [(0, 0), (30, 0)], [(0, 0), (5, 0)]])
def test_a_single_plane_of_unknown_thickness_has_counts_and_reasons(centers):
    table = measured(*(tube(0, center=center) for center in centers))
    values = table.rois[0].values
    assert values["contour.length"].value == pytest.approx(2 * np.pi * 10, rel=1e-3)
    for key in ("shape.volume", "shape.volume_deviation", "shape.extent", "contour.lateral_area", "contour.per_cm"):
        assert "defines its thickness" in values[key].reason
    assert table.gross_target_rois == ()
    assert "known volume" in table.gross_target["scored.volume"].reason


def test_contours_that_cancel_have_no_area_and_are_not_scored():
    twice = on_planes(*((z, ROUND) for z in (0, 0, 3, 3, 6, 6)))
    kinds = np.full(len(twice), ContourGeometricType.CLOSEDPLANAR_XOR)
    table = measured(Contours(points_mm=twice.points_mm, offsets=twice.offsets, geometric_types=kinds))
    values = table.rois[0].values
    assert values["shape.volume"].value == 0
    assert "cancel" in values["shape.volume_deviation"].reason
    assert "cancel" in values["contour.isoperimetric_ratio"].reason
    assert table.gross_target_rois == ()


def test_targets_far_apart_are_measured_on_steps_that_memory_allows_or_not_at_all(monkeypatch):
    planes = 3.0 * np.arange(8)
    apart = tube(*planes), tube(*planes, center=(300.0, 200.0))
    fine = measured(*apart)
    monkeypatch.setattr(target_shape, "MOST_VOXELS", 150_000)
    coarse = measured(*apart)
    grids = [body.shape.grid for body in target_shape.scored_surface(union_of_two(*apart), target_shape.BLUR_MM).bodies]
    assert all(2.0 < grid.step_mm < 3.0 for grid in grids)
    for name in ("sphericity_ratio", "solidity_ratio", "concavity_ratio", "curvature_ratio"):
        assert gross(coarse, name) == pytest.approx(gross(fine, name), rel=0.02)
    monkeypatch.setattr(target_shape, "MOST_VOXELS", 50_000)
    missing = measured(*apart).gross_target["scored.sphericity_ratio"]
    assert (missing.value, missing.reason) == (None, target_shape.TOO_FAR_APART)
    assert target_shape.coarse_shape(union_of_two(*apart), target_shape.BLUR_MM, 2.0) == {}


def test_the_equivalent_diameter_is_that_of_the_sphere_of_the_union():
    table = measured(tube(*(3.0 * np.arange(8))), tube(*(3.0 * np.arange(8)), center=(60.0, 0.0)))
    volume_mm3 = 16 * DISC_CM3 * 1000
    assert gross(table, "equivalent_diameter") == pytest.approx((6 * volume_mm3 / np.pi) ** (1 / 3), rel=0.01)


def of_runs(monkeypatch, *extents):
    """Gross targets that are stretches of one row of 10,000 pixels: those kept, and the codes of issues by number."""
    runs = [Runs(starts=np.array([start]), stops=np.array([stop]), shape=(1, 1, 10_000)) for start, stop in extents]
    monkeypatch.setattr(gross_target, "_on_common_planes", lambda _: runs)
    gross = [SimpleNamespace(roi=SimpleNamespace(number=n)) for n in range(1, len(extents) + 1)]
    kept, issues = gross_target._without_nested(gross)
    return [each.roi.number for each in kept], {(each.subject, each.code) for each in issues}


@pytest.mark.parametrize(
    ("inside", "kept", "codes"),
    [
        (980, [1], {("roi:2", "gross-target-nested")}),
        (979, [1, 2], {("roi:2", "gross-targets-overlap")}),
        (2, [1, 2], {("roi:2", "gross-targets-overlap")}),
        (1, [1, 2], set()),  # a thousandth is a touch
        (0, [1, 2], set()),
    ],
)
def test_a_target_of_which_98_percent_lie_in_a_larger_one_is_nested(monkeypatch, inside, kept, codes):
    assert of_runs(monkeypatch, (0, 2000), (2000 - inside, 3000 - inside)) == (kept, codes)


def test_of_equal_targets_the_first_counts_and_several_hold_one_together(monkeypatch):
    nested = {("roi:2", "gross-target-nested")}
    assert of_runs(monkeypatch, (0, 1000), (0, 1000)) == ([1], nested)
    assert of_runs(monkeypatch, (0, 1000), (500, 1400), (1000, 2000)) == ([1, 3], nested)
    assert of_runs(monkeypatch, (5, 10)) == ([1], set())
    assert of_runs(monkeypatch) == ([], set())


def test_larger_targets_come_first(monkeypatch):
    assert of_runs(monkeypatch, (0, 10), (20, 50), (60, 80))[0] == [2, 3, 1]
