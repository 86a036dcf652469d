"""Signed distances between the surfaces of two stacks of planes in any orientation, with sub-voxel accuracy.

The node of the other surface nearest to a point is found in a search tree; the distance is then taken to the edges from
that node to its neighbors, so that it is accurate between nodes too. Whether the point is inside follows from the
planes above and below it if both agree, otherwise from the normal of the nearest node.

Works in millimeters; knows no DICOM and no images. :mod:`~rtcomplexity.geometry.nodes` defines the surface between
planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.geometry.boxes import box_distance
from rtcomplexity.geometry.columns import dots, greatest, least, within
from rtcomplexity.geometry.nodes import NODES, Inside, SurfaceNodes, inside_of, surface_nodes
from rtcomplexity.geometry.orientation import PARALLEL
from rtcomplexity.geometry.stack.runs import Runs, plane_of_slices, rasterise
from rtcomplexity.model.arrays import sealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats


ON_PLANE: Final = 0.02
"""A point within this share of the distance between planes is on one of them."""
SAME_AXES: Final = 1e-9
CUT_DECIMALS: Final = 4
CUT_MARGIN_MM: Final = 1e-3
"""Slab ends within this distance coincide."""
LEAF_NODES: Final = 32
"""Fastest for the surfaces of targets and lungs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SampledSurface:
    """The surface of a stack of planes, for distances to it."""

    stack: PlaneStack
    curved: bool = False
    """Whether the surface is curved between planes, or straight."""
    node_count: int = NODES
    """Approximate number of nodes."""
    neighbors: int = 1
    """Nearest nodes whose edges are tried: the nearest node need not have the nearest edge."""

    @cached_property
    def nodes(self) -> SurfaceNodes:
        """Nodes of the surface, in the stack's own coordinates."""
        return surface_nodes(self.stack, self.inside, nodes=self.node_count, curved=self.curved)

    @cached_property
    def inside(self) -> Inside:
        """Points inside the planes."""
        return inside_of(self.stack, self.node_count)

    @cached_property
    def axes(self) -> Floats:
        """(3, 3) whose rows are the stack's u, v and normal, LPS."""
        return np.stack([self.stack.u_axis, self.stack.v_axis, self.stack.normal])

    @cached_property
    def points_mm(self) -> Floats:
        """(n, 3) the nodes in patient coordinates, LPS, mm."""
        return sealed(self.nodes.points_mm @ self.axes)

    @property
    def areas_mm2(self) -> Floats:
        """(n,) surface area represented by each node."""
        return self.nodes.areas_mm2

    @cached_property
    def box_mm(self) -> Floats:
        """(2, 3) lower and upper corner of the surface, including its ends, LPS, mm."""
        plane = np.repeat(self.stack.plane_of_contour, np.diff(self.stack.contour_offsets))
        vertices = np.column_stack([self.stack.points_mm, self.stack.positions_mm[plane]]) @ self.axes
        every = np.concatenate([self.points_mm, vertices])
        return np.stack([least(every), greatest(every)])

    @cached_property
    def slab_box_mm(self) -> Floats:
        """(2, 3) lower and upper corner of a box sure to contain the shape, LPS, mm; needs no nodes."""
        stack = self.stack
        lower, upper = least(stack.points_mm), greatest(stack.points_mm)
        reach = 2 * float(stack.slab_mm.max())
        ends = [stack.positions_mm[0] - reach, stack.positions_mm[-1] + reach]
        u, v, n = np.meshgrid([lower[0], upper[0]], [lower[1], upper[1]], ends)
        corners = np.column_stack([u.ravel(), v.ravel(), n.ravel()]) @ self.axes
        return np.stack([least(corners), greatest(corners)])

    def contains(self, points_mm: Floats) -> Flags:
        """(n,) whether points (n, 3), LPS, mm, are in the shape's slabs, accurate to half a fine pixel."""
        lower, upper = self.slab_box_mm
        near = within(points_mm, lower, upper)
        own = points_mm[near] @ self.axes.T
        near[near] = self.inside.run_at(plane_of_slices(self.stack, own[:, 2]), own[:, :2]) >= 0
        return near

    @cached_property
    def _tree(self) -> Any:  # noqa: ANN401 - scipy ships no types
        from scipy.spatial import cKDTree  # noqa: PLC0415 - importing the package stays quick

        return cKDTree(self.nodes.points_mm, leafsize=LEAF_NODES)

    def depths_mm(self, points_mm: Floats) -> Floats:
        """Signed distance of points to the surface: positive inside, negative outside.

        Parameters
        ----------
        points_mm
            (n, 3) patient coordinates, LPS, mm.

        Returns
        -------
        NDArray
            (n,) mm
        """
        own = points_mm @ self.axes.T
        distance, is_in_front = self._nearest(own)
        certain, inside = self._between_planes(own)
        by_planes = certain & (distance > self.inside.lattice.column_spacing_mm)
        return np.where(np.where(by_planes, inside, ~is_in_front), distance, -distance)

    def least_distance_mm(self, points_mm: Floats, below_mm: float) -> float:
        """Smallest distance of the points (n, 3), LPS, mm, to the surface; `below_mm` if none is closer."""
        own = points_mm @ self.axes.T
        reach = below_mm + self.nodes.spacing_mm
        distance, index = self._tree.query(own, distance_upper_bound=reach)
        near = distance < reach
        away = own[near] - self.nodes.points_mm.take(index[near], axis=0)
        squares = dots(away, away) - _gained(away, self.nodes.edges_mm.take(index[near], axis=0))
        return float(np.sqrt(np.clip(squares, 0, below_mm**2).min(initial=below_mm**2)))

    def _nearest(self, own_mm: Floats) -> tuple[Floats, Flags]:
        """Distance to the surface, and whether each point is on the outer side of the nearest node."""
        nodes, count = self.nodes, min(self.neighbors, len(self.nodes.points_mm))
        index = np.asarray(self._tree.query(own_mm, k=[*range(1, count + 1)])[1], np.int64)
        away = own_mm - nodes.points_mm.take(index[:, 0], axis=0)
        is_in_front = dots(away, nodes.normals.take(index[:, 0], axis=0)) >= 0
        squares = np.full(len(own_mm), np.inf)
        for node in index.T:
            away = own_mm - nodes.points_mm.take(node, axis=0)
            squares = np.minimum(squares, dots(away, away) - _gained(away, nodes.edges_mm.take(node, axis=0)))
        return np.sqrt(np.maximum(squares, 0)), is_in_front

    def _between_planes(self, own_mm: Floats) -> tuple[Flags, Flags]:
        """Whether the planes around each point decide its side, and whether that is inside."""
        positions, inside = self.stack.positions_mm, self.inside
        below = np.searchsorted(positions, own_mm[:, 2], side="right") - 1
        step = float(np.median(self.stack.slab_mm))
        lower, upper = (inside.run_at(plane, own_mm[:, :2]) >= 0 for plane in (below, below + 1))
        first, second = np.clip(below, 0, None), np.clip(below + 1, None, len(positions) - 1)
        on_lower = np.abs(own_mm[:, 2] - positions[first]) < ON_PLANE * step
        on_upper = np.abs(own_mm[:, 2] - positions[second]) < ON_PLANE * step
        meets = np.concatenate([[False], self.stack.meets_next, [False]])[below + 1]
        certain = on_lower | on_upper | ~(lower | upper) | (meets & lower & upper)
        on_first = np.where(below >= 0, lower, upper)
        return certain, np.where(on_lower, on_first, upper & (on_upper | lower))


