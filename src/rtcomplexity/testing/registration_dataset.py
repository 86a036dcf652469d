"""Spatial and Deformable Spatial Registration data sets, each in the direction the standard gives it.

A Spatial Registration maps source -> registered; a Deformable one registered -> source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import DeformableSpatialRegistrationStorage, SpatialRegistrationStorage

from rtcomplexity.testing import uids
from rtcomplexity.testing.common_modules import decimal_strings, item, new_object, put, reference
from rtcomplexity.testing.image_datasets import SOP_CLASSES

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.testing.description import (
        DeformableDescription,
        MatrixMapping,
        PlanDescription,
        RegistrationDescription,
    )


def registration_dataset(plan: PlanDescription, registration: RegistrationDescription) -> Dataset:
    """Build the data set of a Spatial Registration."""
    dataset = _new_registration(plan, registration, SpatialRegistrationStorage)
    put(dataset, {"RegistrationSequence": [_mapping_item(plan, mapping) for mapping in registration.mappings]})
    keys = [mapping.image_key for mapping in registration.mappings if mapping.image_key is not None]
    put(dataset, _instance_references(plan, registration.study_key, keys))
    put(dataset, registration.overrides)
    return dataset


def deformable_dataset(plan: PlanDescription, deformable: DeformableDescription) -> Dataset:
    """Build the data set of a Deformable Spatial Registration."""
    dataset = _new_registration(plan, deformable, DeformableSpatialRegistrationStorage)
    entry = item(
        SourceFrameOfReferenceUID=uids.frame_uid(plan, deformable.source_frame_key),
        ReferencedImageSequence=_image_references(plan, deformable.image_key),
        PreDeformationMatrixRegistrationSequence=_single_matrix(deformable.pre),
        PostDeformationMatrixRegistrationSequence=_single_matrix(deformable.post),
        DeformableRegistrationGridSequence=[_grid_item(deformable)],
    )
    entry.RegistrationTypeCodeSequence = []
    put(dataset, {"DeformableRegistrationSequence": [entry]})
    keys = [] if deformable.image_key is None else [deformable.image_key]
    put(dataset, _instance_references(plan, deformable.study_key, keys))
    put(dataset, deformable.overrides)
    return dataset


def _new_registration(
    plan: PlanDescription, registration: RegistrationDescription | DeformableDescription, sop_class_uid: str
) -> Dataset:
    dataset = new_object(
        plan, sop_class_uid=sop_class_uid, study_key=registration.study_key, key=registration.key, modality="REG"
    )
    elements = {
        "BodyPartExamined": "CHEST",
        "SeriesDate": registration.date,
        "SeriesTime": registration.time,
        "ContentDate": registration.date,
        "ContentTime": registration.time,
        "InstanceNumber": 1,
        "ContentLabel": "SYNTHETIC",
        "ContentDescription": "Registration of synthetic images",
        "ContentCreatorName": "Synthetic^Creator",
        "FrameOfReferenceUID": uids.frame_uid(plan, registration.registered_frame_key),
        "PositionReferenceIndicator": "",
    }
    put(dataset, elements)
    return dataset


def _mapping_item(plan: PlanDescription, mapping: MatrixMapping) -> Dataset:
    matrices = [_matrix_item(matrix, mapping.matrix_type) for matrix in mapping.matrices]
    registration = item(MatrixSequence=matrices)
    registration.RegistrationTypeCodeSequence = []
    return item(
        FrameOfReferenceUID=uids.frame_uid(plan, mapping.source_frame_key),
        ReferencedImageSequence=_image_references(plan, mapping.image_key),
        MatrixRegistrationSequence=[registration],
    )


def _matrix_item(matrix: Floats, matrix_type: str) -> Dataset:
    return item(
        FrameOfReferenceTransformationMatrix=decimal_strings(np.asarray(matrix).ravel()),
        FrameOfReferenceTransformationMatrixType=matrix_type,
    )


def _single_matrix(matrix: Floats | None) -> list[Dataset] | None:
    return None if matrix is None else [_matrix_item(matrix, "RIGID")]


def _grid_item(deformable: DeformableDescription) -> Dataset:
    grid = deformable.grid
    resolution = [grid.column_spacing_mm, grid.row_spacing_mm, grid.slice_spacing_mm or 1.0]
    return item(
        ImagePositionPatient=decimal_strings(grid.slice_origins_mm[0]),
        ImageOrientationPatient=decimal_strings([*grid.row_direction, *grid.column_direction]),
        GridDimensions=[grid.columns, grid.rows, len(grid.slice_origins_mm)],
        GridResolution=[float(value) for value in resolution],
        VectorGridData=np.ascontiguousarray(deformable.displacements_mm, dtype="<f4").tobytes(),
    )


def _image_references(plan: PlanDescription, key: str | None) -> list[Dataset] | None:
    if key is None:
        return None
    image = plan.image(key)
    return [reference(SOP_CLASSES[image.modality], uid) for uid in uids.image_uids(plan, image)]


def _instance_references(plan: PlanDescription, study_key: str, keys: list[str]) -> dict[str, object]:
    """Return the Common Instance Reference module: images of this study, then those of others."""
    same = [key for key in keys if plan.image(key).study_key == study_key]
    studies = sorted({plan.image(key).study_key for key in keys} - {study_key})
    others = [
        item(
            StudyInstanceUID=uids.study_uid(plan, study),
            ReferencedSeriesSequence=[_series_item(plan, key) for key in keys if plan.image(key).study_key == study],
        )
        for study in studies
    ]
    return {
        "ReferencedSeriesSequence": [_series_item(plan, key) for key in same] or None,
        "StudiesContainingOtherReferencedInstancesSequence": others or None,
    }


def _series_item(plan: PlanDescription, key: str) -> Dataset:
    return item(SeriesInstanceUID=uids.series_uid(plan, key), ReferencedInstanceSequence=_image_references(plan, key))
