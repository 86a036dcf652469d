"""Metrics of how a target's contours run in their planes: how convex, how deep their pockets, how much they bend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry import contour_shape
from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtcomplexity.metrics.context import ShapeContext

    OfContour = Callable[[NDArray[np.float64], float], float]

STEP_MM = 3.0
"""Contours are resampled to about this step before their bends are measured."""
MOST_VERTICES = 10_000
"""Of a contour of more vertices every n-th is measured: at this number they lie far closer than anyone draws."""


def solidity(context: ShapeContext) -> float:
    """Area over that of the convex hull, mean over contours weighted by area; 1 where nothing is concave."""
    return _weighted(context, contour_shape.solidity)


def concavity_depth_mm(context: ShapeContext) -> float:
    """Depth of the deepest pocket of any contour, mm."""
    return max(_of_each(context, lambda points, _: contour_shape.concavity_depth(points)))


def curvature_energy(context: ShapeContext) -> float:
    """Bending energy free of scale, mean over contours weighted by area; 1 for circles."""
    return _weighted(context, lambda points, _: contour_shape.curvature_energy(points, STEP_MM))


def _weighted(context: ShapeContext, value: OfContour) -> float:
    weights = context.stack.contour_areas_mm2
    return float(np.average(_of_each(context, value), weights=weights))


def _of_each(context: ShapeContext, value: OfContour) -> list[float]:
    """Value of each contour that encloses an area, from its vertices and area; of others 0, which weighs nothing."""
    stack = context.stack.thinned(MOST_VERTICES)
    polygons = np.split(stack.points_mm, stack.contour_offsets[1:-1])
    areas = stack.contour_areas_mm2
    if not (areas > 0).any():
        raise NotMeasurableError("no contour encloses an area by itself")
    return [value(polygon, area) if area > 0 else 0.0 for polygon, area in zip(polygons, areas.tolist(), strict=True)]


TARGET: tuple[MetricDefinition[ShapeContext], ...] = (
    MetricDefinition(
        key="contour.solidity",
        title="Contour solidity",
        unit=Unit.NONE,
        description="Area of each contour over that of its convex hull, mean weighted by area: 1 where all is convex.",
        compute=solidity,
    ),
    MetricDefinition(
        key="contour.concavity_depth",
        title="Deepest concavity",
        unit=Unit.MM,
        description="How far the deepest pocket of any contour retreats from its convex hull.",
        compute=concavity_depth_mm,
    ),
    MetricDefinition(
        key="contour.curvature_energy",
        title="Curvature energy",
        unit=Unit.NONE,
        description=(
            "Length x integral of squared curvature / (2 pi)^2 of each contour resampled to 3 mm, mean weighted by "
            "area: 1 for circles."
        ),
        compute=curvature_energy,
    ),
)
"""Measured on targets only."""
