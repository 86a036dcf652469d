"""Comparison metrics of other tools and of rtcomplexity on shapes whose metrics are formulas, in the same run.

Two delineations of each case are drawn on planes 3 mm apart. rtcomplexity compares the contours; the others get masks
of the same contours on pixels of 0.977 mm, pixel centers by the even-odd rule, since they take nothing else. Volumes
are those of the planes drawn, area times 3 mm, for masks and contours alike; surfaces are the solids'. Each peer's
released package is installed into a throw-away virtual environment of its own. Times are of the computation alone,
without reading, each the least of three.

    python benchmarks/peers/comparisons.py
    python benchmarks/peers/comparisons.py --folder /tmp/peers     # keeps environments and masks there for the next run
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

DRIVERS = Path(__file__).resolve().parent / "drivers"
sys.path.insert(0, str(DRIVERS.parents[1]))

import measure  # noqa: E402

from rtcomplexity.compare.comparison_metrics import COMPARISONS  # noqa: E402
from rtcomplexity.compare.delineation import ComparedPair, Delineation  # noqa: E402
from rtcomplexity.geometry.stack.runs import Lattice, on_slices, rasterise  # noqa: E402
from rtcomplexity.geometry.stack.stacking import stack_contours  # noqa: E402
from rtcomplexity.metrics.definition import compute_all  # noqa: E402
from rtcomplexity.settings import Settings  # noqa: E402
from rtcomplexity.testing import contours_of, sphere  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack

PEERS = {
    "surface-distance": ("use_surface_distance.py", "surface-distance==0.1"),
    "SimpleITK": ("use_simpleitk.py", "SimpleITK==2.5.7"),
    "pymeshmetrics": ("use_pymeshmetrics.py", "pymeshmetrics==1.4.1"),
    "platipy": ("use_platipy_comparison.py", "platipy==0.7.2"),
}
PIXEL_MM = 0.9765625
SPACING_MM = 3.0
TOLERANCE_MM = 1.0
ROUNDS = 3
METRICS = {
    "dice": "compare.dice",
    "surface_dice": "compare.surface_dice",
    "hausdorff": "compare.hausdorff",
    "hausdorff_95": "compare.hausdorff_95",
    "assd": "compare.average_symmetric_surface_distance",
    "added_path_length": "compare.added_path_length",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Two delineations and what is true of them."""

    name: str
    first: PlaneStack
    second: PlaneStack
    truth: Mapping[str, float]


