"""Bodies, holes and branchings of a stack of planes, counted on runs of pixels.

Within a plane pixels of a shape are joined by sides and corners, pixels outside it by sides; from plane to plane both
are joined where they overlap, unless planes are missing between them. A keyhole whose channel is thinner than a pixel
is thereby the hole it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.stack.runs import Lattice, Runs, rasterise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack


@dataclass(frozen=True, kw_only=True, eq=False)
class Topology:
    """How a shape hangs together; each number is counted when first asked for."""

    runs: Runs
    """The shape's pixels; row 0 of each plane must be free."""
    joined: NDArray[np.bool_]
    """(P - 1,) whether no plane is missing between each plane and the next."""

    @cached_property
    def body_count(self) -> int:
        """Connected bodies."""
        return _joined_count(self._components, self._links)

    @cached_property
    def hole_count(self) -> int:
        """Holes as one sees them in planes, followed from plane to plane: one tunnel or cavity counts once."""
        return _joined_count(self._hole_components, _overlapping_planes(self._holes, self.joined))

    @cached_property
    def plane_component_counts(self) -> NDArray[np.int64]:
        """(P,) separate components in each plane."""
        return _count_by_plane(self.runs, self._components)

    @cached_property
    def plane_hole_counts(self) -> NDArray[np.int64]:
        """(P,) holes in each plane."""
        return _count_by_plane(self._holes, self._hole_components)

    @cached_property
    def branching_count(self) -> int:
        """Times a component meets more than one component of the next plane, counted in both directions."""
        return _branchings(self._components[self._links])

    @cached_property
    def _components(self) -> NDArray[np.int64]:
        return labels(len(self.runs.starts), _touching_rows(self.runs, margin=1))

    @cached_property
    def _links(self) -> NDArray[np.int64]:
        return _overlapping_planes(self.runs, self.joined)

    @cached_property
    def _holes(self) -> Runs:
        return _holes(self.runs)

    @cached_property
    def _hole_components(self) -> NDArray[np.int64]:
        return labels(len(self._holes.starts), _touching_rows(self._holes, margin=0))


def topology(stack: PlaneStack, pixel_mm: float) -> Topology:
    """Count bodies, holes and branchings on square pixels."""
    joined = np.isclose(stack.upper_mm[:-1] + stack.lower_mm[1:], np.diff(stack.positions_mm), rtol=1e-6)
    return Topology(runs=rasterise(stack, Lattice.around(stack, pixel_mm)), joined=joined)


def plane_components(runs: Runs, *, by_corners: bool) -> NDArray[np.int64]:
    """(R,) label of the component of its plane that each run belongs to: the index of the component's first run."""
    return labels(len(runs.starts), _touching_rows(runs, margin=int(by_corners)))


def runs_above(runs: Runs) -> NDArray[np.int64]:
    """(x, 2) pairs of a run and a run of the next plane that overlaps it."""
    return _shifted_pairs(runs, runs.shape[1] * runs.stride, 0)


def _touching_rows(runs: Runs, *, margin: int) -> NDArray[np.int64]:
    """(x, 2) pairs of runs in neighboring rows of one plane that overlap, or with margin 1 touch at a corner."""
    pairs = _shifted_pairs(runs, runs.stride, margin)
    return np.asarray(pairs[runs.planes[pairs[:, 0]] == runs.planes[pairs[:, 1]]])


def _overlapping_planes(runs: Runs, joined: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(x, 2) pairs of runs in neighboring joined planes that overlap."""
    pairs = _shifted_pairs(runs, runs.shape[1] * runs.stride, 0)
    if len(pairs) == 0:
        return pairs
    return np.asarray(pairs[joined[runs.planes[pairs[:, 0]]]])


def _shifted_pairs(runs: Runs, shift: int, margin: int) -> NDArray[np.int64]:
    """(x, 2) pairs (a, b) such that run a, moved by `shift` and widened by `margin`, overlaps run b."""
    first = np.searchsorted(runs.stops, runs.starts + shift - margin, side="right")
    stop = np.searchsorted(runs.starts, runs.stops + shift + margin, side="left")
    counts = np.maximum(stop - first, 0)
    a = np.repeat(np.arange(len(counts)), counts)
    b = np.arange(len(a)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    return np.stack([a, b], axis=1)


def labels(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
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
        while not np.array_equal(label, label[label]):
            label = label[label]


def _holes(runs: Runs) -> Runs:
    """Runs outside the shape that are not joined to the plane's border; row 0 of each plane must be free."""
    outside = runs.outside()
    label = labels(len(outside.starts), _touching_rows(outside, margin=0))
    border = np.searchsorted(outside.starts, np.arange(runs.shape[0]) * runs.shape[1] * runs.stride)
    enclosed = label != label[border][outside.planes]
    return Runs(starts=outside.starts[enclosed], stops=outside.stops[enclosed], shape=runs.shape)


def _joined_count(components: NDArray[np.int64], links: NDArray[np.int64]) -> int:
    """How many groups of components there are, given their labels and links between their runs."""
    roots, number = np.unique(components, return_inverse=True)
    pairs = _distinct_pairs(number[links], len(roots))
    return int(np.count_nonzero(labels(len(roots), pairs) == np.arange(len(roots))))


def _distinct_pairs(pairs: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(y, 2) each pair of members, of so many, once, in order."""
    return np.stack(np.divmod(np.unique(pairs[:, 0] * count + pairs[:, 1]), max(count, 1)), axis=1)


def _count_by_plane(runs: Runs, label: NDArray[np.int64]) -> NDArray[np.int64]:
    roots = np.unique(label)
    return np.bincount(runs.planes[roots], minlength=runs.shape[0])


def _branchings(component_links: NDArray[np.int64]) -> int:
    links = _distinct_pairs(component_links, int(component_links.max(initial=0)) + 1)
    extra = 0
    for end in (0, 1):
        _, degrees = np.unique(links[:, end], return_counts=True)
        extra += int(np.sum(degrees - 1))
    return extra
