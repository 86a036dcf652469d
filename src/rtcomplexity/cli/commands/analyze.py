"""``rtcomplexity analyze``: the main job."""

from typing import Annotated

import typer

from rtcomplexity.cli.exit_codes import ExitCode
from rtcomplexity.cli.options import (
    DEFAULT_PROFILE,
    Aliases,
    AsJson,
    FailAt,
    Fractions,
    Identified,
    Out,
    PlanFolder,
    ProfileName,
    Quiet,
    SiteName,
    StructureSetUid,
    parse_fail_at,
)


def analyze(
    path: PlanFolder,
    *,
    as_json: AsJson = False,
    out: Out = None,
    identified: Identified = False,
    aliases: Aliases = None,
    structure_set_uid: StructureSetUid = None,
    site: SiteName = None,
    fractions: Fractions = None,
    profile: ProfileName = DEFAULT_PROFILE,
    quick: Annotated[bool, typer.Option("--quick", help="Counts, volumes and links only; no verdict.")] = False,
    fail_at: FailAt = None,
    quiet: Quiet = False,
) -> None:
    """Measure the targets of a plan and say whether they support a modifier-22 claim.

    Example: rtcomplexity analyze ./plan --out evidence
    """
    limits = parse_fail_at(fail_at, quick=quick)

    from rtcomplexity.cli.assessing import assessed, deidentified_record
    from rtcomplexity.cli.checks import failed_checks
    from rtcomplexity.cli.output import EVIDENCE_FILE, write_private
    from rtcomplexity.cli.rendering.assessment import assessment_parts
    from rtcomplexity.cli.rendering.console import print_document, print_result
    from rtcomplexity.evidence.record import to_json

    assessment = assessed(
        path,
        profile=profile,
        aliases=aliases,
        structure_set_uid=structure_set_uid,
        site=site,
        fractions=fractions,
        quick=quick,
        quiet=quiet,
    )
    record = assessment.record
    if out is not None:
        kept = record if identified else deidentified_record(assessment, profile)
        _tell(f"Wrote {write_private(out, EVIDENCE_FILE, to_json(kept))}", quiet=quiet)
    if as_json:
        print_document(to_json(record))
    else:
        print_result(assessment_parts(record, quick=quick))
    failed = failed_checks(record, limits)
    if failed:
        _tell(f"--fail-at: {'; '.join(failed)}")
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _tell(text: str, *, quiet: bool = False) -> None:
    if not quiet:
        typer.echo(text, err=True)
