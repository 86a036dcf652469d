"""The input to the scored metrics of a course: the union of its gross targets, its organs and its image sets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rtcomplexity.geometry.stack.union import union_stack
from rtcomplexity.metrics.adjacency import Adjacency, adjacency
from rtcomplexity.metrics.context import UnionContext
from rtcomplexity.metrics.image_conditions import as_counted, measure_sets
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.target_images import TargetImages
from rtcomplexity.metrics.target_shape import scored_surface_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.contoured_phases import CasePhases
    from rtcomplexity.geometry.field.body import SubvoxelSurface
    from rtcomplexity.metrics.context import RoiContext, ShapeContext
    from rtcomplexity.metrics.image_conditions import SetConditions
    from rtcomplexity.model.case import Case, ImageSet

AUTOMATIC: Final = frozenset({"AUTOMATIC", "SEMIAUTOMATIC"})
NO_GROSS_TARGET: Final = "no gross target (GTV or ITV) with closed contours and a known volume was found"


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """A course to be scored; each part is measured once, on first use."""

    case: Case
    images: CaseImages
    phases: CasePhases
    contexts: Sequence[RoiContext]
    """Every measurable ROI of the case, including the organs."""
    parts: tuple[RoiContext, ...]
    """The ROIs that make up the gross target, largest first, none inside another; empty if there is none."""
    shape_blur_mm: float
    """Blur of the surface on which shape is measured."""
    organs: frozenset[str] = frozenset()
    """Organs that count for adjacency; empty means the whole list."""

    @cached_property
    def target(self) -> ShapeContext:
        """The union of the gross targets; NotMeasurableError if there is none."""
        if not self.parts:
            raise NotMeasurableError(NO_GROSS_TARGET)
        return union_of(self.parts)

    @cached_property
    def adjacency(self) -> Adjacency:
        """The organs around it."""
        return adjacency(self.target, self.contexts, self.organs)

    @cached_property
    def surface(self) -> SubvoxelSurface:
        """The surface on which its shape is measured; NotMeasurableError if no grid can hold it."""
        return scored_surface_of(self.target, self.shape_blur_mm)

    @cached_property
    def on_images(self) -> TargetImages:
        """Its image sets, sampled on its voxels."""
        return TargetImages(target=self.target, images=self.images, phase=self.phases.series_of(self.parts[0].roi))

    @cached_property
    def set_conditions(self) -> tuple[SetConditions, ...]:
        """The conditions that each secondary image set meets; NotMeasurableError if they cannot be measured."""
        return measure_sets(self.on_images) if self.parts else ()

    @cached_property
    def counted_sets(self) -> tuple[ImageSet, ...]:
        """The image sets at the evidence level at which they count."""
        return as_counted(self.images, self.set_conditions)

    @property
    def contoured_by_hand(self) -> tuple[RoiContext, ...]:
        """Parts not stated to be contoured by an algorithm; NotMeasurableError if there are no parts."""
        if not self.parts:
            raise NotMeasurableError(NO_GROSS_TARGET)
        return tuple(part for part in self.parts if part.roi.generation not in AUTOMATIC)


def union_of(parts: Sequence[RoiContext]) -> ShapeContext:
    """Union of the parts, largest first, on half pixels where they meet."""
    first = parts[0]
    if len(parts) == 1:
        return first
    stack = union_stack(
        [part.stack for part in parts],
        slice_positions_mm=first.grid.slice_positions_mm,
        gap_factor=first.settings.gap_factor,
        pixel_mm=first.grid.pixel_mm / 2,
        tolerance_mm=first.settings.plane_tolerance_mm,
        usual_mm=first.grid.usual_mm,
        lone_mm=first.grid.lone_mm,
    )
    return UnionContext(grid=first.grid, settings=first.settings, union=stack)
