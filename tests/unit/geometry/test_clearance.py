"""Distances between surfaces agree with closed forms, whatever the planes and however the shapes lie."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from rtcomplexity.geometry.clearance import (
    SampledSurface,
    _gained,
    _layers,
    box_gap_mm,
    inside_share,
    shares_axes,
)
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


def test_a_surface_is_straight_and_measured_to_its_nearest_node_unless_told_otherwise():
    drawn = surface(sphere(10))
    assert (drawn.curved, drawn.neighbors, drawn.node_count) == (False, 1, 2000)
    straight, bent = (SampledSurface(stack=drawn.stack, curved=curved) for curved in (False, True))
    assert np.array_equal(drawn.points_mm, straight.points_mm)
    assert not np.array_equal(drawn.points_mm, bent.points_mm)


def test_more_neighbors_find_an_edge_that_the_nearest_node_does_not_have():
    """Of nodes by hand: the nearest at (0, 0, 2) has no edge; one at (3, 0, 0) reaches along x below the point."""
    edges = np.zeros((3, 4, 3))
    edges[1, 0] = (-6, 0, 0)
    nodes = SimpleNamespace(
        points_mm=np.array([[0, 0, 2.0], [3, 0, 0], [90, 0, 0]]), edges_mm=edges,
        normals=np.array([[0, 0, -1.0], [0, 0, 1], [0, 0, 1]]),
    )  # fmt: skip
    for neighbors, distance in ((1, 1.5), (2, 0.5), (3, 0.5), (9, 0.5)):
        found = SimpleNamespace(nodes=nodes, neighbors=neighbors, _tree=cKDTree(nodes.points_mm))
        depth, is_in_front = SampledSurface._nearest(found, np.array([[0.0, 0, 0.5], [90, 0, -0.25]]))
        assert depth == pytest.approx([distance, 0.25])
        assert is_in_front.tolist() == [True, False]  # by the nearest node, whatever edge is nearer
    found = SimpleNamespace(nodes=nodes, neighbors=1, _tree=cKDTree(nodes.points_mm))
    on_node, is_in_front = SampledSurface._nearest(found, nodes.points_mm)
    assert (on_node.tolist(), is_in_front.tolist()) == ([0, 0, 0], [True] * 3)


def test_the_least_distance_is_found_along_an_edge_of_a_node_farther_than_the_bound():
    """A node 2 mm aside has an edge that passes 1 mm below the point; bounds of 1.2 and of 0.9 mm."""
    edges = np.zeros((2, 4, 3))
    edges[0, 1] = (4, 0, 0)
    nodes = SimpleNamespace(points_mm=np.array([[-2.0, 0, 0], [70, 0, 0]]), edges_mm=edges, spacing_mm=2.0)
    found = SimpleNamespace(nodes=nodes, axes=np.eye(3), _tree=cKDTree(nodes.points_mm))
    point = np.array([[0.0, 0, 1]])
    assert SampledSurface.least_distance_mm(found, point, 1.2) == pytest.approx(1)
    assert SampledSurface.least_distance_mm(found, point, 0.9) == pytest.approx(0.9)
    assert SampledSurface.least_distance_mm(found, np.array([[0.0, 0, 0], [0, 0, 9]]), 1.2) == 0


def test_a_point_on_the_upper_of_two_planes_is_on_that_one_though_more_lie_above():
    """Planes at 0, 10 and 30 mm, inside at the middle one alone."""
    stack = SimpleNamespace(
        positions_mm=np.array([0.0, 10, 30]), slab_mm=np.full(3, 10.0), meets_next=np.array([True, True])
    )  # fmt: skip
    inside = SimpleNamespace(run_at=lambda plane, places: np.where(np.asarray(plane) == 1, 0, -1))
    found = SimpleNamespace(stack=stack, inside=inside)
    heights = np.array([9.9, 10.1, 5, 20, 29.9, 30.1])
    own = np.column_stack([np.zeros(6), np.zeros(6), heights])
    certain, is_inside = SampledSurface._between_planes(found, own)
    assert certain.tolist() == [True, True, False, False, True, True]
    assert is_inside[certain].tolist() == [True, True, False, False]


def between(own, *, low=(0, 1, 0), high=(0, 1, 0), meets=True):
    """What planes at 0 and 10 mm tell, where pixels of a row at u = 0, 1, 2 are inside or not."""

    def run_at(plane, places):
        rows = {0: low, 1: high}
        return np.array([rows[p][round(u)] - 1 if p in rows else -1 for p, u in zip(plane, places[:, 0], strict=True)])

    stack = SimpleNamespace(
        positions_mm=np.array([0.0, 10]), slab_mm=np.array([10.0, 10]), meets_next=np.array([meets])
    )  # fmt: skip
    found = SimpleNamespace(stack=stack, inside=SimpleNamespace(run_at=run_at))
    certain, inside = SampledSurface._between_planes(found, np.array([own], float))
    return bool(certain[0]), bool(inside[0]) if certain[0] else None


@pytest.mark.parametrize(
    ("own", "facts", "expected"),
    [
        ((0, 0, 5), {}, (True, False)),  # outside on both planes
        ((1, 0, 5), {}, (True, True)),  # inside on both
        ((1, 0, 5), {"meets": False}, (False, None)),  # which do not meet
        ((0, 0, 5), {"meets": False}, (True, False)),
        ((1, 0, 5), {"high": (0, 0, 0)}, (False, None)),  # inside on one alone
        ((1, 0, 5), {"low": (0, 0, 0)}, (False, None)),
        ((1, 0, 0.19), {"high": (0, 0, 0)}, (True, True)),  # on the lower plane, to 0.02 of 10 mm
        ((1, 0, 0.21), {"high": (0, 0, 0)}, (False, None)),
        ((1, 0, 9.81), {"high": (0, 0, 0)}, (True, False)),  # on the upper one
        ((1, 0, 9.79), {"high": (0, 0, 0)}, (False, None)),
        ((1, 0, 9.81), {"low": (0, 0, 0)}, (True, True)),
        ((1, 0, -0.19), {}, (True, True)),  # a little below both
        ((1, 0, -0.21), {}, (False, None)),
        ((0, 0, -5), {}, (True, False)),
        ((1, 0, 10.19), {}, (True, True)),
        ((1, 0, 10.21), {}, (False, None)),
        ((0, 0, 15), {}, (True, False)),
    ],
)
def test_planes_tell_the_side_of_a_point_where_both_agree_or_it_lies_on_one(own, facts, expected):
    assert between(own, **facts) == expected


@pytest.mark.parametrize(
    ("u", "v", "n", "same"),
    [
        ((1, 0, 0), (0, 1, 0), (0, 0, 1), True),
        ((1, 1e-10, 0), (0, 1, 0), (0, 0, 1), True),
        ((1, 1e-8, 0), (0, 1, 0), (0, 0, 1), False),
        ((1, 0, 0), (0, 1, 1e-8), (0, 0, 1), False),
        ((1, 0, 0), (0, 1, 0), (0, 1e-8, 1), False),
        ((-1, 0, 0), (0, 1, 0), (0, 0, -1), False),
    ],
)
def test_axes_are_shared_where_each_of_three_is(u, v, n, same):
    a = SimpleNamespace(u_axis=np.eye(3)[0], v_axis=np.eye(3)[1], normal=np.eye(3)[2])
    b = SimpleNamespace(u_axis=np.array(u, float), v_axis=np.array(v, float), normal=np.array(n, float))
    assert shares_axes(a, b) is shares_axes(b, a) is same


def layers(own, *others):
    """Middles and thicknesses, layer by layer, of slabs given as (position, below, above) lists."""

    def sampled(slab, normal=(0, 0, 1)):
        at, below, above = np.array(slab, float).T
        stack = SimpleNamespace(positions_mm=at, lower_mm=below, upper_mm=above, normal=np.array(normal, float))
        return SimpleNamespace(stack=stack, inside=SimpleNamespace(lattice=SimpleNamespace(column_spacing_mm=1.0)))

    found = list(_layers(sampled(own), [sampled(*other) for other in others]))
    return [(middle.tolist(), thickness.tolist()) for middle, thickness in found]


def test_slabs_are_cut_where_the_others_end():
    """Slabs 0 to 4 and 4 to 10 mm; the other's from 1 to 6 mm, or turned round from -6 to -1."""
    own = [(2, 2, 2), (7, 3, 3)]
    expected = [([0.5, 5], [1, 2]), ([2.5, 8], [3, 4])]
    assert layers(own, ([(3, 2, 3)],)) == expected
    assert layers(own, ([(-3, 3, 2)], (0, 0, -1))) == expected
    assert layers(own, ([(2, 2, 2), (7, 3, 3)],)) == [([2, 7], [4, 6])]


def test_ends_within_a_thousandth_of_a_millimeter_are_one():
    assert layers([(2, 2, 2)], ([(2, 2 - 9e-4, 2 - 9e-4)],)) == [([2], [4])]
    (first, second, third) = layers([(2, 2, 2)], ([(2, 2 - 2e-3, 2 - 2e-3)],))
    assert (first[1], third[1]) == (pytest.approx([0.002]), pytest.approx([0.002]))
    assert second == ([2], pytest.approx([3.996]))


def test_planes_in_another_direction_cut_slabs_into_layers_of_about_a_pixel():
    """Slabs from 0 to 10 mm: eleven cuts, a millimeter apart."""
    found = layers([(2.5, 2.5, 2.5), (7.5, 2.5, 2.5)], ([(0, 1, 1)], (1, 0, 0)))
    assert found == [([n + 0.5, n + 5.5], [1, 1]) for n in range(5)]
