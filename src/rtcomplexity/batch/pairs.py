"""A table of pairs to compare, and one of them as a task for a child process.

A row is a pair: the columns ``first`` and ``second`` as ``compare`` takes them, and if wanted ``images``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rtcomplexity.batch.messages import ChildTask
from rtcomplexity.compare.sides import SEPARATOR
from rtcomplexity.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NEEDED: Final = ("first", "second")
ALLOWED: Final = (*NEEDED, "images")
OPTION: Final = "--batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One row of the table."""

    number: int
    """As a spreadsheet counts them: the first row below the titles is 2."""
    first: str
    second: str
    images: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTask(ChildTask):
    """One comparison."""

    kind: ClassVar[str] = "pair"
    row: PairRow
    match: str
    tolerance_mm: float
    identified: bool

    @staticmethod
    def _inner(tree: Mapping[str, Any]) -> dict[str, Any]:
        return {"row": PairRow(**tree["row"])}


def read_pairs(table: Path) -> tuple[PairRow, ...]:
    """Read a table of pairs; paths are relative to its folder.

    Raises
    ------
    UsageError
        If it cannot be read, a column is missing or unknown, or a row lacks a side; the row is named by number.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns, rows = tuple(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise UsageError(OPTION, table.name, "a CSV file in UTF-8 that can be read") from fault
    if not set(NEEDED) <= set(columns) <= set(ALLOWED) or not rows:
        raise UsageError(OPTION, table.name, f"the columns {', '.join(NEEDED)} and if wanted images, and a row")
    return tuple(_row(number, row, table.parent.absolute()) for number, row in enumerate(rows, start=2))


def _row(number: int, row: Mapping[str, str | None], folder: Path) -> PairRow:
    first, second, images = ((row.get(name) or "").strip() for name in ALLOWED)
    if not (first and second):
        raise UsageError(OPTION, f"row {number}", "two sides in each row")
    return PairRow(
        number=number,
        first=_within(folder, first),
        second=_within(folder, second),
        images=_within(folder, images) if images else None,
    )


def _within(folder: Path, spec: str) -> str:
    """A side's path from the table's folder; what chooses an ROI stays as it is."""
    path, separator, roi = spec.partition(SEPARATOR)
    return f"{folder / path}{separator}{roi}"
