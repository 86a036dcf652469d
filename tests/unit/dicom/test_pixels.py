"""Boxes of stored values: exactly the file's numbers, from only the files needed, or a clear reason why not."""

import dataclasses
import struct
import sys

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from rtcomplexity import cores
from rtcomplexity.dicom import pixels
from rtcomplexity.dicom.pixels import IndexBox, PixelsUnreadableError, SeriesPixels
from rtcomplexity.errors import InputDataError, LimitExceededError
from rtcomplexity.model.image import ImageGrid, ImageSeries
from rtcomplexity.settings import Settings

ROWS, COLUMNS, SLICES = 36, 44, 5
BOX = IndexBox(k=(1, 4), j=(2, 5), i=(3, 7))


def read_box(series, box, settings=None):
    return SeriesPixels(series=series, settings=settings or Settings()).read(box)


def volume(dtype=np.int16):
    return np.arange(SLICES * ROWS * COLUMNS, dtype=dtype).reshape(SLICES, ROWS, COLUMNS) - (
        40 if np.issubdtype(dtype, np.signedinteger) else 0
    )


def slice_dataset(pixels, slope=1, intercept=-1000, **changes):
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = "1.2.3"
    dataset.Modality = "CT"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def write(dataset, path, syntax=ExplicitVRLittleEndian):
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if not syntax.is_encapsulated:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, enforce_file_format=True)
        return path
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path, enforce_file_format=True)
    return path


def series_of(paths, modality="CT", rows=ROWS, columns=COLUMNS):
    origins = np.zeros((len(paths), 3))
    origins[:, 2] = 3 * np.arange(len(paths))
    grid = ImageGrid(
        slice_origins_mm=origins,
        row_direction=[1, 0, 0],
        column_direction=[0, 1, 0],
        row_spacing_mm=1.5,
        column_spacing_mm=0.75,
        rows=rows,
        columns=columns,
    )
    uids = tuple(str(index) for index in range(len(paths)))
    return ImageSeries(
        series_uid="1", study_uid="1", frame_of_reference_uid="1", modality=modality, grid=grid,
        sop_instance_uids=uids, paths=tuple(paths),
    )  # fmt: skip


def written(folder, syntax=ExplicitVRLittleEndian, dtype=np.int16, modality="CT", **changes):
    pixels = volume(dtype)
    paths = [
        write(slice_dataset(pixels[k], slope=1 + k, **changes), folder / f"{k}.dcm", syntax) for k in range(SLICES)
    ]
    return series_of(paths, modality)


def refusal(folder, modality="CT", **changes):
    with pytest.raises(PixelsUnreadableError) as caught:
        read_box(written(folder, modality=modality, **changes), BOX)
    return str(caught.value)


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEG2000Lossless,
        JPEGLSLossless,
    ],
)
@pytest.mark.parametrize("dtype", [np.int16, np.uint16])
def test_a_box_holds_the_files_integers_whatever_the_transfer_syntax(tmp_path, syntax, dtype):
    if syntax == JPEGLSLossless and dtype == np.int16:
        pytest.skip("the encoder of the test, not the decoder, refuses signed JPEG-LS")
    found = read_box(written(tmp_path, syntax, dtype), BOX)
    expected = volume(dtype)[1:4, 2:5, 3:7]
    np.testing.assert_array_equal(found.stored, expected)
    assert found.stored.dtype == dtype


def test_a_deflated_slice_that_unpacks_to_too_much_is_refused(tmp_path):
    series = written(tmp_path, DeflatedExplicitVRLittleEndian, np.int16)
    with pytest.raises(LimitExceededError, match="unpacks to more than"):
        read_box(series, BOX, Settings(inflation_floor_bytes=100, max_inflation=1))


def test_big_endian_pixels_are_turned_round(tmp_path):
    pixels = volume()
    path = tmp_path / "0.dcm"
    dataset = slice_dataset(pixels[0].astype(">i2"))
    dataset.PixelRepresentation = 1
    write(dataset, path, ExplicitVRBigEndian)
    found = read_box(series_of([path]), IndexBox(k=(0, 1), j=(0, ROWS), i=(0, COLUMNS)))
    np.testing.assert_array_equal(found.stored[0], pixels[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint32])
def test_eight_and_thirty_two_bits_are_read(tmp_path, dtype):
    found = read_box(written(tmp_path, dtype=dtype), BOX)
    np.testing.assert_array_equal(found.stored, volume(dtype)[1:4, 2:5, 3:7])


def test_each_slice_has_its_own_slope_and_intercept(tmp_path):
    found = read_box(written(tmp_path), BOX)
    np.testing.assert_array_equal(found.slope, [2, 3, 4])
    np.testing.assert_array_equal(found.values()[2], volume()[3, 2:5, 3:7] * 4.0 - 1000)
    np.testing.assert_allclose(found.scaled(np.array([1, 1, 0.5])).values()[2], found.values()[2] / 2)


