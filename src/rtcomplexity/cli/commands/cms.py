"""``rtcomplexity cms``: facts of a code as CMS publishes them, from the files a practice has."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.options import AsJson, optional

app = typer.Typer(no_args_is_help=True)


@app.callback()
def describe() -> None:
    """Take global days, work RVU and typical minutes of a code from CMS's own files.

    Example: rtcomplexity cms import PPRRVU2026_Jan.csv --out cms.json
    """


@app.command("import")
def import_files(
    fee_schedule: Annotated[Path, typer.Argument(metavar="PPRRVU", help="Relative value file of a release, CSV.")],
    physician_time: Annotated[
        Path | None, typer.Argument(metavar="[PHYSTIME]", help="Physician time file, CSV.", show_default=False)
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Facts file; a release is added to it.")],
    codes: Annotated[list[str] | None, optional("CODE", "May be repeated.  [default: 32701]", "--code")] = None,
    starts: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="First day of the release, if the file does not say."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read global days indicator, status, work RVU and typical minutes of a code, with release, file and line.

    Amounts of money and descriptions of codes are not read. Give the file that is written to analyze --cms.

    Example: rtcomplexity cms import PPRRVU2026_Jan.csv PHYSTIME2026.csv --out cms.json
    """
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.cli.rendering.official_facts import facts_table
    from rtcomplexity.units import counted
    from rtcomplexity.usecases.official_facts import import_release

    imported = import_release(
        fee_schedule, physician_time, out, codes=codes, starts=None if starts is None else starts.date()
    )
    for code in imported.without_time:
        typer.echo(f"{code} has no line in the physician time file.", err=True)
    typer.echo(f"Wrote {out.name}: {counted(len(imported.facts.releases), 'release')}", err=True)
    tree = imported.facts.model_dump(mode="json", by_alias=True)
    print_outcome(tree, [facts_table(imported.release)], as_json=as_json)
