"""Points and planes that two delineations share bit by bit: most of both where nothing was edited.

A shared point lies on both, so its distance needs no search. A shared point that is missed is merely searched for;
correctness does not depend on finding all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats, Integers


FACTORS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
"""Odd, so that no bit of a coordinate is lost."""
SLOTS: Final = 4
"""Slots per key, at least: keys that collide in one are separated by the next factor."""


def shared_rows(points: Floats, others: Floats) -> tuple[Flags, Flags]:
    """(n,) which points (n, 3) are among others (m, 3), and (m,) which of the others are matched.

    Points with colliding keys, and repeated points, may be missed; no false match is ever reported.

    Examples
    --------
    >>> [found.tolist() for found in shared_rows(np.eye(3), np.eye(3)[1:])]
    [[False, True, True], [True, True]]
    """
    found, met = np.zeros(len(points), np.bool_), np.zeros(len(others), np.bool_)
    wanted, keys = _keys(points), _keys(others)
    asked, offered = np.arange(len(points)), np.arange(len(others))
    for factor in FACTORS:
        if not len(asked) or not len(offered):
            break
        bits = (SLOTS * len(offered)).bit_length()
        slot, wanted_slot = (_leading_bits(each * factor, bits) for each in (keys[offered], wanted[asked]))
        holder = np.zeros(1 << bits, np.int32)
        holder[slot] = offered
        candidate = holder[wanted_slot].astype(np.int64)
        alike = np.flatnonzero(keys[candidate] == wanted[asked])
        alike = alike[_same_rows(points, asked[alike], others, candidate[alike])]
        found[asked[alike]] = True
        met[candidate[alike]] = True
        asked, offered = asked[~found[asked]], offered[holder[slot] != offered]
    return found, met


def _leading_bits(keys: NDArray[np.uint64], bits: int) -> Integers:
    return np.asarray((keys >> np.uint64(64 - bits)).view(np.int64))


def _same_rows(points: Floats, rows: Integers, others: Floats, other_rows: Integers) -> Flags:
    """(x,) whether rows (x,) of points are the same as rows (x,) of others."""
    same = points.take(rows, axis=0) == others.take(other_rows, axis=0)
    return np.asarray(same[:, 0] & same[:, 1] & same[:, 2])


def same_planes(first: PlaneStack, second: PlaneStack, pairs: Integers) -> Flags:
    """(x,) whether planes (x, 2) of two stacks are identical, as most are after an automatic contour was edited.

    False where the second plane is -1, which stands for none.
    """
    same = np.zeros(len(pairs), np.bool_)
    for place, (plane, other) in enumerate(pairs.tolist()):
        if other >= 0:
            own, others = first.plane_polygons(plane), second.plane_polygons(other)
            same[place] = len(own) == len(others) and all(map(np.array_equal, own, others))
    return same


def _keys(points: Floats) -> NDArray[np.uint64]:
    """(n,) hash of the bits of each point's coordinates."""
    bits = np.ascontiguousarray(points).view(np.uint64)
    mixed = bits[:, 0] * FACTORS[0] ^ bits[:, 1] * FACTORS[1] ^ bits[:, 2] * FACTORS[2]
    return np.asarray(mixed ^ mixed >> np.uint64(29))
