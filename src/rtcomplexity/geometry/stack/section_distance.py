"""Signed distances to polygons in planes, sub-voxel accurate near their borders.

Each pixel next to a border gets the nearest piece of it: a border point and the normal there. Every other pixel takes
the piece of the nearest such pixel and measures its distance to that piece. A piece is straight and extends half a
pixel diagonal to both sides, so that no gap opens between two pieces. On circles the distances are accurate to a few
hundredths of a pixel.

Distances are positive inside. Works on grids, in millimeters.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.columns import dots, lengths, units
from rtcomplexity.geometry.ragged import ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats, Integers, Singles

HALF_DIAGONAL: Final = math.sqrt(0.5)
"""Half length of a piece of border, in pixels."""
SAFELY_BEYOND: Final = 1.75
"""A pixel whose nearest border pixel is this much beyond the reach is itself beyond it: the border point is at most 1
pixel away from the border pixel, and its piece extends half a diagonal."""
CHUNK_PIXELS: Final = 400_000
"""About how many pixels are processed together, in whole planes, to limit memory."""
SLIVER: Final = 0.05
"""Edges closer than this, in pixels, enclose nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """Nearest piece of border for each pixel next to one, in pixel units."""

    voxels: Integers
    """(n,) flat index of each pixel over all planes, increasing."""
    feet: Singles
    """(n, 2) nearest border point (row, column)."""
    normals: Singles
    """(n, 2) unit normals of either sign."""

    def of_planes(self, first: int, stop: int, size: int) -> _Pieces:
        """Pieces of a range of planes of `size` pixels each, renumbered from 0."""
        own = slice(*np.searchsorted(self.voxels, [first * size, stop * size]).tolist())
        return _Pieces(voxels=self.voxels[own] - first * size, feet=self.feet[own], normals=self.normals[own])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sections:
    """Closed polygons on planes, in pixel units of the grid on which distances are computed."""

    points: Floats
    """(n, 2) vertices (column, row)."""
    following: Integers
    """(n,) the vertex that each one is joined to."""
    planes: Integers
    """(n,) plane of each vertex."""
    shape: tuple[int, int, int]
    """(planes, rows, columns); every vertex lies at least a pixel inside."""


