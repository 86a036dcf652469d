"""The distribution of every metric over a batch: quantiles, a histogram and outliers.

A plan's key is a hash, so the first plans by key are a fair sample where there are too many to hold.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.batch.rows import metric_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from rtcomplexity.batch.ledger import PlanRow

MOST_PLANS: Final = 5_000
_BINS: Final = 16
_FENCE: Final = 3.0
_LEAST_FOR_OUTLIERS: Final = 8
_MOST_OUTLIERS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A value far from the others."""

    key: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One metric over the plans of a batch."""

    group: str
    metric: str
    n: int
    quantiles: tuple[float, ...]
    """Least, 5 %, median, 95 %, greatest."""
    bins: tuple[int, ...]
    """Counts between 5 % and 95 %, the rest in the outer ones."""
    outliers: tuple[Outlier, ...]
    """Beyond three interquartile ranges from the quartiles, farthest first."""


class Collector:
    """Takes plans one at a time and gives distributions."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[array[float], array[int]]] = {}
        self._keys: list[str] = []

    @property
    def plans(self) -> int:
        """How many plans were taken."""
        return len(self._keys)

    def take(self, plan: PlanRow) -> None:
        """Take a plan's values, unless there are enough."""
        if plan.result is None or len(self._keys) >= MOST_PLANS:
            return
        for group, metric, value in metric_values(plan):
            values, numbers = self._values.setdefault((group, metric), (array("d"), array("l")))
            values.append(value)
            numbers.append(len(self._keys))
        self._keys.append(plan.key)

    def distributions(self) -> list[Distribution]:
        """Give all, the scored target first."""
        ordered = sorted(self._values, key=lambda pair: (pair[0] != "scored target", *pair))
        return [self._distribution(*pair) for pair in ordered]

    def _distribution(self, group: str, metric: str) -> Distribution:
        values, numbers = self._values[group, metric]
        found = np.array(values)
        quantiles = np.quantile(found, (0.0, 0.05, 0.5, 0.95, 1.0))
        return Distribution(
            group=group,
            metric=metric,
            n=len(found),
            quantiles=tuple(float(value) for value in quantiles),
            bins=histogram(found, float(quantiles[1]), float(quantiles[3])),
            outliers=tuple(
                Outlier(key=self._keys[numbers[index]], value=float(found[index])) for index in _outlying(found)
            ),
        )


def histogram(values: NDArray[np.float64], low: float, high: float) -> tuple[int, ...]:
    """Count values in equal steps from `low` to `high`; what lies outside counts in the outer ones.

    Examples
    --------
    >>> sum(histogram(np.arange(100.0), 5.0, 95.0))
    100
    """
    if low == high:
        return (len(values),)
    counts, _ = np.histogram(np.clip(values, low, high), bins=_BINS, range=(low, high))
    return tuple(int(count) for count in counts)


def _outlying(values: NDArray[np.float64]) -> Iterable[int]:
    """Indices of the values beyond the fences, farthest first."""
    if len(values) < _LEAST_FOR_OUTLIERS:
        return []
    lower, upper = np.quantile(values, (0.25, 0.75))
    distance = np.maximum(lower - values, values - upper)
    far = np.flatnonzero((distance > _FENCE * (upper - lower)) & (upper > lower))
    return [int(index) for index in far[np.argsort(-distance[far], kind="stable")][:_MOST_OUTLIERS]]
