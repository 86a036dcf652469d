"""The sub-voxel surface against analytic solids at any spacing and phase, and everything that must not move it."""

import math
import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry.field import body as module
from rtcomplexity.geometry.field.body import (
    Body,
    FieldShape,
    SubvoxelSurface,
    UndersampledShapeError,
    _body,
    _continued,
    _parts,
    _reaches_border,
    _weighted,
    volume_weighted,
    well_sampled,
)
from rtcomplexity.geometry.field.shape_field import Grid, Smoothing
from rtcomplexity.geometry.mesh import UnmeasurableShapeError, sphericity
from rtcomplexity.model.structure_set import ContourGeometricType, Contours
from rtcomplexity.testing import (
    OBLIQUE,
    SAGITTAL,
    Ellipsoid,
    Group,
    Lobe,
    LumpyBody,
    Torus,
    contour_stack,
    contours_of,
    hollow_sphere,
    plane_positions,
    polygons_of,
    sphere,
)
from rtcomplexity.testing.polygons import keyhole
from unit.geometry.stacks import circle, on_planes, square, stacked

SMOOTHED = Smoothing(blur_mm=3.0)
AS_DRAWN = Smoothing()
PHASES = (0.05, 0.4, 0.75)
SPHERES = [
    (radius, spacing) for radius in (6, 8, 12, 20) for spacing in (1, 2, 2.5, 3, 4, 5) if spacing / (2 * radius) <= 0.25
]
LUMPY = LumpyBody(
    radius_mm=22.0, half_height_mm=26.0, lobes=(Lobe(order=2, amplitude=0.2), Lobe(order=3, amplitude=0.15, phase=1.0))
)


def slices(positions, spacing):
    """Slice positions of an image that reaches beyond the contours."""
    return np.arange(positions[0] - 4 * spacing, positions[-1] + 4.5 * spacing, spacing)


def surface(shape, spacing, phase=0.4, smoothing=AS_DRAWN, points=96):
    positions = plane_positions(shape, spacing, phase)
    contours = contour_stack(shape, positions_mm=positions, points_per_contour=points)
    return SubvoxelSurface(stack=stacked(contours, slices(positions, spacing)).stack, smoothing=smoothing)


def of_contours(polygons, smoothing=AS_DRAWN):
    return SubvoxelSurface(stack=stacked(contours_of(polygons)).stack, smoothing=smoothing)


@pytest.mark.parametrize(("radius_mm", "spacing_mm"), SPHERES)
def test_a_sphere_is_as_round_as_a_sphere_at_any_spacing_and_phase(radius_mm, spacing_mm):
    for phase in PHASES:
        found = surface(sphere(radius_mm), spacing_mm, phase)
        assert found.relative_sphericity == pytest.approx(1, abs=0.005)
        assert found.relative_solidity == pytest.approx(1, abs=0.005)
        assert found.sphericity == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("radius_mm", "spacing_mm"), [(6, 3), (8, 2.5), (12, 5), (20, 1), (20, 5)])
def test_a_smoothed_sphere_is_one_in_every_scored_measure(radius_mm, spacing_mm):
    for phase in PHASES:
        found = surface(sphere(radius_mm), spacing_mm, phase, SMOOTHED)
        assert found.relative_sphericity == pytest.approx(1, abs=0.01)
        assert found.relative_solidity == pytest.approx(1, abs=0.01)
        assert found.relative_plane_solidity == pytest.approx(1, abs=0.005)
        assert found.relative_curvature_energy == pytest.approx(1, abs=0.03)
        assert found.concavity_depth_mm < 0.4


@pytest.mark.parametrize("axes_mm", [(10, 15, 30), (30, 10, 15), (30, 15, 10), (30, 50, 60)])
@pytest.mark.parametrize(("spacing_mm", "smoothing"), [(1, AS_DRAWN), (3, SMOOTHED), (5, AS_DRAWN)])
def test_an_ellipsoid_keeps_its_sphericity(axes_mm, spacing_mm, smoothing):
    shape = Ellipsoid(semi_axes_mm=axes_mm)
    truth = sphericity(shape.volume_mm3, shape.surface_area_mm2)
    for phase in PHASES:
        assert surface(shape, spacing_mm, phase, smoothing).relative_sphericity == pytest.approx(truth, rel=0.04)


