"""A DICOM Segmentation as a structure set: the outlines of its masks, as if they had been contoured.

An outline runs half-way between pixel centers inside and outside (marching squares), so a region's area is that of its
pixels less half a pixel for each outline. It is no finer than the pixels: distances carry about half a pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.model.structure_set import Contours, ImageReferences, Roi, StructureSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.segmentation import Segment, Segmentation, SegmentFrame

FEWEST_VERTICES: Final = 3


def structure_set_of(found: Segmentation) -> StructureSet:
    """Give a Segmentation as a structure set whose ROIs, without classes, are its segments."""
    frames = frozenset({found.frame_of_reference_uid} - {""})
    return StructureSet(
        sop_instance_uid=found.sop_instance_uid,
        series_uid=found.series_uid,
        study_uid=found.study_uid,
        patient_key=found.patient_key,
        patient=found.patient,
        written_at=found.written_at,
        manufacturer=found.manufacturer,
        references=ImageReferences(frame_of_reference_uids=frames),
        rois=tuple(_roi(segment, found.frame_of_reference_uid) for segment in found.segments),
        file_sha256=found.file_sha256,
    )


def _roi(segment: Segment, frame_uid: str) -> Roi:
    return Roi(
        number=segment.number,
        name=segment.label,
        contours=outlines(segment.frames),
        frame_of_reference_uid=frame_uid,
        generation=segment.generation,
        codes=segment.codes,
    )


def outlines(frames: Sequence[SegmentFrame]) -> Contours:
    """Outlines of masks, LPS, mm; holes are outlines of their own (even-odd)."""
    polygons = [polygon for frame in frames for polygon in _outlines(frame)]
    if not polygons:
        return Contours.empty()
    return Contours(
        points_mm=np.concatenate(polygons),
        offsets=np.concatenate([[0], np.cumsum([len(each) for each in polygons])]),
        geometric_types=np.zeros(len(polygons), np.int8),
    )


def _outlines(frame: SegmentFrame) -> Iterator[Floats]:
    """(n, 3) of each outline of one frame, the first vertex not repeated."""
    from skimage.measure import find_contours  # noqa: PLC0415 - heavy, and seldom asked for

    for line in find_contours(np.pad(frame.mask, 1).astype(np.float64), 0.5):  # type: ignore[no-untyped-call]
        row, column = (line[:-1] - 1).T
        if len(row) >= FEWEST_VERTICES:
            yield frame.first_pixel_mm + column[:, None] * frame.next_column_mm + row[:, None] * frame.next_row_mm
