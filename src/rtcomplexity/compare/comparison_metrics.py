"""The catalogue of comparison metrics: how much two delineations differ, and what editing one into the other involves.

"First" is the earlier delineation (an automatic contour, another reader, the earlier plan), "second" the one compared
with it. If one side encloses no volume, overlap is 0 and all of the other is added or removed, while distances and path
lengths do not exist; if neither does, nothing is measured. If both hold the same numbers, nothing was edited: overlap
is 1 and every distance 0, in every direction, without computing a surface.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.metrics.definition import MetricDefinition, documented_rule
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.relation import DIRECTIONS
from rtcomplexity.units import MM3_PER_CM3, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.compare.delineation import ComparedPair
    from rtcomplexity.compare.surfaces import Directed
    from rtcomplexity.model.arrays import Floats

DICE: Final = "dice_1945"
SURFACE_DICE: Final = "nikolov_2021"
PATH_LENGTH: Final = "vaassen_2020"
TG132: Final = "brock_tg132_2017"
HAUSDORFF: Final = "taha_2015"
JACCARD: Final = "jaccard_1912"
FORMULAS: Final = {
    "volume_difference": "|B| - |A|, with A the first, B the second and |.| a volume.",
    "volume_ratio": "|B| / |A|, with A the first, B the second and |.| a volume.",
    "shared_volume": (
        "|A and B| = (|A| + |B| - |A xor B|) / 2, where |A xor B| sums, over layers in which both cross-sections are "
        "constant, the even-odd area of the contours of both together times the layer's thickness."
    ),
    "added_volume": "|B| - |A and B|.",
    "removed_volume": "|A| - |A and B|.",
    "edited_volume": "|A| + |B| - 2 |A and B|.",
    "dice": "2 |A and B| / (|A| + |B|).",
    "jaccard": "|A and B| / (|A| + |B| - |A and B|).",
    "surface_dice": (
        "(area of A's surface with d <= t, plus area of B's surface with d <= t) / (area of both), with d the distance "
        "to the other surface and t the tolerance."
    ),
    "share_outside_tolerance": "Area of B's surface with d > t, over the area of B's surface.",
    "hausdorff": "max(h(A, B), h(B, A)), with h the greatest distance from one surface to the other.",
    "hausdorff_95": "max(p95(A, B), p95(B, A)), with p95 the distance that 95% of a surface's area keeps to.",
    "median_surface_distance": "max(p50(A, B), p50(B, A)), with p50 the distance that half of its area keeps to.",
    "average_symmetric_surface_distance": "(integral of d over A's surface, plus over B's) / (area of both surfaces).",
    "bias": "Integral of the signed distance over A's surface, over its area; positive outward.",
    "added_path_length": (
        "Sum over B's planes of the length of contour further than t from A's contours on that plane; all of it where "
        "A has none."
    ),
    "added_path_length_share": "Added path length over the length of all of B's contours.",
    "added_path_length_per_plane": "Added path length over the number of planes edited.",
    "removed_path_length": "Added path length with A and B exchanged.",
    "planes_edited": (
        "Planes of B on which a contour of either lies further than t from the other's, and those on which A has none."
    ),
    "center_shift": "|c(B) - c(A)|, with c the center of volume.",
    **{
        f"bias_{direction}": f"Mean signed distance over the part of A's surface whose normal faces {direction} most."
        for direction in DIRECTIONS
    },
    **{
        f"center_shift_{direction}": f"Component of c(B) - c(A) to {direction}, with c the center of volume."
        for direction, (_, sense) in DIRECTIONS.items()
        if sense > 0
    },
}
"""Exact rules: A is the first, B the second, d a distance, t the tolerance."""


def volume_first_cm3(pair: ComparedPair) -> float:
    """Slab volume of the first, cm3."""
    return pair.volumes.first_mm3 / MM3_PER_CM3


def volume_second_cm3(pair: ComparedPair) -> float:
    """Slab volume of the second, cm3."""
    return pair.volumes.second_mm3 / MM3_PER_CM3


def volume_difference_cm3(pair: ComparedPair) -> float:
    """Volume of the second less the first."""
    return volume_second_cm3(pair) - volume_first_cm3(pair)


def volume_ratio(pair: ComparedPair) -> float:
    """Volume of the second over the first.

    Raises
    ------
    NotMeasurableError
        If the first encloses no volume.
    """
    if not pair.volumes.first_mm3:
        raise NotMeasurableError("the first encloses no volume")
    return pair.volumes.second_mm3 / pair.volumes.first_mm3


def shared_cm3(pair: ComparedPair) -> float:
    """Volume that both hold, by exact area times slab."""
    return pair.volumes.shared_mm3 / MM3_PER_CM3


def added_cm3(pair: ComparedPair) -> float:
    """Volume that only the second holds."""
    return pair.volumes.added_mm3 / MM3_PER_CM3


def removed_cm3(pair: ComparedPair) -> float:
    """Volume that only the first holds."""
    return pair.volumes.removed_mm3 / MM3_PER_CM3


def edited_cm3(pair: ComparedPair) -> float:
    """Volume added plus volume removed."""
    return added_cm3(pair) + removed_cm3(pair)


def dice(pair: ComparedPair) -> float:
    """Twice the shared volume over the sum of both; exact areas."""
    volumes = pair.volumes
    return 2 * volumes.shared_mm3 / (volumes.first_mm3 + volumes.second_mm3)


def jaccard(pair: ComparedPair) -> float:
    """Shared volume over the volume of the union."""
    volumes = pair.volumes
    return volumes.shared_mm3 / (volumes.first_mm3 + volumes.second_mm3 - volumes.shared_mm3)


def surface_dice(pair: ComparedPair) -> float:
    """Share of both surfaces, by area, within the tolerance of the other (normalized surface Dice)."""
    distances = pair.distances
    return sum(each.area_within_mm2(pair.tolerance_mm) for each in distances.both) / distances.area_mm2


def share_outside_tolerance(pair: ComparedPair) -> float:
    """Share of the second's surface further than the tolerance from the first's."""
    second = pair.distances.from_second
    return 1 - second.area_within_mm2(pair.tolerance_mm) / float(second.areas_mm2.sum())


def hausdorff_mm(pair: ComparedPair, percent: float = 100.0) -> float:
    """The greater of both directed maxima of surface distance."""
    return max(each.percentile_mm(percent) for each in pair.distances.both)


def average_symmetric_surface_distance_mm(pair: ComparedPair) -> float:
    """Mean distance over both surfaces together, weighted by area (mean distance to agreement of TG-132)."""
    distances = pair.distances
    return sum(each.mean_mm * float(each.areas_mm2.sum()) for each in distances.both) / distances.area_mm2


def directed_mm(pair: ComparedPair, value: Callable[[Directed], float], *, of_first: bool) -> float:
    """A value of the distances from one surface to the other, mm."""
    return value(pair.distances.from_first if of_first else pair.distances.from_second)


def bias_mm(pair: ComparedPair) -> float:
    """Mean signed distance over the first's surface, mm; positive where the second lies outside."""
    first = pair.distances.from_first
    return float(np.average(first.distances_mm, weights=first.areas_mm2))


