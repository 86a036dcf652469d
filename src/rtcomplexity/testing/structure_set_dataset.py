"""One RT Structure Set data set of a described structure set: ROIs, contours, observations, references, approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag
from pydicom.uid import RTStructureSetStorage

from rtcomplexity.model.structure_set import ContourGeometricType
from rtcomplexity.testing import uids
from rtcomplexity.testing.common_modules import decimal_string, item, new_object, put, reference
from rtcomplexity.testing.description import References
from rtcomplexity.testing.image_datasets import SOP_CLASSES

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.testing.description import (
        ImageDescription,
        PlanDescription,
        RoiDescription,
        StructureSetDescription,
    )

STUDY_COMPONENT = "1.2.840.10008.3.1.2.3.1"
"""SOP class that RT Referenced Study Sequence names (retired, still the custom)."""
CONTOUR_DATA = Tag(0x3006, 0x0050)
LONGEST_EXPLICIT_DS = 65_534
"""A longer value has no room in the length field of a DS and becomes UN, as the standard wants, bytes."""


def structure_set_dataset(plan: PlanDescription, structure_set: StructureSetDescription) -> Dataset:
    """Build the data set of a structure set."""
    dataset = new_object(
        plan,
        sop_class_uid=RTStructureSetStorage,
        study_key=structure_set.study_key,
        key=structure_set.key,
        modality="RTSTRUCT",
    )
    put(
        dataset,
        {
            "FrameOfReferenceUID": uids.frame_uid(plan, structure_set.frame_key),
            "PositionReferenceIndicator": "",
            "StructureSetLabel": structure_set.label,
            "StructureSetDate": structure_set.date,
            "StructureSetTime": structure_set.time,
        },
    )
    image = plan.image(structure_set.image_key) if structure_set.image_key else None
    dataset.ReferencedFrameOfReferenceSequence = DicomSequence([_frame_item(plan, structure_set, image)])
    dataset.StructureSetROISequence = DicomSequence([_roi_item(plan, structure_set, roi) for roi in structure_set.rois])
    dataset.ROIContourSequence = DicomSequence(
        [_contours_item(plan, structure_set, roi, image) for roi in structure_set.rois if roi.contours is not None]
    )
    observed = [roi for roi in structure_set.rois if roi.has_observation]
    dataset.RTROIObservationsSequence = DicomSequence([_observation_item(roi) for roi in observed])
    put(dataset, approval(structure_set.approval_status, structure_set.date, structure_set.time))
    put(dataset, structure_set.overrides)
    return dataset


def approval(status: str | None, date: str, time: str) -> dict[str, object]:
    """Return the elements of the Approval module; none where `status` is None."""
    if status is None:
        return {}
    if status == "UNAPPROVED":
        return {"ApprovalStatus": status}
    return {"ApprovalStatus": status, "ReviewDate": date, "ReviewTime": time, "ReviewerName": "Synthetic^Reviewer"}


def _frame_item(
    plan: PlanDescription, structure_set: StructureSetDescription, image: ImageDescription | None
) -> Dataset:
    frame = item(FrameOfReferenceUID=uids.frame_uid(plan, structure_set.frame_key))
    if image is None or structure_set.study_level is References.ABSENT:
        return frame
    keys = dict.fromkeys((image.key, *(key for roi in structure_set.rois for key in roi.image_keys)))
    studies: dict[str, list[Dataset]] = {}
    for one in map(plan.image, keys):
        studies.setdefault(_study_uid(plan, structure_set, one), []).append(_series_item(plan, structure_set, one))
    items = [reference(STUDY_COMPONENT, uid) for uid in studies]
    for study, series in zip(items, studies.values(), strict=True):
        study.RTReferencedSeriesSequence = DicomSequence(series)
    frame.RTReferencedStudySequence = DicomSequence(items)
    return frame


def _study_uid(plan: PlanDescription, structure_set: StructureSetDescription, image: ImageDescription) -> str:
    is_dangling = structure_set.study_level is References.DANGLING
    return uids.study_uid(plan, f"dangling {image.key}" if is_dangling else image.study_key)


def _series_item(plan: PlanDescription, structure_set: StructureSetDescription, image: ImageDescription) -> Dataset:
    dangling = structure_set.study_level is References.DANGLING
    return item(
        SeriesInstanceUID=uids.series_uid(plan, f"dangling {image.key}" if dangling else image.key),
        ContourImageSequence=[
            reference(SOP_CLASSES[image.modality], uid)
            for uid in _referenced_uids(plan, image, structure_set.study_level)
        ],
    )


def _referenced_uids(plan: PlanDescription, image: ImageDescription, references: References) -> tuple[str, ...]:
    found = uids.image_uids(plan, image)
    if references is References.RESOLVING:
        return found
    return tuple(uids.hashed_uid("dangling", uid) for uid in found)


def _roi_item(plan: PlanDescription, structure_set: StructureSetDescription, roi: RoiDescription) -> Dataset:
    return item(
        ROINumber=roi.number,
        ReferencedFrameOfReferenceUID=uids.frame_uid(plan, roi.frame_key or structure_set.frame_key),
        ROIName=roi.name,
        ROIVolume=None if roi.volume_cm3 is None else decimal_string(roi.volume_cm3),
        ROIGenerationAlgorithm=roi.generation,
        ROIGenerationDescription=roi.generation_description or None,
    )


def _observation_item(roi: RoiDescription) -> Dataset:
    codes = [item(CodeValue=c.value, CodingSchemeDesignator=c.scheme, CodeMeaning=c.meaning) for c in roi.codes]
    return item(
        ObservationNumber=roi.number,
        ReferencedROINumber=roi.number,
        ROIObservationLabel=roi.observation_label or None,
        RTROIInterpretedType=roi.interpreted_type,
        ROIInterpreter="",
        RTROIIdentificationCodeSequence=codes or None,
    )


def _contours_item(
    plan: PlanDescription, structure_set: StructureSetDescription, roi: RoiDescription, image: ImageDescription | None
) -> Dataset:
    contours = roi.contours
    result = item(
        ROIDisplayColor=list(roi.color),
        ReferencedROINumber=roi.number if roi.contour_number is None else roi.contour_number,
    )
    if contours is None or len(contours) == 0:
        return result
    named: list[tuple[ImageDescription, str] | None] = [None] * len(contours)
    if image is not None and structure_set.contour_level is not References.ABSENT:
        firsts = contours.points_mm[contours.offsets[:-1]]
        named = _named_images(plan, structure_set, roi.image_keys or (image.key,), firsts)
    points = np.split(contours.points_mm, contours.offsets[1:-1])
    rows = zip(points, contours.geometric_types, named, strict=True)
    result.ContourSequence = DicomSequence(
        [
            _contour_item(vertices, ContourGeometricType(kind), each, structure_set.coordinate_decimals)
            for vertices, kind, each in rows
        ]
    )
    return result


def _named_images(
    plan: PlanDescription, structure_set: StructureSetDescription, keys: tuple[str, ...], firsts: Floats
) -> list[tuple[ImageDescription, str] | None]:
    """Return the slice nearest to each contour's first point, of its own series, with its UID as references have it."""
    series = keys * len(firsts) if len(keys) == 1 else keys
    slices = {key: _nearest_slices(firsts, plan.image(key)) for key in set(series)}
    found = {key: _referenced_uids(plan, plan.image(key), structure_set.contour_level) for key in slices}
    return [
        None if (k := slices[key][row]) is None else (plan.image(key), found[key][k]) for row, key in enumerate(series)
    ]


