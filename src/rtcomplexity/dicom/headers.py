"""What the header of one file says: identity, kind and, for images, where its pixels lie.

Classic slices and frames of Enhanced multi-frame images come out alike, as :class:`Plane` values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rtcomplexity.dicom import elements

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtcomplexity.sources.member import Source

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
CLASSIC_IMAGES: Final = {_STORAGE + "2": "CT", _STORAGE + "4": "MR", _STORAGE + "128": "PT"}
ENHANCED_IMAGES: Final = {
    _STORAGE + "2.1": "CT",
    _STORAGE + "2.2": "CT",
    _STORAGE + "4.1": "MR",
    _STORAGE + "4.4": "MR",
    _STORAGE + "130": "PT",
    _STORAGE + "128.1": "PT",
}
STRUCTURE_SET: Final = _STORAGE + "481.3"
PLANS: Final = frozenset({_STORAGE + "481.5", _STORAGE + "481.8"})
REGISTRATIONS: Final = frozenset({_STORAGE + "66.1", _STORAGE + "66.3"})


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
    phase: tuple[str, ...] = ()
    """Temporal position, acquisition number and the like: what tells the phases of one series apart."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """One DICOM file."""

    path: Source = field(repr=False)
    sha256: str
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


def read_header(dataset: Dataset, path: Source, sha256: str) -> IndexedFile:
    """Read what an index keeps of a file.

    Raises
    ------
    OSError, ValueError and the other faults of :data:`rtcomplexity.dicom.parsing.PARSE_FAULTS`
        If the functional groups of an Enhanced image are broken.
    """
    sop_class = elements.text(dataset, 0x00080016)
    stated = elements.text(dataset, 0x00080060).upper()
    modality = CLASSIC_IMAGES.get(sop_class) or ENHANCED_IMAGES.get(sop_class)
    return IndexedFile(
        path=path,
        sha256=sha256,
        kind=_kind(sop_class),
        sop_class_uid=sop_class,
        sop_instance_uid=elements.text(dataset, 0x00080018),
        modality=modality or stated,
        patient_key=read_patient_key(dataset),
        name_key=_name_key(dataset),
        study_uid=elements.text(dataset, 0x0020000D),
        series_uid=elements.text(dataset, 0x0020000E),
        frame_of_reference_uid=elements.text(dataset, 0x00200052),
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
    identifier = elements.text(dataset, 0x00100020)
    if identifier:
        return identifier
    name, born = _name_and_birth(dataset)
    return f"{name}|{born}" if name or born else ""


def _name_key(dataset: Dataset) -> str:
    name, born = _name_and_birth(dataset)
    return f"{name}|{born}" if name and born else ""


def _name_and_birth(dataset: Dataset) -> tuple[str, str]:
    return elements.text(dataset, 0x00100010), elements.text(dataset, 0x00100030)


def _image_header(dataset: Dataset, sop_class: str) -> ImageHeader:
    is_multi_frame = sop_class in ENHANCED_IMAGES
    return ImageHeader(
        planes=_enhanced_planes(dataset) if is_multi_frame else (_classic_plane(dataset),),
        rows=elements.unsigned_short(dataset, 0x00280010) or 0,
        columns=elements.unsigned_short(dataset, 0x00280011) or 0,
        is_multi_frame=is_multi_frame,
        image_type=elements.texts(dataset, 0x00080008),
        description=elements.text(dataset, 0x0008103E),
        body_part=elements.text(dataset, 0x00180015),
        patient_position=elements.text(dataset, 0x00185100),
        units=elements.text(dataset, 0x00541001),
        written_at=_written_at(dataset),
        device=elements.text(dataset, 0x00081090).lower(),
    )


def _written_at(dataset: Dataset) -> str:
    acquired = elements.text(dataset, 0x0008002A)
    if acquired[:8].isdigit() and len(acquired) >= 8:
        return acquired
    return (
        elements.date_time(dataset, 0x00080022, 0x00080032)
        or elements.date_time(dataset, 0x00080021, 0x00080031)
        or elements.date_time(dataset, 0x00080020, 0x00080030)
    )


def _classic_plane(dataset: Dataset) -> Plane:
    return Plane(
        position_mm=elements.floats(dataset, 0x00200032, 3),
        orientation=elements.floats(dataset, 0x00200037, 6),
        spacing_mm=elements.floats(dataset, 0x00280030, 2),
        thickness_mm=elements.decimal(dataset, 0x00180050),
        phase=(
            elements.text(dataset, 0x00200100),  # Temporal Position Identifier
            elements.text(dataset, 0x00181060),  # Trigger Time
            elements.text(dataset, 0x00200012),  # Acquisition Number
            elements.text(dataset, 0x0008103E),
            "\\".join(elements.texts(dataset, 0x00080008)),
        ),
    )


def _enhanced_planes(dataset: Dataset) -> tuple[Plane, ...]:
    shared = elements.items(dataset, 0x52009229)
    common = shared[0] if shared else None
    return tuple(_frame(frame, common) for frame in elements.items(dataset, 0x52009230))


def _frame(frame: Dataset, common: Dataset | None) -> Plane:
    position, orientation = _group(frame, common, 0x00209113), _group(frame, common, 0x00209116)
    measures, content = _group(frame, common, 0x00289110), _group(frame, common, 0x00209111)
    return Plane(
        position_mm=elements.floats(position, 0x00200032, 3) if position is not None else None,
        orientation=elements.floats(orientation, 0x00200037, 6) if orientation is not None else None,
        spacing_mm=elements.floats(measures, 0x00280030, 2) if measures is not None else None,
        thickness_mm=elements.decimal(measures, 0x00180050) if measures is not None else None,
        phase=_frame_phase(content) if content is not None else (),
    )


def _frame_phase(content: Dataset) -> tuple[str, ...]:
    """Temporal Position Index and Frame Acquisition Number, empty where not stated."""
    stated = elements.unsigned_long(content, 0x00209128), elements.unsigned_short(content, 0x00209156)
    return tuple("" if number is None else str(number) for number in stated)


def _group(frame: Dataset, common: Dataset | None, tag: int) -> Dataset | None:
    """First item of a functional group, of the frame itself before the shared one."""
    for groups in (frame, common):
        found = elements.items(groups, tag) if groups is not None else []
        if found:
            return found[0]
    return None
