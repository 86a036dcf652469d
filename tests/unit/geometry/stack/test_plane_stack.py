"""Lengths of borders on drawings whose length is known."""

from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.geometry.stack.plane_stack import _alike, _firsts, edges_that_border
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import Keyhole, contour_stack, contours_of, hollow_sphere
from rtcomplexity.testing.variations import densified, reversed_direction

PLANES = np.arange(-5, 6) * 3.0
SHELL = hollow_sphere(16.0, 7.0)


def stack(contours):
    return stack_contours(contours, settings=Settings()).stack


def square(x, side=10.0):
    return np.array([(x, 0, 0), (x + side, 0, 0), (x + side, side, 0), (x, side, 0)], float)


def test_borders_of_contours_that_share_nothing_are_their_lengths():
    drawn = stack(contour_stack(SHELL, positions_mm=PLANES))
    assert drawn.plane_border_lengths_mm == pytest.approx(drawn.plane_perimeters_mm, rel=1e-12)


@pytest.mark.parametrize("change", [lambda c: c, densified, reversed_direction], ids=["as it is", "denser", "reversed"])
def test_a_keyholes_channel_is_no_border(change):
    hole = stack(contour_stack(SHELL, positions_mm=PLANES))
    keyhole = stack(change(contour_stack(Keyhole(shape=SHELL), positions_mm=PLANES)))
    assert keyhole.plane_perimeters_mm.sum() > 1.05 * hole.plane_perimeters_mm.sum()
    assert keyhole.plane_border_lengths_mm == pytest.approx(hole.plane_border_lengths_mm, rel=1e-9)


def test_an_edge_that_two_contours_share_is_no_border():
    assert stack(contours_of([square(0), square(10)])).plane_border_lengths_mm == pytest.approx([60.0])


@pytest.mark.parametrize("far_mm", [0.0, 1e6, 1e8])
def test_an_edge_that_two_contours_share_is_no_border_however_far_others_lie(far_mm):
    diagonal = square(far_mm + 100.0) + np.array([0.0, far_mm, 0.0])
    drawn = stack(contours_of([square(0.0), square(10.0), diagonal]))
    assert drawn.plane_border_lengths_mm.sum() == pytest.approx(60 + 40)


def test_an_edge_of_the_same_place_on_another_plane_is_one():
    above = square(0) + np.array([0, 0, 3.0])
    assert stack(contours_of([square(0), above])).plane_border_lengths_mm == pytest.approx([40.0, 40.0])


@pytest.mark.parametrize("greatest", [9, 10**6, 2**61])
def test_first_places_of_distinct_keys_are_those_of_numpy(greatest):
    keys = np.random.default_rng(greatest).integers(0, greatest, 300)
    keys[150:] = keys[:150][::-1]
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    assert [found.tolist() for found in _firsts(keys)] == [first.tolist(), counts.tolist()]


def test_edges_of_some_planes_border_what_they_do_among_all():
    pair = [square(0), square(10)]
    drawn = stack(contours_of([*pair, *(each + np.array([0, 0, 3.0]) for each in pair)]))
    above = slice(8, 16)
    found = edges_that_border(drawn.points_mm[above], np.array([0, 4, 8]), np.ones(8, np.int64))
    assert found.tolist() == drawn.is_border[above].tolist()
    assert found.sum() == 6
    assert not len(edges_that_border(np.empty((0, 2)), np.array([0]), np.empty(0, np.int64)))


def test_contours_of_a_great_many_vertices_are_thinned_by_some_of_them_and_others_kept():
    few, many = np.arange(8.0).reshape(4, 2), np.arange(14.0).reshape(7, 2)
    drawn = replace(
        stack(contours_of([square(0), square(30)])),
        points_mm=np.concatenate([few, many, few]),
        contour_offsets=np.array([0, 4, 11, 15]),
        plane_offsets=np.array([0, 3]),
    )
    thin = drawn.thinned(4)
    assert thin.contour_offsets.tolist() == [0, 4, 8, 12]
    assert thin.points_mm.tolist() == [*few.tolist(), *many[::2].tolist(), *few.tolist()]
    assert drawn.thinned(3).contour_offsets.tolist() == [0, 2, 5, 7]
    assert drawn.thinned(7) is drawn


