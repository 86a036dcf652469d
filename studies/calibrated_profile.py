"""Writes ``thoracic-delineation-1.toml`` from the calibration half of the simulated population.

``python studies/calibrated_profile.py`` reads the arrays that :mod:`reference_population` left. Factor knots first,
then family scores by them, then T by those: each distribution is that of the population scored by what came before.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from array_scoring import combined, percentiles_below, raw_scores
from reference_population import FOLDER, population
from simulation import FACTORS, SEED, STRATA

from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.scoring.profile import Profile

    Floats = NDArray[np.float64]
    Knots = list[tuple[float, float]]

PROFILE = Path("src/rtcomplexity/scoring/profiles/thoracic-delineation-1.toml")
LEVELS = (0, 1, 2.5, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 97.5, 98, 98.5, 99, 99.5, 99.8)
ATOM = 0.3
"""A value that more than this percentage of plans share is a jump."""
MODEL = "Simulated routine population (studies/simulation.py, seed {seed}): {what}"
CONVENTION = "Set by hand: CT with one PET/CT is the usual work-up; the shares of plans with more are assumed."


@dataclass(frozen=True, slots=True)
class FactorPlan:
    """What a factor is, apart from its distribution."""

    metric: str
    title: str
    unit: str
    direction: str
    floor: float
    what: str
    exponent: float = 0.0
    is_convention: bool = False


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What a family is."""

    id: str
    title: str
    group: str
    may_anchor: bool
    factors: tuple[FactorPlan, ...]


_LUMPY = "lumpy, spiculated bodies with an observer's waver, as irregular by IBSI sphericity as published."
_SIZES = "volumes by the lognormal model of the published series that the stratum names."
_NEAR = "distances to mediastinal organs and chest wall are assumed."
_IMAGES = "a border between lung or soft tissue and tumour, blurred; {}"
FAMILIES = (
    FamilyPlan(
        "shape",
        "Shape",
        "shape",
        True,
        (
            FactorPlan("scored.sphericity_ratio", "sphericity against the equal sphere", "1", "lower", 0.02, _LUMPY),
            FactorPlan("scored.solidity_ratio", "solidity against the equal sphere", "1", "lower", 0.03, _LUMPY),
            FactorPlan(
                "scored.concavity_ratio", "in-plane concavity against the equal sphere", "1", "higher", 0.015, _LUMPY
            ),
            FactorPlan(
                "scored.curvature_ratio", "curvature energy against the equal sphere", "1", "higher", 0.5, _LUMPY
            ),
        ),
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
                "the shares of plans with a second and third body are assumed.",
            ),
            FactorPlan(
                "scored.planes_with_components", "share of planes in several pieces", "1", "higher", 0.1, _LUMPY
            ),
            FactorPlan(
                "scored.planes_with_holes",
                "share of planes with holes",
                "1",
                "higher",
                0.05,
                "the share of tumours whose cavity is left out is assumed.",
            ),
            FactorPlan("scored.branching_count", "branchings between planes", "1", "higher", 1.5, _LUMPY),
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
            FactorPlan(
                "scored.pet_gtv_dice",
                "Dice of PET volume and gross target",
                "1",
                "lower",
                0.1,
                _IMAGES.format("PET volumes scatter as published observers do."),
            ),
            FactorPlan(
                "scored.pet_gtv_volume_ratio",
                "larger over smaller of PET volume and gross target",
                "1",
                "higher",
                0.2,
                _IMAGES.format("PET volumes scatter as published observers do (ratios of 1.6 to 2.0)."),
            ),
        ),
    ),
    FamilyPlan(
        "extent",
        "Extent",
        "extent",
        False,
        (
            FactorPlan("scored.volume", "gross target volume", "cm3", "higher", 5.0, _SIZES, 1.0),
            FactorPlan("scored.craniocaudal_length", "craniocaudal length", "mm", "higher", 5.0, _SIZES, 0.333333),
            FactorPlan(
                "scored.manual_lateral_area", "manually drawn lateral area", "cm2", "higher", 5.0, _SIZES, 0.666667
            ),
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
            FactorPlan(
                "scored.registered_sets",
                "registered or referenced secondary image sets",
                "1",
                "higher",
                0.5,
                "",
                is_convention=True,
            ),
            FactorPlan(
                "scored.registration_chain",
                "deformable or chained registrations",
                "1",
                "higher",
                0.5,
                "",
                is_convention=True,
            ),
        ),
    ),
    FamilyPlan(
        "image_sets",
        "Image sets",
        "imaging",
        False,
        (
            FactorPlan(
                "scored.acquisitions", "independent image acquisitions", "1", "higher", 0.5, "", is_convention=True
            ),
            FactorPlan("scored.modalities", "modalities", "1", "higher", 0.5, "", is_convention=True),
            FactorPlan("scored.phases", "4D phases that carry contours", "1", "higher", 0.5, "", is_convention=True),
        ),
    ),
)

