"""Write a large synthetic plan: 40 ROIs x 180 planes x 600 points (an 84 MB structure set) and its CT of 180 slices.

Deterministic: the same numbers in every file on every machine. Each ROI is a prism of a slightly wavy outline whose
waves turn from plane to plane; its exact slab volume is written as ROI Volume, so that every reader can be checked.

    python benchmarks/large_structure_set.py FOLDER
    python benchmarks/large_structure_set.py FOLDER --points 2400
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RTStructureSetStorage

ROI_COUNT = 40
PLANE_COUNT = 180
POINT_COUNT = 600
SIZE = 512
PIXEL_MM = 0.9765625
SLICE_MM = 2.5
FIRST_Z_MM = -223.5
UID_ROOT = "1.2.826.0.1.3680043.8.498.20261."
STUDY_UID = UID_ROOT + "1"
CT_SERIES_UID = UID_ROOT + "2"
SET_SERIES_UID = UID_ROOT + "3"
FRAME_UID = UID_ROOT + "4"
SET_UID = UID_ROOT + "5"
CONTOUR_DATA = Tag(0x3006, 0x0050)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One ROI's outline: a circle with waves."""

    name: str
    x_mm: float
    y_mm: float
    radius_mm: float
    wave_mm: float
    waves: int


def shapes(count: int = ROI_COUNT) -> list[Shape]:
    """Return `count` outlines: GTV in CTV in PTV, the body, and organs in it with a point every 0.4 to 1 mm."""
    targets = [("GTV", 40.0), ("CTV", 47.0), ("PTV", 54.0), ("BODY", 210.0)]
    outlines = [
        Shape(name=name, x_mm=10.0, y_mm=-5.0, radius_mm=radius_mm, wave_mm=1.0, waves=7) for name, radius_mm in targets
    ]
    outlines += [organ(number) for number in range(count - len(targets))]
    return outlines[:count]


def organ(number: int) -> Shape:
    """Return the outline of one organ, its place and size from its number."""
    column, row = divmod(number, 6)
    return Shape(
        name=f"Organ_{number + 1:02d}",
        x_mm=-80.0 + 32.0 * column,
        y_mm=-60.0 + 24.0 * row,
        radius_mm=40.0 + 5.0 * (number % 12),
        wave_mm=1.0,
        waves=5 + number % 7,
    )


def outline(shape: Shape, plane: int, point_count: int = POINT_COUNT) -> np.ndarray:
    """Return the (n, 2) vertices of `shape` on `plane`, rounded to the 0.01 mm that the file holds."""
    angle = 2 * np.pi * np.arange(point_count) / point_count
    radius = shape.radius_mm + shape.wave_mm * np.sin(shape.waves * angle + 0.05 * plane)
    points = np.column_stack([shape.x_mm + radius * np.cos(angle), shape.y_mm + radius * np.sin(angle)])
    return np.round(points, 2)


def plane_z_mm(plane: int) -> float:
    """Return the position of `plane` along z, mm."""
    return FIRST_Z_MM + SLICE_MM * plane


def contours(count: int = ROI_COUNT, planes: int = PLANE_COUNT, points: int = POINT_COUNT) -> list[list[np.ndarray]]:
    """Return the (n, 3) points of every contour of every ROI, mm: what the file says, without a file."""
    return [
        [
            np.column_stack([outline(shape, plane, points), np.full(points, plane_z_mm(plane))])
            for plane in range(planes)
        ]
        for shape in shapes(count)
    ]


def polygon_area_mm2(points: np.ndarray) -> float:
    """Return the area within closed (n, 2) points."""
    x, y = points[:, 0] - points[0, 0], points[:, 1] - points[0, 1]
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2


def contour_data(points: np.ndarray, z_mm: float) -> bytes:
    """Return (n, 2) points at `z_mm` as Contour Data: decimal strings."""
    text = f"%.2f\\%.2f\\{z_mm:.1f}\\" * len(points) % tuple(points.ravel().tolist())
    return (text[:-1] + " " * ((len(text) - 1) % 2)).encode("ascii")


def contour_item(shape: Shape, plane: int, point_count: int) -> tuple[Dataset, float]:
    """Return one item of Contour Sequence and its area, mm2."""
    points = outline(shape, plane, point_count)
    value = contour_data(points, plane_z_mm(plane))
    item = Dataset()
    item.ContourImageSequence = Sequence([image_reference(plane)])
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = point_count
    vr = "DS" if len(value) < 65_535 else "UN"
    # as raw bytes in a dataset that is told its encoding: else pydicom turns each of 13 million numbers into an object
    item.set_original_encoding(is_implicit_vr=False, is_little_endian=True, character_encoding="iso8859")
    item[CONTOUR_DATA] = RawDataElement(CONTOUR_DATA, vr, len(value), value, 0, False, True)
    return item, polygon_area_mm2(points)


def image_reference(plane: int) -> Dataset:
    """Return the reference to the slice at `plane`."""
    item = Dataset()
    item.ReferencedSOPClassUID = CTImageStorage
    item.ReferencedSOPInstanceUID = slice_uid(plane)
    return item


def slice_uid(plane: int) -> str:
    """Return the SOP Instance UID of the slice at `plane`."""
    return f"{UID_ROOT}6.{plane + 1}"


