"""The shape of closed contours in a plane: convexity, depth of concavities, bending.

Each measure is 1 for a circle (0 for a depth) and does not depend on size, direction, starting vertex or vertex
density. All contours are measured in one pass over their vertices. Contours may cross themselves; planes and holes are
unknown here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from rtcomplexity.geometry import columns
from rtcomplexity.geometry.hulls import hull_corners
from rtcomplexity.geometry.mesh import UnmeasurableShapeError
from rtcomplexity.geometry.ragged import next_vertex, offsets_of, owners, ranges, select_ragged
from rtcomplexity.geometry.stack.even_odd import perimeters, signed_areas
from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.arrays import Flags, Floats, Integers

FEWEST_STEPS: Final = 8
"""A contour is resampled to at least this many points."""
FLAT: Final = 1e-12
"""A hull whose area is below this share of its squared length is a line."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ContourSet:
    """Closed contours in a plane, and their shape measures."""

    points_mm: Floats
    """(n, 2) vertices; the first vertex of a contour is not repeated."""
    offsets: Integers
    """(m + 1,) first vertex of each contour; none is empty."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "points_mm")
        freeze(self, np.int64, "offsets")

    @classmethod
    def of(cls, outlines: Sequence[Floats]) -> Self:
        """Take contours of (n, 2) vertices each."""
        offsets = offsets_of([*map(len, outlines)])
        return cls(points_mm=np.concatenate([np.empty((0, 2)), *outlines]), offsets=offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def chosen(self, which: Flags) -> Self:
        """The contours selected by a mask (m,)."""
        if which.all():
            return self
        points, offsets = select_ragged(self.points_mm, self.offsets, np.flatnonzero(which))
        return type(self)(points_mm=points, offsets=offsets)

    @cached_property
    def simple_areas_mm2(self) -> Floats:
        """(m,) areas of contours that do not cross themselves, such as level lines; much faster than even-odd."""
        return np.abs(signed_areas(self.points_mm, self.offsets))

    @cached_property
    def perimeters_mm(self) -> Floats:
        """(m,) lengths."""
        return perimeters(self.points_mm, self.offsets)

    def solidities(self, areas_mm2: Floats) -> Floats:
        """(m,) given areas over the areas of the convex hulls: 1 for convex contours.

        Raises
        ------
        UnmeasurableShapeError
            If a contour encloses no area.
        """
        corners, offsets = self._hulls
        return np.asarray(areas_mm2 / np.abs(signed_areas(self.points_mm.take(corners, axis=0), offsets)))

    @cached_property
    def concavity_depths_mm(self) -> Floats:
        """(m,) depth of the deepest concavity: the largest distance from a contour to the hull edge that spans it.

        Raises
        ------
        UnmeasurableShapeError
            If a contour encloses no area.

        Examples
        --------
        >>> notched = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [1.0, 0.5], [0.0, 2.0]])
        >>> ContourSet.of([notched]).concavity_depths_mm
        array([1.5])
        """
        if not len(self):
            return np.empty(0)
        corners, offsets = np.sort(self._hulls[0]), self._hulls[1]
        outline = owners(self.offsets)
        before = np.searchsorted(corners, np.arange(len(outline)), side="right") - 1
        before = np.where(before < offsets[outline], offsets[outline + 1] - 1, before)
        places = (corners[before], corners[next_vertex(offsets)[before]])
        start, end = (self.points_mm.take(place, axis=0) for place in places)
        along, offset = end - start, self.points_mm - start
        depth = np.abs(along[:, 0] * offset[:, 1] - along[:, 1] * offset[:, 0]) / columns.lengths(along)
        return np.maximum.reduceat(depth, self.offsets[:-1])

    def curvature_energies(self, step_mm: float) -> Floats:
        """(m,) length times the integral of squared curvature over (2 pi)^2: 1 for circles, more for anything else.

        Curvature is the turning angle at each point of the resampled contour over the step, so detail finer than the
        step has no effect. This is the bending energy of Young IT, Walker JE, Bowie JE. Inf Control 1974;25:357-370,
        made independent of scale.

        Parameters
        ----------
        step_mm
            About how far apart the resampled points lie, mm.
        """
        resampled = self.resampled(step_mm)
        following, counts = next_vertex(resampled.offsets), np.diff(resampled.offsets)
        edges = resampled.points_mm.take(following, axis=0) - resampled.points_mm
        angles = np.arctan2(edges[:, 1], edges[:, 0])
        turns = (angles[following] - angles + math.pi) % (2 * math.pi) - math.pi
        return np.asarray(counts * _sums(turns**2, resampled.offsets) / (4 * math.pi**2))

    def resampled(self, step_mm: float) -> Self:
        """Equally spaced points along each contour, starting at the vertex farthest from the centroid of its length.

        That start depends on the shape alone, not on where the list of vertices begins. At least :data:`FEWEST_STEPS`
        points are placed.

        Raises
        ------
        UnmeasurableShapeError
            If a contour has no length.
        """
        following = next_vertex(self.offsets)
        ahead = self.points_mm.take(following, axis=0)
        steps = ahead - self.points_mm
        lengths = columns.lengths(steps)
        ends = np.cumsum(lengths)
        starts = ends - lengths
        totals = _sums(lengths, self.offsets)
        if not np.all(totals > 0):
            raise UnmeasurableShapeError("A contour has no length.", "a contour of at least three different points.")
        middles = (self.points_mm + ahead) / 2 * lengths[:, None]
        centers = np.stack([_sums(axis, self.offsets) for axis in middles.T], axis=1) / totals[:, None]
        furthest = self._furthest_from(centers)
        counts = np.maximum(np.rint(totals / step_mm).astype(np.int64), FEWEST_STEPS)
        offsets = offsets_of(counts)
        number = ranges(np.zeros_like(counts), counts)
        base = starts[self.offsets[:-1]]
        places = np.repeat(starts[furthest] - base, counts) + np.repeat(totals / counts, counts) * number
        places = places % np.repeat(totals, counts) + np.repeat(base, counts)
        edge = np.searchsorted(starts, places, side="right") - 1
        edge = np.clip(edge, np.repeat(self.offsets[:-1], counts), np.repeat(self.offsets[1:] - 1, counts))
        share = np.divide(places - starts[edge], lengths[edge], out=np.zeros(len(edge)), where=lengths[edge] > 0)
        points_mm = self.points_mm.take(edge, axis=0) + share[:, None] * steps.take(edge, axis=0)
        return type(self)(points_mm=points_mm, offsets=offsets)

    def _furthest_from(self, centers_mm: Floats) -> Integers:
        """(m,) first vertex of each contour at the largest distance from a point, (m, 2)."""
        away = self.points_mm - np.repeat(centers_mm, np.diff(self.offsets), axis=0)
        distances = columns.lengths(away)
        most = np.repeat(np.maximum.reduceat(distances, self.offsets[:-1]), np.diff(self.offsets))
        reached = np.flatnonzero(distances == most)
        return np.asarray(reached[np.searchsorted(reached, self.offsets[:-1])])

    @cached_property
    def _hulls(self) -> tuple[Integers, Integers]:
        corners, offsets = hull_corners(self.points_mm, self.offsets)
        hull = self.points_mm.take(corners, axis=0)
        if not np.all(np.abs(signed_areas(hull, offsets)) > FLAT * perimeters(hull, offsets) ** 2):
            reason = "A contour encloses no area."
            raise UnmeasurableShapeError(reason, "a contour of at least three different points.")
        return corners, offsets


def _sums(values: Floats, offsets: Integers) -> Floats:
    """(m,) sum over the vertices of each contour."""
    return np.add.reduceat(values, offsets[:-1])
