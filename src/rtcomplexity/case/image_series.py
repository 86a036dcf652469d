"""Slices and frames sorted into series of parallel planes, each with its grid.

Order is along the normal, never by Instance Number. What does not fit is split off or left out, and a finding says so.
Knows nothing of structure sets, and reads no pixels.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.model.image import ImageGrid, ImageSeries
from rtcomplexity.model.issue import Issue, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.dicom.headers import ImageHeader, IndexedFile, Plane

_LEAST_SPACING_MM: Final = 0.01
_GREATEST_SPACING_MM: Final = 50.0
_ORTHONORMAL_TOLERANCE: Final = 1e-3
_SAME_ORIENTATION: Final = 1e-3
_UNIFORM_TOLERANCE_MM: Final = 0.01
_MISSING_FACTOR: Final = 1.5
_TILT_TOLERANCE_DEG: Final = 0.1
_GREATEST_SIZE: Final = 32_767
_DERIVED_WORDS: Final = frozenset(
    {"MIP", "MINIP", "MAXIP", "AIP", "AVG", "AVE", "AVERAGE", "MEAN", "PROJECTION", "SUBTRACTION", "MPR"}
)
_CONE_BEAM: Final = re.compile(r"\b(cbct|xvi|obi|cone[ _-]?beam|on-board imager|halcyon)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Z]+")
_PHASE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%|\bphase\s*(\d+)|\bT\s*=\s*(\d+)|\bT\s*(0|\d{2,3})\b", re.IGNORECASE)
"""30%, phase 3, T=3, T30; not the T1 and T2 of an MR."""
_BLEND: Final = re.compile(r"\bASI?R(?:[ _-]?V)?[ _-]*\d+\s*%?", re.IGNORECASE)
"""How much of an image was reconstructed iteratively: ASIR 30%, ASiR-V 50%."""
_DERIVED: Final = "derived (projection or average)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something odd about one series; it becomes an issue once the series has its place in the case."""

    code: str
    severity: Severity
    text: str

    def about(self, subject: str) -> Issue:
        """Return the issue."""
        return Issue(code=self.code, severity=self.severity, subject=subject, text=self.text)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundSeries:
    """One series with what was found about it."""

    series: ImageSeries
    findings: tuple[Finding, ...] = ()
    phase: int | None = None
    """Number of the phase, where one DICOM series held several; from 0."""
    not_counted_because: str = ""
    """Why it is no image set of its own (localizer, derived, cone-beam); empty where it is."""

    @property
    def is_derived(self) -> bool:
        """Whether it is a projection or an average of other images."""
        return self.not_counted_because == _DERIVED

    @property
    def named_phase(self) -> float | None:
        """Number of the phase that its description names: 30 for "30%", "phase 30", "T30"; None where it names none."""
        found = _PHASE.search(_BLEND.sub("", self.series.description))
        return None if found is None else float(found[found.lastindex or 0])

    @property
    def is_phase(self) -> bool:
        """Whether it was one of several phases of its DICOM series, or is called one."""
        return self.phase is not None or self.named_phase is not None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Slice:
    file: IndexedFile
    image: ImageHeader
    plane: Plane
    frame: int

    @property
    def origin(self) -> tuple[float, ...]:
        return self.plane.position_mm or ()

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.file.sop_instance_uid, self.file.sha256, self.frame)


def build_series(images: Iterable[IndexedFile]) -> tuple[tuple[FoundSeries, ...], tuple[Issue, ...]]:
    """Sort image files into series of parallel planes.

    Parameters
    ----------
    images : iterable of IndexedFile
        Classic and Enhanced CT, MR and PET files, in any order.

    Returns
    -------
    series : tuple of FoundSeries
        Sorted by modality, study, series and position; one a stack where a DICOM series held several.
    issues : tuple of Issue
        About slices that are in no series.
    """
    groups: dict[tuple[str, str, str, str], list[_Slice]] = defaultdict(list)
    faults: Counter[tuple[str, str]] = Counter()
    for file in images:
        for part in _slices(file):
            fault = _fault(part)
            if fault:
                faults[(file.modality, fault)] += 1
            else:
                groups[(file.modality, file.study_uid, file.series_uid, file.frame_of_reference_uid)].append(part)
    found = [series for key in sorted(groups) for series in _split(groups[key])]
    issues = [
        _input_issue("slices-left-out", f"{count} {modality} slices were left out: {fault}.")
        for (modality, fault), count in sorted(faults.items())
    ]
    return tuple(found), tuple(issues)


