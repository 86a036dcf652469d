"""Which phases of a 4D acquisition carry contours: structure sets drawn on several series of one image set.

A phase that nobody drew on shows nothing of its use. Knows structure sets and image sets; measures nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcomplexity.model.case import Case, ImageSet
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.structure_set import Roi, StructureSet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhaseContours:
    """One phase with the structure set drawn on it."""

    number: int
    """Place of the phase in its image set, from 1."""
    series: ImageSeries
    structure_set: StructureSet

    @property
    def gross_targets(self) -> tuple[Roi, ...]:
        """Gross targets with contours."""
        return tuple(roi for roi in self.structure_set.rois if roi.target_class.is_gross and len(roi.contours))


def phase_contours(case: Case) -> tuple[PhaseContours, ...]:
    """Phases of the 4D acquisition that carry a gross target's contours, in the image set's order.

    Of several 4D acquisitions the one of the planning image counts, else the one with most such phases.

    Returns
    -------
    tuple of PhaseContours
        Empty where there is no 4D acquisition, or none of its phases was drawn on.
    """
    acquisitions = [image_set for image_set in case.image_sets if len(image_set.series) > 1]
    found = [_of_acquisition(image_set, case) for image_set in acquisitions]
    return max(
        found, key=lambda phases: (any(p.series is case.planning_image for p in phases), len(phases)), default=()
    )


def contoured_phase_count(case: Case) -> int:
    """Phases that carry a gross target's contours; 0 where nothing is 4D."""
    return len(phase_contours(case))


def matching_target(roi: Roi, phase: PhaseContours, gross_count: int) -> Roi | None:
    """Find the gross target of a phase that an ROI is: by its name, else as the only one on either side."""
    own = roi.name.strip().casefold()
    named = [other for other in phase.gross_targets if other.name.strip().casefold() == own]
    if len(named) == 1:
        return named[0]
    is_only = gross_count == 1 and len(phase.gross_targets) == 1
    return phase.gross_targets[0] if is_only else None


def _of_acquisition(image_set: ImageSet, case: Case) -> tuple[PhaseContours, ...]:
    drawn_on = [(phase_set.series, phase_set.structure_set) for phase_set in case.phase_sets]
    if case.planning_image is not None:
        drawn_on.insert(0, (case.planning_image, case.structure_set))
    found = (
        PhaseContours(number=number, series=series, structure_set=structure_set)
        for number, series in enumerate(image_set.series, start=1)
        for drawn_series, structure_set in drawn_on
        if drawn_series is series
    )
    return tuple(phase for phase in found if phase.gross_targets)
