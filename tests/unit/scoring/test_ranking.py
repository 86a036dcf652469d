"""How factors make a family: excess over the median or normal scores; families that only some plans have in full."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from rtcomplexity.errors import ProfileError
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import SizeRange
from rtcomplexity.scoring.ranking import (
    RAREST,
    RankedFactor,
    _as_if_easier,
    _mean,
    contours_behind,
    percentiles_of,
    range_between,
    ranked_families,
    standing,
    within_measured,
)
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


def of_plans(profile, *plans):
    """The ranked families of plans by id."""
    return {each.family.id: each for each in ranked_families(Plans.of([measured(**p) for p in plans]), profile, "sbrt")}


def test_a_factor_adds_what_it_lies_above_the_median_and_nothing_below_it():
    (a, b) = of_plans(made_profile(), {"shape_a": 80, "shape_b": 20}, {"shape_a": 50})["shape"].factors
    np.testing.assert_array_equal(a.excess, [30, 0])
    np.testing.assert_array_equal(b.excess, [0, np.nan])
    np.testing.assert_array_equal(b.values, [20, np.nan])
    np.testing.assert_array_equal(a.medians, [50, 50])
    assert not a.modeled.any()


@pytest.mark.parametrize(
    ("sign", "values", "exceeds"),
    [
        (1.0, (60.0, 60.001, 39.0, np.nan), [False, True, False, False]),
        (-1.0, (40.0, 39.999, 61.0, np.nan), [False, True, False, False]),
    ],
)
def test_a_value_exceeds_its_effect_floor_beyond_ten_towards_harder(sign, values, exceeds):
    nothing = np.zeros(4)
    ranked = RankedFactor(
        factor=SimpleNamespace(sign=sign, effect_floor=10.0), reference=None, values=np.array(values),
        percentiles=nothing, counted=nothing, medians=np.full(4, 50.0), modeled=nothing,
    )  # fmt: skip
    assert ranked.exceeds_effect_floor.tolist() == exceeds


BY_CONVENTION = (
    'basis = "model"\nsource = "uniform"\nn = 5000\n', 'basis = "convention"\nsource = "uniform"\n'
)  # fmt: skip


def test_a_family_exceeds_its_floor_where_a_factor_does_that_adds_to_it():
    flat = made_profile(("effect_floor = 10.0", "effect_floor = 0.0"))
    found = of_plans(flat, {"shape_a": 61, "shape_b": 20}, {"shape_a": 50, "shape_b": 50}, {"shape_b": 62})["shape"]
    assert found.exceeds_effect_floor.tolist() == [True, False, True]
    assert not found.is_by_convention
    convention = made_profile(BY_CONVENTION)
    a, b = (each.reference.basis for each in of_plans(convention, {})["shape"].factors)
    assert (a, b) == ("convention", "model")
    assert not of_plans(convention, {})["shape"].is_by_convention


def test_percentiles_by_convention_count_up_to_the_cap():
    capped = made_profile(BY_CONVENTION)
    (a, b) = of_plans(capped, {"shape_a": 99, "shape_b": 99}, {"shape_a": 94, "shape_b": 1})["shape"].factors
    assert (a.percentiles.tolist(), a.counted.tolist()) == ([99, 94], [95, 94])
    assert (b.percentiles.tolist(), b.counted.tolist()) == ([99, 1], [99, 1])


RANGES = SimpleNamespace(
    measured=(SizeRange(from_mm=8, to_mm=25), SizeRange(from_mm=40, to_mm=50)), shift_sd=0.0, spread=1.0
)


def test_sizes_are_covered_from_either_end_of_a_range_on():
    diameters = np.array([7.9, 8, 25, 25.1, 39.9, 40, 50, 50.1, np.nan])
    found = within_measured(diameters, RANGES)
    assert found.tolist() == [False, True, True, False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("shift_sd", "spread", "sign", "expected"),
    [
        (0.0, 1.0, 1.0, [20.0, 20.0]),
        (0.5, 1.0, 1.0, [20 - 0.5 * 4, 20.0]),
        (0.5, 1.0, -1.0, [20 + 0.5 * 4, 20.0]),
        (0.0, 2.0, 1.0, [10 + 10 / 2, 20.0]),
        (0.5, 2.0, 1.0, [10 + (20 - 0.5 * 4 - 10) / 2, 20.0]),
    ],
)
def test_a_harder_reference_is_an_easier_plan_where_its_rank_is_modeled(shift_sd, spread, sign, expected):
    ranked = SimpleNamespace(sign=sign, standard_deviation=np.array([4.0, 4.0]))
    similar = SimpleNamespace(shift_sd=shift_sd, spread=spread)
    values, medians = np.array([20.0, 20.0]), np.array([10.0, 10.0])
    modeled = np.array([True, False])
    assert _as_if_easier(values, ranked, medians, modeled, similar).tolist() == expected
    assert _as_if_easier(values, ranked, medians, ~modeled & False, similar) is values


def test_a_mean_is_of_what_counts_and_of_nothing_it_is_not_known():
    adds = np.array([[1.0, np.nan, 9], [2.0, 5, 9]])
    counted = np.array([[True, False, False], [True, True, False]])
    np.testing.assert_array_equal(_mean(adds, counted), [1.5, 5, np.nan])


def sized_plans(*diameters_mm, curvature=1.55):
    count = len(diameters_mm)
    return Plans(
        count=count,
        columns={
            "scored.equivalent_diameter": np.array(diameters_mm),
            "scored.curvature_ratio": np.full(count, curvature),
        },
    )


def test_real_contours_rank_a_plan_by_its_size_and_say_where_they_do_not_reach(sized):
    """Small ones have curvatures of 1 to 1.9, large ones of 2 to 2.9; sizes from 8 to 25 mm are measured."""
    plans = sized_plans(10.0, 40.0)
    factor = ranked_families(plans, sized, "sbrt")[0].factors[0]
    assert factor.factor.metric == "scored.curvature_ratio"
    assert factor.percentiles == pytest.approx([60, 0], abs=0.1)
    assert factor.medians == pytest.approx([1.4, 2.4])
    assert factor.modeled.tolist() == [False, True]


def test_the_routine_range_of_real_contours_is_that_of_the_plans_size(sized):
    factor = sized.families[0].factors[0]
    reference = factor.references[0]
    plans = sized_plans(10.0, 40.0, np.nan)
    assert range_between(factor, reference, plans, 0) == (1.0, 1.9)
    assert range_between(factor, reference, plans, 1) == (2.0, 2.9)
    assert range_between(factor, reference, plans, 2) is None
    assert range_between(factor, reference, plans, 1, (50.0, 25.0)) == (2.2, 2.4)
    assert percentiles_of(factor, reference, plans, 0, np.array([1.05, 1.45])) == pytest.approx([10, 50], abs=0.1)
    assert percentiles_of(factor, reference, plans, 1, np.array([1.05, 2.95])) == pytest.approx([0, 100])
    assert percentiles_of(factor, reference, plans, 2, np.array([1.05])) is None
    assert contours_behind(plans, reference.similar, factor, 0) == (13, 10)


@pytest.mark.parametrize(
    ("direction", "knots"), [("higher", ((0.0, 0.0), (100.0, 100.0))), ("lower", ((100.0, 0.0), (0.0, 100.0)))]
)
def test_the_routine_range_of_knots_begins_at_the_smaller_value(direction, knots):
    factor = made_profile().families[0].factors[0].model_copy(update={"direction": direction})
    reference = factor.references[0].model_copy(update={"knots": knots})
    plans = Plans(count=1, columns={})
    assert range_between(factor, reference, plans, 0) == (5.0, 95.0)
    easy = percentiles_of(factor, reference, plans, 0, np.array([30.0, np.nan]))
    np.testing.assert_array_equal(easy, [30.0 if direction == "higher" else 70.0, np.nan])
    neither = reference.model_copy(update={"knots": None})
    assert range_between(factor, neither, plans, 0) is None
    assert percentiles_of(factor, neither, plans, 0, np.array([30.0])) is None


def test_ties_of_groups_go_to_the_profiles_order_and_t_is_the_lower_of_anchor_and_other():
    profile = made_profile()
    scores = {
        "shape": np.array([80.0, 70, 90, 10]),
        "topology": np.array([80.0, 90, 60, 20]),
        "extent": np.array([80.0, 95, 60, 99]),
        "fusion": np.array([0.0, 50, 0, 100]),
        "image_sets": np.array([0.0, 50, 80, 0]),
    }
    found = standing(scores, profile, "sbrt")
    assert list(found.groups) == ["shape", "topology", "extent", "imaging"]
    assert found.groups["imaging"].tolist() == [0, 25, 70, 100]  # re-ranked: 50 is the 25th percentile, 80 the 70th
    assert found.highest["imaging"].tolist() == ["fusion", "fusion", "image_sets", "fusion"]
    assert found.anchor.tolist() == ["shape", "topology", "shape", "topology"]
    assert found.other.tolist() == ["topology", "extent", "imaging", "imaging"]
    assert found.t.tolist() == [80, 90, 70, 20]
