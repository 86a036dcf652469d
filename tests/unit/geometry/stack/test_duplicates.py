"""A plane of thousands of contours gives the same copies as a plane of two, found by a sweep."""

import numpy as np
import pytest

from rtcomplexity.geometry.stack import duplicates
from rtcomplexity.geometry.stack.duplicates import canonical_vertices, distinct_contours
from rtcomplexity.geometry.stack.even_odd import enclosed_areas
from unit.geometry.stacks import square

LIMITS = {"area_fraction": 0.05, "width_mm": 0.2}


@pytest.fixture(params=[0, 1_000_000], ids=["swept", "pair by pair"])
def most_pairs(request, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_PAIRS", request.param)


def distinct(planes, *, is_xor=False):
    """Planes are lists of polygons, all or none of them combined by exclusive or."""
    polygons = [polygon for plane in planes for polygon in plane]
    offsets = np.cumsum([0, *map(len, polygons)])
    plane_of_contour = np.repeat(np.arange(len(planes)), [len(plane) for plane in planes])
    points = np.concatenate(polygons)
    return distinct_contours(
        points,
        offsets,
        plane_of_contour,
        areas_mm2=enclosed_areas(points, offsets),
        is_xor=np.full(len(polygons), is_xor),
        **LIMITS,
    )


@pytest.mark.usefixtures("most_pairs")
def test_near_copies_are_found_in_their_plane_only():
    here, copy = square(10), square(10, center=(0.01, -0.01))
    found = distinct([[here, square(10, center=(0, 40))], [square(10, center=(30, 0)), here, copy], [copy], [here]])
    assert found.near_copies == 1
    assert found.exact_copies == 0
    assert found.kept.tolist() == [0, 1, 2, 3, 5, 6]


@pytest.mark.usefixtures("most_pairs")
def test_each_of_many_bodies_keeps_one_of_its_copies():
    places = [(x, y) for y in (0, 25, 50) for x in (40, 0, 20)]
    plane = [square(8, center=np.add(place, shift)) for shift in (0, 0.02) for place in places]
    found = distinct([plane, [square(8), square(8, center=(3, 3))], plane])
    assert found.near_copies == 18
    assert len(found.kept) == 9 + 2 + 9
    assert {9 + 9, 9 + 9 + 1} <= set(found.kept.tolist())


def test_a_sweep_finds_the_pairs_that_overlap_along_x():
    random = np.random.default_rng(3)
    lower = random.integers(0, 60, (40, 2)).astype(float)
    boxes = np.stack([lower, lower + random.integers(1, 12, (40, 2))], axis=1)
    meeting = {
        (a, b)
        for a in range(40)
        for b in range(a + 1, 40)
        if min(boxes[a, 1, 0], boxes[b, 1, 0]) > max(boxes[a, 0, 0], boxes[b, 0, 0])
    }
    found = [tuple(pair) for pair in duplicates._swept(boxes).tolist()]
    assert len(found) == len(set(found))
    assert set(found) == meeting


@pytest.mark.usefixtures("most_pairs")
def test_copies_of_a_dot_are_found_as_those_of_a_body_are():
    found = distinct([[square(0.6), square(0.6, center=(0.005, 0)), square(0.6, center=(0.35, 0))]])
    assert found.near_copies == 1
    assert len(found.kept) == 2


def test_a_box_of_no_width_meets_nothing_beside_it():
    boxes = np.array([[[0.0, 0], [0, 1]], [[3, 0], [4, 1]]])
    assert duplicates._swept(boxes).shape == (0, 2)


def test_a_zero_with_a_minus_is_the_same_vertex():
    corners = np.array([[0.0, 0], [1, 0], [0, 1]])
    for polygon in (corners, corners[::-1]):
        signed = np.where(polygon == 0, -0.0, polygon)
        assert duplicates.canonical_vertices(signed) == duplicates.canonical_vertices(corners)


def test_contours_combined_by_exclusive_or_are_no_copies():
    found = distinct([[square(10), square(10), square(9.99)], [square(10)]], is_xor=True)
    assert found.kept.tolist() == [0, 1, 2, 3]
    assert (found.exact_copies, found.near_copies, found.cancelling_copies) == (0, 0, 1)


@pytest.mark.usefixtures("most_pairs")
def test_a_hundred_copies_are_linked_without_comparing_every_pair(monkeypatch):
    compared = []
    pair_areas = duplicates.pair_areas
    monkeypatch.setattr(duplicates, "PAIR_CHUNK", 64)
    monkeypatch.setattr(duplicates, "pair_areas", lambda *given: compared.append(len(given[-1])) or pair_areas(*given))
    plane = [square(10, center=(0.001 * n, 0)) for n in range(100)]
    assert distinct([plane]).near_copies == 99
    assert sum(compared) <= 2 * 99


def rectangle(left, right):
    return np.array([[left, -10], [right, -10], [right, 10], [left, 10.0]])


@pytest.mark.parametrize(
    ("second", "near"),
    [
        (square(19.9), 1),  # differs by 1.0% of the area and 0.05 mm of the perimeter
        (square(19.62), 1),  # by 3.8%, 0.19 mm
        (square(19.58), 0),  # by 4.2%, 0.21 mm
        (square(20, (1.5, 0)), 1),  # crosses: 60 of a union of 430 mm2 are 14%
        (square(20, (1.7, 0)), 0),  # 68 of 434 are 16%
        (rectangle(-10.3, 8.8), 1),  # 6 of the 30 mm2 that differ lie outside the first, and cross it: 20%
        (rectangle(-10.2, 8.8), 0),  # 4 of 28 do not: 14%
    ],
)
def test_contours_are_copies_up_to_stated_limits(second, near):
    found = distinct([[square(20), second]])
    assert found.near_copies == near
    assert len(found.kept) == 2 - near


@pytest.mark.parametrize(("side", "near"), [(199.7, 1), (199.3, 0)])
def test_a_rind_of_large_contours_is_told_by_its_width(side, near):
    """They differ by 0.3 and 0.7% of their area, and by 0.15 and 0.35 mm of their perimeter."""
    assert distinct([[square(200), square(side)]]).near_copies == near


def test_the_largest_of_copies_is_kept_and_of_equal_ones_the_first_by_its_vertices():
    assert distinct([[square(19.9), square(20), square(19.95)]]).kept.tolist() == [1]
    equal = [square(20, (0.05, 0)), square(20)]
    first = min((0, 1), key=lambda n: canonical_vertices(equal[n]))
    assert distinct([equal]).kept.tolist() == [first]
    assert distinct([equal[::-1]]).kept.tolist() == [1 - first]


def test_exact_copies_are_those_of_any_start_and_direction_of_one_plane():
    again = [np.roll(square(10), 1, axis=0), square(10)[::-1], square(10, (40, 0)), square(10)]
    found = distinct([[square(10), *again], [square(10)]])
    assert (found.exact_copies, found.near_copies, found.kept.tolist()) == (3, 0, [0, 3, 5])


def test_planes_of_one_contour_each_have_no_copies():
    found = distinct([[square(10)], [square(10)], [square(8)]])
    assert (found.exact_copies, found.near_copies, found.cancelling_copies) == (0, 0, 0)
    assert found.kept.tolist() == [0, 1, 2]


@pytest.mark.parametrize("corner", range(4))
def test_the_first_of_canonical_vertices_is_the_leftmost_and_of_several_the_lowest(corner):
    drawn = np.array([[3.0, 1], [9, 0], [8, 5], [3, 4]])
    expected = min(drawn.tobytes(), np.roll(drawn[::-1], 1, axis=0).tobytes())
    for way in (drawn, drawn[::-1]):
        assert canonical_vertices(np.roll(way, corner, axis=0)) == expected


@pytest.mark.parametrize(
    ("areas", "second", "alike"),
    [
        ((100.0, 85.0), ((1, 1), (9, 9)), True),
        ((85.0, 100.0), ((1, 1), (9, 9)), True),
        ((100.0, 84.9), ((1, 1), (9, 9)), False),
        ((100.0, 100.0), ((10, 0), (20, 10)), False),
        ((100.0, 100.0), ((9.9, 0), (20, 10)), True),
        ((100.0, 100.0), ((0, 10), (10, 20)), False),
        ((100.0, 100.0), ((0, -9.9), (10, 0.1)), True),
        ((0.0, 0.0), ((1, 1), (9, 9)), False),
        ((0.5, 0.5), ((1, 1), (9, 9)), True),
    ],
)
def test_contours_may_be_copies_by_their_areas_to_15_per_cent_and_their_boxes(areas, second, alike):
    boxes = np.array([[(0, 0), (10, 10)], second, [(0, 0), (10, 10)]], float)
    found = duplicates._similar_pairs(np.array([*areas, 100.0]), boxes, np.array([0, 0, 1]), 0.05)
    assert found.tolist() == ([[0, 1]] if alike else [])


def test_all_pairs_of_a_plane_are_of_that_plane():
    assert duplicates.pairs_within(np.array([0, 1, 1, 1, 3, 3])).tolist() == [[1, 2], [1, 3], [2, 3], [4, 5]]


def test_the_areas_of_pairs_are_those_of_their_difference_and_union():
    polygons = [square(10), square(10, (5, 0)), square(4)]
    points, offsets = np.concatenate(polygons), np.array([0, 4, 8, 12])
    difference, union = duplicates.pair_areas(
        points, offsets, np.array([100.0, 100, 16]), np.array([[0, 1], [0, 2], [1, 2]])
    )
    assert difference == pytest.approx([100, 84, 100 + 16 - 2 * 8])
    assert union == pytest.approx([150, 100, 108])


def test_only_the_first_of_exact_copies_is_kept_on_each_plane():
    polygons = [square(4), square(4, (9, 0)), square(4)[::-1], square(4, (9, 0)), square(4), square(4)]
    points, offsets = np.concatenate(polygons), np.arange(0, 25, 4)
    first = duplicates._first_of_exact_copies(points, offsets, np.array([0, 0, 0, 0, 0, 1]))
    assert first.tolist() == [0, 1, 5]


@pytest.mark.parametrize(("pairs", "kept"), [([[0, 1]], [1, 2, 3]), ([[0, 1], [1, 2]], [1, 3]), ([[2, 3]], [0, 1, 2])])
def test_of_each_cluster_the_largest_is_kept(pairs, kept):
    polygons = [square(4), square(5), square(4.5), square(3)]
    points, offsets = np.concatenate(polygons), np.arange(0, 17, 4)
    areas = np.array([16.0, 25, 20.25, 9])
    assert duplicates._largest_of_clusters(points, offsets, areas, np.array(pairs)).tolist() == kept
