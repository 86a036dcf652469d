"""Every file of an evidence folder, rendered from one record and its pictures.

The names are fixed here: none ever comes from a tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.csv import csv_notice, image_sets_csv, rois_csv
from rtcomplexity.evidence.formats.fhir import cdex_parameters
from rtcomplexity.evidence.formats.html import evidence_html
from rtcomplexity.evidence.formats.pdf import evidence_pdf
from rtcomplexity.evidence.formats.statement_form import statement_form
from rtcomplexity.evidence.formats.summary import summary_txt
from rtcomplexity.evidence.formats.xlsx import evidence_xlsx
from rtcomplexity.evidence.record import to_json
from rtcomplexity.pictures.scene import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtcomplexity.evidence.record import Record
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.pictures.scene import Pictures

    Renderer = Callable[[Record, Pictures], bytes]
    DatedRenderer = Callable[[Record, Pictures, str], bytes]
    PlanRenderer = Callable[[MeasuredCase, Record, str], bytes]


def _encapsulated_pdf(record: Record, pictures: Pictures, written_at: str) -> bytes:
    from rtcomplexity.evidence.formats.dicom.encapsulated_pdf import encapsulated_pdf  # noqa: PLC0415 -- seldom asked for

    return encapsulated_pdf(record, evidence_pdf(record, pictures), written_at)


def _structured_report(record: Record, _: Pictures, written_at: str) -> bytes:
    from rtcomplexity.evidence.formats.dicom.sr import structured_report  # noqa: PLC0415 -- seldom asked for

    return structured_report(record, written_at)


def _segmentation(measured: MeasuredCase, record: Record, written_at: str) -> bytes:
    from rtcomplexity.evidence.formats.dicom.seg import segmentation  # noqa: PLC0415 -- seldom asked for

    return segmentation(measured, record, written_at)


def _attachment(record: Record, pictures: Pictures, written_at: str) -> bytes:
    return cdex_parameters(record, evidence_pdf(record, pictures), written_at)


EVIDENCE_FILE: Final = "evidence.json"
PICTURE_FOLDER: Final = "pictures"
CSV_NOTICE_FILE: Final = "csv_notice.txt"
REPORTS: Final[dict[str, Renderer]] = {
    CSV_NOTICE_FILE: lambda record, _: csv_notice(record),
    "evidence.html": evidence_html,
    "evidence.pdf": evidence_pdf,
    "image_sets.csv": lambda record, _: image_sets_csv(record),
    "rois.csv": lambda record, _: rois_csv(record),
    "summary.txt": lambda record, _: summary_txt(record),
}
ON_REQUEST: Final[dict[str, DatedRenderer]] = {
    "evidence_cdex.json": _attachment,
    "evidence.xlsx": lambda record, _, __: evidence_xlsx(record),
    "evidence_pdf.dcm": _encapsulated_pdf,
    "evidence_sr.dcm": _structured_report,
    "physician_statement.pdf": lambda record, _, __: statement_form(record),
}
"""Reports that are written only where ``report --format`` names them; given the time of the run as well."""
FROM_PLAN: Final[dict[str, PlanRenderer]] = {"targets_seg.dcm": _segmentation}
"""The same of what a record does not hold: they need the plan."""
FORMATS: Final = {
    "html": ("evidence.html",),
    "pdf": ("evidence.pdf",),
    "csv": ("image_sets.csv", "rois.csv", CSV_NOTICE_FILE),
    "txt": ("summary.txt",),
    "xlsx": ("evidence.xlsx",),
    "sr": ("evidence_sr.dcm",),
    "encapsulated-pdf": ("evidence_pdf.dcm",),
    "seg": ("targets_seg.dcm",),
    "cdex": ("evidence_cdex.json",),
    "statement": ("physician_statement.pdf",),
}
"""What ``report --format`` may name."""
OUTPUT_NAMES: Final = (EVIDENCE_FILE, *REPORTS, *(f"{PICTURE_FOLDER}/{name}" for name in FILES))
"""What ``analyze --out`` writes beside the manifest."""
ALLOWED_NAMES: Final = (*OUTPUT_NAMES, *ON_REQUEST, *FROM_PLAN)
"""Every name that the manifest may list."""


def render(record: Record, pictures: Pictures, reports: Iterable[str] = tuple(REPORTS)) -> dict[str, bytes]:
    """Render a folder's files but for its manifest; the same record and pictures give the same bytes."""
    return {
        EVIDENCE_FILE: to_json(record),
        **{f"{PICTURE_FOLDER}/{name}": content for name, content in pictures.all_files().items()},
        **{name: REPORTS[name](record, pictures) for name in reports},
    }
