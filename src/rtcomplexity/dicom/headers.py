"""What the header of one file says: identity, kind and, for images, where its pixels are in the patient.

Classic slices and frames of Enhanced multi-frame images come out alike, as :class:`Plane` values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.functional_groups import frame_groups
from rtcomplexity.dicom.sop_classes import CLASSIC_IMAGES, ENHANCED_IMAGES, PLANS, REGISTRATIONS, STRUCTURE_SET

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom.dataset import Dataset

    from rtcomplexity.dicom.functional_groups import FrameGroups
    from rtcomplexity.sources.member import Source

_CLASSIC_MARKS: Final = {
    "temporal position": (tags.TEMPORAL_POSITION_IDENTIFIER,),
    "respiratory phase": (tags.NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE,),
    "cardiac phase": (tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE,),
    "trigger time": (tags.TRIGGER_TIME,),
    "b-value": (tags.DIFFUSION_B_VALUE, tags.SIEMENS_B_VALUE, tags.GE_B_VALUE, tags.PHILIPS_B_VALUE),
    "gradient": (tags.DIFFUSION_GRADIENT_ORIENTATION, tags.SIEMENS_DIFFUSION_GRADIENT_DIRECTION),
    "inversion time": (tags.INVERSION_TIME,),
    "echo time": (tags.ECHO_TIME,),
    "frame reference time": (tags.FRAME_REFERENCE_TIME,),
    "acquisition number": (tags.ACQUISITION_NUMBER,),
    "description": (tags.SERIES_DESCRIPTION,),
    "image type": (tags.IMAGE_TYPE,),
    "tube voltage": (tags.KVP,),
    "kernel": (tags.CONVOLUTION_KERNEL,),
    "image comments": (tags.IMAGE_COMMENTS,),
    "acquisition time": (tags.ACQUISITION_TIME,),
    "content time": (tags.CONTENT_TIME,),
    "instance number": (tags.INSTANCE_NUMBER,),
}
"""What may distinguish volumes of one series, most telling first, each with the elements that state it: a public one,
and the private ones of three makers for the b-value."""
MARKS: Final = tuple(_CLASSIC_MARKS)
_FLOATS: Final = {
    tags.NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE: "f",
    tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE: "f",
    tags.DIFFUSION_B_VALUE: "d",
    tags.DIFFUSION_GRADIENT_ORIENTATION: "d",
    tags.EFFECTIVE_ECHO_TIME: "d",
    tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME: "d",
}
"""Elements of binary numbers, each with the length of one."""
_PRIVATE: Final = frozenset(
    {tags.SIEMENS_B_VALUE, tags.GE_B_VALUE, tags.PHILIPS_B_VALUE, tags.SIEMENS_DIFFUSION_GRADIENT_DIRECTION}
)
_FRAME_MARKS: Final = {
    "temporal position": (tags.FRAME_CONTENT_SEQUENCE, tags.TEMPORAL_POSITION_INDEX),
    "respiratory phase": (tags.RESPIRATORY_SYNCHRONIZATION_SEQUENCE, tags.NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE),
    "cardiac phase": (tags.CARDIAC_SYNCHRONIZATION_SEQUENCE, tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE),
    "trigger time": (tags.CARDIAC_SYNCHRONIZATION_SEQUENCE, tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME),
    "b-value": (tags.MR_DIFFUSION_SEQUENCE, tags.DIFFUSION_B_VALUE),
    "gradient": (tags.MR_DIFFUSION_SEQUENCE, tags.DIFFUSION_GRADIENT_ORIENTATION),
    "echo time": (tags.MR_ECHO_SEQUENCE, tags.EFFECTIVE_ECHO_TIME),
    "acquisition number": (tags.FRAME_CONTENT_SEQUENCE, tags.FRAME_ACQUISITION_NUMBER),
    "acquisition time": (tags.FRAME_CONTENT_SEQUENCE, tags.FRAME_ACQUISITION_DATE_TIME),
}
"""The same in the functional groups of an Enhanced frame: the group's sequence and the element in it."""


