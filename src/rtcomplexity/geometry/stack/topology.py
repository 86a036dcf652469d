"""Bodies, holes and branchings of a stack of planes, counted on runs of pixels.

Within a plane pixels of a shape are joined by sides and corners, pixels outside it by sides; from plane to plane both
are joined where they overlap, unless planes are missing between them. A keyhole whose channel is thinner than a pixel
is thereby the hole it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.stack.runs import Lattice, Runs, rasterise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topology:
    """How a shape hangs together."""

    body_count: int
    """Connected bodies."""
    hole_count: int
    """Holes as one sees them in planes, followed from plane to plane: one tunnel or cavity counts once."""
    plane_component_counts: NDArray[np.int64]
    """(P,) separate components in each plane."""
    plane_hole_counts: NDArray[np.int64]
    """(P,) holes in each plane."""
    branching_count: int
    """Times a component meets more than one component of the next plane, counted in both directions."""


def topology(stack: PlaneStack, pixel_mm: float) -> Topology:
    """Count bodies, holes and branchings on square pixels."""
    runs = rasterise(stack, Lattice.around(stack, pixel_mm))
    joined = np.isclose(stack.upper_mm[:-1] + stack.lower_mm[1:], np.diff(stack.positions_mm), rtol=1e-6)
    components = labels(len(runs.starts), _touching_rows(runs, margin=1))
    links = _overlapping_planes(runs, joined)
    holes = _holes(runs)
    hole_components = labels(len(holes.starts), _touching_rows(holes, margin=0))
    return Topology(
        body_count=_joined_count(components, links),
        hole_count=_joined_count(hole_components, _overlapping_planes(holes, joined)),
        plane_component_counts=_count_by_plane(runs, components),
        plane_hole_counts=_count_by_plane(holes, hole_components),
        branching_count=_branchings(components[links]),
    )


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
    rows = np.arange(runs.shape[0] * runs.shape[1]) * runs.stride
    outside = Runs(starts=rows, stops=rows + runs.shape[2], shape=runs.shape) - runs
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
