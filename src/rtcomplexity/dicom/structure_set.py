"""An RT Structure Set instance (PS3.3 C.8.8.5, .6, .8) read into frozen values.

ROIs, contours and observations are paired by ROI number, never by position. What cannot be used is left out with an
issue; only a set without any contents is refused. Knows nothing of the images it was drawn on.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.dataelem import RawDataElement

from rtcomplexity.dicom import elements
from rtcomplexity.dicom.contour_data import parse_contour_data
from rtcomplexity.dicom.headers import STRUCTURE_SET
from rtcomplexity.dicom.parsing import PARSE_FAULTS, describe, is_cut_short, may_be_dicom, parse
from rtcomplexity.dicom.target_class import NO_ALIASES, class_from_name, classify, is_pet_derived
from rtcomplexity.errors import CorruptStructureSetError, LimitExceededError, UnreadableFileError
from rtcomplexity.model.issue import Issue, Severity, roi_subject
from rtcomplexity.model.structure_set import (
    ClassDecidedBy,
    Code,
    ContourGeometricType,
    Contours,
    ImageReferences,
    Roi,
    StructureSet,
    TargetClass,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtcomplexity.settings import Settings

SUBJECT: Final = "plan"
_AGAIN: Final = "export the structure set again, in binary mode."
_TYPES: Final = {kind.name: kind for kind in ContourGeometricType if kind is not ContourGeometricType.UNKNOWN}
_INTERPOLATED: Final = "INTERPOLATED_PLANAR"
_UID: Final = re.compile(r"[0-9.]{1,64}")
_REPLACEMENT: Final = "\ufffd"


@dataclass(slots=True, kw_only=True)
class _RawContours:
    """Contours of all ROIs as the file lists them: parallel lists, one entry a contour."""

    roi_numbers: list[int] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    stated_counts: list[int | None] = field(default_factory=list)
    image_uids: set[str] = field(default_factory=set)
    items_per_roi: Counter[int] = field(default_factory=Counter)
    unnumbered: int = 0


def read_structure_set(
    source: Path | bytes,
    *,
    settings: Settings,
    aliases: Mapping[str, TargetClass] = NO_ALIASES,
) -> tuple[StructureSet, tuple[Issue, ...]]:
    """Read a structure set from a file or from its bytes.

    Parameters
    ----------
    source : Path or bytes
        The file, or all that is in it.
    settings : Settings
        ``max_structure_set_bytes``, ``max_contours`` and ``max_contour_points`` limit what is read.
    aliases : Mapping[str, TargetClass]
        Target classes by case-folded ROI name, from :func:`rtcomplexity.dicom.target_class.parse_aliases`.

    Returns
    -------
    StructureSet
        Points in patient coordinates (LPS), mm, as the file lists them.
    tuple of Issue
        What was odd or left out, sorted.

    Raises
    ------
    UnreadableFileError
        If the file cannot be opened, is no DICOM or no structure set.
    CorruptStructureSetError
        If it says it is a structure set but is cut short or has no ROIs at all.
    LimitExceededError
        If it is larger than the settings allow.
    """
    data = source if isinstance(source, bytes) else _read_bytes(source, settings)
    if len(data) > settings.max_structure_set_bytes:
        raise _too_large(len(data), settings)
    if not may_be_dicom(data[:132]):
        raise UnreadableFileError("The file is no DICOM file.", "give an RT Structure Set.")
    return structure_set_from(parse(data), hashlib.sha256(data).hexdigest(), settings=settings, aliases=aliases)


def structure_set_from(
    dataset: Dataset,
    file_sha256: str,
    *,
    settings: Settings,
    aliases: Mapping[str, TargetClass] = NO_ALIASES,
) -> tuple[StructureSet, tuple[Issue, ...]]:
    """Read a structure set from its parsed file; else as :func:`read_structure_set`.

    Raises
    ------
    UnreadableFileError
        If it is no structure set.
    CorruptStructureSetError
        If it is cut short, broken or has no ROIs at all.
    LimitExceededError
        If it has more contours or points than the settings allow.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings: what matters of them becomes issues below
            return _read_dataset(dataset, file_sha256, settings, aliases)
    except PARSE_FAULTS as fault:
        raise CorruptStructureSetError(f"The structure set is broken: {describe(fault)}.", _AGAIN) from fault


