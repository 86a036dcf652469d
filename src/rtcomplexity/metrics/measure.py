"""Measures a case: every ROI by the catalogue, the gross target for scoring, and the issues found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from rtcomplexity.cores import run_all
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.contoured_phases import case_phases, gross_targets
from rtcomplexity.metrics import catalogue
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.gross_target import measure_gross_target
from rtcomplexity.metrics.measurement import (
    Measurement,
    MetricTable,
    RelationMeasurements,
    RoiMeasurements,
    SampledImage,
)
from rtcomplexity.metrics.nesting import nesting_issues
from rtcomplexity.metrics.phases import MeasuredPhases, measure_phases
from rtcomplexity.metrics.relation import expansions, relations_of, unions, with_volume
from rtcomplexity.metrics.roi_issues import roi_issues
from rtcomplexity.metrics.target_images import TargetImages, image_issues, measure_images, sampled_subjects
from rtcomplexity.metrics.target_shape import BLUR_MM, surface_method
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, roi_subject

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.definition import MetricDefinition
    from rtcomplexity.metrics.image_conditions import SetConditions
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.metrics.relation import RelationContext
    from rtcomplexity.model.structure_set import Roi


def measure(
    measured_case: MeasuredCase,
    *,
    quick: bool = False,
    shape_blur_mm: float = BLUR_MM,
    organs: Collection[str] = (),
) -> MetricTable:
    """Measure every ROI of a case.

    Parameters
    ----------
    measured_case : the case, with what is derived from it once
    quick : counts and volumes only, without scoring
    shape_blur_mm : blur of the surface on which the gross target's shape is measured
    organs : organs that count for adjacency; all of the fixed list if empty
    """
    imaging = None if quick else _imaging(measured_case)
    measured = _measure_rois(measured_case, imaging)
    if imaging is None:
        return MetricTable(rois=tuple(each.values for each in measured), issues=_issues(measured))
    return _with_gross_target(measured_case, measured, imaging, shape_blur_mm=shape_blur_mm, organs=organs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Imaging:
    """The image sets of a case, and its contoured phases."""

    images: CaseImages
    phases: MeasuredPhases


def _imaging(measured_case: MeasuredCase) -> _Imaging:
    case = measured_case.case
    gross_here = gross_targets(case.structure_set, case.planning_image)
    phases = MeasuredPhases(found=case_phases(case), gross_targets=gross_here)
    return _Imaging(images=measured_case.images, phases=phases)


def _with_gross_target(
    measured_case: MeasuredCase,
    measured: Sequence[_MeasuredRoi],
    imaging: _Imaging,
    *,
    shape_blur_mm: float,
    organs: Collection[str],
) -> MetricTable:
    """The table of measured ROIs, with their relations and the scored metrics of the gross target."""
    case, images = measured_case.case, imaging.images
    usable = _usable(measured_case, measured)
    solid = with_volume(usable)
    pairs = relations_of(solid)
    expanded, joined = expansions(pairs), unions(pairs)
    gross = measure_gross_target(
        usable,
        case,
        expanded=expanded.keys(),
        images=images,
        phases=imaging.phases.found,
        shape_blur_mm=shape_blur_mm,
        organs=organs,
    )
    sources, own = {**joined, **expanded}, [each.values for each in measured]
    has_target = any(roi.target_class.is_target for roi in case.structure_set.rois)
    nesting = nesting_issues([context.roi for context in solid], pairs)
    return MetricTable(
        rois=tuple(replace(values, derived_from=sources.get(values.roi_number)) for values in own),
        relations=_measure_relations(pairs, measured_case.settings.threads),
        gross_target=gross.values,
        gross_target_rois=gross.roi_numbers,
        surface_method=surface_method(shape_blur_mm),
        unexplained_targets=gross.unexplained_targets,
        issues=(*_issues(measured), *gross.issues, *nesting, *(images.issues if has_target else ())),
        images=_sampled(images, measured, gross.sets),
    )


def _usable(measured_case: MeasuredCase, measured: Sequence[_MeasuredRoi]) -> list[RoiContext]:
    """The measurable ROIs in the planning frame of reference."""
    rois, planning = measured_case.case.structure_set.rois, measured_case.grids.planning
    return [
        context
        for roi, each in zip(rois, measured, strict=True)
        if (context := measured_case.context(roi)).grid is planning and not _is_refused(each.issues)
    ]


def _issues(measured: Sequence[_MeasuredRoi]) -> tuple[Issue, ...]:
    return tuple(issue for each in measured for issue in each.issues)


def _measure_rois(measured_case: MeasuredCase, imaging: _Imaging | None) -> list[_MeasuredRoi]:
    """Measure every ROI, on several cores if there are several targets.

    Planes are stacked and one target is measured first, so that worker processes inherit both and the modules needed.
    """
    rois = measured_case.case.structure_set.rois
    points = {roi.number: len(measured_case.context(roi).roi.contours.points_mm) for roi in rois}
    tasks = {roi.number: partial(_measure_roi, measured_case, roi, imaging) for roi in rois}
    targets = sorted((roi.number for roi in rois if roi.target_class.is_target), key=lambda number: points[number])
    first = {number: tasks.pop(number)() for number in targets[:1]}
    cores = measured_case.settings.threads if imaging is not None and len(targets) > 1 else 1
    heaviest_first = sorted(tasks, key=lambda number: (number in targets, points[number]), reverse=True)
    others = run_all([tasks[number] for number in heaviest_first], cores)
    found = first | dict(zip(heaviest_first, others, strict=True))
    return [found[roi.number] for roi in rois]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _MeasuredRoi:
    """One ROI's metrics and issues."""

    values: RoiMeasurements
    issues: tuple[Issue, ...]
    sampled: tuple[str, ...] = ()
    """Image sets with values on it, as named in issues."""