def test_a_plane_gives_its_polygons():
    drawn = stack(contours_of([square(0), square(30), square(5) + np.array([0, 0, 3.0])]))
    assert [len(drawn.plane_polygons(plane)) for plane in (0, 1)] == [2, 1]
    (polygon,) = drawn.plane_polygons(1)
    assert sorted(polygon.tolist()) == [[5, 0], [5, 10], [15, 0], [15, 10]]


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5, 6])
def test_edges_that_lie_on_each_other_cancel_in_pairs(times):
    corners = np.array([(0, 0), (10, 0), (10, 10), (0, 10)], float)
    drawn = replace(
        stack(contours_of([square(0)])),
        points_mm=np.concatenate([corners[:: (-1) ** copy] for copy in range(times)] + [corners + 30]),
        contour_offsets=4 * np.arange(times + 2),
        plane_offsets=np.array([0, times + 1]),
    )
    assert drawn.plane_border_lengths_mm == pytest.approx([40 * (times % 2) + 40])


def test_nothing_of_a_stack_can_be_written_to():
    found = stack(contours_of([square(0)]))
    for name in ("u_axis", "v_axis", "normal", "positions_mm", "lower_mm", "upper_mm", "points_mm"):
        array = getattr(found, name)
        assert array.dtype == np.float64
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for name in ("contour_offsets", "plane_offsets"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, name)[...] = 0


def bent(points_mm):
    """A map of the plane onto itself, one to one."""
    u, v = points_mm.T
    return np.column_stack([u + 1.5 * np.sin((u + v) / 9 + 0.3), v + 1.5 * np.cos(u / 7)])


CROSSING = [square(0), square(5) + np.array([0, 5.0, 0]), square(0) + np.array([0, 0, 3.0])]


@pytest.mark.parametrize(
    "contours",
    [
        contour_stack(SHELL, positions_mm=PLANES),
        contour_stack(Keyhole(shape=SHELL), positions_mm=PLANES),
        contours_of(CROSSING),
    ],
    ids=["holes", "keyholes", "crossing on one plane"],
)
def test_a_map_of_the_planes_onto_themselves_leaves_what_lies_inside_what(contours):
    drawn = stack(contours)
    warped = drawn.warped(bent(drawn.points_mm))
    afresh = replace(drawn, points_mm=bent(drawn.points_mm))
    assert warped.plane_areas_mm2 == pytest.approx(afresh.plane_areas_mm2, rel=1e-12)
    assert warped.plane_border_lengths_mm == pytest.approx(afresh.plane_border_lengths_mm, rel=1e-12)
    assert not np.allclose(warped.plane_areas_mm2, drawn.plane_areas_mm2, rtol=1e-3)


@pytest.mark.parametrize("spread", [(3, 4, 5), (2, 900, 3), (2**21, 2**21, 2**21), (1, 1, 1)])
def test_equal_rows_have_one_number_in_their_order(spread):
    random = np.random.default_rng(sum(spread))
    rows = np.column_stack([random.integers(-each, each, 300) for each in spread])
    rows[150:] = rows[:150][::-1]
    expected = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    assert _alike(rows).tolist() == expected.tolist()


BOW = np.array([(0, 0, 0), (4, 4, 0), (4, 0, 0), (0, 4, 0)], float)


def test_areas_of_contours_are_what_each_encloses_on_its_own():
    """Beside a square, round a hole, or alone: the figure-of-eight has both its lobes, and a hole is positive."""
    up = np.array([0.0, 0, 3])
    hole = square(2, 4) + np.array([0.0, 2, 3])
    drawn = stack(contours_of([BOW, square(20), square(0) + up, hole, BOW + 2 * up]))
    assert drawn.contour_areas_mm2 == pytest.approx([8, 100, 100, 16, 8])
    assert drawn.plane_areas_mm2 == pytest.approx([108, 84, 8])


def test_a_plane_is_tangled_where_its_area_is_not_the_sum_of_its_contours_less_its_holes():
    up = np.array([0.0, 0, 3])
    planes = [
        [square(0), square(20)],
        [square(0), square(2, 4) + np.array([0, 2, 0])],  # a hole
        [square(0), square(5)],  # overlap
        [BOW, square(20)],  # crosses itself
    ]
    drawn = stack(contours_of([polygon + n * up for n, each in enumerate(planes) for polygon in each]))
    assert drawn._is_tangled.tolist() == [False, False, True, True]
    assert drawn._contour_signs.tolist() == [1, 1, 1, -1, 1, 1, 1, 1]


@pytest.mark.parametrize(("upper", "meets"), [(1.5, True), (1.5 * (1 + 1e-7), True), (1.501, False), (0.5, False)])
def test_planes_meet_where_their_slabs_do(upper, meets):
    drawn = stack(contours_of([square(0), square(0) + np.array([0, 0, 3])]))
    moved = replace(drawn, upper_mm=np.array([upper, 1.5]))
    assert moved.meets_next.tolist() == [meets]
    assert moved.slab_mm == pytest.approx([1.5 + upper, 3])
