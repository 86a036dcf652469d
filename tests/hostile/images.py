"""Inputs 96 to 105: registrations that are none, and PET headers that lead to no SUV or to a doubtful one."""

from dataclasses import replace

import numpy as np

from hostile.cases import issue, right
from hostile.plans import GTV_CM3, ct, described, mr, pet, plan, registration
from rtcomplexity.testing import PetDescription


def registered(matrix, **changes):
    """The good plan with an MR that this matrix ties to it."""
    return plan(lambda: described(images=(ct(), mr()), registrations=(registration(matrix, **changes),)))


def with_pet(**changes):
    """The good plan with a PET in its frame, one fact of which is otherwise."""
    return plan(lambda: described(images=(ct(), pet(pet=replace(PetDescription(), **changes)))))


def with_pet_series(**changes):
    return plan(lambda: described(images=(ct(), pet(**changes))))


def with_patient(**changes):
    def describe():
        made = described(images=(ct(), pet()))
        return replace(made, patient=replace(made.patient, **changes))

    return plan(describe)


def turned(degrees):
    angle = np.radians(degrees)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return matrix


def inverted():
    """Both directions in one object, and they do not agree."""

    def describe():
        one = registration(turned(10.0))
        twice = (*one.mappings, *registration(np.linalg.inv(turned(10.0))).mappings)
        return described(images=(ct(), mr()), registrations=(replace(one, mappings=twice),))

    return plan(describe)


def has_suv(ended, _out):
    """The frames state when the scan began."""
    gross = next(roi for roi in ended.record()["rois"] if roi["number"] == 1)
    assert gross["metrics"]["pet.suvbw_mean"]["value"] > 0


REFUSED = "suv-refused"
NOT_QUITE = np.round(turned(33.0), 4)

CASES = (
    issue(96, "singular matrix", registered(np.diag([1.0, 1.0, 0.0, 1.0])), "registration-singular"),
    issue(96, "matrix of zeros", registered(np.zeros((4, 4))), "registration-matrix-unusable"),
    issue(97, "reflection", registered(np.diag([-1.0, 1.0, 1.0, 1.0])), "registration-mirrored"),
    issue(97, "scale, said to be rigid", registered(np.diag([1.2, 1.2, 1.2, 1.0])), "registration-not-rigid"),
    issue(
        97,
        "shear",
        registered(np.eye(4) + 0.2 * np.eye(4, k=1) * [[1], [1], [0], [0]], matrix_type="AFFINE"),
        "registration-not-rigid",
    ),
    issue(98, "both directions, which disagree", inverted(), "registration-contradicts-itself"),
    issue(99, "not quite orthonormal", registered(NOT_QUITE), "registration-not-quite-orthonormal"),
    issue(100, "dose in MBq", with_pet(injected_dose_bq=370.0), "suv-dose-in-mbq"),
    issue(
        101,
        "injected before midnight, scanned after it",
        with_pet_series(
            series_time="003000",
            acquisition_time="003000",
            pet=replace(PetDescription(), start_datetime=None, start_time="233000"),
        ),
        "suv-across-midnight",
    ),
    issue(101, "administered after the scan", with_pet(start_datetime="20200101113000", start_time="113000"), REFUSED),
    issue(102, "Decay Correction NONE beside DECY", with_pet(decay_correction="NONE"), "suv-decay-contradiction"),
    issue(102, "Decay Correction missing", with_pet_series(overrides={"DecayCorrection": None}), REFUSED),
    issue(103, "counts without a factor", with_pet(units="CNTS"), REFUSED),
    issue(103, "units that no rule knows", with_pet(units="PROPCNTS"), REFUSED),
    issue(104, "weight 0", with_patient(weight_kg=0.0), REFUSED),
    issue(104, "no weight", with_patient(weight_kg=None), REFUSED),
    issue(104, "half-life 0", with_pet(half_life_s=0.0), REFUSED),
    right(
        105,
        "Series Time of post-processing",
        with_pet_series(series_time="170000", pet=replace(PetDescription(), frame_reference_time_ms=600_000.0)),
        GTV_CM3,
        check=has_suv,
    ),
)
