"""``rtcomplexity verify``: whether an evidence folder is untouched, and whether the plan says the same again."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.options import Aliases, Quiet, StructureSetUid, TargetsFile, optional
from rtcomplexity.model.options import BY_SITE

EvidenceDir = Annotated[
    Path, typer.Argument(metavar="DIR", help="Folder from analyze --out or compare --out.", show_default=False)
]
GivenFile = Annotated[Path | None, optional("FILE", "As analyze was given.")]


def verify(
    folder: EvidenceDir,
    *,
    plan: Annotated[Path | None, optional("PATH", "The plan, to derive the record again.", "--plan")] = None,
    public_key: Annotated[
        Path | None, optional("FILE", "PEM file of the key that must have signed.", "--public-key")
    ] = None,
    profile: Annotated[str, optional("NAME", "As analyze was given.")] = BY_SITE,
    claim: GivenFile = None,
    cms: GivenFile = None,
    cohort: GivenFile = None,
    aliases: Aliases = None,
    structure_set_uid: StructureSetUid = None,
    targets: TargetsFile = None,
    sides: Annotated[tuple[str, str] | None, optional("FIRST SECOND", "Of a comparison: both sides again.")] = None,
    images: Annotated[Path | None, optional("DIR", "Of a comparison: as compare was given.")] = None,
    quiet: Quiet = False,
) -> None:
    """Check that an evidence folder is unchanged and, with the plan, that it gives the same record and pictures.

    The folder of a comparison is checked the same way, with --sides against what both sides come to again.

    Ends with 0 when it is identical or equivalent, with 5 when it differs or a report could not be checked.

    Example: rtcomplexity verify evidence --plan ./plan
    """
    from rtcomplexity.case.target_names import parse_aliases
    from rtcomplexity.cli.assessing import assessed
    from rtcomplexity.errors import ExitCode, UsageError
    from rtcomplexity.evidence.formats.text import shown
    from rtcomplexity.model.options import AnalyzeOptions
    from rtcomplexity.usecases.verify import verify as verified
    from rtcomplexity.usecases.verify_comparison import is_comparison, verify_comparison

    if is_comparison(folder):
        compared = verify_comparison(folder, sides or (), images=images)
        typer.echo(shown(compared.sentence))
        if not compared.is_good:
            raise typer.Exit(ExitCode.CHECK_FAILED)
        return
    if sides is not None or images is not None:
        raise UsageError("--sides, --images", "a folder that is no comparison's", "--plan for the evidence of a plan")
    given = AnalyzeOptions(
        profile=profile,
        aliases=parse_aliases(aliases or ()),
        structure_set_uid=structure_set_uid,
        targets=targets,
        claim=claim,
        cms=cms,
        cohort=cohort,
    )
    found = verified(folder, plan, given, public_key=public_key, analyze_plan=partial(assessed, quiet=quiet))
    typer.echo(shown(found.sentence))
    if not quiet:
        for note in found.notes:
            typer.echo(shown(f"Note: {note}."), err=True)
    if not found.is_good:
        raise typer.Exit(ExitCode.CHECK_FAILED)
