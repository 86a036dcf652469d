"""Bodies, holes and branchings of shapes whose counts are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry.stack import topology as module
from rtcomplexity.geometry.stack.runs import Runs
from rtcomplexity.geometry.stack.topology import Pieces, pieces, pieces_of_drawings, runs_above, topology
from rtcomplexity.testing import FRAMES, hollow_sphere, sphere, two_spheres
from rtcomplexity.testing.polygons import keyhole
from unit.geometry.stacks import circle, on_planes, phantom, square, stacked

Z = np.arange(-30, 31, 3.0)


def counts(found, pixel_mm=0.7):
    result = topology(found.stack, pixel_mm)
    return result.body_count, result.hole_count, result.branching_count


def test_a_sphere_is_one_body_without_holes():
    assert counts(phantom(sphere(10), Z)) == (1, 0, 0)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_two_spheres_are_two_bodies_in_every_orientation(frame):
    assert counts(phantom(two_spheres(6, 20), Z, frame=frame))[0] == 2


def test_a_cavity_is_one_hole_however_many_planes_show_it():
    found = phantom(hollow_sphere(20, 12), Z)
    assert counts(found)[:2] == (1, 1)
    assert np.sum(topology(found.stack, 0.7).plane_hole_counts) > 3


def test_a_keyhole_is_the_hole_it_stands_for():
    ring = keyhole(circle(15), circle(6))
    found = stacked(on_planes((0, ring), (3, ring)), Z)
    assert counts(found)[:2] == (1, 1)


def test_an_island_in_a_hole_is_a_body_of_its_own():
    plane = [circle(20), circle(12), circle(4)]
    found = stacked(on_planes(*((z, c) for z in (0, 3, 6) for c in plane)), Z)
    assert counts(found)[:2] == (2, 1)


def test_a_hole_in_the_second_body_is_found():
    plane = [circle(6, center=(-20, 0)), circle(8, center=(10, 0)), circle(3, center=(10, 0))]
    found = stacked(on_planes(*((z, c) for z in (0, 3) for c in plane)), Z)
    result = topology(found.stack, 0.7)
    assert result.plane_component_counts.tolist() == [2, 2]
    assert result.plane_hole_counts.tolist() == [1, 1]


def test_a_trunk_that_forks_branches_once_and_a_loop_twice():
    trunk, left, right = circle(12), circle(4, center=(-7, 0)), circle(4, center=(7, 0))
    fork = stacked(on_planes((0, trunk), (3, trunk), (6, left), (6, right)), Z)
    assert counts(fork)[2] == 1
    loop = [(9, trunk)] + [(z, side) for z in (3, 6) for side in (left, right)] + [(0, trunk)]
    assert counts(stacked(on_planes(*loop), Z)) == (1, 0, 2)


def test_planes_on_both_sides_of_a_gap_are_separate_bodies():
    drawn = [z for z in Z if z <= 0 or z >= 15]
    assert counts(stacked(on_planes(*((z, circle(5)) for z in drawn)), Z))[0] == 2


def test_neighboring_planes_that_do_not_overlap_are_separate_bodies():
    found = stacked(on_planes((0, circle(5)), (3, circle(5, center=(30, 0)))), Z)
    assert counts(found)[0] == 2


@pytest.mark.parametrize("step_y", [4, -4])
def test_bodies_that_touch_at_a_corner_are_joined_and_holes_are_not(step_y):
    near, far = square(4), square(4, (4, step_y))
    assert counts(stacked(on_planes(*((z, c) for z in (0, 3) for c in (near, far))), Z), 1.0)[:2] == (1, 0)
    plane = [square(30), near, far]
    holed = stacked(on_planes(*((z, c) for z in (0, 3) for c in plane)), Z)
    assert counts(holed, 1.0)[:2] == (1, 2)
    assert topology(holed.stack, 1.0).plane_hole_counts.tolist() == [2, 2]


@pytest.mark.parametrize("gap", [(1, 0), (0, 1), (1, 1), (-1, 1), (1, -1)])
def test_a_pixel_between_them_parts_two_bodies(gap):
    step = [np.copysign(4, g) + g if g else 4 for g in gap]
    near, far = square(4), square(4, step)
    found = topology(stacked(on_planes(*((z, c) for z in (0, 3) for c in (near, far))), Z).stack, 1.0)
    assert found.body_count == 2
    assert found.plane_component_counts.tolist() == [2, 2]


def test_planes_are_told_apart_where_the_shape_reaches_the_last_row():
    shapes = [square(8), square(8, (0, 40))]
    found = topology(stacked(on_planes((0, shapes[0]), (3, shapes[1]), (6, shapes[0])), Z).stack, 1.0)
    assert found.plane_component_counts.tolist() == [1, 1, 1]
    assert found.body_count == 3


@pytest.mark.parametrize("turn", [1, -1])
def test_a_slit_a_pixel_wide_is_one_hole(turn):
    slit = np.array([[0, -4], [1, -4], [1, 4], [0, 4.0]])[:, ::turn]
    found = stacked(on_planes(*((z, c) for z in (0, 3) for c in (square(20), slit))), Z)
    assert counts(found, 1.0)[:2] == (1, 1)
    assert topology(found.stack, 1.0).plane_hole_counts.tolist() == [1, 1]


def forked(gap):
    """A trunk, a ring beside it, and two tines twice `gap` and a millimeter apart, once more beyond missing planes."""
    trunk, left, right = circle(12), circle(4, center=(-4.5 - gap, 0)), circle(4, center=(4.5 + gap, 0))
    rings = [(z, ring) for z in (0, 3) for ring in (circle(9, center=(40, 0)), circle(4, center=(40, 0)))]
    return stacked(on_planes((0, trunk), (3, trunk), *rings, (6, left), (6, right), (12, left), (12, right)), Z).stack


def test_drawings_counted_together_are_what_each_is_alone():
    shapes = [forked(gap) for gap in (3.0, 0.5, 20.0)]
    together = pieces_of_drawings(shapes[0], np.stack([each.points_mm for each in shapes]), 0.7)
    alone = [piece for each in shapes for piece in pieces(topology(each, 0.7))]
    assert together == alone
    assert together[0] == Pieces(body_count=4, branching_count=1, planes_with_components=4, planes_with_holes=2)
    assert together[2] == Pieces(body_count=6, branching_count=0, planes_with_components=4, planes_with_holes=2)


def runs_of(*rows, shape=(2, 4, 10)):
    """Runs from (plane, row, first column, stop column)."""
    stride = Runs(starts=np.empty(0, int), stops=np.empty(0, int), shape=shape).stride
    base = [(plane * shape[1] + row) * stride for plane, row, *_ in rows]
    return Runs(
        starts=np.array([b + row[2] for b, row in zip(base, rows, strict=True)]),
        stops=np.array([b + row[3] for b, row in zip(base, rows, strict=True)]),
        shape=shape,
    )


@pytest.mark.parametrize(
    ("second", "meets"), [((1, 2, 5, 8), True), ((1, 2, 6, 8), False), ((1, 2, 0, 3), True), ((1, 2, 0, 2), False)]
)
def test_runs_of_planes_overlap_where_they_share_a_pixel(second, meets):
    """The first from column 2 to 5 of row 2; another of the same plane and row lies apart."""
    runs = runs_of((0, 2, 2, 6), (0, 2, 9, 10), second)
    assert runs_above(runs).tolist() == ([[0, 2]] if meets else [])
    for joined in (True, False):
        found = module._overlapping_planes(runs, np.array([joined]))
        assert found.tolist() == ([[0, 2]] if meets and joined else [])


@pytest.mark.parametrize(
    ("second", "margin", "touches"),
    [
        ((0, 2, 5, 8), 0, True),
        ((0, 2, 6, 8), 0, False),
        ((0, 2, 6, 8), 1, True),  # at a corner
        ((0, 2, 7, 8), 1, False),
        ((0, 2, 1, 2), 1, True),
        ((0, 2, 0, 1), 1, False),
        ((0, 3, 3, 5), 1, False),  # two rows on
        ((1, 0, 3, 5), 1, False),  # the first row of the next plane
    ],
)
def test_runs_of_adjacent_rows_touch_by_a_pixel_or_at_a_corner(second, margin, touches):
    runs = runs_of((0, 1, 2, 6), second)
    assert module._touching_rows(runs, margin=margin).tolist() == ([[0, 1]] if touches else [])
    last = runs_of((0, 3, 2, 6), (1, 0, 2, 6))
    assert module._touching_rows(last, margin=margin).tolist() == []


def test_links_of_a_component_beyond_the_first_are_branchings_on_its_plane():
    """Component 0 of the first plane meets 1 and 2 of the next, of which 2 also meets 3 of the first."""
    runs = runs_of((0, 1, 0, 2), (1, 1, 0, 1), (1, 1, 3, 5), (0, 2, 3, 5))
    runs = Runs(starts=np.sort(runs.starts), stops=np.sort(runs.stops), shape=runs.shape)
    links = np.array([[0, 2], [0, 2], [0, 3], [1, 3]])
    assert module._branchings(runs, links).tolist() == [1, 1]
    assert module._branchings(runs, links[:0]).tolist() == [0, 0]
    assert module._distinct_pairs(links, 4).tolist() == [[0, 2], [0, 3], [1, 3]]


def test_counts_of_several_shapes_are_summed_shape_by_shape():
    found = SimpleNamespace(
        plane_body_counts=np.array([1, 0, 2, 1]), plane_branching_counts=np.array([0, 3, 1, 0]),
        plane_component_counts=np.array([1, 2, 3, 2]), plane_hole_counts=np.array([1, 0, 0, 2]),
    )  # fmt: skip
    assert pieces(found, 2) == [Pieces(1, 3, 1, 1), Pieces(3, 1, 2, 1)]
    assert pieces(found) == [Pieces(4, 4, 3, 2)]
