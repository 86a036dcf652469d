"""Contours in a plane against shapes whose numbers mathematics gives."""

import math

import numpy as np
import pytest

from rtcomplexity.geometry.contour_shape import ContourSet
from rtcomplexity.geometry.mesh import UnmeasurableShapeError
from rtcomplexity.geometry.stack.even_odd import enclosed_areas
from unit.geometry.stacks import circle, square

NOTCHED = np.array([[0, 0], [30, 0], [30, 20], [16, 20], [15, 5], [14, 20], [0, 20]], float)


def one(points):
    return ContourSet.of([points])


def area(points):
    return float(enclosed_areas(points, np.array([0, len(points)]))[0])


def perimeter(points):
    return float(one(points).perimeters_mm[0])


def isoperimetric_ratio(points):
    return 4 * math.pi * area(points) / perimeter(points) ** 2


def solidity(points):
    return float(one(points).solidities(np.array([area(points)]))[0])


def concavity_depth(points):
    return float(one(points).concavity_depths_mm[0])


def curvature_energy(points, step_mm):
    return float(one(points).curvature_energies(step_mm)[0])


def resampled(points, step_mm):
    return one(points).resampled(step_mm).points_mm


def ellipse(a, b, points=400):
    angles = 2 * np.pi * np.arange(points) / points
    return np.column_stack([a * np.cos(angles), b * np.sin(angles)])


def turned(points, degrees=33.0):
    turn = math.radians(degrees)
    return points @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) + (70.0, -20.0)


def test_a_circle_is_one_throughout():
    for radius_mm in (3.0, 40.0):
        points = circle(radius_mm)
        assert isoperimetric_ratio(points) == pytest.approx(1, abs=1e-3)
        assert solidity(points) == pytest.approx(1, rel=1e-12)
        assert curvature_energy(points, 3.0) == pytest.approx(1, abs=1e-3)
        assert concavity_depth(points) == pytest.approx(0, abs=1e-9)


def test_a_square_has_its_area_length_and_roundness():
    assert area(square(7.0)) == pytest.approx(49)
    assert perimeter(square(7.0)) == pytest.approx(28)
    assert isoperimetric_ratio(square(7.0)) == pytest.approx(math.pi / 4)


def test_the_pocket_of_a_notch_is_as_deep_as_the_notch():
    assert concavity_depth(NOTCHED) == pytest.approx(15)
    assert solidity(NOTCHED) == pytest.approx((600 - 15) / 600)


@pytest.mark.parametrize(("a", "b"), [(20.0, 10.0), (30.0, 12.0)])
def test_the_curvature_energy_of_an_ellipse_agrees_with_its_integral(a, b):
    from scipy.integrate import quad

    def speed(t):
        return math.hypot(a * math.sin(t), b * math.cos(t))

    length, _ = quad(speed, 0, 2 * math.pi)
    bending, _ = quad(lambda t: (a * b) ** 2 / speed(t) ** 5, 0, 2 * math.pi)
    expected = length * bending / (4 * math.pi**2)
    assert curvature_energy(ellipse(a, b), 1.0) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("measure", [isoperimetric_ratio, solidity, lambda points: curvature_energy(points, 2.0)])
@pytest.mark.parametrize("shape", [NOTCHED, ellipse(25.0, 9.0) + (3.0, 0.2) * np.eye(400, 2)])
def test_direction_start_motion_and_doubled_points_change_nothing(measure, shape):
    expected = measure(shape)
    for same in (shape[::-1], np.roll(shape, 3, axis=0), np.repeat(shape, 2, axis=0), turned(shape)):
        assert measure(same) == pytest.approx(expected, rel=1e-6)


def test_size_changes_no_ratio_and_scales_the_depth():
    assert curvature_energy(2 * NOTCHED, 4.0) == pytest.approx(curvature_energy(NOTCHED, 2.0), rel=1e-9)
    assert concavity_depth(turned(2 * NOTCHED)) == pytest.approx(30)


def test_denser_vertices_change_little():
    dense = resampled(ellipse(25.0, 9.0, 97), 0.05)
    assert curvature_energy(dense, 3.0) == pytest.approx(curvature_energy(ellipse(25.0, 9.0, 97), 3.0), rel=0.01)


def test_resampling_makes_equal_steps():
    points = resampled(square(30.0), 5.0)
    steps = np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1)
    assert len(points) == 24
    assert steps == pytest.approx(np.full(24, 5.0))
    assert len(resampled(square(1.0), 4.0)) == 8
    assert len(resampled(square(0.1), 0.01)) == 40
    back_and_forth = np.array([[0.0, 0], [1, 0], [1, 0]])
    assert len(resampled(back_and_forth, 0.1)) == 20


