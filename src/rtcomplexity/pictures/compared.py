"""The slice viewer of a comparison: both contours of each pair on every plane, optionally over the planning image.

Works on pairs of ROIs and an image; knows no report. Contours are paths in tenths of a millimeter, thinned until all of
them fit into a page; anything that cannot be drawn is omitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.plane_pictures import compared_planes, thinned
from rtcomplexity.dicom.pixels import IndexBox, SeriesPixels
from rtcomplexity.errors import InputDataError
from rtcomplexity.geometry.orientation import PARALLEL
from rtcomplexity.geometry.stack.runs import Lattice
from rtcomplexity.pictures.directions import SIDES, letters, plane_of
from rtcomplexity.pictures.raster import atlas, gray, jpeg, window_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.compare.delineation import ComparedPair
    from rtcomplexity.compare.plane_pictures import ComparedPlane
    from rtcomplexity.dicom.pixels import VoxelBox
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats, Integers
    from rtcomplexity.model.image import ImageGrid, ImageSeries
    from rtcomplexity.settings import Settings

    Polygons = Sequence[Floats]

TENTHS: Final = 10
MARGIN_MM: Final = 8.0
MOST_POINTS: Final = 150_000
"""Limit for all contours of a page together: about a megabyte."""
FINEST_MM: Final = 0.1
MOST_TILE: Final = 256
"""Longer side of an image tile, pixels."""
MOST_PIXELS: Final = 12_000_000
"""Limit for all tiles of a page together: about two megabytes as JPEG."""
COLUMNS: Final = 8
WINDOW_STRIDE: Final = 2
"""Every n-th pixel in each direction is used to choose black and white."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Slices of the planning image, arranged row by row."""

    content: bytes
    """JPEG."""
    columns: int
    rows: int
    place: tuple[int, int, int, int]
    """Position of a tile: left, top, width, height, tenths of a millimeter."""
    tile_of_plane: tuple[int, ...]
    """Tile of each plane; -1 without a slice."""
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSlices:
    """The planes of one pair."""

    view: tuple[int, int, int, int]
    """Left, top, width, height, tenths of a millimeter."""
    labels: tuple[str, ...]
    """Text for each plane."""
    first: tuple[str, ...]
    """Path of the first contours on each plane."""
    second: tuple[str, ...]
    start: int
    """The plane with the largest difference."""
    sides: tuple[str, str, str, str]
    """Letters of the left, right, upper and lower side."""
    caption: str
    tiles: Tiles | None = None


def pair_slices(
    pairs: Sequence[ComparedPair], image: ImageSeries | None, settings: Settings
) -> tuple[PairSlices | None, ...]:
    """Draw the planes of every pair that differs anywhere; None for the others.

    Parameters
    ----------
    pairs
        Compared ROIs.
    image
        The planning image, if its slices are to be shown.
    settings
        Limits.
    """
    drawn = [() if pair.is_unedited else _differing(compared_planes(pair)) for pair in pairs]
    step_mm = _step(drawn)
    pixels = None if image is None else SeriesPixels(series=image, settings=settings)
    shown = sum(len(planes) for planes in drawn)
    return tuple(
        _slices(pair, planes, step_mm, pixels, MOST_PIXELS // max(shown, 1)) if planes else None
        for pair, planes in zip(pairs, drawn, strict=True)
    )


def _differing(planes: tuple[ComparedPlane, ...]) -> tuple[ComparedPlane, ...]:
    """The planes, if any of them differs."""
    return planes if any(plane.difference_mm2 > 0 for plane in planes) else ()


def _step(drawn: Sequence[Sequence[ComparedPlane]]) -> float:
    """Smallest distance between vertices at which all contours fit, mm."""
    every = [polygon for planes in drawn for plane in planes for polygon in (*plane.first, *plane.second)]
    step = FINEST_MM
    lengths = np.array([_length(polygon) for polygon in every])
    counts = np.array([len(polygon) for polygon in every])
    while every and np.minimum(counts, lengths / step + 3).sum() > max(MOST_POINTS, 4 * len(every)):
        step *= 2
    return step


def _length(polygon: Floats) -> float:
    """Perimeter of a closed polygon."""
    return float(np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T).sum())


def _slices(
    pair: ComparedPair, planes: tuple[ComparedPlane, ...], step_mm: float, pixels: SeriesPixels | None, most: int
) -> PairSlices:
    """The slice viewer of one pair."""
    stack = pair.stacks[0]
    every = np.concatenate([polygon for plane in planes for polygon in (*plane.first, *plane.second)])
    box = np.stack([every.min(axis=0) - MARGIN_MM, every.max(axis=0) + MARGIN_MM])
    sides = letters(stack.u_axis, stack.v_axis)
    name = plane_of(stack.normal).capitalize()
    return PairSlices(
        view=_tenths(box[0], box[1]),
        labels=tuple(plane.text for plane in planes),
        first=tuple(outlines(plane.first, step_mm) for plane in planes),
        second=tuple(outlines(plane.second, step_mm) for plane in planes),
        start=int(np.argmax([plane.difference_mm2 for plane in planes])),
        sides=sides,
        caption=f"{name} planes; the left of the picture is the patient's {SIDES[sides[0]]}.",
        tiles=None if pixels is None else _tiles(stack, planes, box, pixels, most),
    )


