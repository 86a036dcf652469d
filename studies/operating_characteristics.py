"""Verdicts on simulated plans: as they are, with complexity planted, and as they would be in harder worlds.

Rates of verdicts, by the package's own rules (:mod:`rtcomplexity.scoring.plan_table`), on plans with nothing in the
way: site and fractions known, contours steady under redrawing. Complexity is planted in two ways: so many standard
deviations of the reference, or so many normal scores (a value whose percentile lies that far out; for a skewed factor
the two differ). Every rate holds for the simulated population only. :mod:`calibrated_profile` takes the cutoffs
from them, :mod:`validation` puts those of other plans into the documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from rtcomplexity.scoring.plan_table import clopper_pearson, rulings
from rtcomplexity.scoring.profile import FOUND_IN_PLANS, column_of, factor_reference
from rtcomplexity.scoring.ranking import similar_contours, within_measured
from rtcomplexity.scoring.reference import MEDIAN, percentiles_below, standard_deviation, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats, Integers
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Factor, Profile
    from rtcomplexity.scoring.real_contours import Ranked
    from rtcomplexity.scoring.reference import Knots

    Words = NDArray[np.str_]
    Harder = Callable[[Profile, Plans, str], Plans]

_COUNTS = "component_count branching_count organs_within_5mm registered_sets registration_chain acquisitions modalities"
_SHARES = "planes_with_components planes_with_holes pet_gtv_dice surface_within_5mm organ_overlap solidity_ratio"
COUNTS = frozenset({*_COUNTS.split(), "phases"})
SHARES = frozenset({*_SHARES.split(), "sphericity_ratio"})
MOSTLY_ONE_VALUE = COUNTS | {"planes_with_components", "planes_with_holes", "surface_within_5mm", "organ_overlap"}
"""Metrics that are 0, or 1, in most routine plans."""
CONVENTIONS = frozenset({"fusion", "image_sets"})
"""Families whose whole reference is a convention."""
CHUNK = 1000
"""Plans that are compared with every real contour at a time."""
ONE_SIDED = 0.9
"""Confidence of a two-sided interval of which each bound alone holds with 95 %."""
DRAWS = 1500
"""Times that patients are drawn anew for a bound."""
GRADES = (2.0, 3.0)
PLANTINGS = ("SD", "normal scores")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of plans with its bounds."""

    count: int
    n: int

    @classmethod
    def of(cls, hits: Flags) -> Rate:
        """Count."""
        return cls(int(hits.sum()), len(hits))

    @property
    def share(self) -> float:
        """Observed share."""
        return self.count / self.n

    @property
    def upper(self) -> float:
        """Upper bound of the one-sided 95 % interval (Clopper and Pearson)."""
        return clopper_pearson(self.count, self.n, ONE_SIDED)[1]

    @property
    def lower(self) -> float:
        """Lower bound of the one-sided 95 % interval (Clopper and Pearson)."""
        return clopper_pearson(self.count, self.n, ONE_SIDED)[0]

    def __str__(self) -> str:
        """Percent, with both bounds."""
        return f"{100 * self.share:.1f}% ({100 * self.lower:.1f} to {100 * self.upper:.1f})"


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """Patients drawn anew, with replacement: plans with one patient's contour are alike and come and go together."""

    inverse: Integers
    """(n,) place of each plan's patient."""
    times: Floats
    """(draws, patients) how often each patient was drawn."""

    @classmethod
    def of(cls, patients: Integers, draws: int = DRAWS) -> Redrawn:
        """Draw as many patients as there are, so many times."""
        people, inverse = np.unique(patients, return_inverse=True)
        rng = np.random.default_rng(1)
        times = rng.multinomial(len(people), np.full(len(people), 1 / len(people)), draws)
        return cls(inverse, times.astype(np.float64))

    def upper(self, hits: Flags) -> float:
        """Upper bound (one-sided, 95 %) of the share of plans that are hits."""
        size = self.times.shape[1]
        hit, all_plans = np.bincount(self.inverse, hits, size), np.bincount(self.inverse, minlength=size)
        return float(np.quantile((self.times @ hit) / (self.times @ all_plans), 0.95))


def verdicts(profile: Profile, plans: Plans, stratum_id: str) -> Words:
    """Verdict on each plan."""
    return np.concatenate([ruling.values for ruling in rulings(plans, profile, stratum_id)])


