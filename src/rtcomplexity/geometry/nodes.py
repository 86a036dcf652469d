"""The surface of a stack of planes as nodes: points with a normal, an area, and edges to their neighbors.

Contours are resampled along their length. Each node is joined to the nearest contour facing the same way on the plane
above and on the plane below, so that the surface between planes is sampled too (the links of shape-based
interpolation). A body that does not reach the next plane ends in a dome, or, if its end is flat like that of a box,
half a slab beyond its last plane. Cavities end likewise.

Works in millimeters, in the stack's own (u, v, normal) coordinates; knows no DICOM and no images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.geometry.columns import any_nonzero, dots, lengths, units
from rtcomplexity.geometry.ragged import next_vertex
from rtcomplexity.geometry.stack.even_odd import signed_areas
from rtcomplexity.geometry.stack.runs import Lattice, Runs, rasterise
from rtcomplexity.geometry.stack.topology import plane_components, runs_above
from rtcomplexity.model.arrays import freeze, sealed

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats, Integers


NODES: Final = 2000
"""About how many nodes a surface has, within the limits on their spacing."""
CLOSEST_MM: Final = 0.5
FURTHEST_MM: Final = 3.0
THINNED: Final = 0.7
"""One vertex of a contour is kept per stretch of this many spacings."""
FINEST_PIXEL_MM: Final = 0.25
COARSEST_PIXEL_MM: Final = 1.0
PLANE_APART_MM: Final = 1e5
"""Separates the contours of different planes in one search tree."""
LONG_LINK: Final = 2.0
"""Links longer than this many spacings must run between the contours they join."""
USUAL_REACH_MM: Final = 30.0
"""Most nodes have their nearest node on the next plane within this distance."""
FACING_MM: Final = 2.0
"""Added distance of contours that face another way, when searching for the nearest one on the next plane."""
ROUND_SHARE: Final = 0.6
"""An end plane with at most this share of the previous squared half width tapers off in a dome ..."""
HALF_SLAB_SHARE: Final = 0.8
"""... of at most half a slab from this share on, and of a whole slab below the first ..."""
FLAT_SHARE: Final = 0.9
"""... and an end plane with at least this share is flat."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceNodes:
    """Points of a surface in (u, v, normal) coordinates, mm."""

    points_mm: Floats
    """(n, 3)"""
    normals: Floats
    """(n, 3) unit vectors, outwards."""
    edges_mm: Floats
    """(n, 4, 3) edges to each node's neighbors: two along the contour, two across; zero if there is none."""
    areas_mm2: Floats
    """(n,) surface area represented by each node."""
    spacing_mm: float
    """Approximate distance between nodes."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "points_mm", "normals", "edges_mm", "areas_mm2")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inside:
    """Points inside the planes, accurate to half a fine pixel."""

    runs: Runs
    lattice: Lattice

    def pixels(self) -> tuple[Integers, Floats]:
        """(n,) plane of each pixel inside, and (n, 2) its center (u, v), mm."""
        runs, lattice = self.runs, self.lattice
        index = runs.indices()
        row, column = index // runs.shape[2], index % runs.shape[2]
        u = lattice.u0_mm + column * lattice.column_spacing_mm
        v = lattice.v0_mm + (row % runs.shape[1]) * lattice.row_spacing_mm
        return row // runs.shape[1], np.column_stack([u, v])

    def positions(self) -> Integers:
        """(n,) position of each pixel inside, in the order of :meth:`pixels`."""
        index = self.runs.indices()
        return index + index // self.runs.shape[2]

    def run_at(self, plane: Integers, points_mm: Floats, runs: Runs | None = None) -> Integers:
        """(n,) index of the run that contains each point (u, v) of the given planes; -1 if none does."""
        runs = self.runs if runs is None else runs
        planes, rows, columns = runs.shape
        column = np.rint((points_mm[:, 0] - self.lattice.u0_mm) / self.lattice.column_spacing_mm).astype(np.int64)
        row = np.rint((points_mm[:, 1] - self.lattice.v0_mm) / self.lattice.row_spacing_mm).astype(np.int64)
        on = (plane >= 0) & (plane < planes) & (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        position = (plane * rows + row) * runs.stride + column
        index = np.searchsorted(runs.starts, position, side="right") - 1
        found = on & (index >= 0)
        found[found] = position[found] < runs.stops[index[found]]
        return np.where(found, index, -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rings:
    """Resampled contours."""

    points: Floats
    """(n, 2)"""
    plane: Integers
    before: Integers
    """(n,) preceding node along the contour; itself if there is none."""
    after: Integers
    outward: Floats
    """(n, 2) unit vectors in the plane."""
    length: Floats
    """(n,) length of contour represented by each node."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Components:
    """Connected components within planes, of the solid or of its outside."""

    runs: Runs
    label: Integers
    """(R,) component of each run: the index of one of its runs."""
    run_of_node: Integers
    """(n,) run next to each node of the contours; -1 if there is none."""
    area: Floats
    """(R,) area of the component of each label, mm2."""
    length: Floats
    """(R,) length of its contours, mm."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ends:
    """Ends of the components of a set of runs in one direction."""

    label: Integers
    """(R,) component of each run."""
    ended: Flags
    """(R,) whether that component does not continue on the next plane."""
    height: Floats
    """(R,) height of its end beyond the plane, mm; 0 if it continues."""
    wall: Floats
    """(R,) share of that height that is a vertical wall."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Patch:
    """Some nodes of a surface, with the fields of :class:`SurfaceNodes`."""

    points: Floats
    normals: Floats
    edges: Floats
    areas: Floats


