"""Which phases of a 4D acquisition carry contours: from one structure set per phase, or from ROIs of one set.

A phase without contours, or with only a copy of another phase's contours, is no evidence of its use. Works on structure
sets and image sets; measures nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.roi_frames import rois_elsewhere
from rtcomplexity.case.roi_images import drawn_on, owners, phases_in_frame
from rtcomplexity.model.structure_set import TargetClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rtcomplexity.model.case import Case, ImageSet
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.structure_set import Roi, StructureSet

_PHASE_OF_NAME: Final = re.compile(
    r"[\s_.-]+(?:(?:ph|phase)[\s_=]*\d{1,3}\s*%?|(?:t|p|ct)(?:[\s_]*(?:\d{2,3}|0)\s*%?|[\s_]*=\s*\d{1,3}\s*%?|[\s_]*\d\s*%)|"
    r"(?:\d{2,3}|0)|\d{1,3}\s*%|inhale|exhale|insp|exp|in|ex|avg|ave|average|mip)\s*$",
    re.IGNORECASE,
)
"""Name endings that tell apart the phases of one target: _50, -T50, " 50%", _exhale.

Not the 1 of GTV-1, GTV P1 or GTV T1, which numbers parts and tumors.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhaseContours:
    """One phase with the gross targets contoured on it."""

    number: int
    """Position of the phase in its image set, from 1."""
    series: ImageSeries
    gross_targets: tuple[Roi, ...]
    """With contours; at least one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CasePhases:
    """The 4D acquisition of a case, as far as it carries contours."""

    phases: tuple[PhaseContours, ...] = ()
    """Phases that carry a gross target's contours, in the image set's order."""
    elsewhere: tuple[tuple[Roi, PhaseContours], ...] = ()
    """GTVs of the assessed set contoured on a phase other than the planning image, each with that phase."""
    copied: tuple[int, ...] = ()
    """Numbers of the phases with nothing but point-by-point copies of an earlier one's contours."""

    @property
    def count(self) -> int:
        """Phases that carry contours of their own."""
        return len(self.phases) - len(self.copied)

    def phase_of(self, roi: Roi) -> PhaseContours | None:
        """The phase that a GTV was contoured on; None for the planning image."""
        return next((phase for other, phase in self.elsewhere if other is roi), None)

    def series_of(self, roi: Roi) -> ImageSeries | None:
        """The images of that phase."""
        phase = self.phase_of(roi)
        return None if phase is None else phase.series


def case_phases(case: Case) -> CasePhases:
    """Phases of the 4D acquisition that carry a gross target's contours.

    An ROI belongs to a phase if all images named by its contours, as far as they are available, are of that phase; if
    none are named, it goes with its structure set. Of several 4D acquisitions, the one that includes the planning image
    counts, otherwise the one with the most such phases.

    Returns
    -------
    CasePhases
        Empty where there is no 4D acquisition in the planning frame, or none of its phases has contours.
    """
    planning = case.planning_image
    if planning is None:
        return CasePhases()
    found = [_of_acquisition(image_set, case, planning) for image_set in phases_in_frame(case.image_sets, planning)]
    return max(
        found,
        key=lambda one: (any(phase.series is planning for phase in one.phases), len(one.phases)),
        default=CasePhases(),
    )


def matching_target(roi: Roi, phase: PhaseContours, gross_count: int) -> Roi | None:
    """The gross target of a phase that corresponds to an ROI.

    By name, then by name without a phase ending, then as the only one on either side: `gross_count` is the number of
    gross targets contoured with the ROI, including itself.
    """
    for spellings in (_whole_name, _names):
        named = [other for other in phase.gross_targets if not spellings(other).isdisjoint(spellings(roi))]
        if len(named) == 1:
            return named[0]
    is_only = gross_count == 1 and len(phase.gross_targets) == 1
    return phase.gross_targets[0] if is_only else None


def _whole_name(roi: Roi) -> frozenset[str]:
    """The name as it is."""
    return frozenset({roi.name.strip().casefold()})


def _names(roi: Roi) -> frozenset[str]:
    """The name with and without its ending, if that names a phase."""
    name = roi.name.strip().casefold()
    return frozenset({name, _PHASE_OF_NAME.sub("", name).strip() or name})


def _of_acquisition(image_set: ImageSet, case: Case, planning: ImageSeries) -> CasePhases:
    """The contoured phases of one 4D acquisition."""
    owner = owners((series for each in case.image_sets for series in each.series), first=planning)
    sets = [(planning, case.structure_set), *((each.series, each.structure_set) for each in case.phase_sets)]
    drawn = [
        (drawn_on(roi, owner, linked), roi, n == 0)
        for n, (linked, one) in enumerate(sets)
        for roi in gross_targets(one, linked)
    ]
    phases = tuple(_drawn_phases(image_set, drawn))
    return CasePhases(
        phases=phases,
        elsewhere=tuple((roi, phase) for phase in phases for roi in _own_gtvs(phase, case, planning)),
        copied=tuple(_copied(phases)),
    )


def _drawn_phases(
    image_set: ImageSet, drawn: Sequence[tuple[ImageSeries | None, Roi, bool]]
) -> Iterator[PhaseContours]:
    """Yield phases with their contours: those of the assessed set, otherwise of another."""
    for number, series in enumerate(image_set.series, start=1):
        here = [(roi, is_own) for place, roi, is_own in drawn if place is series]
        own = tuple(roi for roi, is_own in here if is_own)
        if here:
            yield PhaseContours(number=number, series=series, gross_targets=own or tuple(roi for roi, _ in here))


def _copied(phases: Iterable[PhaseContours]) -> Iterator[int]:
    """Yield the phases on which every target repeats one of an earlier phase, point by point."""
    seen: list[Roi] = []
    for phase in phases:
        if all(any(_same_contours(roi, other) for other in seen) for roi in phase.gross_targets):
            yield phase.number
        seen += phase.gross_targets


def _same_contours(one: Roi, other: Roi) -> bool:
    """Whether two ROIs have the same points, regardless of the order of contours."""
    ours, theirs = one.contours.points_mm, other.contours.points_mm
    return len(ours) == len(theirs) and np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def gross_targets(structure_set: StructureSet, linked: ImageSeries | None) -> tuple[Roi, ...]:
    """Gross targets of a set with contours in the frame of reference of its linked images."""
    elsewhere = {roi.number for roi in rois_elsewhere(structure_set, linked)}
    drawn = (roi for roi in structure_set.rois if roi.number not in elsewhere and len(roi.contours))
    return tuple(roi for roi in drawn if roi.target_class.is_gross)


def _own_gtvs(phase: PhaseContours, case: Case, planning: ImageSeries) -> tuple[Roi, ...]:
    """GTVs of the assessed set on a phase other than the planning image; an ITV belongs to no single phase."""
    if phase.series is planning:
        return ()
    own = {id(roi) for roi in case.structure_set.rois if roi.target_class is TargetClass.GTV}
    return tuple(roi for roi in phase.gross_targets if id(roi) in own)
