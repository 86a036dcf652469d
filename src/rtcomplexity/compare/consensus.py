"""The region held by more than half of several delineations, as a stack of planes.

On each plane, the consensus is where the median of the readers' signed distances is positive: for an odd number of
readers, its border separates points that the majority includes from points that the majority excludes. It states what
readers have in common, not what is correct, and is never written as a contour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.orientation import merged_positions
from rtcomplexity.geometry.stack.runs import plane_of_slices
from rtcomplexity.geometry.stack.slabs import slabs
from rtcomplexity.geometry.stack.union import traced, with_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats

    Polygons = list[Floats]

PIXELS_ACROSS: Final = 250
FINEST_MM: Final = 0.2
REACH_PIXELS: Final = 1e3
SAME_PLANE_MM: Final = 0.01
GAP_FACTOR: Final = 1.5


def consensus(stacks: Sequence[PlaneStack]) -> PlaneStack | None:
    """Region held by more than half of the stacks; None if there is none.

    Parameters
    ----------
    stacks
        At least two, in the same axes.
    """
    positions = merged_positions(np.concatenate([stack.positions_mm for stack in stacks]), SAME_PLANE_MM)
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
    slab = slabs(positions[filled], positions, gap_factor=GAP_FACTOR)
    return with_planes(stacks[0], positions[filled], slab, [outlines[p] for p in filled])


def _outline(regions: Sequence[Polygons], pixel_mm: float) -> Polygons:
    """Border of the region held by more than half of the regions on one plane."""
    if 2 * sum(bool(region) for region in regions) <= len(regions):
        return []
    return traced(regions, pixel_mm, REACH_PIXELS, lambda fields: np.sort(fields, axis=0)[::-1][len(regions) // 2])
