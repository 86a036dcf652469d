"""Axis-aligned boxes around masks and shapes, and how far two of them are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Flags, Floats


def box_of_mask(mask: Flags, margin: int = 0) -> tuple[slice, ...]:
    """Smallest box that contains a mask, as a slice per axis, with a margin on every side; the mask is not empty.

    Examples
    --------
    >>> box_of_mask(np.array([[False, False, False], [False, True, True]]))
    (slice(1, 2, None), slice(1, 3, None))
    """
    axes = range(mask.ndim)
    held = (np.flatnonzero(mask.any(axis=tuple(other for other in axes if other != axis))) for axis in axes)
    return tuple(slice(max(int(at[0]) - margin, 0), int(at[-1]) + 1 + margin) for at in held)


def box_distance(a: Floats, b: Floats) -> float:
    """Distance between two boxes, given their lower and upper corners (2, d); 0 where they overlap.

    Examples
    --------
    >>> box_distance(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[4.0, 5.0], [6.0, 6.0]]))
    5.0
    """
    apart = np.maximum(a[0] - b[1], b[0] - a[1])
    return float(np.linalg.norm(np.maximum(apart, 0)))
