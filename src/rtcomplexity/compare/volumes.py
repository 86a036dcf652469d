"""The intersection of two stacks of planes, exactly: polygon areas times the thickness of common layers.

The slabs of both shapes are cut wherever a slab of either one ends. Within such a layer both cross-sections are
constant, and the even-odd area of all their contours together is the area of their symmetric difference. So ``2 |A and
B| = |A| + |B| - |A xor B|`` holds without any pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.coincidence import same_planes
from rtcomplexity.geometry.orientation import PARALLEL
from rtcomplexity.geometry.ragged import select_ragged
from rtcomplexity.geometry.stack.even_odd import even_odd
from rtcomplexity.geometry.stack.runs import moved_planes, plane_of_slices
from rtcomplexity.geometry.stack.volume import slab_volume_mm3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats, Integers


ROUNDING: Final = 1e-12
THINNEST_MM: Final = 1e-4
"""Slab ends closer than this coincide: positions are written in decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedVolume:
    """Volumes of two shapes and of their intersection, mm3."""

    first_mm3: float
    second_mm3: float
    shared_mm3: float

    @property
    def added_mm3(self) -> float:
        """Volume in the second shape only."""
        return max(self.second_mm3 - self.shared_mm3, 0.0)

    @property
    def removed_mm3(self) -> float:
        """Volume in the first shape only."""
        return max(self.first_mm3 - self.shared_mm3, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """Layers with constant cross-sections of both shapes, along the first stack's normal."""

    first_plane: Integers
    """(L,) plane of the first stack whose slab contains the layer; -1 if none does."""
    second_plane: Integers
    """(L,) the same of the second stack."""
    thickness_mm: Floats
    """(L,)"""


def aligned(stack: PlaneStack, onto: PlaneStack) -> PlaneStack | None:
    """The stack in the axes of another one; None if their planes are not parallel.

    Planes in reverse order are reordered, so that positions increase along the new normal.
    """
    own = np.stack([stack.u_axis, stack.v_axis, stack.normal])
    other = np.stack([onto.u_axis, onto.v_axis, onto.normal])
    if np.allclose(own, other, rtol=0, atol=1e-12):
        return stack
    direction = float(stack.normal @ onto.normal)
    if abs(direction) < PARALLEL:
        return None
    points = stack.points_mm @ (own[:2] @ other[:2].T)
    moved = replace(stack, u_axis=onto.u_axis, v_axis=onto.v_axis, normal=onto.normal, points_mm=points)
    return moved if direction > 0 else _reversed(moved)


def _reversed(stack: PlaneStack) -> PlaneStack:
    """Planes in reverse order, with negated positions."""
    order = np.arange(stack.plane_count)[::-1]
    return replace(
        moved_planes(stack, order, np.zeros((len(order), 2))),
        positions_mm=-stack.positions_mm[order],
        lower_mm=stack.upper_mm[order],
        upper_mm=stack.lower_mm[order],
    )


def layers(first: PlaneStack, second: PlaneStack) -> Layers:
    """Common layers of two stacks in the same axes, from the lowest slab end to the highest."""
    cuts = slab_ends_mm((first, second))
    middle = (cuts[1:] + cuts[:-1]) / 2
    return Layers(
        first_plane=plane_of_slices(first, middle),
        second_plane=plane_of_slices(second, middle),
        thickness_mm=np.diff(cuts),
    )


def slab_ends_mm(stacks: Sequence[PlaneStack]) -> Floats:
    """Positions at which a slab of any stack ends, increasing; they bound layers with constant cross-sections."""
    ends = [each.positions_mm + side for each in stacks for side in (-each.lower_mm, each.upper_mm)]
    cuts = np.sort(np.concatenate(ends))
    return np.asarray(cuts[np.append(True, np.diff(cuts) > THINNEST_MM)])


def shared_volume(first: PlaneStack, second: PlaneStack) -> SharedVolume:
    """Intersection of two stacks in the same axes.

    Parameters
    ----------
    first, second
        Stacks with one set of axes; see :func:`aligned`.

    Raises
    ------
    LimitExceededError
        If contours overlap one another so much that their areas would not fit in memory.
    """
    cut = layers(first, second)
    both = (cut.first_plane >= 0) & (cut.second_plane >= 0)
    pairs, which = np.unique(
        np.stack([cut.first_plane[both], cut.second_plane[both]], axis=1), axis=0, return_inverse=True
    )
    thickness = np.bincount(which.ravel(), weights=cut.thickness_mm[both], minlength=len(pairs))
    apart = symmetric_difference_mm2(first, second, pairs)
    areas = first.plane_areas_mm2[pairs[:, 0]] + second.plane_areas_mm2[pairs[:, 1]]
    # Disjoint areas can leave a rounding residue, which is no overlap.
    overlap = np.where(areas - apart > ROUNDING * areas, areas - apart, 0)
    shared = float(overlap @ thickness / 2)
    return SharedVolume(first_mm3=slab_volume_mm3(first), second_mm3=slab_volume_mm3(second), shared_mm3=shared)


def symmetric_difference_mm2(first: PlaneStack, second: PlaneStack, pairs: Integers) -> Floats:
    """(x,) area of the symmetric difference of planes (x, 2) of two stacks in the same axes, mm2."""
    areas = np.zeros(len(pairs))
    differs = ~same_planes(first, second, pairs)
    areas[differs] = _even_odd_areas_mm2(first, second, pairs[differs])
    return areas


def _even_odd_areas_mm2(first: PlaneStack, second: PlaneStack, pairs: Integers) -> Floats:
    """(x,) even-odd area of all contours of both planes together."""
    points = np.concatenate([first.points_mm, second.points_mm])
    offsets = np.concatenate([first.contour_offsets, second.contour_offsets[1:] + len(first.points_mm)])
    start = len(first.contour_offsets) - 1
    chosen = [
        np.concatenate(
            [np.arange(*first.plane_offsets[p : p + 2]), start + np.arange(*second.plane_offsets[q : q + 2])]
        )
        for p, q in pairs.tolist()
    ]
    if not chosen:
        return np.empty(0)
    picked, picked_offsets = select_ragged(points, offsets, np.concatenate(chosen))
    planes = np.cumsum([0] + [len(each) for each in chosen])
    return even_odd(picked, picked_offsets, planes).areas_mm2
