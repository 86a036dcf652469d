"""From the bytes of one file to a pydicom Dataset, with the guards that pydicom leaves to its caller.

Knows how to tell a DICOM file from any other, caps inflation and notices truncation; knows nothing of what a file is
about. Element values stay raw bytes: :mod:`rtcomplexity.dicom.elements` reads them.
"""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import (
    _read_file_meta_info,  # the very code by which dcmread decides to inflate
    read_dataset,
    read_partial,
    read_preamble,
)
from pydicom.uid import AllTransferSyntaxes

from rtcomplexity.dicom import tags, transfer_syntaxes
from rtcomplexity.dicom.little_endian import End, read_straight
from rtcomplexity.errors import LimitExceededError, UnreadableFileError
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.tag import BaseTag

    _StopWhen = Callable[[BaseTag, str | None, int], bool]

PARSE_FAULTS: Final = (
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pydicom raises on broken files: it promises no narrower set."""

HEAD_BYTES: Final = 132
FRONT_BYTES: Final = 1024
"""In which the file meta information says what a file is."""
USUAL_HEADER_BYTES: Final = 65_536
"""What stands before the pixels of most images fits in so many."""
_MOST_META_BYTES: Final = 65_536
DEFLATED: Final = transfer_syntaxes.DEFLATED.encode()
DICOMDIR: Final = b"1.2.840.10008.1.3.10"
_PIXEL_GROUP: Final = 0x7FE0
_META_GROUP: Final = 0x0002
_PIXEL_DATA: Final = struct.pack("<HH", tags.PIXEL_DATA >> 16, tags.PIXEL_DATA & 0xFFFF)
_HEAD_LENGTHS: Final = frozenset({8, 12})
"""Bytes of an element before its value."""
_PIXELS_BEGIN: Final = _PIXEL_GROUP << 16
_CONTENT_GROUPS: Final = frozenset({0x3006, 0x300A})
_CONTENT_BEGINS: Final = min(_CONTENT_GROUPS) << 16
DEFAULTS: Final = Settings()
_TRANSFER_SYNTAXES: Final = frozenset(uid.encode() for uid in AllTransferSyntaxes)
_IMPLICIT: Final = transfer_syntaxes.IMPLICIT.encode()
_AGAIN: Final = "export it again."
_OTHER_FORMATS: Final = (b"MZ", b"\x7fELF", b"%PDF", b"PK\3\4", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
"""How programs, scripts, PDF files and archives begin; a preamble may hold a TIFF header, but none of these."""


def has_preamble(head: bytes) -> bool:
    """Whether a file that opens with `head` (132 bytes or more) has the DICOM prefix."""
    return head[128:HEAD_BYTES] == b"DICM"


def is_other_format_too(head: bytes) -> bool:
    """Whether a preamble makes the file a program, a script, a PDF or an archive as well."""
    return has_preamble(head) and head.startswith(_OTHER_FORMATS)


def encoding_fault(dataset: Dataset) -> str:
    """Say what is wrong with the transfer syntax that a file with file meta information states; empty if nothing."""
    meta = getattr(dataset, "file_meta", None)
    if not meta:
        return ""
    element = raw_element(meta, tags.TRANSFER_SYNTAX_UID)
    if element is None or not element.value:
        return "state no transfer syntax; it was recognized from their elements"
    stated = element.value if isinstance(element.value, bytes) else str(element.value).encode("ascii", "replace")
    if stated.rstrip(b" \0") not in _TRANSFER_SYNTAXES:
        return "state a transfer syntax that DICOM does not know; they were read as explicit VR little endian"
    first = next((one for one in dataset._dict.values() if isinstance(one, RawDataElement)), None)  # noqa: SLF001
    if first is not None and first.is_implicit_VR != (stated.rstrip(b" \0") == _IMPLICIT):
        return "are written in another transfer syntax than they state; it was recognized from their elements"
    return ""


def may_be_dicom(head: bytes) -> bool:
    """Whether a file that opens with `head` (132 bytes or more) is worth parsing.

    Files without preamble and file meta (Monaco writes such) open with an element of group 0002 or 0008.
    """
    if has_preamble(head):
        return True
    if len(head) < 8:
        return False
    little, big = struct.unpack("<HH", head[:4]), struct.unpack(">HH", head[:4])
    return any(group in {0x0002, 0x0008} and element <= 0x1200 for group, element in (little, big))


def is_directory_record(head: bytes) -> bool:
    """Whether a file that opens with `head` (:data:`FRONT_BYTES` or more) is a DICOMDIR."""
    return has_preamble(head) and DICOMDIR in head[HEAD_BYTES:FRONT_BYTES]


def parse(
    source: bytes | BinaryIO,
    *,
    header_only: bool = False,
    stop_before: int = tags.PIXEL_DATA,
    settings: Settings = DEFAULTS,
) -> Dataset:
    """Parse a DICOM file up to its pixels; no value is converted.

    Truncation inside the last element passes: ask :func:`is_cut_short`.

    Parameters
    ----------
    source : bytes or binary file
        The whole file.
    header_only : bool
        Stop before the contents of structure sets and plans (groups 3006 and 300A).
    stop_before : int
        Tag of the first element that is not needed; elements stand in the order of their tags.
    settings : Settings
        ``max_elements``, ``max_nesting`` and the two limits on inflation.

    Raises
    ------
    UnreadableFileError
        If the file is broken.
    LimitExceededError
        If a deflated file unpacks to too much, or elements are too many or nested too deeply.
    """
    end = _end(stop_before, header_only=header_only)
    usual = _read_usual(source, end, settings) if isinstance(source, bytes) else None
    dataset = _parse_any(source, end, settings) if usual is None else usual[0]
    _refuse_too_deep(dataset, settings.max_nesting)
    return dataset


def _end(stop_before: int, *, header_only: bool) -> End:
    is_content = _is_content if header_only else _is_pixels
    first = _CONTENT_BEGINS if header_only else _PIXELS_BEGIN
    return End(min(stop_before, first), lambda tag: tag >= stop_before or is_content(tag))


def parse_header(stream: BinaryIO, settings: Settings = DEFAULTS, *, header_only: bool = False) -> Dataset:
    """Parse a file, whose stream is at its beginning, up to its pixels, where the stream is afterwards.

    With `header_only` it stops before the contents of structure sets and plans, as :func:`parse` does.

    Raises
    ------
    UnreadableFileError, LimitExceededError
        As :func:`parse`.
    """
    found = parse_front(stream.read(USUAL_HEADER_BYTES), settings, header_only=header_only)
    if found is None:
        stream.seek(0)
        return parse(stream, header_only=header_only, settings=settings)
    stream.seek(found[1])
    _refuse_too_deep(found[0], settings.max_nesting)
    return found[0]


def parse_front(front: bytes, settings: Settings = DEFAULTS, *, header_only: bool = True) -> tuple[Dataset, int] | None:
    """Parse a header from the front of a file, and return where the element begins that ends it.

    None where the encoding is unusual or the header does not end within what was read; nesting is not checked.
    """
    found = _read_usual(front, _end(tags.PIXEL_DATA, header_only=header_only), settings)
    return None if found is None or found[1] + min(_HEAD_LENGTHS) > len(front) else found


def native_pixels(front: bytes, place: int, *, is_implicit: bool) -> tuple[int, int]:
    """Where the value of the Pixel Data at a place begins, and its length; zeros where another element stands there."""
    head = front[place : place + (min(_HEAD_LENGTHS) if is_implicit else max(_HEAD_LENGTHS))]
    if head[:4] != _PIXEL_DATA or not (is_implicit or head[4:6] in {b"OW", b"OB"}):
        return 0, 0
    return place + len(head), int.from_bytes(head[-4:], "little")


def _read_usual(source: bytes, end: End, settings: Settings) -> tuple[Dataset, int] | None:
    """Read the usual encoding straight; None for any other, and where it is broken: :func:`_parse_any` says how."""
    with warnings.catch_warnings(), contextlib.suppress(*PARSE_FAULTS):
        warnings.simplefilter("ignore")
        return read_straight(source, end, settings.max_elements)
    return None


def _parse_any(source: bytes | BinaryIO, end: End, settings: Settings) -> Dataset:
    """Parse a file in whatever encoding, by pydicom and with the guards that it lacks."""
    stream = BytesIO(source) if isinstance(source, bytes) else source
    stop_when = _counted(end.is_end, settings.max_elements)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters of them is checked here and by the readers
            start = _after_meta(stream)
            dataset: Dataset
            if _is_deflated(source):
                start, dataset = 0, _parse_deflated(stream, stop_when, settings)
            else:
                dataset = read_partial(stream, _before_padding(stream, stop_when), force=True)
    except PARSE_FAULTS as fault:
        raise UnreadableFileError(f"A DICOM file is broken: {describe(fault)}.", _AGAIN) from fault
    _refuse_double_at(start, dataset)
    return dataset


def inflated_pixels(stream: BinaryIO, settings: Settings) -> BytesIO:
    """Inflate a deflated file, whose stream is at its beginning; the stream returned is at its pixels.

    Raises
    ------
    UnreadableFileError
        If the file is broken.
    LimitExceededError
        If it unpacks to too much.
    """
    try:
        unpacked = inflated(stream, settings)
        read_dataset(
            unpacked, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, _vr, _length: _is_pixels(tag)
        )
    except PARSE_FAULTS as fault:
        raise UnreadableFileError(f"A DICOM file is broken: {describe(fault)}.", _AGAIN) from fault
    return unpacked


def describe(fault: BaseException) -> str:
    """Name a fault in words that hold nothing of the file's contents."""
    if isinstance(fault, RecursionError):
        return "its sequences are nested too deeply"
    if isinstance(fault, EOFError | OSError | struct.error):
        return "it ends too early or a length in it is wrong"
    if isinstance(fault, zlib.error):
        return "its deflated part cannot be inflated"
    return "its elements cannot be parsed"


def is_cut_short(dataset: Dataset) -> bool:
    """Whether the last element holds fewer bytes than its length says (pydicom passes that silently)."""
    last = next(reversed(dict(dataset._dict).values()), None)  # noqa: SLF001 -- the public ways convert every value
    return isinstance(last, RawDataElement) and is_short(last)


def raw_element(dataset: Dataset, tag: int) -> RawDataElement | DataElement | None:
    """Return an element as it was read (pydicom converts only on access); None where it is absent."""
    return dataset._dict.get(tag)  # type: ignore[call-overload,no-any-return]  # noqa: SLF001 -- asked for every slice


def is_short(element: RawDataElement) -> bool:
    """Whether an element holds fewer bytes than its length says."""
    return element.length != tags.UNDEFINED_LENGTH and len(element.value or b"") < element.length


def _is_deflated(source: bytes | BinaryIO) -> bool:
    if isinstance(source, bytes):
        return DEFLATED in source and _transfer_syntax(BytesIO(source)) == DEFLATED
    found = _transfer_syntax(source) == DEFLATED
    source.seek(0)
    return found


def _transfer_syntax(stream: BinaryIO) -> bytes:
    return str(_file_meta(stream).get("TransferSyntaxUID", "")).encode("ascii", "replace")


def _file_meta(stream: BinaryIO) -> FileMetaDataset:
    """Read the file meta information of a file whose stream is at its beginning."""
    read_preamble(stream, force=True)
    return _read_file_meta_info(stream)


def _parse_deflated(stream: BinaryIO, stop_when: _StopWhen, settings: Settings) -> Dataset:
    unpacked = inflated(stream, settings)
    stop_when = _before_padding(unpacked, stop_when)
    dataset = read_dataset(unpacked, is_implicit_VR=False, is_little_endian=True, stop_when=stop_when)
    stream.seek(0)
    dataset.file_meta = _file_meta(stream)
    return dataset


def inflated(stream: BinaryIO, settings: Settings) -> BytesIO:
    """Inflate what follows the file meta information of a file whose stream is at its beginning.

    Raises
    ------
    LimitExceededError
        If it unpacks to too much.
    """
    _file_meta(stream)
    packed = stream.read()
    limit = max(settings.inflation_floor_bytes, settings.max_inflation * len(packed))
    unpacked = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit + 1)
    if len(unpacked) > limit:
        raise LimitExceededError(
            f"A deflated file unpacks to more than {limit} bytes.", "check where it comes from; export it uncompressed."
        )
    return BytesIO(unpacked)


