"""Small DICOM files for the readers' tests, written by pydicom alone so that they owe nothing to what they test."""

from io import BytesIO

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
MR = "1.2.840.10008.5.1.4.1.1.4"
PT = "1.2.840.10008.5.1.4.1.1.128"
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
RTPLAN = "1.2.840.10008.5.1.4.1.1.481.5"
REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"

AXIAL = (1, 0, 0, 0, 1, 0)
TURNED = tuple(
    np.round([np.cos(0.3), np.sin(0.3), 0, -np.sin(0.3) * np.cos(0.2), np.cos(0.3) * np.cos(0.2), np.sin(0.2)], 12)
)
"""An oblique orientation: rows and columns of no axis."""
SQUARE = r"0\0\0\10\0\0\10\10\0\0\10\0"


def raw(tag, value, vr="DS"):
    """An element with exactly these bytes."""
    value = value if isinstance(value, bytes) else value.encode("latin-1")
    value += b" " * (len(value) % 2)
    return RawDataElement(BaseTag(tag), vr, len(value), value, 0, False, True)


def put_raw(dataset, tag, value, vr="DS"):
    dataset[BaseTag(tag)] = raw(tag, value, vr)


def new(sop_class, uid, **values):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
    defaults = {"PatientID": "P-1", "StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.1.1"}
    for name, value in (defaults | values).items():
        setattr(dataset, name, value)
    return dataset


def item(**values):
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def to_bytes(dataset, syntax=ExplicitVRLittleEndian, *, bare=False):
    """The file; `bare` leaves out preamble and file meta, as Monaco does."""
    stream = BytesIO()
    if bare:
        dataset.save_as(stream, implicit_vr=True, little_endian=True)
        return stream.getvalue()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def save(folder, name, dataset, **options):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(to_bytes(dataset, **options))


def contour(data=SQUARE, kind="CLOSED_PLANAR", stated="data", image_uid=None):
    one = Dataset()
    if kind is not None:
        put_raw(one, 0x30060042, kind, vr="CS")  # INTERPOLATED_PLANAR is too long for a CS
    if stated == "data":
        stated = len(data.split("\\")) // 3
    if stated is not None:
        one.NumberOfContourPoints = stated
    if image_uid:
        one.ContourImageSequence = [item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=image_uid)]
    if data is not None:
        put_raw(one, 0x30060050, data)
    return one


def roi(number, name, contours=(), *, kind="", label="", frame="1.9"):
    """(ROI item, contour item or None, observation item)."""
    listed = item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=frame, ROIGenerationAlgorithm="MANUAL")
    drawn = item(ReferencedROINumber=number, ContourSequence=list(contours)) if contours else None
    observed = item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType=kind)
    if label:
        observed.ROIObservationLabel = label
    return listed, drawn, observed


def structure_set(rois, uid="1.5", *, image_uids=(), series="", study="", frame="", **values):
    dataset = new(RTSTRUCT, uid, Modality="RTSTRUCT", **values)
    dataset.StructureSetROISequence = [listed for listed, _, _ in rois]
    dataset.ROIContourSequence = [drawn for _, drawn, _ in rois if drawn is not None]
    dataset.RTROIObservationsSequence = [observed for _, _, observed in rois if observed is not None]
    one_series = item(
        SeriesInstanceUID=series,
        ContourImageSequence=[item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=one) for one in image_uids],
    )
    one_study = item(ReferencedSOPInstanceUID=study, RTReferencedSeriesSequence=[one_series])
    dataset.ReferencedFrameOfReferenceSequence = [
        item(FrameOfReferenceUID=frame, RTReferencedStudySequence=[one_study])
    ]
    return dataset


def slices(positions_mm, *, sop_class=CT, modality="CT", root="1.7", orientation=AXIAL, offset=(0, 0), **values):
    """One slice a position along the normal; rows, columns and spacings all differ."""
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    normal = np.cross(row, column)
    made = []
    for number, position in enumerate(positions_mm):
        origin = position * normal + offset[0] * row + offset[1] * column
        dataset = new(sop_class, f"{root}.{number + 1}", **({"SeriesInstanceUID": root} | values))
        dataset.Modality = modality
        dataset.FrameOfReferenceUID = values.get("FrameOfReferenceUID", "1.9")
        dataset.ImagePositionPatient = [f"{value:.9g}" for value in origin]
        dataset.ImageOrientationPatient = [f"{value:.9g}" for value in orientation]
        dataset.PixelSpacing = values.get("PixelSpacing", [0.5, 0.8])
        dataset.Rows, dataset.Columns = values.get("Rows", 5), values.get("Columns", 7)
        dataset.SliceThickness = 99
        made.append(dataset)
    return made


def plan(structure_set_uid, uid="1.6", *, fractions=(5,), **values):
    dataset = new(RTPLAN, uid, Modality="RTPLAN", **values)
    dataset.ReferencedStructureSetSequence = [
        item(ReferencedSOPClassUID=RTSTRUCT, ReferencedSOPInstanceUID=structure_set_uid)
    ]
    dataset.FractionGroupSequence = [
        item(FractionGroupNumber=number, **({} if count is None else {"NumberOfFractionsPlanned": count}))
        for number, count in enumerate(fractions)
    ]
    return dataset
