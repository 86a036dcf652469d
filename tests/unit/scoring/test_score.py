from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.ranking import ranked_families, standing
from rtcomplexity.scoring.score import FactorScore, Level, level_of
from rtcomplexity.scoring.sentences import family_sentence
from rtcomplexity.units import Unit
from unit.scoring.made_profile import METRICS, everything, made_profile, measured, profile_text, score

PROFILE = made_profile()
CONVENTION = made_profile(('basis = "model"', 'basis = "convention"'))


def scored(profile=PROFILE, **values):
    return score(measured(**values), profile, "sbrt")


def doubtful_scores(gross_target):
    families = ranked_families(Plans.of([gross_target]), PROFILE, "sbrt")
    return {each.family.id: float(each.doubtful_scores[0]) for each in families}


def group_score(result, group_id):
    return next(group.score for group in result.groups if group.id == group_id)


def test_a_factors_percentile_is_that_of_its_reference():
    factor = scored(topology=80).family("topology").factors[0]
    assert (factor.percentile, factor.counted_percentile, factor.level) == (80, 80, Level.ELEVATED)


def test_family_raw_is_the_mean_excess_over_all_the_profiles_factors():
    # excesses 40 and 0 (40 is below the median); mean 20; the family's reference puts raw 20 at percentile 70
    family = scored(shape_a=90, shape_b=40).family("shape")
    assert (family.raw, family.score, family.level) == (20, 70, Level.TYPICAL)


def test_an_absent_factor_adds_nothing():
    assert scored(shape_a=90).family("shape").raw == 20
    assert scored(shape_a=90, shape_b=None).family("shape").raw == 20


def test_an_absent_factor_says_why():
    first, second = scored(shape_a=None).family("shape").factors
    assert first.reason == "cannot be measured here"
    assert second.reason == "this version does not measure it"
    assert (first.percentile, first.level) == (None, Level.NOT_MEASURED)


def test_a_family_without_any_value_is_not_measured_rather_than_typical():
    family = scored().family("shape")
    assert (family.score, family.level, family.is_measurable) == (0, Level.NOT_MEASURED, False)


def test_a_convention_counts_at_most_as_elevated():
    factor = scored(CONVENTION, shape_a=100).family("shape").factors[0]
    assert (factor.percentile, factor.counted_percentile, factor.level) == (100, 95, Level.ELEVATED)


def test_a_group_counts_its_highest_family_re_ranked():
    # the reference of the maximum is [0, 0], [50, 25], [100, 100]: a maximum of 80 stands at 25 + 30 * 1.5 = 70
    assert group_score(scored(fusion=80, image_sets=60), "imaging") == 70


@pytest.mark.parametrize(
    ("values", "t", "decided_by"),
    [
        # best anchor and best other group; the lower is T
        ({"topology": 90, "extent": 80}, 80, ("topology", "extent")),
        ({"topology": 80, "extent": 90}, 80, ("topology", "extent")),
        ({"topology": 90, "shape_a": 100, "shape_b": 90}, 90, ("shape", "topology")),
        # no anchor above the median: two high groups that may not anchor carry nothing
        ({"extent": 99, "fusion": 100, "topology": 30}, 0, ("shape", "fusion")),
        # an anchor that is only third still limits T
        ({"extent": 99, "fusion": 100, "topology": 70}, 70, ("topology", "fusion")),
        # one anchor alone
        ({"topology": 99}, 0, ("topology", "shape")),
    ],
)
def test_t_is_the_lower_of_the_best_anchor_and_the_best_other_group(values, t, decided_by):
    result = scored(**values)
    assert (result.t, result.percentile, result.decided_by) == (t, t, decided_by)


def profile_of(anchors):
    """One family a group, each ranked by itself."""
    families = tuple(
        PROFILE.families[0].model_copy(update={"id": str(n), "group": str(n), "may_anchor": anchor})
        for n, anchor in enumerate(anchors)
    )
    return PROFILE.model_copy(update={"families": families, "groups": ()})


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 100), min_size=3, max_size=3), st.booleans()), min_size=2, max_size=7)
)
def test_the_lower_of_the_deciding_groups_is_the_rule_of_the_scoring_model(drawn):
    scores, anchors = zip(*drawn, strict=True)
    anchors = (True, *anchors[1:])
    columns = {str(n): np.array(values, float) for n, values in enumerate(scores)}
    found = standing(columns, profile_of(anchors), "sbrt")
    for plan, t in enumerate(found.t):
        of_plan = [values[plan] for values in scores]
        highest_anchor = max(value for value, is_anchor in zip(of_plan, anchors, strict=True) if is_anchor)
        assert t == min(sorted(of_plan)[-2], highest_anchor)


