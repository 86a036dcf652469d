"""A signed distance field between the planes of a shape, on an isotropic grid.

Each plane holds the signed distance of its exact polygons, clipped at :data:`REACH` slabs. Between planes the distance
is interpolated by cubics (shape-based interpolation: Raya and Udupa, IEEE Trans Med Imaging 1990;9:32-42; Herman et
al., IEEE Comput Graph Appl 1992;12(3):69-79). A plane without contours is as far outside as the clip allows. This one
rule rounds off the ends of a shape, and of each of its bodies, branches and cavities, half a slab beyond the last
plane.

Works on planes in millimeters; knows no DICOM and no images. Axes are (along the normal, v, u).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.mesh import equivalent_sphere_diameter
from rtcomplexity.geometry.ragged import next_vertex
from rtcomplexity.geometry.stack.section_distance import Sections, section_distances
from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats, Integers, Singles

REACH: Final = 1.5
"""Distances are clipped at this many slab thicknesses."""
STEPS_PER_DIAMETER: Final = 48
FINEST_STEP_MM: Final = 0.5
COARSEST_STEP_MM: Final = 1.5
MOST_VOXELS: Final = 2_000_000
"""About 250 MB while a shape is smoothed."""
LAYERS_AT_ONCE: Final = 8
"""Layers that are interpolated together."""
MARGIN: Final = 3
"""Voxels outside the shape on every side."""
GAP_TOLERANCE_MM: Final = 1e-6
BEYOND_REACH: Final = 0.01
"""Margin in pixels by which distances are computed beyond the clip, so that rounding has no effect."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """An isotropic grid."""

    origin_mm: Floats
    """(3,) where voxel (0, 0, 0) lies, mm."""
    step_mm: float
    shape: tuple[int, int, int]

    def __post_init__(self) -> None:
        freeze(self, np.float64, "origin_mm")

    @classmethod
    def covering(cls, low_mm: Floats, high_mm: Floats, step_mm: float) -> Grid:
        """Grid that covers the box from `low_mm` to `high_mm`, (3,) each."""
        rows = np.ceil((high_mm - low_mm) / step_mm).astype(int) + 1
        return cls(origin_mm=low_mm, step_mm=step_mm, shape=(int(rows[0]), int(rows[1]), int(rows[2])))

    def along(self, axis: int) -> Floats:
        """Positions of the voxel centers along an axis, mm."""
        return np.asarray(self.origin_mm[axis] + self.step_mm * np.arange(self.shape[axis]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """Smoothing of a field before its shape is measured, so that careless contouring does not look like complexity.

    The blur evens out an unsteady hand; 0 omits it.
    """

    blur_mm: float = 0.0
    """Standard deviation of a Gaussian blur that preserves the volume."""

    def margin_mm(self, step_mm: float) -> float:
        """Margin that a grid needs around a shape."""
        return MARGIN * step_mm + self.blur_mm

    def apply(self, field: Singles, step_mm: float) -> Singles:
        """Blur a field in mm on a grid with that step."""
        return blurred(field, self.blur_mm / step_mm) if self.blur_mm else field


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Knots:
    """Planes between which a field is interpolated: those with contours, and empty ones beyond the ends."""

    positions_mm: Floats
    """(K,) along the normal, increasing."""
    planes: Integers
    """(K,) index of the plane with contours; -1 for an empty plane."""
    reach_mm: float
    """Distances are clipped at this; empty planes are this far outside."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "positions_mm")
        freeze(self, np.int64, "planes")


def step_for(volume_mm3: float, box_mm: Floats) -> float:
    """Grid step for a shape of that volume in a box of (3,) edges: finer for small shapes, within the memory limit."""
    wanted = equivalent_sphere_diameter(volume_mm3) / STEPS_PER_DIAMETER
    affordable = math.cbrt(float(np.prod(box_mm)) / MOST_VOXELS)
    return max(min(max(wanted, FINEST_STEP_MM), COARSEST_STEP_MM), affordable)


def reach_for(spacing_mm: float, step_mm: float) -> float:
    """Clip of distances: a number of slabs, and large enough for the grid to resolve."""
    return max(REACH * spacing_mm, 2 * step_mm)


def knots_of(stack: PlaneStack, reach_mm: float) -> Knots:
    """Place an empty plane one slab beyond every end, where the next contours would have been.

    Ends are the first and last planes, and both sides of a gap, where slabs do not meet. Two ends less than two slabs
    apart share one empty plane half-way between them.
    """
    at = stack.positions_mm
    gap_mm = np.diff(at) - stack.upper_mm[:-1] - stack.lower_mm[1:]
    ends, starts = np.append(gap_mm > GAP_TOLERANCE_MM, True), np.append(True, gap_mm > GAP_TOLERANCE_MM)
    after, before = (at + 2 * stack.upper_mm)[ends], (at - 2 * stack.lower_mm)[starts]
    crowded = after[:-1] > before[1:] - GAP_TOLERANCE_MM
    after[:-1][crowded] = (after[:-1] + before[1:])[crowded] / 2
    empty = np.concatenate([before[np.append(True, ~crowded)], after])
    positions = np.concatenate([at, empty])
    planes = np.append(np.arange(len(at)), np.full(len(empty), -1))
    order = np.argsort(positions)
    return Knots(positions_mm=positions[order], planes=planes[order], reach_mm=reach_mm)


