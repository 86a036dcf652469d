"""Every metric, in the order in which it is reported; help, documentation and reports are generated from it."""

from __future__ import annotations

from rtcomplexity.metrics import contour, shape

QUICK = (*contour.QUICK, *shape.QUICK)
"""Counts and volumes of an ROI."""
FULL = (*QUICK, *contour.TOPOLOGY, *shape.TOPOLOGY)
"""All metrics of an ROI."""
CATALOGUE = FULL
