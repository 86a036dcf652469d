"""Hypothesis strategies that spoil DICOM files: bytes of a file changed, or elements of an object replaced.

The only module that imports hypothesis; nothing of it is offered by :mod:`rtcomplexity.testing` itself. Knows pydicom's
encodings and nothing of what reads the files::

    @given(spoiled_bytes(content))
    def test_a_spoiled_file_ends_in_a_value_or_an_error(content): ...
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataelem import RawDataElement

from rtcomplexity.testing.dicom_writer import save

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

HEAD_BYTES = 132
MOST_CHANGES = 5
HOSTILE_VALUES = (
    b"",
    b"\0",
    b"nan",
    b"-inf",
    b"1e999",
    b"1,5",
    b"1_0",
    b"99999999999999999999",
    b"..\\..\\..",
    b"\x1b[2J\x9b31m",
    b"=HYPERLINK(1)",
    "\u202e{{7*7}}<script>".encode(),
    b"\\" * 64,
    b"9" * 4096,
)
"""Values that no element expects."""
LENGTHS = (0, 1, 7, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


@st.composite
def spoiled_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw a file some bytes of which, after its prefix, are changed, dropped, repeated, or cut off."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        place = draw(st.integers(min(HEAD_BYTES, len(data)), len(data)))
        match draw(st.sampled_from(("set", "length", "drop", "insert", "repeat", "cut"))):
            case "set":
                data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case "length":
                data[place : place + 4] = struct.pack("<I", draw(st.sampled_from(LENGTHS)))
            case "drop":
                del data[place : place + draw(st.integers(1, 64))]
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=16))
            case "repeat":
                data[place:place] = data[place : place + draw(st.integers(1, 256))]
            case _:
                del data[place:]
    return bytes(data)


@st.composite
def spoiled_objects(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw a file some elements of which, at any depth, are removed or hold a hostile value."""
    dataset = dcmread(BytesIO(content))
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        holders = _holders(dataset)
        holder = holders[draw(st.integers(0, len(holders) - 1))]
        tags = sorted(holder.keys())
        if tags:
            _spoil(draw, holder, tags[draw(st.integers(0, len(tags) - 1))])
    stream: Any = BytesIO()
    save(dataset, stream)
    return bytes(stream.getvalue())


def spoiled_files(content: bytes) -> st.SearchStrategy[bytes]:
    """Draw a file that is spoiled in either way."""
    return st.one_of(spoiled_bytes(content), spoiled_objects(content))


def _holders(dataset: Dataset) -> list[Dataset]:
    """The data set and every item in it; a spoiled element stays as it is, for pydicom to convert or not."""
    found = [dataset]
    for tag in dataset.keys():  # noqa: SIM118 - iterating over a data set converts its elements
        if dataset.get_item(tag).VR == "SQ":
            for item in dataset[tag].value:
                found += _holders(item)
    return found


def _spoil(draw: st.DrawFn, holder: Dataset, tag: BaseTag) -> None:
    value = draw(st.sampled_from((None, *HOSTILE_VALUES)))
    if value is None:
        del holder[tag]
        return
    value += b" " * (len(value) % 2)
    holder[tag] = RawDataElement(tag, "UN", len(value), value, 0, False, True)
