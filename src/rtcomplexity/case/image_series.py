"""Slices and frames sorted into series of parallel planes, each with its grid.

Order is along the normal, never by Instance Number. What does not fit is split off or left out, and a finding says so.
Knows nothing of structure sets, and reads no pixels.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.joined_series import joined
from rtcomplexity.case.phase_names import named_phase
from rtcomplexity.case.subseries import (
    CYCLE_MARKS,
    PHASE_MARKS,
    SAME_POSITION_MM,
    SeriesSlice,
    Volume,
    positions_mm,
    volumes_of,
)
from rtcomplexity.dicom.pixels import hold_same_pixels
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.image import ImageGrid, ImageSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtcomplexity.dicom.headers import ImageHeader, IndexedFile
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.settings import Settings

SERIES: Final = "series"
"""Subject of what is odd about a series, until the series has its place in the case."""
_LEAST_SPACING_MM: Final = 0.01
_GREATEST_SPACING_MM: Final = 50.0
_ORTHONORMAL_TOLERANCE: Final = 1e-3
_SAME_ORIENTATION: Final = 1e-3
_SAME_SPACING_MM: Final = 1e-4
_ORIENTATION_WEIGHTS: Final = (1.0, 0.61, 0.37, -0.83, 0.53, -0.29)
"""No rotation about an axis leaves their sum over the six cosines as it is: it separates orientations roughly."""
_MISSING_FACTOR: Final = 1.5
_TILT_TOLERANCE_DEG: Final = 0.1
_GREATEST_SIZE: Final = 32_767
_DERIVED_WORDS: Final = frozenset(
    {"MIP", "MINIP", "MAXIP", "AIP", "AVG", "AVE", "AVERAGE", "MEAN", "PROJECTION", "SUBTRACTION", "MPR"}
)
_CONE_BEAM: Final = re.compile(
    r"(?<![a-z])(?:[km]v[ _-]?)?(?:cbct|cone[ _-]?beam|xvi|obi|on-board imager|halcyon|ethos|truebeam|mvct|exactrac)",
    re.IGNORECASE,
)
_TREATMENT_SESSION: Final = re.compile(
    r"(?<![a-z])(?:adapt(?:ive|ed)[ _-]*(?:ct|mr|image|plan|rt|session)|daily|session|on[ _-]?line)(?![a-z])"
    r"|(?<![a-z])(?:synthetic[ _-]?ct|sct)(?![a-z])"
    r"|(?<![a-z])(?:fx|fraction)[ _#.-]*\d",
    re.IGNORECASE,
)
"""Words of images made at a treatment session, on which contours are adapted."""
_WORD: Final = re.compile(r"[A-Z]+")
_CONE_BEAM_CT: Final = "cone-beam CT"
_OF_SESSION: Final = "image of a treatment session"
_DERIVED: Final = "derived (projection or average)"
_REMAINDER: Final = "further images at the positions of another volume of its series"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundSeries:
    """One series with what was found about it."""

    series: ImageSeries
    findings: tuple[Issue, ...] = ()
    phase: int | None = None
    """Number of the phase, where one DICOM series held several; from 0."""
    stated_phase: float | None = None
    """Nominal percentage of a breathing or heart cycle that its headers state."""
    volume: int | None = None
    """Number of the volume, where one DICOM series held several at the same positions; from 0."""
    not_counted_because: str = ""
    """Why it is no image set of its own (localizer, derived, cone-beam); empty where it is."""

    @property
    def is_derived(self) -> bool:
        """Whether it is a projection or an average of other images."""
        return self.not_counted_because == _DERIVED

    @property
    def is_of_treatment_session(self) -> bool:
        """Whether it was made to set up or adapt a treatment, not to plan it."""
        return self.not_counted_because in {_CONE_BEAM_CT, _OF_SESSION}

    @property
    def named_phase(self) -> float | None:
        """Phase of its cycle that its headers state, or its description names: 30 for "30%", "phase 30", "T30"."""
        return self.stated_phase if self.stated_phase is not None else named_phase(self.series.description)

    @property
    def is_phase(self) -> bool:
        """Whether it was one of several phases of its DICOM series, or is called one."""
        return self.phase is not None or self.named_phase is not None


def build_series(
    images: Iterable[IndexedFile], *, settings: Settings, references: Iterable[frozenset[str]] = ()
) -> tuple[tuple[FoundSeries, ...], tuple[Issue, ...]]:
    """Sort image files into series of parallel planes.

    Parameters
    ----------
    images : iterable of IndexedFile
        Classic and Enhanced CT, MR and PET files, in any order.
    settings : Settings
        Limits on what is read where only pixels tell two images of one place apart.
    references : iterable of frozenset
        SOP Instance UIDs that the contours of each structure set reference: the volume that they are on counts.

    Returns
    -------
    series : tuple of FoundSeries
        Sorted by modality, study, series and position; one a stack where a DICOM series held several.
    issues : tuple of Issue
        About slices that are in no series.
    """
    sets = tuple(references)
    groups: dict[tuple[str, str, str, str], list[SeriesSlice]] = defaultdict(list)
    faults: Counter[tuple[str, str]] = Counter()
    for file in images:
        for part in _slices(file):
            fault = _fault(part)
            if fault:
                faults[(file.modality, fault)] += 1
            else:
                groups[(file.modality, file.study_uid, file.series_uid, file.frame_of_reference_uid)].append(part)
    found = [
        series
        for _, parts in sorted(joined(groups, sets, _belongs).items())
        for series in _split([part for one in parts for part in one], sets, settings, series_uids=len(parts))
    ]
    issues = [
        codes.SLICES_LEFT_OUT.about("input", count=count, modality=modality, fault=fault)
        for (modality, fault), count in sorted(faults.items())
    ]
    return tuple(found), tuple(issues)


def _slices(file: IndexedFile) -> list[SeriesSlice]:
    image = file.image
    if image is None:
        return []
    return [SeriesSlice(file=file, image=image, plane=plane, frame=number) for number, plane in enumerate(image.planes)]


def _fault(part: SeriesSlice) -> str:
    """Say why a slice fits no grid; empty where it does."""
    plane, image = part.plane, part.image
    stated = {"position": plane.position_mm, "orientation": plane.orientation, "pixel spacing": plane.spacing_mm}
    for name, values in stated.items():
        if values is None:
            return f"the {name} is missing or not finite"
    if not _is_orthonormal(plane.orientation or ()):
        return "the orientation is not two unit vectors at a right angle"
    if not all(_LEAST_SPACING_MM <= spacing <= _GREATEST_SPACING_MM for spacing in plane.spacing_mm or ()):
        return f"the pixel spacing is not within {_LEAST_SPACING_MM:g} to {_GREATEST_SPACING_MM:g} mm"
    if not (0 < image.rows <= _GREATEST_SIZE and 0 < image.columns <= _GREATEST_SIZE):
        return "rows or columns are missing, zero or absurd"
    return ""


def _is_orthonormal(orientation: Sequence[float]) -> bool:
    row, column = orientation[:3], orientation[3:]
    lengths = sum(value * value for value in row), sum(value * value for value in column)
    across = sum(a * b for a, b in zip(row, column, strict=True))
    return (
        all(abs(length - 1.0) < 2 * _ORTHONORMAL_TOLERANCE for length in lengths)
        and abs(across) < _ORTHONORMAL_TOLERANCE
    )


def _split(
    parts: list[SeriesSlice], references: Sequence[frozenset[str]], settings: Settings, *, series_uids: int = 1
) -> list[FoundSeries]:
    """Split one DICOM series, or several that are one image, into stacks of one size, and those into volumes."""
    stacks: list[list[SeriesSlice]] = []
    cells: dict[tuple[tuple[object, ...], int], list[int]] = defaultdict(list)
    for part in parts:
        cell = _cell(part)
        near = sorted(number for beside in (-1, 0, 1) for number in cells.get((cell[0], cell[1] + beside), ()))
        number = next((each for each in near if _belongs(part, stacks[each][0])), len(stacks))
        if number == len(stacks):
            stacks.append([])
            cells[cell].append(number)
        stacks[number].append(part)
    findings: tuple[Issue, ...] = ()
    if series_uids > 1:
        findings = (codes.SERIES_JOINED.about(SERIES, series=series_uids),)
    if len(stacks) > 1:
        findings = (*findings, codes.MIXED_SERIES.about(SERIES, stacks=len(stacks)))
    ordered = sorted(stacks, key=lambda stack: min(part.key for part in stack))
    return [series for stack in ordered for series in _volumes(stack, findings, references, settings)]


def _size(part: SeriesSlice) -> tuple[object, ...]:
    """What the slices of a stack have in common besides orientation and spacing."""
    return (part.image.rows, part.image.columns, "LOCALIZER" in part.image.image_type)


def _cell(part: SeriesSlice) -> tuple[tuple[object, ...], int]:
    """Where to look for the stack of a slice: orientations within tolerance have one cell or neighboring ones."""
    orientation = part.plane.orientation or ()
    along = sum(weight * component for weight, component in zip(_ORIENTATION_WEIGHTS, orientation, strict=False))
    return _size(part), math.floor(along / (_SAME_ORIENTATION * sum(map(abs, _ORIENTATION_WEIGHTS))))


def _belongs(part: SeriesSlice, first: SeriesSlice) -> bool:
    """Whether a slice has the size of a stack's first one, and its orientation and spacing within tolerance."""
    here, there = part.plane, first.plane
    return (
        _size(part) == _size(first)
        and _close(there.orientation or (), here.orientation or (), _SAME_ORIENTATION)
        and _close(there.spacing_mm or (), here.spacing_mm or (), _SAME_SPACING_MM)
    )