def structure_set(count: int, planes: int, points: int) -> FileDataset:
    """Return the structure set of `count` ROIs."""
    dataset = header(RTStructureSetStorage, SET_UID, "RTSTRUCT", SET_SERIES_UID)
    dataset.StructureSetLabel = "LARGE"
    dataset.StructureSetDate, dataset.StructureSetTime = "20260101", "120000"
    dataset.ApprovalStatus = "UNAPPROVED"
    dataset.ReferencedFrameOfReferenceSequence = Sequence([frame_reference(planes)])
    dataset.StructureSetROISequence = Sequence()
    dataset.ROIContourSequence = Sequence()
    dataset.RTROIObservationsSequence = Sequence()
    for number, shape in enumerate(shapes(count), start=1):
        items = [contour_item(shape, plane, points) for plane in range(planes)]
        volume_cm3 = sum(area for _, area in items) * SLICE_MM / 1000
        dataset.StructureSetROISequence.append(roi_item(number, shape.name, volume_cm3))
        dataset.ROIContourSequence.append(roi_contour_item(number, [item for item, _ in items]))
        dataset.RTROIObservationsSequence.append(observation_item(number, shape.name))
    return dataset


def roi_item(number: int, name: str, volume_cm3: float) -> Dataset:
    """Return one item of Structure Set ROI Sequence."""
    item = Dataset()
    item.ROINumber = number
    item.ReferencedFrameOfReferenceUID = FRAME_UID
    item.ROIName = name
    item.ROIVolume = f"{volume_cm3:.6f}"
    item.ROIGenerationAlgorithm = "MANUAL"
    return item


def roi_contour_item(number: int, items: list[Dataset]) -> Dataset:
    """Return one item of ROI Contour Sequence."""
    item = Dataset()
    item.ROIDisplayColor = [255, number * 6 % 256, 0]
    item.ContourSequence = Sequence(items)
    item.ReferencedROINumber = number
    return item


def observation_item(number: int, name: str) -> Dataset:
    """Return one item of RT ROI Observations Sequence."""
    types = {"GTV": "GTV", "CTV": "CTV", "PTV": "PTV", "BODY": "EXTERNAL"}
    item = Dataset()
    item.ObservationNumber = number
    item.ReferencedROINumber = number
    item.RTROIInterpretedType = types.get(name, "ORGAN")
    item.ROIInterpreter = ""
    return item


def frame_reference(planes: int) -> Dataset:
    """Return the item of Referenced Frame of Reference Sequence that names the CT."""
    series = Dataset()
    series.SeriesInstanceUID = CT_SERIES_UID
    series.ContourImageSequence = Sequence([image_reference(plane) for plane in range(planes)])
    study = Dataset()
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = STUDY_UID
    study.RTReferencedSeriesSequence = Sequence([series])
    item = Dataset()
    item.FrameOfReferenceUID = FRAME_UID
    item.RTReferencedStudySequence = Sequence([study])
    return item


def header(class_uid: str, instance_uid: str, modality: str, series_uid: str) -> FileDataset:
    """Return a dataset with the patient, study and series of an obviously synthetic person."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = class_uid
    meta.MediaStorageSOPInstanceUID = instance_uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = class_uid, instance_uid, modality
    dataset.StudyDate, dataset.StudyTime = "20260101", "120000"
    dataset.AccessionNumber, dataset.StudyID, dataset.ReferringPhysicianName = "", "1", ""
    dataset.Manufacturer = "synthetic"
    dataset.PatientName, dataset.PatientID = "Benchmark^Synthetic", "BENCHMARK"
    dataset.PatientBirthDate, dataset.PatientSex = "", "O"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SeriesNumber = STUDY_UID, series_uid, 1
    dataset.FrameOfReferenceUID = FRAME_UID
    return dataset


def ct_slice(plane: int, pixels: bytes) -> FileDataset:
    """Return the CT slice at `plane`."""
    dataset = header(CTImageStorage, slice_uid(plane), "CT", CT_SERIES_UID)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientPosition, dataset.PositionReferenceIndicator = "HFS", ""
    dataset.InstanceNumber, dataset.SliceThickness = plane + 1, SLICE_MM
    corner_mm = -PIXEL_MM * (SIZE - 1) / 2
    dataset.ImagePositionPatient = [corner_mm, corner_mm, plane_z_mm(plane)]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [PIXEL_MM, PIXEL_MM]
    dataset.Rows = dataset.Columns = SIZE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope = 0, 1
    dataset.KVP = 120
    dataset.PixelData = pixels
    return dataset


def ct_pixels() -> bytes:
    """Return one slice: water in a circle of air."""
    offset_mm = PIXEL_MM * (np.arange(SIZE) - (SIZE - 1) / 2)
    inside = offset_mm[:, None] ** 2 + offset_mm[None, :] ** 2 < 205.0**2
    return np.where(inside, 0, -1000).astype("<i2").tobytes()


def write(folder: Path, count: int = ROI_COUNT, planes: int = PLANE_COUNT, points: int = POINT_COUNT) -> Path:
    """Write the plan into `folder` (ct/, rtstruct/) and return the path of the structure set."""
    images, sets = folder / "ct", folder / "rtstruct"
    images.mkdir(parents=True, exist_ok=True)
    sets.mkdir(parents=True, exist_ok=True)
    pixels = ct_pixels()
    for plane in range(planes):
        ct_slice(plane, pixels).save_as(images / f"CT_{plane + 1:03d}.dcm", enforce_file_format=True)
    path = sets / "RS_large.dcm"
    structure_set(count, planes, points).save_as(path, enforce_file_format=True)
    return path


def main() -> int:
    """Write the plan that the command line asks for and say what it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rois", type=int, default=ROI_COUNT)
    parser.add_argument("--planes", type=int, default=PLANE_COUNT)
    parser.add_argument("--points", type=int, default=POINT_COUNT)
    arguments = parser.parse_args()
    path = write(arguments.folder, arguments.rois, arguments.planes, arguments.points)
    total = arguments.rois * arguments.planes * arguments.points
    print(f"{path}: {arguments.rois} ROIs, {total:,} points, {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
