"""Findings for and against, side by side and with equal weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from rtcomplexity.cli.rendering.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.evidence.record import VerdictRecord

NONE_FOUND = "none found"


def findings_table(verdict: VerdictRecord) -> Table:
    """Build a table of two equal columns."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Findings for", ratio=1, overflow="fold")
    table.add_column("Findings against", ratio=1, overflow="fold")
    table.add_row(_listed(verdict.findings_for, "+"), _listed(verdict.findings_against, "-"))
    return table


def _listed(findings: Sequence[str], mark: str) -> Table:
    lines = Table.grid(padding=(0, 1, 0, 0))
    for finding in findings:
        lines.add_row(mark, Prose(finding))
    if not findings:
        lines.add_row("", NONE_FOUND)
    return lines
