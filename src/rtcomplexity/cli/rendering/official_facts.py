"""What a release of CMS's fee schedule says of codes, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from rich.table import Table

    from rtcomplexity.scoring.official_facts import Release


def facts_table(release: Release) -> Table:
    """One line a code."""
    title = f"{shown(release.title)} (from {release.starts:%m/%d/%Y})"
    table = titled_table(title, ("Code", "Line", "Status", "Global days", "Work RVU", "Typical minutes"))
    for code, facts in release.codes.items():
        minutes = "" if facts.minutes is None else f"{facts.minutes.total_minutes:g}"
        table.add_row(code, str(facts.row), shown(facts.status), facts.global_period, f"{facts.work_rvu:g}", minutes)
    return table
