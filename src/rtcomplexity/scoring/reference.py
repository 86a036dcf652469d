"""Reference distributions as knots, and the four questions they answer.

Knows only numbers: a knot is (value, percentile), percentiles never fall, and values run towards *harder*, so they fall
where a low value is the hard one. Two knots of one value are a jump: a share of the reference has exactly that value.
Two knots of one percentile are a gap: nothing of the reference lies between.
Beyond the last knot nothing is known, so nothing above its percentile is ever returned.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from rtcomplexity.units import SIGNIFICANT_DIGITS, round_significant

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.model.arrays import Floats


Knots: TypeAlias = tuple[tuple[float, float], ...]

MEDIAN: Final = 50.0
FEW: Final = 64
"""Up to this many values are rounded one by one in less time than together."""
EXACT: Final = 22
"""Powers of ten up to this one are exact numbers."""
BESIDE_A_HALF: Final = 1e-6


def known(values: Floats) -> Floats:
    """Return the values that are there."""
    return values[~np.isnan(values)]


def rounded(values: Floats) -> Floats:
    """Round each of (n,) values as numbers are written; NaN stays NaN.

    Examples
    --------
    >>> rounded(np.array([155.912345, np.nan]))
    array([155.912,     nan])
    """
    return _one_by_one(values) if values.size < FEW else _together(values)


def _one_by_one(values: Floats) -> Floats:
    return np.array([value if math.isnan(value) else round_significant(value) for value in values.tolist()])


def _together(values: Floats) -> Floats:
    """Round many to the same bits as one by one.

    A whole number below 10^6 and a power of ten up to 10^22 are exact, and their quotient is rounded once. Only the
    scaled value carries an error, which decides nothing unless it lies beside a half: these go one by one.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        decimals = SIGNIFICANT_DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        up, down = (10.0 ** np.clip(sign * decimals, 0.0, EXACT) for sign in (1, -1))
        scaled = values * up / down
        found = np.round(scaled) / up * down
        is_plain = (np.abs(decimals) <= EXACT) & (np.abs(scaled) < 10.0**SIGNIFICANT_DIGITS - 1)
        is_plain &= (np.abs(scaled) >= 10.0 ** (SIGNIFICANT_DIGITS - 1)) & (np.abs(scaled % 1.0 - 0.5) > BESIDE_A_HALF)
    special = np.flatnonzero(~is_plain & (values != 0.0))
    found[special] = _one_by_one(values[special])
    found[values == 0.0] = 0.0
    return np.asarray(found)


def percentiles_below(knots: Knots, values: Floats) -> Floats:
    """Return :func:`percentile_below` of each of (n,) values; NaN stays NaN."""
    sign = _sign(knots)
    places, levels = np.array(knots).T
    after = np.searchsorted(sign * places, sign * values, side="left")
    high = np.clip(after, 1, len(places) - 1)
    width = places[high] - places[high - 1]
    share = (values - places[high - 1]) / np.where(width == 0, 1.0, width)
    found = levels[high - 1] + share * (levels[high] - levels[high - 1])
    inside = rounded(np.where((after == 0) | (after == len(places)), 0.0, found))
    ends = np.where(after == 0, levels[0], levels[-1])
    result = np.where((after == 0) | (after == len(places)), ends, inside)
    return np.where(np.isnan(values), np.nan, result)


def percentile_below(knots: Knots, value: float) -> float:
    """Return 100 P(X < value), strict, where "less" means easier.

    Parameters
    ----------
    knots
        (value, percentile), values running towards harder.
    value
        Where to ask, in the knots' unit.

    Returns
    -------
    float
        Percentile between the first knot's and the last knot's, rounded as numbers are written.

    Examples
    --------
    A count of which 90 % of the reference is 1: the common value ties low.

    >>> counts = ((1.0, 0.0), (2.0, 90.0), (3.0, 98.0))
    >>> percentile_below(counts, 1), percentile_below(counts, 2)
    (0.0, 90.0)

    A share that is exactly 0 in 80 % of the reference:

    >>> share = ((0.0, 0.0), (0.0, 80.0), (0.5, 100.0))
    >>> percentile_below(share, 0), percentile_below(share, 0.25)
    (0.0, 90.0)
    """
    return percentiles_below(knots, np.array([value])).item()


def value_at(knots: Knots, percentile: float) -> float:
    """Return the value of which `percentile` % of the reference is at most as hard (nearest knot beyond both ends).

    Examples
    --------
    >>> value_at(((0.0, 0.0), (0.0, 80.0), (0.5, 100.0)), 50)
    0.0
    >>> value_at(((10.0, 0.0), (20.0, 100.0)), 50)
    15.0
    """
    if percentile <= knots[0][1]:
        return knots[0][0]
    for low, high in pairwise(knots):
        if percentile <= high[1]:
            share = (percentile - low[1]) / (high[1] - low[1])
            return round_significant(low[0] + share * (high[0] - low[0]))
    return knots[-1][0]


def standard_deviation(knots: Knots) -> float:
    """Return the standard deviation of the distribution the knots draw.

    Uniform between knots, a point mass at a jump; what lies beyond the ends sits at the ends.

    Examples
    --------
    >>> standard_deviation(((0.0, 0.0), (12.0, 100.0)))  # 12 / sqrt(12)
    3.4641
    """
    ends = ((knots[0][0], 0.0), *knots, (knots[-1][0], 100.0))
    parts = [((high[1] - low[1]) / 100, low[0], high[0]) for low, high in pairwise(ends)]
    mean = sum(mass * (low + high) / 2 for mass, low, high in parts)
    square = sum(mass * (low * low + low * high + high * high) / 3 for mass, low, high in parts)
    return round_significant(math.sqrt(max(square - mean * mean, 0.0)))


def moved(knots: Knots, move: Callable[[float], float]) -> Knots:
    """Return the knots with `move` applied to every value."""
    return tuple((round_significant(move(value)), percentile) for value, percentile in knots)


def _sign(knots: Knots) -> float:
    """1 where values rise towards harder, -1 where they fall."""
    return math.copysign(1.0, knots[-1][0] - knots[0][0])
