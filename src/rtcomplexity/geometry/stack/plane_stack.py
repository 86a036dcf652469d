"""The closed contours of one shape on parallel planes, with exact areas and lengths.

Works in millimeters; knows no DICOM, images or pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.columns import greatest, least, lengths
from rtcomplexity.geometry.ragged import next_vertex, offsets_of, owners, select_ragged
from rtcomplexity.geometry.stack.even_odd import EvenOdd, enclosed_areas, even_odd, perimeters, signed_areas
from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Flags, Floats, Integers

EDGE_TOLERANCE_MM = 0.01
"""Edges whose ends agree when rounded to this cancel."""
LARGEST_PACKED = 2**62
"""Rows of three integers are packed into one below this limit."""
SUMMED_TOLERANCE = 1e-9
"""Areas equal within this share differ by rounding only."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PlaneStack:
    """The closed contours of one shape on parallel planes, as nested ragged arrays.

    Plane p holds the contours ``plane_offsets[p]:plane_offsets[p + 1]``; contour c has the vertices
    ``points_mm[contour_offsets[c]:contour_offsets[c + 1]]`` (first vertex not repeated). A point of plane p lies at
    ``u * u_axis + v * v_axis + positions_mm[p] * normal``. The area of a plane is the even-odd area of its contours.
    """

    u_axis: Floats
    """(3,) unit vector."""
    v_axis: Floats
    """(3,) unit vector; u x v = normal."""
    normal: Floats
    """(3,) unit vector along which the planes are ordered."""
    positions_mm: Floats
    """(P,) position of each plane along the normal, increasing."""
    lower_mm: Floats
    """(P,) how far the slab of each plane reaches below it, mm."""
    upper_mm: Floats
    """(P,) how far the slab of each plane reaches above it, mm."""
    points_mm: Floats
    """(n, 2) vertices (u, v), mm."""
    contour_offsets: Integers
    """(m + 1,)"""
    plane_offsets: Integers
    """(P + 1,)"""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "u_axis", "v_axis", "normal", "positions_mm", "lower_mm", "upper_mm", "points_mm")
        freeze(self, np.int64, "contour_offsets", "plane_offsets")

    @property
    def slab_mm(self) -> Floats:
        """(P,) local slab thickness of each plane, mm."""
        return self.lower_mm + self.upper_mm

    @cached_property
    def meets_next(self) -> Flags:
        """(P - 1,) whether no plane is missing between each plane and the next."""
        return np.isclose(self.upper_mm[:-1] + self.lower_mm[1:], np.diff(self.positions_mm), rtol=1e-6)

    @property
    def plane_count(self) -> int:
        """Planes that carry contours."""
        return len(self.positions_mm)

    @cached_property
    def contour_areas_mm2(self) -> Floats:
        """(m,) even-odd area of each contour on its own."""
        areas = self.even_odd.areas_mm2[self.plane_of_contour]
        shared = np.flatnonzero(np.diff(self.plane_offsets)[self.plane_of_contour] > 1)
        areas[shared] = enclosed_areas(*select_ragged(self.points_mm, self.contour_offsets, shared))
        return areas

    @cached_property
    def contour_perimeters_mm(self) -> Floats:
        """(m,) length of each contour."""
        return perimeters(self.points_mm, self.contour_offsets)

    @cached_property
    def plane_of_contour(self) -> Integers:
        """(m,) plane of each contour."""
        return owners(self.plane_offsets)

    @property
    def plane_of_vertex(self) -> Integers:
        """(n,) plane of each vertex."""
        return np.repeat(self.plane_of_contour, np.diff(self.contour_offsets))

    @property
    def axes(self) -> Floats:
        """(3, 3) rows u, v and normal, LPS: ``(u, v, position) @ axes`` is a point of the patient."""
        return np.stack([self.u_axis, self.v_axis, self.normal])

    @cached_property
    def even_odd(self) -> EvenOdd:
        """Exact plane areas, and the contours that cross, overlap or nest."""
        return even_odd(self.points_mm, self.contour_offsets, self.plane_offsets)

    @property
    def plane_areas_mm2(self) -> Floats:
        """(P,) even-odd area of each plane."""
        return self.even_odd.areas_mm2

    @cached_property
    def plane_perimeters_mm(self) -> Floats:
        """(P,) total length of the contours of each plane."""
        weights = self.contour_perimeters_mm
        return np.bincount(self.plane_of_contour, weights=weights, minlength=self.plane_count).astype(np.float64)

    @cached_property
    def plane_border_lengths_mm(self) -> Floats:
        """(P,) length of contour that bounds the shape in each plane.

        Edges with the same ends, rounded to 0.01 mm, cancel in pairs as their areas do: the channel of a keyhole
        contour.
        """
        step = self.points_mm.take(next_vertex(self.contour_offsets), axis=0) - self.points_mm
        weights = np.where(self.is_border, lengths(step), 0.0)
        return np.bincount(self.plane_of_vertex, weights=weights, minlength=self.plane_count).astype(np.float64)

    @cached_property
    def is_border(self) -> Flags:
        """(n,) edges that remain when coincident edges cancel in pairs."""
        return edges_that_border(self.points_mm, self.contour_offsets, self.plane_of_vertex)

    def warped(self, points_mm: Floats) -> PlaneStack:
        """The same contours with their vertices moved to (n, 2), mm, by a one-to-one map of each plane onto itself.

        Such a map preserves nesting and which edges cancel. So plane areas are signed sums of contour areas, except in
        planes where contours cross or touch.
        """
        other = replace(self, points_mm=points_mm)
        other.__dict__["is_border"] = self.is_border
        other.__dict__["even_odd"] = replace(self.even_odd, areas_mm2=self._warped_areas(other))
        return other

    def _warped_areas(self, other: PlaneStack) -> Floats:
        """(P,) plane areas of a warped version of this stack."""
        contours = np.flatnonzero(self._is_tangled[self.plane_of_contour])
        weights = self._contour_signs * np.abs(signed_areas(other.points_mm, other.contour_offsets))
        areas = np.bincount(self.plane_of_contour, weights=weights, minlength=self.plane_count).astype(np.float64)
        if len(contours):
            points, offsets = select_ragged(other.points_mm, other.contour_offsets, contours)
            counts = np.diff(self.plane_offsets)[self._is_tangled]
            plane_offsets = offsets_of(counts)
            areas[self._is_tangled] = even_odd(points, offsets, plane_offsets).areas_mm2
        return areas

    @cached_property
    def _contour_signs(self) -> Floats:
        """(m,) -1 for holes, otherwise 1."""
        signs = np.ones(len(self.contour_offsets) - 1)
        signs[self.even_odd.holes] = -1
        return signs

    @cached_property
    def _is_tangled(self) -> Flags:
        """(P,) whether a plane's area is not simply the signed sum of the areas of its contours."""
        own = self._contour_signs * np.abs(signed_areas(self.points_mm, self.contour_offsets))
        summed = np.bincount(self.plane_of_contour, weights=own, minlength=self.plane_count)
        tangled = ~np.isclose(summed, self.plane_areas_mm2, rtol=SUMMED_TOLERANCE, atol=0)
        tangled[self.plane_of_contour[self.even_odd.self_crossing]] = True
        tangled[self.plane_of_contour[self.even_odd.entangled]] = True
        return tangled

    def plane_polygons(self, plane: int) -> list[Floats]:
        """(k, 2) vertices (u, v) of each contour of a plane, mm."""
        contours = range(self.plane_offsets[plane], self.plane_offsets[plane + 1])
        return [self.points_mm[self.contour_offsets[c] : self.contour_offsets[c + 1]] for c in contours]

    def thinned(self, most_vertices: int) -> PlaneStack:
        """The same stack with every n-th vertex of contours that have more than so many; others stay complete."""
        counts = np.diff(self.contour_offsets)
        steps = -(-counts // most_vertices)
        if len(steps) == 0 or steps.max() == 1:
            return self
        place = np.arange(len(self.points_mm)) - np.repeat(self.contour_offsets[:-1], counts)
        offsets = offsets_of(-(-counts // steps))
        kept = self.points_mm[place % np.repeat(steps, counts) == 0]
        return replace(self, points_mm=kept, contour_offsets=offsets)


def edges_that_border(points_mm: Floats, offsets: Integers, plane: Integers) -> Flags:
    """(n,) edges of contours that remain when coincident edges of the same plane (n,) cancel in pairs."""
    kept = np.zeros(len(points_mm), np.bool_)
    if not len(points_mm):
        return kept
    corner = _alike(np.column_stack([plane, np.round(points_mm / EDGE_TOLERANCE_MM).astype(np.int64)]))
    following = corner[next_vertex(offsets)]
    first, counts = _firsts(np.minimum(corner, following) * len(corner) + np.maximum(corner, following))
    kept[first[counts % 2 == 1]] = True
    return kept


def _firsts(keys: Integers) -> tuple[Integers, Integers]:
    """(x,) index of the first of each distinct key, none below 0, in their order, and how often it occurs.

    The same as np.unique, but with keys and indices packed into integers, which numpy sorts far faster.
    """
    bits = len(keys).bit_length()
    if int(keys.max()) >= LARGEST_PACKED >> bits:
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
        return first, counts
    packed = np.sort(keys << bits | np.arange(len(keys)))
    ordered = packed >> bits
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    return packed[starts] & (1 << bits) - 1, np.diff(starts, append=len(keys))


def _alike(rows: Integers) -> Integers:
    """(n,) one number for equal rows of (n, 3), by packing them into one integer where that fits."""
    low = least(rows)
    spans = (greatest(rows) - low + 1).tolist()
    if math.prod(spans) >= LARGEST_PACKED:
        return np.asarray(np.unique(rows, axis=0, return_inverse=True)[1].ravel())
    first, second, third = (rows - low).T
    packed = (first * spans[1] + second) * spans[2] + third
    return np.asarray(np.unique(packed, return_inverse=True)[1].ravel())
