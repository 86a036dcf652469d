"""Whether a picture may show a face, by which a person can be recognized without any name.

A conservative guess from the images, the ROIs and the width of the body.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.dicom.pixels import IndexBox
from rtcomplexity.errors import InputDataError

if TYPE_CHECKING:
    from rtcomplexity.dicom.pixels import SeriesPixels
    from rtcomplexity.pictures.region import View

BODY_HU: Final = -300.0
NARROW_MM: Final = 260.0
"""A chest, abdomen or pelvis with its soft tissue is wider; a head and neck is not."""
_HEAD_PARTS: Final = re.compile(r"HEAD|BRAIN|SKULL|NECK|FACE|ORBIT|SINUS|JAW|HNC?\b|C-?SPINE", re.IGNORECASE)
_HEAD_ORGANS: Final = re.compile(
    r"\beye|lens|optic|chiasm|brain|cochlea|pituitar|parotid|mandib|lacrimal|retina|oral|tongue|larynx|lips?\b|skull",
    re.IGNORECASE,
)


def may_show_face(pixels: SeriesPixels | None, view: View) -> bool:
    """Whether the head may be in the pictures."""
    if pixels is None:
        return False
    series = pixels.series
    if _HEAD_PARTS.search(series.body_part) or any(_HEAD_ORGANS.search(each.roi.name) for each in view.organs):
        return True
    return series.modality == "CT" and any(_is_narrow(pixels, k) for k in _probes(view))


def _probes(view: View) -> tuple[int, ...]:
    """First, middle and last slice shown."""
    return tuple(dict.fromkeys(int(view.slices[n]) for n in (0, len(view.slices) // 2, -1)))


def _is_narrow(pixels: SeriesPixels, k: int) -> bool:
    """Whether the body is narrow on a slice."""
    grid = pixels.series.grid
    box = IndexBox(k=(k, k + 1), j=(0, grid.rows), i=(0, grid.columns))
    try:
        body = pixels.read(box).values()[0] > BODY_HU
    except InputDataError:
        return True
    columns = np.flatnonzero(body.sum(axis=0) * grid.row_spacing_mm > 40)
    rows = np.flatnonzero(body.sum(axis=1) * grid.column_spacing_mm > 40)
    width = max(
        np.ptp(columns, axis=0) * grid.column_spacing_mm if len(columns) else 0.0,
        np.ptp(rows, axis=0) * grid.row_spacing_mm if len(rows) else 0.0,
    )
    return bool(width < NARROW_MM)
