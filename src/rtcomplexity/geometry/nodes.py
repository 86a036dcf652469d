"""The surface of a stack of planes as nodes: points with a normal, an area and the edges that lead to their neighbors.

Contours are resampled along their length. Every node is joined to the nearest contour of the plane above and of the
plane below that faces the same way, so that the surface between planes is sampled too (the links of shape-based
interpolation). A body that does not reach the next plane ends in a dome; a flat end, such as a box's, half a slab
beyond its last plane. A cavity ends alike.

Pure mathematics in millimeters, in the stack's own (u, v, normal) coordinates; knows no DICOM and no images.
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
"""About as many nodes a surface gets, unless that puts them further apart, or closer, than the limits below."""
CLOSEST_MM: Final = 0.5
FURTHEST_MM: Final = 3.0
THINNED: Final = 0.7
"""Of the vertices of a contour one is kept for each stretch of this many spacings."""
FINEST_PIXEL_MM: Final = 0.25
COARSEST_PIXEL_MM: Final = 1.0
PLANE_APART_MM: Final = 1e5
"""Puts contours of different planes out of each other's reach in one search tree."""
LONG_LINK: Final = 2.0
"""Links longer than this many spacings must run between the contours that they join."""
USUAL_REACH_MM: Final = 30.0
"""Where most nodes of the next plane are found; the others are looked for without a limit."""
FACING_MM: Final = 2.0
"""How much further away a contour that faces another way seems when the next plane's nearest is sought."""
ROUND_SHARE: Final = 0.6
"""An end plane of at most this share of the squared half width before it tapers off in a dome ..."""
HALF_SLAB_SHARE: Final = 0.8
"""... which is at most half a slab high from this share on, a whole slab below the first ..."""
FLAT_SHARE: Final = 0.9
"""... and one of at least this share stops like a box."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceNodes:
    """Points of a surface in (u, v, normal) coordinates, mm."""

    points_mm: Floats
    """(n, 3)"""
    normals: Floats
    """(n, 3) unit vectors, outwards."""
    edges_mm: Floats
    """(n, 4, 3) from each node towards its neighbors: two along the contour, two across; zero where there is none."""
    areas_mm2: Floats
    """(n,) surface that each node stands for."""
    spacing_mm: float
    """About how far apart nodes are."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "points_mm", "normals", "edges_mm", "areas_mm2")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inside:
    """Which points of the planes lie inside, to half a fine pixel."""

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
        """(n,) index of the run that holds each point (u, v) of the given planes; -1 where none does."""
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
    """(n,) the node before along the contour; itself where there is none."""
    after: Integers
    outward: Floats
    """(n, 2) unit vectors in the plane."""
    length: Floats
    """(n,) length of contour that each node stands for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Components:
    """What hangs together in its plane: of the solid, or of what is outside it."""

    runs: Runs
    label: Integers
    """(R,) component of each run: the index of one of its runs."""
    run_of_node: Integers
    """(n,) run beside each node of the contours; -1 where none is."""
    area: Floats
    """(R,) area of the component of each label, mm2."""
    length: Floats
    """(R,) length of its contours, mm."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ends:
    """Where the components of a set of runs end in one direction."""

    label: Integers
    """(R,) component of each run."""
    ended: Flags
    """(R,) whether that component does not reach the next plane."""
    height: Floats
    """(R,) how far its end lies beyond the plane, mm; 0 where it does not end."""
    wall: Floats
    """(R,) share of that height that is an upright wall."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Patch:
    """Some nodes of a surface, as the fields of :class:`SurfaceNodes`."""

    points: Floats
    normals: Floats
    edges: Floats
    areas: Floats


def inside_of(stack: PlaneStack, nodes: int = NODES) -> Inside:
    """Rasterise the planes of a stack finely enough for its size."""
    pixel = float(np.clip(_spacing(stack, nodes) / 2, FINEST_PIXEL_MM, COARSEST_PIXEL_MM))
    lattice = Lattice.around(stack, pixel)
    return Inside(runs=rasterise(stack, lattice), lattice=lattice)


def surface_nodes(stack: PlaneStack, inside: Inside, *, nodes: int = NODES, curved: bool = False) -> SurfaceNodes:
    """Sample the surface of a stack of which every slab has a thickness; `inside` is its own.

    Between planes the surface runs straight, or (`curved`) bends so as to meet the surface's normals at both contours:
    on a sphere of 20 mm radius cut every 3 mm a straight band lies up to 0.2 mm too deep, a curved one 0.03 mm.
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
    lateral = float(stack.plane_perimeters_mm @ stack.slab_mm)
    ends = 2 * float(stack.plane_areas_mm2.max())
    return float(np.clip(np.sqrt((lateral + ends) / nodes), CLOSEST_MM, FURTHEST_MM))


