"""Partly overlapping contours of one plane (neither nested nor disjoint), and the volume of their union.

The even-odd rule excludes the overlap of two such contours; in most exports a union was intended.
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
"""An overlap below this share of the smaller contour counts as touching."""
MOST_JOINED: Final = 8
"""Limit on contours, overlapping directly or through others, whose union is computed: each one doubles the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """Partly overlapping contours of a stack."""

    pairs: int
    gain_mm3: float
    """Change of volume if they are united; negative where holes overlap, NaN if unknown."""


def partial_overlaps(stack: PlaneStack) -> Overlaps:
    """Find contours that overlap partly, and the volume change of uniting them."""
    pairs = _pairs(stack)
    members = np.unique(pairs)
    label = labels(len(members), np.searchsorted(members, pairs))
    clusters = [members[label == root] for root in np.unique(label)]
    gains = [_gain_mm2(stack, each) * stack.slab_mm[stack.plane_of_contour[each[0]]] for each in clusters]
    return Overlaps(pairs=len(pairs), gain_mm3=float(np.sum(gains)))


def _pairs(stack: PlaneStack) -> Integers:
    """(x, 2) pairs of contours that are neither nested nor disjoint."""
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
    """Change of the plane's area if these contours are united; NaN for too many.

    A point in m > 0 of k sets lies in an odd number of sets for exactly half of all 2**k subsets of them. So the
    even-odd areas of all subsets, each together with the other contours D of the plane, give the area with the union U
    in place of the cluster: ``|D xor U| = sum(|D xor S| for every subset S) / 2**(k - 1) - |D|``.
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
    """Other contours of the plane whose boxes overlap the cluster's."""
    plane = stack.plane_of_contour[cluster[0]]
    others = np.setdiff1d(np.arange(stack.plane_offsets[plane], stack.plane_offsets[plane + 1]), cluster)
    boxes = bounding_boxes(stack.points_mm, stack.contour_offsets)
    own = np.stack([boxes[cluster, 0].min(axis=0), boxes[cluster, 1].max(axis=0)])[None]
    return np.asarray(others[_meet(boxes[others], np.repeat(own, len(others), axis=0))])
