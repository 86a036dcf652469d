"""Meshes against solids whose area, volume and diameter mathematics gives."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import ConvexHull, QhullError

from rtcomplexity.geometry.mesh import (
    Mesh,
    UnmeasurableShapeError,
    convex_hull,
    equivalent_sphere_diameter,
    half_of_symmetric,
    largest_distance,
    mesh_of_field,
    mesh_of_mask,
    outermost_of_each_row,
    sphericity,
)

EDGES_MM = (2.0, 3.0, 5.0)


def box_mesh(edges_mm=EDGES_MM, turn=None):
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float) * edges_mm
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))])
    return Mesh(vertices_mm=corners if turn is None else corners @ turn.T + 100.0, faces=faces)


def oblique():
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    return turn


@pytest.mark.parametrize("turn", [None, oblique()])
def test_a_box_has_its_area_volume_and_diagonal(turn):
    mesh = box_mesh(turn=turn)
    assert mesh.volume_mm3 == pytest.approx(30, rel=1e-12)
    assert mesh.area_mm2 == pytest.approx(62, rel=1e-12)
    assert mesh.hull_volume_mm3 == pytest.approx(30, rel=1e-12)
    assert mesh.hull_area_mm2 == pytest.approx(62, rel=1e-12)
    assert mesh.maximum_diameter_mm == pytest.approx(math.sqrt(38), rel=1e-12)


def test_the_extent_of_a_box_is_its_edges():
    assert box_mesh().extent_mm == pytest.approx(EDGES_MM)


def test_a_smooth_field_on_an_anisotropic_grid_gives_the_sphere():
    spacing_mm, radius_mm = (1.0, 0.5, 0.7), 12.0
    z, y, x = (np.arange(-13.6, 13.6, step) for step in spacing_mm)
    field = radius_mm - np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    mesh = mesh_of_field(field, 0.0, spacing_mm, origin_mm=(z[0], y[0], x[0]))
    assert mesh.volume_mm3 == pytest.approx(4 / 3 * math.pi * radius_mm**3, rel=5e-3)
    assert mesh.area_mm2 == pytest.approx(4 * math.pi * radius_mm**2, rel=5e-3)
    assert mesh.maximum_diameter_mm == pytest.approx(2 * radius_mm, rel=1e-3)
    assert mesh.vertices_mm.min(axis=0) == pytest.approx(np.full(3, -radius_mm), abs=0.02)


def test_a_cavity_is_taken_off_the_volume_and_added_to_the_area():
    z, y, x = np.ogrid[-22:23, -22:23, -22:23]
    distance = np.sqrt(z**2 + y**2 + x**2)
    mesh = mesh_of_field(np.minimum(20 - distance, distance - 10), 0.0, (1, 1, 1))
    assert mesh.volume_mm3 == pytest.approx(4 / 3 * math.pi * (20**3 - 10**3), rel=5e-3)
    assert mesh.area_mm2 == pytest.approx(4 * math.pi * (20**2 + 10**2), rel=5e-3)


def test_the_first_voxel_lies_at_the_origin_unless_said_otherwise():
    z, y, x = np.ogrid[0:15, 0:21, 0:17]
    mesh = mesh_of_field(5.0 - np.sqrt((z - 7.0) ** 2 + (y - 10.0) ** 2 + (x - 8.0) ** 2), 0.0, (1, 1, 1))
    assert (mesh.vertices_mm.min(axis=0) + mesh.vertices_mm.max(axis=0)) / 2 == pytest.approx([7, 10, 8], abs=1e-5)


def test_a_mask_that_fills_its_box_is_closed_by_padding():
    mesh = mesh_of_mask(np.ones((4, 5, 6), bool), (3.0, 1.0, 0.5))
    assert mesh.extent_mm == pytest.approx([12, 5, 3])
    assert mesh.vertices_mm.min(axis=0) == pytest.approx([-1.5, -0.5, -0.25])


def test_a_field_that_never_crosses_the_level_has_no_surface():
    with pytest.raises(UnmeasurableShapeError, match="empty"):
        mesh_of_field(np.zeros((3, 3, 3)), 0.5, (1, 1, 1))
    with pytest.raises(UnmeasurableShapeError, match="empty"):
        mesh_of_field(np.zeros((0, 3, 3)), 0.5, (1, 1, 1))


def test_the_error_survives_pickling():
    error = UnmeasurableShapeError("found", "try")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_hull_survives_leaving_out_inner_points():
    from scipy.spatial import ConvexHull

    points = np.random.default_rng(3).integers(0, 9, size=(4000, 3)).astype(float)
    kept = outermost_of_each_row(points)
    assert len(kept) < len(points) / 10
    assert ConvexHull(kept).volume == pytest.approx(ConvexHull(points).volume, rel=1e-12)


def test_the_largest_distance_is_found_across_blocks():
    points = np.random.default_rng(2).normal(size=(1500, 3))
    points[3], points[1400] = (-50.0, 0, 0), (50.0, 0, 0)
    assert largest_distance(points) == pytest.approx(100, rel=1e-12)


def test_a_sphere_has_sphericity_one_and_a_cube_less():
    assert sphericity(4 / 3 * math.pi * 7**3, 4 * math.pi * 7**2) == pytest.approx(1, rel=1e-12)
    assert sphericity(1, 6) == pytest.approx((math.pi / 6) ** (1 / 3), rel=1e-12)


def test_the_equivalent_sphere_has_the_same_volume():
    assert equivalent_sphere_diameter(4 / 3 * math.pi * 7**3) == pytest.approx(14, rel=1e-12)


def test_a_mesh_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        box_mesh().vertices_mm[0] = 0


def ellipsoid(diameters, spacing_mm):
    places = np.indices(np.array(diameters) + 2) - (np.array(diameters).reshape(3, 1, 1, 1) + 1) / 2
    radii = np.array(diameters).reshape(3, 1, 1, 1) / 2
    return mesh_of_field(1 - np.sqrt(((places / radii) ** 2).sum(axis=0)), 0.0, spacing_mm)


@pytest.mark.parametrize("diameters", [(10, 13, 13), (14, 14, 12), (10, 12, 12)])
def test_a_hull_is_that_of_merged_facets_whether_triangles_alone_fail_or_not(diameters):
    points_mm = ellipsoid(diameters, (3.0, 0.7, 0.7)).vertices_mm
    found, merged = convex_hull(points_mm), ConvexHull(points_mm)
    assert found.volume == pytest.approx(merged.volume, rel=1e-13)
    assert found.area == pytest.approx(merged.area, rel=1e-13)


def test_there_are_hulls_that_triangles_alone_do_not_make():
    """Else the second attempt would be dead code: with newer versions of Qhull it may become that."""
    with pytest.raises(QhullError, match="concave"):
        ConvexHull(ellipsoid((10, 13, 13), (3.0, 0.7, 0.7)).vertices_mm, qhull_options="Q0")


@pytest.mark.parametrize("seed", range(8))
def test_half_the_hull_of_points_that_are_alike_on_both_sides_of_the_cut_is_half_of_it(seed):
    some = np.random.default_rng(seed).normal(size=(60, 3)) * (3.0, 1.0, 2.0)
    points_mm = np.concatenate([some, some[:, [0, 2, 1]]]) + np.array([5.0, -20.0, -20.0])
    whole, half = ConvexHull(points_mm), ConvexHull(half_of_symmetric(points_mm))
    assert 2 * half.volume == pytest.approx(whole.volume, rel=1e-12)
    assert len(half.points) < 0.75 * len(points_mm)


def test_a_symmetric_mesh_has_the_hull_of_all_its_vertices():
    mesh = ellipsoid((11, 14, 14), (1.5, 0.8, 0.8))
    assert replace(mesh, is_symmetric=True).hull_volume_mm3 == pytest.approx(mesh.hull_volume_mm3, rel=1e-12)
    assert replace(mesh, is_symmetric=True).hull_area_mm2 == mesh.hull_area_mm2
