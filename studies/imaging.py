"""What counts of image sets may carry: false support with imaging high and all else routine, detection with an anchor.

Three rules for a support that rests on counts of image sets, whose reference is a convention, on simulated test plans:

* *none* (decision 0016): T must pass without them;
* *as any family*: they count like the others;
* *rarer anchor*: they count where the anchor passes a cutoff of its own, the least that keeps false support with
  imaging high at no more than 3, 2.5 or 2 % (upper bound over patients) on plans that calibrate.

Each profile is made without a fifth of the patients and tested on plans with their contours alone, as the error rates
that it states are.

    python studies/imaging.py [--plans 2000] [--folds 5]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from calibrated_profile import c_anchor
from folds import fold_profile
from operating_characteristics import CONVENTIONS, PLANTINGS, Rate, Redrawn, anchor_levels, planted
from simulation import FOLDS, STRATA, population

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.model.arrays import Floats, Integers


MOST_FALSE: Final = (0.03, 0.025, 0.02)
"""Upper bounds over patients of false support with imaging high, on the plans that calibrate."""
GRADE: Final = 3.0
NEVER: Final = 1000.0
"""A cutoff that no anchor passes."""
AS_ANY: Final = 1.0
"""A cutoff below every upper one: image sets count as any family does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fold:
    """What one profile, made without a fifth of the patients, says of plans with their contours."""

    cutoffs: tuple[float, ...]
    """Of the anchor, by rule."""
    found: dict[str, Floats]
    """By what was planted, the highest cutoff of the anchor with which each plan would be supported."""
    patients: Integers
    """Whose contour each plan has."""


def of_fold(fold: int, stratum_id: str, count: int) -> Fold:
    """Find the cutoffs on plans of the patients that calibrate the profile, and judge plans of the others."""
    profile, stratum = fold_profile(fold), STRATA[stratum_id]
    calibrating, test = (population(stratum, part, fold, count) for part in ("calibration", "test"))
    imaging = sorted(CONVENTIONS)

    def high(planting: str, *more: str) -> Floats:
        return anchor_levels(
            profile, planted(profile, test, stratum_id, (*imaging, *more), GRADE, planting), stratum_id
        )

    cutoffs = (NEVER, AS_ANY, *(c_anchor(profile, calibrating, stratum_id, most) or NEVER for most in MOST_FALSE))
    found = {"routine: false support": anchor_levels(profile, test, stratum_id)}
    for planting in PLANTINGS:
        found[f"imaging +3 {planting}, else routine: false support"] = high(planting)
    for anchor in (family.id for family in profile.families if family.may_anchor):
        for planting in PLANTINGS:
            found[f"{anchor} and imaging +3 {planting}: detection"] = high(planting, anchor)
    return Fold(cutoffs=cutoffs, found=found, patients=test.patients)


def report(stratum_id: str, folds: Sequence[Fold]) -> Iterator[str]:
    """Yield the lines of one stratum's table."""
    words = ("none (0016)", "as any family", *(f"rarer anchor ({100 * most:g}%)" for most in MOST_FALSE))
    yield f"\n{stratum_id}: {len(folds)} profiles, each tested on plans of the patients that it lacks\n"
    yield f"| plans | {' | '.join(words)} |"
    yield f"|---|{'---:|' * len(words)}"
    rules = list(zip(*(each.cutoffs for each in folds), strict=True))
    shown = [f"{min(cutoffs):g} to {max(cutoffs):g}" for cutoffs in rules[2:]]
    yield f"| cutoff of the anchor | | | {' | '.join(shown)} |"
    redrawn = Redrawn.of(np.concatenate([each.patients for each in folds]))
    for name in folds[0].found:
        hits = [
            np.concatenate([each.found[name] >= at for each, at in zip(folds, cutoffs, strict=True)])
            for cutoffs in rules
        ]
        shown = [f"{Rate.of(each)}, {100 * redrawn.upper(each):.1f}%" for each in hits]
        yield f"| {name} | {' | '.join(shown)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=2000, help="that calibrate, and that test, each fold")
    parser.add_argument("--folds", type=int, default=FOLDS)
    arguments = parser.parse_args()
    print("shares of plans with the verdict supports, with 90 % intervals, and the upper bound over patients")
    for stratum_id in STRATA:
        folds = [of_fold(fold, stratum_id, arguments.plans) for fold in range(arguments.folds)]
        for line in report(stratum_id, folds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
