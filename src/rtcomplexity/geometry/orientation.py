"""Orientation of contours: their normals, the planes they lie on, and axes to measure in.

Knows points and directions only; axial is not assumed anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from rtcomplexity.model.arrays import frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.model.image import ImageGrid

SNAP = 1e-6
"""A unit vector this close to a coordinate axis is that axis: files write directions in decimals."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaneAxes:
    """Right-handed unit axes; planes are ordered along `normal`, points measured along `u` and `v`."""

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    normal: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("u", "v", "normal"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))

    @classmethod
    def of_grid(cls, grid: ImageGrid) -> Self:
        """Axes of an image grid: u along rows, v along columns."""
        return cls(u=grid.row_direction, v=grid.column_direction, normal=grid.normal)

    @classmethod
    def of_normal(cls, normal: NDArray[np.float64]) -> Self:
        """Axes for a normal alone; for +z they are x and y."""
        helper = np.eye(3)[0 if abs(normal[0]) < 0.9 else 1]
        u = helper - normal * (helper @ normal)
        u /= np.linalg.norm(u)
        return cls(u=u, v=np.cross(normal, u), normal=normal)


def newell_normals(points_mm: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area vectors of closed polygons by Newell's method.

    Parameters
    ----------
    points_mm : (n, 3) vertices
    offsets : (m + 1,) first vertex of each polygon; no polygon is empty

    Returns
    -------
    (m, 3) vectors along each polygon's normal with its enclosed area as length, mm2
    """
    if len(offsets) < 2:
        return np.empty((0, 3))
    local = points_mm - np.repeat(points_mm[offsets[:-1]], np.diff(offsets), axis=0)
    x, y, z = np.ascontiguousarray(local.T)
    following = next_vertex(offsets)
    x1, y1, z1 = x[following], y[following], z[following]
    components = (y * z1 - z * y1, z * x1 - x * z1, x * y1 - y * x1)
    return 0.5 * np.stack([np.add.reduceat(component, offsets[:-1]) for component in components], axis=1)


def next_vertex(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) index of the vertex that follows each vertex of closed polygons; the last is followed by the first."""
    following = np.arange(1, offsets[-1] + 1, dtype=np.int64)
    filled = offsets[1:] > offsets[:-1]
    following[offsets[1:][filled] - 1] = offsets[:-1][filled]
    return following


def common_normal(area_vectors: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Direction that the polygons' area vectors share, whatever their sense; None if none has an area.

    Its largest component is positive, so that reversing contours changes nothing.
    """
    lengths = np.linalg.norm(area_vectors, axis=1)
    if not np.any(lengths > 0):
        return None
    units = area_vectors[lengths > 0] / lengths[lengths > 0, None]
    tensor = (units * lengths[lengths > 0, None]).T @ units
    normal = np.linalg.eigh(tensor)[1][:, -1]
    normal = normal * np.sign(normal[np.argmax(np.abs(normal))])
    axis = np.eye(3)[np.argmax(np.abs(normal))]
    return np.asarray(axis if np.linalg.norm(normal - axis) < SNAP else normal)


def group_positions(positions_mm: NDArray[np.float64], tolerance_mm: float) -> NDArray[np.int64]:
    """Number the planes that positions fall on, upwards; neighbours closer than the tolerance share one.

    Returns
    -------
    (m,) plane number of each position
    """
    order = np.argsort(positions_mm, kind="stable")
    steps = np.diff(positions_mm[order]) > tolerance_mm
    planes = np.empty(len(order), np.int64)
    planes[order] = np.concatenate(([0], np.cumsum(steps))) if len(order) else np.empty(0, np.int64)
    return planes
