"""The usual encodings read straight: file meta information, then little endian elements in order, VR stated or not.

pydicom reads every encoding there is, at several times the cost an element; a folder of ten thousand slices is ten
thousand headers, and a structure set has some thousand items. What is unusual in any way is left to pydicom: here the
answer is then None, and never a guess.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast

from pydicom.charset import convert_encodings, default_encoding, python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement, empty_value_for_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import AllTransferSyntaxes, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

from rtcomplexity.dicom import tags

if TYPE_CHECKING:
    from collections.abc import Callable

_Encodings: TypeAlias = str | list[str]
_Elements: TypeAlias = dict[BaseTag, DataElement | RawDataElement]

_PREFIX: Final = slice(128, 132)
_META_BEGINS: Final = 132
_META: Final = (tags.FILE_META_INFORMATION_GROUP_LENGTH, tags.LAST_OF_FILE_META)
_EXPLICIT: Final = struct.Struct("<HH2sH")
_IMPLICIT: Final = struct.Struct("<HH0sL")
"""Group, element, VR (none) and length, as of :data:`_EXPLICIT`."""
_HEAD_BYTES: Final = 8
_LONG: Final = struct.Struct("<L")
_SHORT_VRS: Final = {vr.encode(): str(vr.value) for vr in EXPLICIT_VR_LENGTH_16}
_LONG_VRS: Final = {vr.encode(): str(vr.value) for vr in EXPLICIT_VR_LENGTH_32}
_EMPTY: Final = {
    name: cast("bytes | None", empty_value_for_VR(name, raw=True))
    for name in (None, *(_SHORT_VRS | _LONG_VRS).values())
}
_SYNTAXES: Final = frozenset(uid.encode() for uid in AllTransferSyntaxes) - {
    uid.encode() for uid in (ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
}
_END_OF_ITEM: Final = struct.pack("<HH", tags.ITEM_DELIMITATION_ITEM >> 16, tags.ITEM_DELIMITATION_ITEM & 0xFFFF)
_NEW_DATASET: Final = vars(Dataset())
"""What pydicom keeps of a dataset, as it begins: its own constructor takes ten times as long as a copy."""
_DICTS: Final = tuple(name for name, value in _NEW_DATASET.items() if isinstance(value, dict))


class _UnusualError(ValueError):
    """Something that is left to pydicom."""


class End(NamedTuple):
    """Where to stop: at the first element from a tag on of which `is_end` says so."""

    first: int
    is_end: Callable[[int], bool]


_AFTER_META: Final = End(_META[1] + 1, lambda _: True)
_AFTER_ITEM: Final = End(tags.ITEM_DELIMITATION_ITEM, tags.ITEM_DELIMITATION_ITEM.__eq__)


class _Found(NamedTuple):
    """Elements, where the first one that is not among them begins, and the encodings of their texts."""

    elements: _Elements
    place: int
    encodings: _Encodings


def read_straight(data: bytes, end: End, most: int) -> tuple[Dataset, int] | None:
    """Read a file up to an element, as pydicom would, and say where that begins; no value is converted.

    Parameters
    ----------
    data : bytes
        The whole file.
    end : End
        Before which element to stop.
    most : int
        Elements, beyond which the file is left to pydicom.

    Returns
    -------
    tuple of Dataset and int, or None
        None where anything is unusual: no prefix, another transfer syntax or one that the elements belie, an unknown
        VR, an undefined length of other than a sequence, elements out of order, twice or too many, a character set
        that DICOM does not know.

    Raises
    ------
    The faults of :data:`rtcomplexity.dicom.parsing.PARSE_FAULTS`
        If a sequence is broken.
    """
    try:
        meta, place, is_implicit = _meta(data, most)
        found = _read(data, place, len(data), end, most, is_implicit=is_implicit)
    except _UnusualError:
        return None
    if not found.elements or next(iter(found.elements)) < tags.FIRST_OF_DATA_SET:
        return None
    dataset = _dataset(found.elements, default_encoding, found.encodings, is_implicit=is_implicit)
    dataset.file_meta = FileMetaDataset(meta)
    dataset.file_meta.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    return dataset, found.place


def _meta(data: bytes, most: int) -> tuple[_Elements, int, bool]:
    """File meta information, where the elements after it begin, and whether those state no VR."""
    if data[_PREFIX] != b"DICM":
        raise _UnusualError
    meta, place, _ = _read(data, _META_BEGINS, len(data), _AFTER_META, most, is_implicit=False)
    syntax = meta.get(tags.TRANSFER_SYNTAX_UID)  # type: ignore[call-overload]
    if min(meta, default=0) < _META[0] or syntax is None or not syntax.value:
        raise _UnusualError
    stated = syntax.value.rstrip(b" \0")
    is_implicit = stated == ImplicitVRLittleEndian.encode()
    if stated not in _SYNTAXES or (is_implicit and data[place + 4 : place + 6].isalpha()):  # a VR where none should be
        raise _UnusualError
    return meta, place, is_implicit


def read_items(value: bytes, *, is_implicit: bool) -> list[Dataset] | None:
    """Read the items of a sequence of stated length from its value; None where anything is unusual.

    Raises
    ------
    The faults of :data:`rtcomplexity.dicom.parsing.PARSE_FAULTS`
        If the sequence is broken.
    """
    items, place, size = [], 0, len(value)
    try:
        while place < size:
            item, place = _item(value, place, size, default_encoding, is_implicit=is_implicit)
            if item is None:
                return None
            items.append(item)
    except _UnusualError:
        return None
    return items if place == size else None


def _read(
    data: bytes,
    place: int,
    size: int,
    end: End,
    most: int,
    encodings: _Encodings = default_encoding,
    *,
    is_implicit: bool,
) -> _Found:
    """Read elements from a place on."""
    found: _Elements = {}
    (first, is_end), last, name = end, -1, None
    unpack = (_IMPLICIT if is_implicit else _EXPLICIT).unpack_from
    while place + _HEAD_BYTES <= size:
        group, element, vr, length = unpack(data, place)
        tag, value_tell = group << 16 | element, place + _HEAD_BYTES
        if tag >= first and is_end(tag):
            break
        if tag <= last or len(found) >= most or tag >= tags.ITEM:
            raise _UnusualError
        if vr and (name := _SHORT_VRS.get(vr)) is None:
            name, length = _long(data, vr, value_tell, size)
            value_tell += _LONG.size
        last, key = tag, BaseTag(tag)
        if length == tags.UNDEFINED_LENGTH:
            if not (_is_sequence(tag) if is_implicit else name == "SQ"):
                raise _UnusualError
            found[key], place = _sequence(data, key, value_tell, size, encodings, is_implicit=is_implicit)
            continue
        place = value_tell + length
        value = data[value_tell:place] if length else _EMPTY[name]
        found[key] = RawDataElement(key, name, length, value, value_tell, is_implicit, True)
        if tag == tags.SPECIFIC_CHARACTER_SET:
            encodings = _encodings(value)
    return _Found(found, place, encodings)


def _long(data: bytes, vr: bytes, place: int, size: int) -> tuple[str, int]:
    """Name of a VR with a long length, and that length, which stands at a place."""
    name = _LONG_VRS.get(vr)
    if name is None or place + _LONG.size > size:
        raise _UnusualError
    return name, _LONG.unpack_from(data, place)[0]


@cache
def _is_sequence(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False


def _encodings(value: bytes | None) -> list[str]:
    terms = [term.strip() for term in (value or b"").decode("latin-1").split("\\")]
    if not all(term in python_encoding for term in terms):
        raise _UnusualError
    return convert_encodings(terms)


def _sequence(
    data: bytes, tag: BaseTag, place: int, size: int, encodings: _Encodings, *, is_implicit: bool
) -> tuple[DataElement, int]:
    """Read a sequence of undefined length, and return where it ends."""
    items, value_tell = [], place
    while True:
        item, place = _item(data, place, size, encodings, is_implicit=is_implicit)
        if item is None:
            break
        items.append(item)
    sequence = Sequence(items)
    sequence.is_undefined_length = True
    return DataElement(tag, "SQ", sequence, value_tell, is_undefined_length=True), place


def _item(
    data: bytes, place: int, size: int, encodings: _Encodings, *, is_implicit: bool
) -> tuple[Dataset | None, int]:
    """Read one item, and return where it ends; None at the end of its sequence."""
    if place + _HEAD_BYTES > size:
        raise _UnusualError
    group, element, _, length = _IMPLICIT.unpack_from(data, place)
    tag, place = group << 16 | element, place + _HEAD_BYTES
    if tag == tags.SEQUENCE_DELIMITATION_ITEM:
        return None, place
    is_open = length == tags.UNDEFINED_LENGTH
    end = size if is_open else place + length
    if tag != tags.ITEM or end > size:
        raise _UnusualError
    elements, place, own = _read(data, place, end, _AFTER_ITEM, len(data), encodings, is_implicit=is_implicit)
    if is_open and (place + _HEAD_BYTES > size or data[place : place + 4] != _END_OF_ITEM):
        raise _UnusualError
    if not is_open and place != end:
        raise _UnusualError
    item = _dataset(elements, encodings, own, is_implicit=is_implicit)
    item.__dict__["is_undefined_length_sequence_item"] = is_open
    return item, place + _HEAD_BYTES if is_open else place


def _dataset(elements: _Elements, parent: _Encodings, own: _Encodings, *, is_implicit: bool) -> Dataset:
    """Build an item as pydicom's constructor and ``set_original_encoding`` do."""
    item = Dataset.__new__(Dataset)
    kept = item.__dict__
    kept.update(_NEW_DATASET)
    kept.update({name: kept[name].copy() for name in _DICTS})
    kept.update(
        _dict=elements, _parent_encoding=parent, _read_implicit=is_implicit, _read_little=True, _read_charset=own
    )
    return item
