"""What a batch came to, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from rtcomplexity.batch.reasons import unmet_names_sentence
from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import outcome_of
from rtcomplexity.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from rtcomplexity.batch.reasons import Reason
    from rtcomplexity.batch.run import BatchResult

_SHOWN_ROWS: Final = 10


def batch_parts(result: BatchResult) -> Iterator[RenderableType]:
    """Build the summary: counts, reasons, the alarm, claims, and where the rest stands."""
    if result.linked_folders:
        yield Text(linked_sentence(result.linked_folders))
    yield Text(_found(result))
    yield _ends_table(result)
    if result.reasons:
        yield _reasons_table(result.reasons)
    yield from map(Text, filter(None, [unmet_names_sentence(result.unmet_names, result.plans)]))
    if result.plans:
        yield Text(result.alarm.text, style="bold" if result.alarm.is_raised else "")
    yield from map(Text, _notes(result))
    yield Text(f"{result.stood} of {result.plans} plans already processed. Written: {', '.join(result.files)}.")


def linked_sentence(count: int) -> str:
    """Say how many linked folders were skipped.

    Examples
    --------
    >>> linked_sentence(1)
    '1 linked folder was skipped; --follow-symlinks looks into such folders.'
    """
    what = "1 linked folder was" if count == 1 else f"{count:,} linked folders were"
    return f"{what} skipped; --follow-symlinks looks into such folders."


def _ends_table(result: BatchResult) -> Table:
    table = titled_table("Plans", ("Outcome",), ("Count",))
    for verdict, count in sorted(result.verdicts.items()):
        table.add_row(outcome_of(verdict), str(count))
    for status, count in sorted(result.by_status.items()):
        if status != "assessed":
            table.add_row(outcome_of(status), str(count))
    if result.broken_files:
        table.add_row("Unreadable files", str(result.broken_files))
    return table


def _reasons_table(reasons: Sequence[Reason]) -> Table:
    table = titled_table("Reasons (a plan may have several)", ("Outcome", "Reason"), ("Plans",))
    for reason in reasons[:_SHOWN_ROWS]:
        table.add_row(reason.end, Text(shown(reason.text)), str(reason.plans))
    if len(reasons) > _SHOWN_ROWS:
        table.add_row("", f"{len(reasons) - _SHOWN_ROWS} more reasons: dashboard.html lists all", "")
    return table


def _found(result: BatchResult) -> str:
    if result.plans:
        return f"{result.found}."
    return "No plan was found: no structure set can be read. refused.csv lists what could not be read."


def _notes(result: BatchResult) -> Iterator[str]:
    if result.shared_courses:
        courses = counted(result.shared_courses, "course")
        yield f"{courses} of a patient claimed more than once: see flags in results.csv."
    if result.unmatched_claims:
        rows = ", ".join(map(str, result.unmatched_claims[:_SHOWN_ROWS]))
        more = ", ..." if len(result.unmatched_claims) > _SHOWN_ROWS else ""
        count = len(result.unmatched_claims)
        row = "row" if count == 1 else "rows"
        yield f"{count} claims {row} matched no plan ({row} {rows}{more})."
    if result.earlier_evidence:
        yield (
            f"{counted(result.earlier_evidence, 'evidence folder')} from earlier runs, of plans that were removed or "
            "changed since; not about the plans of this run."
        )
