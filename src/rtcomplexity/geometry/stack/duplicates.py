"""Exact and near copies among the contours of one plane.

Real exports repeat contours. Even-odd counting of two copies gives no area, and a plain sum counts it twice; the
correct area is that of one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.ragged import offsets_of, ranges, select_ragged
from rtcomplexity.geometry.stack.even_odd import bounding_boxes, even_odd, perimeters
from rtcomplexity.geometry.stack.topology import labels

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Flags, Floats, Integers

PAIR_CHUNK = 4096
"""Largest number of pairs compared at once."""
FEWEST_AT_ONCE = 64
"""Pairs are compared in groups about as large as the number of contours: most later pairs are then already linked."""
CROSSED_AREA_FRACTION = 0.15
"""Contours that cross are copies up to this share: a hand tremor of 0.3 mm makes 5% on a 2 cm contour."""
CROSSED_SHARE = 0.15
"""Two contours cross if each lies outside the other by at least this share of their symmetric difference."""
MOST_PAIRS = 1_000_000
"""Above this number of pairs, only contours whose boxes overlap along x are paired."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distinct:
    """Contours kept when copies are collapsed."""

    kept: Integers
    """Indices of the contours kept, increasing."""
    exact_copies: int
    """Contours left out that repeat a kept one vertex by vertex, in any order and direction."""
    near_copies: int
    """Contours left out that nearly repeat a kept one."""
    cancelling_copies: int
    """Contours of type CLOSEDPLANAR_XOR that repeat another one; both are kept, so they cancel."""


def distinct_contours(
    points_mm: Floats,
    offsets: Integers,
    plane_of_contour: Integers,
    *,
    areas_mm2: Floats,
    is_xor: Flags,
    area_fraction: float,
    width_mm: float,
) -> Distinct:
    """Collapse copies within each plane; contours of type CLOSEDPLANAR_XOR are kept, since they are meant to cancel.

    Two contours are copies if their symmetric difference is below `area_fraction` of their union and, divided by their
    mean perimeter, below `width_mm`. Both are needed: a 1 mm rind around a body differs by little area but is 1 mm
    wide. Two contours that cross, each about as far outside the other, count as one contour traced twice by an unsteady
    hand up to a symmetric difference of :data:`CROSSED_AREA_FRACTION` of the union. Copies of copies form one cluster;
    its largest contour is kept, with ties decided by canonical vertices.

    Parameters
    ----------
    points_mm : (n, 2) vertices
    offsets : (m + 1,) first vertex of each contour
    plane_of_contour : (m,) not decreasing
    areas_mm2 : (m,) what each contour encloses by itself
    is_xor : (m,) whether its type is CLOSEDPLANAR_XOR
    """
    every = np.arange(len(plane_of_contour))
    if len(every) == len(np.unique(plane_of_contour)):
        return Distinct(kept=every, exact_copies=0, near_copies=0, cancelling_copies=0)
    once = _first_of_exact_copies(points_mm, offsets, plane_of_contour)
    repeated = np.setdiff1d(every, once)
    once = np.union1d(once, repeated[is_xor[repeated]])
    plain = once[~is_xor[once]]
    some_points, some_offsets = select_ragged(points_mm, offsets, plain)
    areas = areas_mm2[plain]
    pairs = _near_pairs(some_points, some_offsets, areas, plane_of_contour[plain], area_fraction, width_mm)
    kept = plain[_largest_of_clusters(some_points, some_offsets, areas, pairs)]
    return Distinct(
        kept=np.union1d(kept, once[is_xor[once]]),
        exact_copies=len(every) - len(once),
        near_copies=len(plain) - len(kept),
        cancelling_copies=int(is_xor[repeated].sum()),
    )


def canonical_vertices(points_mm: Floats) -> bytes:
    """Bytes of a polygon's vertices (n, 2), independent of its first vertex and direction."""
    first = np.lexsort((points_mm[:, 1], points_mm[:, 0]))[0]
    forward = np.roll(points_mm, -first, axis=0)
    backward = np.roll(forward[::-1], 1, axis=0)
    return min((forward + 0.0).tobytes(), (backward + 0.0).tobytes())


def _first_of_exact_copies(points_mm: Floats, offsets: Integers, plane_of_contour: Integers) -> Integers:
    """Contours that remain when all but the first of each set of exact copies are dropped."""
    counts = np.diff(offsets)
    sums = np.add.reduceat(points_mm, offsets[:-1], axis=0)
    suspects: defaultdict[tuple[int, int, float, float], list[int]] = defaultdict(list)
    for contour, key in enumerate(zip(plane_of_contour.tolist(), counts.tolist(), *np.round(sums, 3).T, strict=True)):
        suspects[key].append(contour)
    dropped = set()
    for group in suspects.values():
        seen = set()
        for contour in group if len(group) > 1 else ():
            vertices = canonical_vertices(points_mm[offsets[contour] : offsets[contour + 1]])
            if vertices in seen:
                dropped.add(contour)
            seen.add(vertices)
    return np.array([c for c in range(len(counts)) if c not in dropped], np.int64)


