"""Registrations of known motion, written by another tool and read back here: how far points land from the truth.

pydicomRT, in a throw-away environment of its own, writes a Spatial Registration and a Deformable one for images of the
test kit. The field is linear in space, so that its interpolation adds no error and the truth is a formula.

    python benchmarks/peers/registrations.py
    python benchmarks/peers/registrations.py --folder /tmp/peers      # keeps the environment for the next run
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from run import DRIVERS, Package, environment, measure

from rtcomplexity import analyze
from rtcomplexity.case.reader import read_case
from rtcomplexity.fusion.frames import find_point_map
from rtcomplexity.settings import Settings
from rtcomplexity.testing import AXIAL, contour_stack, image_grid
from rtcomplexity.testing.description import (
    ImageDescription,
    PlanDescription,
    RoiDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.radial import sphere

WRITER = Package(
    name="pydicomrt",
    driver="write_pydicomrt.py",
    requirements=("pydicomrt==0.9.1", "pydicom==3.0.2", "simpleitk==2.5.7"),
)
POINTS = 2000
REACH_MM = 60.0
LARGEST_ERROR_MM = {"rigid": 1e-4, "deformable": 1e-3}
"""What 16 characters of a matrix, and the single precision of a field, explain."""


def main() -> int:
    """Write, read, compare; return 1 where a point lands too far off."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="the environment is made here, and kept")
    parser.add_argument("--python", default=sys.executable, help="the Python that the environment is made from")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="registrations-") as scratch:
        folder = Path(scratch)
        python = environment(WRITER, (arguments.folder or folder).resolve(), arguments.python)
        return compare(folder, python)


def compare(folder: Path, python: Path) -> int:
    """Print one row a registration."""
    truth = known_motion()
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    write_plan(folder / "plan", plan())
    driver, out = DRIVERS / WRITER.driver, folder / "written"
    images = [str(folder / "plan" / key) for key in ("ct", "mr")]
    subprocess.run([str(python), str(driver), *images, str(folder / "truth.json"), str(out)], check=True)
    rows, failed = [], False
    for kind, limit in LARGEST_ERROR_MM.items():
        case_folder = folder / kind
        shutil.copytree(folder / "plan", case_folder)
        shutil.copy(out / kind / "reg.dcm", case_folder)
        error_mm, level, issues = read_back(case_folder, kind, truth)
        failed |= not error_mm <= limit
        rows.append([kind, level, f"{error_mm:.1e} mm", f"{limit:.0e} mm", ", ".join(issues) or "none"])
    header = ["registration", "level of the MR", "largest error", "allowed", "issues of the registration"]
    print(f"{WRITER.requirements[0]}, {POINTS} points within {REACH_MM:g} mm\n\n{measure.markdown_table(header, rows)}")
    return int(failed)


def read_back(folder: Path, kind: str, truth: dict[str, list]) -> tuple[float, str, list[str]]:
    """Return how far a point lands from the truth at most, mm, the level of the MR, and what was odd."""
    case = read_case(folder, settings=Settings())
    moving = next(each for each in case.image_sets if each.modality == "MR")
    frames = case.planning_image.frame_of_reference_uid, moving.series[0].frame_of_reference_uid
    moving_from_fixed = find_point_map(case.registrations, *frames)
    points = np.random.default_rng(32701).uniform(-REACH_MM, REACH_MM, (POINTS, 3))
    error_mm = np.linalg.norm(moving_from_fixed(points) - moved(points, kind, truth), axis=1).max()
    issues = sorted({issue.code for issue in analyze(folder).record.issues if issue.subject.startswith("reg")})
    return float(error_mm), moving.level.value, issues


def moved(points: np.ndarray, kind: str, truth: dict[str, list]) -> np.ndarray:
    """Where points of the fixed frame lie in the moving one, by formula."""
    if kind == "rigid":
        return apply(np.linalg.inv(np.reshape(truth["matrix"], (4, 4))), points)
    field = np.array(truth["field"])
    there = apply(np.reshape(truth["pre"], (4, 4)), points) + points @ field[:, :3].T + field[:, 3]
    return apply(np.reshape(truth["post"], (4, 4)), there)


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map (n, 3) points."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def known_motion() -> dict[str, list]:
    """Return the matrices, the linear field and its grid, mm."""
    return {
        "matrix": turned([1, 2, -1], 25.0, [12.5, -7.25, 30.0]),
        "pre": turned([0, 1, 3], 4.0, [1.5, 0.25, -2.0]),
        "post": turned([2, -1, 1], -12.0, [-20.0, 5.5, 8.75]),
        "field": [[0.02, -0.01, 0.005, 3.0], [0.0, 0.015, -0.02, -1.5], [0.01, 0.0, -0.01, 2.25]],
        "origin": [-80.0, -85.0, -90.0],
        "spacing": [5.0, 6.0, 7.0],
        "size": [33, 29, 27],
    }


def turned(axis: list[float], angle_deg: float, shift_mm: list[float]) -> list[float]:
    """Return a rotation about an axis and a shift, 16 numbers row by row."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    angle = np.radians(angle_deg)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    matrix[:3, 3] = shift_mm
    return matrix.ravel().tolist()


def plan() -> PlanDescription:
    """Return a CT with a target and an MR in a frame of its own; nothing ties them yet."""
    grid = image_grid(
        frame=AXIAL, slices=24, rows=40, columns=40, slice_spacing_mm=3, row_spacing_mm=3, column_spacing_mm=3
    )
    values = np.zeros((24, 40, 40), np.float32)
    target = RoiDescription(
        number=1,
        name="GTV",
        contours=contour_stack(sphere(12.0), positions_mm=np.arange(-10.5, 12, 3.0)),
        interpreted_type="GTV",
    )
    images = [ImageDescription(key=key, modality=key.upper(), grid=grid, values=values) for key in ("ct", "mr")]
    return PlanDescription(
        key="peer registrations",
        patient=SyntheticPatient(patient_id="1"),
        images=(images[0], replace(images[1], frame_key="mr", study_key="mr")),
        structure_sets=(StructureSetDescription(rois=(target,)),),
    )


if __name__ == "__main__":
    sys.exit(main())
