"""Metrics of contours: number, length, planes, and shape within planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.metrics import shape
from rtcomplexity.metrics.definition import MetricDefinition, documented
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from rtcomplexity.metrics.context import EnclosingContours, RoiContext, ShapeContext
    from rtcomplexity.model.arrays import Floats

MM2_PER_CM2 = 100.0
MM_PER_CM = 10.0
STEP_MM = 3.0
"""Contours are resampled to about this step before their curvature is measured."""


def count(context: RoiContext) -> float:
    """Contours of every type as the file lists them, copies included."""
    return len(context.roi.contours)


def distinct_count(context: ShapeContext) -> float:
    """Closed contours that enclose an area; exact and near copies on one plane count once."""
    return len(context.stack.contour_offsets) - 1


def plane_count(context: ShapeContext) -> float:
    """Planes that carry at least one closed contour."""
    return context.stack.plane_count


def point_count(context: RoiContext) -> float:
    """Vertices of all contours as the file lists them."""
    return len(context.roi.contours.points_mm)


def length_mm(context: ShapeContext) -> float:
    """Length of all distinct closed contours."""
    return float(context.stack.contour_perimeters_mm.sum())


def lateral_area_cm2(context: ShapeContext) -> float:
    """Sum of contour length x local slab thickness: the side surface of the slabs."""
    stack = context.stack
    return float(stack.plane_perimeters_mm @ context.slab_mm) / MM2_PER_CM2


def per_cm(context: ShapeContext) -> float:
    """Distinct closed contours per centimeter of extent along the planes' normal.

    Unlike a count it does not double when slices are halved only because more were drawn.
    """
    return distinct_count(context) / (float(context.slab_mm.sum()) / MM_PER_CM)


def planes_with_components(context: ShapeContext) -> float:
    """Planes on which the ROI has more than one separate component."""
    return int(np.sum(context.topology.plane_component_counts > 1))


def planes_with_holes(context: ShapeContext) -> float:
    """Planes on which the ROI has a hole; a keyhole contour counts as a hole."""
    return int(np.sum(context.topology.plane_hole_counts > 0))


def isoperimetric_ratio(context: ShapeContext) -> float:
    """Area-weighted mean over planes of 4 pi area / perimeter squared: 1 for circles, else less.

    Raises
    ------
    NotMeasurableError
        If the contours of every plane cancel each other.
    """
    stack = context.stack
    areas = stack.plane_areas_mm2
    inside = areas > 0
    if not np.any(inside):
        raise NotMeasurableError(shape.NO_AREA)
    ratios = 4 * np.pi * areas[inside] / stack.plane_perimeters_mm[inside] ** 2
    return float(np.average(ratios, weights=areas[inside]))


def solidity(context: ShapeContext) -> float:
    """Area over that of the convex hull, area-weighted mean over contours; 1 if all are convex."""
    found = context.enclosing_contours
    return _weighted(found, found.contours.solidities(found.areas_mm2))


def concavity_depth_mm(context: ShapeContext) -> float:
    """Depth of the deepest concavity of any contour, mm."""
    return float(context.enclosing_contours.contours.concavity_depths_mm.max())


def curvature_energy(context: ShapeContext) -> float:
    """Scale-free bending energy, area-weighted mean over contours; 1 for circles."""
    return _weighted(context.enclosing_contours, context.enclosing_contours.contours.curvature_energies(STEP_MM))


def _weighted(found: EnclosingContours, values: Floats) -> float:
    """Mean over contours, weighted by their areas."""
    return float(np.average(values, weights=found.weights_mm2))


QUICK: tuple[MetricDefinition[RoiContext], ...] = (
    documented("contour.count", "Contours", Unit.NONE, count),
    documented("contour.distinct_count", "Distinct closed contours", Unit.NONE, distinct_count),
    documented("contour.plane_count", "Planes", Unit.NONE, plane_count),
    documented("contour.point_count", "Vertices", Unit.NONE, point_count),
    documented("contour.length", "Contour length", Unit.MM, length_mm),
    documented("contour.lateral_area", "Lateral area", Unit.CM2, lateral_area_cm2),
    documented("contour.per_cm", "Contours per cm", Unit.PER_CM, per_cm),
)

TOPOLOGY: tuple[MetricDefinition[RoiContext], ...] = (
    documented("contour.planes_with_components", "Planes with several components", Unit.NONE, planes_with_components),
    documented("contour.planes_with_holes", "Planes with holes", Unit.NONE, planes_with_holes),
    documented("contour.isoperimetric_ratio", "Isoperimetric ratio", Unit.NONE, isoperimetric_ratio),
)

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
