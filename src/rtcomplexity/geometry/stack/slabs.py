"""How thick the slab of each contour plane is, and where planes are missing.

The convention that every volume here follows: a plane's slab reaches half-way to each neighbour; the outer half of an
end plane equals its inner half; a single plane is as thick as the image's slices are apart. Where image slices lie
between two planes and carry no contour, and the planes are further apart than 1.5 typical spacings, the shape has a
gap: it ends and begins again. Slices that merely lie further apart are no gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slabs:
    """Extent of each plane's slab along the normal."""

    lower_mm: NDArray[np.float64]
    """(P,) reach below the plane."""
    upper_mm: NDArray[np.float64]
    """(P,) reach above the plane."""
    gap_after: NDArray[np.bool_]
    """(P - 1,) whether planes are missing between a plane and the next."""


def slabs(
    positions_mm: NDArray[np.float64],
    slice_positions_mm: NDArray[np.float64],
    *,
    gap_factor: float,
    apart: NDArray[np.bool_] | None = None,
) -> Slabs:
    """Slab of each plane.

    Parameters
    ----------
    positions_mm : (P,) planes, increasing
    slice_positions_mm : (K,) where contours could have been drawn, increasing; may be empty
    gap_factor : planes further apart than this many typical spacings may have a gap between them
    apart : (P - 1,) neighbours that belong to different bodies: a gap even where no slice lies between them

    Returns
    -------
    Slabs; the extent of a plane without neighbours is NaN where nothing tells it.
    """
    steps = np.diff(positions_mm)
    is_empty = _empty_slices_between(positions_mm, slice_positions_mm)
    may_be_gap = is_empty if apart is None else is_empty | apart
    gap_after = may_be_gap & (steps > gap_factor * _typical(steps, slice_positions_mm))
    half = np.where(gap_after, np.nan, steps / 2)
    lower = np.concatenate(([np.nan], half))
    upper = np.concatenate((half, [np.nan]))
    lower, upper = np.where(np.isnan(lower), upper, lower), np.where(np.isnan(upper), lower, upper)
    alone = np.isnan(lower)
    lower[alone] = upper[alone] = [_local_spacing(position, slice_positions_mm) / 2 for position in positions_mm[alone]]
    return Slabs(lower_mm=lower, upper_mm=upper, gap_after=gap_after)


def _empty_slices_between(
    positions_mm: NDArray[np.float64], slice_positions_mm: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(P - 1,) whether a slice lies between a plane and the next."""
    if len(slice_positions_mm) < 2:
        return np.zeros(max(len(positions_mm) - 1, 0), bool)
    margin = 0.25 * np.median(np.diff(slice_positions_mm))
    first = np.searchsorted(slice_positions_mm, positions_mm[:-1] + margin)
    stop = np.searchsorted(slice_positions_mm, positions_mm[1:] - margin)
    return np.asarray(stop > first)


def _typical(steps: NDArray[np.float64], slice_positions_mm: NDArray[np.float64]) -> float:
    """Lower median of the steps; one step alone says nothing, so that the slices' own spacing counts instead."""
    if len(steps) == 0:
        return np.nan
    if len(steps) == 1 and len(slice_positions_mm) > 1:
        return float(np.median(np.diff(slice_positions_mm)))
    return float(np.sort(steps)[(len(steps) - 1) // 2])


def _local_spacing(position: float, slice_positions_mm: NDArray[np.float64]) -> float:
    """Mean distance from the slice nearest to a position to that slice's neighbours; NaN where there are none."""
    if len(slice_positions_mm) < 2:
        return np.nan
    nearest = int(np.argmin(np.abs(slice_positions_mm - position)))
    around = slice_positions_mm[max(nearest - 1, 0) : nearest + 2]
    return float(np.mean(np.diff(around)))
