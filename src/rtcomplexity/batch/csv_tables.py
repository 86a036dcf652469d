"""Tables of a batch as CSV files, written row by row. Knows nothing of plans."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.csv import safe
from rtcomplexity.whole_files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_CELL_LENGTH: Final = 32_000


@contextmanager
def table_writer(target: Path, titles: Iterable[str]) -> Iterator[Callable[[Iterable[object]], None]]:
    """Give a function that writes a row of a CSV file; the file takes its place at the end."""
    with replacing(target) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(titles)
        yield lambda row: table.writerow([cell(value) for value in row])


def cell(value: object) -> str:
    """Write one value for a table; text that a spreadsheet would calculate gets a leading apostrophe.

    Examples
    --------
    >>> cell("=HYPERLINK(1)"), cell(-1.5), cell(None), cell(12.0)
    ("'=HYPERLINK(1)", '-1.5', '', '12')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return safe(value[:_CELL_LENGTH]) if isinstance(value, str) else str(value)
