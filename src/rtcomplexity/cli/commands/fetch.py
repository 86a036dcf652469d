"""``rtcomplexity fetch``: a plan from a DICOM archive (PACS) into a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.dicomweb import CredentialsFile, TlsAuthority, archive_at
from rtcomplexity.cli.options import Quiet, optional
from rtcomplexity.errors import MissingOptionError, UsageError

if TYPE_CHECKING:
    from rtcomplexity.archive.fetching import Fetched
    from rtcomplexity.archive.query import Archive


def fetch(
    *,
    out: Annotated[Path, optional("DIR", "Folder for the files; an existing one continues.")],
    dicomweb: Annotated[str | None, optional("URL", "DICOMweb address of the archive.")] = None,
    credentials: CredentialsFile = None,
    tls_ca: TlsAuthority = None,
    dimse: Annotated[str | None, optional("HOST:PORT", "DIMSE address of the archive.")] = None,
    called: Annotated[str, typer.Option(metavar="AET", help="With --dimse: AE title of the archive.")] = "ANY-SCP",
    calling: Annotated[str, typer.Option(metavar="AET", help="With --dimse: our AE title.")] = "RTCOMPLEXITY",
    move_to: Annotated[
        str | None, optional("AET@PORT", "With --dimse: where C-MOVE sends, if C-GET is refused.")
    ] = None,
    patient: Annotated[str | None, optional("ID", "Patient ID.")] = None,
    accession: Annotated[str | None, optional("NUMBER", "Accession number.")] = None,
    study: Annotated[str | None, optional("UID", "Study Instance UID.")] = None,
    structure_set: Annotated[str | None, optional("UID", "SOP Instance UID of the structure set.")] = None,
    quiet: Quiet = False,
) -> None:
    """Fetch a plan from an archive: its structure set and everything linked to it, in any study.

    Example: rtcomplexity fetch --dicomweb https://pacs.example/dicom-web --patient 1234 --out ./plan
    """
    from rtcomplexity.archive.fetching import fetch_plan
    from rtcomplexity.archive.query import Query
    from rtcomplexity.archive.shelf import Shelf
    from rtcomplexity.cli.progress import status_line
    from rtcomplexity.settings import Settings

    if (dicomweb is None) == (dimse is None):
        found = "Both --dicomweb and --dimse were given." if dicomweb else "No archive was given."
        raise MissingOptionError("--dicomweb", found, "one of --dicomweb URL and --dimse HOST:PORT")
    query = Query(
        patient_id=_plain("--patient", patient),
        accession_number=_plain("--accession", accession),
        study_uid=_plain("--study", study),
        structure_set_uid=_plain("--structure-set", structure_set),
    )
    if query == Query():
        raise MissingOptionError(
            "--patient",
            "No patient, study or structure set was named.",
            "one of --patient, --accession, --study and --structure-set",
        )
    settings = Settings.from_environment()
    if dicomweb is not None:
        archive: Archive = archive_at(dicomweb, credentials, tls_ca, settings)
    else:
        from rtcomplexity.archive.dimse import Dimse, parse_peer

        archive = Dimse(parse_peer(dimse or "", called, calling, move_to), settings)
    with archive, status_line(quiet=quiet) as show:
        fetched = fetch_plan(archive, query, Shelf(out, settings), show)
    _print(fetched, out)


def _plain(option: str, value: str | None) -> str:
    """Refuse wildcards and what separates values: one patient or study is meant."""
    if value is not None and (not value.strip() or any(letter in "*?\\" or ord(letter) < 32 for letter in value)):
        raise UsageError(option, value, "one identifier, without * ? or a backslash")
    return (value or "").strip()


def _print(fetched: "Fetched", out: Path) -> None:
    typer.echo(f"{fetched.files} files of {fetched.series} series are in {out}; {fetched.new_files} of them are new.")
    if fetched.missing_series:
        typer.echo(f"{fetched.missing_series} series that the structure set references are not in the archive.")
    typer.echo(f"Next: rtcomplexity analyze {out}")