def _close(known: Sequence[float], values: Sequence[float], tolerance: float) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(known, values, strict=True))


def _volumes(
    stack: list[SeriesSlice],
    findings: tuple[Issue, ...],
    references: Sequence[frozenset[str]],
    settings: Settings,
) -> list[FoundSeries]:
    """Build a series of each volume that a stack holds; the first says how they were distinguished."""

    def have_same_pixels(one: SeriesSlice, other: SeriesSlice) -> bool:
        return one.frame == other.frame == 0 and hold_same_pixels(one.file.path, other.file.path, settings)

    volumes = volumes_of(stack, references, have_same_pixels)
    about = _about(stack, volumes)
    return [
        _build(volume, (*findings, *(about if volume is volumes[0] or len(volumes) == 1 else ()))) for volume in volumes
    ]


def _about(stack: Sequence[SeriesSlice], volumes: Sequence[Volume]) -> tuple[Issue, ...]:
    """Say what the volumes of a stack are, and what of them is doubtful."""
    first = volumes[0]
    if len(volumes) == 1 or _is_phase(first):
        return ()
    extra = len(stack) - len(first.slices)
    if first.told_by == ("references",):
        return (codes.DUPLICATE_SLICE_POSITIONS.about(SERIES, extra=extra, slices=len(stack)), *_doubt(first))
    if first.told_by:
        marks = " and ".join(first.told_by)
        return (codes.SEVERAL_VOLUMES_IN_SERIES.about(SERIES, volumes=len(volumes), marks=marks),)
    if first.ambiguous:
        return _doubt(first)
    return (codes.DUPLICATE_SLICES.about(SERIES, extra=extra, slices=len(stack)),)


