"""Writes ``thoracic-delineation-2.toml`` from simulated routine plans with the contours of every patient.

``python studies/calibrated_profile.py`` simulates them (some minutes). Factor knots first, then family scores by them,
then T by those: each distribution is that of the population scored, by the package's own steps, by what came before.
The cutoffs of T come last, from the same plans as they are, in worlds harder in what is modeled, and with one family
planted.
How often the profile is wrong is told by :mod:`folds`, with plans of patients that calibrate nothing.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from operating_characteristics import (
    CHUNK,
    CONVENTIONS,
    PLANTINGS,
    Redrawn,
    anchor_levels,
    modeled_worlds,
    planted,
    support_levels,
)
from simulation import PLANS, SEED, STRATA, TABLE, population

from rtcomplexity.scoring.calibration import among_higher_ranks
from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.scoring.ranking import ranked_families, standing
from rtcomplexity.scoring.real_contours import shipped_table
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulation import DrawnPlans

    from rtcomplexity.model.arrays import Flags, Floats
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.ranking import RankedFamily

    Knots = Sequence[tuple[float, float]]

PROFILE = Path("src/rtcomplexity/scoring/profiles/thoracic-delineation-2.toml")
HEAD = Path(__file__).with_name("profile_head.toml")
"""What does not come from the population, with places for what does."""
LEVELS = (0, 1, 2.5, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 97.5, 98, 98.5, 99, 99.5, 99.8)
ATOM = 0.3
"""A value that more than this percentage of plans share is a jump."""
AS_SIMULATED, IN_MODELED_WORLDS = 0.025, 0.03
"""Share of routine plans that may be supported, as simulated and in every world harder in what is modeled: each an
upper bound (one-sided, 95 %) over patients ..."""
ONE_ALONE = 0.125
"""... and with any one family planted at +3. The upper cutoff is the lowest that keeps all three, and no lower than T's
97.5th percentile."""
WITH_IMAGING = 0.025
"""Share that may be supported with every count of image sets planted at +3 (upper bound over patients): so rare an
anchor they need beside them."""
ROUTINE = 50.0
"""Percentile of T that is the lower cutoff: with the 75th, over 1 % of plans with two families planted at +3 normal
scores are rejected."""
EXTREME = 3.0
MOST, NO_ANCHOR = 100.0, 101.0
"""The highest score, and a cutoff that none reaches."""
WITH_ONE = 1000
"""Calibrating plans that get one family planted."""
MEASURED_MM = (8.0, 25.0)
"""Equivalent diameters of which the table has enough patients: 15 or more within two bandwidths on each side."""
MODEL = f"Simulated routine population (studies/simulation.py, seed {SEED}): {{what}}"
CONVENTION = "Set by hand: CT with one PET/CT is the usual work-up; the shares of plans with more are assumed."
REAL = (
    "Real contours of similar size: lung nodules of LIDC-IDRI (CC BY 3.0) and Soft-tissue-Sarcoma (CC BY 3.0), "
    "measured with this software (studies/real_contours.py)"
)
POPULATION = (
    "simulated routine thoracic plans (shapes of real contours; published sizes; modeled organs, images and image "
    "sets; not patients)"
)


@dataclass(frozen=True, slots=True)
class FactorPlan:
    """What a factor is, apart from its distribution."""

    metric: str
    title: str
    unit: str
    direction: str
    floor: float
    what: str = ""
    basis: str = "model"
    exponent: float = 0.0


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What a family is."""

    id: str
    title: str
    group: str
    may_anchor: bool
    factors: tuple[FactorPlan, ...]
    combination: str = "excess_over_median"
    split_by: tuple[str, ...] = ()


def _shape(name: str, title: str, direction: str, floor: float) -> FactorPlan:
    return FactorPlan(f"scored.{name}", title, "1", direction, floor, basis="measured")


def _size(name: str, title: str, unit: str, exponent: float) -> FactorPlan:
    what = "published volumes, as the stratum names them, with the proportions of real contours."
    return FactorPlan(f"scored.{name}", title, unit, "higher", 5.0, what, "published", exponent)


def _count(name: str, title: str) -> FactorPlan:
    return FactorPlan(f"scored.{name}", title, "1", "higher", 0.5, basis="convention")