HEAD = Path(__file__).with_name("profile_head.toml")
"""What does not come from the population, with places for what does."""


def knots_of(values: Floats, sign: float = 1.0, extra: Sequence[float] = ()) -> Knots:
    """Strict percentiles of values at their quantiles, with jumps where many plans share a value."""
    harder = np.sort(sign * values[~np.isnan(values)])
    distinct = np.unique(harder)
    places = distinct if len(distinct) <= 25 else np.quantile(harder, np.array(LEVELS) / 100)
    places = np.unique(
        np.concatenate([[round_significant(place) for place in places], sign * np.asarray(extra, float)])
    )
    knots: Knots = []
    for place in places:
        low, high = (100 * np.searchsorted(harder, place, side=side) / len(harder) for side in ("left", "right"))
        knots.append((sign * place + 0.0, _rounded(low)))
        if high - low > ATOM:
            knots.append((sign * place + 0.0, _rounded(high)))
    return knots if knots[0][1] <= 50 else [(knots[0][0], 0.0), *knots]


def score_knots_of(values: Floats, extra: Sequence[float] = ()) -> Knots:
    """Knots of a raw score or percentile: they begin at (0, 0)."""
    knots = knots_of(values, extra=extra)
    return knots if knots[0] == (0.0, 0.0) else [(0.0, 0.0), *knots]


def _rounded(value: float) -> float:
    return float(f"{value:.5g}") + 0.0


def _written(knots: Knots) -> str:
    return "[" + ", ".join(f"[{float(value)!r}, {percentile:g}]" for value, percentile in knots) + "]"


def profile_text(rows_of: Callable[[str], Floats], *, rate: float, upper: float, n_test: int) -> str:
    """Write the whole profile."""
    rows = {stratum_id: rows_of(stratum_id)[:, : len(FACTORS)] for stratum_id in STRATA}
    n = min(len(each) for each in rows.values())
    words = "simulated routine thoracic plans (parametric tumours, organs, images and image sets; not patients)"
    head = HEAD.read_text(encoding="utf-8")
    for name, value in (("population", words), ("n", n), ("n_test", n_test), ("rate", rate), ("upper", upper)):
        head = head.replace("{" + name + "}", f"{value}")
    flat = [[0, 0], [100, 100]]
    placeholder = {family.id: dict.fromkeys(STRATA, flat) for family in FAMILIES}
    first = _parsed(head, rows, placeholder, dict.fromkeys(STRATA, flat), {})
    cap = first.caps.convention_percentile
    raw = {family.id: {s: raw_scores(family, rows[s], s, cap) for s in STRATA} for family in first.families}
    raw_knots = {family: {s: score_knots_of(values) for s, values in each.items()} for family, each in raw.items()}
    scores = {
        family: {s: percentiles_below(raw_knots[family][s], values) for s, values in each.items()}
        for family, each in raw.items()
    }
    imaging = {s: score_knots_of(np.maximum(scores["fusion"][s], scores["image_sets"][s])) for s in STRATA}
    second = _parsed(head, rows, raw_knots, imaging, {})
    t = {s: combined(second, {family: each[s] for family, each in scores.items()}, s).t for s in STRATA}
    t = {s: np.array([round_significant(value) for value in values]) for s, values in t.items()}
    return _text(head, rows, raw_knots, imaging, t)


