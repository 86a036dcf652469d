"""The reference of one factor as a histogram, so that a report can show where the plan is in it.

Of real contours it is weighted by how close in size they are to the plan's target; of knots it is the distribution
that they draw. Knows ranks; scores nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.scoring.ranking import percentiles_of, range_between
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Factor, FactorReference

    Floats = NDArray[np.float64]

BINS: Final = 24
ENDS: Final = (1.0, 99.0)
"""Percentiles that it spans; what lies beyond counts in the outermost bins."""
MOST_STRETCH: Final = 0.6
"""It reaches on to the plan's value, but by no more than this share of its own width: else nothing of it would show."""
SHARE_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Shares of a reference in bins of equal width."""

    start: float
    stop: float
    shares: tuple[float, ...]
    """Percent in each bin, from the smallest values to the largest; the outermost hold what lies beyond them."""


def distribution_of(
    factor: Factor, reference: FactorReference, plans: Plans, plan: int, value: float | None
) -> Distribution | None:
    """Draw up the reference of a factor for one plan; None where the plan's size is not known and it depends on it."""
    ends = range_between(factor, reference, plans, plan, ENDS)
    if ends is None:
        return None
    start, stop = _span(*ends, value)
    below = percentiles_of(factor, reference, plans, plan, np.linspace(start, stop, BINS + 1)[1:-1])
    if below is None:
        return None
    rising = below if factor.sign > 0 else 100 - below
    shares = np.diff(rising, prepend=0.0, append=100.0)
    return Distribution(
        start=start,
        stop=stop,
        shares=tuple(round_significant(max(float(share), 0.0), SHARE_DIGITS) for share in shares),
    )


def _span(low: float, high: float, value: float | None) -> tuple[float, float]:
    """Where the bins begin and end."""
    if low == high:  # nearly all of the reference has one value
        low, high = low - 0.5, high + 0.5
    reach = MOST_STRETCH * (high - low)
    if value is not None:
        low, high = max(min(low, value), low - reach), min(max(high, value), high + reach)
    return round_significant(low), round_significant(high)
