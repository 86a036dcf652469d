"""Spatial registrations between frames of reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameMapping:
    """One item of Registration Sequence (0070,0308): points of a source frame mapped into the registered frame."""

    source_frame_uid: str
    registered_from_source: NDArray[np.float64]
    """(4, 4) affine, mm, the product M1 M2 M3 of the item's matrices."""
    transformation_type: str = ""
    """RIGID, RIGID_SCALE or AFFINE."""
    source_series_uid: str = ""
    """Within one frame of reference: the series that alone is moved; empty for a mapping between frames."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "registered_from_source")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeformationField:
    """One item of Deformable Registration Sequence (0064,0002): points of the registered frame mapped into a source.

    It runs the other way than :class:`FrameMapping`: source = post (pre x + v(x)), where v is the vector of the grid,
    interpolated at the registered point x itself (PS3.3 C.20.3.1.1). Outside the grid, and where a vector is NaN, the
    mapping is undefined.
    """

    source_frame_uid: str
    pre_matrix: NDArray[np.float64]
    """(4, 4) affine, mm, applied before a vector is added."""
    post_matrix: NDArray[np.float64]
    """(4, 4) affine, mm, applied after it."""
    grid_from_point: NDArray[np.float64]
    """(4, 4) affine from points of the registered frame, mm, to grid indices (x, y, z)."""
    vectors_mm: NDArray[np.float32]
    """(nz, ny, nx, 3) displacement at each grid node, mm; NaN means undefined."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "pre_matrix", "post_matrix", "grid_from_point")
        freeze(self, np.float32, "vectors_mm")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpatialRegistration:
    """One Spatial Registration (or Deformable Spatial Registration) instance."""

    sop_instance_uid: str
    registered_frame_uid: str
    mappings: tuple[FrameMapping, ...]
    is_deformable: bool = False
    deformations: tuple[DeformationField, ...] = ()
    """What a deformable registration maps in addition to, or instead of, its matrices."""
    file_sha256: str = ""
    written_at: str = ""
    """Content (else Instance Creation) date and time, to the precision stated; sorts by time."""
