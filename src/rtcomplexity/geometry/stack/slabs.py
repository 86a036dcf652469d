"""How thick the slab of each contour plane is, and where planes are missing.

The convention that every volume here follows: a plane's slab reaches half-way to each neighbor; the outer half of an
end plane equals its inner half; a single plane is as thick as the image's slices are apart. Where image slices lie
between two planes and carry no contour, and the planes are further apart than 1.5 typical spacings, the shape has a
gap: it ends and begins again. Slices that merely lie further apart are no gap.

Without images the usual spacing of all contours takes the slices' place: a stretch of more than 1.5 times that, or of
the shape's own regular spacing where that is wider, is a gap.
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
"""A shape drawn at so many equal steps was drawn at that spacing: its planes are not the set's usual ones."""
KNOWN_STEPS = 2
"""Fewer equal steps tell no spacing: a single one may be the gap itself."""


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
    """Whether anything tells how far apart planes may lie without a gap."""


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
    slice_positions_mm : (K,) where contours could have been drawn, increasing; may be empty
    gap_factor : planes further apart than this many typical spacings may have a gap between them
    apart : (P - 1,) neighbors that belong to different bodies: a gap even where no slice lies between them
    usual_mm : usual spacing of contours, which counts where there are fewer than two slices; NaN if not known
    lone_mm : thickness of a plane without neighbors where neither slices nor the usual spacing tell it

    Returns
    -------
    Slabs; the extent of a plane without neighbors is NaN where nothing tells it.
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
    """Most frequent step between planes, per shape and then over shapes; NaN where fewer than two steps show it.

    Parameters
    ----------
    planes_mm : positions of the planes of each shape along one direction, increasing
    tolerance_mm : steps that differ by less are one

    Examples
    --------
    >>> usual_spacing_mm([np.array([0.0, 3, 6, 30, 33]), np.array([0.0, 2]), np.array([3.0, 6])], 0.01)
    3.0
    """
    modes = [_mode(np.diff(planes), tolerance_mm)[0] for planes in planes_mm if len(planes) > 1]
    if not modes:
        return np.nan
    usual = _mode(np.array(modes), tolerance_mm)[0]
    # The same stretch in two shapes, such as a target and its copy, is seen once.
    ends = np.concatenate([np.stack([planes[:-1], planes[1:]], axis=1) for planes in planes_mm])
    same = ends[np.abs(ends[:, 1] - ends[:, 0] - usual) <= tolerance_mm]
    return usual if len(np.unique(np.round(same / tolerance_mm), axis=0)) >= KNOWN_STEPS else np.nan


def _mode(steps: Floats, tolerance_mm: float) -> tuple[float, int]:
    """Most frequent value and how often it occurs; the smallest of several. `steps` is not empty."""
    group = group_positions(steps, tolerance_mm)
    counts = np.bincount(group)
    most = int(np.argmax(counts))
    return float(np.mean(steps[group == most])), int(counts[most])


def _typical_without_slices(steps: Floats, usual_mm: float) -> tuple[float, bool]:
    """Step that is no gap, and whether that is known; else the smallest step, or NaN for a single one."""
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
    """Lower median of the steps; one step alone says nothing, so that the slices' own spacing counts instead."""
    if len(steps) == 0:
        return np.nan
    if len(steps) == 1:
        return float(np.median(np.diff(slice_positions_mm)))
    return float(np.sort(steps)[(len(steps) - 1) // 2])


def _local_spacing(position: float, slice_positions_mm: Floats, fallback_mm: float) -> float:
    """Mean distance from the slice nearest to a position to that slice's neighbors; the fallback without any."""
    if len(slice_positions_mm) < 2:
        return fallback_mm
    nearest = int(np.argmin(np.abs(slice_positions_mm - position)))
    around = slice_positions_mm[max(nearest - 1, 0) : nearest + 2]
    return float(np.mean(np.diff(around)))
