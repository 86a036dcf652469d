"""The nodes of a surface lie on it, look outwards, and stand for its area, however thick the planes."""

import numpy as np
import pytest

from rtcomplexity.geometry.surface_nodes import inside_of, surface_nodes
from rtcomplexity.testing.phantoms import box, cylinder, hollow_sphere, plane_positions, sphere
from unit.geometry.stacks import circle, on_planes, phantom, square, stacked


def nodes_of(shape, spacing_mm, **options):
    stack = phantom(shape, plane_positions(shape, spacing_mm), **options).stack
    return surface_nodes(stack, inside_of(stack))


@pytest.mark.parametrize(("radius_mm", "spacing_mm"), [(10, 1), (10, 2.5), (30, 3), (60, 5)])
def test_nodes_of_a_sphere_lie_on_it_and_look_away_from_its_centre(radius_mm, spacing_mm):
    nodes = nodes_of(sphere(radius_mm), spacing_mm)
    distance = np.linalg.norm(nodes.points_mm, axis=1)
    assert np.average(np.abs(distance - radius_mm), weights=nodes.areas_mm2) < 0.03 * spacing_mm
    assert np.allclose(np.linalg.norm(nodes.normals, axis=1), 1)
    facing = (nodes.normals * nodes.points_mm).sum(axis=1) / distance
    assert np.average(facing, weights=nodes.areas_mm2) > 0.995
    assert facing.min() > 0.9


@pytest.mark.parametrize(("radius_mm", "spacing_mm"), [(10, 1), (10, 2.5), (30, 3), (60, 5)])
def test_nodes_of_a_sphere_stand_for_its_area(radius_mm, spacing_mm):
    nodes = nodes_of(sphere(radius_mm), spacing_mm)
    assert nodes.areas_mm2.sum() == pytest.approx(4 * np.pi * radius_mm**2, rel=0.015)


@pytest.mark.parametrize("spacing_mm", [1, 3, 5])
@pytest.mark.parametrize("radius_mm", [8, 25, 60])
def test_the_ends_of_a_cylinder_have_the_area_of_its_discs(radius_mm, spacing_mm):
    nodes = nodes_of(cylinder(radius_mm, 60), spacing_mm)
    ends = np.abs(nodes.normals[:, 2]) > 0.7
    assert nodes.areas_mm2[ends].sum() == pytest.approx(2 * np.pi * radius_mm**2, rel=0.03)
    wall = nodes.areas_mm2[~ends].sum() / (2 * np.pi * radius_mm * 60)
    assert 1 - spacing_mm / 100 < wall < 1.002
    up = nodes.points_mm[:, 2] > 0
    assert np.all(nodes.normals[ends & up, 2] > 0)
    assert np.all(nodes.normals[ends & ~up, 2] < 0)


def test_the_nodes_of_a_cavity_look_into_it():
    nodes = nodes_of(hollow_sphere(20, 10), 2)
    distance = np.linalg.norm(nodes.points_mm, axis=1)
    inner = distance < 15
    assert nodes.areas_mm2[inner].sum() == pytest.approx(4 * np.pi * 10**2, rel=0.015)
    facing = (nodes.normals * nodes.points_mm).sum(axis=1) / distance
    assert facing[inner].max() < 0
    assert facing[~inner].min() > 0


def test_the_side_of_a_box_is_flat_and_its_nodes_reach_to_their_neighbours():
    nodes = nodes_of(box((40, 30, 20)), 2)
    right = nodes.normals[:, 0] > 0.9
    assert np.allclose(nodes.points_mm[right, 0], 20, atol=1e-9)
    assert nodes.areas_mm2[right].sum() == pytest.approx(30 * 20, rel=0.08)
    reach = np.linalg.norm(nodes.edges_mm[right], axis=2)
    assert np.abs(nodes.edges_mm[right, :, 0]).max() < nodes.spacing_mm
    assert reach.max() < 1.5 * nodes.spacing_mm


def test_a_point_is_in_the_run_that_holds_its_pixel_and_in_none_elsewhere():
    polygons = [square(6), square(4, (0.7, 0.2)), circle(4, centre=(9, 0))]
    stack = stacked(on_planes(*((z, polygon) for z in (0, 3, 6) for polygon in polygons))).stack
    inside = inside_of(stack)
    runs, lattice = inside.runs, inside.lattice
    mask = runs.mask(tuple(slice(0, n) for n in runs.shape))
    v, u = np.mgrid[-3 : lattice.rows + 3, -3 : lattice.columns + 3]
    for plane in range(-1, runs.shape[0] + 1):
        points = np.column_stack(
            [
                lattice.u0_mm + (u.ravel() + 0.3) * lattice.column_spacing_mm,
                lattice.v0_mm + (v.ravel() - 0.3) * lattice.row_spacing_mm,
            ]
        )
        found = inside.run_at(np.full(len(points), plane), points).reshape(u.shape)
        expected = np.zeros(u.shape, bool)
        if 0 <= plane < runs.shape[0]:
            expected[3:-3, 3:-3] = mask[plane]
        assert np.array_equal(found >= 0, expected)
        held, column = found[expected], u[expected]
        position = (plane * lattice.rows + v[expected]) * runs.stride + column
        assert np.all((runs.starts[held] <= position) & (position < runs.stops[held]))


def test_the_pixels_of_an_inside_are_the_centres_that_the_square_holds():
    inside = inside_of(stacked(on_planes(*((z, square(6, (1, -2))) for z in (0, 3)))).stack)
    plane, places = inside.pixels()
    assert np.bincount(plane).tolist() == [len(plane) // 2] * 2
    assert len(places) * inside.lattice.pixel_area_mm2 == pytest.approx(2 * 36, rel=0.1)
    assert np.abs(places - (1, -2)).max() <= 3 + 1e-9
    assert places.mean(axis=0) == pytest.approx([1, -2], abs=inside.lattice.column_spacing_mm)


def test_nodes_cannot_be_moved():
    nodes = nodes_of(sphere(10), 3)
    for array in (nodes.points_mm, nodes.normals, nodes.edges_mm, nodes.areas_mm2):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_contour_of_thousands_of_vertices_gets_no_more_nodes():
    few, many = (nodes_of(sphere(20), 2, points=points) for points in (300, 6000))
    assert len(many.points_mm) == pytest.approx(len(few.points_mm), rel=0.3)
    assert many.areas_mm2.sum() == pytest.approx(few.areas_mm2.sum(), rel=0.01)
