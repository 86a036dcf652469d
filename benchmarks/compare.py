"""What `rtcomplexity compare` costs on two sets of 30 ROIs, over the least that reading them could cost.

The sets are made of one real plan: its contoured ROIs, then copies of all but the body, moved apart, until there are
30. In the second set the left half of every third contour is moved out by 3 mm: of every ROI, of every third one, or of
none.

The floor: import pydicom, read both files, parse every contour from its raw bytes to float64. It and the comparisons
run as whole processes in turn, so that ratios of one round hold on a busy machine too; wall seconds hold on an idle one
with two cores alone, as a comparison forks a child for half of its work. The peak is that of the larger process.

    python benchmarks/compare.py
    python benchmarks/compare.py --runs 3 --command "rtcomplexity compare {first} {second} --json"
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

import measure
from floor import complain, contour_points

if TYPE_CHECKING:
    import numpy as np

ROI_COUNT = 30
GOAL_S = 2.0
"""Seconds of a comparison in which every ROI was edited: on two idle cores, of which it uses both."""
MOVED_MM = 3.0
APART_MM = 7.0
FIRST = "first.dcm"
SECONDS = {
    "every ROI edited": ("every.dcm", 1),
    "every third ROI edited": ("third.dcm", 3),
    "none edited": ("none.dcm", 0),
}
"""File of each second set, and of how many ROIs one is edited in it."""
COMMAND = "{rtcomplexity} compare {first} {second} --json"


def floor(paths: list[Path]) -> int:
    """Read the structure sets and parse their contours; return the number of points."""
    import pydicom

    points = 0
    for path in paths:
        for roi in pydicom.dcmread(path).ROIContourSequence:
            points += sum(len(contour_points(contour)) for contour in roi.get("ContourSequence", []))
    return points


def write_sets(source: Path, folder: Path) -> None:
    """Write the first set and each second one."""
    import pydicom

    base = pydicom.dcmread(source)
    every = [(roi, contours) for roi in base.StructureSetROISequence if (contours := contours_of(base, roi.ROINumber))]
    copied = sorted(every, key=lambda each: -sum(map(len, each[1])))[1:]
    rois = [(str(roi.ROIName), contours) for roi, contours in every]
    while len(rois) < ROI_COUNT:
        turn, place = divmod(len(rois) - len(every), len(copied))
        roi, contours = copied[place]
        rois.append((f"{roi.ROIName} {turn + 1}", [moved(each, turn + 1) for each in contours]))
    write(base, rois, folder / FIRST)
    for name, step in SECONDS.values():
        write(base, [(roi, edited(contours, step, n)) for n, (roi, contours) in enumerate(rois)], folder / name)


def contours_of(dataset, number: int) -> list[np.ndarray]:
    """Return the closed contours of an ROI, each (n, 3)."""
    for roi in dataset.ROIContourSequence:
        if roi.ReferencedROINumber == number:
            points = [contour_points(each) for each in roi.get("ContourSequence", [])]
            return [each for each in points if len(each) > 2]
    return []


def moved(points: np.ndarray, turn: int) -> np.ndarray:
    """Move a contour to the left."""
    copy = points.copy()
    copy[:, 0] += APART_MM * turn
    return copy


def edited(contours: list[np.ndarray], step: int, number: int) -> list[np.ndarray]:
    """Move the left half of every third contour out, where the ROI is one of those that are edited."""
    return [
        moved_out(each) if step and number % step == 0 and place % 3 == 0 else each
        for place, each in enumerate(contours)
    ]


def moved_out(points: np.ndarray) -> np.ndarray:
    """Move what lies left of the middle of a contour to the left."""
    copy = points.copy()
    copy[points[:, 0] > points[:, 0].mean(), 0] += MOVED_MM
    return copy


def write(base, rois: list[tuple[str, list[np.ndarray]]], path: Path) -> None:
    """Write a structure set with other ROIs, under a UID of its own."""
    from pydicom.dataset import Dataset
    from pydicom.uid import generate_uid

    written = deepcopy(base)
    written.SOPInstanceUID = written.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    frame = base.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    written.StructureSetROISequence, written.ROIContourSequence, written.RTROIObservationsSequence = [], [], []
    for number, (name, contours) in enumerate(rois, start=1):
        roi, drawn, observed = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, frame
        roi.ROIGenerationAlgorithm = ""
        drawn.ReferencedROINumber = observed.ReferencedROINumber = observed.ObservationNumber = number
        observed.RTROIInterpretedType = observed.ROIInterpreter = ""
        drawn.ContourSequence = [contour_item(points) for points in contours]
        written.StructureSetROISequence.append(roi)
        written.ROIContourSequence.append(drawn)
        written.RTROIObservationsSequence.append(observed)
    written.save_as(path)


def contour_item(points: np.ndarray):
    """Return a closed contour as an item of Contour Sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    item.ContourData = [f"{value:.2f}" for value in points.ravel().tolist()]
    return item


