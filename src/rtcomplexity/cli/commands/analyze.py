"""``rtcomplexity analyze``: the main job."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.options import (
    Aliases,
    AsJson,
    FailAt,
    Fractions,
    PlanFolder,
    ProfileName,
    Quiet,
    SamePatient,
    SiteName,
    StructureSetUid,
    TargetsFile,
    Threads,
    optional,
    parse_fail_at,
)
from rtcomplexity.errors import ExitCode, UsageError
from rtcomplexity.model.options import BY_SITE

if TYPE_CHECKING:
    from rtcomplexity.usecases.analyze import Assessment


def analyze(
    path: PlanFolder,
    *,
    as_json: AsJson = False,
    out: Annotated[
        Path | None, optional("DIR", "Write the evidence folder here: HTML, PDF, tables, pictures, record.")
    ] = None,
    identified: Annotated[
        bool | None,
        typer.Option(
            "--identified/--de-identified",
            help="With --out: for payment, with patient, dates, ROI names, or not (default). With --claim: say which.",
            show_default=False,
        ),
    ] = None,
    aliases: Aliases = None,
    structure_set_uid: StructureSetUid = None,
    targets: TargetsFile = None,
    same_patient: SamePatient = False,
    site: SiteName = None,
    fractions: Fractions = None,
    profile: ProfileName = BY_SITE,
    claim: Annotated[Path | None, optional("FILE", "Claim information file (see claim new).")] = None,
    payer: Annotated[str | None, optional("NAME", "Payer whose rules on modifier 22 apply.")] = None,
    cms: Annotated[Path | None, optional("FILE", "What CMS publishes for the code (see cms import).")] = None,
    cohort: Annotated[Path | None, optional("FILE", "Institutional comparison cohort (see cohort build).")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Counts, volumes and links only; no verdict.")] = False,
    sign_key: Annotated[Path | None, optional("FILE", "With --out: sign with this Ed25519 key.", "--sign-key")] = None,
    fail_at: FailAt = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Measure the targets of a plan and say whether they support a modifier-22 claim.

    Example: rtcomplexity analyze ./plan --out evidence
    """
    limits = parse_fail_at(fail_at, quick=quick)
    if out is not None and claim is not None and identified is None:
        raise UsageError("--claim", "--out without a choice", "--identified (for payment) or --de-identified with it")

    from rtcomplexity.case.target_names import parse_aliases
    from rtcomplexity.cli.assessing import assessed
    from rtcomplexity.cli.checks import failed_checks
    from rtcomplexity.cli.rendering.console import print_document, print_result
    from rtcomplexity.evidence.record import to_json
    from rtcomplexity.model.options import AnalyzeOptions

    options = AnalyzeOptions(
        profile=profile,
        aliases=parse_aliases(aliases or ()),
        structure_set_uid=structure_set_uid,
        targets=targets,
        same_patient=same_patient,
        site=site,
        fractions=fractions,
        claim=claim,
        payer=payer,
        cms=cms,
        cohort=cohort,
        quick=quick,
    )
    assessment = assessed(path, options, name_patients=identified is True, threads=threads, quiet=quiet)
    record = assessment.record
    if out is not None:
        write(assessment, out, identified=identified is True, sign_key=sign_key, quiet=quiet)
    if as_json:
        print_document(to_json(record))
    else:
        from rtcomplexity.cli.rendering.assessment import assessment_parts

        print_result(assessment_parts(record, quick=quick))
    failed = failed_checks(record, limits)
    if failed:
        _note(f"--fail-at: {'; '.join(failed)}")
        raise typer.Exit(ExitCode.CHECK_FAILED)


def write(
    assessment: "Assessment",
    out: Path,
    *,
    identified: bool = False,
    sign_key: Path | None = None,
    over_another: bool = False,
    quiet: bool = False,
) -> None:
    """Write the evidence folder, and say where; warn where a picture may show a face."""
    from rtcomplexity.usecases.package import write_evidence

    evidence = write_evidence(assessment, out, identified=identified, sign_key=sign_key, over_another=over_another)
    others = len(evidence.files) - 3
    _note(f"Wrote {out / 'evidence.json'}, evidence.html, evidence.pdf and {others} more files", quiet=quiet)
    if evidence.may_show_face:
        _note("Warning: the pictures may show a face, by which a person can be recognized.")


def _note(text: str, *, quiet: bool = False) -> None:
    if not quiet:
        typer.echo(text, err=True)
