"""The content hash of one DICOM instance: what stays the same when an archive re-encodes it.

Bytes do not survive transport: transfer syntax, group lengths, lengths of sequences and padding change on the way. The
hash is SHA-256 over every element in tag order, recursing through sequences. Left out are file meta information (group
0002), group lengths, Length to End and trailing padding; the VR is not hashed, since implicit VR does not tell it. Text
loses its padding, numbers in text the spaces round each value; binary values are taken as little endian. Pixel Data
counts as its bytes, encapsulated pixels as their fragments without the offset table. Knows nothing of what elements
mean.
"""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

from pydicom._dicom_dict import DicomDictionary
from pydicom.dataelem import RawDataElement

from rtcomplexity.dicom import tags
from rtcomplexity.dicom.parsing import DEFLATED, PARSE_FAULTS, elements_begin, inflated
from rtcomplexity.dicom.transfer_syntaxes import LONG_VRS
from rtcomplexity.errors import InputDataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from mmap import mmap

    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

    from rtcomplexity.settings import Settings

    Part: TypeAlias = bytes | memoryview

_META_LENGTH: Final = struct.Struct("<HH2sHL")
_META_BEGINS: Final = 132
_ENDS: Final = frozenset({tags.ITEM_DELIMITATION_ITEM, tags.SEQUENCE_DELIMITATION_ITEM})
"""Item Delimitation, Sequence Delimitation."""
_LEFT_OUT: Final = frozenset({tags.LENGTH_TO_END, tags.DATA_SET_TRAILING_PADDING})
"""Length to End (retired), Data Set Trailing Padding."""
_VRS: Final = LONG_VRS | frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_TURNED: Final = {
    **dict.fromkeys((b"AT", b"OW", b"SS", b"US"), "H"),
    **dict.fromkeys((b"FL", b"OF", b"OL", b"SL", b"UL"), "L"),
    **dict.fromkeys((b"FD", b"OD", b"OV", b"SV", b"UV"), "Q"),
}
"""Numbers whose bytes big endian turns round, by VR."""
_BINARY_VRS: Final = frozenset(vr.decode() for vr in (*_TURNED, b"OB", b"UN"))
_SEQUENCE, _BINARY, _NUMBERS, _TEXT = range(4)
_PADDING: Final = b" \0"
_LEAST_PRINTABLE: Final = 0x20
_LARGE: Final = 4_096
"""Bytes of a value that is hashed where it lies, not copied."""
_JOINED: Final = 1_000
"""Pieces that are joined before they are hashed."""
_HEAD: Final = struct.Struct("<LQ")
_OPEN: Final = 2**64 - 1
"""In place of a length: a sequence or item begins."""
_CLOSE: Final = 2**64 - 2
"""It ends."""


class _UnfollowableError(ValueError):
    """The bytes are in no encoding that this module can follow."""


def content_hash(data: bytes | mmap, settings: Settings) -> str:
    """SHA-256 of an instance's content; empty where its encoding cannot be followed to the end.

    In two steps, :func:`content_parts` and :func:`digest_of`, where another thread shall do the second.

    Parameters
    ----------
    data : bytes
        The whole file.
    settings : Settings
        ``max_nesting`` and the limits on inflation; beyond them the hash is empty.

    Returns
    -------
    str
        64 hexadecimal digits, or empty.
    """
    return digest_of(content_parts(data, settings))


def content_parts(data: bytes | mmap, settings: Settings) -> list[Part]:
    """What :func:`content_hash` is of, as pieces one after the other; none where the encoding cannot be followed."""
    try:
        place, is_deflated = _elements_begin(data)
        if is_deflated:
            data, place = inflated(BytesIO(data), settings).getvalue(), 0
        head = data[place : place + 6]
        is_big, is_implicit = head[:1] == b"\0" != head[1:2], head[4:6] not in _VRS
        walk = _Walk(data, is_big=is_big, is_implicit=is_implicit, max_nesting=settings.max_nesting)
        parts, _ = walk.elements(place, len(data), 0, is_implicit=walk.is_implicit)
    except (InputDataError, *PARSE_FAULTS):
        return []
    return parts


def content_before_pixels(header: Dataset, front: bytes, pixel_bytes: int, settings: Settings) -> list[Part]:
    """What :func:`content_hash` is of, up to the pixels of an uncompressed file that ends with them.

    Parameters
    ----------
    header : Dataset
        What was read straight from the file up to its pixels.
    front : bytes
        How the file begins, up to its pixels at least.
    pixel_bytes : int
        The length of the pixels.
    settings : Settings
        ``max_nesting``.
    """
    walk = _Walk(front, is_big=False, is_implicit=bool(header.original_encoding[0]), max_nesting=settings.max_nesting)
    parts: list[Part] = []
    try:
        for tag, element in header._dict.items():  # noqa: SLF001 -- the public ways convert every value
            if _is_content(tag):
                walk.add_element(parts, tag, element)
    except (InputDataError, *PARSE_FAULTS):
        return []
    parts.append(_HEAD.pack(tags.PIXEL_DATA, pixel_bytes))
    return parts


