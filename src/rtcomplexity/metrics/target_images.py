"""CT, PET and MR values inside and around a target, and the metrics derived from them.

Each modality is represented by its best-documented image set. Modalities without a set have no metrics; a set that
cannot be sampled carries the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rtcomplexity.fusion.case_images import CaseImages, FusedImage, best_of
from rtcomplexity.metrics import intensity, pet, registration
from rtcomplexity.metrics.ct_morphology import CT_MORPHOLOGY, CtShape
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import Measurement, NotMeasurableError
from rtcomplexity.model.case import ImageRole
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtcomplexity.metrics.context import ShapeContext
    from rtcomplexity.metrics.definition import MetricDefinition
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.issue import Issue

MR = intensity.definitions("mr", "MR", Unit.SIGNAL, Unit.SIGNAL_PER_MM)
FUSED: tuple[MetricDefinition[Any], ...] = (*intensity.CT, *CT_MORPHOLOGY, *pet.PET, *MR, *registration.PAIR)
"""Metrics of images on a target."""
OTHER_PHASE = "contoured on a different phase than this image"


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetImages:
    """The image sets of a case on one target's voxels, sampled on first use."""

    target: ShapeContext
    images: CaseImages
    is_gross: bool = True
    """Whether a PET volume can be compared with it, and its samples can be reused for the course's gross target."""
    phase: ImageSeries | None = None
    """The phase it was contoured on, if not the planning image: other phases show it elsewhere."""

    @cached_property
    def fused(self) -> tuple[FusedImage, ...]:
        """Every image set of the case on those voxels; NotMeasurableError if the target has none."""
        runs, image = self.target.runs, self.target.grid.image
        if runs.count == 0 or image is None:
            raise NotMeasurableError("no voxel center of the planning image lies inside")
        fused = self.images.fuse_on(runs, image, keep=self.is_gross)
        return fused if self.phase is None else tuple(_of_phase(each, self.phase) for each in fused)

    def best(self, modality: str) -> FusedImage | None:
        """The preferred set of a modality; None if the case has none."""
        if not any(s.modality == modality for s in self.images.case.image_sets):
            return None
        return best_of(self.fused, modality)

    @property
    def planning(self) -> FusedImage | None:
        """The planning image; None if it was not sampled."""
        sampled = (f for f in self.fused if f.values is not None)
        return next((f for f in sampled if f.tied.image_set.role is ImageRole.PLANNING), None)


def _of_phase(image: FusedImage, phase: ImageSeries) -> FusedImage:
    """Remove the values of the planning image and of other phases for a target contoured on this phase."""
    image_set = image.tied.image_set
    is_other = image_set.role is ImageRole.PLANNING or len(image_set.series) > 1
    if image.tied.series is phase or not is_other:
        return image
    return replace(image, values=None, before=None, reason=OTHER_PHASE)


def measure_images(found: TargetImages) -> dict[str, Measurement]:
    """Metrics of every modality in the case, by key."""
    values: dict[str, Measurement] = {}
    uptake = pet.PET if found.is_gross else pet.UPTAKE
    for modality, definitions in (("CT", intensity.CT), ("PT", uptake), ("MR", MR)):
        try:
            image = found.best(modality)
        except NotMeasurableError as error:
            values |= _missing(definitions, str(error))
            continue
        if image is not None:
            values |= _of_image(image, definitions)
    return values | _of_planning_ct(found) | _registered_pair(found)


def image_issues(found: TargetImages, roi_number: int) -> tuple[Issue, ...]:
    """Images that could not be read, and targets that an image does not cover."""
    try:
        issues = [issue for image in found.fused for issue in (image.fault_issue, image.coverage_issue(roi_number))]
    except NotMeasurableError:
        return ()
    return tuple(issue for issue in issues if issue is not None)


def sampled_subjects(found: TargetImages) -> tuple[str, ...]:
    """Image sets with values on the target, as named in issues."""
    try:
        return tuple(image.tied.subject for image in found.fused if image.values is not None)
    except NotMeasurableError:
        return ()


def _of_image(image: FusedImage, definitions: Iterable[MetricDefinition[Any]]) -> dict[str, Measurement]:
    """Metrics of one image set, or the reason why there are none."""
    if image.values is None:
        return _missing(definitions, image.reason)
    subject = pet.PetContext(image=image.values) if image.modality == "PT" else image.values
    return compute_all(definitions, subject)


def _of_planning_ct(found: TargetImages) -> dict[str, Measurement]:
    """Distribution of CT values over a gross target contoured on that CT."""
    try:
        planning = found.planning if found.is_gross else None
    except NotMeasurableError:
        return {}
    if planning is None or planning.values is None or planning.modality != "CT":
        return {}
    return compute_all(CT_MORPHOLOGY, CtShape(shape=found.target, image=planning.values))


def _registered_pair(found: TargetImages) -> dict[str, Measurement]:
    """Similarity of the planning image and the first image set registered to it."""
    try:
        fused, planning = found.fused, found.planning
    except NotMeasurableError:
        return {}
    for image in fused:
        if (
            planning is not None
            and planning.values is not None
            and image.before is not None
            and image.values is not None
        ):
            pair = registration.RegistrationContext(planning=planning.values, before=image.before, after=image.values)
            return compute_all(registration.PAIR, pair)
    return {}


def _missing(definitions: Iterable[MetricDefinition[Any]], reason: str) -> dict[str, Measurement]:
    """Metrics without values, with one reason."""
    return {d.key: Measurement.missing(reason, d.unit) for d in definitions}
