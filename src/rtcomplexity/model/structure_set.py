"""The contents of an RT Structure Set, as plain immutable values.

Knows nothing of files or pydicom; :mod:`rtcomplexity.dicom.structure_set` builds these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ContourGeometricType(IntEnum):
    """Contour Geometric Type (3006,0042)."""

    CLOSED_PLANAR = 0
    CLOSEDPLANAR_XOR = 1
    OPEN_PLANAR = 2
    OPEN_NONPLANAR = 3
    POINT = 4
    UNKNOWN = 5

    @property
    def is_closed(self) -> bool:
        """Whether contours of this type enclose an area."""
        return self <= ContourGeometricType.CLOSEDPLANAR_XOR


class TargetClass(StrEnum):
    """What an ROI delineates, per ICRU 50, 62 and 83."""

    GTV = "GTV"
    CTV = "CTV"
    ITV = "ITV"
    PTV = "PTV"
    OAR = "OAR"
    EXTERNAL = "EXTERNAL"
    OTHER = "OTHER"
    """Known to be none of the above: markers, isocenters, couch, planning helpers."""
    UNRESOLVED = "UNRESOLVED"

    @property
    def is_target(self) -> bool:
        """Whether it is a target volume."""
        return self in {TargetClass.GTV, TargetClass.CTV, TargetClass.ITV, TargetClass.PTV}

    @property
    def is_gross(self) -> bool:
        """Whether it is drawn from what images show (GTV, ITV), not expanded from it by a margin."""
        return self in {TargetClass.GTV, TargetClass.ITV}


class ClassDecidedBy(StrEnum):
    """Which fact decided the target class."""

    ALIAS = "alias"
    INTERPRETED_TYPE = "interpreted_type"
    OBSERVATION_LABEL = "observation_label"
    CODE = "code"
    NAME = "name"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True, eq=False)
class Contours:
    """Contours as ragged arrays: contour c has the vertices ``points_mm[offsets[c]:offsets[c + 1]]``."""

    points_mm: NDArray[np.float64]
    """(n, 3) vertices of all contours, patient coordinates (LPS), mm, as the file lists them."""
    offsets: NDArray[np.int64]
    """(m + 1,) first vertex of each contour, then n."""
    geometric_types: NDArray[np.int8]
    """(m,) :class:`ContourGeometricType` of each contour."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "points_mm")
        freeze(self, np.int64, "offsets")
        freeze(self, np.int8, "geometric_types")
        if self.points_mm.ndim != 2 or self.points_mm.shape[1] != 3:
            msg = f"points_mm must be (n, 3), not {self.points_mm.shape}"
            raise ValueError(msg)
        if self.offsets.shape != (len(self.geometric_types) + 1,) or self.offsets[-1] != len(self.points_mm):
            msg = "offsets must have one entry a contour and then the number of vertices"
            raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.geometric_types)

    @cached_property
    def is_closed(self) -> NDArray[np.bool_]:
        """(m,) whether each contour encloses an area by its type."""
        return self.geometric_types <= ContourGeometricType.CLOSEDPLANAR_XOR

    @cached_property
    def point_counts(self) -> NDArray[np.int64]:
        """(m,) vertices of each contour."""
        return np.diff(self.offsets)

    @classmethod
    def empty(cls) -> Contours:
        """No contours."""
        return cls(points_mm=np.empty((0, 3)), offsets=np.zeros(1, np.int64), geometric_types=np.empty(0, np.int8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A coded concept: Code Value, Coding Scheme Designator, Code Meaning."""

    value: str
    scheme: str
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roi:
    """One item of Structure Set ROI Sequence with what observations and contours say of it."""

    number: int
    """ROI Number (3006,0022)."""
    name: str
    """ROI Name (3006,0026), as written; it may identify the patient."""
    contours: Contours
    frame_of_reference_uid: str = ""
    image_uids: frozenset[str] = field(default=frozenset(), repr=False)
    """SOP Instance UIDs of the images that its contours name (Contour Image Sequence)."""
    contour_image_uids: tuple[frozenset[str], ...] = field(default=(), repr=False)
    """The same of each contour, in their order; empty where none names an image."""
    generation: str = ""
    """ROI Generation Algorithm (3006,0036): MANUAL, SEMIAUTOMATIC, AUTOMATIC; empty means not stated."""
    interpreted_type: str = ""
    """RT ROI Interpreted Type (3006,00A4)."""
    observation_label: str = ""
    """ROI Observation Label (3006,0085)."""
    codes: tuple[Code, ...] = ()
    """RT ROI Identification Codes and the Segmented Property Type codes."""
    tps_volume_cm3: float | None = None
    """ROI Volume (3006,002C), the planning system's own, cm3; None where it states none, or 0."""
    stated_slab_mm: float | None = None
    """Contour Slab Thickness (3006,0044), mm, where all closed contours state one and the same."""
    target_class: TargetClass = TargetClass.UNRESOLVED
    class_decided_by: ClassDecidedBy = ClassDecidedBy.NOTHING
    class_words: tuple[str, ...] = ()
    """Words of the vocabulary that decided the class, where words did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReferences:
    """What a structure set says of the images it was contoured on."""

    frame_of_reference_uids: frozenset[str] = frozenset()
    series_uids: frozenset[str] = frozenset()
    study_level_image_uids: frozenset[str] = frozenset()
    """SOP Instance UIDs under RT Referenced Series -> Contour Image Sequence."""
    contour_level_image_uids: frozenset[str] = frozenset()
    """SOP Instance UIDs under the contours' own Contour Image Sequence."""

    @property
    def image_uids(self) -> frozenset[str]:
        """SOP Instance UIDs under either."""
        return self.contour_level_image_uids | self.study_level_image_uids


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentity:
    """Who the patient is, as the structure set says; empty where it does not. Written out only where asked for."""

    name: str = field(default="", repr=False)
    """Patient's Name (0010,0010), with its carets."""
    patient_id: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    """Patient's Birth Date (0010,0030), YYYYMMDD as written."""


NOBODY = PatientIdentity()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StructureSet:
    """One RT Structure Set instance."""

    sop_instance_uid: str
    series_uid: str
    study_uid: str
    patient_key: str = field(repr=False)
    """Patient ID as read: to keep patients apart, never written out."""
    patient: PatientIdentity = field(default=NOBODY, repr=False)
    label: str = field(default="", repr=False)
    approval_status: str = ""
    """APPROVED, UNAPPROVED, REJECTED; empty means not stated."""
    written_at: str = ""
    """Structure Set (else Instance Creation) Date and Time, YYYYMMDDHHMMSS.f to the precision stated; sortable."""
    manufacturer: str = ""
    references: ImageReferences = ImageReferences()
    predecessor_uids: frozenset[str] = frozenset()
    """SOP Instance UIDs under Predecessor Structure Set Sequence (3006,0018): the sets that it was made from."""
    rois: tuple[Roi, ...]
    file_sha256: str = ""

    @property
    def is_rejected(self) -> bool:
        """Whether its Approval Status (300E,0002) is REJECTED: such a set is never scored."""
        return self.approval_status == "REJECTED"