def _tenths(low: Floats, high: Floats) -> tuple[int, int, int, int]:
    """Left, top, width and height of a box, tenths of a millimeter."""
    left, top = np.rint(TENTHS * low).astype(int).tolist()
    right, bottom = np.rint(TENTHS * high).astype(int).tolist()
    return left, top, right - left, bottom - top


def outlines(polygons: Polygons, step_mm: float) -> str:
    """Closed polygons (n, 2), mm, as SVG path data in tenths of a millimeter.

    Examples
    --------
    >>> outlines([np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])], 0.1)
    'M0,0l10,0 0,20z'
    """
    return "".join(map(_outline, (thinned(polygon, step_mm) for polygon in polygons)))


def _outline(polygon: Floats) -> str:
    """One polygon as relative moves; repeated points are dropped."""
    points = np.rint(TENTHS * polygon).astype(int)
    moves = np.diff(points, axis=0)
    moves = moves[(moves[:, 0] != 0) | (moves[:, 1] != 0)]
    return f"M{points[0, 0]},{points[0, 1]}l{' '.join(f'{u},{v}' for u, v in moves.tolist())}z"


def _tiles(
    stack: PlaneStack, planes: tuple[ComparedPlane, ...], box: Floats, pixels: SeriesPixels, most: int
) -> Tiles | None:
    """Slices of the image under the planes; None if they are not parallel or the image cannot be read."""
    grid = pixels.series.grid
    if not _is_along(stack, grid):
        return None
    slices = _slices_under(np.array([plane.position_mm for plane in planes]), grid)
    slices[np.isin(slices, pixels.series.ambiguous_slices)] = -1
    shown, lattice = np.unique(slices[slices >= 0]), Lattice.of_grid(grid)
    j, i = _extents(box, lattice)
    if not len(shown) or j[0] >= j[1] or i[0] >= i[1]:
        return None
    try:
        voxels = pixels.read(IndexBox(k=(int(shown[0]), int(shown[-1]) + 1), j=j, i=i))
    except (InputDataError, OSError):
        return None
    place, columns = _place(lattice, j, i), min(COLUMNS, len(shown))
    tile = np.full(len(grid.slice_positions_mm) + 1, -1)  # the last entry is for no slice
    tile[shown] = np.arange(len(shown))
    window = window_of(_values(voxels, shown - shown[0], WINDOW_STRIDE), pixels.series.modality)
    unit = " HU" if pixels.series.modality == "CT" else ""
    return Tiles(
        content=_atlas((gray(_values(voxels, [k]), window)[0] for k in shown - shown[0]), place[2:], columns, most),
        columns=columns,
        rows=-(-len(shown) // columns),
        place=place,
        tile_of_plane=tuple(tile[slices].tolist()),
        caption=f"{pixels.series.modality}, black at {window[0]:g}{unit}, white at {window[1]:g}{unit}.",
    )


def _values(voxels: VoxelBox, slices: Sequence[int] | Integers, stride: int = 1) -> Floats:
    """Rescaled values of some slices; one at a time to save memory."""
    slope, intercept = voxels.slope[slices, None, None], voxels.intercept[slices, None, None]
    return np.asarray(voxels.stored[slices, ::stride, ::stride] * slope + intercept)


def _place(lattice: Lattice, j: tuple[int, int], i: tuple[int, int]) -> tuple[int, int, int, int]:
    """Position of rows and columns of an image, to the outer edges of their pixels."""
    spacing = np.array([lattice.column_spacing_mm, lattice.row_spacing_mm])
    origin = np.array([lattice.u0_mm, lattice.v0_mm])
    low, high = (origin + (np.array(ends) - 0.5) * spacing for ends in zip(i, j, strict=True))
    return _tenths(low, high)


def _is_along(stack: PlaneStack, grid: ImageGrid) -> bool:
    """Whether (u, v) of a stack are columns and rows of an image."""
    pairs = ((stack.u_axis, grid.row_direction), (stack.v_axis, grid.column_direction))
    return all(float(own @ other) > PARALLEL for own, other in pairs)


def _slices_under(positions_mm: Floats, grid: ImageGrid) -> Integers:
    """(P,) slice nearest to each plane; -1 if none is within half a slice."""
    every = grid.slice_positions_mm
    nearest = np.abs(positions_mm[:, None] - every).argmin(axis=1)
    reach = (np.median(np.diff(every)) if len(every) > 1 else 1.0) / 2
    return np.where(np.abs(every[nearest] - positions_mm) <= reach, nearest, -1)


def _extents(box: Floats, lattice: Lattice) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns covered by a box, clipped to the image."""
    origin, spacing = [lattice.u0_mm, lattice.v0_mm], [lattice.column_spacing_mm, lattice.row_spacing_mm]
    low, high = np.rint((box - origin) / spacing).astype(int).tolist()
    return (max(low[1], 0), min(high[1] + 1, lattice.rows)), (max(low[0], 0), min(high[0] + 1, lattice.columns))


def _atlas(grays: Iterable[NDArray[np.uint8]], size: tuple[int, int], columns: int, most: int) -> bytes:
    """Tiles in the proportions of the box, within the limit on pixels."""
    from PIL import Image as pillow  # noqa: N813, PLC0415 - importing the package stays quick

    longest = min(MOST_TILE, most**0.5)
    width, height = np.maximum(np.rint(np.array(size) * longest / max(size)), 1).astype(int).tolist()
    tiles = [pillow.fromarray(each).resize((width, height), pillow.Resampling.BICUBIC) for each in grays]
    return jpeg(atlas(tiles, columns))
