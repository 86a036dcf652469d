"""The words of every report: each code, level, class, reason and label of the record, declared once.

Words only, in the terms of American radiation oncology and coding. None says what anybody should bill or will be paid,
and none names a command-line option: a page meant for a claim has none. :func:`told` is how a table is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE: Final = "Delineation complexity report"
ABOUT: Final = "Target delineation: contouring the tumor on each planning CT slice"
QUESTION: Final = "Does the plan data support modifier 22 (increased procedural services)?"

HOLD, REVIEW, DO_NOT_SUBMIT = "Hold the claim", "Ready for physician review", "Do not submit with modifier 22"
DECISIONS: Final = {
    "supports": REVIEW,
    "rejects": DO_NOT_SUBMIT,
    "indeterminate": HOLD,
    "insufficient_evidence": HOLD,
}
"""What may be done now, before the claim rule applies; a claim that is not eligible is never submitted."""
ANSWERS: Final = {
    "supports": "Supported",
    "rejects": "Not supported",
    "indeterminate": "Inconclusive: physician review required",
    "insufficient_evidence": "Insufficient evidence",
}
OUTCOMES: Final = {value: answer.partition(":")[0] for value, answer in ANSWERS.items()}
"""The same where a plan is one of many, in a table."""
HEADLINES: Final = {
    "supports": "The plan data support substantially increased work.",
    "rejects": "The plan data do not support substantially increased work.",
    "indeterminate": "The plan data neither support nor rule out substantially increased work.",
    "insufficient_evidence": "The plan data are insufficient to assess complexity.",
}
_NO_POPULATION = "No applicable reference population; complexity cannot be assessed."
_LACKING = "Required data are missing; complexity cannot be assessed."
_UNRELATED = "The files do not belong together; complexity cannot be assessed."
HEADLINES_BY_REASON: Final = {
    "site_not_in_reference": _NO_POPULATION,
    "fractions_not_in_reference": _NO_POPULATION,
    "structure_set_rejected": "The structure set is marked REJECTED; complexity cannot be assessed.",
    "no_gross_target": _LACKING,
    "no_planning_images": _LACKING,
    "images_of_another_patient": _UNRELATED,
    "images_not_linked": _UNRELATED,
    "planning_image_is_pet": _LACKING,
    "invalid_geometry": _LACKING,
}
"""Where there is insufficient evidence: what is in the way."""
SERVICE_LEVELS: Final = {"22": "22, increased procedural service", "11": "11, routine service"}
CLAIM: Final = {
    "eligible": "Eligible under payer policy",
    "not_eligible": "Not eligible under payer policy",
    "unknown": "Cannot be determined",
}
FAMILIES: Final = {
    "shape": "Contour shape",
    "topology": "Separate parts, holes and branching",
    "ambiguity": "Tumor margin visibility",
    "extent": "Target size",
    "adjacency": "Proximity to organs at risk",
    "fusion": "Image fusion",
    "image_sets": "Image sets",
    "imaging": "Image sets and fusion",
}
LEVELS: Final = {
    "typical": "within the routine range",
    "elevated": "above average",
    "high": "above the 97.5th percentile of routine plans",
    "not_measured": "not measured",
}
BASES: Final = {
    "measured": "measured",
    "published": "published",
    "model": "modeled",
    "convention": "convention",
}
"""What the reference of a factor is."""
FINDINGS_KEY: Final = (
    "Percentile: share of the reference that is less complex in that factor. Distribution: the reference of this "
    "plan's size and group, with this plan (red) and the routine range P5\u2013P95 (dark bar). Reference: measured "
    "(real contours of this size), published, modeled, or a convention."
)
REASONS: Final = {
    "structure_set_rejected": "The structure set is marked REJECTED and is not scored.",
    "no_gross_target": "No gross target (GTV or ITV) was found.",
    "no_planning_images": "The planning images are missing.",
    "images_of_another_patient": "The images belong to another patient.",
    "images_not_linked": "The structure set is not linked to any image.",
    "planning_image_is_pet": "The structures were contoured on a PET, not on a planning CT or MR.",
    "not_measured": "The scored metrics were not measured in this run.",
    "invalid_geometry": "The gross target has no measurable volume.",
    "site_not_in_reference": "The treated site is not the site of the reference.",
    "fractions_not_in_reference": "The reference has no plans with this number of fractions.",
    "unmeasured_families": "Some factors could not be measured and could change the result.",
    "below_reject_cutoff": "Fewer than two factor groups differ from routine plans.",
    "between_cutoffs": "Contour complexity is above average but below the threshold for unusual.",
    "no_anchor_above_reject_cutoff": "Only supporting factors differ from routine plans; the contours do not.",
    "no_anchor_above_support_cutoff": (
        "Only supporting factors are above the threshold for unusual; the contours are below it."
    ),
    "above_support_cutoff": "At least two factor groups are above the threshold for unusual.",
    "patient_stated_by_user": "The files have more than one Patient ID; that they are one patient's is user-supplied.",
    "profile_may_not_support": "The scoring profile in use is not calibrated and never supports.",
    "site_unknown": "The treated site is not documented.",
    "statement_contradicts_plan": "A user-supplied fact contradicts the RT Plan.",
    "fractions_unknown": "The number of fractions is not documented.",
    "volume_unknown": "The gross target volume is not known.",
    "gross_target_incomplete": "A planned target lies apart from every gross target; a gross target may be missing.",
    "stratum_unknown": "The number of fractions is not documented, and the result depends on it.",
    "volume_above_reference_fractions_unknown": (
        "The gross target is larger than in the reference, and the number of fractions is not documented."
    ),
    "volume_above_reference": "The gross target is larger than in the reference.",
    "not_robust": "The result changes if routine plans are slightly more complex than assumed.",
    "convention_alone": "The result would rest on the number of image sets, which has no measured reference.",
    "effect_too_small": "A factor group ranks high but differs little from a routine plan in absolute terms.",
    "cohort_disagrees": "The institutional comparison cohort and the reference lead to different results.",
    "stability_not_measured": "Stability under re-contouring was not measured.",
    "unstable": "The result changes under small variations of the contours.",
}
"""For the first page; the record has each reason with its numbers."""
READINESS: Final = {
    "procedure_note": "signed procedure note",
    "physician_statement": "physician's statement of medical rationale",
    "physician_minutes": "actual physician time",
    "typical_minutes": "typical time at this practice",
    "treated_site": "treated site",
    "fractions": "number of fractions",
    "delineated_by": "contouring physician",
    "reports_77261_77799": "whether the same physician reports CPT 77261\u201377799",
    "payer_rule": "payer",
    "global_period": "MPFS global days indicator",
    "approval_status": "structure set approval",
    "local_cohort": "institutional comparison cohort",
}
UNITS: Final = {"1": "", "cm2": "cm\u00b2", "cm3": "cm\u00b3", "mm2": "mm\u00b2", "mm3": "mm\u00b3"}
"""Units as printed where they differ from the record's."""
STATES: Final = {"met": "provided", "missing": "missing", "unknown": "not documented"}
EDIT_SOURCES: Final = {
    "same_set": "same structure set",
    "predecessor": "predecessor",
    "earlier_set": "earlier structure set",
}
EDIT_EXTENTS: Final = {
    "unchanged": "none",
    "within_tolerance": "within tolerance",
    "light": "light",
    "moderate": "moderate",
    "extensive": "extensive",
    "not_measured": "not measured",
}
ROLES: Final = {"planning": "planning image", "secondary": "secondary", "not_counted": "not counted"}
EVIDENCE_LEVELS: Final = {
    "present": "present, not linked",
    "same_frame": "same frame of reference",
    "registered": "registered",
    "referenced": "referenced by a structure set",
}
REGISTRATION_KINDS: Final = {
    "RIGID": "rigid",
    "RIGID_SCALE": "rigid with scale",
    "AFFINE": "affine",
    "DEFORMABLE": "deformable",
}
CONDITIONS: Final = {
    "tied": "Linked",
    "independent": "Independent",
    "aligned": "Registration holds",
    "covers": "Covers the target",
    "used": "Used",
}
"""The five that make a secondary image set count, in the order in which they are asked."""
CONDITIONS_KEY: Final = (
    "A secondary image set counts only if it meets all five conditions. Linked: a frame of reference or registration "
    "leads to it. Independent: no copy of another set. Used: the contours rest on it. Limits in parentheses."
)
CONDITION_QUANTITIES: Final = {
    "image_set.fine_structure_correlation": "noise r",
    "image_set.fine_structure_carried": "carried",
    "image_set.noise_carried": "noise carried",
    "image_set.noise_carried_part": "noise carried in part",
    "image_set.filter_displacement": "voxels displaced",
    "image_set.rank_correlation": "rank r",
    "image_set.nearest_better_shift": "offset",
    "image_set.target_covered": "of target",
    "image_set.uptake_dice": "Dice",
    "image_set.border_at_contour": "of contour",
}
"""What the number is that decides a condition of an image set."""
LINKS: Final = {
    "contour_image_sequence": "the contours' image references",
    "study_level_references": "the structure set's image references",
    "series_uid": "the series UID",
    "frame_of_reference": "the frame of reference",
    "none": "no reference",
}
DECIDED_BY: Final = {
    "alias": "user",
    "interpreted_type": "type",
    "observation_label": "label",
    "code": "code",
    "name": "name",
    "nothing": "nothing",
}
SEVERITIES: Final = {"error": "Error", "warning": "Warning", "info": "Note"}
STATED_BY: Final = {
    "rt_plan": "RT Plan",
    "user": "stated by the user",
    "claim": "stated in the claim information",
    "image": "planning image",
    "nobody": "not documented",
}
OPTIONS: Final = {
    "--profile": "Scoring profile",
    "--map": "ROI classes assigned by the user",
    "--structure-set": "Structure set chosen by the user",
    "--targets": "Targets taken from a supplied file",
    "--payer": "Payer",
    "--cms": "CMS fee schedule",
    "--cohort": "Institutional comparison cohort",
    "--quick": "Counts and volumes only",
    "--same-patient": "Patient IDs stated to be one patient",
}
"""Options that can change a result, as reports name them."""
ERROR_RATE: Final = "Estimated error rate"
DIFFICULTIES: Final = (
    "Tumor margin difficult to identify (atelectasis, effusion, fibrosis, prior treatment)",
    "Tumor invades or abuts a critical structure",
    "Multiple separate tumor components",
    "Respiratory motion assessed on 4D CT",
    "Discordant image sets that had to be reconciled",
    "Altered anatomy (surgery, device) or image artifact",
    "Other",
)
"""What a physician may check; nothing is checked in advance."""
FORM_NOTICE: Final = "Intentionally blank; to be completed by the physician. Not a procedure note."
IDENTIFIED: Final = "Contains PHI"
DEIDENTIFIED: Final = "De-identified: ROIs by class and number, UIDs keyed by the plan"
STOP: Final = "Payer policy excludes modifier 22 regardless of complexity. Verify the inputs."
PHYSICIAN, BILLING, PHYSICS = "Physician", "Billing team", "Planning or physics"
_EXPORT = (PHYSICS, "Export the structure set again with its planning images.")
_STATE_FRACTIONS = (PHYSICS, "Document the number of fractions.")
STEPS_BY_REASON: Final = {
    "structure_set_rejected": (PHYSICS, "Export the approved structure set."),
    "no_gross_target": (PHYSICS, "Identify the gross target among the structures and analyze again."),
    "no_planning_images": _EXPORT,
    "images_of_another_patient": _EXPORT,
    "images_not_linked": _EXPORT,
    "planning_image_is_pet": _EXPORT,
    "invalid_geometry": _EXPORT,
    "not_measured": (PHYSICS, "Run the full analysis."),
    "unmeasured_families": (PHYSICIAN, "Review without this report; it neither supports nor rules out unusual work."),
    "site_unknown": (PHYSICS, "Document the treated site."),
    "statement_contradicts_plan": (PHYSICS, "Resolve the contradiction with the RT Plan."),
    "gross_target_incomplete": (PHYSICS, "Verify that every gross target is exported and recognized."),
    "fractions_unknown": _STATE_FRACTIONS,
    "stratum_unknown": _STATE_FRACTIONS,
    "volume_above_reference_fractions_unknown": _STATE_FRACTIONS,
}
STEPS_BY_VERDICT: Final = {
    "supports": (
        (PHYSICIAN, "Complete and sign the procedure note: what was unusual and why, in your own words."),
        (BILLING, "File this report with the signed note; without it the report documents no service."),
    ),
    "rejects": ((BILLING, "Findings indicate routine work; this report does not support modifier 22."),),
    "indeterminate": (
        (PHYSICIAN, "Review the findings below; the plan data alone are inconclusive."),
        (BILLING, "Hold the claim until the physician's review; this report alone does not support modifier 22."),
    ),
    "insufficient_evidence": ((BILLING, "This result is not a determination either way."),),
}


def outcome_of(end: str) -> str:
    """Name a verdict, or why a plan has none, in a table of plans.

    Examples
    --------
    >>> outcome_of("indeterminate"), outcome_of("timed_out")
    ('Inconclusive', 'Timed out')
    """
    return told(OUTCOMES, end).capitalize()


def told(words: Mapping[str, str], key: str, otherwise: str | None = None) -> str:
    """Words for `key`; where there are none `otherwise`, else the key itself, readable.

    Examples
    --------
    >>> told(ROLES, "not_counted"), told(ROLES, "a_new_one")
    ('not counted', 'a new one')
    """
    return words.get(key, key.replace("_", " ") if otherwise is None else otherwise)
