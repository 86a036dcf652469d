"""A case with everything its measurements share, each derived once: grids, planes, images and their pixels.

Metrics, redrawing, masks and pictures use it. Planes are kept; masks and fields, which are large, are not.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.case_images import CaseImages
from rtcomplexity.metrics.context import RoiContext, case_grids

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.metrics.context import CaseGrids
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.structure_set import Roi
    from rtcomplexity.settings import Settings


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredCase:
    """One case, one set of tolerances, and what follows from both."""

    case: Case
    settings: Settings
    _kept: dict[int, RoiContext] = field(default_factory=dict, init=False, repr=False)

    def __reduce__(self) -> tuple[Callable[..., MeasuredCase], tuple[Case, Settings]]:
        """Cross to another process without derived data: pixels are large, and some caches go by identity."""
        return _again, (self.case, self.settings)

    @cached_property
    def grids(self) -> CaseGrids:
        """The contouring grid of each ROI."""
        return case_grids(self.case, self.settings)

    @cached_property
    def images(self) -> CaseImages:
        """The image sets, tied to the planning frame once, with the pixels read so far."""
        return CaseImages(case=self.case, settings=self.settings)

    def context(self, roi: Roi) -> RoiContext:
        """Context of an ROI; its contours are stacked once."""
        if roi.number not in self._kept:
            self._kept[roi.number] = RoiContext(roi=roi, grid=self.grids.of(roi), settings=self.settings)
        kept = self._kept[roi.number]
        with suppress(InputDataError):  # contours that cannot be stacked raise again where their planes are used
            kept.stacked  # noqa: B018 - so that the copy has them
        return kept.lean()


def _again(case: Case, settings: Settings) -> MeasuredCase:
    """Rebuild in another process."""
    return MeasuredCase(case=case, settings=settings)
