"""The first surface from three sides, colored by the distance of the second outside or inside it, as SVG.

The visible surface is drawn as dots: the nodes at which distances are measured. The alternative text gives the same in
numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.plane_pictures import MARGIN_MM, picture_of
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.compare.delineation import ComparedPair
    from rtcomplexity.compare.plane_pictures import PlanePicture
    from rtcomplexity.model.arrays import Flags, Floats


COLORS: Final = ("#08519c", "#4292c6", "#9ecae1", "#d9d9d9", "#fdae6b", "#e6550d", "#a63603")
"""From far inside to far outside; the middle color is within a seventh of the scale."""
MOST_DOTS: Final = 3000
VIEWS: Final = (
    ("front", (0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    ("left", (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    ("above", (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
)
"""Name, direction toward the viewer, and the directions drawn right and down: LPS."""


def surface_pictures(pair: ComparedPair) -> tuple[PlanePicture, ...]:
    """The surface from the front, the left and above; none if it cannot be measured, or nothing differs."""
    if pair.is_unedited:
        return ()
    try:
        directed, points = pair.distances.from_first, pair.surfaces.first.points_mm
    except NotMeasurableError:
        return ()
    scale = directed.percentile_mm(99)
    if not scale > 0:
        return ()
    chosen = np.arange(0, len(points), -(-len(points) // MOST_DOTS))
    bins = np.clip(np.floor((directed.distances_mm / scale + 1) / 2 * len(COLORS)), 0, len(COLORS) - 1).astype(int)
    dot = float(np.sqrt(directed.areas_mm2.sum() / len(chosen))) * 1.3
    found = []
    for name, toward, right, down in VIEWS:
        shown = chosen[directed.normals[chosen] @ np.array(toward) > 0]
        places = points[shown] @ np.column_stack([right, down])
        text = _text(name, directed.distances_mm, directed.areas_mm2, directed.normals @ np.array(toward) > 0, pair)
        found.append(_picture(places, bins[shown], dot, f"{text} Full color: {scale:.1f} mm."))
    return tuple(found)


def _text(name: str, distances_mm: Floats, areas_mm2: Floats, faces: Flags, pair: ComparedPair) -> str:
    """Shares of the visible surface at which the second is outside or inside by more than the tolerance."""
    total = areas_mm2[faces].sum()
    outside, inside = (
        100 * areas_mm2[faces & (sign * distances_mm > pair.tolerance_mm)].sum() / total if total else 0.0
        for sign in (1, -1)
    )
    return (
        f"From {'the ' if name in {'front', 'left'} else ''}{name}: the second lies more than {pair.tolerance_mm:g} mm "
        f"outside at {outside:.0f}%, inside at {inside:.0f}% of the surface."
    )


def _picture(places: Floats, bins: NDArray[np.int_], dot_mm: float, text: str) -> PlanePicture:
    """Picture of one view."""
    low, high = (places.min(axis=0), places.max(axis=0)) if len(places) else (np.zeros(2), np.ones(2))
    low, size = low - MARGIN_MM, high - low + 2 * MARGIN_MM
    paths = [
        f'<path d="{_dots(places[bins == place])}" stroke="{color}"/>'
        for place, color in enumerate(COLORS)
        if np.any(bins == place)
    ]
    drawn = f'<g fill="none" stroke-linecap="round" stroke-width="{dot_mm:.2f}">{"".join(paths)}</g>'
    return picture_of(drawn, low, size, text, digits=1)


def _dots(places: Floats) -> str:
    """Points as zero-length strokes of an SVG path."""
    return "".join(f"M{x:.1f},{y:.1f}h0" for x, y in places.tolist())
