"""Solids with known shapes: reslicing and motion leave the scored shape, spicules never make it easier."""

from itertools import pairwise

import pytest

from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics.scored import measure_shape
from rtcomplexity.metrics.target_shape import BLUR_MM
from rtcomplexity.settings import Settings
from rtcomplexity.testing import OBLIQUE, Lobe, LumpyBody, SpiculatedSphere, contour_stack, plane_positions

LUMPY = LumpyBody(
    radius_mm=22.0, half_height_mm=26.0, lobes=(Lobe(order=2, amplitude=0.2), Lobe(order=3, amplitude=0.15, phase=1.0))
)
HARDER = {"sphericity_ratio": -1, "solidity_ratio": -1, "concavity_ratio": 1, "curvature_ratio": 1}


class Drawn:
    def __init__(self, solid, spacing_mm=3.0, phase=0.5, **frame):
        positions = plane_positions(solid, spacing_mm, phase)
        contours = contour_stack(solid, positions_mm=positions, points_per_contour=96, **frame)
        self.stack = stack_contours(contours, settings=Settings()).stack


def shape(solid, *spacing, blur_mm=BLUR_MM, **options):
    measured = measure_shape(Drawn(solid, *spacing, **options), blur_mm)
    return {key.removeprefix("scored."): each.value for key, each in measured.items()}


@pytest.mark.parametrize(("spacing_mm", "share"), [(1.0, 0.03), (2.0, 0.03), (4.0, 0.03), (5.0, 0.04)])
def test_reslicing_leaves_the_shape(spacing_mm, share):
    before, after = shape(LUMPY), shape(LUMPY, spacing_mm)
    for key in HARDER:
        assert after[key] == pytest.approx(before[key], rel=0.1 if key == "curvature_ratio" else share), key


def test_a_wider_blur_sees_less_of_the_spicules():
    spiny = SpiculatedSphere(radius_mm=15.0, spicules=14, height=0.3, sharpness=6)
    fine, coarse = shape(spiny, 1.0, blur_mm=1.0), shape(spiny, 1.0, blur_mm=3.0)
    for key, sign in HARDER.items():
        assert sign * fine[key] > sign * coarse[key] + 0.005, key


def test_another_orientation_and_place_leave_the_shape():
    assert shape(LUMPY, frame=OBLIQUE) == pytest.approx(shape(LUMPY), rel=0.02)


def test_spicules_never_make_a_shape_easier():
    found = [shape(SpiculatedSphere(radius_mm=22.0, spicules=6, height=h, sharpness=2)) for h in (0.0, 0.2, 0.4, 0.6)]
    for key, sign in HARDER.items():
        values = [sign * each[key] for each in found]
        assert all(b >= a - 1e-3 for a, b in pairwise(values)), (key, values)


def test_a_sphere_is_the_easiest_shape():
    found = shape(SpiculatedSphere(radius_mm=22.0, spicules=6, height=0.0))
    assert all(value == pytest.approx(1.0, abs=0.02) for value in found.values())