def bias_towards_mm(pair: ComparedPair, direction: str) -> float:
    """Mean signed distance over the part of the first's surface that faces a direction, mm.

    Raises
    ------
    NotMeasurableError
        If no surface faces it.
    """
    found = pair.distances.from_first.bias_mm(direction)
    if not np.isfinite(found):
        raise NotMeasurableError(f"no part of the surface faces {direction}")
    return found


def added_path_length_mm(pair: ComparedPair) -> float:
    """Length of the second's contours further than the tolerance from the first's, in plane."""
    return float(pair.from_second.away_mm.sum())


def removed_path_length_mm(pair: ComparedPair) -> float:
    """Length of the first's contours further than the tolerance from the second's, in plane."""
    return float(pair.from_first.away_mm.sum())


def added_path_length_share(pair: ComparedPair) -> float:
    """Added path length over the length of all of the second's contours."""
    return added_path_length_mm(pair) / float(pair.stacks[1].plane_border_lengths_mm.sum())


def added_path_length_per_plane_mm(pair: ComparedPair) -> float:
    """Added path length over the number of edited planes."""
    planes = int(pair.planes_edited.sum())
    return added_path_length_mm(pair) / planes if planes else 0.0


def plane_count(pair: ComparedPair) -> float:
    """Planes of the second that carry contours."""
    return float(pair.stacks[1].plane_count)


