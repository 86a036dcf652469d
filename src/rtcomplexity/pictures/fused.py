"""Each secondary image set with the planning image on one slice: fused, and with the planning image's edges.

Left, both together: a PET in color over the planning image, any other image as a checkerboard with it. Right, the other
image alone with the edges of the planning image on it: if the registration holds, they coincide with its own. Works on
image sets and point maps; measurements of a registration are passed in as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.sampling import sample
from rtcomplexity.fusion.tied_images import in_order_of_choice
from rtcomplexity.model.case import ImageRole
from rtcomplexity.pictures.directions import SIDES, letters, plane_of
from rtcomplexity.pictures.raster import colored, gray, png, with_lines
from rtcomplexity.pictures.scene import FUSED_FILES, Still
from rtcomplexity.pictures.slices import middle_slice
from rtcomplexity.pictures.uptake import points_mm, windowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.model.arrays import Flags, Floats
    from rtcomplexity.pictures.region import View

PANEL: Final = 400
"""Longer side of each half, pixels."""
GAP: Final = 8
SQUARE_MM: Final = 20.0
EDGE_MM: Final = 1.5
"""Standard deviation of the Gaussian before edge detection."""
EDGE_PERCENTILE: Final = 88.0
"""Edges are steeper than this percentage of the picture."""
EDGE_COLOR: Final = (255, 225, 60, 255)


def draw_fused(
    view: View, grays: NDArray[np.uint8], images: CaseImages, checks: Mapping[str, str]
) -> tuple[tuple[Still, ...], dict[str, bytes]]:
    """One picture for each modality of the secondary sets, of its preferred set.

    Parameters
    ----------
    grays
        The planning image in the view's box, 0 to 255.
    checks
        What the record states on each set's registration, by subject; may be missing.
    """
    stills, files = [], {}
    for tied, file in _chosen(images):
        values = _values(view, images, tied)
        if values is None:
            continue
        files[file] = _drawn(view, grays, values, tied)
        stills.append(_still(view, tied, file, checks.get(tied.subject, "")))
    return tuple(stills), files


def _chosen(images: CaseImages) -> Iterator[tuple[TiedImage, str]]:
    """The preferred secondary set of each modality, with its file name."""
    secondary = [one for one in images.tied if one.image_set.role is ImageRole.SECONDARY and one.point_map is not None]
    for modality, file in FUSED_FILES.items():
        ranked = (*in_order_of_choice(secondary, modality), *(o for o in secondary if o.image_set.modality == modality))
        if ranked:
            yield ranked[0], file


def _values(view: View, images: CaseImages, tied: TiedImage) -> Floats | None:
    """(J, I) values of the other image at the planning image's pixels in the box; None if it has none there."""
    assert tied.point_map is not None
    rows, columns = (np.arange(*extent, dtype=np.float64) for extent in (view.box.j, view.box.i))
    points = points_mm(view.grid, np.array([middle_slice(view)]), rows, columns)
    try:
        values = sample(images.pixels_of(tied.series), tied.point_map(points), factor=tied.factor)
    except InputDataError:
        return None
    return None if np.isnan(values).all() else values.reshape(len(rows), len(columns))


def _drawn(view: View, grays: NDArray[np.uint8], values: Floats, tied: TiedImage) -> bytes:
    """The picture of one image set."""
    from PIL import Image as pillow  # noqa: N813, PLC0415 - importing the package stays quick

    planning = grays[middle_slice(view) - view.box.k[0]]
    low, high = np.nanpercentile(values, (1, 99.5)).tolist()
    other = gray(np.nan_to_num(values, nan=low), (low, max(high, low + 1e-6)))
    both = _overlaid(planning, values, tied) if tied.series.modality == "PT" else _squares(planning, other, view)
    halves = [_sized(half, view) for half in (both, _with_edges(other, planning, view))]
    sheet = pillow.new("RGB", (halves[0].width * 2 + GAP, halves[0].height))
    sheet.paste(halves[0], (0, 0))
    sheet.paste(halves[1], (halves[0].width + GAP, 0))
    sides = letters(view.grid.row_direction, view.grid.column_direction)
    return png(with_lines(sheet, [], letters=sides))


def _sized(picture: NDArray[np.uint8], view: View):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Pillow image
    """A picture resized to the panel."""
    from PIL import Image as pillow  # noqa: N813, PLC0415

    size_mm = np.array([picture.shape[1] * view.grid.column_spacing_mm, picture.shape[0] * view.grid.row_spacing_mm])
    width, height = np.maximum(np.rint(size_mm * (PANEL / size_mm.max())), 1).astype(int).tolist()
    return pillow.fromarray(picture).resize((width, height), pillow.Resampling.BICUBIC)


def _overlaid(planning: NDArray[np.uint8], values: Floats, tied: TiedImage) -> NDArray[np.uint8]:
    """The planning image with a PET in color over it."""
    share, _ = windowed(values, is_suvbw=tied.factor is not None)
    return _painted(planning, colored(share))


def _squares(planning: NDArray[np.uint8], other: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """A checkerboard of the planning image and another."""
    rows, columns = np.indices(planning.shape)
    numbers = (rows * view.grid.row_spacing_mm) // SQUARE_MM + (columns * view.grid.column_spacing_mm) // SQUARE_MM
    mixed = np.where(numbers % 2 == 0, planning, other)
    return np.repeat(mixed[..., None], 3, axis=2)


def _with_edges(other: NDArray[np.uint8], planning: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """An image with the edges of the planning image on it."""
    layer = np.zeros((*planning.shape, 4), np.uint8)
    layer[edges_of(planning, (view.grid.row_spacing_mm, view.grid.column_spacing_mm))] = EDGE_COLOR
    return _painted(other, layer)


def _painted(below: NDArray[np.uint8], layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(J, I, 3) gray picture with a colored layer over it."""
    opacity = layer[..., 3:].astype(np.float64) / 255
    mixed = below[..., None] * (1 - opacity) + layer[..., :3] * opacity
    painted: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return painted


def edges_of(picture: NDArray[np.uint8], spacing_mm: tuple[float, float]) -> Flags:
    """(J, I) pixels on edges: steeper than most, and than their neighbors across the edge."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - costs start-up time

    smooth = gaussian_filter(picture.astype(np.float64), [EDGE_MM / step for step in spacing_mm])
    down, right = np.gradient(smooth, *spacing_mm)
    steepness = np.hypot(down, right)
    rows, columns = ([np.roll(steepness, shift, axis) for shift in (1, -1)] for axis in (0, 1))
    across = np.where(np.abs(down) >= np.abs(right), np.maximum(*rows), np.maximum(*columns))
    found: Flags = (steepness >= across) & (steepness > np.percentile(steepness, EDGE_PERCENTILE))
    return found


def _still(view: View, tied: TiedImage, file: str, check: str) -> Still:
    """Title and alternative text of the picture of one image set."""
    _, modality, number = tied.subject.split(":")
    name, sides = f"{modality} {number}", letters(view.grid.row_direction, view.grid.column_direction)
    together = "in color over" if modality == "PT" else "in squares that alternate with"
    plane = plane_of(view.grid.normal)
    alt = (
        f"Two {plane} pictures where the gross target is largest. Left: {name} {together} the planning image. Right: "
        f"{name} with the edges of the planning image in yellow. Left of each picture: the patient's "
        f"{SIDES[sides[0]]}; top: {SIDES[sides[2]]}.{f' {check}' if check else ''}"
    )
    title = f"{name}: fused with the planning image; edges of the planning image on it.{f' {check}' if check else ''}"
    return Still.model_validate({"file": file, "title": title, "alt": alt})
