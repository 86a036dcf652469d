"""The phantoms are what they say: volumes, sections, points inside, contours and images in any orientation."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from rtcomplexity import testing as ph
from rtcomplexity.testing.phantoms import pixel_centers_mm
from rtcomplexity.testing.polygons import even_angles, polygon_area_mm2
from rtcomplexity.testing.solids import section_area_mm2

LUMPY = ph.LumpyBody(
    radius_mm=20.0,
    half_height_mm=25.0,
    lobes=(ph.Lobe(order=2, amplitude=0.2), ph.Lobe(order=5, amplitude=0.1, phase=1.0, twist_per_mm=0.05)),
    center_mm=(3.0, -4.0, 5.0),
)
SPICULATED = ph.SpiculatedSphere(radius_mm=20.0, spicules=9, height=0.4, sharpness=3, twist_per_mm=0.03)
RADIAL = {
    "sphere": ph.sphere(40.0, (1.0, 2.0, 3.0)),
    "ellipsoid": ph.Ellipsoid(semi_axes_mm=(30.0, 50.0, 60.0)),
    "cylinder": ph.cylinder(30.0, 80.0),
    "leaning_tube": ph.Tube(semi_axes_mm=(8.0, 5.0), height_mm=40.0, lean=(0.5, -0.25)),
    "cone": ph.Cone(base_radius_mm=12.0, height_mm=24.0),
    "lumpy": LUMPY,
    "spiculated": SPICULATED,
}
OTHERS = {
    "box": ph.box((10.0, 20.0, 30.0), (1.0, 2.0, 3.0)),
    "prism": ph.Prism(outline_mm=((0, 0), (30, 0), (30, 10), (10, 10), (10, 40), (0, 40)), height_mm=20.0),
    "torus": ph.Torus(ring_radius_mm=60.0, tube_radius_mm=20.0),
    "hollow_sphere": ph.hollow_sphere(40.0, 20.0),
    "keyhole": ph.Keyhole(shape=ph.hollow_sphere(40.0, 20.0)),
    "two_spheres": ph.two_spheres(10.0, 30.0),
}
SOLIDS = RADIAL | OTHERS


def integral_of_sections(shape, breaks=()):
    nodes, weights = np.polynomial.legendre.leggauss(24)
    edges = sorted({*shape.extent_mm, *breaks})
    total = 0.0
    for low, high in itertools.pairwise(edges):
        positions = (low + high) / 2 + nodes * (high - low) / 2
        areas = [section_area_mm2(shape, float(z), 48) for z in positions]
        total += float(weights @ np.array(areas)) * (high - low) / 2
    return total


@pytest.mark.parametrize("name", SOLIDS)
def test_the_integral_of_the_sections_is_the_true_volume(name):
    breaks = {"hollow_sphere": (-20.0, 20.0), "keyhole": (-20.0, 20.0)}.get(name, ())
    tolerance = 1e-4 if name == "torus" else 1e-12  # its area goes like a root at both ends
    assert integral_of_sections(SOLIDS[name], breaks) == pytest.approx(SOLIDS[name].volume_mm3, rel=tolerance)


@pytest.mark.parametrize(
    ("shape", "volume_mm3"),
    [
        (ph.sphere(40.0), 268_082.57),
        (ph.cylinder(30.0, 80.0), 226_194.67),
        (ph.Ellipsoid(semi_axes_mm=(30.0, 50.0, 60.0)), 376_991.12),
        (ph.Torus(ring_radius_mm=60.0, tube_radius_mm=20.0), 473_741.01),
        (ph.hollow_sphere(40.0, 20.0), 234_572.25),
    ],
)
def test_volumes_meet_the_published_ones(shape, volume_mm3):
    assert shape.volume_mm3 == pytest.approx(volume_mm3, abs=0.005)


@pytest.mark.parametrize("points", [7, 64, 301])
@pytest.mark.parametrize("name", RADIAL)
def test_polygons_preserve_the_section_s_area(name, points):
    shape = RADIAL[name]
    low, high = shape.extent_mm
    for share in (0.07, 0.31, 0.5, 0.83):
        z = low + share * (high - low)
        (polygon,) = shape.sections(z, points)
        assert polygon.shape == (points, 2)
        assert polygon_area_mm2(polygon) == pytest.approx(shape.area_mm2(z - shape.center_mm[2]), rel=1e-12)


@pytest.mark.parametrize("name", RADIAL)
def test_the_closed_form_of_an_area_is_the_polar_integral_of_its_outline(name):
    shape = RADIAL[name]
    angles = even_angles(4096)
    for share in (-0.8, -0.3, 0.0, 0.45):
        height = share * shape.half_extent_mm
        integral = math.pi * float(np.mean(shape.outline_mm(angles, height) ** 2))
        assert integral == pytest.approx(shape.area_mm2(height), rel=1e-12)


@pytest.mark.parametrize("name", SOLIDS)
def test_a_plane_that_misses_the_solid_gives_no_polygon(name):
    low, high = SOLIDS[name].extent_mm
    assert SOLIDS[name].sections(low - 0.1) == []
    assert SOLIDS[name].sections(high + 0.1) == []


def test_a_flat_end_is_part_of_the_solid():
    assert len(ph.cylinder(12.0, 24.0).sections(12.0)) == 1
    assert len(ph.box((10.0, 10.0, 10.0)).sections(5.0 + 1e-12)) == 1
    assert ph.Cone(base_radius_mm=12.0, height_mm=24.0).sections(12.0) == []


def test_the_poles_of_a_body_and_its_margin_are_single_points_without_a_section():
    assert LUMPY.sections(30.0) == []
    grown = ph.Grown(body=ph.sphere(10.0), margin_mm=5.0)
    assert grown.sections(15.0) == []
    assert grown.sections(16.0) == []


def test_closed_forms_are_given_only_where_there_are_some():
    assert RADIAL["leaning_tube"].surface_area_mm2 is None
    assert ph.Cone(base_radius_mm=3.0, height_mm=4.0).surface_area_mm2 == pytest.approx(math.pi * 3 * (3 + 5))
    assert ph.Torus(ring_radius_mm=6.0, tube_radius_mm=2.0).surface_area_mm2 == pytest.approx(4 * math.pi**2 * 12)
    assert OTHERS["keyhole"].surface_area_mm2 == OTHERS["hollow_sphere"].surface_area_mm2


def test_surface_areas_in_closed_form():
    assert ph.sphere(40.0).surface_area_mm2 == pytest.approx(4 * math.pi * 40**2, rel=1e-12)
    long = ph.Ellipsoid(semi_axes_mm=(10.0, 10.0, 30.0))
    e = math.sqrt(1 - 10**2 / 30**2)
    assert long.surface_area_mm2 == pytest.approx(2 * math.pi * 100 * (1 + 3 / e * math.asin(e)), rel=1e-12)
    assert ph.cylinder(5.0, 10.0).surface_area_mm2 == pytest.approx(2 * math.pi * 5 * 15)
    assert ph.box((1.0, 2.0, 3.0)).surface_area_mm2 == pytest.approx(22.0)
    assert ph.two_spheres(10.0, 30.0).surface_area_mm2 == pytest.approx(2 * 4 * math.pi * 100)
    assert ph.hollow_sphere(40.0, 20.0).surface_area_mm2 == pytest.approx(4 * math.pi * (40**2 + 20**2))
    assert LUMPY.surface_area_mm2 is None
    assert ph.Hollow(outer=LUMPY, cavities=(ph.sphere(2.0),)).surface_area_mm2 is None


def test_a_keyhole_has_the_area_of_the_nested_hole_in_one_polygon():
    (single,) = OTHERS["keyhole"].sections(3.0, 64)
    outer, inner = OTHERS["hollow_sphere"].sections(3.0, 64)
    assert len(single) == 64 + 64 + 2
    nested = abs(polygon_area_mm2(outer)) - abs(polygon_area_mm2(inner))
    assert abs(polygon_area_mm2(single)) == pytest.approx(nested, rel=1e-12)


@pytest.mark.parametrize("frame", ph.FRAMES.values(), ids=ph.FRAMES)
@pytest.mark.parametrize("name", ["lumpy", "spiculated", "leaning_tube", "torus", "keyhole", "two_spheres"])
def test_counted_voxels_meet_the_true_volume(name, frame):
    shape = SOLIDS[name]
    low, high = shape.extent_mm
    own = frame.shifted(frame.rotation @ np.array([0.0, 0.0, (low + high) / 2]))
    reach = 170.0 if name in {"torus", "keyhole"} else 82.0
    grid = ph.image_grid(
        frame=own,
        slices=41,
        rows=round(reach / 1.7),
        columns=round(reach / 1.3),
        slice_spacing_mm=(high - low) / 41,
        row_spacing_mm=1.7,
        column_spacing_mm=1.3,
    )
    voxel_mm3 = 1.7 * 1.3 * (high - low) / 41
    counted = ph.voxelize(shape, grid, frame=frame).sum() * voxel_mm3
    assert counted == pytest.approx(shape.volume_mm3, rel=0.03)


def test_a_prism_holds_the_points_inside_its_outline():
    points = np.array([[5.0, 35.0, 0.0], [25.0, 5.0, 9.0], [25.0, 35.0, 0.0], [5.0, 35.0, 11.0]])
    assert OTHERS["prism"].contains(points).tolist() == [True, True, False, False]


def test_a_ready_made_frame_is_right_handed_and_named_for_its_slices():
    normals = {name: frame.rotation[:, 2] for name, frame in ph.FRAMES.items() if name != "oblique"}
    assert normals["axial"].tolist() == [0, 0, 1]
    assert normals["prone"].tolist() == [0, 0, 1]
    assert normals["feet_first"].tolist() == [0, 0, -1]
    assert normals["feet_first_prone"].tolist() == [0, 0, -1]
    assert normals["sagittal"].tolist() == [-1, 0, 0]
    assert normals["coronal"].tolist() == [0, 1, 0]
    for frame in ph.FRAMES.values():
        assert np.linalg.det(frame.rotation) == pytest.approx(1.0)


def test_a_frame_goes_there_and_back():
    points = np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, 9.0]])
    there = ph.OBLIQUE.to_patient(points)
    assert ph.OBLIQUE.from_patient(there) == pytest.approx(points, abs=1e-12)
    assert (np.c_[points, [1, 1]] @ ph.OBLIQUE.patient_from_own.T)[:, :3] == pytest.approx(there, abs=1e-12)


def test_a_frame_refuses_axes_that_are_not_at_right_angles():
    with pytest.raises(ValueError, match="right angles"):
        ph.Frame.of((1, 0, 0), (1, 1, 0))


def test_a_lumpy_body_refuses_lobes_without_a_closed_form():
    with pytest.raises(ValueError, match="different orders"):
        dataclasses.replace(LUMPY, lobes=(ph.Lobe(order=2, amplitude=0.1), ph.Lobe(order=2, amplitude=0.2)))
    with pytest.raises(ValueError, match="under 1"):
        dataclasses.replace(LUMPY, lobes=(ph.Lobe(order=2, amplitude=1.0),))


@pytest.mark.parametrize("frame", ph.FRAMES.values(), ids=ph.FRAMES)
def test_a_contour_stack_lies_on_its_planes(frame):
    positions = [4.0, -8.0, 0.0, 400.0]
    contours = ph.contour_stack(LUMPY, positions_mm=positions, points_per_contour=40, frame=frame)
    assert len(contours) == 3  # the last plane misses
    assert contours.point_counts.tolist() == [40, 40, 40]
    own = frame.from_patient(contours.points_mm)
    assert own[::40, 2] == pytest.approx([4.0, -8.0, 0.0], abs=1e-12)
    assert polygon_area_mm2(own[:40, :2]) == pytest.approx(LUMPY.area_mm2(4.0 - 5.0), rel=1e-12)


def test_plane_positions_cover_the_solid():
    positions = ph.plane_positions(ph.sphere(10.0), 2.5)
    assert positions == pytest.approx([-8.75, -6.25, -3.75, -1.25, 1.25, 3.75, 6.25, 8.75])
    assert ph.plane_positions(ph.sphere(10.0), 5.0, phase=0.0) == pytest.approx([-10, -5, 0, 5, 10])


def test_an_image_grid_is_anisotropic_and_centered():
    grid = ph.image_grid(frame=ph.OBLIQUE)
    assert grid.rows != grid.columns
    assert len({grid.row_spacing_mm, grid.column_spacing_mm, grid.slice_spacing_mm}) == 3
    assert pixel_centers_mm(grid).mean(axis=(0, 1, 2)) == pytest.approx(ph.OBLIQUE.origin_mm)
    k, j, i = 3, 5, 7
    in_slice_mm = i * grid.column_spacing_mm * grid.row_direction + j * grid.row_spacing_mm * grid.column_direction
    assert pixel_centers_mm(grid)[k, j, i] == pytest.approx(grid.slice_origins_mm[k] + in_slice_mm)


def test_a_sheared_grid_moves_its_slices_off_the_normal_only():
    tilt = math.tan(math.radians(15.0))
    grid = ph.image_grid(positions_mm=[0.0, 3.0, 9.0], shear=(0.0, tilt))
    assert grid.slice_positions_mm == pytest.approx([0.0, 3.0, 9.0])
    assert np.diff(grid.slice_origins_mm[:, 1]) == pytest.approx([3.0 * tilt, 6.0 * tilt])


def test_later_parts_are_painted_over_earlier_ones():
    grid = ph.image_grid(slices=21, rows=41, columns=43)
    values = ph.paint(grid, [(ph.sphere(20.0), 40.0), (ph.sphere(8.0), -800.0)], background=-1000.0)
    assert values.shape == (21, 41, 43)
    assert (values[10, 20, 21], values[10, 20, 27], values[0, 0, 0]) == (-800.0, 40.0, -1000.0)


def test_a_grown_sphere_is_the_larger_sphere():
    grown = ph.Grown(body=ph.sphere(10.0, (1.0, 2.0, 3.0)), margin_mm=5.0)
    assert grown.extent_mm == (-12.0, 18.0)
    assert grown.volume_mm3 == pytest.approx(ph.sphere(15.0).volume_mm3, rel=2e-3)
    for z in (-8.0, 3.0, 10.0):
        (polygon,) = grown.sections(z)
        distance = np.linalg.norm(np.c_[polygon - [1.0, 2.0], np.full(len(polygon), z - 3.0)], axis=1)
        assert distance == pytest.approx(15.0, abs=0.05)


def test_a_group_holds_what_its_bodies_hold():
    group = ph.Group(bodies=(ph.Grown(body=ph.sphere(10.0), margin_mm=5.0), ph.sphere(5.0, (40.0, 0.0, 10.0))))
    assert group.extent_mm == (-15.0, 15.0)
    assert len(group.sections(7.0)) == 2
    assert group.volume_mm3 == pytest.approx(ph.sphere(15.0).volume_mm3 + ph.sphere(5.0).volume_mm3, rel=2e-3)
