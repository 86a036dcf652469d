"""The content hash: the same however an instance is encoded, another for every other value."""

import hashlib
import random
import struct
import tracemalloc
from io import BytesIO

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from rtcomplexity.dicom import index
from rtcomplexity.dicom.identity import content_hash
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.settings import Settings
from unit.dicom.datasets import CT, contour, item, new, put_raw, roi, structure_set, to_bytes

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


def hashed(data):
    return content_hash(data, Settings())


def image():
    """A slice with values of many kinds, a nested sequence, an empty one and private elements."""
    made = new(CT, "1.2.3", PatientID="P-1", PatientName="Doe^Jane", StudyDescription="odd")
    made.ImagePositionPatient = ["-1.50", "2", "3.250000"]
    made.PixelSpacing = [0.5, 0.75]
    made.Rows, made.Columns, made.BitsAllocated = 2, 3, 16
    made.FrameIncrementPointer = 0x00181063
    made.RealWorldValueMappingSequence = [item(RealWorldValueSlope=1.5, RealWorldValueFirstValueMapped=0)]
    made.ReferencedImageSequence = []
    made.SourceImageSequence = [
        item(ReferencedSOPInstanceUID="1.2.9", PurposeOfReferenceCodeSequence=[item(CodeValue="A")])
    ]
    block = made.private_block(0x0009, "MAKER 1", create=True)
    block.add_new(1, "LO", "odd text!")
    block.add_new(2, "DS", "3.5")
    made.PixelData = bytes(range(12))
    made["PixelData"].VR = "OW"
    return made


def drawn():
    return structure_set([roi(1, "GTV", [contour(image_uid="1.4.1"), contour()]), roi(2, "Lung L", [contour()])])


