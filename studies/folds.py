"""Profiles made without a fifth of the patients, and what they say of plans with the contours of that fifth.

A plan is never tested by a profile that its patient's contours helped to calibrate. Five profiles, each tested on plans
of the patients that it lacks, tell how often one made in this way is wrong; the shipped one has every patient's.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from calibrated_profile import PROFILE, calibrating, profile_text
from operating_characteristics import Rate, verdicts
from simulation import FOLDS, SHAPE_AMBIGUITY, STRATA, population

from rtcomplexity.scoring.profile import parse_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from simulation import DrawnPlans

    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile

    Words = NDArray[np.str_]
    Change = Callable[[Profile, Plans, str], Plans]

TESTED = 2000
"""Plans that test each profile, in each stratum."""
ALL_TESTED = FOLDS * TESTED


@cache
def fold_profile(fold: int) -> Profile:
    """The profile made without a fold's patients."""
    return parse_profile(profile_text(calibrating(fold)).encode(), PROFILE.name)


@cache
def routine_plans(fold: int, stratum_id: str, dependence: float = SHAPE_AMBIGUITY) -> DrawnPlans:
    """Routine plans with the contours of a fold's patients."""
    return population(STRATA[stratum_id], "test", fold, TESTED, dependence)


def over_folds(
    stratum_id: str, change: Change | None = None, count: int = ALL_TESTED, dependence: float = SHAPE_AMBIGUITY
) -> Words:
    """Verdicts on so many test plans in all, changed if asked, each by the profile made without its patient."""
    found = []
    for fold in range(FOLDS):
        profile, plans = fold_profile(fold), _some(fold, stratum_id, count, dependence)
        found.append(verdicts(profile, change(profile, plans, stratum_id) if change else plans, stratum_id))
    return np.concatenate(found)


def plans_of_folds(stratum_id: str, count: int = ALL_TESTED) -> list[DrawnPlans]:
    """The same plans, in the same order."""
    return [_some(fold, stratum_id, count, SHAPE_AMBIGUITY) for fold in range(FOLDS)]


def _some(fold: int, stratum_id: str, count: int, dependence: float) -> DrawnPlans:
    return routine_plans(fold, stratum_id, dependence).chosen(np.arange(count // FOLDS))


def false_support(stratum_id: str) -> Rate:
    """How often a routine plan is supported."""
    return Rate.of(over_folds(stratum_id) == "supports")
