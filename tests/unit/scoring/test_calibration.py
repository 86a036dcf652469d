"""A profile of one's own plans: false support on later plans stays bounded, and few plans never support."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from rtcomplexity.scoring.calibration import Provenance, allowed_exceedances, calibrated_profile
from rtcomplexity.scoring.plan_table import PlanTable, verdicts_of
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import factor_reference, load_profile, parse_profile
from rtcomplexity.scoring.reference import value_at
from rtcomplexity.scoring.site import TreatedSite

PATTERN = load_profile("thoracic-delineation-1")
SITE = TreatedSite(id="shoulder", title="shoulder", place="the shoulder", words=("shoulder",))
MADE = Provenance(made_by="tests", period="2025", software=("0.1.0",), excluded={"refused": 2}, plans=("a" * 64,))


def routine(n, seed, harder=()):
    """Simulated plans; families named `harder` lie three standard deviations out."""
    rng = np.random.default_rng(seed)
    columns = {}
    for family in PATTERN.families:
        base = rng.normal(size=n) + (3.0 if family.id in harder else 0.0)
        for factor in family.factors:
            knots = factor_reference(factor, "thoracic-sbrt").knots
            ranks = 100 * norm.cdf(0.8 * base + 0.6 * rng.normal(size=n))
            columns[factor.metric] = np.array([value_at(knots, rank) for rank in ranks])
    return Plans(count=n, columns=columns)


def made(n, seed=0):
    return parse_profile(calibrated_profile(routine(n, seed), SITE, PATTERN, MADE).encode(), "ours.toml")


def verdicts(profile, plans):
    strata, labels = ("all",) * plans.count, ("",) * plans.count
    table = PlanTable(plans=plans, strata=strata, labels=labels, patients=None, not_scored=())
    return np.array(verdicts_of(table, profile))


@pytest.mark.parametrize("n", [99, 140, 440, 1000])
def test_as_many_exceedances_are_allowed_as_the_binomial_distribution_bounds(n):
    allowed = allowed_exceedances(n)
    assert binom.cdf(allowed, n, 0.03) <= 0.05 < binom.cdf(allowed + 1, n, 0.03)


def test_false_support_on_other_plans_of_the_kind_stays_below_the_bound():
    profile = made(500)
    found = verdicts(profile, routine(2000, 99))
    assert profile.rules.may_support
    assert np.mean(found == "supports") <= 0.03
    assert 0.6 < np.mean(found == "rejects") < 0.85


def test_two_unusual_families_are_found():
    found = verdicts(made(500), routine(400, 98, harder=("shape", "topology")))
    assert np.mean(found == "supports") >= 0.5


def test_a_hundred_plans_refuse_to_support_and_say_what_is_missing():
    profile = made(100)
    assert not profile.rules.may_support
    assert "120 plans are needed, and there are 100" in profile.notice
    assert "supports" not in verdicts(profile, routine(300, 97, harder=("shape", "topology", "extent")))


def test_it_names_its_plans_and_who_made_it():
    profile = made(130)
    assert profile.made_from == ("a" * 64,)
    assert profile.treated_site == SITE
    assert "130 consecutive shoulder plans" in profile.calibration.population
    assert "by tests" in profile.notice
    assert "2 refused" in profile.notice
