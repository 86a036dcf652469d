"""How cost grows with the input: a Markdown table with the exponent that fits each curve, and a plot of all of them.

Contour points, ROIs and planes (count, exact volume and runs); near copies of one contour that cross each other, as
real exports hold them (stacking); slices of one series, and as many orientations in one (indexing, sorting); targets in
a row (relations of those within reach); plans (a batch, whole processes). Processor seconds.

An exponent is the slope of log time over log size by least squares, of each round; the table has the median of the
rounds, the least and the greatest.

    python benchmarks/growth.py
    python benchmarks/growth.py --plot docs/images/growth.svg
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import batch
import growth_plot
import measure
import numpy as np
import shapes
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from rtcomplexity.case.image_series import build_series
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics.catalogue import RELATIONS
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.relation import relations_of, with_volume
from rtcomplexity.model.structure_set import Roi, TargetClass
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contours_of, dicom_writer, sphere

PLANES, POINTS = 200, 400
FACTORS = (1, 4, 16)
COPIES, PLANES_OF_COPIES = (10, 30, 100), (10, 30, 100)
SLICES, ORIENTATIONS = (100, 400, 1600), (250, 500, 2000)
TARGETS, PLANS = (10, 30, 90), (20, 60, 180)
LINEAR = 1.05
"""Goal for every exponent but that of relations, of which there may be one for every two ROIs."""

Call = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Seconds of each size in every round, and what fits them."""

    name: str
    seconds: dict[int, list[float]]

    @property
    def medians(self) -> dict[int, float]:
        """Median seconds of each size."""
        return {size: statistics.median(its) for size, its in self.seconds.items()}

    @property
    def exponents(self) -> list[float]:
        """Slope of log time over log size, of each round."""
        sizes = np.log(list(self.seconds))
        return [float(np.polyfit(sizes, np.log(times), 1)[0]) for times in zip(*self.seconds.values(), strict=True)]

    @property
    def exponent(self) -> str:
        """Median exponent, with the least and the greatest of any round."""
        found = self.exponents
        return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def main() -> int:
    """Measure every step at its sizes, in turn; print what fits, and plot it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="WORD", help="curves whose name holds one of these words")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the curves as SVG")
    asked = parser.parse_args()
    print(f"{measure.machine('numpy', 'rtcomplexity')}; {asked.rounds} rounds in turn\n")
    with tempfile.TemporaryDirectory() as folder:
        found = [
            Curve(name=name, seconds=seconds_of(name, sizes, make, asked.rounds))
            for name, sizes, make in steps(Path(folder))
            if not asked.only or any(word in name for word in asked.only)
        ]
        if not asked.only or any(word in "plans of a batch" for word in asked.only):
            found.append(Curve(name="plans of a batch", seconds=batches(Path(folder, "plans"), asked.rounds)))
    print(measure.markdown_table(["what grows", "sizes", "processor", f"exponent (goal {LINEAR})"], map(row, found)))
    if asked.plot:
        curves = {f"{each.name}, {statistics.median(each.exponents):.2f}": each.medians for each in found}
        asked.plot.write_text(growth_plot.svg(curves), encoding="utf-8", newline="\n")
    return 0


def steps(folder: Path) -> list[tuple[str, tuple[int, ...], Callable[[int], Call]]]:
    """Return what grows, its sizes, and what makes a call for a size."""
    many = tuple(factor * POINTS for factor in FACTORS)
    tall = tuple(factor * PLANES for factor in FACTORS)
    return [
        ("points of a contour", many, lambda n: volumes([shapes.contours(PLANES, n)])),
        ("ROIs", FACTORS, lambda n: volumes([shapes.contours(PLANES, POINTS)] * n)),
        ("planes of an ROI", tall, lambda n: volumes([shapes.contours(n, POINTS)])),
        ("near copies on 10 planes", COPIES, lambda n: stacked(near_copies(10, n))),
        ("planes of 100 near copies", PLANES_OF_COPIES, lambda n: stacked(near_copies(n, 100))),
        ("slices of a series", SLICES, lambda n: indexed(series_of(folder / f"s{n}", n, turning=False))),
        ("orientations in a series", ORIENTATIONS, lambda n: indexed(series_of(folder / f"o{n}", n, turning=True))),
        ("targets in a row, relations", TARGETS, related),
    ]


def seconds_of(name: str, sizes: tuple[int, ...], make: Callable[[int], Call], rounds: int) -> dict[int, list[float]]:
    """Return processor seconds of each size in every round, after one that does not count."""
    measure.say(name)
    calls = {size: make(size) for size in sizes}
    seconds: dict[int, list[float]] = {size: [] for size in calls}
    for number in range(rounds + 1):
        for size, call in calls.items():
            started = time.process_time()
            call()
            if number > 0:
                seconds[size].append(time.process_time() - started)
    return seconds


def batches(folder: Path, rounds: int) -> dict[int, list[float]]:
    """Return processor seconds of batches of small plans, counts and volumes only, with all their processes."""
    measure.say("plans of a batch")
    seconds: dict[int, list[float]] = {size: [] for size in PLANS}
    for size in PLANS:
        batch.write_archive(folder / str(size), range(size))
    for number in range(rounds):
        for size, its in seconds.items():
            options = ["--out", str(folder / f"out{number}-{size}"), "--quick", "--quiet", "--workers", "2"]
            run = measure.run_once([measure.rtcomplexity_command(), "batch", str(folder / str(size)), *options])
            if run.exit_code != 0:
                sys.exit(f"a batch of {size} plans ended with {run.exit_code}: {run.stderr[-500:]}")
            its.append(run.cpu_s)
    return seconds


def row(curve: Curve) -> list[str]:
    """Return the table row of one curve."""
    times = ", ".join(f"{1000 * each:,.0f}" for each in curve.medians.values())
    return [curve.name, ", ".join(f"{size:,}" for size in curve.seconds), f"{times} ms", curve.exponent]


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
    return contours_of([np.column_stack([c, np.full(len(c), z)]) for c, z in zip(drawn, heights, strict=True)])


def series_of(folder: Path, count: int, *, turning: bool) -> Path:
    """Write a series of so many slices, one above the other, or each turned by another angle."""
    folder.mkdir()
    for number in range(count):
        angle = 2 * math.pi * number / count if turning else 0.0
        dicom_writer.save(turned_slice(number, angle), folder / f"{number}.dcm")
    return folder


def indexed(folder: Path) -> Call:
    """Return a call that reads the headers of a series and sorts its slices."""
    settings = Settings()
    return lambda: build_series(index_folder(folder, settings=settings).images, settings=settings)


def related(count: int) -> Call:
    """Return a call that relates balls of 20 mm in a row, 30 mm apart: each has two within 30 mm."""
    grid = contouring_grid(None, rois := [ball(number) for number in range(count)], Settings())
    return lambda: [
        compute_all(RELATIONS, pair)
        for pair in relations_of(with_volume([RoiContext(roi=roi, grid=grid, settings=Settings()) for roi in rois]))
    ]


def ball(number: int) -> Roi:
    """Return a target of 20 mm diameter, on planes 3 mm apart."""
    heights = 3.0 * np.arange(-3, 4)
    drawn = [
        np.column_stack([section + np.array([50.0 * number, 0]), np.full(len(section), z)])
        for z in heights
        for section in sphere(10.0).sections(z, 60)
    ]
    return Roi(number=number + 1, name=f"GTV {number}", contours=contours_of(drawn), target_class=TargetClass.GTV)


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


if __name__ == "__main__":
    sys.exit(main())
