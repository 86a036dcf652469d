"""Simulated routine plans: gross targets of published sizes with the shapes of real contours, organs, images, sets.

A target's shape, topology and proportions are those of one real contour of about its size
(:mod:`rtcomplexity.scoring.real_contours`). The shipped profile is calibrated with every patient's contours; its error
rates are those of five profiles, each calibrated without a fifth of the patients and tested with theirs. Organs are
half-spaces and balls whose distance to an ellipsoid of the target's volume is found on points, images a profile across
the border. Every number that shapes the population stands here, with where it comes from: published (with its source),
measured, or assumed. A population depends on the seed, stratum, part and fold alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erf, ndtri
from scipy.stats import rankdata

from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.real_contours import shipped_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.model.arrays import Flags, Floats, Integers


SEED = 20261129
PARTS = ("calibration", "test")
PLANS = 5000
"""For each stratum."""
FOLDS = 5
"""Parts of the patients whose contours are drawn: each is left out once, to test what the others calibrate."""
TABLE = "real-contours-1"
NEAR_MM = 5.0
SHELL_MM = 3.0
SHAPE_AMBIGUITY = 0.2
"""Correlation of the normal scores of a contour's shape and its border's ambiguity (assumed: LIDC's readers rate
margins and contour the same nodule, which ties their ratings more closely; :mod:`validation` tries what that does)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnPlans(Plans):
    """Plans whose shapes were drawn from contours of known patients, with whom they must not be compared."""

    patients: Integers
    """(n,) by the table's numbers; of a plan's largest target."""

    def own_patient(self, table_id: str) -> Integers:  # noqa: ARG002 - there is one table
        """(n,) the patient whose contour each plan's shape is."""
        return self.patients

    def chosen(self, plans: Integers) -> DrawnPlans:
        """Return some of the plans, by their places."""
        columns = {key: values[plans] for key, values in self.columns.items()}
        return replace(self, count=len(plans), columns=columns, patients=self.patients[plans])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Lognormal volumes."""

    share: float
    """Of the stratum's plans."""
    median_cm3: float
    log_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """What tells the plans of one stratum from those of the other."""

    id: str
    number: int
    bandwidth: float
    """Of the kernel in the logarithm of the equivalent diameter by which a contour of about a target's size is
    drawn, and ranked: as narrow as leaves some twenty patients' worth of contours at most of the stratum's sizes."""
    sizes: tuple[Sizes, ...]
    smallest_cm3: float
    largest_cm3: float
    size_source: str
    two_bodies: float
    """Share of plans with a second gross target (assumed)."""
    more_bodies: float
    """Share of those with a third (assumed)."""
    centrality: tuple[float, float]
    """Beta distribution of how central the tumor lies (assumed)."""
    atelectasis: float
    """Share of tumors that border collapsed lung (assumed)."""


SBRT = Stratum(
    id="thoracic-sbrt",
    number=0,
    bandwidth=0.25,
    sizes=(
        Sizes(share=0.5, median_cm3=7.8, log_sd=0.946),
        Sizes(share=0.5, median_cm3=2.2, log_sd=1.2),
    ),
    smallest_cm3=0.3,
    largest_cm3=94.2,
    size_source=(
        "Lognormal models of two published series, half the plans each (that share is assumed): central and "
        "ultracentral lung SABR, n = 137 (median 7.8, 0.7 to 94.2 cm3); 21 SBRT targets, 19 of them "
        "peripheral (largest diameter median 19, 6 to 39 mm; Radiat Oncol 2012;7:81, table 1), taken as 0.85 of it in "
        "equivalent diameter"
    ),
    two_bodies=0.05,
    more_bodies=0.1,
    centrality=(1.3, 1.3),
    atelectasis=0.10,
)
CONVENTIONAL = Stratum(
    id="thoracic-conventional",
    number=1,
    bandwidth=0.4,
    sizes=(Sizes(share=1.0, median_cm3=81.9 * math.exp(-(1.2**2) / 2), log_sd=1.2),),
    smallest_cm3=2.0,
    largest_cm3=700.0,
    size_source=(
        "Lognormal with the mean of a published series of stage Ib-IIIb NSCLC, n = 20 (81.9 +- 94.1 cm3), and a "
        "logarithmic standard deviation of 1.2 (percentiles 5, 50, 95: 5.5, 39.9, 287 cm3), wider than "
        "that series"
    ),
    two_bodies=0.30,
    more_bodies=0.3,
    centrality=(2.0, 1.0),
    atelectasis=0.30,
)
STRATA = {stratum.id: stratum for stratum in (SBRT, CONVENTIONAL)}

