"""Bodies, holes and branchings of a stack of planes, counted on runs of pixels.

Within a plane, pixels of the shape connect by sides and corners, and pixels outside it by sides. From plane to plane
both connect where they overlap, unless planes are missing between them. A keyhole whose channel is thinner than a pixel
thereby counts as the hole it represents.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rtcomplexity.geometry.ragged import offsets_of, ranges
from rtcomplexity.geometry.stack.plane_stack import PlaneStack
from rtcomplexity.geometry.stack.runs import Lattice, Runs, rasterise

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Flags, Floats, Integers


@dataclass(frozen=True, kw_only=True, eq=False)
class Topology:
    """Connectivity of a shape; each count is computed on first use."""

    runs: Runs
    """The shape's pixels; row 0 of each plane must be free."""
    joined: Flags
    """(P - 1,) whether no plane is missing between each plane and the next."""

    @property
    def body_count(self) -> int:
        """Connected bodies."""
        return int(self.plane_body_counts.sum())

    @cached_property
    def plane_body_counts(self) -> Integers:
        """(P,) bodies that begin on each plane."""
        return _count_by_plane(self.runs, _joined(self._components, self._links))

    @cached_property
    def hole_count(self) -> int:
        """Holes in planes, followed from plane to plane: a tunnel or cavity counts once."""
        return len(_joined(self._hole_components, _overlapping_planes(self._holes, self.joined)))

    @cached_property
    def plane_component_counts(self) -> Integers:
        """(P,) separate components in each plane."""
        return _count_by_plane(self.runs, self._components)

    @cached_property
    def plane_hole_counts(self) -> Integers:
        """(P,) holes in each plane."""
        return _count_by_plane(self._holes, self._hole_components)

    @property
    def branching_count(self) -> int:
        """Times a component meets more than one component of the next plane, in both directions."""
        return int(self.plane_branching_counts.sum())

    @cached_property
    def plane_branching_counts(self) -> Integers:
        """(P,) branchings of the components of each plane."""
        return _branchings(self.runs, self._components[self._links])

    @cached_property
    def _components(self) -> Integers:
        return labels(len(self.runs.starts), _touching_rows(self.runs, margin=1))

    @cached_property
    def _links(self) -> Integers:
        return _overlapping_planes(self.runs, self.joined)

    @cached_property
    def _holes(self) -> Runs:
        return _holes(self.runs)

    @cached_property
    def _hole_components(self) -> Integers:
        return labels(len(self._holes.starts), _touching_rows(self._holes, margin=0))


def topology(stack: PlaneStack, pixel_mm: float) -> Topology:
    """Count bodies, holes and branchings on square pixels."""
    return Topology(runs=rasterise(stack, Lattice.around(stack, pixel_mm)), joined=stack.meets_next)


class Pieces(NamedTuple):
    """Connectivity counts of one shape."""

    body_count: int
    branching_count: int
    planes_with_components: int
    """Planes with several components."""
    planes_with_holes: int


def pieces(found: Topology, shapes: int = 1) -> list[Pieces]:
    """Counts for several shapes with equal numbers of planes, stacked one after the other in a topology."""
    by_plane = (
        found.plane_body_counts,
        found.plane_branching_counts,
        found.plane_component_counts > 1,
        found.plane_hole_counts > 0,
    )
    sums = np.stack([counts.reshape(shapes, -1).sum(axis=1) for counts in by_plane], axis=1)
    return [Pieces(*each) for each in sums.tolist()]


def pieces_of_drawings(stack: PlaneStack, points_mm: Floats, pixel_mm: float) -> list[Pieces]:
    """Counts for several versions of one stack that differ only in the positions of vertices: (d, n, 2), mm.

    All versions share one lattice, each on its own planes: one pass over all of them costs far less than one pass each.
    """
    drawings = len(points_mm)
    together = PlaneStack(
        u_axis=stack.u_axis,
        v_axis=stack.v_axis,
        normal=stack.normal,
        positions_mm=np.tile(stack.positions_mm, drawings),
        lower_mm=np.tile(stack.lower_mm, drawings),
        upper_mm=np.tile(stack.upper_mm, drawings),
        points_mm=points_mm.reshape(-1, 2),
        contour_offsets=_repeated(stack.contour_offsets, drawings),
        plane_offsets=_repeated(stack.plane_offsets, drawings),
    )
    joined = np.tile(np.append(stack.meets_next, False), drawings)[:-1]
    found = Topology(runs=rasterise(together, Lattice.around(together, pixel_mm)), joined=joined)
    return pieces(found, drawings)