def report(runs: dict[str, list[measure.Run]]) -> str:
    """Return the Markdown table of the comparisons against their floor."""
    rows = [
        [
            name,
            f"{measure.median_wall_s(its):.2f} s",
            f"{measure.median_cpu_s(its):.2f} s",
            f"{measure.median_ratio(its, runs['floor'], 'cpu_s'):.1f}",
            f"{measure.peak_mb(its):.0f} MB",
        ]
        for name, its in runs.items()
    ]
    return measure.markdown_table(["process", "wall", "processor", "x floor", "peak memory"], rows)


def main() -> int:
    """Run the floor and the comparisons in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = measure.data_folder() / "lung1_001" / "rtstruct" / "RS_xio.dcm"
    parser.add_argument("--structure-set", type=Path, default=source)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--command", default=COMMAND, help="instead of ours; {first}, {second}, {rtcomplexity}")
    parser.add_argument("--floor-only", type=Path, nargs=2, help="be the floor: read, parse, print the point count")
    parser.add_argument("--write-only", type=Path, help="write the sets into this folder")
    asked = parser.parse_args()
    if asked.floor_only:
        print(floor(asked.floor_only))
        return 0
    if not asked.structure_set.is_file():
        sys.exit(f"no file {asked.structure_set}: set RTCOMPLEXITY_DATA or give --structure-set")
    if asked.write_only:
        write_sets(asked.structure_set, asked.write_only)
        return 0
    print(f"{measure.machine('pydicom', 'numpy', 'scipy', 'rtcomplexity')}; medians of {asked.runs} rounds in turn\n")
    with tempfile.TemporaryDirectory() as folder:
        written = [sys.executable, __file__, "--write-only", folder, "--structure-set", str(asked.structure_set)]
        subprocess.run(
            written, check=True
        )  # in a process of its own: children measured from here start from its memory
        sets = {case: (Path(folder, FIRST), Path(folder, name)) for case, (name, _) in SECONDS.items()}
        edited_pair = next(iter(sets.values()))
        commands = {"floor": [sys.executable, __file__, "--floor-only", *map(str, edited_pair)]}
        commands |= {case: fill(asked.command, *pair) for case, pair in sets.items()}
        runs = measure.run_in_turn(commands, asked.runs, warm_up=commands)
    print(report(runs))
    its = runs[next(iter(sets))]
    for clock, spent in (("wall", measure.median_wall_s(its)), ("processor", measure.median_cpu_s(its))):
        missed = "met" if spent <= GOAL_S else f"missed: {spent / GOAL_S:.1f} times the goal"
        print(f"\nGoal for {next(iter(sets))}, {clock} time: {GOAL_S:g} s; {missed}")
    return complain(runs)


def fill(template: str, first: Path, second: Path) -> list[str]:
    """Return the words of a command with the files and the installed program in it."""
    program = measure.rtcomplexity_command() if "{rtcomplexity}" in template else ""
    return [word.format(rtcomplexity=program, first=first, second=second) for word in shlex.split(template)]


if __name__ == "__main__":
    sys.exit(main())