def _read_bytes(path: Path, settings: Settings) -> bytes:
    try:
        size = path.stat().st_size
        if size > settings.max_structure_set_bytes:
            raise _too_large(size, settings)
        return path.read_bytes()
    except OSError as fault:
        raise UnreadableFileError(
            f"The structure set cannot be opened ({fault.strerror}).", "check the path."
        ) from fault


def _too_large(size: int, settings: Settings) -> LimitExceededError:
    found = f"The structure set has {size} bytes, over the limit of {settings.max_structure_set_bytes}."
    return LimitExceededError(found, "set RTCOMPLEXITY_MAX_STRUCTURE_SET_BYTES if that is right.")


def _read_dataset(
    dataset: Dataset, sha256: str, settings: Settings, aliases: Mapping[str, TargetClass]
) -> tuple[StructureSet, tuple[Issue, ...]]:
    _refuse_unusable(dataset)
    issues: list[Issue] = []
    rois = _rois(dataset, issues, aliases)
    raw = _raw_contours(dataset, settings)
    contours = _contours_by_roi(raw, {roi.number for roi in rois}, settings, issues)
    rois = tuple(_with_contours(roi, contours.get(roi.number, Contours.empty())) for roi in rois)
    structure_set = StructureSet(
        sop_instance_uid=elements.text(dataset, 0x00080018),
        series_uid=elements.text(dataset, 0x0020000E),
        study_uid=elements.text(dataset, 0x0020000D),
        patient_key=elements.text(dataset, 0x00100020),
        label=elements.text(dataset, 0x30060002, elements.encodings_of(dataset)),
        approval_status=elements.text(dataset, 0x300E0002).upper(),
        written_at=_written_at(dataset),
        manufacturer=elements.text(dataset, 0x00080070, elements.encodings_of(dataset)),
        references=_references(dataset, rois, raw),
        rois=rois,
        file_sha256=sha256,
    )
    issues += _header_issues(dataset, structure_set)
    issues += _roi_issues(rois)
    return structure_set, tuple(sorted(issues))


def _refuse_unusable(dataset: Dataset) -> None:
    if elements.text(dataset, 0x00080016) != STRUCTURE_SET:
        raise UnreadableFileError("The file is no RT Structure Set by its SOP Class.", "give an RT Structure Set.")
    if is_cut_short(dataset):
        raise CorruptStructureSetError(
            "The structure set is cut short or corrupted (a length in it points past its end; copying a file in text "
            "mode does that).",
            _AGAIN,
        )
    if not elements.items(dataset, 0x30060020):
        raise CorruptStructureSetError("The structure set lists no ROIs (no Structure Set ROI Sequence).", _AGAIN)


def _written_at(dataset: Dataset) -> str:
    return elements.date_time(dataset, 0x30060008, 0x30060009) or elements.date_time(dataset, 0x00080012, 0x00080013)


# --- ROIs and observations ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observation:
    interpreted_type: str = ""
    label: str = ""
    codes: tuple[Code, ...] = ()


def _rois(dataset: Dataset, issues: list[Issue], aliases: Mapping[str, TargetClass]) -> tuple[Roi, ...]:
    encodings = elements.encodings_of(dataset)
    observations = _observations(dataset, encodings)
    rois: dict[int, Roi] = {}
    repeated: Counter[int] = Counter()
    unnumbered = 0
    for item in elements.items(dataset, 0x30060020):
        number = elements.integer(item, 0x30060022)
        if number is None:
            unnumbered += 1
        elif number in rois:
            repeated[number] += 1
        else:
            rois[number] = _roi(item, number, observations.pop(number, _Observation()), encodings, aliases)
    if unnumbered:
        issues.append(_plan_issue("roi-number-missing", f"{unnumbered} ROIs have no number and were left out."))
    if observations:
        text = f"{len(observations)} observations are of ROI numbers that are not in the set; they were ignored."
        issues.append(_plan_issue("dangling-observation", text, Severity.INFO))
    for number, count in sorted(repeated.items()):
        text = f"The ROI number stands on {count + 1} ROIs; the first was kept and has the contours, the others were left out."
        issues.append(_roi_issue(number, "duplicate-roi-number", text, Severity.ERROR))
    return tuple(rois.values())