@pytest.mark.parametrize(
    ("ring_mm", "tube_mm", "spacing_mm", "smoothing"),
    [(24, 9, 1, AS_DRAWN), (24, 9, 3, SMOOTHED), (15, 7, 3, AS_DRAWN), (60, 20, 5, AS_DRAWN), (60, 20, 5, SMOOTHED)],
)
def test_a_lying_ring_keeps_its_sphericity(ring_mm, tube_mm, spacing_mm, smoothing):
    shape = Torus(ring_radius_mm=ring_mm, tube_radius_mm=tube_mm)
    truth = sphericity(shape.volume_mm3, shape.surface_area_mm2)
    for phase in PHASES:
        assert surface(shape, spacing_mm, phase, smoothing).relative_sphericity == pytest.approx(truth, rel=0.04)


@pytest.mark.parametrize("spacing_mm", [2, 5])
def test_a_standing_ring_keeps_its_sphericity(spacing_mm):
    ring_mm, tube_mm = 24.0, 9.0
    truth = sphericity(2 * math.pi**2 * ring_mm * tube_mm**2, 4 * math.pi**2 * ring_mm * tube_mm)
    planes = [(z, line) for z in np.arange(-32.4, 33, spacing_mm) for line in standing_ring(ring_mm, tube_mm, z)]
    found = SubvoxelSurface(stack=stacked(on_planes(*planes)).stack)
    assert len(found.bodies) == 1
    assert found.relative_sphericity == pytest.approx(truth, rel=0.02)


def standing_ring(ring_mm, tube_mm, z, step=0.4):
    """Sections of a torus round the y axis, traced on a fine grid of its exact distance."""
    from skimage.measure import find_contours

    reach = ring_mm + tube_mm + 2
    axis = np.arange(-reach, reach, step)
    field = tube_mm - np.hypot(np.hypot(axis[None], z) - ring_mm, axis[:, None])
    return [line[:-1, ::-1] * step - reach for line in find_contours(field, 0.0) if len(line) > 4]


@pytest.mark.parametrize("center_mm", [(45.0, 0.0, 7.0), (0.0, 0.0, 45.0)])
@pytest.mark.parametrize("spacing_mm", [1, 3, 5])
def test_two_spheres_are_measured_one_by_one(center_mm, spacing_mm):
    shape = Group(bodies=(sphere(20), sphere(10, center_mm)))
    for phase in PHASES:
        found = surface(shape, spacing_mm, phase)
        assert len(found.bodies) == 2
        assert found.relative_sphericity == pytest.approx(1, abs=0.01)
        assert found.bodies[0].volume_mm3 > found.bodies[1].volume_mm3
        assert found.volume_mm3 == pytest.approx(shape.volume_mm3, rel=0.04)


def test_a_cavity_is_a_second_surface_with_ends_of_its_own():
    shape = hollow_sphere(40.0, 20.0)
    for spacing in (1.5, 4):
        found = surface(shape, spacing)
        assert found.volume_mm3 == pytest.approx(shape.volume_mm3, rel=0.02)
        assert found.area_mm2 == pytest.approx(shape.surface_area_mm2, rel=0.03)


@pytest.mark.parametrize("smoothing", [AS_DRAWN, SMOOTHED])
def test_reslicing_moves_no_relative_measure(smoothing):
    found = [surface(LUMPY, spacing, 0.3, smoothing) for spacing in (1, 2, 3, 5)]
    for measure, tolerance in (
        ("relative_sphericity", 0.01),
        ("relative_solidity", 0.015),
        ("relative_plane_solidity", 0.01),
        ("relative_curvature_energy", 0.08),
    ):
        values = [getattr(surface, measure) for surface in found]
        assert values == pytest.approx([values[0]] * 4, rel=tolerance)


def test_direction_start_and_doubled_points_move_nothing():
    positions = plane_positions(LUMPY, 3.0)
    polygons = polygons_of(contour_stack(LUMPY, positions_mm=positions))
    expected = of_contours(polygons, SMOOTHED).relative_sphericity
    for change in (lambda p: p[::-1], lambda p: np.roll(p, 5, axis=0), lambda p: np.repeat(p, 2, axis=0)):
        same = of_contours([change(polygon) for polygon in polygons], SMOOTHED)
        assert same.relative_sphericity == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("frame", [SAGITTAL, OBLIQUE])
