"""Profiles made without a fifth of the patients, and what they say of plans with the contours of that fifth.

A plan is never tested by a profile that its patient's contours helped to calibrate. Five profiles, each tested on plans
of the patients that it lacks, tell how often one made in this way is wrong; the shipped one has every patient's.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from calibrated_profile import HEAD, PROFILE, calibrating, profile_text
from operating_characteristics import Rate, Redrawn, verdicts
from simulation import FOLDS, SHAPE_AMBIGUITY, STRATA, population

from rtcomplexity import scoring
from rtcomplexity.scoring.profile import parse_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from simulation import DrawnPlans

    from rtcomplexity.model.arrays import Integers
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile

    Words = NDArray[np.str_]
    Change = Callable[[Profile, Plans, str], Plans]

KEPT = Path("build/folds")
CALIBRATING = ("calibrated_profile.py", "operating_characteristics.py", "simulation.py")
TESTED = 2000
"""Plans that test each profile, in each stratum."""
ALL_TESTED = FOLDS * TESTED
DEPENDENT = 2500
"""Test plans, in all, for each other dependence of shape and margin visibility."""


@cache
def fold_profile(fold: int) -> Profile:
    """The profile made without a fold's patients; kept as long as nothing that it is made from changes."""
    kept = KEPT / f"{made_from()}-{fold}.toml"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(profile_text(calibrating(fold)), encoding="utf-8", newline="\n")
    return parse_profile(kept.read_bytes(), PROFILE.name)


@cache
def made_from() -> str:
    """Hash of what calibrates, the package's scoring, and the table of real contours."""
    package = Path(scoring.__path__[0])
    files = [path for pattern in ("*.py", "*.csv") for path in sorted(package.rglob(pattern))]
    files += [HEAD, *(HEAD.with_name(name) for name in CALIBRATING)]
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


@cache
def routine_plans(fold: int, stratum_id: str, dependence: float = SHAPE_AMBIGUITY) -> DrawnPlans:
    """Routine plans with the contours of a fold's patients."""
    count = TESTED if dependence == SHAPE_AMBIGUITY else DEPENDENT // FOLDS
    return population(STRATA[stratum_id], "test", fold, count, dependence)


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


def patients_of_folds(stratum_id: str, count: int = ALL_TESTED) -> Integers:
    """Whose contour each of them has."""
    return np.concatenate([plans.patients for plans in plans_of_folds(stratum_id, count)])


def false_support(stratum_id: str) -> tuple[Rate, float]:
    """How often a routine plan is supported, and the upper bound over patients."""
    hits = over_folds(stratum_id) == "supports"
    return Rate.of(hits), Redrawn.of(patients_of_folds(stratum_id)).upper(hits)
