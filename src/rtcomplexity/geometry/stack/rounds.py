"""Contours traced more than once within one list of vertices: twice around, or there and back.

By the even-odd rule the rounds of such a contour cancel, except for slivers between them. One round is the contour. A
keyhole also goes around twice, but its second round lies entirely inside the first.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from rtcomplexity.geometry.columns import lengths
from rtcomplexity.geometry.ragged import next_vertex, offsets_of
from rtcomplexity.geometry.stack.duplicates import CROSSED_SHARE
from rtcomplexity.geometry.stack.even_odd import enclosed_areas, even_odd, perimeters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.arrays import Floats, Integers

MOST_ROUNDS = 4
WINDOW = 0.15
"""A round ends within this share of the total length from where equal rounds would."""
RETURN_SHARE = 0.1
"""The end of a round is closer to the first vertex than this share of the round's length."""
SAME_SHARE = 0.5
"""Rounds that cross are one contour if their symmetric difference is below this share of their union."""


def first_rounds(points_mm: Floats, offsets: Integers, *, area_fraction: float, width_mm: float) -> dict[int, int]:
    """Find contours that go around more than once.

    Parameters
    ----------
    points_mm : (n, 2) vertices, mm
    offsets : (m + 1,) first vertex of each contour; none has fewer than three
    area_fraction, width_mm : limits within which rounds that do not cross are near copies

    Returns
    -------
    Number of vertices of the first round, by contour.
    """
    found = {}
    for contour in _returning(points_mm, offsets):
        polygon = points_mm[offsets[contour] : offsets[contour + 1]]
        course = _Course.of(polygon)
        for count in range(MOST_ROUNDS, 1, -1):
            stops = _stops(course, count)
            if stops and _are_one_outline(np.split(polygon, stops), area_fraction, width_mm):
                found[contour] = stops[0]
                break
    return found


def _returning(points_mm: Floats, offsets: Integers) -> list[int]:
    """Contours that return to their first vertex well before the end; no others need a closer look."""
    counts = np.diff(offsets)
    share = _travelled(points_mm, offsets)
    length = np.repeat(perimeters(points_mm, offsets), counts)
    away = lengths(points_mm - np.repeat(points_mm[offsets[:-1]], counts, axis=0))
    back = (away < RETURN_SHARE * length / 2) & (share > 1 / MOST_ROUNDS - WINDOW) & (share < 0.5 + WINDOW)
    return np.flatnonzero(np.logical_or.reduceat(back, offsets[:-1])).tolist()


def _travelled(points_mm: Floats, offsets: Integers) -> Floats:
    """(n,) share of the contour's length before each vertex."""
    steps = lengths(points_mm.take(next_vertex(offsets), axis=0) - points_mm)
    before = np.cumsum(steps) - steps
    counts = np.diff(offsets)
    length = np.maximum(np.add.reduceat(steps, offsets[:-1]), np.finfo(float).tiny)
    return np.asarray((before - np.repeat(before[offsets[:-1]], counts)) / np.repeat(length, counts))


class _Course(NamedTuple):
    """How a contour runs: for each vertex, the share of its length before it and the distance from the first one."""

    share: Floats
    away_mm: Floats
    length_mm: float

    @classmethod
    def of(cls, polygon: Floats) -> Self:
        """Measure one contour, (n, 2)."""
        offsets = np.array([0, len(polygon)])
        length = float(perimeters(polygon, offsets)[0])
        return cls(_travelled(polygon, offsets), lengths(polygon - polygon[0]), length)


def _stops(course: _Course, count: int) -> list[int]:
    """Vertices at which the second and later of so many rounds begin; empty if it does not return that often."""
    stops = []
    for end in np.arange(1, count) / count:
        near = np.flatnonzero(np.abs(course.share - end) < WINDOW / (count - 1))
        if len(near) == 0 or course.away_mm[near].min() > RETURN_SHARE * course.length_mm / count:
            return []
        stops.append(int(near[np.argmin(course.away_mm[near])]))
    return stops if all(stop - start >= 3 for start, stop in pairwise([0, *stops, len(course.share)])) else []


def _are_one_outline(rounds: Sequence[Floats], area_fraction: float, width_mm: float) -> bool:
    """Whether each round traces the same contour as the one before."""
    counts = [len(each) for each in rounds]
    areas = enclosed_areas(np.concatenate(rounds), offsets_of(counts))
    return all(
        _is_one_outline(first, second, areas[n : n + 2], area_fraction, width_mm)
        for n, (first, second) in enumerate(pairwise(rounds))
    )


def _is_one_outline(first: Floats, second: Floats, areas: Floats, area_fraction: float, width_mm: float) -> bool:
    """Whether two rounds trace the same contour: near copies, or crossing each other."""
    offsets = np.array([0, len(first), len(first) + len(second)])
    points = np.concatenate([first, second])
    difference = float(even_odd(points, offsets, np.array([0, 2])).areas_mm2[0])
    union = (float(areas.sum()) + difference) / 2
    width = difference / float(perimeters(points, offsets).mean())
    outside = (difference - abs(float(areas[0] - areas[1]))) / 2
    crossed = outside >= CROSSED_SHARE * difference and difference < SAME_SHARE * union
    return union > 0 and (crossed or (difference < area_fraction * union and width < width_mm))
