"""Each step of the signed distances on cases small enough to do by hand."""

import numpy as np
import pytest

from rtcomplexity.geometry.orientation import next_vertex
from rtcomplexity.geometry.stack.section_distance import (
    Sections,
    _distances,
    _nearest_edges,
    _Pieces,
    section_distances,
)

OFFSETS = np.indices((30, 30, 30)) - np.reshape([14.3, 14.8, 15.1], (3, 1, 1, 1))
BALL = (8.4 - np.linalg.norm(OFFSETS, axis=0)).astype(np.float32)


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
    found = _distances(piece((4, 4), (4.25, 4.0), (1, 0), (9, 9)), np.ones((9, 9), bool))
    assert found[[8, 0, 4], 4] == pytest.approx([3.75, 4.25, 0.25])
    half = np.sqrt(0.5)
    assert found[7, 8] == pytest.approx(np.hypot(2.75, 4 - half))
    assert found[4, 1] == pytest.approx(np.hypot(0.25, 3 - half))


def test_a_piece_reaches_half_a_voxels_diagonal_to_all_sides():
    found = _distances(piece((3, 3, 3), (3, 3.5, 3), (0, 1, 0), (7, 7, 7)), np.ones((7, 7, 7), bool))
    assert found[3, :, 3] == pytest.approx(np.abs(np.arange(7) - 3.5))
    assert found[6, 6, 2] == pytest.approx(np.hypot(2.5, np.sqrt(10) - np.sqrt(0.75)))


def test_every_voxel_measures_to_the_piece_of_its_nearest_voxel():
    ends = _Pieces(
        voxels=np.array([0, 9]),
        feet=np.array([[0, 0.25], [0, 9.0]], np.float32),
        normals=np.array([[0, 1], [0, 1]], np.float32),
    )
    found = _distances(ends, np.ones((1, 10), bool))
    assert found[0] == pytest.approx([0.25, 0.75, 1.75, 2.75, 3.75, 4, 3, 2, 1, 0])