MEDIASTINAL = (("heart", 45.0), ("great vessels", 35.0), ("bronchial tree", 12.0), ("esophagus", 10.0))
"""Organs on the central side, each as a ball of that radius, mm (assumed)."""
SHAPE = ("sphericity_ratio", "solidity_ratio", "concavity_ratio", "curvature_ratio")
HARDER = np.array([-1.0, -1.0, 1.0, 1.0])
"""Which way each of them is hard."""


def population(
    stratum: Stratum,
    part: str,
    fold: int | None = None,
    count: int = PLANS,
    dependence: float = SHAPE_AMBIGUITY,
) -> DrawnPlans:
    """Simulate plans, as columns by scored key; NaN where a value does not exist. No fold: of every patient."""
    rng = np.random.default_rng([SEED, stratum.number, PARTS.index(part), 0 if fold is None else fold + 1])
    bodies = [_bodies(stratum, rng) for _ in range(count)]
    places = [_place(stratum, each, rng) for each in bodies]
    sets = [_image_sets(rng) for _ in range(count)]
    values = {key: np.array([each[key] for each in places]) for key in places[0]}
    values |= {key: np.array([each[key] for each in sets]) for key in sets[0]}
    values["scored.ct_border_contrast"] = np.array([_contrast(soft, rng) for soft in values.pop("soft")])
    hard = ranks_as_normal(-values["scored.ct_border_contrast"])
    drawn, patients = _drawn(bodies, hard, is_of(part, fold), stratum.bandwidth, dependence, rng)
    values |= drawn
    values |= _pet(values, values.pop("pet") > 0, rng)
    return DrawnPlans(count=count, columns=values, patients=patients)


def ranks_as_normal(values: Floats) -> Floats:
    """Normal scores of the ranks of values."""
    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)))


# Size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """One gross target as an ellipsoid."""

    volume_cm3: float
    axes: Floats
    """(3,) semi-axes along (x, y, z) over the radius of the equal ball."""
    center_mm: Floats

    @property
    def diameter_mm(self) -> float:
        """Equivalent diameter."""
        return float(np.cbrt(6000 * self.volume_cm3 / np.pi))


def _bodies(stratum: Stratum, rng: np.random.Generator) -> list[Body]:
    """Gross targets of one plan, side by side."""
    volume = 0.0
    while not stratum.smallest_cm3 <= volume <= stratum.largest_cm3:
        sizes = stratum.sizes[rng.choice(len(stratum.sizes), p=[each.share for each in stratum.sizes])]
        volume = sizes.median_cm3 * math.exp(sizes.log_sd * rng.standard_normal())
    bodies: list[Body] = []
    x = 0.0
    for share in _shares(stratum, rng):
        axes = np.exp(0.14 * rng.standard_normal(3))
        axes /= np.cbrt(axes.prod())
        radius = np.cbrt(3000 * volume * share / (4 * np.pi))
        at = x + axes[0] * radius + rng.uniform(6, 30) if bodies else 0.0
        height = rng.uniform(-1, 1) * 0.67 * bodies[0].diameter_mm * bodies[0].axes[2] if bodies else 0.0
        bodies.append(Body(volume_cm3=volume * share, axes=axes, center_mm=np.array([at, 0.0, height])))
        x = at + axes[0] * radius
    return bodies


def _shares(stratum: Stratum, rng: np.random.Generator) -> list[float]:
    if rng.random() >= stratum.two_bodies:
        return [1.0]
    count = 2 if rng.random() >= stratum.more_bodies else 3
    parts = [1.0, *rng.uniform(0.06, 0.5, count - 1)]
    return [part / sum(parts) for part in parts]


