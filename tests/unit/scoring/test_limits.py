"""A profile states only numbers that mean something: shares, percentiles, counts, factors that make things harder."""

import pytest
from pydantic import TypeAdapter, ValidationError

from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.profile import (
    Calibration,
    Factor,
    FactorKnots,
    FactorReference,
    JointReference,
    Percentile,
    Rules,
    ScoreKnots,
    StabilityRules,
    Stratum,
    Stress,
)

SHARE = ((0, 0.5, 1), (-0.01, 1.01))
COUNT = ((1, 2, 10_000), (-1, 0))
LIMITS = {
    (Calibration, "n_calibration"): COUNT,
    (Calibration, "n_test"): COUNT,
    (Calibration, "false_support_rate"): SHARE,
    (Calibration, "false_support_upper95"): SHARE,
    (StabilityRules, "replicates"): COUNT,
    (StabilityRules, "extended_to"): COUNT,
    (StabilityRules, "open_from"): SHARE,
    (StabilityRules, "open_to"): SHARE,
    (Rules, "stability_minimum"): SHARE,
    (Stratum, "min_fractions"): COUNT,
    (Stratum, "max_fractions"): COUNT,
    (Stratum, "max_gross_target_volume_cm3"): ((0.001, 0.5, 900), (-1, 0)),
    (FactorReference, "n"): COUNT,
    (Factor, "effect_floor"): ((0, 0.5, 7), (-0.01,)),
    (Stress, "shift_sd"): ((0, 0.5, 3), (-0.01,)),
    (Stress, "spread"): ((1, 1.5), (0.99, 0)),
    (Stress, "volume"): ((1, 1.5), (0.99, 0)),
    (ClaimFile, "fractions"): COUNT,
    (ClaimFile, "physician_minutes"): ((0.5, 24 * 60), (0, -1, 24 * 60 + 0.5)),
    (ClaimFile, "typical_minutes"): ((0.5, 24 * 60), (0, -1, 24 * 60 + 0.5)),
}
CASES = [(*key, *limits) for key, limits in LIMITS.items()]


def takes(accepted_type, value):
    try:
        TypeAdapter(accepted_type).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("model", "field", "allowed", "refused"), CASES)
def test_a_number_outside_its_range_is_refused(model, field, allowed, refused):
    accepted = model.model_fields[field].rebuild_annotation()
    assert all(takes(accepted, value) for value in allowed)
    assert not any(takes(accepted, value) for value in refused)


def test_a_percentile_lies_between_0_and_100():
    assert all(takes(Percentile, value) for value in (0, 50, 100))
    assert not any(takes(Percentile, value) for value in (-0.01, 100.01))


@pytest.mark.parametrize("field", ["cpt_code", "payer", "delineated_by", "typical_minutes_source", "reason", "signer"])
def test_what_a_person_states_is_not_empty(field):
    accepted = ClaimFile.model_fields[field].rebuild_annotation()
    assert takes(accepted, "12345")
    assert not takes(accepted, "")


def test_a_distribution_has_two_knots_and_begins_at_or_below_its_median():
    assert takes(FactorKnots, ((3.0, 50.0), (7.0, 95.0)))
    assert not takes(FactorKnots, ((3.0, 50.0),))
    assert not takes(FactorKnots, ((3.0, 50.5), (7.0, 95.0)))
    assert takes(FactorKnots, ((7.0, 5.0), (3.0, 5.0)))
    assert not takes(FactorKnots, ((3.0, 20.0), (7.0, 19.0)))
    assert not takes(FactorKnots, ((3.0, 20.0), (3.0, 20.0)))


def test_the_distribution_of_a_score_begins_at_nothing_and_rises():
    assert takes(ScoreKnots, ((0.0, 0.0), (20.0, 0.0), (20.0, 30.0)))
    assert not takes(ScoreKnots, ((0.0, 1.0), (20.0, 30.0)))
    assert not takes(ScoreKnots, ((1.0, 0.0), (20.0, 30.0)))
    assert not takes(ScoreKnots, ((0.0, 0.0), (20.0, 30.0), (19.0, 40.0)))


@pytest.mark.parametrize(("c_reject", "is_taken"), [(50.1, True), (50.0, False), (55.0, False), (49.0, False)])
def test_where_t_jumps_over_the_percentile_of_a_cutoff_it_is_the_next_value(c_reject, is_taken):
    """T is 50 in 30 % of the plans, from the 60th to the 90th percentile: the 75th lies within."""
    stated = {
        "strata": ("sbrt",),
        "knots": ((0.0, 0.0), (50.0, 60.0), (50.0, 90.0), (90.0, 99.0)),
        "c_reject": c_reject,
        "c_support": 50 + 40 * 7.5 / 9,
    }
    assert takes(JointReference, stated) is is_taken


@pytest.mark.parametrize(("c_anchor", "is_taken"), [(None, True), (97.5, True), (99.0, True), (97.4, False)])
def test_an_anchors_own_cutoff_is_no_lower_than_that_of_a_support(c_anchor, is_taken):
    stated = {"strata": ("sbrt",), "knots": ((0.0, 0.0), (100.0, 100.0)), "c_reject": 75.0, "c_support": 97.5}
    assert takes(JointReference, stated | {"c_anchor": c_anchor}) is is_taken
