"""Closed contours as a stack of parallel planes: grouped, duplicates collapsed, measured exactly.

Pure mathematics in millimetres; knows no DICOM, no images and no pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.arrays import frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class PlaneStack:
    """The closed contours of one shape on parallel planes, as nested ragged arrays.

    Plane p holds the contours ``plane_offsets[p]:plane_offsets[p + 1]``; contour c has the vertices
    ``points_mm[contour_offsets[c]:contour_offsets[c + 1]]`` (first vertex not repeated). A point of plane p lies at
    ``u * u_axis + v * v_axis + positions_mm[p] * normal``. The area of a plane is the even-odd area of its contours.
    """

    u_axis: NDArray[np.float64]
    """(3,) unit vector."""
    v_axis: NDArray[np.float64]
    """(3,) unit vector; u x v = normal."""
    normal: NDArray[np.float64]
    """(3,) unit vector along which the planes are ordered."""
    positions_mm: NDArray[np.float64]
    """(P,) position of each plane along the normal, increasing."""
    lower_mm: NDArray[np.float64]
    """(P,) how far the slab of each plane reaches below it, mm."""
    upper_mm: NDArray[np.float64]
    """(P,) how far the slab of each plane reaches above it, mm."""
    points_mm: NDArray[np.float64]
    """(n, 2) vertices (u, v), mm."""
    contour_offsets: NDArray[np.int64]
    """(m + 1,)"""
    plane_offsets: NDArray[np.int64]
    """(P + 1,)"""

    def __post_init__(self) -> None:
        for name in ("u_axis", "v_axis", "normal", "positions_mm", "lower_mm", "upper_mm", "points_mm"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        for name in ("contour_offsets", "plane_offsets"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64))

    @property
    def slab_mm(self) -> NDArray[np.float64]:
        """(P,) local slab thickness of each plane, mm."""
        return self.lower_mm + self.upper_mm