class FileKind(StrEnum):
    """What a file is, by its SOP Class."""

    STRUCTURE_SET = "structure set"
    PLAN = "plan"
    IMAGE = "image"
    REGISTRATION = "registration"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Geometry of one slice or frame, as its header states it; None where missing or not finite."""

    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    """(row spacing, column spacing)."""
    thickness_mm: float | None = None
    marks: tuple[str, ...] = ()
    """What may distinguish volumes of one series, in the order of :data:`MARKS`; empty where not stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What the header of an image file says beyond identity."""

    planes: tuple[Plane, ...]
    """One for a classic slice, one a frame for an Enhanced image."""
    rows: int
    columns: int
    is_multi_frame: bool = False
    image_type: tuple[str, ...] = ()
    description: str = field(default="", repr=False)
    body_part: str = ""
    patient_position: str = ""
    units: str = ""
    written_at: str = ""
    device: str = field(default="", repr=False)
    """Model name of the device, lower case."""
    equipment: str = field(default="", repr=False)
    """Manufacturer, model and serial number of the device; empty where no serial number tells it from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """One DICOM file."""

    path: Source = field(repr=False)
    sha256: str
    content_hash: str = ""
    """As :func:`rtcomplexity.dicom.identity.content_hash` gives it; empty where the encoding could not be followed."""
    kind: FileKind
    sop_class_uid: str
    sop_instance_uid: str
    modality: str
    """By SOP Class for images, else Modality (0008,0060)."""
    patient_key: str = field(repr=False)
    name_key: str = field(default="", repr=False)
    """Patient's name and birth date, where both are stated."""
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    image: ImageHeader | None = None

    @property
    def content(self) -> str:
        """What distinguishes instances however they are encoded: the content hash, else the file's SHA-256."""
        return self.content_hash or self.sha256


def read_header(dataset: Dataset, path: Source, sha256: str) -> IndexedFile:
    """Read what an index keeps of a file.

    Raises
    ------
    OSError, ValueError and the other faults of :data:`rtcomplexity.dicom.parsing.PARSE_FAULTS`
        If the functional groups of an Enhanced image are broken.
    """
    sop_class = elements.text(dataset, tags.SOP_CLASS_UID)
    stated = elements.text(dataset, tags.MODALITY).upper()
    modality = CLASSIC_IMAGES.get(sop_class) or ENHANCED_IMAGES.get(sop_class)
    return IndexedFile(
        path=path,
        sha256=sha256,
        kind=_kind(sop_class),
        sop_class_uid=sop_class,
        sop_instance_uid=elements.text(dataset, tags.SOP_INSTANCE_UID),
        modality=modality or stated,
        patient_key=read_patient_key(dataset),
        name_key=_name_key(dataset),
        study_uid=elements.text(dataset, tags.STUDY_INSTANCE_UID),
        series_uid=elements.text(dataset, tags.SERIES_INSTANCE_UID),
        frame_of_reference_uid=elements.text(dataset, tags.FRAME_OF_REFERENCE_UID),
        image=_image_header(dataset, sop_class) if modality else None,
    )


def _kind(sop_class: str) -> FileKind:
    if sop_class in CLASSIC_IMAGES or sop_class in ENHANCED_IMAGES:
        return FileKind.IMAGE
    if sop_class == STRUCTURE_SET:
        return FileKind.STRUCTURE_SET
    if sop_class in PLANS:
        return FileKind.PLAN
    return FileKind.REGISTRATION if sop_class in REGISTRATIONS else FileKind.OTHER


def read_patient_key(dataset: Dataset) -> str:
    """Tell patients apart: Patient ID; where that is empty, name and birth date."""
    identifier = elements.text(dataset, tags.PATIENT_ID, elements.encodings_of(dataset))
    if identifier:
        return identifier
    name, born = _name_and_birth(dataset)
    return f"{name}|{born}" if name or born else ""


def _name_key(dataset: Dataset) -> str:
    name, born = _name_and_birth(dataset)
    return f"{name}|{born}" if name and born else ""


def _name_and_birth(dataset: Dataset) -> tuple[str, str]:
    """Name in its own encoding, compared without regard to case, composition and empty components; birth date."""
    name = elements.text(dataset, tags.PATIENT_NAME, elements.encodings_of(dataset))
    return normalize("NFC", name).casefold().rstrip("^= "), elements.text(dataset, tags.PATIENT_BIRTH_DATE)


def _image_header(dataset: Dataset, sop_class: str) -> ImageHeader:
    is_multi_frame = sop_class in ENHANCED_IMAGES
    return ImageHeader(
        planes=enhanced_planes(dataset) if is_multi_frame else (_classic_plane(dataset),),
        rows=elements.unsigned_short(dataset, tags.ROWS) or 0,
        columns=elements.unsigned_short(dataset, tags.COLUMNS) or 0,
        is_multi_frame=is_multi_frame,
        image_type=elements.texts(dataset, tags.IMAGE_TYPE),
        description=elements.text(dataset, tags.SERIES_DESCRIPTION),
        body_part=elements.text(dataset, tags.BODY_PART_EXAMINED),
        patient_position=elements.text(dataset, tags.PATIENT_POSITION),
        units=elements.text(dataset, tags.UNITS),
        written_at=_written_at(dataset),
        device=elements.text(dataset, tags.MANUFACTURER_MODEL_NAME).lower(),
        equipment=_equipment(dataset),
    )


