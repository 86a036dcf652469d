"""What a higher upper cutoff would hold, and cost: ``python studies/raised_cutoff.py thoracic-sbrt`` prints it.

Plans of patients that calibrate nothing (see :mod:`folds`): false support as simulated and where what is modeled is
harder, with one family planted, and detection over the pairs without image counts. The anchor's own cutoff stays.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
from calibrated_profile import EXTREME
from folds import ALL_TESTED, fold_profile, patients_of_folds, plans_of_folds
from operating_characteristics import (
    PLANTINGS,
    Rate,
    Redrawn,
    may_support,
    modeled_worlds,
    pairs,
    planted,
    support_levels,
)
from simulation import STRATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from operating_characteristics import Harder

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile


RAISED_BY = (0.0, 0.1, 0.2, 0.3, 0.5)
WITH_ONE, WITH_TWO = 2000, 500
"""Test plans that get one family planted, or two."""


def room(stratum_id: str, change: Harder | None = None, count: int = ALL_TESTED) -> Floats:
    """How far the cutoff of each plan's profile could rise with the plan still supported."""
    found = []
    for fold, plans in enumerate(plans_of_folds(stratum_id, count)):
        profile = fold_profile(fold)
        levels = support_levels(profile, change(profile, plans, stratum_id) if change else plans, stratum_id)
        found.append(levels - profile.joint(stratum_id).c_support)
    return np.concatenate(found)


def planting(families: Sequence[str], how: str) -> Harder:
    """Plant complexity in these families."""

    def change(profile: Profile, plans: Plans, stratum_id: str) -> Plans:
        return planted(profile, plans, stratum_id, families, EXTREME, how)

    return change


def main() -> None:
    """Print a line for each question, a column for each rise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stratum", choices=list(STRATA))
    stratum_id = parser.parse_args().stratum
    profile, redrawn = fold_profile(0), Redrawn.of(patients_of_folds(stratum_id))
    print("raised by", *RAISED_BY, sep="\t")
    for words, change in [("as simulated", None), *modeled_worlds(profile, stratum_id)]:
        rises = room(stratum_id, change)
        print(f"{words}: bound", *(f"{100 * redrawn.upper(rises >= by):.2f}%" for by in RAISED_BY), sep="\t")
    for family in (family.id for family in profile.families if family.may_anchor):
        for how in PLANTINGS:
            rises = room(stratum_id, planting([family], how), WITH_ONE)
            print(f"{family}, {how}", *(Rate.of(rises >= by) for by in RAISED_BY), sep="\t")
    for how in PLANTINGS:
        found = [room(stratum_id, planting(pair, how), WITH_TWO) for pair in pairs(profile) if may_support(pair)]
        shares = [np.mean([np.mean(rises >= by) for rises in found]) for by in RAISED_BY]
        print(f"{len(found)} pairs, {how}", *(f"{100 * share:.1f}%" for share in shares), sep="\t")


if __name__ == "__main__":
    main()
