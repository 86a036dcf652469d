"""All image sets of a case on one target's voxels: each sampled through its registration, or the reason why not.

:mod:`rtcomplexity.fusion.tied_images` decides which sets can be sampled, and which of several is preferred.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.frames import IDENTITY, registration_issues
from rtcomplexity.fusion.sampling import region_of, values_of_other_image, values_of_own_image
from rtcomplexity.fusion.tied_images import choice_issues, in_order_of_choice, tie_images
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, roi_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.fusion.frames import PointMap
    from rtcomplexity.fusion.sampling import PointFunction, Region, RegionValues
    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.geometry.stack.runs import Runs
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.image import ImageGrid, ImageSeries
    from rtcomplexity.settings import Settings


@dataclass(frozen=True, kw_only=True, eq=False)
class FusedImage:
    """One image set on one target's voxels."""

    tied: TiedImage
    values: RegionValues | None = None
    """HU for CT, SUVbw for PET, signal for MR; None if there is a reason."""
    before: RegionValues | None = None
    """The same at equal coordinates, ignoring the registration; None if there is none."""
    reason: str = ""
    """Why there are no values."""
    fault: InputDataError | None = None
    """Why a tied image could not be read."""

    @property
    def modality(self) -> str:
        """CT, PT, MR."""
        return self.tied.image_set.modality

    @property
    def fault_issue(self) -> Issue | None:
        """Why an image tied to the plan could not be read, and what to try; None if it could."""
        if self.fault is None:
            return None
        return codes.IMAGE_NOT_SAMPLED.about(self.tied.subject, reason=self.fault)

    def coverage_issue(self, roi_number: int) -> Issue | None:
        """How much of the target has no value in this image; None if all of it has one."""
        if self.values is None or self.values.undefined_share == 0:
            return None
        return codes.IMAGE_DOES_NOT_COVER_ROI.about(
            roi_subject(roi_number), percent=100 * self.values.undefined_share, image=self.tied.subject
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class CaseImages:
    """The image sets of a case, tied to the planning frame once for all targets."""

    case: Case
    settings: Settings
    _kept: list[tuple[Runs, tuple[FusedImage, ...]]] = field(default_factory=list, init=False, repr=False)
    _largest: dict[tuple[str, bool], RegionValues] = field(default_factory=dict, init=False, repr=False)
    """Values of each image on the largest region so far: most targets lie inside each other."""
    _pixels: dict[int, SeriesPixels] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def tied(self) -> tuple[TiedImage, ...]:
        """All image sets, in the case's order."""
        return tie_images(self.case, self.pixels_of)

    def pixels_of(self, series: ImageSeries) -> SeriesPixels:
        """Pixels of a series, shared by all ties to it and the planning image."""
        if id(series) not in self._pixels:
            self._pixels[id(series)] = SeriesPixels(series=series, settings=self.settings)
        return self._pixels[id(series)]

    def pixels_once(self, series: ImageSeries) -> SeriesPixels:
        """Pixels of any series: the kept ones, or new ones that are not kept."""
        return self._pixels.get(id(series)) or SeriesPixels(series=series, settings=self.settings)

    @property
    def planning_pixels(self) -> SeriesPixels | None:
        """The planning image's pixels; None if there is none."""
        planning = self.case.planning_image
        return None if planning is None else self.pixels_of(planning)

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Issues with registrations and SUV, SUV that was refused, and the choice among several sets."""
        return (
            *registration_issues(self.case.registrations),
            *(issue for tied in self.tied for issue in tied.issues),
            *choice_issues(self.tied),
        )

    def fuse(self, region: Region) -> tuple[FusedImage, ...]:
        """Sample every tied set on a target's voxels."""
        return tuple(self._fuse(tied, region) for tied in self.tied)

    def fuse_on(self, runs: Runs, planning: ImageGrid, *, keep: bool = False) -> tuple[FusedImage, ...]:
        """Sample every set on the voxels of a target; with `keep`, the samples on the last such target are kept.

        The course's gross target usually is one ROI that was measured before.
        """
        for known, fused in self._kept:
            if np.array_equal(known.starts, runs.starts) and np.array_equal(known.stops, runs.stops):
                return fused
        fused = self.fuse(region_of(runs, planning))
        if keep:
            self._kept[:] = [(runs, fused)]
        return fused

    def _fuse(self, tied: TiedImage, region: Region) -> FusedImage:
        """One image set on a region, or the reason why there are no values."""
        if tied.point_map is None:
            return FusedImage(tied=tied, reason=tied.reason)
        if tied.image_set.modality == "PT" and tied.factor is None:
            return FusedImage(tied=tied, reason=tied.reason)
        try:
            return self._sampled(tied, tied.point_map, region)
        except InputDataError as fault:
            return FusedImage(tied=tied, reason=fault.found, fault=fault)

    def _sampled(self, tied: TiedImage, point_map: PointMap, region: Region) -> FusedImage:
        """One image set on a region, with and without its registration."""
        if tied.series is self.case.planning_image:
            return FusedImage(
                tied=tied, values=values_of_own_image(region, self.pixels_of(tied.series), factor=tied.factor)
            )
        values = self._through(tied, point_map, region)
        if point_map.links == 0:
            return FusedImage(tied=tied, values=values)
        return FusedImage(tied=tied, values=values, before=self._through(tied, IDENTITY, region))

    def _through(self, tied: TiedImage, mapping: PointFunction, region: Region) -> RegionValues:
        """Sample an image on a region, reusing the values on the largest region before it."""
        key = (tied.subject, mapping is IDENTITY)
        known = self._largest.get(key)
        known = known if known is not None and known.region.grid is region.grid else None
        values = values_of_other_image(region, self.pixels_of(tied.series), mapping, factor=tied.factor, known=known)
        if known is None or np.count_nonzero(region.needed) >= np.count_nonzero(known.region.needed):
            self._largest[key] = values
        return values


def best_of(fused: Sequence[FusedImage], modality: str) -> FusedImage | None:
    """The preferred set of a modality that has values; otherwise any set of it."""
    sampled = [image.tied for image in fused if image.values is not None]
    ranked = in_order_of_choice(sampled, modality)
    if ranked:
        return next(image for image in fused if image.tied is ranked[0])
    return next((image for image in fused if image.modality == modality), None)
