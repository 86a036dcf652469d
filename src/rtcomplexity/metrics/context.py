"""What the metrics of one ROI are computed from: its stack of planes and everything derived from it once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rtcomplexity.case.roi_frames import rois_elsewhere
from rtcomplexity.geometry.clearance import SampledSurface
from rtcomplexity.geometry.contour_shape import ContourSet
from rtcomplexity.geometry.field.body import SubvoxelSurface
from rtcomplexity.geometry.ibsi_morphology import MaskMorphology
from rtcomplexity.geometry.orientation import PARALLEL, PlaneAxes, common_normal, group_positions, polygon_normals
from rtcomplexity.geometry.ragged import select_ragged
from rtcomplexity.geometry.stack.runs import Runs, on_grid
from rtcomplexity.geometry.stack.slabs import usual_spacing_mm
from rtcomplexity.geometry.stack.stacking import PARALLEL_COSINE, Stacked, stack_contours
from rtcomplexity.geometry.stack.topology import Topology, topology
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats, Integers
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import Contours, Roi
    from rtcomplexity.settings import Settings

EVEN_SPACING = 0.01
"""Slices whose spacings, or shifts, differ by less than this share of the spacing are evenly spaced and straight."""

MOST_VERTICES = 10_000
"""Of an outline of more vertices every n-th is measured: at this number they lie far closer than anyone draws."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawingGrid:
    """Where contours could have been drawn: on the planning image's slices, else at the usual spacing of contours."""

    axes: PlaneAxes | None
    """None where no ROI has a closed contour."""
    slice_positions_mm: Floats
    """(K,) of the planning image along the axes' normal, increasing; none without an image."""
    pixel_mm: float
    """Geometric mean of the pixel spacing; the settings' fallback where there is no image."""
    image: ImageGrid | None = None
    why_no_image: str = "no planning image is linked"
    usual_mm: float = np.nan
    """Usual spacing of the contours of all ROIs, mm, where fewer than two slices tell one; NaN if not known."""
    lone_mm: float = np.nan
    """How thick a single slice is, mm; NaN if not known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseGrids:
    """Where each ROI of a case could have been drawn."""

    planning: DrawingGrid
    elsewhere: Mapping[str, DrawingGrid]
    """Of ROIs in other frames of reference, by frame: their own planes."""
    numbers_elsewhere: frozenset[int]

    def of(self, roi: Roi) -> DrawingGrid:
        """Grid of one ROI of the case."""
        return self.elsewhere[roi.frame_of_reference_uid] if roi.number in self.numbers_elsewhere else self.planning


def case_grids(case: Case, settings: Settings) -> CaseGrids:
    """Find the grids of a case: the planning image's, and one for each other frame of reference that ROIs state."""
    others = rois_elsewhere(case.structure_set, case.planning_image)
    numbers = frozenset(roi.number for roi in others)
    here = [roi for roi in case.structure_set.rois if roi.number not in numbers]
    grids = {}
    for frame in dict.fromkeys(roi.frame_of_reference_uid for roi in others):
        drawn = [roi for roi in others if roi.frame_of_reference_uid == frame]
        own = drawing_grid(None, drawn, settings, others=case.structure_set.rois)
        grids[frame] = replace(own, why_no_image="it lies in another frame of reference than the planning image")
    image = case.planning_image.grid if case.planning_image else None
    planning = drawing_grid(image, here, settings, others=case.structure_set.rois)
    return CaseGrids(planning=planning, elsewhere=grids, numbers_elsewhere=numbers)


def drawing_grid(
    image: ImageGrid | None, rois: Sequence[Roi], settings: Settings, others: Sequence[Roi] = ()
) -> DrawingGrid:
    """Grid of the planning image, or where there is none of the contours of all ROIs together.

    `others` tell the usual spacing where `rois` do not: those of other frames of reference too.
    """
    if image is None:
        drawn = _drawn_planes(rois, settings)
        axes = None if drawn is None else PlaneAxes.of_normal(drawn.normal)
        pixel_mm, slices, lone_mm = settings.pixel_fallback_mm, np.empty(0), np.nan
    else:
        axes, slices = PlaneAxes.of_grid(image), image.slice_positions_mm
        pixel_mm = float(np.sqrt(image.row_spacing_mm * image.column_spacing_mm))
        lone_mm = np.nan if image.slice_spacing_mm is None else image.slice_spacing_mm
    return DrawingGrid(
        axes=axes,
        slice_positions_mm=slices,
        pixel_mm=pixel_mm,
        image=image,
        usual_mm=np.nan if len(slices) > 1 else _usual_spacing_mm(rois, others, settings),
        lone_mm=lone_mm,
    )


