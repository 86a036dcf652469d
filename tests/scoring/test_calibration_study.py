"""The rule of the upper cutoff, on plans and levels whose outcome is known without it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from rtcomplexity.scoring.profile import factor_reference, load_profile

STUDIES = Path(__file__).parents[2] / "studies"
STRATA = ("thoracic-sbrt", "thoracic-conventional")


@pytest.fixture(scope="module")
def studies():
    before, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(STUDIES))
    import calibrated_profile
    import operating_characteristics
    import simulation

    yield calibrated_profile, operating_characteristics, simulation
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).parent == STUDIES:
            sys.modules.pop(name)


@pytest.fixture(scope="module")
def plans(studies):
    return {each.id: studies[2].population(each, "calibration", count=120) for each in studies[2].STRATA.values()}


def factors_of(profile):
    return [factor for family in profile.families for factor in family.factors]


def test_the_cutoff_is_the_lowest_that_keeps_a_rate(studies):
    """Of 100 plans with levels 1 to 100, 3 % have 98 or more."""
    levels = np.arange(1.0, 101.0)
    assert studies[0]._least_with(levels, lambda hits: float(hits.mean()), 0.03) == 98.0
    assert studies[0]._least_with(levels, lambda hits: float(hits.mean()), 0.0399) == 98.0
    assert studies[0]._least_with(levels, lambda hits: float(hits.mean()), 0.04) == 97.0


def test_a_plan_that_nothing_would_support_moves_no_cutoff(studies):
    levels = np.array([0.0] * 96 + [95.0, 96.0, 97.0, 98.0])
    assert studies[0]._least_with(levels, lambda hits: float(hits.mean()), 0.02) == 97.0


def test_a_bound_over_patients_is_that_of_as_many_patients_not_plans(studies):
    """10 of 200 patients, with 20 alike plans each: 5 % with a standard error of sqrt(.05 x .95 / 200)."""
    hits = np.repeat(np.arange(200) < 10, 20)
    redrawn = studies[1].Redrawn.of(np.repeat(np.arange(200), 20))
    assert redrawn.upper(hits) == pytest.approx(0.05 + 1.645 * np.sqrt(0.05 * 0.95 / 200), abs=0.004)
    assert redrawn.upper(hits) > studies[1].Rate.of(hits).upper
    assert (redrawn.upper(hits & False), redrawn.upper(hits | True)) == (0.0, 1.0)


@pytest.mark.parametrize("stratum_id", STRATA)
def test_worlds_of_modeled_factors_leave_what_is_measured_or_published(studies, plans, stratum_id):
    profile, routine = load_profile("thoracic-delineation-2"), plans[stratum_id]
    within = (routine.diameters_mm >= 8) & (routine.diameters_mm <= 25)
    for _, change in studies[1].modeled_worlds(profile, stratum_id):
        harder = change(profile, routine, stratum_id)
        for factor in factors_of(profile):
            reference = factor_reference(factor, stratum_id)
            before, after = routine.column(factor.metric), harder.column(factor.metric)
            if reference.similar is not None:
                assert np.array_equal(before[within], after[within])
                assert not np.array_equal(before[~within], after[~within])
            elif reference.basis == "published":
                assert np.array_equal(before, after, equal_nan=True)
            elif reference.basis == "model":  # a count by convention may round to what it was
                assert not np.array_equal(before, after, equal_nan=True), factor.metric
        assert harder.diameters_mm == pytest.approx(routine.diameters_mm)


def test_targets_are_enlarged_only_where_their_size_is_modeled(studies, plans):
    profile, stratum_id = load_profile("thoracic-delineation-2"), STRATA[0]
    assert len(studies[1].modeled_worlds(profile, stratum_id)) == 2
    modeled = profile.model_copy(
        update={"families": tuple(replaced(family) for family in profile.families)},
    )
    words, change = studies[1].modeled_worlds(modeled, stratum_id)[-1]
    assert "volume x 1.5" in words
    larger = change(modeled, plans[stratum_id], stratum_id)
    assert larger.column("scored.volume") == pytest.approx(1.5 * plans[stratum_id].column("scored.volume"))
    assert larger.diameters_mm == pytest.approx(np.cbrt(1.5) * plans[stratum_id].diameters_mm)


def replaced(family):
    """The family with every published reference called a model."""
    factors = []
    for factor in family.factors:
        references = [
            r.model_copy(update={"basis": "model"}) if r.basis == "published" else r for r in factor.references
        ]
        factors.append(factor.model_copy(update={"references": tuple(references)}))
    return family.model_copy(update={"factors": tuple(factors)})


def test_a_cutoff_past_every_level_is_the_last_and_no_infinite_level_stands_in_for_one(studies):
    """Two of 100 plans need no anchor; as many as may pass leaves none to an anchor."""
    levels = np.array([np.inf] * 2 + list(np.linspace(1.0, 98.0, 98)))
    assert studies[0]._least_with(levels, lambda hits: float(hits.mean()), 0.02, 101.0) == 101.0
    assert studies[0]._least_with(levels, lambda hits: float(hits.mean()), 0.03, 101.0) == 98.0


@pytest.mark.parametrize("stratum_id", STRATA)
def test_an_anchor_beside_image_sets_is_rarer_the_less_may_pass(studies, stratum_id):
    profile = load_profile("thoracic-delineation-2")
    routine = studies[2].population(studies[2].STRATA[stratum_id], "calibration", count=400)
    cutoffs = [studies[0].c_anchor(profile, routine, stratum_id, most) or np.inf for most in (0.2, 0.1, 0.0)]
    assert profile.joint(stratum_id).c_support <= cutoffs[0] <= cutoffs[1] < cutoffs[2]


@pytest.mark.exhaustive
@pytest.mark.parametrize("stratum_id", STRATA)
def test_the_shipped_cutoffs_are_those_of_the_rule(studies, stratum_id):
    """Simulated and calibrated anew, with every patient's contours: a minute of processor time for each stratum."""
    study, _, simulation = studies
    profile = load_profile("thoracic-delineation-2")
    routine = simulation.population(simulation.STRATA[stratum_id], "calibration")
    scores = study._family_scores(profile, routine, stratum_id)
    t = study.standing(scores, profile, stratum_id).t
    found, shipped = study._joint(t, without_c_anchor(profile), routine, stratum_id), profile.joint(stratum_id)
    assert found.c_support == pytest.approx(shipped.c_support, abs=0.01)
    assert found.c_reject == pytest.approx(shipped.c_reject, abs=0.01)
    assert study.c_anchor(profile, routine, stratum_id) == pytest.approx(shipped.c_anchor, abs=0.01)
    assert shipped.support_percentile >= 97.5


def without_c_anchor(profile):
    """The profile as it is when the upper cutoff is sought: that of the anchor beside image sets comes after it."""
    joints = tuple(joint.model_copy(update={"c_anchor": None}) for joint in profile.joint_references)
    return profile.model_copy(update={"joint_references": joints})
