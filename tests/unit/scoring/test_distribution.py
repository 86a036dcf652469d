"""The histogram of a factor's reference holds the reference, and spans the plan."""

import numpy as np
import pytest

from rtcomplexity.scoring.distribution import BINS, MOST_STRETCH, _span, distribution_of
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import factor_reference, load_profile
from rtcomplexity.scoring.ranking import percentiles_of, range_between
from unit.scoring.made_profile import measured

STRATUM = "thoracic-sbrt"
PROFILE = load_profile("thoracic-delineation-2")
FACTORS = {factor.metric: factor for family in PROFILE.families for factor in family.factors}
PLANS = Plans.of([measured(8.0, equivalent_diameter=24.8)])


def of(metric, value=None, plans=PLANS):
    factor = FACTORS[f"scored.{metric}"]
    return distribution_of(factor, factor_reference(factor, STRATUM), plans, 0, value)


@pytest.mark.parametrize("metric", [key.removeprefix("scored.") for key in FACTORS])
def test_it_holds_all_of_the_reference_and_agrees_with_the_percentile_at_every_edge(metric):
    found, factor = of(metric), FACTORS[f"scored.{metric}"]
    assert len(found.shares) == BINS
    assert sum(found.shares) == pytest.approx(100, abs=0.05)
    edges = np.linspace(found.start, found.stop, BINS + 1)[1:-1]
    ranks = percentiles_of(factor, factor_reference(factor, STRATUM), PLANS, 0, edges)
    below = np.cumsum(found.shares)[:-1]
    assert below == pytest.approx(ranks if factor.direction == "higher" else 100 - ranks, abs=0.05)


def test_a_plans_value_lies_within_it_unless_that_is_far_away():
    low, high = range_between(
        FACTORS["scored.volume"], factor_reference(FACTORS["scored.volume"], STRATUM), PLANS, 0, (1.0, 99.0)
    )
    width = high - low
    near = high + 0.3 * width
    assert of("volume", near).stop == pytest.approx(near)
    assert of("volume", 100 * high).stop == pytest.approx(high + MOST_STRETCH * width, rel=1e-4)


def test_real_contours_of_another_size_give_another_histogram():
    small = Plans.of([measured(1.0, equivalent_diameter=12.4)])
    assert of("curvature_ratio", plans=small) != of("curvature_ratio")


def test_without_a_size_there_is_none_of_real_contours():
    unknown = Plans.of([measured(None)])
    assert of("curvature_ratio", plans=unknown) is None
    assert of("component_count", plans=unknown) is not None


@pytest.mark.parametrize(
    ("low", "high", "value", "span"),
    [
        (10.0, 20.0, None, (10, 20)),
        (10.0, 20.0, 15.0, (10, 20)),
        (10.0, 20.0, 23.0, (10, 23)),
        (10.0, 20.0, 40.0, (10, 26)),  # no further than 60% of its width
        (10.0, 20.0, 7.0, (7, 20)),
        (10.0, 20.0, -9.0, (4, 20)),
        (5.0, 5.0, None, (4.5, 5.5)),
        (5.0, 5.0, 7.0, (4.5, 6.1)),
    ],
)
def test_a_histogram_reaches_on_to_the_plan_but_not_far(low, high, value, span):
    assert _span(low, high, value) == pytest.approx(span)