def _near_pairs(
    points_mm: Floats,
    offsets: Integers,
    areas: Floats,
    plane_of_contour: Integers,
    area_fraction: float,
    width_mm: float,
) -> Integers:
    """(x, 2) pairs of near copies, sufficient to link every cluster."""
    lengths = perimeters(points_mm, offsets)
    left = _similar_pairs(areas, bounding_boxes(points_mm, offsets), plane_of_contour, area_fraction)
    # Neighbors in the file come first: 99 pairs link a hundred copies of one contour, and none of the other 4851
    # pairs can change the clusters.
    left = left[np.argsort(left[:, 1] - left[:, 0], kind="stable")]
    label, near = np.arange(len(areas)), [left[:0]]
    chunk = min(max(len(areas), FEWEST_AT_ONCE), PAIR_CHUNK)
    while len(left):
        pairs, left = left[:chunk], left[chunk:]
        difference, union = pair_areas(points_mm, offsets, areas, pairs)
        width = difference / lengths[pairs].mean(axis=1)
        outside = (difference - np.abs(np.diff(areas[pairs], axis=1)[:, 0])) / 2
        crossed = (outside >= CROSSED_SHARE * difference) & (difference < CROSSED_AREA_FRACTION * union)
        near.append(pairs[crossed | ((difference < area_fraction * union) & (width < width_mm))])
        label = labels(len(areas), np.concatenate(near))
        left = left[label[left[:, 0]] != label[left[:, 1]]]
    return np.concatenate(near)


def _similar_pairs(
    areas: Floats,
    boxes: Floats,
    plane_of_contour: Integers,
    area_fraction: float,
) -> Integers:
    """(x, 2) pairs on one plane whose areas and boxes allow them to be near copies."""
    pairs = _pairs_that_may_touch(plane_of_contour, boxes)
    first, second = pairs.T
    smaller, larger = np.minimum(areas[first], areas[second]), np.maximum(areas[first], areas[second])
    overlap = np.minimum(boxes[first, 1], boxes[second, 1]) - np.maximum(boxes[first, 0], boxes[second, 0])
    most = max(area_fraction, CROSSED_AREA_FRACTION)
    similar = (larger > 0) & (larger - smaller <= most * larger) & np.all(overlap > 0, axis=1)
    return np.asarray(pairs[similar])


def _pairs_that_may_touch(plane_of_contour: Integers, boxes: Floats) -> Integers:
    """(x, 2) pairs on one plane; if there would be millions, only those whose boxes overlap along x."""
    sizes = np.unique(plane_of_contour, return_counts=True)[1]
    if int((sizes * (sizes - 1) // 2).sum()) <= MOST_PAIRS:
        return pairs_within(plane_of_contour)
    starts = offsets_of(sizes)[:-1]
    return np.concatenate(
        [start + _swept(boxes[start : start + size]) for start, size in zip(starts, sizes, strict=True)]
    )


def _swept(boxes: Floats) -> Integers:
    """(x, 2) pairs of boxes that overlap along x, the lower index first."""
    order = np.argsort(boxes[:, 0, 0], kind="stable")
    stops = np.searchsorted(boxes[order, 0, 0], boxes[order, 1, 0], side="left")
    counts = np.maximum(stops - np.arange(len(boxes)) - 1, 0)
    return np.sort(order[_pairs_with_next(counts)], axis=1)


def pairs_within(group: Integers) -> Integers:
    """(x, 2) all pairs of items of one group; `group` is (m,) and nondecreasing."""
    stops = np.searchsorted(group, group, side="right")
    counts = stops - np.arange(len(group)) - 1
    return _pairs_with_next(counts)


def _pairs_with_next(counts: Integers) -> Integers:
    """(x, 2) pairs of each item with so many of the items after it."""
    every = np.arange(len(counts))
    return np.stack([np.repeat(every, counts), ranges(every + 1, counts)], axis=1)


def pair_areas(
    points_mm: Floats,
    offsets: Integers,
    areas_mm2: Floats,
    pairs: Integers,
) -> tuple[Floats, Floats]:
    """(x,) areas of the symmetric difference and the union of pairs of contours, mm2.

    `areas_mm2` is (m,) the area that each contour encloses on its own.
    """
    pair_points, pair_offsets = select_ragged(points_mm, offsets, pairs.ravel())
    difference = even_odd(pair_points, pair_offsets, 2 * np.arange(len(pairs) + 1)).areas_mm2
    return difference, (areas_mm2[pairs].sum(axis=1) + difference) / 2


def _largest_of_clusters(points_mm: Floats, offsets: Integers, areas: Floats, pairs: Integers) -> Integers:
    """Contours that remain when only the largest of each cluster of linked pairs is kept."""
    label = labels(len(areas), pairs)
    most = np.zeros(len(areas))
    np.maximum.at(most, label, areas)
    largest = np.flatnonzero(areas == most[label])
    largest = largest[np.argsort(label[largest], kind="stable")]
    clusters = np.split(largest, np.flatnonzero(np.diff(label[largest])) + 1) if len(largest) else []

    def vertices(contour: int) -> bytes:
        return canonical_vertices(points_mm[offsets[contour] : offsets[contour + 1]])

    kept = [min(cluster, key=vertices) if len(cluster) > 1 else cluster[0] for cluster in clusters]
    return np.sort(np.array(kept, np.int64))
