"""One simulated routine plan: a gross target as contours, the organs about it, what images show of it, image sets.

The target goes through the package's own pipeline; organs are half-spaces and balls whose distance is exact, images a
profile across the border. Every number that shapes the population stands here, with where it comes from: published
(with its source), or assumed. A case depends on the study's seed, its stratum, its split and its number alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from anatomy import BodyParameters, DrawnBody, draw_body
from scipy.special import erf

from rtcomplexity.geometry.ibsi_morphology import MaskMorphology
from rtcomplexity.geometry.orientation import PlaneAxes
from rtcomplexity.geometry.stack.runs import Lattice, rasterise
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics import contour, shape
from rtcomplexity.metrics.context import DrawingGrid, UnionContext
from rtcomplexity.metrics.scored import measure_shape
from rtcomplexity.metrics.target_shape import BLUR_MM
from rtcomplexity.model.structure_set import Contours
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SEED = 32701
SPLITS = ("calibration", "test")
SETTINGS = Settings()
NEAR_MM = 5.0
SHELL_MM = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """What tells the plans of one stratum from those of the other."""

    id: str
    number: int
    median_cm3: float
    log_sd: float
    smallest_cm3: float
    largest_cm3: float
    two_bodies: float
    """Share of plans with a second gross target (assumed)."""
    more_bodies: float
    """Share of those with a third (assumed)."""
    centrality: tuple[float, float]
    """Beta distribution of how central the tumour lies (assumed)."""
    atelectasis: float
    """Share of tumours that border collapsed lung (assumed)."""
    cavity: float
    """Share of tumours of which a cavity is left out (assumed)."""
    smoothness: float
    """Scales the irregularities; chosen so that the mean IBSI sphericity is the published one."""


SBRT = Stratum(
    id="thoracic-sbrt",
    number=0,
    median_cm3=7.8,  # central and ultracentral lung SABR, n = 137: median 7.8, 0.7 to 94.2 cm3; P95 37 of its model
    log_sd=0.946,
    smallest_cm3=0.7,
    largest_cm3=94.2,
    two_bodies=0.05,
    more_bodies=0.1,
    centrality=(1.3, 1.3),
    atelectasis=0.10,
    cavity=0.02,
    smoothness=1.6,
)
CONVENTIONAL = Stratum(
    id="thoracic-conventional",
    number=1,
    median_cm3=53.8,  # stage Ib-IIIb NSCLC, n = 20: 81.9 +- 94.1 cm3, as a lognormal
    log_sd=0.917,
    smallest_cm3=3.0,
    largest_cm3=500.0,
    two_bodies=0.30,
    more_bodies=0.3,
    centrality=(2.0, 1.0),
    atelectasis=0.30,
    cavity=0.04,
    smoothness=1.25,
)
STRATA = {stratum.id: stratum for stratum in (SBRT, CONVENTIONAL)}

MEDIASTINAL = (("heart", 45.0), ("great vessels", 35.0), ("bronchial tree", 12.0), ("oesophagus", 10.0))
"""Organs on the central side, each as a ball of that radius, mm (assumed)."""
SPACINGS_MM, SPACING_SHARES = (1.0, 2.0, 2.5, 3.0), (0.10, 0.25, 0.25, 0.40)
"""Slice spacings of planning CTs (assumed)."""

FACTORS = (
    "scored.sphericity_ratio",
    "scored.solidity_ratio",
    "scored.concavity_ratio",
    "scored.curvature_ratio",
    "scored.component_count",
    "scored.planes_with_components",
    "scored.planes_with_holes",
    "scored.branching_count",
    "scored.ct_border_contrast",
    "scored.pet_gtv_dice",
    "scored.pet_gtv_volume_ratio",
    "scored.volume",
    "scored.craniocaudal_length",
    "scored.manual_lateral_area",
    "scored.surface_within_5mm",
    "scored.organs_within_5mm",
    "scored.organ_overlap",
    "scored.registered_sets",
    "scored.registration_chain",
    "scored.acquisitions",
    "scored.modalities",
    "scored.phases",
)
COLUMNS = (*FACTORS, "ibsi_sphericity", "spacing_mm")


def simulate(stratum: Stratum, split: str, index: int) -> Floats:
    """One plan as a row of :data:`COLUMNS`; NaN where a value does not exist."""
    rng = np.random.default_rng([SEED, stratum.number, SPLITS.index(split), index])
    spacing = float(rng.choice(SPACINGS_MM, p=SPACING_SHARES))
    target = _target(stratum, spacing, rng)
    place = _Place.draw(stratum, rng)
    values = _geometry(target) | _adjacency(target, place, rng) | _image_sets(rng)
    values |= _ambiguity(values, place, registered_pet=values.pop("pet") > 0, rng=rng)
    values["spacing_mm"] = spacing
    if index % 20 == 0:
        values["ibsi_sphericity"] = _ibsi_sphericity(target, spacing)
    return np.array([values.get(column, math.nan) for column in COLUMNS])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Target:
    """The gross targets of one plan."""

    context: UnionContext
    bodies: tuple[DrawnBody, ...]

    @cached_property
    def inside_mm(self) -> Floats:
        """(n, 3) places inside all bodies."""
        return np.concatenate([body.inside_mm for body in self.bodies])


def _target(stratum: Stratum, spacing: float, rng: np.random.Generator) -> _Target:
    volume = 0.0
    while not stratum.smallest_cm3 <= volume <= stratum.largest_cm3:
        volume = stratum.median_cm3 * math.exp(stratum.log_sd * rng.standard_normal())
    shares = _shares(stratum, rng)
    bodies = [draw_body(_body(1000 * volume * share, spacing, stratum, rng), rng) for share in shares]
    return _placed(bodies, spacing, rng)


def _shares(stratum: Stratum, rng: np.random.Generator) -> list[float]:
    if rng.random() >= stratum.two_bodies:
        return [1.0]
    count = 2 if rng.random() >= stratum.more_bodies else 3
    parts = [1.0, *rng.uniform(0.06, 0.5, count - 1)]
    return [part / sum(parts) for part in parts]


def _body(volume_mm3: float, spacing: float, stratum: Stratum, rng: np.random.Generator) -> BodyParameters:
    radius = (3 * volume_mm3 / (4 * math.pi)) ** (1 / 3)
    smooth = stratum.smoothness
    axes = np.exp(0.14 * rng.standard_normal(3))
    axes /= np.prod(axes) ** (1 / 3)
    return BodyParameters(
        volume_mm3=volume_mm3,
        spacing_mm=spacing,
        elongation=(float(axes[0]), float(axes[1]), float(axes[2])),
        lumpiness=smooth * 0.13 * math.exp(0.45 * rng.standard_normal()),
        roughness_mm=smooth * 0.075 * radius * math.exp(0.4 * rng.standard_normal()),
        lobes=int(rng.poisson(smooth * 1.0 * (radius / 20) ** 0.5)),
        spicules=int(rng.poisson(smooth * 3.0)),
        cavity=float(rng.uniform(0.25, 0.4)) if rng.random() < stratum.cavity else 0.0,
        hand_mm=0.7 * math.exp(0.3 * rng.standard_normal()),
        plane_mm=0.7 * math.exp(0.3 * rng.standard_normal()),
    )


def _placed(bodies: Sequence[DrawnBody], spacing: float, rng: np.random.Generator) -> _Target:
    """Put the bodies side by side on common planes, moved along the body by whole planes."""
    third = max(len(body.positions_mm) for body in bodies) // 3
    shift_x, planes, moved = 0.0, {}, []
    for number, body in enumerate(bodies):
        half = float(np.abs(body.inside_mm[:, 0]).max()) if len(body.inside_mm) else 0.0
        x = 0.0 if number == 0 else shift_x + half + rng.uniform(6, 30)
        shift_x = x + half
        up = 0 if number == 0 else int(rng.integers(-third, third + 1))
        for k, polygons in enumerate(body.polygons):
            planes.setdefault(k + up, []).extend(polygon + np.array([x, 0.0]) for polygon in polygons)
        offset = np.array([x, 0.0, up * spacing])
        heights = body.inside_mm - [0, 0, float(body.positions_mm[0])]
        moved.append(DrawnBody(positions_mm=body.positions_mm, polygons=body.polygons, inside_mm=heights + offset))
    drawn = sorted((k, polygons) for k, polygons in planes.items() if polygons)
    stack = stack_contours(_contours(drawn, spacing), settings=SETTINGS, axes=AXES, pixel_mm=1.0).stack
    grid = DrawingGrid(axes=AXES, slice_positions_mm=np.empty(0), pixel_mm=1.0)
    return _Target(context=UnionContext(grid=grid, settings=SETTINGS, union=stack), bodies=tuple(moved))


AXES = PlaneAxes.of_normal(np.array([0.0, 0.0, 1.0]))


def _contours(planes: Sequence[tuple[int, list[Floats]]], spacing: float) -> Contours:
    polygons = [
        np.column_stack([polygon, np.full(len(polygon), k * spacing)]) for k, drawn in planes for polygon in drawn
    ]
    counts = [len(polygon) for polygon in polygons]
    return Contours(
        points_mm=np.concatenate(polygons),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        geometric_types=np.zeros(len(counts), np.int8),
    )


def _geometry(target: _Target) -> dict[str, float]:
    context = target.context
    planes = context.stack.plane_count
    values = {
        "scored.volume": shape.volume_cm3(context),
        "scored.craniocaudal_length": shape.extent_mm(context),
        "scored.manual_lateral_area": contour.lateral_area_cm2(context),
        "scored.component_count": shape.component_count(context),
        "scored.planes_with_components": contour.planes_with_components(context) / planes,
        "scored.planes_with_holes": contour.planes_with_holes(context) / planes,
        "scored.branching_count": shape.branching_count(context),
    }
    measured = measure_shape(context, BLUR_MM)
    return values | {key: each.value for key, each in measured.items() if each.value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the tumour lies."""

    centrality: float
    collapsed: float
    """Share of the border that lies in collapsed lung."""

    @classmethod
    def draw(cls, stratum: Stratum, rng: np.random.Generator) -> _Place:
        collapsed = float(rng.beta(2, 4)) if rng.random() < stratum.atelectasis else 0.0
        return cls(centrality=float(rng.beta(*stratum.centrality)), collapsed=collapsed)


