"""Issues by severity: errors and warnings in full, the rest as a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from rtcomplexity.cli.rendering.prose import Prose
from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.values import names_by_number, subject_of
from rtcomplexity.model.issue import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from rtcomplexity.evidence.record import Record

STYLES: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def issues_parts(record: Record, *, with_notes: bool = False) -> Iterator[RenderableType]:
    """Yield the table of errors and warnings, and of notes too or a line that counts them."""
    severities = [severity for severity in STYLES if with_notes or severity is not Severity.INFO]
    chosen = [issue for severity in severities for issue in record.issues if issue.severity == severity]
    names = names_by_number(record)
    if chosen:
        table = titled_table("Issues", ("Severity", "Subject", "Finding"))
        for issue in chosen:
            severity = Text(issue.severity, style=STYLES[Severity(issue.severity)])
            table.add_row(severity, Text(subject_of(issue, names)), Prose(issue.text))
        yield table
    left_out = len(record.issues) - len(chosen)
    if left_out:
        yield Text(f"{left_out} more notes: rtcomplexity inspect lists them.")
    if not record.issues:
        yield Text("No issues.")