# Place


def _evenly_on_ball(count: int) -> Floats:
    """(n, 3) points of a spiral on the unit ball, of equal area each."""
    n = np.arange(count) + 0.5
    z, turn = 1 - 2 * n / count, np.pi * (1 + math.sqrt(5)) * n
    return np.stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z], axis=1)


ON_BALL = _evenly_on_ball(300)
IN_BALL = _evenly_on_ball(400) * np.cbrt((np.arange(400) * 0.618034) % 1)[:, None]


def _place(stratum: Stratum, bodies: Sequence[Body], rng: np.random.Generator) -> dict[str, float]:
    """Distances to organs: a chest wall on one side, the mediastinum's on the other, each with a gap of its own."""
    centrality = float(rng.beta(*stratum.centrality))
    collapsed = float(rng.beta(2, 4)) if rng.random() < stratum.atelectasis else 0.0
    surface, weights, inside, volumes = _points(bodies)
    center = np.average(inside, axis=0, weights=volumes)
    towards = _unit(rng)
    near = np.zeros(len(surface), bool)
    soft, within, count = near.copy(), np.zeros(len(inside), bool), 0
    for radius, gap, is_drawn, direction in _organs(centrality, towards, rng):
        reach = float(((surface - center) @ direction).max())
        at = center + direction * (reach + gap + radius)
        depth = radius - np.linalg.norm(surface - at, axis=1)
        soft |= depth >= -2.0
        if is_drawn:
            near |= depth >= -NEAR_MM
            count += bool((depth >= -NEAR_MM).any())
            within |= np.linalg.norm(inside - at, axis=1) < radius
    return {
        "scored.surface_within_5mm": float(np.average(near, weights=weights)),
        "scored.organs_within_5mm": float(count),
        "scored.organ_overlap": float(np.average(within, weights=volumes)),
        "soft": min(float(np.average(soft, weights=weights)) + collapsed, 1.0),
    }


def _points(bodies: Sequence[Body]) -> tuple[Floats, Floats, Floats, Floats]:
    """Points on the surface with their areas, and inside with their volumes."""
    radii = [body.axes * body.diameter_mm / 2 for body in bodies]
    areas = [r.prod() * np.linalg.norm(ON_BALL / r, axis=1) for r in radii]
    return (
        np.concatenate([ON_BALL * r + body.center_mm for body, r in zip(bodies, radii, strict=True)]),
        np.concatenate(areas),
        np.concatenate([IN_BALL * r + body.center_mm for body, r in zip(bodies, radii, strict=True)]),
        np.repeat([body.volume_cm3 for body in bodies], len(IN_BALL)),
    )


def _organs(centrality: float, towards: Floats, rng: np.random.Generator) -> list[tuple[float, float, bool, Floats]]:
    """Radius, gap to the target (negative: it reaches in), whether it is contoured, direction (all assumed)."""
    found = []
    for _, radius in MEDIASTINAL:
        gap = max(45 * (1 - centrality) * rng.random() ** 0.5 + rng.normal(0, 6), -4.0)
        found.append((radius, gap, bool(rng.random() < 0.9), _unit(rng, towards)))
    gap = max(35 * centrality * rng.random() + rng.normal(0, 6), -3.0)
    found.append((400.0, gap, bool(rng.random() < 0.4), _unit(rng, -towards)))
    return found


def _unit(rng: np.random.Generator, about: Floats | None = None) -> Floats:
    vector = rng.standard_normal(3) * (1.0 if about is None else 0.4) + (0.0 if about is None else about)
    return np.asarray(vector / np.linalg.norm(vector))


# Shape, from real contours


@cache
def contour_scores(bandwidth: float) -> Floats:
    """(m,) how hard each real contour's shape is among those of its size: mean of the factors' normal scores."""
    table = shipped_table(TABLE)
    sizes = table.log_diameter
    weights = np.exp(-0.5 * ((sizes[:, None] - sizes) / bandwidth) ** 2) * table.patient_share
    weights[table.patient[:, None] == table.patient] = 0.0
    scores = np.zeros(len(sizes))
    for column, sign in zip(SHAPE, HARDER, strict=True):
        values = sign * table.columns[column]
        below = np.array([w @ (values < v) for w, v in zip(weights, values, strict=True)]) / weights.sum(axis=1)
        scores += ndtri(np.clip(below, 0.005, 0.995)) / len(SHAPE)
    return scores


