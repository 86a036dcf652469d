"""Values of single elements, read from their raw bytes.

pydicom's own conversion warns, raises and costs time on odd values; here a value that does not hold what its element
promises is simply missing, and the caller says what that means.
"""

from __future__ import annotations

import math
import re
import struct
import warnings
from typing import TYPE_CHECKING, Final

from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag
from pydicom.values import convert_SQ

from rtcomplexity.dicom import tags
from rtcomplexity.dicom.little_endian import read_items
from rtcomplexity.dicom.parsing import raw_element
from rtcomplexity.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

MOST_VALUES: Final = 1000
"""Of a multi-valued text element; what follows stays one text."""
DEFAULT_ENCODINGS: Final = ("iso8859",)
_SINGLE_BYTE: Final = frozenset(
    encoding for term, encoding in python_encoding.items() if encoding.startswith(("iso8859", "latin", "iso_ir_1"))
)
"""Of one byte a letter: text in these hardly ever happens to be valid UTF-8 too."""
_MULTI_BYTE: Final = {"iso_ir_58": "gb2312", "euc_kr": "euc_kr"}
"""Code extensions of two bytes a letter that some systems, and pydicom 3, write without their escape sequence."""
_DELIMITERS: Final = {0x0A, 0x0C, 0x0D, 0x09}
_ITEM_HEAD_BYTES: Final = 8
_DELIMITER_BYTES: Final = 8
_ELEMENT_HEAD_BYTES: Final = (8, 12)
_ESCAPE: Final = b"\x1b"
_PADDING: Final = b" \0\t\r\n"
_DATE: Final = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIME: Final = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?")


def raw_bytes(dataset: Dataset, tag: int) -> bytes | None:
    """Bytes of an element, unconverted and with their padding; None where it is absent or a sequence."""
    element = raw_element(dataset, tag)
    if element is None:
        return None
    value = element.value
    if value is None:
        return b""
    if isinstance(element, RawDataElement):
        return bytes(value)
    if element.VR == "SQ":
        return None
    parts = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return "\\".join(str(part) for part in parts).encode("utf-8", "replace")


def text(dataset: Dataset, tag: int, encodings: Sequence[str] = DEFAULT_ENCODINGS) -> str:
    """Text of an element without its padding; empty where it is absent."""
    value = raw_bytes(dataset, tag)
    if not value:
        return ""
    value = value.strip(_PADDING)
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii")
    stray = stray_encoding(value, encodings)
    if stray:
        return value.decode(stray)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # undecodable bytes become U+FFFD; the reader makes an issue of that
        return decode_bytes(value, list(encodings), _DELIMITERS)


def stray_encoding(value: bytes, encodings: Sequence[str]) -> str:
    """Encoding that bytes are in against what their file declares; empty where the declared one holds.

    Where only ASCII or one-byte sets are declared, text that is valid UTF-8 is that; where ASCII and a set of two bytes
    are, text without an escape sequence is in the latter. What is neither, where ASCII alone is declared, is Latin-1.

    Examples
    --------
    >>> stray_encoding("Pulmón".encode(), ["latin_1"]), stray_encoding("Pulmón".encode("latin-1"), ["latin_1"])
    ('utf-8', '')
    """
    if value.isascii() or _ESCAPE in value or not encodings or encodings[0] not in _SINGLE_BYTE:
        return ""
    extensions = encodings[1:] if encodings[0] == DEFAULT_ENCODINGS[0] else ()
    tried = [*(_MULTI_BYTE[each] for each in extensions if each in _MULTI_BYTE), "utf-8"]
    tried += ["latin-1"] if tuple(encodings) == DEFAULT_ENCODINGS else []
    return next((each for each in tried if _is_in(value, each)), "")


def _is_in(value: bytes, encoding: str) -> bool:
    try:
        value.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def texts(dataset: Dataset, tag: int) -> tuple[str, ...]:
    r"""Values of a multi-valued text element, split on ``\``."""
    value = text(dataset, tag)
    return tuple(part.strip() for part in value.split("\\", MOST_VALUES)) if value else ()


def floats(dataset: Dataset, tag: int, count: int) -> tuple[float, ...] | None:
    """`count` decimal strings; None where absent, of another number, not numeric or not finite."""
    parts = (raw_bytes(dataset, tag) or b"").rstrip(b"\0").split(b"\\", count)
    if any(b"_" in part for part in parts):  # which float() takes for a digit separator
        return None
    try:
        values = tuple(float(part) for part in parts)
    except ValueError:
        return None
    return values if len(values) == count and all(map(math.isfinite, values)) else None


def decimal(dataset: Dataset, tag: int) -> float | None:
    """One decimal string; None where absent or not a finite number."""
    values = floats(dataset, tag, 1)
    return values[0] if values else None


def integer(dataset: Dataset, tag: int) -> int | None:
    """One integer string (IS); None where absent or no whole number."""
    value = decimal(dataset, tag)
    return int(value) if value is not None and value == int(value) and abs(value) < 2**31 else None


def unsigned_short(dataset: Dataset, tag: int) -> int | None:
    """One unsigned short (US); None where absent or of another length."""
    return _unsigned(dataset, tag, "H")


def unsigned_long(dataset: Dataset, tag: int) -> int | None:
    """One unsigned long (UL); None where absent or of another length."""
    return _unsigned(dataset, tag, "I")


