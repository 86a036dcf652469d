"""An item in which an element stands twice is refused, however its sequence is written; no honest item is."""

import struct

import pytest
from pydicom.tag import BaseTag

from rtcomplexity.dicom import elements
from rtcomplexity.dicom.parsing import parse
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.errors import UnreadableFileError
from rtcomplexity.settings import Settings
from unit.dicom.datasets import contour, item, new, raw, roi, structure_set, to_bytes

SEQUENCE, INNER, NUMBER, NAME, DATA = 0x30060020, 0x30060040, 0x30060022, 0x30060026, 0x30060050
UNDEFINED = 0xFFFFFFFF


def element(tag, value, vr="LO", *, implicit=False, length=None):
    """An element with exactly these bytes."""
    value += b" " * (len(value) % 2)
    length = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return head + struct.pack("<I", length) + value
    long = vr in {"SQ", "UN", "OB"}
    return head + vr.encode() + (struct.pack("<HI", 0, length) if long else struct.pack("<H", length)) + value


def item_of(*parts, undefined=False):
    content = b"".join(parts)
    if undefined:
        return struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED) + content + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def sequence(tag, *items, undefined=False, implicit=False):
    content = b"".join(items)
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) if undefined else b""
    return element(tag, content + end, "SQ", implicit=implicit, length=UNDEFINED if undefined else None)


def read(content, implicit):
    """Items of the sequence that `content` is, out of a whole file."""
    uid = element(0x00080016, b"1.2.840.10008.5.1.4.1.1.481.3\0", "UI", implicit=implicit)
    return elements.items(parse(uid + content), SEQUENCE)


WAYS = pytest.mark.parametrize(
    "how", [{}, {"implicit": True}, {"undefined": True}, {"implicit": True, "undefined": True}]
)


def written(how, *parts):
    implicit, undefined = how.get("implicit", False), how.get("undefined", False)
    made = [
        sequence(tag, item_of(*value, undefined=undefined), **how)
        if isinstance(value, list)
        else element(tag, value, implicit=implicit)
        for tag, value in parts
    ]
    return read(sequence(SEQUENCE, item_of(*made, undefined=undefined), **how), implicit)


@WAYS
@pytest.mark.parametrize(
    "tags",
    [
        (NUMBER, NUMBER),
        (NUMBER, NUMBER, NAME),
        (NUMBER, NAME, NAME),
        (NUMBER, NAME, NUMBER),
        (NUMBER, NAME, DATA, NAME),
    ],
)
@pytest.mark.parametrize("value", [b"", b"1", b"twelve letters"])
def test_an_element_that_stands_twice_in_an_item_is_refused(how, tags, value):
    with pytest.raises(UnreadableFileError, match=r"in an item of its sequence \(3006,0020\) an element occurs twice"):
        written(how, *((tag, value) for tag in tags))


@WAYS
@pytest.mark.parametrize("value", [b"", b"1", b"twelve letters"])
def test_honest_items_are_read(how, value):
    (found,) = written(how, (NUMBER, value), (NAME, value), (DATA, value))
    assert [elements.text(found, tag) for tag in (NUMBER, NAME, DATA)] == [value.decode()] * 3


@WAYS
def test_what_follows_a_sequence_in_an_item_is_held_to_it_too(how):
    implicit = how.get("implicit", False)
    inner = [element(NAME, b"x", implicit=implicit)]
    (found,) = written(how, (NUMBER, b"1"), (INNER, inner), (DATA, b"2"))
    assert elements.text(elements.items(found, INNER)[0], NAME) == "x"
    with pytest.raises(UnreadableFileError):
        written(how, (NUMBER, b"1"), (INNER, inner), (DATA, b"2"), (DATA, b"3"))


@WAYS
def test_an_inner_item_is_held_to_it_when_it_is_opened(how):
    implicit = how.get("implicit", False)
    twice = [element(NAME, b"x", implicit=implicit), element(NAME, b"y", implicit=implicit)]
    with pytest.raises(UnreadableFileError):
        elements.items(written(how, (NUMBER, b"1"), (INNER, twice))[0], INNER)