def _parsed(head: str, rows: dict[str, Floats], raw: dict, imaging: dict, t: dict) -> Profile:  # type: ignore[type-arg]
    return parse_profile(_text(head, rows, raw, imaging, t).encode(), PROFILE.name)


def _text(head: str, rows: dict[str, Floats], raw: dict, imaging: dict, t: dict) -> str:  # type: ignore[type-arg]
    parts = [head]
    parts += [_joint(stratum_id, t.get(stratum_id)) for stratum_id in STRATA]
    parts.append('[[groups]]\nid = "imaging"\ntitle = "Imaging (fusion and image sets)"\n')
    parts += [_reference("groups.references", stratum_id, imaging[stratum_id]) for stratum_id in STRATA]
    for family in FAMILIES:
        parts.append(
            f'[[families]]\nid = "{family.id}"\ntitle = "{family.title}"\ngroup = "{family.group}"\n'
            f"may_anchor = {str(family.may_anchor).lower()}\n"
        )
        parts += [_reference("families.raw_references", s, raw[family.id][s]) for s in STRATA]
        parts += [_factor(factor, rows) for factor in family.factors]
    return "\n".join(parts)


def _joint(stratum_id: str, t: Floats | None) -> str:
    if t is None:
        return _reference("joint_references", stratum_id, [(0, 0), (100, 100)]) + "c_reject = 75.0\nc_support = 97.5\n"
    c_reject, c_support = (_cutoff(t, level) for level in (75.0, 97.5))
    knots = score_knots_of(t, extra=(c_reject, c_support))
    return _reference("joint_references", stratum_id, knots) + f"c_reject = {c_reject!r}\nc_support = {c_support!r}\n"


def _cutoff(t: Floats, level: float) -> float:
    """Least value of T, as it is written, below which at least that share of plans lies."""
    written = np.sort([round_significant(value) for value in t])
    distinct = np.unique(written)
    below = 100 * np.searchsorted(written, distinct, side="left") / len(written)
    return float(distinct[np.argmax(below >= level)])


def _reference(table: str, stratum_id: str, knots: Knots) -> str:
    return f'[[{table}]]\nstrata = ["{stratum_id}"]\nknots = {_written(knots)}\n'


def _factor(factor: FactorPlan, rows: dict[str, Floats]) -> str:
    exponent = f"volume_exponent = {factor.exponent:g}\n" if factor.exponent else ""
    text = (
        f'[[families.factors]]\nmetric = "{factor.metric}"\ntitle = "{factor.title}"\nunit = "{factor.unit}"\n'
        f'direction = "{factor.direction}"\neffect_floor = {factor.floor}\n{exponent}\n'
    )
    sign = 1.0 if factor.direction == "higher" else -1.0
    for stratum_id, each in rows.items():
        values = each[:, FACTORS.index(factor.metric)]
        n = int(np.count_nonzero(~np.isnan(values)))
        source = CONVENTION if factor.is_convention else MODEL.format(seed=SEED, what=factor.what)
        basis = 'basis = "convention"' if factor.is_convention else f'basis = "model"\nn = {n}'
        text += (
            f'[[families.factors.references]]\nstrata = ["{stratum_id}"]\n{basis}\nsource = "{source}"\n'
            f"knots = {_written(knots_of(values, sign))}\n\n"
        )
    return text


def main() -> None:
    """Write the profile; its error rates are those that :mod:`operating_characteristics` found, given on its call."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, default=PROFILE)
    options = parser.parse_args()
    from operating_characteristics import false_support  # noqa: PLC0415 - it uses what stands here

    def rows_of(stratum_id: str) -> Floats:
        return population(stratum_id, "calibration", options.folder)

    draft = profile_text(rows_of, rate=0.0, upper=1.0, n_test=1)
    profile = parse_profile(draft.encode(), options.out.name)
    found = [false_support(profile, stratum_id, options.folder) for stratum_id in STRATA]
    worst = max(found, key=lambda each: each.upper)
    text = profile_text(rows_of, rate=_rounded(worst.share), upper=_rounded(worst.upper), n_test=worst.n)
    parse_profile(text.encode(), options.out.name)
    options.out.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
