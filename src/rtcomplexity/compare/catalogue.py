"""Every metric there is: those of ROIs and courses, then those of two delineations, then those of several readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.compare.agreement import AGREEMENT
from rtcomplexity.compare.metrics import COMPARISONS
from rtcomplexity.metrics.catalogue import CATALOGUE

if TYPE_CHECKING:
    from rtcomplexity.metrics.definition import MetricDefinition

EVERY_METRIC: Final[tuple[MetricDefinition[Any], ...]] = (*CATALOGUE, *COMPARISONS, *AGREEMENT)
