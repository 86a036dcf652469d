"""Signed distances against circles and boxes; the field between planes, its blur and its grid."""

import numpy as np
import pytest

from rtcomplexity.geometry.field.shape_field import (
    Grid,
    Knots,
    Smoothing,
    _between_neighbors,
    _cubic_weights,
    blurred,
    disc_field,
    interpolated,
    knots_of,
    polygon_field,
    reach_for,
    step_for,
)
from rtcomplexity.geometry.ragged import next_vertex
from rtcomplexity.geometry.stack.section_distance import (
    Sections,
    _apart,
    section_distances,
)
from unit.geometry.stacks import circle, on_planes, square, stacked


def sections(planes, shape):
    contours = [contour for plane in planes for contour in plane]
    counts = [len(contour) for contour in contours]
    return Sections(
        points=np.concatenate(contours),
        following=next_vertex(np.append(0, np.cumsum(counts))),
        planes=np.repeat([number for number, plane in enumerate(planes) for _ in plane], counts),
        shape=(len(planes), *shape),
    )


def test_the_distance_to_a_circle_is_right_within_hundredths_of_a_pixel():
    radii = (5.3, 12.7, 20.0)
    found = section_distances(sections([[circle(radius, center=(31.3, 26.8))] for radius in radii], (55, 64)))
    row, column = np.mgrid[:55, :64]
    for radius, distance in zip(radii, found, strict=True):
        error = distance - (radius - np.hypot(column - 31.3, row - 26.8))
        near = np.abs(distance) < 6
        assert np.abs(error[near]).mean() < 0.03
        assert np.abs(error[np.abs(distance) < 1]).max() < 0.1


def test_rows_are_not_columns():
    outline = np.array([[10.2, 5.5], [40.7, 5.5], [40.7, 12.5], [10.2, 12.5]])
    (found,) = section_distances(sections([[outline]], (20, 50)))
    assert found[9, 25] == pytest.approx(3.5, abs=1e-4)
    assert found[9, 45] == pytest.approx(-4.3, abs=1e-4)
    assert found[17, 25] == pytest.approx(-4.5, abs=1e-4)


def test_edges_that_run_through_pixel_centers_are_seen():
    (found,) = section_distances(sections([[square(16, (12.0, 10.0))]], (22, 25)))
    row, column = np.mgrid[:22, :25]
    inner = 8 - np.maximum(np.abs(column - 12), np.abs(row - 10))
    assert found[inner > 0] == pytest.approx(inner[inner > 0], abs=0.1)
    assert found[10, 22] == pytest.approx(-2, abs=1e-3)


def test_a_hole_is_outside_and_a_keyhole_bridge_is_nowhere():
    outer, inner = square(30, (20.3, 20.4)), square(10, (20.3, 20.4))
    keyhole = np.concatenate([outer, outer[:1], inner[::-1], inner[-1:]])
    nested, bridged = section_distances(sections([[outer, inner], [keyhole]], (42, 41)))
    assert nested[20, 20] < 0 < nested[20, 30]
    assert bridged == pytest.approx(nested, abs=0.05)


def test_a_keyhole_whose_bridge_is_a_narrow_slit_is_the_same():
    outer, inner = square(30, (20.3, 20.4)), square(10, (20.3, 20.4))
    beside = (outer[:1] + np.array([0.0, 0.03]), inner[-1:] + np.array([0.03, 0.0]))
    slit = np.concatenate([outer, beside[0], inner[::-1], beside[1]])
    nested, slitted = section_distances(sections([[outer, inner], [slit]], (42, 41)))
    assert slitted == pytest.approx(nested, abs=0.05)


def test_a_plane_without_an_inner_pixel_is_infinitely_far_outside():
    found = section_distances(sections([[square(0.2, (10.5, 10.5))], [square(6, (10.5, 10.5))]], (20, 20)))
    assert np.isneginf(found[0]).all()
    assert found[1, 10, 10] > 2


def ball(radius, size=48, center=(23.3, 23.8, 24.1)):
    k, j, i = np.indices((size,) * 3)
    return (radius - np.sqrt(sum((a - b) ** 2 for a, b in zip((k, j, i), center, strict=True)))).astype(np.float32)


def test_blurring_keeps_the_volume():
    field = np.clip(ball(8.0), -3, 3)
    assert np.count_nonzero(blurred(field, 2.0) > 0) == pytest.approx(np.count_nonzero(field > 0), rel=1e-3)


