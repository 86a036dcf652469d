"""A DICOM Segmentation (PS3.3 A.51) read into frozen values: binary ones, and fractional ones at half of their maximum.

Only uncompressed pixels are read. A label map (2024) and a compressed one are refused with what to do. Knows nothing of
the images it was contoured on.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.functional_groups import frame_groups
from rtcomplexity.dicom.headers import enhanced_planes, read_patient_key
from rtcomplexity.dicom.parsing import FRONT_BYTES, PARSE_FAULTS, describe, may_be_dicom, parse, raw_element
from rtcomplexity.dicom.pixels import transfer_syntax_of
from rtcomplexity.dicom.sop_classes import SEGMENTATION
from rtcomplexity.dicom.structure_set import read_codes
from rtcomplexity.dicom.transfer_syntaxes import EXPLICIT, IMPLICIT
from rtcomplexity.errors import LimitExceededError, UnreadableFileError
from rtcomplexity.model.segmentation import Segment, Segmentation, SegmentFrame
from rtcomplexity.model.structure_set import PatientIdentity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtcomplexity.dicom.headers import Plane
    from rtcomplexity.model.arrays import Flags
    from rtcomplexity.settings import Settings


BINARY, FRACTIONAL = "BINARY", "FRACTIONAL"


def is_segmentation(path: Path) -> bool:
    """Whether a file is a DICOM Segmentation; nothing else of it is judged."""
    try:
        with path.open("rb") as stream:
            if not may_be_dicom(stream.read(FRONT_BYTES)):
                return False
            stream.seek(0)
            return elements.text(parse(stream, header_only=True), tags.SOP_CLASS_UID) == SEGMENTATION
    except (OSError, *PARSE_FAULTS):
        return False


def read_segmentation(path: Path, *, settings: Settings) -> Segmentation:
    """Read a Segmentation file.

    Parameters
    ----------
    path
        The file.
    settings
        ``max_structure_set_bytes`` and ``max_image_pixels`` limit what is read.

    Raises
    ------
    UnreadableFileError
        If it cannot be opened, is broken, compressed or a label map, or a frame states no place or segment.
    LimitExceededError
        If it is larger than the settings allow.
    """
    try:
        data = path.read_bytes()
        if len(data) > settings.max_structure_set_bytes:
            raise LimitExceededError(
                f"The Segmentation has {len(data)} bytes.", "set RTCOMPLEXITY_MAX_STRUCTURE_SET_BYTES if that is right."
            )
        return _read(parse(data, settings=settings), data, settings)
    except OSError as fault:
        raise UnreadableFileError(
            f"The Segmentation cannot be opened ({fault.strerror}).", "check the path."
        ) from fault
    except PARSE_FAULTS as fault:
        raise UnreadableFileError(f"The Segmentation is broken: {describe(fault)}.", "export it again.") from fault


def _read(dataset: Dataset, data: bytes, settings: Settings) -> Segmentation:
    pixels = _pixels(dataset, data, settings)
    frames: dict[int, list[SegmentFrame]] = {}
    for mask, plane, number in zip(pixels, enhanced_planes(dataset), _segment_numbers(dataset), strict=True):
        frame = _frame(mask, plane)
        if frame is not None:
            frames.setdefault(number, []).append(frame)
    encodings = elements.encodings_of(dataset)
    return Segmentation(
        sop_instance_uid=elements.text(dataset, tags.SOP_INSTANCE_UID),
        series_uid=elements.text(dataset, tags.SERIES_INSTANCE_UID),
        study_uid=elements.text(dataset, tags.STUDY_INSTANCE_UID),
        patient_key=read_patient_key(dataset),
        patient=PatientIdentity(patient_id=elements.text(dataset, tags.PATIENT_ID, encodings)),
        frame_of_reference_uid=elements.text(dataset, tags.FRAME_OF_REFERENCE_UID),
        written_at=elements.date_time(dataset, tags.CONTENT_DATE, tags.CONTENT_TIME),
        manufacturer=elements.text(dataset, tags.MANUFACTURER, encodings),
        segments=tuple(_segment(item, frames, encodings) for item in elements.items(dataset, tags.SEGMENT_SEQUENCE)),
        file_sha256=hashlib.sha256(data).hexdigest(),
    )


def _pixels(dataset: Dataset, data: bytes, settings: Settings) -> Flags:
    """(frames, rows, columns) whether each pixel belongs to its frame's segment."""
    kind = elements.text(dataset, tags.SEGMENTATION_TYPE).upper()
    if kind not in {BINARY, FRACTIONAL}:
        raise UnreadableFileError(f"The Segmentation is of type {kind or 'none'}.", "one of type BINARY or FRACTIONAL.")
    if transfer_syntax_of(dataset) not in {IMPLICIT, EXPLICIT}:
        raise UnreadableFileError(
            "The Segmentation is compressed, deflated or big endian.", "the same one in explicit VR little endian."
        )
    rows, columns = (elements.unsigned_short(dataset, tag) or 0 for tag in (tags.ROWS, tags.COLUMNS))
    count = elements.integer(dataset, tags.NUMBER_OF_FRAMES) or 0
    total = count * rows * columns
    if not 0 < total <= settings.max_image_pixels:
        raise LimitExceededError(
            f"The Segmentation has {total} pixels, over the limit of {settings.max_image_pixels}, or none.",
            "set RTCOMPLEXITY_MAX_IMAGE_PIXELS if that is right.",
        )
    stored = np.frombuffer(_stored(data), np.uint8)
    needed = -(-total // 8) if kind == BINARY else total
    if len(stored) < needed:
        raise UnreadableFileError("The Segmentation has fewer pixels than frames.", "export it again.")
    if kind == BINARY:  # bits of all frames follow one another, the lowest first
        found = np.unpackbits(stored[:needed], count=total, bitorder="little").astype(np.bool_)
    else:
        found = 2 * stored[:total].astype(np.uint16) >= (
            elements.unsigned_short(dataset, tags.MAXIMUM_FRACTIONAL_VALUE) or 255
        )
    return np.asarray(found.reshape(count, rows, columns))


def _stored(data: bytes) -> bytes:
    """Native pixel data as it is: what is parsed elsewhere ends before it."""
    element = raw_element(dcmread(BytesIO(data), force=True, specific_tags=[tags.PIXEL_DATA]), tags.PIXEL_DATA)
    return b"" if element is None or element.value is None else bytes(element.value)


def _segment_numbers(dataset: Dataset) -> Iterator[int]:
    """Referenced Segment Number of each frame, its own or the shared one."""
    for groups in frame_groups(dataset):
        segment = groups.item(tags.SEGMENT_IDENTIFICATION_SEQUENCE)
        number = elements.unsigned_short(segment, tags.REFERENCED_SEGMENT_NUMBER)
        if number is None:
            raise UnreadableFileError("A frame of the Segmentation names no segment.", "export it again.")
        yield number


def _frame(mask: Flags, plane: Plane) -> SegmentFrame | None:
    """A frame cut to its pixels; None where it holds none."""
    if plane.position_mm is None or plane.orientation is None or plane.spacing_mm is None:
        raise UnreadableFileError("A frame of the Segmentation states no place or pixel spacing.", "export it again.")
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    across, down = np.array(plane.orientation[:3]), np.array(plane.orientation[3:])
    next_column, next_row = across * plane.spacing_mm[1], down * plane.spacing_mm[0]
    return SegmentFrame(
        mask=mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1],
        first_pixel_mm=np.array(plane.position_mm) + columns[0] * next_column + rows[0] * next_row,
        next_column_mm=next_column,
        next_row_mm=next_row,
    )


def _segment(item: Dataset, frames: dict[int, list[SegmentFrame]], encodings: Sequence[str]) -> Segment:
    number = elements.unsigned_short(item, tags.SEGMENT_NUMBER) or 0
    return Segment(
        number=number,
        label=elements.text(item, tags.SEGMENT_LABEL, encodings),
        generation=elements.text(item, tags.SEGMENT_ALGORITHM_TYPE).upper(),
        codes=read_codes(item, tags.SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, encodings),
        frames=tuple(frames.get(number, ())),
    )
