"""Inconsistencies between the sides of a comparison that do not prevent it, as issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.model import issue_codes as codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.compare.sides import Side
    from rtcomplexity.model.issue import Issue

SUBJECT = "input"


def mismatches(sides: Sequence[Side]) -> tuple[Issue, ...]:
    """Inconsistencies between the sides of a comparison, at least two.

    Patient IDs are compared but never printed.
    """
    patients = [side.case.structure_set.patient.patient_id for side in sides]
    stated, silent = set(patients) - {""}, patients.count("")
    files = [side.case.structure_set.file_sha256 for side in sides]
    found = []
    if len(stated) > 1:
        found.append(codes.COMPARED_PATIENTS_DIFFER.about(SUBJECT, patients=len(stated)))
    if silent:
        found.append(codes.COMPARED_PATIENT_NOT_STATED.about(SUBJECT, sides=silent))
    if len(set(files)) < len(files):
        found.append(codes.COMPARED_SAME_FILE.about(SUBJECT))
    if any(side.through_registration for side in sides):
        found.append(codes.COMPARED_THROUGH_REGISTRATION.about(SUBJECT))
    if any("" in side.frames for side in sides):
        found.append(codes.COMPARED_FRAME_NOT_STATED.about(SUBJECT))
    return tuple(sorted(found))
