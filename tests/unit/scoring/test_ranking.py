"""How factors make a family: excess over the median or normal scores; families that only some plans have in full."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from rtcomplexity.errors import ProfileError
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.ranking import RAREST, ranked_families
from unit.scoring.made_profile import made_profile, measured, score

RAW = 'raw_references = [{ strata = ["sbrt", "conventional"], knots = [[0, 0], [0, 50], [50, 100]] }]\n'
NORMAL_SCORES = (
    RAW,
    'combination = "normal_scores"\n' + RAW.replace("[[0, 0], [0, 50], [50, 100]]", "[[-3, 0], [0, 50], [3, 100]]"),
)
WITH, WITHOUT = "[[0, 0], [0, 30], [50, 100]]", "[[0, 0], [0, 50], [50, 100]]"
SPLIT_IN_TWO = (
    RAW,
    f"""split_by = ["scored.shape_b"]
raw_references = [
    {{ strata = ["sbrt", "conventional"], presence = "with", knots = {WITH} }},
    {{ strata = ["sbrt", "conventional"], presence = "without", knots = {WITHOUT} }},
]
""",
)
NORMAL, SPLIT = made_profile(NORMAL_SCORES), made_profile(SPLIT_IN_TWO)


def shape(profile, **values):
    return score(measured(**values), profile, "sbrt").family("shape")


def test_normal_scores_are_averaged_below_the_median_too():
    found = shape(NORMAL, shape_a=90, shape_b=30)
    assert found.raw == pytest.approx((norm.ppf(0.9) + norm.ppf(0.3)) / 2, rel=1e-5)
    assert found.score == pytest.approx(50 + 50 * found.raw / 3, rel=1e-5)


def test_raw_references_of_normal_scores_must_rise_and_may_stay_below_the_median():
    with pytest.raises(ProfileError, match="values must rise"):
        made_profile((RAW, NORMAL_SCORES[1].replace("[-3, 0], [0, 50], [3, 100]", "[3, 0], [0, 50], [-3, 100]")))
    low = made_profile((RAW, NORMAL_SCORES[1].replace("[-3, 0], [0, 50], [3, 100]", "[-3, 0], [-2, 50], [-1, 100]")))
    assert shape(low, shape_a=50, shape_b=50).score == 100


def test_two_factors_at_the_median_are_a_family_at_the_median():
    assert shape(NORMAL, shape_a=50, shape_b=50).score == 50


@pytest.mark.parametrize(("percentile", "counted"), [(0, RAREST), (100, 100 - RAREST)])
def test_the_ends_of_a_reference_are_no_infinite_normal_scores(percentile, counted):
    assert shape(NORMAL, shape_a=percentile, shape_b=percentile).raw == pytest.approx(norm.ppf(counted / 100), rel=1e-5)


@given(st.floats(0, 100), st.floats(0, 100))
def test_leaving_out_a_factor_never_raises_a_family_of_normal_scores(a, b):
    assert shape(NORMAL, shape_a=a).score <= shape(NORMAL, shape_a=a, shape_b=b).score


def test_a_family_that_lacks_a_factor_is_doubtful_by_those_it_has():
    family = ranked_families(Plans.of([measured(shape_a=90)]), NORMAL, "sbrt")[0]
    assert family.family.id == "shape"
    assert family.doubtful_scores[0] == pytest.approx(50 + 50 * norm.ppf(0.9) / 3, rel=1e-5)


def test_plans_without_an_optional_factor_are_ranked_among_their_like():
    # excess 30 of shape_a alone: 50 + 30 in the reference without
    found = shape(SPLIT, shape_a=80)
    assert (found.raw, found.score, found.lacks_factors) == (30, 80, False)


def test_plans_with_it_are_ranked_among_those_that_have_it():
    # excesses 30 and 50: raw 40 is 30 + 40 * 70 / 50 = 86 among those with; 80 among those without
    found = shape(SPLIT, shape_a=80, shape_b=100)
    assert (found.raw, found.score) == (40, 86)


def test_a_plan_whose_optional_factor_is_easy_keeps_the_rank_it_had_without():
    # raw (30 + 0) / 2 = 15 is 30 + 15 * 70 / 50 = 51 among those with
    assert shape(SPLIT, shape_a=80, shape_b=20).score == 80


@given(st.floats(0, 100), st.floats(0, 100))
def test_withholding_an_optional_factor_never_helps(a, b):
    assert shape(SPLIT, shape_a=a).score <= shape(SPLIT, shape_a=a, shape_b=b).score


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 50))
def test_a_harder_optional_factor_never_lowers_the_family(a, b, more):
    assert shape(SPLIT, shape_a=a, shape_b=b).score <= shape(SPLIT, shape_a=a, shape_b=b + more).score


@pytest.mark.parametrize("profile", [NORMAL, SPLIT])
def test_many_plans_are_scored_as_each_alone(profile):
    rng = np.random.default_rng(2)
    columns = {f"scored.shape_{name}": rng.uniform(0, 100, 60) for name in "ab"}
    columns["scored.shape_b"][::3] = np.nan
    together = ranked_families(Plans(count=60, columns=columns), profile, "sbrt")[0]
    for plan in range(60):
        alone = Plans(count=1, columns={key: values[[plan]] for key, values in columns.items()})
        one = ranked_families(alone, profile, "sbrt")[0]
        assert (one.raw[0], one.scores[0], one.doubtful_scores[0]) == (
            together.raw[plan],
            together.scores[plan],
            together.doubtful_scores[plan],
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('split_by = ["scored.shape_b"]', 'split_by = ["scored.shape_a", "scored.shape_b"]'), "leave at least one"),
        (('split_by = ["scored.shape_b"]', 'split_by = ["scored.extent"]'), "leave at least one"),
        (('presence = "without"', 'presence = "with"'), "must name each stratum once"),
        (('split_by = ["scored.shape_b"]\n', ""), "must name each stratum once"),
    ],
)
def test_a_split_family_needs_both_references_and_a_factor_that_every_plan_has(change, said):
    with pytest.raises(ProfileError, match=said):
        made_profile(SPLIT_IN_TWO, change)
