"""Structure sets that the assessed one may have been edited from.

That is a predecessor that it names, or that a predecessor names in turn, and any set of the same patient written no
later in which an algorithm contoured a target in the same frame of reference. Knows nothing of what was edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.case import EarlierSet

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.structure_set import Roi, StructureSet

AUTOMATIC: Final = "AUTOMATIC"
"""ROI Generation Algorithm (3006,0036) of a contour that no person drew; SEMIAUTOMATIC says that one took part."""


def earlier_sets(
    chosen: StructureSet, others: Sequence[StructureSet], of_phases: Collection[StructureSet] = ()
) -> tuple[EarlierSet, ...]:
    """Find what the chosen set may have been edited from: its predecessors first.

    Parameters
    ----------
    chosen : StructureSet
        The assessed set.
    others : sequence of StructureSet
        All others that are here.
    of_phases : collection of StructureSet
        Those contoured on other phases of a 4D acquisition: another state of breathing, not an earlier version.
    """
    named = _predecessor_uids(chosen, others)
    predecessors = [other for other in others if other.sop_instance_uid in named]
    left = [other for other in others if other not in predecessors and other not in of_phases]
    automatic = [other for other in left if _may_precede(other, chosen)]
    return (
        *(EarlierSet(structure_set=one, is_predecessor=True) for one in predecessors),
        *(EarlierSet(structure_set=one, is_predecessor=False) for one in automatic),
    )


def predecessor_issues(chosen: StructureSet, others: Sequence[StructureSet]) -> tuple[Issue, ...]:
    """Say that the chosen set names a predecessor which is not here."""
    missing = chosen.predecessor_uids - {other.sop_instance_uid for other in others} - {chosen.sop_instance_uid}
    return (codes.PREDECESSOR_MISSING.about("plan", missing=len(missing)),) if missing else ()


def _predecessor_uids(chosen: StructureSet, others: Sequence[StructureSet]) -> frozenset[str]:
    """UIDs of all predecessors, as far back as the sets that were found name them."""
    by_uid = {other.sop_instance_uid: other for other in others}
    found: set[str] = set()
    ahead = set(chosen.predecessor_uids)
    while ahead:
        found |= ahead
        ahead = {uid for one in ahead if one in by_uid for uid in by_uid[one].predecessor_uids} - found
    return frozenset(found - {chosen.sop_instance_uid})


def _may_precede(other: StructureSet, chosen: StructureSet) -> bool:
    """Whether an algorithm contoured a target in the chosen set's frame, in a set of that patient written before it."""
    is_earlier = bool(other.written_at) and other.written_at <= chosen.written_at
    frames = {roi.frame_of_reference_uid for roi in chosen.rois if roi.target_class.is_target} - {""}
    is_of_patient = other.patient_key == chosen.patient_key
    return is_earlier and is_of_patient and any(_is_automatic_target(roi, frames) for roi in other.rois)


def _is_automatic_target(roi: Roi, frames: set[str]) -> bool:
    is_in_frame = roi.frame_of_reference_uid in frames
    return roi.generation == AUTOMATIC and roi.target_class.is_target and is_in_frame and len(roi.contours) > 0
