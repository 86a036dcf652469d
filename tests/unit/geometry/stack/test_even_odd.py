"""Even-odd areas against arithmetic and against an independent polygon library."""

import tracemalloc
from bisect import bisect_left

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.ops import polygonize, unary_union

from rtcomplexity.errors import LimitExceededError
from rtcomplexity.geometry.stack import even_odd as module
from rtcomplexity.geometry.stack.even_odd import bounding_boxes, enclosed_areas, even_odd, perimeters, signed_areas
from unit.geometry.stacks import circle, square


def planes(*polygon_lists):
    """Arguments of even_odd for planes given as lists of polygons."""
    polygons = [polygon for plane in polygon_lists for polygon in plane]
    contour_offsets = np.cumsum([0] + [len(p) for p in polygons])
    return np.concatenate(polygons), contour_offsets, np.cumsum([0] + [len(plane) for plane in polygon_lists])


def area(*polygons):
    return even_odd(*planes(polygons)).areas_mm2[0]


def independent_even_odd_area(polygons):
    """Area by cutting the plane into faces with shapely and counting crossings of a ray from each face."""
    faces = polygonize(unary_union([shapely.LineString(np.vstack([p, p[:1]])) for p in polygons]))
    return sum(face.area for face in faces if crossings_right_of(face.representative_point(), polygons) % 2)


