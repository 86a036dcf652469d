"""Image series: where their pixels are in the patient, and what they are; pixel values are read when needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.arrays import freeze, frozen_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.sources.member import Source


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageGrid:
    """Pixel centers of a stack of parallel slices, ordered along the normal. Array index order is (k, j, i)."""

    slice_origins_mm: NDArray[np.float64]
    """(K, 3) center of pixel (j=0, i=0) of each slice, LPS, mm; increasing along `normal`."""
    row_direction: NDArray[np.float64]
    """(3,) unit vector along a row, in which the column index i increases."""
    column_direction: NDArray[np.float64]
    """(3,) unit vector along a column, in which the row index j increases."""
    row_spacing_mm: float
    """Distance between neighboring rows: first value of Pixel Spacing, mm."""
    column_spacing_mm: float
    """Distance between neighboring columns: second value of Pixel Spacing, mm."""
    rows: int
    columns: int
    slice_thickness_mm: float | None = None
    """Slice Thickness (0018,0050), the attribute: only used where one slice tells no spacing."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "slice_origins_mm", "row_direction", "column_direction")

    @cached_property
    def normal(self) -> NDArray[np.float64]:
        """(3,) row direction x column direction."""
        return frozen_array(np.cross(self.row_direction, self.column_direction), np.float64)

    @cached_property
    def slice_positions_mm(self) -> NDArray[np.float64]:
        """(K,) position of each slice along the normal, increasing."""
        return frozen_array(self.slice_origins_mm @ self.normal, np.float64)

    @cached_property
    def slice_spacing_mm(self) -> float | None:
        """Median distance between neighboring slices, measured; Slice Thickness where there is one slice."""
        if len(self.slice_origins_mm) < 2:
            return self.slice_thickness_mm
        return float(np.median(np.diff(self.slice_positions_mm)))

    @cached_property
    def slice_slabs_mm(self) -> NDArray[np.float64]:
        """(K,) what each slice stands for, mm: half the way to either neighbor, an outer half like the inner one.

        A single slice stands for its Slice Thickness; NaN where it states none.
        """
        halves = np.diff(self.slice_positions_mm) / 2
        if len(halves) == 0:
            thickness = np.nan if self.slice_thickness_mm is None else self.slice_thickness_mm
            return frozen_array(np.full(len(self.slice_origins_mm), thickness), np.float64)
        return frozen_array(np.append(halves[0], halves) + np.append(halves, halves[-1]), np.float64)

    @cached_property
    def in_plane_shifts_mm(self) -> NDArray[np.float64]:
        """(K, 2) how far each slice lies from the first one along rows and columns, mm: none but on a leaning stack."""
        shifts = self.slice_origins_mm - self.slice_origins_mm[0]
        return frozen_array(shifts @ np.column_stack([self.row_direction, self.column_direction]), np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageSeries:
    """One image series (or one stack of it)."""

    series_uid: str
    study_uid: str
    frame_of_reference_uid: str
    modality: str
    grid: ImageGrid
    sop_instance_uids: tuple[str, ...]
    """(K,) one a slice, in the grid's order."""
    file_sha256s: tuple[str, ...] = field(default=(), repr=False)
    """(K,) SHA-256 of each slice's file."""
    paths: tuple[Source, ...] = field(default=(), repr=False)
    """(K,) where the pixels can be read; never written out."""
    frame_indices: tuple[int, ...] = field(default=(), repr=False)
    """(K,) zero-based frame of its multi-frame file that each slice is; empty where every file holds one slice."""
    patient_key: str = field(default="", repr=False)
    description: str = field(default="", repr=False)
    image_type: tuple[str, ...] = ()
    body_part: str = ""
    patient_position: str = ""
    units: str = ""
    """PET Units (0054,1001); empty for other modalities."""
    written_at: str = ""
    """Acquisition (else series) date and time, to the precision stated; sorts by time."""
    equipment: str = field(default="", repr=False)
    """Manufacturer, model and serial number of the scanner; empty where not stated; never written out."""
    ambiguous_slices: tuple[int, ...] = ()
    """Slices at whose position several different images lie that nothing distinguishes: no value is read there."""
