"""Arguments and options that several commands share, and what their text means.

No ``from __future__ import annotations`` here nor in the commands: typer reads the annotations when it starts.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.errors import UsageError

DEFAULT_PROFILE = "interim-0"
VERDICTS = ("supports", "rejects", "indeterminate", "insufficient_evidence")
SEVERITIES = ("info", "warning", "error")

PlanFolder = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="Folder with the structure set and its images; any file names.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Aliases = Annotated[
    list[str] | None,
    typer.Option("--map", metavar='"NAME=GTV"', help="Say what an ROI is, by its name. May be repeated."),
]
StructureSetUid = Annotated[
    str | None,
    typer.Option("--structure-set", metavar="UID", help="SOP Instance UID of the structure set to use."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def parse_fail_at(limits: Sequence[str] | None) -> tuple[str, ...]:
    """Check the values of ``--fail-at``.

    Raises
    ------
    UsageError
        If one is neither a verdict nor a severity.
    """
    for limit in limits or ():
        if limit not in {*VERDICTS, *SEVERITIES}:
            raise UsageError("--fail-at", limit, f"one of {', '.join((*VERDICTS, *SEVERITIES))}")
    return tuple(limits or ())
