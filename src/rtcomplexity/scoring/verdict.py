"""From a score and the facts of a case to a verdict with its explanation.

Knows the decision rules (docs/scoring.md) and no files. Two axes stay apart: how complex the delineation is, and
whether the claim is eligible. :func:`assess` is the one entry; it is pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from rtcomplexity.scoring import sentences
from rtcomplexity.scoring.applicability import Reason, blocking_reasons, limiting_reasons, reason, stratum_of
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
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.rules import Question, VerdictValue, rule, settled
from rtcomplexity.scoring.score import Score, score_of
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.stress import stressed_profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from rtcomplexity.compare.edit import Edit
    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.scoring.cohort import BesideCohort, Comparison
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.profile import Calibration, Profile, Stratum
    from rtcomplexity.scoring.rules import Ruling
    from rtcomplexity.scoring.score_interval import ScoreInterval
    from rtcomplexity.scoring.site import TreatedSite


ServiceLevel: TypeAlias = Literal["22", "11"]
_SERVICE_LEVELS: dict[VerdictValue, ServiceLevel] = {VerdictValue.SUPPORTS: "22", VerdictValue.REJECTS: "11"}
_AGREES = {VerdictValue.SUPPORTS: Side.UNUSUAL, VerdictValue.REJECTS: Side.TYPICAL}
"""What a local cohort must show for a verdict to hold; the other verdicts need nothing."""


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
    """What the user stated of the claim."""
    warnings: tuple[Issue, ...] = ()
    """What is odd about that."""
    cohort: BesideCohort | None = None
    """The local cohort that was given."""
    comparison: Comparison | None = None
    """T among its plans; None where no cohort was given or nothing was scored."""
    interval: ScoreInterval | None = None
    """How well the score is known; None where that was not looked at. Decides nothing."""
    edits: tuple[Edit, ...] = ()
    """What targets were edited from, as far as the files show it. Never scored."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Question:
    """One plan as the decision rules see it, and the local cohort beside it."""

    gross_target: Mapping[str, Measurement]
    rules: Question
    cohort: BesideCohort | None = None

    @property
    def profile(self) -> Profile:
        return self.rules.profile

    @property
    def facts(self) -> CaseFacts:
        return self.rules.facts

    def changed(self, **changes: Any) -> _Question:  # noqa: ANN401 - any part of the rules' question
        return replace(self, rules=replace(self.rules, **changes))

    def compared(self) -> Comparison | None:
        """T among the cohort's plans, by the profile that scored these: a harder reference does not reach them."""
        if self.cohort is None:
            return None
        found = self.rules.standing(self.rules.ranked(self.cohort.profile))
        return self.cohort.compare(self.rules.stratum.id, found.t.item())


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
        Local plans compared in addition to the reference: where they disagree, the verdict is inconclusive.
    """
    stability = stability or Stability(share=None, reason=_why_no_stability(profile))
    blockers = blocking_reasons(facts, profile)
    stratum = stratum_of(facts, profile)
    if blockers or stratum is None:
        verdict = _verdict(VerdictValue.INSUFFICIENT_EVIDENCE, blockers, facts, profile, stability)
        return Outcome(facts=facts, stratum=stratum, score=None, verdict=verdict, cohort=cohort)
    return _scored_outcome(_question(gross_target, facts, profile, stratum, stability, cohort))


def values_if_stable(
    measured: Mapping[str, Measurement], facts: CaseFacts, profile: Profile, cohort: BesideCohort | None = None
) -> Callable[[Sequence[Mapping[str, Measurement]]], list[VerdictValue]] | None:
    """Return what gives the verdicts on redrawings of a case, stability apart; None where none is compared.

    `measured` are the measurements as drawn: by them a plan is known as one of the reference's own.
    """
    stratum = stratum_of(facts, profile)
    if blocking_reasons(facts, profile) or stratum is None:
        return None
    question = _question(measured, facts, profile, stratum, Stability(share=1.0), cohort)

    def values_of(redrawn: Sequence[Mapping[str, Measurement]]) -> list[VerdictValue]:
        plans = Plans.of(redrawn, redrawn_from=question.rules.plans)
        if cohort is None:
            return [VerdictValue(value) for value in rule(replace(question.rules, plans=plans)).values]
        each = (question.changed(plans=plans.chosen(np.array([n]))) for n in range(plans.count))
        return [_decide(one)[0] for one in each]

    return values_of


def values_settled(
    measured: Mapping[str, Measurement], facts: CaseFacts, profile: Profile, pending: Collection[str]
) -> Callable[[Sequence[Mapping[str, Measurement]]], list[str]]:
    """Return what gives the verdicts on redrawings that the pending factors cannot change, empty where they can.

    Parameters
    ----------
    measured, facts, profile
        As for :func:`values_if_stable`, which has to give verdicts on them; without a local cohort.
    pending
        Metric keys that the redrawings lack.
    """
    stratum = stratum_of(facts, profile)
    if stratum is None:
        return lambda redrawn: [""] * len(redrawn)
    rules = _question(measured, facts, profile, stratum, Stability(share=1.0), None).rules

    def settled_of(redrawn: Sequence[Mapping[str, Measurement]]) -> list[str]:
        plans = Plans.of(redrawn, redrawn_from=rules.plans)
        return [str(value) for value in settled(replace(rules, plans=plans), pending)]

    return settled_of


def _question(
    gross_target: Mapping[str, Measurement],
    facts: CaseFacts,
    profile: Profile,
    stratum: Stratum,
    stability: Stability,
    cohort: BesideCohort | None,
) -> _Question:
    rules = Question(
        plans=Plans.of([gross_target]),
        facts=facts,
        profile=profile,
        stratum=stratum,
        stability=stability,
        stresses=stressed_profiles(profile),
    )
    return _Question(gross_target=gross_target, rules=rules, cohort=cohort)


def with_claim(
    outcome: Outcome, stated: StatedClaim, case: Case | None = None, sites: Sequence[TreatedSite] | None = None
) -> Outcome:
    """Return the outcome with the claim axis, readiness and warnings from what the user stated, as of `sites`."""
    facts = outcome.facts
    readiness = readiness_of(facts, stated, outcome.comparison)
    verdict = replace(outcome.verdict, claim=claim_of(facts, stated), readiness=readiness)
    return replace(outcome, verdict=verdict, stated=stated, warnings=warnings_of(stated, facts, case, sites))


def _scored_outcome(question: _Question) -> Outcome:
    ruling, comparison = rule(question.rules), question.compared()
    found = _score(question, ruling)
    value, reasons = _decide(question, ruling)
    in_favor, against = _findings(question, found, reasons)
    verdict = _verdict(
        value,
        reasons,
        question.facts,
        question.profile,
        question.rules.stability,
        in_favor=in_favor,
        against=against,
        why_not=_why_not(question),
        comparison=comparison,
    )
    return Outcome(
        facts=question.facts,
        stratum=question.rules.stratum,
        score=found,
        verdict=verdict,
        cohort=question.cohort,
        comparison=comparison,
    )


def _score(question: _Question, ruling: Ruling) -> Score:
    rules = question.rules
    return score_of(rules.plans, ruling.families, ruling.found, question.gross_target, rules.profile, rules.stratum.id)


def _verdict(
    value: VerdictValue,
    reasons: tuple[Reason, ...],
    facts: CaseFacts,
    profile: Profile,
    stability: Stability,
    *,
    in_favor: list[str] | None = None,
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
        findings_for=tuple(in_favor or ()),
        findings_against=tuple(against or ()),
        why_not=why_not,
        stability=stability,
        calibration=profile.calibration,
        readiness=readiness_of(facts, cohort=comparison),
    )


def _decide(question: _Question, ruling: Ruling | None = None) -> tuple[VerdictValue, tuple[Reason, ...]]:
    """Decide by the reference; where a cohort that counts does not agree, leave it open. It never adds a support."""
    ruling = ruling or rule(question.rules)
    value, reasons = VerdictValue(ruling.values.item()), _reasons(question, ruling)
    comparison = question.compared() if value in _AGREES else None
    if comparison is None or not comparison.counts or comparison.side is _AGREES[value]:
        return value, reasons
    words = f"{comparison.side} (p = {comparison.p:.3g})"
    return VerdictValue.INDETERMINATE, (*reasons, reason("cohort_disagrees", n=comparison.n, verdict=words))


def _reasons(question: _Question, ruling: Ruling) -> tuple[Reason, ...]:
    """Put what decided the only plan of a ruling into words."""
    joint = question.rules.joint
    numbers = sentences.cutoff_numbers(ruling.found.t.item(), joint)
    if ruling.is_below.item():
        return _why_below(ruling, numbers)
    if not ruling.is_above.item():
        lacks_anchor = _lacks_an_anchor(ruling, joint.c_support)
        code = "no_anchor_above_support_cutoff" if lacks_anchor else "between_cutoffs"
        return (reason(code, **numbers),)
    return (reason("above_support_cutoff", **numbers), *_why_withheld(question, ruling))


def _why_below(ruling: Ruling, numbers: dict[str, str]) -> tuple[Reason, ...]:
    if ruling.may_hide.item():
        left_out = ruling.question.left_out
        names = [f.family.title for f in ruling.families if f.lacks_factors.item() and f.family.id not in left_out]
        t_if_most = f"{ruling.t_if_most.item():g}"
        return (reason("unmeasured_families", **numbers, families=", ".join(names), t_if_most=t_if_most),)
    lacks_anchor = _lacks_an_anchor(ruling, ruling.question.joint.c_reject)
    below = reason("no_anchor_above_reject_cutoff" if lacks_anchor else "below_reject_cutoff", **numbers)
    return (below, *(_instability(ruling) or _differing_strata(ruling, VerdictValue.REJECTS)))


def _lacks_an_anchor(ruling: Ruling, cutoff: float) -> bool:
    """Whether two groups reach a cutoff that T does not: then none of them may anchor."""
    groups = ruling.found.groups.values()
    return ruling.found.t.item() < cutoff and sum(scores.item() >= cutoff for scores in groups) > 1


def _why_withheld(question: _Question, ruling: Ruling) -> tuple[Reason, ...]:
    rules = question.rules
    c_support = f"{rules.joint.c_support:g}"
    by_id = {each.family.id: each.family.title for each in ruling.families}
    decided_by = [ruling.found.highest[group.item()].item() for group in (ruling.found.anchor, ruling.found.other)]
    withheld = (
        *limiting_reasons(question.facts, question.gross_target, question.profile, rules.stratum),
        *(
            reason("not_robust", stress=words, t=f"{t.item():g}", c_support=c_support)
            for words, t in ruling.under_stress
            if t.item() < rules.joint.c_support
        ),
        *(reason("effect_too_small", family=by_id[each]) for each in decided_by if ruling.too_small[each].item()),
        *_conventions_alone(ruling, c_support),
        *((reason("stability_not_measured"),) if ruling.lacks_stability else ()),
        *_instability(ruling),
    )
    return withheld or _differing_strata(ruling, VerdictValue.SUPPORTS)


def _conventions_alone(ruling: Ruling, c_support: str) -> tuple[Reason, ...]:
    """Whether T passes only by families whose whole reference is a convention: these may stand out, not support."""
    if not ruling.is_by_conventions.item():
        return ()
    names = ", ".join(each.family.title for each in ruling.families if each.is_by_convention)
    t = f"{ruling.without_conventions.item():g}"
    c_anchor = ruling.question.joint.c_anchor
    beside = "" if c_anchor is None else f", or with one other factor group from {c_anchor:g}"
    return (reason("convention_alone", families=names, t=t, c_support=c_support, beside=beside),)


def _differing_strata(ruling: Ruling, value: VerdictValue) -> tuple[Reason, ...]:
    """Which further strata the case may belong to would give another verdict."""
    return tuple(
        reason("stratum_unknown", stratum=other.title) for other, found in ruling.others if found.item() != value
    )


def _instability(ruling: Ruling) -> tuple[Reason, ...]:
    share, minimum = ruling.question.stability.share, ruling.question.profile.rules.stability_minimum
    if share is None or not ruling.is_unstable:
        return ()
    return (reason("unstable", share=f"{100 * share:.3g}", minimum=f"{100 * minimum:.3g}"),)


def _findings(question: _Question, found: Score, reasons: tuple[Reason, ...]) -> tuple[list[str], list[str]]:
    in_favor, against = sentences.findings(found)
    joint = question.rules.joint
    about_t = [each.text for each in reasons if each.code not in {"cohort_disagrees", "unmeasured_families"}]
    from_cohort = [each.text for each in reasons if each.code == "cohort_disagrees"]
    limits = limiting_reasons(question.facts, question.gross_target, question.profile, question.rules.stratum)
    if found.t >= joint.c_support:
        in_favor.insert(0, about_t.pop(0))
        against = [*from_cohort, *against]
    else:
        in_favor += from_cohort
    against = [*about_t, *against, *(limit.text for limit in limits)]
    if question.facts.contradicts_image:
        against.append(sentences.NOT_AS_THE_IMAGE)
    if question.profile.calibration is None:
        against.append(sentences.NOT_CALIBRATED)
    if question.profile.comparison:
        against.insert(0, question.profile.comparison)
    return in_favor, list(dict.fromkeys(against))


def _why_not(question: _Question) -> tuple[Counterfactual, ...]:
    left_out = [
        _counterfactual(
            question.changed(left_out=frozenset({family.id})),
            f"without:{family.id}",
            sentences.WITHOUT_FAMILY,
            family=family.title,
        )
        for family in question.profile.families
    ]
    stresses = [
        _counterfactual(
            question.changed(profile=harder, stresses=()),
            f"stress:{number}",
            sentences.UNDER_STRESS,
            stress=words,
        )
        for number, (words, harder) in enumerate(question.rules.stresses, start=1)
    ]
    return (*left_out, *stresses)


def _counterfactual(question: _Question, change: str, template: str, **words: str) -> Counterfactual:
    ruling = rule(question.rules)
    t = ruling.found.t.item()
    value, _ = _decide(question, ruling)
    text = template.format(**words, t=f"{t:g}", verdict=sentences.VERDICT_WORDS[value])
    return Counterfactual(change=change, t=t, value=value, text=text)


def _why_no_stability(profile: Profile) -> str:
    return "not measured: the profile is not calibrated" if profile.calibration is None else "not measured in this run"
