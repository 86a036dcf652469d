"""Three still pictures through the gross target: target contours over the planning image, with PET in color.

In pictures across the contour planes, the outline is that of the voxels inside, so slices show as steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.cores import run_all
from rtcomplexity.geometry.stack.runs import plane_of_slices
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.pictures.directions import SIDES, letters, plane_of
from rtcomplexity.pictures.raster import colored, png, with_lines
from rtcomplexity.pictures.scene import Still
from rtcomplexity.pictures.slices import in_pixels, middle_slice, sentence_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats
    from rtcomplexity.pictures.region import Shown, View
    from rtcomplexity.pictures.uptake import Uptake

    Lines = list[tuple[Floats, str]]

LARGEST: Final = 640
"""Longer side of a still, pixels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cut:
    """A plane through the box: pixels, uptake and lines in picture axes (right, down)."""

    grays: NDArray[np.uint8]
    share: Floats | None
    lines: Lines
    """In pixels of `grays`, with pixel centers at integers."""
    step_mm: tuple[float, float]
    """Size of a pixel: right, down."""
    right: Floats
    down: Floats
    names: tuple[str, ...]
    where: str


def draw_planes(
    view: View, grays: NDArray[np.uint8], uptake: Uptake | None, *, cores: int = 1
) -> tuple[tuple[Still, ...], dict[str, bytes]]:
    """Draw the slice plane and two planes across it through the gross target, on several cores."""
    cuts: dict[str, _Cut] = {}
    for cut in (_slice_cut(view, grays, uptake), *_across(view, grays, uptake)):
        cuts.setdefault(plane_of(np.cross(cut.right, cut.down)), cut)
    drawn = run_all([partial(_drawn, cut) for cut in cuts.values()], cores)
    stills = tuple(
        Still.model_validate({"file": f"{name}.png", "title": name.capitalize(), "alt": _alt(name, cut, uptake)})
        for name, cut in cuts.items()
    )
    return stills, {still.file: picture for still, picture in zip(stills, drawn, strict=True)}


def _alt(name: str, cut: _Cut, uptake: Uptake | None) -> str:
    """Alternative text of a picture."""
    left, _, top, _ = letters(cut.right, cut.down)
    overlay = f" {uptake.caption}." if uptake is not None else ""
    return (
        f"{name.capitalize()} picture of the planning image {cut.where}, with the outlines of "
        f"{sentence_of(cut.names)}.{overlay} Left of the picture: the patient's {SIDES[left]}; top: {SIDES[top]}."
    )


def _drawn(cut: _Cut) -> bytes:
    """A picture as PNG."""
    from PIL import Image as pillow  # noqa: N813, PLC0415 - importing the package stays quick

    rows, columns = cut.grays.shape
    size_mm = np.array([columns, rows]) * cut.step_mm
    width, height = (np.maximum(np.rint(size_mm * (LARGEST / size_mm.max())), 1)).astype(int).tolist()
    base = pillow.fromarray(cut.grays).resize((width, height), pillow.Resampling.BICUBIC).convert("RGBA")
    if cut.share is not None:
        colors = pillow.fromarray(colored(cut.share)).resize((width, height), pillow.Resampling.BILINEAR)
        base = pillow.alpha_composite(base, colors)
    scale = np.array([width / columns, height / rows])
    lines = [((points + 0.5) * scale, colour) for points, colour in cut.lines]
    return png(with_lines(base, lines, letters=letters(cut.right, cut.down)))


def _slice_cut(view: View, grays: NDArray[np.uint8], uptake: Uptake | None) -> _Cut:
    """The slice with the largest area of the gross target."""
    grid, box, k = view.grid, view.box, middle_slice(view)
    drawn = [each for each in view.targets if plane_of_slices(each.stack, grid.slice_positions_mm[[k]])[0] >= 0]
    nearest = int(np.argmin(np.abs(view.slices - k)))
    return _Cut(
        grays=grays[k - box.k[0]],
        share=None if uptake is None else uptake.share[nearest],
        lines=[(line, each.colour) for each in reversed(drawn) for line in _outlines(each, view, k)],
        step_mm=(grid.column_spacing_mm, grid.row_spacing_mm),
        right=grid.row_direction,
        down=grid.column_direction,
        names=tuple(each.name for each in drawn),
        where="where the gross target is largest",
    )


