"""Several RT Plans of one structure set: which is taken, and what number of fractions they state together."""

import itertools
from dataclasses import replace

import pytest

from rtcomplexity.case.course import course_of
from rtcomplexity.model.issue import Severity
from rtcomplexity.model.plan import RtPlan
from rtcomplexity.model.structure_set import StructureSet

FRAME = "1.9"


def structure_set(uid="1.5"):
    return StructureSet(sop_instance_uid=uid, series_uid="", study_uid="", patient_key="", rois=())


def plan(uid, fractions, *, approval="APPROVED", date="20240107", of="1.5", label="", prior=(), is_qa=False):
    return RtPlan(
        sop_instance_uid=uid,
        label=label,
        referenced_structure_set_uid=of,
        fractions_planned=fractions,
        approval_status=approval,
        written_at=date,
        frame_of_reference_uid=FRAME,
        is_quality_assurance=is_qa,
        prior_plan_uids=tuple(prior),
    )


def course(*plans):
    """The course, the same in whatever order the plans lie there."""
    found = [course_of(structure_set(), FRAME, given) for given in itertools.permutations(plans)]
    first = found[0]
    assert all(each.plan == first.plan and each.plan is not None for each in found)
    return first.plan.sop_instance_uid, first.plan.fractions_planned, {i.code: i.severity for i in first.issues}


def test_one_plan_states_its_fractions():
    assert course(plan("2.1", 5)) == ("2.1", 5, {})


@pytest.mark.parametrize("groups", [(25, 5), (30, 30), (5, None)])
def test_several_fraction_groups_leave_the_fractions_unknown_and_are_told(groups):
    one = replace(plan("2.1", None), fractions_of_groups=groups)
    assert course(one) == ("2.1", None, {"fraction-groups": Severity.WARNING})
    (issue,) = course_of(structure_set(), FRAME, [one]).issues
    assert f"2 fraction groups (fractions: {groups[0]}, {groups[1] or 'not stated'})" in issue.text


def test_a_boost_that_the_files_do_not_tie_leaves_the_fractions_unknown():
    taken, fractions, issues = course(plan("2.1", 25, label="INITIAL"), plan("2.2", 5, date="20240120", label="BOOST"))
    assert (taken, fractions) == ("2.2", None)
    assert issues == {"several-plans": Severity.WARNING}


def test_a_plan_that_names_the_one_before_it_adds_its_fractions():
    first, second = plan("2.1", 25), plan("2.2", 5, date="20240120", prior=["2.1"])
    assert course(first, second)[:2] == ("2.2", 30)
    third = plan("2.3", 3, date="20240125", prior=["2.2"])
    assert course(first, second, third)[:2] == ("2.3", 33)


@pytest.mark.parametrize("prior", [["2.9"], ["2.2"]])
def test_a_plan_that_names_itself_or_one_that_is_not_here_adds_nothing(prior):
    assert course(plan("2.1", 25), plan("2.2", 5, date="20240120", prior=prior))[1] is None


def test_a_newer_quality_assurance_plan_states_nothing():
    taken, fractions, issues = course(plan("2.1", 5), plan("2.2", 1, date="20240120", is_qa=True))
    assert (taken, fractions) == ("2.1", 5)
    assert issues == {"plan-quality-assurance": Severity.INFO}


def test_only_quality_assurance_plans_are_no_plan():
    assert course_of(structure_set(), FRAME, [plan("2.2", 1, is_qa=True)]).plan is None


def test_the_one_approved_plan_states_the_fractions_and_the_other_is_named():
    taken, fractions, issues = course(plan("2.1", 5), plan("2.2", 8, approval="UNAPPROVED", date="20240120"))
    assert (taken, fractions) == ("2.1", 5)
    assert issues == {"several-plans": Severity.WARNING}


def test_one_plan_written_twice_is_one():
    taken, fractions, issues = course(plan("2.1", 5, label="Lung"), plan("2.2", 5, label="lung ", date="20240120"))
    assert (taken, fractions) == ("2.2", 5)
    assert issues == {"several-plans": Severity.INFO}


def test_two_plans_of_equal_fractions_and_other_labels_may_run_one_after_the_other():
    assert course(plan("2.1", 5, label="left"), plan("2.2", 5, label="right"))[1] is None


def test_an_unstated_number_leaves_the_sum_unknown():
    assert course(plan("2.1", None), plan("2.2", 5, prior=["2.1"], date="20240120"))[1] is None


def test_an_approved_plan_on_another_set_in_the_planning_frame_may_be_of_the_course():
    taken, fractions, issues = course(plan("2.1", 5), plan("2.2", 25, of="1.6"))
    assert (taken, fractions) == ("2.1", None)
    assert issues == {"plan-of-other-set": Severity.INFO, "several-plans": Severity.WARNING}
    assert course(plan("2.1", 5), plan("2.2", 25, of="1.6", approval="UNAPPROVED"))[1] == 5