def _doubt(volume: Volume) -> tuple[Issue, ...]:
    """Say at how many positions several images lie that nothing distinguishes."""
    if not volume.ambiguous:
        return ()
    return (codes.DUPLICATE_SLICE_POSITIONS.about(SERIES, doubtful=len(volume.ambiguous), slices=len(volume.slices)),)


def _is_phase(volume: Volume) -> bool:
    """Whether a volume is a phase of a cycle.

    MR states time positions and trigger times of contrast dynamics in the same elements as those of a cycle.
    """
    told_by = set(volume.told_by)
    if "description" in told_by:
        return all(named_phase(part.image.description) is not None for part in volume.slices)
    return not told_by.isdisjoint(PHASE_MARKS if volume.slices[0].file.modality != "MR" else CYCLE_MARKS)


def _build(volume: Volume, findings: tuple[Issue, ...]) -> FoundSeries:
    positions = positions_mm(volume.slices)
    ordered = [volume.slices[place] for place in np.argsort(positions, kind="stable")]
    first = ordered[0]
    grid = _grid(ordered)
    series = ImageSeries(
        series_uid=first.file.series_uid,
        study_uid=first.file.study_uid,
        frame_of_reference_uid=first.file.frame_of_reference_uid,
        modality=first.file.modality,
        grid=grid,
        sop_instance_uids=tuple(part.file.sop_instance_uid for part in ordered),
        file_sha256s=tuple(part.file.sha256 for part in ordered),
        paths=tuple(part.file.path for part in ordered),
        frame_indices=tuple(part.frame for part in ordered) if any(p.image.is_multi_frame for p in ordered) else (),
        patient_key=first.file.patient_key,
        description=first.image.description,
        image_type=first.image.image_type,
        body_part=first.image.body_part,
        patient_position=first.image.patient_position,
        units=first.image.units,
        written_at=min((part.image.written_at for part in ordered if part.image.written_at), default=""),
        equipment=first.image.equipment,
        ambiguous_slices=tuple(k for k, part in enumerate(ordered) if part.key in volume.ambiguous),
    )
    return FoundSeries(
        series=series,
        findings=(*findings, *_spacing_findings(grid), *_tilt_findings(grid)),
        phase=volume.number if _is_phase(volume) else None,
        stated_phase=_stated_phase(ordered),
        volume=volume.number,
        not_counted_because=_REMAINDER if volume.is_remainder else _not_counted_because(first.image, first.file),
    )


