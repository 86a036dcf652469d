"""The ROIs and the image sets as CSV, one a line, for a spreadsheet.

A text cell that a spreadsheet would run as a formula gets a leading apostrophe; control characters are shown as U+XXXX.
A table holds its header and its rows and nothing else, so that any reader of CSV gets one row per ROI. The verdict, the
findings, the false-support rate and the disclaimer go into a text file of their own, :func:`csv_notice`.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.evidence.cover import error_rate
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtcomplexity.evidence.record import Record

FORMULA_STARTS: Final = tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""


def rois_csv(record: Record) -> bytes:
    """Write every ROI with every metric that any of them has."""
    keys = sorted({key for roi in record.rois for key in roi.metrics})
    units = {key: roi.metrics[key].unit for roi in record.rois for key in roi.metrics}
    heading = [
        "name",
        "number",
        "target_class",
        "class_decided_by",
        "class_words",
        "generation",
        "derived_from",
        "is_gross_target",
    ]
    heading += [key if units[key] == "1" else f"{key} [{units[key]}]" for key in keys]
    rows: list[list[object]] = [
        [
            safe(roi.name),
            roi.number,
            roi.target_class,
            roi.class_decided_by,
            safe(" ".join(roi.class_words)),
            safe(roi.generation),
            roi.derived_from,
            "yes" if roi.is_gross_target else "no",
            *(roi.metrics[key].value if key in roi.metrics else None for key in keys),
        ]
        for roi in record.rois
    ]
    return _written(heading, rows)


def image_sets_csv(record: Record) -> bytes:
    """Write every image set with the evidence that it was used."""
    heading = ["modality", "role", "level", "shown_by", "phases", "slices", "registration", "series_uids"]
    rows: list[list[object]] = [
        [
            safe(each.modality),
            each.role,
            each.level,
            safe(each.shown_by),
            each.phases,
            each.slices,
            "" if each.registration is None else safe(each.registration.transformation_type),
            safe(" ".join(each.series_uids)),
        ]
        for each in record.image_sets
    ]
    return _written(heading, rows)


def csv_notice(record: Record) -> bytes:
    """Write what the tables must not be read without, as plain text beside them."""
    return ("\n".join(["About rois.csv and image_sets.csv", "", *map(shown, _context(record))]) + "\n").encode()


def safe(text: str) -> str:
    r"""Make a text cell harmless.

    Examples
    --------
    >>> safe("=HYPERLINK(1)"), safe("GTV"), safe("\x00x")
    ("'=HYPERLINK(1)", 'GTV', "'U+0000x")
    """
    is_formula = text.lstrip(" ").startswith(FORMULA_STARTS)
    return f"'{shown(text)}" if is_formula else shown(text)


def metrics_csv(heading: Sequence[str], rows: Iterable[tuple[Sequence[str], Mapping[str, Any]]]) -> bytes:
    """Write the metrics of a comparison, one a line: the cells before it, key, value, unit, and why it has no value."""
    lines = [
        [*before, key, "" if found["value"] is None else repr(found["value"]), found["unit"], found.get("reason", "")]
        for before, metrics in rows
        for key, found in metrics.items()
    ]
    return _table([*heading, "metric", "value", "unit", "reason"], lines, "\n").encode()


def _written(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    cells = ([_cell(value) for value in row] for row in rows)
    return (BYTE_ORDER_MARK + _table(heading, cells, "\r\n")).encode()


def _table(heading: Sequence[str], rows: Iterable[Sequence[object]], line_end: str) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=line_end).writerows([heading, *rows])
    return stream.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else value


def _context(record: Record) -> Iterable[str]:
    """What the numbers must not be read without: the answer, findings, how often it errs, what this is not."""
    yield f"Verdict: {ANSWERS[record.verdict.value]}. {record.verdict.text}"
    for finding in record.verdict.findings_for:
        yield f"For: {finding}"
    for finding in record.verdict.findings_against:
        yield f"Against: {finding}"
    yield error_rate(record.verdict)
    yield record.disclaimer
