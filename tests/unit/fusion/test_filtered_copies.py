"""What the best filter of an image leaves of another: known blurs, noise and displacements are found again."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from rtcomplexity.fusion.filtered_copies import LEAST_CARRIED, LEAST_DISPLACEMENT, Remainder, remainder

SHAPE = (20, 60, 66)
RANDOM_SEEDS = (1, 2)


def organs():
    """Boxes of soft tissue, bone and lung with borders about a voxel wide."""
    values = np.zeros(SHAPE)
    random = np.random.default_rng(4)
    for low in random.uniform((0, 0, 0), (12, 46, 50), (30, 3)).astype(int):
        values[tuple(slice(at, at + size) for at, size in zip(low, (7, 12, 14), strict=True))] += random.normal() * 300
    return gaussian_filter(values, 0.7)


def noise(seed, deviation):
    return deviation * np.random.default_rng(seed).normal(size=SHAPE)


@pytest.mark.parametrize("voxels", [0.0, 1.0, 1.5, 2.5])
@pytest.mark.parametrize("contrast", [1.0, -0.5])
def test_a_blurred_copy_is_explained_but_for_the_noise_put_on_top(voxels, contrast):
    original = organs() + noise(1, 15)
    behind = contrast * gaussian_filter(original, voxels) + 40
    found = remainder(behind + noise(2, 20), original)
    assert 1 - found.explained == pytest.approx(20**2 / (behind.var() + 20**2), rel=0.1)
    assert found.displacement_voxels < LEAST_DISPLACEMENT
    assert found.carried > LEAST_CARRIED
    assert found.shows_copy(least_explained=0.8)


@pytest.mark.parametrize("voxels", [0.3, 0.5])
def test_a_displacement_of_edges_is_found_to_a_fifth(voxels):
    """Blocks of slices moved one way and the other: no filter of the whole makes up for that."""
    original = organs()
    ways = [shift(original, (0, 0, way * voxels), order=1, mode="nearest") for way in (1, -1)]
    moved = np.where((np.arange(SHAPE[0]) // 5 % 2 == 0)[:, None, None], *ways)
    found = remainder(moved + noise(3, 3), original + noise(1, 3))
    along_x = np.square(np.gradient(original, axis=2)).sum()
    along_any = sum(np.square(step).sum() for step in np.gradient(original))
    assert found.displacement_voxels == pytest.approx(voxels * np.sqrt(along_x / along_any), rel=0.5)
    assert not found.shows_copy(least_explained=0.0)


def test_noise_of_its_own_tells_a_scan_in_which_nothing_moved():
    first, second = (organs() + noise(seed, 15) for seed in RANDOM_SEEDS)
    found = remainder(second, first)
    assert found.displacement_voxels < LEAST_DISPLACEMENT
    assert found.carried < 0.5
    assert not found.shows_copy(least_explained=0.0)


@pytest.mark.parametrize(("explained", "displaced", "carried"), [(0.7, 0.05, 1.0), (0.9, 0.2, 1.0), (0.9, 0.05, 0.7)])
def test_each_of_three_limits_keeps_an_image_from_being_a_copy(explained, displaced, carried):
    found = Remainder(explained=explained, displacement_voxels=displaced, carried=carried)
    assert not found.shows_copy(least_explained=0.8)
    assert Remainder(explained=0.9, displacement_voxels=0.05, carried=1.0).shows_copy(least_explained=0.8)


def test_empty_voxels_are_left_out():
    original = organs() + noise(1, 15)
    copy = gaussian_filter(original, 1.5) + noise(2, 20)
    copy[:, :20] = np.nan
    found = remainder(copy, original)
    assert np.isfinite([found.explained, found.displacement_voxels, found.carried]).all()
    assert found.shows_copy(least_explained=0.8)


@pytest.mark.parametrize("few", [(4, 30, 30), (16, 16, 16)])
def test_too_few_voxels_or_blocks_say_nothing(few):
    values = np.random.default_rng(0).normal(size=few)
    assert remainder(values, values) is None


def test_a_constant_image_says_nothing():
    assert remainder(organs(), np.zeros(SHAPE)) is None
    assert remainder(np.zeros(SHAPE), organs()) is None


def test_one_voxel_of_another_value_is_no_curve_of_gray_levels():
    """The quantiles of a sample miss it: then gray levels stay as they are."""
    original = np.zeros(SHAPE)
    original[10, 30, 31] = 1000
    found = remainder(original + noise(2, 1), original)
    assert found.explained < 1
