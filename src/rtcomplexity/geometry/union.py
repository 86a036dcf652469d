"""The union of shapes drawn one over another, as one stack of planes.

Where shapes lie apart on a plane their contours stand side by side, unchanged. Where they meet, the union's outline is
the zero line of the larger of their signed distances on a lattice, which meets the true outline to a small fraction of
a pixel but has its own vertices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.frames import group_positions, next_vertex
from rtcomplexity.geometry.planar import PlaneStack
from rtcomplexity.geometry.runs import plane_of_slices
from rtcomplexity.geometry.signed_distance import Sections, section_distances
from rtcomplexity.geometry.slabs import slabs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Polygons = list[NDArray[np.float64]]

REACH_PIXELS = 4.0
"""Distances are only needed near the outline."""
MARGIN_PIXELS = 3


def union_stack(
    stacks: Sequence[PlaneStack],
    *,
    slice_positions_mm: NDArray[np.float64],
    gap_factor: float,
    pixel_mm: float,
    tolerance_mm: float,
) -> PlaneStack:
    """Union of stacks that share their axes.

    Parameters
    ----------
    stacks : at least one; a plane on which one of them has no contour takes the plane whose slab holds it
    slice_positions_mm, gap_factor : as for :func:`rtcomplexity.geometry.slabs.slabs`
    pixel_mm : of the lattice on which outlines that meet are joined
    tolerance_mm : positions that differ by less are one plane
    """
    every = np.concatenate([stack.positions_mm for stack in stacks])
    planes = group_positions(every, tolerance_mm)
    positions = np.bincount(planes, weights=every) / np.bincount(planes)
    sources = [plane_of_slices(stack, positions) for stack in stacks]
    outlines = []
    for p in range(len(positions)):
        drawn = [
            stack.plane_polygons(source[p]) for stack, source in zip(stacks, sources, strict=True) if source[p] >= 0
        ]
        outlines.append(union_of_polygons([polygons for polygons in drawn if polygons], pixel_mm))
    middles = 0.5 * (positions[1:] + positions[:-1])
    apart = np.all([plane_of_slices(stack, middles) < 0 for stack in stacks], axis=0)
    slab = slabs(positions, slice_positions_mm, gap_factor=gap_factor, apart=apart)
    polygons = [polygon for outline in outlines for polygon in outline]
    first = stacks[0]
    return PlaneStack(
        u_axis=first.u_axis,
        v_axis=first.v_axis,
        normal=first.normal,
        positions_mm=positions,
        lower_mm=slab.lower_mm,
        upper_mm=slab.upper_mm,
        points_mm=np.concatenate(polygons),
        contour_offsets=np.cumsum([0] + [len(polygon) for polygon in polygons]),
        plane_offsets=np.cumsum([0] + [len(outline) for outline in outlines]),
    )


def union_of_polygons(regions: Sequence[Polygons], pixel_mm: float) -> Polygons:
    """Outline of the union of even-odd regions of one plane, each a list of (n, 2) polygons, mm."""
    if len(regions) < 2 or _boxes_are_apart(regions):
        return [polygon for region in regions for polygon in region]
    lower = np.min([polygon.min(axis=0) for region in regions for polygon in region], axis=0)
    upper = np.max([polygon.max(axis=0) for region in regions for polygon in region], axis=0)
    origin = lower - MARGIN_PIXELS * pixel_mm
    columns, rows = (np.ceil((upper - lower) / pixel_mm).astype(int) + 2 * MARGIN_PIXELS + 1).tolist()
    distance = np.full((rows, columns), -REACH_PIXELS)
    for region in regions:
        distance = np.maximum(distance, _distances(region, origin, pixel_mm, (rows, columns)))
    from skimage.measure import find_contours  # noqa: PLC0415 - slow to import, seldom needed

    outlines: Polygons = find_contours(distance, 0.0)  # type: ignore[no-untyped-call]
    return [outline[:-1, ::-1] * pixel_mm + origin for outline in outlines if len(outline) > 3]


def _boxes_are_apart(regions: Sequence[Polygons]) -> bool:
    boxes = [(np.min([p.min(0) for p in r], axis=0), np.max([p.max(0) for p in r], axis=0)) for r in regions]
    for n, (lower, upper) in enumerate(boxes):
        for other_lower, other_upper in boxes[n + 1 :]:
            if np.all(lower <= other_upper) and np.all(other_lower <= upper):
                return False
    return True


def _distances(
    region: Polygons, origin: NDArray[np.float64], pixel_mm: float, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """(rows, columns) signed distance to a region's outline in pixels, positive inside, cut off at the reach."""
    points = (np.concatenate(region) - origin) / pixel_mm
    offsets = np.cumsum([0] + [len(polygon) for polygon in region])
    sections = Sections(
        points=points,
        following=next_vertex(offsets),
        planes=np.zeros(len(points), np.int64),
        shape=(1, *shape),
    )
    return np.asarray(np.clip(section_distances(sections)[0], -REACH_PIXELS, REACH_PIXELS), dtype=np.float64)
