"""Pairs of masks for the drivers of comparisons: numpy and the standard library only."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

ROUNDS = 3


def compare_all(compute):
    """Call ``compute(first, second, tolerance_mm, spacing_mm)`` for every pair, and print its values as one line.

    Masks are (k, j, i); `spacing_mm` is in that order. The least of some rounds is printed with them.
    """
    folder, count, tolerance_mm, pixel_mm, spacing_mm = sys.argv[1:]
    found = []
    for number in range(int(count)):
        with np.load(Path(folder) / f"{number}.npz") as masks:
            first, second = masks["first"], masks["second"]
        seconds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            spacing = (float(spacing_mm), float(pixel_mm), float(pixel_mm))
            values = compute(first, second, float(tolerance_mm), spacing)
            seconds.append(time.perf_counter() - started)
        found.append({**{key: float(value) for key, value in values.items()}, "seconds": min(seconds)})
    print(json.dumps(found))
