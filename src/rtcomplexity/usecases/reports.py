"""The use case: render reports of an evidence folder again, from its record and pictures, without any DICOM file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rtcomplexity.errors import UsageError
from rtcomplexity.evidence.folder import read_folder, write_folder
from rtcomplexity.evidence.package import sealed_files
from rtcomplexity.evidence.rendering import FORMATS, ON_REQUEST, REPORTS, render
from rtcomplexity.evidence.signing import read_private_key
from rtcomplexity.evidence.verification import check_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.evidence.folder import EvidenceFolder
    from rtcomplexity.evidence.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The reports that were rendered, and the record they were rendered from."""

    record: Record
    files: Mapping[str, bytes]
    """Content by name."""


def write_reports(folder: Path | str, formats: Sequence[str], *, sign_key: Path | str | None = None) -> Reports:
    """Render some formats into an evidence folder, and write its manifest anew; a signature is dropped without a key.

    Parameters
    ----------
    folder : an evidence folder
    formats : keys of :data:`rtcomplexity.evidence.rendering.FORMATS`
    sign_key : PEM file of the Ed25519 key that signs the manifest

    Raises
    ------
    UsageError
        If another file of the folder is not as it was left, or the record does not allow a format.
    MissingExtraError
        If a format needs an extra that is not installed.
    """
    target = Path(folder)
    key = None if sign_key is None else read_private_key(Path(sign_key))
    names = [name for kind in formats for name in FORMATS[kind]]
    saved = _untouched(target, names)
    record, pictures, manifest = saved.record(), saved.pictures(), saved.manifest()
    kept = {
        name: content
        for name, content in saved.files.items()
        if name not in names and (name in REPORTS or name in ON_REQUEST)
    }
    outputs = {**kept, **render(record, pictures, [name for name in names if name in REPORTS])}
    outputs |= {name: ON_REQUEST[name](record, pictures, manifest.written_at) for name in names if name in ON_REQUEST}
    is_dated = any(name in outputs for name in ON_REQUEST)  # these hold the time of the run, which then stays
    now = manifest.written_at if is_dated else f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    write_folder(target, sealed_files(record, outputs, manifest.inputs, written_at=now, key=key), option="DIR")
    return Reports(record=record, files={name: outputs[name] for name in names})


def _untouched(folder: Path, names: Sequence[str]) -> EvidenceFolder:
    """The folder, whose files but for those that are rendered now are as they were left."""
    saved = read_folder(folder)
    problems = [each for each in check_folder(saved).problems if not each.startswith(tuple(names))]
    if problems:
        raise UsageError("DIR", f"{folder} ({problems[0]})", "a folder whose other files are as they were left")
    return saved
