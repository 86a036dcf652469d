"""Length of contour away from another delineation's contours, plane by plane.

The added path length of Vaassen et al. (2020) counts the pixels of a contour that are missing in another one. This
module measures the length of contour itself, with the ends of each stretch interpolated between samples, so that it
does not depend on a pixel size.

Vaassen F, et al. Evaluation of measures for assessing time-saving of automatic organ-at-risk segmentation in
radiotherapy. Phys Imaging Radiat Oncol 2020;13:1-6. doi:10.1016/j.phro.2019.12.001
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.compare.coincidence import same_planes, shared_rows
from rtcomplexity.geometry.columns import dots, lengths
from rtcomplexity.geometry.nodes import PLANE_APART_MM
from rtcomplexity.geometry.ragged import next_vertex, select_ragged
from rtcomplexity.geometry.stack.plane_stack import edges_that_border

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats, Integers


PIECE_MM: Final = 1.0
"""Contours are divided into pieces no longer than this."""
NEIGHBORS: Final = 3
"""Nearest pieces that are tried: the piece with the nearest midpoint need not be the nearest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Contours of a stack in short straight pieces."""

    start: Floats
    """(n, 2) mm"""
    following: Integers
    """(n,) the piece that begins where each one ends."""
    plane: Integers
    """(n,)"""
    is_border: Flags
    """(n,) False along the channel of a keyhole."""

    @property
    def end(self) -> Floats:
        """(n, 2) where each piece ends, mm."""
        return self.start[self.following]


@dataclass(frozen=True, slots=True, eq=False)
class DividedContours:
    """The contours of a stack, divided into pieces once for the same planes: both ways need them."""

    stack: PlaneStack
    _made: dict[bytes, Pieces] = field(default_factory=dict)

    def pieces(self, planes: Flags) -> Pieces:
        """Pieces of the contours on some planes (P,)."""
        key = planes.tobytes()
        if key not in self._made:
            self._made[key] = _pieces(self.stack, planes)
        return self._made[key]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathDistances:
    """In-plane distances from the contours of one delineation to those of another."""

    pieces: Pieces
    """Of planes whose contours differ; on all others the distance is zero."""
    start_mm: Floats
    """(n,) distance at the start of each piece; inf if the other has no contour on the plane."""
    plane_count: int

    def away_lengths_mm(self, tolerance_mm: float) -> Floats:
        """(P,) length of contour on each plane beyond a tolerance from the other's, mm."""
        beyond = self.start_mm - tolerance_mm
        share = _share_beyond(beyond, beyond[self.pieces.following])
        step = self.pieces.end - self.pieces.start
        lengths = np.where(self.pieces.is_border, np.hypot(step[:, 0], step[:, 1]), 0.0)
        return np.bincount(self.pieces.plane, weights=share * lengths, minlength=self.plane_count).astype(np.float64)

    def greatest_mm(self) -> Floats:
        """(P,) largest distance on each plane, mm; inf if the other has no contour."""
        border, greatest = self.pieces.is_border, np.zeros(self.plane_count)
        np.maximum.at(greatest, self.pieces.plane[border], self.start_mm[border])
        return greatest


def nowhere_away(contours: PlaneStack) -> PathDistances:
    """Distances from contours to themselves: zero on every plane."""
    nowhere = np.zeros(0, np.int64)
    pieces = Pieces(start=np.empty((0, 2)), following=nowhere, plane=nowhere, is_border=np.zeros(0, np.bool_))
    return PathDistances(pieces=pieces, start_mm=np.empty(0), plane_count=contours.plane_count)


