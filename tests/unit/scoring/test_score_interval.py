"""The interval of a score covers what it says it covers, narrows with the reference, and holds the score."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import beta, norm, t

from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.scoring.real_contours import shipped_table
from rtcomplexity.scoring.score_interval import (
    CONFIDENCE,
    GROUPS,
    REDRAWINGS,
    Uncertainty,
    _without_each_group,
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


@pytest.mark.parametrize(("redrawing", "contours", "plans"), [(0.3, 0.2, 0.1), (0.5, 0.0, 0.0), (0.0, 0.4, 0.1)])
@pytest.mark.parametrize("redrawings", [8, 20])
def test_uncertainties_are_combined_as_the_guide_does(redrawing, contours, plans, redrawings):
    """Root sum of squares; Student's t at the degrees of freedom of Welch and Satterthwaite, 8 (20) and 31."""
    uncertainty = Uncertainty(redrawing=redrawing, contours=contours, plans=plans)
    combined = np.sqrt(redrawing**2 + contours**2 + plans**2)
    freedom = combined**4 / (redrawing**4 / redrawings + contours**4 / 31)
    half = combined * t.ppf(0.95, freedom)
    expected = 100 * norm.cdf(norm.ppf(0.9) + half * np.array([-1, 1]))
    assert percentile_interval(90.0, uncertainty, redrawings) == pytest.approx(tuple(expected), rel=1e-4)


@pytest.mark.parametrize(("percentile", "n"), [(90.0, 200), (50.0, 1000), (97.5, 5000)])
def test_a_share_is_as_uncertain_as_its_posterior_under_jeffreys_prior(percentile, n):
    below = n * percentile / 100
    expected = beta.std(below + 0.5, n - below + 0.5) / norm.pdf(norm.ppf(percentile / 100))
    assert share_uncertainty(percentile, n) == pytest.approx(expected, rel=1e-5)


def test_redrawings_count_by_their_distance_from_the_plan():
    redrawn = 100 * norm.cdf(np.array([0.5, 1.0, 2.0]))
    assert redrawing_uncertainty(100 * norm.cdf(1.0), redrawn) == pytest.approx(np.sqrt((0.25 + 0 + 1) / 3), rel=1e-5)
    assert redrawing_uncertainty(50.0, np.empty(0)) == 0


def test_the_jackknife_grows_with_the_number_of_groups():
    """Of four scores 0.1 and 0.2 away from their mean: three quarters of the sum of squares."""
    without = 100 * norm.cdf(0.1 * np.array([-2.0, -1, 1, 2]))
    assert jackknife_uncertainty(without) == pytest.approx(0.1 * np.sqrt(3 / 4 * 10), rel=1e-4)
    assert jackknife_uncertainty(np.empty(0)) == 0


def test_percentiles_beyond_half_a_percent_count_as_that():
    assert redrawing_uncertainty(50.0, np.array([0.1])) == pytest.approx(-norm.ppf(0.005), rel=1e-5)
    assert redrawing_uncertainty(50.0, np.array([99.9])) == pytest.approx(norm.ppf(0.995), rel=1e-5)


def test_patients_leave_in_32_groups_and_never_all_of_them():
    table = SimpleNamespace(patient=np.array([0, 1, 32, 33, 64]))
    weights = _without_each_group(np.array([1.0, 2, 3, 4, 5]), table)
    assert weights.shape == (32, 5)
    assert weights[0].tolist() == [0, 2, 0, 4, 0]
    assert weights[1].tolist() == [1, 0, 3, 0, 5]
    assert weights[2].tolist() == weights[31].tolist() == [1, 2, 3, 4, 5]
    alone = _without_each_group(np.array([1.0, 2.0]), SimpleNamespace(patient=np.array([3, 35])))
    assert alone[3].tolist() == [1, 2]  # of one group alone nothing can leave