def test_what_encloses_nothing_is_refused():
    for line in (np.zeros((2, 2)), np.array([[0.0, 0], [1, 1], [2, 2]])):
        with pytest.raises(UnmeasurableShapeError, match="area"):
            solidity(line)
        with pytest.raises(UnmeasurableShapeError, match="area"):
            concavity_depth(line)
    with pytest.raises(UnmeasurableShapeError, match="length"):
        curvature_energy(np.zeros((4, 2)), 1.0)


def test_a_small_triangle_is_convex():
    assert solidity(np.array([[0.0, 0], [1, 0], [0, 1]])) == pytest.approx(1)


def test_a_figure_of_eight_fills_half_of_its_hull_and_has_the_area_of_both_lobes():
    bow_tie = np.array([[0, 0], [40, 30], [40, 0], [0, 30.0]])
    assert area(bow_tie) == pytest.approx(600)
    assert solidity(bow_tie) == pytest.approx(0.5)


def test_many_outlines_are_measured_as_each_by_itself():
    outlines = [NOTCHED, circle(9.0), turned(NOTCHED[::-1]), square(3.0), ellipse(25.0, 9.0)]
    together = ContourSet.of(outlines)
    areas = np.array([area(points) for points in outlines])
    assert together.simple_areas_mm2 == pytest.approx(areas, rel=1e-12)
    assert together.perimeters_mm == pytest.approx([perimeter(points) for points in outlines], rel=1e-12)
    assert together.solidities(areas) == pytest.approx([solidity(points) for points in outlines], rel=1e-12)
    depths = [concavity_depth(points) for points in outlines]
    assert together.concavity_depths_mm == pytest.approx(depths, rel=1e-12, abs=1e-12)
    energies = [curvature_energy(points, 2.0) for points in outlines]
    assert together.curvature_energies(2.0) == pytest.approx(energies, rel=1e-9)


def test_some_of_the_outlines_can_be_chosen():
    chosen = ContourSet.of([square(1.0), circle(9.0), square(3.0)]).chosen(np.array([True, False, True]))
    assert (len(chosen), chosen.simple_areas_mm2.tolist()) == (2, [1.0, 9.0])


def test_a_square_is_resampled_from_a_corner_in_equal_steps():
    """Of 4 mm, one of its corners doubled: 16 steps of 1 mm, at least 8 whatever the step."""
    square_mm = np.array([[0, 0], [4, 0], [4, 4], [4, 4], [0, 4.0]]) + np.array([10, 20])
    fine, coarse = (ContourSet.of([square_mm]).resampled(step).points_mm - [10, 20] for step in (1.0, 100.0))
    along = np.arange(4.0)
    zero, four = np.zeros(4), np.full(4, 4.0)
    sides = [(along, zero), (four, along), (4 - along, four), (zero, 4 - along)]
    assert fine == pytest.approx(np.concatenate([np.column_stack(side) for side in sides]))
    assert coarse == pytest.approx(fine[::2])
    assert ContourSet.of([square_mm]).curvature_energies(1.0) == pytest.approx([16 / 4])
    assert ContourSet.of([square_mm]).curvature_energies(100.0) == pytest.approx([8 / 4])


def test_steps_begin_at_the_vertex_furthest_from_the_middle_of_the_contour():
    kite = np.array([[0, -1], [1, 0], [0, 3], [-1, 0.0]])
    start, other = (ContourSet.of([np.roll(kite, turn, axis=0)]).resampled(0.1).points_mm[0] for turn in (0, 3))
    assert start.tolist() == other.tolist() == [0, 3]


@pytest.mark.parametrize(("step_mm", "count"), [(1.0, 10), (0.96, 10), (1.06, 9), (9.0, 8)])
def test_so_many_steps_are_placed_as_come_nearest_to_the_wanted_one(step_mm, count):
    assert (
        len(ContourSet.of([np.array([[0, 0], [2.5, 0], [2.5, 2.5], [0, 2.5]])]).resampled(step_mm).points_mm) == count
    )


def test_a_sliver_has_an_area_and_a_line_none():
    sliver, line = np.array([[0, 0], [1, 0], [0.5, 1e-9]]), np.array([[0, 0], [1, 0], [0.5, 0.0]])
    assert ContourSet.of([sliver]).concavity_depths_mm == pytest.approx([0])
    with pytest.raises(UnmeasurableShapeError, match="no area"):
        ContourSet.of([sliver, line]).concavity_depths_mm  # noqa: B018
    assert len(ContourSet.of([]).concavity_depths_mm) == 0