def elements_begin(data: bytes) -> int:
    """Place where the elements after the file meta information begin."""
    return _after_meta(BytesIO(data[:_MOST_META_BYTES]))


def _after_meta(stream: BinaryIO) -> int:
    """Place where the elements after the file meta information begin, of which pydicom takes the last of two alike."""
    place, seen = HEAD_BYTES if has_preamble(stream.read(HEAD_BYTES)) else 0, set()
    stream.seek(place)
    while len(head := stream.read(8)) == 8 and struct.unpack("<H", head[:2])[0] == _META_GROUP:
        if head[:4] in seen:
            raise _twice(f"({head[1]:02X}{head[0]:02X},{head[3]:02X}{head[2]:02X})")
        seen.add(head[:4])
        place += 8
        if head[4:6] in transfer_syntaxes.LONG_VRS:
            place += 4 + struct.unpack("<I", stream.read(4))[0]
        else:
            place += struct.unpack("<H", head[6:])[0] if head[4:6].isalpha() else struct.unpack("<I", head[4:])[0]
        stream.seek(place)
    stream.seek(0)
    return place


def _refuse_double_at(start: int, dataset: Dataset) -> None:
    """Refuse a dataset whose first element stands twice: :func:`_counted` cannot tell that from pydicom's peeking."""
    first = next(iter(dataset._dict.values()), None)  # noqa: SLF001
    if first is None or min(dataset.keys()) < tags.END_OF_COMMANDS:
        return
    begins = first.value_tell if isinstance(first, RawDataElement) else first.file_tell
    if begins is not None and begins - start not in _HEAD_LENGTHS:
        raise _twice(str(first.tag))


