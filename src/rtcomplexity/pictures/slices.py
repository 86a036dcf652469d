"""The slice viewer: tiles of the planning image, tiles of uptake, and contours in tile pixels.

Works on a view and its voxels; knows no report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.stack.runs import Lattice, plane_of_slices
from rtcomplexity.pictures.directions import SIDES, letters, plane_of
from rtcomplexity.pictures.raster import atlas, colored, jpeg, png
from rtcomplexity.pictures.scene import CT_ATLAS, UPTAKE_ATLAS, Outline, Slices, Structure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from rtcomplexity.model.arrays import Floats, Integers
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.pictures.region import Shown, View
    from rtcomplexity.pictures.uptake import Uptake

LARGEST_TILE: Final = 320
FINEST_PER_PIXEL: Final = 2.0
COLUMNS: Final = 8
TENTHS: Final = 10


class Tile:
    """Size of a tile, and the mapping from image pixels to tile pixels."""

    def __init__(self, view: View) -> None:
        grid, box = view.grid, view.box
        width_mm = (box.i[1] - box.i[0]) * grid.column_spacing_mm
        height_mm = (box.j[1] - box.j[0]) * grid.row_spacing_mm
        finest = FINEST_PER_PIXEL / min(grid.column_spacing_mm, grid.row_spacing_mm)
        scale = min(LARGEST_TILE / max(width_mm, height_mm), finest)
        self.width = max(round(width_mm * scale), 1)
        self.height = max(round(height_mm * scale), 1)
        self._origin = np.array([box.i[0] - 0.5, box.j[0] - 0.5])
        self._scale = np.array([self.width / (box.i[1] - box.i[0]), self.height / (box.j[1] - box.j[0])])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.width, self.height

    def points(self, column_row: Floats) -> Floats:
        """(n, 2) positions in the tile for (column, row) positions in the image."""
        moved: Floats = (column_row - self._origin) * self._scale
        return moved


def draw_slices(view: View, grays: NDArray[np.uint8], uptake: Uptake | None) -> tuple[Slices, dict[str, bytes]]:
    """Draw the atlases of the planning image and of uptake."""
    from PIL import Image as pillow  # noqa: N813, PLC0415 - importing the package stays quick

    tile, first = Tile(view), view.box.k[0]
    columns = min(COLUMNS, len(view.slices))
    tiles = [pillow.fromarray(grays[k - first]).resize(tile.size, pillow.Resampling.BICUBIC) for k in view.slices]
    files = {CT_ATLAS: jpeg(atlas(tiles, columns))}
    if uptake is not None:
        files[UPTAKE_ATLAS] = png(atlas(_uptake_tiles(uptake), columns))
    return _described(view, tile, columns), files


def _uptake_tiles(uptake: Uptake) -> list[Image]:
    """Tiles of uptake."""
    from PIL import Image as pillow  # noqa: N813, PLC0415

    return [pillow.fromarray(colored(share)) for share in uptake.share]


def _described(view: View, tile: Tile, columns: int) -> Slices:
    """Layout and labels of the viewer."""
    sides = letters(view.grid.row_direction, view.grid.column_direction)
    name = plane_of(view.grid.normal)
    return Slices(
        width=tile.width,
        height=tile.height,
        columns=columns,
        labels=tuple(f"slice {k + 1} of {len(view.grid.slice_origins_mm)}" for k in view.slices),
        first=int(np.argmin(np.abs(view.slices - middle_slice(view)))),
        left=sides[0],
        top=sides[2],
        caption=(
            f"{name.capitalize()} slices round the targets; the left of the picture is the patient's {SIDES[sides[0]]}."
        ),
    )


def middle_slice(view: View) -> int:
    """The slice with the largest total area of the gross targets."""
    areas = np.zeros(len(view.grid.slice_origins_mm))
    for each in view.gross:
        planes = plane_of_slices(each.stack, view.grid.slice_positions_mm)
        areas += np.where(planes >= 0, each.stack.plane_areas_mm2[np.maximum(planes, 0)], 0.0)
    return int(np.argmax(areas))


def structures_of(view: View) -> tuple[Structure, ...]:
    """Contours of every ROI shown, on the slices of the viewer."""
    return tuple(
        Structure(
            number=each.roi.number,
            name=each.name,
            target_class=each.roi.target_class.value,
            layer="targets" if each.is_target else "organs",
            colour=each.colour,
            outlines=tuple(_outlines(each, view)) if view.planning is not None else (),
        )
        for each in view.shown
    )


def _outlines(shown: Shown, view: View) -> Iterator[Outline]:
    """Contours of one ROI on the slices of the viewer."""
    tile = Tile(view)
    planes = plane_of_slices(shown.stack, view.grid.slice_positions_mm[view.slices])
    for number, (k, plane) in enumerate(zip(view.slices, planes, strict=True)):
        if plane < 0:
            continue
        for polygon in shown.stack.plane_polygons(int(plane)):
            points = np.rint(tile.points(in_pixels(polygon, view.grid, int(k))) * TENTHS).astype(int)
            kept = _without_repeats(points)
            if len(kept) > 2:
                yield Outline(slice=number, points=tuple(kept.ravel().tolist()))


def in_pixels(points_mm: Floats, grid: ImageGrid, k: int) -> Floats:
    """(n, 2) column and row on slice `k` of points (u, v), mm."""
    lattice = Lattice.of_grid(grid, k)
    pixels: Floats = (points_mm - [lattice.u0_mm, lattice.v0_mm]) / [
        lattice.column_spacing_mm,
        lattice.row_spacing_mm,
    ]
    return pixels


def _without_repeats(points: Integers) -> Integers:
    """Drop vertices closer than half a pixel to the preceding one."""
    if len(points) < 2:
        return points
    keep, (last_u, last_v) = [0], points[0].tolist()
    for number, (u, v) in enumerate(points.tolist()):  # plain numbers: arrays take ten times as long
        if max(abs(u - last_u), abs(v - last_v)) >= TENTHS // 2:
            keep.append(number)
            last_u, last_v = u, v
    return points[keep]


def sentence_of(names: Sequence[str]) -> str:
    """Join names with commas and "and".

    Examples
    --------
    >>> sentence_of(["GTV 1", "CTV 2", "PTV 3"])
    'GTV 1, CTV 2 and PTV 3'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"