def test_a_rigid_motion_moves_little(frame):
    positions = plane_positions(LUMPY, 3.0)
    for smoothing in (AS_DRAWN, SMOOTHED):
        still, moved = (
            SubvoxelSurface(stack=stacked(contours).stack, smoothing=smoothing)
            for contours in (
                contour_stack(LUMPY, positions_mm=positions),
                contour_stack(LUMPY, positions_mm=positions, frame=frame),
            )
        )
        assert moved.relative_sphericity == pytest.approx(still.relative_sphericity, rel=5e-3)
        assert moved.relative_solidity == pytest.approx(still.relative_solidity, rel=5e-3)


def test_vertices_lie_on_the_contours_in_patient_coordinates():
    contours = contour_stack(sphere(15, (30, -20, 10)), positions_mm=np.arange(-4, 25, 2.0), frame=OBLIQUE)
    found = SubvoxelSurface(stack=stacked(contours).stack)
    stack, (w, v, u) = found.stack, found.bodies[0].shape.mesh.vertices_mm.T
    vertices = np.outer(u, stack.u_axis) + np.outer(v, stack.v_axis) + np.outer(w, stack.normal)
    center = (contours.points_mm.min(axis=0) + contours.points_mm.max(axis=0)) / 2
    assert np.linalg.norm(vertices - center, axis=1) == pytest.approx(np.full(len(vertices), 15), abs=1.2)


def test_a_keyhole_is_a_nested_hole():
    heights = np.arange(-12, 13, 3.0)
    outer, inner = circle(20, 90), circle(9, 60)
    nested = on_planes(*((z, polygon) for z in heights for polygon in (outer, inner)))
    bridged = on_planes(*((z, keyhole(outer, inner)) for z in heights))
    values = [SubvoxelSurface(stack=stacked(contours).stack).relative_sphericity for contours in (nested, bridged)]
    assert values[1] == pytest.approx(values[0], rel=2e-3)


@pytest.mark.parametrize(("noise_mm", "tolerance"), [(1.0, 0.02), (2.0, 0.05)])
def test_a_careless_hand_does_not_make_a_sphere_complex(noise_mm, tolerance):
    positions = plane_positions(sphere(20), 3.0)
    polygons = polygons_of(contour_stack(sphere(20), positions_mm=positions))
    random = np.random.default_rng(4)
    careless = [polygon + random.normal(scale=noise_mm, size=polygon.shape) * (1, 1, 0) for polygon in polygons]
    assert of_contours(careless, SMOOTHED).relative_sphericity == pytest.approx(1, abs=tolerance)
    assert of_contours(careless).relative_sphericity < 1 - 2 * tolerance


def test_a_thorn_is_taken_off_and_a_pocket_stays():
    heights = np.arange(-15, 16, 3.0)
    thorn = circle(20, 90)
    thorn[0] = (45.0, 0.0)
    plain, thorned, notched = (
        SubvoxelSurface(stack=stacked(on_planes(*((z, line) for z in heights))).stack, smoothing=SMOOTHED)
        for line in (circle(20, 90), thorn, notch())
    )
    assert thorned.relative_sphericity == pytest.approx(plain.relative_sphericity, rel=0.02)
    assert notched.relative_plane_solidity < 0.93 * plain.relative_plane_solidity
    assert notched.concavity_depth_mm == pytest.approx(18, abs=3)
    assert notched.relative_curvature_energy > 1.5 * plain.relative_curvature_energy


def notch():
    return np.array([[-20, -20], [20, -20], [20, 20], [9, 20], [4, 0], [-4, 0], [-9, 20], [-20, 20]], float)


@pytest.mark.parametrize(("radius_mm", "spacing_mm"), [(6, 4), (5, 3), (9, 6)])
def test_planes_too_far_apart_tell_no_shape(radius_mm, spacing_mm):
    found = surface(sphere(radius_mm), spacing_mm)
    with pytest.raises(UndersampledShapeError, match="mm apart") as caught:
        _ = found.relative_sphericity
    assert caught.value.spacing_mm == pytest.approx(spacing_mm)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.diameter_mm) == (str(caught.value), caught.value.diameter_mm)
    assert found.sphericity > 0.9


def test_a_small_satellite_spoils_nothing():
    shape = Group(bodies=(sphere(20), sphere(3.4, (40, 0, 0))))
    for smoothing in (AS_DRAWN, SMOOTHED):
        assert surface(shape, 3, smoothing=smoothing).relative_sphericity == pytest.approx(1, abs=0.01)


