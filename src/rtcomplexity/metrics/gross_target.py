"""The scored metrics: one value each for a course, measured on the union of its gross targets.

Gross targets are the GTVs and ITVs that are drawn, not derived from another ROI. One that lies inside another, or
repeats it, adds nothing, nor does one drawn on another phase of a 4D acquisition. One whose name says that it is a
threshold of PET uptake is nobody's delineation, so it is left out too, unless the user named its class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.case import visits
from rtcomplexity.case.target_names import is_pet_derived
from rtcomplexity.geometry.clearance import SAME_AXES, shares_axes
from rtcomplexity.geometry.stack.runs import Lattice, Runs, on_slices, rasterise
from rtcomplexity.geometry.stack.union import union_stack
from rtcomplexity.metrics import contour, shape
from rtcomplexity.metrics.adjacency import Adjacency, adjacency
from rtcomplexity.metrics.context import UnionContext
from rtcomplexity.metrics.fused import SCORED_UNITS, TargetImages, scored_intensities
from rtcomplexity.metrics.measurement import Measurement, NotMeasurableError
from rtcomplexity.metrics.phases import of_one_phase
from rtcomplexity.metrics.relation import encloses_volume
from rtcomplexity.metrics.target_cover import unexplained_issues, unexplained_targets
from rtcomplexity.metrics.target_shape import BLUR_MM, SHAPE, measure_shape
from rtcomplexity.model.issue import Issue, Severity, roi_subject
from rtcomplexity.model.structure_set import ClassDecidedBy
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.phases import CasePhases
    from rtcomplexity.metrics.context import RoiContext, ShapeContext
    from rtcomplexity.model.case import Case

NESTED_SHARE = 0.98
"""An ROI of which this share lies inside others is nested in them."""
NEGLIGIBLE_SHARE = 0.001
"""Less of an ROI inside others is a touch along a border."""
AUTOMATIC = frozenset({"AUTOMATIC", "SEMIAUTOMATIC"})


@dataclass(frozen=True, kw_only=True, eq=False)
class GrossTarget:
    """The union of a course's gross targets."""

    context: ShapeContext
    """The union."""
    parts: tuple[RoiContext, ...]
    """The ROIs that make it up; none lies inside another."""
    adjacency: Adjacency
    """The organs around it."""

    @property
    def drawn_by_hand(self) -> tuple[RoiContext, ...]:
        """Parts that are not said to be drawn by an algorithm."""
        return tuple(part for part in self.parts if part.roi.generation not in AUTOMATIC)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrossTargetMeasurements:
    """What is scored of a course."""

    values: Mapping[str, Measurement]
    """By scored key."""
    roi_numbers: tuple[int, ...] = ()
    """The ROIs they are measured on."""
    unexplained_targets: tuple[int, ...] = ()
    """Planned targets that lie apart from these."""
    issues: tuple[Issue, ...] = ()


def measure_gross_target(
    contexts: Sequence[RoiContext],
    case: Case,
    *,
    images: CaseImages,
    phases: CasePhases,
    expanded: Collection[int] = (),
    shape_blur_mm: float = BLUR_MM,
) -> GrossTargetMeasurements:
    """Measure what is scored.

    `expanded` are the numbers of ROIs that are another one and a margin: nobody drew them. The shape is measured on a
    surface blurred by `shape_blur_mm`.
    """
    drawn = [c for c in contexts if c.roi.number not in expanded]
    gross = [c for c in drawn if c.roi.target_class.is_gross and encloses_volume(c) and not _is_threshold(c)]
    of_phase, phase_issues = of_one_phase(gross, phases)
    parallel, orientation_issues = _of_one_orientation(of_phase)
    kept, nested_issues = _without_nested(parallel)
    issues = (*phase_issues, *orientation_issues, *nested_issues)
    values = dict(_image_metrics(case, images, phases))
    if not kept:
        values |= _missing("no gross target (GTV or ITV) with closed contours and a known volume was found")
        return GrossTargetMeasurements(values=values, issues=issues)
    union = union_of(kept)
    target = GrossTarget(context=union, parts=tuple(kept), adjacency=adjacency(union, contexts))
    values |= scored_intensities(TargetImages(target=union, images=images, phase=phases.series_of(kept[0].roi)))
    values |= measure_shape(union, shape_blur_mm)
    values |= {key: _measure(compute, unit, target) for key, (unit, compute) in GEOMETRIC.items()}
    unexplained = unexplained_targets(contexts, union.stack)
    return GrossTargetMeasurements(
        values=values,
        roi_numbers=tuple(sorted(part.roi.number for part in kept)),
        unexplained_targets=unexplained,
        issues=(*issues, *unexplained_issues(unexplained)),
    )