def _adjacency(target: _Target, place: _Place, rng: np.random.Generator) -> dict[str, float]:
    """Distances to organs: a chest wall on one side, the mediastinum's on the other, each with a gap of its own."""
    points, weights = target.context.surface.points_mm, target.context.surface.areas_mm2
    inside = target.inside_mm
    centre = inside.mean(axis=0)
    towards = _unit(rng)
    near = np.zeros(len(points), bool)
    soft, within, count = near.copy(), np.zeros(len(inside), bool), 0
    for radius, gap, is_drawn, direction in _organs(place, towards, rng):
        reach = float(((points - centre) @ direction).max())
        at = centre + direction * (reach + gap + radius)
        depth = radius - np.linalg.norm(points - at, axis=1)
        soft |= depth >= -2.0
        if is_drawn:
            near |= depth >= -NEAR_MM
            count += bool((depth >= -NEAR_MM).any())
            within |= np.linalg.norm(inside - at, axis=1) < radius
    return {
        "scored.surface_within_5mm": float(np.average(near, weights=weights)),
        "scored.organs_within_5mm": float(count),
        "scored.organ_overlap": float(within.mean()),
        "soft": float(np.average(soft, weights=weights)),
    }


def _organs(place: _Place, towards: Floats, rng: np.random.Generator) -> list[tuple[float, float, bool, Floats]]:
    """Radius, gap to the target (negative: it reaches in), whether it is contoured, direction (all assumed)."""
    found = []
    for _, radius in MEDIASTINAL:
        gap = max(45 * (1 - place.centrality) * rng.random() ** 0.5 + rng.normal(0, 6), -4.0)
        found.append((radius, gap, bool(rng.random() < 0.9), _unit(rng, towards)))
    gap = max(35 * place.centrality * rng.random() + rng.normal(0, 6), -3.0)
    found.append((400.0, gap, bool(rng.random() < 0.4), _unit(rng, -towards)))
    return found


