"""The ROIs shown in pictures, and the box of the planning image around the targets.

Works on contours and the image grid; reads no pixels. Only the neighborhood of the targets is shown, to show as little
of the patient as possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.dicom.pixels import IndexBox
from rtcomplexity.errors import InputDataError
from rtcomplexity.geometry.boxes import box_distance
from rtcomplexity.geometry.orientation import PARALLEL
from rtcomplexity.geometry.stack.runs import Lattice, plane_of_slices
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.model.structure_set import TargetClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.model.arrays import Floats, Integers
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import Roi

MARGIN_MM: Final = 30.0
SMALLEST_MM: Final = 120.0
SLICE_MARGIN_MM: Final = 9.0
MOST_SLICES: Final = 64
MOST_TARGETS: Final = 10
MOST_ORGANS: Final = 8
COLORS: Final = {
    TargetClass.GTV: ("#ff4d4d", "#ff8f6b", "#ff6fb1", "#d93636"),
    TargetClass.ITV: ("#ff7bd5", "#d85cff"),
    TargetClass.CTV: ("#ffd23f", "#e0a800"),
    TargetClass.PTV: ("#38c7ff", "#4a8dff"),
    TargetClass.OAR: ("#59c26a", "#8fd694", "#3f9f8a", "#9acd32", "#6fb7a7", "#b5d99c", "#4f9d4f", "#7ea86f"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """One ROI in the pictures."""

    context: RoiContext
    name: str
    colour: str

    @property
    def roi(self) -> Roi:
        """The ROI itself."""
        return self.context.roi

    @property
    def stack(self) -> PlaneStack:
        """Its planes."""
        return self.context.stack

    @property
    def is_target(self) -> bool:
        """Whether it is a target volume."""
        return self.roi.target_class.is_target

    def bounds_mm(self) -> Floats:
        """(2, 3) lower and upper (u, v, normal)."""
        stack = self.stack
        lower = [*stack.points_mm.min(axis=0), stack.positions_mm[0]]
        upper = [*stack.points_mm.max(axis=0), stack.positions_mm[-1]]
        return np.array([lower, upper])


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """The targets, nearby organs, and the box of the image around the targets."""

    targets: tuple[Shown, ...]
    organs: tuple[Shown, ...]
    gross: tuple[Shown, ...]
    """The targets on which the pictures are centered."""
    planning: ImageGrid | None
    """Grid of the planning image; None if there is none, and then no slices are drawn."""
    notes: tuple[str, ...] = ()

    @property
    def grid(self) -> ImageGrid:
        """Grid of the planning image, for everything drawn on its slices."""
        assert self.planning is not None
        return self.planning

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Targets, then organs."""
        return (*self.targets, *self.organs)

    @cached_property
    def box(self) -> IndexBox:
        """The targets' box on the grid, with a margin, clipped."""
        bounds = bounds_of(self.targets)
        lattice = Lattice.of_grid(self.grid)
        i = _extent(bounds[:, 0], lattice.u0_mm, lattice.column_spacing_mm, self.grid.columns)
        j = _extent(bounds[:, 1], lattice.v0_mm, lattice.row_spacing_mm, self.grid.rows)
        positions = self.grid.slice_positions_mm
        first = int(np.searchsorted(positions, bounds[0, 2] - SLICE_MARGIN_MM))
        stop = int(np.searchsorted(positions, bounds[1, 2] + SLICE_MARGIN_MM, side="right"))
        return IndexBox(k=(min(first, len(positions) - 1), max(stop, first + 1)), j=j, i=i)

    @cached_property
    def is_imaged(self) -> bool:
        """Whether any slice of the image has a contour of a target."""
        positions = self.grid.slice_positions_mm
        return any(bool((plane_of_slices(each.stack, positions) >= 0).any()) for each in self.targets)

    @cached_property
    def slices(self) -> Integers:
        """(S,) slices in the viewer: all of the box, or every n-th."""
        k = self.box.k
        return np.arange(*k, -(-(k[1] - k[0]) // MOST_SLICES))


def view_of(measured: MeasuredCase, names: Mapping[int, str], gross: Sequence[int]) -> View:
    """Choose what the pictures show.

    Parameters
    ----------
    names : name of each ROI in the accompanying record
    gross : numbers of the scored ROIs
    """
    case, grids = measured.case, measured.grids
    here = [roi for roi in case.structure_set.rois if roi.number not in grids.numbers_elsewhere]
    targets = _contexts(measured.context(roi) for roi in here if roi.target_class.is_target)
    notes = [] if len(targets) <= MOST_TARGETS else [f"Only {MOST_TARGETS} of {len(targets)} targets are shown."]
    targets = targets[:MOST_TARGETS]
    organs = _contexts(measured.context(roi) for roi in here if roi.target_class is TargetClass.OAR)
    palettes = {target_class: cycle(colors) for target_class, colors in COLORS.items()}

    def shown(context: RoiContext) -> Shown:
        roi = context.roi
        return Shown(context=context, name=names[roi.number], colour=next(palettes[roi.target_class]))

    drawn = tuple(map(shown, targets))
    near = tuple(map(shown, _nearest(organs, drawn)))
    center = tuple(each for each in drawn if each.roi.number in gross)
    center = center or tuple(each for each in drawn if each.roi.target_class.is_gross) or drawn
    return View(targets=drawn, organs=near, gross=center, planning=grids.planning.image, notes=tuple(notes))


def _contexts(rois: Iterable[RoiContext]) -> list[RoiContext]:
    """ROIs with planes parallel to the image, ordered by class and number."""
    contexts = []
    for context in rois:
        try:
            stack = context.stack
        except (NotMeasurableError, InputDataError):
            continue
        axes = context.grid.axes
        if axes is not None and abs(float(stack.u_axis @ axes.u)) > PARALLEL:
            contexts.append(context)
    order = list(TargetClass)
    return sorted(contexts, key=lambda each: (order.index(each.roi.target_class), each.roi.number))


def _nearest(organs: Sequence[RoiContext], targets: Sequence[Shown]) -> list[RoiContext]:
    """Organs whose box is within the margin of the targets' box, nearest first."""
    if not targets:
        return []
    bounds = bounds_of(targets)
    far = {id(each): box_distance(bounds, Shown(context=each, name="", colour="").bounds_mm()) for each in organs}
    near = [each for each in organs if far[id(each)] < MARGIN_MM]
    return sorted(near, key=lambda each: (far[id(each)], each.roi.number))[:MOST_ORGANS]


def bounds_of(shown: Sequence[Shown]) -> Floats:
    """(2, 3) lower and upper (u, v, normal) of several ROIs."""
    bounds = np.array([each.bounds_mm() for each in shown])
    return np.array([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)])


def _extent(bounds: Floats, origin_mm: float, spacing_mm: float, size: int) -> tuple[int, int]:
    """Pixels between two bounds with a margin, at least the smallest picture size, clipped to the grid."""
    half = max((bounds[1] - bounds[0]) / 2 + MARGIN_MM, SMALLEST_MM / 2)
    center = (bounds[0] + bounds[1]) / 2
    first = int(np.floor((center - half - origin_mm) / spacing_mm))
    stop = int(np.ceil((center + half - origin_mm) / spacing_mm)) + 1
    first = min(max(first, 0), size - 1)
    return first, max(min(stop, size), first + 1)
