"""The center of volume of a stack of planes, by scan lines that cross its contours exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.geometry.stack.runs import Lattice, rasterise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack

ROW_MM: Final = 0.5
FEWEST_ROWS: Final = 200
COLUMN_MM: Final = 1e-3
"""Runs cost the same however fine their columns are."""


def center_mm(stack: PlaneStack) -> NDArray[np.float64]:
    """(3,) center of volume of the slabs, LPS, mm; rows are summed by the midpoint rule."""
    lattice = _lattice(stack)
    runs = rasterise(stack, lattice)
    u = lattice.u0_mm + ((runs.starts + runs.stops - 1) / 2 - runs.rows * runs.stride) * lattice.column_spacing_mm
    v = lattice.v0_mm + (runs.rows % runs.shape[1]) * lattice.row_spacing_mm
    middle = stack.positions_mm + (stack.upper_mm - stack.lower_mm) / 2
    weights = (runs.stops - runs.starts) * stack.slab_mm[runs.planes]
    own = np.column_stack([u, v, middle[runs.planes]])
    axes = np.stack([stack.u_axis, stack.v_axis, stack.normal])
    return np.asarray(np.average(own, axis=0, weights=weights) @ axes)


def _lattice(stack: PlaneStack) -> Lattice:
    """Rows whose middles divide the extent evenly, so that flat sides meet rows' borders."""
    (u0, v0), (u1, v1) = least(stack.points_mm).tolist(), greatest(stack.points_mm).tolist()
    rows = max(int(np.ceil((v1 - v0) / ROW_MM)), FEWEST_ROWS)
    step = (v1 - v0) / rows
    return Lattice(
        u0_mm=u0,
        v0_mm=v0 + step / 2,
        column_spacing_mm=COLUMN_MM,
        row_spacing_mm=step,
        columns=int(np.ceil((u1 - u0) / COLUMN_MM)) + 1,
        rows=rows,
    )