def inside_of(stack: PlaneStack, nodes: int = NODES) -> Inside:
    """Rasterize the planes of a stack finely enough for its size."""
    pixel = float(np.clip(_spacing(stack, nodes) / 2, FINEST_PIXEL_MM, COARSEST_PIXEL_MM))
    lattice = Lattice.around(stack, pixel)
    return Inside(runs=rasterise(stack, lattice), lattice=lattice)


def surface_nodes(stack: PlaneStack, inside: Inside, *, nodes: int = NODES, curved: bool = False) -> SurfaceNodes:
    """Sample the surface of a stack whose slabs all have a thickness; `inside` is its own.

    Between planes the surface is straight, or (`curved`) a cubic that meets the surface normals at both contours. On a
    sphere of 20 mm radius cut every 3 mm, a straight band is up to 0.2 mm too deep, a curved one 0.03 mm.
    """
    spacing = _spacing(stack, nodes)
    rings = _rings(stack, spacing, inside)
    patches = _patches(stack, rings, inside, spacing, curved=curved)
    return SurfaceNodes(
        points_mm=sealed(np.concatenate([patch.points for patch in patches])),
        normals=sealed(np.concatenate([patch.normals for patch in patches])),
        edges_mm=sealed(np.concatenate([patch.edges for patch in patches])),
        areas_mm2=sealed(np.concatenate([patch.areas for patch in patches])),
        spacing_mm=spacing,
    )


def _spacing(stack: PlaneStack, nodes: int) -> float:
    """Distance between nodes that gives about so many, mm."""
    lateral = float(stack.plane_perimeters_mm @ stack.slab_mm)
    ends = 2 * float(stack.plane_areas_mm2.max())
    return float(np.clip(np.sqrt((lateral + ends) / nodes), CLOSEST_MM, FURTHEST_MM))


# Contours, resampled.


def _rings(stack: PlaneStack, spacing: float, inside: Inside) -> _Rings:
    """Resample the contours, and find which way each node faces."""
    points, offsets = _divided(*_thinned(stack.points_mm, stack.contour_offsets, THINNED * spacing), spacing)
    after = next_vertex(offsets)
    before = np.empty_like(after)
    before[after] = np.arange(len(after))
    contour = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    plane = stack.plane_of_contour[contour]
    right = _right(points, before, after)
    sides = _sides(points, right, plane, inside)
    kept = np.flatnonzero(~(sides[:, 0] & sides[:, 1]))
    place = np.full(len(points), -1)
    place[kept] = np.arange(len(kept))
    before, after = (np.where(place[n[kept]] < 0, np.arange(len(kept)), place[n[kept]]) for n in (before, after))
    outward = (right * _turn(points, offsets, sides)[:, None]).take(kept, axis=0)
    points = points.take(kept, axis=0)
    to_before, to_after = (lengths(points.take(n, axis=0) - points) for n in (before, after))
    return _Rings(
        points=points,
        plane=plane[kept],
        before=before,
        after=after,
        outward=outward,
        length=(to_before + to_after) / 2,
    )


