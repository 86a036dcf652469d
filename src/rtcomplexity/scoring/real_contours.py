"""Real contours: shipped tables of derived numbers, and a plan's rank among those of similar size.

A row is one contoured target; a patient may have several, by several readers. Knows no contour and no profile.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rtcomplexity.scoring.reference import rounded
from rtcomplexity.scoring.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from rtcomplexity.model.arrays import Flags, Floats, Integers


SCORED_PREFIX: Final = "scored."
"""A table's columns are scored keys without it."""
NOBODY: Final = -1
"""Number of the patient to leave out where a plan is none of the table's."""
SAME: Final = 6e-4
"""Values that differ by a smaller share are one: tables are written with four digits."""
BANDWIDTHS_COUNTED: Final = 2.0
"""Rows within so many bandwidths of a plan's size count as those behind its rank."""
_IDENTIFYING: Final = ("sphericity_ratio", "solidity_ratio", "concavity_ratio", "curvature_ratio")
_WORDS: Final = ("collection", "patient", "lesion", "reader")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RealContours:
    """A table of derived numbers, one row a contoured target."""

    log_diameter: Floats
    """(m,) natural logarithm of the equivalent diameter in mm."""
    patient: Integers
    """(m,) number of the patient across collections."""
    columns: Mapping[str, Floats]
    """(m,) each by the scored key without its prefix; NaN where a row lacks it."""
    sha256: str
    """Of the file's bytes."""

    @property
    def patient_share(self) -> Floats:
        """(m,) what a row counts for, so that a patient's rows count as one together."""
        _, inverse, counts = np.unique(self.patient, return_inverse=True, return_counts=True)
        return np.asarray(1.0 / counts[inverse])

    def own_patient(self, diameters_mm: Floats, values: Mapping[str, Floats]) -> Integers:
        """Find the patient of plans that are rows of this table; NOBODY for any other plan.

        A table names no one, so a plan is known by its numbers: size and all four ratios of shape agree.

        Parameters
        ----------
        diameters_mm
            (n,) equivalent diameters; NaN where unknown.
        values
            (n,) each by the table's columns.
        """
        own = np.full(len(diameters_mm), NOBODY)
        if not all(column in values and column in self.columns for column in _IDENTIFYING):
            return own
        order = np.argsort(self.log_diameter)
        sizes = self.log_diameter[order]
        with np.errstate(invalid="ignore", divide="ignore"):
            asked = np.log(diameters_mm)
        first, last = (np.searchsorted(sizes, asked + side * SAME) for side in (-1, 1))
        for plan in np.flatnonzero(last > first):
            for row in order[first[plan] : last[plan]]:
                if all(_agree(values[c][plan], self.columns[c][row]) for c in _IDENTIFYING):
                    own[plan] = self.patient[row]
        return own

    def similar(self, diameters_mm: Floats, bandwidth: float, left_out: Integers) -> Similar:
        """Weigh the rows by how close in size they are to each of n plans.

        Parameters
        ----------
        diameters_mm
            (n,) equivalent diameters, mm.
        bandwidth
            Standard deviation of the Gaussian kernel in the natural logarithm of the diameter.
        left_out
            (n,) patient whose rows do not count; NOBODY leaves none out.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            distance = np.abs(np.log(diameters_mm)[:, None] - self.log_diameter) / bandwidth
        distance[self.patient == left_out[:, None]] = np.inf
        nearest = np.min(distance, axis=1, initial=np.inf, keepdims=True)
        with np.errstate(invalid="ignore"):  # a plan beyond all rows is compared with the nearest ones
            kernel = np.exp(-0.5 * (distance**2 - np.where(np.isfinite(nearest), nearest, 0.0) ** 2))
        return Similar(table=self, weights=kernel * self.patient_share, near=distance <= BANDWIDTHS_COUNTED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Similar:
    """The rows of a table as n plans of their own size see them."""

    table: RealContours
    weights: Floats
    """(n, m) what each row counts for."""
    near: Flags
    """(n, m) whether a row is of about the plan's size."""
    orders: dict[tuple[str, float], Ranked] = field(default_factory=dict)
    """Earlier answers."""

    def ranked(self, column: str, sign: float) -> Ranked:
        """Order the rows by a column; `sign` is 1 where a high value is the hard one, -1 where a low one is."""
        if (column, sign) not in self.orders:
            self.orders[column, sign] = self._ranked(column, sign)
        return self.orders[column, sign]

    def _ranked(self, column: str, sign: float) -> Ranked:
        values = sign * self.table.columns[column]
        order = np.argsort(values)[: np.count_nonzero(~np.isnan(values))]  # NaN sorts last
        weights = self.weights[:, order]
        cumulative = np.cumsum(weights, axis=1)
        below = np.concatenate([np.zeros((len(weights), 1)), cumulative], axis=1) / cumulative[:, -1:]
        return Ranked(sign=sign, values=values[order], below=below)

    def counted(self, column: str, plan: int) -> Counted:
        """Count the rows, and their patients, of about one plan's size."""
        here = self.near[plan] & ~np.isnan(self.table.columns[column])
        return Counted(rows=int(np.count_nonzero(here)), patients=len(np.unique(self.table.patient[here])))


