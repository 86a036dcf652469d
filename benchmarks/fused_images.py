"""CT, PET and MR with three targets through the whole process: time, memory, and what slices out of reach cost.

The plan is made here: a CT of 512 x 512 x 400, a PET of 256 x 256 x 200 in its frame, an MR of 512 x 512 x 200 in a
frame of its own with a rigid registration, and a lumpy GTV, a CTV and a PTV: 800 images, 0.35 GB. Then the same with
twice the slices of every image, all beyond the targets' reach. All metrics are measured: fused ones, and those of what
makes an image set count. Goals: at most 4.5 s of processor time and 1 GB; twice the slices at most 15 % more memory.

    python benchmarks/fused_images.py
    python benchmarks/fused_images.py --runs 7 --keep FOLDER
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import measure

SLICES = 400
SLICE_MM = 1.0
MOST_S, MOST_MB, MOST_GROWTH = 4.5, 1000.0, 0.15
TARGETS = (("GTV", 30.0), ("CTV", 36.0), ("PTV", 41.0))
ANALYZE = ("analyze", "{folder}", "--json")


def main() -> int:
    """Write both plans in a child, assess them in turn, print the table; 1 if a run failed or missed a goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="folder for the plans; what is there already is used again")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--slices", type=int, default=SLICES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write is not None:
        write(arguments.write, arguments.slices)
        return 0
    if arguments.keep is not None:
        return report(arguments.keep, arguments.runs)
    with tempfile.TemporaryDirectory() as folder:
        return report(Path(folder), arguments.runs)


def report(folder: Path, rounds: int) -> int:
    """Measure both plans and say whether the goals are met."""
    plans = {f"{slices} slices": _written(folder / str(slices), slices) for slices in (SLICES, 2 * SLICES)}
    program = measure.rtcomplexity_command()
    commands = {name: [program, *(word.format(folder=path) for word in ANALYZE)] for name, path in plans.items()}
    runs = measure.run_in_turn(commands, rounds, warm_up=commands)
    print(f"{measure.machine('pydicom', 'numpy', 'rtcomplexity')}; medians of {rounds} rounds in turn\n")
    print(measure.markdown_table(["CT + PET + MR, 3 targets", "wall", "processor", "peak memory"], _rows(runs)))
    base, twice = (statistics.median(run.peak_mb for run in its) for its in runs.values())
    growth = twice / base - 1
    print(f"\nTwice the slices: {100 * growth:+.1f} % memory.")
    first = next(iter(runs.values()))
    misses = {
        f"over {MOST_S:g} s of processor time": measure.median_cpu_s(first) > MOST_S,
        f"over {MOST_MB:g} MB": base > MOST_MB,
        f"twice the slices take over {100 * MOST_GROWTH:.0f} % more memory": growth > MOST_GROWTH,
        "a run failed": any(measure.failed(its) for its in runs.values()),
    }
    for text in (text for text, is_so in misses.items() if is_so):
        measure.say(f"missed: {text}")
    return int(any(misses.values()))


def _rows(runs: dict[str, list[measure.Run]]) -> list[list[str]]:
    return [
        [
            name,
            f"{measure.median_wall_s(its):.2f} s",
            f"{measure.median_cpu_s(its):.2f} s",
            f"{statistics.median(run.peak_mb for run in its):.0f} MB",
        ]
        for name, its in runs.items()
    ]


def _written(folder: Path, slices: int) -> Path:
    """Write a plan in a process of its own, so that this one stays small; a finished one is left as it is."""
    done = folder.with_suffix(".done")
    if not done.exists():
        words = [sys.executable, __file__, "--write", str(folder), "--slices", str(slices)]
        subprocess.run(words, check=True)
        done.touch()
    return folder