_PIECES = "pieces, holes and branchings of real contours; "
_NEAR = "distances to mediastinal organs and chest wall are assumed."
_IMAGES = "a border between lung or soft tissue and tumor, blurred; {}"
_PET = _IMAGES.format("PET volumes scatter as published observers do (ratios of 1.6 to 2.0).")
FAMILIES = (
    FamilyPlan(
        "shape",
        "Shape",
        "shape",
        True,
        (
            _shape("sphericity_ratio", "sphericity against the equal sphere", "lower", 0.02),
            _shape("solidity_ratio", "solidity against the equal sphere", "lower", 0.03),
            _shape("concavity_ratio", "in-plane concavity against the equal sphere", "higher", 0.015),
            _shape("curvature_ratio", "curvature energy against the equal sphere", "higher", 0.2),
        ),
        combination="normal_scores",
    ),
    FamilyPlan(
        "topology",
        "Topology",
        "topology",
        True,
        (
            FactorPlan(
                "scored.component_count",
                "separate target bodies",
                "1",
                "higher",
                0.5,
                _PIECES + "the shares of plans with a second and third body are assumed.",
            ),
            FactorPlan(
                "scored.planes_with_components",
                "share of planes in several pieces",
                "1",
                "higher",
                0.1,
                _PIECES + "where further bodies lie is assumed.",
            ),
            FactorPlan(
                "scored.planes_with_holes",
                "share of planes with holes",
                "1",
                "higher",
                0.05,
                _PIECES + "radiologists left cavities out.",
            ),
            FactorPlan(
                "scored.branching_count",
                "branchings between planes",
                "1",
                "higher",
                1.5,
                _PIECES + "drawn mostly on slices of 0.6 to 3 mm.",
            ),
        ),
    ),
    FamilyPlan(
        "ambiguity",
        "Ambiguity of the border",
        "ambiguity",
        True,
        (
            FactorPlan(
                "scored.ct_border_contrast",
                "CT contrast across the border",
                "HU",
                "lower",
                50.0,
                _IMAGES.format("the shares of collapsed lung and of organs at the border are assumed."),
            ),
            FactorPlan("scored.pet_gtv_dice", "Dice of PET volume and gross target", "1", "lower", 0.1, _PET),
            FactorPlan(
                "scored.pet_gtv_volume_ratio",
                "larger over smaller of PET volume and gross target",
                "1",
                "higher",
                0.2,
                _PET,
            ),
        ),
        split_by=("scored.pet_gtv_dice", "scored.pet_gtv_volume_ratio"),
    ),
    FamilyPlan(
        "extent",
        "Extent",
        "extent",
        False,
        (
            _size("volume", "gross target volume", "cm3", 1.0),
            _size("craniocaudal_length", "craniocaudal length", "mm", 0.333333),
            _size("manual_lateral_area", "manually drawn lateral area", "cm2", 0.666667),
        ),
    ),
    FamilyPlan(
        "adjacency",
        "Adjacency to organs",
        "adjacency",
        False,
        (
            FactorPlan(
                "scored.surface_within_5mm", "share of the surface within 5 mm of organs", "1", "higher", 0.1, _NEAR
            ),
            FactorPlan("scored.organs_within_5mm", "organs within 5 mm", "1", "higher", 0.5, _NEAR),
            FactorPlan("scored.organ_overlap", "share of the volume inside organs", "1", "higher", 0.02, _NEAR),
        ),
    ),
    FamilyPlan(
        "fusion",
        "Image fusion",
        "imaging",
        False,
        (
            _count("registered_sets", "registered or referenced secondary image sets"),
            _count("registration_chain", "deformable or chained registrations"),
        ),
    ),
    FamilyPlan(
        "image_sets",
        "Image sets",
        "imaging",
        False,
        (
            _count("acquisitions", "independent image acquisitions"),
            _count("modalities", "modalities"),
            _count("phases", "4D phases that carry contours"),
        ),
    ),
)


# Knots


def knots_of(values: Floats, sign: float = 1.0, extra: Sequence[float] = ()) -> Knots:
    """Strict percentiles of values at their quantiles, with jumps where many plans share a value."""
    harder = np.sort(sign * values[~np.isnan(values)])
    distinct = np.unique(harder)
    places = distinct if len(distinct) <= 25 else np.quantile(harder, np.array(LEVELS) / 100)
    places = np.unique(
        np.concatenate([[round_significant(place) for place in places], sign * np.asarray(extra, float)])
    )
    knots: list[tuple[float, float]] = []
    for place in places:
        low, high = (100 * np.searchsorted(harder, place, side=side) / len(harder) for side in ("left", "right"))
        knots.append((sign * float(place) + 0.0, _rounded(low)))
        if high - low > ATOM:
            knots.append((sign * float(place) + 0.0, _rounded(high)))
    return knots if knots[0][1] <= 50 else [(knots[0][0], 0.0), *knots]


