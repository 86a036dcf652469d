"""Arguments and options that several commands share, and what their text means.

No ``from __future__ import annotations`` here nor in the commands: typer reads the annotations when it starts.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.errors import UsageError

VERDICTS = ("supports", "rejects", "indeterminate", "insufficient_evidence")
SEVERITIES = ("info", "warning", "error")
TARGETS = ("GTV", "CTV", "ITV", "PTV", "OAR", "EXTERNAL", "OTHER")

PlanFolder = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="Folder with the structure set and its images; any file names.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Aliases = Annotated[
    list[str] | None,
    typer.Option("--map", metavar='"NAME=GTV"', help="Say what an ROI is, by its exact name. May be repeated."),
]
StructureSetUid = Annotated[
    str | None,
    typer.Option("--structure-set", metavar="UID", help="SOP Instance UID of the structure set to use."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def parse_aliases(pairs: Sequence[str] | None) -> dict[str, str]:
    """Read ``NAME=CLASS`` pairs; the name may itself contain equal signs.

    Raises
    ------
    UsageError
        If a pair has no name or a class that there is not, or a name is given two classes.

    Examples
    --------
    >>> parse_aliases(["1,SUV_primair=gtv"])
    {'1,SUV_primair': 'GTV'}
    """
    aliases: dict[str, str] = {}
    for pair in pairs or ():
        name, _, target_class = pair.rpartition("=")
        target_class = target_class.strip().upper()
        if not name or target_class not in TARGETS or aliases.get(name, target_class) != target_class:
            raise UsageError("--map", pair, f"NAME=CLASS, one class a name, CLASS one of {', '.join(TARGETS)}")
        aliases[name] = target_class
    return aliases


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