def without_lengths(dataset):
    """The same with sequences and items of undefined length."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for part in element.value:
                part.is_undefined_length_sequence_item = True
    return dataset


def saved(data, syntax, **options):
    """The bytes as pydicom reads and writes them again, in another transfer syntax."""
    dataset = pydicom.dcmread(BytesIO(data), force=True)
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = BytesIO()
    dataset.save_as(stream, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian, **options)
    return stream.getvalue()


@pytest.mark.parametrize("make", [image, drawn])
@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_every_transfer_syntax_has_the_same_content(make, syntax):
    plain = to_bytes(make())
    assert len(hashed(plain)) == 64
    dataset = make()
    if syntax == ExplicitVRBigEndian and "PixelData" in dataset:  # which pydicom leaves to its caller
        dataset.PixelData = struct.pack(">6H", *struct.unpack("<6H", dataset.PixelData))
    assert hashed(to_bytes(dataset, syntax)) == hashed(plain)


@pytest.mark.parametrize("make", [image, drawn])
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_a_client_that_parses_and_saves_keeps_the_content(make, syntax):
    plain = to_bytes(make())
    assert hashed(saved(plain, syntax)) == hashed(plain)
    assert hashed(saved(saved(plain, syntax), ExplicitVRLittleEndian)) == hashed(plain)


def test_without_preamble_and_meta_information_the_content_is_the_same():
    assert hashed(to_bytes(image(), bare=True)) == hashed(to_bytes(image()))


def test_sequences_of_undefined_length_have_the_same_content():
    other = to_bytes(without_lengths(image()))
    assert other != to_bytes(image())
    assert hashed(other) == hashed(to_bytes(image()))


def test_group_lengths_padding_and_trailing_padding_are_no_content():
    plain = to_bytes(image())
    start = plain.index(b"\x08\x00\x16\x00UI")
    group_length = b"\x08\x00\x00\x00UL\x04\x00\x10\x00\x00\x00"
    length_to_end = b"\x08\x00\x01\x00UL\x04\x00\x10\x00\x00\x00"
    trailing = b"\xfc\xff\xfc\xffOB\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"
    assert hashed(plain[:start] + group_length + length_to_end + plain[start:] + trailing) == hashed(plain)
    padded = plain.replace(b"LO\x04\x00odd ", b"LO\x08\x00odd     ")
    assert padded != plain
    assert hashed(padded) == hashed(plain)


def test_spaces_round_numbers_in_text_are_no_content():
    spaced = image()
    put_raw(spaced, 0x00200032, b" -1.50\\2 \\3.250000 ")
    assert hashed(to_bytes(spaced)) == hashed(to_bytes(image()))


def test_preamble_and_file_meta_information_are_no_content():
    data, other = to_bytes(image()), pydicom.dcmread(BytesIO(to_bytes(image())))
    other.file_meta.ImplementationVersionName = "ANOTHER"
    stream = BytesIO()
    other.save_as(stream)
    assert hashed(stream.getvalue()) == hashed(data)
    assert hashed(b"\1" * 128 + data[128:]) == hashed(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: setattr(d, "PatientID", "P-2"),
        lambda d: setattr(d, "ImagePositionPatient", ["-1.50", "2", "3.250001"]),
        lambda d: setattr(d, "Rows", 3),
        lambda d: setattr(d, "StudyDescription", "odd "[::-1]),
        lambda d: delattr(d, "StudyDescription"),
        lambda d: setattr(d.SourceImageSequence[0], "ReferencedSOPInstanceUID", "1.2.8"),
        lambda d: setattr(d.SourceImageSequence[0].PurposeOfReferenceCodeSequence[0], "CodeValue", "B"),
        lambda d: d.SourceImageSequence.append(item(ReferencedSOPInstanceUID="1.2.10")),
        lambda d: setattr(d, "PixelData", bytes(range(11)) + b"\0"),
        lambda d: setattr(d[0x0009, 0x1001], "value", "odd text?"),
        lambda d: setattr(d, "FrameIncrementPointer", 0x00181065),
        lambda d: setattr(d.RealWorldValueMappingSequence[0], "RealWorldValueSlope", 1.25),
    ],
)
def test_every_other_value_is_another_content(change):
    dataset = image()
    change(dataset)
    assert hashed(to_bytes(dataset)) != hashed(to_bytes(image()))


def test_moving_a_value_into_another_item_is_another_content():
    first = new(CT, "1.2.3", SourceImageSequence=[item(ReferencedSOPInstanceUID="1"), item()])
    second = new(CT, "1.2.3", SourceImageSequence=[item(), item(ReferencedSOPInstanceUID="1")])
    assert hashed(to_bytes(first)) != hashed(to_bytes(second))


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_of_a_contour_is_another_content(place, change):
    plain = to_bytes(drawn())
    start = plain.index(b"DS", plain.index(b"\x06\x30\x50\x00")) + 4
    value = plain[start : start + 40]
    place %= len(value)
    other = value[:place] + bytes([value[place] ^ change]) + value[place + 1 :]
    is_padding = other.translate(None, b" \0") == value.translate(None, b" \0")
    assert (hashed(plain[:start] + other + plain[start + 40 :]) == hashed(plain)) == is_padding


def test_encapsulated_pixels_count_as_their_fragments():
    def compressed(*, with_table):
        dataset = image()
        dataset.PixelData = encapsulate([b"\1\2\3\4", b"\5\6\7\x08"], has_bot=with_table)
        dataset["PixelData"].is_undefined_length = True
        return to_bytes(dataset, RLELossless)

    assert len(hashed(compressed(with_table=True))) == 64
    assert hashed(compressed(with_table=True)) == hashed(compressed(with_table=False))
    assert hashed(compressed(with_table=True).replace(b"\5\6\7\x08", b"\5\6\7\x09")) != hashed(
        compressed(with_table=True)
    )


@pytest.mark.parametrize("cut", [1, 7, 20, 200])
def test_what_cannot_be_followed_to_its_end_has_no_content_hash(cut):
    assert hashed(to_bytes(image())[:-cut]) == ""


@pytest.mark.parametrize("data", [b"", b"DICM", b"\0" * 200, b"%PDF-1.7" * 40])
def test_what_is_no_dicom_raises_nothing(data):
    assert isinstance(hashed(data), str)


def test_sequences_nested_beyond_the_limit_have_no_content_hash():
    dataset = Dataset()
    for _ in range(40):
        dataset = item(SourceImageSequence=[dataset])
    nested = new(CT, "1.2.3", SourceImageSequence=[dataset])
    assert hashed(to_bytes(nested)) == ""
    assert content_hash(to_bytes(nested), Settings(max_nesting=60)) != ""


def test_a_deflated_file_that_unpacks_to_too_much_has_no_content_hash():
    dataset = image()
    dataset.PixelData = bytes(1_000_000)
    data = to_bytes(dataset, DeflatedExplicitVRLittleEndian)
    assert content_hash(data, Settings(inflation_floor_bytes=1000, max_inflation=2)) == ""


def large(syntax, made=None, **values):
    """A slice whose pixels reach beyond what is read with the header."""
    made = made or image()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    made.PixelData = random.Random(1).randbytes(150_000)
    if syntax == RLELossless:
        made.PixelData = encapsulate([made.PixelData])
        made["PixelData"].is_undefined_length = True
    return to_bytes(made, syntax)


PIECEWISE = {
    "explicit": large(ExplicitVRLittleEndian),
    "implicit": large(ImplicitVRLittleEndian),
    "an element after the pixels": large(ExplicitVRLittleEndian, DataSetTrailingPadding=b"\0" * 8),
    "big endian": large(ExplicitVRBigEndian),
    "deflated": large(DeflatedExplicitVRLittleEndian),
    "compressed": large(RLELossless),
    "a header beyond the first piece": large(ExplicitVRLittleEndian, EncapsulatedDocument=bytes(70_000)),
    "open sequences": large(ImplicitVRLittleEndian, without_lengths(image())),
    "odd private text": large(ExplicitVRLittleEndian).replace(b"odd text! ", b"odd text!\0", 1),
}


@pytest.mark.parametrize("how", PIECEWISE)
def test_the_index_hashes_a_large_file_in_pieces_as_it_would_the_whole(tmp_path, how):
    data = PIECEWISE[how]
    (tmp_path / "1.dcm").write_bytes(data)
    (found,) = index_folder(tmp_path, settings=Settings()).images
    assert (found.sha256, found.content_hash) == (hashlib.sha256(data).hexdigest(), hashed(data))
    assert found.content_hash


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=lambda syntax: syntax.name)
def test_an_uncompressed_slice_is_never_held_in_memory_to_be_hashed(tmp_path, syntax, monkeypatch):
    (tmp_path / "1.dcm").write_bytes(large(syntax))
    monkeypatch.setattr(index, "_index_whole", None)
    assert index_folder(tmp_path, settings=Settings()).images


LONG = "\\".join(f"{number % 97}.5" for number in range(3000))
"""Coordinates of a contour, more than are copied to be hashed."""


@pytest.mark.parametrize("pad", [" ", "\0", "  \0"], ids=["space", "null", "several"])
@pytest.mark.parametrize("place", ["at the end", "at the beginning", "round a value"])
def test_padding_of_many_numbers_changes_no_content_hash(pad, place):
    padded = {
        "at the end": LONG + pad,
        "at the beginning": pad + LONG,
        "round a value": LONG.replace("\\5.5", f"\\{pad}5.5{pad}", 1),
    }[place]
    assert hashed(contoured(padded)) == hashed(contoured(LONG)) != ""
    assert hashed(contoured(LONG.replace("5.5", "5.6", 1))) != hashed(contoured(LONG))


def test_many_numbers_are_hashed_from_a_mapped_file_too(tmp_path, monkeypatch):
    monkeypatch.setattr("rtcomplexity.dicom.index._WHOLE_IN_MEMORY_BYTES", 0)
    (tmp_path / "rs.dcm").write_bytes(contoured(LONG))
    (found,) = index_folder(tmp_path, settings=Settings()).structure_sets
    assert found.content_hash == hashed(contoured(LONG)) != ""


def test_hashing_contours_of_many_points_copies_none_of_it():
    data = contoured(*["\\".join(["1.5"] * 15_000)] * 20)
    tracemalloc.start()
    hashed(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(data) / 4


def contoured(*texts):
    """A structure set file with contours of these coordinates."""
    return to_bytes(structure_set([roi(1, "GTV", [contour(text) for text in texts])]))