def support_levels(profile: Profile, plans: Plans, stratum_id: str) -> Floats:
    """(n,) the highest upper cutoff with which each plan would be supported."""
    return np.concatenate([ruling.support_level for ruling in rulings(plans, profile, stratum_id)])


def anchor_levels(profile: Profile, plans: Plans, stratum_id: str) -> Floats:
    """(n,) the highest cutoff of the anchor with which each plan would be supported; infinite where none is asked."""
    return np.concatenate([ruling.anchor_level for ruling in rulings(plans, profile, stratum_id)])


# Planting


def planted(
    profile: Profile, plans: Plans, stratum_id: str, families: Sequence[str], by: float, planting: str = "SD"
) -> Plans:
    """Make every measured factor of these families harder by so many standard deviations, or normal scores."""
    columns = dict(plans.columns)
    for family in profile.families:
        for factor in family.factors if family.id in families else ():
            moved = np.concatenate([_moved(part, factor, stratum_id, by, planting) for part in plans.parts(CHUNK)])
            columns[factor.metric] = allowed(factor.metric, moved)
    return replace(plans, columns=columns)


def _moved(plans: Plans, factor: Factor, stratum_id: str, by: float, planting: str) -> Floats:
    reference = factor_reference(factor, stratum_id)
    values, sign = plans.column(factor.metric), factor.sign
    if reference.similar is not None:
        ranked = similar_contours(plans, reference.similar).ranked(column_of(factor), sign)
        if planting == "SD":
            return np.asarray(values + sign * by * ranked.standard_deviation)
        asked = _shifted(ranked.percentiles_below(values), ranked.percentiles_below(values + sign * 1e-9), by)
        return np.where(np.isnan(values), np.nan, _values_at(ranked, asked))
    if planting == "SD":
        return np.asarray(values + sign * by * standard_deviation(reference.knots))
    asked = _shifted(percentiles_below(reference.knots, values), _up_to(reference.knots, values, sign), by)
    found = np.array([np.nan if np.isnan(p) else value_at(reference.knots, p) for p in asked])
    return np.asarray(np.where(sign * found > sign * values, found, values))


def _values_at(ranked: Ranked, percentiles: Floats) -> Floats:
    """Just beyond the real contour at each plan's percentile."""
    place = np.argmax(ranked.below[:, 1:] >= percentiles[:, None] / 100 - 1e-12, axis=1)
    return np.asarray(ranked.sign * (ranked.values[place] + 1e-6))


def _up_to(knots: Knots, values: Floats, sign: float) -> Floats:
    """Percentage of the reference at most as hard as each value."""
    return percentiles_below(knots, values + sign * 1e-6 * np.maximum(np.abs(values), 1e-3))


def _shifted(below: Floats, up_to: Floats, by: float) -> Floats:
    """Percentiles so many normal scores further out.

    Where many plans share a value, each has a place of its own among them, drawn evenly: a count's first step is no
    cliff. A percentile of 0 or 100 counts as half a plan in 2,000.
    """
    place = np.random.default_rng(2).random(len(below))
    percentiles = below + place * np.maximum(up_to - below, 0.0)
    return np.asarray(100 * ndtr(ndtri(np.clip(percentiles / 100, 0.00025, 0.99975)) + by))


def allowed(metric: str, values: Floats) -> Floats:
    """What a metric can be: whole counts, shares from 0 to 1, nothing below 0."""
    name = metric.removeprefix("scored.")
    if name in COUNTS:
        return np.ceil(values)
    return np.clip(values, 0.0, 1.0) if name in SHARES else np.maximum(values, 0.0)


# Harder worlds


def harder_worlds(profile: Profile) -> list[tuple[str, Harder]]:
    """In which ways routine plans might be harder than simulated: the three of the profile, with their words."""
    stress = profile.stress
    return [
        (f"every factor +{stress.shift_sd:g} SD", _shifted_plans),
        (f"spread x {stress.spread:g}", _spread),
        (f"volume x {stress.volume:g}", enlarged),
    ]


