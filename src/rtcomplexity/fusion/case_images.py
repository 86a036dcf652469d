"""All image sets of a case on one target's voxels: each sampled through its registration, or the reason why not.

A set that nothing ties to the planning frame is never sampled. Of a set with several phases the first series (the
planning one, if it is among them) is sampled. PET values come as SUVbw or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.dicom.suv import SuvRefusal, read_suv_scale
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.frames import PointMap, map_to_series, registration_issues
from rtcomplexity.fusion.sampling import region_of, values_of_other_image, values_of_own_image
from rtcomplexity.model.case import EvidenceLevel, ImageRole
from rtcomplexity.model.issue import Issue, Severity, roi_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtcomplexity.fusion.sampling import Region, RegionValues
    from rtcomplexity.geometry.stack.runs import Runs
    from rtcomplexity.model.case import Case, ImageSet
    from rtcomplexity.model.image import ImageGrid, ImageSeries
    from rtcomplexity.settings import Settings


@dataclass(frozen=True, kw_only=True, eq=False)
class TiedImage:
    """One image set with its way to the planning frame, before anything is sampled."""

    subject: str
    """``image:PT:1``: modality and position among the sets of it."""
    image_set: ImageSet
    point_map: PointMap | None = None
    """Planning frame -> the set's frame; None where it is not to be sampled."""
    factor: NDArray[np.float64] | None = None
    """(K,) from the values of each slice to SUVbw, for a PET."""
    suv_how: str = ""
    """From what that factor follows, in words."""
    reason: str = ""
    """Why it is not sampled; empty where it is."""
    issues: tuple[Issue, ...] = ()

    @property
    def series(self) -> ImageSeries:
        """The series that is sampled."""
        return self.image_set.series[0]

    @property
    def registration_uids(self) -> tuple[str, ...]:
        """SOP Instance UIDs of the registrations on the way, the first from the planning frame, without repeats."""
        return tuple(dict.fromkeys(self.point_map.registration_uids)) if self.point_map else ()

    @property
    def is_deformable_or_chained(self) -> bool:
        """Whether the way bends, or leads through several registration objects."""
        return self.point_map is not None and (self.point_map.is_deformable or len(self.registration_uids) > 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class FusedImage:
    """One image set on one target's voxels."""

    tied: TiedImage
    values: RegionValues | None = None
    """HU for CT, SUVbw for PET, signal for MR; None where there is a reason."""
    before: RegionValues | None = None
    """The same at equal coordinates, as if there were no registration; None where none is used."""
    reason: str = ""
    """Why there are no values."""
    fault: InputDataError | None = None
    """What kept an image that is tied from being read."""

    @property
    def modality(self) -> str:
        """CT, PT, MR."""
        return self.tied.image_set.modality

    @property
    def fault_issue(self) -> Issue | None:
        """Say why an image that is tied to the plan could not be read, and what to try; None where it could."""
        if self.fault is None:
            return None
        return Issue(
            code="image-not-sampled", severity=Severity.WARNING, subject=self.tied.subject, text=str(self.fault)
        )

    def coverage_issue(self, roi_number: int) -> Issue | None:
        """Say how much of the target has no value in this image; None where all of it has one."""
        if self.values is None or self.values.undefined_share == 0:
            return None
        text = (
            f"{100 * self.values.undefined_share:.3g} % of the ROI's voxels lie outside {self.tied.subject}, or where "
            "its registration or its pixels are undefined; they are left out of its values."
        )
        return Issue(
            code="image-does-not-cover-roi", severity=Severity.WARNING, subject=roi_subject(roi_number), text=text
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class CaseImages:
    """The image sets of a case, each tied to the planning frame once, whatever number of targets follows."""

    case: Case
    settings: Settings
    _kept: list[tuple[Runs, tuple[FusedImage, ...]]] = field(default_factory=list, init=False, repr=False)

    @cached_property
    def tied(self) -> tuple[TiedImage, ...]:
        """All image sets, in the case's order."""
        seen: dict[str, int] = {}
        found = []
        for image_set in self.case.image_sets:
            seen[image_set.modality] = seen.get(image_set.modality, 0) + 1
            found.append(self._tie(image_set, f"image:{image_set.modality}:{seen[image_set.modality]}"))
        return tuple(found)

    @cached_property
    def _pixels(self) -> dict[str, SeriesPixels]:
        return {tied.subject: SeriesPixels(series=tied.series, settings=self.settings) for tied in self.tied}

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What was odd about registrations and SUV, and which SUV was refused."""
        return (
            *registration_issues(self.case.registrations),
            *(issue for tied in self.tied for issue in tied.issues),
        )

    def fuse(self, region: Region) -> tuple[FusedImage, ...]:
        """Sample every set that can be sampled on a target's voxels."""
        return tuple(self._fuse(tied, region) for tied in self.tied)

    def fuse_on(self, runs: Runs, planning: ImageGrid, *, keep: bool = False) -> tuple[FusedImage, ...]:
        """Sample every set on the voxels of a target; with `keep` the last such target is remembered.

        The course's gross target mostly is one ROI that was measured before.
        """
        for known, fused in self._kept:
            if np.array_equal(known.starts, runs.starts) and np.array_equal(known.stops, runs.stops):
                return fused
        fused = self.fuse(region_of(runs, planning))
        if keep:
            self._kept[:] = [(runs, fused)]
        return fused

    def _tie(self, image_set: ImageSet, subject: str) -> TiedImage:
        planning = self.case.planning_image
        if image_set.role is ImageRole.NOT_COUNTED:
            return TiedImage(subject=subject, image_set=image_set, reason="it is no image set of its own")
        if planning is None:
            return TiedImage(subject=subject, image_set=image_set, reason="no planning image is linked")
        if image_set.role is ImageRole.PLANNING:
            point_map: PointMap | None = PointMap()
        else:
            point_map = map_to_series(self.case.registrations, planning, image_set.series[0])
        if point_map is None:
            reason = "it is not shown to be registered with the planning image"
            return TiedImage(subject=subject, image_set=image_set, reason=reason)
        return _with_suv(TiedImage(subject=subject, image_set=image_set, point_map=point_map), self.settings)

    def _fuse(self, tied: TiedImage, region: Region) -> FusedImage:
        if tied.point_map is None:
            return FusedImage(tied=tied, reason=tied.reason)
        if tied.image_set.modality == "PT" and tied.factor is None:
            return FusedImage(tied=tied, reason=tied.reason)
        try:
            return self._sampled(tied, tied.point_map, region)
        except InputDataError as fault:
            return FusedImage(tied=tied, reason=fault.found, fault=fault)

    def _sampled(self, tied: TiedImage, point_map: PointMap, region: Region) -> FusedImage:
        pixels, factor = self._pixels[tied.subject], tied.factor
        if tied.series is self.case.planning_image:
            return FusedImage(tied=tied, values=values_of_own_image(region, pixels, factor=factor))
        values = values_of_other_image(region, pixels, point_map, factor=factor)
        if point_map.links == 0:
            return FusedImage(tied=tied, values=values)
        before = values_of_other_image(region, pixels, _as_it_is, factor=factor)
        return FusedImage(tied=tied, values=values, before=before)


def _with_suv(tied: TiedImage, settings: Settings) -> TiedImage:
    """Add the factor to SUVbw of a PET, or the reason why there is none."""
    if tied.image_set.modality != "PT":
        return tied
    scale = read_suv_scale(tied.series, settings)
    issues = tuple(replace(issue, subject=tied.subject) for issue in scale.issues)
    if not isinstance(scale, SuvRefusal):
        return replace(tied, factor=scale.suvbw_per_unit, suv_how=scale.how, issues=issues)
    text = f"No SUV is measured: {scale.reason}."
    refused = Issue(code="suv-refused", severity=Severity.WARNING, subject=tied.subject, text=text)
    return replace(tied, reason=f"no SUV: {scale.reason}", issues=(*issues, refused))


def best_of(fused: Sequence[FusedImage], modality: str) -> FusedImage | None:
    """Of several sets of a modality the sampled one with the highest level of evidence, then the first; else any."""
    levels = list(EvidenceLevel)
    own = [image for image in fused if image.modality == modality]
    sampled = [image for image in own if image.values is not None]
    if sampled:
        return max(sampled, key=lambda image: levels.index(image.tied.image_set.level))
    return own[0] if own else None


def _as_it_is(points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    return points_mm