def test_only_the_slices_of_the_box_are_opened(tmp_path):
    series = written(tmp_path)
    for outside in (0, 4):
        series.paths[outside].unlink()
    assert read_box(series, BOX).stored.shape == (3, 3, 4)


@pytest.fixture
def decoded(monkeypatch):
    """Numbers of the frames that are decoded, file by file."""
    made, decode = [], pixels._decode
    monkeypatch.setattr(pixels, "_decode", lambda *given: made.append(given[0].file.path.name) or decode(*given))
    return made


def test_a_frame_is_decoded_once_and_only_where_a_box_has_it(tmp_path, decoded):
    series = SeriesPixels(series=written(tmp_path, RLELossless))
    names = [path.name for path in series.series.paths]
    for first, last in ((1, 3), (2, 4), (1, 4)):
        found = series.read(IndexBox(k=(first, last), j=(2, 5), i=(3, 7)))
        np.testing.assert_array_equal(found.stored, volume()[first:last, 2:5, 3:7])
    assert decoded == names[1:4]


def test_frames_for_which_there_is_no_room_are_decoded_again(tmp_path, decoded, monkeypatch):
    monkeypatch.setattr(pixels, "MOST_KEPT_BYTES", 2 * volume()[0].nbytes)
    series = SeriesPixels(series=written(tmp_path, RLELossless))
    names = [path.name for path in series.series.paths]
    for _ in range(2):
        np.testing.assert_array_equal(series.read(BOX).stored, volume()[1:4, 2:5, 3:7])
    assert decoded == [*names[1:4], names[3]]


def test_frames_are_the_same_however_many_cores_decode_them(tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "_LEAST_DECODED", 1)
    monkeypatch.setattr(cores, "can_fork", lambda: sys.platform == "linux")
    series = written(tmp_path, RLELossless)
    np.testing.assert_array_equal(
        read_box(series, BOX, Settings(threads=3)).stored, read_box(series, BOX, Settings(threads=1)).stored
    )


def test_bits_beside_the_stored_ones_are_dropped_with_their_sign(tmp_path):
    overlay = np.array([[0x7FFF, 0x0FFF, 0xF800, 0x0800]], np.uint16).repeat(2, axis=0)
    path = write(slice_dataset(overlay, BitsStored=12, HighBit=11), tmp_path / "u.dcm")
    everything = IndexBox(k=(0, 1), j=(0, 2), i=(0, 4))
    found = read_box(series_of([path], rows=2, columns=4), everything)
    np.testing.assert_array_equal(found.stored[0, 0], [0xFFF, 0xFFF, 0x800, 0x800])
    signed = write(slice_dataset(overlay, BitsStored=12, HighBit=11, PixelRepresentation=1), tmp_path / "s.dcm")
    found = read_box(series_of([signed], rows=2, columns=4), everything)
    np.testing.assert_array_equal(found.stored[0, 0], [-1, -1, -2048, -2048])


def test_a_magnetic_resonance_image_needs_no_rescaling(tmp_path):
    paths = []
    for k in range(SLICES):
        dataset = slice_dataset(volume()[k])
        del dataset.RescaleSlope, dataset.RescaleIntercept
        paths.append(write(dataset, tmp_path / f"{k}.dcm"))
    found = read_box(series_of(paths, "MR"), BOX)
    np.testing.assert_array_equal(found.values(), volume()[1:4, 2:5, 3:7])
    with pytest.raises(PixelsUnreadableError, match="Rescale Slope"):
        read_box(series_of(paths, "CT"), BOX)


def enhanced(folder, syntax=ExplicitVRLittleEndian, heights=(6, 0, 3)):
    """Three frames in an order of their own, each with its own rescaling."""
    pixels = volume()[: len(heights)]
    dataset = slice_dataset(pixels)
    del dataset.RescaleSlope, dataset.RescaleIntercept
    dataset.SOPClassUID = EnhancedCTImageStorage
    dataset.NumberOfFrames = len(heights)
    dataset.PerFrameFunctionalGroupsSequence = [_frame(index, height) for index, height in enumerate(heights)]
    path = write(dataset, folder / "enhanced.dcm", syntax)
    return series_of([path] * 3), pixels


def _frame(index, height_mm):
    position, rescaling, frame = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [0, 0, height_mm]
    rescaling.RescaleSlope, rescaling.RescaleIntercept = 10 + index, 0
    frame.PlanePositionSequence, frame.PixelValueTransformationSequence = [position], [rescaling]
    return frame


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEG2000Lossless])
def test_frames_are_found_by_where_they_lie(tmp_path, syntax):
    series, pixels = enhanced(tmp_path, syntax)
    found = read_box(series, IndexBox(k=(0, 3), j=(0, ROWS), i=(0, COLUMNS)))
    np.testing.assert_array_equal(found.stored, pixels[[1, 2, 0]])
    np.testing.assert_array_equal(found.slope, [11, 12, 10])


