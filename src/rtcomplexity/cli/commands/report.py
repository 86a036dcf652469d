"""``rtcomplexity report``: the reports of an evidence folder rendered again, without any DICOM file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.dicomweb import CredentialsFile, TlsAuthority, archive_at
from rtcomplexity.cli.options import Quiet, optional
from rtcomplexity.errors import UsageError
from rtcomplexity.evidence.output_formats import DICOM_FORMATS, FORMATS

if TYPE_CHECKING:
    from rtcomplexity.archive.dicomweb import DicomWeb
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.settings import Settings
    from rtcomplexity.usecases.reports import Reports


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Evidence folder from analyze --out.", show_default=False)
    ],
    *,
    formats: Annotated[
        str, typer.Option("--format", metavar="LIST", help=f"Some of {', '.join(FORMATS)}, with commas between.")
    ] = "html,pdf",
    plan: Annotated[Path | None, optional("PLAN", "The plan DIR was made from; seg needs it.")] = None,
    send: Annotated[
        str | None, optional("URL", "Store the DICOM objects of --format at this DICOMweb address (STOW-RS).")
    ] = None,
    credentials: CredentialsFile = None,
    tls_ca: TlsAuthority = None,
    sign_key: Annotated[
        Path | None, optional("FILE", "Sign the manifest again with this Ed25519 key.", "--sign-key")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Render the reports of an evidence folder again from its record and pictures; only seg needs the plan.

    The manifest is rewritten; a signature is dropped unless a key is given. With cdex, the values of the claim's PWK
    segment are printed. With --send, what was stored is read back and compared.

    Example: rtcomplexity report evidence --format html,pdf
    """
    wanted = parse_formats(formats)

    from rtcomplexity.settings import Settings
    from rtcomplexity.usecases.reports import write_reports

    settings = Settings.from_environment()
    archive = None if send is None else archive_at(send, credentials, tls_ca, settings, option="--send")
    if archive is not None and not set(wanted) & set(DICOM_FORMATS):
        raise UsageError("--format", ", ".join(wanted), f"with --send some of {', '.join(DICOM_FORMATS)}")
    reports = write_reports(folder, wanted, plan=plan, sign_key=sign_key, settings=settings)
    if "cdex" in wanted:
        _print_pwk(reports.record)
    if not quiet:
        typer.echo(f"Wrote {', '.join(reports.files)} in {folder}", err=True)
    if archive is not None:
        _send(archive, reports, settings)


def _send(archive: "DicomWeb", reports: "Reports", settings: "Settings") -> None:
    from rtcomplexity.archive.sending import send

    instances = [content for name, content in reports.files.items() if name.endswith(".dcm")]
    with archive:
        count = send(archive, instances, settings)
    typer.echo(f"Stored {count} DICOM objects; each was read back with the same content.")


def _print_pwk(record: "Record") -> None:
    """Print what the claim's PWK segment holds to announce the attachment, the decision first."""
    from rtcomplexity.evidence.cover import cover_of
    from rtcomplexity.evidence.formats.fhir import pwk_values

    typer.echo(cover_of(record).decision)
    typer.echo("  ".join(f"{element} {value}" for element, value in pwk_values(record).items()))


def parse_formats(text: str) -> tuple[str, ...]:
    """Read the value of ``--format``.

    Raises
    ------
    UsageError
        If it names a format that there is not.

    Examples
    --------
    >>> parse_formats("html, pdf")
    ('html', 'pdf')
    """
    wanted = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
    if not set(wanted) <= set(FORMATS):
        raise UsageError("--format", text, f"some of {', '.join(FORMATS)}, with commas between")
    return wanted
