"""A gross target over the contoured phases of a 4D acquisition: change of volume and motion.

Each phase is measured by its own contours on its own slices; phases without contours are not interpolated. One phase is
scored: a target contoured on ten phases is one target, and its motion does not make its shape harder to contour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.fusion.contoured_phases import matching_target
from rtcomplexity.fusion.sampling import slab_mm
from rtcomplexity.metrics import shape
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.definition import MetricDefinition, compute_all, documented
from rtcomplexity.metrics.measurement import Measurement, NotMeasurableError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, roi_subject
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.fusion.contoured_phases import CasePhases, PhaseContours
    from rtcomplexity.geometry.stack.runs import Runs
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import Roi

SAME_VOXELS_MM: Final = 0.01
"""Voxels of two phases within this distance coincide."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetOnPhase:
    """A gross target as contoured on one phase; measured once."""

    context: RoiContext

    @cached_property
    def volume_cm3(self) -> float:
        """Slab volume."""
        return shape.volume_cm3(self.context)

    @cached_property
    def centroid_mm(self) -> Floats:
        """(3,) centroid, patient coordinates, mm."""
        runs, image = self.context.runs, self.context.grid.image
        if image is None:  # never reached: without an image `runs` has raised
            raise NotMeasurableError(self.context.grid.why_no_image)
        return centroid_mm(runs, image)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhasesContext:
    """One gross target as contoured on several phases."""

    phases: tuple[TargetOnPhase, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredPhases:
    """The phases of a case and their gross targets, each measured on first use."""

    found: CasePhases
    gross_targets: tuple[Roi, ...]
    """Gross targets of the assessed structure set that have contours."""
    _kept: dict[int, TargetOnPhase] = field(default_factory=dict, init=False, repr=False)

    def of(self, context: RoiContext) -> tuple[TargetOnPhase, ...]:
        """One gross target of the assessed set on every phase that carries it, without copies, in phase order."""
        count = self._beside(context.roi)
        return tuple(
            self._on(roi, phase, context)
            for phase in self.found.phases
            if phase.number not in self.found.copied
            if (roi := _on_phase(context.roi, phase, count)) is not None
        )

    def _beside(self, roi: Roi) -> int:
        """Number of gross targets contoured on the same images as this one."""
        own = self.found.phase_of(roi)
        return sum(self.found.phase_of(other) is own for other in self.gross_targets)

    def _on(self, roi: Roi, phase: PhaseContours, context: RoiContext) -> TargetOnPhase:
        """A target on one phase, measured once."""
        if id(roi) not in self._kept:
            is_own = roi is context.roi and context.grid.image is phase.series.grid
            grid = context.grid if is_own else contouring_grid(phase.series.grid, (roi,), context.settings)
            own = context if is_own else RoiContext(roi=roi, grid=grid, settings=context.settings)
            self._kept[id(roi)] = TargetOnPhase(context=own)
        return self._kept[id(roi)]


def phase_count(target: PhasesContext) -> float:
    """Phases of the 4D acquisition on which this target was contoured."""
    return float(len(target.phases))


def volume_min_cm3(target: PhasesContext) -> float:
    """Smallest slab volume of the target on any phase that carries it."""
    return min(phase.volume_cm3 for phase in target.phases)


def volume_max_cm3(target: PhasesContext) -> float:
    """Largest slab volume of the target on any phase that carries it."""
    return max(phase.volume_cm3 for phase in target.phases)


def centroid_excursion_mm(target: PhasesContext) -> float:
    """Largest distance between the target's centroids on two phases that carry it."""
    centroids_mm = [phase.centroid_mm for phase in target.phases]
    return max(float(np.linalg.norm(a - b)) for a, b in combinations(centroids_mm, 2))


def centroid_range_mm(target: PhasesContext, axis: int) -> float:
    """Range of the centroids over phases along an axis of the patient (LPS), mm."""
    return float(np.ptp([phase.centroid_mm[axis] for phase in target.phases]))


def envelope_ratio(target: PhasesContext) -> float:
    """Volume of the target's union over the phases that carry it over its mean volume on one of them.

    What an ITV encloses over what it encloses of one phase, on the phases' voxels.

    Raises
    ------
    NotMeasurableError
        If the phases do not share their voxels.
    """
    first, *others = (phase.context for phase in target.phases)
    image = first.grid.image
    if image is None or not all(_shares_voxels(other.grid.image, image) for other in others):
        raise NotMeasurableError("the phases' images do not share their voxels")
    volumes = [_weighed(phase.context.runs, image) for phase in target.phases]
    union = first.runs
    for other in others:
        union = union | other.runs
    return _weighed(union, image) / (sum(volumes) / len(volumes))


def _shares_voxels(one: ImageGrid | None, other: ImageGrid) -> bool:
    """Whether two image grids coincide."""
    if one is None or (one.rows, one.columns) != (other.rows, other.columns):
        return False
    spacings = (one.row_spacing_mm - other.row_spacing_mm, one.column_spacing_mm - other.column_spacing_mm)
    same_places = one.slice_origins_mm.shape == other.slice_origins_mm.shape and np.allclose(
        one.slice_origins_mm, other.slice_origins_mm, rtol=0, atol=SAME_VOXELS_MM
    )
    return same_places and max(map(abs, spacings)) < SAME_VOXELS_MM / max(one.rows, one.columns)


def _weighed(runs: Runs, image: ImageGrid) -> float:
    """Voxels of a shape, each weighted by the thickness of its slice."""
    return float((runs.stops - runs.starts) @ slab_mm(image)[runs.planes])


def centroid_mm(runs: Runs, grid: ImageGrid) -> Floats:
    """(3,) centroid of the voxels of a shape, each weighted by the thickness of its slice, mm.

    Raises
    ------
    NotMeasurableError
        If no voxel center lies inside.
    """
    if runs.count == 0:
        raise NotMeasurableError("no voxel center of a phase's images lies inside")
    lengths = runs.stops - runs.starts
    weights = lengths * slab_mm(grid)[runs.planes]
    rows = runs.rows - runs.planes * runs.shape[1]
    columns = runs.starts - runs.rows * runs.stride + (lengths - 1) / 2
    centers = (
        grid.slice_origins_mm[runs.planes]
        + rows[:, None] * (grid.column_direction * grid.row_spacing_mm)
        + columns[:, None] * (grid.row_direction * grid.column_spacing_mm)
    )
    return np.average(centers, axis=0, weights=weights)


def measure_phases(context: RoiContext, phases: MeasuredPhases) -> dict[str, Measurement]:
    """Metrics of one gross target of the assessed set over the phases that carry it; none where fewer than two do."""
    found = phases.of(context)
    return compute_all(PHASES, PhasesContext(phases=found)) if len(found) > 1 else {}


def of_one_phase(gross: Sequence[RoiContext], found: CasePhases) -> tuple[list[RoiContext], tuple[Issue, ...]]:
    """Gross targets to be scored, and why the others are not: those contoured on the planning image.

    If there are none, those of the phase with the most targets, the first of several such phases.
    """
    phases = {id(each): found.phase_of(each.roi) for each in gross}
    on_planning = [each for each in gross if phases[id(each)] is None]
    numbers = [phase.number for phase in phases.values() if phase is not None]
    best = max(sorted(set(numbers)), key=numbers.count) if numbers and not on_planning else None
    kept = on_planning or [each for each in gross if (phase := phases[id(each)]) is not None and phase.number == best]
    copied, issues = found.copied, []
    if copied:
        numbers_of_copies = ", ".join(map(str, copied))
        issues.append(codes.PHASE_CONTOURS_COPIED.about("plan", phases=len(copied), numbers=numbers_of_copies))
    for each in gross:
        phase = phases[id(each)]
        if phase is not None and each not in kept:
            issues.append(_not_scored(each.roi, phase, kept))
        elif phase is not None:
            issues.append(codes.SCORED_ON_PHASE.about(roi_subject(each.roi.number), phase=phase.number))
    return kept, tuple(issues)


def _on_phase(roi: Roi, phase: PhaseContours, gross_count: int) -> Roi | None:
    """The ROI of a phase that is the same target."""
    if any(other is roi for other in phase.gross_targets):
        return roi
    return matching_target(roi, phase, gross_count)


def _not_scored(roi: Roi, phase: PhaseContours, scored: Sequence[RoiContext]) -> Issue:
    """The issue of a target contoured on a phase that is not scored."""
    same = [each.roi for each in scored if matching_target(each.roi, phase, len(scored)) is roi]
    subject, code = roi_subject(roi.number), codes.GROSS_TARGET_OF_OTHER_PHASE
    if same:
        return code.otherwise.about(subject, phase=phase.number, roi=same[0].number)
    return code.about(subject, phase=phase.number)


def _motion(axis: int, name: str, word: str) -> MetricDefinition[PhasesContext]:
    """Declaration of the motion along one axis."""
    return MetricDefinition(
        key=f"phase.motion_{name}",
        title=f"Motion over phases, {word}",
        unit=Unit.MM,
        description=f"Range of the target's centroids along the patient's {word} axis over the phases that carry it.",
        formula=f"max over phases of c_{name} - min over phases of c_{name}, with c the centroid",
        compute=lambda target: centroid_range_mm(target, axis),
    )


PHASES: Final[tuple[MetricDefinition[PhasesContext], ...]] = (
    documented("phase.count", "Phases with contours", Unit.NONE, phase_count),
    documented("phase.volume_min", "Smallest volume of a phase", Unit.CM3, volume_min_cm3),
    documented("phase.volume_max", "Largest volume of a phase", Unit.CM3, volume_max_cm3),
    documented("phase.centroid_excursion", "Centroid excursion over phases", Unit.MM, centroid_excursion_mm),
    documented("phase.envelope_ratio", "Motion envelope over target volume (ITV/GTV)", Unit.NONE, envelope_ratio),
    _motion(0, "x", "left-right"),
    _motion(1, "y", "anterior-posterior"),
    _motion(2, "z", "superior-inferior"),
)
"""Metrics of one gross target over phases."""
