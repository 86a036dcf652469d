"""What somebody may try with a profile of one's own: what must not help does not, and what cannot be seen is shown."""

import json

import numpy as np
import pytest

from rtcomplexity.batch.calibration_results import Maker, calibrate
from rtcomplexity.batch.outputs import JSONL
from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.scoring.calibration import ANY_COURSE, OwnPlans, table_of
from rtcomplexity.scoring.drift import drift_of
from rtcomplexity.scoring.plan_table import PlanTable, verdicts_of
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.site import site_named
from rtcomplexity.testing.simulated_results import Simulation, lines_of, simulated_plans

PATTERN = load_profile(OWN_PATTERN)
SITE = site_named("shoulder")


def lines(plans, **changes):
    simulation = Simulation(plans=plans, **changes)
    return lines_of(simulated_plans(simulation), simulation)


def made_of(folder, *groups):
    folder.mkdir(exist_ok=True)
    (folder / JSONL).write_text("".join(json.dumps(line) + "\n" for group in groups for line in group), "utf-8")
    return calibrate([folder], SITE, PATTERN, Maker(name="tests"))


def renamed(line, number, *, patient=True):
    """The same plan exported again: other hashes, and another patient where asked for."""
    copy = json.loads(json.dumps(line))
    copy["key"] = copy["record"]["plan"]["content_id"] = f"{number:064x}"
    if patient:
        copy["patient_key"] = f"{number:064x}"
    return copy


def supported(profile, plans):
    own = OwnPlans(plans=plans, ids=tuple(map(str, range(plans.count))), fractions=(5,) * plans.count)
    return np.array(verdicts_of(table_of(own, [ANY_COURSE]), profile)) == "supports"


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return made_of(tmp_path_factory.mktemp("honest") / "out", lines(150)).profile


@pytest.mark.parametrize("patient", [False, True], ids=["of the same patient", "under other patients"])
def test_easy_plans_many_times_over_change_nothing(tmp_path, honest, patient):
    """Ten easy plans exported thirty times each make the profile that they make once."""
    routine = lines(150)
    easy = sorted(routine, key=lambda line: line["record"]["gross_target"]["metrics"]["scored.volume"]["value"])[:10]
    copies = [renamed(line, 90_000 + 100 * n + k, patient=patient) for n, line in enumerate(easy) for k in range(30)]
    stuffed = made_of(tmp_path / "out", routine, copies)
    why = "with the same measurements as another plan"
    assert stuffed.selection.counts == {why: 300}
    assert len(stuffed.selection.kept) == 150
    assert stuffed.profile.families[0].factors[0].references[0].n == honest.families[0].factors[0].references[0].n
    assert stuffed.profile.joint("all") == honest.joint("all")


def test_one_patients_many_plans_count_once(tmp_path):
    """Re-plans of one patient differ in their measurements; without a stated course they are one course."""
    replans = [line | {"patient_key": "a" * 64} for line in lines(300, seed=5, first_patient=2000)]
    found = made_of(tmp_path / "out", lines(150), replans)
    assert found.selection.counts == {"same patient and course": 299}


@pytest.fixture(scope="module")
def stuffed(tmp_path_factory):
    """Made of 150 honest plans and 450 easy ones of invented patients."""
    easy = lines(450, seed=5, first_patient=2000, shifts=dict.fromkeys(("shape", "topology", "extent"), -1.5))
    return made_of(tmp_path_factory.mktemp("stuffed") / "out", lines(150), easy).profile


def test_plans_of_easy_invented_patients_can_lower_the_cutoff_and_are_seen_by_the_built_in_profile(stuffed):
    """Nothing tells an invented patient from another; the built-in answer, which stands beside, does not move."""
    middling = simulated_plans(Simulation(plans=300, seed=9, shifts={"shape": 1.0, "topology": 1.0}))
    table = PlanTable(plans=middling, strata=("any",) * 300, labels=("",) * 300, patients=None, not_scored=())
    by_built_in = np.array(verdicts_of(table, load_profile("any-site-1")))
    gained = supported(stuffed, middling)
    assert gained.sum() > 0, "what this test rests on"
    assert stuffed.provenance.excluded == {}
    assert np.mean(by_built_in[gained] == "supports") < 0.5


def test_a_stuffed_profile_is_found_by_newer_plans(stuffed):
    assert drift_of(stuffed, newer(200)).is_found


def newer(plans, **shifts):
    drawn = simulated_plans(Simulation(plans=plans, seed=11, shifts=shifts))
    return OwnPlans(plans=drawn, ids=tuple(f"n{n}" for n in range(plans)), fractions=(5,) * plans)


def test_one_operators_plans_support_others_routine_plans_more_often_and_the_drift_check_says_so(tmp_path):
    """Somebody contours more smoothly, by half a normal score in every factor of shape.

    The bound of 3% holds for plans like those of the profile; of another's 2,000 some more are supported, because a
    second family still has to stand out. Given 150 plans of the other, the drift check names shape and nothing else.
    """
    one = made_of(tmp_path / "out", lines(500, shifts={"shape": -0.5})).profile
    assert np.mean(supported(one, simulated_plans(Simulation(plans=2000, seed=12)))) <= 0.06
    found = drift_of(one, newer(150))
    differing = {each.metric for each in found.factors if each.differs}
    assert differing
    assert differing <= {f.metric for f in next(f for f in PATTERN.families if f.id == "shape").factors}


def test_withholding_a_factor_gains_no_support(honest):
    """Whatever is not measured, no plan is supported that is not supported with it."""
    hard = simulated_plans(Simulation(plans=300, seed=13, shifts={"shape": 2.0, "ambiguity": 2.0}))
    whole = supported(honest, hard)
    for metric in hard.columns:
        if metric != "scored.volume":
            columns = {**hard.columns, metric: np.full(300, np.nan)}
            without = supported(honest, Plans(count=300, columns=columns))
            assert not np.any(without & ~whole), metric
