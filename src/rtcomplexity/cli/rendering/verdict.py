"""The first thing a reader sees: decision, verdict, score, claim rule, why, next steps, outstanding documentation.

Lays out the cover of the :class:`~rtcomplexity.evidence.page.Page` that the reports show; judges nothing.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.page import Page


def verdict_panel(page: Page) -> Panel:
    """Build the panel that answers before anything else is read."""
    cover = page.cover
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in _facts(page):
        facts.add_row(label, Prose(text))
    body = Table.grid()
    body.add_row(Text(f"{cover.decision}.", style="bold"))
    if cover.stop:
        body.add_row(Text(cover.stop, style="bold"))
    body.add_row(Text(cover.headline))
    body.add_row("")
    body.add_row(facts)
    return Panel(body, title=f"Verdict: {cover.answer}", title_align="left", box=box.ROUNDED, border_style="cyan")


def _facts(page: Page) -> Iterator[tuple[str, str]]:
    cover, gauge = page.cover, page.gauge
    if gauge is not None:
        yield "Score", f"{gauge.score_words}. {gauge.caption}"
        yield from _listed("", [gauge.near])
    yield "Service level", cover.service_level
    if not cover.stop:
        yield "Claim rule", f"{cover.claim}. {cover.claim_text}"
    yield from _listed("Inputs", ["; ".join(cover.options)])
    yield from _listed("Without inputs", [cover.default_answer])
    yield from _listed("Files used", page.cover.choices)
    yield from _listed("Why", [" ".join(cover.because), cover.decided_by, cover.unmeasured])
    yield from _listed("Next steps", [f"{step.who}: {step.what}" for step in cover.steps])
    yield from _listed("Outstanding", [f"{each.who}: {', '.join(each.items)}" for each in cover.missing])
    yield from _listed("Local cohort", [cover.local_plans])


def _listed(label: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Put the label beside the first text that is not empty."""
    yield from zip(chain([label], repeat("")), filter(None, texts), strict=False)
