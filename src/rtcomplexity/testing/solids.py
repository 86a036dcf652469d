"""Analytic solids: their true volume, their true sections as polygons, and which points lie inside them.

Every solid stands in its own frame and is cut by planes z = constant of that frame. Polygons are area-preserving: an
inscribed polygon of n vertices loses area, so each one is scaled about its own center until its area is the true
section's. A volume summed from them therefore differs from the truth by the summation's convention alone.

Pure numpy, in millimeters. Knows no patient, files or pydicom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rtcomplexity.testing.polygons import (
    END_TOLERANCE_MM,
    even_angles,
    even_odd,
    keyhole,
    polygon_area_mm2,
    radial_polygon,
)
from rtcomplexity.testing.radial import RadialSolid, sphere

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtcomplexity.model.arrays import Flags, Floats

    Polygons = list[Floats]
    Triple = tuple[float, float, float]


class Sectioned(Protocol):
    """Anything with a true volume that can be cut by planes of its own z."""

    @property
    def volume_mm3(self) -> float:
        """True volume, mm3."""

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, mm."""

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: (n, 2) polygons (x, y), mm, to be combined by even-odd; none where it misses."""


class Solid(Sectioned, Protocol):
    """A sectioned solid that also knows which points lie inside it."""

    @property
    def surface_area_mm2(self) -> float | None:
        """True surface area, mm2; None where there is no closed form."""

    def contains(self, points_mm: Floats) -> Flags:
        """Whether each of the (..., 3) points, mm, lies inside."""


def section_area_mm2(shape: Sectioned, position_mm: float, points: int = 64) -> float:
    """Even-odd area of a section, mm2."""
    return nested_area_mm2(shape.sections(position_mm, points))


def nested_area_mm2(polygons_mm: Polygons) -> float:
    """Even-odd area of (n, 2) polygons that are nested or apart, mm2."""
    areas = [abs(polygon_area_mm2(polygon)) for polygon in polygons_mm]
    depths = [sum(_is_inside(inner, outer) for outer in polygons_mm if outer is not inner) for inner in polygons_mm]
    return math.fsum(area if depth % 2 == 0 else -area for area, depth in zip(areas, depths, strict=True))


def _is_inside(inner: Floats, outer: Floats) -> bool:
    return bool(even_odd(inner[:1], outer)[0])


@dataclass(frozen=True, kw_only=True)
class Prism:
    """A polygon drawn out along z, with flat ends."""

    outline_mm: tuple[tuple[float, float], ...]
    """Vertices (x, y), the first not repeated, mm; the outline crosses itself nowhere."""
    height_mm: float
    """Extent along z, mm."""
    center_z_mm: float = 0.0
    """Middle of the extent along z, mm."""

    @property
    def volume_mm3(self) -> float:
        """Area x height, mm3."""
        return abs(polygon_area_mm2(np.array(self.outline_mm))) * self.height_mm

    @property
    def surface_area_mm2(self) -> float | None:
        """Both ends and the mantle, mm2."""
        outline = np.array(self.outline_mm)
        perimeter = float(np.linalg.norm(np.roll(outline, -1, axis=0) - outline, axis=1).sum())
        return 2.0 * abs(polygon_area_mm2(outline)) + perimeter * self.height_mm

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, mm."""
        return self.center_z_mm - self.height_mm / 2.0, self.center_z_mm + self.height_mm / 2.0

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: the outline, its edges divided evenly to have about `points` vertices."""
        low, high = self.extent_mm
        if not low - END_TOLERANCE_MM <= position_mm <= high + END_TOLERANCE_MM:
            return []
        outline = np.array(self.outline_mm, dtype=np.float64)
        parts = max(1, points // len(outline))
        steps = np.arange(parts)[None, :, None] / parts
        edges = (np.roll(outline, -1, axis=0) - outline)[:, None]
        return [(outline[:, None] + steps * edges).reshape(-1, 2)]

    def contains(self, points_mm: Floats) -> Flags:
        """Whether each of the (..., 3) points, mm, lies inside."""
        low, high = self.extent_mm
        within = (points_mm[..., 2] >= low) & (points_mm[..., 2] <= high)
        return within & even_odd(points_mm[..., :2], np.array(self.outline_mm))


def box(size_mm: Triple, center_mm: Triple = (0.0, 0.0, 0.0)) -> Prism:
    """Return a box with its edges along x, y and z."""
    (a, b, c), (x, y, z) = size_mm, center_mm
    corners = ((-a, -b), (a, -b), (a, b), (-a, b))
    return Prism(outline_mm=tuple((x + p / 2.0, y + q / 2.0) for p, q in corners), height_mm=c, center_z_mm=z)


@dataclass(frozen=True, kw_only=True)
class Torus:
    """A ring round z: each section is an annulus, so every plane has a hole."""

    ring_radius_mm: float
    """From the axis to the middle of the tube, mm."""
    tube_radius_mm: float
    """Radius of the tube, smaller than the ring's, mm."""
    center_mm: Triple = (0.0, 0.0, 0.0)

    @property
    def volume_mm3(self) -> float:
        """2 pi^2 R r^2, mm3."""
        return 2.0 * math.pi**2 * self.ring_radius_mm * self.tube_radius_mm**2

    @property
    def surface_area_mm2(self) -> float | None:
        """4 pi^2 R r, mm2."""
        return 4.0 * math.pi**2 * self.ring_radius_mm * self.tube_radius_mm

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, mm."""
        return self.center_mm[2] - self.tube_radius_mm, self.center_mm[2] + self.tube_radius_mm

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: the outer circle, then the inner one."""
        half = self.tube_radius_mm**2 - (position_mm - self.center_mm[2]) ** 2
        if half <= END_TOLERANCE_MM**2:
            return []
        radii = self.ring_radius_mm + math.sqrt(half), self.ring_radius_mm - math.sqrt(half)
        angles = even_angles(points)
        flat = np.ones(points)
        return [radial_polygon(self.center_mm[:2], angles, r * flat, math.pi * r * r) for r in radii]

    def contains(self, points_mm: Floats) -> Flags:
        """Whether each of the (..., 3) points, mm, lies inside."""
        x, y, z = np.moveaxis(points_mm - np.asarray(self.center_mm), -1, 0)
        inside: Flags = np.hypot(np.hypot(x, y) - self.ring_radius_mm, z) <= self.tube_radius_mm
        return inside


