"""Newer plans beside those of a profile: what changed is found, what did not is not."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from rtcomplexity.errors import ProfileError
from rtcomplexity.scoring.calibration import OwnPlans
from rtcomplexity.scoring.drift import LEAST_NEWER, AboveCutoff, discoveries, drift_of
from rtcomplexity.scoring.plan_table import Share
from rtcomplexity.scoring.profile import load_profile
from unit.scoring.test_calibration import made_of, own, routine

SHAPE = {f"scored.{each}_ratio" for each in ("sphericity", "solidity", "concavity", "curvature")}


@pytest.fixture(scope="module")
def ours():
    return made_of(own(routine(300)))


def test_plans_of_the_same_kind_show_no_drift(ours):
    found = [drift_of(ours, own(routine(200, seed))).is_found for seed in range(1, 11)]
    assert sum(found) <= 2


def test_the_plans_themselves_show_none(ours):
    found = drift_of(ours, OwnPlans.of(ours))
    assert {each.statistic for each in found.factors} == {0.0}
    assert not found.is_found


def test_harder_shapes_are_found_and_nothing_else(ours):
    found = drift_of(ours, own(routine(200, 1, shape=0.7)))
    assert {each.metric for each in found.factors if each.differs} == SHAPE
    assert found.is_found


def test_too_many_unusual_plans_are_found(ours):
    newer = own(routine(200, 1, shape=2.0, topology=2.0))
    (above,) = drift_of(ours, newer).above
    assert above.is_too_often
    assert above.share.n == 200


@pytest.mark.parametrize(("count", "too_often"), [(6, False), (13, True)])
def test_too_often_is_when_the_whole_interval_lies_above_the_bound(count, too_often):
    """Of 200 plans 3% are 6; of 13 the exact interval begins at 3.5%."""
    above = AboveCutoff(stratum="all", title="all", c_support=95.0, share=Share(count=count, n=200))
    assert above.is_too_often is too_often


def test_with_few_newer_plans_nothing_is_tested(ours):
    assert drift_of(ours, own(routine(LEAST_NEWER - 1, 1))).factors == ()


@pytest.mark.parametrize("seed", range(5))
def test_discoveries_are_those_of_a_published_procedure(seed):
    p = np.random.default_rng(seed).random(30) ** 4
    assert discoveries(p) == list(false_discovery_control(p, method="by") <= 0.05)


def test_a_shipped_profile_has_no_plans_to_compare_with():
    with pytest.raises(ProfileError, match="no plans to compare with"):
        drift_of(load_profile("thoracic-delineation-1"), own(routine(30)))