def _right(points: Floats, before: Integers, after: Integers) -> Floats:
    """(n, 2) unit vectors to the right of the direction of travel along contours.

    Where a contour reverses, as at the tip of a line without width, there is no right-hand side: the tip points along
    the line. Any direction will do where vertices coincide.
    """
    along = points.take(after, axis=0) - points.take(before, axis=0)
    right = np.stack([along[:, 1], -along[:, 0]], axis=1)
    tip = ~any_nonzero(right)
    right[tip] = points[tip] - points[before[tip]]
    right[~any_nonzero(right)] = (1.0, 0.0)
    return units(right)


def _sides(points: Floats, right: Floats, plane: Integers, inside: Inside) -> Flags:
    """(n, 2) whether the points one fine pixel to the left and right of each node are inside.

    If both are, as along the channel of a keyhole, there is no surface.
    """
    reach = inside.lattice.column_spacing_mm
    return np.stack([inside.run_at(plane, points + side * reach * right) >= 0 for side in (-1, 1)], axis=1)


def _thinned(points: Floats, offsets: Integers, spacing: float) -> tuple[Floats, Integers]:
    """Keep one vertex per stretch of a contour; contours left with fewer than 3 are kept whole."""
    contour = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    steps = lengths(points.take(next_vertex(offsets), axis=0) - points)
    travelled = np.cumsum(steps) - steps
    travelled -= np.repeat(travelled[offsets[:-1]], np.diff(offsets))
    stretch = np.floor(travelled / spacing)
    kept = np.ones(len(points), bool)
    kept[1:] = (np.diff(stretch) != 0) | (np.diff(contour) != 0)
    counts = np.bincount(contour, weights=kept)
    kept |= (counts < 3)[contour]
    held = np.flatnonzero(kept)
    return points.take(held, axis=0), np.searchsorted(held, offsets)


def _divided(points: Floats, offsets: Integers, spacing: float) -> tuple[Floats, Integers]:
    """Divide edges longer than the spacing into equal parts."""
    step = points.take(next_vertex(offsets), axis=0) - points
    parts = np.maximum(np.ceil(lengths(step) / spacing - 1e-9), 1).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(parts)))
    share = (np.arange(first[-1]) - np.repeat(first[:-1], parts)) / np.repeat(parts, parts)
    return np.repeat(points, parts, axis=0) + share[:, None] * np.repeat(step, parts, axis=0), first[offsets]


def _turn(points: Floats, offsets: Integers, sides: Flags) -> Floats:
    """(n,) 1 where the right-hand side of a contour is outside, -1 where it is inside.

    Where a part is thinner than a pixel, both sides look alike; it then takes the value of the nearest preceding part
    that does not, since the lobes of a figure-eight turn opposite ways. A contour that is thin throughout takes the
    sign of its area.
    """
    own = sides[:, 0].astype(float) - sides[:, 1]
    counts = np.diff(offsets)
    start = np.repeat(offsets[:-1], counts)
    last = np.maximum.accumulate(np.where(own != 0, np.arange(len(own)), -1))
    of_end = np.repeat(last[offsets[1:] - 1], counts)
    nearest = np.where(last >= start, last, of_end)
    thin = np.repeat(np.where(signed_areas(points, offsets) < 0, -1.0, 1.0), counts)
    return np.where(nearest >= start, own[nearest], thin)


# Links from plane to plane.


