"""The package's scoring on many plans at once: the same steps on arrays, checked against it plan by plan in tests.

Rows are plans, columns those of :data:`simulation.FACTORS`; NaN is not measured. Percentiles are not rounded between
the steps, which changes them by less than 1e-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from simulation import FACTORS

from rtcomplexity.scoring.profile import factor_reference, group_knots, raw_knots
from rtcomplexity.scoring.reference import value_at
from rtcomplexity.scoring.stress import stressed_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtcomplexity.scoring.profile import Family, Profile

    Floats = NDArray[np.float64]
    Knots = Sequence[tuple[float, float]]

VERDICTS = ("supports", "rejects", "indeterminate", "insufficient_evidence")
VOLUME = FACTORS.index("scored.volume")


def percentiles_below(knots: Knots, values: Floats) -> Floats:
    """Strict percentiles, as :func:`rtcomplexity.scoring.reference.percentile_below` gives them; NaN stays NaN."""
    places, levels = np.array(knots, dtype=np.float64).T
    sign = -1.0 if places[-1] < places[0] else 1.0
    places, asked = sign * places, sign * values
    after = np.searchsorted(places, asked, side="left")
    high = np.clip(after, 1, len(places) - 1)
    low = high - 1
    width = np.where(places[high] > places[low], places[high] - places[low], 1.0)
    found = levels[low] + (asked - places[low]) / width * (levels[high] - levels[low])
    found = np.where(after == 0, levels[0], np.where(after == len(places), levels[-1], found))
    return np.where(np.isnan(values), np.nan, found)


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayScore:
    """Scores of many plans."""

    families: dict[str, Floats]
    groups: dict[str, Floats]
    t: Floats
    anchor: NDArray[np.int64]
    """Number of the best anchor group, in the profile's order."""
    other: NDArray[np.int64]
    """Number of the best other group."""


def excesses(family: Family, rows: Floats, stratum_id: str, cap: float) -> Floats:
    """What each factor adds above the median, (plans, factors); NaN where it is not measured."""
    added = []
    for factor in family.factors:
        reference = factor_reference(factor, stratum_id)
        found = percentiles_below(reference.knots, rows[:, FACTORS.index(factor.metric)])
        if reference.basis == "convention":
            found = np.minimum(found, cap)
        added.append(np.maximum(found - 50.0, 0.0))
    return np.column_stack(added)


def raw_scores(family: Family, rows: Floats, stratum_id: str, cap: float) -> Floats:
    """Mean over all factors of what each adds above the median; an absent one adds 0."""
    return np.asarray(np.nan_to_num(excesses(family, rows, stratum_id, cap)).mean(axis=1))


def score_rows(profile: Profile, rows: Floats, stratum_id: str) -> ArrayScore:
    """Score plans."""
    cap = profile.caps.convention_percentile
    families = {
        family.id: percentiles_below(raw_knots(family, stratum_id), raw_scores(family, rows, stratum_id, cap))
        for family in profile.families
    }
    return combined(profile, families, stratum_id)


def doubtful_scores(profile: Profile, rows: Floats, stratum_id: str) -> ArrayScore:
    """Score plans with each family judged by its measured factors alone; one without any counts 100."""
    families = {}
    for family in profile.families:
        added = excesses(family, rows, stratum_id, profile.caps.convention_percentile)
        measured = np.count_nonzero(~np.isnan(added), axis=1)
        alone = np.nansum(added, axis=1) / np.maximum(measured, 1)
        score = percentiles_below(raw_knots(family, stratum_id), alone)
        families[family.id] = np.where(measured > 0, score, 100.0)
    return combined(profile, families, stratum_id)


