"""What every object of a synthetic plan says: patient, study, series, equipment, SOP common; how numbers are put."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DSfloat

from rtcomplexity.testing import uids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtcomplexity.testing.description import PlanDescription

MANUFACTURER = "rtcomplexity synthetic"
STUDY_DATE, STUDY_TIME = "20200101", "080000"


def decimal_string(value: float) -> DSfloat:
    """Return a number as a decimal string of at most 16 characters."""
    return DSfloat(float(value) + 0.0, auto_format=True)


def decimal_strings(values: Iterable[float]) -> list[DSfloat]:
    """Return numbers as decimal strings of at most 16 characters each."""
    return [decimal_string(value) for value in values]


def item(**elements: Any) -> Dataset:  # noqa: ANN401
    """Return a data set with these elements, by keyword; None leaves one out."""
    dataset = Dataset()
    put(dataset, elements)
    return dataset


def put(dataset: Dataset, elements: Mapping[str, object]) -> None:
    """Set elements by keyword, in place; a list of data sets becomes a sequence, None removes one."""
    for keyword, value in elements.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)


def reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """Return an item that refers to an instance."""
    return item(ReferencedSOPClassUID=sop_class_uid, ReferencedSOPInstanceUID=sop_instance_uid)


def new_object(plan: PlanDescription, *, sop_class_uid: str, study_key: str, key: str, modality: str) -> Dataset:
    """Start an object with what patient, study, series, equipment and SOP common modules want."""
    dataset = item(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class_uid,
        SOPInstanceUID=uids.instance_uid(plan, key),
        StudyInstanceUID=uids.study_uid(plan, study_key),
        StudyDate=STUDY_DATE,
        StudyTime=STUDY_TIME,
        StudyID="1",
        StudyDescription="Synthetic thorax, no patient",
        AccessionNumber="",
        ReferringPhysicianName="",
        SeriesInstanceUID=uids.series_uid(plan, key),
        Modality=modality,
        SeriesNumber=1,
        OperatorsName="",
        Manufacturer=MANUFACTURER,
        ManufacturerModelName="rtcomplexity.testing",
        DeviceSerialNumber="0",
        SoftwareVersions="1",
    )
    _put_patient(dataset, plan)
    return dataset


def _put_patient(dataset: Dataset, plan: PlanDescription) -> None:
    patient = plan.patient
    elements = {
        "PatientName": patient.name,
        "PatientID": patient.patient_id,
        "PatientBirthDate": patient.birth_date,
        "PatientSex": patient.sex,
        "QualityControlSubject": "YES",
        "PatientWeight": None if patient.weight_kg is None else decimal_string(patient.weight_kg),
        "PatientSize": None if patient.size_m is None else decimal_string(patient.size_m),
    }
    put(dataset, elements)
