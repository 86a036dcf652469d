"""Distances between the surfaces of two delineations, both ways, with sub-voxel accuracy.

Each node of one surface has its signed distance to the other surface and the area it represents. So means, percentiles
and shares are those of the surface, regardless of the density of vertices or planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.coincidence import shared_rows
from rtcomplexity.geometry.clearance import SampledSurface
from rtcomplexity.metrics.relation import DIRECTIONS

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats, Integers


NODES: Final = 4000
NEIGHBORS: Final = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Directed:
    """Signed distances from the nodes of one surface to another surface."""

    distances_mm: Floats
    """(n,) positive where the other surface is outside this one."""
    areas_mm2: Floats
    """(n,) surface area represented by each node."""
    normals: Floats
    """(n, 3) outward, LPS."""

    @cached_property
    def magnitudes_mm(self) -> Floats:
        """(n,) unsigned distances."""
        return np.abs(self.distances_mm)

    @cached_property
    def _ranked(self) -> tuple[Floats, Floats]:
        """(n,) sorted unsigned distances, and the share of the surface within each."""
        order = np.argsort(self.magnitudes_mm, kind="stable")
        return self.magnitudes_mm[order], np.cumsum(self.areas_mm2[order]) / self.areas_mm2.sum()

    @cached_property
    def _facing(self) -> tuple[Integers, Floats]:
        """(n,) patient axis closest to each normal, and the normal's component along it."""
        axis = np.argmax(np.abs(self.normals), axis=1)
        return axis, self.normals[np.arange(len(axis)), axis]

    def percentile_mm(self, percent: float) -> float:
        """Area-weighted percentile of the unsigned distances."""
        distances, share = self._ranked
        return float(distances[min(int(np.searchsorted(share, percent / 100 - 1e-12)), len(share) - 1)])

    @property
    def mean_mm(self) -> float:
        """Area-weighted mean of the unsigned distances."""
        return float(np.average(self.magnitudes_mm, weights=self.areas_mm2))

    def area_within_mm2(self, tolerance_mm: float) -> float:
        """Surface area within a tolerance of the other surface."""
        return float(self.areas_mm2[self.magnitudes_mm <= tolerance_mm].sum())

    def bias_mm(self, direction: str) -> float:
        """Area-weighted mean signed distance over nodes that face a direction most; NaN if there are none."""
        axis, sense = DIRECTIONS[direction]
        most, component = self._facing
        facing = (most == axis) & (sense * component > 0)
        if not self.areas_mm2[facing].sum() > 0:
            return float("nan")
        return float(np.average(self.distances_mm[facing], weights=self.areas_mm2[facing]))


def compared_surface(stack: PlaneStack) -> SampledSurface:
    """The surface of a stack for comparisons: finer than for margins, and curved between planes.

    For spheres of 20 and 22 mm radius cut every 3 mm the Hausdorff distance is 2.03 mm; with straight bands, half the
    nodes and one neighbor it is 2.20 mm.
    """
    return SampledSurface(stack=stack, curved=True, node_count=NODES, neighbors=NEIGHBORS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BothWays:
    """Distances between two surfaces in both directions."""

    from_first: Directed
    """From nodes of the first surface to the second: positive where the second extends farther."""
    from_second: Directed
    """From nodes of the second surface to the first: also positive where the second extends farther."""

    @property
    def both(self) -> tuple[Directed, Directed]:
        """Both directions."""
        return self.from_first, self.from_second

    @property
    def area_mm2(self) -> float:
        """Area of both surfaces together."""
        return float(sum(each.areas_mm2.sum() for each in self.both))


def _nowhere_apart() -> BothWays:
    """Distances between identical surfaces: zero in every direction, without computing a surface."""
    normals = np.concatenate([np.eye(3), -np.eye(3)])
    one_way = Directed(distances_mm=np.zeros(len(normals)), areas_mm2=np.ones(len(normals)), normals=normals)
    return BothWays(from_first=one_way, from_second=one_way)


NOWHERE_APART: Final = _nowhere_apart()


@dataclass(frozen=True, eq=False)
class SurfacePair:
    """Two surfaces; distances are computed on first use."""

    first: SampledSurface
    second: SampledSurface

    @cached_property
    def _shared(self) -> tuple[Flags, Flags]:
        """Nodes of each surface that are also nodes of the other: they lie on it."""
        return shared_rows(self.first.points_mm, self.second.points_mm)

    @cached_property
    def from_first(self) -> Directed:
        """From nodes of the first surface to the second."""
        return _directed(self.first, self.second, self._shared[0], sign=1)

    @cached_property
    def distances(self) -> BothWays:
        """Distances in both directions."""
        back = _directed(self.second, self.first, self._shared[1], sign=-1)
        return BothWays(from_first=self.from_first, from_second=back)


def _directed(nodes_of: SampledSurface, other: SampledSurface, shared: Flags, *, sign: int) -> Directed:
    """Distances of nodes to another surface; zero for shared nodes."""
    distances = np.zeros(len(nodes_of.areas_mm2))
    apart = ~shared
    distances[apart] = sign * other.depths_mm(nodes_of.points_mm[apart])
    return Directed(
        distances_mm=distances,
        areas_mm2=nodes_of.areas_mm2,
        normals=nodes_of.nodes.normals @ nodes_of.axes,
    )