def combined(profile: Profile, families: dict[str, Floats], stratum_id: str) -> ArrayScore:
    """From family scores to groups and T."""
    stated = {group.id: group for group in profile.groups}
    order = list(dict.fromkeys(family.group for family in profile.families))
    groups = {}
    for group_id in order:
        best = np.max([families[family.id] for family in profile.families if family.group == group_id], axis=0)
        groups[group_id] = (
            percentiles_below(group_knots(stated[group_id], stratum_id), best) if group_id in stated else best
        )
    may_anchor = [any(f.may_anchor for f in profile.families if f.group == group_id) for group_id in order]
    table = np.array([groups[group_id] for group_id in order])
    anchor = np.argmax(np.where(np.array(may_anchor)[:, None], table, -1.0), axis=0)
    rest = table.copy()
    rest[anchor, np.arange(len(anchor))] = -1.0
    other = np.argmax(rest, axis=0)
    t = np.minimum(table[anchor, np.arange(len(anchor))], rest[other, np.arange(len(other))])
    return ArrayScore(families=families, groups=groups, t=t, anchor=anchor, other=other)


def without_conventions(profile: Profile, found: ArrayScore, stratum_id: str) -> ArrayScore:
    """Score with families at 0 whose whole reference is a convention."""
    families = {}
    for family in profile.families:
        bases = {factor_reference(factor, stratum_id).basis for factor in family.factors}
        families[family.id] = found.families[family.id] * (bases != {"convention"})
    return combined(profile, families, stratum_id)


def verdicts(profile: Profile, rows: Floats, stratum_id: str, *, is_other: bool = False) -> NDArray[np.str_]:
    """Verdict of each plan whose site and fractions are known, stability apart.

    `is_other` leaves the limit on the volume out.
    """
    joint = profile.joint(stratum_id)
    found = score_rows(profile, rows, stratum_id)
    out = np.where(found.t < joint.c_reject, "rejects", "indeterminate").astype("U24")
    hidden = doubtful_scores(profile, rows, stratum_id).t >= joint.c_reject
    out[(found.t < joint.c_reject) & hidden] = "insufficient_evidence"
    above = found.t >= joint.c_support
    above &= _robust(profile, rows, stratum_id) & _effects(profile, rows, stratum_id, found)
    above &= without_conventions(profile, found, stratum_id).t >= joint.c_support
    if not is_other and "volume_within_reference" in profile.rules.supports_needs:
        above &= rows[:, VOLUME] <= profile.stratum(stratum_id).max_gross_target_volume_cm3
    out[above] = "supports"
    return out


def _robust(profile: Profile, rows: Floats, stratum_id: str) -> NDArray[np.bool_]:
    cutoff = profile.joint(stratum_id).c_support
    under = [score_rows(harder, rows, stratum_id).t >= cutoff for _, harder in stressed_profiles(profile)]
    return np.asarray(np.all(under, axis=0))


def _effects(profile: Profile, rows: Floats, stratum_id: str, found: ArrayScore) -> NDArray[np.bool_]:
    """Whether each deciding group's highest family has a factor beyond its effect floor."""
    big = {family.id: _beyond_floor(family, rows, stratum_id) for family in profile.families}
    order = list(dict.fromkeys(family.group for family in profile.families))
    by_group = np.array([_of_highest(profile, group_id, found, big) for group_id in order])
    columns = np.arange(len(rows))
    return np.asarray(by_group[found.anchor, columns] & by_group[found.other, columns])


def _of_highest(
    profile: Profile, group_id: str, found: ArrayScore, big: dict[str, NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    members = [family.id for family in profile.families if family.group == group_id]
    highest = np.argmax([found.families[member] for member in members], axis=0)
    return np.asarray(np.array([big[member] for member in members])[highest, np.arange(len(highest))])


def _beyond_floor(family: Family, rows: Floats, stratum_id: str) -> NDArray[np.bool_]:
    any_big = np.zeros(len(rows), bool)
    for factor in family.factors:
        values = rows[:, FACTORS.index(factor.metric)]
        knots = factor_reference(factor, stratum_id).knots
        sign = 1 if factor.direction == "higher" else -1
        beyond = sign * (values - value_at(knots, 50.0)) > factor.effect_floor
        any_big |= np.nan_to_num(beyond & (percentiles_below(knots, values) > 50)).astype(bool)
    return any_big
