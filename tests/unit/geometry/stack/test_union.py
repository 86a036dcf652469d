"""Unions against closed forms: lens of two circles, nested and separate shapes."""

import numpy as np
import pytest

from rtcomplexity.geometry.stack.even_odd import perimeters, signed_areas
from rtcomplexity.geometry.stack.union import _clusters, union_of_polygons, union_stack
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.testing import box, sphere
from unit.geometry.stacks import circle, on_planes, phantom, square, stacked


def area(polygons):
    return abs(sum(signed_areas(p, np.array([0, len(p)]))[0] for p in polygons))


def lens_area(radius, distance):
    half = np.arccos(distance / (2 * radius))
    return radius**2 * (2 * half - np.sin(2 * half))


def union(*stacks):
    return union_stack(
        stacks, slice_positions_mm=np.arange(-60, 61, 3.0), gap_factor=1.5, pixel_mm=0.5, tolerance_mm=0.01
    )


@pytest.mark.parametrize("distance", [4.0, 10.0, 17.0])
def test_two_overlapping_circles_have_the_area_and_outline_of_their_union(distance):
    joined = union_of_polygons([[circle(10)], [circle(10, center=(distance, 0))]], 0.5)
    assert len(joined) == 1
    assert area(joined) == pytest.approx(2 * np.pi * 100 - lens_area(10, distance), rel=2e-3)
    outline = 2 * 10 * (2 * np.pi - 2 * np.arccos(distance / 20))
    assert perimeters(joined[0], np.array([0, len(joined[0])]))[0] == pytest.approx(outline, rel=0.01)


def test_only_what_meets_is_joined_however_far_the_rest_lies():
    far, hole = circle(9, center=(9000, -9000)), circle(4, center=(9000, -9000))
    joined = union_of_polygons([[circle(10), far, hole], [circle(10, center=(10.0, 0))]], 0.5)
    assert [len(polygon) for polygon in joined if np.array_equal(polygon, far) or np.array_equal(polygon, hole)] == [
        len(far),
        len(hole),
    ]
    assert len(joined) == 3
    (outline,) = [polygon for polygon in joined if polygon.max() < 100]
    assert area([outline]) == pytest.approx(2 * np.pi * 100 - lens_area(10, 10), rel=2e-3)


def test_contours_that_meet_through_others_are_joined_together():
    chain = [circle(10, center=(x, 0)) for x in (0, 30, 15)]
    (outline,) = union_of_polygons([chain[:2], chain[2:]], 0.5)
    assert area([outline]) == pytest.approx(3 * np.pi * 100 - 2 * lens_area(10, 15), rel=2e-3)


def test_shapes_that_touch_along_an_edge_are_one():
    left, right = square(10), square(10, center=(10, 0))
    outline = max(union_of_polygons([[left], [right]], 0.5), key=len)
    assert area([outline]) == pytest.approx(area([left]) + area([right]), rel=0.01)


def test_as_many_contours_as_a_plane_may_hold_are_compared_in_blocks():
    dots = [circle(1, points=8, center=(5.0 * n, 0)) for n in range(1201)]
    joined = union_of_polygons([dots[:1200], [dots[1200]], [circle(1, points=8, center=(5.0 * 700, 0.5))]], 0.5)
    assert len(joined) == 1201
    assert sum(any(np.array_equal(dot, polygon) for polygon in joined) for dot in dots[:3] + dots[699:702]) == 5


def test_circles_apart_are_kept_vertex_for_vertex():
    one, other = circle(5), circle(5, center=(20, 0))
    joined = union_of_polygons([[one], [other]], 0.5)
    assert np.array_equal(joined[0], one)
    assert np.array_equal(joined[1], other)


def test_a_hole_filled_by_another_region_is_no_hole():
    joined = union_of_polygons([[circle(15), circle(6)], [circle(8)]], 0.5)
    assert len(joined) == 1
    assert area(joined) == pytest.approx(np.pi * 225, rel=2e-3)


def test_a_hole_that_nothing_fills_stays():
    joined = union_of_polygons([[circle(15), circle(6)], [circle(4, center=(14, 0))]], 0.5)
    assert len(joined) == 2


def test_two_overlapping_spheres_have_the_volume_of_their_union():
    z = np.arange(-30, 31, 1.5)
    a, b = phantom(sphere(20), z).stack, phantom(sphere(20, (15, 0, 0)), z).stack
    cap = np.pi * (20 - 7.5) ** 2 * (60 - 12.5) / 3
    assert slab_volume_mm3(union(a, b)) == pytest.approx(2 * sphere(20).volume_mm3 - 2 * cap, rel=3e-3)


def test_shapes_on_different_planes_meet_where_a_slab_holds_the_others_plane():
    """Each slab keeps its section over its whole thickness, so that the union of two phases is a little too large."""
    a, b = phantom(sphere(20), np.arange(-18, 19, 3.0)).stack, phantom(sphere(20), np.arange(-19.5, 20, 3.0)).stack
    assert slab_volume_mm3(union(a, b)) == pytest.approx(sphere(20).volume_mm3, rel=0.07)


def test_the_union_with_itself_is_itself():
    stack = phantom(sphere(12), np.arange(-12, 13, 3.0)).stack
    assert slab_volume_mm3(union(stack, stack)) == pytest.approx(slab_volume_mm3(stack), rel=1e-3)


