"""Simulated gross targets as an observer would draw them: lumpy, spiculated bodies cut in planes, contours wavering.

A body is where a field in millimetres is negative: an ellipsoid's distance, made irregular by a smooth random field,
by lumps that grow on it and by thin spicules, and displaced plane by plane by what a hand does. Everything is drawn
from one random generator. Knows no strata and no images; :mod:`simulation` chooses the parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_fill_holes, gaussian_filter, label
from skimage.measure import find_contours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FINEST_PIXEL_MM = 1.0
"""Fields are sampled in the plane on this step, about a CT's pixel ..."""
PIXELS_PER_RADIUS = 14
"""... or, for large bodies, on this part of the radius: outlines are found between pixels."""
SMALLEST_MM2 = 12.0
"""Nobody draws a contour smaller than this."""
MARGIN = 1.65
"""Half the box over the mean radius."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyParameters:
    """What one body is drawn from."""

    volume_mm3: float
    spacing_mm: float
    """Between planes."""
    elongation: tuple[float, float, float]
    """Semi-axes along (z, y, x) over the mean radius, about 1."""
    lumpiness: float
    """Standard deviation of the long irregularities over the mean radius."""
    roughness_mm: float
    """Standard deviation of the short irregularities of the body itself, mm."""
    lobes: int
    """Lumps that grow on it."""
    spicules: int
    """Thin cones that leave it."""
    cavity: float
    """Radius of a cavity that is left out, over the mean radius; 0 for none."""
    hand_mm: float
    """Standard deviation of what the hand adds that neighbouring planes share, mm."""
    plane_mm: float
    """Standard deviation of what the hand adds in each plane anew, mm."""

    @property
    def radius_mm(self) -> float:
        """Radius of the ball of that volume."""
        return float((3 * self.volume_mm3 / (4 * math.pi)) ** (1 / 3))

    @property
    def pixel_mm(self) -> float:
        """Step in the plane."""
        return max(FINEST_PIXEL_MM, self.radius_mm / PIXELS_PER_RADIUS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnBody:
    """A body as contours."""

    positions_mm: Floats
    """(P,) of all planes of its box."""
    polygons: tuple[tuple[Floats, ...], ...]
    """For each plane its (n, 2) polygons (x, y), mm."""
    inside_mm: Floats
    """(n, 3) places inside, (x, y, z), mm, evenly spread."""


def draw_body(parameters: BodyParameters, rng: np.random.Generator) -> DrawnBody:
    """Draw one body about the origin."""
    field, (z, y, x) = _field(parameters, parameters.radius_mm, rng)
    field = field - _level(field, parameters)
    inside = _kept(field < 0, keep_holes=parameters.cavity > 0)
    kept = np.where(inside, np.minimum(field, -1e-6), np.maximum(field, 1e-6))
    polygons = tuple(_polygons(plane, y[0], x[0], parameters.pixel_mm) for plane in kept)
    k, j, i = np.nonzero(inside)
    return DrawnBody(positions_mm=z, polygons=polygons, inside_mm=np.stack([x[i], y[j], z[k]], axis=1))


def _field(p: BodyParameters, radius: float, rng: np.random.Generator) -> tuple[Floats, tuple[Floats, ...]]:
    half = [MARGIN * radius * axis + 8 for axis in p.elongation]
    z = np.arange(-half[0], half[0], p.spacing_mm) + rng.uniform(0, p.spacing_mm)
    y, x = (np.arange(-side, side, p.pixel_mm) for side in half[1:])
    grid = np.meshgrid(z, y, x, indexing="ij", sparse=True)
    scaled = [part / axis for part, axis in zip(grid, p.elongation, strict=True)]
    field = np.sqrt(sum(part**2 for part in scaled)) - radius
    shape, voxel = field.shape, (p.spacing_mm, p.pixel_mm, p.pixel_mm)
    field = field - radius * p.lumpiness * _noise(shape, 0.55 * radius, voxel, rng)
    field = field - p.roughness_mm * _noise(shape, max(0.2 * radius, 3.0), voxel, rng)
    for _ in range(p.lobes):
        field = np.minimum(field, _lump(grid, radius, rng))
    for _ in range(p.spicules):
        field = np.minimum(field, _spicule(grid, radius, rng))
    if p.cavity:
        where = rng.normal(0, 0.15 * radius, 3)
        hole = np.sqrt(sum((part - at) ** 2 for part, at in zip(grid, where, strict=True)))
        field = np.maximum(field, p.cavity * radius - hole)
    field = field + p.hand_mm * _noise(shape, 7.0, voxel, rng)
    alone = _noise(shape, 7.0, voxel, rng, across_planes=False)
    return field + p.plane_mm * alone, (z, y, x)


def _noise(
    shape: tuple[int, ...],
    length_mm: float,
    voxel_mm: Sequence[float],
    rng: np.random.Generator,
    *,
    across_planes: bool = True,
) -> Floats:
    """Smooth random field of mean 0 and standard deviation 1."""
    sigma = [length_mm / side for side in voxel_mm]
    if not across_planes:
        sigma[0] = 0.0
    coarse = [max(1, int(s / 2)) for s in sigma]
    small = rng.standard_normal([size // step + 3 for size, step in zip(shape, coarse, strict=True)], np.float32)
    smooth = gaussian_filter(small, [s / step for s, step in zip(sigma, coarse, strict=True)], mode="wrap")
    for axis, (size, step) in enumerate(zip(shape, coarse, strict=True)):
        smooth = _stretched(smooth, axis, size, step)
    return np.asarray((smooth - smooth.mean()) / max(smooth.std(), 1e-9))


def _stretched(values: Floats, axis: int, size: int, step: int) -> Floats:
    if step == 1:
        return np.take(values, np.arange(size), axis=axis)
    places = np.arange(size) / step
    below = places.astype(int)
    share = (places - below).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    return np.take(values, below, axis=axis) * (1 - share) + np.take(values, below + 1, axis=axis) * share


def _direction(rng: np.random.Generator) -> Floats:
    vector = rng.standard_normal(3)
    return np.asarray(vector / np.linalg.norm(vector))


def _lump(grid: Sequence[Floats], radius: float, rng: np.random.Generator) -> Floats:
    size = radius * rng.uniform(0.25, 0.6)
    at = _direction(rng) * radius * rng.uniform(0.8, 1.15)
    return np.asarray(np.sqrt(sum((part - place) ** 2 for part, place in zip(grid, at, strict=True))) - size)


def _spicule(grid: Sequence[Floats], radius: float, rng: np.random.Generator) -> Floats:
    """Signed distance, nearly, of a cone from within the body outwards."""
    axis = _direction(rng)
    base, length = rng.uniform(1.5, 4.5), radius * rng.uniform(1.15, 1.6)
    along = sum(part * place for part, place in zip(grid, axis, strict=True))
    square = sum(part**2 for part in grid)
    off = np.sqrt(np.maximum(square - along**2, 0))
    thickness = base * np.clip(1.2 - along / length, 0.0, 1.0)
    return np.asarray(np.where((along > 0) & (along < length), off - thickness, 1e3))


def _level(field: Floats, p: BodyParameters) -> float:
    """Level at which as many voxels lie inside as the volume asks for."""
    wanted = min(max(round(p.volume_mm3 / (p.spacing_mm * p.pixel_mm**2)), 8), field.size // 2)
    return float(np.partition(field.ravel(), wanted)[wanted])


def _kept(inside: NDArray[np.bool_], *, keep_holes: bool) -> NDArray[np.bool_]:
    """The largest body, with the holes of its planes filled unless a cavity was meant."""
    labels, count = label(inside)
    if count > 1:
        inside = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    inside[0], inside[-1] = False, False
    inside[:, [0, -1], :] = False
    inside[:, :, [0, -1]] = False
    if keep_holes:
        return inside
    return np.stack([binary_fill_holes(plane) for plane in inside])


def _polygons(plane: Floats, y0: float, x0: float, pixel_mm: float) -> tuple[Floats, ...]:
    if not (plane < 0).any():
        return ()
    found = []
    for line in find_contours(plane, 0.0):
        polygon = np.stack([line[:-1, 1] * pixel_mm + x0, line[:-1, 0] * pixel_mm + y0], axis=1)
        x, y = polygon.T
        area = 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
        if area >= SMALLEST_MM2:
            found.append(polygon)
    return tuple(found)
