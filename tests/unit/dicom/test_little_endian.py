"""What is read straight is what pydicom reads; whatever is unusual is left to it."""

import io
import random
import struct
import warnings
from pathlib import Path
from unittest.mock import patch

import pydicom
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from pydicom.dataelem import RawDataElement

from hostile import container, plans
from rtcomplexity.dicom import elements, little_endian, parsing, tags
from rtcomplexity.errors import UnreadableFileError
from rtcomplexity.settings import Settings
from rtcomplexity.testing.strategies import spoiled_files
from unit.dicom.test_mutations import mutated

SET, SLICE = plans.good_files()[plans.SET], plans.good_files()["ct/ct_006.dcm"]
LIMITS = Settings()


AT_PIXELS = parsing._end(tags.PIXEL_DATA, header_only=False)
AT_CONTENTS = parsing._end(tags.PIXEL_DATA, header_only=True)


def straight(data, end=AT_PIXELS, most=LIMITS.max_elements):
    found = parsing._read_usual(data, end, Settings(max_elements=most))
    return None if found is None else found[0]


def undefined_lengths(data=SET):
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    container.undefined_lengths(read)
    return saved(read)


def implicit(data):
    """The same in implicit VR little endian."""
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    read.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    return saved(read)


def saved(read):
    stream = io.BytesIO()
    read.save_as(stream, implicit_vr=read.file_meta.TransferSyntaxUID.is_implicit_VR, little_endian=True)
    return stream.getvalue()


CONVERTED = 0x00080005
"""Specific Character Set, which pydicom converts while it reads, as it does some of the file meta information."""


def unconverted(dataset):
    """Elements as they were read, those of sequences too."""
    return {
        tag: element
        if isinstance(element, RawDataElement)
        else (element.VR, [unconverted(one) for one in element.value])
        for tag, element in dataset._dict.items()
        if tag != CONVERTED
    }


def everything(dataset):
    """All that a reader can ask for."""
    raw = unconverted(dataset)
    encoding = dataset.original_encoding, dataset.original_character_set, dataset.get(CONVERTED)
    return list(dataset._dict), raw, list(dataset.file_meta._dict), parsing.encoding_fault(dataset), encoding


def assert_as_pydicom(data):
    """Compare with pydicom wherever the answer is not left to it; say whether it was."""
    for end in (AT_PIXELS, AT_CONTENTS):
        if (found := straight(data, end)) is None:
            return False
        assert everything(found) == everything(parsing._parse_any(data, end, LIMITS))
    return True


@pytest.mark.parametrize("name", plans.good_files())
def test_a_good_file_is_read_straight_as_pydicom_reads_it(name):
    assert assert_as_pydicom(plans.good_files()[name])
    assert assert_as_pydicom(implicit(plans.good_files()[name]))


@pytest.mark.parametrize(
    "data",
    [implicit(SET), implicit(SLICE), undefined_lengths(implicit(SET)), undefined_lengths()],
    ids=["set without VR", "slice without VR", "set without VR or lengths", "set without lengths"],
)
def test_a_file_with_changed_bytes_is_read_as_pydicom_reads_it_or_left_to_it(data):
    chance = random.Random(20_261_129)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = [assert_as_pydicom(mutated(data, chance)) for _ in range(150)]
    assert sum(read) > 15


@pytest.mark.parametrize("data", [SET, SLICE], ids=["structure set", "slice"])
def test_a_spoiled_file_is_read_as_pydicom_reads_it_or_left_to_it(data):
    @hypothesis_settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(spoiled_files(data))
    def compare(content):
        assert_as_pydicom(content)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pydicom")  # that what is written here is bad
        compare()


@pytest.mark.parametrize("data", [SET, implicit(SET)], ids=["explicit", "implicit"])
def test_sequences_of_undefined_length_are_read_as_pydicom_reads_them(data):
    whole = undefined_lengths(data)
    assert assert_as_pydicom(whole)
    for end in range(len(whole) // 2, len(whole), 197):
        assert_as_pydicom(whole[:end])


@pytest.mark.parametrize(
    "data", [SET, implicit(SET), undefined_lengths(), undefined_lengths(implicit(SET))], ids=range(4)
)
def test_items_are_read_as_pydicom_reads_them(data):
    def walked(item):
        for tag, element in item._dict.items():
            if tag != CONVERTED:
                yield tag, element.value if isinstance(element, RawDataElement) else None
            for inner in elements.items(item, tag) if is_sequence(tag) else ():
                yield from walked(inner)

    def is_sequence(tag):
        return pydicom.datadict.dictionary_VR(tag) == "SQ"

    straightly = list(walked(straight(data)))
    with patch.object(elements, "read_items", lambda *_, **__: None):
        assert list(walked(parsing._parse_any(data, AT_PIXELS, LIMITS))) == straightly
    assert len(straightly) > 100


def test_items_that_are_cut_or_reach_too_far_are_left_to_pydicom():
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 10) + struct.pack("<HH2sH2s", 8, 0x60, b"CS", 2, b"CT")
    (one,) = little_endian.read_items(item, is_implicit=False)
    assert one._dict[0x00080060].value == b"CT"
    assert little_endian.read_items(item + item[:8], is_implicit=False) is None
    assert little_endian.read_items(item[:-1], is_implicit=False) is None
    assert little_endian.read_items(item[:4] + b"\x09" + item[5:], is_implicit=False) is None
    assert little_endian.read_items(item[8:], is_implicit=False) is None
    assert little_endian.read_items(b"", is_implicit=True) == []


