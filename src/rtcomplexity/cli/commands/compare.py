"""``rtcomplexity compare``: how two delineations of one patient differ."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtcomplexity.batch.messages import DEFAULT_TIMEOUT_S, Limits
from rtcomplexity.cli.options import (
    DEFAULT_MEMORY,
    AsJson,
    PlanMemory,
    PlanSeconds,
    Quiet,
    Retry,
    WorkerCount,
    optional,
    parse_size,
)
from rtcomplexity.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rtcomplexity.batch.pair_run import PairsResult
    from rtcomplexity.batch.pairs import PairTask
    from rtcomplexity.compare.comparison import Comparison
    from rtcomplexity.compare.limits import Limit
    from rtcomplexity.compare.observers import Observers

SIDE = "Structure set or Segmentation file, or plan folder; ::ROI after it chooses one ROI."


Sides = Annotated[list[str] | None, typer.Argument(metavar="FIRST SECOND [MORE ...]", help=SIDE, show_default=False)]
Images = Annotated[Path | None, optional("DIR", "Planning images, if they are in another folder.")]
Match = Annotated[
    str, typer.Option(metavar="names|overlap|FILE", help="How ROIs are matched; FILE is CSV: first,second.")
]
Tolerance = Annotated[float, typer.Option("--tolerance", metavar="MM", help="Distance up to which contours agree.")]
Reference = Annotated[
    str, typer.Option(metavar="consensus|first", help="With more than two sides: what each is compared with.")
]
Identified = Annotated[
    bool,
    typer.Option("--identified/--de-identified", help="With --out: ROI names and UIDs as they are, or not (default)."),
]
Out = Annotated[Path | None, optional("DIR", "Write JSON, CSV and HTML here.")]
Table = Annotated[Path | None, optional("CSV", "Compare many pairs: first,second[,images]; with --out.")]
FailAt = Annotated[
    Path | None,
    typer.Option("--fail-at", metavar="FILE", help="End with 5 where CSV limits (metric,at_least,at_most) are missed."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What holds however many sides or pairs there are."""

    images: Path | None
    match: str
    tolerance_mm: float
    reference: str
    out: Path | None
    identified: bool
    as_json: bool
    limits: "tuple[Limit, ...]" = ()