def _nearest_slices(points_mm: Floats, image: ImageDescription) -> list[int | None]:
    """Index of the slice nearest to each point along the normal; None further off than half a slice."""
    grid = image.grid
    distance = np.abs((points_mm @ grid.normal)[:, None] - grid.slice_positions_mm)
    reach = (grid.slice_spacing_mm or np.inf) / 2.0
    nearest = distance.argmin(axis=1)
    return [int(k) if distance[row, k] <= reach else None for row, k in enumerate(nearest)]


def _contour_item(
    points_mm: Floats,
    kind: ContourGeometricType,
    named: tuple[ImageDescription, str] | None,
    decimals: int,
) -> Dataset:
    result = item(ContourGeometricType=kind.name, NumberOfContourPoints=len(points_mm))
    if named is not None:
        image, image_uid = named
        result.ContourImageSequence = DicomSequence([reference(SOP_CLASSES[image.modality], image_uid)])
    data = contour_data(points_mm, decimals)
    vr = "DS" if len(data) <= LONGEST_EXPLICIT_DS else "UN"
    result[CONTOUR_DATA] = RawDataElement(
        CONTOUR_DATA, vr, len(data), data, 0, is_implicit_VR=False, is_little_endian=True
    )
    result.set_original_encoding(False, True, "iso8859")
    return result


def contour_data(points_mm: Floats, decimals: int) -> bytes:
    r"""Write (n, 3) points, mm, as the bytes of Contour Data: ``x\y\z\...`` of even length.

    Examples
    --------
    >>> contour_data(np.array([[1.0, -0.0, 2.5]]), 3)
    b'1\\0\\2.5 '
    """
    rounded = np.round(points_mm, decimals) + 0.0
    texts = [f"{value:.{decimals}f}".rstrip("0").rstrip(".") for value in rounded.ravel().tolist()]
    data = "\\".join(texts).encode("ascii")
    return data + b" " * (len(data) % 2)
