"""The input to the metrics of one ROI: its stack of planes, and everything derived from it once."""

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
from rtcomplexity.geometry.orientation import PARALLEL, PlaneAxes, common_normal, merged_positions, polygon_normals
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
"""Slices are evenly spaced and aligned if spacings and shifts vary by less than this share of the spacing."""

MOST_VERTICES = 10_000
"""Contours with more vertices are thinned: at this number, vertices are much denser than in any manual contour."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContouringGrid:
    """Where contours can lie: on the slices of the planning image, otherwise at the usual contour spacing."""

    axes: PlaneAxes | None
    """None if no ROI has a closed contour."""
    slice_positions_mm: Floats
    """(K,) slices of the planning image along the normal of the axes, increasing; empty without an image."""
    pixel_mm: float
    """Geometric mean of the pixel spacing; the settings' fallback without an image."""
    image: ImageGrid | None = None
    why_no_image: str = "no planning image is linked"
    usual_mm: float = np.nan
    """Usual contour spacing over all ROIs, mm, for images of fewer than two slices; NaN if unknown."""
    lone_mm: float = np.nan
    """Thickness of a single slice, mm; NaN if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseGrids:
    """The contouring grid of each ROI of a case."""

    planning: ContouringGrid
    elsewhere: Mapping[str, ContouringGrid]
    """For ROIs in other frames of reference, by frame: the grid of their own planes."""
    numbers_elsewhere: frozenset[int]

    def of(self, roi: Roi) -> ContouringGrid:
        """Grid of one ROI of the case."""
        return self.elsewhere[roi.frame_of_reference_uid] if roi.number in self.numbers_elsewhere else self.planning


def case_grids(case: Case, settings: Settings) -> CaseGrids:
    """The planning image's grid, and one for each other frame of reference that ROIs state."""
    others = rois_elsewhere(case.structure_set, case.planning_image)
    numbers = frozenset(roi.number for roi in others)
    here = [roi for roi in case.structure_set.rois if roi.number not in numbers]
    grids = {}
    for frame in dict.fromkeys(roi.frame_of_reference_uid for roi in others):
        drawn = [roi for roi in others if roi.frame_of_reference_uid == frame]
        own = contouring_grid(None, drawn, settings, others=case.structure_set.rois)
        grids[frame] = replace(own, why_no_image="it lies in another frame of reference than the planning image")
    image = case.planning_image.grid if case.planning_image else None
    planning = contouring_grid(image, here, settings, others=case.structure_set.rois)
    return CaseGrids(planning=planning, elsewhere=grids, numbers_elsewhere=numbers)


def contouring_grid(
    image: ImageGrid | None, rois: Sequence[Roi], settings: Settings, others: Sequence[Roi] = ()
) -> ContouringGrid:
    """Grid of the planning image, or, without one, of the contours of all ROIs together.

    `others` supply the usual spacing where `rois` do not, including those in other frames of reference.
    """
    if image is None:
        drawn = _contour_planes(rois, settings)
        axes = None if drawn is None else PlaneAxes.of_normal(drawn.normal)
        pixel_mm, slices, lone_mm = settings.pixel_fallback_mm, np.empty(0), np.nan
    else:
        axes, slices = PlaneAxes.of_grid(image), image.slice_positions_mm
        pixel_mm = float(np.sqrt(image.row_spacing_mm * image.column_spacing_mm))
        lone_mm = np.nan if image.slice_spacing_mm is None else image.slice_spacing_mm
    return ContouringGrid(
        axes=axes,
        slice_positions_mm=slices,
        pixel_mm=pixel_mm,
        image=image,
        usual_mm=np.nan if len(slices) > 1 else _usual_spacing_mm(rois, others, settings),
        lone_mm=lone_mm,
    )


