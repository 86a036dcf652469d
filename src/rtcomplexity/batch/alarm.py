"""The alarm of a batch: whether more plans are supported than routine work explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scipy.special import betainc

if TYPE_CHECKING:
    from collections.abc import Mapping

SUPPORT_RATE: Final = 0.025
"""Share of routine plans that the score calls supported."""
ALARM_BELOW: Final = 0.01
SCORED: Final = ("supports", "rejects", "indeterminate")
"""Verdicts of plans that could have been supported; where evidence is insufficient, none could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """How many plans are supported, and the probability of that many by chance."""

    supports: int
    scored: int
    probability: float
    """P(X >= supports) for a binomial X of `scored` plans at a rate of 0.025."""

    @property
    def is_raised(self) -> bool:
        """Whether chance explains it in less than one batch of a hundred."""
        return self.probability < ALARM_BELOW

    @property
    def text(self) -> str:
        """The finding in a sentence."""
        if not self.scored:
            return "No plan was scored, so there is nothing to judge for an alarm."
        found = f"{self.supports} of {self.scored} scored plans are supported"
        chance = f"expected by chance: p = {self.probability:.2g}"
        if self.is_raised:
            return f"Alarm: {found}; {chance}. Check the selection, the profile and the plans before any is used."
        return f"No alarm: {found}; {chance}."


def alarm_of(verdicts: Mapping[str, int]) -> Alarm:
    """Judge a batch by its verdicts and their counts.

    Examples
    --------
    >>> alarm_of({"supports": 4, "rejects": 16}).is_raised
    True
    >>> alarm_of({"supports": 3, "rejects": 17}).is_raised
    False
    """
    supports, scored = verdicts.get("supports", 0), sum(verdicts.get(verdict, 0) for verdict in SCORED)
    probability = float(betainc(supports, scored - supports + 1, SUPPORT_RATE)) if supports else 1.0
    return Alarm(supports=supports, scored=scored, probability=probability)
