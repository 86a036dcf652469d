"""The plane on which readers differ most, with each reader's contours, as SVG with alternative text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.plane_pictures import MARGIN_MM, outline_path, picture_of
from rtcomplexity.geometry.stack.runs import plane_of_slices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.compare.observers import ObservedRoi
    from rtcomplexity.compare.plane_pictures import PlanePicture

COLORS: Final = ("#1f6fb2", "#b2471f", "#2c7a4b", "#7b3fa0", "#8a6d00", "#0b7285", "#a61e4d", "#495057")
"""One per reader, then repeated."""
CROSS_MM: Final = 3.0


def worst_plane(roi: ObservedRoi, labels: Sequence[str]) -> PlanePicture | None:
    """Draw the plane through the point where readers differ most; None if there is none.

    Parameters
    ----------
    roi
        What was observed.
    labels
        Of all readers, in their order.
    """
    if roi.worst_place_mm is None:
        return None
    first = roi.stacks[0]
    position = float(roi.worst_place_mm @ first.normal)
    cross = np.array([roi.worst_place_mm @ first.u_axis, roi.worst_place_mm @ first.v_axis])
    drawn = []
    for place, stack in zip(roi.readers, roi.stacks, strict=True):
        plane = int(plane_of_slices(stack, np.array([position]))[0])
        drawn.append((labels[place], COLORS[place % len(COLORS)], stack.plane_polygons(plane) if plane >= 0 else []))
    every = [polygon for _, _, polygons in drawn for polygon in polygons]
    low = np.min([*(each.min(axis=0) for each in every), cross], axis=0) - MARGIN_MM
    size = np.max([*(each.max(axis=0) for each in every), cross], axis=0) + MARGIN_MM - low
    absent = [label for label, _, polygons in drawn if not polygons]
    text = f"Plane at {position:.1f} mm, where readers differ most (cross)"
    text += f"; without a contour here: {', '.join(absent)}." if absent else "."
    lines = "".join(
        f'<path d="{outline_path(polygons)}" fill="none" stroke="{color}" stroke-width="1.5" '
        f'vector-effect="non-scaling-stroke"><title>{label}</title></path>'
        for label, color, polygons in drawn
        if polygons
    )
    u, v = cross.tolist()
    mark = f"M{u - CROSS_MM:.2f},{v:.2f}h{2 * CROSS_MM}M{u:.2f},{v - CROSS_MM:.2f}v{2 * CROSS_MM}"
    cross_line = f'<path d="{mark}" stroke="#000" stroke-width="1" vector-effect="non-scaling-stroke"/>'
    return picture_of(f"{lines}{cross_line}", low, size, text)
