"""Varied contours still draw the same solid."""

import numpy as np
import pytest

from rtcomplexity.model.structure_set import ContourGeometricType
from rtcomplexity.testing import OBLIQUE, contour_stack, hollow_sphere, polygons_of
from rtcomplexity.testing import variations as vary
from rtcomplexity.testing.polygons import polygon_area_mm2

CONTOURS = contour_stack(hollow_sphere(12.0, 5.0), positions_mm=[-9.0, 0.0, 3.0], points_per_contour=24)


def areas(contours):
    return [polygon_area_mm2(polygon[:, :2]) for polygon in polygons_of(contours)]


def test_noise_is_even_over_its_range_and_the_same_on_every_machine():
    noise = vary.hashed_noise(20_000, seed=3)
    assert noise.min() >= -1.0
    assert noise.max() < 1.0
    assert noise.mean() == pytest.approx(0.0, abs=0.02)
    assert noise.std() == pytest.approx(1 / np.sqrt(3), abs=0.01)
    assert vary.hashed_noise(2).tolist() == [0.7666216164272852, -0.13694400590298006]


REDRAWN = [vary.started_elsewhere, vary.closed_twice, vary.with_repeated_points, vary.densified]


@pytest.mark.parametrize("change", REDRAWN)
def test_a_redrawn_contour_keeps_its_area(change):
    assert areas(change(CONTOURS)) == pytest.approx(areas(CONTOURS), rel=1e-12)


def test_a_reversed_contour_turns_the_other_way():
    assert areas(vary.reversed_direction(CONTOURS)) == pytest.approx([-area for area in areas(CONTOURS)], rel=1e-12)


def test_duplicates_follow_each_other_and_near_duplicates_come_after():
    assert areas(vary.duplicated(CONTOURS, 3))[:3] == [areas(CONTOURS)[0]] * 3
    near = vary.nearly_duplicated(CONTOURS, 0.02)
    count = len(CONTOURS.points_mm)
    assert len(near) == 2 * len(CONTOURS)
    distance = np.abs(near.points_mm[:count] - near.points_mm[count:])
    assert 0.01 < distance.max() <= 0.02
    assert distance[:, 2].max() == 0.0


def test_jagged_contours_stay_in_their_plane_and_within_the_distance():
    rough = vary.jagged(CONTOURS, 1.5)
    step = np.linalg.norm(rough.points_mm - CONTOURS.points_mm, axis=1)
    assert 1.2 < step.max() <= 1.5
    assert rough.points_mm[:, 2] == pytest.approx(CONTOURS.points_mm[:, 2])


def test_contours_can_be_dropped_and_retyped():
    kept = vary.chosen(CONTOURS, [2, 0])
    assert areas(kept) == [areas(CONTOURS)[2], areas(CONTOURS)[0]]
    points = vary.of_types(kept, ContourGeometricType.POINT)
    assert points.geometric_types.tolist() == [ContourGeometricType.POINT] * 2


def test_a_rigid_motion_carries_every_vertex():
    there = vary.moved(CONTOURS, OBLIQUE)
    assert OBLIQUE.from_patient(there.points_mm) == pytest.approx(CONTOURS.points_mm, abs=1e-12)
