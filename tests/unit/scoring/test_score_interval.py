"""The interval of a score covers what it says it covers, narrows with the reference, and holds the score."""

import numpy as np
import pytest
from scipy.special import ndtr

from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.scoring.real_contours import shipped_table
from rtcomplexity.scoring.score_interval import (
    CONFIDENCE,
    GROUPS,
    REDRAWINGS,
    Uncertainty,
    jackknife_uncertainty,
    percentile_interval,
    redrawing_uncertainty,
    score_interval,
    share_uncertainty,
)
from unit.scoring.made_contours import placed, sized_profile_text
from unit.scoring.made_profile import DEFINITIONS, everything, made_profile, score

TRIALS = 1000
MAY_MISS = 0.04
"""More than three standard errors of a share of 0.9 in so many trials."""


def interval(percentile, redrawn=(), n=5000, without_each=()):
    found = Uncertainty(
        redrawing=redrawing_uncertainty(percentile, np.array(redrawn, float)),
        contours=jackknife_uncertainty(np.array(without_each, float)),
        plans=share_uncertainty(percentile, n),
    )
    return percentile_interval(percentile, found, max(len(redrawn), 1))


@pytest.mark.parametrize("n", [200, 5000])
@pytest.mark.parametrize("at", [0.0, 1.0, 1.9])
def test_it_covers_the_percentile_of_a_known_distribution(n, at):
    rng, true = np.random.default_rng(1), 100 * ndtr(at)
    covered = 0
    for _ in range(TRIALS):
        low, high = interval(100 * np.mean(rng.standard_normal(n) < at), n=n)
        covered += low <= true <= high
    assert covered / TRIALS == pytest.approx(CONFIDENCE, abs=MAY_MISS)


@pytest.mark.parametrize("spread", [0.1, 0.4])
def test_it_covers_where_another_redrawing_would_put_the_plan(spread):
    # The plan's own contours are one draw of the hand; redrawings lie about it, and so does the one that is asked for.
    rng, covered = np.random.default_rng(2), 0
    for _ in range(TRIALS):
        drawn = rng.normal(0.8, 0.5)
        *redrawn, asked = (100 * ndtr(drawn + spread * rng.standard_normal(REDRAWINGS + 1))).tolist()
        low, high = interval(100 * ndtr(drawn), redrawn)
        covered += low <= asked <= high
    assert covered / TRIALS == pytest.approx(CONFIDENCE, abs=MAY_MISS)


@pytest.mark.parametrize("patients", [100, 400])
def test_leaving_groups_of_patients_out_finds_the_error_of_a_rank_among_them(patients):
    # The error of a normal score at 1 is sqrt(p (1 - p) / n) / density, by the delta method.
    rng, at, found = np.random.default_rng(3), 1.0, []
    for _ in range(300):
        is_below = rng.standard_normal(patients) < at
        group = np.arange(patients) % GROUPS
        found.append(jackknife_uncertainty(np.array([100 * np.mean(is_below[group != g]) for g in range(GROUPS)])))
    expected = np.sqrt(ndtr(at) * (1 - ndtr(at)) / patients) / (np.exp(-0.5) / np.sqrt(2 * np.pi))
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(expected, rel=0.15)


def test_it_narrows_as_the_reference_grows():
    widths = [high - low for low, high in (interval(97.0, n=n) for n in (100, 400, 1600, 6400))]
    assert widths == sorted(widths, reverse=True)
    assert widths[2] == pytest.approx(2 * widths[3], rel=0.1)  # by the root of four


def test_a_redrawing_that_moves_every_score_alike_counts_too():
    low, high = interval(90.0, [95.0] * REDRAWINGS)
    assert low < 85
    assert high > 95


def test_it_holds_a_percentile_that_no_normal_score_tells_apart():
    assert interval(0.0)[0] == 0.0
    assert interval(100.0)[1] == 100.0


@pytest.mark.parametrize("value", [5, 60, 72, 97, 100])
def test_the_interval_of_a_plan_holds_its_score(value):
    found = score_interval(everything(value), [everything(value)] * 3, made_profile(), "sbrt")
    assert found.redrawings == 3
    assert found.plans == 5000
    assert found.uncertainty.redrawing == 0.0
    assert found.uncertainty.contours == 0.0  # no factor of this profile is ranked among real contours
    t = score(everything(value), made_profile(), "sbrt").t
    assert found.score[0] <= t <= found.score[1]
    assert found.score == found.percentile  # T's percentile is T there


def test_a_plan_next_to_the_cutoff_has_an_interval_on_both_sides_of_it():
    profile = made_profile()
    cutoff = profile.joint("sbrt").c_support
    near, far = (
        score_interval(everything(cutoff - away), [everything(cutoff - away)] * 8, profile, "sbrt").score
        for away in (0.1, 5.0)
    )
    assert near[0] < cutoff < near[1]
    assert far[1] < cutoff


def test_redrawings_widen_it():
    profile = made_profile()
    steady = score_interval(everything(90), [everything(90)] * 8, profile, "sbrt").score
    shaky = score_interval(everything(90), [everything(90 + away) for away in range(-4, 4)], profile, "sbrt").score
    assert shaky[0] < steady[0]
    assert shaky[1] > steady[1]


def test_without_a_calibration_there_is_none():
    text = made_profile().model_copy(update={"calibration": None})
    assert score_interval(everything(90), [], text, "sbrt") is None


@pytest.fixture
def sized(monkeypatch, tmp_path):
    """A profile whose first factor of shape is ranked among ten made-up contours of the plan's size."""
    sha256 = placed(monkeypatch, tmp_path, "made-contours")
    yield parse_profile(sized_profile_text(sha256).encode(), "made.toml", DEFINITIONS)
    shipped_table.cache_clear()


def of_size(diameter_mm, curvature, **values):
    return everything(90, equivalent_diameter=diameter_mm, curvature_ratio=curvature, **values)


def test_few_real_contours_behind_a_rank_widen_the_interval(sized):
    plan = of_size(10.045, 1.55, shape_b=60, topology=0, extent=100)  # so that shape decides
    found = score_interval(plan, [plan] * 8, sized, "sbrt")
    t = score(plan, sized, "sbrt").t
    assert found.uncertainty.contours > 2 * found.uncertainty.plans
    assert found.score[0] < t < found.score[1]


def test_contours_that_do_not_decide_widen_nothing(sized):
    plan = of_size(10.045, 2.5, shape_b=100, extent=55, fusion=55, image_sets=55)
    assert score_interval(plan, [plan] * 8, sized, "sbrt").uncertainty.contours == 0.0


def test_a_plan_of_a_size_of_which_no_contour_is_known_has_an_interval_all_the_same(sized):
    plan = everything(90, equivalent_diameter=None, volume=None)
    found = score_interval(plan, [plan] * 8, sized, "sbrt")
    assert found.score[0] <= score(plan, sized, "sbrt").t <= found.score[1]