def path_distances(contours: DividedContours, other: DividedContours, source: Integers) -> PathDistances:
    """Distances from the contours of one delineation to those of another, plane by plane.

    Parameters
    ----------
    contours
        Those that are measured.
    other
        Those they are compared with, in the same axes.
    source
        (P,) plane of `other` compared with each plane of `contours`; -1 for none, so that all of the contour is away.
    """
    differs = ~same_planes(contours.stack, other.stack, np.stack([np.arange(len(source)), source], axis=1))
    asked = np.zeros(other.stack.plane_count, np.bool_)
    asked[source[differs & (source >= 0)]] = True
    pieces, targets = contours.pieces(differs), other.pieces(asked)
    kept = np.flatnonzero(targets.is_border)
    lines = _Lines(start=targets.start[kept], end=targets.end[kept], plane=targets.plane[kept])
    distances = _distances(pieces.start, source[pieces.plane], lines)
    return PathDistances(pieces=pieces, start_mm=distances, plane_count=contours.stack.plane_count)


def _share_beyond(start: Floats, end: Floats) -> Floats:
    """(n,) share of each piece beyond the tolerance, for distances less tolerance that are linear between its ends."""
    both = np.where((start > 0) & (end > 0), 1.0, 0.0)
    crossing = (start > 0) != (end > 0)
    further, nearer = np.maximum(start, end)[crossing], np.minimum(start, end)[crossing]
    both[crossing] = further / (further - nearer)
    return both


def _pieces(stack: PlaneStack, planes: Flags) -> Pieces:
    """Divide the contours on selected planes (P,) of a stack."""
    chosen = np.flatnonzero(planes[stack.plane_of_contour])
    points, offsets = select_ragged(stack.points_mm, stack.contour_offsets, chosen)
    step = points[next_vertex(offsets)] - points
    parts = np.maximum(np.ceil(np.hypot(step[:, 0], step[:, 1]) / PIECE_MM), 1).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(parts)))
    share = (np.arange(first[-1]) - np.repeat(first[:-1], parts)) / np.repeat(parts, parts)
    plane = np.repeat(stack.plane_of_contour[chosen], np.diff(offsets))
    border = edges_that_border(points, offsets, plane)
    return Pieces(
        start=np.repeat(points, parts, axis=0) + share[:, None] * np.repeat(step, parts, axis=0),
        following=next_vertex(first[offsets]),
        plane=np.repeat(plane, parts),
        is_border=np.repeat(border, parts),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lines:
    """Line segments that distances are taken to."""

    start: Floats
    """(m, 2) mm"""
    end: Floats
    plane: Integers


def _distances(points: Floats, plane: Integers, lines: _Lines) -> Floats:
    """(n,) distance of points (n, 2) on planes (n,) to the nearest segment there; inf if the plane is -1."""
    found = np.full(len(points), np.inf)
    on, _ = shared_rows(np.column_stack([points, plane]), np.column_stack([lines.start, lines.plane]))
    found[on] = 0.0
    asked = np.flatnonzero((plane >= 0) & ~on)
    if not len(asked) or not len(lines.plane):
        return found
    places, least = points.take(asked, axis=0), np.full(len(asked), np.inf)
    there = np.column_stack([places, PLANE_APART_MM * plane[asked]])
    nearest = _tree(lines).query(there, k=[*range(1, NEIGHBORS + 1)], distance_upper_bound=PLANE_APART_MM / 2)[1]
    for tried in np.asarray(nearest, np.int64).T:
        held = tried < len(lines.plane)  # there may be fewer pieces than are tried
        line = np.where(held, tried, 0)
        distance = _to_lines(places, lines.start.take(line, axis=0), lines.end.take(line, axis=0))
        least = np.minimum(least, np.where(held, distance, np.inf))
    found[asked] = least
    return found


def _tree(lines: _Lines) -> Any:  # noqa: ANN401 - scipy ships no types
    """Search tree of segment midpoints."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - importing the package stays quick

    middles = np.column_stack([(lines.start + lines.end) / 2, PLANE_APART_MM * lines.plane])
    return cKDTree(middles, balanced_tree=False, compact_nodes=False)


def _to_lines(points: Floats, start: Floats, end: Floats) -> Floats:
    """(n,) distance of points to line segments, (n, 2) each."""
    line, away = end - start, points - start
    squares, along = dots(line, line), dots(away, line)
    share = np.clip(np.divide(along, squares, out=np.zeros_like(along), where=squares > 0), 0, 1)
    return lengths(away - share[:, None] * line)
