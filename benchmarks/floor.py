"""How close `rtcomplexity analyze` comes to the least that any Python program could cost on the same plan.

The floor: import pydicom, read the headers of the 134 slices and the structure set, parse every contour from its raw
bytes to float64. It and the commands run as whole processes in turn; medians and per-round ratios are printed.

`--help` is held against a bare `import typer`. Goals are ratios of processor time and of wall time, the latter for two
idle cores; what misses one is told with by how much. Processor ratios of one round hold on a busy machine too.

    python benchmarks/floor.py
    python benchmarks/floor.py --runs 3 --command "rtcomplexity inspect {folder}"
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import measure


class Goal(NamedTuple):
    """How many times the floor's."""

    processor: float
    wall: float | None = None


GOALS = {
    "{rtcomplexity} analyze {folder} --json": Goal(4.0, 3.0),
    "{rtcomplexity} analyze {folder} --out {out} --quiet": Goal(6.0, 4.5),
    "{rtcomplexity} analyze {folder} --quick --json": Goal(1.8),
}
HELP_GOAL = Goal(1.4)
MOST_MB = 250.0
"""Peak of `analyze --json`."""


def floor(folder: Path) -> int:
    """Read the headers under `folder` and the contours of its XiO structure set; return the number of points."""
    import pydicom

    points = 0
    for path in sorted((folder / "ct").iterdir()):
        pydicom.dcmread(path, stop_before_pixels=True)
    structure_set = pydicom.dcmread(folder / "rtstruct" / "RS_xio.dcm", stop_before_pixels=True)
    for roi in structure_set.ROIContourSequence:
        for contour in roi.get("ContourSequence", []):
            points += len(contour_points(contour))
    return points


def contour_points(contour):
    """Return the (n, 3) points of an item of Contour Sequence, past pydicom's conversion of every number."""
    import numpy as np

    raw = contour.get_item(0x30060050).value
    return np.fromstring(raw.decode("ascii").rstrip(" \0"), dtype=np.float64, sep="\\").reshape(-1, 3)


def report(runs: dict[str, list[measure.Run]], goals: dict[str, Goal], base: str) -> str:
    """Return the Markdown table of commands against one of them."""
    rows = [row(name, its, runs[base], goals.get(name)) for name, its in runs.items()]
    columns = ["process", "wall", f"x {base}", "goal", "processor", f"x {base}", "goal", "peak memory"]
    return measure.markdown_table(columns, rows)


def row(name: str, its: list[measure.Run], base: list[measure.Run], goal: Goal | None) -> list[str]:
    """Return the cells of one command."""
    walls, processors = measure.median_ratio(its, base), measure.median_ratio(its, base, "cpu_s")
    return [
        f"`{name}`" if name != "floor" else name,
        f"{measure.median_wall_s(its):.2f} s",
        f"{walls:.2f}",
        reached(walls, goal and goal.wall),
        f"{measure.median_cpu_s(its):.2f} s",
        f"{processors:.2f}",
        reached(processors, goal and goal.processor),
        f"{statistics.median(run.peak_mb for run in its):.0f} MB",
    ]


def reached(ratio: float, goal: float | None) -> str:
    """Return a goal and whether a ratio reaches it, else how many times as much it is."""
    if goal is None:
        return ""
    return f"{goal:g}: met" if ratio <= goal else f"{goal:g}: {ratio / goal:.1f} times as much"


def main() -> int:
    """Run the floor and the commands in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=measure.data_folder() / "lung1_001")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument(
        "--command", action="append", help="instead of ours; {folder}, {out}, {rtcomplexity} are filled in"
    )
    parser.add_argument("--floor-only", action="store_true", help="be the floor: read, parse, print the point count")
    arguments = parser.parse_args()
    if arguments.floor_only:
        print(floor(arguments.folder))
        return 0
    if not arguments.folder.is_dir():
        sys.exit(f"no folder {arguments.folder}: set RTCOMPLEXITY_DATA or give --folder")
    templates = arguments.command or list(GOALS)
    goals = {} if arguments.command else {label(template): goal for template, goal in GOALS.items()}
    print(f"{measure.machine('pydicom', 'numpy', 'rtcomplexity')}; medians of {arguments.runs} rounds in turn\n")
    with tempfile.TemporaryDirectory() as out:
        commands = {"floor": [sys.executable, __file__, "--floor-only", "--folder", str(arguments.folder)]}
        commands |= {
            label(template): fill(template, arguments.folder, Path(out) / "evidence") for template in templates
        }
        runs = measure.run_in_turn(commands, arguments.runs, warm_up=commands)
    print(report(runs, goals, "floor"))
    if not arguments.command:
        print(f"\nGoal for the peak of `analyze --json`: {MOST_MB:.0f} MB.\n")
        commands = {
            "import typer": [sys.executable, "-c", "import typer"],
            "rtcomplexity --help": [measure.rtcomplexity_command(), "--help"],
        }
        helped = measure.run_in_turn(commands, 3 * arguments.runs, warm_up=commands)
        print(report(helped, {"rtcomplexity --help": HELP_GOAL}, "import typer"))
    return complain(runs)


def label(template: str) -> str:
    """Return a command as a reader would type it, without machine paths."""
    return template.format(rtcomplexity="rtcomplexity", folder="lung1_001", out="evidence")


def fill(template: str, folder: Path, out: Path) -> list[str]:
    """Return the words of a command with the folders and the installed program in it."""
    program = measure.rtcomplexity_command() if "{rtcomplexity}" in template else ""
    return [word.format(rtcomplexity=program, folder=folder, out=out) for word in shlex.split(template)]


def complain(runs: dict[str, list[measure.Run]]) -> int:
    """Print the last words of the commands that failed; return 1 if one did."""
    for name, its in runs.items():
        if measure.failed(its):
            measure.say(f"\n{name}: exit {its[-1].exit_code}\n{its[-1].stderr[-2000:]}")
    return int(any(measure.failed(its) for its in runs.values()))


if __name__ == "__main__":
    sys.exit(main())
