"""One assessment as a page for a terminal: what a billing clerk needs first, what an auditor needs after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rtcomplexity.cli.rendering.findings import findings_parts
from rtcomplexity.cli.rendering.issues import issues_parts
from rtcomplexity.cli.rendering.tables import image_sets_table, not_scored_text, other_rois_text, targets_table
from rtcomplexity.cli.rendering.values import decimal, is_target
from rtcomplexity.cli.rendering.verdict import verdict_panel
from rtcomplexity.evidence.cover import error_rate
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.page import DIGEST_LENGTH, page_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from rtcomplexity.evidence.record import Record


def assessment_parts(record: Record, *, quick: bool = False) -> Iterator[RenderableType]:
    """Yield the page part by part; `quick` leaves out everything that judges."""
    if not quick:
        page = page_of(record)
        yield verdict_panel(page)
        yield from findings_parts(page)
    yield from measured_parts(record)
    yield from issues_parts(record)
    if not quick:
        yield Text(method_text(record))
    yield Text(shown(record.disclaimer), style="italic")


def measured_parts(record: Record) -> Iterator[RenderableType]:
    """Yield what was counted and measured: targets, image sets, other ROIs."""
    if any(is_target(roi) for roi in record.rois):
        yield targets_table(record)
        if not_scored := not_scored_text(record):
            yield Text(not_scored)
    else:
        yield Text("Targets: none found.", style="bold")
    if record.image_sets:
        yield image_sets_table(record.image_sets)
    else:
        yield Text("Image sets: none found.", style="bold")
    others = other_rois_text(record)
    if others:
        yield others


def method_text(record: Record) -> str:
    """Name profile, reference and plan, so that somebody else can do the same."""
    profile, reference = record.score.profile, record.score.reference
    lines = [f"Profile: {profile.title} ({profile.id}, {profile.sha256[:DIGEST_LENGTH]}). {profile.notice}"]
    if reference is not None:
        lines.append(f"Reference: {reference.title}{_percentile(record)}. {error_rate(record.verdict)}")
    lines.append(f"Plan: {record.plan.id[:DIGEST_LENGTH]}. Written by rtcomplexity {record.software.version}.")
    if record.verdict.service_level is not None:
        lines.append(record.verdict.service_level_note)
    return shown("\n".join(lines)).replace("U+000A", "\n")


def _percentile(record: Record) -> str:
    percentile = record.score.percentile
    if not isinstance(percentile, float):
        return ""
    return f". {decimal(percentile)}% of the reference plans score lower"
