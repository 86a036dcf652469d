"""Simulates the routine population that plans are compared with, stratum by stratum, and keeps it as arrays.

``python studies/reference_population.py`` leaves one file a chunk in ``build/study``; a second run goes on where the
first was stopped, and the result depends on nothing but the seed. :mod:`calibrated_profile` turns it into a profile.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from simulation import COLUMNS, SEED, SPLITS, STRATA, simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDER = Path("build/study")
CASES = 5000
"""For each stratum and split."""
CHUNK = 250


def chunk_path(folder: Path, stratum_id: str, split: str, chunk: int) -> Path:
    """Return where a chunk is kept; its name holds what it depends on."""
    return folder / f"{stratum_id}-{split}-seed{SEED}-{chunk:03d}.npy"


def chunks(folder: Path, cases: int) -> Iterator[tuple[Path, str, str, int]]:
    """List what there is to do: first what calibrates, then what tests."""
    for split in SPLITS:
        for chunk in range(-(-cases // CHUNK)):
            for stratum_id in STRATA:
                yield chunk_path(folder, stratum_id, split, chunk), stratum_id, split, chunk


def make_chunk(path: Path, stratum_id: str, split: str, chunk: int) -> str:
    """Simulate the plans of a chunk, unless they are there."""
    if not path.exists():
        rows = [simulate(STRATA[stratum_id], split, chunk * CHUNK + n) for n in range(CHUNK)]
        part = path.with_suffix(".part.npy")
        np.save(part, np.array(rows))
        part.replace(path)
    return path.name


def population(stratum_id: str, split: str, folder: Path = FOLDER) -> Floats:
    """Read the plans of a stratum and split: (n, columns)."""
    found = sorted(folder.glob(f"{stratum_id}-{split}-seed{SEED}-???.npy"))
    rows = np.concatenate([np.load(path) for path in found])
    if rows.shape[1] != len(COLUMNS):
        raise SystemExit(f"{folder} holds another simulation's plans; remove it")
    return rows


def main() -> None:
    """Simulate what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    options.folder.mkdir(parents=True, exist_ok=True)
    todo = [each for each in chunks(options.folder, options.cases) if not each[0].exists()]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for done, name in enumerate(pool.map(make_chunk, *zip(*todo, strict=True)) if todo else (), start=1):
            print(f"{done} of {len(todo)}: {name}", flush=True)


if __name__ == "__main__":
    main()