def _unit(rng: np.random.Generator, about: Floats | None = None) -> Floats:
    vector = rng.standard_normal(3) * (1.0 if about is None else 0.4) + (0.0 if about is None else about)
    return np.asarray(vector / np.linalg.norm(vector))


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


def _ambiguity(
    values: dict[str, float], place: _Place, *, registered_pet: bool, rng: np.random.Generator
) -> dict[str, float]:
    """CT across the border by its profile, and a PET volume as a larger or smaller ball that lies a little off."""
    soft = min(values.pop("soft") + place.collapsed, 1.0)
    density = rng.uniform(0, 45)
    lung = rng.normal(-790, 50)
    blur = math.hypot(rng.uniform(0.8, 1.6), rng.gamma(4, 0.5))  # image and respiration; observers about 2 mm
    contrast = (1 - soft) * (density - lung) + soft * (density - rng.normal(25, 15))
    found = {"scored.ct_border_contrast": abs(contrast) * _seen(blur, offset=rng.normal(0.3, 0.8))}
    if not registered_pet:
        return found
    radius = (3000 * values["scored.volume"] / (4 * math.pi)) ** (1 / 3)
    ratio = math.exp(rng.normal(-0.2, 0.4))
    off = abs(rng.normal(0, 2.5))
    overlap = _lens(radius, radius * ratio ** (1 / 3), off) / (4 / 3 * math.pi * radius**3)
    rough = 0.94 * (values.get("scored.sphericity_ratio", 1.0)) ** 0.5
    return found | {
        "scored.pet_gtv_dice": 2 * overlap * rough / (1 + ratio),
        "scored.pet_gtv_volume_ratio": max(ratio, 1 / ratio),
    }


def _seen(blur_mm: float, offset: float) -> float:
    """Share of a step's contrast between the means of the shells on both sides of a contour off by `offset`, mm."""

    def primitive(x: float) -> float:
        return x * 0.5 * (1 + erf(x / (math.sqrt(2) * blur_mm))) + blur_mm / math.sqrt(2 * math.pi) * math.exp(
            -(x**2) / (2 * blur_mm**2)
        )

    inner = primitive(SHELL_MM + offset) - primitive(offset)
    outer = primitive(offset) - primitive(offset - SHELL_MM)
    return (inner - outer) / SHELL_MM


def _lens(a: float, b: float, distance: float) -> float:
    """Volume of the overlap of two balls."""
    if distance <= abs(a - b):
        return 4 / 3 * math.pi * min(a, b) ** 3
    if distance >= a + b:
        return 0.0
    cap = (a + b - distance) ** 2
    return math.pi * cap * (distance**2 + 2 * distance * (a + b) - 3 * (a - b) ** 2) / (12 * distance)


def _ibsi_sphericity(target: _Target, spacing: float) -> float:
    stack = target.context.stack
    runs = rasterise(stack, Lattice.around(stack, 1.0))
    return MaskMorphology(mask=runs.mask(runs.box()), spacing_mm=(spacing, 1.0, 1.0)).sphericity
