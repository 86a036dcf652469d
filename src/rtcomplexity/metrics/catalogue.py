"""All metrics in reporting order; help, documentation and reports are generated from this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtcomplexity.metrics import contour, image_set, morphology, phases, relation, scored, shape, target_images

if TYPE_CHECKING:
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.definition import MetricDefinition

QUICK: tuple[MetricDefinition[RoiContext], ...] = (*contour.QUICK, *shape.QUICK)
"""Counts and volumes of an ROI."""
FULL: tuple[MetricDefinition[RoiContext], ...] = (*QUICK, *contour.TOPOLOGY, *shape.TOPOLOGY)
"""All metrics of any ROI."""
TARGET: tuple[MetricDefinition[RoiContext], ...] = (*FULL, *contour.TARGET, *morphology.TARGET)
"""All metrics of a target."""
RELATIONS = relation.RELATIONS
"""All metrics of a pair of ROIs."""
CATALOGUE: tuple[MetricDefinition[Any], ...] = (
    *TARGET,
    *RELATIONS,
    *target_images.FUSED,
    *image_set.IMAGE_SET,
    *phases.PHASES,
    *scored.SCORED,
)
