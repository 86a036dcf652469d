"""What counts of image sets may carry: false support with imaging high and all else routine, detection with an anchor.

Three rules for a support that rests on counts of image sets, whose reference is a convention, on simulated test plans:

* *none* (decision 0016): T must pass without them;
* *as any family*: they count like the others;
* *rarer anchor*: they count where the anchor passes a cutoff of its own, the least that keeps false support with
  imaging high at no more than 3, 2.5 or 2 % (upper bound) on plans that calibrate.

Each profile is made without a fifth of the patients and tested on plans with their contours alone, as the error rates
that it states are.

    python studies/imaging.py [--plans 2000] [--folds 5]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from folds import fold_profile
from operating_characteristics import CONVENTIONS, PLANTINGS, Rate, planted
from simulation import FOLDS, STRATA, population

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
MOST_FALSE: Final = (0.03, 0.025, 0.02)
"""Upper bounds of false support with imaging high, on the plans that calibrate."""
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
    parts = [_of(ruling) for ruling in _rulings(profile, plans, stratum_id)]
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


def _of(ruling: Ruling) -> Outcomes:
    c_support = ruling.question.joint.c_support
    masks = [*ruling.limits.values(), *(t < c_support for _, t in ruling.under_stress), *ruling.too_small.values()]
    return Outcomes(
        passes=ruling.is_above & ~np.any(masks, axis=0),
        alone=ruling.without_conventions >= c_support,
        anchor=ruling.anchor,
    )


def anchor_cutoff(found: Sequence[Outcomes], most: float) -> float:
    """Least cutoff of the anchor with which no more than a share of these plans is supported, upper bound."""
    tried = np.unique(np.concatenate([each.anchor[each.passes] for each in found]).round(2))
    for cutoff in tried:
        if all(Rate.of(each.supported(float(cutoff))).upper <= most for each in found):
            return float(cutoff)
    return NEVER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fold:
    """What one profile, made without a fifth of the patients, says of plans with their contours."""

    cutoffs: tuple[float, ...]
    """Of the anchor, by rule."""
    found: dict[str, Outcomes]
    """By what was planted."""


def of_fold(fold: int, stratum_id: str, count: int) -> Fold:
    """Find the cutoffs on plans of the patients that calibrate the profile, and judge plans of the others."""
    profile, stratum = fold_profile(fold), STRATA[stratum_id]
    calibrating, test = (population(stratum, part, fold, count) for part in ("calibration", "test"))
    imaging = sorted(CONVENTIONS)

    def high(plans: Plans, planting: str, *more: str) -> Outcomes:
        return outcomes(profile, planted(profile, plans, stratum_id, (*imaging, *more), GRADE, planting), stratum_id)

    known = [high(calibrating, planting) for planting in PLANTINGS]
    cutoffs = (NEVER, 0.0, *(anchor_cutoff(known, most) for most in MOST_FALSE))
    found = {"routine: false support": outcomes(profile, test, stratum_id)}
    for planting in PLANTINGS:
        found[f"imaging +3 {planting}, else routine: false support"] = high(test, planting)
    for anchor in (family.id for family in profile.families if family.may_anchor):
        for planting in PLANTINGS:
            found[f"{anchor} and imaging +3 {planting}: detection"] = high(test, planting, anchor)
    return Fold(cutoffs=cutoffs, found=found)


def report(stratum_id: str, folds: Sequence[Fold]) -> Iterator[str]:
    """Yield the lines of one stratum's table."""
    words = ("none (0016)", "as any family", *(f"rarer anchor ({100 * most:g}%)" for most in MOST_FALSE))
    yield f"\n{stratum_id}: {len(folds)} profiles, each tested on plans of the patients that it lacks\n"
    yield f"| plans | {' | '.join(words)} |"
    yield f"|---|{'---:|' * len(words)}"
    rules = list(zip(*(each.cutoffs for each in folds), strict=True))
    shown = [f"{min(cutoffs):g} to {max(cutoffs):g}" for cutoffs in rules[2:]]
    yield f"| cutoff of the anchor | | | {' | '.join(shown)} |"
    for name in folds[0].found:
        rates = [
            Rate.of(np.concatenate([each.found[name].supported(at) for each, at in zip(folds, cutoffs, strict=True)]))
            for cutoffs in rules
        ]
        yield f"| {name} | {' | '.join(map(str, rates))} |"


def shipped_cutoffs(profile: Profile, count: int) -> Iterator[str]:
    """Yield the cutoffs that a profile with every patient's contours would have."""
    for stratum_id, stratum in STRATA.items():
        plans = population(stratum, "calibration", None, count)
        known = [
            outcomes(profile, planted(profile, plans, stratum_id, sorted(CONVENTIONS), GRADE, planting), stratum_id)
            for planting in PLANTINGS
        ]
        yield f"{profile.id}, {stratum_id}: {', '.join(f'{anchor_cutoff(known, most):g}' for most in MOST_FALSE)}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="thoracic-delineation-2")
    parser.add_argument("--plans", type=int, default=2000, help="that calibrate, and that test, each fold")
    parser.add_argument("--folds", type=int, default=FOLDS)
    arguments = parser.parse_args()
    print("shares of plans with the verdict supports, with 90 % intervals")
    for stratum_id in STRATA:
        folds = [of_fold(fold, stratum_id, arguments.plans) for fold in range(arguments.folds)]
        for line in report(stratum_id, folds):
            print(line, flush=True)
    for line in shipped_cutoffs(load_profile(arguments.profile), arguments.plans):
        print(line, flush=True)


if __name__ == "__main__":
    main()