def crossings_right_of(point, polygons):
    total = 0
    for polygon in polygons:
        (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
        spans = (y0 > point.y) != (y1 > point.y)
        x = x0[spans] + (point.y - y0[spans]) * (x1[spans] - x0[spans]) / (y1[spans] - y0[spans])
        total += int(np.sum(x > point.x))
    return total


def test_a_square_has_its_area():
    assert area(square(10)) == 100


def test_a_hole_is_subtracted_and_an_island_in_it_added():
    assert area(square(10), square(6), square(2)) == 100 - 36 + 4


def test_the_order_in_which_contours_are_listed_does_not_matter():
    assert area(square(6), square(10), square(2)) == area(square(2), square(6), square(10))


def test_a_figure_of_eight_has_both_lobes():
    assert area(np.array([[0, 0], [10, 10], [10, 0], [0, 10.0]])) == pytest.approx(50, rel=1e-12)


def test_a_keyhole_has_the_area_of_ring():
    outer, inner = square(10), square(4)[::-1]
    keyhole = np.vstack([outer, outer[:1], inner, inner[:1]])
    assert area(keyhole) == pytest.approx(100 - 16, rel=1e-12)


def test_overlapping_squares_lose_their_overlap_and_are_named():
    result = even_odd(*planes([square(10), square(10, (5, 5))]))
    assert result.areas_mm2[0] == pytest.approx(200 - 2 * 25)
    assert result.entangled.tolist() == [0, 1]


def test_nested_contours_are_not_entangled():
    assert len(even_odd(*planes([circle(10), circle(5), circle(1, center=(7, 0))])).entangled) == 0


def test_contours_within_an_odd_number_of_others_are_holes():
    assert even_odd(*planes([circle(10), circle(5), circle(1)], [square(3), circle(8)])).holes.tolist() == [1, 3]


def test_a_self_crossing_contour_is_named():
    pentagram = circle(10, points=5)[[0, 2, 4, 1, 3]]
    result = even_odd(*planes([square(50, (100, 0))], [pentagram]))
    assert result.self_crossing.tolist() == [1]
    assert result.areas_mm2[1] == pytest.approx(independent_even_odd_area([pentagram]), rel=1e-12)


def test_planes_do_not_influence_each_other():
    together = even_odd(*planes([square(10)], [circle(5), circle(3)], [square(2), square(2, (1, 0))])).areas_mm2
    apart = [area(square(10)), area(circle(5), circle(3)), area(square(2), square(2, (1, 0)))]
    assert together == pytest.approx(apart, rel=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_agrees_with_an_independent_polygon_library_on_random_scribbles(seed):
    random = np.random.default_rng(seed)
    polygons = [random.random((random.integers(3, 20), 2)) * 10 for _ in range(random.integers(1, 5))]
    assert area(*polygons) == pytest.approx(independent_even_odd_area(polygons), rel=1e-9)


def test_work_in_chunks_gives_the_same(monkeypatch):
    polygons = [[circle(r), circle(r / 2), square(r, (r, 0))] for r in range(3, 30)]
    whole = even_odd(*planes(*polygons))
    monkeypatch.setattr(module, "CHUNK_EDGES", 500)
    parts = even_odd(*planes(*polygons))
    assert parts.areas_mm2 == pytest.approx(whole.areas_mm2, rel=1e-12)
    assert parts.entangled.tolist() == whole.entangled.tolist()


def test_a_scribble_of_long_edges_is_refused_before_memory_runs_out(monkeypatch):
    monkeypatch.setattr(module, "MAX_BAND_EDGES", 1000)
    zigzag = np.column_stack([np.arange(300.0), np.tile([0, 10.0], 150) + 0.001 * np.arange(300)])
    with pytest.raises(LimitExceededError, match="300 vertices"):
        area(zigzag)


def test_no_contours_have_no_area():
    result = even_odd(np.empty((0, 2)), np.zeros(1, int), np.zeros(3, int))
    assert result.areas_mm2.tolist() == [0, 0]


def test_signed_area_and_perimeter_of_a_triangle():
    triangle = np.array([[0, 0], [3, 0], [0, 4.0]])
    offsets = np.array([0, 3])
    assert signed_areas(triangle, offsets).tolist() == [6]
    assert signed_areas(triangle[::-1], offsets).tolist() == [-6]
    assert perimeters(triangle, offsets).tolist() == [12]


def test_no_contours_have_no_measures():
    nothing = np.empty((0, 2)), np.array([0])
    assert signed_areas(*nothing).shape == perimeters(*nothing).shape == (0,)
    assert bounding_boxes(*nothing).shape == (0, 2, 2)


def test_boxes_hold_their_polygons():
    polygons = [np.array([[0, 0], [4, 1], [2, -3.0]]), square(2, center=(7, 5))]
    offsets = np.array([0, 3, 7])
    assert bounding_boxes(np.concatenate(polygons), offsets).tolist() == [[[0, -3], [4, 1]], [[6, 4], [8, 6]]]


@pytest.mark.parametrize("turn", [1, -1])
def test_a_pentagon_drawn_as_a_star_is_named_and_its_middle_is_outside(turn):
    angles = turn * 4 * np.pi / 5 * np.arange(5)
    star = 10 * np.column_stack([np.sin(angles), np.cos(angles)])
    found = even_odd(*planes([star]))
    assert found.self_crossing.tolist() == [0]
    assert found.areas_mm2[0] == pytest.approx(independent_even_odd_area([star]))


def test_work_in_chunks_of_planes_that_cross_gives_each_its_area(monkeypatch):
    bows = [np.array([[0, 0], [size, size], [size, 0], [0, size]], float) for size in (2, 4, 6, 8)]
    monkeypatch.setattr(module, "CHUNK_EDGES", 5)
    found = even_odd(*planes(*[[bow] for bow in bows]))
    assert found.areas_mm2 == pytest.approx([size**2 / 2 for size in (2, 4, 6, 8)])
    assert found.self_crossing.tolist() == [0, 1, 2, 3]


def test_crossings_of_all_chunks_of_a_shape_count_towards_one_limit(monkeypatch):
    drawn = planes(*[[two_lines(12)]] * 3)
    monkeypatch.setattr(module, "CHUNK_EDGES", 5)
    monkeypatch.setattr(module, "CELLS_PER_BAND_EDGE", 0)
    needed = bisect_left(range(100_000), True, key=lambda limit: fits(drawn, limit, monkeypatch))
    assert not fits(planes(*[[two_lines(12)]] * 4), needed, monkeypatch)


def fits(drawn, limit, monkeypatch):
    """Whether a shape's crossings can be looked at within a limit."""
    monkeypatch.setattr(module, "MAX_CROSSING_CELLS", limit)
    try:
        even_odd(*drawn)
    except LimitExceededError:
        return False
    return True


def test_of_many_contours_in_a_plane_those_that_cross_themselves_are_named():
    bow = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], float)
    drawn = [
        square(3, (20, 1)),
        bow,
        square(3, (20, 9)),
        np.add(bow, (0, 8)),
        square(3, (10, 2)),
        np.add(bow, (30, 4)),
        np.add(bow, (50, 1)),
    ]
    found = even_odd(*planes([square(1, (-9, 0))], drawn))
    assert found.self_crossing.tolist() == [2, 4, 6, 7]
    assert found.areas_mm2 == pytest.approx([1, 3 * 9 + 4 * 8])
    assert found.entangled.tolist() == []


def two_lines(teeth, seed=1):
    """A zigzag between two lines, its corners in no order: all of it in one band, where most edges cross."""
    x = np.random.default_rng(seed).uniform(0, 100, 2 * teeth)
    return np.column_stack([x, np.tile([0.0, 10.0], teeth)])


