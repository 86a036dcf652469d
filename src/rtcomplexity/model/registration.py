"""Spatial registrations between frames of reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.arrays import frozen_array

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "registered_from_source", frozen_array(self.registered_from_source, np.float64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpatialRegistration:
    """One Spatial Registration instance."""

    sop_instance_uid: str
    registered_frame_uid: str
    mappings: tuple[FrameMapping, ...]
    referenced_image_uids: frozenset[str] = frozenset()
    is_deformable: bool = False
    file_sha256: str = ""