def box_gap_mm(a: SampledSurface, b: SampledSurface) -> float:
    """Distance between boxes that contain two shapes, mm: a lower bound on the distance of their points."""
    return box_distance(a.slab_box_mm, b.slab_box_mm)


def inside_share(a: SampledSurface, others: Sequence[SampledSurface]) -> float:
    """Share of a shape's slab volume that is in the slabs of any of the others.

    Summed over fine pixels of `a`. Its slabs are cut where the slabs of the others end, or, for planes in another
    orientation, into layers of about a pixel. NaN for a shape too thin to contain the center of a fine pixel.
    """
    own = a.inside.runs
    drawn = [
        rasterise(other.stack, a.inside.lattice) if shares_axes(a.stack, other.stack) else None for other in others
    ]
    total = held = 0.0
    for middle, thickness in _layers(a, others):
        within = reduce(or_, (_at(a, other, runs, middle) for other, runs in zip(others, drawn, strict=True)))
        total += float(own.plane_counts @ thickness)
        held += float((own & within).plane_counts @ thickness)
    return held / total if total else float("nan")


def shares_axes(a: PlaneStack, b: PlaneStack) -> bool:
    """Whether (u, v) coordinates and positions of two stacks are interchangeable."""
    pairs = ((a.u_axis, b.u_axis), (a.v_axis, b.v_axis), (a.normal, b.normal))
    return all(bool(np.allclose(own, other, rtol=0, atol=SAME_AXES)) for own, other in pairs)


