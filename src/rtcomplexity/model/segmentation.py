"""The contents of a DICOM Segmentation, as plain immutable values: masks of pixels where a structure set has contours.

Knows nothing of files or pydicom; :mod:`rtcomplexity.dicom.segmentation` builds these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.arrays import freeze
from rtcomplexity.model.structure_set import NOBODY, Code, PatientIdentity

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentFrame:
    """One segment on one slice, cut to the box around its pixels."""

    mask: NDArray[np.bool_]
    """(rows, columns)"""
    first_pixel_mm: NDArray[np.float64]
    """(3,) center of the mask's first pixel, LPS."""
    next_column_mm: NDArray[np.float64]
    """(3,) from a pixel to its neighbor in the next column."""
    next_row_mm: NDArray[np.float64]
    """(3,) from a pixel to its neighbor in the next row."""

    def __post_init__(self) -> None:
        freeze(self, np.bool_, "mask")
        freeze(self, np.float64, "first_pixel_mm", "next_column_mm", "next_row_mm")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """One item of Segment Sequence with the frames that hold pixels of it."""

    number: int
    """Segment Number (0062,0004)."""
    label: str
    """Segment Label (0062,0005), as written; it may identify the patient."""
    generation: str
    """Segment Algorithm Type (0062,0008): MANUAL, SEMIAUTOMATIC, AUTOMATIC; empty means not stated."""
    codes: tuple[Code, ...] = ()
    """Segmented Property Type Code Sequence (0062,000F)."""
    frames: tuple[SegmentFrame, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segmentation:
    """One Segmentation instance."""

    sop_instance_uid: str
    series_uid: str
    study_uid: str
    patient_key: str = field(repr=False)
    patient: PatientIdentity = field(default=NOBODY, repr=False)
    frame_of_reference_uid: str
    written_at: str = ""
    manufacturer: str = ""
    segments: tuple[Segment, ...]
    file_sha256: str = ""
