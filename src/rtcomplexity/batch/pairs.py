"""Many comparisons from a table of pairs, through the workers of the batch: one that fails costs no other.

A row is a pair: the columns ``first`` and ``second`` as ``compare`` takes them, and if wanted ``images``. What is left
behind names rows by number, never by path. A comparison is short, so nothing is kept from a run that was stopped.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from rtcomplexity.batch.files import replacing, table_writer
from rtcomplexity.batch.values import Limits, Outcome, Status
from rtcomplexity.compare.sides import SEPARATOR
from rtcomplexity.errors import UsageError
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from rtcomplexity.batch.engines.engine import Engine
    from rtcomplexity.compare.limits import Limit

TASK: Final = "pair"
NEEDED: Final = ("first", "second")
ALLOWED: Final = (*NEEDED, "images")
OPTION: Final = "--batch"
DOCUMENTS, TABLE, REFUSED = "comparisons.jsonl", "comparisons.csv", "refused.csv"
TITLES: Final = ("row", "first", "second", "matched_by", "metric", "value", "unit", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One row of the table."""

    number: int
    """As a spreadsheet counts them: the first row below the titles is 2."""
    first: str
    second: str
    images: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTask:
    """One comparison for a child process."""

    row: PairRow
    match: str
    tolerance_mm: float
    identified: bool
    settings: Settings
    limits: Limits

    def to_json(self) -> str:
        """Write the task on one line."""
        return json.dumps({"task": TASK, **asdict(self)})

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Self:
        """Read a task back."""
        return cls(
            row=PairRow(**tree["row"]),
            match=tree["match"],
            tolerance_mm=tree["tolerance_mm"],
            identified=tree["identified"],
            settings=Settings(**tree["settings"]),
            limits=Limits(**tree["limits"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsResult:
    """What a table of pairs came to."""

    compared: int
    refused: tuple[tuple[int, str], ...]
    """(row, reason) of each that could not be compared."""
    missed: tuple[str, ...]
    """Which rows miss which limits."""


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


def compare_pairs(tasks: Sequence[PairTask], out: Path, *, engine: Engine, limits: Sequence[Limit] = ()) -> PairsResult:
    """Compare every pair and leave documents, a table of metrics and what was refused, in the order of the rows.

    Parameters
    ----------
    tasks
        One for each row.
    out
        Folder for the results; made if it is not there.
    engine
        Where tasks run.
    limits
        What every pair of ROIs has to keep.
    """
    out.mkdir(parents=True, exist_ok=True)
    refused: list[tuple[int, str, str]] = []
    missed: list[str] = []
    with replacing(out / DOCUMENTS) as documents, table_writer(out / TABLE, TITLES) as write:
        for number, outcome in _in_order(tasks, engine):
            if outcome.status is not Status.ASSESSED:
                refused.append((number, outcome.code, outcome.reason))
                continue
            _leave(number, outcome.content["document"], documents)
            for row in _rows(number, outcome.content["document"]):
                write(row)
            missed += [f"row {number}: {text}" for text in _missed(outcome.content["document"], limits)]
    with table_writer(out / REFUSED, ("row", "code", "reason")) as write:
        for row in refused:
            write(row)
    return PairsResult(
        compared=len(tasks) - len(refused),
        refused=tuple((number, reason) for number, _, reason in refused),
        missed=tuple(missed),
    )


def _in_order(tasks: Sequence[PairTask], engine: Engine) -> Iterator[tuple[int, Outcome]]:
    """(row, outcome) in the order of the rows: what ends early waits."""
    waiting: dict[str, Outcome] = {}
    order = iter([str(task.row.number) for task in tasks])
    following = next(order, None)
    for key, outcome in engine.run((str(task.row.number), task.to_json()) for task in tasks):
        waiting[key] = outcome
        while following in waiting:
            yield int(following), waiting.pop(following)
            following = next(order, None)


def _leave(number: int, tree: Mapping[str, Any], stream: IO[str]) -> None:
    stream.write(json.dumps({"row": number, **tree}, ensure_ascii=False) + "\n")


def _rows(number: int, tree: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for pair in tree["pairs"]:
        for key, found in pair["metrics"].items():
            names = (pair["first"], pair["second"], pair["matched_by"])
            yield number, *names, key, found["value"], found["unit"], found.get("reason", "")


def _missed(tree: Mapping[str, Any], limits: Sequence[Limit]) -> Iterator[str]:
    for pair in tree["pairs"]:
        for limit in limits:
            text = limit.failed_by_value(
                pair["metrics"][limit.key]["value"], pair["metrics"][limit.key].get("reason", "")
            )
            if text:
                yield f"{pair['first']}: {text}"