def _patches(stack: PlaneStack, rings: _Rings, inside: Inside, spacing: float, *, curved: bool) -> list[_Patch]:
    """All nodes: on the contours, between planes, and on the ends."""
    sets = [
        _components(inside, rings, inside.runs, by_corners=True),
        _components(inside, rings, inside.runs.outside(), by_corners=False),
    ]
    links, targets, normals, rims, caps = [], [], [], [], []
    touching = [_touching(stack, part.runs) for part in sets]
    tree = _ring_tree(rings)
    for direction in (1, -1):
        solid, outside = (
            _ends(stack, part, pairs, direction, is_solid=part is sets[0])
            for part, pairs in zip(sets, touching, strict=True)
        )
        link, target = _links(stack, rings, tree, [(sets[0], solid), (sets[1], outside)], direction)
        if curved:
            link, target = _on_surface(rings, inside, link, target, spacing, direction)
        links.append(link)
        targets.append(target)
        normals.append(_band_normals(rings, link))
        rims.append(_rims(rings, [(sets[0], solid, 1), (sets[1], outside, -1)], direction, spacing))
        caps.append(_caps(stack, rings, inside, sets[0].runs, solid, spacing, direction, facing=1))
        caps.append(_caps(stack, rings, inside, sets[1].runs, outside, spacing, direction, facing=-1))
    bends: list[_Bend | None] = _bends(links, targets, normals, rims) if curved else [None, None]
    onto_domes = [rim.steps if curved else np.zeros_like(rim.steps) for rim in rims]
    return [*_bands(stack, rings, links, normals, bends, onto_domes, spacing), *caps]


def _components(inside: Inside, rings: _Rings, runs: Runs, *, by_corners: bool) -> _Components:
    """Connected components of runs, with their areas and contour lengths."""
    label = plane_components(runs, by_corners=by_corners)
    reach = (-0.75 if by_corners else 0.75) * inside.lattice.column_spacing_mm
    run = inside.run_at(rings.plane, rings.points + reach * rings.outward, runs)
    pixels = np.bincount(label, weights=runs.stops - runs.starts, minlength=len(label)).astype(np.float64)
    beside = run >= 0
    length = np.bincount(label[run[beside]], weights=rings.length[beside], minlength=len(label)).astype(np.float64)
    area = pixels * inside.lattice.pixel_area_mm2
    return _Components(runs=runs, label=label, run_of_node=run, area=area, length=length)


def _ends(stack: PlaneStack, part: _Components, pairs: Integers, direction: int, *, is_solid: bool) -> _Ends:
    """Ends of the components of the solid, or (`is_solid` false) of its outside.

    Outside, only regions that the solid closes over have an end, not the surrounding space, nor a hole open beyond the
    last plane. `pairs` are runs that touch from plane to plane.
    """
    meets = np.concatenate([stack.meets_next, [False]])
    here, there = (pairs[:, 0], pairs[:, 1]) if direction == 1 else (pairs[:, 1], pairs[:, 0])
    goes_on = np.zeros(len(part.label), bool)
    goes_on[part.label[here]] = True
    ended = ~goes_on[part.label]
    if not is_solid:
        continued = meets if direction == 1 else np.concatenate([[False], meets[:-1]])
        ended &= continued[part.runs.planes]
    height, wall = np.zeros(len(ended)), np.zeros(len(ended))
    leading = ended[there]
    links = np.stack([here[leading], there[leading]], axis=1)
    height[ended], wall[ended] = _end_shapes(stack, part, np.flatnonzero(ended), links, direction)
    return _Ends(label=part.label, ended=ended, height=height, wall=wall)


def _touching(stack: PlaneStack, runs: Runs) -> Integers:
    """(n, 2) runs that touch from plane to plane, where no plane is missing between the two."""
    pairs = runs_above(runs)
    if stack.meets_next.all():
        return pairs
    meets = np.concatenate([stack.meets_next, [False]])
    return np.asarray(pairs[meets[runs.planes[pairs[:, 0]]]])