def is_of(part: str, fold: int | None) -> Flags:
    """(m,) whether a contour serves a part: every fifth patient of each collection, in its order, is a fold's test."""
    patients = shipped_table(TABLE).patient
    if fold is None:
        return np.ones(len(patients), bool)
    return np.asarray((patients % FOLDS == fold) == (part == "test"))


def _drawn(
    bodies: Sequence[Sequence[Body]],
    hard: Floats,
    is_drawn: Flags,
    bandwidth: float,
    rho: float,
    rng: np.random.Generator,
) -> tuple[dict[str, Floats], Integers]:
    """Shape, topology and proportions of the contours drawn for each plan's bodies, and whose the first one is."""
    table = shipped_table(TABLE)
    own = np.flatnonzero(is_drawn)
    scores = ranks_as_normal(contour_scores(bandwidth))[own]
    rows = [
        [_row(body, h, own, scores, bandwidth, rho, rng) for body in each] for each, h in zip(bodies, hard, strict=True)
    ]
    found = [_measured(each, chosen, table.columns, own, rng) for each, chosen in zip(bodies, rows, strict=True)]
    patients = np.array([table.patient[chosen[0]] for chosen in rows])
    return {key: np.array([each[key] for each in found]) for key in found[0]}, patients


def _row(
    body: Body, hard: float, own: Integers, scores: Floats, bandwidth: float, rho: float, rng: np.random.Generator
) -> int:
    """Draw a contour of about the body's size, its shape tied to the ambiguity by a Gaussian copula."""
    table = shipped_table(TABLE)
    distance = np.abs(table.log_diameter[own] - math.log(body.diameter_mm)) / bandwidth
    copula = -(rho**2 * (scores**2 + hard**2) - 2 * rho * scores * hard) / (2 * (1 - rho**2))
    logarithm = copula - 0.5 * (distance**2 - distance.min() ** 2)
    weights = np.exp(logarithm - logarithm.max()) * table.patient_share[own]
    return int(own[rng.choice(len(own), p=weights / weights.sum())])


def _measured(
    bodies: Sequence[Body], rows: Sequence[int], columns: Mapping[str, Floats], own: Integers, rng: np.random.Generator
) -> dict[str, float]:
    shares = np.array([body.volume_cm3 for body in bodies])
    volume = float(shares.sum())
    found = {f"scored.{key}": float(np.average(columns[key][rows], weights=shares)) for key in SHAPE}
    diameters = np.array([body.diameter_mm for body in bodies])
    lengths, areas = (np.array(each) for each in zip(*(_proportions(r, own, rng) for r in rows), strict=True))
    lengths, areas = lengths * diameters, areas * diameters**2
    heights = np.array([body.center_mm[2] for body in bodies])
    low, high = heights - lengths / 2, heights + lengths / 2
    length = float(high.max() - low.min())
    shared = np.minimum(high[0], high[1:]) - np.maximum(low[0], low[1:])
    beside = min(float(np.maximum(shared, 0.0).sum()) / length, 1.0)
    pieces, holes = (
        float(columns[key][rows] @ lengths) / length for key in ("planes_with_components", "planes_with_holes")
    )
    return found | {
        "scored.volume": volume,
        "scored.equivalent_diameter": float(np.cbrt(6000 * volume / np.pi)),
        "scored.craniocaudal_length": length,
        "scored.manual_lateral_area": float(areas.sum()),
        "scored.component_count": float(columns["component_count"][rows].sum()),
        "scored.planes_with_components": min(1 - (1 - min(pieces, 1.0)) * (1 - beside), 1.0),
        "scored.planes_with_holes": min(holes, 1.0),
        "scored.branching_count": float(columns["branching_count"][rows].sum()),
    }


