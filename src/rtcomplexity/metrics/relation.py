"""Metrics of an ordered pair of ROIs: overlap of a target with another ROI, and distance between their surfaces.

``a`` is a target; ``b`` is any other named ROI that encloses a volume. A margin is the distance from a point of a's
surface to b's surface, positive if b's surface is outside: a PTV 5 mm around a CTV has a margin of +5 mm. Margins and
distances have sub-voxel accuracy; overlaps are those of the slabs that make up `shape.volume`.

Pairs whose boxes are more than :data:`REACH_MM` apart are omitted. For the external contour only the overlap is
measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.clearance import box_gap_mm, inside_share
from rtcomplexity.metrics.definition import MetricDefinition, documented
from rtcomplexity.metrics.measurement import NotApplicableError, NotMeasurableError
from rtcomplexity.metrics.shape import volume_cm3
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.model.arrays import Floats

REACH_MM: Final = 30.0
"""ROIs whose boxes are farther apart than this have no relation."""
NEAR_MM: Final = 5.0
"""ROIs within this distance are adjacent (docs/scoring.md)."""
SURFACE_POINTS: Final = 2500
"""Limit on the points of a's surface that are measured."""
SPREAD_PERCENTILES: Final = (1.0, 99.0)
"""A uniform margin varies by at most a voxel between these."""
SAME_SHARE: Final = 0.98
"""Shapes that share this much of each other are equal."""
DIRECTIONS: Final[Mapping[str, tuple[int, int]]] = {
    "left": (0, 1),
    "right": (0, -1),
    "posterior": (1, 1),
    "anterior": (1, -1),
    "superior": (2, 1),
    "inferior": (2, -1),
}
"""Patient axis (LPS) and sense of each direction."""
WHERE: Final[Mapping[str, str]] = {
    "left": "to the patient's left",
    "right": "to the patient's right",
    "anterior": "to the patient's front",
    "posterior": "to the patient's back",
    "superior": "to the patient's head",
    "inferior": "to the patient's feet",
}
TOO_THIN: Final = "the target is thinner than the pixels it is compared on"
RANK: Final = {TargetClass.GTV: 0, TargetClass.CTV: 1, TargetClass.ITV: 1, TargetClass.PTV: 2}
"""An expansion never has a lower class than the target it expands."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RelationContext:
    """An ordered pair of ROIs; whatever metrics share is computed at most once."""

    a: RoiContext
    """A target."""
    b: RoiContext

    @cached_property
    def containment(self) -> float:
        """Share of a's volume inside b."""
        share = inside_share(self.a.surface, [self.b.surface])
        if np.isnan(share):
            raise NotMeasurableError(TOO_THIN)
        return share

    @cached_property
    def _step(self) -> int:
        """Every n-th point of a's surface is measured."""
        return -(-len(self.a.surface.points_mm) // SURFACE_POINTS)

    @cached_property
    def margins_mm(self) -> Floats:
        """(n,) margin at points of a's surface.

        Raises
        ------
        NotApplicableError
            If b is the external contour.
        NotMeasurableError
            If a is too thin to have a surface.
        """
        if self.b.roi.target_class is TargetClass.EXTERNAL:
            raise NotApplicableError
        if not np.any(self.areas_mm2):
            raise NotMeasurableError(TOO_THIN)
        return self.b.surface.depths_mm(self.a.surface.points_mm[:: self._step])

    @property
    def areas_mm2(self) -> Floats:
        """(n,) surface area represented by each of those points."""
        return self.a.surface.areas_mm2[:: self._step]


def with_volume(contexts: Iterable[RoiContext]) -> list[RoiContext]:
    """ROIs that enclose a known volume; targets must also contain the center of a fine pixel."""
    solid = [context for context in contexts if encloses_volume(context)]
    return [c for c in solid if not c.roi.target_class.is_target or c.surface.inside.runs.count]


def relations_of(solid: Sequence[RoiContext]) -> list[RelationContext]:
    """Pair every target with every other named ROI within reach; all of them enclose a volume."""
    return [
        RelationContext(a=a, b=b)
        for a in solid
        for b in solid
        if a is not b
        and a.roi.target_class.is_target
        and b.roi.name.strip()
        and box_gap_mm(a.surface, b.surface) <= REACH_MM
    ]


def encloses_volume(context: RoiContext) -> bool:
    """Whether the volume of an ROI is known and positive."""
    try:
        return volume_cm3(context) > 0
    except NotMeasurableError:
        return False


def overlap_cm3(pair: RelationContext) -> float:
    """Volume of the target that lies inside the other ROI, by their slabs."""
    return pair.containment * volume_cm3(pair.a)


def dice(pair: RelationContext) -> float:
    """Twice the shared volume over the sum of both volumes.

    1 for equal shapes.
    """
    return 2 * overlap_cm3(pair) / (volume_cm3(pair.a) + volume_cm3(pair.b))


def containment(pair: RelationContext) -> float:
    """Share of the target's volume that lies inside the other ROI."""
    return pair.containment


def margin_mean_mm(pair: RelationContext) -> float:
    """Signed distance from the target's surface to the other's, positive outwards, averaged by area."""
    return float(np.average(pair.margins_mm, weights=pair.areas_mm2))


def margin_min_mm(pair: RelationContext) -> float:
    """Least signed distance from the target's surface to the other's; negative beyond it."""
    return float(pair.margins_mm.min())


def margin_max_mm(pair: RelationContext) -> float:
    """Greatest signed distance from the target's surface to the other's."""
    return float(pair.margins_mm.max())


def margin_to_mm(pair: RelationContext, direction: str) -> float:
    """How much farther b reaches in a direction than a, mm.

    Raises
    ------
    NotApplicableError
        If b is the external contour.
    """
    if pair.b.roi.target_class is TargetClass.EXTERNAL:
        raise NotApplicableError
    axis, sense = DIRECTIONS[direction]
    a, b = (context.surface.box_mm[int(sense > 0), axis] for context in (pair.a, pair.b))
    return float(sense * (b - a))


def distance_min_mm(pair: RelationContext) -> float:
    """Least distance between the two solids; 0 where they touch or overlap."""
    gap = float(-pair.margins_mm.max())
    if gap <= 0 or pair.containment > 0:
        return 0.0
    a, b = pair.a.surface, pair.b.surface
    return a.least_distance_mm(b.points_mm, b.least_distance_mm(a.points_mm, gap))


def surface_within_5mm(pair: RelationContext) -> float:
    """Share of the target's surface that lies inside the other ROI or within 5 mm of it."""
    near = pair.margins_mm >= -NEAR_MM
    return float(np.average(near, weights=pair.areas_mm2))


RELATIONS: tuple[MetricDefinition[RelationContext], ...] = (
    documented("relation.overlap", "Shared volume", Unit.CM3, overlap_cm3),
    documented("relation.dice", "Dice coefficient", Unit.NONE, dice),
    documented("relation.containment", "Share inside", Unit.NONE, containment),
    documented("relation.margin_mean", "Mean margin", Unit.MM, margin_mean_mm),
    documented("relation.margin_min", "Least margin", Unit.MM, margin_min_mm),
    documented("relation.margin_max", "Greatest margin", Unit.MM, margin_max_mm),
    *(
        MetricDefinition(
            key=f"relation.margin_{direction}",
            title=f"Margin, {direction}",
            unit=Unit.MM,
            description=f"How much further the other ROI reaches {where} than the target.",
            compute=partial(margin_to_mm, direction=direction),
            formula=f"Farthest coordinate of the other ROI's surface {where}, less that of the target.",
        )
        for direction, where in WHERE.items()
    ),
    documented("relation.distance_min", "Least distance", Unit.MM, distance_min_mm),
    documented("relation.surface_within_5mm", "Surface within 5 mm", Unit.NONE, surface_within_5mm),
)


def expansions(pairs: Iterable[RelationContext]) -> Mapping[int, int]:
    """The ROI that each uniformly expanded target is an expansion of, by number; the nearest of several.

    A target may also be one margin around all targets of a class together; the largest of them is then named. All
    points of an expansion are equally far from the original, whatever its shape, so distances are judged on the surface
    of the expansion: they vary by at most a voxel, and exceed half of one. A GTV follows the images and is never an
    expansion; otherwise, of two similar GTVs, only the smaller would be scored.
    """
    nearest: dict[int, tuple[float, int]] = {}
    for sources in _possible_sources(pairs):
        margin = _uniform_margin_mm(sources)
        if margin is not None:
            number = sources[0].a.roi.number
            found = (margin, _largest([pair.b for pair in sources]))
            nearest[number] = min(nearest.get(number, found), found)
    return {number: source for number, (_, source) in nearest.items()}


def _possible_sources(pairs: Iterable[RelationContext]) -> Iterator[list[RelationContext]]:
    """Relations of a target to each target it may be an expansion of, and to all of a class."""
    by_class: dict[tuple[int, TargetClass], list[RelationContext]] = {}
    for pair in pairs:
        a, b = pair.a.roi.target_class, pair.b.roi.target_class
        if a is TargetClass.GTV or not b.is_target or RANK[b] > RANK[a] or volume_cm3(pair.b) >= volume_cm3(pair.a):
            continue
        by_class.setdefault((pair.a.roi.number, b), []).append(pair)
        yield [pair]
    yield from (sources for sources in by_class.values() if len(sources) > 1)


def _uniform_margin_mm(sources: Sequence[RelationContext]) -> float | None:
    """Margin by which a target expands all of these together, mm; None if it does not."""
    a, weights = sources[0].a, sources[0].areas_mm2
    margins = np.max([pair.margins_mm for pair in sources], axis=0)
    voxel_mm = max(a.grid.pixel_mm, float(np.median(a.stack.slab_mm)))
    mean = -float(np.average(margins, weights=weights))
    low, high = _weighted_percentiles(margins, weights)
    return mean if mean > voxel_mm / 2 and high - low <= voxel_mm else None


def _largest(parts: Iterable[RoiContext]) -> int:
    """Number of the largest ROI; the lowest number of equal ones."""
    return min(parts, key=lambda part: (-volume_cm3(part), part.roi.number)).roi.number


def _weighted_percentiles(values: Floats, weights: Floats) -> tuple[float, float]:
    """Area-weighted percentiles of margins."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    first, last = np.searchsorted(share, np.array(SPREAD_PERCENTILES) / 100)
    return float(values[order[first]]), float(values[order[min(last, len(order) - 1)]])


def unions(pairs: Sequence[RelationContext]) -> Mapping[int, int]:
    """For each gross target that is the union of two or more others: the number of its largest part."""
    found = {}
    by_whole: dict[int, list[RoiContext]] = {}
    whole_of = {pair.b.roi.number: pair.b for pair in pairs}
    for pair in pairs:
        gross = pair.a.roi.target_class.is_gross and pair.b.roi.target_class.is_gross
        if gross and volume_cm3(pair.a) < SAME_SHARE * volume_cm3(pair.b) and pair.containment >= SAME_SHARE:
            by_whole.setdefault(pair.b.roi.number, []).append(pair.a)
    for number, parts in by_whole.items():
        surfaces = [part.surface for part in parts]
        if len(parts) > 1 and inside_share(whole_of[number].surface, surfaces) >= SAME_SHARE:
            found[number] = _largest(parts)
    return found