def digest_of(parts: list[Part]) -> str:
    """SHA-256 of bytes one after the other, empty for none; the small ones joined, which is quicker."""
    if not parts:
        return ""
    digest = hashlib.sha256()
    small: list[Part] = []
    for part in parts:
        small.append(part)
        if isinstance(part, memoryview) or len(small) == _JOINED:
            _update(digest, small)
            small = []
    _update(digest, small)
    return digest.hexdigest()


def sha256_of(stream: BinaryIO) -> str:
    """SHA-256 of a whole file, whose stream is at its beginning."""
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # every stream has readinto


def _update(digest: hashlib._Hash, parts: list[Part]) -> None:
    """Hash small pieces joined, and a view that ends them where it lies."""
    last = parts.pop() if parts and isinstance(parts[-1], memoryview) else b""
    digest.update(b"".join(parts))
    digest.update(last)


def _elements_begin(data: bytes | mmap) -> tuple[int, bool]:
    """Place where the elements after the file meta information begin, and whether this says that they are deflated."""
    if data[_META_BEGINS - 4 : _META_BEGINS] == b"DICM":
        *tag, vr, _, length = _META_LENGTH.unpack_from(data, _META_BEGINS)
        end = _META_BEGINS + _META_LENGTH.size + length
        if (tag, vr) == ([2, 0], b"UL") and data[end : end + 2] not in {b"\2\0", b""}:
            return end, DEFLATED in data[_META_BEGINS:end]
    end = elements_begin(data[:])
    return end, DEFLATED in data[:end]


