"""Two deformable registration objects, there and back, through the whole analysis, against affine maps known exactly.

A field of vectors that is linear in space is met exactly between its nodes, so that what is left is the planted error.
"""

from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity import AnalyzeOptions, analyze
from rtcomplexity.testing import contour_stack
from rtcomplexity.testing.description import (
    DeformableDescription,
    ImageDescription,
    PlanDescription,
    RoiDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.radial import sphere
from unit.fusion.images import grid, painted

pytestmark = pytest.mark.usefixtures("steady")

RADIUS_MM = 12.0
CT = grid(shape=(24, 40, 44), spacing=(2.0, 1.5, 1.25), origin=(-27, -30, -23))
MR = grid(shape=(40, 60, 64), spacing=(2.0, 1.5, 1.25), origin=(-38, -44, -39))
NODES = grid(shape=(9, 9, 10), spacing=(15.0, 16.0, 17.0), origin=(-76, -64, -60))
STRETCH = np.array([[1.05, 0.02, 0.0], [0.0, 0.96, 0.01], [0.03, 0.0, 1.04]])
SHIFT_MM = np.array([3.0, -2.0, 1.5])


def there(points):
    return points @ STRETCH.T + SHIFT_MM


def exactly_back(points):
    return (points - SHIFT_MM) @ np.linalg.inv(STRETCH).T


def signal(points):
    return 100 * np.sin(points @ [0.21, 0.13, -0.17]) + 5 * points @ [1.0, -0.4, 0.7] + 400


def deformable(maps, **changes):
    """A registration object whose field carries points as the function does."""
    vectors = np.stack([painted(NODES, lambda p, n=n: (maps(p) - p)[:, n]) for n in range(3)], axis=-1)
    return DeformableDescription(grid=NODES, displacements_mm=vectors.astype(np.float32), **changes)


def plan(*registrations):
    contours = contour_stack(sphere(RADIUS_MM), positions_mm=np.arange(-11, 12, 2.0))
    roi = RoiDescription(number=1, name="GTV", contours=contours, interpreted_type="GTV")
    ct = ImageDescription(key="ct", modality="CT", grid=CT, values=painted(CT, signal).astype(np.float32))
    values = painted(MR, lambda p: signal(exactly_back(p))).astype(np.float32)
    mr = ImageDescription(key="mr", modality="MR", grid=MR, values=values, frame_key="mr")
    return PlanDescription(
        key="there and back",
        patient=SyntheticPatient(patient_id="1"),
        images=(ct, mr),
        structure_sets=(StructureSetDescription(rois=(roi,)),),
        deformable_registrations=registrations,
    )


def metrics_of_mr(folder, *registrations):
    write_plan(folder, plan(*registrations))
    record = analyze(folder, AnalyzeOptions()).record
    (mr,) = (each for each in record.image_sets if each.modality == "MR")
    return mr.metrics


FORWARD = deformable(there, source_frame_key="mr", image_key="mr", key="there")


def backward(error):
    return deformable(
        lambda points: error(exactly_back(points)),
        source_frame_key=FORWARD.registered_frame_key,
        registered_frame_key="mr",
        image_key="ct",
        key="back",
    )


ERRORS = {
    "none": (lambda points: points, 0.0, 0.0),
    "a shift of 3.5 mm": (lambda points: points + np.array([1.5, -3.0, 1.0]), 3.5, 3.5),
    # the outer planes lie at 11 mm; 5 % of a ball lie further from its middle plane than 0.811 of its radius
    "6 % too long along z": (lambda points: points * [1, 1, 1.06], 0.06 * 0.811 * RADIUS_MM, 0.06 * 11),
}


@pytest.mark.parametrize(
    ("error", "newer"),
    [
        *((error, "back") for error in ERRORS),
        ("a shift of 3.5 mm", "there"),
        *(pytest.param(error, "there", marks=pytest.mark.exhaustive) for error in ERRORS if "shift" not in error),
    ],
)
def test_the_error_there_and_back_is_the_planted_one(tmp_path, error, newer):
    planted, p95_mm, largest_mm = ERRORS[error]
    pair = [FORWARD, backward(planted)]
    found = metrics_of_mr(tmp_path, *(replace(one, date="20200103" if one.key == newer else one.date) for one in pair))
    allowed_mm = 1e-3 if p95_mm == largest_mm else 0.1
    assert found["image_set.inverse_consistency_p95"].value == pytest.approx(p95_mm, abs=allowed_mm)
    assert found["image_set.inverse_consistency_max"].value == pytest.approx(largest_mm, abs=allowed_mm)


def test_one_deformation_has_no_way_back_to_compare(tmp_path):
    found = metrics_of_mr(tmp_path, FORWARD)
    assert "image_set.inverse_consistency_p95" not in found
    assert found["image_set.jacobian_p95"].value == pytest.approx(np.linalg.det(STRETCH), abs=1e-3)