def section_distances(sections: Sections, reach: float = math.inf) -> Singles:
    """Signed distance of every pixel center to the even-odd region of its plane.

    Coincident edges, as along the channel of a keyhole, and edges within :data:`SLIVER` are no border.

    Parameters
    ----------
    sections
        The polygons.
    reach
        Pixels farther away than this are given an infinite distance: most of a large plane.

    Returns
    -------
    NDArray
        (planes, rows, columns) pixels; -inf throughout a plane with no pixel center inside.
    """
    _, rows, columns = sections.shape
    edge, row, x = _crossings(sections, axis=0)
    after_x = (sections.planes[edge] * rows + row) * columns + np.ceil(x).astype(np.int64)
    inside = _parity(after_x, sections.shape)
    edge_v, column, y = _crossings(sections, axis=1)
    after_y = (sections.planes[edge_v] * rows + np.ceil(y).astype(np.int64)) * columns + column
    pairs = [(edge, after_x - 1, 1), (edge_v, after_y - columns, columns)]
    pieces = _nearest_edges(sections, inside, pairs)
    found = np.full(sections.shape, -np.inf, np.float32)
    size = rows * columns
    for first, stop in _chunks(pieces.voxels // size, max(CHUNK_PIXELS // size, 1)):
        planes = slice(first, stop)
        distances = _distances(pieces.of_planes(first, stop, size), inside[planes].shape, reach)
        found[planes] = np.where(inside[planes], distances, -distances)
    return found


def _chunks(planes: Integers, most: int) -> list[tuple[int, int]]:
    """First and stop of groups of up to `most` planes, covering all planes that have pieces."""
    if not len(planes):
        return []
    return [(first, min(first + most, planes[-1] + 1)) for first in range(planes[0], planes[-1] + 1, most)]


def _crossings(sections: Sections, axis: int) -> tuple[Integers, Integers, Floats]:
    """Edge, line number and position of each crossing of an edge with a line of pixel centers along `axis`."""
    place, line = sections.points[:, axis], sections.points[:, 1 - axis]
    line_after = line[sections.following]
    first = np.ceil(np.minimum(line, line_after)).astype(np.int64)
    counts = np.ceil(np.maximum(line, line_after)).astype(np.int64) - first
    edge = np.repeat(np.arange(len(counts)), counts)
    crossed = ranges(first, counts)
    share = (crossed - line[edge]) / (line_after - line)[edge]
    at = place[edge] + share * (place[sections.following] - place)[edge]
    kept = _apart(at, crossed, sections.planes[edge])
    return edge[kept], crossed[kept], at[kept]


def _apart(places: Floats, lines: Integers, planes: Integers) -> Integers:
    """Crossings that remain when coincident ones are removed in pairs."""
    order = np.lexsort((places, lines, planes))
    same_line = (np.diff(lines[order]) == 0) & (np.diff(planes[order]) == 0)
    close = same_line & (np.diff(places[order]) < SLIVER)
    number = np.arange(len(close))
    before_run = np.maximum.accumulate(np.where(close, -1, number))
    first = number[close & (number % 2 != before_run % 2)]
    return np.delete(order, np.concatenate([first, first + 1]))


def _parity(crossed: Integers, shape: tuple[int, int, int]) -> Flags:
    """Pixels with an odd number of crossings at or before them in their row."""
    counts = np.bincount(crossed, minlength=shape[0] * shape[1] * shape[2])
    return (np.cumsum(counts.reshape(shape), axis=2) % 2).astype(np.bool_)


def _nearest_edges(
    sections: Sections,
    inside: Flags,
    pairs: list[tuple[Integers, Integers, int]],
) -> _Pieces:
    """For pixels with a neighbor on the other side of the border, the nearest edge between the two."""
    edges, pixels = [], []
    for edge, pixel, step in pairs:
        parted = inside.ravel()[pixel] != inside.ravel()[pixel + step]
        edges += [edge[parted], edge[parted]]
        pixels += [pixel[parted], pixel[parted] + step]
    edge, pixel = np.concatenate(edges), np.concatenate(pixels)
    rows, columns = sections.shape[1:]
    centers = np.stack([pixel % columns, pixel // columns % rows], axis=1)
    start = sections.points.take(edge, axis=0)
    along = sections.points.take(sections.following[edge], axis=0) - start
    share = np.clip(dots(centers - start, along) / dots(along, along), 0, 1)
    feet = start + share[:, None] * along
    order = np.lexsort((lengths(feet - centers), pixel))
    voxels, nearest = np.unique(pixel[order], return_index=True)
    kept = order[nearest]
    normals = units(along.take(kept, axis=0)) * (1, -1)
    return _Pieces(voxels=voxels, feet=feet[kept, ::-1].astype(np.float32), normals=normals.astype(np.float32))


def _distances(pieces: _Pieces, shape: tuple[int, ...], reach: float) -> Singles:
    """Distance of pixels (planes, rows, columns) to the piece of the nearest border pixel.

    Infinite beyond the reach and in planes without pieces.
    """
    _, rows, columns = shape
    found = np.full(math.prod(shape), np.inf, np.float32)
    number, far = np.empty(shape, np.int32), np.full(shape, np.inf, np.float32)
    number.ravel()[pieces.voxels] = np.arange(len(pieces.voxels), dtype=np.int32)
    place = np.indices((rows, columns), np.int32, sparse=True)
    for plane, voxels in _by_plane(pieces.voxels, rows * columns):
        nearest = _nearest(voxels, (rows, columns))
        far[plane] = (nearest[0] - place[0]) ** 2 + (nearest[1] - place[1]) ** 2
        number[plane] = number[plane][nearest[0], nearest[1]]
    wanted = np.flatnonzero(far < np.inf if reach == math.inf else far <= (reach + SAFELY_BEYOND) ** 2)
    piece = number.ravel()[wanted]
    along, square = np.zeros((2, len(wanted)), np.float32)
    for axis, along_axis in enumerate((wanted // columns % rows, wanted % columns)):
        offset = along_axis.astype(np.float32) - pieces.feet[:, axis][piece]
        along += offset * pieces.normals[:, axis][piece]
        square += offset * offset
    across = np.sqrt(np.maximum(square - along**2, 0)) - np.float32(HALF_DIAGONAL)
    found[wanted] = np.hypot(along, np.maximum(across, 0))
    return found.reshape(shape)


def _by_plane(voxels: Integers, size: int) -> Iterator[tuple[int, Integers]]:
    """Each plane that has some of the pixels, with their indices within the plane."""
    planes, starts = np.unique(voxels // size, return_index=True)
    for plane, (start, stop) in zip(planes.tolist(), itertools.pairwise([*starts, len(voxels)]), strict=True):
        yield plane, voxels[start:stop] - plane * size


def _nearest(voxels: Integers, shape: tuple[int, int]) -> NDArray[np.int32]:
    """(2, rows, columns) row and column of the nearest of some pixels of a plane."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - importing the package stays quick

    elsewhere = np.ones(shape, np.bool_)
    elsewhere.ravel()[voxels] = False
    nearest: NDArray[np.int32] = distance_transform_edt(elsewhere, return_distances=False, return_indices=True)
    return nearest
