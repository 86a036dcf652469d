"""Similarity of two images: known values, better after a true registration, and never called quality."""

import numpy as np
import pytest

from rtcomplexity.fusion.frames import AffineStep
from rtcomplexity.fusion.sampling import RegionValues
from rtcomplexity.metrics.measure import compute_all
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.registration import (
    PAIR,
    RegistrationContext,
    mutual_information,
    normalized_cross_correlation,
    pairs,
)
from unit.fusion.images import rigid
from unit.fusion.regions import region, values


def test_an_image_tells_all_about_itself():
    steps = np.repeat(np.arange(4.0), 50)
    assert mutual_information(steps, -3 * steps) == pytest.approx(np.log(4))
    assert normalized_cross_correlation(steps, 2 * steps + 5) == pytest.approx(1)
    assert normalized_cross_correlation(steps, -steps) == pytest.approx(-1)


def test_independent_images_tell_nothing_of_each_other():
    a, b = np.repeat(np.arange(16.0), 16), np.tile(np.arange(16.0), 16)
    assert mutual_information(a, b) == pytest.approx(0, abs=1e-12)
    assert normalized_cross_correlation(a, b) == pytest.approx(0, abs=1e-12)


def test_mutual_information_sees_what_correlation_cannot():
    a = np.linspace(-1, 1, 400)
    assert abs(normalized_cross_correlation(a, a**2)) < 1e-9
    assert mutual_information(a, a**2) > 2


def test_too_few_voxels_and_constant_images_are_not_measurable():
    with pytest.raises(NotMeasurableError, match="fewer than 100"):
        mutual_information(np.ones(99), np.ones(99))
    with pytest.raises(NotMeasurableError, match="constant"):
        normalized_cross_correlation(np.ones(200), np.arange(200.0))


def test_what_differs_by_rounding_alone_is_constant():
    """As an interpolation of a constant image gives it: numpy makes no 64 bins of so little."""
    rounded = np.where(np.arange(200) % 3, 100.0, np.nextafter(100.0, 0))
    assert mutual_information(rounded, np.arange(200.0)) == 0
    assert mutual_information(np.arange(200.0), rounded) == 0
    for pair in ((rounded, np.arange(200.0)), (np.arange(200.0), rounded)):
        with pytest.raises(NotMeasurableError, match="constant"):
            normalized_cross_correlation(*pair)


def texture(points):
    return np.sin(points[:, 0] / 3) + np.cos(points[:, 1] / 4) * np.sin(points[:, 2] / 5)


def test_a_true_registration_makes_the_images_alike():
    shape = region()
    planning_from_other = rigid([1, 1, 0], 15, [6, -4, 3])
    there = AffineStep(matrix=np.linalg.inv(planning_from_other))
    back = AffineStep(matrix=planning_from_other)

    def other_image(points):
        return 100 - 20 * texture(back(points))

    context = RegistrationContext(
        planning=values(shape, texture),
        before=values(shape, other_image),
        after=values(shape, lambda points: other_image(there(points))),
    )
    found = {key: value.value for key, value in compute_all(PAIR, context).items()}
    assert found["registration.cross_correlation_after"] == pytest.approx(-1)
    assert abs(found["registration.cross_correlation_before"]) < 0.9
    assert found["registration.mutual_information_after"] > 2 * found["registration.mutual_information_before"]


def test_only_voxels_that_both_images_have_are_paired():
    shape = region()
    one = values(shape, texture)
    holed = np.where(np.arange(one.values.size).reshape(one.values.shape) % 3 == 0, np.nan, one.values)
    a, b = pairs(one, RegionValues(region=shape, values=holed, undefined_share=0.3))
    assert len(a) == np.count_nonzero(shape.needed & ~np.isnan(holed))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("step", [1.0, 0.25, 1 / 3, 7.0])
def test_mutual_information_sorts_into_the_bins_of_numpys_histogram(step):
    """Values on the edges of bins too: whole numbers mostly lie there."""
    random = np.random.default_rng(4)
    a, b = (step * random.integers(-64, 65, 4000) for _ in range(2))
    joint = np.histogram2d(a, a + b, bins=64)[0] / len(a)
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    filled = joint > 0
    assert mutual_information(a, a + b) == (joint[filled] * np.log(joint[filled] / apart[filled])).sum()