def test_a_blurred_edge_is_where_it_was_and_blurred_corners_are_rounder():
    k, j, i = np.indices((40, 40, 40))
    wall = (19.5 - k).astype(np.float32)
    assert (np.sign(blurred(wall, 2.0)) == np.sign(wall))[8:32].all()
    box = (10 - np.maximum(np.maximum(abs(k - 19.5), abs(j - 19.5)), abs(i - 19.5))).astype(np.float32)
    smooth = blurred(box, 2.0)
    assert box[10, 10, 10] > 0 > smooth[10, 10, 10]
    assert smooth[10, 19, 19] > 0


def test_a_field_passes_through_its_planes_and_ends_beyond_them():
    knots = Knots(positions_mm=np.array([0.0, 2, 5, 6]), planes=np.array([-1, 0, 1, -1]), reach_mm=3.0)
    planes = np.stack([np.full((2, 2), 1.5), np.full((2, 2), 9.0)]).astype(np.float32)
    grid = Grid(origin_mm=np.array([-1.0, 0, 0]), step_mm=1.0, shape=(9, 2, 2))
    found = interpolated(planes, grid, knots)[:, 0, 0]
    assert found[[0, 1, 3, 6, 7, 8]] == pytest.approx([-3, -3, 1.5, 3, -3, -3])
    assert found[4:6].min() > 1.5


def test_between_uneven_planes_a_parabola_stays_one():
    at = np.array([0.0, 1, 3, 4.5, 8, 9, 12])
    knots = Knots(positions_mm=at, planes=np.arange(7), reach_mm=1e3)
    planes = np.tile((0.5 * at**2 - 3 * at)[:, None, None], (1, 2, 2)).astype(np.float32)
    grid = Grid(origin_mm=np.array([1.0, 0, 0]), step_mm=0.25, shape=(33, 2, 2))
    z = grid.along(0)
    assert interpolated(planes, grid, knots)[:, 1, 0] == pytest.approx(0.5 * z**2 - 3 * z, abs=1e-4)


def test_the_step_follows_size_and_memory():
    roomy = np.array([100.0, 100, 100])
    assert step_for(1e3, roomy / 4) == pytest.approx(0.5)
    assert step_for(5e5, roomy) == pytest.approx(1.5)
    assert step_for(1e7, np.array([800.0, 800, 800])) == pytest.approx(6.35, abs=0.01)


class _Stack:
    def __init__(self, positions, lower, upper):
        self.positions_mm, self.lower_mm, self.upper_mm = (
            np.array(values, float) for values in (positions, lower, upper)
        )


@pytest.mark.parametrize(
    ("positions", "lower", "upper", "expected"),
    [
        ([0, 3, 6], [1.5] * 3, [1.5] * 3, [-3, 0, 3, 6, 9]),
        ([-9, -6, 0, 3], [1.5] * 4, [1.5] * 4, [-12, -9, -6, -3, 0, 3, 6]),
        ([-9, -6, 3, 6], [1.5] * 4, [1.5] * 4, [-12, -9, -6, -3, 0, 3, 6, 9]),
        ([-9, -6, -1, 2], [1.5] * 4, [1.5] * 4, [-12, -9, -6, -3.5, -1, 2, 5]),
        ([-9, -6, -1, 2, 7, 10], [1.5] * 6, [1.5] * 6, [-12, -9, -6, -3.5, -1, 2, 4.5, 7, 10, 13]),
        ([0, 2, 6], [1, 1, 2], [1, 2, 2], [-2, 0, 2, 6, 10]),
        ([4], [2.5], [2.5], [-1, 4, 9]),
    ],
)
def test_empty_planes_stand_where_the_next_contours_would_have_been(positions, lower, upper, expected):
    knots = knots_of(_Stack(positions, lower, upper), 4.0)
    assert knots.positions_mm == pytest.approx(expected)
    assert knots.positions_mm[knots.planes >= 0] == pytest.approx(positions)
    assert knots.planes[[0, -1]].tolist() == [-1, -1]


def test_no_smoothing_leaves_a_field_as_it_is():
    field = np.random.default_rng(1).normal(size=(5, 6, 7)).astype(np.float32)
    assert np.array_equal(Smoothing().apply(field, 0.7), field)
    assert Smoothing().margin_mm(0.7) == pytest.approx(2.1)
    assert Smoothing(blur_mm=2).margin_mm(0.7) == pytest.approx(4.1)


