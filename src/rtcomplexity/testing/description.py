"""A synthetic plan as frozen values: what :mod:`rtcomplexity.testing.dicom_writer` writes.

Every field that a test may want to spoil is a field here, to be changed by :func:`dataclasses.replace`; any other
attribute can be set or removed by `overrides` (keyword to value; None removes it). Knows no pydicom and no files.

Objects name each other by key. A key never stands in a file: it is hashed into UIDs, together with the plan's key.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.arrays import frozen_array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.model.arrays import Floats, Singles
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import Code, Contours

MAIN_FRAME = "planning"
"""Key of the planning frame of reference."""
MAIN_STUDY = "study"
"""Key of the one study."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticPatient:
    """Whom the files name: obviously nobody."""

    patient_id: str
    name: str = "Synthetic^Routine"
    sex: str = "O"
    birth_date: str = "19580101"
    weight_kg: float | None = 70.0
    """Patient's Weight (0010,1030), kg; None leaves it out."""
    size_m: float | None = 1.72
    """Patient's Size (0010,1020), m; None leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PetDescription:
    """What a PET series says of its tracer and corrections; None leaves an element out."""

    units: str = "BQML"
    decay_correction: str = "START"
    injected_dose_bq: float | None = 370e6
    """Radionuclide Total Dose (0018,1074), Bq as classic PET wants it."""
    half_life_s: float | None = 6586.2
    start_datetime: str | None = "20200101090000"
    """Radiopharmaceutical Start DateTime (0018,1078)."""
    start_time: str | None = "090000"
    """Radiopharmaceutical Start Time (0018,1072)."""
    frame_reference_time_ms: float = 60_000.0
    frame_duration_ms: float = 120_000.0

    def dose_left_bq(self, elapsed_s: float) -> float:
        """Activity of the injected dose after `elapsed_s`, Bq.

        Raises
        ------
        ValueError
            If dose or half-life are not stated.
        """
        if self.injected_dose_bq is None or self.half_life_s is None:
            msg = "the dose left needs dose and half-life"
            raise ValueError(msg)
        return self.injected_dose_bq * math.exp2(-elapsed_s / self.half_life_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageDescription:
    """One classic image series, one file a slice."""

    key: str
    """Also its folder."""
    modality: str
    """CT, PT or MR."""
    grid: ImageGrid
    """Where the slices lie: tilt, gaps, uneven or oblique slices are the grid's."""
    values: Singles
    """(k, j, i) real-world values: HU, units of the PET, MR signal."""
    slopes: tuple[float, ...] | None = None
    """Rescale Slope of each slice; None: 1 for CT, none for MR, per slice by its largest value for PET."""
    intercept: float | None = None
    """Rescale Intercept; None: -1024 for CT, 0 for PET, none for MR."""
    frame_key: str = MAIN_FRAME
    study_key: str = MAIN_STUDY
    description: str = ""
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL")
    body_part: str = "CHEST"
    patient_position: str = "HFS"
    """Patient Position (0018,5100); a PET says it by codes instead, as the standard wants."""
    series_number: int = 1
    instance_numbers: tuple[int, ...] | None = None
    """Instance Number of each slice; None: 1, 2, 3 ..."""
    missing_slices: tuple[int, ...] = ()
    """Slices that are referred to but not written."""
    series_date: str = "20200101"
    series_time: str = "100000"
    acquisition_date: str = "20200101"
    acquisition_time: str = "100000"
    gantry_tilt_deg: float | None = None
    """Gantry/Detector Tilt (0018,1120), the attribute; the grid's shear is the fact."""
    pet: PetDescription | None = None
    """Of a PET series."""
    overrides: Mapping[str, object] = field(default_factory=dict)
    """Set last, in every slice."""
    slice_overrides: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    """Set last, in the slice of that index."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen_array(self.values, np.float32))


class References(StrEnum):
    """What a structure set's references to its images are worth."""

    RESOLVING = "resolving"
    DANGLING_IMAGES = "dangling_images"
    """The images named do not exist; the series does."""
    DANGLING = "dangling"
    """Neither does the series."""
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoiDescription:
    """One ROI with its contours and its observation."""

    number: int
    name: str
    contours: Contours | None
    """None: the ROI has no item in ROI Contour Sequence."""
    interpreted_type: str = ""
    generation: str = "MANUAL"
    generation_description: str = ""
    observation_label: str = ""
    has_observation: bool = True
    codes: tuple[Code, ...] = ()
    """RT ROI Identification Codes."""
    volume_cm3: float | None = None
    """ROI Volume (3006,002C), the planning system's own, cm3."""
    frame_key: str | None = None
    """None: the structure set's."""
    contour_number: int | None = None
    """Referenced ROI Number of the contours where it is to dangle; None: `number`."""
    color: tuple[int, int, int] = (255, 0, 0)
    image_keys: tuple[str, ...] = ()
    """Series whose images the contours name: one for all, or one a contour; empty: the structure set's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StructureSetDescription:
    """One RT Structure Set."""

    rois: tuple[RoiDescription, ...]
    key: str = "rs"
    """Also its file's name."""
    image_key: str | None = "ct"
    """The series it was drawn on; None refers to none."""
    frame_key: str = MAIN_FRAME
    study_key: str = MAIN_STUDY
    study_level: References = References.RESOLVING
    """RT Referenced Series Sequence."""
    contour_level: References = References.RESOLVING
    """Contour Image Sequence of each contour."""
    label: str = "SYNTHETIC"
    date: str = "20200102"
    time: str = "120000"
    approval_status: str | None = "APPROVED"
    """None leaves the module out."""
    coordinate_decimals: int = 9
    """Contour coordinates are written with so many decimals, mm."""
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RtPlanDescription:
    """One RT Plan without beams."""

    fractions: tuple[int | None, ...]
    """Number of Fractions Planned of each fraction group."""
    prescriptions: tuple[tuple[float, int | None], ...]
    """Target Prescription Dose, Gy, and the ROI number it is for."""
    key: str = "rp"
    """Also its file's name."""
    structure_set_key: str | None = "rs"
    """None refers to none."""
    study_key: str = MAIN_STUDY
    label: str = "SYNTHETIC"
    date: str = "20200103"
    time: str = "120000"
    approval_status: str | None = "APPROVED"
    treatment_site: str | None = "Lung"
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatrixMapping:
    """One item of Registration Sequence: points of the source frame mapped into the registered one."""

    source_frame_key: str
    matrices: tuple[Floats, ...]
    """(4, 4) each; a point is mapped by their product M1 M2 M3, mm."""
    matrix_type: str = "RIGID"
    image_key: str | None = None
    """The series of the source frame whose images are named; None names none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegistrationDescription:
    """One Spatial Registration (66.1)."""

    mappings: tuple[MatrixMapping, ...]
    key: str = "reg"
    """Also its file's name."""
    registered_frame_key: str = MAIN_FRAME
    study_key: str = MAIN_STUDY
    date: str = "20200102"
    time: str = "110000"
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeformableDescription:
    """One Deformable Spatial Registration (66.3): registered -> source.

    source = post @ (pre @ registered + displacement at registered), as PS3.3 C.20.3.1.1 says.
    """

    source_frame_key: str
    grid: ImageGrid
    """Even slices; their positions are the grid's nodes."""
    displacements_mm: Singles
    """(k, j, i, 3) vector of each node, mm; NaN where undefined."""
    pre: Floats | None = None
    """(4, 4) Pre Deformation Matrix, mm; None leaves it out."""
    post: Floats | None = None
    """(4, 4) Post Deformation Matrix, mm; None leaves it out."""
    image_key: str | None = None
    key: str = "dreg"
    registered_frame_key: str = MAIN_FRAME
    study_key: str = MAIN_STUDY
    date: str = "20200102"
    time: str = "111500"
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanDescription:
    """All that one plan folder holds."""

    key: str
    """Hashed into every UID: plans of different keys share none."""
    patient: SyntheticPatient
    images: tuple[ImageDescription, ...] = ()
    structure_sets: tuple[StructureSetDescription, ...] = ()
    rt_plans: tuple[RtPlanDescription, ...] = ()
    registrations: tuple[RegistrationDescription, ...] = ()
    deformable_registrations: tuple[DeformableDescription, ...] = ()

    def image(self, key: str) -> ImageDescription:
        """Return the image series of that key."""
        return next(image for image in self.images if image.key == key)
