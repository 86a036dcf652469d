"""The facts as plain text, with an attachment number to quote on a claim.

Facts alone: payers refuse ready-made statements, and only a physician can give the reason. Two short lines of facts for
a claim's narrative field stand here only where the complexity supports and the physician's own statement is there.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.numbers import HELD
from rtcomplexity.evidence.formats.page import attachment_number, page_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.formats.page import Page
    from rtcomplexity.evidence.record import Record

WIDTH: Final = 100
NARRATIVE_LENGTHS: Final = (80, 71)
"""Characters that the narrative fields of an electronic and of a paper claim hold."""
_FACTS: Final = (
    ("scored.volume", "gross target {:.1f} cm3"),
    ("scored.component_count", "{:.0f} bodies"),
    ("scored.craniocaudal_length", "{:.0f} mm long"),
    ("scored.acquisitions", "{:.0f} image sets"),
)


def summary_txt(record: Record) -> bytes:
    """Write the summary; the same record gives the same bytes."""
    lines = [*_lines(page_of(record), attachment_number(record)), *_narratives(record)]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def narrative(record: Record, length: int) -> str:
    """Facts and the attachment number in at most `length` characters; empty where none may be written.

    None is written unless the complexity supports and a physician's own statement stands in the claim file: without
    the reason a short line is the ready-made text that payers refuse.
    """
    has_statement = any(each.item == "physician_statement" and each.state == "met" for each in record.verdict.readiness)
    if record.verdict.value != "supports" or not has_statement:
        return ""
    line = f"See attachment {attachment_number(record)}"
    metrics = record.gross_target.metrics
    for key, words in _FACTS:
        value = metrics[key].value if key in metrics else None
        longer = "" if value is None else f"{line}; {words.format(value)}"
        line = longer if longer and len(longer) <= length else line
    return line


def _narratives(record: Record) -> Iterator[str]:
    lines = [narrative(record, length) for length in NARRATIVE_LENGTHS]
    if any(lines):
        yield "Facts for a narrative field; the reason is the physician's, in the signed note"
        yield from (f"  - {length} characters: {line}" for length, line in zip(NARRATIVE_LENGTHS, lines, strict=True))


def _lines(page: Page, attachment: str) -> Iterator[str]:
    cover = page.cover
    yield from [page.title, "=" * len(page.title), ""]
    yield from [cover.about, "", cover.question]
    yield from [cover.stop, ""] if cover.stop else []
    yield from [f"{cover.answer}: {cover.headline}", ""]
    yield from _wrapped("For the claim", [f"{label}: {text}" for label, text in page.identification])
    yield from _wrapped("Why", [*cover.because, cover.decided_by, cover.unmeasured])
    yield from _wrapped("Claim status", [f"{cover.claim}. {cover.claim_text}"])
    yield from _wrapped(
        "Service level", [cover.service_level, page.service_level_note if page.verdict == "rejects" else ""]
    )
    yield from _wrapped("What to do next", [f"{step.who}: {step.what}" for step in cover.steps])
    yield from _wrapped("Still missing", [f"{each.who}: {', '.join(each.items)}" for each in cover.missing])
    yield from _wrapped("Beside local plans", [cover.local_plans])
    yield from _wrapped("One of several files taken", cover.choices)
    yield from _wrapped("Chosen or stated by a person", [*cover.options, _default(cover.default_answer)])
    yield from _wrapped("Findings for", page.findings_for or ["none"])
    yield from _wrapped("Findings against", page.findings_against or ["none"])
    yield from _wrapped("How often it errs", [cover.error_rate])
    yield from _wrapped("Attachment number", [attachment])
    yield from _wrapped("Plan", [page.plan, page.privacy])
    yield from _wrapped("What this is not", [page.disclaimer])


def _default(answer: str) -> str:
    return f"Without them: {answer}" if answer else ""


def _wrapped(label: str, texts: Iterable[str]) -> Iterator[str]:
    kept = [text for text in texts if text]
    if not kept:
        return
    yield label
    for text in kept:
        filled = textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
        yield filled.replace(HELD, " ")
    yield ""
