"""What is measured of images on which target, what of it is scored, and what is said where an image is missing."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.fusion.case_images import CaseImages, FusedImage
from rtcomplexity.geometry.stack.runs import Runs
from rtcomplexity.metrics import target_images
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.scored import AMBIGUITY
from rtcomplexity.metrics.target_images import (
    OTHER_PHASE,
    TargetImages,
    _of_phase,
    _registered_pair,
    image_issues,
    measure_images,
    sampled_subjects,
)
from rtcomplexity.model.case import EvidenceLevel, ImageRole
from rtcomplexity.settings import Settings
from rtcomplexity.testing.sample_plans import write_sample

SETTINGS = Settings()


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("complex")
    write_sample("complex_central", folder)
    return read_case(folder, settings=SETTINGS)


def target_of(case, name="GTVp"):
    roi = next(roi for roi in case.structure_set.rois if roi.name == name)
    grid = contouring_grid(case.planning_image.grid, case.structure_set.rois, SETTINGS)
    return RoiContext(roi=roi, grid=grid, settings=SETTINGS)


def found_in(case, *, is_gross=True, **of_pet):
    sets = tuple(replace(each, **of_pet) if each.modality == "PT" else each for each in case.image_sets)
    images = CaseImages(case=replace(case, image_sets=sets), settings=SETTINGS)
    return TargetImages(target=target_of(case), images=images, is_gross=is_gross)


def scored_intensities(found):
    """What is scored of a target whose images were found."""
    return compute_all(AMBIGUITY, SimpleNamespace(on_images=found))


def test_only_gross_targets_are_compared_with_the_pet_and_have_features_of_ct_values(case):
    gross, other = (set(measure_images(found_in(case, is_gross=is_gross))) for is_gross in (True, False))
    assert other < gross
    apart = {key for key in gross - other if not key.startswith("pet.gtv_")}
    assert apart == {"ct.centre_of_mass_shift", "ct.integrated_intensity", "ct.morans_i", "ct.gearys_c"}
    assert len(gross - other) == len(apart) + 5 * 4  # five agreements at four thresholds


def test_a_pet_in_the_planning_frame_alone_is_not_scored(case):
    scored = scored_intensities(found_in(case))
    assert scored["scored.pet_gtv_dice"].reason.startswith(
        "the PET shares the planning image's frame of reference, but"
    )
    assert scored["scored.ct_border_contrast"].value > 0


def test_a_registered_pet_is_scored(case):
    scored = scored_intensities(found_in(case, level=EvidenceLevel.REGISTERED))
    assert 0 < scored["scored.pet_gtv_dice"].value <= 1
    assert scored["scored.pet_gtv_volume_ratio"].value >= 1


def test_a_pet_that_is_the_planning_image_itself_is_fused_with_nothing(case):
    scored = scored_intensities(found_in(case, level=EvidenceLevel.REFERENCED, role=ImageRole.PLANNING))
    assert scored["scored.pet_gtv_dice"].reason == "the PET is the planning image itself"


def why_no_dice(case, *pets):
    """Why the Dice of a PET is not scored where the case has these PETs: level, role, whether its files are there."""
    others = tuple(each for each in case.image_sets if each.modality != "PT")
    (pet,) = (each for each in case.image_sets if each.modality == "PT")
    lost = replace(pet.series[0], paths=tuple(path.with_name("lost") for path in pet.series[0].paths))
    made = tuple(
        replace(pet, level=level, role=role, series=pet.series if is_there else (lost,))
        for level, role, is_there in pets
    )
    images = CaseImages(case=replace(case, image_sets=others + made), settings=SETTINGS)
    return scored_intensities(TargetImages(target=target_of(case), images=images))["scored.pet_gtv_dice"].reason


def test_the_reason_why_no_pet_is_scored_is_true_of_the_pet_that_is_there(case):
    frame = (EvidenceLevel.SAME_FRAME, ImageRole.SECONDARY, True)
    registered = (EvidenceLevel.REGISTERED, ImageRole.SECONDARY, False)
    assert why_no_dice(case) == "there is no PET"
    assert why_no_dice(case, frame, registered) == "no SUV: a file of the PET series cannot be read again"
    unlinked = (EvidenceLevel.PRESENT, ImageRole.SECONDARY, True)
    assert why_no_dice(case, unlinked) == "nothing links a PET to the planning image"
    not_counted = (EvidenceLevel.REGISTERED, ImageRole.NOT_COUNTED, True)
    assert why_no_dice(case, not_counted) == "it is no image set of its own"


def test_every_sampled_set_is_named(case):
    assert sampled_subjects(found_in(case)) == ("image:CT:1", "image:MR:1", "image:PT:1")
    assert image_issues(found_in(case), 1) == ()


def test_a_target_without_a_voxel_says_so(case):
    grid = case.planning_image.grid
    shape = (len(grid.slice_origins_mm), grid.rows, grid.columns)
    empty = SimpleNamespace(runs=Runs(starts=[], stops=[], shape=shape), grid=SimpleNamespace(image=grid))
    found = TargetImages(target=empty, images=CaseImages(case=case, settings=SETTINGS))
    values = measure_images(found)
    assert {each.reason for each in values.values()} == {"no voxel center of the planning image lies inside"}
    assert "ct.mean" in values
    assert sampled_subjects(found) == image_issues(found, 1) == ()
    assert scored_intensities(found)["scored.ct_border_contrast"].value is None


def test_an_image_that_cannot_be_read_is_an_issue_and_spoils_no_other(tmp_path):
    write_sample("complex_central", tmp_path)
    case = read_case(tmp_path, settings=SETTINGS)
    mr = next(each for each in case.image_sets if each.modality == "MR")
    for path in mr.series[0].paths:
        path.unlink()
    found = found_in(case)
    (issue,) = image_issues(found, 1)
    assert (issue.code, issue.subject) == ("image-not-sampled", "image:MR:1")
    assert measure_images(found)["ct.mean"].value is not None
    assert measure_images(found)["mr.mean"].value is None


def test_the_last_gross_target_is_sampled_once(case):
    images = CaseImages(case=case, settings=SETTINGS)
    grid = case.planning_image.grid
    kept, other = target_of(case).runs, target_of(case, "GTVn").runs
    first = images.fuse_on(kept, grid, keep=True)
    assert images.fuse_on(other, grid) is not first
    again = Runs(starts=np.array(kept.starts), stops=np.array(kept.stops), shape=kept.shape)
    assert images.fuse_on(again, grid) is first
    images.fuse_on(other, grid, keep=True)
    assert images.fuse_on(kept, grid) is not first


def image(*, values=None, before=None, role=ImageRole.SECONDARY, modality="MR", series=("one",), shown="one"):
    image_set = SimpleNamespace(role=role, modality=modality, series=series)
    return FusedImage(tied=SimpleNamespace(image_set=image_set, series=shown), values=values, before=before)


def pairs_of(monkeypatch, planning, *fused):
    monkeypatch.setattr(target_images, "compute_all", lambda _, pair: (pair.planning, pair.before, pair.after))
    return _registered_pair(SimpleNamespace(fused=fused, planning=planning))


def test_the_first_registered_set_with_values_is_the_pair_of_the_planning_image(monkeypatch):
    planning = image(values="ct")
    without, first, second = image(before="b0"), image(values="v1", before="b1"), image(values="v2", before="b2")
    assert pairs_of(monkeypatch, planning, image(values="v"), without, first, second) == ("ct", "b1", "v1")
    assert pairs_of(monkeypatch, planning, image(values="v"), without) == {}
    assert pairs_of(monkeypatch, image(), first) == {}
    assert pairs_of(monkeypatch, None, first) == {}


def test_the_planning_image_is_the_one_that_was_sampled():
    planning = image(values="ct", role=ImageRole.PLANNING)
    sampled = TargetImages.planning.fget
    assert sampled(SimpleNamespace(fused=(image(values="v"), planning))) is planning
    assert sampled(SimpleNamespace(fused=(image(values="v"), image(role=ImageRole.PLANNING)))) is None


def test_of_a_target_of_one_phase_other_phases_and_the_planning_image_show_nothing():
    own = image(values="v", series=("one", "two"), shown="one")
    assert _of_phase(own, "one") is own
    other = _of_phase(own, "two")
    assert (other.values, other.before, other.reason) == (None, None, OTHER_PHASE)
    alone = image(values="v", series=("one",))
    assert _of_phase(alone, "two") is alone
    assert _of_phase(image(values="v", role=ImageRole.PLANNING), "two").reason == OTHER_PHASE


@pytest.mark.parametrize(("count", "grid"), [(0, "an image"), (5, None)])
def test_without_a_voxel_or_an_image_nothing_is_fused(count, grid):
    target = SimpleNamespace(runs=SimpleNamespace(count=count), grid=SimpleNamespace(image=grid))
    with pytest.raises(NotMeasurableError, match="no voxel center"):
        TargetImages(target=target, images=None).fused  # noqa: B018


def test_a_modality_of_which_there_is_no_set_has_no_best():
    sets = SimpleNamespace(case=SimpleNamespace(image_sets=(SimpleNamespace(modality="CT"),)))
    assert TargetImages(target=None, images=sets).best("PT") is None
