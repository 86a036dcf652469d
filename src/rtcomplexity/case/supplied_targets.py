"""Targets that a person supplies in a file of its own (Segmentation or structure set), in place of the set's own ones.

The structure set keeps its organs, its images and its identity; only its targets are replaced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtcomplexity.case.segment_outlines import structure_set_of
from rtcomplexity.case.targets import classify_rois
from rtcomplexity.dicom.identity import content_hash
from rtcomplexity.dicom.segmentation import is_segmentation, read_segmentation
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.errors import InputDataError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.case import TargetsFile
from rtcomplexity.model.issue import roi_subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rtcomplexity.model.case import Case
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.structure_set import Roi, StructureSet, TargetClass
    from rtcomplexity.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SuppliedTargets:
    """The targets of a file, with their classes."""

    file: TargetsFile
    structure_set: StructureSet
    """With targets alone."""
    issues: tuple[Issue, ...]
    """About these, by the numbers that they have in the file."""
    content_hash: str

    @property
    def contents(self) -> dict[str, str]:
        """Content hash of the file by its SHA-256."""
        return {self.file.sha256: self.content_hash}

    def put_into(self, case: Case) -> Case:
        """Put them in place of a plan's own targets, whose phases and earlier versions then say nothing.

        Raises
        ------
        InputDataError
            If they are another patient's, or lie in another frame of reference.
        """
        frame = case.planning_image.frame_of_reference_uid if case.planning_image else ""
        structure_set, issues = with_targets(case.structure_set, self, frame)
        return replace(
            case,
            structure_set=structure_set,
            phase_sets=(),
            earlier_sets=(),
            targets_file=self.file,
            issues=tuple(
                sorted({*(one for one in case.issues if one.code != codes.SEGMENTATIONS_NOT_READ.code), *issues})
            ),
        )


def read_targets(path: Path, aliases: Mapping[str, TargetClass], settings: Settings) -> SuppliedTargets:
    """Read a Segmentation or a structure set.

    Raises
    ------
    InputDataError
        If it is neither, cannot be read, or names no target.
    """
    if is_segmentation(path):
        kind, found = "SEG", structure_set_of(read_segmentation(path, settings=settings))
        issues: tuple[Issue, ...] = ()
    else:
        found, issues = read_structure_set(path, settings=settings)
        kind = "RTSTRUCT"
    classified, class_issues = classify_rois(found, aliases, settings)
    targets = tuple(roi for roi in classified.rois if roi.target_class.is_target)
    if not targets:
        regions = len(classified.rois)
        raise InputDataError(f"None of the {regions} regions in the file of targets is one.", '--map "NAME=GTV".')
    file = TargetsFile(kind=kind, sop_instance_uid=found.sop_instance_uid, sha256=found.file_sha256)
    subjects = {roi_subject(roi.number) for roi in targets}  # of its organs nothing is said
    return SuppliedTargets(
        file=file,
        structure_set=replace(classified, rois=targets),
        issues=tuple(each for each in (*issues, *class_issues) if each.subject in subjects),
        content_hash=content_hash(path.read_bytes(), settings) or found.file_sha256,
    )


def with_targets(
    chosen: StructureSet, supplied: SuppliedTargets, frame_of_reference_uid: str
) -> tuple[StructureSet, tuple[Issue, ...]]:
    """Put supplied targets in place of a set's own; they get numbers of their own.

    Parameters
    ----------
    chosen : the structure set of the plan
    supplied : from :func:`read_targets`
    frame_of_reference_uid : of the planning image; empty where there is none

    Raises
    ------
    InputDataError
        If they are another patient's, or lie in another frame of reference.
    """
    own = supplied.structure_set
    if chosen.patient_key and own.patient_key and chosen.patient_key != own.patient_key:
        raise InputDataError("The file of targets is of another patient.", "the file that belongs to the plan.")
    frames = {frame_of_reference_uid} - {""} or chosen.references.frame_of_reference_uids
    if not {roi.frame_of_reference_uid for roi in own.rois} <= frames:
        raise InputDataError(
            "The file of targets lies in another frame of reference than the planning image.",
            "targets that were made on the planning image.",
        )
    kept = [roi for roi in chosen.rois if not roi.target_class.is_target]
    issue = codes.TARGETS_SUPPLIED.about(
        "plan", kind=supplied.file.kind, targets=len(own.rois), left_out=len(chosen.rois) - len(kept)
    )
    numbered = _numbered(own.rois, chosen.rois)
    subjects = {roi_subject(old.number): roi_subject(new.number) for old, new in zip(own.rois, numbered, strict=True)}
    about_targets = (replace(each, subject=subjects[each.subject]) for each in supplied.issues)
    return replace(chosen, rois=(*numbered, *kept)), (issue, *about_targets)


def _numbered(targets: tuple[Roi, ...], known: tuple[Roi, ...]) -> tuple[Roi, ...]:
    """Targets with numbers that no ROI of the set has: an issue or a claim about one means no other."""
    first = max((roi.number for roi in known), default=0) + 1
    return tuple(replace(roi, number=first + place) for place, roi in enumerate(targets))