def _slices(file: IndexedFile) -> list[_Slice]:
    image = file.image
    if image is None:
        return []
    return [_Slice(file=file, image=image, plane=plane, frame=number) for number, plane in enumerate(image.planes)]


def _fault(part: _Slice) -> str:
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


def _split(parts: list[_Slice]) -> list[FoundSeries]:
    """Split one DICOM series into stacks of one orientation, size and spacing, and those into phases."""
    stacks: dict[tuple[object, ...], list[_Slice]] = defaultdict(list)
    for part in parts:
        stacks[_stack_key(part, stacks)].append(part)
    findings: tuple[Finding, ...] = ()
    if len(stacks) > 1:
        text = f"The series holds {len(stacks)} stacks that differ in orientation, size or spacing; they were split."
        findings = (Finding(code="mixed-series", severity=Severity.WARNING, text=text),)
    ordered = sorted(stacks.values(), key=lambda stack: min(part.key for part in stack))
    return [series for stack in ordered for series in _phases(stack, findings)]


def _stack_key(part: _Slice, known: Iterable[tuple[object, ...]]) -> tuple[object, ...]:
    """Key of a stack; orientations and spacings within tolerance of a known one share it."""
    orientation, spacing = part.plane.orientation or (), part.plane.spacing_mm or ()
    size = (part.image.rows, part.image.columns, "LOCALIZER" in part.image.image_type)
    for key in known:
        if key[0] == size and _close(key[1], orientation, _SAME_ORIENTATION) and _close(key[2], spacing, 1e-4):
            return key
    return (size, orientation, spacing)


def _close(known: object, values: Sequence[float], tolerance: float) -> bool:
    return isinstance(known, tuple) and all(abs(a - b) <= tolerance for a, b in zip(known, values, strict=True))


def _phases(stack: list[_Slice], findings: tuple[Finding, ...]) -> list[FoundSeries]:
    """Split a stack that holds every position several times by whatever header value tells its phases apart."""
    positions = _positions(stack)
    repeats = _repeats(positions)
    if max(repeats) == 1:
        return [_build(stack, findings, None)]
    for which in range(max(len(part.plane.phase) for part in stack)):
        phases: dict[str, list[_Slice]] = defaultdict(list)
        for part in stack:
            phases[part.plane.phase[which] if which < len(part.plane.phase) else ""].append(part)
        if len(phases) > 1 and all(max(_repeats(_positions(phase))) == 1 for phase in phases.values()):
            ordered = sorted(phases.items(), key=lambda item: _natural(item[0]))
            return [_build(phase, findings, number) for number, (_, phase) in enumerate(ordered)]
    kept = _one_a_position(stack)
    text = (
        f"{len(stack) - len(kept)} of {len(stack)} slices lie where another of the series lies, and nothing tells them "
        "apart; one a position was kept."
    )
    finding = Finding(code="duplicate-slice-positions", severity=Severity.WARNING, text=text)
    return [_build(kept, (*findings, finding), None)]


def _natural(text: str) -> tuple[float, str]:
    try:
        return (float(text), text)
    except ValueError:
        return (float("inf"), text)


def _positions(stack: Sequence[_Slice]) -> NDArray[np.float64]:
    """(n,) positions along the normal of the first slice, mm."""
    return np.array([part.origin for part in stack], np.float64) @ _normal(stack[0])


def _normal(part: _Slice) -> NDArray[np.float64]:
    orientation = np.array(part.plane.orientation, np.float64)
    normal = np.cross(orientation[:3], orientation[3:])
    return np.asarray(normal / np.linalg.norm(normal), np.float64)


def _repeats(positions: NDArray[np.float64]) -> list[int]:
    """How many slices lie at each distinct position."""
    ordered = np.sort(positions)
    starts = np.flatnonzero(np.diff(ordered) > _UNIFORM_TOLERANCE_MM) + 1
    return [len(group) for group in np.split(ordered, starts)]


