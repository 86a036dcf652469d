# ruff: noqa: INP001 -- run as a script
"""Fuzzes reading: a file is parsed, its plan put together, its pixels and its SUV read.

``python fuzz/read_plans.py [libFuzzer options] CORPUS``; ``make fuzz`` bounds it. Only the made file is indexed anew,
and of pydicom only what parses is watched, so that tries are many.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(
    include=["rtcomplexity.case", "rtcomplexity.dicom", "pydicom.filereader", "pydicom.values"]
):
    import rtcomplexity.dicom.registration  # noqa: F401 -- imported where it is needed, too late to be instrumented
    from rtcomplexity.case.reader import read_case
    from rtcomplexity.dicom.index import FileIndex, index_files
    from rtcomplexity.dicom.linkage import read_links
    from rtcomplexity.dicom.pixels import IndexBox, SeriesPixels
    from rtcomplexity.dicom.suv import read_suv_scale
    from rtcomplexity.errors import NoInputError, RtComplexityError
    from rtcomplexity.settings import Settings

from harness import fuzz, limits

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.model.image import ImageSeries

SETTINGS = Settings(**limits())
KINDS = ("structure_sets", "plans", "images", "registrations", "others")


@cache
def without(folder: Path, name: str) -> FileIndex:
    """Index of the plan without one of its files."""
    return index_files([path for path in sorted(folder.rglob("*.dcm")) if path != folder / name], settings=SETTINGS)


def index_of(folder: Path, name: str) -> FileIndex:
    """Index of the plan, of which one file is new."""
    rest = without(folder, name)
    try:
        new = index_files([folder / name], settings=SETTINGS)
    except NoInputError:
        return rest
    return FileIndex(**{kind: getattr(rest, kind) + getattr(new, kind) for kind in KINDS}, issues=new.issues)


def read_all(series: ImageSeries) -> None:
    """Read all pixels of the series that the file is of, and its SUV if it is a PET."""
    grid = series.grid
    box = IndexBox(k=(0, len(series.paths)), j=(0, grid.rows), i=(0, grid.columns))
    if series.modality == "PT":
        read_suv_scale(series, SETTINGS)
    SeriesPixels(series=series, settings=SETTINGS).read(box)


def one_plan(folder: Path, name: str, _whole: bool) -> None:  # noqa: FBT001 -- the harness calls it so
    """Read a plan, as far as it can be read."""
    read_links(folder / name, settings=SETTINGS, hashed=False)
    case = read_case(index_of(folder, name), settings=SETTINGS)
    for image_set in case.image_sets:
        for series in image_set.series:
            if folder / name in series.paths:
                read_all(series)


if __name__ == "__main__":
    fuzz(one_plan, RtComplexityError)
