"""An RT Plan (or RT Ion Plan) instance: what it says of fractions, prescription and approval.

Nothing is inferred: what the plan does not state stays empty.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.sop_classes import PLANS
from rtcomplexity.errors import UnreadableFileError
from rtcomplexity.model.plan import Prescription, RtPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydicom.dataset import Dataset

_NOT_TO_TREAT: Final = frozenset({"VERIFICATION", "MACHINE_QA", "RESEARCH", "SERVICE"})
"""Values of Plan Intent (300A,000A)."""
_PLAN_WORDS: Final = (tags.RT_PLAN_LABEL, tags.RT_PLAN_NAME, tags.RT_PLAN_DESCRIPTION)
"""Label, name and description."""
_QUALITY_ASSURANCE: Final = re.compile(
    r"\b(?:ps|d|imrt|vmat|pt|patient)?[ -]?qa\d*\b|\bverif\w*|\bphantom\b|\bmap ?check\b|\barc ?check\b|"
    r"\bdelta ?4\b|\boctavius\b|\bportal (?:dose|dosimetry)\b|\bepid\b",
    re.IGNORECASE,
)
"""Words of plans that are delivered to a phantom or a detector."""


def read_plan(dataset: Dataset, file_sha256: str) -> RtPlan:
    """Read a plan.

    Parameters
    ----------
    dataset : Dataset
        The instance; nothing of it is changed.
    file_sha256 : str
        SHA-256 of its file.

    Returns
    -------
    RtPlan
        Doses in Gy; the fractions of the one fraction group, None where it states none or there are several.

    Raises
    ------
    UnreadableFileError
        If the instance is no RT Plan.
    """
    if elements.text(dataset, tags.SOP_CLASS_UID) not in PLANS:
        raise UnreadableFileError("The file is no RT Plan by its SOP Class.", "give an RT Plan.")
    encodings = elements.encodings_of(dataset)
    referenced = elements.items(dataset, tags.REFERENCED_STRUCTURE_SET_SEQUENCE)
    groups, relations = _fractions_of_groups(dataset), _relations(dataset)
    fractions = groups[0] if len(groups) == 1 else None
    return RtPlan(
        sop_instance_uid=elements.text(dataset, tags.SOP_INSTANCE_UID),
        label=elements.text(dataset, tags.RT_PLAN_LABEL, encodings),
        referenced_structure_set_uid=elements.text(referenced[0], tags.REFERENCED_SOP_INSTANCE_UID)
        if referenced
        else "",
        fractions_planned=fractions,
        fractions_of_groups=groups,
        prescriptions=_prescriptions(dataset),
        approval_status=elements.text(dataset, tags.APPROVAL_STATUS).upper(),
        treatment_site=elements.text(dataset, tags.TREATMENT_SITES, encodings),
        written_at=elements.date_time(dataset, tags.RT_PLAN_DATE, tags.RT_PLAN_TIME),
        file_sha256=file_sha256,
        frame_of_reference_uid=elements.text(dataset, tags.FRAME_OF_REFERENCE_UID),
        is_quality_assurance=_is_quality_assurance(dataset, fractions, relations, encodings),
        prior_plan_uids=tuple(uid for relation, uid in relations if relation == "PRIOR"),
    )


def _fractions_of_groups(dataset: Dataset) -> tuple[int | None, ...]:
    """Return the number that each fraction group states; 0 states nothing."""
    groups = elements.items(dataset, tags.FRACTION_GROUP_SEQUENCE)
    stated = [elements.integer(group, tags.NUMBER_OF_FRACTIONS_PLANNED) for group in groups]
    return tuple(count if count is not None and count > 0 else None for count in stated)


def _relations(dataset: Dataset) -> list[tuple[str, str]]:
    """(RT Plan Relationship, SOP Instance UID) of every plan that this one references."""
    return [
        (elements.text(item, tags.RT_PLAN_RELATIONSHIP).upper(), elements.text(item, tags.REFERENCED_SOP_INSTANCE_UID))
        for item in elements.items(dataset, tags.REFERENCED_RT_PLAN_SEQUENCE)
    ]


def _is_quality_assurance(
    dataset: Dataset, fractions: int | None, relations: Iterable[tuple[str, str]], encodings: Sequence[str]
) -> bool:
    """Whether intent, relationship or, in a plan of at most one fraction, the label says that it verifies another."""
    if elements.text(dataset, tags.PLAN_INTENT).upper() in _NOT_TO_TREAT:
        return True
    if any(relation == "VERIFIED_PLAN" for relation, _ in relations):
        return True
    words = " ".join(elements.text(dataset, tag, encodings) for tag in _PLAN_WORDS).replace("_", " ")
    return (fractions is None or fractions == 1) and _QUALITY_ASSURANCE.search(words) is not None


def _prescriptions(dataset: Dataset) -> tuple[Prescription, ...]:
    found = []
    for reference in elements.items(dataset, tags.DOSE_REFERENCE_SEQUENCE):
        dose_gy = elements.decimal(reference, tags.TARGET_PRESCRIPTION_DOSE)
        if dose_gy is not None and dose_gy > 0:
            number = elements.integer(reference, tags.REFERENCED_ROI_NUMBER)
            found.append(Prescription(target_dose_gy=dose_gy, referenced_roi_number=number))
    return tuple(found)