@pytest.mark.parametrize("cells", [1, 1000, 1_000_000])
def test_a_band_of_many_crossings_is_cut_exactly_whatever_the_block(monkeypatch, cells):
    monkeypatch.setattr(module, "BLOCK_CELLS", cells)
    zigzag = two_lines(15)
    assert area(zigzag) == pytest.approx(independent_even_odd_area([zigzag]), rel=1e-9)


def test_a_band_of_many_crossings_takes_little_memory():
    tracemalloc.start()
    area(two_lines(150))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6


@pytest.mark.parametrize("teeth", [500, 20_000])
def test_a_band_of_too_many_crossings_is_refused_at_once(teeth):
    with pytest.raises(LimitExceededError, match="crosses itself so often"):
        area(two_lines(teeth))


def test_one_polygon_alone_has_a_box_and_a_length():
    triangle = np.array([[0, 0], [3, 0], [0, 4.0]])
    assert bounding_boxes(triangle, np.array([0, 3])).tolist() == [[[0, 0], [3, 4]]]
    assert perimeters(triangle, np.array([0, 3])).tolist() == [12]


def test_a_contour_without_height_has_no_area_and_spoils_no_other():
    flat = np.array([[0.0, 2], [1, 2], [5, 2]])
    assert area(flat) == 0
    assert even_odd(*planes([flat], [square(4), flat], [square(2)])).areas_mm2 == pytest.approx([0, 16, 4])


def test_work_may_fill_its_limit_and_not_pass_it():
    edges = module._band_edges(
        square(2), np.array([1, 2, 3, 0]), np.zeros(4, int), np.array([0, 1, 0, 1]), np.array([-1.0, 1]), slice(0, 4)
    )
    assert module._spend(7, 7, edges) == 0
    assert module._spend(7, 2, edges) == 5
    with pytest.raises(LimitExceededError, match="of 2 vertices"):
        module._spend(7, 8, edges)


@pytest.mark.parametrize("spread", [3, 65_536, 65_537, 10**9, 2**55])
@pytest.mark.parametrize("minor", [np.float64, np.int64])
def test_keys_are_ordered_as_numpy_orders_them(spread, minor):
    random = np.random.default_rng(spread)
    major = random.integers(0, spread, 2000) - 5
    major[:2] = -5, spread - 6  # the whole spread
    values = random.integers(-20, 20, 2000).astype(minor)
    assert module._ordered(values, major).tolist() == np.lexsort((values, major)).tolist()
    assert module._ordered(values[:0], major[:0]).tolist() == []


def test_blocks_cover_every_row_once(monkeypatch):
    monkeypatch.setattr(module, "BLOCK_CELLS", 10)
    assert module._blocks(7, 3) == [slice(0, 3), slice(3, 6), slice(6, 9)]
    assert module._blocks(2, 500) == [slice(0, 1), slice(1, 2)]
    assert module._blocks(0, 5) == []
    assert len(module._blocks(25, 0)) == 3


