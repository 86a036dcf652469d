"""What a claim needs, has and states: the documentation checklist, the reviewer's table, and the claim information.

Part of the :class:`~rtcomplexity.evidence.page.Page`; knows the record and the words of reports, and no markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence import words
from rtcomplexity.evidence.formats.text import american_date, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import OfficialFactsRecord, Record, StatedClaimRecord

READINESS_HEADINGS: Final = ("Item", "State", "Supplied by")
REVIEWER_HEADINGS: Final = ("What payers ask", "Where it is answered", "Status")
PROVIDED, TO_COMPLETE, MISSING = "provided", "to be completed", "not provided"


def readiness_rows(record: Record) -> Iterator[tuple[str, str, str]]:
    """Yield each item of the documentation checklist with its state and who supplies it."""
    for item in record.verdict.readiness:
        yield shown(item.text), words.STATES[item.state], shown(item.supplied_by)


def reviewer_rows(record: Record) -> Iterator[tuple[str, str, str]]:
    """Yield what a payer's reviewer asks of a modifier-22 claim, where the report answers it, and whether."""
    stated = record.stated_claim
    states = {each.item: words.STATES[each.state] for each in record.verdict.readiness}

    def status(*fields: str) -> str:
        found = [stated is not None and getattr(stated, name) not in {None, ()} for name in fields]
        return PROVIDED if all(found) else f"partly {PROVIDED}" if any(found) else MISSING

    yield "How the work differs from typical", "Deciding factors; Findings for and against", PROVIDED
    yield (
        "Reason for the additional work",
        "Claim information; Physician's statement",
        status("reason").replace(MISSING, TO_COMPLETE),
    )
    minutes = status("physician_minutes", "typical_minutes").replace(MISSING, TO_COMPLETE)
    yield "Actual and typical physician time", "Claim information; Physician's statement", minutes
    who = status("delineated_by", "credentials", "npi")
    yield "Contouring physician, credentials, NPI", "Claim information", who
    yield "Auto-segmentation and editing", "Structures; Claim information", status("auto_segmentation_edited")
    clinical = status("diagnosis", "laterality", "stage", "prior_radiation")
    yield "Diagnosis (ICD-10-CM), laterality, stage, prior radiation", "Claim information", clinical
    service = status("date_of_service", "facility", "claim_control_number")
    yield "Date of service, facility, claim control number", "Claim information", service
    yield "Images reviewed and fused", "Image sets and evidence of use; Pictures", PROVIDED
    yield "Signed procedure note", "Separate attachment", states.get("procedure_note", MISSING)
    yield "Payer policy and MPFS global days indicator", "Claim rule", states.get("global_period", MISSING)
    yield "How complexity was measured, and the error rate", "Method", PROVIDED


def claim_information(stated: StatedClaimRecord | None) -> Iterator[tuple[str, str]]:
    """Yield what the claim information file states, as written, with labels."""
    if stated is None or not stated.is_from_file:
        return
    edited = None if stated.auto_segmentation_edited is None else "yes" if stated.auto_segmentation_edited else "no"
    rows = (
        ("CPT code", stated.cpt_code),
        ("Modifiers", ", ".join(stated.modifiers)),
        ("Payer", stated.payer_name),
        ("MPFS global days indicator", stated.global_period),
        ("Date of service", american_date(stated.date_of_service or "")),
        ("Facility", stated.facility),
        ("Account number", stated.account_number),
        ("Claim control number", stated.claim_control_number),
        ("Member ID", stated.member_id),
        ("Payer ID", stated.payer_id),
        ("Contouring physician", ", ".join(filter(None, (stated.delineated_by, stated.credentials)))),
        ("NPI", stated.npi),
        ("Diagnosis (ICD-10-CM)", ", ".join(stated.diagnosis)),
        ("Laterality", stated.laterality),
        ("Stage", stated.stage),
        ("Prior radiation", stated.prior_radiation),
        ("Auto-segmentation edited", edited),
        ("Actual physician time", _minutes(stated.physician_minutes)),
        ("Typical time at this practice", _minutes(stated.typical_minutes)),
        ("Source of the typical time", stated.typical_minutes_source),
        ("Medical rationale", " ".join((stated.reason or "").split())),  # its line breaks are no text
        ("Signer of the procedure note", stated.signer),
        ("Stated by", ", ".join(filter(None, (stated.stated_by, american_date(stated.stated_on or ""))))),
    )
    yield from ((label, text) for label, text in rows if text)


def official_facts(facts: OfficialFactsRecord | None) -> Iterator[tuple[str, str]]:
    """Yield what CMS publishes for the code, with the source."""
    if facts is None:
        return
    yield "CMS: MPFS global days indicator", facts.global_period
    yield "CMS: status indicator", facts.status
    yield "CMS: work RVU", f"{facts.work_rvu:g}"
    if facts.total_minutes is not None:
        parts = f"before {facts.pre_minutes:g}, during {facts.intra_minutes:g}, after {facts.post_minutes:g}"
        yield "CMS: typical physician time", f"{facts.total_minutes:g} min ({parts})"
    source = f"{facts.release}, line {facts.row}"
    yield "CMS: source", f"{source}, file {facts.file}" if facts.file else source


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:g} min"
