"""Forged image sets: copies with new UIDs, a frame and a registration of their own, changed as a forger would.

Each is tied by an object and has contours drawn on it, so that what it shows alone decides. None may raise a count.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import affine_transform, gaussian_filter, shift

from rtcomplexity import AnalyzeOptions, analyze
from rtcomplexity.case import visits
from rtcomplexity.case.reader import read_case
from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.fusion.case_images import CaseImages
from rtcomplexity.fusion.contoured_phases import CasePhases, PhaseContours
from rtcomplexity.fusion.copies import LIKE, UNLIKE, likeness, with_filters
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.course import Course
from rtcomplexity.metrics.image_conditions import as_counted, copied_phases, measure_sets
from rtcomplexity.metrics.image_set import box_about
from rtcomplexity.metrics.target_images import TargetImages
from rtcomplexity.model.case import EvidenceLevel, ImageRole, ImageSet
from rtcomplexity.model.registration import FrameMapping, SpatialRegistration
from rtcomplexity.testing import forged_images
from scoring.gaming import plans
from sweep import sweep
from unit.fusion.images import rigid, written

FORGED_FRAME = "1.99"
IDENTITY = np.eye(4)
SHAPE = (34, 96, 96)


def noise(seed, deviation, width=0.6):
    made = gaussian_filter(np.random.default_rng(seed).normal(size=SHAPE), width)
    return deviation * made / made.std()


@cache
def anatomy():
    """Soft tissue of slowly varying density with vessels, beside lung and under bone, as a CT blurs them."""
    rng = np.random.default_rng(2)
    values = 30 + 600 * gaussian_filter(rng.normal(size=SHAPE), 4)
    z, y, x = np.indices(SHAPE)
    for center in rng.uniform((3, 8, 8), (31, 88, 88), (40, 3)):
        values[((np.stack([z, y, x], -1) - center) ** 2).sum(-1) < 6] += 250
    values[x + 4 * np.sin(y / 9) > 66] -= 750
    values[(y + 3 * np.cos(x / 7) < 26) & (x < 60)] += 500
    return gaussian_filter(values, 0.8)


@cache
def planning_values():
    return np.rint(anatomy() + noise(1, 12))


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The sample plan on a CT with noise; returns what is counted when further sets lie beside it."""
    folder = tmp_path_factory.mktemp("forged")
    sample = plans.sample()
    grid = replace(sample.planning_image.grid, rows=SHAPE[1], columns=SHAPE[2])
    roi = plans.roi_named(sample, "GTVp")
    middle = roi.contours.points_mm.mean(axis=0)
    corner = SHAPE[2] / 2 * grid.column_spacing_mm * grid.row_direction
    corner = corner + SHAPE[1] / 2 * grid.row_spacing_mm * grid.column_direction
    across = (middle - grid.slice_origins_mm[0]) - grid.normal * ((middle - grid.slice_origins_mm[0]) @ grid.normal)
    grid = replace(grid, slice_origins_mm=grid.slice_origins_mm + across - corner)
    frame = sample.planning_image.frame_of_reference_uid
    counter = iter(range(1000))

    def series(values, modality="CT", frame_uid=FORGED_FRAME, on=grid):
        n = next(counter)
        at = folder / str(n)
        return written(at, on, lambda _: values.ravel(), modality=modality, frame_uid=frame_uid, uid=f"1.5.{n}", step=1)

    ct = series(planning_values(), frame_uid=frame)
    context = RoiContext(roi=roi, grid=contouring_grid(grid, [roi], plans.SETTINGS), settings=plans.SETTINGS)

    def counted(*others, mapped=IDENTITY, ct_equipment=""):
        planned = replace(ct, equipment=ct_equipment)
        sets = [ImageSet(series=(planned,), role=ImageRole.PLANNING, level=EvidenceLevel.REFERENCED, shown_by="")]
        registered = {"role": ImageRole.SECONDARY, "level": EvidenceLevel.REGISTERED, "shown_by": ""}
        sets += [ImageSet(series=(one,), **registered) for one in others]
        mapping = FrameMapping(source_frame_uid=FORGED_FRAME, registered_from_source=mapped)
        registration = SpatialRegistration(sop_instance_uid="9", registered_frame_uid=frame, mappings=(mapping,))
        case = replace(
            sample,
            planning_image=planned,
            image_sets=tuple(sets),
            registrations=(registration,),
            contoured_series=tuple(others),
        )
        images = CaseImages(case=case, settings=plans.SETTINGS)
        found = measure_sets(TargetImages(target=context, images=images))
        return len(visits.fused(as_counted(images, found))), [
            [each.id for each in one.conditions if not each.is_met] for one in found
        ]

    def phases(*images):
        """Numbers of the phases that count for nothing, where the target was drawn on every one of them."""
        drawn = [PhaseContours(number=n, series=one, gross_targets=(roi,)) for n, one in enumerate(images, start=1)]
        case = replace(sample, planning_image=images[0])
        course = Course(
            case=case,
            images=CaseImages(case=case, settings=plans.SETTINGS),
            phases=CasePhases(phases=tuple(drawn)),
            contexts=(context,),
            parts=(context,),
            shape_blur_mm=1.0,
        )
        return copied_phases(course)

    counted.series, counted.grid, counted.phases = series, grid, phases
    return counted


