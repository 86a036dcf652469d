"""Orientation of contours: normals, plane positions, and axes in which to measure.

Works on points and directions only; axial orientation is assumed nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from rtcomplexity.geometry.columns import dots, lengths, units
from rtcomplexity.geometry.ragged import next_vertex, offsets_of
from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Floats, Integers
    from rtcomplexity.model.image import ImageGrid

PARALLEL: Final = 1 - 1e-9
"""Unit vectors whose dot product exceeds this are parallel: what rounding leaves."""
SNAP: Final = 1e-6
"""A unit vector this close to a coordinate axis is taken as that axis: files write directions in decimals."""
CLEAR_SHARE: Final = 1e-3
"""A signed area above this share of the squared length (0.08 for a circle) is more than the residue of canceling
lobes."""
LINE_SHARE: Final = 1e-6
"""Vertices whose width is below this share of their length lie on one line."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaneAxes:
    """Right-handed unit axes: planes are ordered along `normal`, points are measured along `u` and `v`."""

    u: Floats
    v: Floats
    normal: Floats

    def __post_init__(self) -> None:
        freeze(self, np.float64, "u", "v", "normal")

    @classmethod
    def of_grid(cls, grid: ImageGrid) -> Self:
        """Axes of an image grid: u along rows, v along columns."""
        return cls(u=grid.row_direction, v=grid.column_direction, normal=grid.normal)

    @classmethod
    def of_normal(cls, normal: Floats) -> Self:
        """Axes for a given normal (3,); x and y for +z."""
        helper = np.eye(3)[0 if abs(normal[0]) < 0.9 else 1]
        u = helper - normal * (helper @ normal)
        u /= np.linalg.norm(u)
        return cls(u=u, v=np.cross(normal, u), normal=normal)


def area_vectors(points_mm: Floats, offsets: Integers) -> Floats:
    """Signed area vectors of closed polygons by Newell's method; the lobes of a figure-eight cancel.

    Parameters
    ----------
    points_mm : (n, 3) vertices
    offsets : (m + 1,) first vertex of each polygon; no polygon is empty

    Returns
    -------
    (m, 3) vectors along each polygon's normal with its signed area as length, mm2
    """
    local = points_mm - np.repeat(points_mm[offsets[:-1]], np.diff(offsets), axis=0)
    x, y, z = np.ascontiguousarray(local.T)
    following = next_vertex(offsets)
    x1, y1, z1 = x[following], y[following], z[following]
    components = (y * z1 - z * y1, z * x1 - x * z1, x * y1 - y * x1)
    return 0.5 * np.stack([np.add.reduceat(component, offsets[:-1]) for component in components], axis=1)


def polygon_normals(points_mm: Floats, offsets: Integers) -> Floats:
    """Unit normals of closed polygons in space; zero where the vertices lie on one line.

    The normal is the direction of the signed area vector. Where the lobes of a polygon nearly cancel, it is the normal
    of the least-squares plane instead.

    Parameters
    ----------
    points_mm : (n, 3) vertices
    offsets : (m + 1,) first vertex of each polygon; no polygon is empty

    Returns
    -------
    (m, 3)
    """
    vectors = area_vectors(points_mm, offsets)
    sizes = lengths(vectors)
    steps = points_mm.take(next_vertex(offsets), axis=0) - points_mm
    perimeters = np.add.reduceat(lengths(steps), offsets[:-1])
    clear = sizes > CLEAR_SHARE * perimeters**2
    normals = np.zeros_like(vectors)
    normals[clear] = vectors[clear] / sizes[clear, None]
    for polygon in np.flatnonzero(~clear):
        normals[polygon] = _fitted_normal(points_mm[offsets[polygon] : offsets[polygon + 1]])
    return normals


def _fitted_normal(points_mm: Floats) -> Floats:
    """Normal of the least-squares plane through the points; zero where they lie on a line."""
    spreads, axes = np.linalg.svd(points_mm - points_mm.mean(axis=0), full_matrices=False)[1:]
    return np.asarray(axes[2] if len(spreads) == 3 and spreads[1] > LINE_SHARE * spreads[0] else np.zeros(3))


def plane_coordinates(points_mm: Floats, offsets: Integers, normals: Floats) -> Floats:
    """(n, 2) vertices in axes of each polygon's own plane, relative to its first vertex, mm."""
    helpers = np.eye(3)[np.argmin(np.abs(normals), axis=1)]
    u = np.cross(normals, helpers)
    u = units(u, np.finfo(float).tiny)
    counts = np.diff(offsets)
    local = points_mm - np.repeat(points_mm[offsets[:-1]], counts, axis=0)
    return np.stack([dots(local, np.repeat(axis, counts, axis=0)) for axis in (u, np.cross(normals, u))], 1)


def common_normal(vectors: Floats) -> Floats | None:
    """Common direction of area vectors (m, 3), regardless of sign; None if none has an area.

    Its largest component is positive, so reversing contours changes nothing.
    """
    sizes = lengths(vectors)
    if not np.any(sizes > 0):
        return None
    directions = vectors[sizes > 0] / sizes[sizes > 0, None]
    tensor = (directions * sizes[sizes > 0, None]).T @ directions
    normal = np.linalg.eigh(tensor)[1][:, -1]
    normal = normal * np.sign(normal[np.argmax(np.abs(normal))])
    axis = np.eye(3)[np.argmax(np.abs(normal))]
    return np.asarray(axis if np.linalg.norm(normal - axis) < SNAP else normal)


def group_positions(positions_mm: Floats, tolerance_mm: float) -> Integers:
    """Number the planes that positions fall on, in increasing order; neighbors within the tolerance share one.

    Returns
    -------
    (m,) plane number of each position
    """
    order = np.argsort(positions_mm, kind="stable")
    steps = np.diff(positions_mm[order]) > tolerance_mm
    planes = np.empty(len(order), np.int64)
    planes[order] = offsets_of(steps)[: len(order)]
    return planes


def merged_positions(positions_mm: Floats, tolerance_mm: float) -> Floats:
    """Mean position of each plane that positions fall on, increasing.

    Examples
    --------
    >>> merged_positions(np.array([3.0, 0.0, 3.2, 6.0]), 0.5).tolist()
    [0.0, 3.1, 6.0]
    """
    planes = group_positions(positions_mm, tolerance_mm)
    return np.asarray(np.bincount(planes, weights=positions_mm) / np.bincount(planes))
