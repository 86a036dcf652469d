"""``rtcomplexity analyze``: the main job."""

from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.exit_codes import ExitCode
from rtcomplexity.cli.options import (
    DEFAULT_PROFILE,
    Aliases,
    AsJson,
    PlanFolder,
    Quiet,
    StructureSetUid,
    parse_fail_at,
)


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
    limits = parse_fail_at(fail_at)

    from rtcomplexity.cli.assessing import assessed
    from rtcomplexity.cli.checks import failed_checks
    from rtcomplexity.cli.output import EVIDENCE_FILE, write_private
    from rtcomplexity.cli.rendering.assessment import assessment_parts
    from rtcomplexity.cli.rendering.console import print_document, print_result
    from rtcomplexity.evidence.record import to_json

    record = assessed(path, profile=profile, aliases=aliases, structure_set_uid=structure_set_uid, quiet=quiet)
    if as_json:
        print_document(to_json(record))
    else:
        print_result(assessment_parts(record, quick=quick))
    if out is not None:
        typer.echo(f"Wrote {write_private(out, EVIDENCE_FILE, to_json(record))}", err=True)
    failed = failed_checks(record, limits)
    if failed:
        typer.echo(f"--fail-at: {'; '.join(failed)}", err=True)
        raise typer.Exit(ExitCode.CHECK_FAILED)
