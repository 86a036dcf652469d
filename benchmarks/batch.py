"""Throughput of a batch and the memory of its parent, as Markdown tables.

python benchmarks/batch.py growth            # 100, 500 and 2,000 small synthetic plans
python benchmarks/batch.py workers FOLDER    # one worker and two in turn, over real plans
python benchmarks/batch.py alike             # 45 plans of one kind beside a lone `analyze` of one of them

Processor time of a batch is that of all its processes, and holds on a busy machine too; throughput of two workers needs
an idle one.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import measure
import numpy as np
import psutil

from rtcomplexity.testing import (
    AXIAL,
    ImageDescription,
    PlanDescription,
    RoiDescription,
    RtPlanDescription,
    StructureSetDescription,
    SyntheticPatient,
    contour_stack,
    image_grid,
    sphere,
    write_plan,
)
from rtcomplexity.testing.sample_plans import SAMPLE_NAMES, sample_plan

SIZES = (100, 500, 2000)
SLICES = 8
SHARE_GOAL, SCALING_GOAL = 0.6, 1.9
"""Of `alike`: processor time of a plan over that of a lone `analyze`; throughput of two workers over that of one."""


def main() -> int:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    growth = kinds.add_parser("growth")
    growth.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    growth.add_argument("--quick", action="store_true", help="counts and volumes only, for a machine that is not idle")
    workers = kinds.add_parser("workers")
    workers.add_argument("folder", type=Path)
    workers.add_argument("--rounds", type=int, default=3)
    alike = kinds.add_parser("alike")
    alike.add_argument("--sample", choices=SAMPLE_NAMES, default="routine_sbrt")
    alike.add_argument("--plans", type=int, default=45)
    alike.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{measure.machine('numpy', 'pydicom', 'rtcomplexity')}; load {psutil.getloadavg()[0]:.1f} at the start\n")
    if asked.kind == "growth":
        print(growth_table(asked.sizes, ["--quick"] if asked.quick else []))
    elif asked.kind == "alike":
        print(alike_table(asked.sample, asked.plans, asked.rounds))
    else:
        print(workers_table(asked.folder, asked.rounds))
    return 0


def growth_table(sizes: list[int], options: list[str]) -> str:
    """Two workers over more and more plans: time, the parent's memory, the ledger's size, and a second run."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        root, written = Path(folder, "in"), 0
        for size in sizes:
            write_archive(root, range(written, size))
            written = size
            out = Path(folder, f"out{size}")
            first, again = run(root, out, 2, *options), run(root, out, 2, *options)
            ledger_mib = (out / "ledger.sqlite").stat().st_size / 1024**2
            rows.append([
                f"{size:,}", f"{size * (SLICES + 2):,}", f"{first['s']:.0f} s", f"{size / first['s']:.1f}",
                f"{first['middle_mib']:.0f} MiB", f"{first['peak_mib']:.0f} MiB", f"{ledger_mib:.1f} MiB",
                f"{again['s']:.1f} s",
            ])  # fmt: skip
    titles = ["plans", "files", "first run", "plans a second", "parent, median", "parent, peak", "ledger", "again"]
    return measure.markdown_table(titles, rows)


def workers_table(folder: Path, rounds: int) -> str:
    """One worker and two in turn, so that what else the machine does meets both."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as work:
        run(folder, Path(work, "warm"), 2)  # the files are in memory from here on
        for number in range(rounds):
            for workers, found in seconds.items():
                found.append(run(folder, Path(work, f"out{number}-{workers}"), workers)["s"])
        plans = len(Path(work, "warm", "results.jsonl").read_text("utf-8").splitlines())
    medians = {workers: statistics.median(found) for workers, found in seconds.items()}
    rows = [
        [
            str(workers),
            f"{median:.1f} s",
            f"{plans / median:.2f}",
            f"{medians[1] / median:.2f}",
            spread(seconds[workers]),
        ]
        for workers, median in medians.items()
    ]
    return measure.markdown_table(["workers", "median", "plans a second", "times one worker", "all rounds"], rows)


def alike_table(sample: str, plans: int, rounds: int) -> str:
    """A lone `analyze`, and batches with one worker and with two, in turn; all per plan."""
    with tempfile.TemporaryDirectory() as work:
        root, program = Path(work, "in"), measure.rtcomplexity_command()
        for number in range(plans):
            one = replace(
                sample_plan(sample), key=str(number), patient=SyntheticPatient(patient_id=f"SYNTHETIC-{number}")
            )
            write_plan(root / str(number), one)
        lone, runs = [program, "analyze", str(root / "0"), "--json"], {"analyze": [], "1 worker": [], "2 workers": []}
        measure.run_once(lone)
        for number in range(rounds):
            runs["analyze"].append(measure.run_once(lone))
            for workers in (1, 2):
                out = Path(work, f"out{number}-{workers}")
                batch = [program, "batch", str(root), "--out", str(out), "--quiet", "--workers", str(workers)]
                runs[f"{workers} worker{'s' * (workers > 1)}"].append(measure.run_once(batch))
    table = measure.markdown_table(
        ["process", "processor a plan", "x analyze", "wall a plan", "x analyze", "times one worker"],
        [alike_row(name, its, runs, plans) for name, its in runs.items()],
    )
    return f"{table}\n\n{alike_goals(runs, plans)}"


def alike_goals(runs: dict[str, list[measure.Run]], plans: int) -> str:
    """Both goals, and whether they are met; scaling means nothing where other work holds the cores."""
    share = measure.median_ratio(runs["2 workers"], runs["analyze"], "cpu_s") / plans
    scaling = measure.median_ratio(runs["1 worker"], runs["2 workers"])
    return (
        f"Processor time of a plan at most {SHARE_GOAL} x analyze: {'met' if share <= SHARE_GOAL else 'missed'} "
        f"({share:.2f}). Two workers at least {SCALING_GOAL} x one: {'met' if scaling >= SCALING_GOAL else 'missed'} "
        f"({scaling:.2f}; load {psutil.getloadavg()[0]:.1f} at the end, of which two are its own)."
    )


def alike_row(name: str, its: list[measure.Run], runs: dict[str, list[measure.Run]], plans: int) -> list[str]:
    """Medians of one process, and of its ratios in each round."""
    if measure.failed(its):
        msg = f"{name} ended with {its[-1].exit_code}: {its[-1].stderr[-500:]}"
        raise RuntimeError(msg)
    count = 1 if name == "analyze" else plans
    cells = []
    for figure, median in (("cpu_s", measure.median_cpu_s(its)), ("wall_s", measure.median_wall_s(its))):
        ratio = measure.median_ratio(its, runs["analyze"], figure) / count
        cells += [f"{median / count:.2f} s", f"{ratio:.2f}"]
    times = "" if name == "analyze" else f"{measure.median_ratio(runs['1 worker'], its):.2f}"
    return [name, *cells, times]


def spread(seconds: list[float]) -> str:
    """Every round's time."""
    return ", ".join(f"{each:.1f}" for each in seconds)


def run(root: Path, out: Path, workers: int, *options: str) -> dict[str, float]:
    """Run a batch; give its seconds and the resident memory of its parent process, without its children."""
    command = [sys.executable, "-m", "rtcomplexity.cli", "batch", str(root), "--out", str(out), "--quiet", "--json"]
    started = time.monotonic()
    with subprocess.Popen([*command, *options, "--workers", str(workers)], stdout=subprocess.DEVNULL) as process:
        held: list[int] = []
        watching = threading.Thread(target=watch, args=(process, held))
        watching.start()
        code = process.wait()
        watching.join()
    if code != 0:
        msg = f"the batch ended with {code}, not with every plan assessed"
        raise RuntimeError(msg)
    tail = held[len(held) // 2 :] or [0]
    return {
        "s": time.monotonic() - started,
        "middle_mib": statistics.median(held or [0]) / 1024**2,
        "peak_mib": max(tail) / 1024**2,
    }


def watch(process: subprocess.Popen[bytes], held: list[int]) -> None:
    """Note the parent's resident memory until it ends."""
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            held.append(parent.memory_info().rss)
        except psutil.Error:
            return
        time.sleep(0.1)


def write_archive(root: Path, numbers: range) -> None:
    """Write small plans, each of a patient of its own."""
    grid = image_grid(
        frame=AXIAL, slices=SLICES, rows=32, columns=32, slice_spacing_mm=3.0, row_spacing_mm=2.0, column_spacing_mm=2.0
    )
    heights = grid.slice_origins_mm[:, 2]
    shape = sphere(8.0, center_mm=(0.0, 0.0, float(heights.mean())))
    roi = RoiDescription(
        number=1, name="GTV", contours=contour_stack(shape, positions_mm=heights), interpreted_type="GTV"
    )
    plan = PlanDescription(
        key="0",
        patient=SyntheticPatient(patient_id="0"),
        images=(
            ImageDescription(
                key="ct", modality="CT", grid=grid, values=np.full((SLICES, grid.rows, grid.columns), 40, np.float32)
            ),
        ),
        structure_sets=(StructureSetDescription(rois=(roi,)),),
        rt_plans=(RtPlanDescription(fractions=(5,), prescriptions=((50.0, 1),)),),
    )
    for number in numbers:
        one = replace(plan, key=str(number), patient=SyntheticPatient(patient_id=f"SYNTHETIC-{number}"))
        write_plan(root / str(number // 100) / str(number), one)


if __name__ == "__main__":
    sys.exit(main())
