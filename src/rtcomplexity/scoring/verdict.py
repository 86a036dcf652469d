"""From a score and the facts of a case to a verdict with its explanation.

Knows SCORING's decision rules; knows nothing of files. Two axes stay apart: how complex the delineation is, and whether
the claim is eligible. :func:`assess` is the one entry; it is pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from rtcomplexity.scoring import sentences
from rtcomplexity.scoring.applicability import (
    Reason,
    blocking_reasons,
    limiting_reasons,
    other_strata,
    reason,
    stratum_of,
)
from rtcomplexity.scoring.claim import (
    NOTHING_STATED,
    Claim,
    ReadinessItem,
    StatedClaim,
    claim_of,
    readiness_of,
    warnings_of,
)
from rtcomplexity.scoring.cohort import Side
from rtcomplexity.scoring.score import Score, score
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.stress import stressed_profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.scoring.cohort import BesideCohort, Comparison
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.profile import Calibration, Profile, Stratum


class VerdictValue(StrEnum):
    """The complexity axis."""

    SUPPORTS = "supports"
    REJECTS = "rejects"
    INDETERMINATE = "indeterminate"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"


ServiceLevel: TypeAlias = Literal["22", "11"]
_SERVICE_LEVELS: dict[VerdictValue, ServiceLevel] = {VerdictValue.SUPPORTS: "22", VerdictValue.REJECTS: "11"}
_AGREES = {VerdictValue.SUPPORTS: Side.UNUSUAL, VerdictValue.REJECTS: Side.TYPICAL}
"""What a local cohort has to say for a verdict to stand; the other verdicts need nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """The verdict under one change that makes a support harder."""

    change: str
    """``without:<family>`` or ``stress:<number>``."""
    t: float
    value: VerdictValue
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, on two axes, with everything that speaks for and against it."""

    value: VerdictValue
    text: str
    reasons: tuple[Reason, ...]
    """What decided the value."""
    claim: Claim
    service_level: ServiceLevel | None
    """The source table's word: 22 for supports, 11 for rejects."""
    findings_for: tuple[str, ...]
    findings_against: tuple[str, ...]
    why_not: tuple[Counterfactual, ...]
    stability: Stability
    calibration: Calibration | None
    """None: no false-support rate is known."""
    readiness: tuple[ReadinessItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What scoring says of a case."""

    facts: CaseFacts
    stratum: Stratum | None
    score: Score | None
    """None where the reference does not apply or nothing could be compared: `verdict.reasons` say why."""
    verdict: Verdict
    stated: StatedClaim = NOTHING_STATED
    """What a person stated of the claim."""
    warnings: tuple[Issue, ...] = ()
    """What is odd about that."""
    cohort: BesideCohort | None = None
    """The local cohort that was given."""
    comparison: Comparison | None = None
    """T among its plans; None where no cohort was given or nothing was scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The case as the decision rules see it; counterfactuals ask it again with one part changed."""

    gross_target: Mapping[str, Measurement]
    facts: CaseFacts
    profile: Profile
    stratum: Stratum
    stability: Stability
    stresses: tuple[tuple[str, Profile], ...]
    """The harder references under which a support must stand too, with their words."""
    left_out: frozenset[str] = frozenset()
    """Families whose score counts as 0."""
    is_other_stratum: bool = False
    """Whether `stratum` is asked for only to see if the verdict holds there too."""
    cohort: BesideCohort | None = None

    def score(self, profile: Profile | None = None, instead: Mapping[str, float] | None = None) -> Score:
        replaced = {**(instead or {}), **dict.fromkeys(self.left_out, 0.0)}
        return score(self.gross_target, profile or self.profile, self.stratum.id, instead=replaced)

    def compared(self) -> Comparison | None:
        """T among the cohort's plans, by the profile that scored these: a harder reference does not reach them."""
        if self.cohort is None:
            return None
        return self.cohort.compare(self.stratum.id, self.score(self.cohort.profile).t)


def assess(
    gross_target: Mapping[str, Measurement],
    facts: CaseFacts,
    profile: Profile,
    *,
    stability: Stability | None = None,
    cohort: BesideCohort | None = None,
) -> Outcome:
    """Score the gross target and say whether that supports a substantially greater complexity.

    Parameters
    ----------
    gross_target
        The scored measurements of the union of the gross targets, by metric key.
    facts
        What is known of the case besides.
    profile
        The reference and the rules.
    stability
        Share of replicates with the same verdict, where it was measured.
    cohort
        Local plans that stand beside the reference: where they disagree, the verdict is left open.
    """
    stability = stability or Stability.not_measured(_why_no_stability(profile))
    blockers = blocking_reasons(facts, profile)
    stratum = stratum_of(facts, profile)
    if blockers or stratum is None:
        verdict = _verdict(VerdictValue.INSUFFICIENT_EVIDENCE, blockers, facts, profile, stability)
        return Outcome(facts=facts, stratum=stratum, score=None, verdict=verdict, cohort=cohort)
    return _scored_outcome(replace(_question(gross_target, facts, profile, stratum, stability), cohort=cohort))


def value_if_stable(
    facts: CaseFacts, profile: Profile, cohort: BesideCohort | None = None
) -> Callable[[Mapping[str, Measurement]], VerdictValue] | None:
    """Return what gives the verdict on measurements of the same case, stability apart; None where none is compared."""
    stratum = stratum_of(facts, profile)
    if blocking_reasons(facts, profile) or stratum is None:
        return None
    question = replace(_question({}, facts, profile, stratum, Stability(share=1.0)), cohort=cohort)
    return lambda gross_target: _decide(replace(question, gross_target=gross_target))[0]


def _question(
    gross_target: Mapping[str, Measurement], facts: CaseFacts, profile: Profile, stratum: Stratum, stability: Stability
) -> _Question:
    return _Question(
        gross_target=gross_target,
        facts=facts,
        profile=profile,
        stratum=stratum,
        stability=stability,
        stresses=stressed_profiles(profile),
    )


def with_claim(outcome: Outcome, stated: StatedClaim, case: Case | None = None) -> Outcome:
    """Return the outcome with the claim axis, readiness and warnings of what a person stated; the rest is unchanged."""
    facts = outcome.facts
    readiness = readiness_of(facts, stated, outcome.comparison)
    verdict = replace(outcome.verdict, claim=claim_of(facts, stated), readiness=readiness)
    return replace(outcome, verdict=verdict, stated=stated, warnings=warnings_of(stated, facts, case))


def _scored_outcome(question: _Question) -> Outcome:
    found, comparison = question.score(), question.compared()
    value, reasons = _decide(question)
    in_favour, against = _findings(question, found, reasons)
    verdict = _verdict(
        value,
        reasons,
        question.facts,
        question.profile,
        question.stability,
        in_favour=in_favour,
        against=against,
        why_not=_why_not(question),
        comparison=comparison,
    )
    return Outcome(
        facts=question.facts,
        stratum=question.stratum,
        score=found,
        verdict=verdict,
        cohort=question.cohort,
        comparison=comparison,
    )


def _verdict(
    value: VerdictValue,
    reasons: tuple[Reason, ...],
    facts: CaseFacts,
    profile: Profile,
    stability: Stability,
    *,
    in_favour: list[str] | None = None,
    against: list[str] | None = None,
    why_not: tuple[Counterfactual, ...] = (),
    comparison: Comparison | None = None,
) -> Verdict:
    return Verdict(
        value=value,
        text=sentences.HEADLINES[value],
        reasons=reasons,
        claim=claim_of(facts),
        service_level=_SERVICE_LEVELS.get(value),
        findings_for=tuple(in_favour or ()),
        findings_against=tuple(against or ()),
        why_not=why_not,
        stability=stability,
        calibration=profile.calibration,
        readiness=readiness_of(facts, cohort=comparison),
    )


def _decide(question: _Question) -> tuple[VerdictValue, tuple[Reason, ...]]:
    """Decide by the reference; where a cohort that counts does not agree, leave it open. It never adds a support."""
    value, reasons = _decide_by_reference(question)
    comparison = question.compared() if value in _AGREES else None
    if comparison is None or not comparison.counts or comparison.side is _AGREES[value]:
        return value, reasons
    words = f"{comparison.side} (p = {comparison.p:.3g})"
    return VerdictValue.INDETERMINATE, (*reasons, reason("cohort_disagrees", n=comparison.n, verdict=words))


def _decide_by_reference(question: _Question) -> tuple[VerdictValue, tuple[Reason, ...]]:
    found = question.score()
    joint = question.profile.joint(question.stratum.id)
    numbers = sentences.cutoff_numbers(found, joint)
    if found.t < joint.c_reject:
        return _below_the_reject_cutoff(question, found, numbers)
    if found.t < joint.c_support:
        lacks_anchor = _lacks_an_anchor(found, joint.c_support)
        code = "no_anchor_above_support_cutoff" if lacks_anchor else "between_cutoffs"
        return VerdictValue.INDETERMINATE, (reason(code, **numbers),)
    above = reason("above_support_cutoff", **numbers)
    withheld = _why_withheld(question, found)
    value = VerdictValue.INDETERMINATE if withheld else VerdictValue.SUPPORTS
    return value, (above, *withheld)


def _below_the_reject_cutoff(
    question: _Question, found: Score, numbers: dict[str, str]
) -> tuple[VerdictValue, tuple[Reason, ...]]:
    doubtful = [f for f in found.families if f.lacks_factors and f.id not in question.left_out]
    t_if_most = question.score(instead={family.id: family.doubtful_score for family in doubtful}).t
    c_reject = question.profile.joint(question.stratum.id).c_reject
    if t_if_most >= c_reject:
        names = ", ".join(family.title for family in doubtful)
        hidden = reason("unmeasured_families", **numbers, families=names, t_if_most=f"{t_if_most:g}")
        return VerdictValue.INSUFFICIENT_EVIDENCE, (hidden,)
    lacks_anchor = _lacks_an_anchor(found, c_reject)
    below = reason("no_anchor_above_reject_cutoff" if lacks_anchor else "below_reject_cutoff", **numbers)
    open_yet = _instability(question) or _differing_strata(question, VerdictValue.REJECTS)
    return VerdictValue.INDETERMINATE if open_yet else VerdictValue.REJECTS, (below, *open_yet)


def _lacks_an_anchor(found: Score, cutoff: float) -> bool:
    """Whether two groups reach a cutoff that T does not: then none of them may anchor."""
    return found.t < cutoff and sum(group.score >= cutoff for group in found.groups) > 1


def _why_withheld(question: _Question, found: Score) -> tuple[Reason, ...]:
    limits = limiting_reasons(question.facts, question.gross_target, question.profile, question.stratum)
    small = tuple(
        reason("effect_too_small", family=found.family(family_id).title)
        for family_id in found.decided_by
        if not found.family(family_id).exceeds_effect_floor
    )
    withheld = (
        *limits,
        *_failed_stresses(question),
        *small,
        *_conventions_alone(question, found),
        *_missing_stability(question),
        *_instability(question),
    )
    return withheld or _differing_strata(question, VerdictValue.SUPPORTS)


def _conventions_alone(question: _Question, found: Score) -> tuple[Reason, ...]:
    """Whether T passes only by families whose whole reference is a convention: these may stand out, not support."""
    conventions = [family for family in found.families if family.is_by_convention]
    joint = question.profile.joint(question.stratum.id)
    t = question.score(instead={family.id: 0.0 for family in conventions}).t
    if t >= joint.c_support:
        return ()
    names = ", ".join(family.title for family in conventions)
    return (reason("convention_alone", families=names, t=f"{t:g}", c_support=f"{joint.c_support:g}"),)


def _differing_strata(question: _Question, value: VerdictValue) -> tuple[Reason, ...]:
    """Which further strata the case may belong to would give another verdict."""
    if question.is_other_stratum:
        return ()
    others = other_strata(question.facts, question.profile, question.stratum)
    return tuple(
        reason("stratum_unknown", stratum=other.title)
        for other in others
        if _decide(replace(question, stratum=other, is_other_stratum=True))[0] is not value
    )


def _failed_stresses(question: _Question) -> tuple[Reason, ...]:
    joint = question.profile.joint(question.stratum.id)
    scores = [(words, question.score(harder)) for words, harder in question.stresses]
    return tuple(
        reason("not_robust", stress=words, t=f"{under.t:g}", c_support=f"{joint.c_support:g}")
        for words, under in scores
        if under.t < joint.c_support
    )


def _missing_stability(question: _Question) -> tuple[Reason, ...]:
    is_needed = "stability" in question.profile.rules.supports_needs
    return (reason("stability_not_measured"),) if is_needed and question.stability.share is None else ()


def _instability(question: _Question) -> tuple[Reason, ...]:
    share, minimum = question.stability.share, question.profile.rules.stability_minimum
    if share is None or share >= minimum:
        return ()
    return (reason("unstable", share=f"{share:g}", minimum=f"{minimum:g}"),)


def _findings(question: _Question, found: Score, reasons: tuple[Reason, ...]) -> tuple[list[str], list[str]]:
    in_favour, against = sentences.findings(found)
    joint = question.profile.joint(question.stratum.id)
    about_t = [each.text for each in reasons if each.code not in {"cohort_disagrees", "unmeasured_families"}]
    from_cohort = [each.text for each in reasons if each.code == "cohort_disagrees"]
    limits = limiting_reasons(question.facts, question.gross_target, question.profile, question.stratum)
    if found.t >= joint.c_support:
        in_favour.insert(0, about_t.pop(0))
        against = [*from_cohort, *against]
    else:
        in_favour += from_cohort
    against = [*about_t, *against, *(limit.text for limit in limits)]
    if question.facts.contradicts_image:
        against.append(sentences.NOT_AS_THE_IMAGE)
    if question.profile.calibration is None:
        against.append(sentences.NOT_CALIBRATED)
    return in_favour, list(dict.fromkeys(against))


def _why_not(question: _Question) -> tuple[Counterfactual, ...]:
    left_out = [
        _counterfactual(
            replace(question, left_out=frozenset({family.id})),
            f"without:{family.id}",
            sentences.WITHOUT_FAMILY,
            family=family.title,
        )
        for family in question.profile.families
    ]
    stresses = [
        _counterfactual(
            replace(question, profile=harder, stresses=()),
            f"stress:{number}",
            sentences.UNDER_STRESS,
            stress=words,
        )
        for number, (words, harder) in enumerate(question.stresses, start=1)
    ]
    return (*left_out, *stresses)


def _counterfactual(question: _Question, change: str, template: str, **words: str) -> Counterfactual:
    t = question.score().t
    value, _ = _decide(question)
    text = template.format(**words, t=f"{t:g}", verdict=sentences.VERDICT_WORDS[value])
    return Counterfactual(change=change, t=t, value=value, text=text)


def _why_no_stability(profile: Profile) -> str:
    return "not measured by the interim profile" if profile.calibration is None else "not measured in this run"