def planes_edited(pair: ComparedPair) -> float:
    """Planes of the second whose contours differ from the first's by more than the tolerance, or are new."""
    return float(pair.planes_edited.sum())


def planes_new(pair: ComparedPair) -> float:
    """Planes of the second without a contour in the first."""
    return float(pair.from_second.is_alone.sum())


def planes_gone(pair: ComparedPair) -> float:
    """Planes of the first without a contour in the second."""
    return float(pair.from_first.is_alone.sum())


def contours_new(pair: ComparedPair) -> float:
    """Contours on the planes added."""
    way = pair.from_second
    return float(np.diff(way.contours.stack.plane_offsets)[way.is_alone].sum())


def center_shift_mm(pair: ComparedPair) -> float:
    """Distance between the centers of volume."""
    return float(np.linalg.norm(_shift_mm(pair)))


def center_shift_along_mm(pair: ComparedPair, axis: int) -> float:
    """Shift of the center of volume along a patient axis (LPS), mm."""
    return float(_shift_mm(pair)[axis])


def _shift_mm(pair: ComparedPair) -> Floats:
    first, second = pair.centers_mm
    return second - first


def _directed_definitions() -> tuple[MetricDefinition[ComparedPair], ...]:
    kinds: tuple[tuple[str, str, str, Callable[[Directed], float]], ...] = (
        ("hausdorff", "Hausdorff distance", "Greatest of", lambda each: each.percentile_mm(100)),
        ("hausdorff_95", "95th percentile of surface distance", "P95 of", lambda each: each.percentile_mm(95)),
        ("median_distance", "Median surface distance", "Median of", lambda each: each.percentile_mm(50)),
        ("mean_distance", "Mean surface distance", "Mean of", lambda each: each.mean_mm),
    )
    ways = (("first", "second", True), ("second", "first", False))
    return tuple(
        MetricDefinition(
            key=f"compare.{key}_{start}_to_{end}",
            title=f"{title}, {start} to {end}",
            unit=Unit.MM,
            description=f"{title} from the surface of the {start} to that of the {end}, weighted by area.",
            formula=f"{rule} the distances from the {start}'s surface to the {end}'s, each weighted by area.",
            compute=partial(directed_mm, value=value, of_first=of_first),
            reference=HAUSDORFF,
        )
        for key, title, rule, value in kinds
        for start, end, of_first in ways
    )


def _metric(
    key: str,
    title: str,
    unit: Unit,
    compute: Callable[[ComparedPair], float],
    reference: str = "",
    *,
    description: str = "",
) -> MetricDefinition[ComparedPair]:
    """Declare a metric; its description is the first paragraph of its function's docstring, if not given."""
    return MetricDefinition(
        key=f"compare.{key}",
        title=title,
        unit=unit,
        description=description or documented_rule(compute),
        compute=compute,
        formula=FORMULAS.get(key, ""),
        reference=reference,
    )