def test_two_frames_at_one_place_are_refused(tmp_path):
    series, _ = enhanced(tmp_path, heights=(0, 0, 3))
    with pytest.raises(PixelsUnreadableError, match="2 frames"):
        read_box(series, IndexBox(k=(0, 1), j=(0, 1), i=(0, 1)))


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"slope_": 0}, "Rescale Slope"),
        ({"slope_": None}, "Rescale Slope"),
        ({"intercept": None}, "Rescale Intercept"),
        ({"SamplesPerPixel": 3}, "Samples per Pixel (0028,0002) is 3"),
        ({"BitsAllocated": 12}, "Bits Allocated (0028,0100) is 12"),
        ({"BitsStored": 17}, "Bits Stored"),
        ({"HighBit": 20}, "High Bit"),
        ({"Rows": ROWS + 1}, "other Rows"),
    ],
)
def test_what_cannot_be_sampled_says_why(tmp_path, changes, because):
    changes = dict(changes)
    pixels = volume()
    slope = changes.pop("slope_", 1)
    path = write(slice_dataset(pixels[0], slope=slope, **changes), tmp_path / "0.dcm")
    with pytest.raises(PixelsUnreadableError) as caught:
        read_box(series_of([path]), IndexBox(k=(0, 1), j=(0, 1), i=(0, 1)))
    assert because in str(caught.value)


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_slope_that_is_no_number_is_refused(tmp_path):
    path = write(slice_dataset(volume()[0], slope="nan"), tmp_path / "0.dcm")
    with pytest.raises(PixelsUnreadableError, match="Rescale Slope"):
        read_box(series_of([path]), IndexBox(k=(0, 1), j=(0, 1), i=(0, 1)))


def test_short_pixel_data_are_refused(tmp_path):
    series = written(tmp_path)
    for path in series.paths:
        path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(PixelsUnreadableError, match="shorter than Rows x Columns"):
        read_box(series, BOX)


def test_missing_pixel_data_are_refused(tmp_path):
    dataset = slice_dataset(volume()[0])
    del dataset.PixelData
    with pytest.raises(PixelsUnreadableError, match="no Pixel Data"):
        read_box(series_of([write(dataset, tmp_path / "0.dcm")]), IndexBox(k=(0, 1), j=(0, 1), i=(0, 1)))


def test_a_vanished_file_is_refused(tmp_path):
    with pytest.raises(PixelsUnreadableError, match="cannot be opened"):
        read_box(series_of([tmp_path / "gone.dcm"]), IndexBox(k=(0, 1), j=(0, 1), i=(0, 1)))


def test_an_unknown_transfer_syntax_is_refused(tmp_path):
    path = compressed(tmp_path, JPEG2000Lossless, volume()[0], stated_syntax="1.2.840.10008.1.2.4.93")
    with pytest.raises(PixelsUnreadableError, match="transfer syntax is not one"):
        read_box(series_of([path]), IndexBox(k=(0, 1), j=(0, 1), i=(0, 1)))


def compressed(folder, syntax, pixels, stated_syntax=None, codestream=None):
    """A compressed slice whose bytes are then tampered with."""
    path = folder / "compressed.dcm"
    dataset = slice_dataset(pixels)
    if codestream is None:
        write(dataset, path, syntax)
    else:
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = stated_syntax or syntax
        dataset.PixelData = encapsulate([codestream])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.save_as(path, enforce_file_format=True)
    if stated_syntax:
        data = path.read_bytes()
        path.write_bytes(data.replace(b"1.2.840.10008.1.2.4.90", stated_syntax.encode()))
    return path


ONE = IndexBox(k=(0, 1), j=(0, 1), i=(0, 1))


def test_jpeg_lossless_names_the_extra(tmp_path):
    path = compressed(tmp_path, JPEGLosslessSV1, volume()[0], codestream=b"\xff\xd8\xff\xd9")
    with pytest.raises(PixelsUnreadableError, match=r"JPEG Lossless.*rtcomplexity\[gdcm\]"):
        read_box(series_of([path]), ONE)


def test_a_jpeg_2000_bomb_is_refused_before_it_is_decoded(tmp_path):
    path = compressed(tmp_path, JPEG2000Lossless, volume()[0])
    data = path.read_bytes()
    start = data.index(b"\xff\x4f\xff\x51") + 8
    path.write_bytes(data[:start] + struct.pack(">II", 60_000, 60_000) + data[start + 8 :])
    with pytest.raises(PixelsUnreadableError, match="other dimensions than its header"):
        read_box(series_of([path]), ONE)


