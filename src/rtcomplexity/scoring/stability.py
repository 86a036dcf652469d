"""How often the verdict stays when the contours are drawn a little differently.

Knows verdicts of replicates, not how replicates are made. The interim profile measures none; the interface stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Sequence


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
