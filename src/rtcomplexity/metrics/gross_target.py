"""The scored metrics: one value each for a course, measured on the union of its gross targets.

Gross targets are contoured GTVs and ITVs that are not derived from another ROI. One that lies inside another or repeats
it is excluded, as is one contoured on another phase of a 4D acquisition. One named as a threshold of PET uptake was not
delineated by anyone, so it is excluded too, unless the user assigned its class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.case.target_names import is_pet_derived
from rtcomplexity.geometry.clearance import SAME_AXES, shares_axes
from rtcomplexity.geometry.stack.runs import Lattice, Runs, on_slices, rasterise
from rtcomplexity.metrics import shape
from rtcomplexity.metrics.course import Course
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.phases import of_one_phase
from rtcomplexity.metrics.relation import encloses_volume
from rtcomplexity.metrics.scored import SCORED
from rtcomplexity.metrics.target_cover import unexplained_issues, unexplained_targets
from rtcomplexity.metrics.target_shape import BLUR_MM
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, roi_subject
from rtcomplexity.model.structure_set import ClassDecidedBy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.contoured_phases import CasePhases
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.image_conditions import SetConditions
    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.case import Case

NESTED_SHARE = 0.98
"""An ROI with this share inside others is nested in them."""
NEGLIGIBLE_SHARE = 0.001
"""A smaller share inside others counts as touching along a border."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrossTargetMeasurements:
    """The scored values of a course."""

    values: Mapping[str, Measurement]
    """By scored key."""
    roi_numbers: tuple[int, ...] = ()
    """The ROIs they were measured on."""
    unexplained_targets: tuple[int, ...] = ()
    """Planned targets away from these ROIs."""
    issues: tuple[Issue, ...] = ()
    sets: tuple[SetConditions, ...] = ()
    """The conditions that each secondary image set meets; empty if not measured."""


def measure_gross_target(
    contexts: Sequence[RoiContext],
    case: Case,
    *,
    images: CaseImages,
    phases: CasePhases,
    expanded: Collection[int] = (),
    shape_blur_mm: float = BLUR_MM,
    organs: Collection[str] = (),
) -> GrossTargetMeasurements:
    """Measure the scored metrics.

    `expanded` are the numbers of ROIs that are expansions of others and were not contoured. Shape is measured on a
    surface blurred by `shape_blur_mm`. `organs` count for adjacency; if empty, all organs of the list do.
    """
    drawn = [c for c in contexts if c.roi.number not in expanded]
    gross = [c for c in drawn if c.roi.target_class.is_gross and encloses_volume(c) and not _is_threshold(c)]
    of_phase, phase_issues = of_one_phase(gross, phases)
    parallel, orientation_issues = _of_one_orientation(of_phase)
    kept, nested_issues = _without_nested(parallel)
    issues = (*phase_issues, *orientation_issues, *nested_issues)
    course = Course(
        case=case,
        images=images,
        phases=phases,
        contexts=contexts,
        parts=tuple(kept),
        shape_blur_mm=shape_blur_mm,
        organs=frozenset(organs),
    )
    unexplained = unexplained_targets(contexts, course.target.stack) if kept else ()
    sets = _conditions(course)
    return GrossTargetMeasurements(
        values=compute_all(SCORED, course),
        roi_numbers=tuple(sorted(part.roi.number for part in kept)),
        unexplained_targets=unexplained,
        issues=(*issues, *unexplained_issues(unexplained), *_not_counted(sets)),
        sets=sets,
    )


def _conditions(course: Course) -> tuple[SetConditions, ...]:
    """Conditions of the secondary image sets; none if they cannot be measured."""
    try:
        return course.set_conditions
    except NotMeasurableError:
        return ()


def _not_counted(sets: Iterable[SetConditions]) -> Iterator[Issue]:
    """Conditions missed by each registered set that does not count; for other sets, the evidence level says so."""
    for each in sets:
        if each.is_tied and not each.counts:
            yield codes.IMAGE_SET_NOT_COUNTED.about(each.subject, missed=" ".join(each.missed))


def _is_threshold(context: RoiContext) -> bool:
    """Whether the name identifies the ROI as a PET threshold, and the user has not assigned another class."""
    roi = context.roi
    return roi.class_decided_by is not ClassDecidedBy.ALIAS and is_pet_derived(roi.name)


def _of_one_orientation(gross: Sequence[RoiContext]) -> tuple[list[RoiContext], tuple[Issue, ...]]:
    """Gross targets on parallel planes: those on the image's slices, otherwise those parallel to the largest."""
    if not gross:
        return [], ()
    most = max(gross, key=lambda c: (_is_on_slices(c), shape.volume_cm3(c), -c.roi.number))
    kept = [c for c in gross if shares_axes(c.stack, most.stack)]
    issues = (codes.GROSS_TARGET_IN_OTHER_ORIENTATION.about(roi_subject(c.roi.number)) for c in gross if c not in kept)
    return kept, tuple(issues)


def _is_on_slices(context: RoiContext) -> bool:
    """Whether the contour planes are parallel to the slices of the image."""
    axes = context.grid.axes
    return axes is not None and bool(np.allclose(context.stack.normal, axes.normal, rtol=0, atol=SAME_AXES))


def _without_nested(gross: Sequence[RoiContext]) -> tuple[list[RoiContext], tuple[Issue, ...]]:
    """Gross targets that are not inside larger ones, largest first."""
    if len(gross) < 2:
        return list(gross), ()
    runs = _on_common_planes(gross)
    order = sorted(range(len(gross)), key=lambda n: (-runs[n].count, gross[n].roi.number))
    kept, issues, union = [], [], None
    for n in order:
        share = (runs[n] & union).count / max(runs[n].count, 1) if union is not None else 0.0
        subject = roi_subject(gross[n].roi.number)
        if share >= NESTED_SHARE:
            issues.append(codes.GROSS_TARGET_NESTED.about(subject))
            continue
        if share > NEGLIGIBLE_SHARE:
            issues.append(codes.GROSS_TARGETS_OVERLAP.about(subject, percent=100 * share))
        kept.append(gross[n])
        union = runs[n] if union is None else union | runs[n]
    return kept, tuple(issues)


def _on_common_planes(gross: Sequence[RoiContext]) -> list[Runs]:
    """Runs of each target on one lattice, at the plane positions of all of them."""
    stacks = [part.stack for part in gross]
    lattice = Lattice.around_all(stacks, gross[0].grid.pixel_mm)
    planes = np.unique(np.concatenate([stack.positions_mm for stack in stacks]))
    return [on_slices(rasterise(stack, lattice), stack, planes) for stack in stacks]
