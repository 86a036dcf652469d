"""The score of one plan, with every number it was computed from: one row of :mod:`rtcomplexity.scoring.ranking`.

Knows a profile and one stratum of it; knows nothing of cutoffs, applicability or claims, which
:mod:`rtcomplexity.scoring.verdict` adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.metrics.scored import SCORED
from rtcomplexity.scoring.distribution import distribution_of
from rtcomplexity.scoring.ranking import contours_behind, range_between
from rtcomplexity.scoring.reference import MEDIAN, percentile_below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.scoring.distribution import Distribution
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Basis, Direction, Levels, Profile
    from rtcomplexity.scoring.ranking import RankedFactor, RankedFamily, Standing

TITLES: Final = {definition.key: definition.title for definition in SCORED}
"""What reports call a factor."""


class Level(StrEnum):
    """What a percentile is called."""

    TYPICAL = "typical"
    ELEVATED = "elevated"
    HIGH = "high"
    NOT_MEASURED = "not_measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorScore:
    """One factor of this plan against its reference."""

    metric: str
    title: str
    unit: str
    value: float | None
    reason: str | None
    """Why there is no value; None where there is one."""
    direction: Direction
    percentile: float | None
    """100 P(X < value), strict, oriented so that more is harder; None without a value."""
    counted_percentile: float | None
    """The percentile after the cap on its basis."""
    level: Level
    reference_median: float | None
    """Of plans of this size; None where the size is not known and the reference depends on it."""
    routine_range: tuple[float, float] | None
    """P5 and P95 of plans of this size, the smaller value first; None where the median is."""
    distribution: Distribution | None
    """Of plans of this size, to be drawn; None where the median is."""
    effect_floor: float
    exceeds_effect_floor: bool
    """Whether it lies beyond the reference median, towards harder, by more than the floor."""
    basis: Basis
    """Of real contours of this plan's size: measured where there are enough, else model."""
    source: str
    n: int | None
    """Plans, or real contours of about this plan's size, behind the percentile."""
    patients: int | None = None
    """Patients whom these real contours are of; None where the reference holds no real contours."""

    @property
    def excess(self) -> float:
        """What it adds to its family before the mean: percentiles above the median, else 0."""
        return 0.0 if self.counted_percentile is None else max(self.counted_percentile - MEDIAN, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyScore:
    """One family: the mean excess of its factors, and the percentile of that."""

    id: str
    title: str
    group: str
    may_anchor: bool
    factors: tuple[FactorScore, ...]
    raw: float
    """Mean of what the factors add; an absent one adds as little as any can."""
    score: float
    level: Level
    lacks_factors: bool
    """Whether a factor has no value that a plan of its kind has."""
    is_by_convention: bool
    """Whether the reference of every factor is a convention."""
    exceeds_effect_floor: bool
    """Whether a factor that adds to it differs from the reference median by more than its floor."""

    @property
    def is_measurable(self) -> bool:
        """Whether any of its factors has a value."""
        return self.level is not Level.NOT_MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScore:
    """One group: its highest family, re-ranked among such maxima where it has several."""

    id: str
    title: str
    may_anchor: bool
    families: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """T and everything it was computed from."""

    stratum: str
    families: tuple[FamilyScore, ...]
    groups: tuple[GroupScore, ...]
    t: float
    """The lower of the best anchor group's score and the best other group's."""
    percentile: float
    """Percentile of T in the joint reference."""
    level: Level
    decided_by: tuple[str, str]
    """Families that decide T: the best anchor, then the best of the others."""

    def family(self, family_id: str) -> FamilyScore:
        """Return the family of that id."""
        return next(family for family in self.families if family.id == family_id)


def score_of(
    plans: Plans,
    families: tuple[RankedFamily, ...],
    found: Standing,
    gross_target: Mapping[str, Measurement],
    profile: Profile,
    stratum_id: str,
) -> Score:
    """Return the score of a single plan that was ranked, with every number it was computed from."""
    t = found.t.item()
    percentile = percentile_below(profile.joint(stratum_id).knots, t)
    return Score(
        stratum=stratum_id,
        families=tuple(_family_score(each, plans, gross_target, profile.levels) for each in families),
        groups=_group_scores(found, profile),
        t=t,
        percentile=percentile,
        level=level_of(percentile, profile.levels),
        decided_by=(
            found.highest[found.anchor.item()].item(),
            found.highest[found.other.item()].item(),
        ),
    )


def level_of(percentile: float, levels: Levels) -> Level:
    """Return the word for a percentile."""
    if percentile >= levels.high_from:
        return Level.HIGH
    return Level.ELEVATED if percentile >= levels.elevated_from else Level.TYPICAL


def _family_score(
    ranked: RankedFamily, plans: Plans, gross_target: Mapping[str, Measurement], levels: Levels
) -> FamilyScore:
    family, result = ranked.family, ranked.scores.item()
    return FamilyScore(
        id=family.id,
        title=family.title,
        group=family.group,
        may_anchor=family.may_anchor,
        factors=tuple(_factor_score(each, plans, gross_target, levels) for each in ranked.factors),
        raw=ranked.raw.item(),
        score=result,
        level=level_of(result, levels) if ranked.is_measured.item() else Level.NOT_MEASURED,
        lacks_factors=ranked.lacks_factors.item(),
        is_by_convention=ranked.is_by_convention,
        exceeds_effect_floor=ranked.exceeds_effect_floor.item(),
    )


def _factor_score(
    ranked: RankedFactor, plans: Plans, gross_target: Mapping[str, Measurement], levels: Levels
) -> FactorScore:
    factor, reference = ranked.factor, ranked.reference
    measurement = gross_target.get(factor.metric)
    value = None if measurement is None else measurement.value
    is_ranked = value is not None and not np.isnan(ranked.percentiles.item())
    reason = "this version does not measure it" if measurement is None else measurement.reason
    behind = None if reference.similar is None else contours_behind(plans, reference.similar, factor, 0)
    median = ranked.medians.item()
    return FactorScore(
        metric=factor.metric,
        title=TITLES.get(factor.metric, factor.title),
        unit=factor.unit,
        value=value,
        reason=reason if value is None else None,
        direction=factor.direction,
        percentile=ranked.percentiles.item() if is_ranked else None,
        counted_percentile=ranked.counted.item() if is_ranked else None,
        level=level_of(ranked.counted.item(), levels) if is_ranked else Level.NOT_MEASURED,
        reference_median=None if np.isnan(median) else median,
        routine_range=range_between(factor, reference, plans, 0),
        distribution=distribution_of(factor, reference, plans, 0, value),
        effect_floor=factor.effect_floor,
        exceeds_effect_floor=ranked.exceeds_effect_floor.item(),
        basis="model" if ranked.modeled.item() else reference.basis,
        source=reference.source,
        n=reference.n if behind is None else behind.rows,
        patients=None if behind is None else behind.patients,
    )


def _group_scores(found: Standing, profile: Profile) -> tuple[GroupScore, ...]:
    stated = {group.id: group.title for group in profile.groups}
    families = {family.id: family for family in profile.families}
    result = []
    for group_id, scores in found.groups.items():
        highest = families[found.highest[group_id].item()]
        result.append(
            GroupScore(
                id=group_id,
                title=stated.get(group_id, highest.title),
                may_anchor=highest.may_anchor,
                families=tuple(family.id for family in profile.families if family.group == group_id),
                score=scores.item(),
            )
        )
    return tuple(result)
