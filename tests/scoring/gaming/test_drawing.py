"""The same targets drawn, ordered or written otherwise: the verdict stays, each scored metric within a tolerance."""

import math

import numpy as np
import pytest

from rtcomplexity.testing.variations import (
    chosen,
    closed_twice,
    densified,
    duplicated,
    jagged,
    nearly_duplicated,
    reversed_direction,
    started_elsewhere,
    with_repeated_points,
)
from scoring.gaming import plans
from sweep import sweep

REWRITTEN = {
    "reversed": reversed_direction,
    "started elsewhere": started_elsewhere,
    "closed twice": closed_twice,
    "points repeated": with_repeated_points,
    "densified": densified,
    "duplicated": duplicated,
    "duplicated at the end": plans.doubled,
    "nearly duplicated": nearly_duplicated,
    "other order": lambda contours: chosen(contours, range(len(contours))[::-1]),
}
SAMPLES = ("routine_sbrt", "pet_ct_nsclc", "complex_central")
ON_EVERY_SAMPLE = ("reversed", "nearly duplicated", "other order")
"""A way to write the points, one to write contours twice, and one to list them; the rest on the first sample."""
EXACT = 0.01
"""Of what is only written otherwise."""
NOISE = {
    1.0: {"sphericity_ratio": 0.03, "solidity_ratio": 0.02, "concavity_ratio": 0.02, "curvature_ratio": 0.25},
    2.0: {"sphericity_ratio": 0.06, "solidity_ratio": 0.06, "concavity_ratio": 0.04, "curvature_ratio": 0.5},
}
"""Of shapes whose vertices move by up to so many mm, as a share: of one measured after a blur of 1 mm."""


def differences(case, other):
    before, after = plans.values(case), plans.values(other)
    measured = [key for key, value in before.items() if not math.isnan(value)]
    assert not any(math.isnan(after[key]) for key in measured)
    return {key: abs(after[key] - before[key]) / max(abs(before[key]), 0.1) for key in measured}


@pytest.mark.parametrize(
    ("how", "name"),
    [
        pytest.param(how, name, marks=[] if name == SAMPLES[0] or how in ON_EVERY_SAMPLE else [pytest.mark.exhaustive])
        for name in SAMPLES
        for how in REWRITTEN
    ],
)
def test_contours_written_otherwise_change_nothing(how, name):
    case = plans.sample(name)
    other = plans.redrawn(case, REWRITTEN[how])
    assert plans.verdict(other) == plans.verdict(case)
    assert max(differences(case, other).values()) < EXACT


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("noise_mm", sweep([2.0, 1.0]))
def test_a_careless_hand_earns_nothing(name, noise_mm):
    case = plans.sample(name)
    other = plans.redrawn(case, lambda contours: jagged(contours, noise_mm))
    assert plans.verdict(other) == plans.verdict(case)
    found = differences(case, other)
    limits = NOISE[noise_mm]
    assert all(found[key] <= limit for key, limit in limits.items()), {key: found[key] for key in limits}


@pytest.mark.parametrize("name", SAMPLES)
def test_thicker_slices_move_no_verdict_towards_support(name):
    case = plans.sample(name)
    if plans.verdict(case) != "supports":
        assert plans.verdict(plans.redrawn(case, plans.every_other_plane)) != "supports"


@pytest.mark.real_data
@pytest.mark.parametrize("plan", sweep(["lung1_001", "sts/STS_001"]))
@pytest.mark.parametrize("how", sweep(["reversed", "duplicated at the end", "other order"]))
def test_real_contours_written_otherwise_change_nothing(real_data, plan, how):
    case = plans.case_of(real_data / plan)
    other = plans.redrawn(case, REWRITTEN[how])
    assert plans.verdict(other) == plans.verdict(case)
    assert max(differences(case, other).values()) < EXACT


@pytest.mark.real_data
@pytest.mark.parametrize("plan", sweep(["lung1_001", "sts/STS_001"]))
def test_jitter_and_missing_planes_move_no_real_verdict_towards_support(real_data, plan):
    case = plans.case_of(real_data / plan)
    assert plans.verdict(case) != "supports"
    for change in (lambda contours: jagged(contours, 2.0), plans.every_other_plane):
        assert plans.verdict(plans.redrawn(case, change)) != "supports"


@pytest.mark.real_data
def test_jitter_changes_the_shape_of_a_real_target_little(real_data):
    case = plans.case_of(real_data / "lung1_001")
    found = differences(case, plans.redrawn(case, lambda contours: jagged(contours, 2.0)))
    assert all(found[key] <= limit for key, limit in NOISE[2.0].items()), {key: found[key] for key in NOISE[2.0]}


def test_the_noise_moves_vertices_as_far_as_it_says():
    contours = plans.roi_named(plans.sample(), "GTVp").contours
    moved = np.linalg.norm(jagged(contours, 2.0).points_mm - contours.points_mm, axis=1)
    assert moved.max() > 1.9
