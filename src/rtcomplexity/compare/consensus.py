"""What more than half of several delineations hold, as a stack of planes of its own.

On every plane the consensus is where the middle one of the readers' signed distances is positive: with an odd number
of readers the border runs where half of them would draw inside and half outside. It says what the readers have in
common, not what is right, and it is never written as a contour.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.geometry.orientation import group_positions
from rtcomplexity.geometry.ragged import next_vertex
from rtcomplexity.geometry.stack.runs import plane_of_slices
from rtcomplexity.geometry.stack.section_distance import Sections, section_distances
from rtcomplexity.geometry.stack.slabs import slabs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack

    Floats = NDArray[np.float64]
    Polygons = list[Floats]

PIXELS_ACROSS: Final = 250
FINEST_MM: Final = 0.2
MARGIN_PIXELS: Final = 3
REACH_PIXELS: Final = 1e3
SAME_PLANE_MM: Final = 0.01
GAP_FACTOR: Final = 1.5


def consensus(stacks: Sequence[PlaneStack]) -> PlaneStack | None:
    """Region that more than half of the stacks hold; None where there is none.

    Parameters
    ----------
    stacks
        At least two, in the same axes.
    """
    every = np.concatenate([stack.positions_mm for stack in stacks])
    planes = group_positions(every, SAME_PLANE_MM)
    positions = np.bincount(planes, weights=every) / np.bincount(planes)
    sources = [plane_of_slices(stack, positions) for stack in stacks]
    low = np.min([stack.points_mm.min(axis=0) for stack in stacks], axis=0)
    high = np.max([stack.points_mm.max(axis=0) for stack in stacks], axis=0)
    pixel_mm = max(float((high - low).max()) / PIXELS_ACROSS, FINEST_MM)
    outlines = [
        _outline(
            [stack.plane_polygons(int(at[p])) if at[p] >= 0 else [] for stack, at in zip(stacks, sources, strict=True)],
            pixel_mm,
        )
        for p in range(len(positions))
    ]
    filled = [p for p, outline in enumerate(outlines) if outline]
    if not filled:
        return None
    polygons = [polygon for p in filled for polygon in outlines[p]]
    slab = slabs(positions[filled], positions, gap_factor=GAP_FACTOR)
    return replace(
        stacks[0],
        positions_mm=positions[filled],
        lower_mm=slab.lower_mm,
        upper_mm=slab.upper_mm,
        points_mm=np.concatenate(polygons),
        contour_offsets=np.cumsum([0] + [len(polygon) for polygon in polygons]),
        plane_offsets=np.cumsum([0] + [len(outlines[p]) for p in filled]),
    )


def _outline(regions: Sequence[Polygons], pixel_mm: float) -> Polygons:
    """Border of what more than half of the regions of one plane hold."""
    drawn = [polygon for region in regions for polygon in region]
    if 2 * sum(bool(region) for region in regions) <= len(regions):
        return []
    low, high = (
        np.min([each.min(axis=0) for each in drawn], axis=0),
        np.max([each.max(axis=0) for each in drawn], axis=0),
    )
    origin = low - MARGIN_PIXELS * pixel_mm
    columns, rows = (np.ceil((high - low) / pixel_mm).astype(int) + 2 * MARGIN_PIXELS + 1).tolist()
    fields = np.sort([_distances(region, origin, pixel_mm, (rows, columns)) for region in regions], axis=0)[::-1]
    from skimage.measure import find_contours  # noqa: PLC0415 - slow to import, seldom needed

    trace: Any = find_contours
    lines = trace(fields[len(regions) // 2], 0.0)
    return [line[:-1, ::-1] * pixel_mm + origin for line in lines if len(line) > 3]


def _distances(region: Polygons, origin: Floats, pixel_mm: float, shape: tuple[int, int]) -> Floats:
    """(rows, columns) signed distance in pixels, positive inside; far outside where the region is empty."""
    if not region:
        return np.full(shape, -REACH_PIXELS)
    points = (np.concatenate(region) - origin) / pixel_mm
    offsets = np.cumsum([0] + [len(polygon) for polygon in region])
    sections = Sections(
        points=points, following=next_vertex(offsets), planes=np.zeros(len(points), np.int64), shape=(1, *shape)
    )
    distances = section_distances(sections, REACH_PIXELS)[0]
    return np.asarray(np.clip(distances, -REACH_PIXELS, REACH_PIXELS), np.float64)