def _unsigned(dataset: Dataset, tag: int, form: str) -> int | None:
    element = raw_element(dataset, tag)
    if element is None:
        return None
    if not isinstance(element, RawDataElement):
        return element.value if isinstance(element.value, int) else None
    value, order = bytes(element.value or b""), "<" if element.is_little_endian else ">"
    return int(struct.unpack(order + form, value)[0]) if len(value) == struct.calcsize(order + form) else None


def binary_floats(dataset: Dataset, tag: int, form: str = "d") -> tuple[float, ...]:
    """Values of a double (FD, "d") or single (FL, "f") float element; empty where absent, odd in length or infinite."""
    element = raw_element(dataset, tag)
    if element is None or element.value is None:
        return ()
    if not isinstance(element, RawDataElement):
        held = element.value if isinstance(element.value, list | tuple) else [element.value]
        values = tuple(float(one) for one in held if isinstance(one, int | float))
    else:
        value, order = bytes(element.value), "<" if element.is_little_endian else ">"
        count, rest = divmod(len(value), struct.calcsize(form))
        values = struct.unpack(f"{order}{count}{form}", value) if not rest else ()
    return values if all(map(math.isfinite, values)) else ()


def items(dataset: Dataset, tag: int) -> list[Dataset]:
    """Items of a sequence; empty where it is absent.

    A sequence whose VR was lost (UN) is read as implicit VR little endian, as PS3.5 6.2.2 says.

    Raises
    ------
    ValueError and the other faults of :data:`rtcomplexity.dicom.parsing.PARSE_FAULTS`
        If the sequence is broken.
    UnreadableFileError
        If an element occurs twice in one of its items.
    """
    found = _items(dataset, tag)
    if any(map(_misses_elements, found)):
        raise UnreadableFileError(
            f"A DICOM file is broken: in an item of its sequence {BaseTag(tag)} an element occurs twice.",
            "export it again.",
        )
    return found


def take_items(dataset: Dataset, tag: int) -> list[Dataset]:
    """Items of a sequence as :func:`items` gives them; the dataset, which held their bytes once more, loses it."""
    found = items(dataset, tag)
    dataset._dict.pop(tag, None)  # type: ignore[call-overload]  # noqa: SLF001 -- the public way converts the value
    return found


def _items(dataset: Dataset, tag: int) -> list[Dataset]:
    element = raw_element(dataset, tag)
    if element is None:
        return []
    if not isinstance(element, RawDataElement):
        return list(element.value) if element.VR == "SQ" and element.value else []
    value = bytes(element.value or b"")
    is_unknown = element.VR == "UN"
    is_implicit, is_little = is_unknown or element.is_implicit_VR, is_unknown or element.is_little_endian
    straight = read_items(value, is_implicit=is_implicit) if is_little else None
    if straight is not None:
        return straight
    found = list(convert_SQ(value, is_implicit, is_little))
    if any(tags.ITEM in one._dict for one in found):  # noqa: SLF001 -- asked for every contour
        raise ValueError(tag)  # an item's length reached over the next one, which pydicom takes for an element
    return found


def _misses_elements(item: Dataset) -> bool:
    """Whether pydicom kept fewer elements of an item than it read: of two with one tag it keeps the last."""
    began = getattr(item, "seq_item_tell", None)  # where nobody read it from a file, nothing is missed
    return began is not None and _end_of(item, began) < 0


def _end_of(item: Dataset, began: int) -> int:
    """Place where an item's last element ends; -1 where its elements leave room for one that is not among them."""
    place = began + _ITEM_HEAD_BYTES
    for element in item._dict.values():  # noqa: SLF001 -- the public ways convert every value
        begins, ends = _span(element)
        if ends < 0 or not _ELEMENT_HEAD_BYTES[0] <= begins - place <= _ELEMENT_HEAD_BYTES[-1]:
            return -1
        place = ends
    return place


def _span(element: RawDataElement | DataElement) -> tuple[int, int]:
    """Places where the value of an element, as it was read, begins and where the element ends."""
    if not isinstance(element, RawDataElement):
        begins = element.file_tell or 0
        return begins, _end_of_items(element.value, begins)
    delimiter = _DELIMITER_BYTES if element.length == tags.UNDEFINED_LENGTH else 0
    return element.value_tell, element.value_tell + len(element.value or b"") + delimiter


def _end_of_items(sequence: Sequence[Dataset], begins: int) -> int:
    """Place where a sequence of undefined length ends; -1 as for :func:`_end_of`."""
    place = begins
    for item in sequence:
        place = _end_of(item, place)
        if place < 0:
            return -1
        place += _DELIMITER_BYTES if item.is_undefined_length_sequence_item else 0
    return place + _DELIMITER_BYTES


def encodings_of(dataset: Dataset) -> tuple[str, ...]:
    """Python encodings for the Specific Character Set (0008,0005); unknown ones become the default."""
    declared = list(texts(dataset, tags.SPECIFIC_CHARACTER_SET))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(declared))
        except LookupError:
            return DEFAULT_ENCODINGS


def has_known_encodings(dataset: Dataset) -> bool:
    """Whether every Specific Character Set (0008,0005) is one of DICOM's."""
    return all(term in python_encoding for term in texts(dataset, tags.SPECIFIC_CHARACTER_SET))


def date_time(dataset: Dataset, date_tag: int, time_tag: int) -> str:
    """Date and time as YYYYMMDDHHMMSS.f, to the precision stated; empty where the date is missing or impossible."""
    date, time = text(dataset, date_tag).replace(".", ""), text(dataset, time_tag).replace(":", "")
    if not _DATE.fullmatch(date):
        return ""
    return date + (time if _TIME.fullmatch(time) else "")
