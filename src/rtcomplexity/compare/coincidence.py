"""Points and planes that two delineations have in common, to the last bit: where nobody edited, most of both.

Such a point lies on both, so that its distance needs no search. What is not found is only searched for: nothing depends
on finding all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack

    Floats = NDArray[np.float64]

FACTORS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
"""Odd, so that no bit of a coordinate is lost."""


def shared_rows(points: Floats, others: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n,) which points (n, 3) are also among others (m, 3), and (m,) which of those are met.

    Of points whose keys meet without being alike, and of others that occur more than once, some may be missed; none is
    ever found that is not there.

    Examples
    --------
    >>> [found.tolist() for found in shared_rows(np.eye(3), np.eye(3)[1:])]
    [[False, True, True], [True, True]]
    """
    met = np.zeros(len(others), np.bool_)
    if not len(points) or not len(others):
        return np.zeros(len(points), np.bool_), met
    order = np.argsort(keys := _keys(others))
    place = np.searchsorted(keys[order], wanted := _keys(points))
    nearest = order[np.minimum(place, len(order) - 1)]
    found = keys[nearest] == wanted
    same = points[found] == others[nearest[found]]
    found[found] = same[:, 0] & same[:, 1] & same[:, 2]
    met[nearest[found]] = True
    return found, met


def same_planes(first: PlaneStack, second: PlaneStack, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(x,) whether planes (x, 2) of two stacks hold the same numbers: most, where an automatic contour was edited.

    Where the second plane is -1, there is none, and nothing is the same.
    """
    same = np.zeros(len(pairs), np.bool_)
    for place, (plane, other) in enumerate(pairs.tolist()):
        if other >= 0:
            own, others = first.plane_polygons(plane), second.plane_polygons(other)
            same[place] = len(own) == len(others) and all(map(np.array_equal, own, others))
    return same


def _keys(points: Floats) -> NDArray[np.uint64]:
    """(n,) numbers that mix the bits of each point's coordinates."""
    bits = np.ascontiguousarray(points).view(np.uint64)
    mixed = bits[:, 0] * FACTORS[0] ^ bits[:, 1] * FACTORS[1] ^ bits[:, 2] * FACTORS[2]
    return np.asarray(mixed ^ mixed >> np.uint64(29))
