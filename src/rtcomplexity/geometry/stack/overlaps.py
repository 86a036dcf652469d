"""Contours of one plane that overlap partly: neither nested nor apart, and what their union would hold.

The even-odd rule leaves out what two such contours share; in most exports a union was meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.ragged import offsets_of, select_ragged
from rtcomplexity.geometry.stack.duplicates import pair_areas, pairs_within
from rtcomplexity.geometry.stack.even_odd import bounding_boxes, even_odd
from rtcomplexity.geometry.stack.topology import labels

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats, Integers


NEGLIGIBLE_SHARE: Final = 1e-6
"""An overlap under this share of the smaller contour is a touch."""
MOST_JOINED: Final = 8
"""Contours that overlap directly or through others and whose union is still found: the work doubles with each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """What partly overlapping contours amount to."""

    pairs: int
    gain_mm3: float
    """By how much the volume grows if they are joined; less than 0 where holes overlap; NaN where it is not known."""


def partial_overlaps(stack: PlaneStack) -> Overlaps:
    """Find contours that overlap partly, and the volume that joining them would add."""
    pairs = _pairs(stack)
    if len(pairs) == 0:
        return Overlaps(pairs=0, gain_mm3=0.0)
    members = np.unique(pairs)
    label = labels(len(members), np.searchsorted(members, pairs))
    clusters = [members[label == root] for root in np.unique(label)]
    gains = [_gain_mm2(stack, each) * stack.slab_mm[stack.plane_of_contour[each[0]]] for each in clusters]
    return Overlaps(pairs=len(pairs), gain_mm3=float(np.sum(gains)))


def _pairs(stack: PlaneStack) -> Integers:
    """(x, 2) pairs of contours that are neither nested nor apart."""
    entangled = stack.even_odd.entangled
    pairs = entangled[pairs_within(stack.plane_of_contour[entangled])]
    boxes = bounding_boxes(stack.points_mm, stack.contour_offsets)
    pairs = pairs[_meet(boxes[pairs[:, 0]], boxes[pairs[:, 1]])]
    if len(pairs) == 0:
        return pairs
    difference, union = pair_areas(stack.points_mm, stack.contour_offsets, stack.contour_areas_mm2, pairs)
    overlap = union - difference
    smaller = stack.contour_areas_mm2[pairs].min(axis=1)
    partial = (overlap > NEGLIGIBLE_SHARE * smaller) & (overlap < (1 - NEGLIGIBLE_SHARE) * smaller)
    return np.asarray(pairs[partial])


def _meet(a: Floats, b: Floats) -> Flags:
    """(x,) whether boxes overlap."""
    return np.asarray(np.all(np.minimum(a[:, 1], b[:, 1]) > np.maximum(a[:, 0], b[:, 0]), axis=1))


def _gain_mm2(stack: PlaneStack, cluster: Integers) -> float:
    """By how much the area of a plane grows if these contours of it are joined; NaN for too many.

    A point in m > 0 of k sets lies in an odd number of the sets of exactly half of all 2**k choices among them. So the
    even-odd areas of all choices, each with the other contours D of the plane, give the area with the union U in place
    of the cluster: ``|D xor U| = sum(|D xor S| for every choice S) / 2**(k - 1) - |D|``.
    """
    if len(cluster) > MOST_JOINED:
        return np.nan
    chosen = [
        cluster[[number >> place & 1 == 1 for place in range(len(cluster))]] for number in range(2 ** len(cluster))
    ]
    others = _others(stack, cluster)
    contours = [np.concatenate([others, each]) for each in chosen]
    points, offsets = select_ragged(stack.points_mm, stack.contour_offsets, np.concatenate(contours))
    areas = even_odd(points, offsets, offsets_of([len(each) for each in contours])).areas_mm2
    return float(areas.sum() * 2 / len(areas) - areas[0] - areas[-1])


def _others(stack: PlaneStack, cluster: Integers) -> Integers:
    """Contours of the same plane whose boxes meet the cluster's."""
    plane = stack.plane_of_contour[cluster[0]]
    others = np.setdiff1d(np.arange(stack.plane_offsets[plane], stack.plane_offsets[plane + 1]), cluster)
    boxes = bounding_boxes(stack.points_mm, stack.contour_offsets)
    own = np.stack([boxes[cluster, 0].min(axis=0), boxes[cluster, 1].max(axis=0)])[None]
    return np.asarray(others[_meet(boxes[others], np.repeat(own, len(others), axis=0))])