def _is_threshold(context: RoiContext) -> bool:
    """Whether the ROI calls itself a PET threshold, and nobody says otherwise."""
    roi = context.roi
    return roi.class_decided_by is not ClassDecidedBy.ALIAS and is_pet_derived(roi.name)


def _of_one_orientation(gross: Sequence[RoiContext]) -> tuple[list[RoiContext], tuple[Issue, ...]]:
    """Gross targets on parallel planes: those on the image's slices, else those drawn as the largest was."""
    if not gross:
        return [], ()
    most = max(gross, key=lambda c: (_is_on_slices(c), shape.volume_cm3(c), -c.roi.number))
    kept = [c for c in gross if shares_axes(c.stack, most.stack)]
    issues = (_orientation_issue(c.roi.number) for c in gross if c not in kept)
    return kept, tuple(issues)


def _is_on_slices(context: RoiContext) -> bool:
    axes = context.grid.axes
    return axes is not None and bool(np.allclose(context.stack.normal, axes.normal, rtol=0, atol=SAME_AXES))


def _without_nested(gross: Sequence[RoiContext]) -> tuple[list[RoiContext], tuple[Issue, ...]]:
    """Gross targets that do not lie inside larger ones, largest first."""
    if len(gross) < 2:
        return list(gross), ()
    runs = _on_common_planes(gross)
    order = sorted(range(len(gross)), key=lambda n: (-runs[n].count, gross[n].roi.number))
    kept, issues, union = [], [], None
    for n in order:
        share = (runs[n] & union).count / max(runs[n].count, 1) if union is not None else 0.0
        if share >= NESTED_SHARE:
            issues.append(_nested_issue(gross[n].roi.number))
            continue
        if share > NEGLIGIBLE_SHARE:
            issues.append(_overlap_issue(gross[n].roi.number, share))
        kept.append(gross[n])
        union = runs[n] if union is None else union | runs[n]
    return kept, tuple(issues)


def _on_common_planes(gross: Sequence[RoiContext]) -> list[Runs]:
    """Runs of each target on one lattice, on the planes of all of them together."""
    stacks = [part.stack for part in gross]
    lattice = Lattice.around_all(stacks, gross[0].grid.pixel_mm)
    planes = np.unique(np.concatenate([stack.positions_mm for stack in stacks]))
    return [on_slices(rasterise(stack, lattice), stack, planes) for stack in stacks]


def union_of(parts: Sequence[RoiContext]) -> ShapeContext:
    """Unite the parts, largest first, on half pixels where they meet."""
    first = parts[0]
    if len(parts) == 1:
        return first
    stack = union_stack(
        [part.stack for part in parts],
        slice_positions_mm=first.grid.slice_positions_mm,
        gap_factor=first.settings.gap_factor,
        pixel_mm=first.grid.pixel_mm / 2,
        tolerance_mm=first.settings.plane_tolerance_mm,
    )
    return UnionContext(grid=first.grid, settings=first.settings, union=stack)


def _orientation_issue(number: int) -> Issue:
    return Issue(
        code="gross-target-in-other-orientation",
        severity=Severity.WARNING,
        subject=roi_subject(number),
        text="Its planes are not parallel to those of the other gross targets: it is measured by itself, not scored.",
    )


def _nested_issue(number: int) -> Issue:
    return Issue(
        code="gross-target-nested",
        severity=Severity.INFO,
        subject=roi_subject(number),
        text="This gross target lies inside, or repeats, a larger one; it adds nothing to the score.",
    )


def _overlap_issue(number: int, share: float) -> Issue:
    return Issue(
        code="gross-targets-overlap",
        severity=Severity.WARNING,
        subject=roi_subject(number),
        text=f"{100 * share:.1f} % of this gross target lies inside other gross targets, but not all of it.",
    )


def _missing(reason: str) -> dict[str, Measurement]:
    units = {key: unit for key, (unit, _) in GEOMETRIC.items()} | SCORED_UNITS | dict.fromkeys(SHAPE, Unit.NONE)
    return {key: Measurement.missing(reason, unit) for key, unit in units.items()}


