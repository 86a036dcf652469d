"""What counts of image sets may carry: false support with imaging high and all else routine, detection with an anchor.

Three rules for a support that rests on counts of image sets, whose reference is a convention, on simulated test plans:

* *none* (decision 0016): T must pass without them;
* *as any family*: they count like the others;
* *rarer anchor*: they count where the anchor passes a cutoff of its own, the one that keeps false support with imaging
  high at no more than 3 % (upper bound) on the calibrating plans, which draw the same patients' contours.

    python studies/imaging.py [--profile thoracic-delineation-2] [--plans 3000]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from operating_characteristics import CONVENTIONS, PLANTINGS, Rate, planted
from simulation import STRATA, population

from rtcomplexity.scoring.facts import CaseFacts, StatedBy
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.rules import Question, rule
from rtcomplexity.scoring.site import Site
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.stress import stressed_profiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.rules import Ruling

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

CHUNK: Final = 1000
MOST_FALSE: Final = 0.03
"""Upper bound of false support with imaging high."""
GRADE: Final = 3.0
NEVER: Final = 1000.0
"""A cutoff for the anchor that none passes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """Of n plans, what each of the three rules needs."""

    passes: Truths
    """T passes, and nothing but the rule about image sets withholds the support."""
    alone: Truths
    """T passes without image sets."""
    anchor: Floats
    """Score of the best family that may anchor, the least under any harder reference."""

    def supported(self, anchor_cutoff: float) -> Truths:
        """Supports where image sets count beside an anchor from a cutoff on: 0 as any family, NEVER as in 0016."""
        return self.passes & (self.alone | (self.anchor >= anchor_cutoff))


def outcomes(profile: Profile, plans: Plans, stratum_id: str) -> Outcomes:
    """Apply the profile's rules."""
    parts = [_of(ruling, profile) for ruling in _rulings(profile, plans, stratum_id)]
    return Outcomes(
        passes=np.concatenate([part.passes for part in parts]),
        alone=np.concatenate([part.alone for part in parts]),
        anchor=np.concatenate([part.anchor for part in parts]),
    )


def _rulings(profile: Profile, plans: Plans, stratum_id: str) -> Iterator[Ruling]:
    stratum, stresses = profile.stratum(stratum_id), stressed_profiles(profile)
    facts = CaseFacts(
        site=Site(named=frozenset({profile.treated_site.id})),
        site_stated_by=StatedBy.USER,
        fractions=stratum.min_fractions,
        fractions_stated_by=StatedBy.USER,
    )
    for first in range(0, plans.count, CHUNK):
        chosen = plans.chosen(np.arange(first, min(first + CHUNK, plans.count)))
        stability = Stability(share=1.0)
        yield rule(
            Question(
                plans=chosen, facts=facts, profile=profile, stratum=stratum, stability=stability, stresses=stresses
            )
        )


def _of(ruling: Ruling, profile: Profile) -> Outcomes:
    question, c_support = ruling.question, ruling.question.joint.c_support
    groups = {family.group for family in profile.families if family.may_anchor}
    standings = [ruling.found, *(question.standing(question.ranked(harder)) for _, harder in question.stresses)]
    masks = [*ruling.limits.values(), *(t < c_support for _, t in ruling.under_stress), *ruling.too_small.values()]
    return Outcomes(
        passes=ruling.is_above & ~np.any(masks, axis=0),
        alone=~ruling.is_by_conventions,
        anchor=np.min([np.max([each.groups[group] for group in groups], axis=0) for each in standings], axis=0),
    )


def anchor_cutoff(found: Sequence[Outcomes]) -> float:
    """Least cutoff of the anchor with which no more than 3 % of these plans are supported, upper bound."""
    tried = np.unique(np.concatenate([each.anchor[each.passes] for each in found]).round(2))
    for cutoff in tried:
        if all(Rate.of(each.supported(float(cutoff))).upper <= MOST_FALSE for each in found):
            return float(cutoff)
    return NEVER


def report(profile: Profile, stratum_id: str, count: int) -> Iterator[str]:
    """Yield the lines of one stratum's table."""
    halves = {split: population(STRATA[stratum_id], split, 0, count) for split in ("calibration", "test")}
    imaging = sorted(CONVENTIONS)

    def high(split: str, planting: str, *more: str) -> Outcomes:
        plans = planted(profile, halves[split], stratum_id, (*imaging, *more), GRADE, planting)
        return outcomes(profile, plans, stratum_id)

    cutoff = anchor_cutoff([high("calibration", planting) for planting in PLANTINGS])
    rules = {"none (0016)": NEVER, "as any family": 0.0, f"rarer anchor ({cutoff:g})": cutoff}
    yield f"\n{stratum_id}, {count} plans; T must reach {profile.joint(stratum_id).c_support:g}\n"
    yield f"| plans | {' | '.join(rules)} |"
    yield f"|---|{'---:|' * len(rules)}"
    yield _row("routine: false support", outcomes(profile, halves["test"], stratum_id), rules)
    for planting in PLANTINGS:
        yield _row(f"imaging +3 {planting}, else routine: false support", high("test", planting), rules)
    for anchor in (family.id for family in profile.families if family.may_anchor):
        for planting in PLANTINGS:
            yield _row(f"{anchor} and imaging +3 {planting}: detection", high("test", planting, anchor), rules)


def _row(words: str, found: Outcomes, rules: dict[str, float]) -> str:
    return f"| {words} | {' | '.join(str(Rate.of(found.supported(cutoff))) for cutoff in rules.values())} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="thoracic-delineation-2")
    parser.add_argument("--plans", type=int, default=3000)
    arguments = parser.parse_args()
    profile = load_profile(arguments.profile)
    print(f"{profile.id}: shares of plans with the verdict supports, with 90 % intervals")
    for stratum_id in STRATA:
        for line in report(profile, stratum_id, arguments.plans):
            print(line, flush=True)


if __name__ == "__main__":
    main()
