"""How wide the columns of a table are on a narrow terminal: no word and no number is broken while there is room.

Rich shrinks the widest columns first, whatever they hold, and so breaks words in one column while another has blanks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Column, Table

_PADDING_AND_LINE: Final = 2
"""Of every column of our tables but the last, which has no line after it."""


def fit_words(table: Table, width: int) -> None:
    """Set the widths of the columns so that only blanks are broken, where a terminal of this width allows it."""
    least = [_least_width(column) for column in table.columns]
    most = [max(map(cell_len, _texts(column)), default=0) for column in table.columns]
    room = width - _PADDING_AND_LINE * len(least) + 1
    if sum(most) <= room or sum(least) > room:
        return
    for column, found in zip(table.columns, _shared(least, most, room), strict=True):
        column.width, column.no_wrap = found, False


def _shared(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Give the room that is left, one by one, to the column that wants most more."""
    widths = list(least)
    for _ in range(room - sum(least)):
        widest = max(range(len(widths)), key=lambda place: most[place] - widths[place])
        widths[widest] += most[widest] > widths[widest]
    return widths


def _least_width(column: Column) -> int:
    """Longest word; a number and its unit are one, what is added in parentheses is not."""
    heading, *cells = _texts(column)
    numbers = [cell.partition(" (")[0] for cell in cells] if column.justify == "right" else []
    words = [word for cell in cells for word in (cell.partition(" (")[2] if numbers else cell).split()]
    return max(map(cell_len, (*heading.split(), *numbers, *words)), default=0)


def _texts(column: Column) -> list[str]:
    return [cell.plain if isinstance(cell, Text) else str(cell) for cell in (column.header, *column.cells)]
