"""The options with which commands reach a DICOMweb archive, and the archive at the address that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rtcomplexity.cli.options import optional

if TYPE_CHECKING:
    from rtcomplexity.archive.dicomweb import DicomWeb
    from rtcomplexity.settings import Settings

CredentialsFile = Annotated[
    Path | None,
    optional(
        "FILE", "Lines user=, password= or token=; else RTCOMPLEXITY_DICOMWEB_USER, _PASSWORD, _TOKEN.", "--credentials"
    ),
]
TlsAuthority = Annotated[Path | None, optional("PEM", "Who signed the archive's certificate.", "--tls-ca")]


def archive_at(
    url: str, credentials: Path | None, tls_ca: Path | None, settings: Settings, *, option: str = "--dicomweb"
) -> DicomWeb:
    """Return the archive at an address, which `option` named; nothing is connected yet."""
    from rtcomplexity.archive.credentials import Credentials
    from rtcomplexity.archive.dicomweb import DicomWeb

    who = Credentials.from_environment() if credentials is None else Credentials.from_file(credentials)
    return DicomWeb(url, who, settings, authority=tls_ca, option=option)
