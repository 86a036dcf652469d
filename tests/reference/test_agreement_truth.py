"""Agreement of several readers against closed forms: concentric and shifted spheres."""

import numpy as np
import pytest

from reference.test_compare_truth import EVERY_3_MM, contours, delineation, slab_sphere_cm3
from rtcomplexity.compare.agreement import AGREEMENT, Readers, icc_of_volumes, worst_place_mm
from rtcomplexity.compare.consensus import consensus
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.testing import sphere


def readers(*shapes):
    stacks = tuple(delineation(contours(sphere(radius), EVERY_3_MM, shift=shift)).stack for radius, shift in shapes)
    return Readers(stacks=stacks, consensus=consensus(stacks))


def values(found):
    return {key.removeprefix("agreement."): each.value for key, each in compute_all(AGREEMENT, found).items()}


CENTER = (0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def concentric():
    return readers((18.0, CENTER), (20.0, CENTER), (22.0, CENTER))


def test_consensus_of_three_concentric_spheres_is_the_middle_one(concentric):
    assert slab_volume_mm3(concentric.consensus) / 1000 == pytest.approx(slab_sphere_cm3(20.0), rel=2e-3)


def test_volumes_held_by_all_and_by_any_and_the_indices_that_follow(concentric):
    small, middle, large = (slab_sphere_cm3(radius) for radius in (18.0, 20.0, 22.0))
    found = values(concentric)
    assert found["common_volume"] == pytest.approx(small, rel=1e-3)
    assert found["encompassing_volume"] == pytest.approx(large, rel=1e-3)
    assert found["common_share"] == pytest.approx(small / large, rel=1e-3)
    shared, joined = 2 * small + middle, 2 * large + middle
    assert found["generalized_conformity_index"] == pytest.approx(shared / joined, rel=1e-3)
    assert found["volume_ratio"] == pytest.approx(large / small, rel=1e-3)


def test_local_deviation_of_radii_two_mm_apart_is_two_mm(concentric):
    found = values(concentric)
    assert found["local_deviation"] == pytest.approx(2, abs=0.03)
    assert found["local_deviation_max"] == pytest.approx(2, abs=0.15)


def test_kappa_is_that_of_the_shares_held_by_each_number_of_readers(concentric):
    held = concentric.held_by_mm3
    box = held.sum()
    small, middle, large = (1000 * slab_sphere_cm3(radius) / box for radius in (18.0, 20.0, 22.0))
    agreed = (1 - large) + small + (large - small) / 3
    inside = (small + middle + large) / 3
    expected = inside**2 + (1 - inside) ** 2
    assert values(concentric)["kappa"] == pytest.approx((agreed - expected) / (1 - expected), abs=2e-3)


def test_equal_readers_agree_wholly():
    found = values(readers((20.0, CENTER), (20.0, CENTER)))
    for key in ("common_share", "generalized_conformity_index", "mean_dice", "kappa", "volume_ratio"):
        assert found[key] == pytest.approx(1, abs=1e-4), key
    assert found["local_deviation"] == pytest.approx(0, abs=0.05)


def test_the_place_where_one_reader_bulges_is_named():
    found = readers((20.0, CENTER), (20.0, CENTER), (20.0, (6.0, 0.0, 0.0)))
    assert worst_place_mm(found)[0] == pytest.approx(20, abs=1.5) or worst_place_mm(found)[0] < -18


def test_readers_apart_have_no_consensus():
    found = readers((10.0, (-20.0, 0.0, 0.0)), (10.0, (20.0, 0.0, 0.0)))
    assert found.consensus is None
    assert values(found)["local_deviation"] is None
    assert values(found)["common_volume"] == 0


def test_icc_of_shrout_and_fleiss_1979():
    """Their Table 2: six targets, four judges; ICC(2,1) = 0.29 (Table 4)."""
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    assert icc_of_volumes(ratings) == pytest.approx(0.29, abs=0.005)


def test_icc_of_one_roi_does_not_exist():
    with pytest.raises(NotMeasurableError, match="fewer than two"):
        icc_of_volumes(np.array([[1.0, 2.0]]))
