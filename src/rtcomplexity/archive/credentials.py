"""Who asks a DICOMweb archive: from the environment or a file, never from the command line, which others can read."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from rtcomplexity.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREFIX: Final = "RTCOMPLEXITY_DICOMWEB_"
NAMES: Final = ("user", "password", "token")
_MOST_BYTES: Final = 64_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user with a password, a bearer token, or nothing."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def header(self) -> dict[str, str]:
        """The Authorization header; empty without credentials."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``RTCOMPLEXITY_DICOMWEB_USER``, ``_PASSWORD`` and ``_TOKEN``."""
        environment = os.environ if environment is None else environment
        return cls._checked({name: environment.get(PREFIX + name.upper(), "") for name in NAMES}, "environment")

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a file of lines ``user=``, ``password=`` or ``token=``.

        Raises
        ------
        UsageError
            If it cannot be read, or has a line of another form; no value is shown.
        """
        try:
            lines = path.read_bytes()[:_MOST_BYTES].decode("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as fault:
            raise UsageError("--credentials", type(fault).__name__, "a readable text file") from fault
        values = dict.fromkeys(NAMES, "")
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            name, separator, value = line.partition("=")
            if not separator or name.strip() not in NAMES:
                raise UsageError("--credentials", f"line {number}", f"lines of {', '.join(NAMES)}, such as user=…")
            values[name.strip()] = value.strip()
        return cls._checked(values, "--credentials")

    @classmethod
    def _checked(cls, values: Mapping[str, str], source: str) -> Self:
        if any(ord(letter) < 32 or ord(letter) == 127 for value in values.values() for letter in value):
            raise UsageError(source, "a control character in credentials", "printable characters")
        return cls(**values)
