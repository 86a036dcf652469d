"""The ROIs of a structure set with their target classes, and what is odd about those.

:mod:`rtcomplexity.case.target_names` says what a name, type, label or code means; here that is held against the set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.target_names import TARGET_TYPES, classify, is_pet_derived, read_name, unspecified_target
from rtcomplexity.errors import LimitExceededError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, listed_numbers, roi_subject
from rtcomplexity.model.structure_set import ClassDecidedBy, ContourGeometricType, TargetClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.case.target_names import NameReading
    from rtcomplexity.model.structure_set import Roi, StructureSet
    from rtcomplexity.settings import Settings

_OPEN: Final = (ContourGeometricType.OPEN_PLANAR, ContourGeometricType.OPEN_NONPLANAR, ContourGeometricType.POINT)
"""Types that enclose nothing; what an unknown type means is told by its reader."""


def classify_rois(
    structure_set: StructureSet, aliases: Mapping[str, TargetClass], settings: Settings
) -> tuple[StructureSet, tuple[Issue, ...]]:
    """Give each ROI of a set its target class.

    Parameters
    ----------
    structure_set : StructureSet
        As read: its ROIs have no class.
    aliases : Mapping[str, TargetClass]
        From :func:`rtcomplexity.case.target_names.parse_aliases`.
    settings : Settings
        ``max_targets`` limits how many targets there may be.

    Returns
    -------
    StructureSet
        The same with classes.
    tuple of Issue
        ROIs without a class, with one that their facts contradict, or with one that measures nothing.

    Raises
    ------
    LimitExceededError
        If there are more targets.
    """
    rois = tuple(_classified(roi, aliases) for roi in structure_set.rois)
    if sum(roi.target_class.is_target for roi in rois) > settings.max_targets:
        found = f"The structure set has more than {settings.max_targets} targets."
        raise LimitExceededError(found, "set RTCOMPLEXITY_MAX_TARGETS if that is right.")
    return replace(structure_set, rois=rois), _issues(rois)


def _classified(roi: Roi, aliases: Mapping[str, TargetClass]) -> Roi:
    found = classify(
        roi.name,
        interpreted_type=roi.interpreted_type,
        observation_label=roi.observation_label,
        codes=roi.codes,
        aliases=aliases,
    )
    return replace(roi, target_class=found.target_class, class_decided_by=found.decided_by, class_words=found.words)


def _issues(rois: Sequence[Roi]) -> tuple[Issue, ...]:
    return (
        *_unresolved(rois),
        *_without_area(rois),
        *_planning_structures(rois),
        *(issue for roi in rois for issue in _issues_of(roi)),
    )


def _unresolved(rois: Sequence[Roi]) -> list[Issue]:
    unresolved = [roi for roi in rois if roi.target_class is TargetClass.UNRESOLVED]
    if not unresolved:
        return []
    issues = [codes.TARGET_CLASS_UNRESOLVED.about("plan", rois=listed_numbers([roi.number for roi in unresolved]))]
    named = {roi.number: words for roi in unresolved if (words := unspecified_target(roi.name))}
    if named:
        said = sorted({word for each in named.values() for word in each})
        issues.append(codes.TARGET_CLASS_OPEN.about("plan", rois=listed_numbers(named), words=_listed_words(said)))
    return issues


def _planning_structures(rois: Sequence[Roi]) -> list[Issue]:
    """Say which ROIs are named after a target and are none, and by which words."""
    readings = {
        roi.number: read_name(roi.name)
        for roi in rois
        if roi.class_decided_by is ClassDecidedBy.NAME and roi.interpreted_type not in TARGET_TYPES
    }
    found = {number: reading for number, reading in readings.items() if reading.is_surely_no_target}
    if not found:
        return []
    words = sorted({word for reading in found.values() for word in reading.words})
    return [
        codes.TARGET_PLANNING_STRUCTURES.about("plan", rois=listed_numbers(list(found)), words=_listed_words(words))
    ]


def _without_area(rois: Sequence[Roi]) -> list[Issue]:
    numbers = [
        roi.number
        for roi in rois
        if roi.target_class.is_target and len(roi.contours) and not roi.contours.is_closed.any()
    ]
    return [codes.TARGET_WITHOUT_AREA.about("plan", rois=listed_numbers(numbers))] if numbers else []


def _issues_of(roi: Roi) -> list[Issue]:
    reading = read_name(roi.name)
    issues = [*_conflict(roi, reading), *_doubt(roi, reading)]
    if roi.target_class.is_target and is_pet_derived(roi.name):
        issues.append(codes.TARGET_FROM_PET.about(roi_subject(roi.number)))
    return [*issues, *_open_contours(roi)]


def _open_contours(roi: Roi) -> Iterator[Issue]:
    """Say how many contours of a target with an area enclose none; points alone are often marks beside it."""
    kinds = roi.contours.geometric_types
    is_open = np.isin(kinds, _OPEN)
    if not roi.target_class.is_target or not is_open.any() or not roi.contours.is_closed.any():
        return
    code = codes.TARGET_WITH_OPEN_CONTOURS
    if (kinds[is_open] == ContourGeometricType.POINT).all():
        code = code.otherwise
    yield code.about(roi_subject(roi.number), count=int(is_open.sum()), contours=len(kinds))


def _conflict(roi: Roi, reading: NameReading) -> Iterator[Issue]:
    """Say that type and name disagree about a target; nothing where they do not, or the user stated the class."""
    if roi.class_decided_by is ClassDecidedBy.ALIAS:
        return
    subject, words = roi_subject(roi.number), _listed_words(reading.words)
    if roi.class_decided_by is ClassDecidedBy.INTERPRETED_TYPE:
        says = reading.target_class is not None and reading.target_class is not roi.target_class
        concerns = roi.target_class.is_target or reading.is_target
        if says and concerns:
            yield codes.TARGET_CLASS_CONFLICT.about(
                subject, by_type=roi.interpreted_type, by_name=reading.target_class, words=words
            )
    elif reading.is_surely_no_target and roi.interpreted_type in TARGET_TYPES:
        yield codes.TARGET_CLASS_CONFLICT.about(subject, by_type=roi.interpreted_type, words=words)


def _doubt(roi: Roi, reading: NameReading) -> Iterator[Issue]:
    """Say that the words that decided have another reading; nothing where they have none."""
    if not reading.is_doubtful or roi.class_decided_by is not ClassDecidedBy.NAME:
        return
    words, other = _listed_words(reading.words), "a target" if not reading.is_target else "an organ less a target"
    yield codes.TARGET_NAME_DOUBTFUL.about(
        roi_subject(roi.number), words=words, by_name=reading.target_class, other=other
    )


def _listed_words(words: Sequence[str]) -> str:
    """Words without quotation marks: a de-identified record takes what is quoted for the name of an ROI."""
    return ", ".join(words)
