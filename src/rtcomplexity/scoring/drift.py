"""Whether newer plans still look like those that a profile of one's own was made from.

Each factor by the two-sample Kolmogorov-Smirnov test, all of them under one bound on the share of false alarms
(Benjamini and Yekutieli 2001, which holds whatever the dependence of factors); and the share of plans at or above the
upper cutoff with its exact interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.errors import ProfileError
from rtcomplexity.scoring.calibration import FALSE_SUPPORT, OwnPlans, courses_of_profile
from rtcomplexity.scoring.plan_table import Share
from rtcomplexity.scoring.ranking import scores_t
from rtcomplexity.scoring.reference import known
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.scoring.calibration import Course
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile

FALSE_DISCOVERY: Final = 0.05
"""Expected share of factors that are said to differ and do not, at most."""
LEAST_NEWER: Final = 20
"""With fewer newer plans of a stratum nothing is tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorDrift:
    """One factor in one stratum."""

    stratum: str
    metric: str
    n_newer: int
    median_profile: float
    median_newer: float
    statistic: float
    """Largest difference of the two cumulative distributions."""
    p: float
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AboveCutoff:
    """Newer plans of one stratum at or above the upper cutoff of T."""

    stratum: str
    title: str
    c_support: float
    share: Share | None
    """None where there are no newer plans."""

    @property
    def is_too_often(self) -> bool:
        """Whether even the lower end of the interval lies above the rate that the profile bounds."""
        return self.share is not None and self.share.interval[0] > FALSE_SUPPORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What newer plans look like beside those of a profile."""

    factors: tuple[FactorDrift, ...]
    """Least p first."""
    above: tuple[AboveCutoff, ...]

    @property
    def is_found(self) -> bool:
        """Whether a factor differs, or too many plans are unusual."""
        return any(each.differs for each in self.factors) or any(each.is_too_often for each in self.above)


def drift_of(profile: Profile, newer: OwnPlans) -> Drift:
    """Compare newer plans with those of a profile.

    Raises
    ------
    ProfileError
        If the profile states no plans of its own.
    """
    own = OwnPlans.of(profile)
    if own is None:
        text = f"Profile {profile.id} was not made by profile calibrate: it holds no plans to compare with."
        raise ProfileError(text, "a profile of your own")
    courses = courses_of_profile(profile)
    tested = [each for course in courses for each in _factors(profile, own, newer, course)]
    differs = discoveries([each.p for each in tested])
    factors = [replace(each, differs=found) for each, found in zip(tested, differs, strict=True)]
    return Drift(
        factors=tuple(sorted(factors, key=lambda each: each.p)),
        above=tuple(_above(profile, newer.course(course), course) for course in courses),
    )


def discoveries(p_values: Sequence[float], rate: float = FALSE_DISCOVERY) -> list[bool]:
    """Say which of several tests are discoveries, with a bound on the share of false ones (Benjamini, Yekutieli 2001).

    Examples
    --------
    Of four, the bound of the least is rate / (4 (1 + 1/2 + 1/3 + 1/4)) = 0.006:

    >>> discoveries([0.5, 0.005, 0.9, 0.02])
    [False, True, False, False]
    """
    m = len(p_values)
    if not m:
        return []
    order = np.argsort(p_values, kind="stable")
    bounds = rate * np.arange(1, m + 1) / (m * np.sum(1 / np.arange(1, m + 1)))
    passes = np.flatnonzero(np.asarray(p_values)[order] <= bounds)
    found = np.zeros(m, bool)
    found[order[: passes[-1] + 1 if len(passes) else 0]] = True
    return [bool(each) for each in found]


def _factors(profile: Profile, own: OwnPlans, newer: OwnPlans, course: Course) -> Iterator[FactorDrift]:
    from scipy.stats import ks_2samp  # noqa: PLC0415 -- slow to load

    for metric in (factor.metric for family in profile.families for factor in family.factors):
        before, after = (known(each.course(course).column(metric)) for each in (own, newer))
        if len(after) < LEAST_NEWER or not len(before):
            continue
        test = ks_2samp(before, after)
        yield FactorDrift(
            stratum=course.id,
            metric=metric,
            n_newer=len(after),
            median_profile=round_significant(float(np.median(before))),
            median_newer=round_significant(float(np.median(after))),
            statistic=round_significant(float(test.statistic)),
            p=round_significant(float(test.pvalue)),
            differs=False,
        )


def _above(profile: Profile, newer: Plans, course: Course) -> AboveCutoff:
    joint, title = profile.joint(course.id), profile.stratum(course.id).title
    if not newer.count:
        return AboveCutoff(stratum=course.id, title=title, c_support=joint.c_support, share=None)
    share = Share(count=int(np.sum(scores_t(newer, profile, course.id) >= joint.c_support)), n=newer.count)
    return AboveCutoff(stratum=course.id, title=title, c_support=joint.c_support, share=share)
