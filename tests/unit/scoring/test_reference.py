import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.scoring import reference
from rtcomplexity.scoring.reference import FEW, moved, percentile_below, rounded, standard_deviation, value_at
from rtcomplexity.units import round_significant

COUNTS = ((1.0, 0.0), (2.0, 90.0), (3.0, 97.5), (4.0, 99.5))
LOW_IS_HARD = ((1.0, 0.0), (0.8, 50.0), (0.6, 100.0))
ATOM_AT_ZERO = ((0.0, 0.0), (0.0, 80.0), (0.5, 90.0), (1.0, 100.0))


@pytest.mark.parametrize(("count", "percentile"), [(1, 0.0), (2, 90.0), (3, 97.5), (4, 99.5)])
def test_at_a_knot_the_percentile_is_the_knots_own(count, percentile):
    assert percentile_below(COUNTS, count) == percentile


def test_between_knots_it_is_on_the_straight_line():
    assert percentile_below(((10.0, 20.0), (20.0, 60.0)), 12.5) == 30.0


def test_beyond_the_last_knot_nothing_more_is_claimed():
    assert percentile_below(COUNTS, 40) == 99.5


def test_before_the_first_knot_it_is_the_first_knots():
    assert percentile_below(((10.0, 5.0), (20.0, 60.0)), -3) == 5.0


@pytest.mark.parametrize(("value", "percentile"), [(1.0, 0.0), (0.9, 25.0), (0.8, 50.0), (0.7, 75.0), (0.1, 100.0)])
def test_where_low_is_hard_a_lower_value_has_the_higher_percentile(value, percentile):
    assert percentile_below(LOW_IS_HARD, value) == percentile


def test_the_common_value_ties_low():
    assert percentile_below(ATOM_AT_ZERO, 0.0) == 0.0
    assert percentile_below(ATOM_AT_ZERO, 1e-9) == 80.0


def test_a_gap_holds_nobody():
    gap = ((0.0, 0.0), (0.0, 50.0), (50.0, 50.0), (100.0, 100.0))
    assert percentile_below(gap, 25) == 50.0
    assert value_at(gap, 75) == 75.0


def test_percentiles_are_rounded_as_they_are_written():
    assert percentile_below(((0.0, 0.0), (3.0, 100.0)), 1) == 33.3333


@pytest.mark.parametrize("power", [-30, -22, -5, 0, 1, 5, 6, 22, 30])
def test_many_are_rounded_to_the_same_bits_as_one(power):
    """Halves in the seventh digit, powers of ten and their neighbors, zeros and what is missing among them."""
    rng = np.random.default_rng(power + 40)
    plain = rng.uniform(-1, 1, 500) * 10.0**power
    halves = (rng.integers(100_000, 999_999, 500) + 0.5) * 10.0 ** (power - 5)
    edges = np.array([1.0, 9.999995, 9.999994999, 0.99999949, 0.0, -0.0, np.nan]) * 10.0**power
    values = np.concatenate([plain, halves, -halves, np.nextafter(halves, np.inf), edges, np.nextafter(edges, 0)])
    assert len(values) > FEW
    found = rounded(values)
    for value, told in zip(values.tolist(), found.tolist(), strict=True):
        assert math.isnan(told) if math.isnan(value) else repr(told) == repr(round_significant(value))


def test_the_median_of_a_mostly_zero_share_is_zero():
    assert value_at(ATOM_AT_ZERO, 50) == 0.0


def test_the_value_at_a_percentile_beyond_the_knots_is_the_nearest():
    knots = ((1.0, 10.0), (2.0, 90.0))
    assert (value_at(knots, 5), value_at(knots, 95)) == (1.0, 2.0)


def test_standard_deviation_of_two_point_masses():
    assert standard_deviation(((0.0, 0.0), (0.0, 50.0), (10.0, 50.0), (10.0, 100.0))) == 5.0


def test_standard_deviation_counts_what_lies_beyond_the_ends():
    # a quarter at 0, a quarter at 10, half uniform between: E x2 = 25 + 50/3, mean 5
    expected = math.sqrt(25 + 50 / 3 - 25)
    assert standard_deviation(((0.0, 25.0), (10.0, 75.0))) == pytest.approx(expected, rel=1e-5)


def test_standard_deviation_does_not_depend_on_direction():
    assert standard_deviation(LOW_IS_HARD) == standard_deviation(tuple((-v, p) for v, p in LOW_IS_HARD))


