"""Distances between surfaces agree with closed forms, whatever the planes and however the shapes lie."""

import numpy as np
import pytest

from rtcomplexity.geometry.clearance import SampledSurface, _gained, box_gap_mm, inside_share
from rtcomplexity.geometry.orientation import PlaneAxes
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import (
    AXIAL,
    CORONAL,
    FRAMES,
    OBLIQUE,
    SAGITTAL,
    Keyhole,
    Torus,
    box,
    contour_stack,
    contours_of,
    cylinder,
    hollow_sphere,
    polygons_of,
    sphere,
    two_spheres,
)
from unit.geometry.stacks import on_planes, square, stacked

PHASES = (0.1, 0.45, 0.8)
REACH = 60
BIAS_MM = 0.1
"""Mean distances are right to this, whatever the spacing."""


def surface(shape, spacing_mm=3.0, phase=0.3, frame=AXIAL, points=128):
    """The shape drawn on slices that lie at (n + phase) x spacing of its own frame."""
    slices = (np.arange(-REACH, REACH) + phase) * spacing_mm
    low, high = shape.extent_mm
    axes = PlaneAxes(u=frame.x_axis, v=frame.y_axis, normal=np.cross(frame.x_axis, frame.y_axis))
    stacked = stack_contours(
        contour_stack(
            shape,
            positions_mm=slices[(slices > low + 1e-6) & (slices < high - 1e-6)],
            points_per_contour=points,
            frame=frame,
        ),
        settings=Settings(),
        axes=axes,
        slice_positions_mm=slices + frame.origin_mm @ axes.normal,
    )
    return SampledSurface(stack=stacked.stack)


def own_shift(frame, offset_mm):
    """The frame moved along its own axes."""
    return frame.shifted(frame.rotation @ np.asarray(offset_mm, float))


def mean(depths, a):
    return np.average(depths, weights=a.areas_mm2)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize(
    ("inner", "outer", "spacing"), [(10, 15, 3), (20, 22, 3), (5, 10, 2.5), (30, 40, 5), (8, 9, 1)]
)
def test_concentric_spheres_lie_their_radii_apart(inner, outer, spacing, frame):
    for phase in PHASES:
        a, b = (surface(sphere(radius), spacing, phase, frame) for radius in (inner, outer))
        for depths, truth, of in (
            (b.depths_mm(a.points_mm), outer - inner, a),
            (a.depths_mm(b.points_mm), inner - outer, b),
        ):
            assert mean(depths, of) == pytest.approx(truth, abs=BIAS_MM)
            assert np.abs(depths - truth).max() < spacing / 2


@pytest.mark.parametrize("frame", [AXIAL, OBLIQUE, CORONAL])
@pytest.mark.parametrize("offset", [(6, 0, 0), (0, -6, 0), (0, 0, 6), (4, 2, -4)])
def test_a_sphere_off_center_in_another_has_the_least_and_the_greatest_margin_of_the_closed_form(offset, frame):
    a, b = surface(sphere(10), frame=own_shift(frame, offset)), surface(sphere(20), frame=frame)
    depths, shift = b.depths_mm(a.points_mm), np.linalg.norm(offset)
    assert depths.min() == pytest.approx(10 - shift, abs=0.5)
    assert depths.max() == pytest.approx(10 + shift, abs=0.5)


@pytest.mark.parametrize("offset", [(26, 0, 0), (0, 0, 26), (15.6, 0, 20.8)])
def test_spheres_apart_are_negative_depths_apart(offset):
    a, b = surface(sphere(10), frame=own_shift(OBLIQUE, offset)), surface(sphere(12), frame=OBLIQUE)
    depths = b.depths_mm(a.points_mm)
    assert depths.max() == pytest.approx(-4, abs=0.35)
    assert depths.min() == pytest.approx(-24, abs=0.35)
    assert a.least_distance_mm(b.points_mm, b.least_distance_mm(a.points_mm, 10.0)) == pytest.approx(4, abs=0.35)


def test_a_bound_on_the_least_distance_is_kept():
    a, b = surface(sphere(10), frame=AXIAL.shifted((40, 0, 0))), surface(sphere(12))
    assert b.least_distance_mm(a.points_mm, 7.0) == 7.0


@pytest.mark.parametrize("frame", [AXIAL, OBLIQUE])
def test_faces_of_boxes_are_exactly_as_far_apart_as_they_are(frame):
    a = surface(box((20.0, 30.0, 24.0)), 3.0, 0.5, frame)
    b = surface(box((40.0, 50.0, 42.0)), 3.0, 0.5, frame)
    own = frame.from_patient(a.points_mm)
    truth = np.minimum.reduce([20 - np.abs(own[:, 0]), 25 - np.abs(own[:, 1]), 21 - np.abs(own[:, 2])])
    assert np.abs(b.depths_mm(a.points_mm) - truth).max() < 1e-6