def test_one_plane_is_a_body_of_one_slab():
    found = SubvoxelSurface(stack=stacked(on_planes((0.0, square(30))), np.arange(-9, 10, 3.0)).stack)
    assert found.volume_mm3 == pytest.approx(2700, rel=0.15)


def test_planes_so_far_apart_that_the_shape_swells_between_them_are_refused():
    """A box of 250 x 340 mm on three planes 100 mm apart, as a planning system's phantom has it."""
    corners = np.array([[-125, -170], [125, -170], [125, 170], [-125, 170.0]])
    stack = stacked(on_planes(*((z, corners) for z in (-100.0, 0.0, 100.0)))).stack
    with pytest.raises(UndersampledShapeError, match="100 mm apart"):
        _ = SubvoxelSurface(stack=stack).sphericity


def cone(planes_mm, step_mm=0.5):
    """A field whose section at a height z from 0 to 10 mm is a disc of radius 10 - z, linear in between."""
    across = np.arange(-12, 12 + step_mm / 2, step_mm)
    grid = Grid(origin_mm=np.array([0.0, -12, -12]), step_mm=step_mm, shape=(21, len(across), len(across)))
    field = 10 - grid.along(0)[:, None, None] - np.hypot(across[:, None], across)
    return FieldShape(field=field, grid=grid, planes_mm=np.array(planes_mm, float))


@pytest.mark.parametrize("height_mm", [0, 1.25, 2.6, 4.5, 7.0])
def test_an_outline_between_two_layers_is_the_section_there(height_mm):
    found = cone([height_mm]).outlines
    line = found.points_mm
    assert len(found) == 1
    assert found.simple_areas_mm2[0] == pytest.approx(math.pi * (10 - height_mm) ** 2, rel=0.01)
    assert np.linalg.norm(line, axis=1) == pytest.approx(10 - height_mm, abs=0.05)
    steps = np.linalg.norm(line - np.roll(line, -1, axis=0), axis=1)
    assert steps.max() < 0.75


def test_an_outline_of_less_than_three_pixels_and_a_plane_beyond_the_field_are_left_out():
    """Three pixels of 0.5 mm are 0.75 mm2; discs of 0.5 and 1.1 mm2 are cut."""
    assert len(cone([9.6]).outlines) == 0
    assert len(cone([9.4]).outlines) == 1
    assert len(cone([-0.1, 10.1, 3.0, -7]).outlines) == 1


def test_what_no_plane_cuts_has_no_number_of_outlines():
    for measure in ("plane_solidity", "curvature_energy"):
        with pytest.raises(UnmeasurableShapeError, match="No plane cuts"):
            getattr(cone([-5.0]), measure)


@pytest.mark.parametrize("phase", PHASES)
def test_a_body_keeps_its_planes_and_gets_further_ones_beyond_its_sphere(phase):
    found = surface(sphere(12), 3, phase)
    (body,) = found.bodies
    own, planes = found.stack.positions_mm, body.shape.planes_mm
    assert np.diff(planes) == pytest.approx(np.full(len(planes) - 1, 3))
    assert np.isin(np.round(own, 6), np.round(planes, 6)).all()
    assert planes[0] < body.center_mm - 12 < planes[2]
    assert planes[-3] < body.center_mm + 12 < planes[-1]
    assert body.center_mm == pytest.approx(0, abs=0.2)
    assert body.spacing_mm == pytest.approx(3)
    assert body.volume_mm3 == pytest.approx(sphere(12).volume_mm3, rel=0.03)
    assert body.diameter_mm == pytest.approx(24, rel=0.01)


@pytest.mark.parametrize("smoothing", [AS_DRAWN, SMOOTHED, Smoothing(blur_mm=1.0)])
@pytest.mark.parametrize("phase", PHASES)
def test_the_hull_of_a_sphere_is_twice_that_of_its_half(phase, smoothing):
    found = surface(LUMPY, 2.5, phase, smoothing=smoothing).bodies[0].sphere
    assert found.mesh.is_symmetric
    assert found.mesh.hull_volume_mm3 == pytest.approx(replace(found, is_round=False).mesh.hull_volume_mm3, rel=1e-9)