def _sampled(
    images: CaseImages, measured: Sequence[_MeasuredRoi], sets: Sequence[SetConditions]
) -> tuple[SampledImage, ...]:
    """Each image set with the targets it was sampled on and its conditions."""
    conditions = {each.subject: each for each in sets}
    return tuple(
        SampledImage(
            tied=tied,
            roi_numbers=tuple(each.values.roi_number for each in measured if tied.subject in each.sampled),
            conditions=conditions.get(tied.subject),
        )
        for tied in images.tied
    )


def _measure_relations(pairs: Sequence[RelationContext], cores: int) -> tuple[RelationMeasurements, ...]:
    """Measure every pair, on several cores; pairs to one ROI together, since they share its search tree."""
    to_one: dict[int, list[RelationContext]] = {}
    for pair in pairs:
        to_one.setdefault(pair.b.roi.number, []).append(pair)
    found = run_all([partial(_measure_together, group) for group in to_one.values()], cores)
    measured = {(each.a, each.b): each for group in found for each in group}
    return tuple(measured[pair.a.roi.number, pair.b.roi.number] for pair in pairs)


def _measure_together(pairs: Sequence[RelationContext]) -> list[RelationMeasurements]:
    return [
        RelationMeasurements(a=p.a.roi.number, b=p.b.roi.number, values=compute_all(catalogue.RELATIONS, p))
        for p in pairs
    ]


def _measure_roi(measured_case: MeasuredCase, roi: Roi, imaging: _Imaging | None) -> _MeasuredRoi:
    """One ROI's metrics and issues; an unmeasurable ROI becomes an issue and affects no other."""
    context = measured_case.context(roi)
    definitions = _definitions(roi, quick=imaging is None)
    sampled: tuple[str, ...] = ()
    try:
        values = compute_all(definitions, context)
        issues = roi_issues(context, values)
        if imaging is not None and roi.target_class.is_target:
            is_gross, phase = roi.target_class.is_gross, imaging.phases.found.series_of(roi)
            found = TargetImages(target=context, images=imaging.images, is_gross=is_gross, phase=phase)
            is_placed = is_gross and context.grid.image is not None
            values |= measure_images(found) | (measure_phases(context, imaging.phases) if is_placed else {})
            issues, sampled = (*issues, *image_issues(found, roi.number)), sampled_subjects(found)
    except InputDataError as error:
        values = {d.key: Measurement.missing(error.found, d.unit) for d in definitions}
        issues = (codes.ROI_NOT_MEASURABLE.about(roi_subject(roi.number), reason=error),)
    return _MeasuredRoi(values=RoiMeasurements(roi_number=roi.number, values=values), issues=issues, sampled=sampled)


def _definitions(roi: Roi, *, quick: bool) -> tuple[MetricDefinition[RoiContext], ...]:
    """The metrics that apply to an ROI."""
    if quick:
        return catalogue.QUICK
    return catalogue.TARGET if roi.target_class.is_target else catalogue.FULL


def _is_refused(issues: tuple[Issue, ...]) -> bool:
    """Whether an ROI could not be measured."""
    return any(issue.code == codes.ROI_NOT_MEASURABLE.code for issue in issues)
