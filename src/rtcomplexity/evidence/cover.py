"""What a reader has to understand first: what may be done now, the answer, why, what is missing, who does what next.

Judges nothing and adds no fact: it picks the words that :mod:`rtcomplexity.evidence.words` has for the record's codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence import words
from rtcomplexity.evidence.words import told
from rtcomplexity.scoring.cohort import LEAST_PLANS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import FamilyRecord, Record, ScoreRecord, VerdictRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do next."""

    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """What documentation still needs from one party."""

    who: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The first page."""

    decision: str
    """What may be done now."""
    about: str
    """What is assessed, for whoever has never seen a plan."""
    question: str
    answer: str
    headline: str
    because: tuple[str, ...]
    decided_by: str
    """The deciding families and their levels; empty where nothing was scored."""
    unmeasured: str
    """The families that could not be measured; empty where all were."""
    stop: str
    """That the claim is not eligible, and why; said before anything else; else empty."""
    claim: str
    claim_text: str
    service_level: str
    missing: tuple[Supplied, ...]
    steps: tuple[Step, ...]
    options: tuple[str, ...]
    """What a person chose or stated; empty where everything is as by default."""
    local_plans: str
    """What the comparison with a local cohort came to; empty where none was given."""
    default_answer: str
    """The result without those inputs; empty where it is not known or there are none."""
    choices: tuple[str, ...] = ()
    """Where one of several files was taken and another could move the answer: which, and what the others are."""


CHOICES: Final = frozenset(
    {
        "several-plans",
        "several-structure-sets",
        "several-pet-sets",
        "registrations-disagree",
        "duplicate-slice-positions",
        "several-volumes-unnamed",
    }
)
"""Codes of issues that say which of several files was taken."""


def cover_of(record: Record) -> Cover:
    """Put the record's answer into words."""
    verdict = record.verdict
    is_out = verdict.claim == "not_eligible"
    return Cover(
        decision=words.DO_NOT_SUBMIT if is_out else words.DECISIONS[verdict.value],
        about=words.ABOUT,
        question=words.QUESTION,
        answer=words.ANSWERS[verdict.value],
        headline=headline(verdict),
        because=because(verdict),
        decided_by="" if verdict.value == "insufficient_evidence" else decided_by(record.score),
        unmeasured=unmeasured(record.score),
        stop=f"{words.CLAIM[verdict.claim]}: {verdict.claim_rule.text}" if is_out else "",
        claim=words.CLAIM[verdict.claim],
        claim_text=verdict.claim_rule.text,
        service_level="none" if verdict.service_level is None else words.SERVICE_LEVELS[verdict.service_level],
        missing=missing_by_supplier(record),
        steps=tuple(_steps(verdict)),
        options=tuple(_options(record)),
        local_plans="" if record.cohort is None else record.cohort.text,
        default_answer=_default_answer(record),
        choices=choices(record),
    )


def choices(record: Record) -> tuple[str, ...]:
    """Texts of the warnings that say which of several was taken."""
    found = (each for each in record.issues if each.code in CHOICES and each.severity != "info")
    return tuple(dict.fromkeys(each.text for each in found))


def headline(verdict: VerdictRecord) -> str:
    """Say the answer in one sentence; where there is none, what is in the way."""
    if verdict.value == "insufficient_evidence":
        by_reason = words.HEADLINES_BY_REASON
        blocked = (by_reason[each.code] for each in verdict.reasons if each.code in by_reason)
        return next(blocked, words.HEADLINES[verdict.value])
    return words.HEADLINES[verdict.value]


def because(verdict: VerdictRecord) -> tuple[str, ...]:
    """Say what decided, each reason once."""
    return tuple(dict.fromkeys(words.REASONS.get(reason.code, reason.text) for reason in verdict.reasons))


def decided_by(score: ScoreRecord) -> str:
    """Name the deciding families with their levels."""
    found = [f"{family_title(score, each)} ({words.LEVELS[_level(score, each)]})" for each in score.decided_by]
    return f"Deciding factors: {'; '.join(found)}." if found else ""


def unmeasured(score: ScoreRecord) -> str:
    """Name the families that could not be measured."""
    found = [family_title(score, family.id) for family in score.families if family.level == "not_measured"]
    return f"Not measured: {'; '.join(found)}." if found else ""


