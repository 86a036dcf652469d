"""Metrics of how a target's contours run in their planes: how convex, how deep their pockets, how much they bend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from rtcomplexity.metrics.context import EnclosingContours, ShapeContext
    from rtcomplexity.model.arrays import Floats

STEP_MM = 3.0
"""Contours are resampled to about this step before their curvature is measured."""


def solidity(context: ShapeContext) -> float:
    """Area over that of the convex hull, area-weighted mean over contours; 1 if all are convex."""
    found = context.outlines
    return _weighted(found, found.outlines.solidities(found.areas_mm2))


def concavity_depth_mm(context: ShapeContext) -> float:
    """Depth of the deepest concavity of any contour, mm."""
    return float(context.outlines.outlines.concavity_depths_mm.max())


def curvature_energy(context: ShapeContext) -> float:
    """Scale-free bending energy, area-weighted mean over contours; 1 for circles."""
    return _weighted(context.outlines, context.outlines.outlines.curvature_energies(STEP_MM))


def _weighted(found: EnclosingContours, values: Floats) -> float:
    """Mean over contours, weighted by their areas."""
    return float(np.average(values, weights=found.weights_mm2))


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
