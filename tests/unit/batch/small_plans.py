"""The smallest plans that are whole: eight slices, one target; any number of them, each with a patient of its own."""

import csv
import hashlib
from pathlib import Path

import numpy as np

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

SECRETS = ("PATIENT-SECRET", "Secret^Name", "GTV secret", "SECRETLABEL")
SLICES = 8


def small_plan(number, *, sets=1, radius_mm=8.0, fractions=5):
    """Describe one plan; numbers give patients, sets the structure sets of one patient."""
    grid = image_grid(
        frame=AXIAL, slices=SLICES, rows=32, columns=32, slice_spacing_mm=3.0, row_spacing_mm=2.0, column_spacing_mm=2.0
    )
    positions_mm = [float(position) for position in grid.slice_origins_mm[:, 2]]
    drawn = [
        StructureSetDescription(
            rois=(_roi(radius_mm + 0.4 * (number % 5) - index, positions_mm),),
            key=f"rs{index}" if index else "rs",
            label="SECRETLABEL",
        )
        for index in range(sets)
    ]
    return PlanDescription(
        key=f"small {number}",
        patient=SyntheticPatient(patient_id=f"PATIENT-SECRET-{number}", name="Secret^Name"),
        images=(ImageDescription(key="ct", modality="CT", grid=grid, values=_values(grid)),),
        structure_sets=tuple(drawn),
        rt_plans=(RtPlanDescription(fractions=(fractions,), prescriptions=((50.0, 1),)),),
    )


def write_archive(folder, count, *, first=0, **options):
    """Write plans into folders of their own."""
    for number in range(first, first + count):
        write_plan(Path(folder) / f"PATIENT-SECRET-{number}", small_plan(number, **options))
    return Path(folder)


def ample_timeout_s(out):
    """A limit on time that no sound plan reaches, by the slowest one of a run that left its output in `out`."""
    with (out / "timings.csv").open(encoding="utf-8", newline="") as stream:
        return max(3.0, 20 * max(float(row["wall_s"]) for row in csv.DictReader(stream)))


def key_of(path):
    """The key a batch gives a structure set."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _roi(radius_mm, positions_mm):
    shape = sphere(radius_mm, center_mm=(0.0, 0.0, float(np.mean(positions_mm))))
    inside = [z for z in positions_mm if abs(z - float(np.mean(positions_mm))) < radius_mm]
    return RoiDescription(
        number=1, name="GTV secret", contours=contour_stack(shape, positions_mm=inside), interpreted_type="GTV"
    )


def _values(grid):
    return np.full((len(grid.slice_origins_mm), grid.rows, grid.columns), 40.0, dtype=np.float32)