def polygon_field(stack: PlaneStack, grid: Grid, knots: Knots) -> Singles:
    """Signed distance of a stack's polygons, interpolated between its planes.

    Returns
    -------
    NDArray
        (k, j, i) mm, positive inside. Distances are within planes: the zero surface is correct, but away from it
        values grow too fast where the surface is oblique.
    """
    sections = Sections(
        points=(stack.points_mm - grid.origin_mm[:0:-1]) / grid.step_mm,
        following=next_vertex(stack.contour_offsets),
        planes=stack.plane_of_vertex,
        shape=(stack.plane_count, *grid.shape[1:]),
    )
    distances = section_distances(sections, knots.reach_mm / grid.step_mm + BEYOND_REACH)
    return interpolated(distances * np.float32(grid.step_mm), grid, knots)


def disc_field(radii_mm: Floats, grid: Grid, knots: Knots) -> Singles:
    """As :func:`polygon_field`, for centered discs of the given radii."""
    from_axis = np.hypot(grid.along(1)[:, None], grid.along(2)).astype(np.float32)
    return interpolated(radii_mm.astype(np.float32)[:, None, None] - from_axis, grid, knots)


def interpolated(planes: Singles, grid: Grid, knots: Knots) -> Singles:
    """Interpolate fields on planes along the normal.

    Parameters
    ----------
    planes
        (P, j, i) mm
    grid
        Where the field is computed.
    knots
        Positions of the planes; the field is constant beyond the outermost ones.
    """
    weights = _cubic_weights(knots.positions_mm, grid.along(0)).astype(np.float32)
    reach = np.float32(knots.reach_mm)
    values = np.full((len(knots.planes), *planes.shape[1:]), -reach, np.float32)
    filled = knots.planes >= 0
    values[filled] = np.clip(planes[knots.planes[filled]], -reach, reach)
    return _between_neighbors(weights, values)


def _between_neighbors(weights: Singles, values: Singles) -> Singles:
    """(n, j, i) sums of (K, j, i) values with weights (n, K), nonzero for a few adjacent knots only.

    One product of whole arrays would do many times the work, and would wait for a second processor core.
    """
    found = np.empty((len(weights), *values.shape[1:]), np.float32)
    for stop in range(LAYERS_AT_ONCE, len(weights) + LAYERS_AT_ONCE, LAYERS_AT_ONCE):
        layers = slice(max(min(stop, len(weights)) - LAYERS_AT_ONCE, 0), stop)
        used = np.flatnonzero(weights[layers].any(axis=0))
        knots = slice(used[0], used[-1] + 1)
        np.matmul(weights[layers, knots], _flat(values[knots]), out=_flat(found[layers]))
    return found


def _flat(planes: Singles) -> Singles:
    """(K, j * i) view of (K, j, i)."""
    return planes.reshape(len(planes), -1)


def _cubic_weights(knots_mm: Floats, at_mm: Floats) -> Floats:
    """(n, K) weight of each knot at each position: Catmull-Rom cubics for arbitrary spacing."""
    values, steps = np.eye(len(knots_mm)), np.diff(knots_mm)[:, None]
    slopes = np.diff(values, axis=0) / steps
    inner = (slopes[:-1] * steps[1:] + slopes[1:] * steps[:-1]) / (steps[:-1] + steps[1:])
    slopes = np.concatenate([slopes[:1], inner, slopes[-1:]])
    places = np.clip(at_mm, knots_mm[0], knots_mm[-1])
    below = np.clip(np.searchsorted(knots_mm, places, side="right") - 1, 0, len(knots_mm) - 2)
    step = steps[below]
    share = (places[:, None] - knots_mm[below, None]) / step
    rest = 1 - share
    return np.asarray(
        rest**2 * ((1 + 2 * share) * values[below] + share * step * slopes[below])
        + share**2 * ((1 + 2 * rest) * values[below + 1] - rest * step * slopes[below + 1])
    )


def blurred(field: Singles, deviation: float) -> Singles:
    """Blur a field by a Gaussian of that many voxels, shifted so that the number of inside voxels is unchanged."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - importing the package stays quick

    inside = np.count_nonzero(field > 0)
    if not 0 < inside < field.size:
        return field
    soft = gaussian_filter(field, deviation, mode="nearest")
    last_in, first_out = np.partition(soft.ravel(), (-inside, -inside - 1))[[-inside, -inside - 1]]
    return np.asarray(soft - (last_in + first_out) / 2, np.float32)