def score_knots_of(values: Floats, extra: Sequence[float] = ()) -> Knots:
    """Knots of a raw score or percentile: they begin at (0, 0)."""
    knots = knots_of(values, extra=extra)
    return knots if knots[0] == (0.0, 0.0) else [(0.0, 0.0), *knots]


def _rounded(value: float) -> float:
    return float(f"{value:.5g}") + 0.0


# The profile, step by step

Raw = dict[tuple[str, str, str | None], "Knots"]
"""Knots of raw scores by family, stratum and presence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What the profile says of its own errors; nothing while it is being made."""

    rate: float = 0.0
    upper: float = 1.0
    n_test: int = 1


Calibrating = Mapping[str, "DrawnPlans"]
"""Plans that calibrate each stratum."""


def calibrating(fold: int | None = None, count: int = PLANS) -> Calibrating:
    """Simulate the plans that calibrate, without a fold's patients if one is named."""
    return {stratum_id: population(stratum, "calibration", fold, count) for stratum_id, stratum in STRATA.items()}


def profile_text(plans: Calibrating, rates: Rates = Rates()) -> str:
    """Write the whole profile."""
    flat: Knots = [(0.0, 0.0), (100.0, 100.0)]
    raw: Raw = {
        (f.id, s, p): [(-9.0, 0.0), (100.0, 100.0)] if f.combination == "normal_scores" else flat
        for f in FAMILIES
        for s in STRATA
        for p in presences(f)
    }
    imaging, joints = dict.fromkeys(STRATA, flat), dict[str, Joint]()
    first = _parsed(_text(plans, raw, imaging, joints, rates))
    ranked = {s: [ranked_families(part, first, s) for part in plans[s].parts(CHUNK)] for s in STRATA}
    for number, family in enumerate(FAMILIES):
        for s in STRATA:
            raw |= _raw_knots(family, s, [part[number] for part in ranked[s]])
    second = _parsed(_text(plans, raw, imaging, joints, rates))
    scores = {s: _family_scores(second, plans[s], s) for s in STRATA}
    imaging = {s: score_knots_of(np.maximum(scores[s]["fusion"], scores[s]["image_sets"])) for s in STRATA}
    third = _parsed(_text(plans, raw, imaging, joints, rates))
    joints = {s: _joint(standing(scores[s], third, s).t, third, plans[s], s) for s in STRATA}
    fourth = _parsed(_text(plans, raw, imaging, joints, rates))
    joints = {s: replace(joints[s], c_anchor=c_anchor(fourth, plans[s], s)) for s in STRATA}
    return _text(plans, raw, imaging, joints, rates)


def presences(family: FamilyPlan) -> tuple[str | None, ...]:
    """What the raw scores of a family are divided by."""
    return ("with", "without") if family.split_by else (None,)


def _raw_knots(family: FamilyPlan, stratum_id: str, ranked: Sequence[RankedFamily]) -> Raw:
    """Knots of a family's raw scores; where it is split, of plans that have all of it and of all without it."""
    make = knots_of if family.combination == "normal_scores" else score_knots_of
    if not family.split_by:
        return {(family.id, stratum_id, None): make(np.concatenate([each.raw for each in ranked]))}
    adds = np.concatenate(
        [
            [f.normal_scores if family.combination == "normal_scores" else f.excess for f in each.factors]
            for each in ranked
        ],
        axis=1,
    )
    common = [factor.metric not in family.split_by for factor in family.factors]
    alone, is_whole = adds[common].mean(axis=0), ~np.isnan(adds).any(axis=0)
    whole = adds[:, is_whole].mean(axis=0)
    knots = among_higher_ranks({"with": make(whole), "without": make(alone)}, whole, alone[is_whole])
    return {
        (family.id, stratum_id, presence): [(value, _rounded(percentile)) for value, percentile in each]
        for presence, each in knots.items()
    }


def _family_scores(profile: Profile, plans: Plans, stratum_id: str) -> dict[str, Floats]:
    parts = [ranked_families(part, profile, stratum_id) for part in plans.parts(CHUNK)]
    return {f.id: np.concatenate([part[n].scores for part in parts]) for n, f in enumerate(FAMILIES)}


