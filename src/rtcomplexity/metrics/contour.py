"""Metrics of contours: number, length, planes, and shape within planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.metrics import shape
from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from rtcomplexity.metrics.context import RoiContext, ShapeContext

MM2_PER_CM2 = 100.0
MM_PER_CM = 10.0


def count(context: RoiContext) -> float:
    """Items of Contour Sequence, of every type, copies included."""
    return len(context.roi.contours)


def distinct_count(context: ShapeContext) -> float:
    """Closed contours that enclose an area, each set of copies counted once."""
    return len(context.stack.contour_offsets) - 1


def plane_count(context: ShapeContext) -> float:
    """Planes that carry at least one closed contour."""
    return context.stack.plane_count


def point_count(context: RoiContext) -> float:
    """Vertices of all contours as the file lists them."""
    return len(context.roi.contours.points_mm)


def length_mm(context: ShapeContext) -> float:
    """Length of all distinct closed contours, mm."""
    return float(context.stack.contour_perimeters_mm.sum())


def lateral_area_cm2(context: ShapeContext) -> float:
    """Sum of contour length x local slab thickness, cm2: the side surface of the slabs."""
    stack = context.stack
    return float(stack.plane_perimeters_mm @ context.slab_mm) / MM2_PER_CM2


def per_cm(context: ShapeContext) -> float:
    """Distinct closed contours per centimeter of extent along the planes' normal, 1/cm.

    Unlike a count it does not double when slices are halved only because more were drawn.
    """
    return distinct_count(context) / (float(context.slab_mm.sum()) / MM_PER_CM)


def planes_with_components(context: ShapeContext) -> float:
    """Planes on which the ROI has more than one separate component."""
    return int(np.sum(context.topology.plane_component_counts > 1))


def planes_with_holes(context: ShapeContext) -> float:
    """Planes on which the ROI has a hole."""
    return int(np.sum(context.topology.plane_hole_counts > 0))


def isoperimetric_ratio(context: ShapeContext) -> float:
    """Area-weighted mean over planes of 4 pi area / perimeter**2: 1 for circles, less for anything else.

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


QUICK: tuple[MetricDefinition[RoiContext], ...] = (
    MetricDefinition(
        key="contour.count",
        title="Contours",
        unit=Unit.NONE,
        description="Contours of every type as the file lists them, copies included.",
        compute=count,
    ),
    MetricDefinition(
        key="contour.distinct_count",
        title="Distinct closed contours",
        unit=Unit.NONE,
        description="Closed contours that enclose an area; exact and near copies on one plane count once.",
        compute=distinct_count,
    ),
    MetricDefinition(
        key="contour.plane_count",
        title="Planes",
        unit=Unit.NONE,
        description="Planes that carry at least one closed contour.",
        compute=plane_count,
    ),
    MetricDefinition(
        key="contour.point_count",
        title="Vertices",
        unit=Unit.NONE,
        description="Vertices of all contours as the file lists them.",
        compute=point_count,
    ),
    MetricDefinition(
        key="contour.length",
        title="Contour length",
        unit=Unit.MM,
        description="Length of all distinct closed contours.",
        compute=length_mm,
    ),
    MetricDefinition(
        key="contour.lateral_area",
        title="Lateral area",
        unit=Unit.CM2,
        description="Sum of contour length x local slab thickness: the side surface of the slabs.",
        compute=lateral_area_cm2,
    ),
    MetricDefinition(
        key="contour.per_cm",
        title="Contours per cm",
        unit=Unit.PER_CM,
        description="Distinct closed contours per centimeter of extent along the planes' normal.",
        compute=per_cm,
    ),
)

TOPOLOGY: tuple[MetricDefinition[RoiContext], ...] = (
    MetricDefinition(
        key="contour.planes_with_components",
        title="Planes with several components",
        unit=Unit.NONE,
        description="Planes on which the ROI has more than one separate component.",
        compute=planes_with_components,
    ),
    MetricDefinition(
        key="contour.planes_with_holes",
        title="Planes with holes",
        unit=Unit.NONE,
        description="Planes on which the ROI has a hole; a keyhole contour counts as a hole.",
        compute=planes_with_holes,
    ),
    MetricDefinition(
        key="contour.isoperimetric_ratio",
        title="Isoperimetric ratio",
        unit=Unit.NONE,
        description="Area-weighted mean over planes of 4 pi area / perimeter squared: 1 for circles, else less.",
        compute=isoperimetric_ratio,
    ),
)
