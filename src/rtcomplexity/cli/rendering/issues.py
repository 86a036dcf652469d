"""Issues by severity: errors and warnings in full, the rest as a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.document import subject_of
from rtcomplexity.cli.rendering.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rtcomplexity.cli.rendering.document import Document

STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
"""In the order in which they are told."""


def issues_parts(document: Document, told: Sequence[str] = ("error", "warning")) -> list[RenderableType]:
    """Build the table of the severities in `told`, and a line that counts the others."""
    issues = document["issues"]
    parts: list[RenderableType] = []
    chosen = [issue for severity in told for issue in issues if issue["severity"] == severity]
    if chosen:
        parts.append(_table(chosen, document))
    left_out = len(issues) - len(chosen)
    if left_out:
        parts.append(Text(f"{left_out} further {'note' if left_out == 1 else 'notes'} of little weight: see --json."))
    return parts or [Text("No issues.")]


def _table(issues: Sequence[Document], document: Document) -> Table:
    table = Table(title="Issues", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("Severity", no_wrap=True)
    table.add_column("About", overflow="fold")
    table.add_column("What was found", overflow="fold")
    for issue in issues:
        severity = str(issue["severity"])
        table.add_row(
            Text(severity, style=STYLES[severity]),
            Text(subject_of(issue, document)),
            Text(shown(str(issue["text"]))),
        )
    return table