def _parsed(text: str) -> Profile:
    return parse_profile(text.encode(), PROFILE.name)


# Cutoffs


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """The distribution of T, its cutoffs and which percentiles they are."""

    knots: Knots
    c_reject: float
    c_support: float
    reject_percentile: float
    support_percentile: float
    c_anchor: float | None = None
    """None: counts of image sets carry no support."""


def _joint(t: Floats, profile: Profile, plans: DrawnPlans, stratum_id: str) -> Joint:
    redrawn = Redrawn.of(plans.patients)
    worlds = [change(profile, plans, stratum_id) for _, change in modeled_worlds(profile, stratum_id)]
    c_support = max(
        _cutoff(t, 97.5),
        _least_with(support_levels(profile, plans, stratum_id), redrawn.upper, AS_SIMULATED),
        *(_least_with(support_levels(profile, each, stratum_id), redrawn.upper, IN_MODELED_WORLDS) for each in worlds),
        *(_least_with(each, _share, ONE_ALONE) for each in _with_one_family(profile, plans, stratum_id)),
    )
    c_reject = _cutoff(t, ROUTINE)
    return Joint(
        knots=score_knots_of(t, extra=(c_reject, c_support)),
        c_reject=c_reject,
        c_support=c_support,
        reject_percentile=_rounded(100 * float(np.mean(t < c_reject))),
        support_percentile=max(_rounded(100 * float(np.mean(t < c_support))), 97.5),
    )


def _cutoff(t: Floats, level: float) -> float:
    """Least value of T, as it is written, below which at least that share of plans lies."""
    written = np.sort([round_significant(value) for value in t])
    distinct = np.unique(written)
    below = 100 * np.searchsorted(written, distinct, side="left") / len(written)
    return float(distinct[np.argmax(below >= level)])


def _least_with(levels: Floats, rate: Callable[[Flags], float], most: float, last: float = MOST) -> float:
    """Lowest cutoff, as it is written and up to the last, with which the rate of supports is at most so high.

    `levels` are the highest cutoffs with which each plan would be supported; no rate rises with the cutoff.
    """
    cutoffs = np.unique([*(round_significant(level) for level in levels[levels < last]), last])
    return float(cutoffs[bisect_left(range(len(cutoffs)), -most, key=lambda n: -rate(levels >= cutoffs[n]))])


def c_anchor(profile: Profile, plans: DrawnPlans, stratum_id: str, most: float = WITH_IMAGING) -> float | None:
    """Lowest cutoff of the anchor with which few enough plans are supported by counts of image sets; None if none is.

    They are planted in every plan, all else routine: what is left to chance is the anchor.
    """
    redrawn = Redrawn.of(plans.patients)
    found = []
    for how in PLANTINGS:
        high = planted(profile, plans, stratum_id, sorted(CONVENTIONS), EXTREME, how)
        levels = anchor_levels(profile, high, stratum_id)
        if redrawn.upper(np.isinf(levels)) > most:
            return None
        found.append(_least_with(levels, redrawn.upper, most, NO_ANCHOR))
    lowest = max(*found, profile.joint(stratum_id).c_support)
    return lowest if lowest <= MOST else None


def _share(hits: Flags) -> float:
    return float(hits.mean())


def _with_one_family(profile: Profile, plans: Plans, stratum_id: str) -> list[Floats]:
    some = plans.chosen(np.arange(WITH_ONE))
    return [
        support_levels(profile, planted(profile, some, stratum_id, (family.id,), EXTREME, how), stratum_id)
        for family in FAMILIES
        for how in PLANTINGS
    ]


# As TOML


def _text(plans: Calibrating, raw: Raw, imaging: Mapping[str, Knots], joints: Mapping[str, Joint], rates: Rates) -> str:
    parts = [_head(rates)]
    parts += [_joint_text(stratum_id, joints.get(stratum_id)) for stratum_id in STRATA]
    parts.append('[[groups]]\nid = "imaging"\ntitle = "Imaging (fusion and image sets)"\n')
    parts += [_reference("groups.references", s, imaging[s]) for s in STRATA]
    for family in FAMILIES:
        parts.append(_family(family))
        parts += [
            _reference("families.raw_references", s, raw[family.id, s, p], p) for s in STRATA for p in presences(family)
        ]
        parts += [_factor(factor, plans) for factor in family.factors]
    return "\n".join(parts)