@pytest.mark.parametrize("end", [0, 1, 7, 8, 11, 12])
def test_a_file_cut_anywhere_in_an_element_is_read_as_pydicom_reads_it(end):
    place = SLICE.index(struct.pack("<HH2s", 0x0008, 0x0060, b"CS"))
    assert assert_as_pydicom(SLICE[: place + end])


def without(keyword):
    def change(read):
        delattr(read, keyword)

    return change


def charset(read):
    read.SpecificCharacterSet = ["", "ISO 2022 IR 149"]


def test_a_declared_character_set_is_kept():
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(SLICE))
    charset(read)
    assert assert_as_pydicom(plans.to_bytes(read))


UNUSUAL = {
    "no prefix": SLICE[:128] + b"XXXX" + SLICE[132:],
    "a VR where the transfer syntax has none": SLICE.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0", 1),
    "big endian": SLICE.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0", 1),
    "an unknown transfer syntax": SLICE.replace(b"1.2.840.10008.1.2.1\0", b"1.2.3.4.5.6.7.8.9.0\0", 1),
    "an unknown VR": SLICE.replace(struct.pack("<HH2s", 8, 0x60, b"CS"), struct.pack("<HH2s", 8, 0x60, b"QQ"), 1),
    "an element twice": SLICE.replace(struct.pack("<HH", 8, 0x70), struct.pack("<HH", 8, 0x60), 1),
    "an element out of order": SLICE.replace(struct.pack("<HH", 8, 0x60), struct.pack("<HH", 8, 0x16), 1),
    "an undefined length": SLICE.replace(b"\x08\x00\x60\x00CS\x02\x00CT", b"\x08\x00\x60\x00UN\0\0\xff\xff\xff\xff", 1),
    "an unknown character set": SLICE.replace(b"ISO_IR 192", b"ISO_IR 999", 1),
    "nothing but a prefix": SLICE[:132],
    "no element after the meta information": SLICE[: SLICE.index(b"\x08\x00\x05\x00CS")],
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual_is_left_to_pydicom(what):
    assert UNUSUAL[what] not in {SLICE, SET}
    assert straight(UNUSUAL[what]) is None


def test_too_many_elements_are_left_to_the_guard_that_refuses_them():
    assert straight(SLICE, most=5) is None
    with pytest.raises(parsing.LimitExceededError, match="more than 5 elements"):
        parsing.parse(SLICE, settings=Settings(max_elements=5))


@pytest.mark.real_data
def test_real_files_are_read_as_pydicom_reads_them(real_data):
    folders = ("lung1_001", "malformed")
    paths = [path for folder in folders for path in Path(real_data, folder).rglob("*") if path.is_file()]
    assert sum(assert_as_pydicom(path.read_bytes()) for path in paths) > 100


@pytest.mark.parametrize("data", [SLICE, undefined_lengths(), SLICE[:900]], ids=range(3))
def test_a_header_is_read_as_the_whole_and_leaves_the_stream_where_pixels_begin(data):
    header, whole = io.BytesIO(data), io.BytesIO(data)
    assert parsing.parse_header(header, LIMITS) == parsing.parse(whole, settings=LIMITS)
    assert header.tell() == whole.tell()


def deflated(data):
    """The same, deflated."""
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    read.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    stream = io.BytesIO()
    read.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@pytest.mark.parametrize("encoded", [bytes, implicit, undefined_lengths])
@pytest.mark.parametrize("count", [8, 12, 512, 2048])
def test_zeros_that_fill_the_last_block_of_a_file_end_it(encoded, count):
    data = encoded(SET)
    assert unconverted(parsing.parse(data + bytes(count))) == unconverted(parsing.parse(data))


def test_zeros_behind_a_deflated_file_end_it():
    data = deflated(SET)
    assert unconverted(parsing.parse(data + bytes(512))) == unconverted(parsing.parse(data))


def test_zeros_before_something_else_are_broken():
    with pytest.raises(UnreadableFileError, match="twice"):
        parsing.parse(SET + bytes(64) + SET[-64:])
