"""What one file says of the files it belongs to: enough to distinguish plans of an archive, from its header alone.

Knows which elements tie files to each other; knows nothing of folders, and reads no pixels. :mod:`rtcomplexity.batch`
gathers an archive's files by these; what truly holds together, the readers decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.headers import FileKind, read_header
from rtcomplexity.dicom.identity import content_hash, sha256_of
from rtcomplexity.dicom.parsing import (
    FRONT_BYTES,
    PARSE_FAULTS,
    describe,
    has_preamble,
    is_directory_record,
    may_be_dicom,
    parse,
    parse_header,
)
from rtcomplexity.errors import InputDataError, LimitExceededError, NestedArchiveError, UnreadableFileError
from rtcomplexity.sources.archives import refuse_nested

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtcomplexity.settings import Settings
    from rtcomplexity.sources.member import Source

_AGAIN: Final = "export it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLinks:
    """One DICOM file and its ties."""

    kind: FileKind
    sop_instance_uid: str
    patient_key: str = field(repr=False)
    study_uid: str
    series_uid: str
    frame_uids: tuple[str, ...]
    """Its own frame of reference; those a structure set references; all that a registration relates."""
    referenced_uids: tuple[str, ...]
    """Series that a structure set references; the structure set that a plan was made on."""
    sha256: str
    """Empty where it was not asked for."""
    content_hash: str = ""
    """Of a structure set: the same however it is encoded; empty where its encoding cannot be followed."""


def read_links(path: Source, *, settings: Settings, hashed: bool) -> FileLinks | None:
    """Read one file's ties.

    Parameters
    ----------
    path : Path or Member
        A regular file, of the disk or of an archive.
    settings : Settings
        ``max_file_bytes`` limits what is opened.
    hashed : bool
        Whether to hash the file whatever it is; a structure set always is.

    Returns
    -------
    FileLinks or None
        None where the file is no DICOM.

    Raises
    ------
    UnreadableFileError, LimitExceededError
        If it says it is DICOM and cannot be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(FRONT_BYTES)
            if not may_be_dicom(head) or is_directory_record(head):
                refuse_nested(path, head)
                return None
            if size > settings.max_file_bytes:
                raise LimitExceededError(
                    f"A file of {size} bytes is over the limit of {settings.max_file_bytes}.",
                    "raise the limit if that is right.",
                )
            stream.seek(0)
            dataset = parse_header(stream, settings, header_only=True)
            return _links(dataset, path, stream, settings, hashed=hashed, is_certain=has_preamble(head))
    except OSError as fault:
        raise UnreadableFileError(f"A file cannot be read ({fault.strerror}).", "check its permissions.") from fault
    except NestedArchiveError:
        raise
    except InputDataError:
        if has_preamble(head):
            raise
        return None


def hash_file(path: Source) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return sha256_of(stream)


def _links(
    header: Dataset, path: Source, stream: BinaryIO, settings: Settings, *, hashed: bool, is_certain: bool
) -> FileLinks | None:
    """Read the ties of a file whose header was read from its stream; its contents from the same."""
    try:
        file = read_header(header, path, "")
        if not file.sop_class_uid:
            raise UnreadableFileError("A DICOM file names no SOP Class.", _AGAIN)
        is_set = file.kind is FileKind.STRUCTURE_SET
        stream.seek(0)
        contents = b"" if file.kind in {FileKind.IMAGE, FileKind.OTHER} else stream.read()
        frames, referenced = _ties(file.kind, contents, settings)
        stream.seek(0)
        return FileLinks(
            kind=file.kind,
            sop_instance_uid=file.sop_instance_uid,
            patient_key=file.patient_key,
            study_uid=file.study_uid,
            series_uid=file.series_uid,
            frame_uids=tuple(sorted({*frames, file.frame_of_reference_uid} - {""})),
            referenced_uids=tuple(sorted(set(referenced) - {""})),
            sha256=sha256_of(stream) if hashed or is_set else "",
            content_hash=content_hash(contents, settings) if is_set else "",
        )
    except InputDataError:
        if is_certain:
            raise
        return None
    except PARSE_FAULTS as fault:
        raise UnreadableFileError(f"A DICOM file is broken: {describe(fault)}.", _AGAIN) from fault


def _ties(kind: FileKind, contents: bytes, settings: Settings) -> tuple[list[str], list[str]]:
    """Frames of reference and UIDs that the contents name, none of which were read of an image."""
    if not contents:
        return [], []
    stop_before = tags.ROI_CONTOUR_SEQUENCE if kind is FileKind.STRUCTURE_SET else tags.PIXEL_DATA
    try:
        dataset = parse(contents, stop_before=stop_before, settings=settings)
    except InputDataError:
        return [], []  # its reader will say what is wrong with it
    if kind is FileKind.PLAN:
        return [], [
            elements.text(item, tags.REFERENCED_SOP_INSTANCE_UID)
            for item in elements.items(dataset, tags.REFERENCED_STRUCTURE_SET_SEQUENCE)
        ]
    if kind is FileKind.REGISTRATION:
        items = [
            *elements.items(dataset, tags.REGISTRATION_SEQUENCE),
            *elements.items(dataset, tags.DEFORMABLE_REGISTRATION_SEQUENCE),
        ]
        return [
            elements.text(item, tag)
            for item in items
            for tag in (tags.FRAME_OF_REFERENCE_UID, tags.SOURCE_FRAME_OF_REFERENCE_UID)
        ], []
    return _structure_set_ties(dataset)


def _structure_set_ties(dataset: Dataset) -> tuple[list[str], list[str]]:
    frames, series = [], []
    for frame in elements.items(dataset, tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE):
        frames.append(elements.text(frame, tags.FRAME_OF_REFERENCE_UID))
        frames += [
            elements.text(item, tags.RELATED_FRAME_OF_REFERENCE_UID)
            for item in elements.items(frame, tags.FRAME_OF_REFERENCE_RELATIONSHIP_SEQUENCE)
        ]
        for study in elements.items(frame, tags.RT_REFERENCED_STUDY_SEQUENCE):
            series += [
                elements.text(item, tags.SERIES_INSTANCE_UID)
                for item in elements.items(study, tags.RT_REFERENCED_SERIES_SEQUENCE)
            ]
    frames += [
        elements.text(roi, tags.REFERENCED_FRAME_OF_REFERENCE_UID)
        for roi in elements.items(dataset, tags.STRUCTURE_SET_ROI_SEQUENCE)
    ]
    return frames, series
