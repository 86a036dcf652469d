"""Polygons in space: their areas, the direction they share, and the planes they lie on."""

import numpy as np
import pytest

from rtcomplexity.geometry.orientation import (
    PlaneAxes,
    area_vectors,
    common_normal,
    group_positions,
    plane_coordinates,
    polygon_normals,
)


def test_directions_are_weighed_by_area_and_their_sense_does_not_matter():
    vectors = np.array([[0, 0, 3.0], [0, 0, -90.0], [0.2, 0, 0]])
    assert common_normal(vectors).tolist() == [0, 0, 1]
    assert common_normal(-vectors).tolist() == [0, 0, 1]
    assert common_normal(np.zeros((2, 3))) is None
    assert common_normal(np.empty((0, 3))) is None


@pytest.mark.parametrize("direction", [(0.6, 0.8, 0.0), (0.0, -0.6, 0.8), (-0.8, 0.0, 0.6)])
def test_an_oblique_direction_points_along_its_largest_component(direction):
    normal = common_normal(np.outer([2.0, -5.0], direction))
    largest = np.argmax(np.abs(direction))
    assert normal == pytest.approx(np.array(direction) * np.sign(direction[largest]))


def test_positions_closer_than_the_tolerance_share_a_plane():
    assert group_positions(np.array([9.0, 0.0, 3.01, 3.0, -4.0]), 0.05).tolist() == [3, 1, 2, 2, 0]
    assert group_positions(np.empty(0), 0.05).tolist() == []


def test_area_vectors_stand_on_their_polygons_and_are_as_long_as_their_area():
    flat = np.array([[1, 2, 5], [4, 2, 5], [4, 6, 5], [1, 6, 5.0]])
    upright = np.array([[0, 0, 0], [0, 3, 0], [0, 0, 4.0]])
    vectors = area_vectors(np.concatenate([flat, upright, flat[::-1]]), np.array([0, 4, 7, 11]))
    assert vectors.tolist() == [[0, 0, 12], [6, 0, 0], [0, 0, -12]]
    assert area_vectors(np.empty((0, 3)), np.array([0])).shape == (0, 3)


def test_the_arrays_of_axes_cannot_be_written_and_do_not_follow_what_they_were_made_of():
    u = np.array([1.0, 0, 0])
    axes = PlaneAxes(u=u, v=np.array([0, 1.0, 0]), normal=np.array([0, 0, 1.0]))
    u[0] = 5
    assert axes.u.tolist() == [1, 0, 0]
    for array in (axes.u, axes.v, axes.normal):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2


BOW_TIE = np.array([[0, 0, 0], [4, 3, 0], [4, 0, 0], [0, 3, 0.0]])


@pytest.mark.parametrize("normal", [(0, 0, 1.0), (1.0, 0, 0), (0.6, 0, 0.8), (0.48, 0.64, -0.6)])
@pytest.mark.parametrize("polygon", [BOW_TIE, BOW_TIE[[0, 2, 1, 3]], BOW_TIE * [1, 1e-3, 1]])
def test_the_normal_of_a_polygon_stands_on_its_plane_even_where_its_lobes_cancel(polygon, normal):
    axes = PlaneAxes.of_normal(np.array(normal))
    turned = polygon @ np.stack([axes.u, axes.v, axes.normal]) + [30, -7, 11]
    found = polygon_normals(turned, np.array([0, 4]))[0]
    assert abs(found @ axes.normal) == pytest.approx(1, abs=1e-9)
    flat = plane_coordinates(turned, np.array([0, 4]), found[None])
    assert np.linalg.norm(flat[:, None] - flat, axis=2) == pytest.approx(
        np.linalg.norm(polygon[:, None] - polygon, axis=2), abs=1e-9
    )


def test_vertices_on_a_line_have_no_normal():
    line = np.outer([0, 1, 5, 2.0], [3, 4, 5.0])
    normals = polygon_normals(np.concatenate([line, BOW_TIE, line[:2]]), np.array([0, 4, 8, 10]))
    assert normals[[0, 2]].tolist() == [[0, 0, 0]] * 2
    assert np.abs(normals[1]) == pytest.approx([0, 0, 1])
    assert polygon_normals(np.empty((0, 3)), np.array([0])).shape == (0, 3)


@pytest.mark.parametrize(
    "normal", [(0, 0, 1), (1, 0, 0), (0.6, 0, 0.8), (0.92, 0, np.sqrt(1 - 0.92**2)), (0, -0.6, 0.8)]
)
def test_axes_of_a_normal_are_right_handed_and_begin_along_x_unless_it_does(normal):
    axes = PlaneAxes.of_normal(np.array(normal, float))
    turned = np.stack([axes.u, axes.v, axes.normal])
    assert turned @ turned.T == pytest.approx(np.eye(3))
    assert np.linalg.det(turned) == pytest.approx(1)
    helper = np.array([0.0, 1, 0]) if normal[0] > 0.9 else np.array([1.0, 0, 0])
    assert axes.v @ helper == pytest.approx(0)
    assert axes.u @ helper > 0


@pytest.mark.parametrize("normal", [(0, 0, 1.0), (1.0, 0, 0), (0.6, 0, 0.8), (2 / 3, -1 / 3, 2 / 3)])
def test_coordinates_in_a_plane_keep_lengths_and_the_way_round(normal):
    axes = PlaneAxes.of_normal(np.array(normal))
    drawn = np.array([[0, 0], [3, 0], [3, 2], [0, 4.0]])
    space = drawn @ np.stack([axes.u, axes.v]) + 7 * axes.normal
    both = np.concatenate([space, space + np.array([100.0, 50, 20])])
    found = plane_coordinates(both, np.array([0, 4, 8]), np.tile(normal, (2, 1)))
    for each in (found[:4], found[4:]):
        assert each[0].tolist() == [0, 0]
        assert each @ each.T == pytest.approx(drawn @ drawn.T)
        assert each[1, 0] * each[3, 1] - each[1, 1] * each[3, 0] == pytest.approx(12)


def test_positions_exactly_a_tolerance_apart_are_one():
    assert group_positions(np.array([0.0, 0.5, 1.0, 1.75]), 0.5).tolist() == [0, 0, 0, 1]
    assert group_positions(np.empty(0), 0.5).tolist() == []


@pytest.mark.parametrize(("breadth", "has_normal"), [(4e-6, True), (1e-6, False)])
def test_vertices_of_hardly_any_breadth_lie_on_a_line(breadth, has_normal):
    """There and back along x, so that the signed area cancels."""
    points = np.array([[-1, 0, 0], [1, breadth, 0], [-1, breadth, 0], [1, 0, 0.0]])
    (found,) = polygon_normals(points, np.array([0, 4]))
    assert np.abs(found) == pytest.approx(np.array([0, 0, 1.0 if has_normal else 0]))


def test_contours_without_an_area_do_not_decide_a_common_direction():
    vectors = np.array([[0, 0, 0], [0, 0, 3.0], [0, 0, 0], [0, 0.5, 0]])
    assert common_normal(vectors).tolist() == [0, 0, 1]
