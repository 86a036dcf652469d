"""A folder of DICOM files read into one case: the structure set to assess and everything linked to it.

Brings the other readers together and holds what they found against each other; parses nothing itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rtcomplexity.case.case_issues import input_issues, link_issues
from rtcomplexity.case.course import course_of
from rtcomplexity.case.earlier_sets import earlier_sets, predecessor_issues
from rtcomplexity.case.image_link import find_link
from rtcomplexity.case.image_series import build_series
from rtcomplexity.case.image_sets import build_image_sets
from rtcomplexity.case.patients import inventory, of_one_patient
from rtcomplexity.case.roi_images import phases_in_frame, roi_image_issues
from rtcomplexity.case.selection import Candidate, choose, several_sets_issues
from rtcomplexity.case.target_names import NO_ALIASES
from rtcomplexity.case.targets import classify_rois
from rtcomplexity.dicom.index import FileIndex, index_folder
from rtcomplexity.dicom.objects import left_out, read_plans, read_registrations, read_set
from rtcomplexity.errors import InputDataError, NoStructureSetError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.case import Case, EvidenceLevel, ImageLink, PhaseSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.case.image_series import FoundSeries
    from rtcomplexity.case.selection import Choice
    from rtcomplexity.dicom.headers import IndexedFile
    from rtcomplexity.model.case import ImageSet
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.plan import RtPlan
    from rtcomplexity.model.registration import SpatialRegistration
    from rtcomplexity.model.structure_set import StructureSet, TargetClass
    from rtcomplexity.settings import Settings

_NOT_READ: Final = frozenset(
    {"file-broken", "file-too-large", "file-unreadable", "folder-unreadable", "linked-folders", "nested-archive"}
    | {code for code in codes.ISSUE_CODES if code.startswith("archive-")}
)
_SEGMENTATIONS_STAND_BESIDE: Final = (
    " A Segmentation takes the place of a structure set's targets (--targets), not of the structure set."
)


def read_case(
    path: Path | str | FileIndex,
    *,
    settings: Settings,
    structure_set_uid: str | None = None,
    aliases: Mapping[str, TargetClass] = NO_ALIASES,
    targets: Path | None = None,
    same_patient: bool = False,
    name_patients: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Case:
    """Read the case that lies in a folder tree, or in one structure set file.

    Parameters
    ----------
    path : Path, str or FileIndex
        Folder, or one file; or what is already indexed.
    settings : Settings
        Limits on what is read.
    structure_set_uid : str, optional
        SOP Instance UID of the set to assess, or a beginning or end of it that fits one set only.
    aliases : Mapping[str, TargetClass]
        From :func:`rtcomplexity.case.target_names.parse_aliases`.
    targets : Path, optional
        Segmentation or structure set whose targets are taken in place of the chosen set's own.
    same_patient : bool
        Whether the user states that files of several Patient IDs are one patient's.
    name_patients : bool
        Whether the refusal of several patients shows their IDs as they are.
    progress : callable, optional
        Called with (files done, files in all) while indexing.

    Returns
    -------
    Case
        The chosen structure set, its images, plan and registrations; pixels are not read.

    Raises
    ------
    NoInputError
        If nothing is there, or nothing that is DICOM.
    SeveralPatientsError
        If files of several patients lie there, and nobody stated that they are one, or nothing ties them.
    NoStructureSetError
        If no structure set is among them.
    CorruptStructureSetError, LimitExceededError
        If the only structure sets are corrupt or over a limit.
    UsageError
        If `structure_set_uid` fits none of the sets, or several.
    """
    index = path if isinstance(path, FileIndex) else index_folder(path, settings=settings, progress=progress)
    patients = len(index.patient_keys)
    index, patient_issues = of_one_patient(index, settings, same_patient=same_patient, name_patients=name_patients)
    _refuse_without_structure_set(index)
    sets, set_issues = _sets(index, settings, aliases)
    references = [uids for one in sets for uids in _named_images(one.structure_set)]
    found, image_issues = build_series(index.images, settings=settings, references=references)
    plans, plan_issues = _plans(index, settings)
    choice = choose(_candidates(sets, found, plans), structure_set_uid)
    noticed = (*index.issues, *patient_issues, *image_issues, *plan_issues, *set_issues)
    case = _case(index, choice, found, plans, noticed, settings)
    case = replace(case, stated_patients=patients if patient_issues else 0)
    if targets is None:
        return _identified(case, index)
    from rtcomplexity.case.supplied_targets import read_targets  # noqa: PLC0415 -- most plans have their own

    supplied = read_targets(targets, aliases, settings)
    return _identified(supplied.put_into(case), index, supplied.contents)


def _case(
    index: FileIndex,
    choice: Choice,
    found: Sequence[FoundSeries],
    plans: Sequence[RtPlan],
    noticed: Sequence[Issue],
    settings: Settings,
) -> Case:
    """Combine the chosen structure set with everything linked to it; `noticed` are the issues so far."""
    chosen, link = choice.chosen.structure_set, choice.chosen.link
    planning = link.planning.series if link.planning else None
    objects, registration_issues = read_registrations(index.registrations, index.images, settings)
    registrations = choice.chosen.relationships + objects  # what the set states itself comes first
    contoured = _contoured(choice.others)
    image_sets, series_issues = build_image_sets(found, link, chosen.references, registrations, contoured)
    phase_sets = _phase_sets(choice.others, planning, image_sets)
    course = course_of(chosen, planning.frame_of_reference_uid if planning else "", plans)
    set_issues = several_sets_issues(choice, {id(phase.structure_set) for phase in phase_sets})
    others = [other.structure_set for other in choice.others]
    tie_issues = (*link_issues(chosen, link, found), *roi_image_issues(chosen, link, image_sets), *input_issues(index))
    own_issues = (*choice.chosen.issues, *registration_issues, *series_issues, *course.issues, *set_issues)
    return Case(
        plan_id="",
        structure_set=chosen,
        chosen_because=choice.because,
        alternatives=choice.alternatives,
        planning_image=planning,
        image_link=link.kind,
        image_link_text=link.text,
        image_sets=image_sets,
        phase_sets=phase_sets,
        earlier_sets=earlier_sets(chosen, others, [phase.structure_set for phase in phase_sets]),
        contoured_series=contoured,
        rt_plan=course.plan,
        registrations=registrations,
        issues=tuple(sorted({*noticed, *own_issues, *tie_issues, *predecessor_issues(chosen, others)})),
    )


def _refuse_without_structure_set(index: FileIndex) -> None:
    if index.structure_sets:
        return
    broken = next((f" {issue.text}" for issue in index.issues if issue.code in _NOT_READ), "")
    raise NoStructureSetError(
        f"No RT Structure Set was found: {inventory(index.files)}, 0 structure sets.{broken}",
        "export the structure set into the folder, or give the folder that holds it."
        + _SEGMENTATIONS_STAND_BESIDE * any(file.modality == "SEG" for file in index.files),
    )


def _plans(index: FileIndex, settings: Settings) -> tuple[tuple[RtPlan, ...], tuple[Issue, ...]]:
    """Read the plans; one that was rejected states nothing."""
    plans, issues = read_plans(index.plans, settings)
    valid = tuple(plan for plan in plans if plan.approval_status != "REJECTED")
    if len(valid) == len(plans):
        return plans, issues
    return valid, (*issues, codes.PLAN_REJECTED.about("plan", rejected=len(plans) - len(valid), plans=len(plans)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ReadSet:
    """A structure set as read, before images are tied to it."""

    structure_set: StructureSet
    relationships: tuple[SpatialRegistration, ...]
    issues: tuple[Issue, ...]


def _sets(
    index: FileIndex, settings: Settings, aliases: Mapping[str, TargetClass]
) -> tuple[tuple[_ReadSet, ...], tuple[Issue, ...]]:
    """Read all structure sets; what cannot be read is an issue, unless nothing else is there."""
    sets: list[_ReadSet] = []
    faults: list[tuple[IndexedFile, InputDataError]] = []
    for file in index.structure_sets:
        try:
            unclassified, relationships, issues = read_set(file, settings)
            structure_set, class_issues = classify_rois(unclassified, aliases, settings)
        except InputDataError as fault:
            faults.append((file, fault))
        else:
            read = _ReadSet(structure_set=structure_set, relationships=relationships, issues=issues + class_issues)
            sets.append(read)
    if not sets:
        raise faults[0][1]
    return tuple(sets), tuple(left_out(file, fault.found) for file, fault in faults)


def _named_images(structure_set: StructureSet) -> tuple[frozenset[str], ...]:
    """Images that a set names: all of them, and those of its contours alone, as the former may name every copy."""
    references = structure_set.references
    return (references.image_uids, references.contour_level_image_uids)


def _candidates(
    sets: Iterable[_ReadSet], found: Sequence[FoundSeries], plans: Iterable[RtPlan]
) -> tuple[Candidate, ...]:
    """Tie each structure set to its images."""
    planned = {plan.referenced_structure_set_uid for plan in plans if not plan.is_quality_assurance} - {""}
    return tuple(
        Candidate(
            structure_set=one.structure_set,
            issues=one.issues,
            link=find_link(one.structure_set, found),
            is_planned_on=one.structure_set.sop_instance_uid in planned,
            relationships=one.relationships,
        )
        for one in sets
    )


def _contoured(others: Iterable[Candidate]) -> tuple[ImageSeries, ...]:
    """Series on which other sets have gross targets; a rejected set, or one linked by frame alone, does not count."""
    found = {}
    for other in others:
        planning, one = other.link.planning, other.structure_set
        has_target = any(roi.target_class.is_gross and len(roi.contours) for roi in one.rois)
        is_named = other.link.kind not in {ImageLink.NONE, ImageLink.FRAME_OF_REFERENCE}
        if planning is not None and has_target and is_named and not one.is_rejected:
            found[id(planning.series)] = planning.series
    return tuple(found.values())


def _phase_sets(
    others: Iterable[Candidate], planning: ImageSeries | None, image_sets: Iterable[ImageSet]
) -> tuple[PhaseSet, ...]:
    """Structure sets contoured on the other phases of a 4D acquisition in the planning frame: the best one of each."""
    if planning is None or not planning.frame_of_reference_uid:
        return ()
    contoured: dict[int, StructureSet] = {}
    for other in others:
        if other.link.planning is not None and not other.structure_set.is_rejected:
            contoured.setdefault(id(other.link.planning.series), other.structure_set)
    return tuple(
        PhaseSet(series=series, structure_set=contoured[id(series)])
        for image_set in phases_in_frame(image_sets, planning)
        for series in image_set.series
        if series is not planning and id(series) in contoured
    )


def _identified(case: Case, index: FileIndex, others: Mapping[str, str] = MappingProxyType({})) -> Case:
    """Give a case its ids: over the bytes of the files that it rests on, and over their content.

    `others` are the contents of files that are not in the index, by their SHA-256.
    """
    instances = _instances(case)
    contents = {file.sha256: file.content for file in index.files} | dict(others)
    content = _identifier((uid, contents.get(sha256, sha256)) for uid, sha256 in instances)
    return replace(case, plan_id=_identifier(instances), content_id=content)


def _instances(case: Case) -> set[tuple[str, str]]:
    """(SOP Instance UID, file SHA-256) of the sets that are measured and of what is linked to them."""
    sets = (case.structure_set, *(phase.structure_set for phase in case.phase_sets))
    objects = (*sets, *case.registrations, *(() if case.rt_plan is None else (case.rt_plan,)))
    pairs = {(one.sop_instance_uid, one.file_sha256) for one in objects}
    for image_set in case.image_sets:
        if image_set.level is not EvidenceLevel.PRESENT:
            for series in image_set.series:
                pairs |= set(zip(series.sop_instance_uids, series.file_sha256s, strict=True))
    if case.targets_file is not None:
        pairs.add((case.targets_file.sop_instance_uid, case.targets_file.sha256))
    return pairs


def _identifier(pairs: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over sorted pairs of SOP Instance UID and hash."""
    lines = "".join(f"{uid} {digest}\n" for uid, digest in sorted(pairs))
    return hashlib.sha256(lines.encode()).hexdigest()
