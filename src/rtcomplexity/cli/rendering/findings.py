"""Findings for and against as tables of equal width, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rtcomplexity.cli.rendering.prose import Prose
from rtcomplexity.cli.rendering.tables import titled_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from rtcomplexity.evidence.page import Page
    from rtcomplexity.evidence.page import Table as PageTable

NONE_FOUND = "none found"


def findings_parts(page: Page) -> Iterator[RenderableType]:
    """Yield both tables, each with the findings that are no factor's, and what was not measured."""
    sides = (
        ("Findings for increased complexity", page.findings_for, page.notes_for),
        ("Findings against increased complexity", page.findings_against, page.notes_against),
    )
    for title, table, notes in sides:
        if table.rows:
            yield page_table(title, table)
        else:
            yield Text(f"{title}: {'' if notes else NONE_FOUND}".rstrip(), style="bold")
        for note in notes:
            yield Prose(f"- {note}")
    if page.not_measured.rows:
        yield page_table("Not measured", page.not_measured)


def page_table(title: str, data: PageTable) -> Table:
    """Lay out a table of the page; a group's name is printed once."""
    table = titled_table(title, data.headings)
    table.expand = True
    for place in data.numeric:
        table.columns[place].justify, table.columns[place].no_wrap = "right", True
    before = ""
    for first, *others in data.rows:
        table.add_row(*(Text(cell) for cell in ("" if first == before else first, *others)))
        before = first
    return table
