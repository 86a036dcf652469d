"""Each step of the signed distances on cases small enough to do by hand."""

import numpy as np
import pytest
import shapely

from rtcomplexity.geometry.ragged import next_vertex
from rtcomplexity.geometry.stack import section_distance as module
from rtcomplexity.geometry.stack.section_distance import (
    Sections,
    _distances,
    _nearest_edges,
    _Pieces,
    section_distances,
)
from unit.geometry.stacks import circle


def drawn(polygon, shape=(14, 16)):
    points = np.array(polygon, float)
    planes = np.zeros(len(points), np.int64)
    return Sections(points=points, following=next_vertex(np.array([0, len(points)])), planes=planes, shape=(1, *shape))


def feet_of(sections, inside):
    """Foot of each pixel (row, column) next to the outline, where every edge is offered to every pixel."""
    edges, pixels = (each.ravel() for each in np.indices((len(sections.points), inside.size)))
    pairs = []
    for step in (1, inside.shape[2]):
        kept = pixels + step < inside.size
        pairs.append((edges[kept], pixels[kept], step))
    found = _nearest_edges(sections, inside, pairs)
    places = np.column_stack(np.unravel_index(found.voxels, inside.shape[1:])).tolist()
    return {tuple(place): foot for place, foot in zip(places, found.feet.tolist(), strict=True)}, found


@pytest.mark.parametrize("turn", [1, -1])
def test_a_pixel_in_a_corner_takes_the_nearer_of_two_edges(turn):
    sections = drawn([(4.9, 4.3), (8.3, 4.3), (8.3, 8.2), (4.9, 8.2)][::turn])
    inside = np.zeros((1, 14, 16), bool)
    inside[0, 5:9, 5:9] = True
    feet, found = feet_of(sections, inside)
    expected = {(5, 5): (5, 4.9), (5, 8): (5, 8.3), (8, 5): (8, 4.9), (8, 8): (8.2, 8), (6, 4): (6, 4.9)}
    for pixel, foot in expected.items():
        assert feet[pixel] == pytest.approx(foot)
    assert len(feet) == 4 * 4 + 4 * 3
    assert (np.diff(found.voxels) > 0).all()


@pytest.mark.parametrize("turn", [1, -1])
def test_beyond_the_end_of_an_edge_its_end_is_nearest(turn):
    tip, blunt, far = (5.6, 4.95), (9.6, 8.0), (14.0, 5.1)
    sections = drawn([tip, blunt, far][::turn])
    feet, _ = feet_of(sections, section_distances(sections) > 0)
    assert feet[5, 5] == pytest.approx((4.95, 5.6))


def test_normals_stand_on_their_edges_and_are_of_length_one():
    sections = drawn([(3.2, 2.4), (11.3, 4.1), (6.6, 10.7)])
    inside = section_distances(sections) > 0
    _, found = feet_of(sections, inside)
    for edge in sections.points[sections.following] - sections.points:
        along = np.abs(found.normals @ edge[::-1]) / np.linalg.norm(edge)
        assert along.min() == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(found.normals, axis=1) == pytest.approx(np.ones(len(found.normals)))


def piece(voxel, foot, normal, shape):
    return _Pieces(
        voxels=np.array([np.ravel_multi_index(voxel, shape)]),
        feet=np.array([foot], np.float32),
        normals=np.array([normal], np.float32),
    )


def test_a_piece_reaches_half_a_pixels_diagonal_to_all_sides():
    (found,) = _distances(piece((4, 4), (4.25, 4.0), (1, 0), (9, 9)), (1, 9, 9), np.inf)
    assert found[[8, 0, 4], 4] == pytest.approx([3.75, 4.25, 0.25])
    half = np.sqrt(0.5)
    assert found[7, 8] == pytest.approx(np.hypot(2.75, 4 - half))
    assert found[4, 1] == pytest.approx(np.hypot(0.25, 3 - half))


def test_every_voxel_measures_to_the_piece_of_its_nearest_voxel():
    ends = _Pieces(
        voxels=np.array([0, 9]),
        feet=np.array([[0, 0.25], [0, 9.0]], np.float32),
        normals=np.array([[0, 1], [0, 1]], np.float32),
    )
    ((found,),) = _distances(ends, (1, 1, 10), np.inf)
    assert found == pytest.approx([0.25, 0.75, 1.75, 2.75, 3.75, 4, 3, 2, 1, 0])


@pytest.mark.parametrize("reach", [0.0, 1.5, 3.0, 100.0])
def test_within_the_reach_distances_are_as_without_one_and_beyond_it_infinite(reach):
    sections = drawn([(3.2, 2.4), (19.3, 4.1), (16.6, 18.7), (9.1, 7.3)], (24, 26))
    whole, cut = section_distances(sections), section_distances(sections, reach)
    told = np.isfinite(cut)
    assert np.array_equal(cut[told], whole[told])
    assert (np.abs(whole[~told]) > reach).all()
    assert np.array_equal(np.sign(cut), np.sign(whole))
    assert told.all() == (reach == 100.0)


def test_planes_taken_in_groups_give_the_same(monkeypatch):
    polygons = [circle(radius, center=(12.3, 11.8)) for radius in (0.2, 5.0, 8.0, 0.2, 3.0)]
    points = np.concatenate(polygons)
    offsets = np.cumsum([0, *map(len, polygons)])
    planes = np.repeat(np.arange(5), np.diff(offsets))
    sections = Sections(points=points, following=next_vertex(offsets), planes=planes, shape=(6, 24, 26))
    whole = section_distances(sections)
    monkeypatch.setattr(module, "CHUNK_PIXELS", 2 * 24 * 26)
    assert np.array_equal(section_distances(sections), whole)


