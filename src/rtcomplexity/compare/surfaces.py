"""Distances between the surfaces of two delineations, both ways, finer than pixels and slices.

Every node of one surface has its signed distance to the other and the area it stands for, so that means, percentiles
and shares are those of the surface, whatever the density of vertices or planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.coincidence import shared_rows
from rtcomplexity.geometry.clearance import SampledSurface

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats, Integers


NODES: Final = 4000
NEIGHBORS: Final = 3
DIRECTIONS: Final[Mapping[str, tuple[int, int]]] = {
    "left": (0, 1),
    "right": (0, -1),
    "posterior": (1, 1),
    "anterior": (1, -1),
    "superior": (2, 1),
    "inferior": (2, -1),
}
"""Patient axis (LPS) and sense of each direction."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Directed:
    """Signed distances from the nodes of one surface to another surface."""

    distances_mm: Floats
    """(n,) positive where the other surface lies outside this one."""
    areas_mm2: Floats
    """(n,) surface that each node stands for."""
    normals: Floats
    """(n, 3) outward, LPS."""

    @cached_property
    def magnitudes_mm(self) -> Floats:
        """(n,) unsigned distances."""
        return np.abs(self.distances_mm)

    @cached_property
    def _ranked(self) -> tuple[Floats, Floats]:
        """(n,) unsigned distances in order, and the share of the surface that keeps to each."""
        order = np.argsort(self.magnitudes_mm, kind="stable")
        return self.magnitudes_mm[order], np.cumsum(self.areas_mm2[order]) / self.areas_mm2.sum()

    @cached_property
    def _facing(self) -> tuple[Integers, Floats]:
        """(n,) patient axis that each normal follows most, and its component along it."""
        axis = np.argmax(np.abs(self.normals), axis=1)
        return axis, self.normals[np.arange(len(axis)), axis]

    def percentile_mm(self, percent: float) -> float:
        """Area-weighted percentile of the unsigned distances: the least that so much of the surface keeps to."""
        distances, share = self._ranked
        return float(distances[min(int(np.searchsorted(share, percent / 100 - 1e-12)), len(share) - 1)])

    @property
    def mean_mm(self) -> float:
        """Area-weighted mean of the unsigned distances."""
        return float(np.average(self.magnitudes_mm, weights=self.areas_mm2))

    def area_within_mm2(self, tolerance_mm: float) -> float:
        """Surface that lies within a tolerance of the other."""
        return float(self.areas_mm2[self.magnitudes_mm <= tolerance_mm].sum())

    def bias_mm(self, direction: str) -> float:
        """Area-weighted mean signed distance over nodes that face a direction more than any other; NaN for none."""
        axis, sense = DIRECTIONS[direction]
        most, component = self._facing
        facing = (most == axis) & (sense * component > 0)
        if not self.areas_mm2[facing].sum() > 0:
            return float("nan")
        return float(np.average(self.distances_mm[facing], weights=self.areas_mm2[facing]))


def compared_surface(stack: PlaneStack) -> SampledSurface:
    """The surface of a stack as comparisons measure it: finer than for margins, and curved between planes.

    On spheres of 20 and 22 mm radius cut every 3 mm the Hausdorff distance comes out as 2.03 mm; with straight bands,
    half the nodes and one neighbor as 2.20 mm.
    """
    return SampledSurface(stack=stack, curved=True, node_count=NODES, neighbors=NEIGHBORS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BothWays:
    """Distances between two surfaces, from each to the other."""

    from_first: Directed
    """From nodes of the first surface to the second: positive where the second reaches further out."""
    from_second: Directed
    """From nodes of the second surface to the first: positive where the second reaches further out, too."""

    @property
    def both(self) -> tuple[Directed, Directed]:
        """Both ways."""
        return self.from_first, self.from_second

    @property
    def area_mm2(self) -> float:
        """Area of both surfaces together."""
        return float(sum(each.areas_mm2.sum() for each in self.both))


def _nowhere_apart() -> BothWays:
    """Distances between surfaces that are one: zero, in every direction; shares of it need no surface."""
    normals = np.concatenate([np.eye(3), -np.eye(3)])
    one_way = Directed(distances_mm=np.zeros(len(normals)), areas_mm2=np.ones(len(normals)), normals=normals)
    return BothWays(from_first=one_way, from_second=one_way)


NOWHERE_APART: Final = _nowhere_apart()


@dataclass(frozen=True, eq=False)
class SurfacePair:
    """Two surfaces, measured from each to the other when asked for."""

    first: SampledSurface
    second: SampledSurface

    @cached_property
    def _shared(self) -> tuple[Flags, Flags]:
        """Which nodes of each surface are nodes of the other one too: they lie on it."""
        return shared_rows(self.first.points_mm, self.second.points_mm)

    @cached_property
    def from_first(self) -> Directed:
        """From nodes of the first surface to the second."""
        return _directed(self.first, self.second, self._shared[0], sign=1)

    @cached_property
    def distances(self) -> BothWays:
        """Distances both ways."""
        back = _directed(self.second, self.first, self._shared[1], sign=-1)
        return BothWays(from_first=self.from_first, from_second=back)


def _directed(nodes_of: SampledSurface, other: SampledSurface, shared: Flags, *, sign: int) -> Directed:
    """Distances of nodes to another surface; none where it has the same node."""
    distances = np.zeros(len(nodes_of.areas_mm2))
    apart = ~shared
    distances[apart] = sign * other.depths_mm(nodes_of.points_mm[apart])
    return Directed(
        distances_mm=distances,
        areas_mm2=nodes_of.areas_mm2,
        normals=nodes_of.nodes.normals @ nodes_of.axes,
    )
