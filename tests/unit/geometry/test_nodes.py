"""The nodes of a surface lie on it, look outwards, and stand for its area, however thick the planes."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry import nodes as module
from rtcomplexity.geometry.nodes import (
    USUAL_REACH_MM,
    _along,
    _band_normals,
    _bands,
    _bends,
    _Components,
    _components,
    _divided,
    _dome,
    _end_shapes,
    _ends,
    _half_width,
    _links,
    _nearest_there,
    _on_surface,
    _parts,
    _right,
    _rims,
    _ring_tree,
    _spacing,
    _thinned,
    _touching,
    _turn,
    inside_of,
    surface_nodes,
)
from rtcomplexity.testing import box, contour_stack, cylinder, hollow_sphere, plane_positions, sphere
from unit.geometry.stacks import circle, on_planes, phantom, square, stacked


def nodes_of(shape, spacing_mm, **options):
    stack = phantom(shape, plane_positions(shape, spacing_mm), **options).stack
    return surface_nodes(stack, inside_of(stack))


@pytest.mark.parametrize(("radius_mm", "spacing_mm"), [(10, 1), (10, 2.5), (30, 3), (60, 5)])
def test_nodes_of_a_sphere_lie_on_it_and_look_away_from_its_center(radius_mm, spacing_mm):
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


def test_the_side_of_a_box_is_flat_and_its_nodes_reach_to_their_neighbors():
    nodes = nodes_of(box((40, 30, 20)), 2)
    right = nodes.normals[:, 0] > 0.9
    assert np.allclose(nodes.points_mm[right, 0], 20, atol=1e-9)
    assert nodes.areas_mm2[right].sum() == pytest.approx(30 * 20, rel=0.08)
    reach = np.linalg.norm(nodes.edges_mm[right], axis=2)
    assert np.abs(nodes.edges_mm[right, :, 0]).max() < nodes.spacing_mm
    assert reach.max() < 1.5 * nodes.spacing_mm


def test_a_point_is_in_the_run_that_holds_its_pixel_and_in_none_elsewhere():
    polygons = [square(6), square(4, (0.7, 0.2)), circle(4, center=(9, 0))]
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


def test_the_pixels_of_an_inside_are_the_centers_that_the_square_holds():
    wide = (square(1) * (12, 6)) + (1, -2)
    inside = inside_of(stacked(on_planes(*((z, wide) for z in (0, 3)))).stack)
    plane, places = inside.pixels()
    assert np.bincount(plane).tolist() == [len(plane) // 2] * 2
    assert len(places) * inside.lattice.pixel_area_mm2 == pytest.approx(2 * 72, rel=0.1)
    assert np.all(np.abs(places - (1, -2)).max(axis=0) <= np.array([6, 3]) + 1e-9)
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


def test_planes_of_uneven_distances_meet_and_a_missing_plane_parts_them():
    uneven = stacked(on_planes(*((z, square(6)) for z in (0, 1, 3, 7))), slices=(0, 1, 3, 7)).stack
    assert uneven.meets_next.tolist() == [True, True, True]
    gap = stacked(on_planes(*((z, square(6)) for z in (0, 1, 3))), slices=(0, 1, 2, 3)).stack
    assert gap.meets_next.tolist() == [True, False]


def test_a_large_body_gets_nodes_3_mm_apart_on_pixels_of_1_mm():
    stack = phantom(box((300, 300, 300)), plane_positions(box((300, 300, 300)), 100)).stack
    inside = inside_of(stack)
    assert inside.lattice.column_spacing_mm == 1
    assert surface_nodes(stack, inside).spacing_mm == 3


def test_a_small_body_gets_nodes_half_a_millimeter_apart():
    stack = phantom(sphere(3), plane_positions(sphere(3), 0.5)).stack
    assert inside_of(stack).lattice.column_spacing_mm == 0.25
    assert nodes_of(sphere(3), 0.5).spacing_mm == 0.5


def test_poles_of_a_sphere_lie_on_it_where_planes_are_denser_at_one_end():
    positions = np.array([-17.0, -13, -9, -5, -1, 2, 4, 6, 8, 10, 12, 14, 16, 17.5, 18.5, 19.2])
    stack = stacked(contour_stack(sphere(20), positions_mm=positions, points_per_contour=400), positions).stack
    nodes = surface_nodes(stack, inside_of(stack))
    error = np.abs(np.linalg.norm(nodes.points_mm, axis=1) - 20)
    above, below = nodes.points_mm[:, 2] > 19.2, nodes.points_mm[:, 2] < -17.01
    assert error[above].max() < 0.15
    assert error[below].max() < 0.6
    assert nodes.areas_mm2[above].sum() == pytest.approx(2 * np.pi * 20 * 0.8, rel=0.25)
    assert nodes.areas_mm2[below].sum() == pytest.approx(2 * np.pi * 20 * 3, rel=0.1)


def test_every_node_of_a_wall_reaches_both_ways_along_its_contour():
    stack = stacked(on_planes(*((z, square(10)) for z in range(0, 11, 2)))).stack
    nodes = surface_nodes(stack, inside_of(stack))
    wall = np.abs(nodes.normals[:, 2]) < 0.1
    along = nodes.edges_mm[wall, :2]
    assert np.linalg.norm(along, axis=2).min() > 0
    assert np.all(along[..., 2] == 0)
    on_a_side = np.abs(nodes.points_mm[wall, :2]).min(axis=1) < 4
    assert np.allclose(along[on_a_side].sum(axis=1), 0, atol=1e-9)


def test_nodes_of_a_flat_end_reach_as_far_in_each_direction():
    nodes = nodes_of(cylinder(10, 20), 2)
    end = (nodes.normals[:, 2] > 0.999) & (np.linalg.norm(nodes.points_mm[:, :2], axis=1) < 8)
    edges = nodes.edges_mm[end]
    assert end.sum() > 100
    assert np.allclose(edges.sum(axis=1), 0, atol=1e-6)
    reach = np.linalg.norm(edges, axis=2)
    assert np.allclose(reach, reach[0, 0], rtol=1e-3)
    assert np.allclose(nodes.areas_mm2[end], 4 * reach[0, 0] ** 2, rtol=1e-3)


def test_links_are_divided_into_whole_steps_of_about_the_spacing():
    lengths = [np.nan, 0, 0.1, 0.7, 2.2, 2.6, 4]
    links = np.column_stack([np.zeros(7), lengths, np.zeros(7)])
    assert _parts(links, 1.0).tolist() == [0, 0, 1, 1, 2, 3, 4]
    assert _parts(links, 2.0).tolist() == [0, 0, 1, 1, 1, 1, 2]


def test_half_widths_of_discs_are_their_radii_whether_or_not_their_contour_is_known():
    radii = np.array([0.02, 2.0, 30.0])
    assert _half_width(np.pi * radii**2, 2 * np.pi * radii) == pytest.approx(radii)
    assert _half_width(np.pi * radii**2, np.zeros(3)) == pytest.approx(radii)


def test_the_half_width_of_a_strip_is_half_its_width():
    """Exact as the strip grows: area w L, contour 2 L."""
    long = np.array([1e4, 1e6])
    assert _half_width(3 * long, 2 * long) == pytest.approx([1.5, 1.5], rel=0.04)
    assert _half_width(np.array([0.01]), np.array([0.9])) == pytest.approx(
        0.01 / 0.9 * (1 + np.sqrt(4 * np.pi * 0.01) / 0.9)
    )


def test_a_contour_is_thinned_to_one_vertex_a_stretch_but_never_below_a_triangle():
    ring = circle(10, points=60)
    around = np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1).sum()
    offsets = np.array([0, 60, 63])
    both = np.concatenate([ring, [[50, 0], [50.1, 0], [50, 0.1]]])
    for stretches, left in ((20, 20), (3.2, 4), (2.999, 3), (2, 60), (1.5, 60)):
        points, thinned = _thinned(both, offsets, around / stretches)
        assert np.diff(thinned).tolist() == [left, 3]
        assert len(points) == left + 3
        assert np.array_equal(points[0], ring[0])
        assert np.array_equal(points[left:], both[60:])


def test_edges_are_divided_evenly_and_corners_stay():
    points, offsets = _divided(np.concatenate([square(2), [[9, 9], [9, 9], [9.5, 9]]]), np.array([0, 4, 7]), 1.0)
    assert offsets.tolist() == [0, 8, 11]
    assert points[:3].tolist() == [[-1, -1], [0, -1], [1, -1]]
    assert points[8:].tolist() == [[9, 9], [9, 9], [9.5, 9]]
    assert len(_divided(square(2), np.array([0, 4]), 0.9)[0]) == 12


def test_which_way_a_contour_turns_is_told_by_most_of_its_nodes_else_by_its_area():
    counterclockwise, clockwise = square(2), square(2)[::-1]
    left, right, neither = (True, False), (False, True), (False, False)
    told = [
        (counterclockwise, [left, left, left, neither], 1),
        (clockwise, [right, neither, neither, neither], -1),
        (counterclockwise, [neither] * 4, 1),
        (clockwise, [neither] * 4, -1),
        (clockwise, [left, neither, neither, neither], 1),
    ]
    points = np.concatenate([contour for contour, _, _ in told])
    sides = np.array([each for _, of_contour, _ in told for each in of_contour])
    turns = _turn(points, np.arange(0, 21, 4), sides)
    assert turns.tolist() == [float(turn) for _, _, turn in told for _ in range(4)]


def test_the_tip_of_a_stroke_without_breadth_points_the_way_the_stroke_does():
    """A square with a stroke drawn out of a corner and back: at its tip the contour turns on itself."""
    spiked = np.array([[-5, -5], [5, -5], [9, -9], [9.5, -9.5], [9, -9], [5, -5], [5, 5], [-5, 5.0]])
    stack = stacked(on_planes(*((z, spiked) for z in (0, 3, 6)))).stack
    nodes = surface_nodes(stack, inside_of(stack))
    assert np.linalg.norm(nodes.normals, axis=1) == pytest.approx(np.ones(len(nodes.normals)))
    assert np.isfinite(nodes.points_mm).all()
    assert np.isfinite(nodes.areas_mm2).all()
    at_tip = np.linalg.norm(nodes.points_mm[:, :2] - [9.5, -9.5], axis=1) < 0.01
    assert at_tip.any()
    assert nodes.normals[at_tip, :2] @ np.array([1, -1]) / np.sqrt(2) == pytest.approx(1, abs=0.01)


def test_both_lobes_of_a_figure_of_eight_look_outwards():
    lobe = np.array([[0, 0], [20, 12], [20, -12.0]])
    both = np.concatenate([lobe, -lobe[[0, 2, 1]]])
    stack = stacked(on_planes(*((z, both) for z in (0, 3, 6)))).stack
    nodes = surface_nodes(stack, inside_of(stack))
    for side in (1, -1):
        wall = (side * nodes.points_mm[:, 0] > 19.9) & (np.abs(nodes.points_mm[:, 1]) < 10)
        assert wall.sum() > 20
        assert (side * nodes.normals[wall, 0]).min() > 0.5


def end_of(radius_mm, at_mm, step_mm, reach_mm, *, direction=1, former=True):
    """Height and wall of the end of a sphere whose last section lies at a place, the one before a step before it."""
    squares = [radius_mm**2 - (at_mm - step_mm) ** 2, radius_mm**2 - at_mm**2]
    area = np.pi * np.array(squares)
    part = _Components(
        runs=SimpleNamespace(planes=np.array([0, 1])), label=np.array([0, 1]), run_of_node=np.empty(0, np.int64),
        area=area, length=np.sqrt(4 * np.pi * area),
    )  # fmt: skip
    inner, outer = np.full(2, step_mm / 2), np.full(2, reach_mm)
    upper, lower = (outer, inner) if direction == 1 else (inner, outer)
    links = np.array([[0, 1]]) if former else np.empty((0, 2), np.int64)
    stack = SimpleNamespace(upper_mm=upper, lower_mm=lower)
    height, wall = _end_shapes(stack, part, np.array([1]), links, direction)
    return height.item(), wall.item()


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize(("at_mm", "step_mm"), [(9.0, 3.0), (8.0, 2.0), (9.9, 4.0)])
def test_a_sphere_ends_at_its_pole(at_mm, step_mm, direction):
    assert end_of(10.0, at_mm, step_mm, 3.0, direction=direction) == pytest.approx((10 - at_mm, 0))


def test_an_end_is_no_higher_than_its_slab_and_a_tapering_one_than_two():
    """Squares of half widths: 100 - 36 before, 100 - 49 at the end are 80%, up to which an end tapers."""
    share = (100 - 49) / (100 - 36)
    height, wall = end_of(10.0, 7.0, 1.0, 0.1)
    assert height == pytest.approx(0.1 * (1 + max((0.8 - share) / 0.2, 0)))
    assert wall == pytest.approx((share - 0.6) / 0.3)
    assert end_of(10.0, 9.5, 4.0, 0.1) == pytest.approx((0.2, 0))  # far below 60%: a dome of twice the slab


def test_an_end_like_the_plane_before_it_is_a_wall():
    assert end_of(100.0, 10.0, 2.0, 1.5) == pytest.approx((1.5, 1))
    assert end_of(10.0, 3.0, 3.0, 1.0, former=False) == pytest.approx((1.0, 1))  # nothing before it


def test_nodes_of_the_rim_of_the_first_run_begin_a_dome_too():
    """Of a disc of radius 3 that ends 2 mm above its plane: the slope of its rim is 2 x 2 / 3."""
    outward = np.array([[1.0, 0], [0, 1], [-1, 0]])
    rings = SimpleNamespace(points=3 * outward, outward=outward)
    area = np.array([np.pi * 9])
    part = SimpleNamespace(
        run_of_node=np.array([0, 0, -1]), area=area, length=np.sqrt(4 * np.pi * area), label=np.array([0])
    )
    end = SimpleNamespace(ended=np.array([True]), wall=np.array([0.0]), height=np.array([2.0]))
    found = _rims(rings, [(part, end, 1)], 1, 1.5)
    slope = np.array([4 / 3, 0, 1]) / np.hypot(4 / 3, 1)
    assert found.normals[0] == pytest.approx(slope)
    assert found.normals[1] == pytest.approx(slope[[1, 0, 2]])
    assert np.isnan(found.normals[2]).all()
    assert found.steps[0] == pytest.approx([-1.5, 0, 2 * (1 - 0.5**2)])  # half way in the dome has 3/4 of its height
    assert found.steps[2].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("wall", "height"), [(1.0, 2.0), (0.0, 0.0)])
def test_no_dome_begins_at_an_upright_end_or_one_without_height(wall, height):
    rings = SimpleNamespace(points=np.zeros((1, 2)), outward=np.array([[1.0, 0]]))
    part = SimpleNamespace(
        run_of_node=np.array([0]), area=np.array([9.0]), length=np.array([12.0]), label=np.array([0])
    )
    end = SimpleNamespace(ended=np.array([True]), wall=np.array([wall]), height=np.array([height]))
    assert np.isnan(_rims(rings, [(part, end, 1)], 1, 1.5).normals).all()


def test_nodes_are_as_far_apart_as_so_many_of_them_fill_the_surface():
    stack = SimpleNamespace(
        plane_perimeters_mm=np.array([10.0, 10]), slab_mm=np.array([2.0, 3]), plane_areas_mm2=np.array([5.0, 7])
    )
    assert _spacing(stack, 64) == pytest.approx(1.0)  # 50 mm2 round, twice the larger of the ends
    assert _spacing(stack, 16) == pytest.approx(2.0)
    assert (_spacing(stack, 1), _spacing(stack, 10_000)) == (3.0, 0.5)


def test_the_right_hand_side_of_a_contour_is_to_the_right_of_its_course():
    """A stroke from a tip along x and back, then a vertex that lies on both its neighbors."""
    points = np.array([[0, 0], [4, 0], [8, 0], [4, 0], [1, 1], [1, 1], [1, 1.0]])
    before, after = np.array([3, 0, 1, 2, 6, 4, 5]), np.array([1, 2, 3, 0, 5, 6, 4])
    expected = [[-1, 0], [0, -1], [1, 0], [0, 1], [1, 0], [1, 0], [1, 0]]
    assert _right(points, before, after).tolist() == expected
    turned = _right(points[:, ::-1] * [-1, 1], before, after)
    assert turned[:4].tolist() == [[0, -1], [1, 0], [0, 1], [-1, 0]]


def test_a_band_is_upright_where_its_link_is_and_leans_as_that_does():
    rings = SimpleNamespace(outward=np.array([[1.0, 0]] * 4))
    link = np.array([[0, 0, 3.0], [1, 0, 1], [1, 5, -1], [np.nan] * 3])
    found = _band_normals(rings, link)
    assert found[:3] == pytest.approx(
        np.array([[1, 0, 0], [np.sqrt(0.5), 0, -np.sqrt(0.5)], [np.sqrt(0.5), 0, np.sqrt(0.5)]])
    )
    assert np.isnan(found[3]).all()


def test_links_bend_onto_the_tangent_planes_at_both_ends():
    """From a node that faces along x to one that faces along z; the rim of a dome faces as it does."""
    link = np.array([[2.0, 0, 3], [np.nan] * 3])
    normals = [np.array([[1.0, 0, 0], [0, 0, 1]]), np.full((2, 3), np.nan)]
    nowhere = SimpleNamespace(normals=np.full((2, 3), np.nan))
    bend, none = _bends([link, np.full((2, 3), np.nan)], [np.array([1, -1]), np.array([-1, -1])], normals, [nowhere])
    assert bend.start.tolist() == [[-2, 0, 0], [0, 0, 0]]
    assert bend.end.tolist() == [[0, 0, 3], [0, 0, 0]]
    assert not none.start.any()
    assert bend.of(np.array([0, 0, 0])).offsets_mm(np.array([0.0, 0.25, 1.0])) == pytest.approx(
        np.array([[0, 0, 0], [-2 * 0.75**2 * 0.25, 0, 3 * 0.75 * 0.25**2], [0, 0, 0]])
    )
    rim = SimpleNamespace(normals=np.array([[0, 1.0, 0], [np.nan] * 3]))
    (bent, _) = _bends([link, np.full((2, 3), np.nan)], [np.array([1, -1]), np.array([-1, -1])], normals, [rim])
    assert not bent.start.any()


def test_the_normal_of_a_contour_weighs_each_band_by_the_length_of_the_other():
    links = [np.array([[1.0, 0, 1]]), np.array([[0, 0, -3.0]])]
    normals = [np.array([[1.0, 0, 0]]), np.array([[0, 1.0, 0]])]
    nowhere = SimpleNamespace(normals=np.full((1, 3), np.nan))
    up, _ = _bends(links, [np.array([0]), np.array([-1])], normals, [nowhere])
    facing = np.array([3.0, np.sqrt(2), 0]) / np.sqrt(11)
    assert up.start == pytest.approx(-facing[0] * facing[None])
    assert up.end == pytest.approx(facing[0] * facing[None])


def test_a_point_is_so_many_parts_along_its_link():
    link = np.array([[4.0, 0, 8], [4.0, 0, 8], [np.nan] * 3])
    assert _along(link, None, np.array([1.0, 3, 1]), np.array([4, 4, 0])).tolist() == [[1, 0, 2], [3, 0, 6], [0, 0, 0]]


def test_a_node_of_the_next_plane_is_found_however_far_away():
    """One near, one beyond the usual reach, both nearer than nodes of their own plane would be."""
    points = np.array([[0.0, 0], [50, 0], [1, 0], [50 + 2 * USUAL_REACH_MM, 0]])
    rings = SimpleNamespace(points=points, outward=np.zeros((4, 2)), plane=np.array([0, 0, 1, 1]))
    tree = _ring_tree(rings)
    assert _nearest_there(tree, np.array([0, 1]), 1).tolist() == [2, 2]
    assert _nearest_there(tree, np.array([3]), -1).tolist() == [1]


@pytest.mark.parametrize(("wall", "height"), [(0.0, 2.0), (0.25, 4.0)])
def test_a_dome_over_a_disc_is_a_paraboloid_on_its_wall(wall, height):
    """Over a disc of radius 5 that stands on a wall: h (1 - (r / 5)^2), which falls by 2 h r / 25."""
    turn = np.linspace(0, 2 * np.pi, 3600, endpoint=False)
    rings = SimpleNamespace(points=5 * np.column_stack([np.cos(turn), np.sin(turn)]), plane=np.ones(3600, int))
    ends = SimpleNamespace(label=np.array([0]), height=np.array([height]), wall=np.array([wall]))
    place, run = np.array([[0.0, 1e-6], [3, 0], [0, 4]]), np.zeros(3, int)
    steps = np.array([[1.0, 0], [0, 2.0]])
    found, slope, edges = _dome(rings, np.ones(3, int), place, ends, run, steps)
    dome = height * (1 - wall)
    away = np.array([0, 3, 4])
    assert found == pytest.approx(height * wall + dome * (1 - (away / 5) ** 2), abs=1e-4)
    assert slope == pytest.approx(2 * dome * place / 25, abs=1e-4)
    expected = dome * (1 - np.array([4, 5]) ** 2 / 25) - dome * (1 - np.array([3, 4]) ** 2 / 25)
    assert edges[1, 0] == pytest.approx([1, 0, expected[0]], abs=1e-4)
    assert edges[2, 1] == pytest.approx([0, 1, expected[1]], abs=1e-4)  # 2 mm would lead beyond the rim


def test_the_rim_of_a_dome_on_a_wall_is_partly_upright():
    """Of an end 4 mm high, a quarter of it wall, over a disc of radius 3: a dome of 3 mm falls by 2 at its rim."""
    rings = SimpleNamespace(points=np.zeros((1, 2)), outward=np.array([[1.0, 0]]))
    area = np.array([np.pi * 9])
    part = SimpleNamespace(
        run_of_node=np.array([0]), area=area, length=np.sqrt(4 * np.pi * area), label=np.array([0])
    )  # fmt: skip
    end = SimpleNamespace(ended=np.array([True]), wall=np.array([0.25]), height=np.array([4.0]))
    found = _rims(rings, [(part, end, 1)], 1, 1.5)
    expected = 0.75 * np.array([2, 0, 1]) / np.sqrt(5) + [0.25, 0, 0]
    assert found.normals[0] == pytest.approx(expected / np.linalg.norm(expected))
    assert found.steps[0].tolist() == [0, 0, 0]


def test_an_area_too_large_for_its_contour_is_taken_for_a_disc():
    """Pixels may fill more than a contour of 30 mm encloses: 100 / 30 x (1 + 1)."""
    assert _half_width(np.array([100.0]), np.array([30.0])) == pytest.approx(20 / 3)


@pytest.mark.parametrize(("by_corners", "side"), [(True, -1), (False, 1)])
def test_components_have_the_area_of_their_pixels_and_the_length_of_the_nodes_beside_them(
    monkeypatch, by_corners, side
):
    """Three runs of 3, 4 and 5 pixels, the first two in one component; the third of four nodes has no run beside it."""
    asked = []
    monkeypatch.setattr(module, "plane_components", lambda runs, by_corners: np.array([0, 0, 2]))
    inside = SimpleNamespace(
        lattice=SimpleNamespace(column_spacing_mm=0.5, pixel_area_mm2=0.25),
        run_at=lambda plane, points, runs: asked.append(points) or np.array([0, 1, -1, 2]),
    )
    rings = SimpleNamespace(
        plane=np.zeros(4, int), points=np.arange(8.0).reshape(4, 2), outward=np.array([[1.0, 0]] * 4),
        length=np.array([1.0, 2, 4, 8]),
    )  # fmt: skip
    runs = SimpleNamespace(starts=np.array([0, 10, 20]), stops=np.array([3, 14, 25]))
    found = _components(inside, rings, runs, by_corners=by_corners)
    assert found.area.tolist() == [7 * 0.25, 0, 5 * 0.25]
    assert found.length.tolist() == [3, 0, 8]
    assert found.run_of_node.tolist() == [0, 1, -1, 2]
    assert (asked[0] - rings.points).tolist() == [[side * 0.375, 0]] * 4


@pytest.mark.parametrize(
    ("direction", "is_solid", "meets", "ended"),
    [
        (1, True, [True, True], [0, 0, 0, 1, 1]),
        (-1, True, [True, True], [1, 1, 0, 0, 1]),
        (1, False, [True, True], [0, 0, 0, 0, 1]),
        (-1, False, [True, True], [0, 0, 0, 0, 1]),
        (1, False, [True, False], [0, 0, 0, 0, 0]),
        (-1, False, [False, True], [0, 0, 0, 0, 0]),
    ],
)
def test_components_end_where_none_of_their_runs_touches_the_next_plane(monkeypatch, direction, is_solid, meets, ended):
    """Runs 0 and 1 are one component of the first plane; run 4 lies alone on the second."""
    asked = []

    def shapes(stack, part, which, links, direction):
        asked.append(links.tolist())
        return np.arange(len(which)) + 1.0, np.full(len(which), 0.5)

    monkeypatch.setattr(module, "_end_shapes", shapes)
    part = SimpleNamespace(label=np.array([0, 0, 2, 3, 4]), runs=SimpleNamespace(planes=np.array([0, 0, 1, 2, 1])))
    pairs = np.array([[1, 2], [2, 3]])
    found = _ends(SimpleNamespace(meets_next=np.array(meets)), part, pairs, direction, is_solid=is_solid)
    assert found.ended.astype(int).tolist() == ended
    order = iter(range(1, 6))
    assert found.height.tolist() == [next(order) if each else 0 for each in ended]
    assert found.wall.tolist() == [0.5 * each for each in ended]
    to_ended = {1: [[2, 3]], -1: [[2, 1]]}[direction]
    assert asked == [to_ended if is_solid else []]


@pytest.mark.parametrize(("meets", "left"), [([True, True], 3), ([False, True], 1), ([True, False], 2)])
def test_runs_touch_only_where_no_plane_is_missing_between_them(monkeypatch, meets, left):
    pairs = np.array([[0, 2], [1, 2], [2, 3]])
    monkeypatch.setattr(module, "runs_above", lambda runs: pairs)
    runs = SimpleNamespace(planes=np.array([0, 0, 1, 2]))
    found = _touching(SimpleNamespace(meets_next=np.array(meets)), runs)
    kept = [pair for pair in pairs.tolist() if meets[[0, 0, 1][pair[0]]]]
    assert found.tolist() == kept
    assert len(kept) == left


@pytest.mark.parametrize(
    ("length", "here", "there", "is_kept"),
    [
        (4.1, True, False, True),  # inside of one plane, outside the next: it runs along the surface
        (4.1, False, True, True),
        (4.1, True, True, False),  # through the solid
        (4.1, False, False, False),
        (4.0, True, True, True),  # two spacings are no long link
    ],
)
@pytest.mark.parametrize("direction", [1, -1])
def test_a_long_link_that_does_not_run_along_the_surface_is_cut(length, here, there, is_kept, direction):
    asked = []

    def run_at(plane, points):
        asked.append((plane.tolist(), points.tolist()))
        return np.where(plane == 5, 0 if here else -1, 0 if there else -1)

    rings = SimpleNamespace(points=np.array([[1.0, 2], [0, 0]]), plane=np.array([5, 5]))
    link = np.array([[length, 0, 3.0 * direction], [90.0, 0, 3]])
    found, target = _on_surface(rings, SimpleNamespace(run_at=run_at), link, np.array([7, -1]), 2.0, direction)
    assert target.tolist() == [7 if is_kept else -1, -1]
    assert np.isnan(found[0]).all() is np.bool_(not is_kept)
    assert found[1].tolist() == [90, 0, 3]
    if length > 4:
        assert asked == [([5], [[1 + length / 2, 2]]), ([5 + direction], [[1 + length / 2, 2]])]


@pytest.mark.parametrize("direction", [1, -1])
def test_nodes_link_to_the_nearest_of_the_next_plane_that_faces_alike_or_rise_by_a_wall(direction):
    """Two planes 3 mm apart; the node nearest in place faces the other way and seems 4 mm farther."""
    points = np.array([[0.0, 0], [1, 0], [0.5, 0], [3, 0], [9, 9]])
    outward = np.array([[1.0, 0], [1, 0], [-1, 0], [1, 0], [0, 1]])
    plane = np.array([0, 0, 1, 1, 0]) if direction == 1 else np.array([1, 1, 0, 0, 1])
    rings = SimpleNamespace(points=points, outward=outward, plane=plane)
    stack = SimpleNamespace(meets_next=np.array([True]), positions_mm=np.array([10.0, 13]))
    part = SimpleNamespace(run_of_node=np.array([0, 1, 2, -1, 3]))
    end = SimpleNamespace(
        ended=np.array([False, True, True, True]), wall=np.array([1.0, 0.5, 0.0, 1]), height=np.array([9, 4, 4, 2.0])
    )
    link, target = _links(stack, rings, _ring_tree(rings), [(part, end)], direction)
    assert target.tolist() == [3, -1, -1, -1, -1]
    assert link[0].tolist() == [3, 0, 3 * direction]
    assert link[1].tolist() == [0, 0, 2 * direction]  # half of 4 mm is wall
    assert np.isnan(link[[2, 3]]).all()  # a dome without a wall; no plane beyond the last
    assert link[4].tolist() == [0, 0, 2 * direction]
    parted = SimpleNamespace(meets_next=np.array([False]), positions_mm=stack.positions_mm)
    link, target = _links(parted, rings, _ring_tree(rings), [], direction)
    assert target.tolist() == [-1] * 5
    assert np.isnan(link).all()


def test_nodes_of_a_contour_stand_for_half_of_what_lies_to_either_side():
    """Links of 4 mm up and 3 mm down on a spacing of 2 mm: two steps each, of 2 mm and of 1.5 mm."""
    rings = SimpleNamespace(
        points=np.array([[0.0, 0], [5, 0]]), outward=np.array([[1.0, 0], [0, 1]]), plane=np.array([0, 0]),
        before=np.array([1, 1]), after=np.array([0, 0]), length=np.array([10.0, 20]),
    )  # fmt: skip
    links = [np.array([[0, 0, 4.0], [np.nan] * 3]), np.array([[0, 0, -3.0], [np.nan] * 3])]
    normals = [_band_normals(rings, link) for link in links]
    stack = SimpleNamespace(positions_mm=np.array([100.0]))
    drawn, above, below = _bands(stack, rings, links, normals, [None, None], [np.ones((2, 3)), np.zeros((2, 3))], 2.0)
    assert drawn.areas.tolist() == [10 * (2 + 1.5) / 2, 0]
    assert drawn.points.tolist() == [[0, 0, 100], [5, 0, 100]]
    assert drawn.normals.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert drawn.edges[0].tolist() == [[5, 0, 0], [0, 0, 0], [1, 1, 3], [0, 0, -1.5]]
    assert drawn.edges[1].tolist() == [[0, 0, 0], [-5, 0, 0], [1, 1, 1], [0, 0, 0]]
    assert above.points.tolist() == [[0, 0, 102]]
    assert below.points.tolist() == [[0, 0, 98.5]]
    assert (above.areas.tolist(), below.areas.tolist()) == ([10], [7.5])
    assert above.edges[0].tolist() == [[5, 0, 0], [0, 0, 0], [0, 0, 2], [0, 0, -2]]


@pytest.mark.parametrize("facing", [1, -1])
@pytest.mark.parametrize("direction", [1, -1])
def test_domes_of_cavities_begin_inwards_of_their_rim_and_look_the_other_way(facing, direction):
    """A height of half a millimeter over a half width of 3: a slope of 1/3."""
    rings = SimpleNamespace(points=np.zeros((1, 2)), outward=np.array([[1.0, 0]]))
    area = np.array([np.pi * 9])
    part = SimpleNamespace(
        run_of_node=np.array([0]), area=area, length=np.sqrt(4 * np.pi * area), label=np.array([0])
    )  # fmt: skip
    end = SimpleNamespace(ended=np.array([True]), wall=np.array([0.0]), height=np.array([0.5]))
    found = _rims(rings, [(part, end, facing)], direction, 1.0)
    assert found.normals[0] == pytest.approx(np.array([1, 0, 3 * facing * direction]) / np.sqrt(10))
    assert found.steps[0] == pytest.approx([-facing, 0, direction * 0.5 * (1 - (2 / 3) ** 2)])


def test_the_curved_surface_of_a_hollow_sphere_lies_on_both_spheres():
    stack = phantom(hollow_sphere(20, 10), plane_positions(hollow_sphere(20, 10), 2.5)).stack
    nodes = surface_nodes(stack, inside_of(stack), curved=True)
    distance = np.linalg.norm(nodes.points_mm, axis=1)
    for inner, radius in ((True, 10), (False, 20)):
        chosen = (distance < 15) == inner
        assert np.average(np.abs(distance[chosen] - radius), weights=nodes.areas_mm2[chosen]) < 0.12
        facing = (nodes.normals * nodes.points_mm).sum(axis=1)[chosen] / distance[chosen]
        assert np.average(facing, weights=nodes.areas_mm2[chosen]) == pytest.approx(-1 if inner else 1, abs=0.02)
        reach = np.linalg.norm(nodes.edges_mm[chosen], axis=2)
        assert reach.max() < 2.2 * nodes.spacing_mm
