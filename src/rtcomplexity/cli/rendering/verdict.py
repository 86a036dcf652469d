"""The first thing a reader sees: verdict, claim, why, what to do next, what is missing and who supplies it.

Lays out what :mod:`rtcomplexity.evidence.telling` says, in the words of the reports; judges nothing.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.prose import Prose
from rtcomplexity.cli.rendering.values import decimal
from rtcomplexity.evidence.formats.numbers import decimals_for
from rtcomplexity.evidence.telling import HEADLINES, SERVICE_LEVELS, cover_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.record import DefaultVerdict, Record, ScoreRecord, VerdictRecord
    from rtcomplexity.evidence.telling import Cover


def verdict_panel(record: Record) -> Panel:
    """Build the panel that answers before anything else is read."""
    cover = cover_of(record)
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in _facts(record, cover):
        facts.add_row(label, Prose(text))
    body = Table.grid()
    if cover.stop:
        body.add_row(Text(cover.stop, style="bold"))
    body.add_row(Text(cover.headline, style="bold"))
    body.add_row(Text(cover.about, style="dim"))
    body.add_row("")
    body.add_row(facts)
    title = f"Verdict: {cover.answer.lower()}"
    return Panel(body, title=title, title_align="left", box=box.ROUNDED, border_style="cyan")


def _facts(record: Record, cover: Cover) -> Iterator[tuple[str, str]]:
    yield "Complexity", _complexity(record.verdict)
    yield from _score_facts(record.score)
    if not cover.stop:
        yield "Claim", f"{cover.claim}. {cover.claim_text}"
    yield from _listed("Options", ["; ".join(cover.options)])
    if record.default_verdict is not None:
        yield "Without them", _default(record.default_verdict, record.verdict)
    yield from _listed("Choices", cover.choices)
    yield from _listed("Why", [" ".join(cover.because), cover.decided_by, cover.unmeasured])
    yield from _listed("Next", [f"{step.who}: {step.what}" for step in cover.steps])
    yield from _listed("Missing", [f"{each.who}: {', '.join(each.items)}" for each in cover.missing])
    yield from _listed("Local plans", [cover.local_plans])


def _listed(label: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Put the label beside the first text that is not empty."""
    yield from zip(chain([label], repeat("")), filter(None, texts), strict=False)


def _default(default: DefaultVerdict, verdict: VerdictRecord) -> str:
    """The answer without the options, in the words of the headline where it is another one."""
    score = f" (score {decimal(default.t)} of 100)" if isinstance(default.t, float) else ""
    told = f"{default.value.replace('_', ' ')}{score}"
    return f"the same, {told}" if default.value == verdict.value else f"{told}. {HEADLINES[default.value]}"


def _score_facts(score: ScoreRecord) -> Iterator[tuple[str, str]]:
    if score.reference is not None and isinstance(score.t, float):
        numbers = score.t, score.reference.c_reject, score.reference.c_support
        t, reject, support = (decimal(each, decimals_for(numbers)) for each in numbers)
        yield "Score", f"{t} of 100 (routine: under {reject}; beyond it: {support} or more)"


def _complexity(verdict: VerdictRecord) -> str:
    value = verdict.value.replace("_", " ")
    if verdict.service_level is None:
        return f"{value} (no service level)"
    return f"{value} (service level {SERVICE_LEVELS[verdict.service_level]})"
