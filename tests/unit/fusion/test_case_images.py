"""A case's images on one target: what is tied is sampled, what is not says why, and metrics follow from both."""

from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.fusion.case_images import CaseImages, best_of
from rtcomplexity.fusion.sampling import region_of
from rtcomplexity.fusion.tied_images import in_order_of_choice
from rtcomplexity.metrics import intensity
from rtcomplexity.metrics.measure import compute_all
from rtcomplexity.metrics.pet import PET, PetContext
from rtcomplexity.metrics.registration import PAIR, RegistrationContext
from rtcomplexity.model.case import Case, EvidenceLevel, ImageRole, ImageSet
from rtcomplexity.model.issue import Severity
from rtcomplexity.model.registration import FrameMapping, SpatialRegistration
from rtcomplexity.model.structure_set import StructureSet
from rtcomplexity.settings import Settings
from unit.fusion.images import ball, grid, rigid, runs_of, written

CENTER = np.array([4.0, 2.0, 1.0])
CT_FROM_MR = rigid([0, 0, 1], 20, [4, -3, 2])
PLANNING = grid(shape=(16, 30, 34), origin=(-17, -20, -22))
WIDE = grid(shape=(40, 60, 64), spacing=(2.0, 1.5, 1.25), origin=(-38, -44, -38))


def tissue(points):
    return 20 * np.sin(points[:, 0] / 4) + 15 * np.cos(points[:, 1] / 5 + points[:, 2] / 6)


def uptake(points):
    return np.where(np.linalg.norm(points - CENTER, axis=1) <= 4, 8.0, 1.0)


def image_set(series, level, role=ImageRole.SECONDARY):
    return ImageSet(series=(series,), role=role, level=level, shown_by="")


@pytest.fixture
def images(tmp_path):
    ct = written(tmp_path / "ct", PLANNING, tissue, uid="2.1")
    mr = written(
        tmp_path / "mr", WIDE, lambda p: -3 * tissue(p @ CT_FROM_MR[:3, :3].T + CT_FROM_MR[:3, 3]),
        modality="MR", frame_uid="1.2", uid="2.2",
    )  # fmt: skip
    pet = {"Units": "GML", "CorrectedImage": ["ATTN", "DECY"], "DecayCorrection": "ADMIN"}
    sets = (
        image_set(ct, EvidenceLevel.REFERENCED, ImageRole.PLANNING),
        image_set(mr, EvidenceLevel.REGISTERED),
        image_set(written(tmp_path / "a", WIDE, uptake, modality="PT", uid="2.3", **pet), EvidenceLevel.SAME_FRAME),
        image_set(
            written(tmp_path / "b", WIDE, uptake, modality="PT", uid="2.4", **pet | {"Units": "PROPCNTS"}),
            EvidenceLevel.SAME_FRAME,
        ),
        image_set(
            written(tmp_path / "c", WIDE, uptake, modality="PT", frame_uid="1.9", uid="2.5", **pet),
            EvidenceLevel.PRESENT,
        ),
        image_set(ct, EvidenceLevel.SAME_FRAME, ImageRole.NOT_COUNTED),
    )
    mapping = FrameMapping(source_frame_uid="1.2", registered_from_source=CT_FROM_MR)
    registration = SpatialRegistration(sop_instance_uid="9", registered_frame_uid="1.1", mappings=(mapping,))
    case = Case(
        plan_id="",
        structure_set=StructureSet(sop_instance_uid="", series_uid="", study_uid="", patient_key="", rois=()),
        chosen_because="",
        planning_image=ct,
        image_sets=sets,
        registrations=(registration,),
    )
    return CaseImages(case=case, settings=Settings())


@pytest.fixture
def region():
    return region_of(runs_of(ball(PLANNING, CENTER, 7.0)), PLANNING)


def test_each_set_is_sampled_or_says_why(images, region):
    reasons = [image.reason for image in images.fuse(region)]
    assert reasons == [
        "",
        "",
        "",
        "no SUV: Units (0054,1001) are PROPCNTS: no rule leads to SUVbw",
        "it is not shown to be registered with the planning image",
        "it is no image set of its own",
    ]
    assert [issue.subject for issue in images.issues if issue.code == "suv-refused"] == ["image:PT:2"]


def test_a_set_that_nothing_ties_is_never_opened(images, region):
    for path in images.case.image_sets[4].series[0].paths:
        path.unlink()
    assert images.fuse(region)[4].values is None


def test_a_series_that_cannot_be_read_says_why_and_spoils_no_other(images, region):
    for path in images.case.image_sets[1].series[0].paths:
        path.unlink()
    fused = images.fuse(region)
    assert "cannot be opened" in fused[1].reason
    assert fused[0].values is not None


def test_the_metrics_of_a_target_follow(images, region):
    fused = images.fuse(region)
    ct, mr, pet = (best_of(fused, modality) for modality in ("CT", "MR", "PT"))
    assert compute_all(intensity.CT, ct.values)["ct.mean"].value is not None
    assert compute_all(PET, PetContext(image=pet.values))["pet.suvbw_max"].value == pytest.approx(8)
    pair = RegistrationContext(planning=ct.values, before=mr.before, after=mr.values)
    similarity = {key: value.value for key, value in compute_all(PAIR, pair).items()}
    assert similarity["registration.cross_correlation_after"] < -0.99
    assert similarity["registration.cross_correlation_before"] > -0.9
    assert pet.before is None


def test_the_best_set_of_a_modality_is_the_sampled_one_with_the_highest_level(images, region):
    fused = images.fuse(region)
    assert best_of(fused, "PT").tied.subject == "image:PT:1"
    assert best_of(fused[3:], "PT").values is None
    assert best_of(fused, "NM") is None
    assert best_of((), "PT") is None


def test_without_a_planning_image_nothing_is_sampled(images, region):
    alone = CaseImages(case=replace(images.case, planning_image=None), settings=Settings())
    assert {image.reason for image in alone.fuse(region)[:5]} == {"no planning image is linked"}


def test_what_an_image_does_not_cover_is_said(images, region):
    covered = images.fuse(region)[2]
    assert covered.coverage_issue(5) is None
    half = replace(covered, values=replace(covered.values, undefined_share=0.031))
    issue = half.coverage_issue(5)
    assert issue.subject == "roi:5"
    assert issue.text.startswith("3.1% of the ROI's voxels lie outside image:PT:1")


def test_of_several_pets_one_is_chosen_for_values_and_pictures_and_the_others_are_named(images, region):
    pet = images.case.image_sets[2]
    firmer = replace(pet, level=EvidenceLevel.REFERENCED)
    for sets, chosen, why in (((pet, pet), "image:PT:1", "acquired first"), ((pet, firmer), "image:PT:2", "strongest")):
        case = replace(images.case, image_sets=(images.case.image_sets[0], *sets))
        several = CaseImages(case=case, settings=Settings())
        assert in_order_of_choice(several.tied, "PT")[0].subject == chosen
        assert best_of(several.fuse(region), "PT").tied.subject == chosen
        (issue,) = [issue for issue in several.issues if issue.code == "several-pet-sets"]
        assert issue.severity is Severity.WARNING
        assert (chosen in issue.text, why in issue.text) == (True, True)
    assert "several-pet-sets" not in {issue.code for issue in images.issues}
