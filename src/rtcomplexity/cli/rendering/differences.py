"""What moved between two evidence folders, as a sentence and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from rtcomplexity.evidence.difference import Change


def difference_parts(sentence: str, changes: Sequence[Change]) -> Iterator[RenderableType]:
    """Yield the sentence, then every change."""
    yield Text(shown(sentence), style="bold")
    if changes:
        table = titled_table("What moved", ("Kind", "What", "Before", "After"))
        for change in changes:
            table.add_row(*(Text(shown(text)) for text in (change.kind, change.what, change.before, change.after)))
        yield table
