"""Arrays of a few columns, such as points: what numpy does with them far slower row by row than column by column.

Reductions of rows of two or three numbers, and gathers of such rows by an index, take numpy ten to a hundred times as
long as the same over whole columns. The results are the same bits: sums add in the order of the columns.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats


def least(points: NDArray[Any]) -> NDArray[Any]:
    """(d,) smallest number of each column of (n, d), at least one row."""
    return np.array([column.min() for column in points.T])


def greatest(points: NDArray[Any]) -> NDArray[Any]:
    """(d,) largest number of each column of (n, d), at least one row."""
    return np.array([column.max() for column in points.T])


def lengths(vectors: Floats) -> Floats:
    """(n,) length of vectors (n, d).

    Examples
    --------
    >>> lengths(np.array([[3.0, 4.0], [0.0, 2.0]])).tolist()
    [5.0, 2.0]
    """
    return np.asarray(np.sqrt(dots(vectors, vectors)))


def dots(first: Floats, second: Floats) -> Floats:
    """(n,) scalar products of vectors (n, d).

    Examples
    --------
    >>> dots(np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([[1.0, 1.0], [5.0, 1.0]])).tolist()
    [7.0, 2.0]
    """
    return np.asarray(reduce(np.add, (a * b for a, b in zip(first.T, second.T, strict=True))))


def units(vectors: Floats, at_least: float = 0.0) -> Floats:
    """(n, d) vectors over their lengths, or over `at_least` where that is longer."""
    divisors = lengths(vectors)
    return np.asarray(vectors / (np.maximum(divisors, at_least) if at_least else divisors)[:, None])


def within(points: Floats, low: Floats, high: Floats) -> Flags:
    """(n,) whether points (n, d) lie in the box between two corners (d,), its border included."""
    columns = zip(points.T, low, high, strict=True)
    return np.asarray(reduce(np.logical_and, ((column >= first) & (column <= last) for column, first, last in columns)))


def any_nonzero(rows: NDArray[Any]) -> Flags:
    """(n,) whether any number of each row of (n, d) is not 0."""
    return np.asarray(reduce(np.logical_or, rows.T.astype(bool)))
