"""``rtcomplexity watch``: a folder, or a port, whose plans are assessed as they arrive."""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.options import optional
from rtcomplexity.errors import MissingOptionError

if TYPE_CHECKING:
    from rtcomplexity.batch.watching import Health

INBOX = "inbox"


def watch(
    *,
    out: Annotated[Path, optional("DIR", "Folder for ledger and results, as of batch.")],
    folder: Annotated[Path | None, optional("DIR", "Folder to watch, if no port.")] = None,
    dimse: Annotated[
        int | None, typer.Option(metavar="PORT", min=1, max=65535, help="Port to listen on.", show_default=False)
    ] = None,
    ae_title: Annotated[str, typer.Option("--aet", metavar="AET", help="With --dimse: our AE title.")] = "RTCOMPLEXITY",
    callers: Annotated[
        list[str] | None, optional("AET", "With --dimse: who may send. May be repeated.", "--from")
    ] = None,
    quiet_time: Annotated[
        float, typer.Option(metavar="S", min=0, help="Seconds without a change before anything is assessed.")
    ] = 60,
    patience: Annotated[
        float, typer.Option(metavar="S", min=0, help="Seconds that a plan waits for series that it references.")
    ] = 3600,
    poll: Annotated[float, typer.Option(metavar="S", min=0.05, help="Seconds between scans.")] = 5,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Plans at a time.")] = 1,
    metrics: Annotated[Path | None, optional("FILE", "Counters for Prometheus, as a text file.")] = None,
) -> None:
    """Assess plans as they arrive in a folder or on a port, until stopped. Results are as those of batch.

    Example: rtcomplexity watch --folder ./incoming --out ./results
    """
    from rtcomplexity.archive.receiver import Receiver
    from rtcomplexity.batch.engines.local import LocalEngine
    from rtcomplexity.batch.run import BatchOptions
    from rtcomplexity.batch.watching import Pace, Watch, log_line, write_metrics
    from rtcomplexity.batch.watching import watch as keep_watching
    from rtcomplexity.cli.batch_progress import BatchProgress
    from rtcomplexity.settings import Settings

    if (folder is None) == (dimse is None):
        found = "Both --folder and --dimse were given." if folder else "Nothing to watch was given."
        raise MissingOptionError("--folder", found, "one of --folder DIR and --dimse PORT")
    settings = Settings.from_environment()
    root = out.absolute().parent / f"{out.name}-{INBOX}" if folder is None else folder
    asked = BatchOptions(settings=settings, patience_s=patience)
    receiver: Receiver | None = None

    def tell(event: str, health: "Health") -> None:
        if receiver is not None:
            health = replace(
                health,
                received=receiver.taken,
                refused_instances=receiver.refused,
                rejected_callers=receiver.rejected,
            )
        typer.echo(log_line(event, health), err=True)
        if metrics is not None:
            write_metrics(health, metrics)

    os.umask(0o077)
    with ExitStack() as stack:
        if dimse is not None:
            receiver = Receiver(root, port=dimse, ae_title=ae_title, callers=callers or [], settings=settings)
            stack.enter_context(receiver)
        engine = stack.enter_context(LocalEngine(workers))
        one = Watch(root, out, engine=engine, asked=asked, watcher=BatchProgress(quiet=True))
        pace = Pace(poll_s=poll, quiet_s=quiet_time)
        keep_watching(one, pace, tell=tell, is_wanted=lambda: True)
