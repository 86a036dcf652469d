# ruff: noqa: INP001 -- run as a script
"""An atheris harness over read and analyze: whatever a file holds, a plan ends in a record or in an error of ours.

``python fuzz/read_analyze.py [libFuzzer options] CORPUS``; ``make fuzz`` bounds it in time and memory. Anything else
than an :class:`rtcomplexity.errors.RtComplexityError` is a finding: libFuzzer saves the input and stops.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["rtcomplexity.dicom", "pydicom"]):
    from rtcomplexity import analyze  # what measures is not instrumented: it would take most of the time
    from rtcomplexity.errors import RtComplexityError
    from rtcomplexity.evidence.record import to_json
    from rtcomplexity.settings import Settings

from corpus import FULL, ROLES, write_small_plan

SETTINGS = Settings(max_file_bytes=20_000_000, max_contour_points=200_000, max_image_pixels=50_000_000)
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz"))


def prepare() -> dict[str, bytes]:
    """Write the plan; give the files that are replaced."""
    write_small_plan(FOLDER)
    return {name: (FOLDER / name).read_bytes() for name in ROLES}


def one_input(data: bytes) -> None:
    """Put the file into the plan, analyze it, put the good one back."""
    if len(data) < 2:
        return
    name = ROLES[(data[0] & ~FULL) % len(ROLES)]
    (FOLDER / name).write_bytes(data[1:])
    try:
        with contextlib.suppress(RtComplexityError):
            to_json(analyze(FOLDER, settings=SETTINGS, quick=not data[0] & FULL, identified=False).record)
    finally:
        (FOLDER / name).write_bytes(GOOD[name])


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    GOOD = prepare()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