def test_a_grid_covers_its_box_in_even_steps():
    grid = Grid.covering(np.array([-3.0, 1.0, 0.0]), np.array([4.1, 1.0, 6.0]), 2.0)
    assert grid.shape == (5, 1, 4)
    assert grid.along(0).tolist() == [-3, -1, 1, 3, 5]
    assert grid.along(2).tolist() == [0, 2, 4, 6]


def test_grids_and_knots_cannot_be_moved():
    grid = Grid(origin_mm=np.zeros(3), step_mm=1.0, shape=(2, 2, 2))
    knots = Knots(positions_mm=np.arange(3.0), planes=np.arange(3), reach_mm=1.0)
    for array in (grid.origin_mm, knots.positions_mm, knots.planes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("start", [0.0, 4.0])
@pytest.mark.parametrize("together", range(1, 8))
def test_crossings_that_lie_on_each_other_are_taken_out_in_pairs(together, start):
    heap = start + 0.01 * np.arange(together)
    places = np.concatenate([heap, [2.0, 9.0], heap, heap])
    lines = np.repeat([3, 3, 4, 3], [together, 2, together, together])
    planes = np.repeat([0, 0, 0, 1], [together, 2, together, together])
    kept = _apart(places, lines, planes)
    left = [
        (plane, line, round(place)) for plane, line, place in zip(planes[kept], lines[kept], places[kept], strict=True)
    ]
    odd = [(0, 3, start), (0, 4, start), (1, 3, start)] if together % 2 else []
    assert sorted(left) == sorted([(0, 3, 2), (0, 3, 9), *odd])


@pytest.mark.parametrize("threshold", [-1.5, -0.5, 0.0, 0.7, 2.0])
def test_blurring_keeps_the_number_of_voxels_inside_whatever_their_share(threshold):
    field = (np.random.default_rng(5).normal(size=(9, 10, 11)) + threshold).astype(np.float32)
    assert np.count_nonzero(blurred(field, 1.3) > 0) == np.count_nonzero(field > 0)


def test_distances_are_clipped_where_a_slab_or_two_steps_end():
    assert reach_for(4.0, 0.5) == pytest.approx(6.0)
    assert reach_for(0.5, 3.0) == pytest.approx(6.0)


def test_a_polygon_and_a_disc_are_found_where_they_lie_on_a_shifted_grid():
    """A circle of 6 mm about u = 3, v = -2 and a disc of 5 mm about the axis, in mm, on unlike rows and columns."""
    grid = Grid(origin_mm=np.array([0.0, -10, -7]), step_mm=0.5, shape=(13, 33, 45))
    stack = stacked(on_planes(*((z, circle(6, center=(3.0, -2.0))) for z in (0, 3, 6)))).stack
    knots = Knots(positions_mm=np.array([0.0, 3, 6]), planes=np.arange(3), reach_mm=3.0)
    v, u = grid.along(1)[:, None], grid.along(2)
    polygon = np.clip(6 - np.hypot(u - 3, v + 2), -3, 3)
    assert polygon_field(stack, grid, knots)[4] == pytest.approx(polygon, abs=0.15)
    disc = np.clip(5 - np.hypot(u, v), -3, 3)
    assert disc_field(np.full(3, 5.0), grid, knots)[4] == pytest.approx(disc, abs=1e-5)


def test_smoothing_counts_in_millimeters_whatever_the_step():
    """A blur of 2 mm is four voxels of 0.5 mm."""
    thick = ball(10.0) / 2
    assert np.array_equal(Smoothing(blur_mm=2.0).apply(thick, 0.5), blurred(thick, 4.0))


def test_a_field_all_inside_or_all_outside_is_not_blurred():
    field = np.random.default_rng(2).random((4, 4, 4)).astype(np.float32) + 1
    for same in (field, -field):
        assert np.array_equal(blurred(same, 1.0), same)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 15, 16, 17, 30])
def test_sums_by_a_few_neighbors_are_the_product_of_the_whole_arrays(count):
    rng = np.random.default_rng(count)
    weights = np.triu(np.tril(rng.random((count, count + 1)), 1)).astype(np.float32)
    values = rng.random((count + 1, 2, 3)).astype(np.float32)
    expected = np.einsum("nk,kji->nji", weights.astype(float), values.astype(float))
    assert _between_neighbors(weights, values) == pytest.approx(expected, rel=1e-5)


