"""``rtcomplexity batch``: an archive of plans, overnight."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.batch.messages import DEFAULT_TIMEOUT_S
from rtcomplexity.cli.options import (
    DEFAULT_MEMORY,
    VERDICTS,
    Aliases,
    Fractions,
    PlanMemory,
    PlanSeconds,
    ProfileName,
    Quiet,
    Retry,
    SamePatient,
    SiteName,
    WorkerCount,
    optional,
    parse_fail_at,
    parse_size,
)
from rtcomplexity.errors import ExitCode, MissingOptionError
from rtcomplexity.model.options import BY_SITE

if TYPE_CHECKING:
    from rtcomplexity.batch.engines.dask import Certificates
    from rtcomplexity.batch.engines.engine import Engine
    from rtcomplexity.batch.run import BatchResult

ALARM = "alarm"

Root = Annotated[
    Path,
    typer.Argument(metavar="ROOT", help="Folder with plans and archives, in any layout.", show_default=False),
]
OutFolder = Annotated[
    Path | None, optional("DIR", "Folder for ledger and results; an existing one continues where it stopped.")
]
Evidence = Annotated[bool, typer.Option("--evidence", help="Write an evidence folder for every plan.")]
Parquet = Annotated[bool, typer.Option("--parquet", help="Write the tables as Parquet too.")]
ClaimsFile = Annotated[Path | None, optional("FILE", "Claims, one row per plan, as --claims-template makes it.")]
ClaimsTemplate = Annotated[
    Path | None,
    optional("FILE", "Write a table of claims to fill in (.xlsx or .csv), one row per structure set, and stop."),
]
KeyFile = Annotated[
    Path | None, optional("FILE", "Key of the hashes, made if new: the same key gives a patient the same patient_key.")
]
FollowLinks = Annotated[bool, typer.Option("--follow-symlinks", help="Follow linked folders.")]
WithPaths = Annotated[
    bool, typer.Option("--with-paths", help="Add the path of each structure set; this may identify patients.")
]
Dask = Annotated[bool, typer.Option("--dask", help="Run on a dask cluster of this machine.")]
Scheduler = Annotated[str | None, optional("tls://HOST:PORT", "Run on this dask scheduler.")]
TlsCa = Annotated[Path | None, optional("PEM", "Certificate authority of the scheduler.")]
TlsCert = Annotated[Path | None, optional("PEM", "Client certificate.")]
TlsKey = Annotated[Path | None, optional("PEM", "Key of the client certificate.")]
Quick = Annotated[bool, typer.Option("--quick", help="Counts, volumes and links only; no verdict.")]
FailAtVerdict = Annotated[list[str] | None, optional("VERDICT|alarm", "End with 5 where this occurs.", "--fail-at")]
AsLines = Annotated[bool, typer.Option("--json", help="Print one line of JSON a plan instead of a summary.")]


def batch(
    root: Root,
    *,
    out: OutFolder = None,
    workers: WorkerCount = None,
    timeout: PlanSeconds = DEFAULT_TIMEOUT_S,
    limit_memory: PlanMemory = DEFAULT_MEMORY,
    evidence: Evidence = False,
    parquet: Parquet = False,
    claims: ClaimsFile = None,
    claims_template: ClaimsTemplate = None,
    key_file: KeyFile = None,
    follow_symlinks: FollowLinks = False,
    with_paths: WithPaths = False,
    retry: Retry = False,
    dask: Dask = False,
    scheduler: Scheduler = None,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    quick: Quick = False,
    aliases: Aliases = None,
    same_patient: SamePatient = False,
    site: SiteName = None,
    fractions: Fractions = None,
    profile: ProfileName = BY_SITE,
    fail_at: FailAtVerdict = None,
    as_json: AsLines = False,
    quiet: Quiet = False,
) -> None:
    """Assess every plan of an archive. Results are de-identified; a stopped run is continued by the same command.

    Example: rtcomplexity batch ./archive --out ./results --workers 4
    """
    if claims_template is not None:
        _write_template(root, claims_template, quiet=quiet)
        return
    if out is None:
        raise MissingOptionError("--out", "A batch needs a folder for its results.", "--out DIR")
    verdicts = parse_fail_at(fail_at, allowed=(*VERDICTS, ALARM))

    from rtcomplexity.batch.messages import Limits
    from rtcomplexity.batch.run import BatchOptions, run_batch
    from rtcomplexity.case.target_names import parse_aliases
    from rtcomplexity.cli.batch_progress import BatchProgress
    from rtcomplexity.model.options import AnalyzeOptions
    from rtcomplexity.scoring.profile_choice import ProfileChoice
    from rtcomplexity.scoring.site import checked_site
    from rtcomplexity.settings import Settings

    options = AnalyzeOptions(
        profile=_absolute(profile),
        aliases=dict(parse_aliases(aliases or ())),  # as JSON can hold them
        site=site,
        fractions=fractions,
        same_patient=same_patient,
        quick=quick,
    )
    if site is not None:  # what is none is told before a plan is looked for
        checked_site("--site", site, ProfileChoice.of(profile).sites)
    asked = BatchOptions(
        options=options,
        evidence=evidence,
        limits=Limits(wall_s=timeout, memory_bytes=parse_size(limit_memory)),
        settings=Settings.from_environment(),
        claims=claims,
        key_file=key_file,
        follow_links=follow_symlinks,
        with_paths=with_paths,
        retry=retry,
        parquet=parquet,
        engine_name="dask" if dask or scheduler else "local",
    )
    engines = _engines(workers, dask=dask, scheduler=scheduler, tls=(tls_ca, tls_cert, tls_key))
    with engines as (engine, indexer), BatchProgress(quiet=quiet) as progress:
        result = run_batch(root, out, engine=engine, indexer=indexer, watcher=progress, asked=asked)
    if with_paths:
        typer.echo("Note: results.csv and refused.csv hold paths, which may identify patients.", err=True)
    _print(result, out, as_json=as_json)
    _end(result, verdicts)


def _write_template(root: Path, path: Path, *, quiet: bool) -> None:
    from rtcomplexity.batch.claims_template import write_claims_template
    from rtcomplexity.settings import Settings

    count = write_claims_template(root, path, settings=Settings.from_environment())
    if not quiet:
        then = f"rtcomplexity batch {root} --out DIR --claims {path}"
        typer.echo(f"Wrote {count} rows to {path}. Fill them in, then: {then}", err=True)


@contextmanager
def _engines(
    workers: int | None, *, dask: bool, scheduler: str | None, tls: tuple[Path | None, ...]
) -> Iterator[tuple["Engine", "Engine"]]:
    """Give the engine for plans and the one for headers, and end both."""
    from rtcomplexity.batch.engines.local import LocalEngine

    count = workers or os.cpu_count() or 1
    with ExitStack() as stack:
        if not (dask or scheduler):
            local = stack.enter_context(LocalEngine(count))
            yield local, local
            return
        from rtcomplexity.batch.engines.dask import DaskEngine

        engine = DaskEngine.connected(scheduler, _certificates(tls)) if scheduler else DaskEngine.local(count)
        stack.enter_context(engine)
        yield engine, stack.enter_context(LocalEngine(count))


def _certificates(tls: tuple[Path | None, ...]) -> "Certificates | None":
    from rtcomplexity.batch.engines.dask import Certificates
    from rtcomplexity.errors import UsageError

    authority, certificate, key = tls
    if authority is None and certificate is None and key is None:
        return None
    if authority is None or certificate is None or key is None:
        raise UsageError("--tls-ca, --tls-cert, --tls-key", "some of them", "all three, or none")
    return Certificates(authority=authority, certificate=certificate, key=key)


def _absolute(profile: str) -> str:
    """Make the path of a profile hold wherever a worker runs; a name stays one."""
    path = Path(profile)
    return str(path.absolute()) if profile != BY_SITE and path.exists() else profile


def _print(result: "BatchResult", out: Path, *, as_json: bool) -> None:
    from rtcomplexity.batch.outputs import JSONL
    from rtcomplexity.cli.rendering.batch import batch_parts, linked_sentence
    from rtcomplexity.cli.rendering.console import print_document, print_result

    if not as_json:
        print_result(batch_parts(result))
        return
    if result.linked_folders:
        typer.echo(linked_sentence(result.linked_folders), err=True)
    with (out / JSONL).open("rb") as stream:
        for line in stream:
            print_document(line)


def _end(result: "BatchResult", limits: tuple[str, ...]) -> None:
    """End with 5 where a check failed, with 4 where something was refused or a claims row met no plan."""
    failed = [f"{count} plans: {limit}" for limit in limits if (count := result.verdicts.get(limit, 0))]
    if ALARM in limits and result.alarm.is_raised:
        failed.append(result.alarm.text)
    if failed:
        typer.echo(f"--fail-at: {'; '.join(failed)}", err=True)
        raise typer.Exit(ExitCode.CHECK_FAILED)
    if result.refused or result.unmatched_claims:
        raise typer.Exit(ExitCode.BATCH_WITH_REFUSALS)
