"""Exact even-odd areas of polygons, however they nest, touch or cross.

A plane is cut into horizontal bands at every vertex. Within a band all edges are straight and none ends, so the area
between the 1st and 2nd, 3rd and 4th ... edge from the left is a sum of trapezoids: exact, unless edges cross inside the
band. A crossing shows as a different order of edges at the top and bottom of the band; only such bands are cut further.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rtcomplexity.errors import LimitExceededError
from rtcomplexity.geometry.columns import lengths
from rtcomplexity.geometry.ragged import next_vertex, owners, ranges, select_ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats, Integers

MAX_BAND_EDGES = 60_000_000
"""Limit on (edge, band) pairs of one shape; only scribbles with many long edges reach it."""
CROSSING_TOLERANCE = 1e-9
"""Edges that swap order by less than this share of the shape's width touch rather than cross."""
CHUNK_EDGES = 50_000
"""(edge, band) pairs processed together: few enough to stay in the processor's cache."""
MAX_CROSSING_CELLS = 100_000_000
"""Limit on pairs of edges, and on (edge, cut) pairs, examined in bands of one shape in which edges cross ..."""
CELLS_PER_BAND_EDGE = 20
"""... raised by this for each (edge, band) pair: near copies cross often, but only a few edges at a time."""
BLOCK_CELLS = 1_000_000
MOST_BITS = 62
"""Limit on the bits of keys that are packed into one integer."""
FEW_EDGES = 8
"""Bands with up to this many edges are cut all at once."""
MOST_BOXES = 2000
"""Limit on polygons per plane whose boxes are compared pairwise; above it, bands are faster."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvenOdd:
    """Even-odd areas of planes, and the contours that are not simply disjoint."""

    areas_mm2: Floats
    """(P,)"""
    self_crossing: Integers
    """Contours with two edges that cross."""
    entangled: Integers
    """Contours partly inside and partly outside the others of their plane, or touching them."""
    holes: Integers
    """Contours entirely inside an odd number of others: their area is subtracted."""

    @classmethod
    def plain(cls, areas_mm2: Floats) -> Self:
        """Areas of planes in which no contour crosses or surrounds another."""
        none = np.empty(0, np.int64)
        return cls(areas_mm2=areas_mm2, self_crossing=none, entangled=none, holes=none)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _BandEdges:
    """Every edge once for each band it passes through, from left to right within a band."""

    edge: Integers
    band: Integers
    bottom_x: Floats
    top_x: Floats
    height: Floats


def signed_areas(points_mm: Floats, offsets: Integers) -> Floats:
    """(m,) shoelace areas of polygons with vertices (n, 2), mm2; positive where u turns to v."""
    local = points_mm - np.repeat(points_mm[offsets[:-1]], np.diff(offsets), axis=0)
    following = local.take(next_vertex(offsets), axis=0)
    return 0.5 * np.add.reduceat(local[:, 0] * following[:, 1] - local[:, 1] * following[:, 0], offsets[:-1])


def perimeters(points_mm: Floats, offsets: Integers) -> Floats:
    """(m,) lengths of closed polygons, mm."""
    steps = points_mm.take(next_vertex(offsets), axis=0) - points_mm
    return np.add.reduceat(lengths(steps), offsets[:-1])


def bounding_boxes(points_mm: Floats, offsets: Integers) -> Floats:
    """(m, 2, 2) lower and upper corner of each polygon, mm."""
    lower = np.minimum.reduceat(points_mm, offsets[:-1], axis=0)
    upper = np.maximum.reduceat(points_mm, offsets[:-1], axis=0)
    return np.stack([lower, upper], axis=1)


def even_odd(points_mm: Floats, contour_offsets: Integers, plane_offsets: Integers) -> EvenOdd:
    """Exact even-odd area of the closed polygons of each plane.

    Parameters
    ----------
    points_mm : (n, 2) vertices
    contour_offsets : (m + 1,) first vertex of each polygon; no polygon is empty
    plane_offsets : (P + 1,) first polygon of each plane

    Raises
    ------
    LimitExceededError
        If edges overlap one another so much that the bands would not fit in memory.
    """
    areas = np.zeros(len(plane_offsets) - 1)
    plane_of_contour = owners(plane_offsets)
    contour_areas = signed_areas(points_mm, contour_offsets)
    plain = _are_plain(points_mm, contour_offsets, plane_offsets)
    np.add.at(areas, plane_of_contour, np.abs(contour_areas))
    hard = np.flatnonzero(~plain)
    if len(hard) == 0:
        return EvenOdd.plain(areas)
    contours = np.flatnonzero(~plain[plane_of_contour])
    points, offsets = select_ragged(points_mm, contour_offsets, contours)
    hard_plane = np.searchsorted(hard, plane_of_contour[contours])
    banded = _banded(points, offsets, hard_plane, len(hard))
    areas[hard] = banded.areas_mm2
    return EvenOdd(
        areas_mm2=areas,
        self_crossing=contours[banded.self_crossing],
        entangled=contours[banded.entangled],
        holes=contours[banded.holes],
    )


def enclosed_areas(points_mm: Floats, offsets: Integers) -> Floats:
    """(m,) even-odd area of each polygon on its own, mm2. Vertices are (n, 2).

    Unlike the signed area, this is the sum of the lobes for a figure-eight.
    """
    return even_odd(points_mm, offsets, np.arange(len(offsets))).areas_mm2


def _are_plain(points_mm: Floats, contour_offsets: Integers, plane_offsets: Integers) -> Flags:
    """(P,) whether a plane's area is the sum of its polygons' areas: star-shaped polygons in disjoint boxes."""
    star = _are_star_shaped(points_mm, contour_offsets)
    counts = np.diff(plane_offsets)
    plain = np.ones(len(counts), bool)
    filled = counts > 0
    plain[filled] = np.logical_and.reduceat(star, plane_offsets[:-1][filled])
    boxes = bounding_boxes(points_mm, contour_offsets)
    plain &= counts <= MOST_BOXES
    for plane in np.flatnonzero(plain & (counts > 1)):
        plain[plane] = _are_disjoint(boxes[plane_offsets[plane] : plane_offsets[plane + 1]])
    return plain


def _are_disjoint(boxes: Floats) -> bool:
    """Whether no two boxes (m, 2, 2) overlap."""
    lower, upper = boxes[:, 0], boxes[:, 1]
    apart = (lower[:, None] > upper[None]) | (lower[None] > upper[:, None])
    np.fill_diagonal(apart[..., 0], val=True)
    return bool(np.all(apart.any(axis=-1)))


def _are_star_shaped(points_mm: Floats, offsets: Integers) -> Flags:
    """(m,) whether a polygon goes around its mean vertex once, always in one direction; such a polygon is simple."""
    counts = np.diff(offsets)
    centers = np.add.reduceat(points_mm, offsets[:-1], axis=0) / counts[:, None]
    local = points_mm - np.repeat(centers, counts, axis=0)
    following = next_vertex(offsets)
    turns = local[:, 0] * local[following, 1] - local[:, 1] * local[following, 0]
    one_way = np.abs(np.add.reduceat(np.sign(turns), offsets[:-1])) == counts
    above = local[:, 1] >= 0
    return np.asarray(one_way & (np.add.reduceat((above != above[following]).astype(np.int64), offsets[:-1]) == 2))


def _banded(
    points_mm: Floats,
    offsets: Integers,
    plane_of_contour: Integers,
    planes: int,
) -> EvenOdd:
    """The banded computation of :func:`even_odd`, for planes that need it."""
    contour_of_edge = owners(offsets)
    plane_of_edge = plane_of_contour[contour_of_edge]
    rank, event_y = _rank_events(points_mm[:, 1], plane_of_edge)
    following = next_vertex(offsets)
    low = np.minimum(rank, rank[following])
    spans = np.maximum(rank, rank[following]) - low
    if spans.sum() > MAX_BAND_EDGES:
        raise _too_tangled(len(rank))
    areas = np.zeros(planes)
    crossing, entangled, holes = [], [], []
    left = MAX_CROSSING_CELLS + CELLS_PER_BAND_EDGE * int(spans.sum())
    for chunk in _chunks(spans, plane_of_edge):
        edges = _band_edges(points_mm, following, low, spans, event_y, chunk)
        area, pairs, left = _sum_bands(edges, left)
        first = plane_of_edge[chunk.start]
        held = np.bincount(plane_of_edge[edges.edge] - first, weights=area)
        areas[first : first + len(held)] += held
        pairs = contour_of_edge[pairs]
        crossing.append(pairs[pairs[:, 0] == pairs[:, 1], 0])
        start = contour_of_edge[chunk.start]
        partly, wholly = _surrounded(edges.band, contour_of_edge[edges.edge] - start)
        entangled.append(partly + start)
        holes.append(wholly + start)
    return EvenOdd(
        areas_mm2=areas,
        self_crossing=np.unique(np.concatenate(crossing)),
        entangled=np.unique(np.concatenate(entangled)),
        holes=np.unique(np.concatenate(holes)),
    )


def _too_tangled(vertices: int) -> LimitExceededError:
    """The refusal of a shape with too many crossings."""
    return LimitExceededError(
        f"A shape of {vertices} vertices crosses itself so often that its area cannot be computed.",
        "leave that ROI out or have its contours redrawn.",
    )


def _surrounded(band: Integers, contour: Integers) -> tuple[Integers, Integers]:
    """Contours with some edges to the right of an odd number of other contours' edges, and contours with all edges so.

    The band edges come in order from left to right; every band holds an even number of each contour's edges.
    """
    order = _ordered(contour, band)
    others = np.empty(len(band), np.int64)
    others[order] = (order - np.arange(len(band))) % 2
    odd, every = np.bincount(contour, weights=others), np.bincount(contour)
    return np.flatnonzero((odd > 0) & (odd < every)), np.flatnonzero((odd > 0) & (odd == every))


def _rank_events(y: Floats, plane: Integers) -> tuple[Integers, Floats]:
    """Rank of each vertex among the distinct (plane, y), and the y of each rank."""
    order = _ordered(y, plane)
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(y[order]) != 0) | (np.diff(plane[order]) != 0)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.cumsum(new) - 1
    return rank, y[order][new]


def _ordered(minor: NDArray[Any], major: Integers) -> Integers:
    """(n,) order by a major key, then a minor key, then position: numpy's lexsort in a quarter of the time.

    Both keys and the place are packed into one integer, as numpy sorts integers far faster than it finds an order.
    """
    if not len(minor):
        return np.empty(0, np.int64)
    order, rank = _ranked(minor)
    first, place_bits, rank_bits = int(major.min()), len(minor).bit_length(), int(rank.max()).bit_length()
    if (int(major.max()) - first).bit_length() + rank_bits + place_bits > MOST_BITS:
        return np.lexsort((minor, major))
    packed = ((major.take(order) - first << rank_bits | rank) << place_bits) | order
    packed.sort()
    return np.asarray(packed & (1 << place_bits) - 1)


def _ranked(keys: NDArray[Any]) -> tuple[Integers, Integers]:
    """(n,) some order of keys, and a number for each key in that order: equal ones share it, and it grows with them."""
    if keys.dtype.kind == "i":
        return np.arange(len(keys)), keys - keys.min()
    order = np.argsort(keys)
    ordered = keys.take(order)
    rank = np.zeros(len(keys), np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=rank[1:])
    return order, rank


def _chunks(spans: Integers, plane_of_edge: Integers) -> list[slice]:
    """Slices of whole planes with about CHUNK_EDGES pairs each, to limit memory."""
    ends = np.flatnonzero(np.diff(plane_of_edge)) + 1
    ends = np.append(ends, len(plane_of_edge))
    totals = np.cumsum(spans)[ends - 1]
    cuts = np.unique(np.searchsorted(totals, np.arange(CHUNK_EDGES, totals[-1] + CHUNK_EDGES, CHUNK_EDGES)))
    stops = np.unique(np.append(ends[np.minimum(cuts, len(ends) - 1)], ends[-1]))
    return [slice(a, b) for a, b in zip(np.append(0, stops[:-1]), stops, strict=True)]


def _band_edges(
    points_mm: Floats,
    following: Integers,
    low: Integers,
    spans: Integers,
    event_y: Floats,
    chunk: slice,
) -> _BandEdges:
    """Cut the edges of a chunk at the bands, sorted from left to right."""
    counts = spans[chunk]
    edge = np.repeat(np.arange(chunk.start, chunk.stop), counts)
    band = ranges(low[chunk], counts)
    start, end = points_mm[chunk], points_mm.take(following[chunk], axis=0)
    rise = end[:, 1] - start[:, 1]
    slope = np.divide(end[:, 0] - start[:, 0], rise, out=np.zeros(len(rise)), where=rise != 0)
    slope, x0, y0 = (np.repeat(values, counts) for values in (slope, start[:, 0], start[:, 1]))
    bottom_y, top_y = event_y[band], event_y[band + 1]
    bottom_x = x0 + (bottom_y - y0) * slope
    top_x = x0 + (top_y - y0) * slope
    order = _ordered(bottom_x + top_x, band)
    return _BandEdges(
        edge=edge[order],
        band=band[order],
        bottom_x=bottom_x[order],
        top_x=top_x[order],
        height=(top_y - bottom_y)[order],
    )


def _sum_bands(edges: _BandEdges, left: int) -> tuple[Floats, Integers, int]:
    """Signed trapezoid of each band edge, the pairs of crossing edges, and the remaining budget of cells."""
    sign = np.where(np.arange(len(edges.edge)) % 2 == 0, -1.0, 1.0)
    area = sign * 0.5 * (edges.bottom_x + edges.top_x) * edges.height
    crossing = [np.empty((0, 2), np.int64)]
    firsts, stops = _crossed_bands(edges)
    counts = stops - firsts
    for count in range(2, FEW_EDGES + 1):
        alike = firsts[counts == count]
        rows = max(BLOCK_CELLS // count**3, 1)
        for start in range(0, len(alike), rows):
            left = _spend(left, count**2 // 2 * len(alike[start : start + rows]), edges)
            widths, pairs = _split_alike(edges, alike[start : start + rows], count)
            area[alike[start : start + rows, None] + np.arange(count)] = 0
            area[alike[start : start + rows]] = edges.height[alike[start : start + rows]] * widths
            crossing.append(edges.edge[pairs])
    for first, stop in zip(*(each[counts > FEW_EDGES].tolist() for each in (firsts, stops)), strict=True):
        inside = slice(first, stop)
        left = _spend(left, (stop - first) ** 2 // 2, edges)
        heights, pairs = _crossings(edges.bottom_x[inside], edges.top_x[inside])
        left = _spend(left, (stop - first) * len(heights), edges)
        area[inside] = 0
        area[first] = edges.height[first] * _split_width(edges.bottom_x[inside], edges.top_x[inside], heights)
        crossing.append(edges.edge[first + pairs])
    return area, np.concatenate(crossing), left


def _split_alike(edges: _BandEdges, firsts: Integers, count: int) -> tuple[Floats, Integers]:
    """Mean even-odd widths of bands with equal numbers of edges, cut where edges cross; and (x, 2) the crossing edges.

    Edges that do not cross are assigned a crossing at the top, where a cut changes nothing.
    """
    every = firsts[:, None] + np.arange(count)
    bottom_x, top_x = edges.bottom_x[every], edges.top_x[every]
    one, other = np.triu_indices(count, 1)
    below, above = bottom_x[:, other] - bottom_x[:, one], top_x[:, other] - top_x[:, one]
    crosses = below * above < 0
    heights = np.divide(below, below - above, out=np.ones_like(below), where=crosses)
    cuts = np.sort(np.pad(heights, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1))), axis=1)
    middles = 0.5 * (cuts[:, 1:] + cuts[:, :-1])
    x = np.sort(bottom_x[:, None] + middles[:, :, None] * (top_x - bottom_x)[:, None], axis=2)
    widths = (x[:, :, 1::2] - x[:, :, ::2]).sum(axis=2)
    band, pair = np.nonzero(crosses)
    pairs = np.stack([firsts[band] + one[pair], firsts[band] + other[pair]], axis=1)
    return (widths * np.diff(cuts, axis=1)).sum(axis=1), pairs


def _spend(left: int, cells: int, edges: _BandEdges) -> int:
    """Remaining budget after so many cells; refuses the shape if it is used up."""
    if cells > left:
        raise _too_tangled(len(np.unique(edges.edge)))
    return left - cells


def _crossed_bands(edges: _BandEdges) -> tuple[Integers, Integers]:
    """First and stop of the band edges of each band whose order of edges changes from bottom to top."""
    if len(edges.edge) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    width = max(float(np.ptp(edges.bottom_x)), float(np.ptp(edges.top_x)))
    same = np.diff(edges.band) == 0
    wrong = same & (np.minimum(np.diff(edges.bottom_x), np.diff(edges.top_x)) < -CROSSING_TOLERANCE * width)
    bands = np.unique(edges.band[:-1][wrong])
    return np.searchsorted(edges.band, bands, side="left"), np.searchsorted(edges.band, bands, side="right")


def _crossings(bottom_x: Floats, top_x: Floats) -> tuple[Floats, Integers]:
    """Relative heights (0 to 1) at which edges of one band cross, and the pairs that do."""
    number = np.arange(len(bottom_x))
    found = []
    for rows in _blocks(len(number), len(number)):
        below, above = bottom_x - bottom_x[rows, None], top_x - top_x[rows, None]
        first, second = np.nonzero((below * above < 0) & (number > number[rows, None]))
        found.append(np.stack([first + rows.start, second], axis=1))
    pairs = np.concatenate(found)
    first, second = pairs.T
    below, above = bottom_x[second] - bottom_x[first], top_x[second] - top_x[first]
    return below / (below - above), pairs


def _blocks(count: int, width: int) -> list[slice]:
    """Slices of `count` rows with about BLOCK_CELLS cells each, to limit memory."""
    rows = max(BLOCK_CELLS // max(width, 1), 1)
    return [slice(start, start + rows) for start in range(0, count, rows)]


def _split_width(bottom_x: Floats, top_x: Floats, heights: Floats) -> float:
    """Mean even-odd width of one band, cut at the relative heights where edges cross."""
    cuts = np.unique(np.concatenate(([0.0], heights, [1.0])))
    middles = 0.5 * (cuts[1:] + cuts[:-1])
    widths = np.empty(len(middles))
    for rows in _blocks(len(middles), len(bottom_x)):
        x = np.sort(bottom_x + middles[rows, None] * (top_x - bottom_x), axis=1)
        widths[rows] = (x[:, 1::2] - x[:, ::2]).sum(axis=1)
    return float(widths @ np.diff(cuts))
