"""Plane polygons as (n, 2) arrays, mm: area, area-preserving drawing, point in polygon, keyholes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.arrays import Flags, Floats

    Polygons = list[Floats]
    Triple = tuple[float, float, float]

END_TOLERANCE_MM = 1e-9
"""A plane this close to a flat end still cuts the solid, mm."""


def polygon_area_mm2(polygon_mm: Floats) -> float:
    """Signed area of an (n, 2) polygon, mm2; positive where it runs from x to y.

    Examples
    --------
    >>> polygon_area_mm2(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 3.0], [0.0, 3.0]]))
    6.0
    """
    x, y = (polygon_mm - polygon_mm.mean(axis=0)).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2.0


def radial_polygon(center_mm: Sequence[float], angles: Floats, radii_mm: Floats, area_mm2: float) -> Floats:
    """Draw the (n, 2) polygon through the polar points, scaled about `center_mm` so that it encloses `area_mm2`."""
    around = np.column_stack([radii_mm * np.cos(angles), radii_mm * np.sin(angles)])
    scaled: Floats = around * math.sqrt(area_mm2 / polygon_area_mm2(around)) + np.asarray(center_mm)
    return scaled


def even_angles(points: int) -> Floats:
    """(points,) angles around the circle from 0, radians."""
    return np.arange(points, dtype=np.float64) * (2.0 * np.pi / points)


def even_odd(points: Floats, polygon: Floats) -> Flags:
    """Whether each (..., 2) point lies inside an (n, 2) polygon, by counting the edges to its right."""
    x, y = points[..., 0], points[..., 1]
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 <= y) != (y1 <= y)
            inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def keyhole(outer_mm: Floats, inner_mm: Floats) -> Floats:
    """Join a hole to its outer polygon by a channel without width between their two nearest vertices."""
    gaps = np.linalg.norm(outer_mm[:, None] - inner_mm[None], axis=-1)
    start, entry = np.unravel_index(int(np.argmin(gaps)), gaps.shape)
    outer, inner = np.roll(outer_mm, -int(start), axis=0), np.roll(inner_mm, -int(entry), axis=0)
    if polygon_area_mm2(outer) * polygon_area_mm2(inner) > 0.0:
        inner = np.roll(inner[::-1], 1, axis=0)
    return np.concatenate([outer, outer[:1], inner, inner[:1]])
