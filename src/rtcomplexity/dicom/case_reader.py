"""A folder of DICOM files read into one case: the structure set to assess and everything that goes with it.

Brings the other readers together and holds what they found against each other; parses nothing itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.dicom.headers import FileKind
from rtcomplexity.dicom.image_link import Link, do_agree, find_link, planes_agree
from rtcomplexity.dicom.image_series import build_series
from rtcomplexity.dicom.image_sets import build_image_sets
from rtcomplexity.dicom.index import index_folder, load
from rtcomplexity.dicom.rt_plan import read_plan
from rtcomplexity.dicom.selection import Candidate, choose
from rtcomplexity.dicom.structure_set import structure_set_from
from rtcomplexity.dicom.target_class import NO_ALIASES
from rtcomplexity.errors import (
    CorruptStructureSetError,
    InputDataError,
    LimitExceededError,
    NoStructureSetError,
    SeveralPatientsError,
)
from rtcomplexity.model.case import Case, EvidenceLevel, ImageLink
from rtcomplexity.model.issue import Issue, Severity, roi_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rtcomplexity.dicom.headers import IndexedFile
    from rtcomplexity.dicom.image_series import FoundSeries
    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.model.case import ImageSet
    from rtcomplexity.model.plan import RtPlan
    from rtcomplexity.model.registration import SpatialRegistration
    from rtcomplexity.model.structure_set import StructureSet, TargetClass
    from rtcomplexity.settings import Settings

_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"


def read_case(
    path: Path | str,
    *,
    settings: Settings,
    structure_set_uid: str | None = None,
    aliases: Mapping[str, TargetClass] = NO_ALIASES,
    progress: Callable[[int, int], None] | None = None,
) -> Case:
    """Read the case that lies in a folder tree, or in one structure set file.

    Parameters
    ----------
    path : Path or str
        Folder, or one file.
    settings : Settings
        Limits on what is read.
    structure_set_uid : str, optional
        SOP Instance UID of the set to assess, or a beginning or end of it that fits one set only.
    aliases : Mapping[str, TargetClass]
        From :func:`rtcomplexity.dicom.target_class.parse_aliases`.
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
        If files of several patients lie there.
    NoStructureSetError
        If no structure set is among them.
    CorruptStructureSetError, LimitExceededError
        If the only structure sets are corrupt or over a limit.
    UsageError
        If `structure_set_uid` fits none of the sets, or several.
    """
    index = index_folder(path, settings=settings, progress=progress)
    _refuse_several_patients(index)
    _refuse_without_structure_set(index)
    found, image_issues = build_series(index.images)
    plans, plan_issues = _plans(index)
    candidates, set_issues = _candidates(index, found, plans, settings, aliases)
    choice = choose(candidates, structure_set_uid)
    chosen = choice.chosen.structure_set
    link = choice.chosen.link
    registrations, registration_issues = _registrations(index, chosen)
    image_sets, series_issues = build_image_sets(found, link, chosen.references, registrations)
    plan, choice_issues = _plan_of(chosen, plans)
    issues = (
        *index.issues,
        *image_issues,
        *plan_issues,
        *set_issues,
        *choice.chosen.issues,
        *registration_issues,
        *series_issues,
        *choice_issues,
        *_link_issues(chosen, link, found),
        *_other_issues(index),
    )
    return Case(
        plan_id=_plan_id(chosen, image_sets, plan, registrations),
        structure_set=chosen,
        chosen_because=choice.because,
        alternatives=choice.alternatives,
        planning_image=link.planning.series if link.planning else None,
        image_link=link.kind,
        image_link_text=link.text,
        image_sets=image_sets,
        rt_plan=plan,
        registrations=registrations,
        issues=tuple(sorted(set(issues))),
        files_read=index.files_read,
        files_skipped=index.files_skipped,
    )


def _refuse_several_patients(index: FileIndex) -> None:
    if len(index.patient_keys) > 1:
        raise SeveralPatientsError(
            f"The folder holds files of {len(index.patient_keys)} patients: {_inventory(index)}.",
            "give the folder of one patient; `rtcomplexity batch` is for many.",
        )


def _refuse_without_structure_set(index: FileIndex) -> None:
    if index.structure_sets:
        return
    if index.broken_structure_sets:
        raise CorruptStructureSetError(
            f"{index.broken_structure_sets} structure sets are cut short or corrupted, and no other is here.",
            "export the structure set again, in binary mode.",
        )
    raise NoStructureSetError(
        f"No RT Structure Set was found: {_inventory(index)}, 0 structure sets.",
        "export the structure set into the folder, or give the folder that holds it.",
    )


def _inventory(index: FileIndex) -> str:
    """Counts by kind, e.g. "134 CT images, 2 structure sets"."""
    images = Counter(file.modality for file in index.images)
    parts = [f"{count} {modality} {_plural('image', count)}" for modality, count in sorted(images.items())]
    groups = (
        (index.structure_sets, "structure set"),
        (index.plans, "plan"),
        (index.registrations, "registration"),
        (index.others, "other DICOM file"),
    )
    parts += [f"{len(files)} {_plural(word, len(files))}" for files, word in groups if files]
    return ", ".join(parts)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _plans(index: FileIndex) -> tuple[tuple[RtPlan, ...], tuple[Issue, ...]]:
    plans, issues = [], []
    for file in index.plans:
        try:
            plans.append(read_plan(load(file), file.sha256))
        except InputDataError as fault:
            issues.append(_left_out(file, fault))
    return tuple(plans), tuple(issues)


def _candidates(
    index: FileIndex,
    found: Sequence[FoundSeries],
    plans: Iterable[RtPlan],
    settings: Settings,
    aliases: Mapping[str, TargetClass],
) -> tuple[tuple[Candidate, ...], tuple[Issue, ...]]:
    """Read all structure sets; what cannot be read is an issue, unless nothing else is there."""
    planned = {plan.referenced_structure_set_uid for plan in plans} - {""}
    candidates: list[Candidate] = []
    faults: list[tuple[IndexedFile, InputDataError]] = []
    for file in index.structure_sets:
        try:
            structure_set, issues = _read(file, settings, aliases)
        except InputDataError as fault:
            faults.append((file, fault))
            continue
        candidates.append(
            Candidate(
                structure_set=structure_set,
                issues=issues,
                link=find_link(structure_set, found),
                is_planned_on=structure_set.sop_instance_uid in planned,
            )
        )
    if not candidates:
        raise faults[0][1]
    return tuple(candidates), tuple(_left_out(file, fault) for file, fault in faults)


def _read(
    file: IndexedFile, settings: Settings, aliases: Mapping[str, TargetClass]
) -> tuple[StructureSet, tuple[Issue, ...]]:
    if file.path.stat().st_size > settings.max_structure_set_bytes:
        found = f"A structure set is over the limit of {settings.max_structure_set_bytes} bytes."
        raise LimitExceededError(found, "set RTCOMPLEXITY_MAX_STRUCTURE_SET_BYTES if that is right.")
    return structure_set_from(load(file), file.sha256, settings=settings, aliases=aliases)


def _registrations(index: FileIndex, chosen: StructureSet) -> tuple[tuple[SpatialRegistration, ...], tuple[Issue, ...]]:
    if not index.registrations:
        return (), ()
    from rtcomplexity.dicom.registration import read_registration  # noqa: PLC0415 -- most folders hold none

    registrations: list[SpatialRegistration] = []
    issues: list[Issue] = []
    for file in index.registrations:
        try:
            registration, noticed = read_registration(load(file), file.sha256)
        except InputDataError as fault:
            issues.append(_left_out(file, fault))
        else:
            registrations.append(registration)
            issues += noticed
    return tuple(registrations), tuple(issues)


def _left_out(file: IndexedFile, fault: InputDataError) -> Issue:
    text = f"A {file.kind} was left out: {fault.found} (SHA-256 {file.sha256[:12]})"
    return Issue(
        code=f"{file.kind.replace(' ', '-')}-unreadable", severity=Severity.WARNING, subject="input", text=text
    )


def _plan_of(chosen: StructureSet, plans: Sequence[RtPlan]) -> tuple[RtPlan | None, tuple[Issue, ...]]:
    """Take the approved, then the newest of the plans made on the chosen set."""
    own = [plan for plan in plans if plan.referenced_structure_set_uid == chosen.sop_instance_uid]
    issues = []
    if len(own) < len(plans):
        text = (
            f"{len(plans) - len(own)} of {len(plans)} RT Plans were made on another structure set; they were not used."
        )
        issues.append(Issue(code="plan-of-other-set", severity=Severity.INFO, subject="plan", text=text))
    if not own:
        return None, tuple(issues)
    ranked = sorted(own, key=lambda plan: (plan.written_at, plan.sop_instance_uid), reverse=True)
    ranked.sort(key=lambda plan: plan.approval_status != "APPROVED")
    if len(own) > 1:
        text = f"{len(own)} RT Plans were made on this structure set; approved before newest, one was taken."
        issues.append(Issue(code="several-plans", severity=Severity.INFO, subject="plan", text=text))
    return ranked[0], tuple(issues)


def _link_issues(chosen: StructureSet, link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    if not found:
        text = "No CT, MR or PET images are here: contours are measured on their own planes, nothing is sampled."
        return [Issue(code="no-images", severity=Severity.WARNING, subject="plan", text=text)]
    if link.kind is ImageLink.NONE:
        return _unlinked_issues(chosen, link, found)
    issues = _other_frame_issues(chosen, link)
    by_image = {ImageLink.CONTOUR_IMAGE_SEQUENCE, ImageLink.STUDY_LEVEL_REFERENCES}
    if link.kind in by_image and link.resolved < link.stated:
        text = f"{link.text[0].upper()}{link.text[1:]}: the others of these images are not here."
        issues.append(Issue(code="images-missing", severity=Severity.WARNING, subject="plan", text=text))
    references = chosen.references
    has_dangling = references.contour_level_image_uids and link.kind is not ImageLink.CONTOUR_IMAGE_SEQUENCE
    if has_dangling or (references.study_level_image_uids and link.kind not in by_image):
        text = f"The images are tied by a weaker reference, as firmer ones dangle: {link.text}."
        issues.append(Issue(code="image-references-dangle", severity=Severity.INFO, subject="plan", text=text))
    return issues


def _unlinked_issues(chosen: StructureSet, link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    text = f"No UID ties the structure set to the images that are here: {link.text}. Nothing was sampled from them."
    issues = [Issue(code="unlinked-images", severity=Severity.WARNING, subject="plan", text=text)]
    for one in found:
        if not chosen.patient_key or one.series.patient_key != chosen.patient_key:
            continue
        on_slices, planes = planes_agree(chosen, one.series.grid)
        if do_agree(on_slices, planes):
            text = (
                f"Patient and plane positions agree with a {one.series.modality} series ({on_slices} of {planes} contour "
                f"planes lie on its {len(one.series.sop_instance_uids)} slices), but no UID ties them: nothing was sampled."
            )
            issues.append(
                Issue(code="unlinked-but-positions-agree", severity=Severity.WARNING, subject="plan", text=text)
            )
    return issues


def _other_frame_issues(chosen: StructureSet, link: Link) -> list[Issue]:
    frame = link.planning.series.frame_of_reference_uid if link.planning else ""
    text = "It refers to another frame of reference than the planning image: nothing is sampled for it."
    return [
        Issue(code="roi-in-other-frame", severity=Severity.WARNING, subject=roi_subject(roi.number), text=text)
        for roi in chosen.rois
        if roi.frame_of_reference_uid and frame and roi.frame_of_reference_uid != frame
    ]


def _other_issues(index: FileIndex) -> list[Issue]:
    issues = []
    captures = sum(file.sop_class_uid.startswith(_SECONDARY_CAPTURE) for file in index.others)
    if captures:
        text = f"{captures} secondary captures are here: they are no image sets and were not counted."
        issues.append(Issue(code="secondary-captures", severity=Severity.INFO, subject="input", text=text))
    nameless = sum(not file.patient_key for file in index.files)
    if nameless and index.patient_keys:
        text = f"{nameless} files name no patient, others do; they were taken to belong together."
        issues.append(Issue(code="patient-not-stated", severity=Severity.WARNING, subject="input", text=text))
    return issues


def _plan_id(
    chosen: StructureSet,
    image_sets: Iterable[ImageSet],
    plan: RtPlan | None,
    registrations: Iterable[SpatialRegistration],
) -> str:
    """SHA-256 over the sorted (SOP Instance UID, file SHA-256) of the set and all that is tied to it."""
    pairs = {(chosen.sop_instance_uid, chosen.file_sha256)}
    for image_set in image_sets:
        if image_set.level is not EvidenceLevel.PRESENT:
            for series in image_set.series:
                pairs |= set(zip(series.sop_instance_uids, series.file_sha256s, strict=True))
    pairs |= {(one.sop_instance_uid, one.file_sha256) for one in registrations}
    if plan is not None:
        pairs.add((plan.sop_instance_uid, plan.file_sha256))
    lines = "".join(f"{uid} {sha256}\n" for uid, sha256 in sorted(pairs))
    return hashlib.sha256(lines.encode()).hexdigest()