@dataclass(frozen=True, kw_only=True)
class Hollow:
    """A solid with cavities: each lies wholly inside it and apart from the others."""

    outer: Solid
    cavities: tuple[Solid, ...]

    @property
    def volume_mm3(self) -> float:
        """Outer less cavities, mm3."""
        return self.outer.volume_mm3 - math.fsum(cavity.volume_mm3 for cavity in self.cavities)

    @property
    def surface_area_mm2(self) -> float | None:
        """Outer and inner surfaces together, mm2."""
        return _sum_of_areas((self.outer, *self.cavities))

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z of the outer solid, mm."""
        return self.outer.extent_mm

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: the outer polygons, then those of the cavities."""
        parts: tuple[Solid, ...] = (self.outer, *self.cavities)
        return [polygon for part in parts for polygon in part.sections(position_mm, points)]

    def contains(self, points_mm: Floats) -> Flags:
        """Whether each of the (..., 3) points, mm, lies in the outer solid and in no cavity."""
        inside = self.outer.contains(points_mm)
        for cavity in self.cavities:
            inside = inside & ~cavity.contains(points_mm)
        return inside


def hollow_sphere(radius_mm: float, cavity_radius_mm: float) -> Hollow:
    """Return a sphere with a concentric spherical cavity.

    Examples
    --------
    >>> round(hollow_sphere(40.0, 20.0).volume_mm3, 2)
    234572.25
    """
    return Hollow(outer=sphere(radius_mm), cavities=(sphere(cavity_radius_mm),))


@dataclass(frozen=True, kw_only=True)
class Group:
    """Sectioned bodies that lie apart, where no point need be classified (margins of several bodies)."""

    bodies: tuple[Sectioned, ...]

    @property
    def volume_mm3(self) -> float:
        """Sum, mm3."""
        return math.fsum(body.volume_mm3 for body in self.bodies)

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z of any body, mm."""
        return min(body.extent_mm[0] for body in self.bodies), max(body.extent_mm[1] for body in self.bodies)

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: the polygons of all bodies."""
        return [polygon for body in self.bodies for polygon in body.sections(position_mm, points)]


@dataclass(frozen=True, kw_only=True)
class Several(Group):
    """Bodies that lie apart, of which each knows its points."""

    bodies: tuple[Solid, ...]

    @property
    def surface_area_mm2(self) -> float | None:
        """Sum, mm2."""
        return _sum_of_areas(self.bodies)

    def contains(self, points_mm: Floats) -> Flags:
        """Whether each of the (..., 3) points, mm, lies in any body."""
        inside = np.zeros(points_mm.shape[:-1], dtype=np.bool_)
        for body in self.bodies:
            inside |= body.contains(points_mm)
        return inside


