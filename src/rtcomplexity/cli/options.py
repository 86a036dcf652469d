"""Arguments and options of the commands, and what their text means.

No ``from __future__ import annotations`` here nor in the commands: typer reads the annotations when it starts.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from rtcomplexity.batch.messages import DEFAULT_MEMORY_BYTES
from rtcomplexity.errors import UsageError
from rtcomplexity.evidence.words import ANSWERS
from rtcomplexity.model.issue import Severity

DEFAULT_MEMORY = f"{DEFAULT_MEMORY_BYTES // 1024**3}G"
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
LEAST_MEMORY_BYTES = 256 * 1024**2
VERDICTS = tuple(ANSWERS)
SEVERITIES = tuple(Severity)
"""Least first."""


def optional(metavar: str, text: str, *names: str) -> Any:  # noqa: ANN401 -- typer's own
    """Declare an option that shows no default; it is named after its parameter unless names are given."""
    return typer.Option(*names, metavar=metavar, help=text, show_default=False)


PlanFolder = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="Folder with the structure set and its images; any file names.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Suppress progress and notes.")]


def whole_number(option: str, example: int) -> Callable[[str], int]:
    """Return a reader of whole numbers of at least 1, which says in our words what else was found.

    Raises
    ------
    UsageError
        From the reader, if the text is no such number.
    """

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = 0
        if number < 1:
            raise UsageError(option, str(text), f"a whole number of at least 1, such as {example}")
        return number

    return read


WorkerCount = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        parser=whole_number("--workers", 4),
        help="Plans, or pairs, in parallel; default: all cores.",
        show_default=False,
    ),
]
PlanSeconds = Annotated[
    float, typer.Option("--timeout", metavar="S", min=1, help="Seconds that one plan, or one pair, may take.")
]
PlanMemory = Annotated[
    str, typer.Option("--limit-memory", metavar="SIZE", help="Memory of one plan, or of one pair, such as 4G.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        parser=whole_number("--threads", 2),
        help="Cores to use (Linux); default: all, at most 4. Results are the same.",
        show_default=False,
    ),
]
Retry = Annotated[bool, typer.Option("--retry", help="Retry those that crashed or exceeded a limit.")]
Aliases = Annotated[
    list[str] | None, optional('"NAME=GTV"', "Set the class of an ROI by its name. May be repeated.", "--map")
]
StructureSetUid = Annotated[
    str | None, optional("UID", "SOP Instance UID of the structure set to use.", "--structure-set")
]
TargetsFile = Annotated[
    Path | None, optional("FILE", "Take the targets from this Segmentation or structure set instead.", "--targets")
]
SamePatient = Annotated[
    bool,
    typer.Option("--same-patient", help="State that files with several Patient IDs are of one patient."),
]
SiteName = Annotated[
    str | None, optional("SITE", "Treated site where the RT Plan is silent, such as pelvis or not-pelvis.", "--site")
]
Fractions = Annotated[
    int | None,
    typer.Option(
        "--fractions",
        metavar="N",
        parser=whole_number("--fractions", 5),
        help="Number of fractions, where the RT Plan is silent.",
        show_default=False,
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile", metavar="NAME", help="Scoring profile, a TOML file, a folder of them (one per site), or by-site."
    ),
]
FailAt = Annotated[
    list[str] | None,
    optional(
        "VERDICT|SEVERITY",
        "End with 5 at this verdict, or at an issue this severe or more. May be repeated.",
        "--fail-at",
    ),
]


def parse_fail_at(
    limits: Sequence[str] | None, *, quick: bool = False, allowed: Sequence[str] = (*VERDICTS, *SEVERITIES)
) -> tuple[str, ...]:
    """Check the values of ``--fail-at``.

    Raises
    ------
    UsageError
        If one is not allowed, or a verdict where a `quick` run gives none.
    """
    allowed = SEVERITIES if quick else allowed
    for limit in limits or ():
        if limit not in allowed:
            raise UsageError("--fail-at", limit, f"one of {', '.join(allowed)}{' with --quick' if quick else ''}")
    return tuple(limits or ())


def parse_size(text: str) -> int:
    """Read a size such as 4G or 512M, in bytes.

    Raises
    ------
    UsageError
        If it is none, or less than a plan needs at all.

    Examples
    --------
    >>> parse_size("2G")
    2147483648
    """
    number, unit = text.strip().upper().removesuffix("IB").removesuffix("B"), ""
    if number[-1:] in UNITS:
        number, unit = number[:-1], number[-1:]
    try:
        size = int(float(number) * UNITS[unit])
    except (ValueError, OverflowError):
        size = 0
    if size < LEAST_MEMORY_BYTES:
        raise UsageError("--limit-memory", text, "a size of at least 256M, such as 4G")
    return size