COMPARISONS: Final[tuple[MetricDefinition[ComparedPair], ...]] = (
    _metric(
        "volume_first", "Volume, first", Unit.CM3, volume_first_cm3, description="Exact plane area times slab, summed."
    ),
    _metric(
        "volume_second",
        "Volume, second",
        Unit.CM3,
        volume_second_cm3,
        description="Exact plane area times slab, summed.",
    ),
    _metric("volume_difference", "Volume difference", Unit.CM3, volume_difference_cm3),
    _metric("volume_ratio", "Volume ratio", Unit.NONE, volume_ratio),
    _metric("shared_volume", "Shared volume", Unit.CM3, shared_cm3),
    _metric("added_volume", "Added volume", Unit.CM3, added_cm3),
    _metric("removed_volume", "Removed volume", Unit.CM3, removed_cm3),
    _metric("edited_volume", "Edited volume", Unit.CM3, edited_cm3),
    _metric("dice", "Dice coefficient", Unit.NONE, dice, DICE),
    _metric("jaccard", "Jaccard index", Unit.NONE, jaccard, JACCARD),
    _metric("surface_dice", "Surface Dice", Unit.NONE, surface_dice, SURFACE_DICE),
    _metric("share_outside_tolerance", "Surface outside tolerance (fraction)", Unit.NONE, share_outside_tolerance),
    _metric("hausdorff", "Hausdorff distance", Unit.MM, hausdorff_mm, HAUSDORFF),
    _metric(
        "hausdorff_95",
        "95th percentile Hausdorff distance",
        Unit.MM,
        partial(hausdorff_mm, percent=95.0),
        HAUSDORFF,
        description="The greater of both directed 95th percentiles of surface distance, each weighted by area.",
    ),
    _metric(
        "median_surface_distance",
        "Median surface distance",
        Unit.MM,
        partial(hausdorff_mm, percent=50.0),
        description="The greater of both directed medians of surface distance, each weighted by area.",
    ),
    _metric(
        "average_symmetric_surface_distance",
        "Average symmetric surface distance",
        Unit.MM,
        average_symmetric_surface_distance_mm,
        TG132,
    ),
    *_directed_definitions(),
    _metric(
        "bias",
        "Mean signed surface distance",
        Unit.MM,
        bias_mm,
        description="Mean over the first's surface; positive where the second lies outside.",
    ),
    *(
        _metric(
            f"bias_{direction}",
            f"Mean signed surface distance, {direction}",
            Unit.MM,
            partial(bias_towards_mm, direction=direction),
            description=(
                f"Mean over what of the first's surface faces {direction}; positive where the second lies outside."
            ),
        )
        for direction in DIRECTIONS
    ),
    _metric("added_path_length", "Added path length", Unit.MM, added_path_length_mm, PATH_LENGTH),
    _metric("added_path_length_share", "Added path length (fraction)", Unit.NONE, added_path_length_share, PATH_LENGTH),
    _metric(
        "added_path_length_per_plane",
        "Added path length per edited plane",
        Unit.MM,
        added_path_length_per_plane_mm,
        PATH_LENGTH,
    ),
    _metric("removed_path_length", "Removed path length", Unit.MM, removed_path_length_mm),
    _metric("plane_count", "Planes, second", Unit.NONE, plane_count),
    _metric("planes_edited", "Planes edited", Unit.NONE, planes_edited),
    _metric("planes_new", "Planes added", Unit.NONE, planes_new),
    _metric("planes_gone", "Planes removed", Unit.NONE, planes_gone),
    _metric("contours_new", "Contours drawn anew", Unit.NONE, contours_new),
    _metric("center_shift", "Center shift", Unit.MM, center_shift_mm),
    *(
        _metric(
            f"center_shift_{direction}",
            f"Center shift, {direction}",
            Unit.MM,
            partial(center_shift_along_mm, axis=axis),
            description=f"Shift of the center of volume from the first to the second; positive to {direction}.",
        )
        for direction, (axis, sense) in DIRECTIONS.items()
        if sense > 0
    ),
)