# Contours, resampled.


def _rings(stack: PlaneStack, spacing: float, inside: Inside) -> _Rings:
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
    """(n, 2) unit vectors to the right of the contours' course.

    Where a contour turns back on itself, as at the tip of a stroke without breadth, there is no right-hand side: the
    tip points the way the stroke does, and where vertices lie on one another any way is as good.
    """
    along = points.take(after, axis=0) - points.take(before, axis=0)
    right = np.stack([along[:, 1], -along[:, 0]], axis=1)
    tip = ~any_nonzero(right)
    right[tip] = points[tip] - points[before[tip]]
    right[~any_nonzero(right)] = (1.0, 0.0)
    return units(right)


def _sides(points: Floats, right: Floats, plane: Integers, inside: Inside) -> Flags:
    """(n, 2) whether what lies a fine pixel to the left and to the right of each node is inside.

    Where both sides are, as along the channel of a keyhole, there is no surface.
    """
    reach = inside.lattice.column_spacing_mm
    return np.stack([inside.run_at(plane, points + side * reach * right) >= 0 for side in (-1, 1)], axis=1)


def _thinned(points: Floats, offsets: Integers, spacing: float) -> tuple[Floats, Integers]:
    """Keep one vertex for each stretch of a contour, and all of contours that would be left with less than 3."""
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
    """Divide edges longer than the spacing evenly."""
    step = points.take(next_vertex(offsets), axis=0) - points
    parts = np.maximum(np.ceil(lengths(step) / spacing - 1e-9), 1).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(parts)))
    share = (np.arange(first[-1]) - np.repeat(first[:-1], parts)) / np.repeat(parts, parts)
    return np.repeat(points, parts, axis=0) + share[:, None] * np.repeat(step, parts, axis=0), first[offsets]


def _turn(points: Floats, offsets: Integers, sides: Flags) -> Floats:
    """(n,) 1 where a contour's right-hand side is outside, -1 where it is inside.

    Where a part is thinner than a pixel, both sides look alike: it turns as the nearest part before it that does not,
    since the lobes of a figure-of-eight turn opposite ways. A contour as thin throughout turns as its signed area does.
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
    label = plane_components(runs, by_corners=by_corners)
    reach = (-0.75 if by_corners else 0.75) * inside.lattice.column_spacing_mm
    run = inside.run_at(rings.plane, rings.points + reach * rings.outward, runs)
    pixels = np.bincount(label, weights=runs.stops - runs.starts, minlength=len(label)).astype(np.float64)
    beside = run >= 0
    length = np.bincount(label[run[beside]], weights=rings.length[beside], minlength=len(label)).astype(np.float64)
    area = pixels * inside.lattice.pixel_area_mm2
    return _Components(runs=runs, label=label, run_of_node=run, area=area, length=length)


def _ends(stack: PlaneStack, part: _Components, pairs: Integers, direction: int, *, is_solid: bool) -> _Ends:
    """Ends of a solid's components, or (`is_solid` false) of the components of what is outside it.

    Outside, only what the solid closes over has an end: not the space around, nor a hole that runs out of a plane
    beyond which there is nothing. `pairs` are runs that touch from plane to plane.
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
    """(n, 2) runs that touch from plane to plane, where no plane is missing between both."""
    pairs = runs_above(runs)
    if stack.meets_next.all():
        return pairs
    meets = np.concatenate([stack.meets_next, [False]])
    return np.asarray(pairs[meets[runs.planes[pairs[:, 0]]]])


