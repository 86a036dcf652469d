"""Runs of pixels: which pixels, set operations, and agreement with a dense mask made by other means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from rtcomplexity.geometry.orientation import PlaneAxes
from rtcomplexity.geometry.stack import runs as runs_module
from rtcomplexity.geometry.stack.runs import (
    Lattice,
    Runs,
    moved_planes,
    on_grid,
    on_slices,
    outside_share,
    plane_of_slices,
    rasterise,
)
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contour_stack, hollow_sphere, two_spheres
from unit.fusion.images import centers, grid
from unit.geometry.stacks import circle, on_planes, square, stacked

LATTICE = Lattice(u0_mm=-20, v0_mm=-15, column_spacing_mm=0.8, row_spacing_mm=1.1, columns=53, rows=31)
Z = np.arange(-30, 31, 3.0)


def runs_of_mask(mask):
    """Runs from a dense mask, row by row."""
    padded = np.zeros((*mask.shape[:2], mask.shape[2] + 1), np.int8)
    padded[..., :-1] = mask
    steps = np.diff(padded.ravel(), prepend=0)
    return Runs(starts=np.flatnonzero(steps == 1), stops=np.flatnonzero(steps == -1), shape=mask.shape)


def dense(runs):
    return runs.mask(tuple(slice(0, n) for n in runs.shape))


masks = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random((3, 4, 7)) < 0.5)


def test_a_pixel_on_the_left_or_top_border_is_inside_and_on_the_right_or_bottom_outside():
    lattice = Lattice(u0_mm=0, v0_mm=0, column_spacing_mm=1, row_spacing_mm=1, columns=10, rows=10)
    polygon = square(4, (4, 4))
    mask = dense(rasterise(stacked(on_planes((0, polygon), (3, polygon)), Z).stack, lattice))[0]
    expected = np.zeros((10, 10), bool)
    expected[2:6, 2:6] = True
    assert np.array_equal(mask, expected)


def test_agrees_with_an_independent_rasteriser_pixel_by_pixel():
    polygon = circle(9.3, points=61, center=(1.7, -0.9))
    mask = dense(rasterise(stacked(on_planes((0, polygon), (3, polygon)), Z).stack, LATTICE))[0]
    rows = (polygon[:, 1] - LATTICE.v0_mm) / LATTICE.row_spacing_mm
    columns = (polygon[:, 0] - LATTICE.u0_mm) / LATTICE.column_spacing_mm
    assert np.array_equal(mask, polygon2mask((LATTICE.rows, LATTICE.columns), np.column_stack([rows, columns])))


def test_holes_and_bodies_follow_the_analytic_solid():
    for solid in (hollow_sphere(12, 6), two_spheres(5, 16)):
        stack = stacked(contour_stack(solid, positions_mm=Z, points_per_contour=400), Z).stack
        mask = dense(rasterise(stack, LATTICE))
        u = LATTICE.u0_mm + LATTICE.column_spacing_mm * np.arange(LATTICE.columns)
        v = LATTICE.v0_mm + LATTICE.row_spacing_mm * np.arange(LATTICE.rows)
        points = np.stack(np.broadcast_arrays(u[None, None], v[None, :, None], stack.positions_mm[:, None, None]), -1)
        assert np.mean(mask != solid.contains(points)) < 2e-3


def test_rows_and_columns_outside_the_lattice_are_clipped_and_measured():
    stack = stacked(on_planes((0, square(100)), (3, square(100))), Z).stack
    runs = rasterise(stack, LATTICE)
    assert runs.count == 2 * LATTICE.rows * LATTICE.columns
    assert outside_share(stack, LATTICE) == 1
    assert outside_share(stacked(on_planes((0, square(5)), (3, square(5))), Z).stack, LATTICE) == 0


@pytest.mark.parametrize("corner", [(-1.01, 3), (9.01, 3), (3, -1.51), (3, 10.51)])
def test_a_vertex_beyond_the_outer_pixel_edges_is_outside(corner):
    lattice = Lattice(u0_mm=0, v0_mm=0, column_spacing_mm=2, row_spacing_mm=3, columns=5, rows=4)
    outside = np.array([corner, (0, 0), (8, 0), (8, 9)], float)
    inside = np.array([np.clip(corner, (-0.99, -1.49), (8.99, 10.49)), (0, 0), (8, 0), (8, 9)], float)
    for polygon, share in ((outside, 1 / 4), (inside, 0)):
        assert outside_share(stacked(on_planes((0, polygon), (3, polygon)), Z).stack, lattice) == share


def test_a_shape_beside_the_lattice_has_no_pixels():
    stack = stacked(on_planes((0, square(5, (100, 0))), (3, square(5, (0, 100)))), Z).stack
    runs = rasterise(stack, LATTICE)
    assert runs.count == 0
    assert runs.box() == (slice(0, 0), slice(0, 0), slice(0, 0))


@given(masks, masks)
def test_set_operations_are_those_of_dense_masks(a, b):
    x, y = runs_of_mask(a), runs_of_mask(b)
    assert np.array_equal(dense(x & y), a & b)
    assert np.array_equal(dense(x | y), a | b)
    assert np.array_equal(dense(x - y), a & ~b)
    assert np.array_equal(dense(x ^ y), a ^ b)
    assert np.array_equal(dense(x.outside()), ~a)


@given(masks)
def test_counts_indices_and_box_are_those_of_the_dense_mask(mask):
    runs = runs_of_mask(mask)
    assert runs.count == mask.sum()
    assert np.array_equal(runs.plane_counts, mask.sum(axis=(1, 2)))
    assert np.array_equal(runs.indices(), np.flatnonzero(mask))
    assert np.array_equal(runs.mask(runs.box()), mask[runs.box()])


@given(masks, st.lists(st.integers(-1, 2), max_size=6))
def test_planes_are_selected_repeated_and_left_empty(mask, source):
    chosen = runs_of_mask(mask).select_planes(np.array(source, int))
    expected = np.array([mask[k] if k >= 0 else np.zeros_like(mask[0]) for k in source]).reshape(-1, *mask.shape[1:])
    assert np.array_equal(dense(chosen), expected)


def test_runs_on_different_lattices_do_not_combine():
    a, b = runs_of_mask(np.ones((1, 2, 3), bool)), runs_of_mask(np.ones((1, 3, 2), bool))
    with pytest.raises(ValueError, match="cannot be combined"):
        a & b


def test_each_slice_takes_the_plane_whose_slab_holds_it():
    stack = stacked(on_planes((0, circle(5)), (3, circle(5)), (6, circle(5))), Z).stack
    assert plane_of_slices(stack, np.array([-3, -1.4, 0, 1.4, 2, 6, 7.4, 9])).tolist() == [-1, 0, 0, 0, 1, 2, 2, -1]


def test_contours_midway_between_slices_fill_one_slice_each():
    stack = stacked(on_planes(*((z + 1.5, circle(5)) for z in (0, 3, 6))), Z).stack
    counts = on_slices(rasterise(stack, LATTICE), stack, Z).plane_counts
    assert np.count_nonzero(counts) == 3


def test_missing_planes_stay_empty_on_the_grid():
    drawn = [z for z in Z if z <= 0 or z >= 15]
    stack = stacked(on_planes(*((z, circle(5)) for z in drawn)), Z).stack
    counts = on_slices(rasterise(stack, LATTICE), stack, Z).plane_counts
    assert np.array_equal(counts > 0, np.isin(Z, drawn))


@pytest.mark.parametrize("tilt", [0.0, -0.4, 0.364, -0.0103])
def test_voxels_are_found_where_each_slice_lies(tilt):
    image = grid(shape=(30, 80, 60), spacing=(3.0, 1.5, 1.25), origin=(-37.1, -60.3, -43.5), tilt=tilt)
    low, high = np.array([-12.3, -20.4, -18.0]), np.array([14.2, 17.7, 18.0])
    corners = np.array([low[:2], [high[0], low[1]], high[:2], [low[0], high[1]]])
    positions = np.arange(low[2] + 1.5, high[2], 3.0)
    contours = on_planes(*((z, corners) for z in positions))
    axes = PlaneAxes.of_grid(image)
    stack = stack_contours(contours, settings=Settings(), axes=axes, slice_positions_mm=image.slice_positions_mm).stack
    truth = np.all((centers(image) > low) & (centers(image) < high), axis=1)
    assert np.array_equal(on_grid(stack, image).indices(), np.flatnonzero(truth))


def test_moved_planes_stand_in_the_order_asked_for():
    stack = stacked(on_planes((0, square(5)), (3, circle(5)), (3, square(20)), (6, square(7))), Z).stack
    moved = moved_planes(stack, np.array([2, 1, 1]), np.array([[1.0, 2.0], [0.0, 0.0], [-30.0, 0.0]]))
    assert moved.plane_areas_mm2 == pytest.approx(stack.plane_areas_mm2[[2, 1, 1]])
    assert np.allclose(moved.plane_polygons(0)[0], stack.plane_polygons(2)[0] + [1, 2])
    assert np.allclose(moved.plane_polygons(2)[1], stack.plane_polygons(1)[1] + [-30, 0])


def test_a_lattice_round_stacks_has_a_free_pixel_on_each_side():
    """Multiples of 2 mm: from -4 to 8 and from 0 to 4 hold the points, and one more on each side."""
    near = np.array([[-3.2, 1.1], [1, 1.1], [1, 2.9]])
    far = np.array([[-3, 1.5], [6.5, 2.2], [6.5, 2.5]])
    stacks = [stacked(on_planes((0, polygon), (3, polygon)), Z).stack for polygon in (near, far)]
    expected = Lattice(u0_mm=-6, v0_mm=-2, column_spacing_mm=2, row_spacing_mm=2, columns=9, rows=5)
    assert Lattice.around_all(stacks, 2.0) == expected
    assert Lattice.around(stacks[0], 2.0) == Lattice(
        u0_mm=-6, v0_mm=-2, column_spacing_mm=2, row_spacing_mm=2, columns=6, rows=5
    )


def test_a_pixel_has_the_area_of_its_edges():
    assert LATTICE.pixel_area_mm2 == pytest.approx(0.88)


def test_the_lattice_of_a_slice_lies_where_the_slice_does():
    image = grid(shape=(3, 4, 5), spacing=(3.0, 1.5, 1.25), origin=(-10, -12, -15), tilt=0.5)
    assert [Lattice.of_grid(image, k).v0_mm for k in range(3)] == [-12, -10.5, -9]
    assert Lattice.of_grid(image) == Lattice(
        u0_mm=-10, v0_mm=-12, column_spacing_mm=1.25, row_spacing_mm=1.5, columns=5, rows=4
    )


def test_the_box_of_two_pixels_reaches_from_one_to_the_other():
    mask = np.zeros((5, 5, 8), bool)
    mask[1, 3, 2] = mask[3, 1, 5] = True
    box = (slice(1, 4), slice(1, 4), slice(2, 6))
    assert runs_of_mask(mask).box() == box
    assert np.array_equal(runs_of_mask(mask).mask(box), mask[box])


def test_more_planes_than_rows_and_columns_are_selected():
    mask = np.random.default_rng(4).random((6, 2, 3)) < 0.5
    assert np.array_equal(dense(runs_of_mask(mask).select_planes(np.arange(6)[::-1])), mask[::-1])


def test_runs_that_meet_are_one_and_nothing_combines_with_nothing():
    left, right = (Runs(starts=np.array([start]), stops=np.array([start + 2]), shape=(1, 1, 5)) for start in (0, 2))
    nothing = left & right
    assert ((left | right).starts.tolist(), (left | right).stops.tolist()) == ([0], [4])
    assert nothing.count == (nothing | nothing).count == 0
    assert (left - nothing).stops.tolist() == [2]


def test_a_vertex_on_the_outer_pixel_edge_is_not_outside():
    lattice = Lattice(u0_mm=0, v0_mm=0, column_spacing_mm=2, row_spacing_mm=3, columns=5, rows=4)
    edge = np.array([[-1, -1.5], [9, -1.5], [9, 10.5], [-1, 10.5]])
    assert outside_share(stacked(on_planes((0, edge), (3, edge)), Z).stack, lattice) == 0


def test_edges_looked_at_in_pieces_give_the_same_pixels(monkeypatch):
    stack = stacked(on_planes((0, circle(9)), (3, circle(5, center=(2, 1)))), Z).stack
    whole = rasterise(stack, LATTICE)
    monkeypatch.setattr(runs_module, "CHUNK_EDGES", 7)
    assert np.array_equal(rasterise(stack, LATTICE).indices(), whole.indices())


def test_a_shape_above_a_tilted_image_has_no_voxels():
    image = grid(shape=(4, 20, 20), tilt=0.3)
    above = on_planes((100, circle(5)), (103, circle(5)))
    assert on_grid(stacked(above, np.arange(-15, 120, 3.0)).stack, image).count == 0
