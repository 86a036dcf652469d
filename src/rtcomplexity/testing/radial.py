"""Analytic solids whose every section is one outline round a center: ellipsoids, tubes, cones, lumps, spicules.

Each knows its volume in closed form; see :mod:`rtcomplexity.testing.solids` for what they have in common with others.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtcomplexity.testing.polygons import (
    END_TOLERANCE_MM,
    even_angles,
    radial_polygon,
)

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Flags, Floats

    Polygons = list[Floats]
    Triple = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class RadialSolid(ABC):
    """A solid whose every section is one outline, given in polar coordinates about a center that may drift with z."""

    center_mm: Triple = (0.0, 0.0, 0.0)
    """Center of the solid in its own frame, mm."""

    @property
    @abstractmethod
    def volume_mm3(self) -> float:
        """True volume, mm3."""

    @property
    def surface_area_mm2(self) -> float | None:
        """True surface area, mm2; None where there is no closed form."""
        return None

    @property
    @abstractmethod
    def half_extent_mm(self) -> float:
        """Half of the extent along z, mm."""

    @property
    @abstractmethod
    def reach_mm(self) -> float:
        """No point of a section lies further than this from the section's center, mm."""

    @abstractmethod
    def outline_mm(self, angles: Floats, height_mm: Floats | float) -> Floats:
        """Outline at these angles and heights above the center (that broadcast, within the half height), mm."""

    @abstractmethod
    def area_mm2(self, height_mm: float) -> float:
        """Return the true area of the section at that height above the center, mm2."""

    def drift_mm(self, height_mm: Floats) -> tuple[Floats, Floats]:
        """How far the section's center lies from the solid's at these heights, in x and in y, mm."""
        return np.zeros_like(height_mm), np.zeros_like(height_mm)

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, mm."""
        return self.center_mm[2] - self.half_extent_mm, self.center_mm[2] + self.half_extent_mm

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: one (points, 2) polygon of the true area, or none."""
        height = position_mm - self.center_mm[2]
        if abs(height) > self.half_extent_mm + END_TOLERANCE_MM:
            return []
        height = min(max(height, -self.half_extent_mm), self.half_extent_mm)
        area = self.area_mm2(height)
        if area <= END_TOLERANCE_MM**2:
            return []
        drift_x, drift_y = self.drift_mm(np.asarray(height, dtype=np.float64))
        center = (self.center_mm[0] + float(drift_x), self.center_mm[1] + float(drift_y))
        angles = even_angles(points)
        return [radial_polygon(center, angles, self.outline_mm(angles, height), area)]

    def contains(self, points_mm: Floats) -> Flags:
        """Whether each of the (..., 3) points, mm, lies inside."""
        height = points_mm[..., 2] - self.center_mm[2]
        inside = np.abs(height) <= self.half_extent_mm
        z = height[inside]
        drift_x, drift_y = self.drift_mm(z)
        x = points_mm[..., 0][inside] - self.center_mm[0] - drift_x
        y = points_mm[..., 1][inside] - self.center_mm[1] - drift_y
        inside[inside] = self._is_within(x, y, z)
        return inside

    def _is_within(self, x: Floats, y: Floats, z: Floats) -> Flags:
        """Whether points, relative to their section's center, lie inside the outline, mm."""
        near = np.hypot(x, y) <= self.reach_mm
        found = np.zeros(len(x), dtype=np.bool_)
        x, y, z = x[near], y[near], z[near]
        found[near] = np.hypot(x, y) <= self.outline_mm(np.arctan2(y, x), z)
        return found