def _outlines(shown: Shown, view: View, k: int) -> Iterator[Floats]:
    """Contours of an ROI on a slice, in pixels of the box."""
    plane = int(plane_of_slices(shown.stack, view.grid.slice_positions_mm[[k]])[0])
    for polygon in shown.stack.plane_polygons(plane):
        yield in_pixels(polygon, view.grid, k) - [view.box.i[0], view.box.j[0]]


def _across(view: View, grays: NDArray[np.uint8], uptake: Uptake | None) -> Iterator[_Cut]:
    """Two planes across the slices, through the middle of the gross target's voxels."""
    grid = view.grid
    spacing = grid.slice_spacing_mm
    masks = [(each, mask) for each in view.targets if (mask := _mask(each, view)) is not None and mask.any()]
    gross = [mask for each, mask in masks if each in view.gross]
    if not gross or spacing is None or grays.shape[0] < 2:
        return
    middle = np.rint(np.argwhere(np.logical_or.reduce(gross)).mean(axis=0)).astype(int)
    is_up = grid.normal[np.argmax(np.abs(grid.normal))] > 0
    for axis, direction, step in (
        (1, grid.row_direction, grid.column_spacing_mm),
        (2, grid.column_direction, grid.row_spacing_mm),
    ):
        cuts = [(each, np.take(mask, middle[axis], axis=axis)) for each, mask in masks]
        yield _Cut(
            grays=_up(np.take(grays, middle[axis], axis=axis), is_up=is_up),
            share=None if uptake is None else _up(_share_across(uptake, view, axis, int(middle[axis])), is_up=is_up),
            lines=[(line, s.colour) for s, cut in reversed(cuts) for line in _mask_outlines(_up(cut, is_up=is_up))],
            step_mm=(step, spacing),
            right=direction,
            down=-grid.normal if is_up else grid.normal,
            names=tuple(each.name for each, cut in cuts if cut.any()),
            where="through the middle of the gross target",
        )


def _up(picture: NDArray[Any], *, is_up: bool) -> NDArray[Any]:
    """Flip a picture with slices as rows so that the head (or the front, or the left) is up."""
    return np.ascontiguousarray(picture[::-1] if is_up else picture)


def _mask(shown: Shown, view: View) -> Flags | None:
    """Voxels of an ROI in the box; None if it has none."""
    try:
        runs = shown.context.runs
    except NotMeasurableError:
        return None
    held = runs.box()
    if runs.count == 0:
        return None
    box = view.box
    own = runs.mask(held)
    mask = np.zeros(box.shape, bool)
    into, out = [], []
    for extent, part in zip((box.k, box.j, box.i), held, strict=True):
        first, stop = max(extent[0], part.start), min(extent[1], part.stop)
        into.append(slice(first - extent[0], max(stop, first) - extent[0]))
        out.append(slice(first - part.start, max(stop, first) - part.start))
    mask[tuple(into)] = own[tuple(out)]
    return mask


def _mask_outlines(mask: Flags) -> list[Floats]:
    """Outlines of a mask, in its pixels."""
    from skimage.measure import find_contours  # noqa: PLC0415 - importing the package stays quick

    find: Any = find_contours
    return [line[:-1, ::-1] - 1 for line in find(np.pad(mask, 1).astype(np.float32), 0.5) if len(line) > 3]


def _share_across(uptake: Uptake, view: View, axis: int, middle: int) -> Floats:
    """(K, n) uptake on the plane, taken from the nearest sampled slice."""
    positions, origin = (uptake.j, view.box.j[0]) if axis == 1 else (uptake.i, view.box.i[0])
    nearest = int(np.argmin(np.abs(positions - origin - middle)))
    plane = np.take(uptake.share, nearest, axis=axis)
    k = np.arange(*view.box.k)
    return np.asarray(plane[np.argmin(np.abs(view.slices[None, :] - k[:, None]), axis=1)])
