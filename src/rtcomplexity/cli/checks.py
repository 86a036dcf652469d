"""The checks that ``--fail-at`` asks for, on the record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.cli.options import SEVERITIES
from rtcomplexity.model.issue import Severity
from rtcomplexity.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.evidence.record import Record


def failed_checks(record: Record, limits: Sequence[str]) -> list[str]:
    """Say which of `limits` the record meets: its verdict, or an issue that severe or more."""
    return [text for limit in limits if (text := _failed(record, limit))]


def _failed(record: Record, limit: str) -> str:
    if limit not in SEVERITIES:
        return f"the verdict is {limit}" if record.verdict.value == limit else ""
    severe = SEVERITIES[SEVERITIES.index(Severity(limit)) :]
    found = sum(issue.severity in severe for issue in record.issues)
    return f"{counted(found, 'issue')} of severity {' or '.join(severe)}" if found else ""
