"""The checks that ``--fail-at`` asks for, on the record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.cli.options import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.cli.rendering.document import Document


def failed_checks(document: Document, limits: Sequence[str]) -> list[str]:
    """Say which of `limits` the record meets: its verdict, or an issue that severe or more."""
    return [text for limit in limits if (text := _failed(document, limit))]


def _failed(document: Document, limit: str) -> str:
    if limit not in SEVERITIES:
        return f"the verdict is {limit}" if document["verdict"]["value"] == limit else ""
    severe = SEVERITIES[SEVERITIES.index(limit) :]
    found = sum(issue["severity"] in severe for issue in document["issues"])
    return f"{found} issue{'s' if found != 1 else ''} of severity {' or '.join(severe)}" if found else ""
