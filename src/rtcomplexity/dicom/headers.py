"""What the header of one file says: identity, kind and, for images, where its pixels lie.

Classic slices and frames of Enhanced multi-frame images come out alike, as :class:`Plane` values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from rtcomplexity.dicom import elements

if TYPE_CHECKING:
    from collections.abc import Iterable

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

_CLASSIC_MARKS: Final = {
    "temporal position": (0x00200100,),
    "respiratory phase": (0x00209245,),
    "cardiac phase": (0x00209241,),
    "trigger time": (0x00181060,),
    "b-value": (0x00189087, 0x0019100C, 0x00431039, 0x20011003),
    "gradient": (0x00189089, 0x0019100E),
    "inversion time": (0x00180082,),
    "echo time": (0x00180081,),
    "frame reference time": (0x00541300,),
    "acquisition number": (0x00200012,),
    "description": (0x0008103E,),
    "image type": (0x00080008,),
    "tube voltage": (0x00180060,),
    "kernel": (0x00181210,),
    "image comments": (0x00204000,),
    "acquisition time": (0x00080032,),
    "content time": (0x00080033,),
    "instance number": (0x00200013,),
}
"""What may tell volumes of one series apart, most telling first, each with the elements that state it: a public one,
and the private ones of three makers for the b-value."""
MARKS: Final = tuple(_CLASSIC_MARKS)
_FLOATS: Final = {
    0x00209245: "f",
    0x00209241: "f",
    0x00189087: "d",
    0x00189089: "d",
    0x00189082: "d",
    0x00209153: "d",
}
"""Elements of binary numbers, each with the length of one."""
_PRIVATE: Final = frozenset({0x0019100C, 0x00431039, 0x20011003, 0x0019100E})
_FRAME_CONTENT: Final = 0x00209111
_FRAME_MARKS: Final = {
    "temporal position": (_FRAME_CONTENT, 0x00209128),
    "respiratory phase": (0x00209253, 0x00209245),
    "cardiac phase": (0x00189118, 0x00209241),
    "trigger time": (0x00189118, 0x00209153),
    "b-value": (0x00189117, 0x00189087),
    "gradient": (0x00189117, 0x00189089),
    "echo time": (0x00189114, 0x00189082),
    "acquisition number": (_FRAME_CONTENT, 0x00209156),
    "acquisition time": (_FRAME_CONTENT, 0x00189074),
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
    """What may tell volumes of one series apart, in the order of :data:`MARKS`; empty where not stated."""


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
        """What tells instances apart however they are encoded: the content hash, else the file's SHA-256."""
        return self.content_hash or self.sha256


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
    identifier = elements.text(dataset, 0x00100020, elements.encodings_of(dataset))
    if identifier:
        return identifier
    name, born = _name_and_birth(dataset)
    return f"{name}|{born}" if name or born else ""


def _name_key(dataset: Dataset) -> str:
    name, born = _name_and_birth(dataset)
    return f"{name}|{born}" if name and born else ""


def _name_and_birth(dataset: Dataset) -> tuple[str, str]:
    """Name in its own encoding, compared without regard to case, composition and empty components; birth date."""
    name = elements.text(dataset, 0x00100010, elements.encodings_of(dataset))
    return normalize("NFC", name).casefold().rstrip("^= "), elements.text(dataset, 0x00100030)


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
        position_mm=elements.floats(dataset, 0x00200032, 3),
        orientation=elements.floats(dataset, 0x00200037, 6),
        spacing_mm=elements.floats(dataset, 0x00280030, 2),
        thickness_mm=elements.decimal(dataset, 0x00180050),
        marks=tuple(_classic_mark(dataset, mark) for mark in MARKS),
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
        marks=tuple(_frame_mark(frame, common, content, mark) for mark in MARKS),
    )


def _frame_mark(frame: Dataset, common: Dataset | None, content: Dataset | None, mark: str) -> str:
    """What a frame of an Enhanced image states of a mark; empty where it states nothing."""
    if mark not in _FRAME_MARKS:
        return ""
    group, tag = _FRAME_MARKS[mark]
    holder = content if group == _FRAME_CONTENT else _group(frame, common, group)
    if holder is None:
        return ""
    if mark == "gradient":
        directions = elements.items(holder, 0x00189076)
        return _numbers(elements.binary_floats(directions[0], tag, _FLOATS[tag])) if directions else ""
    if group != _FRAME_CONTENT:
        return _numbers(elements.binary_floats(holder, tag, _FLOATS[tag]))
    read = {"temporal position": elements.unsigned_long, "acquisition number": elements.unsigned_short}
    value = read[mark](holder, tag) if mark in read else elements.text(holder, tag)
    return "" if value is None else str(value)


def _group(frame: Dataset, common: Dataset | None, tag: int) -> Dataset | None:
    """First item of a functional group, of the frame itself before the shared one."""
    for groups in (frame, common):
        found = elements.items(groups, tag) if groups is not None else []
        if found:
            return found[0]
    return None
