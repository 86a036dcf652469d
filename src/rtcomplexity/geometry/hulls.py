"""Convex hulls of many polygons, in one pass over all their vertices.

Works in the plane; knows no planes in space and no images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.columns import any_nonzero
from rtcomplexity.geometry.ragged import owners

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Floats, Integers

DECIMALS: Final = 9
"""Vertices that agree to this many decimals of a millimeter are one; otherwise rounding could discard both."""


def hull_corners(points_mm: Floats, offsets: Integers) -> tuple[Integers, Integers]:
    """Find the corners of the convex hull of each polygon.

    Parameters
    ----------
    points_mm : (n, 2) vertices
    offsets : (m + 1,) first vertex of each polygon; no polygon is empty

    Returns
    -------
    (h,) the vertices that are corners, polygon by polygon, each once and in order around the hull; (m + 1,) offsets.
    Coincident vertices give one corner, and vertices on an edge of the hull give none. A polygon whose vertices lie
    on a line has its two ends as corners; one whose vertices coincide has a single corner.

    Examples
    --------
    >>> corners, offsets = hull_corners(np.array([[0.0, 0], [2, 0], [1, 0.5], [2, 2], [0, 2]]), np.array([0, 5]))
    >>> corners.tolist(), offsets.tolist()
    ([0, 1, 3, 4], [0, 4])
    """
    polygon = owners(offsets)
    points = np.round(points_mm - points_mm[offsets[:-1]].take(polygon, axis=0), DECIMALS)
    order = _distinct(points, polygon)
    bounds = np.searchsorted(polygon[order], np.arange(len(offsets)))
    first, last = order[bounds[:-1]], order[bounds[1:] - 1]
    is_end = np.zeros(len(points), bool)
    is_end[first] = is_end[last] = True
    side = _turns(points.take(first[polygon], axis=0), points.take(last[polygon], axis=0), points)[order]
    below, above = order[(side < 0) | is_end[order]], order[(side > 0) | is_end[order]][::-1]
    lower, upper = (_bent_one_way(points, chain, polygon[chain]) for chain in (below, above))
    corners = np.concatenate([lower, upper[~is_end[upper]]])  # the lower chains have both ends
    corners = corners[np.argsort(polygon[corners], kind="stable")]
    return corners, np.searchsorted(polygon[corners], np.arange(len(offsets)))


def _distinct(points: Floats, polygon: Integers) -> Integers:
    """(k,) vertices in lexicographic order, polygon by polygon; of coincident ones only the first."""
    order = np.lexsort((points[:, 1], points[:, 0], polygon))
    is_new = np.ones(len(order), bool)
    is_new[1:] = any_nonzero(np.diff(points.take(order, axis=0), axis=0)) | (np.diff(polygon[order]) != 0)
    return order[is_new]


def _bent_one_way(points: Floats, chain: Integers, number: Integers) -> Integers:
    """Keep the vertices of sorted chains at which the chain turns left.

    `number` identifies the chain of each vertex. A vertex that does not lie to the right of the line between its
    neighbors is not a hull corner, whichever of the others are, so all of them are removed at once. Rounds repeat until
    none is removed.
    """
    done = []
    while len(chain):
        left = np.ones(len(chain), bool)
        inner = (number[1:-1] == number[:-2]) & (number[1:-1] == number[2:])
        at = points.take(chain, axis=0)
        left[1:-1] = ~inner | (_turns(at[:-2], at[1:-1], at[2:]) > 0)
        changed = np.zeros(number.max() + 1, bool)
        changed[number[~left]] = True
        goes_on = changed[number]
        done.append(chain[~goes_on])
        chain, number = chain[left & goes_on], number[left & goes_on]
    found = np.concatenate(done) if done else chain
    return np.asarray(found)


def _turns(first: Floats, second: Floats, third: Floats) -> Floats:
    """(n,) twice the signed area of triangles of (n, 2) points; positive for a left turn."""
    along, onward = second - first, third - second
    return np.asarray(along[:, 0] * onward[:, 1] - along[:, 1] * onward[:, 0])
