"""Image sets counted as acquisitions, and what shows that each was used, in words.

One visit to a scanner is one acquisition: a 4D-CT with all its phases, a PET with the CT it came with. Localizers,
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
    EvidenceLevel.REFERENCED: "referenced by the structure set",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
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


def acquisitions(image_sets: Sequence[ImageSet]) -> tuple[Acquisition, ...]:
    """Group image sets into acquisitions.

    A PET and a CT of one study, one frame of reference and one patient are one acquisition; each CT goes to
    one PET only, the first of its kind. So are the planning image and the phases of its modality in its frame of
    reference: an average, or a breath-hold scan, with the 4D acquisition of the same visit. Everything else stands
    alone.

    Returns
    -------
    tuple of Acquisition
        In the order of their first members.
    """
    partner: dict[int, int] = {}
    for pet, image_set in enumerate(image_sets):
        if image_set.modality == "PT" and image_set.role is not ImageRole.NOT_COUNTED:
            ct = next((n for n in range(len(image_sets)) if n not in partner and _came_with(image_sets, n, pet)), None)
            if ct is not None:
                partner[ct], partner[pet] = pet, ct
    groups: dict[int, set[int]] = {}
    for n in range(len(image_sets)):
        joined = {n, partner.get(n, n)} | ({0} if _is_phases_of_planning(image_sets, n) else set())
        group = set().union(joined, *(groups.get(member, set()) for member in joined))
        groups |= dict.fromkeys(group, group)
    members = dict.fromkeys(tuple(sorted(group)) for group in groups.values())
    return tuple(_acquisition(image_sets, each) for each in sorted(members))


def counted(image_sets: Sequence[ImageSet]) -> tuple[Acquisition, ...]:
    """Acquisitions that count: those that an object shows to have been used."""
    return tuple(acquisition for acquisition in acquisitions(image_sets) if acquisition.is_counted)


def fused(image_sets: Sequence[ImageSet]) -> tuple[Acquisition, ...]:
    """Acquisitions of which an object shows that they were used beside the planning image."""
    return tuple(acquisition for acquisition in acquisitions(image_sets) if acquisition.is_fused)


def used_modalities(image_sets: Sequence[ImageSet]) -> frozenset[str]:
    """Modalities of the sets that an object shows to have been used."""
    return frozenset(image_set.modality for image_set in image_sets if _is_used(image_set))


def _came_with(image_sets: Sequence[ImageSet], ct: int, pet: int) -> bool:
    if image_sets[ct].modality != "CT" or image_sets[ct].role is ImageRole.NOT_COUNTED:
        return False
    a, b = image_sets[ct].series[0], image_sets[pet].series[0]
    same_visit = a.study_uid == b.study_uid and a.frame_of_reference_uid == b.frame_of_reference_uid
    return same_visit and bool(a.frame_of_reference_uid) and a.patient_key == b.patient_key


def _is_phases_of_planning(image_sets: Sequence[ImageSet], n: int) -> bool:
    """Whether a set is the 4D acquisition beside a planning image of the same visit; the planning set comes first."""
    planning, other = image_sets[0], image_sets[n]
    if planning.role is not ImageRole.PLANNING or other.role is not ImageRole.SECONDARY or len(other.series) == 1:
        return False
    a, b = planning.series[0], other.series[0]
    same_frame = a.frame_of_reference_uid == b.frame_of_reference_uid and bool(a.frame_of_reference_uid)
    return same_frame and a.modality == b.modality and a.patient_key == b.patient_key


def _acquisition(image_sets: Sequence[ImageSet], members: tuple[int, ...]) -> Acquisition:
    chosen = [image_sets[n] for n in members]
    used = [image_set for image_set in chosen if _is_used(image_set)]
    beside = [image_sets[n] for n in members if not _is_phases_of_planning(image_sets, n)]
    return Acquisition(
        members=members,
        modalities=tuple(dict.fromkeys(image_set.modality for image_set in chosen)),
        phases=max(len(image_set.series) for image_set in chosen),
        level=max((image_set.level for image_set in chosen), key=LEVELS.index),
        is_fused=any(image_set.role is ImageRole.SECONDARY and _is_used(image_set) for image_set in beside),
        is_counted=bool(used),
    )


def _is_used(image_set: ImageSet) -> bool:
    return image_set.role is not ImageRole.NOT_COUNTED and image_set.level in SHOWN_USED
