"""PET over the planning image, sampled through the registration at the points a picture needs.

Works on image sets and point maps. Shows SUVbw if the headers give it, otherwise counts relative to the maximum in the
picture, labeled as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.sampling import sample, voxel_centers_mm
from rtcomplexity.fusion.tied_images import in_order_of_choice

if TYPE_CHECKING:
    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.model.arrays import Floats, Integers
    from rtcomplexity.model.image import ImageGrid, ImageSeries

PITCH_MM: Final = 2.5
LOWEST_SUVBW: Final = 1.0
LOWEST_TOP_SUVBW: Final = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Uptake:
    """PET on the slices of a picture box, at a coarser in-plane resolution."""

    share: Floats
    """(S, J, I) 0 to 1 between the ends of the window, NaN where the PET has no value."""
    j: Floats
    """(J,) rows of the planning image that were sampled."""
    i: Floats
    """(I,) columns of the planning image that were sampled."""
    caption: str


def uptake_of(images: CaseImages, slices: Integers, j: tuple[int, int], i: tuple[int, int]) -> Uptake | None:
    """Sample the preferred PET tied to the planning image; None if no PET can be read."""
    planning = images.case.planning_image
    if planning is None:
        return None
    found = _pet(images, planning)
    if found is None or found.point_map is None:
        return None
    rows = _steps(j, planning.grid.row_spacing_mm)
    columns = _steps(i, planning.grid.column_spacing_mm)
    points = points_mm(planning.grid, slices, rows, columns)
    try:
        values = sample(images.pixels_of(found.series), found.point_map(points), factor=found.factor)
    except InputDataError:
        return None
    if np.isnan(values).all():
        return None
    share, caption = windowed(values.reshape(len(slices), len(rows), len(columns)), is_suvbw=found.factor is not None)
    return Uptake(share=share, j=rows, i=columns, caption=caption)


def _pet(images: CaseImages, planning: ImageSeries) -> TiedImage | None:
    """The PET used by metrics, otherwise the first one tied; None if it is the planning image itself."""
    without_suv = [one for one in images.tied if one.image_set.modality == "PT" and one.point_map is not None]
    chosen = next(iter((*in_order_of_choice(images.tied, "PT"), *without_suv)), None)
    return None if chosen is None or chosen.series is planning else chosen


def _steps(extent: tuple[int, int], spacing_mm: float) -> Floats:
    """Evenly spaced positions within an extent, about :data:`PITCH_MM` apart, each centered on its interval."""
    length = extent[1] - extent[0]
    count = max(round(length * spacing_mm / PITCH_MM), 1)
    steps: Floats = extent[0] - 0.5 + (np.arange(count, dtype=np.float64) + 0.5) * (length / count)
    return steps


def points_mm(grid: ImageGrid, slices: Integers, rows: Floats, columns: Floats) -> Floats:
    """(S * J * I, 3) points, patient coordinates."""
    k, j, i = np.meshgrid(slices, rows, columns, indexing="ij")
    origins = voxel_centers_mm(grid, np.column_stack([k.ravel(), np.zeros((k.size, 2), np.int64)]))
    in_plane: Floats = (
        origins
        + j.reshape(-1, 1) * (grid.column_direction * grid.row_spacing_mm)
        + i.reshape(-1, 1) * (grid.row_direction * grid.column_spacing_mm)
    )
    return in_plane


def windowed(values: Floats, *, is_suvbw: bool) -> tuple[Floats, str]:
    """Values relative to the display window, 0 to 1 inside it, and the caption of the colors."""
    top = float(np.nanpercentile(values, 99.9))
    if is_suvbw:
        top = float(np.ceil(max(top, LOWEST_TOP_SUVBW)))
        caption = f"PET in color, SUVbw {LOWEST_SUVBW:g} (clear) to {top:g} (bright)"
        return (values - LOWEST_SUVBW) / (top - LOWEST_SUVBW), caption
    low = 0.15 * top
    caption = "PET in color, relative to its maximum in this region (the headers give no SUV)"
    return (values - low) / max(top - low, 1e-9), caption