def two_spheres(radius_mm: float, distance_mm: float) -> Several:
    """Return two equal spheres beside each other along x, their centers `distance_mm` apart."""
    half = distance_mm / 2.0
    return Several(bodies=(sphere(radius_mm, (-half, 0.0, 0.0)), sphere(radius_mm, (half, 0.0, 0.0))))


def _sum_of_areas(parts: Iterable[Solid]) -> float | None:
    areas = [part.surface_area_mm2 for part in parts]
    known = [area for area in areas if area is not None]
    return math.fsum(known) if len(known) == len(areas) else None


@dataclass(frozen=True, kw_only=True)
class Keyhole:
    """The same solid, each section with one hole drawn as a single contour that runs in and out by one channel.

    The channel has no width, so the area stays exactly what it was. Sections without a hole stay as they are; two
    polygons of a section must be nested.
    """

    shape: Solid

    @property
    def volume_mm3(self) -> float:
        """That of the solid, mm3."""
        return self.shape.volume_mm3

    @property
    def surface_area_mm2(self) -> float | None:
        """That of the solid, mm2."""
        return self.shape.surface_area_mm2

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, mm."""
        return self.shape.extent_mm

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: one polygon, of about 2 x `points` vertices where there is a hole."""
        polygons = self.shape.sections(position_mm, points)
        return [keyhole(*polygons)] if len(polygons) == 2 else polygons

    def contains(self, points_mm: Floats) -> Flags:
        """Whether each of the (..., 3) points, mm, lies inside."""
        return self.shape.contains(points_mm)


@dataclass(frozen=True, kw_only=True)
class Grown:
    """A body with a margin all round, as planning systems make a PTV: the union of balls on the body's surface.

    Each section is the outline that its center sees furthest out, so it has no hole; the body's surface is sampled
    at `samples` heights and as many angles. The volume is the integral of the sections, to about 1e-3.
    """

    body: RadialSolid
    margin_mm: float
    samples: int = 96

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, mm."""
        low, high = self.body.extent_mm
        return low - self.margin_mm, high + self.margin_mm

    @property
    def volume_mm3(self) -> float:
        """Integral of the sections by Gauss-Legendre quadrature, mm3."""
        nodes, weights = np.polynomial.legendre.leggauss(32)
        low, high = self.extent_mm
        heights = (low + high) / 2.0 + nodes * (high - low) / 2.0
        areas = [section_area_mm2(self, float(height)) for height in heights]
        return float(weights @ np.array(areas)) * (high - low) / 2.0

    def sections(self, position_mm: float, points: int = 64) -> Polygons:
        """Cut at z = `position_mm`: one (points, 2) polygon, or none."""
        surface = _surface_points(self.body, self.samples)
        reach2 = self.margin_mm**2 - (surface[:, 2] - position_mm) ** 2
        surface, reach2 = surface[reach2 > 0.0], reach2[reach2 > 0.0]
        if len(surface) == 0:
            return []
        center = np.asarray(self.body.center_mm)[:2]
        angles = even_angles(points)
        directions = np.stack([np.cos(angles), np.sin(angles)])
        across = surface[:, :2] - center
        along = across @ directions
        rest = along**2 + (reach2 - np.sum(across**2, axis=1))[:, None]
        hit, ray = np.nonzero(rest >= 0.0)
        radii = np.zeros(points)
        np.maximum.at(radii, ray, along[hit, ray] + np.sqrt(rest[hit, ray]))
        if radii.min() <= END_TOLERANCE_MM:
            return []
        return [radial_polygon((center[0], center[1]), angles, radii, math.pi * float(np.mean(radii**2)))]


@lru_cache(maxsize=32)
def _surface_points(body: RadialSolid, samples: int) -> Floats:
    """(n, 3) points of a body's surface, dense towards the poles."""
    heights = body.half_extent_mm * np.cos(np.linspace(0.0, np.pi, samples))[:, None]
    angles = even_angles(samples)[None]
    radii = body.outline_mm(angles, heights)
    own = np.stack([radii * np.cos(angles), radii * np.sin(angles), np.broadcast_to(heights, radii.shape)], axis=-1)
    surface: Floats = own.reshape(-1, 3) + np.asarray(body.center_mm)
    return surface