def _observations(dataset: Dataset, encodings: Sequence[str]) -> dict[int, _Observation]:
    """Observations by ROI number; the first of several holds."""
    found: dict[int, _Observation] = {}
    for item in elements.items(dataset, 0x30060080):
        number = elements.integer(item, 0x30060084)
        if number is not None:
            found.setdefault(
                number,
                _Observation(
                    interpreted_type=elements.text(item, 0x300600A4).upper(),
                    label=elements.text(item, 0x30060085, encodings),
                    codes=_codes(item, 0x30060086, encodings),
                ),
            )
    return found


def _codes(item: Dataset, tag: int, encodings: Sequence[str]) -> tuple[Code, ...]:
    return tuple(
        Code(
            value=elements.text(code, 0x00080100, encodings),
            scheme=elements.text(code, 0x00080102, encodings),
            meaning=elements.text(code, 0x00080104, encodings),
        )
        for code in elements.items(item, tag)
    )


def _roi(
    item: Dataset,
    number: int,
    observation: _Observation,
    encodings: Sequence[str],
    aliases: Mapping[str, TargetClass],
) -> Roi:
    name = elements.text(item, 0x30060026, encodings)
    codes = observation.codes + _codes(item, 0x30100064, encodings)
    target_class, decided_by = classify(
        name,
        interpreted_type=observation.interpreted_type,
        observation_label=observation.label,
        codes=codes,
        aliases=aliases,
    )
    return Roi(
        number=number,
        name=name,
        contours=Contours.empty(),
        frame_of_reference_uid=elements.text(item, 0x30060024),
        generation=elements.text(item, 0x30060036).upper(),
        interpreted_type=observation.interpreted_type,
        observation_label=observation.label,
        codes=codes,
        tps_volume_cm3=elements.decimal(item, 0x3006002C),
        target_class=target_class,
        class_decided_by=decided_by,
    )


def _with_contours(roi: Roi, contours: Contours) -> Roi:
    facts = {name: getattr(roi, name) for name in Roi.__slots__ if name != "contours"}
    return Roi(contours=contours, **facts)


# --- contours -------------------------------------------------------------------------------------------------------


def _raw_contours(dataset: Dataset, settings: Settings) -> _RawContours:
    raw = _RawContours()
    for item in elements.items(dataset, 0x30060039):
        number = elements.integer(item, 0x30060084)
        if number is None:
            raw.unnumbered += 1
            continue
        raw.items_per_roi[number] += 1
        for contour in elements.items(item, 0x30060040):
            raw.roi_numbers.append(number)
            raw.types.append(elements.text(contour, 0x30060042).upper())
            raw.data.append(_contour_bytes(contour))
            raw.stated_counts.append(elements.integer(contour, 0x30060046))
            for image in elements.items(contour, 0x30060016):
                raw.image_uids.add(elements.text(image, 0x00081155))
        if len(raw.data) > settings.max_contours:
            raise LimitExceededError(
                f"The structure set has more than {settings.max_contours} contours.",
                "set RTCOMPLEXITY_MAX_CONTOURS if that is right.",
            )
    raw.image_uids.discard("")
    return raw


def _contour_bytes(contour: Dataset) -> bytes:
    if 0x30060050 not in contour:
        return b""
    element = contour.get_item(0x30060050)
    if isinstance(element, RawDataElement) and len(element.value or b"") < element.length < 0xFFFFFFFF:
        raise EOFError
    return elements.raw_bytes(contour, 0x30060050) or b""


def _contours_by_roi(
    raw: _RawContours, known: set[int], settings: Settings, issues: list[Issue]
) -> dict[int, Contours]:
    points = sum(data.count(b"\\") + 1 for data in raw.data) // 3
    if points > settings.max_contour_points:
        raise LimitExceededError(
            f"The structure set has {points} contour points, over the limit of {settings.max_contour_points}.",
            "set RTCOMPLEXITY_MAX_CONTOUR_POINTS if that is right.",
        )
    parsed = parse_contour_data(raw.data)
    issues += _contour_issues(raw, parsed.counts, parsed.faults, known)
    points_mm = parsed.points_mm
    points_mm.flags.writeable = False
    ends = np.concatenate(([0], np.cumsum(parsed.counts)))
    kinds = np.array([_geometric_type(kind) for kind in raw.types], np.int8)
    places: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(raw.roi_numbers):
        if place not in parsed.faults:
            places[number].append(place)
    return {number: _gather(points_mm, ends, kinds, np.array(own)) for number, own in places.items() if number in known}