def _twice(tag: str) -> UnreadableFileError:
    return UnreadableFileError(f"A DICOM file is broken: the element {tag} occurs twice.", _AGAIN)


def _counted(is_end: Callable[[int], bool], limit: int) -> _StopWhen:
    """Give the same answers as `is_end`, as long as elements are not too many and none stands twice."""
    seen: set[int] = set()

    def stop(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        if tag in seen and len(seen) > 1:  # pydicom may ask twice about the first
            raise _twice(str(tag))
        seen.add(tag)
        if len(seen) > limit:
            raise LimitExceededError(
                f"A DICOM file has more than {limit} elements.",
                "check where it comes from, or raise RTCOMPLEXITY_MAX_ELEMENTS.",
            )
        return is_end(tag)

    return stop


def _before_padding(stream: BinaryIO, stop_when: _StopWhen) -> _StopWhen:
    """Stop as `stop_when` does, and where only zeros follow: some archives fill a file's last block with them."""

    def stop(tag: BaseTag, vr: str | None, length: int) -> bool:
        return (not tag and not length and _only_zeros_follow(stream)) or stop_when(tag, vr, length)

    return stop


def _only_zeros_follow(stream: BinaryIO) -> bool:
    place = stream.tell()
    rest = stream.read()
    stream.seek(place)
    return not rest.strip(b"\0")


def _refuse_too_deep(dataset: Dataset, limit: int) -> None:
    """Refuse sequences within sequences; those of stated length stay bytes, and hurt nobody until they are read."""
    level = [dataset]
    for _ in range(limit + 1):
        level = [item for one in level for item in _parsed_items(one)]
        if not level:
            return
    raise LimitExceededError(
        f"A DICOM file's sequences are nested more than {limit} levels deep.",
        "check where it comes from, or raise RTCOMPLEXITY_MAX_NESTING.",
    )


def _parsed_items(dataset: Dataset) -> list[Dataset]:
    """Items of sequences that are parsed already: those of undefined length."""
    return [
        item
        for element in dataset._dict.values()  # noqa: SLF001 -- the public ways convert every value
        if not isinstance(element, RawDataElement) and element.VR == "SQ"
        for item in element.value
    ]


def _is_pixels(tag: int) -> bool:
    return tag >> 16 >= _PIXEL_GROUP


def _is_content(tag: int) -> bool:
    group = tag >> 16
    return group in _CONTENT_GROUPS or group >= _PIXEL_GROUP