def _end_shapes(
    stack: PlaneStack, part: _Components, ended: Integers, links: Integers, direction: int
) -> tuple[Floats, Floats]:
    """Height of the end of each run (e,) whose component ends, and the share of it that is a vertical wall.

    The squared half width of the sections of a sphere, or of a torus, has the second derivative -2 along the axis. A
    dome continues this law from the previous plane. `links` come from the components of the previous plane.
    """
    count, label = len(part.label), part.label[ended]
    keys = np.unique(part.label[links[:, 0]] * count + part.label[links[:, 1]])
    pairs = np.stack(np.divmod(keys, count), axis=1)
    area, length = (
        np.bincount(pairs[:, 1], weights=values[pairs[:, 0]], minlength=count).astype(np.float64)[label]
        for values in (part.area, part.length)
    )
    square = _half_width(part.area[label], part.length[label]) ** 2
    former = _half_width(area, length) ** 2
    former = np.where(former > 0, former, square)
    reach, behind = (stack.upper_mm, stack.lower_mm) if direction == 1 else (stack.lower_mm, stack.upper_mm)
    plane = part.runs.planes[ended]
    reach, step = reach[plane], 2 * behind[plane]
    slope = np.minimum((square - former) / step - step, 0)
    dome = (slope + np.sqrt(slope**2 + 4 * square)) / 2
    share = square / np.maximum(former, np.finfo(float).tiny)
    tapered = np.clip((HALF_SLAB_SHARE - share) / (HALF_SLAB_SHARE - ROUND_SHARE), 0, 1)
    wall = np.clip((share - ROUND_SHARE) / (FLAT_SHARE - ROUND_SHARE), 0, 1)
    return np.minimum(dome, reach * (1 + tapered)), wall


def _half_width(area: Floats, length: Floats) -> Floats:
    """Half width of sections from their area and contour length: exact for discs and long strips."""
    length = np.where(length > 0, length, np.sqrt(4 * np.pi * area))
    roundness = np.minimum(np.sqrt(4 * np.pi * area) / np.maximum(length, np.finfo(float).tiny), 1)
    return np.asarray(area / np.maximum(length, np.finfo(float).tiny) * (1 + roundness))


def _links(
    stack: PlaneStack,
    rings: _Rings,
    tree: Any,  # noqa: ANN401 - scipy ships no types
    parts: list[tuple[_Components, _Ends]],
    direction: int,
) -> tuple[Floats, Integers]:
    """(n, 3) from each node to the surface on the next plane in a direction; NaN where the surface ends at once.

    And (n,) the node of the next plane it leads to; -1 if there is none.
    """
    target = np.full(len(rings.points), -1)
    link = np.full((len(rings.points), 3), np.nan)
    linked = np.ones(len(rings.points), bool)
    for part, end in parts:
        beside = np.flatnonzero(part.run_of_node >= 0)
        beside = beside[end.ended[part.run_of_node[beside]]]
        linked[beside] = False
        upright = (end.wall * end.height)[part.run_of_node[beside]]
        walled = beside[upright > 0]
        link[walled] = np.array([0.0, 0.0, direction]) * upright[upright > 0, None]
    following = rings.plane + direction
    known = stack.meets_next
    between = np.minimum(rings.plane, following)
    linked &= (between >= 0) & (between < len(known))
    linked[linked] = known[between[linked]]
    asked = np.flatnonzero(linked)
    nearest = _nearest_there(tree, asked, direction)
    way = rings.points.take(nearest, axis=0) - rings.points.take(asked, axis=0)
    link[asked, 0], link[asked, 1] = way.T
    link[asked, 2] = stack.positions_mm[following[asked]] - stack.positions_mm[rings.plane[asked]]
    target[asked] = nearest
    return link, target


def _on_surface(
    rings: _Rings, inside: Inside, link: Floats, target: Integers, spacing: float, direction: int
) -> tuple[Floats, Integers]:
    """Remove links that cut through the solid or its outside.

    The midpoint of a link on the surface is inside one of the two planes and outside the other. Otherwise, where the
    channel of a keyhole meets a cavity that ends, a node of the cavity could be linked to the outer contour of the next
    plane.
    """
    asked = np.flatnonzero(target >= 0)
    asked = asked[lengths(link[:, :2]).take(asked) > LONG_LINK * spacing]
    middle = rings.points[asked] + link[asked, :2] / 2
    here, there = (inside.run_at(rings.plane[asked] + step, middle) >= 0 for step in (0, direction))
    wrong = asked[here == there]
    link, target = link.copy(), target.copy()
    link[wrong], target[wrong] = np.nan, -1
    return link, target


