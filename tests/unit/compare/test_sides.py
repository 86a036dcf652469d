"""A DICOM Segmentation as one side of a comparison, against what its pixels enclose."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from rtcomplexity.cli.app import run
from rtcomplexity.compare.comparison import compare
from rtcomplexity.compare.sides import read_side
from rtcomplexity.errors import InputDataError
from rtcomplexity.settings import Settings
from rtcomplexity.testing.placing import rotation_matrix

SPACING_MM = (1.5, 0.8)
"""Of rows and of columns: unequal, so that exchanging them shows."""
SLICE_MM = 2.5
SHAPE = (9, 40, 56)
TURN = rotation_matrix((0.3, -0.5, 0.8), 0.4)


def item(**values):
    found = Dataset()
    for name, value in values.items():
        setattr(found, name, value)
    return found


def segmentation(path, masks, *, kind="BINARY", turn=TURN, **changed):
    """Write masks (k, j, i), one a segment, as a Segmentation file; frames without pixels are left out."""
    frames, pixels = [], []
    for number, (_, mask) in enumerate(masks.items(), start=1):
        for k in np.flatnonzero(mask.any(axis=(1, 2))):
            place = (turn @ np.array([10.0, -20.0, k * SLICE_MM])).tolist()
            frames.append(
                item(
                    SegmentIdentificationSequence=DicomSequence([item(ReferencedSegmentNumber=number)]),
                    PlanePositionSequence=DicomSequence([item(ImagePositionPatient=[f"{x:.10g}" for x in place])]),
                )
            )
            pixels.append(mask[k])
    stored = np.array(pixels)
    bits = np.packbits(stored.reshape(-1), bitorder="little") if kind == "BINARY" else (stored * 200).astype(np.uint8)
    shared = item(
        PlaneOrientationSequence=DicomSequence(
            [item(ImageOrientationPatient=[f"{x:.10g}" for x in (*turn[:, 0], *turn[:, 1])])]
        ),
        PixelMeasuresSequence=DicomSequence([item(PixelSpacing=list(SPACING_MM), SliceThickness=SLICE_MM)]),
    )
    dataset = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", SOPInstanceUID="1.2.3.4.5.6", Modality="SEG",
        SeriesInstanceUID="1.2.3.4.5", StudyInstanceUID="1.2.3.4", PatientID="SYNTHETIC-0007",
        FrameOfReferenceUID="1.2.3.9", SegmentationType=kind, MaximumFractionalValue=200, NumberOfFrames=len(frames),
        Rows=SHAPE[1], Columns=SHAPE[2], BitsAllocated=1 if kind == "BINARY" else 8, SamplesPerPixel=1,
        PixelRepresentation=0, PhotometricInterpretation="MONOCHROME2",
        SegmentSequence=DicomSequence(
            [
                item(SegmentNumber=n, SegmentLabel=label, SegmentAlgorithmType="AUTOMATIC")
                for n, label in enumerate(masks, start=1)
            ]
        ),
        SharedFunctionalGroupsSequence=DicomSequence([shared]),
        PerFrameFunctionalGroupsSequence=DicomSequence(frames),
        PixelData=bits.tobytes() + b"\0" * (len(bits.tobytes()) % 2),
    )  # fmt: skip
    for name, value in changed.items():
        setattr(dataset, name, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
    return path


def box(k=(2, 7), j=(5, 25), i=(8, 40)):
    mask = np.zeros(SHAPE, bool)
    mask[k[0] : k[1], j[0] : j[1], i[0] : i[1]] = True
    return mask


def pixels_cm3(mask, outlines_per_slice):
    """Volume of the pixels less half a pixel for each outline: its corners are cut."""
    slices = mask.any(axis=(1, 2)).sum()
    return (mask.sum() - 0.5 * outlines_per_slice * slices) * np.prod(SPACING_MM) * SLICE_MM / 1000


def sides(path):
    return {each.roi.name: each for each in read_side(str(path), settings=Settings()).rois}


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["axial", "oblique"])
def test_volumes_are_those_of_the_pixels_less_their_corners(tmp_path, kind, turn):
    solid = box()
    shell = solid & ~box(k=(0, 9), j=(10, 15), i=(15, 25))
    found = sides(segmentation(tmp_path / "seg.dcm", {"GTV": solid, "Shell": shell}, kind=kind, turn=turn))
    assert found["GTV"].delineation.volume_mm3 / 1000 == pytest.approx(pixels_cm3(solid, 1), rel=1e-6)
    # A hole's outline cuts its own corners: the hole is half a pixel smaller, so that the shell has them back.
    assert found["Shell"].delineation.volume_mm3 / 1000 == pytest.approx(pixels_cm3(shell, 0), rel=1e-6)
    assert found["GTV"].roi.generation == "AUTOMATIC"
    assert found["GTV"].target_class.value == "GTV"


def test_a_mask_moved_by_pixels_is_found_moved_by_their_spacing(tmp_path):
    first = segmentation(tmp_path / "1.dcm", {"GTV": box()}, turn=np.eye(3))
    second = segmentation(tmp_path / "2.dcm", {"GTV": box(j=(9, 29), i=(13, 45))}, turn=np.eye(3))
    values = compare(str(first), str(second)).compared[0].values
    assert values["compare.center_shift_left"].value == pytest.approx(5 * SPACING_MM[1], abs=0.01)
    assert values["compare.center_shift_posterior"].value == pytest.approx(4 * SPACING_MM[0], abs=0.01)


def test_frames_without_pixels_and_segments_without_frames_hold_nothing(tmp_path):
    found = sides(segmentation(tmp_path / "seg.dcm", {"GTV": box(), "None": np.zeros(SHAPE, bool)}))
    assert found["None"].delineation.stack is None


def test_a_structure_set_is_compared_with_the_segmentation_written_of_it(tmp_path):
    pytest.importorskip("highdicom")
    from rtcomplexity.testing import write_sample

    plan, out = tmp_path / "plan", tmp_path / "out"
    write_sample("routine_sbrt", plan)
    assert run(["analyze", str(plan), "--out", str(out), "--quick", "--quiet", "--identified"]) == 0
    assert run(["report", str(out), "--format", "seg", "--plan", str(plan), "--quiet"]) == 0
    found = compare(str(plan), str(out / "targets_seg.dcm"))
    (gtv,) = [each for each in found.compared if each.match.first.target_class.value == "GTV"]
    assert gtv.values["compare.dice"].value > 0.9
    assert gtv.values["compare.average_symmetric_surface_distance"].value < 0.5  # half a pixel of about 1 mm


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"SegmentationType": "LABELMAP"}, "type LABELMAP"),
        ({"PixelData": b"\0\0"}, "fewer pixels than frames"),
        ({"SharedFunctionalGroupsSequence": DicomSequence([])}, "states no place"),
    ],
)
def test_a_segmentation_that_cannot_be_read_is_refused(tmp_path, changed, told):
    path = segmentation(tmp_path / "seg.dcm", {"GTV": box()}, **changed)
    with pytest.raises(InputDataError, match=told):
        sides(path)


def test_a_compressed_segmentation_is_refused_with_what_to_do(tmp_path):
    path = segmentation(tmp_path / "seg.dcm", {"GTV": box()})
    data = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", RLELossless.encode() + b"\0", 1)
    path.write_bytes(data)
    with pytest.raises(InputDataError, match="compressed"):
        sides(path)


def test_more_pixels_than_the_limit_are_refused(tmp_path):
    path = segmentation(tmp_path / "seg.dcm", {"GTV": box()})
    with pytest.raises(InputDataError, match="over the limit"):
        read_side(str(path), settings=Settings(max_image_pixels=1000))