def test_chunks_hold_whole_planes_and_every_edge_once(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_EDGES", 10)
    plane = np.repeat(np.arange(6), [2, 3, 1, 4, 2, 2])
    spans = np.array([3, 3, 2, 2, 1, 30, 1, 1, 1, 1, 4, 4, 1, 1])
    chunks = module._chunks(spans, plane)
    starts, stops = [chunk.start for chunk in chunks], [chunk.stop for chunk in chunks]
    assert starts == [0, *stops[:-1]]
    assert stops[-1] == len(plane)
    assert all(plane[stop - 1] != plane[stop] for stop in stops[:-1])
    # the planes' totals are 6, 11, 41, 45, 53, 55: a cut wherever they pass another ten
    assert [int(spans[chunk].sum()) for chunk in chunks] == [11, 30, 12, 2]


@pytest.mark.parametrize("height", [0.0, 2.5, -7.0])
def test_crossing_diagonals_cross_half_way_up(height):
    """Edges from 0 to 4 and from 4 to 0 cross at half the band's height; a third stands apart."""
    heights, pairs = module._crossings(np.array([0.0, 4, 9 + height]), np.array([4.0, 0, 9 + height]))
    if height > -5:
        assert heights.tolist() == [0.5]
        assert pairs.tolist() == [[0, 1]]
    else:  # the third, upright at 2, is crossed by both in their middle
        assert sorted(heights.tolist()) == [0.5, 0.5, 0.5]
        assert sorted(pairs.tolist()) == [[0, 1], [0, 2], [1, 2]]


def test_the_width_of_a_band_is_summed_between_its_crossings():
    """Two edges that cross in the middle enclose two triangles: a mean width of 2, at either end 4."""
    bottom, top = np.array([0.0, 4]), np.array([4.0, 0])
    assert module._split_width(bottom, top, np.array([0.5])) == 2
    assert module._split_width(np.array([0.0, 4, 6, 7]), np.array([4.0, 0, 6, 8]), np.array([0.5])) == 3.5


def test_which_of_several_contours_lies_across_which_is_told_by_sides():
    apart, inner, across = square(2, center=(20, 0)), square(2), square(4, center=(5, 0))
    found = even_odd(*planes([square(10), inner, across, apart]))
    assert found.entangled.tolist() == [0, 2]
    assert found.self_crossing.tolist() == []
    assert found.areas_mm2 == pytest.approx([100 - 4 + 16 - 2 * 8 + 4])


@pytest.mark.parametrize("lobes", [(3.0, 3.0), (3.0, 2.0)])
def test_the_area_that_a_figure_of_eight_encloses_is_that_of_both_lobes(lobes):
    left, right = (np.array([[0, 0], [0, side], [side, side], [side, 0]]) for side in lobes)
    both = np.concatenate([left, -right[[0, 3, 2, 1]]])
    areas = enclosed_areas(np.concatenate([square(5), both, square(5)]), np.array([0, 4, 12, 16]))
    assert areas == pytest.approx([25, lobes[0] ** 2 + lobes[1] ** 2, 25])


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        (square(0.4), True),
        (circle(3, points=7, center=(20, -30)), True),
        ([[0, 0], [8, 0], [8, 5], [5, 5], [5, 8], [0, 8]], True),  # an L: all is seen from (13/3, 13/3) ...
        ([[0, 0], [8, 0], [8, 3], [3, 3], [3, 8], [0, 8]], False),  # ... but not from (11/3, 11/3)
        ([[0, 0], [9, 0], [9, 1], [1, 1], [1, 8], [9, 8], [9, 9], [0, 9]], False),  # a C around its mean vertex
        ([[0, 0], [2, 2], [2, 0], [0, 2]], False),  # a figure-of-eight
        (circle(10, points=5)[[0, 2, 4, 1, 3]], False),  # turns twice
        ([[0, 0], [1, 0], [2, 0], [3, 0]], False),
    ],
)
def test_a_polygon_is_star_shaped_where_it_turns_once_round_its_mean_vertex(polygon, expected, turn):
    points = np.array(polygon, float)[::turn]
    both = np.concatenate([points, square(2, (7, 7)), points])
    offsets = np.cumsum([0, len(points), 4, len(points)])
    assert module._are_star_shaped(both, offsets).tolist() == [expected, True, expected]


def test_contours_that_cross_each_other_do_not_cross_themselves():
    triangle = np.array([[0, 0], [6, 1], [2, 5.0]])
    found = even_odd(*planes([triangle, np.add(triangle, (2, 1.3))]))
    assert found.self_crossing.tolist() == []
    assert found.entangled.tolist() == [0, 1]
    assert found.areas_mm2[0] == pytest.approx(independent_even_odd_area([triangle, np.add(triangle, (2, 1.3))]))


@pytest.mark.parametrize(
    ("second", "expected"),
    [((3.0, 0), False), ((2.0, 0), False), ((2.001, 0), True), ((0, -2.001), True), ((1.0, 1.0), False)],
)
def test_boxes_that_touch_are_not_disjoint(second, expected):
    first = np.array([[0.0, 0], [2, 2]])
    other = np.array([[0.0, 0], [2, 2]]) + second if second != (3.0, 0) else np.array([[-1.0, 1], [5, 1.5]])
    assert module._are_disjoint(np.stack([first, other])) is expected
    assert module._are_disjoint(np.stack([other, first])) is expected
    assert module._are_disjoint(first[None])


def test_perimeters_are_those_of_each_polygon_wherever_it_lies():
    triangle = np.add([[0, 0], [3, 0], [0, 4.0]], (100, -70))
    points, offsets = np.concatenate([triangle, square(2, (5, 5)), triangle[::-1]]), np.array([0, 3, 7, 10])
    assert perimeters(points, offsets).tolist() == [12, 8, 12]
    assert signed_areas(points, offsets).tolist() == [6, 4, -6]
