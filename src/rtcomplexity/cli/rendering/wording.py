"""The plain words in which the record's keys are told.

Words only. They describe what files show; none says what anybody should bill or will be paid. Whole sentences stand in
the record itself.
"""

from __future__ import annotations

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


def told(words: dict[str, str], key: str, otherwise: str | None = None) -> str:
    """Plain words for `key`; where there are none `otherwise`, else the key itself, readable.

    Examples
    --------
    >>> told(ROLES, "not_counted"), told(ROLES, "a_new_one")
    ('not counted', 'a new one')
    """
    return words.get(key, key.replace("_", " ") if otherwise is None else otherwise)
