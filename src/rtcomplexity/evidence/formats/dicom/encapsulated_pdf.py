"""The PDF report as an Encapsulated PDF object (PS3.3 A.45.1), in the study of the structure set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from rtcomplexity.dicom.sop_classes import STRUCTURE_SET
from rtcomplexity.evidence.formats.dicom.common_modules import (
    MANUFACTURER,
    set_times,
    structure_set_reference,
    to_bytes,
    uid_of,
)

if TYPE_CHECKING:
    from rtcomplexity.evidence.record import Record

_CLASS: Final = "1.2.840.10008.5.1.4.1.1.104.1"
_TITLE: Final = "Delineation complexity evidence"


def encapsulated_pdf(record: Record, pdf: bytes, written_at: str) -> bytes:
    """Wrap a PDF.

    Parameters
    ----------
    record
        Identified.
    pdf
        The report made of it.
    written_at
        Time of the run, UTC, from the manifest.

    Raises
    ------
    UsageError
        If the record is de-identified.
    """
    dataset = structure_set_reference(record)
    digest = uid_of("pdf", record.plan.id, written_at, pdf.hex())
    dataset.SOPClassUID, dataset.SOPInstanceUID = _CLASS, digest
    dataset.SeriesInstanceUID = uid_of("pdf series", record.plan.id)
    dataset.Modality, dataset.ConversionType, dataset.BurnedInAnnotation = "DOC", "WSD", "YES"
    dataset.SeriesNumber, dataset.InstanceNumber = 9901, 1
    dataset.Manufacturer, dataset.ManufacturerModelName = MANUFACTURER, "rtcomplexity"
    dataset.SoftwareVersions, dataset.DeviceSerialNumber = record.software.version, "none"
    dataset.DocumentTitle, dataset.AcquisitionDateTime = _TITLE, ""
    dataset.ConceptNameCodeSequence = Sequence()
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(pdf)
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    dataset.SourceInstanceSequence = Sequence([_reference(record)])
    set_times(dataset, written_at)
    return to_bytes(dataset)


def _reference(record: Record) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = STRUCTURE_SET
    item.ReferencedSOPInstanceUID = record.plan.structure_set.sop_instance_uid
    return item