FORGERIES = {
    "copied": lambda v: v,
    "one gray level more": lambda v: v + 1,
    "noise of 20 HU": lambda v: v + noise(7, 20, 0.01),
    "smoothed": lambda v: gaussian_filter(v, 1),
    "half a voxel along rows and columns": lambda v: shift(v, (0, 0.5, 0.5), order=1, mode="nearest"),
    "half a voxel along all axes": lambda v: shift(v, (0.5, 0.5, 0.5), order=1, mode="nearest"),
    "a smooth bias": lambda v: v + np.linspace(0, 80, SHAPE[2]),
}
HARDEST = ("noise of 20 HU", "half a voxel along all axes")
"""What least of the original is left in."""


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_copy_of_the_planning_ct_counts_nothing(plan, forgery):
    count, missed = plan(plan.series(np.rint(FORGERIES[forgery](planning_values()))))
    assert count == 0
    assert "independent" in missed[0]


@pytest.mark.parametrize("contrast", sweep([-1, 1]))
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_ct_relabeled_as_mr_counts_nothing(plan, forgery, contrast):
    forged = contrast * FORGERIES[forgery](planning_values())
    count, missed = plan(plan.series(np.rint(forged), modality="MR"))
    assert (count, missed) == (0, [["independent"]])


STRONG = ("noise of 100 HU", "inverted, noise of 100 HU", "gray levels mirrored at -400 HU, noise of 100 HU")


STRONG_AS = [
    *zip(STRONG, ("CT", "MR", "PT"), strict=True),
    *(
        (forgery, modality)
        for n, forgery in enumerate(STRONG)
        for m, modality in enumerate(("CT", "MR", "PT"))
        if n != m
    ),
]
"""Each forgery under one modality of its own, then under the others."""


@pytest.mark.parametrize("as_stated", sweep(STRONG_AS, ordinary=len(STRONG)), ids=" as ".join)
def test_a_copy_under_strong_noise_and_other_gray_levels_counts_nothing(plan, as_stated):
    forgery, modality = as_stated
    forged = np.rint(forged_images.told()[forgery](planning_values()))
    count, missed = plan(plan.series(forged, modality=modality))
    assert count == 0
    assert "independent" in missed[0]


PARTLY_HIDDEN = "half of the slices mirrored, blurred by 1.5 voxels, noise of 20 HU"
HIDDEN = ("blurred by 1.5 voxels, noise of 20 HU", "blurred by 2 voxels, noise of 20 HU")


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
@pytest.mark.parametrize("forgery", sweep(HIDDEN))
def test_a_copy_whose_noise_was_blurred_away_and_replaced_counts_nothing(plan, forgery, modality):
    forged = np.rint(forged_images.told_behind_filters()[forgery](planning_values()))
    count, missed = plan(plan.series(forged, modality=modality))
    assert count == 0
    assert "independent" in missed[0]


