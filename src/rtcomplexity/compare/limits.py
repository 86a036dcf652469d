"""User-defined limits on comparison metrics: the only pass or fail criteria."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rtcomplexity.compare.comparison import ComparedMatch
    from rtcomplexity.metrics.measurement import Measurement

COLUMNS: Final = ("metric", "at_least", "at_most")
OPTION: Final = "--fail-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Range in which a metric passes."""

    key: str
    at_least: float = -math.inf
    at_most: float = math.inf

    def failed_by(self, values: Mapping[str, Measurement]) -> str:
        """How values violate the limit; empty if they do not. A missing value violates it."""
        found = values[self.key]
        return self.failed_by_value(found.value, found.reason)

    def failed_by_value(self, value: float | None, reason: str = "") -> str:
        """How one value, or its absence for a reason, violates the limit; empty if it does not."""
        if value is None:
            return f"{self.key} has no value: {reason}"
        if self.at_least <= value <= self.at_most:
            return ""
        bounds = [f"at least {self.at_least:g}"] if self.at_least > -math.inf else []
        bounds += [f"at most {self.at_most:g}"] if self.at_most < math.inf else []
        return f"{self.key} is {value:g}, not {' and '.join(bounds)}"


def read_limits(path: Path) -> tuple[Limit, ...]:
    """Read a file of limits: CSV with the columns metric, at_least, at_most; an empty cell sets no limit.

    Raises
    ------
    UsageError
        If it cannot be read, names an unknown metric, or sets no limit.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows, columns = list(reader), tuple(name.strip() for name in reader.fieldnames or ())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(OPTION, path.name, f"a readable CSV file ({error})") from error
    if columns != COLUMNS or not rows:
        raise UsageError(OPTION, path.name, f"a CSV file with the columns {', '.join(COLUMNS)} and at least one row")
    return tuple(_limit(row, number) for number, row in enumerate(rows, start=2))


def _limit(row: Mapping[str, str | None], line: int) -> Limit:
    key, known = (row["metric"] or "").strip(), [each.key for each in COMPARISONS]
    if key not in known:
        near = get_close_matches(key, known, n=1) or ["a key that --json lists"]
        raise UsageError(OPTION, f"{key} on line {line}", near[0])
    low, high = (
        _bound(row[name], fallback, line) for name, fallback in (("at_least", -math.inf), ("at_most", math.inf))
    )
    if low == -math.inf and high == math.inf:
        raise UsageError(OPTION, f"no limit on line {line}", "a number in at_least, at_most or both")
    return Limit(key=key, at_least=low, at_most=high)


def _bound(cell: str | None, fallback: float, line: int) -> float:
    text = (cell or "").strip()
    try:
        found = float(text) if text else fallback
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise UsageError(OPTION, f"{text} on line {line}", "a number")
    return found


def failures(compared: Iterable[ComparedMatch], limits: Iterable[Limit]) -> list[str]:
    """Which pairs violate which limits."""
    every = tuple(limits)
    return [
        f"{each.match.first.roi.name}: {text}"
        for each in compared
        for limit in every
        if (text := limit.failed_by(each.values))
    ]
