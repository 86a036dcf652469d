"""Every sentence a verdict is explained with: templates, and how findings fill them.

Knows scores and the profile's words. A plain statement comes first, its numbers after it. Findings for and against
use the same templates; none says what would change a score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.scoring.score import Level

if TYPE_CHECKING:
    from rtcomplexity.scoring.profile import JointReference
    from rtcomplexity.scoring.score import FactorScore, FamilyScore, Score

_COMPLEX = "a delineation substantially more complex than typical of the reference"

HEADLINES: Final = {
    "supports": f"The plan data support {_COMPLEX}.",
    "rejects": f"The plan data do not support {_COMPLEX}.",
    "indeterminate": f"The plan data neither support nor rule out {_COMPLEX}.",
    "insufficient_evidence": f"The plan data are insufficient to assess whether this is {_COMPLEX}.",
}

REASONS: Final = {
    "structure_set_rejected": "The structure set is marked REJECTED; such a set is never scored.",
    "no_gross_target": "No gross target (GTV or ITV) with contours was found.",
    "no_planning_images": "The planning images are missing.",
    "images_of_another_patient": "The planning images belong to another patient than the structure set.",
    "images_not_linked": "No reference links the structure set to the planning images.",
    "planning_image_is_pet": (
        "The structures were contoured on a PET: there is no planning CT or MR to compare with the reference."
    ),
    "not_measured": "The metrics that are scored were not measured in this run.",
    "invalid_geometry": "The gross target has no volume to score: {problem}.",
    "site_not_in_reference": ("The reference is {site} only; the treated site is another one ({stated_by})."),
    "fractions_not_in_reference": ("The reference holds no plans of {fractions} fractions."),
    "unmeasured_families": (
        "Factors that could not be measured could change the result: {families} (deciding score {t}, routine below "
        "{c_reject}; up to {t_if_most} with them)."
    ),
    "below_reject_cutoff": (
        "Fewer than two factor groups differ from routine plans (deciding score {t}, routine below {c_reject})."
    ),
    "between_cutoffs": (
        "Complexity is above average but below the threshold for unusual (deciding score {t}, routine below "
        "{c_reject}, unusual from {c_support})."
    ),
    "no_anchor_above_reject_cutoff": (
        "Two or more factor groups differ from routine plans, but all are supporting factors only (deciding score {t}, "
        "routine below {c_reject})."
    ),
    "no_anchor_above_support_cutoff": (
        "Two or more factor groups are above the threshold for unusual, but all are supporting factors only (deciding "
        "score {t}, routine below {c_reject}, unusual from {c_support})."
    ),
    "above_support_cutoff": (
        "Two factor groups are above the threshold for unusual (deciding score {t}, unusual from {c_support})."
    ),
    "profile_may_not_support": "This profile never returns supports.",
    "site_unknown": "The treated site is not documented (site of the reference: {site}).",
    "statement_contradicts_plan": "User-supplied information contradicts the RT Plan: {what}.",
    "patient_stated_by_user": (
        "The files have more than one Patient ID. That they belong to one patient is user-supplied; a finding of "
        "unusual complexity cannot rest on it."
    ),
    "fractions_unknown": "The number of fractions is not documented.",
    "volume_unknown": "The gross target volume is not known, so it cannot be compared with the reference's range.",
    "gross_target_incomplete": (
        "A planned target (ROI number {apart}) lies apart from every gross target that is scored: one may be missing."
    ),
    "stratum_unknown": "The number of fractions is not documented, and compared with {stratum} the verdict differs.",
    "volume_above_reference_fractions_unknown": (
        "The number of fractions is not documented, and the gross target of {volume} cm3 exceeds the {limit} cm3 "
        "maximum of the reference ({stratum})."
    ),
    "volume_above_reference": (
        "The gross target of {volume} cm3 exceeds the {limit} cm3 maximum of the reference ({stratum})."
    ),
    "not_robust": (
        "The result changes if routine plans are more complex than assumed: with {stress} the deciding score is {t}, "
        "below {c_support}."
    ),
    "convention_alone": (
        "The result would rest on {families}, whose reference is a convention, not a measurement: without them the "
        "deciding score is {t}; unusual is from {c_support}{beside}."
    ),
    "effect_too_small": (
        "{family} ranks high in the reference, but no factor of it differs from the reference median by more than the "
        "profile's minimum effect."
    ),
    "stability_not_measured": "Stability of the verdict under re-contouring was not measured.",
    "unstable": (
        "The verdict is not stable: it is the same in {share}% of the simulated re-contours; {minimum}% are required."
    ),
    "cohort_disagrees": "The institutional cohort disagrees: among its {n} plans, the plan is {verdict}.",
}

LEVEL_WORDS: Final = {
    Level.HIGH: "above the 97.5th percentile of routine plans",
    Level.ELEVATED: "above average",
    Level.TYPICAL: "within the routine range",
}
FAMILY: Final = "{title}: {level} (more complex than {score}% of reference plans){role}. {factors}."
FAMILY_UNMEASURED: Final = "{title}: could not be measured, so it adds nothing ({reason})."
FACTOR: Final = "{title} {value}, more complex than {percentile}%{counted}"
MOST_FACTORS: Final = 2
"""A sentence names this many; the rest is in the table of factors."""
COUNTED: Final = " (set by {basis}, counted as {counted})"
JOINS_ONLY: Final = "; supporting factor only"
WITHOUT_FAMILY: Final = "Without {family}: {verdict} (deciding score {t})."
UNDER_STRESS: Final = "With {stress}: {verdict} (deciding score {t})."
NOT_AS_THE_IMAGE: Final = "The user-supplied site contradicts the planning image's Body Part Examined."
NOT_CALIBRATED: Final = "The profile is not calibrated: its error rate is not known."

VERDICT_WORDS: Final = {
    "supports": "supported",
    "rejects": "not supported",
    "indeterminate": "inconclusive",
    "insufficient_evidence": "insufficient evidence",
}


def findings(score: Score) -> tuple[list[str], list[str]]:
    """Return a sentence for every family above typical, and one for every typical one.

    A family without a measured factor speaks neither for nor against: its level says that it was not measured.
    """
    above = [family_sentence(family) for family in score.families if family.level in {Level.ELEVATED, Level.HIGH}]
    typical = [family_sentence(family) for family in score.families if family.level is Level.TYPICAL]
    return above, typical


def family_sentence(family: FamilyScore) -> str:
    """Describe a family briefly, with the factors that show it most, or why it could not be measured."""
    if not family.is_measurable:
        reasons = dict.fromkeys(factor.reason for factor in family.factors if factor.reason is not None)
        return FAMILY_UNMEASURED.format(title=family.title, reason="; ".join(reasons))
    is_typical = family.level is Level.TYPICAL
    level, number = LEVEL_WORDS[family.level], f"{family.score:.3g}"
    role = "" if family.may_anchor or is_typical else JOINS_ONLY
    shown = _lowest(family) if is_typical else _highest(family)
    factors = capitalized("; ".join(_within_a_sentence(_factor_phrase(factor)) for factor in shown))
    return FAMILY.format(title=family.title, level=level, score=number, role=role, factors=factors)


def cutoff_numbers(t: float, joint: JointReference) -> dict[str, str]:
    """Return the numbers that sentences about the deciding score use."""
    return {"t": f"{t:g}", "c_reject": f"{joint.c_reject:g}", "c_support": f"{joint.c_support:g}"}


def _highest(family: FamilyScore) -> list[FactorScore]:
    measured = [factor for factor in family.factors if factor.value is not None and factor.excess > 0]
    return sorted(measured, key=lambda factor: -factor.excess)[:MOST_FACTORS]


def _lowest(family: FamilyScore) -> list[FactorScore]:
    measured = [factor for factor in family.factors if factor.counted_percentile is not None]
    return sorted(measured, key=lambda factor: factor.counted_percentile or 0.0)[:MOST_FACTORS]


def _factor_phrase(factor: FactorScore) -> str:
    value = f"{factor.value:g}" if factor.unit == "1" else f"{factor.value:g} {factor.unit}"
    return FACTOR.format(title=factor.title, value=value, percentile=f"{factor.percentile:g}", counted=_cap(factor))


def capitalized(text: str) -> str:
    """Begin as a sentence does."""
    return text[:1].upper() + text[1:]


def _within_a_sentence(text: str) -> str:
    """Begin in small letters, but for an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _cap(factor: FactorScore) -> str:
    if factor.counted_percentile == factor.percentile:
        return ""
    return COUNTED.format(basis=factor.basis, counted=f"{factor.counted_percentile:g}")
