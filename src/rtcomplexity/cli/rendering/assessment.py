"""One assessment as a page for a terminal: what a billing clerk needs first, what an auditor needs after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rtcomplexity.cli.rendering.document import decimal, is_target
from rtcomplexity.cli.rendering.findings import findings_table
from rtcomplexity.cli.rendering.issues import issues_parts
from rtcomplexity.cli.rendering.tables import image_sets_table, other_rois_text, targets_table
from rtcomplexity.cli.rendering.text import shown
from rtcomplexity.cli.rendering.verdict import verdict_panel
from rtcomplexity.cli.rendering.wording import DISCLAIMER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from rtcomplexity.cli.rendering.document import Document

DIGEST_LENGTH = 12


def assessment_parts(document: Document, *, quick: bool = False) -> Iterator[RenderableType]:
    """Yield the page part by part; `quick` leaves out everything that judges."""
    if not quick:
        yield verdict_panel(document)
        yield findings_table(document["verdict"])
    yield from measured_parts(document)
    yield from issues_parts(document)
    if not quick:
        yield Text(method_line(document), style="dim")
    yield Text(DISCLAIMER)


def measured_parts(document: Document) -> Iterator[RenderableType]:
    """Yield what was counted and measured: targets, image sets, other ROIs."""
    if any(is_target(roi) for roi in document["rois"]):
        yield targets_table(document)
    else:
        yield Text("Targets: none found.", style="bold")
    if document["image_sets"]:
        yield image_sets_table(document["image_sets"])
    else:
        yield Text("Image sets: none found.", style="bold")
    others = other_rois_text(document)
    if others:
        yield others
        yield ""


def method_line(document: Document) -> str:
    """Name profile, reference and plan, so that somebody else can do the same."""
    score, plan = document["score"], document["plan"]
    profile = score["profile"]
    parts = [f"Profile {shown(str(profile['id']))} ({str(profile['sha256'])[:DIGEST_LENGTH]})"]
    if score["percentile"] is not None:
        parts.append(f"percentile {decimal(score['percentile'])} of its reference")
    if document["verdict"]["stability"] is not None:
        parts.append(f"stability {decimal(document['verdict']['stability'], 2)}")
    parts.append(f"plan {str(plan['id'])[:DIGEST_LENGTH]}")
    return ", ".join(parts) + "."
