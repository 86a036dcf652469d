"""How often the verdict is unchanged when contours are varied slightly.

Knows verdicts of redrawings, not how redrawings are made: :mod:`rtcomplexity.metrics.replicates` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

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


BLOCK: Final = 32
"""So many redrawings are drawn together: each costs memory until it is measured as far as its verdict needs."""


class Early(NamedTuple):
    """What settles the verdict on a redrawing before all of it is measured."""

    redrawn: Callable[[Sequence[int]], Sequence[Values]]
    """Gives those scored metrics of redrawings that cost little, by their numbers: together they cost least."""
    verdicts_of: Callable[[Sequence[Values]], Sequence[str]]
    """Gives the verdicts that hold whatever the other metrics come to; empty where they may decide."""


def measure_stability(
    values: Values,
    redrawn: Callable[[Sequence[int]], Sequence[Values]],
    verdicts_of: Callable[[Sequence[Values]], Sequence[str]],
    rules: StabilityRules,
    early: Early | None = None,
) -> Stability:
    """Compare the verdict with those of redrawings, and of more of them where the first ones leave it open.

    Parameters
    ----------
    values
        The scored metrics as measured.
    redrawn
        Gives the scored metrics of redrawings, by their numbers.
    verdicts_of
        Gives the verdicts on scored metrics, stability apart.
    rules
        How many.
    early
        Spares measuring what cannot change a verdict; None measures every redrawing in full.
    """
    verdict = verdicts_of([values])[0]

    def verdicts(first: int, stop: int) -> list[str]:
        settled: dict[int, str] = {}
        measured: dict[int, Values] = {}
        for start in range(first, stop, BLOCK):
            numbers = range(start, min(start + BLOCK, stop))
            settled |= _settled(numbers, early)
            unsettled = [number for number in numbers if not settled[number]]
            measured |= zip(unsettled, redrawn(unsettled), strict=True)
        if measured:  # one question about many redrawings costs little more than one about a few
            settled |= zip(measured, verdicts_of(list(measured.values())), strict=True)
        return list(settled.values())

    found = verdicts(0, rules.replicates)
    first = Stability.of(verdict, found)
    if first.share is None or not rules.open_from <= first.share <= rules.open_to:
        return first
    return Stability.of(verdict, [*found, *verdicts(rules.replicates, rules.extended_to)])


def _settled(numbers: Sequence[int], early: Early | None) -> dict[int, str]:
    """Verdicts on redrawings that need not be measured further; empty where they must."""
    if early is None:
        return dict.fromkeys(numbers, "")
    return dict(zip(numbers, early.verdicts_of(early.redrawn(numbers)), strict=True))
