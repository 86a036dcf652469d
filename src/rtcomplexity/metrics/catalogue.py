"""Every metric, in the order in which it is reported; help, documentation and reports are generated from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing import TYPE_CHECKING

from rtcomplexity.metrics import contour, morphology, shape

if TYPE_CHECKING:
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    from rtcomplexity.metrics.definition import MetricDefinition

QUICK: tuple[MetricDefinition[RoiContext], ...] = (*contour.QUICK, *shape.QUICK)
"""Counts and volumes of an ROI."""
FULL: tuple[MetricDefinition[RoiContext], ...] = (*QUICK, *contour.TOPOLOGY, *shape.TOPOLOGY)
"""All metrics of any ROI."""
TARGET: tuple[MetricDefinition[RoiContext], ...] = (*FULL, *morphology.TARGET)
"""All metrics of a target."""
CATALOGUE = TARGET
