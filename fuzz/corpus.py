# ruff: noqa: INP001 -- run as a script
"""Writes the seed corpus of the fuzz harness, made from a sample plan: ``python fuzz/corpus.py FOLDER``.

A seed is one byte, which says what the file is to the plan it is put into, and the file. The sample is thinned out
first, so that many inputs can be tried in a minute.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pydicom import dcmread

from rtcomplexity.testing import save, write_sample

SAMPLE = "complex_central"
KEPT_SLICES = {"ct": range(12, 16), "pt": range(8, 11), "mr": range(4, 7)}
KEPT_ROIS, KEPT_CONTOURS = 4, slice(4, 8)
ROLES = ("rs.dcm", "ct/ct_015.dcm", "pt/pt_010.dcm", "mr/mr_005.dcm", "rp.dcm", "reg.dcm")
"""Files of the sample that are replaced by what the fuzzer makes, by the seed's first byte."""
FULL = 0x80
"""Bit of the first byte that asks for everything to be measured, not counts and volumes only."""


def write_small_plan(folder: Path) -> None:
    """Write the sample with a few slices, ROIs and contours of it."""
    write_sample(SAMPLE, folder)
    for image, numbers in KEPT_SLICES.items():
        for path in (folder / image).iterdir():
            if int(path.stem.removeprefix(f"{image}_")) not in numbers:
                path.unlink()
    drawn = dcmread(folder / "rs.dcm")
    for keyword in ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence"):
        setattr(drawn, keyword, drawn[keyword].value[:KEPT_ROIS])
    for item in drawn.ROIContourSequence:
        item.ContourSequence = item.ContourSequence[KEPT_CONTOURS]
    save(drawn, folder / "rs.dcm")


def write_corpus(folder: Path) -> None:
    """Write two seeds for every role."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as plan:
        write_small_plan(Path(plan))
        for number, name in enumerate(ROLES):
            content = Path(plan, name).read_bytes()
            for first in (number, number | FULL):
                (folder / f"{first:02x}").write_bytes(bytes([first]) + content)


if __name__ == "__main__":
    write_corpus(Path(sys.argv[1]))
