"""From measurements to factor percentiles, family scores, group scores and T.

Knows a profile and one stratum of it; knows nothing of cutoffs, applicability or claims, which
:mod:`rtcomplexity.scoring.verdict` adds. Every percentile is rounded as it is written before it is used again, so a
reader can re-compute each step from the record and the profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rtcomplexity.scoring.profile import factor_reference, group_knots, raw_knots
from rtcomplexity.scoring.reference import MEDIAN, percentile_below, value_at
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.scoring.profile import Basis, Direction, Factor, Family, Levels, Profile

MOST = 100.0


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
    reason: str
    """Why there is no value; empty where there is one."""
    direction: Direction
    percentile: float | None
    """100 P(X < value), strict, oriented so that more is harder; None without a value."""
    counted_percentile: float | None
    """The percentile after the cap on its basis."""
    level: Level
    reference_median: float
    effect_floor: float
    exceeds_effect_floor: bool
    """Whether it lies beyond the reference median, towards harder, by more than the floor."""
    basis: Basis
    source: str
    n: int | None

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
    """Mean over all the profile's factors of what each adds; an absent one adds 0."""
    score: float
    doubtful_score: float
    """The score if its unmeasured factors were like the measured ones; 100 where none is measured."""
    level: Level

    @property
    def is_measurable(self) -> bool:
        """Whether any of its factors has a value."""
        return self.level is not Level.NOT_MEASURED

    @property
    def lacks_factors(self) -> bool:
        """Whether any of its factors has no value."""
        return any(factor.value is None for factor in self.factors)

    @property
    def is_by_convention(self) -> bool:
        """Whether the reference of every factor is a convention."""
        return all(factor.basis == "convention" for factor in self.factors)

    @property
    def exceeds_effect_floor(self) -> bool:
        """Whether a factor that adds to it differs from the reference median by more than its floor."""
        return any(factor.exceeds_effect_floor and factor.excess > 0 for factor in self.factors)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScore:
    """One group: its highest family, re-ranked among such maxima where it has several."""

    id: str
    title: str
    may_anchor: bool
    families: tuple[str, ...]
    highest_family: str
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


def score(
    gross_target: Mapping[str, Measurement],
    profile: Profile,
    stratum_id: str,
    *,
    instead: Mapping[str, float] | None = None,
) -> Score:
    """Score the measurements of the gross target against one stratum.

    Parameters
    ----------
    gross_target
        Measurements by metric key; a key the profile asks for and that is absent counts as not measured.
    profile, stratum_id
        The reference.
    instead
        Scores by family id that count in place of the family's own, to see what rests on it or what it could hide.
    """
    families = tuple(_family_score(family, gross_target, profile, stratum_id) for family in profile.families)
    counted = {family.id: family.score for family in families} | dict(instead or {})
    groups = _group_scores(families, counted, profile, stratum_id)
    anchor, other = deciding_groups(groups)
    t = min(anchor.score, other.score)
    percentile = percentile_below(profile.joint(stratum_id).knots, t)
    return Score(
        stratum=stratum_id,
        families=families,
        groups=groups,
        t=t,
        percentile=percentile,
        level=level_of(percentile, profile.levels),
        decided_by=(anchor.highest_family, other.highest_family),
    )


def deciding_groups(groups: tuple[GroupScore, ...]) -> tuple[GroupScore, GroupScore]:
    """Return the best anchor group and the best of all others; the lower of the two scores is T.

    This is min(second-highest group score, highest anchor score): where the best anchor is first or second among the
    groups, the other of the two is the second-highest or above it; where it is neither, it is the lower one itself.
    Ties go to the profile's order.
    """
    anchor = max((group for group in groups if group.may_anchor), key=lambda group: group.score)
    other = max((group for group in groups if group is not anchor), key=lambda group: group.score)
    return anchor, other


def level_of(percentile: float, levels: Levels) -> Level:
    """Return the word for a percentile."""
    if percentile >= levels.high_from:
        return Level.HIGH
    return Level.ELEVATED if percentile >= levels.elevated_from else Level.TYPICAL


def _factor_score(
    factor: Factor, gross_target: Mapping[str, Measurement], profile: Profile, stratum_id: str
) -> FactorScore:
    reference = factor_reference(factor, stratum_id)
    measurement = gross_target.get(factor.metric)
    value = None if measurement is None else measurement.value
    reason = "this version does not measure it" if measurement is None else measurement.reason
    percentile = None if value is None else percentile_below(reference.knots, value)
    cap = profile.caps.convention_percentile if reference.basis == "convention" else MOST
    counted = None if percentile is None else min(percentile, cap)
    median = value_at(reference.knots, MEDIAN)
    return FactorScore(
        metric=factor.metric,
        title=factor.title,
        unit=factor.unit,
        value=value,
        reason=reason if value is None else "",
        direction=factor.direction,
        percentile=percentile,
        counted_percentile=counted,
        level=Level.NOT_MEASURED if counted is None else level_of(counted, profile.levels),
        reference_median=median,
        effect_floor=factor.effect_floor,
        exceeds_effect_floor=value is not None and _beyond(median, value, factor) > factor.effect_floor,
        basis=reference.basis,
        source=reference.source,
        n=reference.n,
    )


def _beyond(median: float, value: float, factor: Factor) -> float:
    return value - median if factor.direction == "higher" else median - value


def _family_score(
    family: Family, gross_target: Mapping[str, Measurement], profile: Profile, stratum_id: str
) -> FamilyScore:
    factors = tuple(_factor_score(factor, gross_target, profile, stratum_id) for factor in family.factors)
    knots = raw_knots(family, stratum_id)
    excess = sum(factor.excess for factor in factors)
    raw = round_significant(excess / len(factors))
    result = percentile_below(knots, raw)
    measured = sum(factor.value is not None for factor in factors)
    doubtful = percentile_below(knots, round_significant(excess / measured)) if measured else MOST
    return FamilyScore(
        id=family.id,
        title=family.title,
        group=family.group,
        may_anchor=family.may_anchor,
        factors=factors,
        raw=raw,
        score=result,
        doubtful_score=doubtful,
        level=level_of(result, profile.levels) if measured else Level.NOT_MEASURED,
    )


def _group_scores(
    families: tuple[FamilyScore, ...], counted: Mapping[str, float], profile: Profile, stratum_id: str
) -> tuple[GroupScore, ...]:
    stated = {group.id: group for group in profile.groups}
    result = []
    for group_id in dict.fromkeys(family.group for family in families):
        members = [family for family in families if family.group == group_id]
        highest = max(members, key=lambda family: counted[family.id])
        group_score = counted[highest.id]
        if group_id in stated:
            group_score = percentile_below(group_knots(stated[group_id], stratum_id), group_score)
        result.append(
            GroupScore(
                id=group_id,
                title=stated[group_id].title if group_id in stated else highest.title,
                may_anchor=highest.may_anchor,
                families=tuple(family.id for family in members),
                highest_family=highest.id,
                score=group_score,
            )
        )
    return tuple(result)
