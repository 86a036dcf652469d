"""The facts as plain text, with an attachment number to quote on a claim.

Facts alone: no ready-made statement is written, since payers refuse those and only a physician can give the reason.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.page import page_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.formats.page import Page
    from rtcomplexity.evidence.record import Record

WIDTH: Final = 100


def attachment_number(record: Record) -> str:
    """Control number of this evidence: from the plan's id, so the same plan always has the same.

    Letters and digits only, within the 50 characters that a claim's attachment segment holds.
    """
    return f"RTC{record.plan.id[:17].upper()}"


def summary_txt(record: Record) -> bytes:
    """Write the summary; the same record gives the same bytes."""
    return ("\n".join(_lines(page_of(record), attachment_number(record))) + "\n").encode()


def _lines(page: Page, attachment: str) -> Iterator[str]:
    cover = page.cover
    yield from [page.title, "=" * len(page.title), ""]
    yield f"{cover.question}"
    yield from [f"{cover.answer}: {cover.headline}", ""]
    yield from _wrapped("Why", [*cover.because, cover.decided_by])
    yield from _wrapped("Claim status", [f"{cover.claim}. {cover.claim_text}"])
    yield from _wrapped(
        "Service level", [cover.service_level, page.service_level_note if page.verdict == "rejects" else ""]
    )
    yield from _wrapped("What to do next", [f"{step.who}: {step.what}" for step in cover.steps])
    yield from _wrapped("Still missing", [f"{each.who}: {', '.join(each.items)}" for each in cover.missing])
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
        yield textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
    yield ""
