"""Volumes and centers of stacks of planes by scan lines, which cross their contours exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.volumes import slab_ends_mm
from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.geometry.stack.runs import Lattice, plane_of_slices, rasterise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats

ROW_MM: Final = 0.5
CENTER_ROWS: Final = 200
"""At least this many for a center of volume, and ..."""
SHARED_ROWS: Final = 120
"""... for the volumes held by so many readers."""
COLUMN_MM: Final = 1e-3
"""Runs cost the same however fine their columns are."""


def center_mm(stack: PlaneStack) -> Floats:
    """(3,) center of volume of the slabs, LPS, mm; rows are summed by the midpoint rule."""
    lattice = _scan_lines([stack], CENTER_ROWS)
    runs = rasterise(stack, lattice)
    u = lattice.u0_mm + ((runs.starts + runs.stops - 1) / 2 - runs.rows * runs.stride) * lattice.column_spacing_mm
    v = lattice.v0_mm + (runs.rows % runs.shape[1]) * lattice.row_spacing_mm
    middle = stack.positions_mm + (stack.upper_mm - stack.lower_mm) / 2
    weights = (runs.stops - runs.starts) * stack.slab_mm[runs.planes]
    own = np.column_stack([u, v, middle[runs.planes]])
    return np.asarray(np.average(own, axis=0, weights=weights) @ stack.axes)


def held_by_mm3(stacks: Sequence[PlaneStack]) -> Floats:
    """(n + 1,) volume held by exactly k of n stacks in common axes; for k = 0, within the box around all of them."""
    cuts = slab_ends_mm(stacks)
    thickness, middle = np.diff(cuts), (cuts[1:] + cuts[:-1]) / 2
    lattice = _scan_lines(stacks, SHARED_ROWS)
    layered = [rasterise(stack, lattice).select_planes(plane_of_slices(stack, middle)) for stack in stacks]
    # A run opens at its start and closes at its stop; the number of readers is constant between two such events.
    at = np.concatenate([side for runs in layered for side in (runs.starts, runs.stops)])
    change = np.concatenate([np.repeat([1, -1], len(runs.starts)) for runs in layered])
    order = np.argsort(at, kind="stable")
    at, count = at[order], np.cumsum(change[order])
    length = np.diff(at, append=at[-1:])
    layer = at // (lattice.rows * layered[0].stride)
    weights = length * thickness[np.minimum(layer, len(thickness) - 1)] * lattice.pixel_area_mm2
    held = np.bincount(count, weights=weights, minlength=len(stacks) + 1).astype(np.float64)
    box_mm3 = lattice.pixel_area_mm2 * lattice.columns * lattice.rows * float(thickness.sum())
    held[0] = box_mm3 - held[1:].sum()
    return held


def _scan_lines(stacks: Sequence[PlaneStack], fewest_rows: int) -> Lattice:
    """Rows whose midpoints divide the extent of stacks evenly, so that flat sides lie on row borders."""
    low = np.min([least(stack.points_mm) for stack in stacks], axis=0)
    high = np.max([greatest(stack.points_mm) for stack in stacks], axis=0)
    rows = max(int(np.ceil((high[1] - low[1]) / ROW_MM)), fewest_rows)
    step = float(high[1] - low[1]) / rows
    return Lattice(
        u0_mm=float(low[0]),
        v0_mm=float(low[1]) + step / 2,
        column_spacing_mm=COLUMN_MM,
        row_spacing_mm=step,
        columns=int(np.ceil((high[0] - low[0]) / COLUMN_MM)) + 1,
        rows=rows,
    )
