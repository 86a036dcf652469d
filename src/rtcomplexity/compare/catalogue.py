"""Every metric: those of ROIs and courses, of two delineations, and of several readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.compare.agreement import AGREEMENT
from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.metrics.catalogue import CATALOGUE

if TYPE_CHECKING:
    from rtcomplexity.metrics.definition import MetricDefinition

EVERY_METRIC: Final[tuple[MetricDefinition[Any], ...]] = (*CATALOGUE, *COMPARISONS, *AGREEMENT)
METRIC_TITLES: Final = {each.key: each.title for each in EVERY_METRIC}