def test_the_sphere_of_a_body_has_its_volume_and_stands_on_its_planes():
    (body,) = surface(Ellipsoid(semi_axes_mm=(15, 25, 20)), 3).bodies
    assert body.sphere.mesh.volume_mm3 == pytest.approx(body.volume_mm3, rel=0.03)
    assert body.sphere.planes_mm == pytest.approx(body.shape.planes_mm - body.center_mm)
    assert body.sphere.mesh.extent_mm == pytest.approx(np.full(3, body.diameter_mm), rel=0.03)
    assert body.sphere.mesh.vertices_mm.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.3)


def test_planes_go_on_beyond_an_end_as_far_apart_as_there():
    """Planes 2 mm apart below and 4 mm above; slabs at the ends mirror their inner halves."""
    heights = [*np.arange(-12.0, 0, 2), *np.arange(0.0, 14, 4)]
    disc = [(z, circle(math.sqrt(14**2 - z**2))) for z in heights]
    (body,) = SubvoxelSurface(stack=stacked(on_planes(*disc), heights).stack).bodies
    steps = np.diff(body.shape.planes_mm)
    lowest, highest = np.searchsorted(body.shape.planes_mm, [-12.0, 12.0])
    assert steps[:lowest] == pytest.approx(np.full(lowest, 2))
    assert steps[highest:] == pytest.approx(np.full(len(steps) - highest, 4))
    assert 0 < lowest <= 2
    assert 0 < len(steps) - highest <= 2


def test_bodies_above_each_other_have_planes_of_their_own():
    heights = np.arange(-10.0, 71, 2)
    planes = [(z, circle(math.sqrt(10.5**2 - (z - c) ** 2))) for z in heights for c in (0.0, 60.0) if abs(z - c) <= 10]
    found = SubvoxelSurface(stack=stacked(on_planes(*planes), heights).stack)
    centers = sorted(body.center_mm for body in found.bodies)
    assert centers == pytest.approx([0, 60], abs=0.2)
    for body in found.bodies:
        assert np.abs(body.shape.planes_mm - body.center_mm).max() < 16
        assert body.volume_mm3 == pytest.approx(4 / 3 * math.pi * 10.5**3, rel=0.04)


@pytest.mark.parametrize(
    ("start", "step", "beyond", "places"),
    [
        (0, 3, 7, [3, 6, 9]),
        (0, 3, 6, [3, 6]),
        (0, -2, -3, [-2, -4]),
        (5, 2, 1, [7]),
        (5, -2, 9, [3]),
    ],
)
def test_places_go_on_to_the_first_beyond_and_are_at_least_one(start, step, beyond, places):
    assert _continued(start, step, beyond).tolist() == places


def test_a_shape_that_fills_a_side_of_its_box_reaches_the_border():
    field = np.full((4, 5, 6), -1.0)
    field[1:3, 1:4, 1:5] = 1
    assert not _reaches_border(field)
    for place in ((0, 2, 2), (3, 2, 2), (2, 0, 2), (2, 4, 2), (2, 2, 0), (2, 2, 5)):
        touching = field.copy()
        touching[place] = 1
        assert _reaches_border(touching)


def measured(volume_mm3, *, spacing_mm=3.0, step_mm=1.0, missed=None, **values):
    """A body of that volume; its shape and its sphere have the values that are stated of each."""
    shape, ball = (SimpleNamespace(grid=SimpleNamespace(step_mm=step_mm)) for _ in range(2))
    for name, (own, of_sphere) in values.items():
        setattr(shape, name, own)
        setattr(ball, name, of_sphere)
    shape.mesh = SimpleNamespace(volume_mm3=volume_mm3, area_mm2=volume_mm3 / 2)
    body = SimpleNamespace(
        volume_mm3=volume_mm3, shape=shape, sphere=ball, spacing_mm=spacing_mm, is_undersampled=bool(missed),
        diameter_mm=(6 * volume_mm3 / math.pi) ** (1 / 3),
    )  # fmt: skip
    if missed is None:
        body.is_undersampled = Body.is_undersampled.fget(body)
    return body


@pytest.mark.parametrize(
    ("diameter_mm", "spacing_mm", "step_mm", "expected"),
    [
        (10.0, 2.62, 1.0, False),  # 0.25 of 1.05 diameters are 2.625 mm
        (10.0, 2.63, 1.0, True),
        (10.0, 1.0, 5.01, True),  # a step as wide as its radius
        (10.0, 1.0, 4.99, False),
    ],
)
def test_a_body_is_told_by_planes_within_a_quarter_of_its_diameter_and_a_step_below_its_radius(
    diameter_mm, spacing_mm, step_mm, expected
):
    found = measured(math.pi / 6 * diameter_mm**3, spacing_mm=spacing_mm, step_mm=step_mm)
    assert found.is_undersampled is expected