def _geometric_type(text: str) -> ContourGeometricType:
    if text == _INTERPOLATED:
        return ContourGeometricType.CLOSED_PLANAR
    return _TYPES.get(text, ContourGeometricType.UNKNOWN)


def _gather(
    points_mm: NDArray[np.float64], ends: NDArray[np.int64], kinds: NDArray[np.int8], own: NDArray[np.int64]
) -> Contours:
    """Contours of one ROI: a view where they lie together in the file, as they nearly always do."""
    counts = ends[own + 1] - ends[own]
    offsets = np.concatenate(([0], np.cumsum(counts)))
    first, last = ends[own[0]], ends[own[-1] + 1]
    if last - first == offsets[-1]:
        points = points_mm[first:last]
    else:
        points = np.concatenate([points_mm[ends[place] : ends[place + 1]] for place in own])
    return Contours(points_mm=points, offsets=offsets, geometric_types=kinds[own])


# --- what the set says of images ------------------------------------------------------------------------------------


def _references(dataset: Dataset, rois: Iterable[Roi], raw: _RawContours) -> ImageReferences:
    frames = {roi.frame_of_reference_uid for roi in rois} | {elements.text(dataset, 0x00200052)}
    studies, series, images = set(), set(), set()
    for frame in elements.items(dataset, 0x30060010):
        frames.add(elements.text(frame, 0x00200052))
        for study in elements.items(frame, 0x30060012):
            studies.add(elements.text(study, 0x00081155))
            for one in elements.items(study, 0x30060014):
                series.add(elements.text(one, 0x0020000E))
                images |= {elements.text(image, 0x00081155) for image in elements.items(one, 0x30060016)}
    return ImageReferences(
        frame_of_reference_uids=frozenset(frames - {""}),
        study_uids=frozenset(studies - {""}),
        series_uids=frozenset(series - {""}),
        study_level_image_uids=frozenset(images - {""}),
        contour_level_image_uids=frozenset(raw.image_uids),
    )


# --- issues ---------------------------------------------------------------------------------------------------------


def _header_issues(dataset: Dataset, structure_set: StructureSet) -> list[Issue]:
    issues = []
    if elements.text(dataset, 0x00080060).upper() != "RTSTRUCT":
        text = "The file is an RT Structure Set by its SOP Class, but its Modality says otherwise; it was read as a structure set."
        issues.append(_plan_issue("modality-disagrees", text))
    if not _UID.fullmatch(structure_set.sop_instance_uid):
        issues.append(_plan_issue("uid-invalid", "The structure set's SOP Instance UID is missing or no valid UID."))
    if structure_set.approval_status == "REJECTED":
        text = "The structure set was rejected (Approval Status); it is measured but cannot be scored."
        issues.append(_plan_issue("structure-set-rejected", text, Severity.ERROR))
    if any(_REPLACEMENT in roi.name or not roi.name.isprintable() for roi in structure_set.rois):
        numbers = [roi.number for roi in structure_set.rois if _REPLACEMENT in roi.name or not roi.name.isprintable()]
        text = f"Names of ROIs {_listed(numbers)} hold undecodable or control characters."
        issues.append(_plan_issue("roi-name-characters", text, Severity.INFO))
    return issues


def _contour_issues(
    raw: _RawContours, counts: NDArray[np.int64], faults: Mapping[int, str], known: set[int]
) -> list[Issue]:
    issues = []
    if raw.unnumbered:
        issues.append(
            _plan_issue("dangling-contours", f"{raw.unnumbered} contour items name no ROI and were left out.")
        )
    for number in sorted(set(raw.items_per_roi) - known):
        contours = raw.roi_numbers.count(number)
        text = f"{contours} contours are of ROI number {number}, which is not in the set; they were left out."
        issues.append(_plan_issue("dangling-contours", text))
    for number in sorted(number for number, count in raw.items_per_roi.items() if count > 1 and number in known):
        text = f"The contours stand in {raw.items_per_roi[number]} items; they were put together."
        issues.append(_roi_issue(number, "contours-in-several-items", text))
    return issues + _per_contour_issues(raw, counts, faults, known)


