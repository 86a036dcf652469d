"""What a batch came to, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from rtcomplexity.cli.rendering.tables import titled_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from rtcomplexity.batch.run import BatchResult

_SHOWN_ROWS: Final = 10


def batch_parts(result: BatchResult) -> Iterator[RenderableType]:
    """Build the summary: counts, the alarm, claims, and where the rest stands."""
    table = titled_table("Plans", ("End",))
    table.add_column("Count", justify="right")
    for verdict, count in sorted(result.verdicts.items()):
        table.add_row(verdict.replace("_", " "), str(count))
    for status, count in sorted(result.by_status.items()):
        if status != "assessed":
            table.add_row(status.replace("_", " "), str(count))
    if result.broken_files:
        table.add_row("unreadable files", str(result.broken_files))
    yield table
    yield Text(result.alarm.text, style="bold" if result.alarm.is_raised else "")
    if result.shared_courses:
        yield Text(
            f"{result.shared_courses} courses of a patient are claimed more than once: see flags in results.csv."
        )
    if result.unmatched_claims:
        rows = ", ".join(map(str, result.unmatched_claims[:_SHOWN_ROWS]))
        more = ", ..." if len(result.unmatched_claims) > _SHOWN_ROWS else ""
        yield Text(f"{len(result.unmatched_claims)} rows of the claims file met no plan (rows {rows}{more}).")
    if result.earlier_evidence:
        yield Text(
            f"{result.earlier_evidence} evidence folders are of earlier runs, of plans that are gone or changed: "
            "they say nothing of these plans."
        )
    yield Text(f"{result.stood} of {result.plans} plans stood from before. Written: {', '.join(result.files)}.")
