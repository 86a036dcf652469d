"""Image sets counted as visits to a scanner, and what shows that each was used, in words.

One visit is a 4D-CT with all its phases, or a PET with the CT it came with. Localizers,
derived series, cone-beam CT and secondary captures are listed and not counted. That a set is here, or lies in the
planning frame of reference, shows no use of it: it is listed, and counts where an object references or registers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.model.case import EvidenceLevel, ImageRole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.case import ImageSet

LEVELS: Final = tuple(EvidenceLevel)
SHOWN_USED: Final = frozenset({EvidenceLevel.REGISTERED, EvidenceLevel.REFERENCED})
"""Levels at which an object shows that a set went into the delineation."""
LEVEL_WORDS: Final = {
    EvidenceLevel.PRESENT: "present: nothing shows that it was used",
    EvidenceLevel.SAME_FRAME: "in the planning frame of reference, without a registration",
    EvidenceLevel.REGISTERED: "registered to the planning frame of reference",
    EvidenceLevel.REFERENCED: "referenced by a structure set",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit to a scanner."""

    members: tuple[int, ...]
    """Positions of its image sets in the case, the first one first."""
    modalities: tuple[str, ...]
    """Of the members, without repeats: ("CT",) or ("CT", "PT")."""
    phases: int
    """Phases of a 4D set; 1 otherwise."""
    level: EvidenceLevel
    """The highest of the members'."""
    is_fused: bool
    """Whether an object shows that a member beside the planning image was used."""
    is_counted: bool
    """Whether it is of its own, and an object shows that it was used."""

    @property
    def words(self) -> str:
        """E.g. "CT + PT, registered to the planning frame of reference"."""
        name = " + ".join(self.modalities) + (f" in {self.phases} phases" if self.phases > 1 else "")
        return f"{name}, {LEVEL_WORDS[self.level]}" + ("" if self.is_counted else "; not counted")


def visits(image_sets: Sequence[ImageSet]) -> tuple[Visit, ...]:
    """Group image sets into visits to a scanner.

    A frame of reference lasts for one visit. So sets of one patient, one frame and one modality are one visit,
    however often they were reconstructed, split into phases or copied; a PET and a CT of one frame are one if they
    are of one study. What has no frame, or does not count as an image set, stands alone.

    Returns
    -------
    tuple of Visit
        In the order of their first members.
    """
    groups: dict[int, set[int]] = {}
    for n, one in enumerate(image_sets):
        joined = {n} | {other for other in range(n) if _is_same_visit(image_sets[other], one)}
        group = joined.union(*(groups.get(member, set()) for member in joined))
        groups |= dict.fromkeys(group, group)
    members = dict.fromkeys(tuple(sorted(group)) for group in groups.values())
    return tuple(_visit(image_sets, each) for each in sorted(members))


def counted(image_sets: Sequence[ImageSet]) -> tuple[Visit, ...]:
    """Visits that count: those that an object shows to have been used."""
    return tuple(visit for visit in visits(image_sets) if visit.is_counted)


def fused(image_sets: Sequence[ImageSet]) -> tuple[Visit, ...]:
    """Visits of which an object shows that they were used beside the planning image."""
    return tuple(visit for visit in visits(image_sets) if visit.is_fused)


def used_modalities(image_sets: Sequence[ImageSet]) -> frozenset[str]:
    """Modalities of the sets that an object shows to have been used."""
    return frozenset(image_set.modality for image_set in image_sets if _is_used(image_set))


def _is_same_visit(one: ImageSet, other: ImageSet) -> bool:
    if ImageRole.NOT_COUNTED in {one.role, other.role}:
        return False
    a, b = one.series[0], other.series[0]
    same_frame = bool(a.frame_of_reference_uid) and a.frame_of_reference_uid == b.frame_of_reference_uid
    came_together = a.study_uid == b.study_uid and {a.modality, b.modality} == {"CT", "PT"}
    return same_frame and a.patient_key == b.patient_key and (a.modality == b.modality or came_together)


def _is_of_planning(image_sets: Sequence[ImageSet], n: int) -> bool:
    """Whether a set is of the planning image's modality and visit, as its 4D phases are; the planning set is first."""
    planning, other = image_sets[0], image_sets[n]
    same_modality = planning.modality == other.modality
    return planning.role is ImageRole.PLANNING and same_modality and _is_same_visit(planning, other)


def _visit(image_sets: Sequence[ImageSet], members: tuple[int, ...]) -> Visit:
    chosen = [image_sets[n] for n in members]
    used = [image_set for image_set in chosen if _is_used(image_set)]
    beside = [image_sets[n] for n in members if not _is_of_planning(image_sets, n)]
    return Visit(
        members=members,
        modalities=tuple(dict.fromkeys(image_set.modality for image_set in chosen)),
        phases=max(len(image_set.series) for image_set in chosen),
        level=max((image_set.level for image_set in chosen), key=LEVELS.index),
        is_fused=any(image_set.role is ImageRole.SECONDARY and _is_used(image_set) for image_set in beside),
        is_counted=bool(used),
    )


def _is_used(image_set: ImageSet) -> bool:
    return image_set.role is not ImageRole.NOT_COUNTED and image_set.level in SHOWN_USED