def shapely_distances(polygons, shape):
    """Signed distances of pixel centers (row, column) to the even-odd region of polygons of (column, row)."""
    region = shapely.Polygon()
    for polygon in polygons:
        region = region.symmetric_difference(shapely.Polygon(polygon))
    rows, columns = np.indices(shape)
    points = shapely.points(columns.ravel(), rows.ravel())
    away = shapely.distance(region.boundary, points)
    return np.where(shapely.contains(region, points), away, -away).reshape(shape)


def test_distances_are_those_of_an_independent_library_on_every_plane():
    """A triangle with a hole, nothing, and a slanted strip; exact but beside corners and far away."""
    drawn = {0: [[(3.2, 2.4), (21.3, 5.1), (8.6, 17.7)], [(8.1, 6.2), (13.3, 7.4), (9.2, 11.1)]],
             2: [[(4.3, 3.1), (6.2, 2.8), (22.4, 15.3), (20.1, 16.6)]]}  # fmt: skip
    polygons = [(plane, np.array(polygon)) for plane, each in drawn.items() for polygon in each]
    points, offsets = np.concatenate([p for _, p in polygons]), np.cumsum([0] + [len(p) for _, p in polygons])
    planes = np.repeat([plane for plane, _ in polygons], np.diff(offsets))
    found = section_distances(
        Sections(points=points, following=next_vertex(offsets), planes=planes, shape=(3, 20, 26))
    )  # fmt: skip
    assert np.isneginf(found[1]).all()
    for plane, each in drawn.items():
        truth = shapely_distances(each, (20, 26))
        assert np.array_equal(found[plane] > 0, truth > 0)
        error, near = np.abs(found[plane] - truth), np.abs(truth) < 0.5
        assert np.mean(error[near] < 1e-5) > 0.95
        assert error[near].max() < 0.25  # beside a corner
        assert error.mean() < 0.06


@pytest.mark.parametrize(
    ("planes", "most", "chunks"),
    [
        ([], 3, []),
        ([2, 2, 3, 7], 2, [(2, 4), (4, 6), (6, 8)]),
        ([2, 2, 3, 7], 10, [(2, 8)]),
        ([0, 3, 4], 2, [(0, 2), (2, 4), (4, 5)]),
        ([1, 6], 1, [(n, n + 1) for n in range(1, 7)]),
    ],
)
def test_planes_from_the_first_to_the_last_are_taken_in_groups(planes, most, chunks):
    assert module._chunks(np.array(planes, int), most) == chunks


@pytest.mark.parametrize(
    ("places", "lines", "planes", "kept"),
    [
        ([1.0, 2.0, 1.0], [0, 0, 0], [0, 0, 0], [1]),  # two that coincide
        ([1.0, 1.0, 1.0], [0, 0, 0], [0, 0, 0], [2]),  # of three one is left
        ([1.0] * 4, [0] * 4, [0] * 4, []),
        ([1.0, 1.0], [0, 1], [0, 0], [0, 1]),  # on two lines
        ([1.0, 1.0], [0, 0], [0, 1], [0, 1]),  # on two planes
        ([0.0, 5.0, 1.0, 5.0, 9.0, 0.0], [0] * 6, [0] * 6, [2, 4]),
        ([3.0, 1.0, 1.0, 1.0, 7.0, 7.0], [0] * 6, [0] * 6, [0, 3]),
    ],
)
def test_crossings_that_coincide_are_left_out_in_pairs(places, lines, planes, kept):
    left = module._apart(np.array(places), np.array(lines), np.array(planes))
    assert sorted(left.tolist()) == kept


def test_crossings_a_sliver_apart_stay():
    for apart, count in ((0.9, 0), (1.1, 2)):
        places = np.array([1.0, 1.0 + apart * module.SLIVER])
        assert len(module._apart(places, np.zeros(2, int), np.zeros(2, int))) == count


def test_pixels_behind_an_odd_number_of_crossings_of_their_row_are_inside():
    crossed = np.ravel_multi_index(([0, 0, 1, 1, 1], [1, 1, 0, 2, 2], [1, 3, 2, 0, 0]), (2, 3, 4))
    inside = module._parity(crossed, (2, 3, 4))
    expected = np.zeros((2, 3, 4), bool)
    expected[0, 1, 1:3] = expected[1, 0, 2:] = True
    assert np.array_equal(inside, expected)


@pytest.mark.parametrize("axis", [0, 1])
def test_edges_cross_lines_of_pixel_centers_where_they_reach_them(axis):
    """From (1.5, 0.5) to (4.5, 3.5): lines 1, 2, 3; one that ends on a line meets it once."""
    first = np.array([[1.5, 0.5], [4.5, 3.5], [4.5, 3.0]])
    sections = drawn(first if axis == 0 else first[:, ::-1])
    edge, line, at = module._crossings(sections, axis=axis)
    assert sorted(zip(edge.tolist(), line.tolist(), at.tolist(), strict=True)) == [
        (0, 1, 2.0), (0, 2, 3.0), (0, 3, 4.0), (1, 3, 4.5), (2, 1, pytest.approx(2.1)), (2, 2, pytest.approx(3.3)),
    ]  # fmt: skip