def _repeated(offsets: Integers, times: int) -> Integers:
    """(times x m + 1,) offsets of (m + 1,) repeated so many times."""
    return offsets_of(np.tile(np.diff(offsets), times))


def plane_components(runs: Runs, *, by_corners: bool) -> Integers:
    """(R,) label of the component of its plane that each run belongs to: the index of the component's first run."""
    return labels(len(runs.starts), _touching_rows(runs, margin=int(by_corners)))


def runs_above(runs: Runs) -> Integers:
    """(x, 2) pairs of a run and an overlapping run of the next plane."""
    return _shifted_pairs(runs, runs.shape[1] * runs.stride, 0)


def _touching_rows(runs: Runs, *, margin: int) -> Integers:
    """(x, 2) pairs of runs in adjacent rows of one plane that overlap, or with margin 1 also touch at a corner."""
    pairs = _shifted_pairs(runs, runs.stride, margin)
    return pairs.take(np.flatnonzero(runs.planes[pairs[:, 0]] == runs.planes[pairs[:, 1]]), axis=0)


def _overlapping_planes(runs: Runs, joined: Flags) -> Integers:
    """(x, 2) pairs of overlapping runs in adjacent connected planes."""
    pairs = _shifted_pairs(runs, runs.shape[1] * runs.stride, 0)
    return np.asarray(pairs[joined[runs.planes[pairs[:, 0]]]])


def _shifted_pairs(runs: Runs, shift: int, margin: int) -> Integers:
    """(x, 2) pairs (a, b) such that run a, moved by `shift` and widened by `margin`, overlaps run b."""
    first = np.searchsorted(runs.stops, runs.starts + shift - margin, side="right")
    stop = np.searchsorted(runs.starts, runs.stops + shift + margin, side="left")
    counts = np.maximum(stop - first, 0)
    a = np.repeat(np.arange(len(counts)), counts)
    b = ranges(first, counts)
    return np.stack([a, b], axis=1)


def labels(count: int, pairs: Integers) -> Integers:
    """(count,) smallest member of the connected component of each item, given links between items."""
    label = np.arange(count)
    first, second = pairs[:, 0].copy(), pairs[:, 1].copy()
    while True:
        one, other = label[first], label[second]
        apart = one != other
        if not apart.any():
            return label
        one, other = one[apart], other[apart]
        lower = np.minimum(one, other)
        np.minimum.at(label, one, lower)
        np.minimum.at(label, other, lower)
        while not np.array_equal(label, further := label.take(label)):
            label = further


def _holes(runs: Runs) -> Runs:
    """Runs outside the shape that do not connect to the border of the plane; row 0 of each plane must be free."""
    outside = runs.outside()
    label = labels(len(outside.starts), _touching_rows(outside, margin=0))
    border = np.searchsorted(outside.starts, np.arange(runs.shape[0]) * runs.shape[1] * runs.stride)
    enclosed = label != label[border][outside.planes]
    return Runs(starts=outside.starts[enclosed], stops=outside.stops[enclosed], shape=runs.shape)


def _joined(components: Integers, links: Integers) -> Integers:
    """Labels of the first component of each group, given the labels of runs and links between runs."""
    roots, number = np.unique(components, return_inverse=True)
    pairs = _distinct_pairs(number[links], len(roots))
    return np.asarray(roots[labels(len(roots), pairs) == np.arange(len(roots))])


def _distinct_pairs(pairs: Integers, count: int) -> Integers:
    """(y, 2) the distinct pairs of members of range(count), in order."""
    return np.stack(np.divmod(np.unique(pairs[:, 0] * count + pairs[:, 1]), max(count, 1)), axis=1)


def _count_by_plane(runs: Runs, label: Integers) -> Integers:
    """(planes,) components that begin on each plane, given the labels of runs."""
    roots = np.unique(label)
    return np.bincount(runs.planes[roots], minlength=runs.shape[0])


def _branchings(runs: Runs, component_links: Integers) -> Integers:
    """(P,) links of each component beyond the first in either direction, summed by plane."""
    links = _distinct_pairs(component_links, int(component_links.max(initial=0)) + 1)
    extra = np.zeros(runs.shape[0], np.int64)
    for end in (0, 1):
        components, degrees = np.unique(links[:, end], return_counts=True)
        np.add.at(extra, runs.planes[components], degrees - 1)
    return extra