@dataclass(frozen=True, kw_only=True)
class Ellipsoid(RadialSolid):
    """An ellipsoid with its axes along x, y and z."""

    semi_axes_mm: Triple
    """Half lengths along x, y, z, mm."""

    @property
    def volume_mm3(self) -> float:
        """4/3 pi a b c, mm3."""
        return 4.0 / 3.0 * math.pi * math.prod(self.semi_axes_mm)

    @property
    def surface_area_mm2(self) -> float | None:
        """The surface integral, by Gauss-Legendre x trapezoid quadrature (to about 1e-12), mm2."""
        nodes, weights = np.polynomial.legendre.leggauss(96)
        angles = even_angles(192)
        ring = np.sqrt(1.0 - nodes**2)[:, None]
        unit = np.stack([ring * np.cos(angles), ring * np.sin(angles), np.broadcast_to(nodes[:, None], (96, 192))])
        stretch = np.linalg.norm(unit / np.array(self.semi_axes_mm)[:, None, None], axis=0)
        return math.prod(self.semi_axes_mm) * float(weights @ stretch.sum(axis=1)) * 2.0 * math.pi / 192

    @property
    def half_extent_mm(self) -> float:
        """Half of the extent along z, mm."""
        return self.semi_axes_mm[2]

    @property
    def reach_mm(self) -> float:
        """The longer of the two axes in the plane, mm."""
        return max(self.semi_axes_mm[:2])

    def _share(self, height_mm: Floats | float) -> Floats:
        """Area of the section over that of the middle one."""
        return np.clip(1.0 - (np.asarray(height_mm) / self.semi_axes_mm[2]) ** 2, 0.0, None)

    def outline_mm(self, angles: Floats, height_mm: Floats | float) -> Floats:
        """Outline of the ellipse, mm."""
        a, b, _ = self.semi_axes_mm
        radii: Floats = np.sqrt(self._share(height_mm) / ((np.cos(angles) / a) ** 2 + (np.sin(angles) / b) ** 2))
        return radii

    def _is_within(self, x: Floats, y: Floats, z: Floats) -> Flags:
        a, b, c = self.semi_axes_mm
        within: Flags = (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 <= 1.0
        return within

    def area_mm2(self, height_mm: float) -> float:
        """Pi a b (1 - z^2/c^2), mm2."""
        a, b, _ = self.semi_axes_mm
        return math.pi * a * b * float(self._share(height_mm))


def sphere(radius_mm: float, center_mm: Triple = (0.0, 0.0, 0.0)) -> Ellipsoid:
    """Return a sphere.

    Examples
    --------
    >>> round(sphere(40.0).volume_mm3, 2)
    268082.57
    """
    return Ellipsoid(semi_axes_mm=(radius_mm, radius_mm, radius_mm), center_mm=center_mm)


@dataclass(frozen=True, kw_only=True)
class Tube(RadialSolid):
    """An elliptic cylinder with flat ends across z, whose axis may lean (the sections then drift)."""

    semi_axes_mm: tuple[float, float]
    """Half lengths of the section along x and y, mm."""
    height_mm: float
    """Extent along z, mm."""
    lean: tuple[float, float] = (0.0, 0.0)
    """How far the section moves in x and y for each mm of z."""

    @property
    def volume_mm3(self) -> float:
        """Pi a b h, mm3."""
        return math.pi * math.prod(self.semi_axes_mm) * self.height_mm

    @property
    def surface_area_mm2(self) -> float | None:
        """2 pi r (r + h) of an upright round cylinder, mm2."""
        radius, other = self.semi_axes_mm
        if radius != other or self.lean != (0.0, 0.0):
            return None
        return 2.0 * math.pi * radius * (radius + self.height_mm)

    @property
    def half_extent_mm(self) -> float:
        """Half of the extent along z, mm."""
        return self.height_mm / 2.0

    @property
    def reach_mm(self) -> float:
        """The longer of the two axes in the plane, mm."""
        return max(self.semi_axes_mm)

    def drift_mm(self, height_mm: Floats) -> tuple[Floats, Floats]:
        """Lean times height, mm."""
        return self.lean[0] * height_mm, self.lean[1] * height_mm

    def outline_mm(self, angles: Floats, height_mm: Floats | float) -> Floats:
        """Outline of the ellipse, the same at all heights, mm."""
        a, b = self.semi_axes_mm
        radii: Floats = 1.0 / np.sqrt((np.cos(angles) / a) ** 2 + (np.sin(angles) / b) ** 2)
        return np.broadcast_to(radii, np.broadcast_shapes(radii.shape, np.shape(height_mm)))

    def _is_within(self, x: Floats, y: Floats, z: Floats) -> Flags:  # noqa: ARG002
        a, b = self.semi_axes_mm
        within: Flags = (x / a) ** 2 + (y / b) ** 2 <= 1.0
        return within

    def area_mm2(self, height_mm: float) -> float:  # noqa: ARG002
        """Pi a b, mm2."""
        return math.pi * math.prod(self.semi_axes_mm)


def cylinder(radius_mm: float, height_mm: float, center_mm: Triple = (0.0, 0.0, 0.0)) -> Tube:
    """Return an upright round cylinder."""
    return Tube(semi_axes_mm=(radius_mm, radius_mm), height_mm=height_mm, center_mm=center_mm)


@dataclass(frozen=True, kw_only=True)
class Cone(RadialSolid):
    """An upright cone, its base below and its tip above the center."""

    base_radius_mm: float
    height_mm: float

    @property
    def volume_mm3(self) -> float:
        """1/3 pi r^2 h, mm3."""
        return math.pi * self.base_radius_mm**2 * self.height_mm / 3.0

    @property
    def surface_area_mm2(self) -> float | None:
        """Base and mantle, mm2."""
        return math.pi * self.base_radius_mm * (self.base_radius_mm + math.hypot(self.base_radius_mm, self.height_mm))

    @property
    def half_extent_mm(self) -> float:
        """Half of the height, mm."""
        return self.height_mm / 2.0

    @property
    def reach_mm(self) -> float:
        """Radius of the base, mm."""
        return self.base_radius_mm

    def outline_mm(self, angles: Floats, height_mm: Floats | float) -> Floats:
        """Radius of the circle, mm."""
        radius = self.base_radius_mm * (0.5 - np.asarray(height_mm) / self.height_mm)
        return np.broadcast_to(radius, np.broadcast_shapes(angles.shape, radius.shape))

    def area_mm2(self, height_mm: float) -> float:
        """Area of the circle, mm2."""
        return math.pi * (self.base_radius_mm * (0.5 - height_mm / self.height_mm)) ** 2


@dataclass(frozen=True, kw_only=True)
class Lobe:
    """One ripple round the axis of a :class:`LumpyBody`: amplitude x cos(order x angle + phase + twist x height)."""

    order: int
    """How many lobes go round; at least 1."""
    amplitude: float
    """Height of the ripple as a share of the smooth radius."""
    phase: float = 0.0
    """Radians."""
    twist_per_mm: float = 0.0
    """How far the ripple turns for each mm of z, radians/mm."""


@dataclass(frozen=True, kw_only=True)
class LumpyBody(RadialSolid):
    """An ellipsoid with ripples that fade towards its poles, like a few low spherical harmonics.

    The radius is that of the ellipsoid times 1 + u s, where u = 1 - z^2/c^2 and s is the sum of the lobes, so that the
    section's area is pi a b u (1 + u^2 sum(amplitude^2) / 2) on a round base (a = b), and the volume is closed.
    """

    radius_mm: float
    """Radius of the smooth section in the middle, mm."""
    half_height_mm: float
    """Half of the extent along z, mm."""
    lobes: tuple[Lobe, ...]
    """Lobes of different orders, their amplitudes together under 1."""

    def __post_init__(self) -> None:
        orders = [lobe.order for lobe in self.lobes]
        if len(set(orders)) < len(orders) or min(orders, default=1) < 1:
            msg = "the lobes of a lumpy body must have different orders of at least 1"
            raise ValueError(msg)
        if sum(abs(lobe.amplitude) for lobe in self.lobes) >= 1.0:
            msg = "the amplitudes of a lumpy body must stay under 1 together"
            raise ValueError(msg)

    @property
    def _power(self) -> float:
        return math.fsum(lobe.amplitude**2 for lobe in self.lobes) / 2.0

    @property
    def volume_mm3(self) -> float:
        """Pi r^2 h (4/3 + 32/35 sum(amplitude^2) / 2), mm3."""
        return math.pi * self.radius_mm**2 * self.half_height_mm * (4.0 / 3.0 + 32.0 / 35.0 * self._power)

    @property
    def half_extent_mm(self) -> float:
        """Half of the extent along z, mm."""
        return self.half_height_mm

    @property
    def reach_mm(self) -> float:
        """Largest radius that the lobes could reach together, mm."""
        return self.radius_mm * (1.0 + sum(abs(lobe.amplitude) for lobe in self.lobes))

    def outline_mm(self, angles: Floats, height_mm: Floats | float) -> Floats:
        """Rippled outline, mm."""
        height = np.asarray(height_mm, dtype=np.float64)
        share = np.clip(1.0 - (height / self.half_height_mm) ** 2, 0.0, None)
        ripple: Any = 0.0
        for lobe in self.lobes:
            ripple = ripple + lobe.amplitude * np.cos(lobe.order * angles + lobe.phase + lobe.twist_per_mm * height)
        radii: Floats = self.radius_mm * np.sqrt(share) * (1.0 + share * ripple)
        return radii

    def area_mm2(self, height_mm: float) -> float:
        """Pi r^2 u (1 + u^2 sum(amplitude^2) / 2), mm2."""
        share = max(1.0 - (height_mm / self.half_height_mm) ** 2, 0.0)
        return math.pi * self.radius_mm**2 * share * (1.0 + share**2 * self._power)


@dataclass(frozen=True, kw_only=True)
class SpiculatedSphere(RadialSolid):
    """A sphere with blade-like spicules all round, highest at its equator and fading towards its poles.

    The radius is that of the sphere times 1 + a u p, with u = 1 - z^2/r^2 and p = ((1 + cos(n angle + twist z)) / 2)^m:
    n spicules of relative height a, the narrower the larger the sharpness m. The means of p and p^2 over the circle
    are binomial, so areas and volume are closed.
    """

    radius_mm: float
    """Radius of the sphere, mm."""
    spicules: int
    """How many go round."""
    height: float
    """Height of a spicule at the equator, as a share of the radius; 0 is the plain sphere."""
    sharpness: int = 4
    """The power m; at least 1."""
    twist_per_mm: float = 0.0
    """How far the spicules turn for each mm of z, radians/mm."""

    @property
    def _means(self) -> tuple[float, float]:
        m = self.sharpness
        return math.comb(2 * m, m) / 4.0**m, math.comb(4 * m, 2 * m) / 16.0**m

    @property
    def volume_mm3(self) -> float:
        """Pi r^3 (4/3 + 2 a mean(p) 16/15 + a^2 mean(p^2) 32/35), mm3."""
        first, second = self._means
        bracket = 4.0 / 3.0 + 2.0 * self.height * first * 16.0 / 15.0 + self.height**2 * second * 32.0 / 35.0
        return math.pi * self.radius_mm**3 * bracket

    @property
    def half_extent_mm(self) -> float:
        """Radius of the sphere, mm."""
        return self.radius_mm

    @property
    def reach_mm(self) -> float:
        """Tip of a spicule, mm."""
        return self.radius_mm * (1.0 + self.height)

    def outline_mm(self, angles: Floats, height_mm: Floats | float) -> Floats:
        """Spiculated outline, mm."""
        height = np.asarray(height_mm, dtype=np.float64)
        share = np.clip(1.0 - (height / self.radius_mm) ** 2, 0.0, None)
        spike = ((1.0 + np.cos(self.spicules * angles + self.twist_per_mm * height)) / 2.0) ** self.sharpness
        radii: Floats = self.radius_mm * np.sqrt(share) * (1.0 + self.height * share * spike)
        return radii

    def area_mm2(self, height_mm: float) -> float:
        """Pi r^2 u (1 + 2 a u mean(p) + a^2 u^2 mean(p^2)), mm2."""
        first, second = self._means
        share = max(1.0 - (height_mm / self.radius_mm) ** 2, 0.0)
        ripple = 2.0 * self.height * share * first + (self.height * share) ** 2 * second
        return math.pi * self.radius_mm**2 * share * (1.0 + ripple)