def modeled_worlds(profile: Profile, stratum_id: str) -> list[tuple[str, Harder]]:
    """Worlds that are harder in what the stratum's references take from a model, the rest as it was measured.

    Where size is published or measured, no world enlarges targets.
    """
    stress = profile.stress
    factors = [factor for family in profile.families for factor in family.factors if factor.volume_exponent]
    worlds = [
        (f"modeled factors +{stress.shift_sd:g} SD", of_modeled(_shifted_plans)),
        (f"modeled factors, spread x {stress.spread:g}", of_modeled(_spread)),
    ]
    if any(factor_reference(factor, stratum_id).basis not in FOUND_IN_PLANS for factor in factors):
        worlds.append((f"modeled sizes, volume x {stress.volume:g}", of_modeled(enlarged)))
    return worlds


def of_modeled(change: Harder) -> Harder:
    """Change modeled factors alone; shape where no real contours of the plan's size are known."""

    def changed(profile: Profile, plans: Plans, stratum_id: str) -> Plans:
        harder = change(profile, plans, stratum_id)
        columns = dict(plans.columns)
        for factor in (factor for family in profile.families for factor in family.factors):
            moved, before = (each.column(factor.metric) for each in (harder, plans))
            columns[factor.metric] = np.where(_is_modeled(factor, plans, stratum_id), moved, before)
        return resized(replace(plans, columns=columns))

    return changed


def _is_modeled(factor: Factor, plans: Plans, stratum_id: str) -> Flags:
    reference = factor_reference(factor, stratum_id)
    if reference.similar is not None:
        return ~within_measured(plans.diameters_mm, reference.similar)
    return np.full(plans.count, reference.basis not in FOUND_IN_PLANS)


def _shifted_plans(profile: Profile, plans: Plans, stratum_id: str) -> Plans:
    by = profile.stress.shift_sd
    families = [family.id for family in profile.families]
    moved, ranked = (planted(profile, plans, stratum_id, families, by, planting) for planting in PLANTINGS)
    columns = dict(moved.columns)
    for metric in plans.columns:
        if metric.removeprefix("scored.") in MOSTLY_ONE_VALUE:  # where most plans have none, some get some
            columns[metric] = ranked.column(metric)
    return resized(replace(plans, columns=columns))


def _spread(profile: Profile, plans: Plans, stratum_id: str) -> Plans:
    """Spread every factor about its median; what grows with the volume about the median of its logarithm."""
    columns = dict(plans.columns)
    for factor in (factor for family in profile.families for factor in family.factors):
        values, by = plans.column(factor.metric), profile.stress.spread
        if factor.volume_exponent:
            median = np.nanmedian(values)
            columns[factor.metric] = median * (values / median) ** by
            continue
        median = _medians(plans, factor, stratum_id)
        wide = median + by * (values - median)
        name = factor.metric.removeprefix("scored.")
        columns[factor.metric] = np.round(wide) if name in COUNTS else allowed(factor.metric, wide)
    return resized(replace(plans, columns=columns))


def _medians(plans: Plans, factor: Factor, stratum_id: str) -> Floats | float:
    reference = factor_reference(factor, stratum_id)
    if reference.similar is None:
        return value_at(reference.knots, MEDIAN)
    ranked = (
        similar_contours(part, reference.similar).ranked(column_of(factor), factor.sign) for part in plans.parts(CHUNK)
    )
    return np.concatenate([each.value_at(MEDIAN) for each in ranked])


def enlarged(profile: Profile, plans: Plans, _: str) -> Plans:
    """Enlarge every target, its shape as before."""
    columns = dict(plans.columns)
    for factor in (factor for family in profile.families for factor in family.factors):
        columns[factor.metric] = plans.column(factor.metric) * profile.stress.volume**factor.volume_exponent
    return resized(replace(plans, columns=columns))


def resized(plans: Plans) -> Plans:
    """Let the equivalent diameter follow the volume."""
    diameter = np.cbrt(6000 * plans.column("scored.volume") / np.pi)
    return replace(plans, columns={**plans.columns, "scored.equivalent_diameter": diameter})


# Pairs


def pairs(profile: Profile) -> list[tuple[str, str]]:
    """Two families of different groups, one of which may anchor."""
    families = {family.id: family for family in profile.families}
    return [
        (a, b)
        for a, b in combinations(families, 2)
        if families[a].group != families[b].group and (families[a].may_anchor or families[b].may_anchor)
    ]


def may_support(pair: tuple[str, str]) -> bool:
    """Whether neither rests on conventions alone."""
    return CONVENTIONS.isdisjoint(pair)
