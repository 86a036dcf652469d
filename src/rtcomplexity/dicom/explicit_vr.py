"""The usual encoding read straight: file meta information, then explicit VR little endian elements in order.

pydicom reads every encoding there is, at several times the cost an element; a folder of ten thousand slices is ten
thousand headers. What is unusual in any way is left to it: here the answer is then None, and never a guess.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Final, cast

from pydicom.charset import convert_encodings, default_encoding, python_encoding
from pydicom.dataelem import DataElement, RawDataElement, empty_value_for_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_sequence
from pydicom.tag import BaseTag
from pydicom.uid import (
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

from rtcomplexity.dicom import tags

if TYPE_CHECKING:
    from collections.abc import Callable

_PREFIX: Final = slice(128, 132)
_META_BEGINS: Final = 132
_META: Final = (tags.FILE_META_INFORMATION_GROUP_LENGTH, tags.LAST_OF_FILE_META)
_HEAD: Final = struct.Struct("<HH2sH")
_LONG: Final = struct.Struct("<L")
_SHORT_VRS: Final = {vr.encode(): str(vr.value) for vr in EXPLICIT_VR_LENGTH_16}
_LONG_VRS: Final = {vr.encode(): str(vr.value) for vr in EXPLICIT_VR_LENGTH_32}
_EMPTY: Final = {
    name: cast("bytes | None", empty_value_for_VR(name, raw=True)) for name in (_SHORT_VRS | _LONG_VRS).values()
}
_SYNTAXES: Final = frozenset(
    uid.encode()
    for uid in AllTransferSyntaxes
    if uid not in {ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)


def read_explicit(data: bytes, is_end: Callable[[int], bool], most: int) -> Dataset | None:
    """Read a file up to the element at which `is_end` says so, as pydicom would; no value is converted.

    Parameters
    ----------
    data : bytes
        The whole file.
    is_end : callable
        Whether to stop before the element of this tag.
    most : int
        Elements, beyond which the file is left to pydicom.

    Returns
    -------
    Dataset or None
        None where anything is unusual: no prefix, another transfer syntax, an unknown VR, an undefined length of other
        than a sequence, elements out of order, twice or too many, a character set that DICOM does not know.

    Raises
    ------
    The faults of :data:`rtcomplexity.dicom.parsing.PARSE_FAULTS`
        If a sequence of undefined length is broken.
    """
    found = read_explicit_until(data, is_end, most)
    return None if found is None else found[0]


def read_explicit_until(data: bytes, is_end: Callable[[int], bool], most: int) -> tuple[Dataset, int] | None:
    """Read as :func:`read_explicit` does, and tell at which byte the first element begins that was not read."""
    if data[_PREFIX] != b"DICM":
        return None
    meta, place, _ = _walk(data, _META_BEGINS, lambda tag: tag > _META[1], most)
    syntax = meta.get(tags.TRANSFER_SYNTAX_UID) if meta else None  # type: ignore[call-overload]
    if meta is None or min(meta, default=0) < _META[0] or syntax is None or not syntax.value:
        return None
    if syntax.value.rstrip(b" \0") not in _SYNTAXES:
        return None
    found, place, encodings = _walk(data, place, is_end, most)
    if not found or next(iter(found)) < tags.FIRST_OF_DATA_SET:
        return None
    dataset = Dataset(found)
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True, character_encoding=encodings)
    dataset.file_meta = FileMetaDataset(meta)
    dataset.file_meta.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    return dataset, place


def _walk(
    data: bytes, place: int, is_end: Callable[[int], bool], most: int
) -> tuple[dict[BaseTag, DataElement | RawDataElement] | None, int, str | list[str]]:
    """Elements from a place on, where the first one that is not among them begins, and the encodings of their texts."""
    found: dict[BaseTag, DataElement | RawDataElement] = {}
    encodings: str | list[str] = default_encoding
    last, size, unusual = -1, len(data), (None, place, default_encoding)
    while place + _HEAD.size <= size:
        group, element, vr, length = _HEAD.unpack_from(data, place)
        tag, value_tell = group << 16 | element, place + _HEAD.size
        if is_end(tag):
            break
        if (name := _SHORT_VRS.get(vr)) is None:
            name = _LONG_VRS.get(vr)
            if name is None or value_tell + _LONG.size > size:
                return unusual
            length = _LONG.unpack_from(data, value_tell)[0]
            value_tell += _LONG.size
        if tag <= last or len(found) >= most:
            return unusual
        last, key = tag, BaseTag(tag)
        if length == tags.UNDEFINED_LENGTH:
            if name != "SQ":
                return unusual
            found[key], place = _sequence(data, key, value_tell, encodings)
            continue
        place = value_tell + length
        value = data[value_tell:place] if length else _EMPTY[name]
        found[key] = RawDataElement(key, name, length, value, value_tell, is_implicit_VR=False, is_little_endian=True)
        if tag == tags.SPECIFIC_CHARACTER_SET:
            terms = [term.strip() for term in (value or b"").decode("latin-1").split("\\")]
            if not all(term in python_encoding for term in terms):
                return unusual
            encodings = convert_encodings(terms)
    return found, place, encodings


def _sequence(data: bytes, tag: BaseTag, value_tell: int, encodings: str | list[str]) -> tuple[DataElement, int]:
    """Read a sequence of undefined length by pydicom, which finds its end; give that too."""
    stream = BytesIO(data)
    stream.seek(value_tell)
    items = read_sequence(stream, False, True, tags.UNDEFINED_LENGTH, encodings)
    return DataElement(tag, "SQ", items, value_tell, is_undefined_length=True), stream.tell()