def test_moved_knots_keep_their_percentiles():
    assert moved(((1.0, 0.0), (2.0, 90.0)), lambda value: value * 3) == ((3.0, 0.0), (6.0, 90.0))


@st.composite
def knots(draw):
    percentiles = sorted(draw(st.lists(st.floats(0, 100), min_size=2, max_size=8)))
    values = sorted(draw(st.lists(st.floats(-1e3, 1e3), min_size=len(percentiles), max_size=len(percentiles))))
    sign = draw(st.sampled_from([1, -1]))
    return tuple((sign * value, percentile) for value, percentile in zip(values, percentiles, strict=True)), sign


@given(knots(), st.floats(-2e3, 2e3), st.floats(0, 1e3))
def test_harder_is_never_a_lower_percentile(made, value, further):
    reference, sign = made
    assert percentile_below(reference, value + sign * further) >= percentile_below(reference, value) - 1e-3


@pytest.mark.parametrize("falling", [False, True])
def test_the_value_at_a_percentile_lies_on_the_straight_line_between_its_knots(falling):
    values = [7.0, 9.0, 14.0, 40.0]
    knots = tuple(zip(values[::-1] if falling else values, (5.0, 25.0, 65.0, 99.0), strict=True))
    for percent in (5, 10, 25, 30, 60, 65, 80, 99):
        expected = np.interp(percent, [5, 25, 65, 99], [value for value, _ in knots])
        assert value_at(knots, percent) == pytest.approx(expected, rel=1e-5)
        assert percentile_below(knots, value_at(knots, percent)) == pytest.approx(percent, abs=1e-3)


def test_standard_deviation_of_drawn_values_agrees():
    """40 % between 2 and 5, 30 % between 5 and 11, 20 % at 11, which is where the last 10 % are put as well."""
    drawn = np.concatenate([np.linspace(2, 5, 40_001), np.linspace(5, 11, 30_001), np.full(30_000, 11)])
    knots = ((2.0, 0.0), (5.0, 40.0), (11.0, 70.0), (11.0, 90.0))
    assert standard_deviation(knots) == pytest.approx(drawn.std(), rel=1e-3)


def test_the_direction_of_knots_is_that_of_their_ends():
    knots = ((9.0, 0.0), (9.0, 20.0), (4.0, 100.0))
    assert percentile_below(knots, 6.5) == 60
    assert percentile_below(knots, 3.0) == 100
    assert percentile_below(knots, 9.5) == 0


def test_the_lowest_percentile_is_the_first_knots_even_where_the_next_has_it_too():
    assert value_at(((0.0, 0.0), (5.0, 0.0), (10.0, 100.0)), 0) == 0.0


def test_a_percentile_that_several_knots_share_is_first_reached_at_the_first():
    assert value_at(((0.0, 0.0), (5.0, 50.0), (8.0, 50.0), (10.0, 100.0)), 50) == 5.0


def test_beyond_three_knots_the_value_is_the_last():
    assert value_at(((0.0, 0.0), (1.0, 50.0), (2.0, 90.0)), 95) == 2.0


def test_falling_knots_may_begin_with_a_jump():
    """By hand: 20 % lie at 5; 3 is half the way from 5 to 1."""
    assert percentile_below(((5.0, 0.0), (5.0, 20.0), (1.0, 100.0)), 3) == 60.0


@pytest.mark.parametrize("value", [0.1, 0.7, 1.1, 3.3, 1e8 + 0.1])
def test_one_point_has_no_spread(value):
    assert standard_deviation(((value, 0.0), (value, 37.0), (value, 100.0))) == pytest.approx(0, abs=1e-7 * value)


@pytest.mark.parametrize("power", [-16, -10, -1, 0, 4, 16])
def test_of_many_values_only_those_beside_a_half_are_rounded_one_by_one(monkeypatch, power):
    one_by_one, looked_at = reference._one_by_one, []

    def counted(values):
        looked_at.extend(values.tolist())
        return one_by_one(values)

    monkeypatch.setattr(reference, "_one_by_one", counted)
    plain = (np.arange(100_000, 101_000) + 0.25) * 10.0**power
    rounded(np.concatenate([plain, -plain, np.zeros(5)]))
    assert looked_at == []
    halves = (np.arange(100_000, 101_000) + 0.5) * 10.0**power
    rounded(np.concatenate([plain, halves]))
    assert looked_at == halves.tolist()