def test_weights_between_planes_are_those_of_catmull_and_rom():
    """Even knots: (-1, 9, 9, -1) / 16 half way; a line is kept whatever the spacing, and ends are held."""
    even = _cubic_weights(np.arange(6.0), np.array([2.5, 2.0, -3.0, 9.0]))
    assert even[0] == pytest.approx(np.array([0, -1, 9, 9, -1, 0]) / 16)
    assert even[1:].tolist() == [[0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]]
    uneven, places = np.array([0.0, 1, 4, 6, 11, 12]), np.linspace(0, 12, 25)
    weights = _cubic_weights(uneven, places)
    assert weights.sum(axis=1) == pytest.approx(np.ones(25))
    assert weights @ (3 * uneven - 5) == pytest.approx(3 * places - 5)
    inner = (places >= 1) & (places <= 11)
    assert (weights @ uneven**2)[inner] == pytest.approx(places[inner] ** 2)


@pytest.mark.parametrize(
    ("gap_mm", "expected"),
    [
        (0.5, [-3, 0, 1.75, 3.5, 6.5]),
        (1e-5, [-3, 0, 1.500005, 3.00001, 6.00001]),
        (1e-7, [-3, 0, 3.0000001, 6.0000001]),
    ],
)
def test_planes_whose_slabs_do_not_meet_to_a_millionth_of_a_millimeter_have_an_empty_one_between_them(gap_mm, expected):
    stack = _Stack([0, 3 + gap_mm], [1.5, 1.5], [1.5, 1.5])
    found = knots_of(stack, 4.5)
    assert found.positions_mm == pytest.approx(expected, abs=2e-7)
    assert np.flatnonzero(found.planes < 0).tolist() == ([0, 2, 4] if gap_mm > 1e-6 else [0, 3])
    assert found.reach_mm == 4.5


def test_distances_on_a_plane_are_known_up_to_the_reach():
    """Right of a square that ends at x = 5 mm: one by one to 3 mm, and no farther."""
    stack = stacked(on_planes(*((z, square(10)) for z in (0, 3, 6)))).stack
    grid = Grid(origin_mm=np.array([3.0, -12, -12]), step_mm=1.0, shape=(1, 25, 25))
    knots = Knots(positions_mm=np.array([0.0, 3, 6]), planes=np.arange(3), reach_mm=3.0)
    row = polygon_field(stack, grid, knots)[0, 12, 12:]
    assert row == pytest.approx(np.clip(5.0 - np.arange(13), -3, 3), abs=1e-4)


@pytest.mark.parametrize(("spacing_mm", "step_mm", "reach_mm"), [(3, 1, 4.5), (1, 1, 2), (1, 0.5, 1.5), (1, 0.75, 1.5)])
def test_the_reach_is_one_and_a_half_slabs_and_at_least_two_steps(spacing_mm, step_mm, reach_mm):
    assert reach_for(spacing_mm, step_mm) == reach_mm


def test_a_margin_is_three_steps_and_the_blur():
    assert Smoothing().margin_mm(0.5) == 1.5
    assert Smoothing(blur_mm=2.0).margin_mm(0.5) == 3.5


def test_without_a_blur_a_field_stays_as_it_is():
    field = ball(8.0)
    assert Smoothing().apply(field, 1.0) is field
    blurry = Smoothing(blur_mm=3.0).apply(field, 1.5)
    assert np.array_equal(blurry, blurred(field, 2.0))


@pytest.mark.parametrize(
    ("diameter_mm", "box_mm", "step_mm"),
    [
        (24, 25.0, 0.5),  # a 48th of the diameter
        (36, 40.0, 0.75),
        (20, 25.0, 0.5),  # no finer
        (72, 80.0, 1.5),
        (90, 100.0, 1.5),  # no coarser ...
        (90, 252.0, 2.0),  # ... unless memory asks: 252 mm in 126 steps, of which the cube is 2 million
    ],
)
def test_a_step_is_a_48th_of_the_diameter_between_limits(diameter_mm, box_mm, step_mm):
    found = step_for(np.pi / 6 * diameter_mm**3, np.full(3, box_mm))
    assert found == pytest.approx(step_mm, rel=1e-3)


def test_a_single_voxel_is_blurred_and_stays_one():
    field = np.full((7, 7, 7), -1.0, np.float32)
    field[3, 3, 3] = 1.0
    soft = blurred(field, 1.0)
    assert np.argwhere(soft > 0).tolist() == [[3, 3, 3]]
    assert not np.array_equal(soft, field)
    assert np.array_equal(blurred(-np.abs(field), 1.0), -np.abs(field))
