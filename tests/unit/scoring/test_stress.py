import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.stress import enlarged, shifted, spread, stressed_profiles
from rtcomplexity.units import Unit
from unit.scoring.made_profile import METRICS, made_profile, score

PROFILE = made_profile()


def knots_of(profile, metric):
    return next(f.references[0].knots for family in profile.families for f in family.factors if f.metric == metric)


def test_a_shifted_reference_is_harder_by_its_share_of_the_standard_deviation():
    # uniform on 0..100: SD = 100 / sqrt(12) = 28.8675; 0.3 SD = 8.66025
    assert knots_of(shifted(PROFILE), "scored.topology") == ((8.66025, 0.0), (108.66, 100.0))


def test_where_low_is_hard_the_shift_goes_down():
    profile = load_profile("interim-0")
    before, after = (knots_of(each, "scored.sphericity_ratio") for each in (profile, shifted(profile)))
    assert all(moved < value for (value, _), (moved, _) in zip(before, after, strict=True))


def test_a_spread_reference_is_wider_about_its_median():
    # median 50: 50 - 1.3 * 50 = -15, 50 + 1.3 * 50 = 115
    assert knots_of(spread(PROFILE), "scored.topology") == ((-15.0, 0.0), (115.0, 100.0))


def test_larger_reference_targets_move_only_what_grows_with_volume():
    assert knots_of(enlarged(PROFILE), "scored.extent") == ((0.0, 0.0), (150.0, 100.0))
    assert knots_of(enlarged(PROFILE), "scored.topology") == knots_of(PROFILE, "scored.topology")


def test_lengths_and_areas_grow_with_their_power_of_the_volume():
    profile = load_profile("interim-0")
    for metric, exponent in (("scored.craniocaudal_length", 1 / 3), ("scored.manual_lateral_area", 2 / 3)):
        (before, _), (after, _) = knots_of(profile, metric)[2], knots_of(enlarged(profile), metric)[2]
        assert after / before == pytest.approx(1.5**exponent, rel=1e-4)


def test_there_are_three_and_each_says_what_it_is():
    assert [words for words, _ in stressed_profiles(PROFILE)] == [
        "every reference factor 0.3 SD harder",
        "the reference 1.3 times as spread",
        "reference targets 1.5 times as large",
    ]


@given(st.dictionaries(st.sampled_from(METRICS), st.floats(0, 150).map(lambda x: Measurement.of(x, Unit.NONE))))
def test_no_stress_ever_raises_t(gross_target):
    t = score(gross_target, PROFILE, "sbrt").t
    assert all(score(gross_target, harder, "sbrt").t <= t for _, harder in stressed_profiles(PROFILE))
