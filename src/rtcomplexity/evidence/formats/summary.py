"""The facts as plain text, with an attachment number to quote on a claim.

Facts alone: payers reject boilerplate, and only a physician can give the reason. Two short lines of facts for
a claim's narrative field stand here only where the complexity supports and the physician's own statement is there.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.numbers import HELD
from rtcomplexity.evidence.page import attachment_number, page_of
from rtcomplexity.evidence.words import ERROR_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.page import Page, Table
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
        yield "Facts for a claim narrative field; the reason is in the physician's signed note"
        yield from (f"  - {length} characters: {line}" for length, line in zip(NARRATIVE_LENGTHS, lines, strict=True))


def _lines(page: Page, attachment: str) -> Iterator[str]:
    cover = page.cover
    yield from [page.title, "=" * len(page.title), ""]
    yield from [cover.decision, ""]
    yield from [cover.stop, ""] if cover.stop else []
    yield from [cover.question, f"{cover.answer}. {cover.headline}", "", cover.about, ""]
    yield from _wrapped("Identification", [f"{label}: {text}" for label, text in page.identification])
    yield from _wrapped("Score", [page.score_line])
    yield from _wrapped("Why", [*cover.because, cover.decided_by, cover.unmeasured])
    yield from _wrapped("Claim rule", [f"{cover.claim}. {cover.claim_text}"])
    yield from _wrapped(
        "Service level", [cover.service_level, page.service_level_note if page.verdict == "rejects" else ""]
    )
    yield from _wrapped("Next steps", [f"{step.who}: {step.what}" for step in cover.steps])
    yield from _wrapped("Outstanding documentation", [f"{each.who}: {', '.join(each.items)}" for each in cover.missing])
    yield from _wrapped("Institutional cohort", [cover.local_plans])
    yield from _wrapped("Files used, of several", cover.choices)
    yield from _wrapped("User-supplied inputs", [*cover.options, _default(cover.default_answer)])
    yield from _findings("Findings for increased complexity", page.findings_for, page.notes_for)
    yield from _findings("Findings against increased complexity", page.findings_against, page.notes_against)
    yield from _wrapped("Claim information, as stated", [f"{label}: {text}" for label, text in page.claim_information])
    yield from _wrapped(ERROR_RATE, [text for label, text in page.method if label == ERROR_RATE])
    yield from _wrapped("Attachment control number", [attachment])
    yield from _wrapped("Plan", [page.plan, page.privacy])
    yield from _wrapped("Disclaimer", [page.disclaimer])


def _findings(label: str, table: Table, notes: Iterable[str]) -> Iterator[str]:
    rows = [
        f"{group}: {factor} {value} (routine {routine}; percentile {percentile}; {reference})"
        for group, factor, value, routine, percentile, reference in table.rows
    ]
    yield from _wrapped(label, [*rows, *notes] or ["none"])


def _default(answer: str) -> str:
    return f"Result without these inputs: {answer}" if answer else ""


def _wrapped(label: str, texts: Iterable[str]) -> Iterator[str]:
    kept = [text for text in texts if text]
    if not kept:
        return
    yield label
    for text in kept:
        filled = textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
        yield filled.replace(HELD, " ")
    yield ""