def test_a_jpeg_bomb_is_refused_before_it_is_decoded(tmp_path):
    stream = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xff\xc0\x00\x0b\x08" + struct.pack(">HHB", 60_000, 60_000, 1)
    path = compressed(tmp_path, JPEG2000Lossless, volume()[0], "1.2.840.10008.1.2.4.50", stream)
    with pytest.raises(PixelsUnreadableError, match="other dimensions than its header"):
        read_box(series_of([path]), ONE)


@pytest.mark.parametrize("codestream", [b"\0\0", b"\xff\xd8", b"no image at all, just text"])
@pytest.mark.parametrize("syntax", ["50", "80", "90"])
def test_rubbish_in_place_of_a_codestream_is_refused(tmp_path, codestream, syntax):
    path = compressed(tmp_path, JPEG2000Lossless, volume()[0], f"1.2.840.10008.1.2.4.{syntax}", codestream)
    with pytest.raises(PixelsUnreadableError, match="cannot be decoded"):
        read_box(series_of([path]), ONE)


def test_an_rle_frame_of_another_length_is_refused(tmp_path):
    path = compressed(tmp_path, RLELossless, volume()[0])
    dataset = slice_dataset(volume()[0])
    data = path.read_bytes()
    rows = data.index(struct.pack("<HH", 0x28, 0x10)) + 8
    path.write_bytes(data[:rows] + struct.pack("<H", 2 * dataset.Rows) + data[rows + 2 :])
    with pytest.raises(PixelsUnreadableError, match="cannot be decoded"):
        read_box(series_of([path], rows=2 * ROWS), ONE)


def test_caps_hold_before_anything_is_allocated(tmp_path):
    small = Settings(max_image_pixels=20)
    with pytest.raises(LimitExceededError, match="36 pixels"):
        read_box(written(tmp_path), BOX, small)
    with pytest.raises(LimitExceededError, match=f"{ROWS * COLUMNS} pixels"):
        read_box(written(tmp_path), ONE, small)


def test_a_compressed_file_has_a_cap_of_its_own(tmp_path):
    path = compressed(tmp_path, JPEG2000Lossless, volume()[0])
    with pytest.raises(LimitExceededError, match="compressed image file"):
        read_box(series_of([path]), ONE, Settings(max_file_bytes=10))


def test_stored_values_are_read_only(tmp_path):
    with pytest.raises(ValueError, match="read-only"):
        read_box(written(tmp_path), BOX).stored[0, 0, 0] = 1


def test_the_series_says_which_frame_is_which_slice(tmp_path):
    series, pixels = enhanced(tmp_path, heights=(0, 0, 0))
    known = dataclasses.replace(series, frame_indices=(2, 0, 1))
    found = read_box(known, IndexBox(k=(0, 3), j=(0, ROWS), i=(0, COLUMNS)))
    np.testing.assert_array_equal(found.stored, pixels[[2, 0, 1]])
    with pytest.raises(PixelsUnreadableError, match="fewer frames than positions"):
        read_box(dataclasses.replace(series, frame_indices=(3, 0, 1)), ONE)


def pixel_element(path):
    """Place of the Pixel Data element in an explicit VR file."""
    return path.read_bytes().index(struct.pack("<HH", 0x7FE0, 0x10))


def test_a_file_without_meta_is_read_as_it_stands(tmp_path):
    path = tmp_path / "bare.dcm"
    slice_dataset(volume()[0]).save_as(path, implicit_vr=True, little_endian=True)
    assert read_box(series_of([path]), ONE).stored[0, 0, 0] == volume()[0, 0, 0]


@pytest.mark.parametrize(
    ("shift", "patch", "because"),
    [(4, b"UN", "neither OW nor OB"), (8, b"\xff\xff\xff\xff", "encapsulated in an uncompressed")],
)
def test_a_lying_pixel_element_is_refused(tmp_path, shift, patch, because):
    path = write(slice_dataset(volume()[0]), tmp_path / "0.dcm")
    data, start = path.read_bytes(), pixel_element(path) + shift
    path.write_bytes(data[:start] + patch + data[start + len(patch) :])
    with pytest.raises(PixelsUnreadableError, match=because):
        read_box(series_of([path]), ONE)


def test_a_header_that_cannot_be_parsed_is_refused(tmp_path):
    level = b"\x00\x52\x30\x92SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path = write(slice_dataset(volume()[0]), tmp_path / "0.dcm")
    data, start = path.read_bytes(), pixel_element(path)
    path.write_bytes(data[:start] + level * 3000 + data[start:])
    with pytest.raises(InputDataError):
        read_box(series_of([path]), ONE)