def test_points_beyond_edges_and_corners_of_a_box_are_measured_to_them():
    b = surface(box((20.0, 30.0, 24.0)), 3.0, 0.5)
    half = np.array([10.0, 15.0, 12.0])
    points = half * [[1, 1, 1], [1, 1, 0], [0, 1, 1], [-1, -1, -1]] + [[3, 4, 12], [3, 4, 0], [0, 3, 4], [-4, -4, -7]]
    assert -b.depths_mm(points) == pytest.approx([13, 5, 5, 9], abs=0.3)


@pytest.mark.parametrize("frame", [AXIAL, OBLIQUE, SAGITTAL])
def test_a_torus_grows_by_the_same_everywhere(frame):
    for phase in PHASES:
        a, b = (surface(Torus(ring_radius_mm=30, tube_radius_mm=r), 3.0, phase, frame) for r in (8, 12))
        depths = b.depths_mm(a.points_mm)
        assert mean(depths, a) == pytest.approx(4, abs=0.3)
        assert np.abs(depths - 4).max() < 1.5


def test_planes_of_different_orientation_are_compared():
    a, b = surface(sphere(15), phase=0.3), surface(sphere(20), phase=0.6, frame=SAGITTAL)
    depths = b.depths_mm(a.points_mm)
    assert mean(depths, a) == pytest.approx(5, abs=BIAS_MM)
    assert np.abs(depths - 5).max() < 1.5


def test_what_lies_in_a_cavity_is_outside():
    a, b = surface(sphere(8)), surface(hollow_sphere(30, 20))
    depths = b.depths_mm(a.points_mm)
    assert mean(depths, a) == pytest.approx(-12, abs=BIAS_MM)
    assert np.abs(depths + 12).max() < 1.5
    assert inside_share(a, [b]) == 0


def test_the_nearer_of_two_bodies_counts():
    b = surface(two_spheres(10, 40))
    middle = b.stack.points_mm.mean(axis=0)
    point = np.array([[*middle, 0.0]])
    assert -b.depths_mm(point) == pytest.approx([10], abs=0.3)


@pytest.mark.parametrize(
    "shape", [sphere(20), Torus(ring_radius_mm=30, tube_radius_mm=10), box((30, 40, 36)), hollow_sphere(25, 12)]
)
def test_the_nodes_stand_for_the_whole_surface(shape):
    for phase in PHASES:
        assert surface(shape, 2.0, phase, OBLIQUE).areas_mm2.sum() == pytest.approx(shape.surface_area_mm2, rel=0.04)


def test_normals_point_outwards():
    nodes = surface(hollow_sphere(25, 12)).nodes
    radius = np.linalg.norm(nodes.points_mm, axis=1)
    away = (nodes.points_mm * nodes.normals).sum(axis=1) / radius
    assert np.all(away[radius > 20] > 0)
    assert np.all(away[radius < 15] < 0)
    np.testing.assert_allclose(np.linalg.norm(nodes.normals, axis=1), 1, atol=1e-9)


def test_a_box_holds_the_rounded_ends():
    lower, upper = surface(sphere(20), 3.0, 0.35).box_mm
    assert lower == pytest.approx([-20] * 3, abs=0.5)
    assert upper == pytest.approx([20] * 3, abs=0.5)


def test_a_lone_plane_is_a_slab():
    drawn = surface(cylinder(10, 2.9), 3.0, 0.0)
    assert drawn.stack.plane_count == 1
    assert drawn.depths_mm(np.zeros((1, 3))) == pytest.approx([1.5], abs=0.1)
    assert drawn.depths_mm(np.array([[0, 0, 6.5]])) == pytest.approx([-5], abs=0.1)


@pytest.mark.parametrize("frame", [AXIAL, OBLIQUE])
def test_the_share_inside_follows_from_the_slabs(frame):
    a = surface(box((20.0, 30.0, 24.0)), 3.0, 0.5, frame)
    half = surface(box((20.0, 30.0, 24.0)), 3.0, 0.5, own_shift(frame, (10, 0, 0)))
    assert inside_share(a, [a]) == 1
    assert inside_share(a, [half]) == pytest.approx(0.5, abs=0.02)
    other_slices = surface(box((20.0, 30.0, 24.0)), 2.0, 0.5, own_shift(frame, (0, 0, 7.0)))
    assert inside_share(a, [other_slices]) == pytest.approx(17 / 24, abs=0.02)


def test_the_share_inside_needs_no_parallel_planes():
    a, b = surface(sphere(15), 2.0), surface(sphere(15), 2.0, frame=SAGITTAL.shifted((15, 0, 0)))
    assert inside_share(a, [b]) == pytest.approx(5 / 16, abs=0.02)  # a lens of two spheres one radius apart


def test_the_share_inside_is_summed_over_layers_of_every_thickness():
    a = surface(box((20.0, 30.0, 24.0)), 6.0, 0.5)  # planes at -9, -3, 3, 9
    thin = surface(box((20.0, 30.0, 5.0), (0, 0, 4.5)), 1.0, 0.5)  # 2 to 7: cuts two of the four slabs
    assert inside_share(a, [thin]) == pytest.approx(5 / 24, abs=1e-6)
    assert inside_share(thin, [a]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("size_mm", "place"), [((40, 40, 3), (0, 0, 10.5)), ((40, 40, 5), (0, 0, -1.5)), ((40, 40, 2), (0, 0, -11))]
)
def test_the_share_inside_planes_across_is_good_to_a_pixel(size_mm, place):
    a = surface(box((20.0, 30.0, 24.0)), 6.0, 0.5)
    b = surface(box((size_mm[1], size_mm[2], size_mm[0])), 2.0, 0.5, frame=SAGITTAL.shifted(place))
    assert inside_share(a, [b]) == pytest.approx(size_mm[2] / 24, abs=0.6 / 24)