def _measure(compute: Callable[[GrossTarget], float], unit: Unit, target: GrossTarget) -> Measurement:
    try:
        return Measurement.of(compute(target), unit)
    except NotMeasurableError as error:
        return Measurement.missing(str(error), unit)


def volume_cm3(target: GrossTarget) -> float:
    """Slab volume of the union, cm3."""
    return shape.volume_cm3(target.context)


def equivalent_diameter_mm(target: GrossTarget) -> float:
    """Diameter of the sphere of the union's slab volume, mm: the size by which shapes are compared."""
    return shape.equivalent_sphere_diameter_mm(target.context)


def craniocaudal_length_mm(target: GrossTarget) -> float:
    """Extent of the union along the patient's head-foot axis (z of LPS), half a slab beyond the outer points, mm."""
    stack = target.context.stack
    if abs(stack.normal[2]) > 1 - 1e-9:
        return shape.extent_mm(target.context)
    plane = np.repeat(stack.plane_of_contour, np.diff(stack.contour_offsets))
    z = stack.points_mm @ np.array([stack.u_axis[2], stack.v_axis[2]]) + stack.positions_mm[plane] * stack.normal[2]
    reach = 0.5 * abs(stack.normal[2]) * float(np.median(stack.slab_mm))
    return float(np.ptp(z) + 2 * reach)


def manual_lateral_area_cm2(target: GrossTarget) -> float:
    """Sum of border length x slab over the union of the parts not drawn by an algorithm, cm2; no keyhole channels."""
    parts = target.drawn_by_hand
    if not parts:
        return 0.0
    union = union_of(parts)
    return float(union.stack.plane_border_lengths_mm @ union.slab_mm) / contour.MM2_PER_CM2


def component_count(target: GrossTarget) -> float:
    """Separate bodies of the union."""
    return shape.component_count(target.context)


def planes_with_components(target: GrossTarget) -> float:
    """Share of planes with more than one component."""
    return contour.planes_with_components(target.context) / target.context.stack.plane_count


def planes_with_holes(target: GrossTarget) -> float:
    """Share of planes with a hole."""
    return contour.planes_with_holes(target.context) / target.context.stack.plane_count


def branching_count(target: GrossTarget) -> float:
    """Times that a component meets several components of the next plane."""
    return shape.branching_count(target.context)


def surface_within_5mm(target: GrossTarget) -> float:
    """Share of the surface that lies in an anatomical organ or within 5 mm of one."""
    return target.adjacency.surface_share()


def organs_within_5mm(target: GrossTarget) -> float:
    """Anatomical organs within 5 mm of the surface."""
    return target.adjacency.organ_count()


def organ_overlap(target: GrossTarget) -> float:
    """Share of the volume that lies in anatomical organs."""
    return target.adjacency.overlap_share()


GEOMETRIC: Mapping[str, tuple[Unit, Callable[[GrossTarget], float]]] = {
    "scored.volume": (Unit.CM3, volume_cm3),
    "scored.equivalent_diameter": (Unit.MM, equivalent_diameter_mm),
    "scored.craniocaudal_length": (Unit.MM, craniocaudal_length_mm),
    "scored.manual_lateral_area": (Unit.CM2, manual_lateral_area_cm2),
    "scored.component_count": (Unit.NONE, component_count),
    "scored.planes_with_components": (Unit.NONE, planes_with_components),
    "scored.planes_with_holes": (Unit.NONE, planes_with_holes),
    "scored.branching_count": (Unit.NONE, branching_count),
    "scored.surface_within_5mm": (Unit.NONE, surface_within_5mm),
    "scored.organs_within_5mm": (Unit.NONE, organs_within_5mm),
    "scored.organ_overlap": (Unit.NONE, organ_overlap),
}


def _image_metrics(case: Case, images: CaseImages, phases: CasePhases) -> Iterable[tuple[str, Measurement]]:
    """Counts of what objects show to have been used: no registered set is a measurement, not a missing value."""
    counts = {
        "scored.registered_sets": len(visits.fused(case.image_sets)),
        "scored.registration_chain": sum(tied.is_deformable_or_chained for tied in images.tied),
        "scored.acquisitions": len(visits.counted(case.image_sets)),
        "scored.modalities": len(visits.used_modalities(case.image_sets)),
        "scored.phases": phases.count,
    }
    for key, value in counts.items():
        yield key, Measurement.of(value, Unit.NONE)
