"""The first thing a reader sees: verdict, claim, what decided, what is missing and who can supply it.

Renders the record's ``verdict`` and ``score``; judges nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.document import decimal
from rtcomplexity.cli.rendering.readiness import missing_by_supplier
from rtcomplexity.cli.rendering.text import shown
from rtcomplexity.cli.rendering.wording import CLAIM_SENTENCES, FAMILIES, SERVICE_LEVELS, VERDICT_SENTENCES, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.cli.rendering.document import Document


def verdict_panel(document: Document) -> Panel:
    """Build the panel that answers before anything else is read."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in _facts(document):
        facts.add_row(label, Text(text))
    body = Table.grid(padding=(0, 0, 1, 0))
    body.add_row(Text(sentence(document["verdict"]), style="bold"))
    body.add_row(facts)
    return Panel(body, title="Verdict", title_align="left", box=box.ROUNDED, border_style="cyan")


def sentence(verdict: Document) -> str:
    """Say the verdict in one plain sentence, with its reason where there is no assessment."""
    opening = VERDICT_SENTENCES[verdict["value"]]
    if verdict["value"] != "insufficient_evidence":
        return opening
    return " ".join([opening, *(shown(reason) for reason in verdict["why_not"] or verdict["against"])])


def _facts(document: Document) -> Iterator[tuple[str, str]]:
    verdict, score = document["verdict"], document["score"]
    yield "Complexity", _complexity(verdict)
    yield "Claim", told(CLAIM_SENTENCES, verdict["claim"])
    if score["decided_by"]:
        yield "Decided by", "; ".join(_family(score, family) for family in score["decided_by"])
    for supplier, items in missing_by_supplier(verdict).items():
        yield "Missing", f"{supplier}: {', '.join(items)}"


def _complexity(verdict: Document) -> str:
    level = verdict["service_level"]
    value = str(verdict["value"]).replace("_", " ")
    return f"{value}; service level {told(SERVICE_LEVELS, level)}" if level else f"{value}; no service level"


def _family(score: Document, family_id: str) -> str:
    for family in score["families"]:
        if family["id"] == family_id:
            return f"{told(FAMILIES, family_id)} ({decimal(family['score'])} of 100)"
    return told(FAMILIES, family_id)