def test_a_copy_turned_as_its_registration_states_counts_nothing(plan):
    """The forger resamples the turned image, blurs it and adds noise; the registration puts it back in place."""
    grid = plan.grid
    place = np.eye(4)
    place[:3, 0], place[:3, 1] = (
        grid.row_direction * grid.column_spacing_mm,
        grid.column_direction * grid.row_spacing_mm,
    )
    place[:3, 2], place[:3, 3] = grid.slice_origins_mm[1] - grid.slice_origins_mm[0], grid.slice_origins_mm[0]
    middle = place @ [SHAPE[2] / 2, SHAPE[1] / 2, SHAPE[0] / 2, 1]
    turn = rigid([0.2, 0.1, 1], 4, (0, 0, 0))
    turn[:3, 3] = middle[:3] - turn[:3, :3] @ middle[:3] + (5, -3, 0)
    index = (np.linalg.inv(place) @ turn @ place)[[2, 1, 0, 3]][:, [2, 1, 0, 3]]
    turned = affine_transform(planning_values(), index[:3, :3], index[:3, 3], order=1, mode="nearest")
    forged = forged_images.with_noise(gaussian_filter(turned, 1.5), 20)
    count, missed = plan(plan.series(np.rint(forged)), mapped=turn)
    assert (count, missed) == (0, [["independent"]])


@pytest.mark.parametrize("modality", ["CT", "PT"])
def test_a_copy_cropped_around_the_target_counts_nothing(plan, modality):
    cut = replace(plan.grid, rows=80, columns=72)
    forged = forged_images.with_noise(planning_values()[:, :80, :72], 50)
    count, missed = plan(plan.series(np.rint(forged), modality=modality, on=cut))
    assert (count, "independent" in missed[0]) == (0, True)


def test_a_pet_made_of_a_real_pet_and_noise_counts_nothing_more(plan):
    uptake = np.rint(5000 + 20 * gaussian_filter(-anatomy() + noise(8, 400), 1.5))
    forged = np.rint(forged_images.with_noise(1.3 * uptake, 3 * np.std(uptake - gaussian_filter(uptake, 0.8))))
    _, missed = plan(plan.series(uptake, modality="PT"), plan.series(forged, modality="PT"))
    assert ["independent" in each for each in missed] == [False, True]


@pytest.mark.parametrize(("own", "is_met"), [("maker|ct|17", False), ("maker|mr|17", True), ("", True)])
def test_an_mr_that_states_the_cts_own_scanner_counts_nothing(plan, own, is_met):
    """No device makes both; where a serial number is not stated nothing is known."""
    signal = np.rint(900 - anatomy() + noise(5, 12))
    mr = replace(plan.series(signal, modality="MR"), equipment=own)
    count, missed = plan(mr, ct_equipment="maker|ct|17")
    assert count == is_met
    assert missed == [[] if is_met else ["independent"]]


def test_a_second_copy_of_a_real_set_counts_nothing_more(plan):
    real = np.rint(anatomy() + noise(5, 12))
    count, missed = plan(plan.series(real), plan.series(real + 1))
    assert (count, missed) == (1, [[], ["independent"]])


def test_a_pet_scaled_counts_nothing_more(plan):
    uptake = np.rint(5000 + 20 * gaussian_filter(-anatomy() + noise(8, 400), 1.5))
    count, missed = plan(plan.series(uptake, modality="PT"), plan.series(np.rint(1.3 * uptake), modality="PT"))
    assert "independent" not in missed[0]
    assert "independent" in missed[1]
    assert count <= 1


@pytest.mark.parametrize("shift_mm", [(0, 0, 400.0), (30.0, -20.0, 10.0)])
def test_a_registration_that_maps_elsewhere_counts_nothing(plan, shift_mm):
    mapped = np.eye(4)
    mapped[:3, 3] = shift_mm
    count, missed = plan(plan.series(np.rint(anatomy() + noise(5, 12))), mapped=mapped)
    assert count == 0
    assert "aligned" in missed[0]


