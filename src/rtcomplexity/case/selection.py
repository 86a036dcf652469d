"""Which structure set of a folder is assessed, and why the others are not.

In order: it references images that were found; these are planning images, not a treatment session's; planning modality
CT before MR before PT; an RT Plan found references it; most target classes; approved; newest; SOP Instance UID.
A rejected set is taken only where there is no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtcomplexity.case.image_link import modality_rank
from rtcomplexity.errors import UsageError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.case import Alternative, ImageLink

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rtcomplexity.case.image_link import Link
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.registration import SpatialRegistration
    from rtcomplexity.model.structure_set import StructureSet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A structure set that could be assessed."""

    structure_set: StructureSet
    issues: tuple[Issue, ...]
    link: Link
    is_planned_on: bool
    """Whether an RT Plan found references it."""
    relationships: tuple[SpatialRegistration, ...] = ()
    """Frames of reference that the set itself relates (retired)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """The chosen set with its reason, and the others with theirs."""

    chosen: Candidate
    because: str
    alternatives: tuple[Alternative, ...]
    others: tuple[Candidate, ...] = ()
    """Best first."""


def choose(candidates: Sequence[Candidate], wanted: str | None = None) -> Choice:
    """Choose a structure set.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one.
    wanted : str, optional
        SOP Instance UID, or a beginning or end of it that fits one set only: the user's choice.

    Raises
    ------
    UsageError
        If `wanted` fits none or several.
    """
    ranked = sorted(candidates, key=_rank)
    chosen = ranked[0] if wanted is None else _wanted(ranked, wanted)
    others = [candidate for candidate in ranked if candidate is not chosen]
    if wanted is not None:
        because, reasons = "the user named it", ["the user named another" for _ in others]
    else:
        because, reasons = _because(chosen, others), [_why_not(other, chosen) for other in others]
    alternatives = tuple(
        Alternative(sop_instance_uid=other.structure_set.sop_instance_uid, because=reason)
        for other, reason in zip(others, reasons, strict=True)
    )
    return Choice(chosen=chosen, because=because, alternatives=alternatives, others=tuple(others))


def several_sets_issues(choice: Choice, phases: Collection[int] = ()) -> tuple[Issue, ...]:
    """Name structure sets with other gross targets than the chosen one, unless they are of its 4D phases (by id)."""
    own = _gross_target_points(choice.chosen.structure_set)
    others = [
        (other.structure_set, alternative)
        for other, alternative in zip(choice.others, choice.alternatives, strict=True)
        if id(other.structure_set) not in phases and not other.structure_set.is_rejected
    ]
    differing = [one for one, _ in others if (points := _gross_target_points(one)) and points != own]
    if not differing:
        return ()
    listed = "; ".join(
        f"{alternative.sop_instance_uid}: {alternative.because}" for one, alternative in others if one in differing
    )
    facts = {"others": len(differing), "because": choice.because, "listed": listed}
    return (codes.SEVERAL_STRUCTURE_SETS.about("plan", **facts),)


def _gross_target_points(structure_set: StructureSet) -> frozenset[bytes]:
    """The contour points of each gross target, as bytes."""
    drawn = (roi for roi in structure_set.rois if roi.target_class.is_gross and len(roi.contours))
    return frozenset(roi.contours.points_mm.tobytes() for roi in drawn)


def target_class_count(structure_set: StructureSet) -> int:
    """How many of GTV, CTV, ITV and PTV the set holds contours of."""
    return len({roi.target_class for roi in structure_set.rois if roi.target_class.is_target and len(roi.contours)})


def _rank(candidate: Candidate) -> tuple[object, ...]:
    one = candidate.structure_set
    return (
        *(level for level, _ in _criteria(candidate)),
        _newest_first(one.written_at),
        one.sop_instance_uid,
        one.file_sha256,
    )


def _criteria(candidate: Candidate) -> list[tuple[int, str]]:
    """(rank, words) of each criterion but age, lowest rank best."""
    one = candidate.structure_set
    modality = candidate.link.planning.series.modality if candidate.link.planning else ""
    is_of_session = candidate.link.planning is not None and candidate.link.planning.is_of_treatment_session
    is_linked = candidate.link.kind is not ImageLink.NONE
    classes = target_class_count(one)
    return [
        (one.is_rejected, "was rejected" if one.is_rejected else "was not rejected"),
        (not is_linked, "references images that were found" if is_linked else "references no image that was found"),
        (
            is_of_session,
            "was contoured on images of a treatment session" if is_of_session else "was contoured on planning images",
        ),
        (modality_rank(modality), f"was contoured on {modality or 'no image'}"),
        (
            not candidate.is_planned_on,
            f"is referenced by {'an' if candidate.is_planned_on else 'no'} RT Plan found",
        ),
        (-classes, f"holds {classes} target classes"),
        (one.approval_status != "APPROVED", "is approved" if one.approval_status == "APPROVED" else "is not approved"),
    ]


def _newest_first(written_at: str) -> tuple[int, ...]:
    """Key that sorts times backwards: one without a time of day after those of that day, none at all last."""
    return (*(-ord(character) for character in written_at), 0)


def _first_difference(one: Candidate, other: Candidate) -> tuple[str, str]:
    """Say what first distinguishes two candidates, in words for each."""
    for (rank, words), (other_rank, other_words) in zip(_criteria(one), _criteria(other), strict=True):
        if rank != other_rank:
            return words, other_words
    if one.structure_set.written_at != other.structure_set.written_at:
        is_newer = one.structure_set.written_at > other.structure_set.written_at
        return ("is newer", "is older") if is_newer else ("is older", "is newer")
    if one.structure_set.sop_instance_uid == other.structure_set.sop_instance_uid:
        first, later = "has the first SHA-256 of files with one SOP Instance UID", "has a later SHA-256"
        is_first = one.structure_set.file_sha256 < other.structure_set.file_sha256
        return (first, later) if is_first else (later, first)
    first, later = "has the first SOP Instance UID", "has a later SOP Instance UID"
    is_first = one.structure_set.sop_instance_uid < other.structure_set.sop_instance_uid
    return (first, later) if is_first else (later, first)


def _because(chosen: Candidate, others: Sequence[Candidate]) -> str:
    if not others:
        return "it is the only structure set found"
    words = list(dict.fromkeys(_first_difference(chosen, other)[0] for other in others))
    count = len(others) + 1
    if words == ["is newer"]:
        return f"it is the newest of {count} structure sets that are otherwise alike"
    if len(words) == 1:
        return f"it alone of {count} structure sets {words[0]}"
    return f"among {count} structure sets it {' and '.join(words)}"


def _why_not(other: Candidate, chosen: Candidate) -> str:
    words, chosen_words = _first_difference(other, chosen)
    return f"it {words}; the chosen one {chosen_words}"


def _wanted(candidates: Sequence[Candidate], wanted: str) -> Candidate:
    wanted = wanted.strip()
    uids = [candidate.structure_set.sop_instance_uid for candidate in candidates]
    fitting = [uid == wanted for uid in uids]
    if not any(fitting):
        fitting = [bool(wanted) and (uid.startswith(wanted) or uid.endswith(wanted)) for uid in uids]
    if sum(fitting) != 1:
        how = "several" if any(fitting) else "none"
        found = f"the SOP Instance UID of one of {len(uids)} structure sets, or a beginning or end of it (fits {how})"
        raise UsageError("--structure-set", wanted, found)
    return candidates[fitting.index(True)]