def _proportions(row: int, own: Integers, rng: np.random.Generator) -> tuple[float, float]:
    """Length over the equivalent diameter, and lateral area (cm2) over its square (mm2); another's where unknown."""
    table = shipped_table(TABLE)
    if math.isnan(table.columns["lateral_area_cm2"][row]):
        known = own[~np.isnan(table.columns["lateral_area_cm2"][own])]
        row = int(rng.choice(known[np.argsort(np.abs(table.log_diameter[known] - table.log_diameter[row]))[:20]]))
    diameter = math.exp(table.log_diameter[row])
    return (
        float(table.columns["craniocaudal_length_mm"][row]) / diameter,
        float(table.columns["lateral_area_cm2"][row]) / diameter**2,
    )


# Images


def _image_sets(rng: np.random.Generator) -> dict[str, float]:
    """CT and one PET/CT is the usual work-up; the shares are assumed."""
    pet = rng.random() < 0.65
    mr = rng.random() < 0.06
    other_ct = rng.random() < (0.20 if pet else 0.10)
    registered = int(pet) + int(mr) + int(other_ct) + int(rng.random() < 0.03)
    phases = float(rng.choice([0, 2, 10], p=[0.85, 0.08, 0.07]))
    return {
        "pet": float(pet),
        "scored.registered_sets": float(registered),
        "scored.registration_chain": float(rng.random() < (0.06 if registered else 0.0))
        + float(rng.random() < (0.02 if registered else 0.0)),
        "scored.acquisitions": 1.0 + registered,
        "scored.modalities": 1.0 + int(pet) + int(mr),
        "scored.phases": phases,
    }


def _contrast(soft: float, rng: np.random.Generator) -> float:
    """CT across the border, by its profile."""
    density = rng.uniform(0, 45)
    lung = rng.normal(-790, 50)
    blur = math.hypot(rng.uniform(0.8, 1.6), rng.gamma(4, 0.5))  # image and respiration; observers about 2 mm
    contrast = (1 - soft) * (density - lung) + soft * (density - rng.normal(25, 15))
    return abs(contrast) * _seen(blur, offset=rng.normal(0.3, 0.8))


def _seen(blur_mm: float, offset: float) -> float:
    """Share of a step's contrast between the means of the shells on both sides of a contour off by `offset`, mm."""

    def primitive(x: float) -> float:
        return x * 0.5 * (1 + erf(x / (math.sqrt(2) * blur_mm))) + blur_mm / math.sqrt(2 * math.pi) * math.exp(
            -(x**2) / (2 * blur_mm**2)
        )

    inner = primitive(SHELL_MM + offset) - primitive(offset)
    outer = primitive(offset) - primitive(offset - SHELL_MM)
    return (inner - outer) / SHELL_MM


def _pet(values: Mapping[str, Floats], registered: Flags, rng: np.random.Generator) -> dict[str, Floats]:
    """A PET volume as a larger or smaller ball that lies a little off; published observers' ratios are 1.6 to 2.0."""
    radius = values["scored.equivalent_diameter"] / 2
    ratio = np.exp(rng.normal(-0.2, 0.4, len(radius)))
    off = np.abs(rng.normal(0, 2.5, len(radius)))
    overlap = np.array([_lens(a, b, d) for a, b, d in zip(radius, radius * np.cbrt(ratio), off, strict=True)])
    overlap /= 4 / 3 * np.pi * radius**3
    rough = 0.94 * np.sqrt(values["scored.sphericity_ratio"])
    return {
        "scored.pet_gtv_dice": np.where(registered, 2 * overlap * rough / (1 + ratio), np.nan),
        "scored.pet_gtv_volume_ratio": np.where(registered, np.maximum(ratio, 1 / ratio), np.nan),
    }


def _lens(a: float, b: float, distance: float) -> float:
    """Volume of the overlap of two balls."""
    if distance <= abs(a - b):
        return 4 / 3 * math.pi * min(a, b) ** 3
    if distance >= a + b:
        return 0.0
    cap = (a + b - distance) ** 2
    return math.pi * cap * (distance**2 + 2 * distance * (a + b) - 3 * (a - b) ** 2) / (12 * distance)