def test_a_series_cropped_beside_the_target_counts_nothing(plan):
    grid = plan.grid
    cut = replace(grid, slice_origins_mm=grid.slice_origins_mm[:5])
    count, missed = plan(plan.series(np.rint(anatomy() + noise(5, 12))[:5], on=cut))
    assert count == 0
    assert "covers" in missed[0]


@pytest.mark.parametrize("moved", [(0, 0, 0), (0, 0.7, -0.4)])
def test_another_scan_of_the_patient_counts(plan, moved):
    other = shift(anatomy(), moved, order=1, mode="nearest") + noise(5, 12)
    assert plan(plan.series(np.rint(other))) == (1, [[]])


@pytest.mark.parametrize("forgery", sweep(sorted(FORGERIES, key=HARDEST.__contains__, reverse=True), len(HARDEST)))
def test_a_phase_made_from_another_one_does_not_count(plan, forgery):
    forged = np.rint(FORGERIES[forgery](planning_values()))
    assert plan.phases(plan.series(planning_values()), plan.series(forged)) == (2,)


def test_phases_that_really_differ_count(plan):
    """Two phases made with motion, each with noise of its own."""
    moved = [shift(anatomy(), (0.6 * n, 1.5 * n, 0), order=1, mode="nearest") + noise(20 + n, 12) for n in range(3)]
    assert plan.phases(*(plan.series(np.rint(one)) for one in moved)) == ()


def test_a_phase_that_was_blurred_and_given_noise_does_not_count(plan):
    forged = forged_images.with_noise(gaussian_filter(planning_values(), 1.5), 20)
    assert plan.phases(plan.series(planning_values()), plan.series(np.rint(forged))) == (2,)


@pytest.mark.real_data
@pytest.mark.parametrize("motion_voxels", sweep([0.8, 1.5]))
@pytest.mark.parametrize("patient", ["lung1_001", "sts/STS_001"])
def test_a_simulated_second_ct_of_a_real_patient_is_no_copy(real_data, patient, motion_voxels):
    """Simulated: no pair of real CTs of one patient is among the data."""
    original = around_target(real_data / patient)
    second = forged_images.second_scan(original, motion_voxels)
    assert not with_filters(likeness(second, original), second, original).is_copy
    for forge in (forged_images.told_behind_filters()[HIDDEN[0]], forged_images.harder()[PARTLY_HIDDEN]):
        hidden = np.rint(forge(original))
        assert with_filters(likeness(hidden, original), hidden, original).is_copy


MODALITIES_COUNTED = {"STS_002": 3, "STS_001": 2}


@pytest.mark.real_data
@pytest.mark.parametrize("patient", sweep(MODALITIES_COUNTED))
def test_copies_of_a_real_ct_are_told_and_its_real_pet_and_mr_are_none(real_data, patient):
    """The copies are made in the box that the real PET, or MR, is compared in, on its own voxels.

    CT, PET and MR lie in one frame of reference; of STS_001 the MR counts nothing, since the leg lay otherwise.
    """
    record = analyze(real_data / "sts" / patient, AnalyzeOptions()).record
    assert record.gross_target.metrics["scored.modalities"].value == MODALITIES_COUNTED[patient]
    for one in (each for each in record.image_sets if each.role == "secondary"):
        assert one.metrics["image_set.noise_carried"].value == 0
        assert one.metrics["image_set.fine_structure_carried"].value < LIKE.carried
        assert next(each for each in one.conditions if each.id == "independent").is_met
    original = around_target(real_data / "sts" / patient)
    for forgery in STRONG:
        assert likeness(np.rint(forged_images.told()[forgery](original)), original, limits=UNLIKE).is_copy


def around_target(plan):
    """Values of the planning CT in the box about its first gross target."""
    case = read_case(plan, settings=plans.SETTINGS)
    roi = next(roi for roi in case.structure_set.rois if roi.target_class.is_gross and len(roi.contours))
    box = box_about(case.planning_image.grid, roi.contours.points_mm.mean(axis=0) + np.array([[-60.0], [60.0]]))
    return SeriesPixels(series=case.planning_image, settings=plans.SETTINGS).read(box).values()
