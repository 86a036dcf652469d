"""The targets as DICOM Segmentation (PS3.3 A.51): the voxels of the planning image that ``shape.voxel_volume`` counts.

Unlike the other reports it needs the plan: a record holds no voxels. A segment per target, in the planning image's
study and frame of reference, on those of its slices that a target meets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.dicom.parsing import parse
from rtcomplexity.errors import InputDataError, MissingExtraError
from rtcomplexity.evidence.formats.dicom.common_modules import (
    identification_in,
    instance_of,
    set_times,
    to_bytes,
    uid_of,
)
from rtcomplexity.evidence.formats.dicom.sr import TARGETS, code_of
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtcomplexity.evidence.record import Record, RoiRecord
    from rtcomplexity.geometry.stack.runs import Runs
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.model.image import ImageSeries

_CATEGORY: Final = ("309825002", "SCT", "Spatial and Relational Concept")
_FAMILY: Final = ("123109", "DCM", "Manual Processing")
_ALGORITHM: Final = "Voxel centers inside the contours"
_CONTENT: Final = "Targets of the RT Structure Set"
_LONGEST_LABEL: Final = 64
"""Characters of an element of VR LO."""


def segmentation(measured: MeasuredCase, record: Record, written_at: str) -> bytes:
    """Write the targets.

    Parameters
    ----------
    measured
        The plan that the record was made of.
    record
        Identified.
    written_at
        Time of the run, UTC, from the manifest.

    Raises
    ------
    UsageError
        If the record is de-identified.
    InputDataError
        If there is no planning image of single slices, or no target has a voxel on it.
    MissingExtraError
        If highdicom is not installed.
    """
    identification_in(record)
    try:
        from highdicom import seg  # noqa: PLC0415 -- an extra
    except ImportError as fault:
        feature = "seg"
        raise MissingExtraError(feature, "dicom-out") from fault
    image = _planning_image(measured)
    found, without = _voxels(measured, record)
    slices = _slices_met([runs for _, runs in found])
    dataset = seg.Segmentation(
        source_images=[_header(measured, image, k) for k in slices],
        pixel_array=_pixels([runs for _, runs in found], slices),
        segmentation_type=seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(number, roi, record, seg) for number, (roi, _) in enumerate(found, start=1)],
        **instance_of("seg", 9903, record, written_at),
        content_label="TARGETS",
        content_description=_content(without),
        series_description="Targets",
    )
    _set_dimension_uid(dataset, uid_of("seg dimensions", record.plan.id))
    set_times(dataset, written_at)
    return to_bytes(dataset)


def _planning_image(measured: MeasuredCase) -> ImageSeries:
    image = measured.case.planning_image
    if image is None:
        raise InputDataError("No planning image is linked to the structure set.", "the folder that holds it.")
    if image.frame_indices:
        raise InputDataError("The planning image is multi-frame.", "a Segmentation is written on single slices only.")
    return image


def _voxels(measured: MeasuredCase, record: Record) -> tuple[list[tuple[RoiRecord, Runs]], list[int]]:
    """Targets with voxels on the planning image, in the record's order, and the numbers of those without any."""
    found, without = [], []
    for drawn, roi in zip(measured.case.structure_set.rois, record.rois, strict=True):
        if roi.target_class not in TARGETS:
            continue
        try:
            runs = measured.context(drawn).runs
        except NotMeasurableError:
            runs = None
        if runs is not None and runs.count:
            found.append((roi, runs))
        else:
            without.append(roi.number)
    if not found:
        raise InputDataError("No target has a voxel on the planning image.", "targets with closed contours.")
    return found, without


def _content(without: Sequence[int]) -> str:
    """What the object holds, and which targets it cannot hold: by number, as long as the element has room for them."""
    if not without:
        return _CONTENT
    named = f"{_CONTENT}; without voxels: {', '.join(map(str, without))}"
    return named if len(named) <= _LONGEST_LABEL else f"{_CONTENT}; without voxels: {len(without)} more"


def _slices_met(targets: Sequence[Runs]) -> list[int]:
    return sorted({int(k) for runs in targets for k in np.unique(runs.planes)})


def _pixels(targets: Sequence[Runs], slices: Sequence[int]) -> NDArray[np.uint8]:
    """(slices, rows, columns, segments), 1 inside."""
    _, rows, columns = targets[0].shape
    pixels = np.zeros((len(slices), rows, columns, len(targets)), np.uint8)
    for segment, runs in enumerate(targets):
        for place, k in enumerate(slices):
            chosen = runs.select_planes(np.array([k]))
            pixels[place, ..., segment] = chosen.mask((slice(0, 1), slice(0, rows), slice(0, columns)))[0]
    return pixels


def _header(measured: MeasuredCase, image: ImageSeries, k: int) -> Dataset:
    try:
        return parse(image.paths[k].read_bytes(), settings=measured.settings)
    except OSError as fault:
        raise InputDataError("A slice of the planning image is gone.", "leave the plan as it is.") from fault


def _description(number: int, roi: RoiRecord, record: Record, seg: Any) -> Any:  # noqa: ANN401 -- of highdicom
    import highdicom as hd  # noqa: PLC0415 -- an extra

    algorithm = hd.AlgorithmIdentificationSequence(
        name=f"{_ALGORITHM}; ROI generation: {roi.generation}"[:_LONGEST_LABEL],
        family=code_of(_FAMILY),
        version=record.software.version,
    )
    return seg.SegmentDescription(
        segment_number=number,
        segment_label=shown(roi.name)[:_LONGEST_LABEL],
        segmented_property_category=code_of(_CATEGORY),
        segmented_property_type=code_of(TARGETS[roi.target_class]),
        algorithm_type=seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,  # a person's contours, cut into voxels by us
        algorithm_identification=algorithm,
        tracking_uid=uid_of("roi", record.plan.id, roi.number),
        tracking_id=f"ROI {roi.number}",
    )


def _set_dimension_uid(dataset: Dataset, uid: str) -> None:
    """Name the dimensions by a derived UID; highdicom takes a random one."""
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid
