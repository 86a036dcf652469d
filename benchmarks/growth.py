"""How the cost of counts, volume and runs grows with the contour points of an ROI: a Markdown table.

python benchmarks/growth.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import measure
import shapes

PLANES, POINTS = 200, 400
FACTORS = (1, 4, 16)


def main() -> int:
    """Measure 1, 4 and 16 times the points, by finer outlines and by more ROIs, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    cases = {f"{factor}x points a contour": [shapes.contours(PLANES, factor * POINTS)] for factor in FACTORS}
    cases |= {f"{factor}x contours (ROIs)": [shapes.contours(PLANES, POINTS)] * factor for factor in FACTORS}
    seconds = cpu_seconds(cases, rounds)
    rows = [row(name, rois, statistics.median(seconds[name])) for name, rois in cases.items()]
    print(f"{measure.machine('numpy', 'rtcomplexity')}; medians of {rounds} rounds in turn\n")
    print(measure.markdown_table(["counts, volume and runs", "points", "processor", "a million points"], rows))
    return 0


def cpu_seconds(cases: dict, rounds: int) -> dict[str, list[float]]:
    """Return the processor seconds of every round of every case, after one round that does not count."""
    seconds = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, rois in cases.items():
            started = time.process_time()
            for roi in rois:
                shapes.count_volume_runs(roi)
            if number > 0:
                seconds[name].append(time.process_time() - started)
    return seconds


def row(name: str, rois: list, median_s: float) -> list[str]:
    """Return the table row of one case."""
    points = sum(len(roi.points_mm) for roi in rois)
    return [name, f"{points:,}", f"{1000 * median_s:.0f} ms", f"{1e6 * median_s / points:.2f} s"]


if __name__ == "__main__":
    sys.exit(main())
