"""Corners of convex hulls against an independent library, on scattered, repeated and lined-up vertices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from rtcomplexity.geometry.hulls import hull_corners
from unit.geometry.stacks import circle


def hulls(*polygons):
    offsets = np.cumsum([0, *map(len, polygons)])
    points = np.concatenate(polygons)
    corners, bounds = hull_corners(points, offsets)
    return [corners[a:b] - first for a, b, first in zip(bounds[:-1], bounds[1:], offsets[:-1], strict=True)]


@given(st.integers(0, 2**32 - 1))
def test_corners_of_scattered_points_are_those_of_an_independent_library(seed):
    random = np.random.default_rng(seed)
    polygons = [random.standard_normal((random.integers(4, 60), 2)) for _ in range(random.integers(1, 6))]
    for polygon, corners in zip(polygons, hulls(*polygons), strict=True):
        assert sorted(corners) == sorted(ConvexHull(polygon).vertices)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=40))
def test_hulls_of_lattice_points_have_the_area_of_an_independent_library(points):
    polygon = np.array(points, float)
    (corners,) = hulls(polygon)
    u, v = polygon[corners].T
    area = 0.5 * float(u @ np.roll(v, -1) - v @ np.roll(u, -1))
    if np.linalg.matrix_rank(polygon - polygon[0]) < 2:
        assert area == 0
    else:
        assert area == pytest.approx(ConvexHull(polygon).volume, rel=1e-12)
        assert len({*map(tuple, polygon[corners])}) == len(corners)


def test_corners_run_once_round_their_hull():
    (corners,) = hulls(circle(5.0, points=12))
    assert np.ptp(np.diff(corners) % 12) == 0
    assert len(corners) == 12


def test_vertices_on_an_edge_and_of_the_same_place_are_no_corners():
    square = np.array([[0, 0], [1, 0], [2, 0], [2, 2], [2, 2], [1, 1], [0, 2], [0, 1]], float)
    (corners,) = hulls(square)
    assert len(corners) == 4


def test_a_line_has_two_corners_and_a_point_one():
    line, point = np.array([[0.0, 0], [2, 2], [1, 1]]), np.array([[3.0, 4], [3, 4], [3, 4]])
    assert [len(corners) for corners in hulls(line, point)] == [2, 1]