class _Walk:
    """The elements of one file in their canonical form: tag and length in little endian, then the value."""

    def __init__(self, data: bytes | mmap, *, is_big: bool, is_implicit: bool, max_nesting: int) -> None:
        self.data, self.view, self.max_nesting = data, memoryview(data), max_nesting
        self.is_big, self.is_implicit = is_big, is_implicit
        order = ">" if is_big else "<"
        self.explicit, self.implicit = struct.Struct(order + "HH2sH"), struct.Struct(order + "HHL")
        self.long = struct.Struct(order + "L")

    def add_element(self, found: list[Part], tag: int, element: RawDataElement | DataElement) -> None:
        """Add one element that was read before."""
        kind, vr = _kinds().get(tag), (element.VR or "").encode()
        if not isinstance(element, RawDataElement):
            place, length = element.file_tell or 0, tags.UNDEFINED_LENGTH
        else:
            place, length = element.value_tell, element.length
            if kind != _SEQUENCE and vr != b"SQ":
                text = (element.value or b"").rstrip(_PADDING) if kind == _TEXT else None
                value = self._value(kind, vr, place, place + length) if text is None else text
                found += (_HEAD.pack(tag, len(value)), value)
                return
        self._add_sequence(found, tag, vr, place, length, len(self.data), 0, is_implicit=self.is_implicit)

    def elements(self, place: int, end: int, depth: int, *, is_implicit: bool) -> tuple[list[Part], int]:
        """Read elements up to `end` or a delimiter; give them in tag order, and the place after them."""
        if depth > self.max_nesting:
            raise _UnfollowableError
        found: list[Part] = []
        starts: list[tuple[int, int]] = []
        data, kinds, pack, unpack = self.data, _kinds(), _HEAD.pack, self.implicit.unpack_from
        vr = b""
        while place < end:
            if is_implicit:
                group, number, length = unpack(data, place)
                tag, place = group << 16 | number, place + 8
            else:
                tag, vr, length, place = self._explicit_head(place)
            if tag in _ENDS:
                return _in_order(found, starts), place
            starts.append((tag, len(found)))
            kind = kinds.get(tag)
            if length != tags.UNDEFINED_LENGTH and kind != _SEQUENCE and vr != b"SQ":
                stop = place + length
                if stop > end:
                    raise _UnfollowableError
                if kind == _TEXT:  # most elements; a call less for each
                    value: Part = data[place:stop].rstrip(_PADDING)
                else:
                    value = self._value(kind, vr, place, stop)
                found.append(pack(tag, len(value)))
                found.append(value)
                place = stop
            elif tag == tags.PIXEL_DATA:
                place = self._add_fragments(found, place, end)
            else:
                place = self._add_sequence(found, tag, vr, place, length, end, depth, is_implicit=is_implicit)
        if place != end:
            raise _UnfollowableError
        return _in_order(found, starts), place

    def _explicit_head(self, place: int) -> tuple[int, bytes, int, int]:
        """Tag, VR and length of an element, and the place of its value."""
        group, number, vr, length = self.explicit.unpack_from(self.data, place)
        if vr in LONG_VRS:
            return group << 16 | number, vr, self.long.unpack_from(self.data, place + 8)[0], place + 12
        return group << 16 | number, vr, length, place + 8

    def _implicit_head(self, place: int) -> tuple[int, bytes, int, int]:
        group, number, length = self.implicit.unpack_from(self.data, place)
        return group << 16 | number, b"", length, place + 8

    def _value(self, kind: int | None, vr: bytes, start: int, end: int) -> Part:
        """A value other than text without what its encoding added."""
        if kind == _NUMBERS:
            return self._numbers(start, end)
        if self.is_big and vr in _TURNED:
            return self._turned(start, end, _TURNED[vr])
        if kind == _BINARY:
            return self.view[start:end] if end - start >= _LARGE else self.data[start:end]
        # Of a tag that the dictionary lacks: text by its looks, as implicit VR states no VR.
        value = self.data[start:end]
        stripped = value.rstrip(_PADDING)
        return stripped if min(stripped, default=_LEAST_PRINTABLE) >= _LEAST_PRINTABLE else value

    def _numbers(self, start: int, end: int) -> Part:
        """Numbers in text without padding; many of them where they lie, if there is none but at their end."""
        if end - start < _LARGE:
            return self.data[start:end].translate(None, _PADDING)
        stop = end
        while stop > start and self.data[stop - 1] in _PADDING:
            stop -= 1
        if all(self.data.find(pad, start, stop) < 0 for pad in (b" ", b"\0")):
            return self.view[start:stop]
        return self.data[start:end].translate(None, _PADDING)

    def _turned(self, start: int, end: int, form: str) -> bytes:
        """Big endian numbers in little endian."""
        count = (end - start) // struct.calcsize(f"<{form}")
        return struct.pack(f"<{count}{form}", *struct.unpack(f">{count}{form}", self.data[start:end]))

    def _add_fragments(self, found: list[Part], place: int, end: int) -> int:
        """Encapsulated pixels: each fragment with its length; the first item, the offset table, is left out."""
        found.append(_HEAD.pack(tags.PIXEL_DATA, _OPEN))
        is_table = True
        while place < end:
            tag, _, length, place = self._implicit_head(place)
            if tag in _ENDS:
                found.append(_HEAD.pack(tags.PIXEL_DATA, _CLOSE))
                return place
            if tag != tags.ITEM or place + length > end:
                break
            if not is_table:
                found += (_HEAD.pack(tags.ITEM, length), self.view[place : place + length])
            place, is_table = place + length, False
        raise _UnfollowableError

    def _add_sequence(
        self,
        found: list[Part],
        tag: int,
        vr: bytes,
        place: int,
        length: int,
        end: int,
        depth: int,
        *,
        is_implicit: bool,
    ) -> int:
        """Items of a sequence; one without items is an empty value, as implicit VR cannot distinguish these."""
        stop = end if length == tags.UNDEFINED_LENGTH else place + length
        is_implicit = is_implicit or vr == b"UN"  # whose contents are implicit VR (PS3.5 6.2.2)
        items: list[Part] = []
        while place < stop:
            item, _, size, place = self._implicit_head(place)
            if item in _ENDS:
                break
            if item != tags.ITEM or (size != tags.UNDEFINED_LENGTH and place + size > stop):
                raise _UnfollowableError
            item_end = stop if size == tags.UNDEFINED_LENGTH else place + size
            parts, place = self.elements(place, item_end, depth + 1, is_implicit=is_implicit)
            items += (_HEAD.pack(tags.ITEM, _OPEN), *parts, _HEAD.pack(tags.ITEM, _CLOSE))
        if stop > end or (length != tags.UNDEFINED_LENGTH and place != stop):
            raise _UnfollowableError
        found += (_HEAD.pack(tag, _OPEN), *items, _HEAD.pack(tag, _CLOSE)) if items else (_HEAD.pack(tag, 0),)
        return place


def _in_order(found: list[Part], starts: list[tuple[int, int]]) -> list[Part]:
    """Parts of elements in tag order, without those of the encoding alone; `starts` say where each element begins."""
    ordered = [tag for tag, _ in starts]
    if ordered == sorted(ordered) and all(map(_is_content, ordered)):
        return found
    ends = [*(start for _, start in starts[1:]), len(found)]
    kept = [(tag, found[start:end]) for (tag, start), end in zip(starts, ends, strict=True) if _is_content(tag)]
    return [part for _, parts in sorted(kept, key=lambda one: one[0]) for part in parts]


def _is_content(tag: int) -> bool:
    """Whether an element is more than a length or padding."""
    return tag & 0xFFFF != 0 and tag not in _LEFT_OUT


@cache
def _kinds() -> Mapping[int, int]:
    """How values of the dictionary's tags lose their padding."""
    return {tag: _kind(row[0]) for tag, row in DicomDictionary.items()}


def _kind(vr: str) -> int:
    if vr == "SQ":
        return _SEQUENCE
    if vr in {"DS", "IS"}:
        return _NUMBERS
    return _BINARY if vr in _BINARY_VRS or " or " in vr else _TEXT
