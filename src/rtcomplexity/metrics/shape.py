"""Metrics of the solid that an ROI's contours describe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.mesh import equivalent_sphere_diameter
from rtcomplexity.geometry.stack.volume import (
    bridged_volume_mm3,
    random_phase_deviation,
    slab_volume_mm3,
    trapezoid_volume_mm3,
)
from rtcomplexity.metrics.definition import MetricDefinition, documented
from rtcomplexity.metrics.measurement import NotApplicableError, NotMeasurableError
from rtcomplexity.units import MM3_PER_CM3, Unit

NO_AREA = "the contours cancel each other: by the even-odd rule no area is left"

if TYPE_CHECKING:
    from rtcomplexity.metrics.context import RoiContext, ShapeContext


def volume_cm3(context: ShapeContext) -> float:
    """Slab volume: sum of exact even-odd plane area x local slab thickness, cm3.

    Raises
    ------
    NotMeasurableError
        If nothing encloses an area, or a lone plane's thickness is not known.
    """
    return slab_volume_mm3(context.solid_stack) / MM3_PER_CM3


def volume_if_interpolated_cm3(context: RoiContext) -> float:
    """Slab volume with missing planes filled from the adjacent planes.

    Raises
    ------
    NotApplicableError
        If there is no gap.
    """
    bridged = context.stacked.bridged
    if bridged is None or not context.stacked.findings.gaps:
        raise NotApplicableError
    return bridged_volume_mm3(context.stack, bridged) / MM3_PER_CM3


def volume_if_union_cm3(context: RoiContext) -> float:
    """Slab volume with partly overlapping contours joined, not cancelled, where they overlap.

    Raises
    ------
    NotApplicableError
        If no contours overlap partly.
    NotMeasurableError
        If too many contours of one plane overlap to compute their union.
    """
    if not context.stacked.findings.partly_overlapping:
        raise NotApplicableError
    volume, overlap_mm3 = volume_cm3(context), context.stacked.findings.overlap_mm3
    if not np.isfinite(overlap_mm3):
        raise NotMeasurableError("too many contours of a plane overlap each other")
    return volume + overlap_mm3 / MM3_PER_CM3


def volume_trapezoid_cm3(context: ShapeContext) -> float:
    """Mean area of adjacent planes x their distance, nothing beyond the end planes."""
    volume_cm3(context)
    return trapezoid_volume_mm3(context.stack) / MM3_PER_CM3


def volume_deviation_percent(context: ShapeContext) -> float:
    """Standard deviation of the slab volume of an equal sphere over the random phase of the planes.

    Raises
    ------
    NotMeasurableError
        If the volume is not known, or nothing is left where contours cancel each other.
    """
    if volume_cm3(context) <= 0:
        raise NotMeasurableError(NO_AREA)
    return 100 * random_phase_deviation(context.stack)


def voxel_volume_cm3(context: ShapeContext) -> float:
    """Planning-image voxels whose center lies inside, even-odd, half-open borders.

    Voxels x area of a pixel x thickness of their slice, cm3.

    Raises
    ------
    NotMeasurableError
        If there is no planning image, or it is a single slice of unknown thickness or of a shape of several planes.
    """
    counts, image = context.runs.plane_counts, context.grid.image
    slabs_mm = np.empty(0) if image is None else image.slice_slabs_mm
    if not np.all(np.isfinite(slabs_mm)):
        raise NotMeasurableError("the planning image is a single slice of unknown thickness")
    if len(slabs_mm) == 1 and context.stack.plane_count > 1:
        raise NotMeasurableError("the planning image is a single slice, and the contours reach beyond it")
    return float(counts @ slabs_mm) * context.grid.pixel_mm**2 / MM3_PER_CM3


def tps_volume_cm3(context: RoiContext) -> float:
    """ROI Volume (3006,002C) as the planning system wrote it."""
    if context.roi.tps_volume_cm3 is None:
        raise NotMeasurableError("the planning system wrote no ROI Volume")
    return context.roi.tps_volume_cm3


def component_count(context: ShapeContext) -> float:
    """Separate bodies, joined where components of adjacent planes overlap."""
    return context.topology.body_count


def hole_count(context: ShapeContext) -> float:
    """Holes seen in planes, followed from plane to plane: a tunnel or a cavity counts once."""
    return context.topology.hole_count


def branching_count(context: ShapeContext) -> float:
    """Times that a component meets several components of the next plane, in both directions."""
    return context.topology.branching_count


def equivalent_sphere_diameter_mm(context: ShapeContext) -> float:
    """Diameter of the sphere of the same slab volume."""
    return equivalent_sphere_diameter(slab_volume_mm3(context.solid_stack))


def extent_mm(context: ShapeContext) -> float:
    """Length along the planes' normal, end slabs included.

    From the bottom of the lowest slab to the top of the highest, mm.
    """
    stack = context.solid_stack
    return float(stack.positions_mm[-1] + stack.upper_mm[-1] - stack.positions_mm[0] + stack.lower_mm[0])


QUICK: tuple[MetricDefinition[RoiContext], ...] = (
    MetricDefinition(
        key="shape.volume",
        title="Volume (slab)",
        unit=Unit.CM3,
        description=(
            "Exact even-odd area of each plane x its local slab thickness; end slabs are as thick outwards as inwards; "
            "gaps are not filled."
        ),
        compute=volume_cm3,
    ),
    documented("shape.volume_if_interpolated", "Volume if gaps were filled", Unit.CM3, volume_if_interpolated_cm3),
    documented("shape.volume_if_union", "Volume if overlaps were joined", Unit.CM3, volume_if_union_cm3),
    documented("shape.volume_trapezoid", "Volume (trapezoid)", Unit.CM3, volume_trapezoid_cm3),
    documented("shape.volume_deviation", "Volume uncertainty", Unit.PERCENT, volume_deviation_percent),
    documented("shape.voxel_volume", "Volume (voxels)", Unit.CM3, voxel_volume_cm3),
    documented("shape.tps_volume", "Volume by the planning system", Unit.CM3, tps_volume_cm3),
    documented(
        "shape.equivalent_sphere_diameter", "Equivalent sphere diameter", Unit.MM, equivalent_sphere_diameter_mm
    ),
    documented("shape.extent", "Extent across planes", Unit.MM, extent_mm),
)

TOPOLOGY: tuple[MetricDefinition[RoiContext], ...] = (
    documented("shape.component_count", "Bodies", Unit.NONE, component_count),
    documented("shape.hole_count", "Holes", Unit.NONE, hole_count),
    documented("shape.branching_count", "Branchings", Unit.NONE, branching_count),
)
