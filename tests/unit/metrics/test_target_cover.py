"""Parts of planned targets far from every gross target, on spheres whose distances are known."""

import math
from types import SimpleNamespace

import pytest

from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics import target_cover
from rtcomplexity.metrics.target_cover import REACH_MM, far_volume_cm3
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.settings import Settings
from rtcomplexity.testing import SAGITTAL, Several, contour_stack, plane_positions, sphere


def stack(solid, spacing_mm=3.0):
    contours = contour_stack(solid, positions_mm=plane_positions(solid, spacing_mm), points_per_contour=96)
    return stack_contours(contours, settings=Settings()).stack


def ball(radius_mm, x=0.0):
    return sphere(radius_mm, center_mm=(x, 0.0, 0.0))


def volume_cm3(radius_mm):
    return 4 / 3 * math.pi * radius_mm**3 / 1000


def test_a_margin_is_explained_by_its_gross_target():
    assert far_volume_cm3(stack(ball(30.0)), stack(ball(12.0))) == 0.0


def test_a_body_far_off_counts_whole():
    planned = stack(Several(bodies=(ball(20.0), ball(15.0, 120.0))))
    assert far_volume_cm3(planned, stack(ball(12.0))) == pytest.approx(volume_cm3(15.0), rel=0.1)


def test_of_a_body_round_a_gross_target_what_lies_beyond_the_reach_counts():
    found = far_volume_cm3(stack(ball(45.0)), stack(ball(10.0)))
    assert found == pytest.approx(volume_cm3(45.0) - volume_cm3(10.0 + REACH_MM), rel=0.1)


@pytest.mark.parametrize("radius_mm", [1.5, 2.4, 3.0])
@pytest.mark.parametrize("center", [0.0, 2.5])
def test_the_smallest_gross_target_explains_what_lies_round_it(radius_mm, center):
    small, planned = (sphere(radius, center_mm=(center, center, 0.0)) for radius in (radius_mm, 9.0))
    assert far_volume_cm3(stack(planned, 1.0), stack(small, 1.0)) == 0.0


@pytest.mark.parametrize("shift_mm", [0.0, 80.0])
def test_planes_of_another_orientation_lie_where_they_lie(shift_mm):
    planned, gross = ball(20.0), stack(ball(12.0, shift_mm))
    sagittal = plane_positions(planned, 3.0)
    contours = contour_stack(planned, positions_mm=sagittal, points_per_contour=96, frame=SAGITTAL)
    found = far_volume_cm3(stack_contours(contours, settings=Settings()).stack, gross)
    assert found == pytest.approx(volume_cm3(20.0) if shift_mm else 0.0, rel=0.1)


@pytest.mark.parametrize(("volume_cm3", "is_told"), [(1.0, True), (0.999, False)])
def test_a_part_of_a_cubic_centimeter_is_a_target(monkeypatch, volume_cm3, is_told):
    monkeypatch.setattr(target_cover, "far_volume_cm3", lambda *_: volume_cm3)
    drawn = [
        SimpleNamespace(
            roi=SimpleNamespace(number=number, target_class=kind), stacked=SimpleNamespace(stack=stack), stack=stack
        )
        for number, kind, stack in (
            (1, TargetClass.CTV, "planes"), (2, TargetClass.PTV, "planes"), (3, TargetClass.GTV, "planes"),
            (4, TargetClass.PTV, None), (5, TargetClass.OAR, "planes"),
        )
    ]  # fmt: skip
    assert target_cover.unexplained_targets(drawn, "gross") == ((1, 2) if is_told else ())
