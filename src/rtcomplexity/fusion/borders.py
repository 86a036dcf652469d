"""The border of an image along the normals of a surface: the steepest change of its values.

Values are sampled every millimeter along the outward normal, to 10 mm on either side, and differenced over 2 mm. The
border is where the difference is largest, interpolated by a parabola. It is visible if it is within reach and at least
a quarter as steep as the image's clear borders (95th percentile over the normals): noise also has a steepest point, but
a faint one. Works on points and values; knows no DICOM and no targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.model.arrays import freeze, frozen_array

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Flags, Floats

REACH_MM: Final = 10.0
STEP_MM: Final = 1.0
MOST_NORMALS: Final = 1500
LEAST_STEEPNESS: Final = 0.25
CLEAR_PERCENTILE: Final = 95
SAMPLED_MM: Final = np.arange(-REACH_MM - STEP_MM, REACH_MM + 1.5 * STEP_MM, STEP_MM)
"""Sampled positions along a normal: one step beyond the reach, for the differences there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Normals:
    """Points spread over a surface, with the outward directions."""

    points_mm: Floats
    """(n, 3) patient coordinates."""
    directions: Floats
    """(n, 3) unit vectors."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "points_mm", "directions")

    @cached_property
    def sampled_points_mm(self) -> Floats:
        """(n * m, 3) sampled points, normal by normal."""
        along = self.points_mm[:, None] + SAMPLED_MM[None, :, None] * self.directions[:, None]
        return frozen_array(along.reshape(-1, 3), np.float64)


def thinned(points_mm: Floats, directions: Floats) -> Normals:
    """At most :data:`MOST_NORMALS` nodes of a surface, evenly spaced in their order."""
    stride = -(-len(points_mm) // MOST_NORMALS)
    return Normals(points_mm=points_mm[::stride], directions=directions[::stride])


@dataclass(frozen=True, kw_only=True, eq=False)
class Borders:
    """The border of one image along normals."""

    position_mm: Floats
    """(n,) position of the steepest change, positive outward; NaN if the image is undefined along the normal."""
    is_visible: Flags
    """(n,) whether it stands out and is within reach."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "position_mm")
        freeze(self, np.bool_, "is_visible")

    def share_within(self, distance_mm: float) -> float:
        """Share of all normals with a visible border within a distance of the surface."""
        near = self.is_visible & (np.abs(np.nan_to_num(self.position_mm)) <= distance_mm)
        return float(near.mean())


def borders_of(values: Floats) -> Borders:
    """The border along each normal.

    Parameters
    ----------
    values
        (n * m,) at :attr:`Normals.sampled_points_mm`, NaN where the image has none.
    """
    along = values.reshape(-1, len(SAMPLED_MM))
    steepness = np.abs(along[:, 2:] - along[:, :-2]) / (2 * STEP_MM)
    is_known = np.isfinite(steepness.sum(axis=1))
    steepness = np.where(is_known[:, None], steepness, 0.0)
    peak = steepness.astype(np.float32).argmax(axis=1)  # float32, so that rounding does not choose on a straight ramp
    last = steepness.shape[1] - 1
    rows = np.arange(len(steepness))
    before, at, after = (steepness[rows, np.clip(peak + step, 0, last)] for step in (-1, 0, 1))
    is_inner = is_known & (peak > 0) & (peak < last) & (at > 0)
    bend = before - 2 * at + after
    shift = np.where(is_inner & (bend < 0), 0.5 * (before - after) / np.where(bend < 0, bend, -1.0), 0.0)
    position = np.where(is_known, SAMPLED_MM[1:-1][peak] + shift * STEP_MM, np.nan)
    clear = np.percentile(at[is_known], CLEAR_PERCENTILE) if is_known.any() else np.inf
    return Borders(position_mm=position, is_visible=is_inner & (at >= LEAST_STEEPNESS * clear))
