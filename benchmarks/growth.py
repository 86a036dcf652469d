"""How the cost of steps grows with their input, each with the exponent that fits best: a Markdown table.

Contour points, ROIs and planes (count, exact volume and runs); near copies of one contour that cross each other, as
real exports hold them (stacking); slices of as many orientations in one series (sorting headers). Processor seconds.

    python benchmarks/growth.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import measure
import numpy as np
import shapes
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from rtcomplexity.case.image_series import build_series
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import dicom_writer, phantoms

PLANES, POINTS = 200, 400
FACTORS = (1, 4, 16)
COPIES, ORIENTATIONS = (10, 30, 100), (250, 500, 2000)
LINEAR = 1.05
"""Goal for every exponent."""


def main() -> int:
    """Measure every step at three sizes, in turn, and print what fits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{measure.machine('numpy', 'rtcomplexity')}; medians of {rounds} rounds in turn\n")
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(name, cases, rounds) for name, cases in steps(Path(folder)).items()]
    header = ["what grows", "sizes", "processor", f"exponent (goal {LINEAR})"]
    print(measure.markdown_table(header, rows))
    return 0


def steps(folder: Path) -> dict[str, dict[int, object]]:
    """Return by what grows: a call for each size."""
    return {
        "points a contour": {f * POINTS: volumes([shapes.contours(PLANES, f * POINTS)]) for f in FACTORS},
        "ROIs": {f: volumes([shapes.contours(PLANES, POINTS)] * f) for f in FACTORS},
        "planes of an ROI": {f * PLANES: volumes([shapes.contours(f * PLANES, POINTS)]) for f in FACTORS},
        "near copies of a contour, on 10 planes": {n: stacked(near_copies(10, n)) for n in COPIES},
        "planes of 20 near copies": {n: stacked(near_copies(n, 20)) for n in COPIES},
        "orientations in one series": {n: sorted_slices(folder / str(n), n) for n in ORIENTATIONS},
    }


def volumes(rois: list):
    """Return a call that counts, measures and rasterises ROIs."""
    return lambda: [shapes.count_volume_runs(roi) for roi in rois]


def stacked(contours):
    """Return a call that stacks contours."""
    return lambda: stack_contours(contours, settings=Settings())


def near_copies(planes: int, copies: int):
    """Return a circle of 30 mm on so many planes, drawn so many times by a hand that trembles by 0.02 mm."""
    random, angles = np.random.default_rng(1), np.linspace(0, 2 * np.pi, 100, endpoint=False)
    circle = np.column_stack([30 * np.cos(angles), 30 * np.sin(angles)])
    drawn = (circle + 0.02 * random.standard_normal(circle.shape) for _ in range(planes * copies))
    heights = np.repeat(3.0 * np.arange(planes), copies)
    return phantoms.contours_of([np.column_stack([c, np.full(len(c), z)]) for c, z in zip(drawn, heights, strict=True)])


def sorted_slices(folder: Path, count: int):
    """Return a call that sorts the headers of a series whose slices all differ in orientation."""
    folder.mkdir()
    for number in range(count):
        dicom_writer.save(turned_slice(number, 2 * np.pi * number / count), folder / f"{number}.dcm")
    images = index_folder(folder, settings=Settings()).images
    return lambda: build_series(images, settings=Settings())


def turned_slice(number: int, angle: float) -> Dataset:
    """Return a small CT slice of a series, turned about the patient's axis."""
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, f"1.2.3.{number + 1}"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = "1.2.4", "1.2.5", "1.2.6"
    made.Modality, made.PatientID, made.InstanceNumber = "CT", "growth", number + 1
    made.ImagePositionPatient = [0.0, 0.0, float(number)]
    made.ImageOrientationPatient = [f"{each:.10f}" for each in (cosine, sine, 0.0, -sine, cosine, 0.0)]
    made.PixelSpacing, made.SliceThickness, made.Rows, made.Columns = [1.0, 1.0], 1.0, 4, 4
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 1
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
    made.RescaleSlope, made.RescaleIntercept, made.PixelData = 1, 0, bytes(32)
    return made


def cpu_seconds(cases: dict, rounds: int) -> dict[int, float]:
    """Return the median processor seconds of each size, after one round that does not count."""
    seconds = {size: [] for size in cases}
    for number in range(rounds + 1):
        for size, call in cases.items():
            started = time.process_time()
            call()
            if number > 0:
                seconds[size].append(time.process_time() - started)
    return {size: statistics.median(each) for size, each in seconds.items()}


def row(name: str, cases: dict, rounds: int) -> list[str]:
    """Return the table row of one step: the exponent is the slope of log time over log size."""
    measure.say(name)
    found = cpu_seconds(cases, rounds)
    exponent = np.polyfit(np.log(list(found)), np.log(list(found.values())), 1)[0]
    times = ", ".join(f"{1000 * each:.0f}" for each in found.values())
    return [name, ", ".join(f"{size:,}" for size in found), f"{times} ms", f"{exponent:.2f}"]


if __name__ == "__main__":
    sys.exit(main())