def test_a_shape_is_told_where_half_of_its_volume_is():
    large, small, speck = measured(50.0, missed=False), measured(30.0, missed=True), measured(20.0, missed=True)
    assert well_sampled((large, small, speck)) == (large,)
    with pytest.raises(UndersampledShapeError) as caught:
        well_sampled((measured(49.9, missed=False), small, measured(20.1, missed=True)))
    assert (caught.value.spacing_mm, caught.value.diameter_mm) == (3.0, small.diameter_mm)


def test_bodies_count_by_their_volume():
    bodies = (
        measured(30.0, missed=False, sphericity=(0.9, 1.0), solidity=(0.5, 0.8)),
        measured(10.0, missed=False, sphericity=(0.5, 0.8), solidity=(0.9, 0.9)),
    )
    whole = SimpleNamespace(bodies=bodies)
    assert volume_weighted(bodies, lambda body: body.shape.sphericity) == pytest.approx((30 * 0.9 + 10 * 0.5) / 40)
    assert SubvoxelSurface.volume_mm3.func(whole) == 40
    assert SubvoxelSurface.area_mm2.func(whole) == 20
    assert SubvoxelSurface.sphericity.func(whole) == pytest.approx(0.8)
    assert SubvoxelSurface.solidity.func(whole) == pytest.approx(0.6)
    relative = SubvoxelSurface._relative(whole, lambda shape: shape.solidity)
    assert relative == pytest.approx((30 * 0.5 / 0.8 + 10) / 40)


def test_the_deepest_pocket_of_any_body_counts():
    bodies = [SimpleNamespace(shape=SimpleNamespace(outlines=SimpleNamespace(concavity_depths_mm=np.array(depths))))
              for depths in ([1.0, 4.0], [3.0], [])]  # fmt: skip
    assert SubvoxelSurface.concavity_depth_mm.func(SimpleNamespace(bodies=bodies)) == 4
    assert SubvoxelSurface.concavity_depth_mm.func(SimpleNamespace(bodies=bodies[2:])) == 0


def test_weights_are_shares_of_their_sum():
    assert _weighted(np.array([1.0, 4.0]), np.array([3.0, 1.0])) == pytest.approx(7 / 4)


def test_each_body_has_a_field_of_its_own_in_a_box_with_a_margin_of_one():
    """Two bodies in one layer and the next, a pixel apart: what is the other's is outside."""
    field = np.full((5, 4, 8), -1.0, np.float32)
    field[1:4, 1, 1:3] = 2.0
    field[2, 1:3, 4:7] = 3.0
    grid = Grid(origin_mm=np.array([10.0, 20, 30]), step_mm=0.5, shape=field.shape)
    first, second = _parts(field, grid)
    assert first[0].shape == (5, 3, 4)
    assert first[1].origin_mm.tolist() == [10, 20, 30]
    assert first[2] == pytest.approx(10 + 0.5 * 2)
    assert second[0].shape == (3, 4, 5)
    assert second[1].origin_mm.tolist() == [10.5, 20, 31.5]
    assert second[2] == pytest.approx(11)
    assert (first[0] > 0).sum() == 6
    assert (second[0] > 0).sum() == 6
    field[2, 1, 2:4] = 0.5  # now they touch
    ((_, _, center_mm),) = _parts(field, grid)
    assert center_mm == pytest.approx(10 + 0.5 * (2 * 1 + 9 * 2 + 2 * 3) / 13)


@pytest.mark.parametrize("outside", [-1.0, -0.25])
def test_a_lone_body_between_planes_takes_the_nearest_and_goes_on_to_the_end_of_its_sphere(outside):
    """A cube of 2 x 2 x 2 pixels of 1 mm is a sphere of 2.48 mm: to a step beyond it from its center at 4.5 mm."""
    field = np.full((4, 4, 4), outside, np.float32)
    field[1:3, 1:3, 1:3] = 1.0
    grid = Grid(origin_mm=np.array([3.0, 0, 0]), step_mm=1.0, shape=field.shape)
    stack = SimpleNamespace(
        positions_mm=np.array([0.0, 2.9, 8.0]), lower_mm=np.array([0.5, 0.4, 1.0]), upper_mm=np.array([0.4, 0.75, 1.0]),
        slab_mm=np.array([0.9, 1.15, 2.0]),
    )  # fmt: skip
    body = _body(field, grid, 4.5, stack, AS_DRAWN)
    radius_mm = (6 / math.pi * 8) ** (1 / 3) / 2 + 1
    assert body.shape.planes_mm == pytest.approx([2.1, 2.9, 4.4, 5.9, 7.4])
    assert (4.5 - radius_mm, 4.5 + radius_mm) == pytest.approx((2.26, 6.74), abs=0.01)
    assert (body.spacing_mm, body.center_mm) == (1.15, 4.5)