def _stated_phase(ordered: Sequence[SeriesSlice]) -> float | None:
    """Nominal percentage of a cycle, where all slices state the same one."""
    for mark in sorted(CYCLE_MARKS):
        stated = {part.mark(mark) for part in ordered}
        if len(stated) == 1 and (value := stated.pop()):
            return float(value)
    return None


def _grid(ordered: Sequence[SeriesSlice]) -> ImageGrid:
    first = ordered[0]
    orientation = np.array(first.plane.orientation, np.float64)
    row = orientation[:3] / np.linalg.norm(orientation[:3])
    column = orientation[3:] - row * (orientation[3:] @ row)
    spacing = first.plane.spacing_mm or (0.0, 0.0)
    thickness = first.plane.thickness_mm
    return ImageGrid(
        slice_origins_mm=np.array([part.origin_mm for part in ordered], np.float64),
        row_direction=row,
        column_direction=column / np.linalg.norm(column),
        row_spacing_mm=spacing[0],
        column_spacing_mm=spacing[1],
        rows=first.image.rows,
        columns=first.image.columns,
        slice_thickness_mm=thickness if thickness is not None and thickness > 0 else None,
    )


def _spacing_findings(grid: ImageGrid) -> tuple[Issue, ...]:
    gaps = np.diff(grid.slice_positions_mm)
    if len(gaps) < 2:
        return ()
    typical = float(np.median(gaps))
    wide = gaps > _MISSING_FACTOR * typical
    found = []
    if wide.any():
        missing = int(np.round(gaps[wide] / typical).sum() - wide.sum())
        found.append(codes.MISSING_SLICES.about(SERIES, missing=missing, places=int(wide.sum()), typical=typical))
    rest = gaps[~wide]
    if float(np.ptp(rest)) > max(SAME_POSITION_MM, 1e-3 * typical):
        found.append(codes.NON_UNIFORM_SLICE_SPACING.about(SERIES, least_mm=rest.min(), most_mm=rest.max()))
    return tuple(found)


def _tilt_findings(grid: ImageGrid) -> tuple[Issue, ...]:
    steps = np.diff(grid.slice_origins_mm, axis=0)
    if not len(steps):
        return ()
    along = steps @ grid.normal
    across = np.linalg.norm(steps - along[:, None] * grid.normal, axis=1)
    tilts = np.degrees(np.arctan2(across, along))
    if float(np.ptp(tilts)) > 1.0:
        shift_mm = float(across.max())
        return (codes.SHIFTED_SLICES.about(SERIES, shift_mm=shift_mm),)
    tilt_deg = float(np.median(tilts))
    if tilt_deg <= _TILT_TOLERANCE_DEG:
        return ()
    return (codes.GANTRY_TILT.about(SERIES, tilt_deg=tilt_deg),)


def _not_counted_because(image: ImageHeader, file: IndexedFile) -> str:
    kinds = {kind.upper() for kind in image.image_type}
    if "LOCALIZER" in kinds or "SCOUT" in image.description.upper():
        return "localizer"
    words = {word for text in (*kinds, image.description.upper()) for word in _WORD.findall(text)}
    if not words.isdisjoint(_DERIVED_WORDS):
        return _DERIVED
    if file.modality == "CT" and _CONE_BEAM.search(f"{image.description} {image.device} {' '.join(kinds)}"):
        return _CONE_BEAM_CT
    return _OF_SESSION if _TREATMENT_SESSION.search(image.description.replace("_", " ")) else ""
