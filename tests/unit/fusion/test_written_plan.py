"""Round trip: known motions written by the test kit as DICOM, read back as a case, sampled where they lead."""

import numpy as np
import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.fusion.case_images import CaseImages, best_of
from rtcomplexity.fusion.sampling import region_of
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.measure import compute_all
from rtcomplexity.metrics.pet import PET, PetContext
from rtcomplexity.metrics.registration import PAIR, RegistrationContext
from rtcomplexity.model.case import EvidenceLevel
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contour_stack
from rtcomplexity.testing.description import (
    DeformableDescription,
    ImageDescription,
    MatrixMapping,
    PlanDescription,
    RegistrationDescription,
    RoiDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.radial import sphere
from rtcomplexity.testing.sample_plans import write_sample
from sweep import sweep
from unit.fusion.images import grid, painted, rigid

SETTINGS = Settings()
FIRST, SECOND = rigid([0, 0, 1], 25, [5, -3, 2]), rigid([1, 2, 0], -10, [1, 4, -2])
MR = "mr"
PLANNING = grid(shape=(16, 40, 44), origin=(-27, -30, -22))
WIDE = grid(shape=(44, 60, 64), spacing=(2.0, 1.5, 1.25), origin=(-38, -44, -42))


def ramp(points):
    return points @ [2.0, -3.0, 1.5] + 100


def plan(mr_value_of, **registrations):
    roi = RoiDescription(
        number=1,
        name="GTV",
        contours=contour_stack(sphere(9.0), positions_mm=np.arange(-7, 9, 3.0)),
        interpreted_type="GTV",
    )
    images = (
        ImageDescription(key="ct", modality="CT", grid=PLANNING, values=painted(PLANNING, ramp).astype(np.float32)),
        ImageDescription(
            key=MR,
            modality="MR",
            grid=WIDE,
            values=painted(WIDE, mr_value_of).astype(np.float32),
            slopes=(0.02,) * 44,
            intercept=0.0,
            frame_key=MR,
        ),
    )
    return PlanDescription(
        key="round trip",
        patient=SyntheticPatient(patient_id="1"),
        images=images,
        structure_sets=(StructureSetDescription(rois=(roi,)),),
        **registrations,
    )


def fused(folder, description):
    write_plan(folder, description)
    case = read_case(folder, settings=SETTINGS)
    (roi,) = case.structure_set.rois
    planning = case.planning_image.grid
    context = RoiContext(roi=roi, grid=contouring_grid(planning, (roi,), SETTINGS), settings=SETTINGS)
    region = region_of(context.runs, planning)
    return case, best_of(CaseImages(case=case, settings=SETTINGS).fuse(region), "MR")


def test_two_matrices_of_known_motion(tmp_path):
    """The item says registered = M1 M2 source, so that the MR shows at p what lies at M1 M2 p in the planning frame."""
    motion = FIRST @ SECOND
    mapping = MatrixMapping(source_frame_key=MR, matrices=(FIRST, SECOND), image_key=MR)
    description = plan(
        lambda p: ramp(p @ motion[:3, :3].T + motion[:3, 3]),
        registrations=(RegistrationDescription(mappings=(mapping,)),),
    )
    case, mr = fused(tmp_path, description)
    assert case.image_sets[1].level is EvidenceLevel.REGISTERED
    region = mr.values.region
    np.testing.assert_allclose(mr.values.inside, ramp(region.points_mm(region.mask)), atol=0.011)
    assert np.abs(mr.before.inside - mr.values.inside).max() > 1


def test_a_deformation_of_known_displacement(tmp_path):
    lattice = grid(shape=(8, 9, 10), spacing=(15.0, 14.0, 13.0), origin=(-60, -56, -52))
    stretch = np.array([[0.05, 0.02, 0], [0, -0.04, 0], [0.03, 0, 0.06]])

    def displaced(points):
        return points @ stretch.T + [1.5, -2, 1]

    vectors = displaced_on(lattice, displaced)
    deformable = DeformableDescription(
        source_frame_key=MR, grid=lattice, displacements_mm=vectors, pre=SECOND, post=FIRST, image_key=MR
    )
    _, mr = fused(tmp_path, plan(ramp, deformable_registrations=(deformable,)))
    region = mr.values.region
    points = region.points_mm(region.mask)
    moved = points @ SECOND[:3, :3].T + SECOND[:3, 3]
    there = (moved + displaced(points)) @ FIRST[:3, :3].T + FIRST[:3, 3]
    assert mr.tied.point_map.is_deformable
    np.testing.assert_allclose(mr.values.inside, ramp(there), atol=0.011)


def displaced_on(lattice, displaced):
    return np.stack([painted(lattice, lambda p, n=n: displaced(p)[:, n]) for n in range(3)], axis=-1).astype(np.float32)


def test_without_its_registration_the_mr_is_present_and_not_sampled(tmp_path):
    case, mr = fused(tmp_path, plan(ramp))
    assert case.image_sets[1].level is EvidenceLevel.PRESENT
    assert mr.reason == "it is not shown to be registered with the planning image"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("complex")
    write_sample("complex_central", folder)
    case = read_case(folder, settings=SETTINGS)
    roi = next(roi for roi in case.structure_set.rois if roi.target_class.is_gross)
    planning = case.planning_image.grid
    context = RoiContext(roi=roi, grid=contouring_grid(planning, (roi,), SETTINGS), settings=SETTINGS)
    images = CaseImages(case=case, settings=SETTINGS)
    return images, images.fuse(region_of(context.runs, planning))


def test_the_sample_plans_mr_is_alike_only_through_its_registration(sample):
    _, images = sample
    ct, mr = best_of(images, "CT"), best_of(images, "MR")
    found = compute_all(PAIR, RegistrationContext(planning=ct.values, before=mr.before, after=mr.values))
    after = found["registration.mutual_information_after"].value
    assert after > 1.2 * found["registration.mutual_information_before"].value


def test_the_sample_plans_pet_is_measured_in_suvbw(sample):
    case_images, images = sample
    found = compute_all(PET, PetContext(image=best_of(images, "PT").values))
    assert all(value.value is not None for value in found.values())
    assert 2 < found["pet.suvbw_peak"].value <= found["pet.suvbw_max"].value < 20
    assert case_images.issues == ()


@pytest.mark.real_data
@pytest.mark.parametrize("patient", sweep(["STS_001", "STS_002", "STS_003", "STS_007", "STS_010", "STS_013"]))
def test_sarcoma_patients_have_suv_in_their_gtv_through_one_frame(real_data, patient):
    case = read_case(real_data / "sts" / patient, settings=SETTINGS)
    assert {s.level for s in case.image_sets[1:]} <= {EvidenceLevel.SAME_FRAME, EvidenceLevel.REFERENCED}
    found = compute_all(PET, PetContext(image=best_of(_fused_gtv(case), "PT").values))
    assert all(value.value is not None for value in found.values())
    assert found["pet.suvbw_max"].value > 5


@pytest.mark.real_data
def test_a_pet_in_another_frame_is_not_sampled(real_data):
    case = read_case(real_data / "sts_raw" / "STS_001", settings=SETTINGS)
    reasons = {image.modality: image.reason for image in _fused_gtv(case)}
    assert reasons == {"MR": "", "PT": "it is not shown to be registered with the planning image"}


def _fused_gtv(case):
    roi = next(roi for roi in case.structure_set.rois if roi.target_class.is_gross)
    planning = case.planning_image.grid
    context = RoiContext(roi=roi, grid=contouring_grid(planning, (roi,), SETTINGS), settings=SETTINGS)
    return CaseImages(case=case, settings=SETTINGS).fuse(region_of(context.runs, planning))