def _end_shapes(
    stack: PlaneStack, part: _Components, ended: Integers, links: Integers, direction: int
) -> tuple[Floats, Floats]:
    """Height of the end of each run (e,) whose component ends, and the share of it that is an upright wall.

    The squared half width of a sphere's sections, and of a torus's, has the second derivative -2 along the axis. A dome
    goes on by that law from the plane before. `links` lead from the components of the plane before.
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
    """Half width of sections, from their area and the length of their contours: exact for discs and for long strips."""
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
    """(n, 3) from each node to the surface of the next plane in a direction; NaN where the surface ends at once.

    Beside it (n,) the node of the next plane that it leads to; -1 where there is none.
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
    """Links without those that cut through the solid, or through what is outside it.

    Half-way along a link of the surface lies inside one of both planes and outside the other. Where a keyhole's channel
    meets a cavity that ends, a node of the cavity may else be linked with the outer contour of the next plane.
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
    """Search tree of the nodes of all planes, in which the nearest one of a plane is near and faces the same way."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - importing the package stays quick

    places = np.column_stack([rings.points, FACING_MM * rings.outward, PLANE_APART_MM * rings.plane])
    return cKDTree(places, balanced_tree=False, compact_nodes=False)


def _nearest_there(tree: Any, asked: Integers, direction: int) -> Integers:  # noqa: ANN401 - scipy ships no types
    """(x,) nearest node of the next plane for each node that is asked for; first among those within a short reach.

    Most are near, and a search that knows so leaves out other planes and the far side of its own.
    """
    places = tree.data.take(asked, axis=0)
    places[:, -1] += PLANE_APART_MM * direction
    nearest = np.asarray(tree.query(places, distance_upper_bound=USUAL_REACH_MM)[1], np.int64)
    beyond = np.flatnonzero(nearest == tree.n)
    nearest[beyond] = tree.query(places[beyond])[1]
    return nearest


def _band_normals(rings: _Rings, link: Floats) -> Floats:
    """(n, 3) normal of the surface between each node and the next plane; NaN where there is none."""
    lean = dots(rings.outward, link[:, :2])
    normals = np.column_stack([rings.outward, -lean / np.where(link[:, 2] == 0, np.nan, link[:, 2])])
    return units(normals)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bend:
    """How the surface between planes leaves the straight links: a cubic that meets the normals at both ends."""

    start: Floats
    """(n, 3) what the cubic's first inner control point lies off the link, times three."""
    end: Floats

    def offsets_mm(self, share: Floats) -> Floats:
        """(n, 3) off each link, at a share of it."""
        near, far = ((1 - share) ** 2 * share)[:, None], ((1 - share) * share**2)[:, None]
        return np.asarray(near * self.start + far * self.end)

    def of(self, node: Integers) -> _Bend:
        """Bends of the links of some nodes (m,)."""
        return _Bend(start=self.start.take(node, axis=0), end=self.end.take(node, axis=0))


def _bends(
    links: list[Floats], targets: list[Integers], normals: list[Floats], rims: list[_Rims]
) -> list[_Bend | None]:
    """How the links of each direction bend.

    Control points are moved onto the tangent planes of the contours at both ends, as in curved point-normal triangles
    (Vlachos et al., 2001). The normal of a contour is that of the circle through it and both its neighbors, where it
    has two: each band's normal weighted by the length of the other one.
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
    return units(vectors, np.finfo(float).tiny)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rims:
    """How domes begin at the nodes of their rims, in one direction."""

    normals: Floats
    """(n, 3) normal of the dome that begins at each node; NaN where none does."""
    steps: Floats
    """(n, 3) from each node onto the dome; zero where none begins, or it begins with a wall."""


def _rims(rings: _Rings, parts: list[tuple[_Components, _Ends, int]], direction: int, spacing: float) -> _Rims:
    """Find where domes begin.

    A dome of height h over a component of half width w goes as h (1 - (r / w)**2): its slope at the rim is 2 h / w.
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
    """(n, 3) from each node to so many parts of the way along its link; zero where there is no link."""
    share = np.asarray(rank / np.maximum(parts, 1))
    straight = share[:, None] * link
    straight[parts == 0] = 0.0
    return straight if bend is None else straight + bend.offsets_mm(share)


def _parts(link: Floats, spacing: float) -> Integers:
    """Into how many steps each link is divided; 0 where there is none."""
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
    """Height of the dome over each place of a plane, how it falls (n, 2) outwards, and (n, s, 3) where steps lead.

    A step leads along the dome, no further than its rim.

    With x the depth inside the contour as a share of the component's greatest, a dome's height goes as x (2 - x).
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
