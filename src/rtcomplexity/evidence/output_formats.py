"""Every output format: its name in ``report --format``, the files it has, and what renders each of them.

Renderers load inside the functions: help and ``--format`` need the names alone. No file name ever comes from a tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtcomplexity.evidence.record import Record
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.pictures.scene import Pictures

    Renderer = Callable[[Record, Pictures], bytes]
    DatedRenderer = Callable[[Record, Pictures, str], bytes]
    PlanRenderer = Callable[[MeasuredCase, Record, str], bytes]


class OutputFormat(NamedTuple):
    """The files of one format, each with what renders it."""

    reports: Mapping[str, Renderer] = {}
    """Files that ``analyze --out`` writes as well."""
    on_request: Mapping[str, DatedRenderer] = {}
    """Files that are written only where ``report --format`` names the format; given the time of the run as well."""
    from_plan: Mapping[str, PlanRenderer] = {}
    """The same of what a record does not hold: they need the plan."""

    @property
    def files(self) -> tuple[str, ...]:
        """Their names."""
        return (*self.reports, *self.on_request, *self.from_plan)


def _html(record: Record, pictures: Pictures) -> bytes:
    from rtcomplexity.evidence.formats.html import evidence_html

    return evidence_html(record, pictures)


def _pdf(record: Record, pictures: Pictures) -> bytes:
    from rtcomplexity.evidence.formats.pdf import evidence_pdf

    return evidence_pdf(record, pictures)


def _csv_notice(record: Record, _: Pictures) -> bytes:
    from rtcomplexity.evidence.formats.csv import csv_notice

    return csv_notice(record)


def _image_sets_csv(record: Record, _: Pictures) -> bytes:
    from rtcomplexity.evidence.formats.csv import image_sets_csv

    return image_sets_csv(record)


def _rois_csv(record: Record, _: Pictures) -> bytes:
    from rtcomplexity.evidence.formats.csv import rois_csv

    return rois_csv(record)


def _summary(record: Record, _: Pictures) -> bytes:
    from rtcomplexity.evidence.formats.summary import summary_txt

    return summary_txt(record)


def _workbook(record: Record, _: Pictures, __: str) -> bytes:
    from rtcomplexity.evidence.formats.xlsx import evidence_xlsx

    return evidence_xlsx(record)


def _structured_report(record: Record, _: Pictures, written_at: str) -> bytes:
    from rtcomplexity.evidence.formats.dicom.sr import structured_report

    return structured_report(record, written_at)


def _encapsulated_pdf(record: Record, pictures: Pictures, written_at: str) -> bytes:
    from rtcomplexity.evidence.formats.dicom.encapsulated_pdf import encapsulated_pdf

    return encapsulated_pdf(record, _pdf(record, pictures), written_at)


def _segmentation(measured: MeasuredCase, record: Record, written_at: str) -> bytes:
    from rtcomplexity.evidence.formats.dicom.seg import segmentation

    return segmentation(measured, record, written_at)


def _attachment(record: Record, pictures: Pictures, written_at: str) -> bytes:
    from rtcomplexity.evidence.formats.fhir import cdex_parameters

    return cdex_parameters(record, _pdf(record, pictures), written_at)


def _statement(record: Record, _: Pictures, __: str) -> bytes:
    from rtcomplexity.evidence.formats.statement_form import statement_form

    return statement_form(record)


EVIDENCE_FILE: Final = "evidence.json"
"""The record itself, which is no report."""
CSV_NOTICE_FILE: Final = "csv_notice.txt"
FORMATS: Final[dict[str, OutputFormat]] = {
    "html": OutputFormat(reports={"evidence.html": _html}),
    "pdf": OutputFormat(reports={"evidence.pdf": _pdf}),
    "csv": OutputFormat(
        reports={"image_sets.csv": _image_sets_csv, "rois.csv": _rois_csv, CSV_NOTICE_FILE: _csv_notice}
    ),
    "txt": OutputFormat(reports={"summary.txt": _summary}),
    "xlsx": OutputFormat(on_request={"evidence.xlsx": _workbook}),
    "sr": OutputFormat(on_request={"evidence_sr.dcm": _structured_report}),
    "encapsulated-pdf": OutputFormat(on_request={"evidence_pdf.dcm": _encapsulated_pdf}),
    "seg": OutputFormat(from_plan={"targets_seg.dcm": _segmentation}),
    "cdex": OutputFormat(on_request={"evidence_cdex.json": _attachment}),
    "statement": OutputFormat(on_request={"physician_statement.pdf": _statement}),
}
"""What ``report --format`` may name."""
DICOM_FORMATS: Final = tuple(
    name for name, each in FORMATS.items() if all(file.endswith(".dcm") for file in each.files)
)
"""Those that an archive stores."""
REPORTS: Final = {name: renderer for each in FORMATS.values() for name, renderer in each.reports.items()}
ON_REQUEST: Final = {name: renderer for each in FORMATS.values() for name, renderer in each.on_request.items()}
FROM_PLAN: Final = {name: renderer for each in FORMATS.values() for name, renderer in each.from_plan.items()}