def _one_a_position(stack: Sequence[_Slice]) -> list[_Slice]:
    kept: list[_Slice] = []
    last = -np.inf
    positions = _positions(stack)
    for place in sorted(range(len(stack)), key=lambda place: (positions[place], stack[place].key)):
        if positions[place] - last > _UNIFORM_TOLERANCE_MM:
            kept.append(stack[place])
            last = positions[place]
    return kept


def _build(stack: Sequence[_Slice], findings: tuple[Finding, ...], phase: int | None) -> FoundSeries:
    positions = _positions(stack)
    ordered = [stack[place] for place in np.argsort(positions, kind="stable")]
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
    )
    return FoundSeries(
        series=series,
        findings=(*findings, *_spacing_findings(grid), *_tilt_findings(grid)),
        phase=phase,
        not_counted_because=_not_counted_because(first.image, first.file),
    )


def _grid(ordered: Sequence[_Slice]) -> ImageGrid:
    first = ordered[0]
    orientation = np.array(first.plane.orientation, np.float64)
    row = orientation[:3] / np.linalg.norm(orientation[:3])
    column = orientation[3:] - row * (orientation[3:] @ row)
    spacing = first.plane.spacing_mm or (0.0, 0.0)
    thickness = first.plane.thickness_mm
    return ImageGrid(
        slice_origins_mm=np.array([part.origin for part in ordered], np.float64),
        row_direction=row,
        column_direction=column / np.linalg.norm(column),
        row_spacing_mm=spacing[0],
        column_spacing_mm=spacing[1],
        rows=first.image.rows,
        columns=first.image.columns,
        slice_thickness_mm=thickness if thickness is not None and thickness > 0 else None,
    )


def _spacing_findings(grid: ImageGrid) -> tuple[Finding, ...]:
    gaps = np.diff(grid.slice_positions_mm)
    if len(gaps) < 2:
        return ()
    typical = float(np.median(gaps))
    wide = gaps > _MISSING_FACTOR * typical
    found = []
    if wide.any():
        missing = int(np.round(gaps[wide] / typical).sum() - wide.sum())
        text = f"About {missing} slices are missing in {int(wide.sum())} places (spacing {typical:.4g} mm)."
        found.append(Finding(code="missing-slices", severity=Severity.WARNING, text=text))
    rest = gaps[~wide]
    if float(np.ptp(rest)) > max(_UNIFORM_TOLERANCE_MM, 1e-3 * typical):
        text = f"Slices lie {rest.min():.4g} to {rest.max():.4g} mm apart; each was taken where it lies."
        found.append(Finding(code="non-uniform-slice-spacing", severity=Severity.INFO, text=text))
    return tuple(found)


def _tilt_findings(grid: ImageGrid) -> tuple[Finding, ...]:
    steps = np.diff(grid.slice_origins_mm, axis=0)
    if not len(steps):
        return ()
    along = steps @ grid.normal
    across = np.linalg.norm(steps - along[:, None] * grid.normal, axis=1)
    tilts = np.degrees(np.arctan2(across, along))
    if float(np.ptp(tilts)) > 1.0:
        shift_mm = float(across.max())
        text = f"Slices are shifted against each other by up to {shift_mm:.3g} mm; each was taken where it lies."
        return (Finding(code="shifted-slices", severity=Severity.WARNING, text=text),)
    tilt_deg = float(np.median(tilts))
    if tilt_deg <= _TILT_TOLERANCE_DEG:
        return ()
    text = f"The stack leans by {tilt_deg:.3g} degrees (gantry tilt); positions are measured along the normal."
    return (Finding(code="gantry-tilt", severity=Severity.INFO, text=text),)


def _not_counted_because(image: ImageHeader, file: IndexedFile) -> str:
    kinds = {kind.upper() for kind in image.image_type}
    if "LOCALIZER" in kinds or "SCOUT" in image.description.upper():
        return "localizer"
    words = {word for text in (*kinds, image.description.upper()) for word in _WORD.findall(text)}
    if not words.isdisjoint(_DERIVED_WORDS):
        return _DERIVED
    if file.modality == "CT" and _CONE_BEAM.search(f"{image.description} {image.device} {' '.join(kinds)}"):
        return "cone-beam CT"
    return ""


def _input_issue(code: str, text: str) -> Issue:
    return Issue(code=code, severity=Severity.WARNING, subject="input", text=text)
