"""Contours to measure with, and what is measured on them: shared by the geometry benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from large_structure_set import PIXEL_MM, SIZE, Shape, outline, plane_z_mm

from rtcomplexity.geometry.stack.runs import Lattice, Runs, rasterise
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.model.structure_set import Contours
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack

ORGAN = Shape(name="organ", x_mm=7.0, y_mm=-11.0, radius_mm=60.0, wave_mm=1.0, waves=7)
LATTICE = Lattice(
    u0_mm=-PIXEL_MM * (SIZE - 1) / 2,
    v0_mm=-PIXEL_MM * (SIZE - 1) / 2,
    column_spacing_mm=PIXEL_MM,
    row_spacing_mm=PIXEL_MM,
    columns=SIZE,
    rows=SIZE,
)


def contours(planes: int, points: int, shape: Shape = ORGAN) -> Contours:
    """Return `planes` closed contours of `points` vertices each."""
    levels = [outline(shape, plane, points) for plane in range(planes)]
    heights = [np.full((points, 1), plane_z_mm(plane)) for plane in range(planes)]
    return Contours(
        points_mm=np.hstack([np.concatenate(levels), np.concatenate(heights)]),
        offsets=np.arange(planes + 1) * points,
        geometric_types=np.zeros(planes, np.int8),
    )


def stack_of(some: Contours) -> PlaneStack:
    """Return the stack of contours that enclose an area."""
    stack = stack_contours(some, settings=Settings()).stack
    assert stack is not None
    return stack


def pixel_polygons(stack: PlaneStack) -> list[np.ndarray]:
    """Return the (n, 2) vertices (column, row) of each plane of a stack of single contours, in pixels."""
    origin = np.array([LATTICE.u0_mm, LATTICE.v0_mm])
    return [(stack.plane_polygons(plane)[0] - origin) / PIXEL_MM for plane in range(stack.plane_count)]


def count_volume_runs(some: Contours) -> tuple[int, float, Runs]:
    """Return the contour count, slab volume and runs of one ROI: what every analysis needs of it."""
    stack = stack_of(some)
    return len(some), slab_volume_mm3(stack), rasterise(stack, LATTICE)