def _ring_tree(rings: _Rings) -> Any:  # noqa: ANN401 - scipy ships no types
    """Search tree of all nodes, in which the nearest node of a plane is close and faces the same way."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - importing the package stays quick

    places = np.column_stack([rings.points, FACING_MM * rings.outward, PLANE_APART_MM * rings.plane])
    return cKDTree(places, balanced_tree=False, compact_nodes=False)


def _nearest_there(tree: Any, asked: Integers, direction: int) -> Integers:  # noqa: ANN401 - scipy ships no types
    """(x,) nearest node of the next plane for each selected node.

    Most are close, and a search with a short reach skips other planes and the far side of the next; the rest are
    searched again without a limit.
    """
    places = tree.data.take(asked, axis=0)
    places[:, -1] += PLANE_APART_MM * direction
    nearest = np.asarray(tree.query(places, distance_upper_bound=USUAL_REACH_MM)[1], np.int64)
    beyond = np.flatnonzero(nearest == tree.n)
    nearest[beyond] = tree.query(places[beyond])[1]
    return nearest


def _band_normals(rings: _Rings, link: Floats) -> Floats:
    """(n, 3) normal of the surface between each node and the next plane; NaN if there is none."""
    lean = dots(rings.outward, link[:, :2])
    normals = np.column_stack([rings.outward, -lean / np.where(link[:, 2] == 0, np.nan, link[:, 2])])
    return units(normals)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bend:
    """Deviation of the surface between planes from straight links: a cubic that meets the normals at both ends."""

    start: Floats
    """(n, 3) offset of the cubic's first inner control point from the link, times three."""
    end: Floats

    def offsets_mm(self, share: Floats) -> Floats:
        """(m, 3) offset from the link of a node, at a fraction of its length."""
        near, far = ((1 - share) ** 2 * share)[:, None], ((1 - share) * share**2)[:, None]
        return np.asarray(near * self.start + far * self.end)

    def of(self, node: Integers) -> _Bend:
        """Bends of the links of some nodes (m,)."""
        return _Bend(start=self.start.take(node, axis=0), end=self.end.take(node, axis=0))


def _bends(
    links: list[Floats], targets: list[Integers], normals: list[Floats], rims: list[_Rims]
) -> list[_Bend | None]:
    """The bends of the links in each direction.

    Control points are moved onto the tangent planes at both ends, as in curved point-normal triangles (Vlachos et al.,
    2001). The normal at a contour is that of the circle through it and its two neighbors, if it has two: each band's
    normal weighted by the length of the other band.
    """
    ways = [np.nan_to_num(lengths(link)) for link in links]
    facing = sum(
        np.nan_to_num(normal) * np.where(any_nonzero(np.isnan(normals[1 - way])), 1, ways[1 - way])[:, None]
        for way, normal in enumerate(normals)
    )
    for rim in rims:
        facing = np.where(np.isnan(rim.normals), facing, rim.normals)
    facing = _unit(np.asarray(facing))
    found: list[_Bend | None] = []
    for link, target in zip(links, targets, strict=True):
        last = facing.take(target, axis=0)
        start, end = -dots(link, facing)[:, None] * facing, dots(link, last)[:, None] * last
        start[target < 0] = end[target < 0] = 0.0
        found.append(_Bend(start=start, end=end))
    return found


def _unit(vectors: Floats) -> Floats:
    """Unit vectors; zero stays zero."""
    return units(vectors, np.finfo(float).tiny)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rims:
    """How domes begin at the nodes of their rims, in one direction."""

    normals: Floats
    """(n, 3) normal of the dome that begins at each node; NaN if none does."""
    steps: Floats
    """(n, 3) from each node onto the dome; zero if none begins, or it begins with a wall."""


