"""The use case: write the evidence folder of an assessment.

Knows the order of the steps; the clock is read here and nowhere below.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.folder import refuse_another_plan, write_folder
from rtcomplexity.evidence.identification import identification_of
from rtcomplexity.evidence.package import evidence_of
from rtcomplexity.evidence.signing import read_private_key

if TYPE_CHECKING:
    from rtcomplexity.evidence.package import Evidence
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.pictures.scene import Pictures
    from rtcomplexity.usecases.analyze import Assessment


def write_evidence(
    assessment: Assessment,
    folder: Path | str,
    *,
    identified: bool = False,
    sign_key: Path | str | None = None,
    written_at: str | None = None,
    over_another: bool = False,
    pictures: Pictures | None = None,
) -> Evidence:
    """Write record, reports, tables, pictures and manifest into a folder, all or none.

    Parameters
    ----------
    assessment : what :func:`rtcomplexity.analyze` returned
    folder : made where it is not there; one with the evidence of another plan is refused
    identified : whether names, dates and UIDs are written, as a claim needs them
    sign_key : PEM file of the Ed25519 key that signs the manifest
    written_at : time of the run, UTC, for the manifest; now if None
    over_another : whether even the evidence of another plan is written over
    pictures : of the same plan with the same privacy, drawn before; drawn now if None

    Raises
    ------
    UsageError
        If the folder holds another plan, or cannot be written.
    """
    target, written_at = Path(folder), written_at or time_of_run()
    if not over_another:
        refuse_another_plan(target, assessment.record.plan.id, assessment.record.plan.content_id)
    evidence = evidence_of(
        assessment.measured,
        kept_record(assessment, identified=identified, report_date=written_at[:10]),
        written_at=written_at,
        key=None if sign_key is None else read_private_key(Path(sign_key)),
        pictures=pictures,
    )
    write_folder(target, evidence.files)
    return evidence


def time_of_run() -> str:
    """The time now, UTC, as a manifest states it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def kept_record(assessment: Assessment, *, identified: bool, report_date: str | None = None) -> Record:
    """Return the record as a folder keeps it: de-identified, or with what payment needs to match it to a claim."""
    if not identified:
        return deidentified(assessment.record)
    identification = identification_of(assessment.case, assessment.outcome.stated, report_date=report_date)
    return assessment.record.model_copy(update={"identification": identification})
