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
from rtcomplexity.geometry.orientation import group_positions
from rtcomplexity.geometry.ragged import next_vertex, offsets_of
from rtcomplexity.geometry.stack.runs import plane_of_slices
from rtcomplexity.geometry.stack.section_distance import Sections, section_distances
from rtcomplexity.geometry.stack.slabs import slabs
from rtcomplexity.geometry.stack.topology import labels

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    every = np.concatenate([stack.positions_mm for stack in stacks])
    planes = group_positions(every, tolerance_mm)
    positions = np.bincount(planes, weights=every) / np.bincount(planes)
    outlines = _outlines(stacks, positions, pixel_mm)
    middles = 0.5 * (positions[1:] + positions[:-1])
    apart = np.all([plane_of_slices(stack, middles) < 0 for stack in stacks], axis=0)
    slab = slabs(positions, slice_positions_mm, gap_factor=gap_factor, apart=apart, usual_mm=usual_mm, lone_mm=lone_mm)
    polygons = [polygon for outline in outlines for polygon in outline]
    return replace(
        stacks[0],
        positions_mm=positions,
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
        outlines += next(iter(parts.values())) if len(parts) == 1 else _joined(list(parts.values()), pixel_mm)
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


def _joined(regions: Sequence[Polygons], pixel_mm: float) -> Polygons:
    """Contours of the union of regions that meet, traced on a lattice."""
    lower = np.min([least(polygon) for region in regions for polygon in region], axis=0)
    upper = np.max([greatest(polygon) for region in regions for polygon in region], axis=0)
    origin = lower - MARGIN_PIXELS * pixel_mm
    columns, rows = (np.ceil((upper - lower) / pixel_mm).astype(int) + 2 * MARGIN_PIXELS + 1).tolist()
    distance = np.full((rows, columns), -REACH_PIXELS)
    for region in regions:
        distance = np.maximum(distance, _distances(region, origin, pixel_mm, (rows, columns)))
    from skimage.measure import find_contours  # noqa: PLC0415 - slow to import, seldom needed

    outlines: Polygons = find_contours(distance, 0.0)  # type: ignore[no-untyped-call]
    return [outline[:-1, ::-1] * pixel_mm + origin for outline in outlines if len(outline) > 3]


def _distances(region: Polygons, origin: Floats, pixel_mm: float, shape: tuple[int, int]) -> Floats:
    """(rows, columns) signed distance to the border of a region in pixels, positive inside, clipped at the reach."""
    points = (np.concatenate(region) - origin) / pixel_mm
    offsets = offsets_of([len(polygon) for polygon in region])
    sections = Sections(
        points=points,
        following=next_vertex(offsets),
        planes=np.zeros(len(points), np.int64),
        shape=(1, *shape),
    )
    distances = section_distances(sections, REACH_PIXELS)[0]
    return np.asarray(np.clip(distances, -REACH_PIXELS, REACH_PIXELS), dtype=np.float64)
