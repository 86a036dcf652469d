"""Shapes on a pixel lattice as runs of pixels along rows: one vectorized scanline pass, set operations, counts.

A pixel belongs to a shape if its center does: inside on the left or top border, outside on the right or bottom border
(half-open), even-odd over all contours of a plane.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.geometry.ragged import next_vertex, offsets_of, ranges, select_ragged
from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats, Integers
    from rtcomplexity.model.image import ImageGrid

CHUNK_EDGES = 400_000
SHIFT_TOLERANCE_MM = 1e-6
"""Slices offset by less than this are aligned: positions are written in decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Pixel centers in the (u, v) coordinates of a plane stack; integer indices are centers."""

    u0_mm: float
    """u of column 0."""
    v0_mm: float
    """v of row 0."""
    column_spacing_mm: float
    row_spacing_mm: float
    columns: int
    rows: int

    @property
    def pixel_area_mm2(self) -> float:
        """Area of one pixel."""
        return self.column_spacing_mm * self.row_spacing_mm

    @classmethod
    def of_grid(cls, grid: ImageGrid, k: int = 0) -> Self:
        """Lattice of an image slice, for stacks in the axes of the grid."""
        origin = grid.slice_origins_mm[k]
        return cls(
            u0_mm=float(origin @ grid.row_direction),
            v0_mm=float(origin @ grid.column_direction),
            column_spacing_mm=grid.column_spacing_mm,
            row_spacing_mm=grid.row_spacing_mm,
            columns=grid.columns,
            rows=grid.rows,
        )

    @classmethod
    def around(cls, stack: PlaneStack, pixel_mm: float) -> Self:
        """Square pixels around a stack, with one free pixel on each side; centers at multiples of the pixel size."""
        return cls.around_all([stack], pixel_mm)

    @classmethod
    def around_all(cls, stacks: Sequence[PlaneStack], pixel_mm: float) -> Self:
        """Square pixels around several stacks with the same axes."""
        lower = np.floor(np.min([least(s.points_mm) for s in stacks], axis=0) / pixel_mm) - 1
        upper = np.ceil(np.max([greatest(s.points_mm) for s in stacks], axis=0) / pixel_mm) + 1
        columns, rows = (upper - lower + 1).astype(int).tolist()
        return cls(
            u0_mm=float(lower[0] * pixel_mm),
            v0_mm=float(lower[1] * pixel_mm),
            column_spacing_mm=pixel_mm,
            row_spacing_mm=pixel_mm,
            columns=columns,
            rows=rows,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """A set of pixels of a (planes, rows, columns) lattice as disjoint half-open runs, in order.

    Positions count pixels plane by plane and row by row, with one unused position after each row so that runs of
    adjacent rows never touch: ``position = (plane * rows + row) * (columns + 1) + column``.
    """

    starts: Integers
    """(R,) position of the first pixel of each run, increasing."""
    stops: Integers
    """(R,) position after the last pixel of each run."""
    shape: tuple[int, int, int]
    """(planes, rows, columns)"""

    def __post_init__(self) -> None:
        freeze(self, np.int64, "starts", "stops")

    @property
    def stride(self) -> int:
        """Positions per row."""
        return self.shape[2] + 1

    @property
    def count(self) -> int:
        """Pixels in the set."""
        return int(np.sum(self.stops - self.starts))

    @cached_property
    def rows(self) -> Integers:
        """(R,) row of each run, counted across all planes."""
        return self.starts // self.stride

    @cached_property
    def planes(self) -> Integers:
        """(R,) plane of each run."""
        return self.rows // self.shape[1]

    @cached_property
    def plane_counts(self) -> Integers:
        """(planes,) pixels in each plane."""
        weights = (self.stops - self.starts).astype(np.float64)
        return np.bincount(self.planes, weights=weights, minlength=self.shape[0]).astype(np.int64)

    def indices(self) -> Integers:
        """(count,) flat indices into an array of `shape`, increasing: ``image.reshape(-1)[runs.indices()]``."""
        lengths = self.stops - self.starts
        return ranges(self.starts - self.rows, lengths)

    def box(self) -> tuple[slice, slice, slice]:
        """Smallest box (planes, rows, columns) that contains the set; empty slices for an empty set."""
        if len(self.starts) == 0:
            return slice(0, 0), slice(0, 0), slice(0, 0)
        row = self.rows % self.shape[1]
        column = self.starts - self.rows * self.stride
        stop = self.stops - self.rows * self.stride
        return (
            slice(int(self.planes[0]), int(self.planes[-1]) + 1),
            slice(int(row.min()), int(row.max()) + 1),
            slice(int(column.min()), int(stop.max())),
        )

    def mask(self, box: tuple[slice, slice, slice]) -> Flags:
        """Dense mask inside a box that contains the set."""
        sizes = [s.stop - s.start for s in box]
        steps = np.zeros((sizes[0], sizes[1], sizes[2] + 1), np.int8)
        k, j = self.planes - box[0].start, self.rows % self.shape[1] - box[1].start
        column = self.rows * self.stride + box[2].start
        np.add.at(steps, (k, j, self.starts - column), 1)
        np.add.at(steps, (k, j, self.stops - column), -1)
        return np.cumsum(steps, axis=2, dtype=np.int8)[..., :-1].astype(bool)

    def select_planes(self, source: Integers) -> Runs:
        """Runs of a stack whose plane k is plane `source[k]` of this one; empty where that is negative."""
        per_plane = self.shape[1] * self.stride
        first = np.searchsorted(self.starts, np.arange(self.shape[0] + 1) * per_plane)
        target = np.flatnonzero(source >= 0)
        chosen = source[target]
        counts = first[chosen + 1] - first[chosen]
        index = ranges(first[chosen], counts)
        shift = np.repeat((target - chosen) * per_plane, counts)
        shape = (len(source), self.shape[1], self.shape[2])
        return Runs(starts=self.starts[index] + shift, stops=self.stops[index] + shift, shape=shape)

    def outside(self) -> Runs:
        """All pixels of the lattice that are not in the set.

        Each gap begins at the start of a row or the end of a run, and ends at the end of the row or the start of the
        next run.
        """
        rows = np.arange(self.shape[0] * self.shape[1]) * self.stride
        starts = np.sort(np.concatenate([rows, self.stops]), kind="stable")
        stops = np.sort(np.concatenate([rows + self.shape[2], self.starts]), kind="stable")
        filled = stops > starts
        return Runs(starts=starts[filled], stops=stops[filled], shape=self.shape)

    def __and__(self, other: Runs) -> Runs:
        """Intersection."""
        return self._combine(other, lambda a, b: a & b)

    def __or__(self, other: Runs) -> Runs:
        """Union."""
        return self._combine(other, lambda a, b: a | b)

    def __sub__(self, other: Runs) -> Runs:
        """Difference."""
        return self._combine(other, lambda a, b: a & ~b)

    def __xor__(self, other: Runs) -> Runs:
        """Symmetric difference."""
        return self._combine(other, lambda a, b: a ^ b)

    def _combine(self, other: Runs, rule: _Rule) -> Runs:
        """Sweep over the ends of all runs and keep the stretches that satisfy the rule."""
        if self.shape != other.shape:
            msg = f"runs on lattices {self.shape} and {other.shape} cannot be combined"
            raise ValueError(msg)
        borders = _sorted_distinct(np.concatenate([self.starts, self.stops, other.starts, other.stops]))
        inside = rule(_covers(self, borders[:-1]), _covers(other, borders[:-1]))
        padded = np.concatenate(([False], inside, [False]))
        starts = borders[np.flatnonzero(padded[1:] & ~padded[:-1])]
        stops = borders[np.flatnonzero(padded[:-1] & ~padded[1:])]
        return Runs(starts=starts, stops=stops, shape=self.shape)


if TYPE_CHECKING:
    from collections.abc import Callable

    _Rule = Callable[[Flags, Flags], Flags]


def _sorted_distinct(values: Integers) -> Integers:
    """np.unique by sorting, which is far faster than its hashing for nearly sorted integers."""
    values = np.sort(values, kind="stable")
    return values[np.append(True, values[1:] != values[:-1])] if len(values) else values


def _covers(runs: Runs, positions: Integers) -> Flags:
    """(x,) whether each position lies in the set."""
    if not len(runs.stops):
        return np.zeros(len(positions), bool)
    index = np.searchsorted(runs.starts, positions, side="right") - 1
    return np.asarray((index >= 0) & (positions < runs.stops[np.maximum(index, 0)]))


def rasterise(stack: PlaneStack, lattice: Lattice) -> Runs:
    """Pixels of each plane of a stack whose centers lie inside, even-odd over its contours.

    Rows and columns outside the lattice are clipped; see :func:`outside_share`.
    """
    shape = (stack.plane_count, lattice.rows, lattice.columns)
    column = (stack.points_mm[:, 0] - lattice.u0_mm) / lattice.column_spacing_mm
    row = (stack.points_mm[:, 1] - lattice.v0_mm) / lattice.row_spacing_mm
    plane = stack.plane_of_vertex
    following = next_vertex(stack.contour_offsets)
    keys = [
        _crossings(column, row, following, plane, shape, slice(start, start + CHUNK_EDGES))
        for start in range(0, len(row), CHUNK_EDGES)
    ]
    borders = np.sort(np.concatenate(keys)) if keys else np.empty(0, np.int64)
    starts, stops = borders[::2], borders[1::2]
    filled = stops > starts
    return Runs(starts=starts[filled], stops=stops[filled], shape=shape)


def _crossings(
    column: Floats,
    row: Floats,
    following: Integers,
    plane: Integers,
    shape: tuple[int, int, int],
    edges: slice,
) -> Integers:
    """Positions where the edges cross pixel rows: the first pixel center on or to the right of each crossing."""
    following = following[edges]
    x0, y0, x1, y1 = column[edges], row[edges], column[following], row[following]
    first = np.maximum(np.ceil(np.minimum(y0, y1)), 0).astype(np.int64)
    stop = np.minimum(np.ceil(np.maximum(y0, y1)), shape[1]).astype(np.int64)
    counts = stop - first
    some = counts > 0
    counts, first = counts[some], first[some]
    slope = (x1[some] - x0[some]) / (y1[some] - y0[some])
    base = x0[some] - y0[some] * slope
    rows = ranges(first, counts)
    x = np.repeat(base, counts) + rows * np.repeat(slope, counts)
    right = np.clip(np.ceil(x), 0, shape[2]).astype(np.int64)
    return np.asarray((np.repeat(plane[edges][some] * shape[1], counts) + rows) * (shape[2] + 1) + right)


def outside_share(stack: PlaneStack, lattice: Lattice) -> float:
    """Share of vertices beyond the outer pixel edges of the lattice."""
    column = (stack.points_mm[:, 0] - lattice.u0_mm) / lattice.column_spacing_mm
    row = (stack.points_mm[:, 1] - lattice.v0_mm) / lattice.row_spacing_mm
    inside = (column >= -0.5) & (column <= lattice.columns - 0.5) & (row >= -0.5) & (row <= lattice.rows - 0.5)
    return float(1 - inside.mean())


def plane_of_slices(stack: PlaneStack, slice_positions_mm: Floats) -> Integers:
    """(K,) plane whose slab contains each slice position, the nearer one on a shared border; -1 if none does."""
    lower, upper = stack.positions_mm - stack.lower_mm, stack.positions_mm + stack.upper_mm
    edges = 0.5 * (stack.positions_mm[1:] + stack.positions_mm[:-1])
    nearest = np.searchsorted(edges, slice_positions_mm, side="right")
    margin = 1e-6
    held = (slice_positions_mm >= lower[nearest] - margin) & (slice_positions_mm < upper[nearest] - margin)
    return np.where(held, nearest, -1)


def on_slices(plane_runs: Runs, stack: PlaneStack, slice_positions_mm: Floats) -> Runs:
    """Runs on the slices of an image from the runs on contour planes."""
    return plane_runs.select_planes(plane_of_slices(stack, slice_positions_mm))


def on_grid(stack: PlaneStack, grid: ImageGrid) -> Runs:
    """Voxels of an image whose centers lie inside a stack with the axes of the image.

    Each slice is taken at its own position: with a tilted gantry, slices are offset from each other in their planes.
    """
    source, shifts = plane_of_slices(stack, grid.slice_positions_mm), grid.in_plane_shifts_mm
    lattice = Lattice.of_grid(grid)
    if np.abs(shifts).max() <= SHIFT_TOLERANCE_MM:
        return rasterise(stack, lattice).select_planes(source)
    held = source >= 0
    runs = rasterise(moved_planes(stack, source[held], -shifts[held]), lattice)
    return runs.select_planes(np.where(held, np.cumsum(held) - 1, -1))


def moved_planes(stack: PlaneStack, planes: Integers, by_mm: Floats) -> PlaneStack:
    """Stack of selected planes (n,), which may repeat, each moved within itself by (n, 2) mm (u, v)."""
    first, stop = stack.plane_offsets[:-1][planes], stack.plane_offsets[1:][planes]
    counts = stop - first
    contours = ranges(first, counts)
    points, contour_offsets = select_ragged(stack.points_mm, stack.contour_offsets, contours)
    vertices = np.repeat(np.repeat(np.arange(len(planes)), counts), np.diff(contour_offsets))
    return replace(
        stack,
        positions_mm=stack.positions_mm[planes],
        lower_mm=stack.lower_mm[planes],
        upper_mm=stack.upper_mm[planes],
        points_mm=points + by_mm[vertices],
        contour_offsets=contour_offsets,
        plane_offsets=offsets_of(counts),
    )
