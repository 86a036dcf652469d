"""Files written under another name in their folder and then renamed, readable by their owner alone.

Knows nothing of plans.
"""

from __future__ import annotations

import csv
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.csv import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CELL_LENGTH: Final = 32_000


@contextmanager
def replacing(target: Path) -> Iterator[IO[str]]:
    """Give a file to write text to; it takes its place when all is written, and leaves nothing where that fails."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")  # mode 0600
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def write_whole(target: Path, text: str) -> None:
    """Write a text file whose readers see all of it or what was there before."""
    with replacing(target) as stream:
        stream.write(text)


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
