"""Issues by severity: errors and warnings in full, the rest as a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rtcomplexity.cli.rendering.prose import Prose
from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.values import names_by_number, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from rtcomplexity.evidence.record import Record

STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
WEIGHTY = ("error", "warning")
ALL = ("error", "warning", "info")


def issues_parts(record: Record, severities: Sequence[str] = WEIGHTY) -> Iterator[RenderableType]:
    """Yield the table of these severities, and a line that counts the others."""
    chosen = [issue for severity in severities for issue in record.issues if issue.severity == severity]
    names = names_by_number(record)
    if chosen:
        table = titled_table("Issues", ("Severity", "Subject", "Finding"))
        for issue in chosen:
            severity = Text(issue.severity, style=STYLES[issue.severity])
            table.add_row(severity, Text(subject_of(issue, names)), Prose(issue.text))
        yield table
    left_out = len(record.issues) - len(chosen)
    if left_out:
        yield Text(f"{left_out} more notes: rtcomplexity inspect lists them.")
    if not record.issues:
        yield Text("No issues.")