def _usual_spacing_mm(rois: Sequence[Roi], others: Sequence[Roi], settings: Settings) -> float:
    """Usual contour spacing of the ROIs, or of the others, mm; NaN if neither defines one."""
    for group in (rois, others):
        drawn = _contour_planes(group, settings)
        usual = np.nan if drawn is None else usual_spacing_mm(drawn.positions_mm, settings.plane_tolerance_mm)
        if np.isfinite(usual):
            return usual
    return np.nan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ContourPlanes:
    """The contour planes of ROIs."""

    normal: Floats
    """(3,) common normal of their closed contours."""
    positions_mm: list[Floats]
    """Plane positions of each ROI along the normal, increasing."""


def _contour_planes(rois: Sequence[Roi], settings: Settings) -> _ContourPlanes | None:
    """Planes of the closed contours of ROIs; None if no contour encloses an area."""
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
        positions.append(merged_positions(means, settings.plane_tolerance_mm))
    return _ContourPlanes(normal=normal, positions_mm=positions)


def _closed(contours: Contours) -> tuple[Floats, Integers]:
    """Vertices and offsets of the closed contours that have vertices."""
    chosen = np.flatnonzero(contours.is_closed & (contours.point_counts > 0))
    return select_ragged(contours.points_mm, contours.offsets, chosen)


class EnclosingContours(NamedTuple):
    """Contours of a shape that enclose an area on their own, and their weights."""

    contours: ContourSet
    """Thinned to :data:`MOST_VERTICES`."""
    areas_mm2: Floats
    """(m,) their areas."""
    weights_mm2: Floats
    """(m,) areas of the original contours."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ShapeContext(ABC):
    """A shape and its grid; whatever metrics share is computed at most once."""

    grid: ContouringGrid
    settings: Settings

    @property
    @abstractmethod
    def stack(self) -> PlaneStack:
        """Planes of the shape; raises NotMeasurableError if there are none."""

    @property
    def solid_stack(self) -> PlaneStack:
        """Planes of the shape, all of known thickness, so that they enclose a volume.

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
    def enclosing_contours(self) -> EnclosingContours:
        """The contours that enclose an area on their own.

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
        return EnclosingContours(
            contours=every.chosen(areas > 0),
            areas_mm2=areas[areas > 0],
            weights_mm2=self.stack.contour_areas_mm2[areas > 0],
        )

    @cached_property
    def surface(self) -> SampledSurface:
        """The surface, for distances to it."""
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
        """Sub-voxel surface of the unsmoothed shape."""
        return SubvoxelSurface(stack=self.stack)


@dataclass(frozen=True, kw_only=True, eq=False)
class RoiContext(ShapeContext):
    """A context for one ROI."""

    roi: Roi
    with_overlaps: bool = True
    """Whether to count partly overlapping contours, which takes up to a third of the time of stacking."""

    @cached_property
    def stacked(self) -> Stacked:
        """Planes of the closed contours, and their irregularities."""
        return stack_contours(
            self.roi.contours,
            settings=self.settings,
            axes=self.grid.axes,
            slice_positions_mm=self.grid.slice_positions_mm,
            pixel_mm=self.grid.pixel_mm,
            usual_mm=self.grid.usual_mm,
            lone_mm=self.grid.lone_mm,
            stated_slab_mm=self.roi.stated_slab_mm,
            with_overlaps=self.with_overlaps,
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
        """The same ROI with only its planes kept: masks and fields are large."""
        other = RoiContext(roi=self.roi, grid=self.grid, settings=self.settings, with_overlaps=self.with_overlaps)
        if "stacked" in self.__dict__:
            other.__dict__["stacked"] = self.stacked
        return other

    def _why_no_stack(self) -> str:
        """Why no plane of the ROI has an area."""
        contours = self.roi.contours
        if len(contours) == 0:
            return "the ROI has no contours"
        if not np.any(contours.is_closed):
            return "the ROI has only point or open contours, which enclose no volume"
        return "no contour of the ROI encloses an area"


@dataclass(frozen=True, kw_only=True, eq=False)
class UnionContext(ShapeContext):
    """A context for the union of several ROIs."""

    union: PlaneStack

    @property
    def stack(self) -> PlaneStack:
        """Planes of the union."""
        return self.union