def test_the_effect_floor_is_an_absolute_distance_from_the_median():
    assert not scored(topology=60).family("topology").exceeds_effect_floor
    assert scored(topology=60.1).family("topology").exceeds_effect_floor


def test_an_easy_value_far_from_the_median_is_no_effect():
    assert not scored(topology=1).family("topology").exceeds_effect_floor


def test_the_percentile_uses_the_stratum():
    volume = {"scored.volume": Measurement.of(54, Unit.CM3)}
    interim = load_profile("interim-0")
    percentiles = [
        score(volume, interim, stratum).family("extent").factors[0].percentile
        for stratum in ("thoracic-sbrt", "thoracic-conventional")
    ]
    assert percentiles == [pytest.approx(97.6810, abs=1e-4), 50]


values = st.dictionaries(
    st.sampled_from(METRICS), st.floats(0, 130).map(lambda value: Measurement.of(value, Unit.NONE))
)


@given(values, st.sets(st.sampled_from(METRICS)))
def test_withholding_never_raises_a_family_or_t(gross_target, withheld):
    less = {key: value for key, value in gross_target.items() if key not in withheld}
    full, part = (score(each, PROFILE, "sbrt") for each in (gross_target, less))
    assert part.t <= full.t
    assert all(a.score <= b.score for a, b in zip(part.families, full.families, strict=True))


@given(values, st.sampled_from(METRICS), st.floats(0, 50))
def test_a_harder_value_never_lowers_t(gross_target, metric, harder):
    if metric not in gross_target:
        return
    raised = {**gross_target, metric: Measurement.of(gross_target[metric].value + harder, Unit.NONE)}
    assert score(raised, PROFILE, "sbrt").t >= score(gross_target, PROFILE, "sbrt").t


@given(values)
def test_leaving_a_family_out_never_raises_t(gross_target):
    full = score(gross_target, PROFILE, "sbrt").t
    assert all(score(gross_target, PROFILE, "sbrt", instead={f.id: 0}).t <= full for f in PROFILE.families)


def test_a_score_given_instead_of_a_familys_own_decides():
    assert score(everything(50, extent=90), PROFILE, "sbrt", instead={"shape": 100}).t == 90
    assert score(everything(50, extent=90), PROFILE, "sbrt", instead={"extent": 0}).t == 0


def test_a_doubtful_score_judges_a_family_by_what_is_measured_of_it():
    # the one measured factor of two adds 40: 20 on the mean of both, which stands at 70; 40 by itself, at 90
    family = scored(shape_a=90).family("shape")
    assert family.lacks_factors
    assert family.score == 70
    assert doubtful_scores(measured(shape_a=90))["shape"] == scored(shape_a=90, shape_b=90).family("shape").score


def test_a_doubtful_score_is_100_where_nothing_is_measured_and_the_score_where_all_is():
    assert doubtful_scores(measured())["shape"] == 100
    whole = measured(shape_a=90, shape_b=40)
    family = score(whole, PROFILE, "sbrt").family("shape")
    assert (doubtful_scores(whole)["shape"], family.lacks_factors) == (family.score, False)


@given(values)
def test_a_doubtful_score_is_never_below_the_score(gross_target):
    doubtful = doubtful_scores(gross_target)
    assert all(doubtful[family.id] >= family.score for family in score(gross_target, PROFILE, "sbrt").families)


def test_a_level_begins_at_its_percentile():
    levels = made_profile().levels
    found = [level_of(percentile, levels) for percentile in (74.99, 75.0, 97.49, 97.5)]
    assert found == [Level.TYPICAL, Level.ELEVATED, Level.ELEVATED, Level.HIGH]


def test_a_sentence_names_the_two_highest_factors_of_three():
    third = _factor_text("scored.shape_c")
    profile = made_profile(('[[families]]\nid = "topology"', third + '[[families]]\nid = "topology"'))
    found = score(everything(50, shape_a=90, shape_b=95, shape_c=99), profile, "sbrt").family("shape")
    sentence = family_sentence(found)
    assert "shape_c 99" in sentence
    assert "shape_b 95" in sentence
    assert "shape_a" not in sentence


def _factor_text(metric):
    own = profile_text().split("[[families.factors]]")[1]
    return "[[families.factors]]" + own.replace("scored.shape_a", metric)


@pytest.mark.parametrize(("percentile", "excess"), [(None, 0), (0.0, 0), (50.0, 0), (50.5, 0.5), (100.0, 50)])
def test_a_factor_adds_its_percentiles_above_the_median(percentile, excess):
    assert FactorScore.excess.fget(SimpleNamespace(counted_percentile=percentile)) == excess
