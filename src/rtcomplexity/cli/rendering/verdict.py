"""The first thing a reader sees: verdict, claim, what decided, what is missing and who supplies it.

Renders the record's ``verdict`` and ``score``; judges nothing.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.values import decimal
from rtcomplexity.cli.rendering.wording import CLAIM_STATUS, HEADLINES, READINESS, SERVICE_LEVELS, SHORT_REASONS, told
from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import DefaultVerdict, Record, ScoreRecord, VerdictRecord


ABOUT_SCORE = frozenset({"below_reject_cutoff", "between_cutoffs", "above_support_cutoff"})
"""Reasons that say no more than where the score stands."""


def verdict_panel(record: Record) -> Panel:
    """Build the panel that answers before anything else is read."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in _facts(record):
        facts.add_row(label, Text(shown(text)))
    body = Table.grid()
    body.add_row(Text(headline(record.verdict), style="bold"))
    body.add_row("")
    body.add_row(facts)
    return Panel(body, title="Verdict", title_align="left", box=box.ROUNDED, border_style="cyan")


def headline(verdict: VerdictRecord) -> str:
    """Say the verdict in a plain sentence; where there is none, what stands in the way."""
    reasons = [told(SHORT_REASONS, reason.code, reason.text) for reason in verdict.reasons]
    is_open = verdict.value == "insufficient_evidence" and reasons
    return shown(f"Cannot be assessed: {' '.join(reasons)}" if is_open else HEADLINES[verdict.value])


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    verdict = record.verdict
    yield "Complexity", _complexity(verdict)
    yield "Claim", f"{told(CLAIM_STATUS, verdict.claim)}: {verdict.claim_rule.text}"
    if verdict.value != "insufficient_evidence":
        yield from _score_facts(record.score)
    if because := _because(verdict):
        yield "Because", " ".join(because)
    labels = chain(["Missing"], repeat(""))
    for supplier, items in missing_by_supplier(verdict).items():
        yield next(labels), f"from the {supplier}: {', '.join(items)}"
    if record.cohort is not None:
        yield "Local plans", record.cohort.text
    if options := _options(record):
        yield "Options", "; ".join(options)
    if record.default_verdict is not None:
        yield "Without them", _default(record.default_verdict, record.verdict)


def missing_by_supplier(verdict: VerdictRecord) -> dict[str, list[str]]:
    """Items that documentation still needs, by who supplies them."""
    by_supplier: dict[str, list[str]] = {}
    for entry in verdict.readiness:
        if entry.state != "met":
            by_supplier.setdefault(entry.supplied_by, []).append(told(READINESS, entry.item))
    return by_supplier


def _options(record: Record) -> list[str]:
    """What the user chose or stated, which the plan files do not say."""
    facts = record.plan.facts
    options = [f"{name} {value}" for name, value in record.options.items()]
    if facts.site_stated_by == "user":
        options.append(f"site {facts.site.replace('_', ' ')}, stated by the user")
    if facts.fractions_stated_by == "user":
        options.append(f"{facts.fractions} fractions, stated by the user")
    return options


def _default(default: DefaultVerdict, verdict: VerdictRecord) -> str:
    """The answer without the options, in the words of the headline where it is another one."""
    score = f" (score {decimal(default.t)} of 100)" if isinstance(default.t, float) else ""
    told = f"{default.value.replace('_', ' ')}{score}"
    return f"the same, {told}" if default.value == verdict.value else f"{told}. {HEADLINES[default.value]}"


def _score_facts(score: ScoreRecord) -> Iterator[tuple[str, str]]:
    if score.decided_by:
        yield "Decided by", _decided_by(score)
    if score.reference is not None and isinstance(score.t, float):
        reject, support = score.reference.c_reject, score.reference.c_support
        cutoffs = f"routine: under {decimal(reject)}; beyond it: {decimal(support)} or more"
        yield "Score", f"{decimal(score.t)} of 100 ({cutoffs})"


def _because(verdict: VerdictRecord) -> list[str]:
    """The reasons that neither the headline nor the score has told."""
    is_told = verdict.value == "insufficient_evidence"
    return [
        reason.text
        for reason in verdict.reasons
        if reason.code not in ABOUT_SCORE and not (is_told and reason.code not in SHORT_REASONS)
    ]


def _complexity(verdict: VerdictRecord) -> str:
    value = verdict.value.replace("_", " ")
    if verdict.service_level is None:
        return f"{value} (no service level)"
    return f"{value} (service level {SERVICE_LEVELS[verdict.service_level]})"


def _decided_by(score: ScoreRecord) -> str:
    scored = {family.id: (family.title, family.score) for family in score.families}
    scored |= {group.id: (group.title, group.score) for group in score.groups}
    return ", ".join(
        f"{title} ({decimal(value, 0)} of 100)" for title, value in (scored[each] for each in score.decided_by)
    )
