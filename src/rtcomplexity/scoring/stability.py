"""How often the verdict stays when the contours are drawn a little differently.

Knows verdicts of redrawings, not how redrawings are made: :mod:`rtcomplexity.metrics.replicates` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.scoring.profile import StabilityRules

    Values = Mapping[str, Measurement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """Share of replicates with the same verdict, or the reason why there is none."""

    share: float | None
    reason: str = ""
    replicates: int = 0

    @classmethod
    def of(cls, verdict: str, replicate_verdicts: Sequence[str]) -> Self:
        """Count the replicates that agree."""
        same = sum(each == verdict for each in replicate_verdicts)
        count = len(replicate_verdicts)
        return cls(share=round_significant(same / count), replicates=count)

    @classmethod
    def not_measured(cls, reason: str) -> Self:
        """Carry the reason."""
        return cls(share=None, reason=reason)


def measure_stability(
    values: Values,
    redrawn: Callable[[int], Values],
    verdicts_of: Callable[[Sequence[Values]], Sequence[str]],
    rules: StabilityRules,
) -> Stability:
    """Compare the verdict with those of redrawings, and of more of them where the first ones leave it open.

    Parameters
    ----------
    values
        The scored metrics as measured.
    redrawn
        Gives the scored metrics of a redrawing, by its number.
    verdicts_of
        Gives the verdicts on scored metrics, stability apart.
    rules
        How many.
    """
    verdict, *verdicts = verdicts_of([values, *(redrawn(number) for number in range(rules.replicates))])
    first = Stability.of(verdict, verdicts)
    if first.share is None or not rules.open_from <= first.share <= rules.open_to:
        return first
    more = verdicts_of([redrawn(number) for number in range(rules.replicates, rules.extended_to)])
    return Stability.of(verdict, [*verdicts, *more])
