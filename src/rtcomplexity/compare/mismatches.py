"""Inconsistencies between the sides of a comparison that do not prevent it, as issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.model import issue_codes as codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.compare.sides import Side
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.issue import Issue

SUBJECT = "input"
_UNREAD: Final = frozenset(
    each.code
    for each in (
        codes.CONTOUR_LEFT_OUT,
        codes.CONTOUR_TYPE_UNKNOWN,
        codes.DANGLING_CONTOURS,
        codes.DUPLICATE_ROI_NUMBER,
        codes.TARGET_WITH_OPEN_CONTOURS,
    )
)
"""What takes contours away from a side before it is compared."""


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
    for number, side in enumerate(sides, start=1):
        found += _of_one_side(number, side.case)
    return tuple(sorted(found))


def _of_one_side(number: int, case: Case) -> list[Issue]:
    """Say which set of several was taken, and what of its contours could not be read."""
    found = [
        codes.COMPARED_CONTOURS_UNREAD.about(
            SUBJECT, side=number, what=each.subject.replace("roi:", "ROI "), text=each.text
        )
        for each in case.issues
        if each.code in _UNREAD
    ]
    if case.alternatives:
        sets = len(case.alternatives) + 1
        found.append(codes.COMPARED_ONE_OF_SEVERAL.about(SUBJECT, side=number, sets=sets, because=case.chosen_because))
    return found
