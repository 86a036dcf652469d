"""The binomial alarm of a batch."""

import math

import pytest

from rtcomplexity.batch.alarm import ALARM_BELOW, SUPPORT_RATE, alarm_of


def at_least(k, n, p):
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


@pytest.mark.parametrize(
    ("supports", "scored", "raised"), [(4, 20, True), (3, 20, False), (8, 100, True), (7, 100, False)]
)
def test_is_raised_from_the_published_counts_on(supports, scored, raised):
    alarm = alarm_of({"supports": supports, "rejects": scored - supports})
    assert alarm.is_raised is raised
    assert alarm.text.startswith("Alarm" if raised else "No alarm")


@pytest.mark.parametrize(("supports", "scored"), [(1, 1), (1, 10), (5, 60), (60, 60), (30, 1000)])
def test_is_the_upper_tail_of_the_binomial(supports, scored):
    alarm = alarm_of({"supports": supports, "indeterminate": scored - supports})
    assert alarm.probability == pytest.approx(at_least(supports, scored, SUPPORT_RATE), rel=1e-9)
    assert alarm.is_raised is (alarm.probability < ALARM_BELOW)


def test_is_silent_without_a_support():
    assert alarm_of({}).probability == 1
    assert not alarm_of({"rejects": 5000}).is_raised


def test_does_not_count_plans_that_could_not_be_supported():
    with_others = alarm_of({"supports": 4, "rejects": 16, "insufficient_evidence": 1000})
    assert with_others == alarm_of({"supports": 4, "rejects": 16})
