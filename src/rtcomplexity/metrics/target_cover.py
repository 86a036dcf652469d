"""Planned targets without a gross target: parts of a CTV or PTV far from every gross target.

A plan exported without its simplest gross target would score higher than the complete plan; the targets planned around
the missing one reveal the omission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.nodes import Inside
from rtcomplexity.geometry.stack.runs import Lattice, rasterise
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, roi_subject
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.units import MM3_PER_CM3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.model.arrays import Floats, Integers

REACH_MM: Final = 25.0
"""Anything this close to a gross target may be its margin: wider margins are rare."""
LEAST_CM3: Final = 1.0
"""Smaller parts are slivers of contours, not targets."""
PIXEL_MM: Final = 5.0
PLANNED: Final = frozenset({TargetClass.CTV, TargetClass.PTV})


def unexplained_targets(contexts: Sequence[RoiContext], gross: PlaneStack) -> tuple[int, ...]:
    """Numbers of the CTVs and PTVs with a part far from the union of the gross targets."""
    planned = (c for c in contexts if c.roi.target_class in PLANNED and c.stacked.stack is not None)
    return tuple(c.roi.number for c in planned if far_volume_cm3(c.stack, gross) >= LEAST_CM3)


def far_volume_cm3(stack: PlaneStack, gross: PlaneStack) -> float:
    """Volume of a stack farther than `REACH_MM` from the gross targets, cm3, on pixels of 5 mm.

    Distances are to the pixels of the gross targets, whose centers lie about half a pixel inside the border, and to the
    vertices of their contours: the smallest target may contain no pixel center.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - importing the package stays quick

    plane, centers_mm = _pixels(stack)
    is_far = np.ones(len(plane), bool)
    for points_mm, reach_mm in ((_pixels(gross)[1], REACH_MM + PIXEL_MM / 2), (_vertices(gross), REACH_MM)):
        is_far &= np.isinf(cKDTree(points_mm).query(centers_mm, distance_upper_bound=reach_mm)[0])
    return float(np.sum(stack.slab_mm[plane[is_far]]) * PIXEL_MM**2 / MM3_PER_CM3)


def unexplained_issues(numbers: Sequence[int]) -> Iterator[Issue]:
    """One warning per such target."""
    for number in numbers:
        yield codes.TARGET_WITHOUT_GROSS_TARGET.about(roi_subject(number), reach_mm=REACH_MM)


def _pixels(stack: PlaneStack) -> tuple[Integers, Floats]:
    """(n,) plane of each pixel of a stack, and (n, 3) its center, LPS, mm."""
    lattice = Lattice.around(stack, PIXEL_MM)
    plane, uv = Inside(runs=rasterise(stack, lattice), lattice=lattice).pixels()
    return plane, _patient_mm(stack, uv, plane)


def _vertices(stack: PlaneStack) -> Floats:
    """(n, 3) vertices of the contours of a stack, LPS, mm."""
    return _patient_mm(stack, stack.points_mm, stack.plane_of_vertex)


def _patient_mm(stack: PlaneStack, uv_mm: Floats, plane: Integers) -> Floats:
    """(n, 3) points on planes, LPS, mm."""
    return np.asarray(np.column_stack([uv_mm, stack.positions_mm[plane]]) @ stack.axes)
