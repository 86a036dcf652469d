"""``rtcomplexity serve``: the local page for the billing desk."""

from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.options import optional
from rtcomplexity.errors import MissingExtraError, UsageError


def serve(
    *,
    worklist: Annotated[Path | None, optional("DIR", "Folder of reports to list on the page, read-only.")] = None,
    cms: Annotated[
        Path | None, optional("FILE", "What CMS publishes for the code, for every plan (see cms import).")
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port on this computer; any free one if 0.")
    ] = 0,
    idle: Annotated[
        float, typer.Option(metavar="MINUTES", min=1, help="End the session after this long without use.")
    ] = 60,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
) -> None:
    """Open a page on this computer: add a plan, read the result, enter claim information, download the report.

    Only this computer can reach the page, at an address that is new each time. All files are removed when it ends.

    Example: rtcomplexity serve
    """
    if worklist is not None and not worklist.is_dir():
        raise UsageError("--worklist", str(worklist), "a folder that holds evidence folders")
    try:
        from rtcomplexity.desk.server import Desk
    except ImportError as fault:
        feature = "serve"
        raise MissingExtraError(feature, "serve") from fault
    import webbrowser

    from rtcomplexity.scoring.official_facts import load_official_facts
    from rtcomplexity.settings import Settings

    if cms is not None:
        load_official_facts(cms)  # a mistake is known before any plan is added
    facts = None if cms is None else cms.resolve()
    desk = Desk(Settings.from_environment(), port=port, worklist=worklist, idle_s=60 * idle, cms=facts)
    typer.echo(desk.address)
    typer.echo("Open this address in a browser. End with the page's End session, or Ctrl+C.", err=True)
    if browser:
        webbrowser.open(desk.address)
    desk.serve()
