"""The union of overlapping shapes as one stack of planes.

Contours that do not meet another shape enter the union unchanged. Where shapes meet, the contour of the union is the
zero line of the larger of their signed distances on a lattice. It follows the true contour within a small fraction of a
pixel but has its own vertices.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.geometry.orientation import merged_positions
from rtcomplexity.geometry.ragged import next_vertex, offsets_of
from rtcomplexity.geometry.stack.runs import plane_of_slices
from rtcomplexity.geometry.stack.section_distance import Sections, section_distances
from rtcomplexity.geometry.stack.slabs import Slabs, slabs
from rtcomplexity.geometry.stack.topology import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats, Integers

    Polygons = list[Floats]

REACH_PIXELS = 4.0
"""Distances are needed near the contour only."""
MARGIN_PIXELS = 3
BLOCK_ROWS = 500
"""Boxes compared with all others at once."""


def union_stack(
    stacks: Sequence[PlaneStack],
    *,
    slice_positions_mm: Floats,
    gap_factor: float,
    pixel_mm: float,
    tolerance_mm: float,
    usual_mm: float = np.nan,
    lone_mm: float = np.nan,
) -> PlaneStack:
    """Union of stacks with the same axes.

    Parameters
    ----------
    stacks : at least one; where one has no contour on a plane, its plane whose slab contains the position is used
    slice_positions_mm, gap_factor, usual_mm, lone_mm : as for :func:`rtcomplexity.geometry.stack.slabs.slabs`
    pixel_mm : of the lattice on which contours that meet are united
    tolerance_mm : positions that differ by less are one plane
    """
    positions = merged_positions(np.concatenate([stack.positions_mm for stack in stacks]), tolerance_mm)
    outlines = _outlines(stacks, positions, pixel_mm)
    middles = 0.5 * (positions[1:] + positions[:-1])
    apart = np.all([plane_of_slices(stack, middles) < 0 for stack in stacks], axis=0)
    slab = slabs(positions, slice_positions_mm, gap_factor=gap_factor, apart=apart, usual_mm=usual_mm, lone_mm=lone_mm)
    return with_planes(stacks[0], positions, slab, outlines)


def with_planes(stack: PlaneStack, positions_mm: Floats, slab: Slabs, outlines: Sequence[Polygons]) -> PlaneStack:
    """A stack with the axes of another one, from the contours on each plane; at least one contour in all."""
    polygons = [polygon for outline in outlines for polygon in outline]
    return replace(
        stack,
        positions_mm=positions_mm,
        lower_mm=slab.lower_mm,
        upper_mm=slab.upper_mm,
        points_mm=np.concatenate(polygons),
        contour_offsets=offsets_of([len(polygon) for polygon in polygons]),
        plane_offsets=offsets_of([len(outline) for outline in outlines]),
    )


def _outlines(stacks: Sequence[PlaneStack], positions_mm: Floats, pixel_mm: float) -> list[Polygons]:
    """Contours of the union on each plane."""
    sources = [plane_of_slices(stack, positions_mm) for stack in stacks]
    outlines = []
    for p in range(len(positions_mm)):
        drawn = [
            stack.plane_polygons(source[p]) for stack, source in zip(stacks, sources, strict=True) if source[p] >= 0
        ]
        outlines.append(union_of_polygons([polygons for polygons in drawn if polygons], pixel_mm))
    return outlines


def union_of_polygons(regions: Sequence[Polygons], pixel_mm: float) -> Polygons:
    """Contours of the union of even-odd regions of one plane, each a list of (n, 2) polygons, mm."""
    every = [(number, polygon) for number, region in enumerate(regions) for polygon in region]
    label = _clusters([polygon for _, polygon in every])
    outlines: Polygons = []
    for root in np.unique(label).tolist():
        parts: defaultdict[int, Polygons] = defaultdict(list)
        for place in np.flatnonzero(label == root).tolist():
            parts[every[place][0]].append(every[place][1])
        outlines += next(iter(parts.values())) if len(parts) == 1 else _united(list(parts.values()), pixel_mm)
    return outlines


def _clusters(polygons: Polygons) -> Integers:
    """(m,) first polygon of each one's cluster: polygons whose boxes overlap, directly or through others."""
    lower, upper = (np.array([end(polygon, axis=0) for polygon in polygons]) for end in (np.min, np.max))
    pairs = []
    for start in range(0, len(polygons), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        meet = np.all((lower[rows, None] <= upper) & (lower <= upper[rows, None]), axis=2)
        pairs.append(np.argwhere(meet) + np.array([start, 0]))
    return labels(len(polygons), np.concatenate(pairs))


def _united(regions: Sequence[Polygons], pixel_mm: float) -> Polygons:
    """Contours of the union of regions that meet, traced on a lattice."""
    return traced(regions, pixel_mm, REACH_PIXELS, np.maximum.reduce)


def traced(
    regions: Sequence[Polygons], pixel_mm: float, reach_pixels: float, combine: Callable[[list[Floats]], Floats]
) -> Polygons:
    """Zero lines of a combination of the signed distances of even-odd regions of one plane.

    Parameters
    ----------
    regions
        Each a list of (n, 2) polygons, mm; some may be empty, but not all.
    pixel_mm
        Of the lattice.
    reach_pixels
        Distances are clipped at this.
    combine
        Given a distance field of each region, positive inside, the field whose zero lines are wanted.
    """
    from skimage.measure import find_contours  # noqa: PLC0415 - slow to import, seldom needed

    every = [polygon for region in regions for polygon in region]
    lower, upper = np.min([least(each) for each in every], axis=0), np.max([greatest(each) for each in every], axis=0)
    origin = lower - MARGIN_PIXELS * pixel_mm
    columns, rows = (np.ceil((upper - lower) / pixel_mm).astype(int) + 2 * MARGIN_PIXELS + 1).tolist()
    fields = [_distances(region, origin, pixel_mm, (rows, columns), reach_pixels) for region in regions]
    lines: Polygons = find_contours(combine(fields), 0.0)  # type: ignore[no-untyped-call]
    return [line[:-1, ::-1] * pixel_mm + origin for line in lines if len(line) > 3]


def _distances(
    region: Polygons, origin: Floats, pixel_mm: float, shape: tuple[int, int], reach_pixels: float
) -> Floats:
    """(rows, columns) signed distance to the border of a region in pixels, positive inside, clipped at the reach."""
    if not region:
        return np.full(shape, -reach_pixels)
    points = (np.concatenate(region) - origin) / pixel_mm
    offsets = offsets_of([len(polygon) for polygon in region])
    planes = np.zeros(len(points), np.int64)
    sections = Sections(points=points, following=next_vertex(offsets), planes=planes, shape=(1, *shape))
    distances = section_distances(sections, reach_pixels)[0]
    return np.asarray(np.clip(distances, -reach_pixels, reach_pixels), dtype=np.float64)
