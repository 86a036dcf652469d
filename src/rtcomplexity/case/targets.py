"""The ROIs of a structure set with their target classes, and what is odd about those.

:mod:`rtcomplexity.case.target_names` says what a name, type, label or code means; here that is held against the set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rtcomplexity.case.target_names import class_from_name, classify, is_pet_derived
from rtcomplexity.errors import LimitExceededError
from rtcomplexity.model.issue import Issue, Severity, roi_subject
from rtcomplexity.model.structure_set import ClassDecidedBy, TargetClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.model.structure_set import Roi, StructureSet
    from rtcomplexity.settings import Settings

_MOST_LISTED = 20


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
    target_class, decided_by = classify(
        roi.name,
        interpreted_type=roi.interpreted_type,
        observation_label=roi.observation_label,
        codes=roi.codes,
        aliases=aliases,
    )
    return replace(roi, target_class=target_class, class_decided_by=decided_by)


def _issues(rois: Sequence[Roi]) -> tuple[Issue, ...]:
    unresolved = [roi.number for roi in rois if roi.target_class is TargetClass.UNRESOLVED]
    issues = []
    if unresolved:
        text = (
            f'Type, label, codes and name do not say what ROIs {_listed(unresolved)} delineate; --map "NAME=GTV" does.'
        )
        issues.append(Issue(code="target-class-unresolved", severity=Severity.INFO, subject="plan", text=text))
    return (*issues, *_without_area(rois), *(issue for roi in rois for issue in _issues_of(roi)))


def _without_area(rois: Sequence[Roi]) -> list[Issue]:
    numbers = [
        roi.number
        for roi in rois
        if roi.target_class.is_target and len(roi.contours) and not roi.contours.is_closed.any()
    ]
    if not numbers:
        return []
    text = f"Targets without a closed contour, and so without a volume: ROIs {_listed(numbers)}."
    return [Issue(code="target-without-area", severity=Severity.WARNING, subject="plan", text=text)]


def _issues_of(roi: Roi) -> list[Issue]:
    issues = []
    subject = roi_subject(roi.number)
    by_name = class_from_name(roi.name)
    if roi.class_decided_by is ClassDecidedBy.INTERPRETED_TYPE and _conflict(roi.target_class, by_name):
        text = f"Its type says {roi.target_class}, its name {by_name}; the type was taken."
        issues.append(Issue(code="target-class-conflict", severity=Severity.WARNING, subject=subject, text=text))
    elif roi.target_class is TargetClass.OTHER and roi.interpreted_type in {"GTV", "CTV", "ITV", "PTV"}:
        text = f"Its type says {roi.interpreted_type}, its name that it is not for evaluation; it is no target here."
        issues.append(Issue(code="target-class-conflict", severity=Severity.WARNING, subject=subject, text=text))
    if roi.target_class.is_target and is_pet_derived(roi.name):
        text = "By its name it is a threshold of PET uptake (SUV, MTV): such a region is not drawn by hand."
        issues.append(Issue(code="target-from-pet", severity=Severity.INFO, subject=subject, text=text))
    return issues


def _conflict(by_type: TargetClass, by_name: TargetClass | None) -> bool:
    return by_name is not None and by_name is not by_type and (by_type.is_target or by_name.is_target)


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in sorted(numbers)[:_MOST_LISTED])
    return shown if len(numbers) <= _MOST_LISTED else f"{shown} and {len(numbers) - _MOST_LISTED} more"