def test_the_share_inside_several_counts_what_they_share_once():
    a = surface(box((20.0, 30.0, 24.0)), 3.0, 0.5)
    left, right = (surface(box((14.0, 40.0, 42.0)), 3.0, 0.5, AXIAL.shifted((x, 0, 0))) for x in (-4, 4))
    assert inside_share(a, [left, right]) == 1


def test_boxes_apart_are_at_most_as_far_apart_as_the_shapes():
    a, b = surface(sphere(10)), surface(sphere(12), frame=AXIAL.shifted((60, 0, 0)))
    assert 30 < box_gap_mm(a, b) <= 38.1  # polygons of the circle's area reach a little beyond it
    assert box_gap_mm(a, a) == 0


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_the_channel_of_a_keyhole_is_no_surface(spacing):
    a, shell = surface(sphere(24), spacing), hollow_sphere(30, 12)
    nested, keyhole = surface(shell, spacing), surface(Keyhole(shape=shell), spacing)
    np.testing.assert_allclose(keyhole.depths_mm(a.points_mm), nested.depths_mm(a.points_mm), atol=0.5)
    assert keyhole.areas_mm2.sum() == pytest.approx(nested.areas_mm2.sum(), rel=0.03)
    assert inside_share(a, [keyhole]) == inside_share(a, [nested])


def test_reversed_contours_change_little():
    a, shape, slices = surface(sphere(10)), hollow_sphere(25, 15), 3.0 * np.arange(-9, 10)
    drawn = [
        contour_stack(shape, positions_mm=slices),
        contours_of([polygon[::-1] for polygon in polygons_of(contour_stack(shape, positions_mm=slices))]),
    ]
    forward, backward = (SampledSurface(stack=stack_contours(c, settings=Settings()).stack) for c in drawn)
    one, other = forward.depths_mm(a.points_mm), backward.depths_mm(a.points_mm)
    assert mean(other, a) == pytest.approx(mean(one, a), abs=0.02)
    np.testing.assert_allclose(other, one, atol=0.5)


def test_denser_vertices_and_another_direction_change_little():
    a = surface(sphere(10))
    coarse, dense = (surface(sphere(15), points=points) for points in (96, 960))
    assert mean(coarse.depths_mm(a.points_mm), a) == pytest.approx(mean(dense.depths_mm(a.points_mm), a), abs=0.05)


def test_the_least_distance_of_a_point_is_its_distance_to_the_sphere():
    found = surface(sphere(40), 3.0)
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(40, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for direction in directions[np.abs(directions[:, 2]) < 0.6]:
        assert found.least_distance_mm(41.5 * direction[None], 30.0) == pytest.approx(1.5, abs=0.1)
    several = np.concatenate([45 * directions, 43 * directions[:1], 60 * directions])
    assert found.least_distance_mm(several, 30.0) == pytest.approx(3, abs=0.3)


def test_a_box_of_slabs_reaches_two_slabs_beyond_the_outermost_planes():
    surface = SampledSurface(stack=stacked(on_planes(*((z, square(10, (1, 2))) for z in (0, 3, 6))), [0, 3, 6]).stack)
    assert surface.slab_box_mm.tolist() == [[-4, -3, -6], [6, 7, 12]]


@pytest.mark.parametrize(("center", "gap"), [((9.0, 2), 0), ((14.0, 2), 3), ((1.0, 17), 5), ((14.0, 16), 5)])
def test_the_gap_of_boxes_is_the_distance_of_their_nearest_corners(center, gap):
    first, second = (
        SampledSurface(stack=stacked(on_planes(*((z, square(10, at)) for z in (0, 3, 6))), [0, 3, 6]).stack)
        for at in ((1.0, 2), center)
    )
    assert box_gap_mm(first, second) == box_gap_mm(second, first) == pytest.approx(gap)


@pytest.mark.parametrize(
    ("edges", "gained"),
    [
        ([[2, 0, 0], [-2, 0, 0], [0, 0, 0], [0, 0, 0]], 9 - 1),  # 2 of 3 mm along: 1 is left
        ([[0, 0, 0], [0, 0, 0], [0, 10, 0], [0, 0, 0]], 16),  # all of 4 mm across, at 0.4 of the edge
        ([[2, 0, 0], [0, 0, 10], [0, 10, 0], [0, -3, 0]], 25 + 16),  # the better of two along, and of two across
        ([[-2, 0, 0], [0, -1, 0], [0, 0, -1], [-1, -1, -1]], 0),  # all lead away
    ],
)
def test_feet_on_edges_are_nearer_by_pythagoras(edges, gained):
    assert _gained(np.array([[3.0, 4, 5]]), np.array([edges], float)) == pytest.approx([gained])
