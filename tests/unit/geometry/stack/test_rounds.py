"""Contours traced more than once are one outline; keyholes, figures-of-eight and strokes are what they are drawn as."""

import numpy as np
import pytest

from rtcomplexity.geometry.stack.even_odd import enclosed_areas
from rtcomplexity.geometry.stack.rounds import _Course, _is_one_outline, _returning, _stops, _travelled, first_rounds
from unit.geometry.stacks import circle, square

LIMITS = {"area_fraction": 0.02, "width_mm": 0.25}


def found_in(*polygons):
    return first_rounds(np.concatenate(polygons), np.cumsum([0, *map(len, polygons)]), **LIMITS)


def traced(outline, rounds, jitter_mm, seed=0, turns=None):
    """The outline again and again, every vertex moved a little; `turns` says which way each round goes."""
    random = np.random.default_rng(seed)
    each = [outline if turn > 0 else np.roll(outline[::-1], 1, axis=0) for turn in turns or [1] * rounds]
    return np.concatenate(each) + random.normal(0, jitter_mm, (rounds * len(outline), 2))


def notched(radius_mm=20.0, points=300):
    """An outline that is far from convex, mm."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return (radius_mm * (1 + 0.45 * np.cos(3 * angle)))[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])


STAR = square(30)[[0, 0, 1, 1, 2, 2, 3, 3]] + np.tile([[0, 0], [9, 3]], (4, 1))


@pytest.mark.parametrize("outline", [circle(20), notched(), STAR], ids=["circle", "notched", "star"])
@pytest.mark.parametrize("rounds", [2, 3, 4])
@pytest.mark.parametrize("jitter_mm", [0.0, 0.2])
def test_a_contour_traced_again_ends_where_its_first_round_does(outline, rounds, jitter_mm):
    again = traced(outline, rounds, jitter_mm)
    stop = found_in(again)[0]
    area = enclosed_areas(again[:stop], np.array([0, stop]))[0]
    assert area == pytest.approx(enclosed_areas(outline, np.array([0, len(outline)]))[0], rel=0.03)


@pytest.mark.parametrize("jitter_mm", [0.0, 0.3])
def test_a_contour_traced_there_and_back_is_one_outline(jitter_mm):
    there_and_back = traced(circle(20), 2, jitter_mm, turns=[1, -1])
    stop = found_in(there_and_back)[0]
    assert enclosed_areas(there_and_back[:stop], np.array([0, stop]))[0] == pytest.approx(np.pi * 400, rel=0.03)


def test_a_second_round_just_outside_the_first_is_a_copy_of_it():
    assert found_in(np.concatenate([circle(20), circle(20.1)]))[0] == pytest.approx(200, abs=1)


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("inner_mm", [19.0, 18.0, 10.0])
def test_a_keyhole_is_no_second_round_however_thin_its_wall(inner_mm, turn):
    outer, inner = circle(20), circle(inner_mm)[::turn]
    assert found_in(np.concatenate([outer, outer[:1], inner, inner[:1]])) == {}


@pytest.mark.parametrize("share", [1.0, 0.8, 0.3])
def test_a_figure_of_eight_is_no_second_round(share):
    left, right = circle(10, center=(-10, 0)), circle(10 * share, center=(10 * share, 0))
    eight = np.concatenate([left, np.roll(right[::-1], -100, axis=0)])
    assert found_in(eight) == {}


def test_single_rounds_strokes_and_slivers_are_left_alone():
    stroke = np.column_stack([np.append(np.arange(20.0), np.arange(20.0)[::-1]), np.zeros(40)])
    sliver = np.column_stack([np.append(np.arange(20.0), np.arange(20.0)[::-1]), np.repeat([0, 0.1], 20)])
    assert found_in(circle(20), notched(), square(30), stroke, sliver) == {}


def test_of_several_contours_only_those_traced_again_are_named():
    found = found_in(circle(20), traced(circle(5, points=50), 2, 0.05), square(9), traced(notched(), 2, 0.1, seed=1))
    assert sorted(found) == [1, 3]
    assert first_rounds(np.empty((0, 2)), np.array([0]), **LIMITS) == {}


def test_the_way_travelled_is_a_share_of_each_contours_own_length():
    slow = np.array([[0, 0], [6, 0], [6, 2], [0, 2.0]])  # 16 mm round
    points = np.concatenate([slow, square(1.0), np.zeros((3, 2))])
    expected = [0, 6 / 16, 8 / 16, 14 / 16, 0, 0.25, 0.5, 0.75, 0, 0, 0]
    assert _travelled(points, np.array([0, 4, 8, 11])) == pytest.approx(expected)


@pytest.mark.parametrize(("away_mm", "returns"), [(0.0, True), (1.9, True), (2.1, False)])
def test_a_contour_returns_where_it_comes_back_to_a_tenth_of_a_round(away_mm, returns):
    """Two rounds of about 20 mm: the second begins away from the first vertex."""
    first = np.array([[0, 0], [5, 0], [5, 5], [0, 5.0]])
    points = np.concatenate([first, first - [away_mm, 0.0]])
    length_mm = 40 + 2 * (np.hypot(away_mm, 5) - 5)
    assert bool(away_mm < 0.1 * length_mm / 2) is returns
    assert _returning(points, np.array([0, 8])) == ([0] if returns else [])


def test_no_contours_return_nowhere():
    assert _returning(np.empty((0, 2)), np.array([0])) == []


def test_rounds_of_fewer_than_three_vertices_are_none():
    twice = np.concatenate([square(4.0), square(4.0)])
    assert _stops(_Course.of(twice), 2) == [4]
    assert _stops(_Course.of(twice), 4) == []
    line = np.array([[0, 0], [4, 0], [0, 0], [4, 0.0]])
    assert _stops(_Course.of(line), 2) == []


@pytest.mark.parametrize(
    ("second", "is_one"),
    [
        (square(10.0, (3.3, 0)), True),  # crossing squares differ by 66 of a union of 133
        (square(10.0, (3.4, 0)), False),
        (square(9.9), True),  # one in the other, 1.99% of the area apart
        (square(9.8), False),  # 3.96%
        ([[-4, -5], [5.3, -5], [5.3, 5], [-4, 5]], True),  # 3 of the 13 that differ lie outside the first: 23%
        ([[-4.2, -5], [5.1, -5], [5.1, 5], [-4.2, 5]], False),  # 1 of 9: 11%, they do not cross
    ],
)
def test_rounds_are_one_outline_where_they_cross_or_nearly_agree(second, is_one):
    first, second = square(10.0), np.array(second)
    areas = enclosed_areas(np.concatenate([first, second]), np.array([0, 4, 8]))
    assert _is_one_outline(first, second, areas, 0.02, 0.5) is is_one


def in_a_corner(*sides_mm):
    """Squares traced one after the other from the corner that they share."""
    return np.concatenate([side * np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]) for side in sides_mm])


@pytest.mark.parametrize(
    ("sides_mm", "count", "stops"),
    [
        ((3, 2), 2, [4]),  # the second begins at 60%, within 15% of the middle
        ((3.4, 1.6), 2, []),  # at 68%
        ((3, 3, 3), 3, [4, 8]),
        ((3.5, 2.5, 3), 3, [4, 8]),  # at 39% and 67%, within 7.5% of thirds
        ((4, 2, 3), 3, []),  # at 44%
        ((3, 3, 3, 3), 4, [4, 8, 12]),
        ((3, 3.5, 2.5, 3), 4, [4, 8, 12]),  # at 54%, within 5% of quarters
        ((3, 3.9, 2.1, 3), 4, []),  # at 57.5%
    ],
)
def test_rounds_end_near_where_equal_ones_would(sides_mm, count, stops):
    assert _stops(_Course.of(in_a_corner(*sides_mm)), count) == stops


@pytest.mark.parametrize(("vertices", "is_round"), [(2, False), (3, True), (4, True)])
@pytest.mark.parametrize("last", [False, True])
def test_a_round_has_at_least_three_vertices(vertices, is_round, last):
    """Of two rounds one has so many vertices, the other twelve; both are half of the length."""
    few, many = np.arange(vertices) / (2 * vertices), np.arange(12) / 24
    share = np.concatenate([many, 0.5 + few] if last else [few, 0.5 + many])
    away = np.ones(len(share))
    start = 12 if last else vertices
    away[[0, start]] = 0.0
    course = _Course(share, away, 10.0)
    assert _stops(course, 2) == ([start] if is_round else [])


def test_no_contour_returns_where_there_is_none():
    assert _returning(np.empty((0, 2)), np.array([0])) == []


def test_outlines_smaller_than_a_square_millimeter_are_outlines_too():
    first = square(0.5)
    second = first * 1.001
    areas = np.array([0.25, 0.25 * 1.001**2])
    assert _is_one_outline(first, second, areas, 0.02, 0.25)
    assert not _is_one_outline(first, first, np.zeros(2), 0.02, 0.25)