class Counted(NamedTuple):
    """The contours behind a rank."""

    rows: int
    patients: int


class Ranked(NamedTuple):
    """Rows in the order of one column, from easy to hard, with how much of the weight lies below each."""

    sign: float
    values: Floats
    """(k,) times `sign`, rising."""
    below: Floats
    """(n, k + 1) share of the weight below the i-th value."""

    def percentiles_below(self, values: Floats) -> Floats:
        """(n,) 100 P(X < value) for each plan's own value, strict; NaN stays NaN."""
        place = np.searchsorted(self.values, self.sign * values, side="left")
        found = rounded(100 * self.below[np.arange(len(values)), place])
        return np.where(np.isnan(values), np.nan, found)

    def percentiles_of(self, plan: int, values: Floats) -> Floats:
        """(n,) 100 P(X < value) of n values for one plan."""
        place = np.searchsorted(self.values, self.sign * values, side="left")
        return np.asarray(100 * self.below[plan, place])

    def value_at(self, percentile: float) -> Floats:
        """(n,) the value of which so much of the reference, in percent, is at most as hard."""
        place = np.argmax(self.below[:, 1:] >= percentile / 100 - 1e-12, axis=1)
        known = np.isfinite(self.below[:, -1])
        return np.where(known, rounded(self.sign * self.values[place]), np.nan)

    @property
    def standard_deviation(self) -> Floats:
        """(n,) of the rows as they are weighed."""
        weights = np.diff(self.below, axis=1)
        mean = weights @ self.values
        return rounded(np.sqrt(np.maximum(weights @ self.values**2 - mean**2, 0.0)))


def _agree(a: float, b: float) -> bool:
    return abs(a - b) <= SAME * abs(b)


def shipped_tables() -> Mapping[str, Traversable]:
    """Return the files of the shipped tables by id."""
    return shipped("references", ".csv")


def table_ids() -> tuple[str, ...]:
    """Return the ids of the shipped tables."""
    return tuple(shipped_tables())


@cache
def shipped_table(table_id: str) -> RealContours:
    """Read a shipped table by its id."""
    return read_table(shipped_tables()[table_id].read_bytes())


def read_table(content: bytes) -> RealContours:
    """Read a table's bytes: words that tell whose contour a row is, then numbers; lines of # are remarks.

    Raises
    ------
    ValueError
        If a column that is needed is missing, or a number is none.
    """
    lines = [line for line in content.decode("utf-8").splitlines() if line and not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    if not rows or not {"collection", "patient", "equivalent_diameter_mm"} <= rows[0].keys():
        raise ValueError("it needs rows with collection, patient and equivalent_diameter_mm")
    people = [(row["collection"], row["patient"]) for row in rows]
    numbers = {person: number for number, person in enumerate(dict.fromkeys(people))}
    names = [name for name in rows[0] if name not in {*_WORDS, "equivalent_diameter_mm"}]
    return RealContours(
        log_diameter=np.log([float(row["equivalent_diameter_mm"]) for row in rows]),
        patient=np.array([numbers[person] for person in people]),
        columns={name: _column(rows, name) for name in names},
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _column(rows: Sequence[Mapping[str, str]], name: str) -> Floats:
    return np.array([float(row[name]) if row[name] else np.nan for row in rows])
