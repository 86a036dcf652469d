"""SUV statistics, volumes and the peak on images whose truth is known; each convention is pinned."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.fusion.sampling import RegionValues, region_of
from rtcomplexity.geometry.stack.runs import Runs
from rtcomplexity.metrics import pet as pet_metrics
from rtcomplexity.metrics.measure import compute_all
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.pet import (
    PEAK_RADIUS_MM,
    PET,
    THRESHOLDS,
    PetContext,
    gtv_centroid_distance_mm,
    gtv_dice,
    gtv_edited_volume_cm3,
    gtv_hausdorff_mm,
    gtv_volume_ratio,
    largest_sphere_mean,
    mtv_cm3,
    suvbw_peak,
    tlg_suvbw_cm3,
    volume_cm3,
)
from unit.fusion.images import grid, runs_of
from unit.fusion.regions import CENTER, FINE, UNEVEN, region, values

SPACING = np.array([1.25, 1.5, 2.0])
"""Of the fine grid, along x, y and z."""
FINE_SHAPE = (len(FINE.slice_origins_mm), FINE.rows, FINE.columns)
DEFAULT, HALF, SUV_2_5, SUV_4_0 = THRESHOLDS


def radius(points, center=CENTER):
    return np.linalg.norm(points - center, axis=1)


def pet(value_of, image_grid=FINE, **changes):
    return PetContext(image=values(region(image_grid, **changes), value_of))


def hot_ball(radius_mm, hot=8.0, cold=1.0, center=CENTER):
    return lambda points: np.where(radius(points, center) <= radius_mm, hot, cold)


@pytest.mark.parametrize("image_grid", [FINE, UNEVEN])
def test_mtv_is_the_volume_above_the_threshold(image_grid):
    context = pet(hot_ball(6.0), image_grid)
    inside = mtv_cm3(context, DEFAULT)
    assert inside == volume_cm3(context.region, context.image.values == 8)
    assert inside == pytest.approx(4 / 3 * math.pi * 0.6**3, rel=0.1)
    assert tlg_suvbw_cm3(context, DEFAULT) == pytest.approx(8 * inside)


@pytest.mark.parametrize("thickness_mm", [None, 4.0])
def test_of_a_single_slice_volumes_are_told_only_where_its_thickness_is_known(thickness_mm):
    slice_grid = replace(grid(shape=(1, 40, 48), heights=[0.0]), slice_thickness_mm=thickness_mm)
    runs = Runs(starts=np.arange(10, 20) * 49 + 10, stops=np.arange(10, 20) * 49 + 30, shape=(1, 40, 48))
    context = PetContext(image=values(region_of(runs, slice_grid), lambda points: np.full(len(points), 5.0)))
    assert gtv_dice(context, DEFAULT) <= 1
    if thickness_mm is None:
        for compute in (mtv_cm3, tlg_suvbw_cm3):
            with pytest.raises(NotMeasurableError, match="unknown thickness"):
                compute(context, DEFAULT)
    else:
        assert mtv_cm3(context, DEFAULT) == pytest.approx(200 * 1.5 * 1.25 * 4 / 1000)
        assert tlg_suvbw_cm3(context, DEFAULT) == pytest.approx(5 * 200 * 1.5 * 1.25 * 4 / 1000)


def test_percentages_are_of_the_maximum_inside_the_target():
    hotter_elsewhere = pet(lambda points: np.where(radius(points) <= 9, 4.0, 100.0))
    assert mtv_cm3(hotter_elsewhere, DEFAULT) == pytest.approx(
        volume_cm3(hotter_elsewhere.region, hotter_elsewhere.region.mask)
    )


def test_a_voxel_on_the_threshold_counts():
    assert mtv_cm3(pet(lambda points: np.full(len(points), 4.0)), SUV_4_0) > 0


def test_nothing_above_a_threshold_is_a_volume_of_zero_and_no_overlap():
    cold = pet(lambda points: np.full(len(points), 1.0))
    assert mtv_cm3(cold, SUV_2_5) == 0
    assert tlg_suvbw_cm3(cold, SUV_2_5) == 0
    for compute in (gtv_dice, gtv_volume_ratio, gtv_centroid_distance_mm):
        with pytest.raises(NotMeasurableError, match=r"no voxel of the ROI reaches SUVbw 2\.5"):
            compute(cold, SUV_2_5)


@pytest.mark.parametrize("image_grid", [FINE, UNEVEN])
def test_a_pet_volume_equal_to_the_target_overlaps_wholly(image_grid):
    same = pet(hot_ball(9.0), image_grid)
    assert gtv_dice(same, HALF) == 1
    assert gtv_volume_ratio(same, HALF) == 1
    assert gtv_centroid_distance_mm(same, HALF) == pytest.approx(0, abs=1e-9)


def test_the_pet_volume_leaves_the_target_but_mtv_does_not():
    larger = pet(hot_ball(14.0))
    target = volume_cm3(larger.region, larger.region.mask)
    assert mtv_cm3(larger, HALF) == pytest.approx(target)
    assert gtv_volume_ratio(larger, HALF) == pytest.approx((14 / 9) ** 3, rel=0.1)
    ratio = gtv_volume_ratio(larger, HALF)
    assert gtv_dice(larger, HALF) == pytest.approx(2 / (1 + ratio))


def test_a_hot_spot_apart_from_the_target_is_not_its_pet_volume():
    apart = np.add(CENTER, [0, 14, 0])
    one = pet(lambda points: np.where((radius(points) <= 5) | (radius(points, apart) <= 2.5), 8.0, 1.0))
    assert ((one.image.values == 8) & (one.region.distance_mm > 0)).any()
    assert gtv_volume_ratio(one, HALF) == mtv_cm3(one, HALF) / volume_cm3(one.region, one.region.mask)


def test_the_centroid_of_a_shifted_volume_lies_where_it_was_put():
    shifted = pet(hot_ball(5.0, center=np.add(CENTER, [3, 0, -4])))
    assert gtv_centroid_distance_mm(shifted, HALF) == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("image_grid", [FINE, UNEVEN])
@pytest.mark.parametrize("radius_mm", [5.0, 13.0])
def test_a_concentric_volume_lies_as_far_from_the_target_as_the_radii_differ(image_grid, radius_mm):
    context = pet(hot_ball(radius_mm), image_grid)
    assert gtv_hausdorff_mm(context, DEFAULT) == pytest.approx(abs(radius_mm - 9), abs=2.0)
    between = 4 / 3 * math.pi * abs(radius_mm**3 - 9**3) / 1000
    assert gtv_edited_volume_cm3(context, DEFAULT) == pytest.approx(between, rel=0.1)


def test_a_volume_equal_to_the_target_needs_no_editing():
    context = pet(hot_ball(9.0))
    assert (gtv_hausdorff_mm(context, DEFAULT), gtv_edited_volume_cm3(context, DEFAULT)) == (0, 0)


def test_the_hausdorff_distance_is_that_of_all_pairs_of_surface_voxels():
    context = pet(hot_ball(5.0, center=CENTER + np.array([3.0, 0.0, 2.0])))
    found = [context.region.points_mm(each) for each in (context.pet_volume(DEFAULT), context.region.mask)]
    surfaces = [
        np.array([p for p in points if ((np.abs(points - p) / SPACING).sum(axis=1) <= 1.01).sum() < 7])
        for points in found
    ]
    apart = np.linalg.norm(surfaces[0][:, None] - surfaces[1], axis=2)
    expected = max(apart.min(axis=1).max(), apart.min(axis=0).max())
    assert gtv_hausdorff_mm(context, DEFAULT) == pytest.approx(expected)


@pytest.mark.parametrize("image_grid", [FINE, UNEVEN])
def test_the_peak_is_the_largest_mean_by_brute_force(image_grid):
    context = pet(lambda points: 5 + np.sin(points[:, 0] / 3) + np.cos(points[:, 1] / 4 + points[:, 2] / 5), image_grid)
    shape = context.region
    everything = shape.points_mm(np.ones(shape.mask.shape, bool))
    flat = context.image.values.ravel()
    means = [flat[radius(everything, c) <= PEAK_RADIUS_MM].mean() for c in shape.points_mm(shape.mask)]
    assert suvbw_peak(context) == pytest.approx(max(means), rel=1e-12)


def test_the_peak_of_a_constant_image_is_the_constant():
    assert suvbw_peak(pet(lambda points: np.full(len(points), 3.5))) == pytest.approx(3.5)


def test_a_surrounded_target_has_the_peak_that_counting_every_voxel_gives(monkeypatch):
    context = pet(lambda points: 5 + np.sin(points[:, 0] / 3) + np.cos(points[:, 1] / 4 + points[:, 2] / 5))
    quick = suvbw_peak(context)
    monkeypatch.setattr(pet_metrics, "_is_surrounded", lambda image, radius_mm: False)
    assert suvbw_peak(context) == quick


def test_in_a_corner_of_the_image_only_spheres_that_lie_in_it_count():
    mask = np.zeros(FINE_SHAPE, bool)
    mask[14:16, :12, :12] = True
    shape = region(mask=mask)
    image = values(shape, lambda points: 5 + np.sin(points[:, 0] / 3) + np.cos(points[:, 1] / 4 + points[:, 2] / 5))
    everything = shape.points_mm(np.ones(mask.shape, bool)[tuple(slice(n) for n in shape.mask.shape)])
    flat, centers = image.values.ravel(), shape.points_mm(shape.mask)
    spheres = [flat[radius(everything, c) <= PEAK_RADIUS_MM] for c in centers]
    whole = max(map(len, spheres))
    assert 0 < sum(len(each) < whole for each in spheres) < len(spheres)
    expected = max(each.mean() for each in spheres if len(each) == whole)
    assert largest_sphere_mean(image, PEAK_RADIUS_MM) == pytest.approx(expected, rel=1e-12)


def test_the_sphere_may_leave_the_target_but_not_its_center():
    hot_rim = pet(lambda points: np.where(radius(points) > 9, 10.0, 0.0), radius_mm=9.0)
    assert 0 < suvbw_peak(hot_rim) < 10


def test_a_peak_of_which_no_sphere_fits_into_the_image_is_missing():
    shape = region(mask=_corner(FINE))
    with pytest.raises(NotMeasurableError, match="leaves the image"):
        largest_sphere_mean(values(shape, lambda points: np.ones(len(points))))


def _corner(image_grid):
    mask = np.zeros((len(image_grid.slice_origins_mm), image_grid.rows, image_grid.columns), bool)
    mask[:2, :2, :2] = True
    return mask


def test_a_sphere_that_meets_an_undefined_voxel_does_not_count():
    shape = region()
    painted = np.ones(shape.mask.shape)
    painted[shape.mask.shape[0] // 2 :] = np.nan
    painted[shape.mask.shape[0] // 2 - 1] = 100.0
    found = largest_sphere_mean(RegionValues(region=shape, values=painted, undefined_share=0.0))
    assert found < 100 / 5


def test_the_boundary_is_measured_too():
    found = compute_all(PET, pet(hot_ball(9.0)))
    assert found["pet.boundary_contrast"].value == 7
    assert found["pet.boundary_gradient"].value > 0
    assert found["pet.boundary_gradient"].unit == "g/ml/mm"


def test_every_key_that_others_build_on_is_there():
    found = compute_all(PET, pet(hot_ball(6.0)))
    keys = {
        "suvbw_min",
        "suvbw_median",
        "suvbw_mean",
        "suvbw_max",
        "suvbw_peak",
        "mtv",
        "tlg",
        "gtv_dice",
        "gtv_volume_ratio",
    }
    assert {f"pet.{key}" for key in keys} <= set(found)
    assert len(found) == len(PET)
    assert all(value.value is not None for value in found.values())


def test_a_target_outside_the_pet_is_not_measured():
    context = PetContext(image=values(region(), hot_ball(6.0), undefined_share=0.5))
    found = compute_all(PET, context)
    assert {value.reason for value in found.values()} == {"50% of the ROI has no value in the image"}


def test_a_voxel_without_a_value_is_never_above_a_threshold():
    context = pet(lambda points: np.where(radius(points) <= 3, np.nan, 8.0))
    assert context.above(SUV_2_5).sum() == (context.region.mask & ~np.isnan(context.image.values)).sum()
    assert not (context.pet_volume(SUV_2_5) & np.isnan(context.image.values)).any()


@pytest.mark.parametrize(("value", "counts"), [(2.5, True), (2.4999, False)])
def test_a_voxel_at_the_threshold_is_above_it(value, counts):
    context = pet(lambda points: np.full(len(points), value))
    assert context.above(SUV_2_5).any() is np.bool_(counts)
    assert context.above(HALF).sum() == context.region.mask.sum()


def test_levels_are_shares_of_the_maximum_or_fixed():
    assert [each.level(10.0) for each in THRESHOLDS] == pytest.approx([4.1, 5.0, 2.5, 4.0])


def test_a_sphere_of_1_cm3_reaches_so_many_voxels():
    """Voxels of 2 x 1.5 x 1.25 mm (z, y, x) within 6.2 mm of a center, slice by slice."""
    assert 4 / 3 * math.pi * PEAK_RADIUS_MM**3 == pytest.approx(1000)
    shape = region(FINE)
    offsets = pet_metrics._sphere_offsets(shape, PEAK_RADIUS_MM)
    middle = len(offsets) // 2
    assert [other - middle for other, _ in offsets[middle]] == [-3, -2, -1, 0, 1, 2, 3]
    for other, shifts in offsets[middle]:
        away = [2.0 * (other - middle), *(shifts * [1.5, 1.25]).T]
        assert np.sqrt(away[0] ** 2 + away[1] ** 2 + away[2] ** 2).max() <= PEAK_RADIUS_MM
        reach = [int(np.sqrt(PEAK_RADIUS_MM**2 - away[0] ** 2) / step) for step in (1.5, 1.25)]
        assert np.abs(shifts).max(axis=0).tolist() == reach
        assert (shifts.min(axis=0) == -shifts.max(axis=0)).all()
    assert [other for other, _ in offsets[0]] == [0, 1, 2, 3]


@pytest.mark.parametrize("radius_mm", [0.0, 1.9, 2.1, 7.0])
def test_a_sphere_on_a_slice_reaches_half_a_slice_beyond_the_image(radius_mm):
    """Slices 3 mm apart at z = 0 to 33: the image reaches from -1.5 to 34.5 mm."""
    whole = grid(shape=(12, 8, 8), spacing=(3.0, 1.0, 1.0), origin=(0, 0, 0))
    mask = np.zeros((12, 8, 8), bool)
    mask[:, 3:5, 3:5] = True
    shape = region_of(runs_of(mask), whole, 0.0)
    heights = whole.slice_positions_mm[slice(*shape.box.k)]
    expected = (heights - radius_mm >= -1.5) & (heights + radius_mm <= 34.5)
    assert pet_metrics._slices_reach(shape, radius_mm).tolist() == expected.tolist()


def test_the_outermost_voxels_have_a_face_outside():
    mask = np.zeros((5, 5, 5), bool)
    mask[1:4, 1:4, 1:4] = True
    expected = mask.copy()
    expected[2, 2, 2] = False
    assert (pet_metrics._outermost(mask) == expected).all()
    assert (pet_metrics._outermost(np.ones((2, 3, 3), bool))).all()


def test_a_voxel_beside_the_target_at_the_threshold_belongs_to_the_pet_volume():
    """The target has 2.5 throughout, as a shell of 4 mm around it; beyond it is less."""
    context = pet(lambda points: np.where(radius(points) <= 13, 2.5, 2.4))
    everything = context.region.points_mm(np.ones(context.region.mask.shape, bool))
    expected = (radius(everything) <= 13).reshape(context.region.mask.shape) & context.region.needed
    assert expected.sum() > context.region.mask.sum() + 100
    assert (context.pet_volume(SUV_2_5) == expected).all()


@pytest.mark.parametrize(("first", "radius_mm"), [(0, 4.0), (4, 4.0), (5, 4.0), (4, 4.5), (7, 4.0), (8, 4.0)])
def test_a_target_is_surrounded_as_far_as_its_box_reaches_on_every_side(first, radius_mm):
    """Pixels of 1 mm, a box of 16 x 16: a target of four pixels has `first` before it and 12 - first after it."""
    mask = np.zeros((9, 16, 16), bool)
    shape = SimpleNamespace(
        grid=SimpleNamespace(row_spacing_mm=1.0, column_spacing_mm=1.0), reach_mm=4.5, needed=np.ones(mask.shape, bool),
        mask=mask,
    )  # fmt: skip
    for axis in (1, 2):
        mask[...] = False
        np.moveaxis(mask, axis, 1)[4, first : first + 4, 6:10] = True
        image = SimpleNamespace(region=shape, values=np.zeros(mask.shape))
        assert pet_metrics._is_surrounded(image, radius_mm) is (min(first, 12 - first) >= radius_mm)


def test_a_target_is_not_surrounded_where_values_are_missing_or_not_read_far_enough():
    mask = np.zeros((9, 16, 16), bool)
    mask[4, 7:9, 7:9] = True
    steps = SimpleNamespace(row_spacing_mm=1.0, column_spacing_mm=1.0)
    shape = SimpleNamespace(grid=steps, reach_mm=4.0, needed=np.ones(mask.shape, bool), mask=mask)
    image = SimpleNamespace(region=shape, values=np.zeros(mask.shape))
    assert pet_metrics._is_surrounded(image, 4.0)
    assert not pet_metrics._is_surrounded(image, 4.1)
    image.values[0, 0, 0] = np.nan
    assert not pet_metrics._is_surrounded(image, 4.0)
    shape.needed[0, 0, 0] = False
    assert pet_metrics._is_surrounded(image, 4.0)


def test_a_sphere_holds_the_voxels_exactly_on_it():
    """Of 6 mm, on voxels of 3 x 2 x 1.5 mm: two slices away the one above its center, in plane three and four."""
    shape = SimpleNamespace(
        box=SimpleNamespace(k=(0, 5)),
        grid=SimpleNamespace(slice_positions_mm=3.0 * np.arange(5), row_spacing_mm=2.0, column_spacing_mm=1.5),
    )
    offsets = dict(pet_metrics._sphere_offsets(shape, 6.0)[2])
    assert sorted(offsets) == [0, 1, 2, 3, 4]
    assert offsets[0].tolist() == offsets[4].tolist() == [[0, 0]]
    assert np.abs(offsets[2]).max(axis=0).tolist() == [3, 4]
    assert len(offsets[2]) == sum((2 * j) ** 2 + (1.5 * i) ** 2 <= 36 for j in range(-3, 4) for i in range(-4, 5))
