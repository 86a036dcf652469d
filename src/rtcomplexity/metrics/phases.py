"""A gross target over the phases of a 4D acquisition that carry it: how its volume changes and how far it moves.

Each phase is measured by the contours drawn on it, on its own slices. Phases nobody drew on are not filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.fusion.phases import matching_target
from rtcomplexity.fusion.sampling import slab_mm
from rtcomplexity.metrics import shape
from rtcomplexity.metrics.computing import compute_all
from rtcomplexity.metrics.context import RoiContext, drawing_grid
from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import Measurement, NotMeasurableError
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtcomplexity.fusion.phases import PhaseContours
    from rtcomplexity.geometry.runs import Runs
    from rtcomplexity.model.image import ImageGrid


@dataclass(frozen=True, kw_only=True, eq=False)
class PhasesContext:
    """One gross target as it was drawn on several phases."""

    phases: tuple[RoiContext, ...]

    @cached_property
    def volumes_cm3(self) -> tuple[float, ...]:
        """Slab volume on each phase."""
        return tuple(shape.volume_cm3(context) for context in self.phases)

    @cached_property
    def centroids_mm(self) -> NDArray[np.float64]:
        """(n, 3) centroid on each phase, patient coordinates, mm."""
        return np.array([_centroid_of(context) for context in self.phases])


def phase_count(target: PhasesContext) -> float:
    """Phases on which the target was drawn."""
    return float(len(target.phases))


def volume_min_cm3(target: PhasesContext) -> float:
    """Smallest slab volume of any phase, cm3."""
    return min(target.volumes_cm3)


def volume_max_cm3(target: PhasesContext) -> float:
    """Largest slab volume of any phase, cm3."""
    return max(target.volumes_cm3)


def centroid_excursion_mm(target: PhasesContext) -> float:
    """Largest distance between the centroids of two phases, mm."""
    return max(float(np.linalg.norm(a - b)) for a, b in combinations(target.centroids_mm, 2))


def centroid_mm(runs: Runs, grid: ImageGrid) -> NDArray[np.float64]:
    """(3,) centroid of the voxels of a shape, each weighted with the thickness of its slice, mm.

    Raises
    ------
    NotMeasurableError
        If no voxel centre lies inside.
    """
    if runs.count == 0:
        raise NotMeasurableError("no voxel centre of a phase's images lies inside")
    lengths = runs.stops - runs.starts
    weights = lengths * slab_mm(grid)[runs.planes]
    rows = runs.rows - runs.planes * runs.shape[1]
    columns = runs.starts - runs.rows * runs.stride + (lengths - 1) / 2
    centres = (
        grid.slice_origins_mm[runs.planes]
        + rows[:, None] * (grid.column_direction * grid.row_spacing_mm)
        + columns[:, None] * (grid.row_direction * grid.column_spacing_mm)
    )
    return np.average(centres, axis=0, weights=weights)


def measure_phases(context: RoiContext, phases: Sequence[PhaseContours], gross_count: int) -> dict[str, Measurement]:
    """Metrics of one gross target over the phases that carry it; none where fewer than two do.

    Parameters
    ----------
    context
        The target, in the structure set that is assessed.
    phases
        From :func:`rtcomplexity.fusion.phases.phase_contours`.
    gross_count
        Gross targets with contours in the assessed structure set.
    """
    own = [_on_phase(context, phase, gross_count) for phase in phases]
    found = tuple(each for each in own if each is not None)
    return compute_all(PHASES, PhasesContext(phases=found)) if len(found) > 1 else {}


def _on_phase(context: RoiContext, phase: PhaseContours, gross_count: int) -> RoiContext | None:
    if context.grid.image is phase.series.grid and any(roi is context.roi for roi in phase.structure_set.rois):
        return context
    roi = matching_target(context.roi, phase, gross_count)
    if roi is None:
        return None
    grid = drawing_grid(phase.series.grid, phase.structure_set.rois, context.settings)
    return RoiContext(roi=roi, grid=grid, settings=context.settings)


def _centroid_of(context: RoiContext) -> NDArray[np.float64]:
    runs, image = context.runs, context.grid.image
    if image is None:
        raise NotMeasurableError("a phase has no images")
    return centroid_mm(runs, image)


PHASES: Final[tuple[MetricDefinition[PhasesContext], ...]] = (
    MetricDefinition(
        key="phase.count",
        title="Phases with contours",
        unit=Unit.NONE,
        description="Phases of the 4D acquisition on which this target was drawn.",
        compute=phase_count,
    ),
    MetricDefinition(
        key="phase.volume_min",
        title="Smallest volume of a phase",
        unit=Unit.CM3,
        description="Smallest slab volume of the target on any phase that carries it.",
        compute=volume_min_cm3,
    ),
    MetricDefinition(
        key="phase.volume_max",
        title="Largest volume of a phase",
        unit=Unit.CM3,
        description="Largest slab volume of the target on any phase that carries it.",
        compute=volume_max_cm3,
    ),
    MetricDefinition(
        key="phase.centroid_excursion",
        title="Centroid excursion over phases",
        unit=Unit.MM,
        description="Largest distance between the target's centroids on two phases that carry it.",
        compute=centroid_excursion_mm,
    ),
)
"""Metrics of one gross target over phases."""
