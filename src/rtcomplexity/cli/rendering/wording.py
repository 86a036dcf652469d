"""The plain words in which the record's keys are told.

Words only. They describe what files show; none says what anybody should bill or will be paid. Whole sentences stand in
the record itself.
"""

from __future__ import annotations

HEADLINES = {
    "supports": "The plan files support the greater complexity that modifier 22 asks for.",
    "rejects": "The plan files do not support the greater complexity that modifier 22 asks for.",
    "indeterminate": "The plan files leave open whether there is the greater complexity that modifier 22 asks for.",
    "insufficient_evidence": "Cannot be assessed.",
}
SHORT_REASONS = {
    "unmeasured_families": "what could not be measured might change the answer.",
    "site_not_in_reference": "the stated site is not thoracic, and the reference is.",
    "fractions_not_in_reference": "the reference covers no course of this many fractions.",
}
"""For a headline, in place of the record's longer sentences."""
SERVICE_LEVELS = {"22": "22, increased procedural service", "11": "11, routine service"}
CLAIM_STATUS = {"eligible": "eligible", "not_eligible": "not eligible", "unknown": "unknown"}
LEVELS = {
    "present": "in the folder, tied to nothing",
    "same_frame": "same frame of reference",
    "registered": "registered",
    "referenced": "referenced",
}
ROLES = {"planning": "planning", "secondary": "secondary", "not_counted": "not counted"}
REGISTRATION_KINDS = {
    "RIGID": "rigid",
    "RIGID_SCALE": "rigid with scale",
    "AFFINE": "affine",
    "DEFORMABLE": "deformable",
}
LINKS = {
    "contour_image_sequence": "the contours' image references",
    "study_level_references": "the structure set's image references",
    "series_uid": "the series UID",
    "frame_of_reference": "the frame of reference",
    "none": "no reference at all",
}
DECIDED_BY = {
    "alias": "--map",
    "interpreted_type": "type",
    "observation_label": "label",
    "code": "code",
    "name": "name",
    "nothing": "nothing",
}
READINESS = {
    "procedure_note": "procedure note",
    "physician_statement": "statement of the reason",
    "physician_minutes": "minutes spent",
    "typical_minutes": "typical minutes",
    "delineated_by": "who delineated",
    "reports_77261_77799": "whether that physician reports 77261-77799",
    "payer_rule": "payer",
    "global_period": "global period of the code",
    "approval_status": "approval of the structure set",
    "local_cohort": "cohort of local plans",
}


def told(words: dict[str, str], key: str, otherwise: str | None = None) -> str:
    """Plain words for `key`; where there are none `otherwise`, else the key itself, readable.

    Examples
    --------
    >>> told(READINESS, "payer_rule"), told(READINESS, "a_new_one")
    ('payer', 'a new one')
    """
    return words.get(key, key.replace("_", " ") if otherwise is None else otherwise)
