"""From columns of measurements to percentiles, family and group scores and T: every step on arrays, one value a plan.

Every percentile is rounded as it is written before it is used again, so a reader can re-compute each step from the
record and the profile. Knows a profile and one stratum of it; knows nothing of cutoffs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.scoring.profile import column_of, factor_reference, group_knots, raw_knots
from rtcomplexity.scoring.real_contours import Counted, shipped_table
from rtcomplexity.scoring.reference import MEDIAN, percentiles_below, rounded, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Factor, FactorReference, Family, Presence, Profile, SimilarContours
    from rtcomplexity.scoring.real_contours import Ranked, Similar

    Weighed = dict[tuple[int, str, float], tuple[Plans, Similar]]

MOST: Final = 100.0
ROUTINE: Final = (5.0, 95.0)
"""Percentiles between which a value is told to be routine."""
RAREST: Final = 0.5
"""A normal score takes percentiles from this one to its counterpart: no reference tells one plan in a thousand."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RankedFactor:
    """One factor of n plans."""

    factor: Factor
    reference: FactorReference
    values: Floats
    """(n,) NaN where not measured."""
    percentiles: Floats
    """(n,) 100 P(X < value), strict, oriented so that more is harder."""
    counted: Floats
    """(n,) after the cap on the basis."""
    medians: Floats
    """(n,) of the reference, for a plan of that size."""
    modeled: Flags
    """(n,) whether the rank rests on a model although the reference is measured: no real contours of that size."""

    @property
    def excess(self) -> Floats:
        """(n,) percentiles above the median, else 0; NaN where not measured."""
        return np.maximum(self.counted - MEDIAN, 0.0)

    @property
    def exceeds_effect_floor(self) -> Flags:
        """(n,) whether a value lies beyond the reference median, towards harder, by more than the floor."""
        return np.asarray(self.factor.sign * (self.values - self.medians) > self.factor.effect_floor)

    @cached_property
    def normal_scores(self) -> Floats:
        """(n,) normal deviates of the counted percentiles; NaN where not measured."""
        return normal_scores(self.counted)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankedFamily:
    """One family of n plans."""

    family: Family
    factors: tuple[RankedFactor, ...]
    raw: Floats
    """(n,) of the factors that a plan of its kind has; an absent one counts as the easiest of the reference."""
    scores: Floats
    """(n,) percentile of the raw score among plans measured in the same way."""
    doubtful_scores: Floats
    """(n,) if unmeasured factors were like the measured ones; 100 where none is measured."""
    is_measured: Flags
    """(n,) whether any factor has a value."""
    lacks_factors: Flags
    """(n,) whether a factor has no value that a plan of its kind has."""

    @property
    def is_by_convention(self) -> bool:
        """Whether the reference of every factor is a convention."""
        return all(each.reference.basis == "convention" for each in self.factors)

    @property
    def exceeds_effect_floor(self) -> Flags:
        """(n,) whether a factor that adds to it differs from the reference median by more than its floor."""
        big = [each.exceeds_effect_floor & (np.nan_to_num(each.excess) > 0) for each in self.factors]
        return np.asarray(np.any(big, axis=0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Groups and T of n plans, from the families' scores."""

    groups: Mapping[str, Floats]
    """(n,) each, in the profile's order."""
    highest: Mapping[str, NDArray[np.str_]]
    """(n,) each: the family that decides the group."""
    anchor: NDArray[np.str_]
    """(n,) the best group that may anchor."""
    other: NDArray[np.str_]
    """(n,) the best of the others."""
    t: Floats
    """(n,) the lower of these two."""


def normal_scores(percentiles: Floats) -> Floats:
    """(n,) normal deviates of percentiles, none rarer than `RAREST`; NaN stays NaN."""
    from scipy.special import ndtri  # noqa: PLC0415 - scipy is slow to load, and few profiles need it

    return np.asarray(ndtri(np.clip(percentiles, RAREST, MOST - RAREST) / MOST))


def ranked_families(
    plans: Plans, profile: Profile, stratum_id: str, seen: Weighed | None = None
) -> tuple[RankedFamily, ...]:
    """Rank every factor of the profile, and the families they make.

    `seen` keeps the real contours of the plans' sizes for a profile that differs in nothing but how it ranks them.
    """
    seen = {} if seen is None else seen
    return tuple(
        _ranked_family(
            family, [_ranked_factor(factor, plans, profile, stratum_id, seen) for factor in family.factors], stratum_id
        )
        for family in profile.families
    )


def _ranked_factor(factor: Factor, plans: Plans, profile: Profile, stratum_id: str, seen: Weighed) -> RankedFactor:
    reference = factor_reference(factor, stratum_id)
    values = plans.column(factor.metric)
    modeled = np.zeros(plans.count, bool)
    if reference.knots is not None:
        percentiles = percentiles_below(reference.knots, values)
        medians = np.full(plans.count, value_at(reference.knots, MEDIAN))
    elif reference.similar is not None:
        key = (id(plans), reference.similar.table, reference.similar.bandwidth)
        if key not in seen:  # holds the plans too, so that no others take their id
            seen[key] = (plans, similar_contours(plans, reference.similar))
        modeled = ~within_measured(plans.diameters_mm, reference.similar)
        ranked = seen[key][1].ranked(column_of(factor), factor.sign)
        medians = ranked.value_at(MEDIAN)
        percentiles = ranked.percentiles_below(_as_if_easier(values, ranked, medians, modeled, reference.similar))
    cap = profile.caps.convention_percentile if reference.basis == "convention" else MOST
    return RankedFactor(
        factor=factor,
        reference=reference,
        values=values,
        percentiles=percentiles,
        counted=np.minimum(percentiles, cap),
        medians=medians,
        modeled=modeled,
    )


def similar_contours(plans: Plans, similar: SimilarContours) -> Similar:
    """Weigh a table's contours by their size for each plan; contours of the plan's own patient do not count."""
    table = shipped_table(similar.table)
    return table.similar(plans.diameters_mm, similar.bandwidth, plans.own_patient(similar.table))


def within_measured(diameters_mm: Floats, similar: SimilarContours) -> Flags:
    """(n,) whether targets are of a size of which there are real contours."""
    inside = [(diameters_mm >= r.from_mm) & (diameters_mm <= r.to_mm) for r in similar.measured]
    return np.asarray(np.any(inside, axis=0))


def range_between(
    factor: Factor, reference: FactorReference, plans: Plans, plan: int, percentiles: tuple[float, float] = ROUTINE
) -> tuple[float, float] | None:
    """Two percentiles of a factor's reference for one plan, the smaller value first; None where its size is not known.

    Without others named those of the routine range, P5 and P95.
    """
    if reference.knots is not None:
        ends = [value_at(reference.knots, percentile) for percentile in percentiles]
    elif reference.similar is not None:
        ranked = similar_contours(plans, reference.similar).ranked(column_of(factor), factor.sign)
        ends = [float(ranked.value_at(percentile)[plan]) for percentile in percentiles]
    else:
        return None
    low, high = sorted(ends)
    return None if np.isnan(low) or np.isnan(high) else (low, high)


def percentiles_of(
    factor: Factor, reference: FactorReference, plans: Plans, plan: int, values: Floats
) -> Floats | None:
    """Percentiles of several values of a factor among what one plan is compared with; None where its size is not known.

    Of real contours the weighted distribution itself, whatever a harder reference would make of it.
    """
    if reference.knots is not None:
        return percentiles_below(reference.knots, values)
    if reference.similar is None:
        return None
    ranked = similar_contours(plans, reference.similar).ranked(column_of(factor), factor.sign)
    found = ranked.percentiles_of(plan, values)
    return None if np.any(np.isnan(found)) else found


def contours_behind(plans: Plans, similar: SimilarContours, factor: Factor, plan: int) -> Counted:
    """Count the real contours of about one plan's size."""
    return similar_contours(plans, similar).counted(column_of(factor), plan)


def _as_if_easier(values: Floats, ranked: Ranked, medians: Floats, modeled: Flags, similar: SimilarContours) -> Floats:
    """Where a rank is modeled, a harder reference is the same as an easier plan among the reference as it is."""
    if (not similar.shift_sd and similar.spread == 1) or not modeled.any():
        return values
    shifted = values
    if similar.shift_sd:
        shifted = values - ranked.sign * similar.shift_sd * ranked.standard_deviation
    return np.where(modeled, medians + (shifted - medians) / similar.spread, values)


def _ranked_family(family: Family, factors: Sequence[RankedFactor], stratum_id: str) -> RankedFamily:
    has_value = np.array([~np.isnan(each.values) for each in factors])
    optional = np.array([[each.factor.metric in family.split_by] for each in factors])
    adds, least = _added(family, factors)
    presence: Presence | None = "without" if family.split_by else None
    common = np.broadcast_to(~optional, has_value.shape)
    raw = _mean(np.where(has_value, adds, least), common)
    scores = percentiles_below(raw_knots(family, stratum_id, presence), raw)
    alone = percentiles_below(raw_knots(family, stratum_id, presence), _mean(adds, common & has_value))
    lacks = np.any(common & ~has_value, axis=0)
    if family.split_by:
        # Ranked among plans that have it too, and counted where that is higher: else leaving it out would help.
        knots = raw_knots(family, stratum_id, "with")
        there = np.any(has_value & optional, axis=0)
        raw_with = _mean(np.where(has_value, adds, least), np.ones_like(has_value))
        scores_with = percentiles_below(knots, raw_with)
        alone_with = percentiles_below(knots, _mean(adds, has_value))
        raw = np.where(there & (scores_with > scores), raw_with, raw)
        scores = np.where(there, np.maximum(scores, scores_with), scores)
        alone = np.where(there, np.fmax(alone, alone_with), alone)
        lacks = np.where(there, ~np.all(has_value, axis=0), lacks)
    measured = np.any(has_value, axis=0)
    return RankedFamily(
        family=family,
        factors=tuple(factors),
        raw=raw,
        scores=scores,
        doubtful_scores=np.where(np.isnan(alone), MOST, alone),
        is_measured=measured,
        lacks_factors=np.asarray(lacks),
    )


def _added(family: Family, factors: Sequence[RankedFactor]) -> tuple[Floats, float]:
    """What each factor adds, (factors, plans), NaN where not measured; and the least that any can add."""
    if family.combination == "normal_scores":
        return np.array([each.normal_scores for each in factors]), normal_scores(np.zeros(1)).item()
    return np.array([each.excess for each in factors]), 0.0


def _mean(adds: Floats, counted: Flags) -> Floats:
    """Mean of what the counted factors add, rounded; NaN where none counts."""
    number = np.count_nonzero(counted, axis=0)
    total = np.zeros(adds.shape[1])
    for added, counts in zip(adds, counted, strict=True):  # one after the other, as a reader would add them
        total = total + np.where(counts, added, 0.0)
    return rounded(np.where(number > 0, total / np.maximum(number, 1), np.nan))


def standing(scores: Mapping[str, Floats], profile: Profile, stratum_id: str) -> Standing:
    """From family scores, by family id, to groups and T.

    T is min(second-highest group score, highest anchor score): the lower of the best anchor group's score and the best
    other group's. Where the best anchor is first or second among the groups, the other of the two is the second-highest
    or above it; where it is neither, it is the lower one itself. Ties go to the profile's order.
    """
    stated = {group.id: group_knots(group, stratum_id) for group in profile.groups}
    members: dict[str, list[Family]] = {}
    for family in profile.families:
        members.setdefault(family.group, []).append(family)
    groups, highest = {}, {}
    for group_id, families in members.items():
        table = np.array([scores[family.id] for family in families])
        best = np.argmax(table, axis=0)
        highest[group_id] = np.array([family.id for family in families])[best]
        knots, most = stated.get(group_id), table.max(axis=0)
        groups[group_id] = most if knots is None else percentiles_below(knots, most)
    anchor = _best(groups, (g for g, families in members.items() if families[0].may_anchor))
    chosen = np.array([np.where(anchor == g, -np.inf, values) for g, values in groups.items()])
    other = np.array(list(groups))[np.argmax(chosen, axis=0)]
    t = np.minimum(_of(groups, anchor), _of(groups, other))
    return Standing(groups=groups, highest=highest, anchor=anchor, other=other, t=t)


def scores_t(plans: Plans, profile: Profile, stratum_id: str, seen: Weighed | None = None) -> Floats:
    """(n,) T of plans; `seen` is that of :func:`ranked_families`."""
    families = ranked_families(plans, profile, stratum_id, seen)
    return standing({each.family.id: each.scores for each in families}, profile, stratum_id).t


def _best(groups: Mapping[str, Floats], among: Iterable[str]) -> NDArray[np.str_]:
    ids = list(among)
    return np.asarray(np.array(ids)[np.argmax([groups[group_id] for group_id in ids], axis=0)])


def _of(groups: Mapping[str, Floats], chosen: NDArray[np.str_]) -> Floats:
    """(n,) the score of each plan's chosen group."""
    found = np.zeros(len(chosen))
    for group_id, scores in groups.items():
        found = np.where(chosen == group_id, scores, found)
    return found