def _rims(rings: _Rings, parts: list[tuple[_Components, _Ends, int]], direction: int, spacing: float) -> _Rims:
    """Nodes where domes begin.

    A dome of height h over a component of half width w follows h (1 - (r / w)**2): its slope at the rim is 2 h / w.
    """
    normals, steps = np.full((len(rings.points), 3), np.nan), np.zeros((len(rings.points), 3))
    for part, end, facing in parts:
        beside = np.flatnonzero(part.run_of_node >= 0)
        run = part.run_of_node[beside]
        domed = (end.ended & (end.wall < 1) & (end.height > 0))[run]
        beside, run = beside[domed], run[domed]
        label = part.label[run]
        width = np.maximum(_half_width(part.area[label], part.length[label]), 1e-9)
        height, wall, outward = end.height[run] * (1 - end.wall[run]), end.wall[run], rings.outward[beside]
        slope = 2 * height / width
        rim = np.column_stack([outward * slope[:, None], np.full(len(run), float(facing * direction))])
        upright = np.column_stack([outward, np.zeros(len(run))])
        normals[beside] = _unit((1 - wall)[:, None] * _unit(rim) + wall[:, None] * upright)
        inwards = np.minimum(spacing, width)
        rise = height * (inwards / width) * (2 - inwards / width)
        onto = np.column_stack([-facing * inwards[:, None] * outward, direction * rise])
        steps[beside] = np.where((wall == 0)[:, None], onto, 0)
    return _Rims(normals=normals, steps=steps)


def _bands(
    stack: PlaneStack,
    rings: _Rings,
    links: list[Floats],
    normals: list[Floats],
    bends: list[_Bend | None],
    onto_domes: list[Floats],
    spacing: float,
) -> list[_Patch]:
    """Nodes on the contours and, along the links, between them."""
    positions = np.column_stack([rings.points, stack.positions_mm[rings.plane]])
    before, after = (
        np.column_stack([rings.points.take(index, axis=0) - rings.points, np.zeros(len(rings.points))])
        for index in (rings.before, rings.after)
    )
    parts = [_parts(link, spacing) for link in links]
    steps = [_along(link, bend, 1.0, part) for link, bend, part in zip(links, bends, parts, strict=True)]
    areas = [rings.length * lengths(step) for step in steps]
    facing = np.nan_to_num(normals[0]) + np.nan_to_num(normals[1])
    flat = np.column_stack([rings.outward, np.zeros(len(rings.points))])
    facing = np.where((lengths(facing) > 0)[:, None], facing, flat)
    on_contours = _Patch(
        points=positions,
        normals=units(facing),
        edges=_side_by_side(before, after, *map(np.add, steps, onto_domes)),
        areas=(areas[0] + areas[1]) / 2,
    )
    between = []
    for link, bend, part, normal, area in zip(links, bends, parts, normals, areas, strict=True):
        inner = np.maximum(part - 1, 0)
        node = np.repeat(np.arange(len(part)), inner)
        aside = (before.take(node, axis=0), after.take(node, axis=0))
        rank = 1.0 + np.arange(len(node)) - np.repeat(np.cumsum(inner) - inner, inner)
        way, bent = link.take(node, axis=0), None if bend is None else bend.of(node)
        here, ahead, behind = (_along(way, bent, rank + move, part[node]) for move in (0, 1, -1))
        between.append(
            _Patch(
                points=positions.take(node, axis=0) + here,
                normals=np.nan_to_num(normal.take(node, axis=0)),
                edges=_side_by_side(*aside, ahead - here, behind - here),
                areas=area[node] / 2,
            )
        )
    return [on_contours, *between]


def _side_by_side(*vectors: Floats) -> Floats:
    """(n, v, 3) as np.stack joins so many (n, 3) behind their first axis, which is slow row by row."""
    joined = np.empty((len(vectors[0]), len(vectors), 3))
    for place, each in enumerate(vectors):
        joined[:, place] = each
    return joined


