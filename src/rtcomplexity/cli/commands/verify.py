"""``rtcomplexity verify``: whether an evidence folder is untouched, and whether the plan says the same again."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.exit_codes import ExitCode
from rtcomplexity.cli.options import Aliases, Quiet, StructureSetUid

if TYPE_CHECKING:
    from rtcomplexity.assessment import Assessment
    from rtcomplexity.evidence.folder import EvidenceFolder
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.evidence.verification import Comparison, FolderCheck

EvidenceDir = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that analyze --out left.", show_default=False)]


def verify(
    folder: EvidenceDir,
    *,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="PATH", help="The plan, to derive the record again.", show_default=False),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key", metavar="FILE", help="PEM file of the key that must have signed.", show_default=False
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="As analyze was given.", show_default=False)
    ] = None,
    claim: Annotated[
        Path | None, typer.Option("--claim", metavar="FILE", help="As analyze was given.", show_default=False)
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option("--cohort", metavar="FILE", help="As analyze was given.", show_default=False)
    ] = None,
    aliases: Aliases = None,
    structure_set_uid: StructureSetUid = None,
    quiet: Quiet = False,
) -> None:
    """Say whether an evidence folder is untouched; with the plan, whether it gives the same record and pictures.

    Ends with 0 when it is identical or equivalent, with 5 when it differs or a report could not be checked.

    Example: rtcomplexity verify evidence --plan ./plan
    """
    from rtcomplexity.cli.deriving import derived_again
    from rtcomplexity.evidence.folder import read_folder
    from rtcomplexity.evidence.formats.text import shown
    from rtcomplexity.evidence.signing import read_public_key
    from rtcomplexity.evidence.verification import check_folder, verification_sentence

    saved = read_folder(folder)
    check = check_folder(saved, public_key=None if public_key is None else read_public_key(public_key))
    inputs = comparison = None
    if plan is not None and not check.problems:
        derive = partial(
            derived_again,
            saved.record(),
            plan,
            profile=profile,
            aliases=aliases,
            structure_set_uid=structure_set_uid,
            claim=claim,
            cohort=cohort,
            quiet=quiet,
        )
        check, inputs, comparison = _with_plan(saved, check, derive)
    is_good, sentence = verification_sentence(check, inputs=inputs, comparison=comparison)
    typer.echo(shown(sentence))
    if not quiet:
        for note in check.notes:
            typer.echo(shown(f"Note: {note}."), err=True)
    if not is_good:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _with_plan(
    saved: "EvidenceFolder", check: "FolderCheck", derive: Callable[[], "tuple[Assessment, Record]"]
) -> "tuple[FolderCheck, tuple[str, ...], Comparison | None]":
    """Derive the record from the plan again, and compare its files, record and pictures with the saved ones."""
    from rtcomplexity.errors import InputDataError
    from rtcomplexity.evidence.leaving import pictures_of
    from rtcomplexity.evidence.manifest import inputs_of
    from rtcomplexity.evidence.verification import (
        compare_inputs,
        compare_pictures,
        compare_records,
        unreadable_plan,
        with_pictures,
    )
    from rtcomplexity.settings import Settings

    try:
        assessment, record = derive()
    except InputDataError as error:
        return check, unreadable_plan(error.found), None
    inputs = compare_inputs(saved.manifest(), inputs_of(assessment.case))
    comparison = compare_records(saved.record(), record)
    drawn = pictures_of(assessment.case, record, Settings.from_environment())
    pictures = compare_pictures(saved.pictures(), drawn)
    return with_pictures(check, pictures, saved.manifest(), comparison), inputs, comparison