def _head(rates: Rates) -> str:
    head = HEAD.read_text(encoding="utf-8")
    places = {
        "population": POPULATION,
        "n": PLANS,
        "n_test": rates.n_test,
        "rate": rates.rate,
        "upper": rates.upper,
        "table": TABLE,
        "table_sha256": shipped_table(TABLE).sha256,
        "sbrt_sizes": STRATA["thoracic-sbrt"].size_source,
        "conventional_sizes": STRATA["thoracic-conventional"].size_source,
    }
    for name, value in places.items():
        head = head.replace("{" + name + "}", f"{value}")
    return head


def _family(family: FamilyPlan) -> str:
    text = (
        f'[[families]]\nid = "{family.id}"\ntitle = "{family.title}"\ngroup = "{family.group}"\n'
        f"may_anchor = {str(family.may_anchor).lower()}\n"
    )
    if family.combination != "excess_over_median":
        text += f'combination = "{family.combination}"\n'
    if family.split_by:
        text += "split_by = [" + ", ".join(f'"{each}"' for each in family.split_by) + "]\n"
    return text


def _joint_text(stratum_id: str, joint: Joint | None) -> str:
    if joint is None:
        return _reference("joint_references", stratum_id, [(0, 0), (100, 100)]) + "c_reject = 75.0\nc_support = 97.5\n"
    return (
        _reference("joint_references", stratum_id, joint.knots)
        + (
            f"c_reject = {joint.c_reject!r}\nreject_percentile = {joint.reject_percentile:g}\n"
            f"c_support = {joint.c_support!r}\nsupport_percentile = {joint.support_percentile:g}\n"
        )
        + ("" if joint.c_anchor is None else f"c_anchor = {joint.c_anchor!r}\n")
    )


def _reference(table: str, stratum_id: str, knots: Knots, presence: str | None = None) -> str:
    of = f'presence = "{presence}"\n' if presence else ""
    return f'[[{table}]]\nstrata = ["{stratum_id}"]\n{of}knots = {_written(knots)}\n'


def _written(knots: Knots) -> str:
    return "[" + ", ".join(f"[{float(value)!r}, {percentile:g}]" for value, percentile in knots) + "]"


def _factor(factor: FactorPlan, plans: Calibrating) -> str:
    exponent = f"volume_exponent = {factor.exponent:g}\n" if factor.exponent else ""
    text = (
        f'[[families.factors]]\nmetric = "{factor.metric}"\ntitle = "{factor.title}"\nunit = "{factor.unit}"\n'
        f'direction = "{factor.direction}"\neffect_floor = {factor.floor}\n{exponent}\n'
    )
    if factor.basis == "measured":
        low, high = MEASURED_MM
        return text + "".join(
            f'[[families.factors.references]]\nstrata = ["{stratum.id}"]\nbasis = "measured"\nsource = "{REAL}"\n'
            f'similar = {{ table = "{TABLE}", bandwidth = {stratum.bandwidth}, '
            f"measured = [{{ from_mm = {low}, to_mm = {high} }}] }}\n\n"
            for stratum in STRATA.values()
        )
    sign = 1.0 if factor.direction == "higher" else -1.0
    for stratum_id in STRATA:
        values = plans[stratum_id].column(factor.metric)
        n = int(np.count_nonzero(~np.isnan(values)))
        source = CONVENTION if factor.basis == "convention" else MODEL.format(what=factor.what)
        count = "" if factor.basis == "convention" else f"\nn = {n}"
        text += (
            f'[[families.factors.references]]\nstrata = ["{stratum_id}"]\nbasis = "{factor.basis}"{count}\n'
            f'source = "{source}"\nknots = {_written(knots_of(values, sign))}\n\n'
        )
    return text


def main() -> None:
    """Write the profile; its error rates are those that :mod:`folds` finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PROFILE)
    options = parser.parse_args()
    from folds import false_support  # noqa: PLC0415 - it makes profiles of folds by what stands here

    found = [false_support(stratum_id) for stratum_id in STRATA]
    worst, over_patients = max(found, key=lambda each: each[1])
    upper = max(worst.upper, over_patients)
    text = profile_text(calibrating(), Rates(rate=_rounded(worst.share), upper=_rounded(upper), n_test=worst.n))
    _parsed(text)
    options.out.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
