"""The use case of many comparisons: compare the pairs that have no end yet, write the outputs.

Through the ledger and the workers of the batch: one pair that fails costs no other, and a run that is stopped at any
moment is continued by the next. A pair *stands* while names, sizes and times of the files of both sides, options,
settings and version are as they were. What is left behind names rows by number, never by path.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from rtcomplexity.batch.csv_tables import table_writer
from rtcomplexity.batch.ledger import Standing, opened_ledger
from rtcomplexity.batch.messages import RETRYABLE, Status
from rtcomplexity.compare.sides import split_spec
from rtcomplexity.whole_files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.batch.engines.engine import Engine, Task
    from rtcomplexity.batch.ledger import Ledger
    from rtcomplexity.batch.pairs import PairRow, PairTask
    from rtcomplexity.batch.run import Watcher
    from rtcomplexity.compare.limits import Limit

DOCUMENTS, TABLE, REFUSED = "comparisons.jsonl", "comparisons.csv", "refused.csv"
TITLES: Final = ("row", "first", "second", "matched_by", "metric", "value", "unit", "reason")
_PACKAGE: Final = "rtcomplexity"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsResult:
    """What a table of pairs came to."""

    compared: int
    refused: tuple[tuple[int, str], ...]
    """(row, reason) of each that could not be compared."""
    missed: tuple[str, ...]
    """Which rows miss which limits."""
    stood: int
    """Pairs that were not compared again."""


def compare_pairs(
    tasks: Sequence[PairTask],
    out: Path,
    *,
    engine: Engine,
    watcher: Watcher,
    limits: Sequence[Limit] = (),
    retry: bool = False,
) -> PairsResult:
    """Compare every pair and leave documents, a table of metrics and what was refused, in the order of the rows.

    Parameters
    ----------
    tasks
        One for each row.
    out
        Folder for ledger and results, made if missing; an existing one continues where the last run stopped.
    engine
        Where tasks run.
    watcher
        Receives the progress.
    limits
        What every pair of ROIs has to keep.
    retry
        Whether pairs that crashed or went over a limit are tried again.

    Raises
    ------
    UsageError
        If the folder cannot be used.
    """
    with opened_ledger(out) as ledger:
        stood = _compare_all(tasks, ledger, engine, watcher, retry=retry)
        result = _leave(tasks, ledger, out, limits, stood)
        ledger.end_run(
            software=version(_PACKAGE),
            workers=engine.workers,
            done=len(tasks) - stood,
            assessed=result.compared,
            refused=len(result.refused),
        )
    return result


def _compare_all(tasks: Sequence[PairTask], ledger: Ledger, engine: Engine, watcher: Watcher, *, retry: bool) -> int:
    """Compare the pairs that do not stand; return how many do."""
    standings = {_key(task.row, ledger): (task, _standing(task)) for task in tasks}
    watcher.starting(len(standings), f"{len(standings)} pairs")
    waiting: dict[str, tuple[PairTask, Standing]] = {}
    for key, (task, standing) in standings.items():
        ended = ledger.pair_standing(key)
        if ended is not None and ended[0] == standing and not (retry and ended[1] in RETRYABLE):
            watcher.ended(ended[1], stood=True)
        else:
            waiting[key.hex()] = task, standing
    given: Iterator[Task] = ((name, task.to_json()) for name, (task, _) in waiting.items())
    for name, outcome in engine.run(given):
        ledger.put_pair(bytes.fromhex(name), waiting[name][1], outcome)
        watcher.ended(outcome.status, stood=False)
    return len(standings) - len(waiting)


def _key(row: PairRow, ledger: Ledger) -> bytes:
    return ledger.hashed(json.dumps([row.first, row.second, row.images]))


def _standing(task: PairTask) -> Standing:
    row, match = task.row, Path(task.match)
    options = {
        "match": task.match,
        "mapping": hashlib.sha256(match.read_bytes()).hexdigest() if match.is_file() else "",
        "tolerance_mm": task.tolerance_mm,
        "identified": task.identified,
        "settings": asdict(task.settings),
        "software": version(_PACKAGE),
    }
    places = [split_spec(spec)[0] for spec in (row.first, row.second)] + ([Path(row.images)] if row.images else [])
    found = [f"{path} {size} {mtime_ns}" for place in places for path, size, mtime_ns in _files(place)]
    return Standing(_digest(found), "", _digest(options))


def _files(place: Path) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of a file, or of every file below a folder; nothing where nothing can be looked at."""
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        try:
            status = path.stat()
        except OSError:
            continue
        if path.is_file():
            yield str(path), status.st_size, status.st_mtime_ns


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()


def _leave(tasks: Sequence[PairTask], ledger: Ledger, out: Path, limits: Sequence[Limit], stood: int) -> PairsResult:
    """Write the outputs from the ledger, in the order of the rows, one document in memory at a time."""
    refused: list[tuple[int, str, str]] = []
    missed: list[str] = []
    with (
        replacing(out / DOCUMENTS) as documents,
        table_writer(out / TABLE, TITLES) as write,
        table_writer(out / REFUSED, ("row", "code", "reason")) as refuse,
    ):
        for number, outcome in ((task.row.number, ledger.pair(_key(task.row, ledger))) for task in tasks):
            if outcome.status is not Status.ASSESSED:
                refused.append((number, outcome.code, outcome.reason))
                refuse(refused[-1])
                continue
            tree = outcome.content["document"]
            _write(number, tree, documents)
            for row in _rows(number, tree):
                write(row)
            missed += [f"row {number}: {text}" for text in _missed(tree, limits)]
    return PairsResult(
        compared=len(tasks) - len(refused),
        refused=tuple((number, reason) for number, _, reason in refused),
        missed=tuple(missed),
        stood=stood,
    )


def _write(number: int, tree: Mapping[str, Any], stream: IO[str]) -> None:
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
