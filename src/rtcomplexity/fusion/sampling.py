"""Image values inside and around a shape, on the voxels of the planning grid.

A :class:`Region` is a shape's box on that grid with the signed distance to its surface. The voxels of the planning
image itself are taken as they are; any other image is interpolated at the voxel centers needed, through the
registration, reading only the box that contains them. Points outside an image are counted and excluded, never filled
in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.dicom.pixels import IndexBox
from rtcomplexity.geometry.boxes import box_of_mask
from rtcomplexity.geometry.stack.runs import SHIFT_TOLERANCE_MM
from rtcomplexity.model.arrays import freeze, frozen_array, sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtcomplexity.dicom.pixels import SeriesPixels, VoxelBox
    from rtcomplexity.geometry.stack.runs import Runs
    from rtcomplexity.model.arrays import Flags, Floats, Integers, Singles
    from rtcomplexity.model.image import ImageGrid

    Numbers = NDArray[np.integer[Any]]
    PointFunction = Callable[[Floats], Floats]

REACH_MM: Final = 10.0
CHUNK_POINTS: Final = 200_000
EDGE_TOLERANCE: Final = 1e-6
"""A point this many voxels beyond the outermost voxel center still counts as on it."""
SAME_PLACE: Final = 1e-9
"""Slices whose corners agree within this many voxels are aligned."""
SLICES_AT_ONCE: Final = 8
"""Slices whose distances are computed together, to stay in the processor's cache."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """A shape's neighborhood on the planning grid."""

    grid: ImageGrid
    """The whole planning grid."""
    box: IndexBox
    """The shape's box, grown by the reach and clipped to the grid."""
    mask: Flags
    """(K, J, I) voxels of the box whose centers are inside the shape."""
    distance_mm: Singles
    """(K, J, I) distance from each voxel center to the nearest center on the other side of the surface; negative
    inside."""
    reach_mm: float

    def __post_init__(self) -> None:
        freeze(self, np.bool_, "mask")
        freeze(self, np.float32, "distance_mm")

    @cached_property
    def needed(self) -> Flags:
        """(K, J, I) the shape and everything within reach of it."""
        return frozen_array(self.distance_mm <= self.reach_mm, np.bool_)

    @cached_property
    def voxel_volume_mm3(self) -> Floats:
        """(K,) volume of a voxel of each slice: pixel area x half the distance to each neighbor."""
        area = self.grid.row_spacing_mm * self.grid.column_spacing_mm
        return frozen_array(area * slab_mm(self.grid)[slice(*self.box.k)], np.float64)

    def points_mm(self, where: Flags) -> Floats:
        """(n, 3) voxel centers of the box where `where` holds, patient coordinates, mm."""
        k, j, i = np.nonzero(where)
        return _centers_mm(self.grid, k + self.box.k[0], j + self.box.j[0], i + self.box.i[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class RegionValues:
    """Values of one image on a region's voxels."""

    region: Region
    values: Floats
    """(K, J, I), NaN where the image was not sampled or has no value."""
    undefined_share: float
    """Share of the shape's own voxels outside the image, or where the registration or the image is undefined."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "values")

    @property
    def inside(self) -> Floats:
        """(n,) values inside the shape."""
        return self._where(self.region.mask)

    def shell(self, from_mm: float, to_mm: float) -> Floats:
        """(n,) values of the voxels whose signed distance d satisfies from < d <= to; no voxel has distance 0.

        ``shell(-3, 0)`` is the inner 3 mm of the shape, without its core; ``shell(0, 3)`` is the 3 mm around it.
        """
        distance = self.region.distance_mm
        if from_mm < 0:
            return self._where((distance >= from_mm) & (distance < to_mm))
        return self._where((distance > from_mm) & (distance <= to_mm))

    def _where(self, where: Flags) -> Floats:
        """(n,) defined values of a mask."""
        chosen = self.values[where]
        return chosen[~np.isnan(chosen)]


def region_of(runs: Runs, grid: ImageGrid, reach_mm: float = REACH_MM) -> Region:
    """Lay the shape's box on the grid and compute the distance of its voxels to the surface.

    Parameters
    ----------
    runs
        The shape on the grid's slices: plane k of the runs is slice k.
    grid
        The planning grid.
    reach_mm
        Distance outside the shape up to which values are needed.

    Raises
    ------
    ValueError
        If the shape holds no voxel, or the runs are of another grid.
    """
    if runs.shape != (len(grid.slice_origins_mm), grid.rows, grid.columns):
        msg = f"runs of shape {runs.shape} are not on this grid"
        raise ValueError(msg)
    if runs.count == 0:
        msg = "the shape holds no voxel of the grid"
        raise ValueError(msg)
    box = _grown(runs.box(), grid, reach_mm)
    mask = runs.mask(tuple(slice(*extent) for extent in (box.k, box.j, box.i)))  # type: ignore[arg-type]
    distance_mm = signed_distance_mm(mask, grid, box.k, reach_mm)
    return Region(grid=grid, box=box, mask=mask, distance_mm=distance_mm, reach_mm=reach_mm)


def _grown(box: tuple[slice, slice, slice], grid: ImageGrid, reach_mm: float) -> IndexBox:
    """Grow a box by the reach and one voxel, within the grid."""
    positions = grid.slice_positions_mm
    below, above = positions[box[0].start] - reach_mm, positions[box[0].stop - 1] + reach_mm
    first = max(int(np.searchsorted(positions, below)) - 1, 0)
    stop = min(int(np.searchsorted(positions, above, side="right")) + 1, len(positions))
    rows = int(np.ceil(reach_mm / grid.row_spacing_mm)) + 1
    columns = int(np.ceil(reach_mm / grid.column_spacing_mm)) + 1
    return IndexBox(
        k=(first, stop),
        j=(max(box[1].start - rows, 0), min(box[1].stop + rows, grid.rows)),
        i=(max(box[2].start - columns, 0), min(box[2].stop + columns, grid.columns)),
    )


def signed_distance_mm(mask: Flags, grid: ImageGrid, k: tuple[int, int], reach_mm: float = REACH_MM) -> Singles:
    """Distance between voxel centers across the surface, negative inside; infinite beyond the reach.

    Exact on uneven slices; offsets between the slices of a tilted stack are ignored. Within the reach it equals the
    Euclidean distance transform of the whole box, at a fifth of its cost.
    """
    steps = (grid.row_spacing_mm, grid.column_spacing_mm)
    positions = grid.slice_positions_mm[slice(*k)]
    distance = np.sqrt(_squared_distance(mask, positions, steps, reach_mm))
    box = box_of_mask(mask, margin=1)  # it contains the nearest outside voxel of every voxel of the mask
    own = mask[box]
    inside = np.sqrt(_squared_distance(~own, positions[box[0]], steps, reach_mm))
    distance[box] = np.where(own, -inside, distance[box])
    distance[np.abs(distance) > reach_mm] *= np.float32(np.inf)
    return distance


def _squared_distance(mask: Flags, positions_mm: Floats, steps_mm: tuple[float, float], reach_mm: float) -> Singles:
    """Squared distance from each voxel to the nearest one of the mask, axis by axis; too large beyond the reach."""
    squared = _squared_along_rows(mask, steps_mm[1], reach_mm)
    rows_mm = np.arange(mask.shape[1], dtype=np.float64) * steps_mm[0]
    for first in range(0, len(mask), SLICES_AT_ONCE):
        block = squared[first : first + SLICES_AT_ONCE]
        block[...] = _lowered_along(block, 1, rows_mm, reach_mm)
    return _lowered_along(squared, 0, positions_mm, reach_mm)


def _squared_along_rows(mask: Flags, step_mm: float, reach_mm: float) -> Singles:
    """Squared distance to the nearest voxel of the mask in the same row, infinite beyond the reach.

    Whole steps are counted on one long row, with rows separated by more than the reach.
    """
    squares = np.square(np.arange(mask.shape[2]) * step_mm)
    most = int(np.searchsorted(squares, (reach_mm * (1 + EDGE_TOLERANCE)) ** 2, side="right")) - 1
    counts = np.full((*mask.shape[:2], mask.shape[2] + most), most + 1, np.uint16)
    counts[..., : mask.shape[2]][mask] = 0
    lowest = counts.copy()
    every, least = counts.reshape(-1), lowest.reshape(-1)
    for offset in range(1, most + 1):
        np.minimum(least[offset:], every[:-offset] + np.uint16(offset), out=least[offset:])
        np.minimum(least[:-offset], every[offset:] + np.uint16(offset), out=least[:-offset])
    return np.append(squares[: most + 1], np.inf).astype(np.float32).take(lowest[..., : mask.shape[2]])


def _lowered_along(squared: Singles, axis: int, places: Floats, reach_mm: float) -> Singles:
    """Minimum of (squared value + squared distance) over each voxel's neighbors within reach."""
    lowest, spare = squared.copy(), np.empty_like(squared)
    for offset in range(1, len(places)):
        gaps = np.square(places[offset:] - places[:-offset])
        if gaps.min() > (reach_mm * (1 + EDGE_TOLERANCE)) ** 2:
            break
        added = gaps.astype(np.float32).reshape([-1 if other == axis else 1 for other in range(3)])
        upper = tuple(slice(offset, None) if other == axis else slice(None) for other in range(3))
        lower = tuple(slice(None, -offset) if other == axis else slice(None) for other in range(3))
        np.minimum(lowest[upper], np.add(squared[lower], added, out=spare[lower]), out=lowest[upper])
        np.minimum(lowest[lower], np.add(squared[upper], added, out=spare[lower]), out=lowest[lower])
    return lowest


def slab_mm(grid: ImageGrid) -> Floats:
    """(K,) thickness of each slice; 1 mm for a single one of unknown thickness: only ratios of volumes are used."""
    return np.nan_to_num(grid.slice_slabs_mm, nan=1.0)


def values_of_own_image(
    region: Region,
    pixels: SeriesPixels,
    *,
    factor: Floats | None = None,
) -> RegionValues:
    """Voxels of the planning image itself, without interpolation; `factor` as in :func:`values_of_other_image`."""
    voxels = pixels.read(region.box)
    if factor is not None:
        voxels = voxels.scaled(factor[slice(*region.box.k)])
    values = voxels.values()
    undefined = float(np.isnan(values[region.mask]).mean()) if pixels.series.ambiguous_slices else 0.0
    return RegionValues(region=region, values=sealed(values), undefined_share=undefined)


def values_of_other_image(
    region: Region,
    pixels: SeriesPixels,
    other_from_planning: PointFunction,
    *,
    factor: Floats | None = None,
    known: RegionValues | None = None,
) -> RegionValues:
    """Interpolate another image at the region's voxel centers.

    Parameters
    ----------
    other_from_planning
        Maps points of the planning frame into the image's: a :class:`rtcomplexity.fusion.frames.PointMap`.
    factor
        (K,) what multiplies the values of each slice of the image, such as the factors to SUVbw.
    known
        Values of the same image on another region of the same grid: what both need is not interpolated again.
    """
    values, wanted = np.full(region.mask.shape, np.nan), region.needed.copy()
    if known is not None and (shared := _shared(region.box, known.region.box)) is not None:
        own, its = shared
        taken = known.region.needed[its] & wanted[own]
        values[own][taken] = known.values[its][taken]
        wanted[own] &= ~taken
    values[wanted] = sample(pixels, other_from_planning(region.points_mm(wanted)), factor=factor)
    undefined = float(np.isnan(values[region.mask]).mean())
    return RegionValues(region=region, values=sealed(values), undefined_share=undefined)


def _shared(one: IndexBox, other: IndexBox) -> tuple[tuple[slice, ...], tuple[slice, ...]] | None:
    """Common voxels of two boxes, as slices of each array; None if they have none."""
    extents = [
        (max(a[0], b[0]), min(a[1], b[1]))
        for a, b in zip((one.k, one.j, one.i), (other.k, other.j, other.i), strict=True)
    ]
    if any(first >= stop for first, stop in extents):
        return None
    in_one, in_other = (
        tuple(
            slice(first - at[0], stop - at[0]) for (first, stop), at in zip(extents, (box.k, box.j, box.i), strict=True)
        )
        for box in (one, other)
    )
    return in_one, in_other


def sample(
    pixels: SeriesPixels,
    points_mm: Floats,
    *,
    factor: Floats | None = None,
) -> Floats:
    """Interpolate an image at (n, 3) points of its own frame of reference, reading only the box that contains them."""
    grid = pixels.series.grid
    box = box_around(grid, points_mm)
    if box is None:
        return np.full(len(points_mm), np.nan)
    voxels = pixels.read(box)
    if factor is not None:
        voxels = voxels.scaled(factor[slice(*box.k)])
    return interpolate(voxels, grid, points_mm)


def voxel_centers_mm(grid: ImageGrid, index: NDArray[np.integer]) -> Floats:
    """(n, 3) centers of the voxels with index (k, j, i), patient coordinates, mm."""
    return _centers_mm(grid, *index.T)


def _centers_mm(grid: ImageGrid, k: Numbers, j: Numbers, i: Numbers) -> Floats:
    """(n, 3) the same for (n,) slices, rows and columns; stored by coordinate, as the sampling needs them."""
    centers = grid.slice_origins_mm.T.take(k, axis=1)
    steps = (grid.column_direction * grid.row_spacing_mm, j), (grid.row_direction * grid.column_spacing_mm, i)
    for step_mm, places in steps:
        for axis in np.flatnonzero(step_mm):
            centers[axis] += places * step_mm[axis]
    found: Floats = centers.T
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Positions of points between voxel centers: on the two slices around each, in the plane of each."""

    inside: Flags
    """(n,) whether the point is between voxel centers on all sides."""
    k: Integers
    """(n,) slice below."""
    upper_share: Floats
    """(n,) weight of the slice above."""
    lower_ji: Floats
    """(2, n) row and column on the slice below."""
    upper_ji: Floats
    """(2, n) row and column on the slice above: the same array unless the gantry was tilted."""


def _cells(grid: ImageGrid, points_mm: Floats) -> _Cells:
    """The slices around each point along the normal, at any spacing, and its position on each."""
    positions = grid.slice_positions_mm
    height = points_mm @ grid.normal
    last = len(positions) - 1
    k = np.clip(np.searchsorted(positions, height, side="right") - 1, 0, max(last - 1, 0))
    above = np.minimum(k + 1, last)
    if last == 0:
        within = np.abs(height - positions[0]) <= (0.5 + EDGE_TOLERANCE) * (grid.slice_spacing_mm or 1.0)
        share = np.zeros(len(height))
    else:
        share = (height - positions[k]) / (positions[above] - positions[k])
        within = (share >= -EDGE_TOLERANCE) & (share <= 1 + EDGE_TOLERANCE)
    lower_ji = _in_plane(grid, points_mm, k)
    upper_ji = _in_plane(grid, points_mm, above) if is_tilted(grid) else lower_ji
    within &= _on_slice(grid, lower_ji) | (1 - share <= EDGE_TOLERANCE)
    within &= _on_slice(grid, upper_ji) | (share <= EDGE_TOLERANCE)
    return _Cells(inside=within, k=k, upper_share=np.clip(share, 0, 1), lower_ji=lower_ji, upper_ji=upper_ji)


def is_tilted(grid: ImageGrid) -> bool:
    """Whether slices are offset from each other within their planes, as with a tilted gantry."""
    return bool(np.abs(grid.in_plane_shifts_mm).max() > SHIFT_TOLERANCE_MM)


def _in_plane(grid: ImageGrid, points_mm: Floats, k: Integers) -> Floats:
    """(2, n) continuous row and column of each point, projected on its slice along the normal."""
    axes = index_axes(grid)[1:]
    places: Floats = axes @ points_mm.T
    places -= (axes @ grid.slice_origins_mm.T)[:, k]
    return places


def _on_slice(grid: ImageGrid, ji: Floats) -> Flags:
    """(n,) whether positions are between the outer pixel centers; rounding errors beyond are clipped in place."""
    on_slice = np.ones(ji.shape[1], bool)
    for place, size in zip(ji, (grid.rows - 1, grid.columns - 1), strict=True):
        on_slice &= (place >= -EDGE_TOLERANCE) & (place <= size + EDGE_TOLERANCE)
        np.clip(place, 0, size, out=place)
    return on_slice


def box_around(grid: ImageGrid, points_mm: Floats) -> IndexBox | None:
    """Box of voxels needed to interpolate at the points inside the image; None if no point can be inside."""
    axes = index_axes(grid)
    places = axes @ points_mm.T
    known = ~np.isnan(places[0])
    if not known.any():
        return None
    places = places if known.all() else places[:, known]
    low, high = places.min(axis=1), places.max(axis=1)
    origins = axes @ grid.slice_origins_mm.T
    k = _extent_of_slices(grid, low[0], high[0])
    j = _extent(low[1] - origins[1].max(), high[1] - origins[1].min(), grid.rows)
    i = _extent(low[2] - origins[2].max(), high[2] - origins[2].min(), grid.columns)
    return IndexBox(k=k, j=j, i=i) if k and j and i else None


def _extent_of_slices(grid: ImageGrid, low_mm: float, high_mm: float) -> tuple[int, int] | None:
    """Slices between which heights lie, half-open; None if they lie beyond the outer ones."""
    positions = grid.slice_positions_mm
    slack = 0.51 * (grid.slice_spacing_mm or 1.0) if len(positions) == 1 else EDGE_TOLERANCE
    if high_mm < positions[0] - slack or low_mm > positions[-1] + slack:
        return None
    first = int(np.searchsorted(positions, low_mm - EDGE_TOLERANCE, side="right")) - 1
    last = int(np.searchsorted(positions, high_mm + EDGE_TOLERANCE, side="right"))
    return max(first, 0), min(last + 1, len(positions))


def _extent(low: float, high: float, size: int) -> tuple[int, int] | None:
    """Pixels between which positions lie along one axis, half-open; None if they lie beyond the outer ones."""
    if high < -EDGE_TOLERANCE or low > size - 1 + EDGE_TOLERANCE:
        return None
    return max(int(np.floor(low - EDGE_TOLERANCE)), 0), min(int(np.floor(high + EDGE_TOLERANCE)) + 2, size)


def interpolate(voxels: VoxelBox, grid: ImageGrid, points_mm: Floats) -> Floats:
    """Trilinear values at (n, 3) points of the image's frame; NaN beyond the outermost voxel centers.

    Between slices, interpolation runs along the normal, so that values linear in space are exact also on uneven slices
    and with a tilted gantry. Stored integers are rescaled after interpolation; a box with different rescaling per slice
    is converted as a whole only if it has fewer values than the points have coordinates.
    """
    scaled = None if is_tilted(grid) else _rescaled_alike(voxels, most=points_mm.size)
    values = np.full(len(points_mm), np.nan)
    for start in range(0, len(points_mm), CHUNK_POINTS):
        chunk = slice(start, start + CHUNK_POINTS)
        values[chunk] = (
            _slice_by_slice(voxels, grid, points_mm[chunk])
            if scaled is None
            else _at_places(scaled, *_places(grid, voxels.box, points_mm[chunk]))
        )
    return values


def _rescaled_alike(voxels: VoxelBox, most: int) -> tuple[NDArray[Any], float, float] | None:
    """Voxels with one slope and intercept for all; None if conversion would be too large."""
    if np.ptp(voxels.slope) == 0 and np.ptp(voxels.intercept) == 0:
        return voxels.stored, float(voxels.slope[0]), float(voxels.intercept[0])
    return (voxels.values(), 1.0, 0.0) if voxels.stored.size <= most else None


def _places(grid: ImageGrid, box: IndexBox, points_mm: Floats) -> tuple[Floats, Flags]:
    """(3, n) continuous slice, row and column of points in a box of aligned slices; (n,) whether inside the image."""
    axes = index_axes(grid)
    places: Floats = axes @ points_mm.T
    heights, positions = places[0].copy(), grid.slice_positions_mm
    held = _is_between(heights, positions, grid.slice_spacing_mm)
    places[0] = np.interp(heights, positions, np.arange(len(positions), dtype=np.float64))
    origins = (axes @ grid.slice_origins_mm.T)[1:]
    if np.ptp(origins, axis=1).max() <= SAME_PLACE:
        places[1:] -= origins[:, :1]
    else:
        places[1:] -= origins.take(np.nan_to_num(places[0]).astype(np.int64), axis=1)
    held &= _on_slice(grid, places[1:])
    places -= np.array([[box.k[0]], [box.j[0]], [box.i[0]]])
    return places, held


def index_axes(grid: ImageGrid) -> Floats:
    """(3, 3) maps a point to its height along the normal, mm, and its row and column relative to the origin's."""
    return np.array(
        [grid.normal, grid.column_direction / grid.row_spacing_mm, grid.row_direction / grid.column_spacing_mm]
    )


def _is_between(heights_mm: Floats, positions_mm: Floats, spacing_mm: float | None) -> Flags:
    """(n,) whether heights are between the outermost slices, or within half the thickness of a single one."""
    if len(positions_mm) == 1:
        below = above = (0.5 + EDGE_TOLERANCE) * (spacing_mm or 1.0)
    else:
        below, above = EDGE_TOLERANCE * np.diff(positions_mm)[[0, -1]]
    between: Flags = (heights_mm >= positions_mm[0] - below) & (heights_mm <= positions_mm[-1] + above)
    return between


def _at_places(scaled: tuple[NDArray[Any], float, float], places: Floats, held: Flags) -> Floats:
    """(n,) trilinear values at positions in a box of voxels; NaN outside the image."""
    from scipy.ndimage import map_coordinates  # noqa: PLC0415 - costs start-up time

    voxels, slope, intercept = scaled
    values: Floats = map_coordinates(voxels, places, output=np.float64, order=1, mode="nearest", prefilter=False)
    values *= slope
    values += intercept
    values[~held] = np.nan
    return values


def _slice_by_slice(voxels: VoxelBox, grid: ImageGrid, points_mm: Floats) -> Floats:
    """(n,) the same for offset slices, or for slices rescaled differently."""
    cells = _cells(grid, points_mm)
    some = cells.inside
    k = cells.k[some]
    above = np.minimum(k + 1, len(grid.slice_origins_mm) - 1)
    share = cells.upper_share[some]
    lower = _bilinear(voxels, k, cells.lower_ji[:, some])
    upper = _bilinear(voxels, above, cells.upper_ji[:, some])
    result = np.full(len(some), np.nan)
    result[some] = (1 - share) * lower + share * upper
    return result


def _bilinear(voxels: VoxelBox, k: Integers, ji: Floats) -> Floats:
    """Values on slices `k` of the image at rows and columns `ji`, (2, n), rescaled."""
    slices, rows, columns = voxels.stored.shape
    local = k - voxels.box.k[0]
    j, i = ji[0] - voxels.box.j[0], ji[1] - voxels.box.i[0]
    row, column = np.minimum(j.astype(np.int64), rows - 1), np.minimum(i.astype(np.int64), columns - 1)
    down, along = j - row, i - column
    right, below = (column < columns - 1).astype(np.int64), columns * (row < rows - 1).astype(np.int64)
    stored, corner = voxels.stored.reshape(slices * rows * columns), (local * rows + row) * columns + column
    top = (1 - along) * stored[corner] + along * stored[corner + right]
    corner += below
    foot = (1 - along) * stored[corner] + along * stored[corner + right]
    raw = (1 - down) * top + down * foot
    rescaled: Floats = raw * voxels.slope[local] + voxels.intercept[local]
    return rescaled
