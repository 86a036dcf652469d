"""Slab thickness of each contour plane, and where planes are missing.

All volumes follow one convention. A slab reaches half-way to each adjacent plane. The outer half of an end plane equals
its inner half. A single plane is as thick as the spacing of the image slices. Where image slices between two planes
carry no contour, and the planes are more than 1.5 typical spacings apart, there is a gap: the shape ends and begins
again. A wider slice spacing alone is no gap.

Without images, the usual spacing of all contours replaces that of the slices. A stretch longer than 1.5 times that
spacing, or 1.5 times the shape's own regular spacing if wider, is a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.orientation import group_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.arrays import Flags, Floats

STEP_TOLERANCE_MM = 0.01
"""Steps that differ by less are equal: coordinates are written in decimals."""
REGULAR_STEPS = 3
"""A shape with this many equal steps was contoured at that spacing on purpose, whatever the usual spacing is."""
KNOWN_STEPS = 2
"""Fewer equal steps define no spacing: a single step may be the gap itself."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slabs:
    """Extent of each plane's slab along the normal."""

    lower_mm: Floats
    """(P,) reach below the plane."""
    upper_mm: Floats
    """(P,) reach above the plane."""
    gap_after: Flags
    """(P - 1,) whether planes are missing between a plane and the next."""
    is_spacing_known: bool = True
    """Whether a spacing is known beyond which planes are missing."""


def slabs(
    positions_mm: Floats,
    slice_positions_mm: Floats,
    *,
    gap_factor: float,
    apart: Flags | None = None,
    usual_mm: float = np.nan,
    lone_mm: float = np.nan,
) -> Slabs:
    """Slab of each plane.

    Parameters
    ----------
    positions_mm : (P,) planes, increasing
    slice_positions_mm : (K,) image slices that could carry contours, increasing; may be empty
    gap_factor : planes farther apart than this many typical spacings may have a gap between them
    apart : (P - 1,) neighbors that belong to different bodies: a gap even without an empty slice between them
    usual_mm : usual contour spacing, used with fewer than two slices; NaN if unknown
    lone_mm : thickness of a single plane where neither slices nor the usual spacing define it

    Returns
    -------
    Slabs; the extent of a single plane is NaN if its thickness is unknown.
    """
    steps = np.diff(positions_mm)
    if len(slice_positions_mm) > 1:
        is_empty = _empty_slices_between(positions_mm, slice_positions_mm)
        may_be_gap = is_empty if apart is None else is_empty | apart
        typical, is_known = _typical(steps, slice_positions_mm), True
    else:
        may_be_gap = np.ones(len(steps), np.bool_) if apart is None else apart
        typical, is_known = _typical_without_slices(steps, usual_mm)
        lone_mm = next((each for each in (usual_mm, typical) if np.isfinite(each)), lone_mm)
    gap_after = may_be_gap & (steps > gap_factor * typical)
    half = np.where(gap_after, np.nan, steps / 2)
    lower = np.concatenate(([np.nan], half))
    upper = np.concatenate((half, [np.nan]))
    lower, upper = np.where(np.isnan(lower), upper, lower), np.where(np.isnan(upper), lower, upper)
    alone = np.isnan(lower)
    lower[alone] = upper[alone] = [
        _local_spacing(position, slice_positions_mm, lone_mm) / 2 for position in positions_mm[alone]
    ]
    return Slabs(lower_mm=lower, upper_mm=upper, gap_after=gap_after, is_spacing_known=is_known)


def usual_spacing_mm(planes_mm: Sequence[Floats], tolerance_mm: float) -> float:
    """Most frequent step between planes, first per shape and then over shapes; NaN if fewer than two steps have it.

    Parameters
    ----------
    planes_mm : plane positions of each shape along one direction, increasing
    tolerance_mm : steps that differ by less are equal

    Examples
    --------
    >>> usual_spacing_mm([np.array([0.0, 3, 6, 30, 33]), np.array([0.0, 2]), np.array([3.0, 6])], 0.01)
    3.0
    """
    modes = [_mode(np.diff(planes), tolerance_mm)[0] for planes in planes_mm if len(planes) > 1]
    if not modes:
        return np.nan
    usual = _mode(np.array(modes), tolerance_mm)[0]
    # The same interval in two shapes, such as a target and its copy, counts once.
    ends = np.concatenate([np.stack([planes[:-1], planes[1:]], axis=1) for planes in planes_mm])
    same = ends[np.abs(ends[:, 1] - ends[:, 0] - usual) <= tolerance_mm]
    return usual if len(np.unique(np.round(same / tolerance_mm), axis=0)) >= KNOWN_STEPS else np.nan


def _mode(steps: Floats, tolerance_mm: float) -> tuple[float, int]:
    """Most frequent value and its count; the smallest of several. `steps` is not empty."""
    group = group_positions(steps, tolerance_mm)
    counts = np.bincount(group)
    most = int(np.argmax(counts))
    return float(np.mean(steps[group == most])), int(counts[most])


def _typical_without_slices(steps: Floats, usual_mm: float) -> tuple[float, bool]:
    """Regular step, and whether it is known; otherwise the smallest of several steps, or NaN."""
    if len(steps) == 0:
        return np.nan, True
    own, times = _mode(steps, STEP_TOLERANCE_MM)
    if times >= REGULAR_STEPS:
        return float(np.nanmax([own, usual_mm])), True
    if np.isfinite(usual_mm):
        return usual_mm, True
    if times >= KNOWN_STEPS:
        return own, True
    return (float(steps.min()), False) if len(steps) > 1 else (np.nan, False)


def _empty_slices_between(positions_mm: Floats, slice_positions_mm: Floats) -> Flags:
    """(P - 1,) whether a slice lies between a plane and the next. There are at least two slices."""
    margin = 0.25 * np.median(np.diff(slice_positions_mm))
    first = np.searchsorted(slice_positions_mm, positions_mm[:-1] + margin)
    stop = np.searchsorted(slice_positions_mm, positions_mm[1:] - margin)
    return np.asarray(stop > first)


def _typical(steps: Floats, slice_positions_mm: Floats) -> float:
    """Lower median of the steps; the slice spacing if there is only one step, which could be the gap itself."""
    if len(steps) == 0:
        return np.nan
    if len(steps) == 1:
        return float(np.median(np.diff(slice_positions_mm)))
    return float(np.sort(steps)[(len(steps) - 1) // 2])


def _local_spacing(position: float, slice_positions_mm: Floats, fallback_mm: float) -> float:
    """Mean distance from the nearest slice to its neighbors; the fallback with fewer than two slices."""
    if len(slice_positions_mm) < 2:
        return fallback_mm
    nearest = int(np.argmin(np.abs(slice_positions_mm - position)))
    around = slice_positions_mm[max(nearest - 1, 0) : nearest + 2]
    return float(np.mean(np.diff(around)))
