"""Signed distances, sub-voxel exact near the surface: of polygons in planes, and of a level of a field in space.

Both work alike. Voxels next to the surface learn the nearest piece of it: a point of the surface and its normal there.
Every other voxel takes the piece of the nearest such voxel, and measures its distance to that piece. A piece is a flat
tile that reaches half a voxel's diagonal to all sides, so that the surface between two pieces is no further than it
should be. On circles and spheres the distances are right within some hundredths of a voxel.

Distances are positive inside. Knows grids and millimetres only.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SLIVER: Final = 0.05
"""Edges nearer to each other than this, in pixels, enclose nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """Nearest piece of surface of each voxel next to it, in voxel units."""

    voxels: NDArray[np.int64]
    """(n,) flat index of the voxel; each stands once."""
    feet: Floats
    """(n, d) the nearest point of the surface, in the order of the array's axes."""
    normals: Floats
    """(n, d) unit normals; their sign does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sections:
    """Closed polygons on planes, in pixel units of the grid on which their distances are wanted."""

    points: NDArray[np.float64]
    """(n, 2) vertices (column, row)."""
    following: NDArray[np.int64]
    """(n,) the vertex that each one is joined to."""
    planes: NDArray[np.int64]
    """(n,) plane of each vertex."""
    shape: tuple[int, int, int]
    """(planes, rows, columns); every vertex lies at least a pixel inside."""


def section_distances(sections: Sections) -> Floats:
    """Signed distance of every pixel centre to the even-odd region of its plane.

    Where two edges lie on each other, as on a keyhole's bridge, or within :data:`SLIVER`, there is no surface.

    Returns
    -------
    NDArray
        (planes, rows, columns) pixels; a plane in which no pixel centre is inside is -inf throughout.
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
    planes, starts = np.unique(pieces.voxels // (rows * columns), return_index=True)
    for plane, (start, stop) in zip(planes, itertools.pairwise([*starts, len(pieces.voxels)]), strict=True):
        voxels = pieces.voxels[start:stop] - plane * rows * columns
        part = _Pieces(voxels=voxels, feet=pieces.feet[start:stop], normals=pieces.normals[start:stop])
        distance = _distances(part, np.ones((rows, columns), bool))
        found[plane] = np.where(inside[plane], distance, -distance)
    return found


def _crossings(sections: Sections, axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Edge, line number and place of every crossing of an edge with a line of pixel centres that runs along `axis`."""
    place, line = sections.points[:, axis], sections.points[:, 1 - axis]
    line_after = line[sections.following]
    first = np.ceil(np.minimum(line, line_after)).astype(np.int64)
    counts = np.ceil(np.maximum(line, line_after)).astype(np.int64) - first
    edge = np.repeat(np.arange(len(counts)), counts)
    crossed = np.arange(len(edge)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    share = (crossed - line[edge]) / (line_after - line)[edge]
    at = place[edge] + share * (place[sections.following] - place)[edge]
    kept = _apart(at, crossed, sections.planes[edge])
    return edge[kept], crossed[kept], at[kept]


def _apart(places: NDArray[np.float64], lines: NDArray[np.int64], planes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which crossings are left when those that lie on each other in pairs are taken out."""
    order = np.lexsort((places, lines, planes))
    same_line = (np.diff(lines[order]) == 0) & (np.diff(planes[order]) == 0)
    close = same_line & (np.diff(places[order]) < SLIVER)
    number = np.arange(len(close))
    before_run = np.maximum.accumulate(np.where(close, -1, number))
    first = number[close & (number % 2 != before_run % 2)]
    return np.delete(order, np.concatenate([first, first + 1]))


def _parity(crossed: NDArray[np.int64], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Which pixels have an odd number of crossings at or before them in their row."""
    counts = np.bincount(crossed, minlength=shape[0] * shape[1] * shape[2])
    return (np.cumsum(counts.reshape(shape), axis=2) % 2).astype(np.bool_)


def _nearest_edges(
    sections: Sections,
    inside: NDArray[np.bool_],
    pairs: list[tuple[NDArray[np.int64], NDArray[np.int64], int]],
) -> _Pieces:
    """For pixels with a neighbour on the other side of the surface, the nearest of the edges that part them."""
    edges, pixels = [], []
    for edge, pixel, step in pairs:
        parted = inside.ravel()[pixel] != inside.ravel()[pixel + step]
        edges += [edge[parted], edge[parted]]
        pixels += [pixel[parted], pixel[parted] + step]
    edge, pixel = np.concatenate(edges), np.concatenate(pixels)
    rows, columns = sections.shape[1:]
    centres = np.stack([pixel % columns, pixel // columns % rows], axis=1)
    start = sections.points[edge]
    along = sections.points[sections.following[edge]] - start
    share = np.clip(((centres - start) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
    feet = start + share[:, None] * along
    order = np.lexsort((np.linalg.norm(feet - centres, axis=1), pixel))
    voxels, nearest = np.unique(pixel[order], return_index=True)
    kept = order[nearest]
    normals = along[kept] / np.linalg.norm(along[kept], axis=1, keepdims=True) * (1, -1)
    return _Pieces(voxels=voxels, feet=feet[kept, ::-1].astype(np.float32), normals=normals.astype(np.float32))


def _distances(pieces: _Pieces, where: NDArray[np.bool_]) -> Floats:
    """Distance of the voxels `where` to the piece that the nearest voxel next to the surface knows; 0 elsewhere."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - importing the package stays quick

    found = np.zeros(where.shape, np.float32)
    if not len(pieces.voxels):
        found[where] = np.inf
        return found
    number, elsewhere = np.empty(where.size, np.int32), np.ones(where.size, np.bool_)
    number[pieces.voxels] = np.arange(len(pieces.voxels), dtype=np.int32)
    elsewhere[pieces.voxels] = False
    nearest: Any = distance_transform_edt(elsewhere.reshape(where.shape), return_distances=False, return_indices=True)
    wanted = np.flatnonzero(where)
    voxel = np.ravel_multi_index(tuple(index.ravel()[wanted] for index in nearest), where.shape)
    piece = number[voxel]
    along, square = np.zeros((2, len(wanted)), np.float32)
    for axis, place in enumerate(np.unravel_index(wanted, where.shape)):
        offset = place.astype(np.float32) - pieces.feet[:, axis][piece]
        along += offset * pieces.normals[:, axis][piece]
        square += offset * offset
    across = np.sqrt(np.maximum(square - along**2, 0)) - np.float32(math.sqrt(where.ndim) / 2)
    found.ravel()[wanted] = np.hypot(along, np.maximum(across, 0))
    return found