def write(folder: Path, slices: int) -> None:
    """Write the plan whose CT has so many slices; the targets lie in the middle of them."""
    import numpy as np

    from rtcomplexity.testing import AXIAL, contour_stack, image_grid
    from rtcomplexity.testing.description import (
        MatrixMapping,
        PetDescription,
        PlanDescription,
        RegistrationDescription,
        RoiDescription,
        StructureSetDescription,
        SyntheticPatient,
    )
    from rtcomplexity.testing.dicom_writer import write_plan
    from rtcomplexity.testing.radial import SpiculatedSphere

    motion = np.eye(4)
    motion[:3, :3] = [[0.995, -0.0998749, 0], [0.0998749, 0.995, 0], [0, 0, 1]]
    motion[:3, 3] = [4.0, -3.0, 2.0]

    def grid(size: int, share: float, spacing_mm: float):
        return image_grid(
            frame=AXIAL,
            slices=int(slices * share),
            rows=size,
            columns=size,
            slice_spacing_mm=SLICE_MM / share,
            row_spacing_mm=spacing_mm,
            column_spacing_mm=spacing_mm,
        )

    ct, pet, mr = grid(512, 1.0, 0.9765625), grid(256, 0.5, 2.0), grid(512, 0.5, 0.9765625)
    images = (
        lazy("ct", "CT", ct, lambda points, noise: np.where(_body(points), 40.0, -1000.0) + 20 * noise),
        lazy(
            "pet",
            "PT",
            pet,
            lambda points, noise: np.where(np.linalg.norm(points, axis=-1) < 28, 3e4, 4e3) + 500 * noise,
            slopes=(1.5,) * len(pet.slice_origins_mm),
            pet=PetDescription(),
        ),
        lazy("mr", "MR", mr, lambda points, noise: np.where(_body(points), 300.0, 20.0) + 15 * noise, frame_key="mr"),
    )

    def drawn(radius_mm: float):
        solid = SpiculatedSphere(radius_mm=radius_mm, spicules=5, height=0.2)
        return contour_stack(solid, positions_mm=np.arange(SLICE_MM / 2 - radius_mm, radius_mm, SLICE_MM))

    rois = tuple(
        RoiDescription(number=number, name=name, contours=drawn(radius_mm), interpreted_type=name)
        for number, (name, radius_mm) in enumerate(TARGETS, start=1)
    )
    mapping = MatrixMapping(source_frame_key="mr", matrices=(motion,), image_key="mr")
    plan = PlanDescription(
        key=f"fused images {slices}",
        patient=SyntheticPatient(patient_id="BENCHMARK"),
        images=images,
        structure_sets=(StructureSetDescription(rois=rois),),
        registrations=(RegistrationDescription(mappings=(mapping,)),),
    )
    write_plan(folder, plan)


def lazy(key: str, modality: str, grid, value_of, **changes):
    """Describe an image whose slices are painted one by one when they are written."""
    import numpy as np

    from rtcomplexity.testing.description import ImageDescription

    image = ImageDescription(key=key, modality=modality, grid=grid, values=np.empty((0, 0, 0), np.float32), **changes)
    object.__setattr__(image, "values", Painted(grid, value_of))
    return image


class Painted:
    """The slices of an image, each painted when it is asked for: a function of position and of repeatable noise."""

    def __init__(self, grid, value_of) -> None:
        self.grid, self.value_of = grid, value_of

    def __len__(self) -> int:
        return len(self.grid.slice_origins_mm)

    def __getitem__(self, k: int):
        """(rows, columns) values of slice `k`."""
        import numpy as np

        grid = self.grid
        rows, columns = np.arange(grid.rows)[:, None, None], np.arange(grid.columns)[:, None]
        points = (
            grid.slice_origins_mm[k]
            + rows * (grid.column_direction * grid.row_spacing_mm)
            + columns * (grid.row_direction * grid.column_spacing_mm)
        )
        noise = np.random.default_rng(k).standard_normal((grid.rows, grid.columns))
        return self.value_of(points, noise).astype(np.float32)


def _body(points):
    return (points[..., 0] / 180) ** 2 + (points[..., 1] / 120) ** 2 < 1


if __name__ == "__main__":
    sys.exit(main())
