"""``rtcomplexity compare``: how two delineations of one patient differ."""

from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.options import AsJson

SIDE = "Structure set file or plan folder; ::ROI after it chooses one ROI."


def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help=SIDE, show_default=False)],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="What is held against it.", show_default=False)],
    *,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Planning images, if they are in another folder.", show_default=False),
    ] = None,
    match: Annotated[
        str, typer.Option(metavar="names|overlap|FILE", help="How ROIs are matched; FILE is CSV: first,second.")
    ] = "names",
    tolerance_mm: Annotated[
        float, typer.Option("--tolerance", metavar="MM", help="Distance up to which contours agree.")
    ] = 2.0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write JSON, CSV and HTML here.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two delineations: automatic with final, reader with reader, plan with replan.

    Example: rtcomplexity compare auto.dcm final.dcm --images ./ct
    """
    from importlib.metadata import version

    from rtcomplexity.cli.output import write_private
    from rtcomplexity.cli.rendering.comparison import comparison_parts
    from rtcomplexity.cli.rendering.console import as_json_bytes, print_document, print_result
    from rtcomplexity.compare.comparison import compare as compared
    from rtcomplexity.compare.document import document

    found = compared(first, second, images=images, match=match, tolerance_mm=tolerance_mm)
    tree = document(found, software_version=version("rtcomplexity"))
    if out is not None:
        from rtcomplexity.evidence.formats.comparison import comparison_csv, comparison_html

        write_private(out, "comparison.json", as_json_bytes(tree))
        write_private(out, "comparison.csv", comparison_csv(tree))
        write_private(out, "comparison.html", comparison_html(tree))
        typer.echo(f"Wrote {out / 'comparison.html'}, comparison.json and comparison.csv", err=True)
    if as_json:
        print_document(as_json_bytes(tree))
    else:
        print_result(comparison_parts(tree))
