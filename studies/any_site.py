"""Writes ``any-site-1.toml``: targets of any site ranked among real contours of two public collections.

``python studies/any_site.py`` needs the shipped table alone. Every row is scored by the profile itself, with contours
of its own patient left out; each patient counts once, and the two collections as much as each other. It prints what
pooling may claim: the shares of each verdict by collection and by size.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from operating_characteristics import verdicts

from rtcomplexity.metrics.scored import EXTENT, SHAPE, TOPOLOGY
from rtcomplexity.scoring.plan_table import clopper_pearson
from rtcomplexity.scoring.plans import DIAMETER_KEY, VOLUME_KEY, Plans
from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.scoring.ranking import ranked_families, scores_t
from rtcomplexity.scoring.real_contours import SCORED_PREFIX, shipped_table
from rtcomplexity.scoring.shipped import shipped
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.metrics.definition import MetricDefinition
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.scoring.profile import Profile

    Knots = list[tuple[float, float]]

TABLE = "real-contours-1"
PROFILE = Path("src/rtcomplexity/scoring/profiles/any-site-1.toml")
HEAD = Path(__file__).with_name("any_site_head.toml")
LEVELS = (0, 1, 2.5, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 97.5, 98, 98.5, 99, 99.5)
BANDWIDTH = 0.2
MEASURED = "[{ from_mm = 8, to_mm = 25 }]"
FLOORS = {
    "scored.sphericity_ratio": 0.02,
    "scored.solidity_ratio": 0.03,
    "scored.concavity_ratio": 0.015,
    "scored.curvature_ratio": 0.5,
    "scored.component_count": 0.5,
    "scored.planes_with_components": 0.1,
    "scored.planes_with_holes": 0.05,
    "scored.branching_count": 1.5,
    "scored.volume": 5.0,
}
SOURCE = (
    "Real contours: LIDC-IDRI (doi:10.7937/K9/TCIA.2015.LO9QL9SX), "
    "Soft-tissue-Sarcoma (doi:10.7937/K9/TCIA.2015.7GO2GSKS)"
)
SIZES_MM = ((8, 15), (15, 25), (25, 60), (60, 170))
FAMILIES = (
    ("shape", "Shape", "true", "normal_scores", SHAPE),
    ("topology", "Topology", "true", "excess_over_median", TOPOLOGY),
    ("extent", "Extent", "false", "excess_over_median", tuple(each for each in EXTENT if each.key == VOLUME_KEY)),
)


def rows() -> list[dict[str, str]]:
    """Rows of the shipped table."""
    text = shipped("references", ".csv")[TABLE].read_text("utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def plans_of(table: Sequence[dict[str, str]]) -> Plans:
    """The rows as plans."""
    names = [each.key for *_, definitions in FAMILIES for each in definitions if each.key != VOLUME_KEY]
    columns = {key: np.array([_number(row[key.removeprefix(SCORED_PREFIX)]) for row in table]) for key in names}
    diameters = np.array([float(row["equivalent_diameter_mm"]) for row in table])
    volumes = np.array([round_significant(value) for value in np.pi / 6 * (diameters / 10) ** 3])
    return Plans(
        count=len(table),
        columns={**columns, DIAMETER_KEY: diameters, VOLUME_KEY: volumes},
    )


def _number(cell: str) -> float:
    return float(cell) if cell else np.nan


def weights_of(table: Sequence[dict[str, str]]) -> Floats:
    """What each row counts for: a patient one, however many contours; the collections as much as each other."""
    shares = shipped_table(TABLE).patient_share
    collections = np.array([row["collection"] for row in table])
    weights = shares.copy()
    for name in np.unique(collections):
        weights[collections == name] /= shares[collections == name].sum()
    return weights / weights.sum()


def knots_of(values: Floats, weights: Floats, start: tuple[float, float] | None = None) -> Knots:
    """Strict weighted percentiles of values at their quantiles, with jumps where much weight shares a value."""
    kept = ~np.isnan(values)
    values, weights = values[kept], weights[kept] / weights[kept].sum()
    distinct, place = np.unique(values, return_inverse=True)
    mass = np.bincount(place, weights)
    below = 100 * np.concatenate([[0.0], np.cumsum(mass)])
    chosen = np.unique([min(np.searchsorted(below, level, side="right"), len(distinct)) - 1 for level in LEVELS])
    chosen = np.unique(np.concatenate([[0], chosen, [len(distinct) - 1]]))
    knots: Knots = [] if start is None else [start]
    for index in chosen:
        value = round_significant(distinct[index])
        knots.append((value, round(float(below[index]), 4)))
        if 100 * mass[index] > 0.3:
            knots.append((value, round(float(below[index + 1]), 4)))
    return list(dict.fromkeys(knots))


def _written(knots: Knots) -> str:
    return "[" + ", ".join(f"[{value!r}, {percentile:g}]" for value, percentile in knots) + "]"


def _factor(definition: MetricDefinition, plans: Plans, weights: Floats) -> str:
    text = (
        f'[[families.factors]]\nmetric = "{definition.key}"\nunit = "{definition.unit.value}"\n'
        f'direction = "{definition.direction}"\neffect_floor = {FLOORS[definition.key]}\n'
    )
    if definition.key == VOLUME_KEY:
        knots = _written(knots_of(plans.column(definition.key), weights))
        return (
            f'{text}volume_exponent = 1\n[[families.factors.references]]\nstrata = ["any"]\nbasis = "model"\n'
            f'source = "{SOURCE}; the two collections count alike."\nn = {plans.count}\nknots = {knots}\n\n'
        )
    return (
        f'{text}[[families.factors.references]]\nstrata = ["any"]\nbasis = "measured"\n'
        f'source = "{SOURCE}; contours of similar size."\n[families.factors.references.similar]\n'
        f'table = "{TABLE}"\nbandwidth = {BANDWIDTH}\nmeasured = {MEASURED}\n\n'
    )


def _text(head: str, plans: Plans, weights: Floats, raw: dict[str, Knots], joint: str) -> str:
    parts = [head, f'[[joint_references]]\nstrata = ["any"]\n{joint}\n']
    for family_id, title, may_anchor, combination, definitions in FAMILIES:
        parts.append(
            f'[[families]]\nid = "{family_id}"\ntitle = "{title}"\ngroup = "{family_id}"\nmay_anchor = {may_anchor}\n'
            f'combination = "{combination}"\n[[families.raw_references]]\nstrata = ["any"]\n'
            f"knots = {_written(raw[family_id])}\n"
        )
        parts += [_factor(each, plans, weights) for each in definitions]
    return "\n".join(parts)


def profile_text(table: Sequence[dict[str, str]], rate: float = 0.0, upper: float = 1.0) -> str:
    """Write the whole profile from rows."""
    plans, weights = plans_of(table), weights_of(table)
    people = len({(row["collection"], row["patient"]) for row in table})
    head = HEAD.read_text("utf-8")
    facts = {
        "patients": people,
        "rate": rate,
        "upper": upper,
        "sha256": shipped_table(TABLE).sha256,
        "largest": round_significant(float(plans.column(VOLUME_KEY).max()), 3),
    }
    for name, value in facts.items():
        head = head.replace("{" + name + "}", f"{value}")
    flat = {family[0]: [(0.0, 0.0), (100.0, 100.0)] for family in FAMILIES}
    even = "knots = [[0, 0], [100, 100]]\nc_reject = 75.0\nc_support = 97.5\n"
    first = parse_profile(_text(head, plans, weights, flat, even).encode(), PROFILE.name)
    raw = {}
    for each in ranked_families(plans, first, "any"):
        start = (0.0, 0.0) if each.family.combination == "excess_over_median" else None
        raw[each.family.id] = knots_of(each.raw, weights, start)
    second = parse_profile(_text(head, plans, weights, raw, even).encode(), PROFILE.name)
    return _text(head, plans, weights, raw, _joint(scores_t(plans, second, "any"), weights))


def _joint(t: Floats, weights: Floats) -> str:
    cutoffs = [_cutoff(t, weights, level) for level in (75.0, 97.5)]
    order = np.argsort(t)
    below = 100 * np.concatenate([[0.0], np.cumsum(weights[order])])
    knots = knots_of(t, weights, (0.0, 0.0))
    for cutoff in cutoffs:
        low, high = (below[np.searchsorted(t[order], cutoff, side=side)] for side in ("left", "right"))
        knots = [knot for knot in knots if knot[0] != cutoff]
        knots += [(cutoff, round(float(low), 4)), (cutoff, round(float(high), 4))]
    written = _written(sorted(set(knots)))
    return f"knots = {written}\nc_reject = {cutoffs[0]!r}\nc_support = {cutoffs[1]!r}\n"


def _cutoff(t: Floats, weights: Floats, level: float) -> float:
    """Least value of T below which at least that share of the weight lies."""
    distinct, place = np.unique(t, return_inverse=True)
    below = 100 * np.concatenate([[0.0], np.cumsum(np.bincount(place, weights))])[:-1]
    return float(distinct[np.argmax(below >= level)] if np.any(below >= level) else distinct[-1])


def report(table: Sequence[dict[str, str]], profile: Profile) -> str:
    """Shares of patients with each verdict, by collection and size."""
    plans, shares = plans_of(table), shipped_table(TABLE).patient_share
    found = verdicts(profile, plans, "any")
    collections = np.array([row["collection"] for row in table])
    sizes = plans.column(DIAMETER_KEY)
    lines = ["| contours | patients | supports | 95% interval | rejects | indeterminate |", "|---|---|---|---|---|---|"]
    groups = {
        **{name: collections == name for name in np.unique(collections)},
        **{f"{low} to {high} mm": (sizes >= low) & (sizes < high) for low, high in SIZES_MM},
    }
    for name, chosen in groups.items():
        people = shares[chosen].sum()
        share = {value: float(shares[chosen & (found == value)].sum() / people) for value in np.unique(found)}
        hits = round(share.get("supports", 0.0) * people)
        low, high = clopper_pearson(hits, max(round(people), 1))
        cells = " | ".join(f"{100 * share.get(value, 0.0):.1f}%" for value in ("rejects", "indeterminate"))
        interval = f"{100 * low:.1f} to {100 * high:.1f}%"
        lines.append(f"| {name} | {people:.0f} | {100 * share.get('supports', 0.0):.1f}% | {interval} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Write the profile and print what it does to the contours it was made from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PROFILE)
    options = parser.parse_args()
    table = rows()
    profile = parse_profile(profile_text(table).encode(), options.out.name)
    shares = shipped_table(TABLE).patient_share
    supported = shares[verdicts(profile, plans_of(table), "any") == "supports"].sum()
    people = round(shares.sum())
    upper = clopper_pearson(round(supported), people, 0.90)[1]
    text = profile_text(table, round_significant(float(supported / people), 4), upper)
    final = parse_profile(text.encode(), options.out.name)
    options.out.write_text(text, encoding="utf-8", newline="\n")
    print(report(table, final))


if __name__ == "__main__":
    main()
