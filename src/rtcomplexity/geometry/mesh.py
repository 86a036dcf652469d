"""Closed triangle meshes: area, volume, convex hull, and the shape measures that follow from these.

Works in millimeters; knows no images, contours or DICOM. Meshes are built from masks in
:mod:`~rtcomplexity.geometry.ibsi_morphology` and from contours in :mod:`~rtcomplexity.geometry.field.body`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.errors import GeometryError
from rtcomplexity.geometry.columns import any_nonzero, greatest, least
from rtcomplexity.geometry.hulls import hull_corners
from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats, Integers

_DISTANCE_BLOCK: Final = 512


class UnmeasurableShapeError(GeometryError):
    """A value that does not exist for a shape, such as the elongation of a single voxel."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """A closed triangulated surface; it may consist of several bodies and cavities."""

    vertices_mm: Floats
    """(n, 3) mm, in the axis order of the array the mesh was made from."""
    faces: Integers
    """(m, 3) vertex indices, consistently oriented."""
    is_in_rows: bool = False
    """Whether most vertices lie in rows along the last axis, as on the surface of a mask."""
    is_symmetric: bool = False
    """Whether exchanging the last two axes leaves the mesh unchanged, up to rounding."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "vertices_mm")
        freeze(self, np.int64, "faces")

    @cached_property
    def _columns_mm(self) -> Floats:
        """(3, n) vertex coordinates by axis."""
        return np.ascontiguousarray(self.vertices_mm.T)

    def _corners(self, columns_mm: Floats) -> list[Floats]:
        """(3, m) coordinates of the first, second and third corner of each triangle."""
        return [columns_mm.take(corner, axis=1) for corner in np.ascontiguousarray(self.faces.T)]

    @cached_property
    def area_mm2(self) -> float:
        """Sum of the triangles' areas, mm2."""
        first, second, third = self._corners(self._columns_mm)
        x, y, z = _crossed(second - first, third - first)
        return float(np.sqrt(x * x + y * y + z * z).sum() / 2)

    @cached_property
    def volume_mm3(self) -> float:
        """Sum of the signed tetrahedra from a common point to every triangle, mm3; cavities count as negative."""
        center = np.cumsum(self._columns_mm, axis=1)[:, -1:] / len(self.vertices_mm)
        first, second, third = self._corners(self._columns_mm - center)
        rows = np.ascontiguousarray(first.T), np.stack(_crossed(second, third), axis=1)
        return abs(float(np.einsum("ij,ij->", *rows) / 6))

    @cached_property
    def extent_mm(self) -> Floats:
        """(3,) edges of the axis-aligned bounding box, mm."""
        return np.asarray(greatest(self.vertices_mm) - least(self.vertices_mm))

    @cached_property
    def _hull(self) -> Any:  # noqa: ANN401 - scipy ships no types
        return convex_hull(outermost_of_each_row(self.vertices_mm) if self.is_in_rows else self.vertices_mm)

    @cached_property
    def hull_area_mm2(self) -> float:
        """Area of the convex hull, mm2."""
        return float(self._hull.area)

    @cached_property
    def hull_volume_mm3(self) -> float:
        """Volume of the convex hull, mm3."""
        if self.is_symmetric:
            return 2 * float(convex_hull(half_of_symmetric(self.vertices_mm)).volume)
        return float(self._hull.volume)

    @cached_property
    def maximum_diameter_mm(self) -> float:
        """Largest distance between two vertices, mm; only vertices of the convex hull can be that far apart."""
        return largest_distance(self._hull.points[self._hull.vertices])


def mesh_of_field(
    field: NDArray[np.floating[Any]],
    level: float,
    spacing_mm: Sequence[float],
    origin_mm: Sequence[float] = (0, 0, 0),
    *,
    is_in_rows: bool = False,
    is_symmetric: bool = False,
) -> Mesh:
    """Triangulate where `field` crosses `level`, by marching cubes (Lewiner).

    Parameters
    ----------
    field
        (k, j, i) values, higher inside; its outermost voxels must lie outside.
    level
        The value on the surface.
    spacing_mm
        Distance between voxel centers along each axis, mm.
    origin_mm
        Where voxel (0, 0, 0) lies, mm.
    is_in_rows
        Whether most vertices will lie in rows along the last axis.
    is_symmetric
        Whether field, spacing and origin are the same with the last two axes exchanged.

    Raises
    ------
    UnmeasurableShapeError
        If the field never crosses the level.
    """
    from skimage.measure import marching_cubes  # noqa: PLC0415 - importing the package stays quick

    if not field.size or not field.min() < level < field.max():
        raise UnmeasurableShapeError("The shape is empty: it has no surface.", "a shape that encloses a volume.")
    triangulate: Any = marching_cubes
    vertices, faces, _, _ = triangulate(np.array(field, np.float32), level=level, allow_degenerate=True)
    vertices_mm = vertices.astype(np.float64) * np.asarray(spacing_mm, float) + np.asarray(origin_mm, float)
    return Mesh(vertices_mm=vertices_mm, faces=faces, is_in_rows=is_in_rows, is_symmetric=is_symmetric)


