"""Ragged arrays: items of unequal length stored back to back, with the offsets at which each begins.

Knows row numbers only: contours on planes, vertices of contours and runs of rows are all kept this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.arrays import Flags, Floats, Integers


def offsets_of(counts: Integers | Flags | Sequence[int]) -> Integers:
    """(m + 1,) offsets of items with so many rows each.

    Examples
    --------
    >>> offsets_of([3, 0, 2]).tolist()
    [0, 3, 3, 5]
    """
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))


def owners(offsets: Integers) -> Integers:
    """(n,) item that each row belongs to.

    Examples
    --------
    >>> owners(np.array([0, 3, 3, 5])).tolist()
    [0, 0, 0, 2, 2]
    """
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def ranges(starts: Integers, counts: Integers) -> Integers:
    """(n,) consecutive integers from each start on, so many of each.

    Examples
    --------
    >>> ranges(np.array([10, 20]), np.array([2, 3])).tolist()
    [10, 11, 20, 21, 22]
    """
    return np.asarray(np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts))


def select_ragged(values: Floats, offsets: Integers, chosen: Integers) -> tuple[Floats, Integers]:
    """Rows of the chosen items and their offsets; the arrays themselves where every item is chosen."""
    if len(chosen) == len(offsets) - 1 and np.array_equal(chosen, np.arange(len(chosen))):
        return values, offsets
    counts = np.diff(offsets)[chosen]
    return values.take(ranges(offsets[:-1][chosen], counts), axis=0), offsets_of(counts)


def next_vertex(offsets: Integers) -> Integers:
    """(n,) vertex that follows each vertex of closed polygons; the first follows the last.

    Examples
    --------
    >>> next_vertex(np.array([0, 3, 5])).tolist()
    [1, 2, 0, 4, 3]
    """
    following = np.arange(1, offsets[-1] + 1, dtype=np.int64)
    filled = offsets[1:] > offsets[:-1]
    following[offsets[1:][filled] - 1] = offsets[:-1][filled]
    return following
