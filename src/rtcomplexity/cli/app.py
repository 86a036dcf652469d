"""The ``rtcomplexity`` command: one file a command in :mod:`rtcomplexity.cli.commands`, put together here.

Everything heavy is imported inside the commands' bodies, so that ``--help`` is quick.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import warnings
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rtcomplexity.cli.commands import (
    analyze,
    batch,
    claim,
    cms,
    cohort,
    compare,
    demo,
    diff,
    doctor,
    fetch,
    inspect,
    masks,
    metrics,
    profile,
    report,
    serve,
    verify,
    watch,
)
from rtcomplexity.cli.failure import AS_JSON, error_line, tell_error, tell_fault
from rtcomplexity.cores import use_one_thread
from rtcomplexity.errors import ExitCode, LimitExceededError, RtComplexityError

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "rtcomplexity"

OUT_OF_MEMORY = LimitExceededError(
    "It asked for more memory than there is, or than the limit on this process allows.",
    "more memory, a higher limit (ulimit -v), or analyze --quick, which measures counts and volumes only.",
)
_MADE_BEFORE_COLLECTION = 200_000
"""Objects between two searches for garbage. Classes, headers and records live to the end: with Python's own 700 they
would be searched hundreds of times, and imports alone make over 100,000."""
SIGNALED = 128
READER_LEFT = 1
"""What typer and rich end with when nobody reads stdout any more; our own faults end as exceptions."""

app = typer.Typer(
    name=PROGRAM,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: what draws boxes costs more than all else that help needs
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyze")(analyze.analyze)
app.command("inspect")(inspect.inspect)
app.command("verify")(verify.verify)
app.command("report")(report.report)
app.command("diff")(diff.diff)
app.command("compare")(compare.compare)
app.command("observers")(compare.observers)
app.command("metrics")(metrics.metrics)
app.command("masks")(masks.masks)
app.command("fetch")(fetch.fetch)
app.command("watch")(watch.watch)
app.command("serve")(serve.serve)
app.command("batch")(batch.batch)
app.add_typer(cohort.app, name="cohort")
app.add_typer(claim.app, name="claim")
app.add_typer(cms.app, name="cms")
app.add_typer(profile.app, name="profile")
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        from importlib.metadata import version

        typer.echo(f"{PROGRAM} {version(PROGRAM)}")
        raise typer.Exit


@app.callback()
def describe(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Measure target delineation in a radiotherapy plan, and say whether it supports a modifier-22 claim.

    It lists measurements. It is not a coding, medical-necessity or payment decision.

    Example: rtcomplexity analyze ./plan
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; a fault of this program is raised.

    Under ``--json`` a failure ends stderr with one JSON object.
    """
    as_json = AS_JSON in arguments
    try:
        typer.main.get_command(app)(list(arguments), prog_name=PROGRAM)
    except RtComplexityError as error:
        tell_error(error, as_json=as_json)
        return error.exit_code
    except MemoryError:
        tell_error(OUT_OF_MEMORY, as_json=as_json)
        return OUT_OF_MEMORY.exit_code
    except SystemExit as end:
        if as_json and end.code == ExitCode.USAGE:  # typer has said why
            sys.stderr.write(error_line("usage", ExitCode.USAGE, "The command line does not fit; see the text above."))
        return ExitCode.DONE if end.code in {None, READER_LEFT} else int(end.code)
    return ExitCode.DONE


def _stop(number: int, _frame: object) -> NoReturn:
    """End on a signal as shells expect of a process that it ended: with 128 and its number."""
    sys.stderr.write("Interrupted.\n" if number == signal.SIGINT else "Terminated.\n")
    sys.exit(SIGNALED + number)


def main() -> None:
    """Entry point of the process."""
    sys.excepthook = tell_fault
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    gc.set_threshold(_MADE_BEFORE_COLLECTION)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # nobody else's package is sought out to see records
    use_one_thread()
    if not sys.warnoptions:  # warnings are for who writes this program; what matters to a reader is an issue
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")  # for the processes of a batch
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    gc.freeze()  # what lives to the end is not searched for garbage once more while the process ends
    sys.exit(code)
