"""Runs of pixels: which pixels, set operations, and agreement with a dense mask made by other means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from rtcomplexity.geometry.frames import PlaneAxes
from rtcomplexity.geometry.runs import (
    Lattice,
    Runs,
    dice,
    moved_planes,
    on_grid,
    on_slices,
    outside_share,
    plane_of_slices,
    rasterise,
)
from rtcomplexity.geometry.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing.phantoms import contour_stack, hollow_sphere, two_spheres
from unit.fusion.images import centres, grid
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
    polygon = circle(9.3, points=61, centre=(1.7, -0.9))
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


def test_dice_of_a_set_with_itself_is_one_and_with_nothing_zero():
    mask = np.zeros((2, 3, 4), bool)
    mask[0, 1, 1:3] = True
    a, nothing = runs_of_mask(mask), runs_of_mask(np.zeros_like(mask))
    assert dice(a, a) == 1
    assert dice(a, nothing) == 0
    assert np.isnan(dice(nothing, nothing))


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


@pytest.mark.parametrize("tilt", [0.0, -0.4, 0.364])
def test_voxels_are_found_where_each_slice_lies(tilt):
    image = grid(shape=(30, 80, 60), spacing=(3.0, 1.5, 1.25), origin=(-37.1, -60.3, -43.5), tilt=tilt)
    low, high = np.array([-12.3, -20.4, -18.0]), np.array([14.2, 17.7, 18.0])
    corners = np.array([low[:2], [high[0], low[1]], high[:2], [low[0], high[1]]])
    positions = np.arange(low[2] + 1.5, high[2], 3.0)
    contours = on_planes(*((z, corners) for z in positions))
    axes = PlaneAxes.of_grid(image)
    stack = stack_contours(contours, settings=Settings(), axes=axes, slice_positions_mm=image.slice_positions_mm).stack
    truth = np.all((centres(image) > low) & (centres(image) < high), axis=1)
    assert np.array_equal(on_grid(stack, image).indices(), np.flatnonzero(truth))


def test_moved_planes_stand_in_the_order_asked_for():
    stack = stacked(on_planes((0, square(5)), (3, circle(5)), (3, square(20)), (6, square(7))), Z).stack
    moved = moved_planes(stack, np.array([2, 1, 1]), np.array([[1.0, 2.0], [0.0, 0.0], [-30.0, 0.0]]))
    assert moved.plane_areas_mm2 == pytest.approx(stack.plane_areas_mm2[[2, 1, 1]])
    assert np.allclose(moved.plane_polygons(0)[0], stack.plane_polygons(2)[0] + [1, 2])
    assert np.allclose(moved.plane_polygons(2)[1], stack.plane_polygons(1)[1] + [-30, 0])
