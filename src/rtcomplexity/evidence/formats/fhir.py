"""The PDF report as an HL7 FHIR R4 attachment to a claim: the Parameters of Da Vinci CDex ``$submit-attachment``.

Also the values of the claim's PWK segment, which announce it. Knows the CDex 2.1 profile and nothing of a server:
nothing is sent. An identifier that no person stated is left out; where the profile needs it, the file is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from rtcomplexity.errors import UsageError
from rtcomplexity.evidence.formats.text import person_name, shown
from rtcomplexity.evidence.page import attachment_number

if TYPE_CHECKING:
    from rtcomplexity.evidence.record import Record, StatedClaimRecord

PROFILE: Final = "http://hl7.org/fhir/us/davinci-cdex/StructureDefinition/cdex-parameters-submit-attachment"
NPI_SYSTEM: Final = "http://hl7.org/fhir/sid/us-npi"
REPORT_TYPE_SYSTEM: Final = "https://codesystem.x12.org/005010/755"
REPORT_TYPE: Final = "OZ"
"""PWK01, support data for a claim: the report is no operative note (OB)."""
TRANSMISSION: Final = "EL"
"""PWK02: electronically only."""
NUMBER_QUALIFIER: Final = "AC"
"""PWK05: an attachment control number follows."""
TITLE: Final = "Target delineation: contour complexity report"
_IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_NEEDED: Final = ("member_id", "date_of_service")


def cdex_parameters(record: Record, pdf: bytes, written_at: str) -> bytes:
    """Write the Parameters as JSON; the same record gives the same bytes.

    Parameters
    ----------
    record
        Identified, with a claim file that states member ID and date of service.
    pdf
        The report made of it.
    written_at
        Time of the run, UTC, from the manifest.

    Raises
    ------
    UsageError
        If the record is de-identified, or lacks what the profile needs.
    """
    stated = _stated_in(record)
    code = _report_type()
    content = {"name": "Content", "resource": _document(record, stated, pdf, written_at)}
    parameters = [
        {"name": "TrackingId", "valueIdentifier": {"value": attachment_number(record)}},
        {"name": "AttachTo", "valueCode": "claim"},
        *_optional("PayerId", stated.payer_id),
        *_optional("ProviderId", stated.npi, system=NPI_SYSTEM),
        {"name": "MemberId", "valueIdentifier": _member(stated)},
        {"name": "ServiceDate", "valueDateTime": stated.date_of_service},
        {"name": "Attachment", "part": [{"name": "Code", "valueCodeableConcept": code}, content]},
        {"name": "Final", "valueBoolean": True},
    ]
    tree = {"resourceType": "Parameters", "meta": {"profile": [PROFILE]}, "parameter": parameters}
    return (json.dumps(tree, ensure_ascii=False, indent=2) + "\n").encode()


def pwk_values(record: Record) -> dict[str, str]:
    """Values of the PWK segment of an 837P claim that announces the attachment, by element."""
    return {
        "PWK01": REPORT_TYPE,
        "PWK02": TRANSMISSION,
        "PWK05": NUMBER_QUALIFIER,
        "PWK06": attachment_number(record),
    }


def _stated_in(record: Record) -> StatedClaimRecord:
    stated = record.stated_claim
    if record.identification is None:
        expected = "an evidence folder made with --identified: an attachment names the patient"
        raise UsageError("--format", "a de-identified folder", expected)
    lacking = [name for name in _NEEDED if stated is None or not getattr(stated, name)]
    if stated is None or lacking:
        expected = "an evidence folder made with analyze --claim FILE that states it"
        raise UsageError("--format", f"a record without {' and '.join(lacking)}", expected)
    return stated


def _optional(name: str, value: str | None, *, system: str = "") -> list[dict[str, Any]]:
    """One identifier as a parameter; none where it was not stated."""
    if not value:
        return []
    return [{"name": name, "valueIdentifier": {**({"system": system} if system else {}), "value": value}}]


def _member(stated: StatedClaimRecord) -> dict[str, Any]:
    kind = {"coding": [{"system": _IDENTIFIER_TYPES, "code": "MB", "display": "Member Number"}]}
    return {"type": kind, "value": stated.member_id}


def _report_type() -> dict[str, Any]:
    return {"coding": [{"system": REPORT_TYPE_SYSTEM, "code": REPORT_TYPE}], "text": TITLE}


def _document(record: Record, stated: StatedClaimRecord, pdf: bytes, written_at: str) -> dict[str, Any]:
    """The PDF as a DocumentReference; its identifier is derived from the PDF."""
    known = record.identification
    name = shown(person_name((known and known.patient_name) or ""))
    uuid = UUID(bytes=hashlib.sha256(pdf).digest()[:16], version=5)
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid}"},
        "status": "current",
        "type": _report_type(),
        "subject": {"identifier": _member(stated), **({"display": name} if name else {})},
        "date": written_at,
        "description": record.disclaimer,
        "content": [{"attachment": _attachment(pdf, written_at)}],
    }


def _attachment(pdf: bytes, written_at: str) -> dict[str, Any]:
    return {
        "contentType": "application/pdf",
        "language": "en-US",
        "data": base64.b64encode(pdf).decode(),
        "size": len(pdf),
        "hash": base64.b64encode(hashlib.sha1(pdf, usedforsecurity=False).digest()).decode(),  # as FHIR R4 defines it
        "title": TITLE,
        "creation": written_at,
    }
