"""An RT Structure Set instance (PS3.3 C.8.8.5, .6, .8) read into frozen values.

ROIs, contours and observations are paired by ROI number, never by position. What cannot be used is left out with an
issue; only a set without any contents is refused. Knows nothing of the images it was contoured on, nor of targets.
"""

from __future__ import annotations

import hashlib
import re
import sys
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.dataelem import RawDataElement

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.contour_data import looks_closed, parse_contour_data
from rtcomplexity.dicom.headers import read_patient_key
from rtcomplexity.dicom.parsing import PARSE_FAULTS, describe, is_cut_short, is_short, may_be_dicom, parse, raw_element
from rtcomplexity.dicom.sop_classes import STRUCTURE_SET
from rtcomplexity.errors import CorruptStructureSetError, LimitExceededError, UnreadableFileError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, IssueCode, listed_numbers, roi_subject
from rtcomplexity.model.structure_set import (
    Code,
    ContourGeometricType,
    Contours,
    ImageReferences,
    PatientIdentity,
    Roi,
    StructureSet,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtcomplexity.model.arrays import Floats, Integers
    from rtcomplexity.settings import Settings

SUBJECT: Final = "plan"
_AGAIN: Final = "export the structure set again, in binary mode."
_TYPES: Final = {kind.name: kind for kind in ContourGeometricType if kind is not ContourGeometricType.UNKNOWN}
_INTERPOLATED: Final = "INTERPOLATED_PLANAR"
_UID: Final = re.compile(r"[0-9.]{1,64}")
_REPLACEMENT: Final = "\ufffd"


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """Contours of all ROIs as the file lists them: parallel lists, one entry a contour."""

    roi_numbers: list[int] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    stated_counts: list[int | None] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    """Vertices of each contour; 0 where it was left out."""
    faults: dict[int, str] = field(default_factory=dict)
    """Why contours were left out, by place in the lists."""
    points_mm: defaultdict[int, list[Floats]] = field(default_factory=lambda: defaultdict(list))
    """Vertices by ROI number: of the contours of each item, one after the other."""
    point_count: int = 0
    image_uids: list[frozenset[str]] = field(default_factory=list)
    """UIDs of the images that each contour names."""
    image_sequences: dict[bytes, frozenset[str]] = field(default_factory=dict)
    """UIDs in each distinct Contour Image Sequence, by its raw bytes: most contours of a slice share theirs."""
    items_per_roi: Counter[int] = field(default_factory=Counter)
    slabs_mm: defaultdict[int, set[float | None]] = field(default_factory=lambda: defaultdict(set))
    """Contour Slab Thicknesses by ROI number; None where a contour states none."""
    closed_looking: set[int] = field(default_factory=set)
    """Places of contours without a type that run back to where they begin."""
    offset: set[int] = field(default_factory=set)
    """Places of contours that state an offset of their slab."""
    unnumbered: int = 0


def read_structure_set(source: Path | bytes, *, settings: Settings) -> tuple[StructureSet, tuple[Issue, ...]]:
    """Read a structure set from a file or from its bytes.

    Parameters
    ----------
    source : Path or bytes
        The file, or all that is in it.
    settings : Settings
        ``max_structure_set_bytes``, ``max_contours`` and ``max_contour_points`` limit what is read.

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
    dataset, file_sha256 = _open(source, settings)
    return structure_set_from(dataset, file_sha256, settings=settings)


def structure_set_from(
    dataset: Dataset, file_sha256: str, *, settings: Settings
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
            return _read_dataset(dataset, file_sha256, settings)
    except PARSE_FAULTS as fault:
        raise CorruptStructureSetError(f"The structure set is broken: {describe(fault)}.", _AGAIN) from fault


def _open(source: Path | bytes, settings: Settings) -> tuple[Dataset, str]:
    data = source if isinstance(source, bytes) else _read_bytes(source, settings)
    if len(data) > settings.max_structure_set_bytes:
        raise _too_large(len(data), settings)
    if not may_be_dicom(data):
        raise UnreadableFileError("The file is no DICOM file.", "give an RT Structure Set.")
    return parse(data, settings=settings), hashlib.sha256(data).hexdigest()


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


def _read_dataset(dataset: Dataset, sha256: str, settings: Settings) -> tuple[StructureSet, tuple[Issue, ...]]:
    _refuse_unusable(dataset)
    issues: list[Issue] = []
    _refuse_too_many("ROIs", len(elements.items(dataset, tags.STRUCTURE_SET_ROI_SEQUENCE)), settings.max_rois)
    rois, shared = _rois(dataset, issues)
    gathered = _gather_contours(dataset, settings)
    issues += _contour_issues(gathered, {roi.number for roi in rois}, shared)
    rois = _with_contours(rois, gathered)
    structure_set = StructureSet(
        sop_instance_uid=elements.text(dataset, tags.SOP_INSTANCE_UID),
        series_uid=elements.text(dataset, tags.SERIES_INSTANCE_UID),
        study_uid=elements.text(dataset, tags.STUDY_INSTANCE_UID),
        patient_key=read_patient_key(dataset),
        patient=_patient(dataset),
        label=elements.text(dataset, tags.STRUCTURE_SET_LABEL, elements.encodings_of(dataset)),
        approval_status=elements.text(dataset, tags.APPROVAL_STATUS).upper(),
        written_at=_written_at(dataset),
        manufacturer=elements.text(dataset, tags.MANUFACTURER, elements.encodings_of(dataset)),
        references=_references(dataset, rois, gathered),
        predecessor_uids=_predecessors(dataset),
        rois=rois,
        file_sha256=sha256,
    )
    issues += _header_issues(dataset, structure_set)
    issues += _roi_issues(rois)
    return structure_set, tuple(sorted(issues))


def _with_contours(rois: Sequence[Roi], gathered: _Gathered) -> tuple[Roi, ...]:
    numbers = {roi.number for roi in rois}
    contours, named = _contours_by_roi(gathered, numbers), _images_by_roi(gathered)
    return tuple(
        replace(
            roi,
            contours=contours.get(roi.number, roi.contours),
            image_uids=frozenset[str]().union(*named.get(roi.number, {}).values()),
            contour_image_uids=_images_of_each(named.get(roi.number, {}), gathered.faults.keys()),
            stated_slab_mm=_stated_slab_mm(gathered.slabs_mm.get(roi.number, set())),
        )
        for roi in rois
    )


def _images_by_roi(gathered: _Gathered) -> dict[int, dict[int, frozenset[str]]]:
    """Images that contours name, by place in the lists, of each ROI number."""
    found: defaultdict[int, dict[int, frozenset[str]]] = defaultdict(dict)
    for place, (number, uids) in enumerate(zip(gathered.roi_numbers, gathered.image_uids, strict=True)):
        found[number][place] = uids
    return found


def _images_of_each(named: Mapping[int, frozenset[str]], left_out: Container[int]) -> tuple[frozenset[str], ...]:
    """Images of each contour that is kept; empty where none names any."""
    kept = tuple(uids for place, uids in named.items() if place not in left_out)
    return kept if any(kept) else ()


def _stated_slab_mm(stated: set[float | None]) -> float | None:
    """The one thickness that all closed contours of an ROI state."""
    return next(iter(stated)) if len(stated) == 1 else None


def _refuse_unusable(dataset: Dataset) -> None:
    if elements.text(dataset, tags.SOP_CLASS_UID) != STRUCTURE_SET:
        raise UnreadableFileError("The file is no RT Structure Set by its SOP Class.", "give an RT Structure Set.")
    if is_cut_short(dataset):
        raise CorruptStructureSetError(
            "The structure set is cut short or corrupted (a length in it points past its end; copying a file in text "
            "mode does that).",
            _AGAIN,
        )
    if not elements.items(dataset, tags.STRUCTURE_SET_ROI_SEQUENCE):
        raise CorruptStructureSetError("The structure set lists no ROIs (no Structure Set ROI Sequence).", _AGAIN)


def _patient(dataset: Dataset) -> PatientIdentity:
    encodings = elements.encodings_of(dataset)
    return PatientIdentity(
        name=elements.text(dataset, tags.PATIENT_NAME, encodings),
        patient_id=elements.text(dataset, tags.PATIENT_ID, encodings),
        birth_date=elements.text(dataset, tags.PATIENT_BIRTH_DATE),
    )


def _written_at(dataset: Dataset) -> str:
    return elements.date_time(dataset, tags.STRUCTURE_SET_DATE, tags.STRUCTURE_SET_TIME) or elements.date_time(
        dataset, tags.INSTANCE_CREATION_DATE, tags.INSTANCE_CREATION_TIME
    )


# --- ROIs and observations ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observation:
    interpreted_type: str = ""
    label: str = ""
    codes: tuple[Code, ...] = ()


def _rois(dataset: Dataset, issues: list[Issue]) -> tuple[tuple[Roi, ...], frozenset[int]]:
    """ROIs by their own number, and the numbers that several share: whose contours those are nothing tells."""
    encodings = elements.encodings_of(dataset)
    observations = _observations(dataset, encodings)
    numbered = [
        (elements.integer(item, tags.ROI_NUMBER), item)
        for item in elements.items(dataset, tags.STRUCTURE_SET_ROI_SEQUENCE)
    ]
    uses = Counter(number for number, _ in numbered)
    rois = [
        _roi(item, number, observations.get(number, _Observation()), encodings)
        for number, item in numbered
        if number is not None and uses[number] == 1
    ]
    unnumbered = uses.pop(None, 0)
    if unnumbered:
        issues.append(codes.ROI_NUMBER_MISSING.about(SUBJECT, unnumbered=unnumbered))
    unstated = [number for number, item in numbered if number is not None and _states_no_volume(item)]
    if unstated:
        issues.append(codes.ROI_VOLUME_ZERO.about(SUBJECT, rois=listed_numbers(unstated)))
    dangling = len(observations.keys() - uses.keys())
    if dangling:
        issues.append(codes.DANGLING_OBSERVATION.about(SUBJECT, observations=dangling))
    shared = {number: count for number, count in uses.items() if number is not None and count > 1}
    issues += [
        codes.DUPLICATE_ROI_NUMBER.about(roi_subject(number), rois=count) for number, count in sorted(shared.items())
    ]
    return tuple(rois), frozenset(shared)


def _states_no_volume(item: Dataset) -> bool:
    """Whether an ROI Volume is there and says nothing."""
    stated = elements.decimal(item, tags.ROI_VOLUME)
    return stated is not None and _positive(stated) is None


def _observations(dataset: Dataset, encodings: Sequence[str]) -> dict[int, _Observation]:
    """Observations by ROI number; the first of several holds."""
    found: dict[int, _Observation] = {}
    for item in elements.items(dataset, tags.RT_ROI_OBSERVATIONS_SEQUENCE):
        number = elements.integer(item, tags.REFERENCED_ROI_NUMBER)
        if number is not None:
            found.setdefault(
                number,
                _Observation(
                    interpreted_type=elements.text(item, tags.RT_ROI_INTERPRETED_TYPE).upper(),
                    label=elements.text(item, tags.ROI_OBSERVATION_LABEL, encodings),
                    codes=read_codes(item, tags.RT_ROI_IDENTIFICATION_CODE_SEQUENCE, encodings),
                ),
            )
    return found


def read_codes(item: Dataset, tag: int, encodings: Sequence[str]) -> tuple[Code, ...]:
    """Coded concepts of a sequence."""
    return tuple(
        Code(
            value=elements.text(code, tags.CODE_VALUE, encodings),
            scheme=elements.text(code, tags.CODING_SCHEME_DESIGNATOR, encodings),
            meaning=elements.text(code, tags.CODE_MEANING, encodings),
        )
        for code in elements.items(item, tag)
    )


def _roi(item: Dataset, number: int, observation: _Observation, encodings: Sequence[str]) -> Roi:
    codes = observation.codes + read_codes(item, tags.THERAPEUTIC_ROLE_CATEGORY_CODE_SEQUENCE, encodings)
    return Roi(
        number=number,
        name=elements.text(item, tags.ROI_NAME, encodings),
        contours=Contours.empty(),
        frame_of_reference_uid=elements.text(item, tags.REFERENCED_FRAME_OF_REFERENCE_UID),
        generation=elements.text(item, tags.ROI_GENERATION_ALGORITHM).upper(),
        interpreted_type=observation.interpreted_type,
        observation_label=observation.label,
        codes=codes,
        tps_volume_cm3=_positive(elements.decimal(item, tags.ROI_VOLUME)),
    )


# --- contours -------------------------------------------------------------------------------------------------------


def _gather_contours(dataset: Dataset, settings: Settings) -> _Gathered:
    gathered = _Gathered()
    waiting = elements.take_items(dataset, tags.ROI_CONTOUR_SEQUENCE)[::-1]
    while waiting:
        item = waiting.pop()  # its bytes go with it
        number = elements.integer(item, tags.REFERENCED_ROI_NUMBER)
        if number is None:
            gathered.unnumbered += 1
            continue
        gathered.items_per_roi[number] += 1
        contours = elements.items(item, tags.CONTOUR_SEQUENCE)
        _refuse_too_many("contours", len(gathered.types) + len(contours), settings.max_contours)
        _add_contours(gathered, number, contours, settings)
    return gathered


def _add_contours(gathered: _Gathered, number: int, contours: Sequence[Dataset], settings: Settings) -> None:
    """Add the contours of one item, converted at once: their bytes are not kept."""
    before = len(gathered.types)
    for contour in contours:
        gathered.types.append(elements.text(contour, tags.CONTOUR_GEOMETRIC_TYPE).upper())
        gathered.stated_counts.append(elements.integer(contour, tags.NUMBER_OF_CONTOUR_POINTS))
        gathered.image_uids.append(_images_of(gathered, contour))
    parsed = parse_contour_data([_contour_bytes(contour) for contour in contours])
    first = 0
    for place, (contour, count) in enumerate(zip(contours, parsed.counts.tolist(), strict=True), start=before):
        if not gathered.types[place] and looks_closed(parsed.points_mm[first : first + count]):
            gathered.closed_looking.add(place)
        if elements.raw_bytes(contour, tags.CONTOUR_OFFSET_VECTOR) and _is_offset(contour):
            gathered.offset.add(place)
        if _geometric_type(gathered, place).is_closed:
            gathered.slabs_mm[number].add(_positive(elements.decimal(contour, tags.CONTOUR_SLAB_THICKNESS)))
        first += count
    gathered.roi_numbers += [number] * len(contours)
    gathered.counts += parsed.counts.tolist()
    gathered.points_mm[number].append(parsed.points_mm)
    gathered.point_count += len(parsed.points_mm)
    gathered.faults |= {before + place: fault for place, fault in parsed.faults.items()}
    _refuse_too_many("contour points", gathered.point_count, settings.max_contour_points)


def _is_offset(contour: Dataset) -> bool:
    """Whether a contour states that its slab lies beside its plane."""
    return any(elements.floats(contour, tags.CONTOUR_OFFSET_VECTOR, 3) or ())


def _images_of(gathered: _Gathered, contour: Dataset) -> frozenset[str]:
    """UIDs of a contour's images, each distinct sequence parsed once."""
    raw = elements.raw_bytes(contour, tags.CONTOUR_IMAGE_SEQUENCE)
    known = None if raw is None else gathered.image_sequences.get(raw)
    if known is None:
        uids = (
            elements.text(image, tags.REFERENCED_SOP_INSTANCE_UID)
            for image in elements.items(contour, tags.CONTOUR_IMAGE_SEQUENCE)
        )
        known = frozenset(sys.intern(uid) for uid in uids if uid)
        if raw is not None:
            gathered.image_sequences[raw] = known
    return known


def _refuse_too_many(what: str, found: int, limit: int) -> None:
    if found > limit:
        option = f"RTCOMPLEXITY_MAX_{what.upper().replace(' ', '_')}"
        raise LimitExceededError(f"The structure set has more than {limit} {what}.", f"set {option} if that is right.")


def _contour_bytes(contour: Dataset) -> bytes:
    element = raw_element(contour, tags.CONTOUR_DATA)
    if isinstance(element, RawDataElement) and is_short(element):
        raise EOFError
    return elements.raw_bytes(contour, tags.CONTOUR_DATA) or b""


def _contours_by_roi(gathered: _Gathered, known: set[int]) -> dict[int, Contours]:
    """Contours of each known ROI; faulty ones have no vertices and are left out."""
    counts = np.array(gathered.counts, np.int64)
    kinds = np.array([_geometric_type(gathered, place) for place in range(len(gathered.types))], np.int8)
    places: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(gathered.roi_numbers):
        if place not in gathered.faults and number in known:
            places[number].append(place)
    return {number: _of_roi(gathered.points_mm[number], counts[own], kinds[own]) for number, own in places.items()}


def _geometric_type(gathered: _Gathered, place: int) -> ContourGeometricType:
    text = gathered.types[place]
    if text == _INTERPOLATED or place in gathered.closed_looking:
        return ContourGeometricType.CLOSED_PLANAR
    return _TYPES.get(text, ContourGeometricType.UNKNOWN)


def _of_roi(parts: list[Floats], counts: Integers, kinds: NDArray[np.int8]) -> Contours:
    points_mm = parts[0] if len(parts) == 1 else np.concatenate(parts)
    points_mm.setflags(write=False)
    if points_mm.base is not None:
        points_mm.base.setflags(write=False)
    return Contours(points_mm=points_mm, offsets=np.concatenate(([0], np.cumsum(counts))), geometric_types=kinds)


# --- what the set says of images ------------------------------------------------------------------------------------


def _references(dataset: Dataset, rois: Iterable[Roi], gathered: _Gathered) -> ImageReferences:
    frames = {roi.frame_of_reference_uid for roi in rois} | {elements.text(dataset, tags.FRAME_OF_REFERENCE_UID)}
    series, images = set(), set()
    for frame in elements.items(dataset, tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE):
        frames.add(elements.text(frame, tags.FRAME_OF_REFERENCE_UID))
        for study in elements.items(frame, tags.RT_REFERENCED_STUDY_SEQUENCE):
            for one in elements.items(study, tags.RT_REFERENCED_SERIES_SEQUENCE):
                series.add(elements.text(one, tags.SERIES_INSTANCE_UID))
                images |= {
                    elements.text(image, tags.REFERENCED_SOP_INSTANCE_UID)
                    for image in elements.items(one, tags.CONTOUR_IMAGE_SEQUENCE)
                }
    return ImageReferences(
        frame_of_reference_uids=frozenset(frames - {""}),
        series_uids=frozenset(series - {""}),
        study_level_image_uids=frozenset(images - {""}),
        contour_level_image_uids=frozenset[str]().union(*set(gathered.image_uids)),
    )


def _predecessors(dataset: Dataset) -> frozenset[str]:
    """SOP Instance UIDs of the structure sets that it was made from."""
    sequence = elements.items(dataset, tags.PREDECESSOR_STRUCTURE_SET_SEQUENCE)
    return frozenset({elements.text(item, tags.REFERENCED_SOP_INSTANCE_UID) for item in sequence} - {""})


# --- issues ---------------------------------------------------------------------------------------------------------


def _header_issues(dataset: Dataset, structure_set: StructureSet) -> list[Issue]:
    issues = []
    if elements.text(dataset, tags.MODALITY).upper() != "RTSTRUCT":
        issues.append(codes.MODALITY_DISAGREES.about(SUBJECT))
    if not _UID.fullmatch(structure_set.sop_instance_uid):
        issues.append(codes.UID_INVALID.about(SUBJECT))
    issues += _value_issues(dataset)
    if structure_set.is_rejected:
        issues.append(codes.STRUCTURE_SET_REJECTED.about(SUBJECT))
    numbers = [roi.number for roi in structure_set.rois if _REPLACEMENT in roi.name or not roi.name.isprintable()]
    if numbers:
        issues.append(codes.ROI_NAME_CHARACTERS.about(SUBJECT, rois=listed_numbers(numbers)))
    return issues


def _stray_names(dataset: Dataset) -> list[Issue]:
    """Say which names are not in the character set that the file states, and in which they were read."""
    encodings = elements.encodings_of(dataset)
    found: defaultdict[str, list[int]] = defaultdict(list)
    for item in elements.items(dataset, tags.STRUCTURE_SET_ROI_SEQUENCE):
        stray = elements.stray_encoding(elements.raw_bytes(item, tags.ROI_NAME) or b"", encodings)
        number = elements.integer(item, tags.ROI_NUMBER)
        if stray and number is not None:
            found[stray].append(number)
    return [
        codes.CHARACTER_SET_CONTRADICTED.about(SUBJECT, rois=listed_numbers(numbers), encoding=stray.upper())
        for stray, numbers in found.items()
    ]


def _value_issues(dataset: Dataset) -> list[Issue]:
    issues = []
    if not elements.has_known_encodings(dataset):
        issues.append(codes.CHARACTER_SET_UNKNOWN.about(SUBJECT))
    else:
        issues += _stray_names(dataset)
    if elements.text(dataset, tags.STRUCTURE_SET_DATE) and not elements.date_time(
        dataset, tags.STRUCTURE_SET_DATE, tags.STRUCTURE_SET_TIME
    ):
        issues.append(codes.DATE_INVALID.about(SUBJECT))
    return issues


def _positive(value: float | None) -> float | None:
    """A value that states something; 0 is how systems write that they do not know."""
    return value if value is not None and value > 0 else None


def _contour_issues(gathered: _Gathered, known: set[int], shared: frozenset[int]) -> list[Issue]:
    issues = []
    if gathered.unnumbered:
        issues.append(codes.DANGLING_CONTOURS.about(SUBJECT, contours=gathered.unnumbered))
    counts = Counter(gathered.roi_numbers)
    unknown = sorted(set(gathered.items_per_roi) - known - shared)
    issues += [codes.DANGLING_CONTOURS.about(SUBJECT, contours=counts[number], number=number) for number in unknown]
    for number, count in sorted(gathered.items_per_roi.items()):
        if count > 1 and number in known:
            issues.append(codes.CONTOURS_IN_SEVERAL_ITEMS.about(roi_subject(number), count=count))
    return issues + _per_contour_issues(gathered, known)


def _per_contour_issues(gathered: _Gathered, known: set[int]) -> list[Issue]:
    """One issue a kind of oddity and ROI, with the number of contours."""
    counts = Counter(gathered.roi_numbers)
    found: Counter[tuple[int, str, str]] = Counter()
    for place, number in enumerate(gathered.roi_numbers):
        if number in known:
            found.update((number, code.code, fault) for code, fault in _oddities(gathered, place))
    return [
        codes.ISSUE_CODES[code].about(
            roi_subject(number), count=count, contours=counts[number], **({"fault": fault} if fault else {})
        )
        for (number, code, fault), count in sorted(found.items())
    ]


def _oddities(gathered: _Gathered, place: int) -> Iterable[tuple[IssueCode, str]]:
    """What is odd about one contour, each with the fault for which it was left out, if it was."""
    if place in gathered.faults:
        yield codes.CONTOUR_LEFT_OUT, gathered.faults[place]
        return
    if gathered.stated_counts[place] not in {None, gathered.counts[place]}:
        yield codes.CONTOUR_POINT_COUNT_DISAGREES, ""
    if place in gathered.offset:
        yield codes.CONTOUR_OFFSET_STATED, ""
    if gathered.types[place] == _INTERPOLATED:
        yield codes.CONTOUR_TYPE_INTERPOLATED, ""
    elif place in gathered.closed_looking:
        yield codes.CONTOUR_TYPE_MISSING, ""
    elif gathered.types[place] not in _TYPES:
        yield codes.CONTOUR_TYPE_UNKNOWN, ""


def _roi_issues(rois: Sequence[Roi]) -> list[Issue]:
    issues = []
    empty = [roi.number for roi in rois if not len(roi.contours)]
    if empty:
        issues.append(codes.ROI_WITHOUT_CONTOURS.about(SUBJECT, rois=listed_numbers(empty)))
    names: dict[str, list[int]] = defaultdict(list)
    for roi in rois:
        names[roi.name.strip().casefold()].append(roi.number)
    repeated = [numbers for numbers in names.values() if len(numbers) > 1]
    return issues + [codes.DUPLICATE_ROI_NAMES.about(SUBJECT, rois=listed_numbers(numbers)) for numbers in repeated]
