"""What is a copy and what is another scan: noise decides, on volumes of known making."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift
from scipy.stats import spearmanr

from rtcomplexity.fusion.copies import LIKE, UNLIKE, likeness, limits_between, rank_correlation, with_filters
from rtcomplexity.testing import forged_images

SHAPE = (16, 64, 64)


@cache
def anatomy():
    rng = np.random.default_rng(3)
    z, y, x = np.indices(SHAPE).astype(float)
    values = -700.0 + 400 * gaussian_filter(rng.normal(size=SHAPE), 3)
    values[(y - 32) ** 2 + (x - 32) ** 2 + 4 * (z - 8) ** 2 < 150] = 40
    values[x > 50] = 50
    return gaussian_filter(values, (0.5, 0.8, 0.8))


def noise(seed, deviation, width=0.6):
    made = gaussian_filter(np.random.default_rng(seed).normal(size=SHAPE), width)
    return deviation * made / made.std()


@cache
def scan(seed, deviation, *, moved=(0, 0, 0), width=0.6):
    return np.rint(shift(anatomy(), moved, order=1, mode="nearest") + noise(seed, deviation, width))


def compared(one, other, limits=LIKE):
    """Everything that is asked of two images."""
    return with_filters(likeness(one, other, limits=limits), one, other)


FORGERIES = {
    "as it is": lambda v: v,
    "one gray level more": lambda v: v + 1,
    "noise of 20 HU": lambda v: np.rint(v + noise(99, 20, 0.01)),
    "smoothed by one voxel": lambda v: gaussian_filter(v, 1),
    "smoothed by one and a half": lambda v: gaussian_filter(v, 1.5),
    "half a voxel along rows and columns": lambda v: shift(v, (0, 0.5, 0.5), order=1, mode="nearest"),
    "half a voxel along all axes": lambda v: shift(v, (0.5, 0.5, 0.5), order=1, mode="nearest"),
    "a smooth bias": lambda v: v + np.linspace(0, 100, SHAPE[2]),
    "scaled": lambda v: 0.5 * v + 1000,
}


@pytest.mark.parametrize("deviation", [5, 12, 25])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_copy_stays_one_whatever_is_done_to_it(forgery, deviation):
    original = scan(1, deviation)
    assert likeness(original, FORGERIES[forgery](original)).is_copy


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_copy_relabeled_as_another_modality_is_one(forgery):
    original = scan(1, 12)
    assert likeness(original, FORGERIES[forgery](original), limits=UNLIKE).is_copy


@pytest.mark.parametrize("deviation", [5, 12, 25])
@pytest.mark.parametrize(("moved", "width"), [((0, 0, 0), 0.6), ((0.5, 1, 0), 0.6), ((0, 0, 0), 1.2)])
def test_another_scan_of_the_same_anatomy_is_no_copy(deviation, moved, width):
    found = compared(scan(1, deviation), scan(2, deviation, moved=moved, width=width))
    assert found.filtered is not None
    assert not found.is_copy
    assert found.rank_correlation > 0.7


LARGE = (32, 80, 80)


@cache
def large_scan(seed):
    rng = np.random.default_rng(3)
    values = gaussian_filter(-300.0 + 2500 * gaussian_filter(rng.normal(size=LARGE), 4), 0.8)
    made = gaussian_filter(np.random.default_rng(seed).normal(size=LARGE), 0.6)
    return np.rint(values + 15 * made / made.std())


@pytest.mark.parametrize("forgery", forged_images.told())
def test_noise_and_other_gray_levels_make_no_other_scan(forgery):
    original = large_scan(1)
    found = likeness(np.rint(forged_images.told()[forgery](original)), original)
    assert replace(found, limits=LIKE).is_copy
    assert replace(found, limits=UNLIKE).is_copy


@pytest.mark.parametrize("forgery", forged_images.told_across_modalities())
def test_a_copy_that_lost_most_of_its_noise_is_told_under_another_modality(forgery):
    original = large_scan(1)
    forged = np.rint(forged_images.told_across_modalities()[forgery](original))
    assert likeness(forged, original, limits=UNLIKE).is_copy


@pytest.mark.parametrize("limits", [LIKE, UNLIKE])
@pytest.mark.parametrize("forgery", forged_images.told_behind_filters())
def test_a_copy_is_told_by_what_the_best_filter_leaves(forgery, limits):
    original = scan(1, 12)
    forged = np.rint(forged_images.told_behind_filters()[forgery](original))
    assert compared(forged, original, limits).is_copy


@pytest.mark.parametrize("forgery", forged_images.told_in_one_modality())
def test_a_copy_under_the_name_of_its_own_modality_is_told(forgery):
    original = large_scan(1)
    forged = np.rint(forged_images.told_in_one_modality()[forgery](original))
    assert compared(forged, original).is_copy


def test_a_real_set_listed_after_its_filtered_copy_is_told_too():
    original = scan(1, 12)
    forged = forged_images.with_noise(forged_images.blurred(original, 1.5), 20)
    assert compared(original, forged).is_filtered_copy


def test_slices_of_another_scan_do_not_hide_copied_ones():
    original, other = large_scan(1), large_scan(2)
    mixed = forged_images.with_noise(np.concatenate([other[: LARGE[0] // 2], original[LARGE[0] // 2 :]]), 60)
    found = likeness(mixed, original)
    assert abs(found.fine_correlation) < 0.3
    assert found.part_carried > 0.8
    assert likeness(other, original).part_carried < 0.1


def test_a_limit_a_scan_in_which_nothing_moved_and_texture_hides_the_noise_is_taken_for_a_copy():
    """Texture of 50 HU under noise of 15: noise alone clears it, the filter does not."""
    found = compared(large_scan(2), large_scan(1))
    assert not likeness(large_scan(2), large_scan(1)).is_copy
    assert found.filtered.displacement_voxels < 0.2
    assert found.filtered.carried > 0.8


def test_no_filter_is_sought_where_noise_already_tells_or_gray_levels_show_nothing_of_each_other():
    original = scan(1, 12)
    assert compared(original + 1, original).filtered is None
    other = large_scan(2)[tuple(map(slice, SHAPE))]
    found = compared(other, original, UNLIKE)
    assert found.by_gray_levels < UNLIKE.by_gray_levels
    assert found.filtered is None


@cache
def moved_scan():
    """Another scan, of the patient moved by half a voxel, here and there another way."""
    return forged_images.deformed(large_scan(2), 0.5)


@pytest.mark.parametrize("limits", [LIKE, UNLIKE])
@pytest.mark.parametrize("forgery", ["copied", "inverted, noise of 100 HU", "steps of 50 HU, noise of 50 HU"])
def test_another_scan_is_no_copy_whatever_was_done_to_it(forgery, limits):
    found = compared(np.rint(forged_images.told()[forgery](moved_scan())), large_scan(1), limits)
    assert not found.is_copy
    assert found.noise_carried < UNLIKE.noise_carried


def test_the_share_carried_does_not_depend_on_the_noise_that_was_added():
    """Nor does any bias come in with it: what is found of the original is all of it."""
    original = large_scan(1)
    for hu in (20, 60, 150):
        found = likeness(forged_images.with_noise(original, hu), original)
        assert found.carried == pytest.approx(1, abs=0.15)
        assert found.noise_carried == pytest.approx(0.95, abs=0.15)


def test_modalities_that_differ_may_share_almost_no_noise():
    assert limits_between("CT", "CT") == limits_between("PT", "PT") == LIKE
    assert limits_between("CT", "MR") == limits_between("PT", "CT") == UNLIKE
    assert UNLIKE.noise_carried < LIKE.noise_carried


def test_images_without_noise_are_copies_by_their_ranks():
    smooth = gaussian_filter(anatomy(), 4)
    assert likeness(smooth, 2 * smooth + 7).is_copy
    assert not likeness(smooth, shift(smooth, (0, 6, 6), order=1, mode="nearest")).is_copy


def test_too_few_shared_voxels_or_a_constant_image_tell_nothing():
    original = scan(1, 12)
    hidden = original.copy()
    hidden[1:] = np.nan
    hidden[0, 4:] = np.nan
    assert likeness(original, hidden) is None
    assert likeness(original, np.zeros(SHAPE)) is None


@pytest.mark.parametrize("levels", [3, 40, 10**6])
def test_ranks_correlate_as_an_independent_library_says(levels):
    random = np.random.default_rng(levels)
    one = random.integers(0, levels, 500).astype(float)
    other = one + random.integers(0, levels, 500)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic, rel=1e-12)
    assert rank_correlation(one, -(one**3)) == pytest.approx(-1, rel=1e-12)


def test_a_constant_has_no_rank_correlation():
    assert rank_correlation(np.zeros(50), np.arange(50.0)) == 0


def test_images_that_share_voxels_here_and_there_are_told_by_rank_alone():
    """No voxel has neighbors in both: there is no flat part, and nothing to warn of."""
    rng = np.random.default_rng(0)
    image = np.where(rng.random((40, 40, 40)) < 0.2, rng.normal(size=(40, 40, 40)), np.nan)
    found = likeness(image, 2 * image + 1)
    assert (found.fine_correlation, found.carried, found.noise_carried) == (None, None, None)
    assert found.rank_correlation == pytest.approx(1)
    assert found.is_copy
