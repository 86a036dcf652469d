"""``rtcomplexity compare``: how two delineations of one patient differ."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtcomplexity.cli.exit_codes import ExitCode
from rtcomplexity.cli.options import AsJson, whole_number

if TYPE_CHECKING:
    from rtcomplexity.compare.limits import Limit
    from rtcomplexity.compare.observers import Observers

SIDE = "Structure set or Segmentation file, or plan folder; ::ROI after it chooses one ROI."


Sides = Annotated[list[str] | None, typer.Argument(metavar="FIRST SECOND [MORE ...]", help=SIDE, show_default=False)]
Images = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Planning images, if they are in another folder.", show_default=False)
]
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
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Write JSON, CSV and HTML here.", show_default=False)]


def compare(
    sides: Sides = None,
    *,
    images: Images = None,
    match: Match = "names",
    tolerance_mm: Tolerance = 2.0,
    reference: Reference = "consensus",
    out: Out = None,
    batch: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Compare many pairs: first,second[,images]; with --out.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole_number("--workers", 4), help="With --batch: pairs in parallel."),
    ] = None,
    fail_at: Annotated[
        Path | None,
        typer.Option(
            "--fail-at", metavar="FILE", help="End with 5 where CSV limits (metric,at_least,at_most) are missed."
        ),
    ] = None,
    identified: Identified = False,
    as_json: AsJson = False,
) -> None:
    """Compare delineations: automatic with final, reader with reader, plan with replan.

    Example: rtcomplexity compare auto.dcm final.dcm --images ./ct
    """
    from rtcomplexity.compare.limits import read_limits
    from rtcomplexity.errors import UsageError

    limits = () if fail_at is None else read_limits(fail_at)
    if batch is not None:
        if sides or out is None:
            raise UsageError("--batch", "sides beside it" if sides else "no --out", "--batch CSV --out DIR alone")
        _compare_table(batch, out, match, tolerance_mm, workers, limits, identified=identified)
        return
    sides = sides or []
    if len(sides) < 2:
        raise UsageError("FIRST SECOND", " ".join(sides), "at least two structure sets or plan folders")
    if len(sides) > 2:
        if limits:
            raise UsageError("--fail-at", f"{len(sides)} sides", "two sides, or --batch")
        _observe(sides, images, match, tolerance_mm, reference, out, identified=identified, as_json=as_json)
        return
    from importlib.metadata import version

    from rtcomplexity.cli.output import write_private
    from rtcomplexity.cli.rendering.comparison import comparison_parts
    from rtcomplexity.cli.rendering.console import as_json_bytes, print_document, print_result
    from rtcomplexity.compare.comparison import compare as compared
    from rtcomplexity.compare.document import document
    from rtcomplexity.compare.limits import failures

    found = compared(*sides, images=images, match=match, tolerance_mm=tolerance_mm)
    tree = document(found, software_version=version("rtcomplexity"))
    if out is not None:
        from rtcomplexity.compare.pictures import plane_pictures
        from rtcomplexity.compare.surface_pictures import surface_pictures
        from rtcomplexity.evidence.comparison_folder import comparison_files
        from rtcomplexity.evidence.comparison_privacy import deidentified_comparison

        kept = tree if identified else deidentified_comparison(tree)
        planes = [plane_pictures(each.pair) for each in found.compared]
        surfaces = [surface_pictures(each.pair) for each in found.compared]
        for name, content in comparison_files(kept, planes, surfaces).items():
            write_private(out, name, content)
        typer.echo(
            f"Wrote {out / 'comparison.html'}, comparison.pdf, comparison.json, comparison.csv and manifest.json",
            err=True,
        )
    if as_json:
        print_document(as_json_bytes(tree))
    else:
        print_result(comparison_parts(tree))
    missed = failures(found.compared, limits)
    if missed:
        typer.echo("\n".join(["--fail-at: limits missed", *missed]), err=True)
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _compare_table(
    table: Path,
    out: Path,
    match: str,
    tolerance_mm: float,
    workers: int | None,
    limits: "tuple[Limit, ...]",
    *,
    identified: bool,
) -> None:
    """Compare the pairs of a table; ends with 5 where limits are missed, with 4 where pairs were refused."""
    import os

    from rtcomplexity.batch.engines.local import LocalEngine
    from rtcomplexity.batch.pairs import PairTask, compare_pairs, read_pairs
    from rtcomplexity.batch.values import Limits
    from rtcomplexity.settings import Settings

    settings = Settings.from_environment()
    tasks = [
        PairTask(
            row=row,
            match=match,
            tolerance_mm=tolerance_mm,
            identified=identified,
            settings=settings,
            limits=Limits(),
        )
        for row in read_pairs(table)
    ]
    with LocalEngine(workers or os.cpu_count() or 1) as engine:
        found = compare_pairs(tasks, out, engine=engine, limits=limits)
    typer.echo(f"{found.compared} of {len(tasks)} pairs compared. Wrote {out}", err=True)
    for number, reason in found.refused:
        typer.echo(f"Row {number}: {reason}", err=True)
    if found.missed:
        typer.echo("\n".join(["--fail-at: limits missed", *found.missed]), err=True)
        raise typer.Exit(ExitCode.CHECK_FAILED)
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
    """Say how far several readers of one case agree, and where they differ most. Writes no contours.

    Example: rtcomplexity observers ./readers --images ./ct
    """
    from rtcomplexity.compare.observers import reader_paths

    sides = [str(path) for path in reader_paths(folder)]
    _observe(sides, images, match, tolerance_mm, reference, out, identified=identified, as_json=as_json)


def _observe(
    sides: list[str],
    images: Path | None,
    match: str,
    tolerance_mm: float,
    reference: str,
    out: Path | None,
    *,
    identified: bool,
    as_json: bool,
) -> None:
    from importlib.metadata import version

    from rtcomplexity.cli.rendering.comparison import observers_parts
    from rtcomplexity.cli.rendering.console import as_json_bytes, print_document, print_result
    from rtcomplexity.compare.document import observers_document
    from rtcomplexity.compare.observers import observe

    found = observe(sides, images=images, match=match, reference=reference, tolerance_mm=tolerance_mm)
    labels = [f"reader {number}" for number in range(1, len(sides) + 1)]
    tree = observers_document(found, labels=labels, software_version=version("rtcomplexity"))
    if out is not None:
        _leave_observers(found, tree, labels, out, identified=identified)
    if as_json:
        print_document(as_json_bytes(tree))
    else:
        print_result(observers_parts(tree))


def _leave_observers(
    found: "Observers", tree: dict[str, Any], labels: list[str], out: Path, *, identified: bool
) -> None:
    from rtcomplexity.cli.output import write_private
    from rtcomplexity.cli.rendering.console import as_json_bytes
    from rtcomplexity.compare.reader_pictures import worst_plane
    from rtcomplexity.evidence.comparison_privacy import deidentified_observers
    from rtcomplexity.evidence.formats.observers import observers_csv, observers_html

    kept = tree if identified else deidentified_observers(tree)
    write_private(out, "observers.json", as_json_bytes(kept))
    write_private(out, "observers.csv", observers_csv(kept))
    write_private(out, "observers.html", observers_html(kept, [worst_plane(roi, labels) for roi in found.rois]))
    typer.echo(f"Wrote {out / 'observers.html'}, observers.json and observers.csv", err=True)
