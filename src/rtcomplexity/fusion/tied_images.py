"""The image sets of a case with their maps to the planning frame: which can be sampled, and which is preferred.

A set not tied to the planning frame is never sampled. For a set with several phases, the first series is sampled (the
planning series, if it is among them). PET values are SUVbw or absent. Metrics, scores and pictures share the choice
made here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtcomplexity.dicom.suv import SuvRefusal, read_suv_scale
from rtcomplexity.fusion.frames import IDENTITY, PointMap, map_to_series
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.case import EvidenceLevel, ImageRole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rtcomplexity.dicom.pixels import SeriesPixels
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.case import Case, ImageSet
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.issue import Issue

    PixelsOf = Callable[[ImageSeries], SeriesPixels]

_LEVELS = tuple(EvidenceLevel)


@dataclass(frozen=True, kw_only=True, eq=False)
class TiedImage:
    """One image set with its map to the planning frame, before sampling."""

    subject: str
    """``image:PT:1``: modality and position among the sets of that modality."""
    image_set: ImageSet
    point_map: PointMap | None = None
    """From the planning frame to the set's frame; None if it is not sampled."""
    factor: Floats | None = None
    """(K,) SUVbw per stored value of each slice, for a PET."""
    suv_how: str = ""
    """How that factor was derived, in words."""
    reason: str = ""
    """Why it is not sampled; empty if it is."""
    issues: tuple[Issue, ...] = ()

    @property
    def series(self) -> ImageSeries:
        """The series that is sampled."""
        return self.image_set.series[0]

    @property
    def registration_uids(self) -> tuple[str, ...]:
        """SOP Instance UIDs of the registrations in the chain, starting from the planning frame, without repeats."""
        return tuple(dict.fromkeys(self.point_map.registration_uids)) if self.point_map else ()

    @property
    def is_deformable_or_chained(self) -> bool:
        """Whether the map is deformable, or chains several registration objects."""
        return self.point_map is not None and (self.point_map.is_deformable or len(self.registration_uids) > 1)


def tie_images(case: Case, pixels_of: PixelsOf) -> tuple[TiedImage, ...]:
    """Map every image set of a case, in the case's order; a PET's SUV is read with its pixels."""
    seen: dict[str, int] = {}
    found = []
    for image_set in case.image_sets:
        seen[image_set.modality] = seen.get(image_set.modality, 0) + 1
        found.append(_tie(case, image_set, f"image:{image_set.modality}:{seen[image_set.modality]}", pixels_of))
    return tuple(found)


def in_order_of_choice(tied: Iterable[TiedImage], modality: str) -> tuple[TiedImage, ...]:
    """The sets of a modality that can be sampled: by level of evidence, then in the case's order."""
    usable = (one for one in tied if one.image_set.modality == modality and not one.reason)
    return tuple(sorted(usable, key=lambda one: -_LEVELS.index(one.image_set.level)))


def choice_issues(tied: Sequence[TiedImage]) -> tuple[Issue, ...]:
    """Which of several PET sets was used: if another would give other values, this can change a verdict."""
    ranked = in_order_of_choice(tied, "PT")
    if len(ranked) < 2:
        return ()
    chosen, *others = ranked
    is_firmer = all(_LEVELS.index(chosen.image_set.level) > _LEVELS.index(one.image_set.level) for one in others)
    why = "its link to the plan is the strongest" if is_firmer else "it was acquired first"
    named = ", ".join(one.subject for one in others)
    subject = chosen.subject
    return (codes.SEVERAL_PET_SETS.about(subject, sets=len(ranked), chosen=subject, why=why, others=named),)


def _tie(case: Case, image_set: ImageSet, subject: str, pixels_of: PixelsOf) -> TiedImage:
    """One image set with its map, or the reason why there is none."""
    planning = case.planning_image
    if image_set.role is ImageRole.NOT_COUNTED:
        return TiedImage(subject=subject, image_set=image_set, reason="it is no image set of its own")
    if planning is None:
        return TiedImage(subject=subject, image_set=image_set, reason="no planning image is linked")
    is_planning = image_set.role is ImageRole.PLANNING
    point_map = IDENTITY if is_planning else map_to_series(case.registrations, planning, image_set.series[0])
    if point_map is None:
        reason = "it is not shown to be registered with the planning image"
        return TiedImage(subject=subject, image_set=image_set, reason=reason)
    return _with_suv(TiedImage(subject=subject, image_set=image_set, point_map=point_map), pixels_of)


def _with_suv(tied: TiedImage, pixels_of: PixelsOf) -> TiedImage:
    """Add a PET's factor to SUVbw, or the reason why there is none."""
    if tied.image_set.modality != "PT":
        return tied
    scale = read_suv_scale(pixels_of(tied.series))
    issues = tuple(replace(issue, subject=tied.subject) for issue in scale.issues)
    if not isinstance(scale, SuvRefusal):
        return replace(tied, factor=scale.suvbw_per_unit, suv_how=scale.how, issues=issues)
    refused = codes.SUV_REFUSED.about(tied.subject, reason=scale.reason)
    return replace(tied, reason=f"no SUV: {scale.reason}", issues=(*issues, refused))