def _per_contour_issues(
    raw: _RawContours, counts: NDArray[np.int64], faults: Mapping[int, str], known: set[int]
) -> list[Issue]:
    found: Counter[tuple[int, str, str]] = Counter()
    for place, number in enumerate(raw.roi_numbers):
        if place in faults:
            found[(number, "contour-left-out", f"left out: {faults[place]}")] += 1
            continue
        if raw.stated_counts[place] not in {None, int(counts[place])}:
            found[
                (number, "contour-point-count-disagrees", "of another number of points than stated; the data was used")
            ] += 1
        if raw.types[place] == _INTERPOLATED:
            found[(number, "contour-type-interpolated", f"of type {_INTERPOLATED}; taken as CLOSED_PLANAR")] += 1
        elif raw.types[place] not in _TYPES:
            found[(number, "contour-type-unknown", "of an unknown or missing type; counted, without an area")] += 1
    return [
        _roi_issue(number, code, f"{count} contours are {text}.")
        if text.startswith("of")
        else _roi_issue(number, code, f"{count} contours were {text}.", Severity.ERROR)
        for (number, code, text), count in sorted(found.items())
        if number in known
    ]


def _roi_issues(rois: Sequence[Roi]) -> list[Issue]:
    issues = []
    empty = [roi.number for roi in rois if not len(roi.contours)]
    if empty:
        issues.append(_plan_issue("roi-without-contours", f"ROIs without contours: {_listed(empty)}.", Severity.INFO))
    names: dict[str, list[int]] = defaultdict(list)
    for roi in rois:
        names[roi.name.strip().casefold()].append(roi.number)
    for numbers in names.values():
        if len(numbers) > 1:
            text = f"ROIs {_listed(numbers)} have the same name (ignoring case); they were kept apart by number."
            issues.append(_plan_issue("duplicate-roi-names", text))
    return issues + _class_issues(rois)


def _class_issues(rois: Sequence[Roi]) -> list[Issue]:
    issues = []
    unresolved = [roi.number for roi in rois if roi.target_class is TargetClass.UNRESOLVED]
    if unresolved:
        text = f'What ROIs {_listed(unresolved)} delineate is not known from type, label, code or name; --map "NAME=GTV" says it.'
        issues.append(_plan_issue("target-class-unresolved", text, Severity.INFO))
    for roi in rois:
        by_name = class_from_name(roi.name)
        if roi.class_decided_by is ClassDecidedBy.INTERPRETED_TYPE and _conflict(roi.target_class, by_name):
            text = f"Its type says {roi.target_class}, its name {by_name}; the type was taken."
            issues.append(_roi_issue(roi.number, "target-class-conflict", text))
        elif roi.target_class is TargetClass.OTHER and roi.interpreted_type in {"GTV", "CTV", "ITV", "PTV"}:
            text = f"Its type says {roi.interpreted_type}, but its name says that it is not for evaluation; it is no target here."
            issues.append(_roi_issue(roi.number, "target-class-conflict", text))
        if roi.target_class.is_target and is_pet_derived(roi.name):
            text = "Its name says that it comes from PET uptake: a thresholded region is not drawn by hand."
            issues.append(_roi_issue(roi.number, "target-from-pet", text, Severity.INFO))
    return issues


def _conflict(by_type: TargetClass, by_name: TargetClass | None) -> bool:
    return by_name is not None and by_name is not by_type and (by_type.is_target or by_name.is_target)


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in sorted(numbers)[:20])
    return shown if len(numbers) <= 20 else f"{shown} and {len(numbers) - 20} more"


def _plan_issue(code: str, text: str, severity: Severity = Severity.WARNING) -> Issue:
    return Issue(code=code, severity=severity, subject=SUBJECT, text=text)


def _roi_issue(number: int, code: str, text: str, severity: Severity = Severity.WARNING) -> Issue:
    return Issue(code=code, severity=severity, subject=roi_subject(number), text=text)