def _along(link: Floats, bend: _Bend | None, rank: Floats | float, parts: Integers) -> Floats:
    """(n, 3) from each node to a number of parts of the way along its link; zero if there is no link."""
    share = np.asarray(rank / np.maximum(parts, 1))
    straight = share[:, None] * link
    straight[parts == 0] = 0.0
    return straight if bend is None else straight + bend.offsets_mm(share)


def _parts(link: Floats, spacing: float) -> Integers:
    """Number of steps each link is divided into; 0 if there is no link."""
    length = lengths(link)
    return np.where(length > 0, np.maximum(np.rint(length / spacing), 1), 0).astype(np.int64)


# Ends of bodies and cavities.


def _caps(
    stack: PlaneStack,
    rings: _Rings,
    inside: Inside,
    runs: Runs,
    ends: _Ends,
    spacing: float,
    direction: int,
    facing: int,
) -> _Patch:
    """Nodes on the domes over components that end."""
    lattice = inside.lattice
    stride = int(spacing / lattice.column_spacing_mm)
    chosen = np.flatnonzero(ends.ended)
    chosen = chosen[(runs.rows[chosen] % runs.shape[1]) % stride == 0]
    counts = (runs.stops - runs.starts)[chosen]
    run = np.repeat(chosen, counts)
    position = np.arange(len(run)) + np.repeat(runs.starts[chosen] - (np.cumsum(counts) - counts), counts)
    column = position - runs.rows[run] * runs.stride
    kept = column % stride == 0
    run, column = run[kept], column[kept]
    place = np.column_stack(
        [
            lattice.u0_mm + column * lattice.column_spacing_mm,
            lattice.v0_mm + (runs.rows[run] % runs.shape[1]) * lattice.row_spacing_mm,
        ]
    )
    steps = 0.5 * stride * lattice.column_spacing_mm * np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])
    height, slope, edges = _dome(rings, runs.planes[run], place, ends, run, steps)
    normals = np.column_stack([slope, np.full(len(run), float(direction))]) * facing
    edges[..., 2] *= direction
    return _Patch(
        points=np.column_stack([place, stack.positions_mm[runs.planes[run]] + direction * height]),
        normals=units(normals),
        edges=edges,
        areas=np.full(len(run), stride**2 * lattice.pixel_area_mm2) * np.hypot(1, lengths(slope)),
    )


def _dome(
    rings: _Rings, plane: Integers, place: Floats, ends: _Ends, run: Integers, steps: Floats
) -> tuple[Floats, Floats, Floats]:
    """Height of the dome over points of a plane, its outward slope (n, 2), and (n, s, 3) edges along steps.

    Steps follow the dome, no farther than its rim. With x the depth inside the contour as a share of the component's
    largest depth, the height follows x (2 - x).
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - importing the package stays quick

    asked = np.zeros(max(rings.plane.max(initial=0), plane.max(initial=0)) + 1, np.bool_)
    asked[plane] = True
    near = np.flatnonzero(asked[rings.plane])
    points = rings.points.take(near, axis=0)
    tree = cKDTree(np.column_stack([points, PLANE_APART_MM * rings.plane[near]]))
    depth, nearest = tree.query(np.column_stack([place, PLANE_APART_MM * plane]))
    greatest = np.zeros(len(ends.label))
    np.maximum.at(greatest, ends.label[run], depth)
    greatest = np.maximum(greatest[ends.label[run]], 1e-9)
    towards = points[nearest] - place
    towards = units(towards, 1e-9)
    wall, rounded = ends.height[run] * ends.wall[run], ends.height[run] * (1 - ends.wall[run])
    x = depth / greatest
    outwards = towards @ steps.T
    share = np.where(outwards > depth[:, None], depth[:, None] / np.maximum(outwards, 1e-9), 1)
    stepped = np.clip((depth[:, None] - share * outwards) / greatest[:, None], 0, 1)
    rises = rounded[:, None] * (stepped * (2 - stepped) - (x * (2 - x))[:, None])
    slope = 2 * rounded * (1 - x) / greatest
    edges = np.concatenate([share[..., None] * steps, rises[..., None]], axis=2)
    return wall + rounded * x * (2 - x), towards * slope[:, None], edges