def compare(
    sides: Sides = None,
    *,
    images: Images = None,
    match: Match = "names",
    tolerance_mm: Tolerance = 2.0,
    reference: Reference = "consensus",
    out: Out = None,
    batch: Table = None,
    workers: WorkerCount = None,
    timeout: PlanSeconds = DEFAULT_TIMEOUT_S,
    limit_memory: PlanMemory = DEFAULT_MEMORY,
    retry: Retry = False,
    fail_at: FailAt = None,
    identified: Identified = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare delineations: automatic with final, reader with reader, plan with replan.

    Example: rtcomplexity compare auto.dcm final.dcm --images ./ct
    """
    from rtcomplexity.compare.limits import read_limits

    if batch is not None and (sides or images is not None or out is None):
        found = "no --out" if out is None else "sides or --images beside it"
        raise UsageError("--batch", found, "--batch CSV --out DIR alone")
    asked = _Asked(
        images=images,
        match=match,
        tolerance_mm=tolerance_mm,
        reference=reference,
        out=out,
        identified=identified,
        as_json=as_json,
        limits=() if fail_at is None else read_limits(fail_at),
    )
    if batch is not None and out is not None:
        limits = Limits(wall_s=timeout, memory_bytes=parse_size(limit_memory))
        tasks = _tasks(batch, asked, limits)
        _end_pairs(_run_pairs(tasks, out, asked, workers, retry=retry, quiet=quiet), len(tasks), out)
    else:
        _compare_sides(sides or [], asked)


def _compare_sides(sides: list[str], asked: _Asked) -> None:
    if len(sides) < 2:
        raise UsageError("FIRST SECOND", " ".join(sides), "at least two structure sets or plan folders")
    if len(sides) == 2:
        _compare_two(sides[0], sides[1], asked)
        return
    if asked.limits:
        raise UsageError("--fail-at", f"{len(sides)} sides", "two sides, or --batch")
    _observe(sides, asked)


def _compare_two(first: str, second: str, asked: _Asked) -> None:
    """Compare two sides; ends with 5 where limits are missed."""
    from importlib.metadata import version

    from rtcomplexity.cli.local_settings import local_settings
    from rtcomplexity.compare.comparison import compare as compared
    from rtcomplexity.compare.document import document
    from rtcomplexity.compare.limits import failures

    found = compared(
        first,
        second,
        images=asked.images,
        match=asked.match,
        tolerance_mm=asked.tolerance_mm,
        with_pictures=asked.out is not None,
        settings=local_settings(),
    )
    tree = document(found, software_version=version("rtcomplexity"))
    if asked.out is not None:
        _leave_comparison(found, tree, asked.out, identified=asked.identified, with_images=asked.images is not None)
    _print_comparison(tree, as_json=asked.as_json)
    _end_where_missed(failures(found.compared, asked.limits))


def _print_comparison(tree: dict[str, Any], *, as_json: bool) -> None:
    from rtcomplexity.cli.rendering.console import print_outcome

    if as_json:
        print_outcome(tree, (), as_json=True)
        return
    from rtcomplexity.cli.rendering.comparison import comparison_parts  # loads what draws tables

    print_outcome(tree, comparison_parts(tree), as_json=False)


def _leave_comparison(
    found: "Comparison", tree: dict[str, Any], out: Path, *, identified: bool, with_images: bool
) -> None:
    from rtcomplexity.compare.plane_pictures import plane_pictures
    from rtcomplexity.evidence.comparison_folder import comparison_files
    from rtcomplexity.evidence.comparison_privacy import deidentified_comparison
    from rtcomplexity.pictures.compared import pair_slices
    from rtcomplexity.settings import Settings
    from rtcomplexity.whole_files import write_into

    kept = tree if identified else deidentified_comparison(tree)
    planes = [plane_pictures(each.pair) for each in found.compared]
    surfaces = [each.surfaces for each in found.compared]
    image = found.first.case.planning_image if with_images else None
    slices = pair_slices([each.pair for each in found.compared], image, Settings.from_environment())
    write_into(out, comparison_files(kept, planes, surfaces, slices))
    names = "comparison.pdf, comparison.json, comparison.csv and manifest.json"
    typer.echo(f"Wrote {out / 'comparison.html'}, {names}", err=True)


def _end_where_missed(missed: list[str]) -> None:
    """End with 5 where a limit was missed, and say which."""
    if missed:
        typer.echo("\n".join(["--fail-at: limits missed", *missed]), err=True)
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _tasks(table: Path, asked: _Asked, limits: Limits) -> "list[PairTask]":
    from rtcomplexity.batch.pairs import PairTask, read_pairs
    from rtcomplexity.settings import Settings

    settings = Settings.from_environment()
    return [
        PairTask(
            row=row,
            match=asked.match,
            tolerance_mm=asked.tolerance_mm,
            identified=asked.identified,
            settings=settings,
            limits=limits,
        )
        for row in read_pairs(table)
    ]


def _run_pairs(
    tasks: "list[PairTask]", out: Path, asked: _Asked, workers: int | None, *, retry: bool, quiet: bool
) -> "PairsResult":
    from rtcomplexity.batch.engines.local import LocalEngine
    from rtcomplexity.batch.pair_run import compare_pairs
    from rtcomplexity.cli.batch_progress import BatchProgress

    engine = LocalEngine(workers or os.cpu_count() or 1)
    with engine, BatchProgress(quiet=quiet, things="pairs") as progress:
        return compare_pairs(tasks, out, engine=engine, watcher=progress, limits=asked.limits, retry=retry)


def _end_pairs(found: "PairsResult", pairs: int, out: Path) -> None:
    """End with 5 where limits are missed, with 4 where pairs were refused."""
    stood = f" ({found.stood} already done)" if found.stood else ""
    typer.echo(f"{found.compared} of {pairs} pairs compared{stood}. Wrote {out}", err=True)
    for number, reason in found.refused:
        typer.echo(f"Row {number}: {reason}", err=True)
    _end_where_missed(list(found.missed))
    if found.refused:
        raise typer.Exit(ExitCode.BATCH_WITH_REFUSALS)


def observers(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with a structure set for each reader.", show_default=False)
    ],
    *,
    images: Images = None,
    match: Match = "names",
    tolerance_mm: Tolerance = 2.0,
    reference: Reference = "consensus",
    out: Out = None,
    identified: Identified = False,
    as_json: AsJson = False,
) -> None:
    """Measure how far several readers of one case agree, and where they differ most. Writes no contours.

    Example: rtcomplexity observers ./readers --images ./ct
    """
    from rtcomplexity.compare.observers import reader_paths

    asked = _Asked(
        images=images,
        match=match,
        tolerance_mm=tolerance_mm,
        reference=reference,
        out=out,
        identified=identified,
        as_json=as_json,
    )
    _observe([str(path) for path in reader_paths(folder)], asked)


def _observe(sides: list[str], asked: _Asked) -> None:
    from importlib.metadata import version

    from rtcomplexity.cli.rendering.comparison import observers_parts
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.compare.document import observers_document
    from rtcomplexity.compare.observers import observe

    found = observe(
        sides,
        images=asked.images,
        match=asked.match,
        reference=asked.reference,
        tolerance_mm=asked.tolerance_mm,
    )
    labels = [f"reader {number}" for number in range(1, len(sides) + 1)]
    tree = observers_document(found, labels=labels, software_version=version("rtcomplexity"))
    if asked.out is not None:
        _leave_observers(found, tree, labels, asked.out, identified=asked.identified)
    print_outcome(tree, observers_parts(tree), as_json=asked.as_json)


def _leave_observers(
    found: "Observers", tree: dict[str, Any], labels: list[str], out: Path, *, identified: bool
) -> None:
    from rtcomplexity.cli.rendering.console import as_json_bytes
    from rtcomplexity.compare.reader_pictures import worst_plane
    from rtcomplexity.evidence.comparison_privacy import deidentified_observers
    from rtcomplexity.evidence.formats.observers import observers_csv, observers_html
    from rtcomplexity.whole_files import write_into

    kept = tree if identified else deidentified_observers(tree)
    page = observers_html(kept, [worst_plane(roi, labels) for roi in found.rois])
    files = {"observers.json": as_json_bytes(kept), "observers.csv": observers_csv(kept), "observers.html": page}
    write_into(out, files)
    typer.echo(f"Wrote {out / 'observers.html'}, observers.json and observers.csv", err=True)