def _at(a: SampledSurface, other: SampledSurface, drawn: Runs | None, middle_mm: Floats) -> Runs:
    """Fine pixels of `a` inside the other shape, with each plane of `a` moved to (P,) `middle_mm`."""
    if drawn is not None:
        return drawn.select_planes(plane_of_slices(other.stack, middle_mm))
    plane, places = a.inside.pixels()
    within = other.contains(np.column_stack([places, middle_mm[plane]]) @ a.axes)
    starts = a.inside.positions()[within]
    return Runs(starts=starts, stops=starts + 1, shape=a.inside.runs.shape)


def _layers(a: SampledSurface, others: Sequence[SampledSurface]) -> Iterator[tuple[Floats, Floats]]:
    """Layers that cut the slabs of `a`: (P,) middle and thickness of each plane's first, second ... layer."""
    stack = a.stack
    lower, upper = stack.positions_mm - stack.lower_mm, stack.positions_mm + stack.upper_mm
    cuts = [lower, upper]
    for other in others:
        direction = float(other.stack.normal @ stack.normal)
        if abs(direction) < PARALLEL:
            count = int((upper[-1] - lower[0]) / a.inside.lattice.column_spacing_mm) + 1
            cuts.append(np.linspace(lower[0], upper[-1], count))
        else:
            at, below, above = other.stack.positions_mm, other.stack.lower_mm, other.stack.upper_mm
            cuts += [np.sign(direction) * (at - below), np.sign(direction) * (at + above)]
    every = np.unique(np.round(np.concatenate(cuts), CUT_DECIMALS))
    first = np.searchsorted(every, lower + CUT_MARGIN_MM)
    stop = np.searchsorted(every, upper - CUT_MARGIN_MM)
    for rank in range(int((stop - first).max()) + 1):  # the last layer of a plane ends with its slab
        low = np.where(rank == 0, lower, every[np.minimum(first + rank - 1, len(every) - 1)])
        high = np.where(first + rank < stop, every[np.minimum(first + rank, len(every) - 1)], upper)
        yield (low + high) / 2, np.where(first + rank <= stop, high - low, 0)


def _gained(away: Floats, edges: Floats) -> Floats:
    """Decrease of the squared distance when the foot may move along the edges: one along, one across."""
    along = np.einsum("nj,nej->ne", away, edges)
    squares = np.einsum("nej,nej->ne", edges, edges)
    share = np.clip(
        along / np.maximum(squares, np.finfo(float).tiny), 0, 1
    )  # the foot stays at the node without an edge
    gains = share * (2 * along - share * squares)
    return np.asarray(np.maximum(gains[:, 0], gains[:, 1]) + np.maximum(gains[:, 2], gains[:, 3]))
