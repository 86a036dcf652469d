"""The plain words in which verdicts, families and links are told.

Words only. They describe what files show; none says what anybody should bill or will be paid.
"""

from __future__ import annotations

VERDICT_SENTENCES = {
    "supports": "The plan files support the statement that this delineation was substantially harder than typical.",
    "rejects": "The plan files do not support more than the routine service.",
    "indeterminate": "The plan files leave it open: neither clearly routine nor clearly beyond it.",
    "insufficient_evidence": "Cannot be assessed:",
}
SERVICE_LEVELS = {
    "22": "22, increased procedural service",
    "11": "11, the routine service (a word of this report, no claim modifier)",
}
CLAIM_SENTENCES = {
    "eligible": "the payer's rule as loaded accepts modifier 22 on this code",
    "not_eligible": "not eligible: the payer's rule, on the known facts, excludes modifier 22 here",
    "unknown": "unknown: payer rule or global period not given",
}
FAMILIES = {
    "shape": "complex contours: shape",
    "topology": "complex contours: separate bodies and holes",
    "ambiguity": "unclear tumour borders",
    "extent": "extent of the target",
    "adjacency": "nearness to organs",
    "fusion": "image fusion",
    "image_sets": "multiple image sets",
    "imaging": "image fusion and image sets",
}
LEVELS = {
    "present": "in the folder, nothing ties it to the contours",
    "same_frame": "same frame of reference",
    "registered": "registered",
    "referenced": "referenced by the contours",
}
ROLES = {"planning": "planning", "secondary": "secondary", "not_counted": "not counted"}
LINKS = {
    "contour_image_sequence": "image references of the contours",
    "study_level_references": "image references of the structure set",
    "series_uid": "series UID",
    "frame_of_reference": "frame of reference",
    "none": "nothing",
}
DISCLAIMER = (
    "This lists measurements. It is not a coding, medical-necessity or payment decision. Modifier 22 is a "
    "representation by the billing provider and needs a signed procedure note."
)


def told(words: dict[str, str], key: object) -> str:
    """Plain words for `key`; the key itself, readable, where there are none.

    Examples
    --------
    >>> told(FAMILIES, "shape"), told(FAMILIES, "a_new_one")
    ('complex contours: shape', 'a new one')
    """
    return words.get(str(key), str(key).replace("_", " "))
