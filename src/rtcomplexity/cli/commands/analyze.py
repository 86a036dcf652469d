"""``rtcomplexity analyze``: the main job."""

from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.exit_codes import ExitCode
from rtcomplexity.cli.options import Aliases, AsJson, PlanFolder, Quiet, StructureSetUid, parse_aliases, parse_fail_at

DEFAULT_PROFILE = "interim"


def analyze(
    path: PlanFolder,
    *,
    as_json: AsJson = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Leave evidence.json in this folder.", show_default=False)
    ] = None,
    profile: Annotated[str, typer.Option(metavar="NAME", help="Scoring profile.")] = DEFAULT_PROFILE,
    aliases: Aliases = None,
    structure_set_uid: StructureSetUid = None,
    quick: Annotated[bool, typer.Option("--quick", help="Counts, volumes and links only; no verdict.")] = False,
    fail_at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VERDICT|SEVERITY",
            help="End with 5 at this verdict, or at an issue this severe or more. May be repeated.",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Measure the targets of a plan and say whether they support a modifier-22 claim.

    Example: rtcomplexity analyze ./plan --out evidence
    """
    limits, named = parse_fail_at(fail_at), parse_aliases(aliases)

    from rtcomplexity.assessment import analyze as assess
    from rtcomplexity.cli.checks import failed_checks
    from rtcomplexity.cli.progress import progress
    from rtcomplexity.cli.rendering.assessment import assessment_parts
    from rtcomplexity.cli.rendering.console import print_document, print_result
    from rtcomplexity.settings import Settings

    with progress(quiet=quiet) as report:
        assessment = assess(
            path,
            settings=Settings.from_environment(),
            profile=profile,
            aliases=named,
            structure_set_uid=structure_set_uid,
            progress=report,
        )
    raise NotImplementedError(assessment, failed_checks, assessment_parts, print_document, print_result, out, quick)
