"""Evidence folders as the page reads them: each read once while it is as it was, and what may be downloaded of one."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from rtcomplexity.evidence.folder import EvidenceFolder, EvidenceFolderError, read_folder
from rtcomplexity.evidence.formats.html import evidence_html
from rtcomplexity.evidence.manifest import MANIFEST_FILE
from rtcomplexity.evidence.output_formats import EVIDENCE_FILE, ON_REQUEST
from rtcomplexity.evidence.page import Page, attachment_number, page_of
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.facts import StatedBy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtcomplexity.evidence.record import Record

PDF_FILE: Final = "evidence.pdf"
STATEMENT_FILE: Final = "physician_statement.pdf"
_ZIP_TIME: Final = (2000, 1, 1, 0, 0, 0)
_OWNER_ONLY: Final = 0o600 << 16
_TITLES: Final = {
    PDF_FILE: ("Report (PDF)", "application/pdf", ""),
    STATEMENT_FILE: ("Physician's statement form (fillable PDF)", "application/pdf", ""),
    "evidence.xlsx": (
        "Workbook (Excel)", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsxwriter",
    ),
    "evidence_sr.dcm": ("DICOM structured report", "application/dicom", "highdicom"),
    "evidence_pdf.dcm": ("DICOM encapsulated PDF", "application/dicom", ""),
    "evidence_cdex.json": ("FHIR attachment (CDex)", "application/fhir+json", ""),
}  # fmt: skip
"""Title, media type and the package that it needs, of every single file that is offered."""
_IDENTIFIED: Final = frozenset({"evidence_cdex.json"})
"""What a de-identified folder cannot give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file that is offered."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """One evidence folder, read."""

    folder: EvidenceFolder
    record: Record
    page: Page

    @property
    def patient(self) -> str:
        """Name, or that there is none."""
        known = dict(self.page.identification)
        return known.get("Patient", "De-identified plan")

    @property
    def number(self) -> str:
        """Attachment control number."""
        return attachment_number(self.record)


def report_at(folder: Path) -> Report:
    """Read an evidence folder.

    Raises
    ------
    EvidenceFolderError
        If it is none, or cannot be read.
    """
    try:
        changed_ns = (folder / EVIDENCE_FILE).stat().st_mtime_ns
    except OSError:
        raise EvidenceFolderError("The report is no longer there.", "load the worklist again.") from None
    return _read(folder, changed_ns)


@lru_cache(maxsize=64)
def _read(folder: Path, _changed_ns: int) -> Report:
    found = read_folder(folder)
    record = found.record()
    return Report(folder=found, record=record, page=page_of(record))


def forget() -> None:
    """Keep no report in memory any longer."""
    _read.cache_clear()


def page_html(report: Report) -> bytes:
    """Return the report as a page, made of the record: no script from the folder is run."""
    return evidence_html(report.record, report.folder.pictures())


def downloads(report: Report) -> tuple[Download, ...]:
    """Return the files that can be made of a report with what is installed."""
    is_identified = report.record.privacy == "identified"
    return tuple(
        Download(name=name, title=title)
        for name, (title, _, package) in _TITLES.items()
        if (is_identified or name not in _IDENTIFIED)
        and (report.page.asks_physician or name != STATEMENT_FILE)
        and (not package or find_spec(package) is not None)
    )


def media_type(report: Report, name: str) -> str | None:
    """Media type of a file that is offered; None where it is not."""
    return _TITLES[name][1] if name in {each.name for each in downloads(report)} else None


def saved_name(report: Report, name: str) -> str:
    """Name under which a file is saved: the attachment control number in place of the word for every report."""
    return name.replace("evidence", report.number, 1) if name.startswith("evidence") else f"{report.number}_{name}"


def content_of(report: Report, name: str) -> bytes:
    """Return one file that is offered: as it is in the folder, or rendered from the record.

    Raises
    ------
    EvidenceFolderError
        If the file in the folder is not as it was written.
    """
    if name in ON_REQUEST:
        manifest = report.folder.manifest()
        return ON_REQUEST[name](report.record, report.folder.pictures(), manifest.written_at)
    return _unchanged(report, name)


def _unchanged(report: Report, name: str) -> bytes:
    written = {each.name: each.sha256 for each in report.folder.manifest().outputs}
    content = report.folder.files.get(name)
    if content is None or hashlib.sha256(content).hexdigest() != written.get(name):
        raise EvidenceFolderError(f"{name} is not as it was written.", "analyze the plan again.")
    return content


def claim_of(report: Report) -> ClaimFile:
    """Return the claim information that a report states, as far as its record holds it."""
    stated, facts = report.record.stated_claim, report.record.plan.facts
    if stated is None:
        return ClaimFile()
    tree = stated.model_dump(include=set(ClaimFile.model_fields))
    tree["site"] = facts.site.replace("_", "-") if facts.site_stated_by == StatedBy.CLAIM.value else None
    tree["fractions"] = facts.fractions if facts.fractions_stated_by == StatedBy.CLAIM.value else None
    try:
        return ClaimFile.model_validate(tree)
    except ValidationError:
        return ClaimFile()  # a record of another version: then it is typed again


def zipped(report: Report, added: Sequence[Path] = ()) -> bytes:
    """Return the whole evidence folder as a zip archive, with further files added."""
    members = {**report.folder.files, **{path.name: path.read_bytes() for path in added}}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members, key=lambda each: (each != MANIFEST_FILE, each)):
            info = zipfile.ZipInfo(f"{report.number}/{name}", date_time=_ZIP_TIME)
            info.external_attr = _OWNER_ONLY
            archive.writestr(info, members[name], compress_type=zipfile.ZIP_DEFLATED)
    return stream.getvalue()
