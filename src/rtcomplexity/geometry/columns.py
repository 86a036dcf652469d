"""Row-wise reductions of arrays with a few columns, such as points, computed column by column.

numpy takes ten to a hundred times as long over rows of two or three numbers as over whole columns. The results are
bit-identical: sums add in the order of the columns.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats


def least(points: NDArray[Any]) -> NDArray[Any]:
    """(d,) minimum of each column of (n, d); at least one row."""
    return np.array([column.min() for column in points.T])


def greatest(points: NDArray[Any]) -> NDArray[Any]:
    """(d,) maximum of each column of (n, d); at least one row."""
    return np.array([column.max() for column in points.T])


def lengths(vectors: Floats) -> Floats:
    """(n,) lengths of vectors (n, d).

    Examples
    --------
    >>> lengths(np.array([[3.0, 4.0], [0.0, 2.0]])).tolist()
    [5.0, 2.0]
    """
    return np.asarray(np.sqrt(dots(vectors, vectors)))


def dots(first: Floats, second: Floats) -> Floats:
    """(n,) dot products of vectors (n, d).

    Examples
    --------
    >>> dots(np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([[1.0, 1.0], [5.0, 1.0]])).tolist()
    [7.0, 2.0]
    """
    return np.asarray(reduce(np.add, (a * b for a, b in zip(first.T, second.T, strict=True))))


def units(vectors: Floats, at_least: float = 0.0) -> Floats:
    """(n, d) vectors over their lengths, or over `at_least` for shorter ones."""
    divisors = lengths(vectors)
    return np.asarray(vectors / (np.maximum(divisors, at_least) if at_least else divisors)[:, None])


def within(points: Floats, low: Floats, high: Floats) -> Flags:
    """(n,) whether points (n, d) lie in the closed box between two corners (d,)."""
    columns = zip(points.T, low, high, strict=True)
    return np.asarray(reduce(np.logical_and, ((column >= first) & (column <= last) for column, first, last in columns)))


def any_nonzero(rows: NDArray[Any]) -> Flags:
    """(n,) whether any entry of each row of (n, d) is nonzero."""
    return np.asarray(reduce(np.logical_or, rows.T.astype(bool)))