def test_a_union_lies_where_its_parts_lie():
    wide, tall = np.array([[2, -9], [32, -9], [32, -5], [2, -5.0]]), np.array([[5, -12], [9, -12], [9, 8], [5, 8.0]])
    for regions in ([[wide], [tall]], [[tall], [wide]]):
        (outline,) = union_of_polygons(regions, 0.5)
        assert outline.min(axis=0) == pytest.approx([2, -12], abs=0.1)
        assert outline.max(axis=0) == pytest.approx([32, 8], abs=0.1)
        assert area([outline]) == pytest.approx(30 * 4 + 4 * 20 - 4 * 4, rel=0.01)


def test_boxes_side_by_side_that_meet_in_one_coordinate_only_are_apart():
    left, above = square(4), square(4, (1, 9))
    joined = union_of_polygons([[left], [above], [square(4, (9, 1))]], 0.5)
    assert [polygon.tolist() for polygon in joined] == [p.tolist() for p in (left, above, square(4, (9, 1)))]


def test_the_union_of_stacks_has_the_planes_of_both_and_their_places():
    a = phantom(box((30.0, 4.0, 13.0), (5, 0, 0)), np.arange(-6, 7, 3.0)).stack
    b = phantom(box((4.0, 30.0, 13.0), (0, 0, 9)), np.arange(3, 16, 3.0) + 0.004).stack
    both = union(a, b)
    assert both.positions_mm == pytest.approx([-6, -3, 0, 3.002, 6.002, 9.004, 12.004, 15.004])
    assert both.plane_areas_mm2 == pytest.approx([120] * 3 + [224] * 2 + [120] * 3, rel=0.01)
    assert both.points_mm.min(axis=0) == pytest.approx([-10, -15], abs=0.1)
    assert both.points_mm.max(axis=0) == pytest.approx([20, 15], abs=0.1)


def test_planes_of_one_body_are_joined_and_bodies_apart_are_not_where_there_are_no_slices():
    z = np.array([0.0, 3, 6, 15, 18])
    whole, low, high = (stacked(on_planes(*((p, square(8)) for p in drawn)), z).stack for drawn in (z, z[:3], z[3:]))
    for stacks, reach in (([low, high], 1.5), ([high, low], 1.5), ([whole, high], 4.5)):
        both = union_stack(
            stacks, slice_positions_mm=np.empty(0), gap_factor=1.5, pixel_mm=0.5, tolerance_mm=0.01
        )  # fmt: skip
        assert both.upper_mm == pytest.approx([1.5, 1.5, reach, 1.5, 1.5])
        assert both.lower_mm == pytest.approx([1.5, 1.5, 1.5, reach, 1.5])


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("axis", [0, 1])
def test_squares_that_overlap_have_their_common_area_less_the_corners_of_a_pixel(order, axis):
    """Two of 10 mm that share 6 x 10 mm; on a lattice of 1 mm half a pixel is cut off at each of four corners."""
    shift = np.roll([4.0, 0.0], axis)
    (outline,) = union_of_polygons([[square(10)], [square(10) + shift]][::order], 1.0)
    assert area([outline]) == pytest.approx(140 - 4 * 0.5)
    assert not np.array_equal(outline[0], outline[-1])
    steps = np.linalg.norm(outline - np.roll(outline, -1, axis=0), axis=1)
    assert steps.max() < 1.5
    assert steps.min() > 0


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("shift", [(10.0, 0), (0, 10.0), (10.0, 10.0)])
def test_boxes_that_touch_belong_together_and_others_do_not(order, shift):
    polygons = [square(10), square(10, shift), square(10, (30, 30))]
    label = _clusters(polygons[::order])
    assert label.tolist() == ([0, 0, 2] if order == 1 else [0, 1, 1])
    apart = [square(10), square(10, np.multiply(shift, 1.001)), square(10, (30, 30))]
    assert _clusters(apart[::order]).tolist() == [0, 1, 2]


def test_what_the_slab_of_a_lowest_plane_fills_is_no_gap():
    """Planes at 0, 9 and 12 mm drawn as neighbors of one shape; another's at 8 and 10 mm, half-way 4 mm."""
    z = np.array([0.0, 9, 12])
    whole, other = (stacked(on_planes(*((p, square(8)) for p in drawn)), drawn).stack for drawn in (z, [8.0, 10]))
    for stacks in ([whole, other], [other, whole]):
        both = union_stack(stacks, slice_positions_mm=np.empty(0), gap_factor=1.5, pixel_mm=0.5, tolerance_mm=0.01)
        assert both.positions_mm == pytest.approx([0, 8, 9, 10, 12])
        assert both.upper_mm == pytest.approx([4, 0.5, 0.5, 1, 1])
        assert both.lower_mm == pytest.approx([4, 4, 0.5, 0.5, 1])


def test_a_margin_of_the_lattice_holds_the_outline_of_the_smallest_shapes():
    (outline,) = union_of_polygons([[square(1)], [square(1, (0.5, 0.25))]], 0.25)
    assert outline.min(axis=0) == pytest.approx([-0.5, -0.5])
    assert outline.max(axis=0) == pytest.approx([1, 0.75])


def test_the_union_of_one_stack_is_that_stack():
    stack = phantom(box((30.0, 4.0, 13.0), (5, 0, 0)), np.arange(-6, 7, 3.0)).stack
    alone = union(stack)
    assert np.array_equal(alone.points_mm, stack.points_mm)
    assert alone.positions_mm == pytest.approx(stack.positions_mm)
    assert np.array_equal(alone.contour_offsets, stack.contour_offsets)
    assert alone.upper_mm == pytest.approx(stack.upper_mm)
