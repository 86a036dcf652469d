"""The record as one workbook: summary, targets, image sets, factors, issues.

Every text is written as a string, whatever it begins with; every number as a number. The same record gives the same
bytes. XlsxWriter is an extra.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.errors import MissingExtraError
from rtcomplexity.evidence.cover import error_rate
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.record import Missing
from rtcomplexity.evidence.words import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.record import Record

    Row = tuple[object, ...]

_LONGEST_CELL: Final = 32_000
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The record knows no clock: when it was written is in the manifest."""
_AS_TEXT: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_FACTOR_TITLES: Final = (
    "Family",
    "Factor",
    "Value",
    "Unit",
    "Percentile",
    "Level",
    "Reference median",
    "Basis",
    "Source",
    "Reason",
)
_WIDTHS: Final = {"Summary": (28, 100)}


def evidence_xlsx(record: Record) -> bytes:
    """Write the workbook.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    """
    try:
        import xlsxwriter  # noqa: PLC0415 -- an extra
    except ImportError as fault:
        feature = "xlsx"
        raise MissingExtraError(feature, "excel") from fault
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, _AS_TEXT) as workbook:
        workbook.set_properties({"title": "Delineation complexity evidence", "created": _NO_TIME})
        heading, wrapped = (
            workbook.add_format({"bold": True}),
            workbook.add_format({"text_wrap": True, "valign": "top"}),
        )
        for name, (titles, rows) in _sheets(record).items():
            _fill(workbook.add_worksheet(name), titles, rows, heading, wrapped)
    return stream.getvalue()


def _fill(sheet: Any, titles: Row, rows: Iterable[Row], heading: object, wrapped: object) -> None:  # noqa: ANN401
    for column, title in enumerate(titles):
        sheet.write_string(0, column, _text(title), heading)
        sheet.set_column(column, column, _WIDTHS.get(sheet.name, (18,) * len(titles))[column])
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, bool) or not isinstance(value, int | float):
                if value is not None:
                    sheet.write_string(number, column, _text(value), wrapped)
            else:
                sheet.write_number(number, column, value)
    sheet.freeze_panes(1, 0)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shown(str(value))[:_LONGEST_CELL]


def _sheets(record: Record) -> dict[str, tuple[Row, Iterable[Row]]]:
    return {
        "Summary": (("Item", "Value"), _summary(record)),
        "Targets": _targets(record),
        "Image sets": (
            ("Modality", "Role", "Level of evidence", "Shown by", "Phases", "Slices"),
            ((s.modality, s.role, s.level, s.shown_by, s.phases, s.slices) for s in record.image_sets),
        ),
        "Factors": (_FACTOR_TITLES, _factors(record)),
        "Issues": (
            ("Severity", "Code", "Subject", "Text"),
            ((each.severity, each.code, each.subject, each.text) for each in record.issues),
        ),
    }


def _targets(record: Record) -> tuple[Row, Iterable[Row]]:
    """A row an ROI, a column a metric that any of them has, with its unit."""
    units = {key: roi.metrics[key].unit for roi in record.rois for key in roi.metrics}
    keys = sorted(units)
    titles = (record.metric_definitions[key].title if key in record.metric_definitions else key for key in keys)
    metric_titles = (
        title if units[key] == "1" else f"{title} [{units[key]}]" for key, title in zip(keys, titles, strict=True)
    )
    rows = (
        (
            *(roi.name, roi.number, roi.target_class, roi.class_decided_by, roi.generation, roi.is_gross_target),
            *(roi.metrics[key].value if key in roi.metrics else None for key in keys),
        )
        for roi in record.rois
    )
    return ("Name", "Number", "Class", "Class decided by", "Generation", "Scored", *metric_titles), rows


def _factors(record: Record) -> Iterator[Row]:
    for family in record.score.families:
        for each in family.factors:
            ranked = (each.value, each.unit, each.percentile, each.level)
            yield family.title, each.title, *ranked, each.reference_median, each.basis, each.source, each.reason


def _summary(record: Record) -> Iterator[Row]:
    score, verdict = record.score, record.verdict
    yield "Verdict", f"{ANSWERS[verdict.value]}. {verdict.text}"
    yield "Claim", verdict.claim
    yield "Score T", _known(score.t)
    yield "Percentile", _known(score.percentile)
    if score.interval is not None:
        share = f"{100 * score.interval.confidence:g}%"
        for name, (low, high) in (("T", score.interval.score), ("percentile", score.interval.percentile)):
            yield f"{share} interval of {name}, from", low
            yield f"{share} interval of {name}, to", high
    yield "Profile", f"{score.profile.id} {score.profile.version}"
    yield "Reference stratum", score.stratum
    yield from (("For", finding) for finding in verdict.findings_for)
    yield from (("Against", finding) for finding in verdict.findings_against)
    yield "Estimated error rate", error_rate(verdict)
    yield "Plan", record.plan.id
    yield "Privacy", record.privacy
    yield "Software", f"{record.software.name} {record.software.version}"
    yield "Note", record.disclaimer


def _known(value: float | Missing) -> object:
    return value.reason if isinstance(value, Missing) else value
