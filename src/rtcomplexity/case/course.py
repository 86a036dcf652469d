"""What the RT Plans that are here say together of the course: which one is taken, and how many fractions.

One plan states its fractions. Several state one number only where the files say how they go together; else it is
unknown, and never that of one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtcomplexity.model import issue_codes as codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.plan import RtPlan
    from rtcomplexity.model.structure_set import StructureSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The RT Plan of a structure set."""

    plan: RtPlan | None = None
    """Approved before newest; its fractions are those of the course, None where the plans leave them open."""
    issues: tuple[Issue, ...] = ()


def course_of(chosen: StructureSet, frame_of_reference_uid: str, plans: Sequence[RtPlan]) -> Course:
    """Find the plan of a structure set, and the fractions that all plans of its course state.

    Parameters
    ----------
    chosen : StructureSet
        The assessed set.
    frame_of_reference_uid : str
        Of its planning image: an approved plan made on another set in this frame may be part of the course.
    plans : sequence of RtPlan
        All that are here and were not rejected.
    """
    treating = [plan for plan in plans if not plan.is_quality_assurance]
    own = [plan for plan in treating if plan.referenced_structure_set_uid == chosen.sop_instance_uid]
    others = [plan for plan in treating if plan.referenced_structure_set_uid != chosen.sop_instance_uid]
    issues = [*_quality_assurance(len(plans) - len(treating), len(plans)), *_of_other_sets(len(others), len(plans))]
    if not own:
        return Course(issues=tuple(issues))
    ranked = sorted(own, key=lambda plan: (plan.written_at, plan.sop_instance_uid), reverse=True)
    ranked.sort(key=lambda plan: plan.approval_status != "APPROVED")
    alike = [plan for plan in ranked if plan.approval_status == ranked[0].approval_status]
    alike += [plan for plan in others if _may_be_of_course(plan, ranked[0], frame_of_reference_uid)]
    fractions = _fractions(alike)
    issues += _fraction_groups(ranked[0])
    if len(own) > 1 or len(alike) > 1:
        issues.append(_several(ranked[0], [*own, *(plan for plan in alike if plan not in own)], fractions))
    return Course(plan=replace(ranked[0], fractions_planned=fractions), issues=tuple(issues))


def _may_be_of_course(plan: RtPlan, taken: RtPlan, frame_of_reference_uid: str) -> bool:
    """Whether a plan on another structure set is approved as the one that is taken, in the planning frame."""
    is_in_frame = bool(frame_of_reference_uid) and plan.frame_of_reference_uid == frame_of_reference_uid
    return is_in_frame and plan.approval_status == taken.approval_status == "APPROVED"


def _fractions(plans: Sequence[RtPlan]) -> int | None:
    """Fractions of plans of one approval: added where each follows another, the same where they are one plan."""
    stated = [plan.fractions_planned for plan in plans]
    known = [count for count in stated if count is not None]
    if len(plans) == 1 or len(known) < len(stated):
        return known[0] if len(plans) == 1 and known else None
    if _are_in_sequence(plans):
        return sum(known)
    is_one_plan_twice = len({(plan.label.strip().casefold(), plan.prescriptions) for plan in plans}) == 1
    return known[0] if is_one_plan_twice and plans[0].label and len(set(known)) == 1 else None


def _are_in_sequence(plans: Sequence[RtPlan]) -> bool:
    """Whether all but the first of the plans name another of them as delivered before."""
    here = {plan.sop_instance_uid for plan in plans}
    before = [{uid for uid in plan.prior_plan_uids if uid in here - {plan.sop_instance_uid}} for plan in plans]
    return sum(not uids for uids in before) == 1 and len(set[str]().union(*before)) == len(plans) - 1


def _several(taken: RtPlan, plans: Sequence[RtPlan], fractions: int | None) -> Issue:
    """Name the plans by what they state; labels may name someone."""
    listed = ", ".join(
        f"{'not stated' if plan.fractions_planned is None else plan.fractions_planned}"
        f" ({plan.approval_status.lower() or 'approval not stated'})"
        for plan in plans
    )
    if fractions is None:
        outcome = "the files do not say how they go together, so the number of fractions is unknown"
    elif fractions != taken.fractions_planned:
        outcome = f"each names the one before it, so the course has {fractions} fractions"
    else:
        outcome = f"{fractions} fractions are used"
    is_moved = len({plan.fractions_planned for plan in plans}) > 1 or fractions is None
    code = codes.SEVERAL_PLANS if is_moved else codes.SEVERAL_PLANS.otherwise
    return code.about("plan", plans=len(plans), listed=listed, outcome=outcome)


def _fraction_groups(taken: RtPlan) -> tuple[Issue, ...]:
    """Say why a plan of several fraction groups states no one number."""
    groups = taken.fractions_of_groups
    if len(groups) < 2:
        return ()
    listed = ", ".join("not stated" if count is None else str(count) for count in groups)
    return (codes.FRACTION_GROUPS.about("plan", groups=len(groups), listed=listed),)


def _quality_assurance(count: int, total: int) -> tuple[Issue, ...]:
    if not count:
        return ()
    return (codes.PLAN_QUALITY_ASSURANCE.about("plan", count=count, total=total),)


def _of_other_sets(count: int, total: int) -> tuple[Issue, ...]:
    if not count:
        return ()
    return (codes.PLAN_OF_OTHER_SET.about("plan", count=count, total=total),)
