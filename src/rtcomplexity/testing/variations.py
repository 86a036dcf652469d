"""Contours changed in ways that planning systems, careless users or gaming bring about; the solid stays the same.

Every function takes contours and returns new ones. Nothing is random: noise comes from :func:`hashed_noise`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.structure_set import ContourGeometricType, Contours
from rtcomplexity.testing.phantoms import contours_of, polygons_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.testing.placing import Frame


def hashed_noise(count: int, seed: int = 0) -> Floats:
    """(count,) deterministic numbers spread evenly over [-1, 1), the same on every machine."""
    word = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    word = word + np.uint64(seed * 0xD1B54A32D192ED03 % 2**64)
    for factor, shift in ((0xBF58476D1CE4E5B9, 30), (0x94D049BB133111EB, 27), (1, 31)):
        word = (word ^ (word >> np.uint64(shift))) * np.uint64(factor)
    noise: Floats = (word >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0
    return noise


def joined(*parts: Contours) -> Contours:
    """One after the other in one set of contours."""
    counts = np.concatenate([part.point_counts for part in parts])
    return Contours(
        points_mm=np.concatenate([part.points_mm for part in parts]),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        geometric_types=np.concatenate([part.geometric_types for part in parts]),
    )


def chosen(contours: Contours, indices: Sequence[int]) -> Contours:
    """Return the contours of these indices, in that order: to drop, repeat or shuffle them."""
    polygons = polygons_of(contours)
    types = contours.geometric_types[np.asarray(indices, dtype=np.int64)]
    return of_types(contours_of([polygons[index] for index in indices]), types)


def of_types(contours: Contours, types: Sequence[int] | NDArray[np.int8] | ContourGeometricType) -> Contours:
    """Return the same contours with one geometric type for all, or with one each."""
    filled = np.broadcast_to(np.asarray(types, dtype=np.int8), (len(contours),))
    return Contours(points_mm=contours.points_mm, offsets=contours.offsets, geometric_types=filled)


def duplicated(contours: Contours, copies: int = 2) -> Contours:
    """Each contour `copies` times in a row."""
    return chosen(contours, [index for index in range(len(contours)) for _ in range(copies)])


def nearly_duplicated(contours: Contours, distance_mm: float = 0.02) -> Contours:
    """Each contour and, after all of them, a copy whose vertices move by up to `distance_mm` in their plane."""
    return joined(contours, jagged(contours, distance_mm, seed=7))


def reversed_direction(contours: Contours) -> Contours:
    """Each contour the other way round."""
    return _each(contours, lambda polygon: polygon[::-1])


def started_elsewhere(contours: Contours, steps: int = 5) -> Contours:
    """Each contour with its first vertex `steps` further on."""
    return _each(contours, lambda polygon: np.roll(polygon, -steps, axis=0))


def closed_twice(contours: Contours) -> Contours:
    """Each contour with its first vertex repeated at its end."""
    return _each(contours, lambda polygon: np.concatenate([polygon, polygon[:1]]))


def with_repeated_points(contours: Contours) -> Contours:
    """Each vertex twice in a row."""
    return _each(contours, lambda polygon: np.repeat(polygon, 2, axis=0))


def densified(contours: Contours, parts: int = 3) -> Contours:
    """Each edge divided into `parts` equal ones."""

    def divide(polygon: Floats) -> Floats:
        steps = np.arange(parts)[None, :, None] / parts
        edges = np.roll(polygon, -1, axis=0) - polygon
        return (polygon[:, None] + steps * edges[:, None]).reshape(-1, 3)

    return _each(contours, divide)


def jagged(contours: Contours, distance_mm: float = 1.0, seed: int = 0) -> Contours:
    """Each vertex moved by up to `distance_mm` towards or away from its contour's mean point, in the plane."""
    noise = hashed_noise(len(contours.points_mm), seed)
    owner = np.repeat(np.arange(len(contours)), contours.point_counts)
    centers = np.stack([polygon.mean(axis=0) for polygon in polygons_of(contours)])[owner]
    outward = contours.points_mm - centers
    outward = outward / np.linalg.norm(outward, axis=1, keepdims=True)
    return _with_points(contours, contours.points_mm + distance_mm * noise[:, None] * outward)


def moved(contours: Contours, frame: Frame) -> Contours:
    """Every vertex carried along by a rigid motion."""
    return _with_points(contours, frame.to_patient(contours.points_mm))


def _each(contours: Contours, change: Callable[[Floats], Floats]) -> Contours:
    return of_types(contours_of([change(polygon) for polygon in polygons_of(contours)]), contours.geometric_types)


def _with_points(contours: Contours, points_mm: Floats) -> Contours:
    return Contours(points_mm=points_mm, offsets=contours.offsets, geometric_types=contours.geometric_types)
