"""Every sentence a verdict is explained with: templates, and how findings fill them.

Knows scores and the profile's words. Findings for and against use the same templates in the same detail; none says what
would change a score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.scoring.score import Level

if TYPE_CHECKING:
    from rtcomplexity.scoring.profile import JointReference
    from rtcomplexity.scoring.score import FactorScore, FamilyScore, Score

_COMPLEX = "a delineation substantially more complex than is typical of the reference"

HEADLINES: Final = {
    "supports": f"The plan files support {_COMPLEX}.",
    "rejects": f"The plan files do not support {_COMPLEX}.",
    "indeterminate": f"The plan files leave open whether this is {_COMPLEX}.",
    "insufficient_evidence": f"The plan files are not enough evidence to say whether this is {_COMPLEX}.",
}

REASONS: Final = {
    "structure_set_rejected": "The structure set is marked REJECTED; such a set is never scored.",
    "no_gross_target": "No gross target (GTV or ITV) with contours was found.",
    "no_planning_images": "The planning images are not among the files.",
    "images_of_another_patient": "The planning images are of another patient than the structure set.",
    "images_not_linked": "No reference in the structure set ties it to the planning images.",
    "not_measured": "The metrics that are scored were not measured in this run.",
    "invalid_geometry": "The gross target has no volume to score: {problem}.",
    "site_not_in_reference": "reference_not_applicable: the stated site is not thoracic, and the reference is.",
    "fractions_not_in_reference": "reference_not_applicable: no stratum of the reference covers {fractions} fractions.",
    "unmeasured_families": (
        "T is {t}, below the cutoff {c_reject}, but {families} could not be measured, and with the highest possible "
        "score there T would be {t_if_most}: the plan files neither show nor exclude it."
    ),
    "below_reject_cutoff": "T is {t}, below {c_reject}, the 75th percentile of T in the reference.",
    "between_cutoffs": (
        "T is {t}, between {c_reject} and {c_support}, the 75th and the 97.5th percentile of T in the reference."
    ),
    "above_support_cutoff": "T is {t}, not below {c_support}, the 97.5th percentile of T in the reference.",
    "profile_may_not_support": "This profile never returns supports.",
    "site_unknown": "Nobody stated the treated site, and the reference is thoracic.",
    "fractions_unknown": "Nobody stated the number of fractions.",
    "volume_unknown": "The gross target's volume is not known, so neither is whether the reference reaches it.",
    "stratum_unknown": "Nobody stated the number of fractions, and compared with {stratum} the verdict differs.",
    "volume_above_reference_fractions_unknown": (
        "Nobody stated the number of fractions, and the gross target of {volume} cm3 is larger than the {limit} cm3 "
        "that the reference ({stratum}) reaches."
    ),
    "volume_above_reference": (
        "The gross target of {volume} cm3 is larger than the {limit} cm3 that the reference ({stratum}) reaches."
    ),
    "not_robust": "With {stress}, T is {t}, below {c_support}.",
    "effect_too_small": (
        "{family} stands high in the reference, but no factor of it differs from the reference median by more than the "
        "profile's effect floor."
    ),
    "stability_not_measured": "The stability of the verdict was not measured.",
    "unstable": "Only a share of {share} of the replicates gave the same verdict, under {minimum}.",
}

FAMILY: Final = "{title}: {level}, percentile {score} of the reference{role}; {factors}."
FAMILY_UNMEASURED: Final = "{title}: could not be measured, so it adds nothing; {factors}."
FACTOR: Final = "{title} {value}, harder than {percentile} % of the reference{counted}"
FACTORS_UNMEASURED: Final = "not measured: {titles} ({reason})"
COUNTED: Final = " (by {basis}, counted as {counted})"
JOINS_ONLY: Final = " (it can join another family's finding, not carry one)"
WITHOUT_FAMILY: Final = "With {family} left out, T is {t}: {verdict}."
UNDER_STRESS: Final = "With {stress}, T is {t}: {verdict}."
NOT_CALIBRATED: Final = "The profile is not calibrated: how often a routine plan would be called unusual is not known."

VERDICT_WORDS: Final = {
    "supports": "the plan files support it",
    "rejects": "the plan files do not support it",
    "indeterminate": "indeterminate",
    "insufficient_evidence": "insufficient evidence",
}


def findings(score: Score) -> tuple[list[str], list[str]]:
    """Return a sentence for every family: those above typical, and the others."""
    is_above = {Level.ELEVATED, Level.HIGH}
    above = [family_sentence(family) for family in score.families if family.level in is_above]
    others = [family_sentence(family) for family in score.families if family.level not in is_above]
    return above, others


def family_sentence(family: FamilyScore) -> str:
    """Return what was found of one family, with every factor's own number."""
    factors = "; ".join([*_measured_phrases(family), *_unmeasured_phrases(family)])
    if not family.is_measurable:
        return FAMILY_UNMEASURED.format(title=family.title, factors=factors)
    role = "" if family.may_anchor else JOINS_ONLY
    return FAMILY.format(title=family.title, level=family.level, score=f"{family.score:g}", role=role, factors=factors)


def cutoff_numbers(score: Score, joint: JointReference) -> dict[str, str]:
    """Return the numbers that sentences about T use."""
    return {"t": f"{score.t:g}", "c_reject": f"{joint.c_reject:g}", "c_support": f"{joint.c_support:g}"}


def _measured_phrases(family: FamilyScore) -> list[str]:
    return [
        FACTOR.format(
            title=factor.title, value=_with_unit(factor), percentile=f"{factor.percentile:g}", counted=_cap(factor)
        )
        for factor in family.factors
        if factor.value is not None
    ]


def _with_unit(factor: FactorScore) -> str:
    return f"{factor.value:g}" if factor.unit == "1" else f"{factor.value:g} {factor.unit}"


def _cap(factor: FactorScore) -> str:
    if factor.counted_percentile == factor.percentile:
        return ""
    return COUNTED.format(basis=factor.basis, counted=f"{factor.counted_percentile:g}")


def _unmeasured_phrases(family: FamilyScore) -> list[str]:
    absent = [factor for factor in family.factors if factor.value is None]
    titles = {
        reason: ", ".join(factor.title for factor in absent if factor.reason == reason)
        for reason in dict.fromkeys(factor.reason for factor in absent)
    }
    return [FACTORS_UNMEASURED.format(titles=each, reason=reason) for reason, each in titles.items()]
