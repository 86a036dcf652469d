"""One case: a structure set, the images it was contoured on, and everything else that came with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.plan import RtPlan
    from rtcomplexity.model.registration import SpatialRegistration
    from rtcomplexity.model.structure_set import StructureSet


class ImageLink(StrEnum):
    """What ties the structure set to its planning series, strongest first."""

    CONTOUR_IMAGE_SEQUENCE = "contour_image_sequence"
    STUDY_LEVEL_REFERENCES = "study_level_references"
    SERIES_UID = "series_uid"
    FRAME_OF_REFERENCE = "frame_of_reference"
    NONE = "none"


class EvidenceLevel(StrEnum):
    """What shows that an image set was used, weakest first."""

    PRESENT = "present"
    SAME_FRAME = "same_frame"
    REGISTERED = "registered"
    REFERENCED = "referenced"


class ImageRole(StrEnum):
    """What an image set is to the plan."""

    PLANNING = "planning"
    SECONDARY = "secondary"
    NOT_COUNTED = "not_counted"
    """Localizer, derived, cone-beam, secondary capture: listed, never counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageSet:
    """One image acquisition with the level of evidence that it went into the delineation."""

    series: tuple[ImageSeries, ...]
    """One, or one a phase."""
    role: ImageRole
    level: EvidenceLevel
    shown_by: str
    """What shows the level, in words that identify no one."""

    @property
    def modality(self) -> str:
        """CT, PT, MR."""
        return self.series[0].modality


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alternative:
    """A structure set that was not chosen."""

    sop_instance_uid: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhaseSet:
    """A structure set that was not chosen, contoured on a phase of a 4D acquisition."""

    series: ImageSeries
    """The phase."""
    structure_set: StructureSet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarlierSet:
    """A structure set that was not chosen and that the chosen one may have been edited from."""

    structure_set: StructureSet
    is_predecessor: bool
    """Whether the chosen set names it as its predecessor, or a predecessor of its own does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsFile:
    """A file whose targets a person put in place of the structure set's own."""

    kind: str
    """SEG or RTSTRUCT."""
    sop_instance_uid: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """What one assessment works on."""

    plan_id: str
    """SHA-256 over the sorted (SOP Instance UID, file SHA-256) of the set and everything linked to it."""
    content_id: str = ""
    """The same over content hashes: it stays when an archive re-encodes the files."""
    structure_set: StructureSet
    chosen_because: str
    alternatives: tuple[Alternative, ...] = ()
    planning_image: ImageSeries | None = None
    image_link: ImageLink = ImageLink.NONE
    image_link_text: str = ""
    """What of the link resolved, e.g. "134 of 134 study-level references"."""
    image_sets: tuple[ImageSet, ...] = ()
    """All sets, the planning one first."""
    phase_sets: tuple[PhaseSet, ...] = ()
    """What else was contoured on phases of 4D acquisitions in the planning frame, one set a phase."""
    earlier_sets: tuple[EarlierSet, ...] = ()
    """Predecessors of the chosen set that are here, then earlier sets with automatic targets in its frame."""
    contoured_series: tuple[ImageSeries, ...] = ()
    """Series on which other structure sets have gross targets."""
    rt_plan: RtPlan | None = None
    registrations: tuple[SpatialRegistration, ...] = ()
    issues: tuple[Issue, ...] = ()
    targets_file: TargetsFile | None = None
    """Where the targets come from; None where from the structure set itself."""
    stated_patients: int = 0
    """How many Patient IDs the user stated to be one patient's; 0 if all files have one."""