def layered(layers, planes_mm, *, step_mm=0.5):
    """A field of layers from (rows, columns) arrays, the first at 10 mm."""
    field = np.array(layers, np.float32)
    grid = Grid(origin_mm=np.array([10.0, 0, 0]), step_mm=step_mm, shape=field.shape)
    return FieldShape(field=field, grid=grid, planes_mm=np.array(planes_mm, float))


def test_outlines_reach_from_the_first_layer_to_the_last_and_are_interpolated_between_the_nearest_two():
    """Discs of 5, 5 and 3 mm at 10, 10.5 and 11 mm: at 10.75 mm one of 4 mm."""
    across = np.arange(-7, 7.25, 0.5)
    discs = [radius - np.hypot(across[:, None], across) for radius in (5.0, 5.0, 3.0)]
    for height, radius in ((10.0, 5), (10.5, 5), (10.75, 4), (11.0, 3)):
        (area,) = layered(discs, [height]).outlines.simple_areas_mm2
        assert area == pytest.approx(math.pi * radius**2, rel=0.02)
    assert len(layered(discs, [9.99, 11.01]).outlines) == 0
    assert len(layered(discs, [10, 10.5, 11]).outlines) == 3


@pytest.mark.parametrize(("reach", "kept"), [(0.82, 0), (0.83, 1)])
@pytest.mark.parametrize("step_mm", [0.5, 2.0])
def test_an_outline_has_three_pixels_at_least(reach, kept, step_mm):
    """Round two pixels it is a hexagon of 2 d (1 + d) pixels, d the share of the way to the pixels around them."""
    field = np.full((5, 6), -1.0)
    field[2, 2:4] = reach / (1 - reach)
    assert len(layered([field, field], [10.0], step_mm=step_mm).outlines) == kept


def test_a_shape_is_not_taken_for_a_round_one():
    assert not cone([3.0]).is_round
    assert not cone([3.0]).mesh.is_symmetric


def test_of_two_bodies_in_one_box_each_leaves_the_other_out():
    """A pixel within the box of an L: what is the other's counts as far outside as it was inside."""
    field = np.full((3, 7, 7), -1.0, np.float32)
    field[1, 1:6, 1] = field[1, 5, 1:6] = 2.0
    field[1, 2, 4] = 3.0
    grid = Grid(origin_mm=np.zeros(3), step_mm=1.0, shape=field.shape)
    angle, dot = _parts(field, grid)
    assert (angle[0] > 0).sum() == 9
    assert angle[0][1, 2, 4] == -3
    assert (dot[0] > 0).sum() == 1


def test_what_encloses_nothing_has_no_body():
    copies = on_planes(*((z, square(10)) for z in (0, 0, 3, 3)))
    kinds = np.full(4, ContourGeometricType.CLOSEDPLANAR_XOR)
    cancelled = Contours(points_mm=copies.points_mm, offsets=copies.offsets, geometric_types=kinds)
    with pytest.raises(UnmeasurableShapeError, match="The shape is empty"):
        _ = SubvoxelSurface(stack=stacked(cancelled).stack).bodies


def test_the_step_is_chosen_for_the_box_of_the_contours_with_two_slabs(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "step_for", lambda volume_mm3, box_mm: asked.append((volume_mm3, *box_mm)) or 1.0)
    wide = square(10, (30, -20)) * (1, 2)  # 10 mm along u and 20 mm along v
    found = SubvoxelSurface(stack=stacked(on_planes(*((z, wide) for z in (5, 8, 11)))).stack)
    assert found.bodies[0].shape.grid.step_mm == 1
    assert asked == [pytest.approx((10 * 20 * 9, 20, 10, 6 + 2 * 3))]