def test_an_item_made_in_memory_is_not_held_to_it():
    dataset = new("1.2", "1.3", StructureSetROISequence=[item(ROINumber=1, ROIName="GTV")])
    assert [elements.integer(one, NUMBER) for one in elements.items(dataset, SEQUENCE)] == [1]
    dataset[BaseTag(SEQUENCE)] = raw(SEQUENCE, item_of(element(NUMBER, b"4", "IS")), "SQ")
    assert [elements.integer(one, NUMBER) for one in elements.items(dataset, SEQUENCE)] == [4]


def test_of_two_contour_data_none_is_taken():
    """Which of them was drawn?"""
    content = to_bytes(structure_set([roi(1, "GTV", [contour()])]))
    start = content.index(struct.pack("<HH", 0x3006, 0x0050) + b"DS")
    length = 8 + struct.unpack_from("<H", content, start + 6)[0]
    other = content[start : start + length].replace(b"10", b"90")
    outer = content.index(struct.pack("<HH", 0x3006, 0x0039) + b"SQ")
    spoiled = bytearray(content[: start + length] + other + content[start + length :])
    contours = content.index(struct.pack("<HH", 0x3006, 0x0040) + b"SQ")
    for place in (outer + 8, outer + 12 + 4, contours + 8, contours + 12 + 4):
        struct.pack_into("<I", spoiled, place, struct.unpack_from("<I", spoiled, place)[0] + length)
    with pytest.raises(UnreadableFileError, match=r"\(3006,0040\) an element occurs twice"):
        read_structure_set(bytes(spoiled), settings=Settings())


META = (
    element(0x00020002, b"1.2.840.10008.5.1.4.1.1.481.3\0", "UI"),
    element(0x00020010, b"1.2.840.10008.1.2.1\0", "UI"),
)
CLASS, NAMED = element(0x00080016, b"1.2.840.10008.5.1.4.1.1.481.3\0", "UI"), element(0x00100010, b"A", "PN")
CHARACTERS, VERSION = element(0x00080005, b"ISO_IR 100", "CS"), element(0x00020001, b"\0\1", "OB")
PREAMBLE = bytes(128) + b"DICM"


@pytest.mark.parametrize("start", [PREAMBLE, b""])
@pytest.mark.parametrize(
    ("parts", "tag"),
    [
        ((*META, META[1], CLASS), r"\(0002,0010\)"),
        ((VERSION, META[0], *META, CLASS), r"\(0002,0002\)"),
        ((VERSION, *META, VERSION, CLASS), r"\(0002,0001\)"),
        ((*META, CLASS, CLASS, NAMED), r"\(0008,0016\)"),
        ((*META, CHARACTERS, CHARACTERS, CLASS), r"\(0008,0005\)"),
        ((CLASS, CLASS), r"\(0008,0016\)"),
        ((*META, CLASS, NAMED, NAMED), r"\(0010,0010\)"),
    ],
)
def test_an_element_that_stands_twice_in_a_file_is_refused_wherever_it_stands(start, parts, tag):
    with pytest.raises(UnreadableFileError, match=f"the element {tag} occurs twice"):
        parse(start + b"".join(parts))


@pytest.mark.parametrize("start", [PREAMBLE, b""])
@pytest.mark.parametrize(
    "parts", [(VERSION, *META, CLASS), (CLASS, NAMED), META, (*META, CHARACTERS, CLASS), (CHARACTERS, NAMED)]
)
def test_no_file_is_refused_for_elements_that_stand_once(start, parts):
    found = parse(start + b"".join(parts))
    assert len(found) == sum(part in {CLASS, NAMED, CHARACTERS} for part in parts)


def test_elements_before_the_identifying_group_are_no_doubles():
    command = element(0x00000002, b"1.2.840.10008.1.1\0", "UI", implicit=True)
    assert len(parse(PREAMBLE + b"".join(META) + command + CLASS)) == 2
