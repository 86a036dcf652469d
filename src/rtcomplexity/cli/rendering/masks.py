"""Which masks were written, and which were not and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable


def masks_table(masks: Iterable[tuple[str, int, str]]) -> Table:
    """Build a table of (file name, voxels, reason why there is no file)."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("File", overflow="fold")
    table.add_column("Voxels", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for name, count, reason in masks:
        table.add_row(name, f"{count:,}" if count else "-", f"not written: {shown(reason)}" if reason else "")
    return table
