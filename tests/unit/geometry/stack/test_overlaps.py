"""Partly overlapping contours, and what joining them adds, against an independent polygon library."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.geometry.stack.overlaps import partial_overlaps
from unit.geometry.stacks import circle, on_planes, square, stacked


def drawn(*polygons):
    """Stack of two equal planes, 3 mm each."""
    return stacked(on_planes(*((z, polygon) for z in (0, 3) for polygon in polygons))).stack


def joined_mm3(stack):
    return float(stack.plane_areas_mm2 @ stack.slab_mm) + partial_overlaps(stack).gain_mm3


def area(*polygons):
    return shapely.union_all([shapely.polygons(polygon) for polygon in polygons]).area


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.integers(3, 9)), min_size=2, max_size=4, unique=True))
def test_where_all_overlap_partly_it_is_the_union(places):
    polygons = [circle(radius, 24, (x, y)) for x, y, radius in places]
    stack = drawn(*polygons)
    pairs = partial_overlaps(stack).pairs
    if pairs != 2 * len(places) * (len(places) - 1) // 2:
        return
    assert joined_mm3(stack) == pytest.approx(6 * area(*polygons), rel=1e-9)


def test_three_that_share_a_middle_are_not_counted_thrice():
    polygons = [circle(10), circle(10, center=(8, 0)), circle(10, center=(4, 7))]
    assert joined_mm3(drawn(*polygons)) == pytest.approx(6 * area(*polygons), rel=1e-9)


def test_an_island_beside_and_a_hole_inside_stay_what_they_are():
    pair, hole, island = [circle(10), circle(10, center=(15, 0))], circle(3, center=(-4, 0)), circle(4, center=(0, 30))
    expected = area(*pair) - area(hole) + area(island)
    assert joined_mm3(drawn(*pair, hole, island)) == pytest.approx(6 * expected, rel=1e-9)


def test_holes_that_overlap_take_their_union_away():
    holes = [circle(5), circle(5, center=(6, 0))]
    assert joined_mm3(drawn(circle(20), *holes)) == pytest.approx(6 * (area(circle(20)) - area(*holes)), rel=1e-9)


@pytest.mark.parametrize("polygons", [[circle(9), circle(5)], [circle(5), circle(5, center=(20, 0))], [circle(5)]])
def test_nested_and_separate_contours_gain_nothing(polygons):
    found = partial_overlaps(drawn(*polygons))
    assert (found.pairs, found.gain_mm3) == (0, 0.0)


def test_of_too_many_the_union_is_not_told():
    row = [circle(5, 12, (4 * n, 0)) for n in range(9)]
    assert np.isfinite(partial_overlaps(drawn(*row[:-1])).gain_mm3)
    assert np.isnan(partial_overlaps(drawn(*row)).gain_mm3)


def test_clusters_in_slabs_of_unlike_thickness_are_joined_one_by_one():
    """Squares 10 mm wide d mm apart share (10 - d) x 10 mm2, which even-odd leaves out and the union holds."""
    planes = [(z, square(10, (x, 0))) for z, d in ((0, 4), (3, 5), (9, 8)) for x in (0, d)]
    stack = stacked(on_planes(*planes), [0, 3, 9]).stack
    found = partial_overlaps(stack)
    assert found.pairs == 3
    shared = np.array([60.0, 50.0, 20.0])
    assert found.gain_mm3 == pytest.approx(float(shared @ stack.slab_mm))


def test_a_hole_that_touches_its_outline_from_within_is_nested():
    assert partial_overlaps(drawn(square(10), square(4, (3, 0)))).pairs == 0


def test_what_joining_adds_counts_with_the_thickness_of_its_plane():
    """Squares of 10 mm that share half of each, on planes of 2, 4 and 6 mm; the first has them apart."""
    apart, joined = [square(10), square(10, (30, 0))], [square(10), square(10, (5, 0))]
    planes = [(z, p) for z, drawn in ((0, apart), (2, joined), (8, joined)) for p in drawn]
    found = partial_overlaps(stacked(on_planes(*planes), slices=(0.0, 2, 8)).stack)
    assert (found.pairs, found.gain_mm3) == (2, pytest.approx(50 * (4 + 6)))