def _equipment(dataset: Dataset) -> str:
    """Which device it was; empty where no serial number says so: one of zeros stands for none."""
    serial = elements.text(dataset, tags.DEVICE_SERIAL_NUMBER).strip("0 ")
    parts = (elements.text(dataset, tags.MANUFACTURER), elements.text(dataset, tags.MANUFACTURER_MODEL_NAME), serial)
    return "|".join(parts).lower() if serial else ""


def _written_at(dataset: Dataset) -> str:
    acquired = elements.text(dataset, tags.ACQUISITION_DATE_TIME)
    if acquired[:8].isdigit() and len(acquired) >= 8:
        return acquired
    return (
        elements.date_time(dataset, tags.ACQUISITION_DATE, tags.ACQUISITION_TIME)
        or elements.date_time(dataset, tags.SERIES_DATE, tags.SERIES_TIME)
        or elements.date_time(dataset, tags.STUDY_DATE, tags.STUDY_TIME)
    )


def _classic_mark(dataset: Dataset, mark: str) -> str:
    """What a classic image states of a mark; empty where it states nothing."""
    for tag in _CLASSIC_MARKS[mark]:
        if tag in _FLOATS:
            value = _numbers(elements.binary_floats(dataset, tag, _FLOATS[tag]))
        elif tag in _PRIVATE:
            value = (elements.raw_bytes(dataset, tag) or b"").hex()
        else:
            value = "\\".join(elements.texts(dataset, tag))
        if value:
            return value
    return ""


def _numbers(values: Iterable[float]) -> str:
    return "\\".join(f"{value:g}" for value in values)


def _classic_plane(dataset: Dataset) -> Plane:
    return Plane(
        position_mm=elements.floats(dataset, tags.IMAGE_POSITION_PATIENT, 3),
        orientation=elements.floats(dataset, tags.IMAGE_ORIENTATION_PATIENT, 6),
        spacing_mm=elements.floats(dataset, tags.PIXEL_SPACING, 2),
        thickness_mm=elements.decimal(dataset, tags.SLICE_THICKNESS),
        marks=tuple(_classic_mark(dataset, mark) for mark in MARKS),
    )


def enhanced_planes(dataset: Dataset) -> tuple[Plane, ...]:
    """Where each frame of a multi-frame object lies, by its own functional groups or the shared ones."""
    return tuple(map(_frame, frame_groups(dataset)))


def _frame(groups: FrameGroups) -> Plane:
    measures = groups.item(tags.PIXEL_MEASURES_SEQUENCE)
    orientation = groups.item(tags.PLANE_ORIENTATION_SEQUENCE)
    return Plane(
        position_mm=elements.floats(groups.item(tags.PLANE_POSITION_SEQUENCE), tags.IMAGE_POSITION_PATIENT, 3),
        orientation=elements.floats(orientation, tags.IMAGE_ORIENTATION_PATIENT, 6),
        spacing_mm=elements.floats(measures, tags.PIXEL_SPACING, 2),
        thickness_mm=elements.decimal(measures, tags.SLICE_THICKNESS),
        marks=tuple(_frame_mark(groups, mark) for mark in MARKS),
    )


def _frame_mark(groups: FrameGroups, mark: str) -> str:
    """What a frame of an Enhanced image states of a mark; empty where it states nothing."""
    if mark not in _FRAME_MARKS:
        return ""
    group, tag = _FRAME_MARKS[mark]
    holder = groups.item(group)
    if mark == "gradient":
        directions = elements.items(holder, tags.DIFFUSION_GRADIENT_DIRECTION_SEQUENCE)
        return _numbers(elements.binary_floats(directions[0], tag, _FLOATS[tag])) if directions else ""
    if group != tags.FRAME_CONTENT_SEQUENCE:
        return _numbers(elements.binary_floats(holder, tag, _FLOATS[tag]))
    read = {"temporal position": elements.unsigned_long, "acquisition number": elements.unsigned_short}
    value = read[mark](holder, tag) if mark in read else elements.text(holder, tag)
    return "" if value is None else str(value)