def family_title(score: ScoreRecord, family_id: str) -> str:
    """Title of a family or group: the report's own, else the profile's."""
    profiles = {each.id: each.title for each in score.groups} | {each.id: each.title for each in score.families}
    return told(words.FAMILIES, family_id, profiles.get(family_id))


def documents_matter(verdict: VerdictRecord) -> bool:
    """Whether further documents can still change what to do: not once the claim is excluded or not supported."""
    return verdict.claim != "not_eligible" and verdict.value != "rejects"


def missing_by_supplier(record: Record) -> tuple[Supplied, ...]:
    """List the outstanding documentation by who supplies it; nothing where no document can still matter."""
    if not documents_matter(record.verdict):
        return ()
    own = dict(_own_words(record))
    by_supplier: dict[str, list[str]] = {}
    for entry in record.verdict.readiness:
        if entry.state != "met":
            item = own.get(entry.item) or told(words.READINESS, entry.item)
            by_supplier.setdefault(entry.supplied_by, []).append(item)
    return tuple(Supplied(who=who.capitalize(), items=tuple(items)) for who, items in by_supplier.items())


def _own_words(record: Record) -> Iterator[tuple[str, str]]:
    """Items that are there in part, with what is there."""
    stated, cohort = record.stated_claim, record.cohort
    if stated is not None and stated.payer_name:
        yield "payer_rule", f"payer policy of {stated.payer_name} (confirm with the payer)"
    if cohort is not None and cohort.n is not None and cohort.n < LEAST_PLANS:
        yield "local_cohort", f"institutional comparison cohort ({cohort.n} of {LEAST_PLANS} plans)"


def error_rate(verdict: VerdictRecord) -> str:
    """Say how often a routine plan would be supported by mistake, and in which population."""
    rate = verdict.false_support_rate
    if rate.value is None:
        return f"{words.ERROR_RATE}: not known ({rate.reason})."
    share, upper = f"{100 * rate.value:.3g}%", f"{100 * rate.upper95:.3g}%"
    return (
        f"{words.ERROR_RATE}: {share} of {rate.n:,} routine plans supported in error (95% upper bound {upper}). "
        f"Population: {rate.population}."
    )


def _level(score: ScoreRecord, group_or_family: str) -> str:
    """Level of a family, or of the highest family of a group."""
    members = [each for each in score.families if group_or_family in {each.id, each.group}]
    highest: FamilyRecord | None = max(members, key=lambda family: family.score, default=None)
    return "not_measured" if highest is None else highest.level


def _steps(verdict: VerdictRecord) -> Iterator[Step]:
    """Say who does what next: what the answer asks for first, then what its reasons do, each once."""
    if verdict.claim == "not_eligible":
        yield Step(who=words.BILLING, what=words.STOP)
        return
    rows = [*words.STEPS_BY_VERDICT[verdict.value]]
    rows += [words.STEPS_BY_REASON[each.code] for each in verdict.reasons if each.code in words.STEPS_BY_REASON]
    for who, what in dict.fromkeys(rows):
        yield Step(who=who, what=what)


def _options(record: Record) -> Iterator[str]:
    facts = record.plan.facts
    for name, value in record.options.items():
        yield f"{told(words.OPTIONS, name, name.lstrip('-'))}: {value}"
    if facts.site_stated_by in {"user", "claim"}:
        yield f"Treated site: {facts.site.replace('_', '-')} ({words.STATED_BY[facts.site_stated_by]})"
    if facts.fractions_stated_by in {"user", "claim"}:
        yield f"Fractions: {facts.fractions} ({words.STATED_BY[facts.fractions_stated_by]})"
    if record.stated_claim is not None and record.stated_claim.global_period:
        yield f"MPFS global days indicator: {record.stated_claim.global_period} ({words.STATED_BY['claim']})"


def _default_answer(record: Record) -> str:
    default = record.default_verdict
    if default is None:
        return ""
    is_same = (default.value, default.claim) == (record.verdict.value, record.verdict.claim)
    return "unchanged" if is_same else f"{words.ANSWERS[default.value]}. {words.HEADLINES[default.value]}"