def _usual_spacing_mm(rois: Sequence[Roi], others: Sequence[Roi], settings: Settings) -> float:
    """Usual spacing of the contours of ROIs, else of more ROIs, mm; NaN where neither tells it."""
    for group in (rois, others):
        drawn = _drawn_planes(group, settings)
        usual = np.nan if drawn is None else usual_spacing_mm(drawn.positions_mm, settings.plane_tolerance_mm)
        if np.isfinite(usual):
            return usual
    return np.nan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _DrawnPlanes:
    """The planes that ROIs were drawn on."""

    normal: Floats
    """(3,) direction that their closed contours share."""
    positions_mm: list[Floats]
    """Positions of each ROI's planes along it, increasing."""


def _drawn_planes(rois: Sequence[Roi], settings: Settings) -> _DrawnPlanes | None:
    """Planes of the closed contours of ROIs; None where no contour encloses an area."""
    closed = [_closed(roi.contours) for roi in rois if np.any(roi.contours.is_closed)]
    closed = [(points, offsets) for points, offsets in closed if len(points)]
    if not closed:
        return None
    normals = [polygon_normals(points, offsets) for points, offsets in closed]
    normal = common_normal(np.concatenate(normals))
    if normal is None:
        return None
    positions = []
    for (points, offsets), own in zip(closed, normals, strict=True):
        parallel = np.abs(own @ normal) >= PARALLEL_COSINE
        means = (np.add.reduceat(points @ normal, offsets[:-1]) / np.diff(offsets))[parallel]
        planes = group_positions(means, settings.plane_tolerance_mm)
        positions.append(np.bincount(planes, weights=means) / np.bincount(planes))
    return _DrawnPlanes(normal=normal, positions_mm=positions)


def _closed(contours: Contours) -> tuple[Floats, Integers]:
    """Vertices and offsets of the closed contours that have vertices."""
    chosen = np.flatnonzero(contours.is_closed & (contours.point_counts > 0))
    return select_ragged(contours.points_mm, contours.offsets, chosen)