def mesh_of_mask(mask: Flags, spacing_mm: Sequence[float]) -> Mesh:
    """Triangulate a mask as IBSI does: marching cubes at 0.5 of the *padded* mask.

    Without the padding a mask that touches its box has no closed surface there.

    Parameters
    ----------
    mask
        (k, j, i) voxels inside.
    spacing_mm
        Distance between voxel centers along each axis, mm.
    """
    padded = np.pad(mask, 1).astype(np.float32)
    return mesh_of_field(padded, 0.5, spacing_mm, origin_mm=[-step for step in spacing_mm], is_in_rows=True)


def _crossed(first: Floats, second: Floats) -> list[Floats]:
    """Cross products of (3, m) vectors by axis: numpy's result, faster."""
    (x, y, z), (u, v, w) = first, second
    return [y * w - z * v, z * u - x * w, x * v - y * u]


def convex_hull(points_mm: Floats) -> Any:  # noqa: ANN401 - scipy ships no types
    """Convex hull of points (n, 3), without merging facets where possible.

    Qhull merges facets that rounding leaves slightly concave. The search for them takes half as long as the hull
    itself, and few hulls have any; when Qhull reports one, the hull is computed again with merging. Areas and volumes
    agree within 1e-13.
    """
    from scipy.spatial import ConvexHull, QhullError  # noqa: PLC0415 - importing the package stays quick

    try:
        return ConvexHull(points_mm, qhull_options="Q0")
    except QhullError:
        return ConvexHull(points_mm)


def half_of_symmetric(points_mm: Floats) -> Floats:
    """Points whose convex hull is one half of the hull of points that are symmetric in the last two axes.

    The half is cut where the last two coordinates are equal. It contains its own points, and the midpoints between them
    and their mirror images, which lie on the cut. These are enough: any convex combination of points in the half is no
    farther from the cut than the same combination with all points mirrored into the half. Of the midpoints, only the
    corners of their own hull are kept.
    """
    upper = points_mm[points_mm[:, 2] >= points_mm[:, 1]]
    middles = np.column_stack([upper[:, 0], (upper[:, 1] + upper[:, 2]) / 2])
    corners, _ = hull_corners(middles, np.array([0, len(middles)]))
    cut = middles[corners]
    return np.concatenate([upper, np.column_stack([cut, cut[:, 1]])])


def outermost_of_each_row(points_mm: Floats) -> Floats:
    """Keep the two ends of each row of points along the last axis.

    No other point can be a vertex of the convex hull, and few points of a mask's mesh remain.

    Examples
    --------
    >>> outermost_of_each_row(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 1.0], [0.0, 5.0, 1.0]])).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 2.0], [0.0, 5.0, 1.0]]
    """
    ordered = points_mm.take(np.lexsort(points_mm.T[::-1]), axis=0)
    new_row = any_nonzero(np.diff(ordered[:, :-1], axis=0))
    return np.asarray(ordered[np.r_[True, new_row] | np.r_[new_row, True]])


def largest_distance(points_mm: Floats) -> float:
    """Largest distance between two points of (n, 3), mm, computed in blocks to limit memory."""
    from scipy.spatial.distance import cdist  # noqa: PLC0415 - importing the package stays quick

    starts = range(0, len(points_mm), _DISTANCE_BLOCK)
    blocks = (points_mm[start : start + _DISTANCE_BLOCK] for start in starts)
    return max(float(cdist(block, points_mm).max()) for block in blocks)


def sphericity(volume_mm3: float, area_mm2: float) -> float:
    """Area of the sphere of the same volume over the area of the shape: 1 for a sphere, otherwise less (IBSI QCFX).

    Wadell H. Volume, shape, and roundness of quartz particles. J Geol 1935;43:250-280.

    Examples
    --------
    >>> round(sphericity(1.0, 6.0), 6)  # a cube
    0.805996
    """
    return math.cbrt(36 * math.pi * volume_mm3**2) / area_mm2


def equivalent_sphere_diameter(volume_mm3: float) -> float:
    """Diameter of the sphere of that volume, mm.

    Examples
    --------
    >>> round(equivalent_sphere_diameter(4188.790205), 6)
    20.0
    """
    return math.cbrt(6 * volume_mm3 / math.pi)
