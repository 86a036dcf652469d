"""A Segmentation as contours: exactly its voxel centers lie inside, whatever its masks, and what is none is refused."""

import io

import numpy as np
import pytest
import shapely
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from rtcomplexity.case.segment_outlines import structure_set_of
from rtcomplexity.dicom.segmentation import is_segmentation, read_segmentation
from rtcomplexity.dicom.sop_classes import SEGMENTATION
from rtcomplexity.errors import InputDataError, LimitExceededError, UnreadableFileError
from rtcomplexity.settings import Settings

SETTINGS = Settings()
ROWS, COLUMNS, SPACING = 13, 11, (1.5, 0.8)  # no whole number of bytes a frame
ALONG_ROW = np.array([0.8, 0.6, 0.0])
ALONG_COLUMN = np.array([-0.36, 0.48, 0.8])
NORMAL = np.cross(ALONG_ROW, ALONG_COLUMN)


def item(**values):
    found = Dataset()
    for name, value in values.items():
        setattr(found, name, value)
    return found


def segment(number, label, kind="MANUAL"):
    code = item(CodeValue="228791009", CodingSchemeDesignator="SCT", CodeMeaning="GTV")
    return item(
        SegmentNumber=number,
        SegmentLabel=label,
        SegmentAlgorithmType=kind,
        SegmentedPropertyTypeCodeSequence=Sequence([code]),
    )


def position(k):
    return np.array([10.0, -20.0, 30.0]) + 2.5 * k * NORMAL


def frame(k, number):
    return item(
        PlanePositionSequence=Sequence([item(ImagePositionPatient=[float(f"{x:.8g}") for x in position(k)])]),
        SegmentIdentificationSequence=Sequence([item(ReferencedSegmentNumber=number)]),
    )


def segmentation(masks, syntax=ExplicitVRLittleEndian, **values):
    """A file with the masks {(slice, segment): mask}."""
    dataset = item(
        SOPClassUID=SEGMENTATION,
        SOPInstanceUID="1.2.3",
        SeriesInstanceUID="1.2.4",
        StudyInstanceUID="1.2.5",
        FrameOfReferenceUID="1.2.6",
        PatientID="P-1",
        SegmentationType="BINARY",
        Rows=ROWS,
        Columns=COLUMNS,
        BitsAllocated=1,
        NumberOfFrames=len(masks),
        SegmentSequence=Sequence([segment(1, "GTV 1"), segment(2, "node", "AUTOMATIC")]),
        SharedFunctionalGroupsSequence=Sequence(
            [
                item(
                    PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=[*ALONG_ROW, *ALONG_COLUMN])]),
                    PixelMeasuresSequence=Sequence([item(PixelSpacing=list(SPACING))]),
                )
            ]
        ),
        PerFrameFunctionalGroupsSequence=Sequence([frame(k, number) for k, number in masks]),
    )
    bits = np.packbits(np.concatenate([mask.ravel() for mask in masks.values()]), bitorder="little").tobytes()
    dataset.PixelData = bits + b"\0" * (len(bits) % 2)
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    if syntax == RLELossless:
        dataset["PixelData"].is_undefined_length = True
        dataset.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0\x02\0\0\0\0\0"
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@pytest.fixture
def read(tmp_path):
    """Read bytes as a structure set."""

    def of(data, settings=SETTINGS):
        (tmp_path / "file").write_bytes(data)
        return structure_set_of(read_segmentation(tmp_path / "file", settings=settings))

    return of


def random_masks(seed):
    """Specks, holes and what touches the border, on three slices of two segments."""
    random = np.random.default_rng(seed)
    return {(k, number): random.random((ROWS, COLUMNS)) < 0.6 for k in range(3) for number in (1, 2)}


def rings(roi, k):
    """In-plane polygons, in rows and columns, of the contours that lie on a slice."""
    found = []
    for first, last in zip(roi.contours.offsets[:-1], roi.contours.offsets[1:], strict=True):
        points = roi.contours.points_mm[first:last] - position(k)
        if np.abs(points @ NORMAL).max() < 0.1:
            found.append(np.column_stack([points @ ALONG_COLUMN / SPACING[0], points @ ALONG_ROW / SPACING[1]]))
    return found


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("seed", range(3))
def test_exactly_the_voxel_centers_of_a_segment_lie_inside_its_contours(read, syntax, seed):
    masks = random_masks(seed)
    found = read(segmentation(masks, syntax))
    centers = shapely.points(*np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij"))
    for (k, number), mask in masks.items():
        (roi,) = (roi for roi in found.rois if roi.number == number)
        inside = np.zeros(mask.shape, int)
        for ring in rings(roi, k):
            inside += shapely.contains(shapely.Polygon(ring), centers)
        assert np.array_equal(inside % 2 == 1, mask)


def test_a_block_has_its_area_but_for_half_a_voxel_at_its_corners(read):
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[2:9, 3:8] = True
    (ring,) = rings(read(segmentation({(0, 1): mask})).rois[0], 0)
    assert shapely.Polygon(ring).area == pytest.approx(7 * 5 - 0.5)


def test_one_without_file_meta_information_is_read_as_it_is_written(read):
    data = segmentation(random_masks(0))
    dataset = dcmread(io.BytesIO(data))
    del dataset.file_meta
    stream = io.BytesIO()
    dataset.save_as(stream, implicit_vr=True, little_endian=True, enforce_file_format=False)
    found, usual = read(stream.getvalue()), read(data)
    assert [len(roi.contours) for roi in found.rois] == [len(roi.contours) for roi in usual.rois]


def test_segments_keep_label_code_and_how_they_were_made(read):
    found = read(segmentation(random_masks(0)))
    assert [(roi.name, roi.generation, roi.codes[0].value) for roi in found.rois] == [
        ("GTV 1", "MANUAL", "228791009"),
        ("node", "AUTOMATIC", "228791009"),
    ]
    assert {roi.frame_of_reference_uid for roi in found.rois} == {"1.2.6"}
    assert found.sop_instance_uid == "1.2.3"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"SegmentationType": "LABELMAP"}, "of type LABELMAP"),
        ({"syntax": RLELossless}, "compressed"),
        ({"syntax": DeflatedExplicitVRLittleEndian}, "compressed"),
        ({"Rows": 4000}, "fewer pixels"),
        ({"Rows": 0}, "or none"),
        ({"PerFrameFunctionalGroupsSequence": Sequence([Dataset()] * 6)}, "names no segment"),
        ({"SharedFunctionalGroupsSequence": Sequence([Dataset()])}, "states no place"),
    ],
)
def test_what_cannot_be_read_says_why(read, values, says):
    with pytest.raises(InputDataError, match=says):
        read(segmentation(random_masks(0), **values))


def test_more_voxels_than_the_limit_are_refused(read):
    with pytest.raises(LimitExceededError):
        read(segmentation(random_masks(0)), Settings(max_image_pixels=ROWS * COLUMNS))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_an_error(read, share):
    data = segmentation(random_masks(0))
    with pytest.raises(InputDataError):
        read(data[: int(len(data) * share)])


def test_what_is_none_is_told_by_its_class(tmp_path):
    path = tmp_path / "file"
    for data, is_one in (
        (segmentation(random_masks(0)), True),
        (segmentation(random_masks(0), SOPClassUID="1.2.840.10008.5.1.4.1.1.2"), False),
        (b"text", False),
    ):
        path.write_bytes(data)
        assert is_segmentation(path) is is_one
    with pytest.raises(UnreadableFileError):
        read_segmentation(tmp_path / "nowhere", settings=SETTINGS)
