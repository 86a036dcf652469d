"""The ties of one file read from its bytes without pydicom, whose import takes more memory than a plan being fetched.

Only of usual files: any other is left to :mod:`rtcomplexity.dicom.linkage`, and a test holds the two to each other.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from rtcomplexity.dicom import tags
from rtcomplexity.dicom.sop_classes import PLANS, REGISTRATIONS, STRUCTURE_SET
from rtcomplexity.dicom.transfer_syntaxes import EXPLICIT, IMPLICIT, JPEG_FAMILY, LONG_VRS, RLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_Tree: TypeAlias = "dict[int, bytes | list[_Tree]]"

_META_BEGINS: Final = 132
_DEEPEST: Final = 16
_SEQUENCES: Final = frozenset(
    {
        tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE,
        tags.FRAME_OF_REFERENCE_RELATIONSHIP_SEQUENCE,
        tags.RT_REFERENCED_STUDY_SEQUENCE,
        tags.RT_REFERENCED_SERIES_SEQUENCE,
        tags.STRUCTURE_SET_ROI_SEQUENCE,
        tags.REFERENCED_STRUCTURE_SET_SEQUENCE,
        tags.REGISTRATION_SEQUENCE,
        tags.DEFORMABLE_REGISTRATION_SEQUENCE,
    }
)
_PADDING: Final = b" \0\t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """As the fields of :class:`rtcomplexity.dicom.linkage.FileLinks` of these names."""

    sop_instance_uid: str
    study_uid: str
    series_uid: str
    frame_uids: tuple[str, ...]
    referenced_uids: tuple[str, ...]


class _UnusualError(ValueError):
    """Something that is left to pydicom."""


def read_ties(data: bytes) -> Ties | None:
    """Read the ties of a file from all its bytes, or of an image from what stands before its pixels.

    None where the encoding is unusual, or anything is broken or missing.
    """
    try:
        return _ties(data)
    except (struct.error, ValueError, RecursionError):
        return None


def _ties(data: bytes) -> Ties:
    reader = _Reader(data)
    head = reader.elements(reader.begins, len(data), tags.FRAME_OF_REFERENCE_UID + 1)[0]
    sop_class = _text(head, tags.SOP_CLASS_UID)
    frames, referenced = [_text(head, tags.FRAME_OF_REFERENCE_UID)], list[str]()
    if sop_class == STRUCTURE_SET:
        contents = reader.elements(reader.begins, len(data), tags.ROI_CONTOUR_SEQUENCE)[0]
        of_frames, referenced = _of_structure_set(contents)
        frames += of_frames
    elif sop_class in PLANS or sop_class in REGISTRATIONS:
        contents = reader.elements(reader.begins, len(data), tags.REFERENCED_STRUCTURE_SET_SEQUENCE + 1)[0]
        if sop_class in PLANS:
            sets = _items(contents, tags.REFERENCED_STRUCTURE_SET_SEQUENCE)
            referenced = [_text(item, tags.REFERENCED_SOP_INSTANCE_UID) for item in sets]
        else:
            frames += _of_registration(contents)
    uids = [_text(head, tag) for tag in (tags.SOP_INSTANCE_UID, tags.STUDY_INSTANCE_UID, tags.SERIES_INSTANCE_UID)]
    if not (sop_class and all(uids)):
        raise _UnusualError
    return Ties(
        sop_instance_uid=uids[0],
        study_uid=uids[1],
        series_uid=uids[2],
        frame_uids=tuple(sorted(set(frames) - {""})),
        referenced_uids=tuple(sorted(set(referenced) - {""})),
    )


def _of_structure_set(contents: _Tree) -> tuple[list[str], list[str]]:
    """Frames of reference and series that a structure set names."""
    frames, series = [], []
    for frame in _items(contents, tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE):
        frames.append(_text(frame, tags.FRAME_OF_REFERENCE_UID))
        related = _items(frame, tags.FRAME_OF_REFERENCE_RELATIONSHIP_SEQUENCE)
        frames += [_text(item, tags.RELATED_FRAME_OF_REFERENCE_UID) for item in related]
        for study in _items(frame, tags.RT_REFERENCED_STUDY_SEQUENCE):
            listed = _items(study, tags.RT_REFERENCED_SERIES_SEQUENCE)
            series += [_text(item, tags.SERIES_INSTANCE_UID) for item in listed]
    rois = _items(contents, tags.STRUCTURE_SET_ROI_SEQUENCE)
    return frames + [_text(roi, tags.REFERENCED_FRAME_OF_REFERENCE_UID) for roi in rois], series


def _of_registration(contents: _Tree) -> Iterator[str]:
    """Frames of reference that a registration relates."""
    for sequence in (tags.REGISTRATION_SEQUENCE, tags.DEFORMABLE_REGISTRATION_SEQUENCE):
        for item in _items(contents, sequence):
            yield _text(item, tags.FRAME_OF_REFERENCE_UID)
            yield _text(item, tags.SOURCE_FRAME_OF_REFERENCE_UID)


def _text(tree: _Tree, tag: int) -> str:
    value = tree.get(tag, b"")
    if isinstance(value, list):
        raise _UnusualError
    return value.strip(_PADDING).decode("ascii")


def _items(tree: _Tree, tag: int) -> list[_Tree]:
    value = tree.get(tag, [])
    if isinstance(value, bytes):
        raise _UnusualError
    return value


class _Reader:
    """Elements of one file in little endian."""

    def __init__(self, data: bytes) -> None:
        self._data, self._is_implicit = data, False
        if data[_META_BEGINS - 4 : _META_BEGINS] != b"DICM":
            raise _UnusualError
        meta, self.begins = self.elements(_META_BEGINS, len(data), tags.LAST_OF_FILE_META + 1)
        syntax = _text(meta, tags.TRANSFER_SYNTAX_UID)
        self._is_implicit = syntax == IMPLICIT
        if not (self._is_implicit or syntax in {EXPLICIT, RLE} or syntax.startswith(JPEG_FAMILY)):
            raise _UnusualError

    def elements(self, place: int, end: int, stop: int, depth: int = 0) -> tuple[_Tree, int]:
        """Read elements before the tag `stop`, in their order, and where the first other one begins."""
        found: _Tree = {}
        last = -1
        while place < end:
            group, number = struct.unpack_from("<HH", self._data, place)
            if (tag := group << 16 | number) >= stop:
                break
            _, vr, length, value = self._head(place)
            if tag <= last or depth > _DEEPEST:
                raise _UnusualError
            last = tag
            if length == tags.UNDEFINED_LENGTH or tag in _SEQUENCES:
                if vr not in {b"", b"SQ"}:
                    raise _UnusualError
                found[tag], place = self._sequence(value, length, end, depth)
            else:
                place = value + length
                if place > end:
                    raise _UnusualError
                found[tag] = self._data[value:place] if vr != b"SQ" else []
        return found, place

    def _head(self, place: int) -> tuple[int, bytes, int, int]:
        """Tag, VR where it is stated, length of an element, and where its value begins."""
        group, number, length = struct.unpack_from("<HHL", self._data, place)
        tag = group << 16 | number
        if self._is_implicit or group == tags.ITEM >> 16:
            return tag, b"", length, place + 8
        vr = self._data[place + 4 : place + 6]
        if not (vr.isalpha() and vr.isupper()):
            raise _UnusualError
        if vr in LONG_VRS:
            return tag, vr, struct.unpack_from("<L", self._data, place + 8)[0], place + 12
        return tag, vr, length >> 16, place + 8

    def _sequence(self, place: int, length: int, end: int, depth: int) -> tuple[list[_Tree], int]:
        items: list[_Tree] = []
        stop = end if length == tags.UNDEFINED_LENGTH else place + length
        while place < stop:
            tag, _, size, place = self._head(place)
            if tag == tags.SEQUENCE_DELIMITATION_ITEM:
                break
            item_end = stop if size == tags.UNDEFINED_LENGTH else place + size
            if tag != tags.ITEM or item_end > stop:
                raise _UnusualError
            item, place = self.elements(place, item_end, tags.ITEM, depth + 1)
            items.append(item)
            if size == tags.UNDEFINED_LENGTH:
                delimiter, _, _, place = self._head(place)
                is_whole = delimiter == tags.ITEM_DELIMITATION_ITEM
            else:
                is_whole = place == item_end
            if not is_whole:
                raise _UnusualError
        if stop > end or (length != tags.UNDEFINED_LENGTH and place != stop):
            raise _UnusualError
        return items, place