class DrawnOutlines(NamedTuple):
    """Contours of a shape that enclose an area by themselves, and what each of them weighs."""

    outlines: ContourSet
    """Thinned to :data:`MOST_VERTICES`."""
    areas_mm2: Floats
    """(m,) areas of these."""
    weights_mm2: Floats
    """(m,) areas of the contours as drawn."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ShapeContext(ABC):
    """A shape and its grid, with what its metrics share computed at most once."""

    grid: DrawingGrid
    settings: Settings

    @property
    @abstractmethod
    def stack(self) -> PlaneStack:
        """Planes of the shape; raises NotMeasurableError where there are none."""

    @property
    def solid_stack(self) -> PlaneStack:
        """Planes of the shape, each of known thickness: they enclose a volume.

        Raises
        ------
        NotMeasurableError
            If there are none, or a lone plane's thickness is not known.
        """
        stack = self.stack
        if not np.all(np.isfinite(stack.slab_mm)):
            raise NotMeasurableError("a single plane; no other plane or slice defines its thickness")
        return stack

    @property
    def slab_mm(self) -> Floats:
        """(P,) slab thickness of each plane, mm.

        Raises
        ------
        NotMeasurableError
            If a lone plane's thickness is not known.
        """
        return self.solid_stack.slab_mm

    @cached_property
    def topology(self) -> Topology:
        """Bodies, holes and branchings."""
        return topology(self.stack, self.grid.pixel_mm)

    @cached_property
    def outlines(self) -> DrawnOutlines:
        """Its contours as outlines in their planes.

        Raises
        ------
        NotMeasurableError
            If none of them encloses an area by itself.
        """
        thinned = self.stack.thinned(MOST_VERTICES)
        areas = thinned.contour_areas_mm2
        if not np.any(areas > 0):
            raise NotMeasurableError("no contour encloses an area by itself")
        every = ContourSet(points_mm=thinned.points_mm, offsets=thinned.contour_offsets)
        return DrawnOutlines(
            outlines=every.chosen(areas > 0),
            areas_mm2=areas[areas > 0],
            weights_mm2=self.stack.contour_areas_mm2[areas > 0],
        )

    @cached_property
    def surface(self) -> SampledSurface:
        """The surface, ready to be measured to."""
        return SampledSurface(stack=self.stack)

    @cached_property
    def runs(self) -> Runs:
        """Voxels of the planning image whose centers lie inside.

        Raises
        ------
        NotMeasurableError
            If there is no planning image in the ROI's frame, or the contours are not parallel to its slices.
        """
        image = self.grid.image
        if image is None:
            raise NotMeasurableError(self.grid.why_no_image)
        if abs(float(self.stack.normal @ image.normal)) < PARALLEL:
            raise NotMeasurableError("the contours are not parallel to the planning image's slices")
        return on_grid(self.stack, image)

    @cached_property
    def morphology(self) -> MaskMorphology:
        """IBSI morphology of the mask on the planning grid.

        Raises
        ------
        NotMeasurableError
            If there is no such mask, it is empty, or the slices are not evenly spaced or shifted against each other.
        """
        runs, image = self.runs, self.grid.image
        if runs.count == 0 or image is None:
            raise NotMeasurableError("no voxel center of the planning image lies inside")
        if image.slice_spacing_mm is None:
            raise NotMeasurableError("the planning image is a single slice of unknown thickness")
        steps = np.diff(image.slice_positions_mm)
        if np.ptp(steps) > EVEN_SPACING * image.slice_spacing_mm if len(steps) else False:
            raise NotMeasurableError("the planning image's slices are not evenly spaced")
        if np.abs(np.diff(image.in_plane_shifts_mm, axis=0)).max(initial=0.0) > EVEN_SPACING * image.slice_spacing_mm:
            raise NotMeasurableError("the planning image's slices are shifted against each other")
        spacing = (image.slice_spacing_mm, image.row_spacing_mm, image.column_spacing_mm)
        return MaskMorphology(mask=runs.mask(runs.box()), spacing_mm=spacing)

    @cached_property
    def subvoxel(self) -> SubvoxelSurface:
        """Sub-voxel surface of the shape as drawn."""
        return SubvoxelSurface(stack=self.stack)


@dataclass(frozen=True, kw_only=True, eq=False)
class RoiContext(ShapeContext):
    """One ROI."""

    roi: Roi

    @cached_property
    def stacked(self) -> Stacked:
        """Planes of the closed contours and what was odd about them."""
        return stack_contours(
            self.roi.contours,
            settings=self.settings,
            axes=self.grid.axes,
            slice_positions_mm=self.grid.slice_positions_mm,
            pixel_mm=self.grid.pixel_mm,
            usual_mm=self.grid.usual_mm,
            lone_mm=self.grid.lone_mm,
            stated_slab_mm=self.roi.stated_slab_mm,
        )

    @property
    def stack(self) -> PlaneStack:
        """Planes of the closed contours.

        Raises
        ------
        NotMeasurableError
            If no contour encloses an area.
        """
        if self.stacked.stack is None:
            raise NotMeasurableError(self._why_no_stack())
        return self.stacked.stack

    def lean(self) -> RoiContext:
        """The same ROI with its planes kept and everything else forgotten: masks and fields are large."""
        other = RoiContext(roi=self.roi, grid=self.grid, settings=self.settings)
        if "stacked" in self.__dict__:
            other.__dict__["stacked"] = self.stacked
        return other

    def _why_no_stack(self) -> str:
        contours = self.roi.contours
        if len(contours) == 0:
            return "the ROI has no contours"
        if not np.any(contours.is_closed):
            return "the ROI has only point or open contours, which enclose no volume"
        return "no contour of the ROI encloses an area"


@dataclass(frozen=True, kw_only=True, eq=False)
class UnionContext(ShapeContext):
    """The union of several ROIs."""

    union: PlaneStack

    @property
    def stack(self) -> PlaneStack:
        """Planes of the union."""
        return self.union
