"""The ROIs of a case as masks on its planning image: the voxels counted by `shape.voxel_volume`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtcomplexity.errors import InputDataError, UsageError
from rtcomplexity.fusion.nifti_masks import file_names, nifti_bytes, ras_from_index
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import Roi


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mask:
    """One ROI as a NIfTI file, or the reason why there is none."""

    roi: Roi
    file_name: str
    content: bytes = b""
    voxel_count: int = 0
    left_out_because: str = ""


def masks(measured: MeasuredCase, *, wanted: Sequence[str] = ()) -> Iterator[Mask]:
    """Yield the masks one by one, in the order of the structure set.

    Parameters
    ----------
    measured : the case, with the planes of its ROIs
    wanted : exact names or numbers of ROIs; all of them if empty

    Raises
    ------
    UsageError
        If a requested ROI does not exist.
    InputDataError
        If there is no planning image, or its slices are not evenly spaced.
    """
    case = measured.case
    if case.planning_image is None:
        raise InputDataError(
            "No planning image is linked to the structure set, so there is no grid for masks.",
            "the folder that holds the CT on which the ROIs were contoured.",
        )
    grid = case.planning_image.grid
    ras_from_index(grid)
    rois = case.structure_set.rois
    chosen = {index for text in wanted for index in _indices(text, rois)} if wanted else set(range(len(rois)))
    for index, (roi, name) in enumerate(zip(rois, file_names(rois), strict=True)):
        if index in chosen:
            yield _mask(measured.context(roi), name, grid)


def _indices(text: str, rois: Sequence[Roi]) -> list[int]:
    """Indices of the ROIs with that exact name, otherwise with that number."""
    named = [index for index, roi in enumerate(rois) if roi.name.strip() == text.strip()]
    found = named or [index for index, roi in enumerate(rois) if str(roi.number) == text.strip()]
    if not found:
        raise UsageError("--roi", text, "the exact name or the number of an ROI; 'rtcomplexity inspect' lists them")
    return found


def _mask(context: RoiContext, name: str, image: ImageGrid) -> Mask:
    """The mask of one ROI."""
    roi = context.roi
    try:
        runs = context.runs
    except NotMeasurableError as error:
        return Mask(roi=roi, file_name=name, left_out_because=str(error))
    if runs.count == 0:
        return Mask(roi=roi, file_name=name, left_out_because="no voxel center lies inside")
    return Mask(roi=roi, file_name=name, content=nifti_bytes(runs, image), voxel_count=runs.count)
