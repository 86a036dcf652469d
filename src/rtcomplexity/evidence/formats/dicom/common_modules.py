"""What every DICOM object of a record shares: patient, study, equipment, times and UIDs derived from what it holds."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any, Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from rtcomplexity.dicom.sop_classes import STRUCTURE_SET
from rtcomplexity.errors import UsageError

if TYPE_CHECKING:
    from rtcomplexity.evidence.record import Identification, Record

MANUFACTURER: Final = "rtcomplexity developers"
_CHARACTER_SET: Final = "ISO_IR 192"
_PREAMBLE: Final = bytes(128)


def identification_in(record: Record) -> Identification:
    """Return what a DICOM object needs of patient and study.

    Raises
    ------
    UsageError
        If the record is de-identified, or does not say of which study the structure set is.
    """
    found = record.identification
    if found is None:
        expected = "an evidence folder made with --identified: a DICOM object names the patient"
        raise UsageError("--format", "a de-identified folder", expected)
    if found.study_uid is None or found.series_uid is None:
        raise UsageError("--format", "a record without the study of its structure set", "one that is made again")
    return found


def uid_of(*parts: object) -> UID:
    """Derive a UID from what it stands for: the same content has the same UID, other content another.

    Examples
    --------
    >>> uid_of("a", 1) == uid_of("a", 1) != uid_of("a", 2)
    True
    """
    digest = hashlib.sha256("\\".join(map(str, parts)).encode()).digest()[:16]
    return UID(f"2.25.{int.from_bytes(digest, 'big')}")


def instance_of(kind: str, series_number: int, record: Record, written_at: str) -> dict[str, Any]:
    """What highdicom asks of any object: UIDs by what it holds, numbers, and the equipment that made it."""
    return {
        "series_instance_uid": uid_of(f"{kind} series", record.plan.id),
        "series_number": series_number,
        "sop_instance_uid": uid_of(kind, written_at, record.model_dump_json()),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": "rtcomplexity",
        "software_versions": record.software.version,
        "device_serial_number": "none",
    }


def structure_set_reference(record: Record) -> Dataset:
    """The structure set as evidence of a report: its identity, and that of patient and study."""
    known = identification_in(record)
    dataset = Dataset()
    dataset.SpecificCharacterSet = _CHARACTER_SET
    dataset.SOPClassUID = STRUCTURE_SET
    dataset.SOPInstanceUID = record.plan.structure_set.sop_instance_uid
    dataset.StudyInstanceUID = known.study_uid
    dataset.SeriesInstanceUID = known.series_uid
    dataset.PatientName = known.patient_name or ""
    dataset.PatientID = known.patient_id or ""
    dataset.PatientBirthDate = (known.birth_date or "").replace("-", "")
    dataset.PatientSex = dataset.StudyID = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.StudyDate = dataset.StudyTime = ""
    return dataset


def set_times(dataset: Dataset, written_at: str) -> None:
    """Give an object the time of the run, from the manifest, wherever a writer put the time of writing."""
    date, time = written_at[:10].replace("-", ""), written_at[11:19].replace(":", "")
    dataset.ContentDate = dataset.InstanceCreationDate = dataset.SeriesDate = date
    dataset.ContentTime = dataset.InstanceCreationTime = dataset.SeriesTime = time
    dataset.TimezoneOffsetFromUTC = "+0000"
    for item in dataset.get("ContributingEquipmentSequence", ()):
        item.ContributionDateTime = date + time


def to_bytes(dataset: Dataset) -> bytes:
    """Write a DICOM file; the same dataset gives the same bytes."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid_of("rtcomplexity", "implementation")
    meta.ImplementationVersionName = "RTCOMPLEXITY"
    dataset.file_meta, dataset.preamble = meta, _PREAMBLE
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
