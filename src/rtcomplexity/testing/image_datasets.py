"""Classic CT, PET and MR images of a described series, one data set a slice.

Stored values are the real-world ones divided by slope, less intercept, rounded; a value that does not fit into the
stored type is an error, never clipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage

from rtcomplexity.testing import uids
from rtcomplexity.testing.common_modules import decimal_string, decimal_strings, item, new_object, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtcomplexity.model.arrays import Singles
    from rtcomplexity.testing.description import ImageDescription, PetDescription, PlanDescription

SOP_CLASSES = {"CT": CTImageStorage, "PT": PositronEmissionTomographyImageStorage, "MR": MRImageStorage}
CT_INTERCEPT = -1024.0
LARGEST_STORED = 32767


def image_datasets(plan: PlanDescription, image: ImageDescription) -> Iterator[tuple[int, Dataset]]:
    """Build the slices of a series with their indices, in the order of its grid; missing ones are left out."""
    slopes = _slopes(image)
    for k, sop_instance_uid in enumerate(uids.image_uids(plan, image)):
        if k in image.missing_slices:
            continue
        dataset = new_object(
            plan,
            sop_class_uid=SOP_CLASSES[image.modality],
            study_key=image.study_key,
            key=image.key,
            modality=image.modality,
        )
        dataset.SOPInstanceUID = sop_instance_uid
        _put_series(dataset, plan, image, k)
        _put_plane(dataset, image, k)
        put(dataset, _MODALITY_ELEMENTS[image.modality](image, k))
        _put_pixels(dataset, image, k, slopes)
        put(dataset, image.overrides)
        put(dataset, image.slice_overrides.get(k, {}))
        yield k, dataset


def _slopes(image: ImageDescription) -> list[float]:
    """Rescale Slope of each slice, exactly as its decimal string says."""
    if image.slopes is not None:
        return [float(decimal_string(slope)) for slope in image.slopes]
    if image.modality != "PT":
        return [1.0] * len(image.values)
    largest = np.abs(image.values).max(axis=(1, 2), initial=1e-3)
    return [float(f"{float(value) / LARGEST_STORED * 1.0001:.6g}") for value in largest]


def _intercept(image: ImageDescription) -> float:
    if image.intercept is not None:
        return image.intercept
    return CT_INTERCEPT if image.modality == "CT" else 0.0


def stored_values(values: Singles, slope: float, intercept: float) -> NDArray[np.int16]:
    """Turn real-world values into stored ones.

    Raises
    ------
    ValueError
        If a value does not fit into int16.
    """
    stored = np.rint((values.astype(np.float64) - intercept) / slope)
    if np.abs(stored).max(initial=0.0) > LARGEST_STORED:
        msg = "a value does not fit into int16 with this slope and intercept"
        raise ValueError(msg)
    return stored.astype("<i2")


def _put_series(dataset: Dataset, plan: PlanDescription, image: ImageDescription, k: int) -> None:
    put(
        dataset,
        {
            "SeriesNumber": image.series_number,
            "SeriesDescription": image.description or None,
            "SeriesDate": image.series_date,
            "SeriesTime": image.series_time,
            "AcquisitionDate": image.acquisition_date,
            "AcquisitionTime": image.acquisition_time,
            "ContentDate": image.acquisition_date,
            "ContentTime": image.acquisition_time,
            "BodyPartExamined": image.body_part or None,
            "PatientPosition": None if image.modality == "PT" else image.patient_position,
            "FrameOfReferenceUID": uids.frame_uid(plan, image.frame_key),
            "PositionReferenceIndicator": "",
            "ImageType": list(image.image_type),
            "AcquisitionNumber": 1,
            "InstanceNumber": image.instance_numbers[k] if image.instance_numbers else k + 1,
        },
    )


def _put_plane(dataset: Dataset, image: ImageDescription, k: int) -> None:
    grid = image.grid
    dataset.ImagePositionPatient = decimal_strings(grid.slice_origins_mm[k])
    dataset.ImageOrientationPatient = decimal_strings([*grid.row_direction, *grid.column_direction])
    dataset.PixelSpacing = decimal_strings([grid.row_spacing_mm, grid.column_spacing_mm])
    thickness = grid.slice_thickness_mm
    dataset.SliceThickness = None if thickness is None else decimal_string(thickness)


def _put_pixels(dataset: Dataset, image: ImageDescription, k: int, slopes: list[float]) -> None:
    put(
        dataset,
        {
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": image.grid.rows,
            "Columns": image.grid.columns,
            "BitsAllocated": 16,
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": 1,
        },
    )
    if image.modality != "MR" or image.slopes is not None:
        dataset.RescaleIntercept = decimal_string(_intercept(image))
        dataset.RescaleSlope = decimal_string(slopes[k])
    dataset.PixelData = stored_values(image.values[k], slopes[k], _intercept(image)).tobytes()
    dataset["PixelData"].VR = "OW"


def _ct_elements(image: ImageDescription, k: int) -> dict[str, object]:  # noqa: ARG001
    tilt = image.gantry_tilt_deg
    return {
        "KVP": decimal_string(120.0),
        "RescaleType": "HU",
        "GantryDetectorTilt": None if tilt is None else decimal_string(tilt),
    }


def _mr_elements(image: ImageDescription, k: int) -> dict[str, object]:  # noqa: ARG001
    return {
        "ScanningSequence": "SE",
        "SequenceVariant": "NONE",
        "ScanOptions": "",
        "MRAcquisitionType": "2D",
        "RepetitionTime": decimal_string(600.0),
        "EchoTime": decimal_string(12.0),
        "EchoTrainLength": 1,
    }


def _pet_elements(image: ImageDescription, k: int) -> dict[str, object]:
    if image.pet is None:
        msg = "a PET series needs a PetDescription"
        raise ValueError(msg)
    pet = image.pet
    return {
        "Units": pet.units,
        "CountsSource": "EMISSION",
        "SeriesType": ["STATIC", "IMAGE"],
        "NumberOfSlices": len(image.grid.slice_origins_mm),
        "CorrectedImage": ["DECY", "ATTN", "SCAT", "RAN", "NORM"],
        "DecayCorrection": pet.decay_correction,
        "CollimatorType": "NONE",
        "FrameReferenceTime": decimal_string(pet.frame_reference_time_ms),
        "ActualFrameDuration": round(pet.frame_duration_ms),
        "DecayFactor": decimal_string(1.0),
        "ImageIndex": k + 1,
        "PatientOrientationCodeSequence": [_code("102538003", "SCT", "recumbent")],
        "PatientGantryRelationshipCodeSequence": [_gantry_relationship(image.patient_position)],
        "RadiopharmaceuticalInformationSequence": [_tracer(pet)],
    }


def _gantry_relationship(patient_position: str) -> Dataset:
    if patient_position.startswith("FF"):
        return _code("102541002", "SCT", "feet-first")
    return _code("102540001", "SCT", "headfirst")


def _tracer(pet: PetDescription) -> Dataset:
    return item(
        Radiopharmaceutical="Fluorodeoxyglucose",
        RadiopharmaceuticalStartTime=pet.start_time,
        RadiopharmaceuticalStartDateTime=pet.start_datetime,
        RadionuclideTotalDose=None if pet.injected_dose_bq is None else decimal_string(pet.injected_dose_bq),
        RadionuclideHalfLife=None if pet.half_life_s is None else decimal_string(pet.half_life_s),
        RadionuclidePositronFraction=decimal_string(0.967),
        RadionuclideCodeSequence=[_code("77004003", "SCT", "^18^Fluorine")],
    )


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


_MODALITY_ELEMENTS = {"CT": _ct_elements, "MR": _mr_elements, "PT": _pet_elements}