def main() -> int:
    """Make the cases, run every tool on them, print errors and times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="environments and masks are made here, and kept")
    parser.add_argument("--only", action="append", help="a peer by name; may be repeated")
    arguments = parser.parse_args()
    if arguments.folder is not None:
        return run(arguments.folder.resolve(), arguments.only)
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        return run(Path(folder), arguments.only)


def run(folder: Path, only: Sequence[str] | None) -> int:
    """Compare with everything under `folder`."""
    print(f"{measure.machine('rtcomplexity', 'numpy')}\n")
    every, masks = cases(), folder / "masks"
    masks.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(every):
        first, second = mask_pair(case)
        np.savez_compressed(masks / f"{number}.npz", first=first, second=second)
    found = {"rtcomplexity": ours(every)}
    for name, (driver, requirement) in PEERS.items():
        if only is None or name in only:
            python = environment(name, requirement, folder)
            found[name] = theirs(python, DRIVERS / driver, masks, len(every)) if python else {}
    print(table(every, found))
    print(times(every, found))
    return 0


def cases() -> list[Case]:
    """Spheres of other sizes and places, and a box that was grown on one side."""
    return [concentric(), shifted(), grown_box(), identical()]


def concentric() -> Case:
    """Spheres of 20 and 22 mm radius around one center."""
    length = sum(2 * math.pi * math.sqrt(22.0**2 - z**2) for z in planes(22.0))
    inner, outer = (sum(radius**2 - z**2 for z in planes(radius)) for radius in (20.0, 22.0))
    truth = {"dice": 2 * inner / (inner + outer), "surface_dice": 0.0, "added_path_length": length}
    truth |= dict.fromkeys(("hausdorff", "hausdorff_95", "assd"), 2.0)
    return Case(name="spheres, 20 in 22 mm", first=ball(20.0), second=ball(22.0), truth=truth)


def shifted() -> Case:
    """A sphere of 20 mm radius moved by 5 mm: distances by quadrature over the polar angle, uniform in its cosine."""
    away = np.abs(np.sqrt(20**2 + 5**2 + 2 * 20 * 5 * np.linspace(-1, 1, 200_001)) - 20)
    radii = [math.sqrt(20**2 - z**2) for z in planes(20.0)]
    truth = {
        "dice": sum(lens_mm2(radius, 5.0) for radius in radii) / sum(math.pi * radius**2 for radius in radii),
        "surface_dice": float((away <= TOLERANCE_MM).mean()),
        "hausdorff": 5.0,
        "hausdorff_95": float(np.quantile(away, 0.95)),
        "assd": float(away.mean()),
    }
    return Case(name="sphere, moved 5 mm", first=ball(20.0), second=ball(20.0, shift_mm=5.0), truth=truth)


def lens_mm2(radius_mm: float, apart_mm: float) -> float:
    """Area that two discs share."""
    half = apart_mm / 2
    if half >= radius_mm:
        return 0.0
    return 2 * (radius_mm**2 * math.acos(half / radius_mm) - half * math.sqrt(radius_mm**2 - half**2))


def grown_box() -> Case:
    """A box of 40 x 30 mm on 10 planes whose left face moves out by 4 mm."""
    corners = np.array([[0.0, 0], [40, 0], [40, 30], [0, 30]])
    wider = np.where(corners == 40, 44.0, corners)
    first, second = (
        stack_of([np.column_stack([box, np.full(4, z)]) for z in box_planes()]) for box in (corners, wider)
    )
    truth = {"dice": 2 * 40 / 84, "hausdorff": 4.0, "added_path_length": 10 * 36.0}
    return Case(name="box, one side out 4 mm", first=first, second=second, truth=truth)


def identical() -> Case:
    """The same sphere twice."""
    truth = {"dice": 1.0, "surface_dice": 1.0, **dict.fromkeys(("hausdorff", "hausdorff_95", "assd"), 0.0)}
    return Case(name="sphere, twice", first=ball(20.0), second=ball(20.0), truth={**truth, "added_path_length": 0.0})


def planes(radius_mm: float) -> list[float]:
    """Positions of the planes that cut a sphere."""
    every = SPACING_MM * np.arange(-12, 13)
    return every[np.abs(every) < radius_mm].tolist()


def box_planes() -> list[float]:
    """Positions of the box's planes."""
    return (SPACING_MM * np.arange(10)).tolist()


def ball(radius_mm: float, shift_mm: float = 0.0) -> PlaneStack:
    """A sphere on planes, moved to the patient's left."""
    drawn = [(z, polygon) for z in planes(radius_mm) for polygon in sphere(radius_mm).sections(z, 300)]
    return stack_of(
        [np.column_stack([polygon + np.array([shift_mm, 0.0]), np.full(len(polygon), z)]) for z, polygon in drawn]
    )


def stack_of(polygons: Sequence[NDArray[np.float64]]) -> PlaneStack:
    """Stack polygons as they are stacked anywhere."""
    stack = stack_contours(contours_of(polygons), settings=Settings()).stack
    if stack is None:
        raise ValueError("no polygons")
    return stack


