"""``rtcomplexity report``: the reports of an evidence folder rendered again, without any DICOM file."""

from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.options import Quiet

FORMATS = ("html", "pdf", "csv", "txt", "xlsx", "sr", "encapsulated-pdf")
"""The same as the keys of :data:`rtcomplexity.evidence.rendering.FORMATS`, which is too heavy to import for help."""


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that analyze --out left.", show_default=False)],
    *,
    formats: Annotated[
        str, typer.Option("--format", metavar="LIST", help=f"Some of {', '.join(FORMATS)}, with commas between.")
    ] = "html,pdf",
    sign_key: Annotated[
        Path | None,
        typer.Option(
            "--sign-key", metavar="FILE", help="Sign the manifest anew with this Ed25519 key.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Render the reports of an evidence folder again from its record and pictures; needs no DICOM.

    The manifest is written anew; a signature is dropped unless a key is given.

    Example: rtcomplexity report evidence --format html,pdf
    """
    wanted = parse_formats(formats)

    from datetime import UTC, datetime

    from rtcomplexity.errors import UsageError
    from rtcomplexity.evidence.folder import read_folder, write_folder
    from rtcomplexity.evidence.package import sealed_files
    from rtcomplexity.evidence.rendering import FORMATS as NAMES
    from rtcomplexity.evidence.rendering import ON_REQUEST, REPORTS, render
    from rtcomplexity.evidence.signing import read_private_key
    from rtcomplexity.evidence.verification import check_folder

    key = None if sign_key is None else read_private_key(sign_key)
    saved = read_folder(folder)
    names = [name for kind in wanted for name in NAMES[kind]]
    problems = [each for each in check_folder(saved).problems if not each.startswith(tuple(names))]
    if problems:
        raise UsageError("DIR", f"{folder} ({problems[0]})", "a folder whose other files are as they were left")
    known = {*REPORTS, *ON_REQUEST}
    kept = {name: content for name, content in saved.files.items() if name in known and name not in names}
    record, pictures, manifest = saved.record(), saved.pictures(), saved.manifest()
    outputs = {**kept, **render(record, pictures, [name for name in names if name in REPORTS])}
    requested = [name for name in names if name in ON_REQUEST]
    outputs |= {name: ON_REQUEST[name](record, pictures, manifest.written_at) for name in requested}
    is_dated = any(name in outputs for name in ON_REQUEST)  # these hold the time of the run, which then stays
    now = manifest.written_at if is_dated else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    write_folder(folder, sealed_files(record, outputs, manifest.inputs, written_at=now, key=key), option="DIR")
    if not quiet:
        typer.echo(f"Wrote {', '.join(names)} in {folder}", err=True)


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
    from rtcomplexity.errors import UsageError

    wanted = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
    if not set(wanted) <= set(FORMATS):
        raise UsageError("--format", text, f"some of {', '.join(FORMATS)}, with commas between")
    return wanted