def mask_pair(case: Case) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks (k, j, i) of both on one grid with a margin, planes without contours included."""
    both = (case.first, case.second)
    lattice = Lattice.around_all(both, PIXEL_MM)
    low, high = (pick(float(pick(each.positions_mm)) for each in both) for pick in (min, max))
    positions = np.arange(low - 3 * SPACING_MM, high + 3.5 * SPACING_MM, SPACING_MM)
    found = []
    for stack in both:
        runs = on_slices(rasterise(stack, lattice), stack, positions)
        mask = np.zeros(runs.shape, bool).reshape(-1)
        mask[runs.indices()] = True
        found.append(np.pad(mask.reshape(runs.shape), ((0, 0), (8, 8), (8, 8))))
    return found[0], found[1]


def ours(every: Sequence[Case]) -> dict[str, dict[str, float | None]]:
    """Our values and seconds by case."""
    found: dict[str, dict[str, float | None]] = {}
    for case in every:
        seconds = []
        for _ in range(ROUNDS):
            one, other = (Delineation(name="", stack=each) for each in (case.first, case.second))
            started = time.perf_counter()
            values = compute_all(COMPARISONS, ComparedPair(first=one, second=other, tolerance_mm=TOLERANCE_MM))
            seconds.append(time.perf_counter() - started)
        found[case.name] = {name: values[key].value for name, key in METRICS.items()} | {"seconds": min(seconds)}
    return found


def theirs(python: Path, driver: Path, masks: Path, count: int) -> dict[str, dict[str, float | None]]:
    """A peer's values and seconds by case; empty where it fails, with why."""
    command = [str(python), str(driver), str(masks), str(count), str(TOLERANCE_MM), str(PIXEL_MM), str(SPACING_MM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        measure.say(f"{driver.name} failed: {done.stderr.strip().splitlines()[-1:]}")
        return {}
    return dict(zip((case.name for case in cases()), json.loads(done.stdout.splitlines()[-1]), strict=True))


def environment(name: str, requirement: str, folder: Path) -> Path | None:
    """The Python of a peer's own environment, made if it is not there; None where it cannot be installed."""
    own = folder / "environments" / f"compare-{name}" / "bin" / "python"
    if not own.exists():
        subprocess.run([sys.executable, "-m", "venv", str(own.parents[1])], check=True)
    install = [
        str(own),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        requirement,
        "numpy",
        "scipy",
    ]
    if subprocess.run(install, check=False).returncode:
        measure.say(f"{name} cannot be installed and is left out")
        return None
    return own


def table(every: Sequence[Case], found: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> str:
    """Errors against truth, a row for each case and metric; the peers' best and how many times ours it is."""
    tools = list(found)
    header = ["case", "metric", "truth", *tools, "ours / best peer"]
    rows = []
    for case in every:
        for metric, truth in case.truth.items():
            errors = [error(found[tool].get(case.name, {}).get(metric), truth) for tool in tools]
            peers = [each for each in errors[1:] if each is not None]
            cells = ["-" if each is None else f"{each:.3g}" for each in errors]
            rows.append([case.name, metric, f"{truth:.4g}", *cells, share(errors[0], peers)])
    return f"### Absolute errors\n\n{measure.markdown_table(header, rows)}\n"


def error(value: float | None, truth: float) -> float | None:
    """Absolute error; None where a tool has no value."""
    return None if value is None else abs(value - truth)


def share(own: float | None, peers: Sequence[float]) -> str:
    """Our error as a share of the best peer's."""
    if own is None or not peers:
        return ""
    best = min(peers)
    return f"{own / best:.2f}" if best > 0 else "both exact" if own < 1e-9 else f"{own:.1g} against 0"


def times(every: Sequence[Case], found: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> str:
    """Seconds for all metrics that a tool has, over all cases, as a ratio to ours."""
    totals = {tool: sum(found[tool][case.name]["seconds"] or 0 for case in every) for tool in found if found[tool]}
    base = totals["rtcomplexity"]
    rows = [[tool, f"{total:.2f} s", f"{total / base:.2f}"] for tool, total in totals.items()]
    return f"### Time of all cases\n\n{measure.markdown_table(['tool', 'time', 'x ours'], rows)}\n"


if __name__ == "__main__":
    sys.exit(main())
