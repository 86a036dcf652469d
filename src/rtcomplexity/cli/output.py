"""Writing a result into a folder the user named, so that no half-written or world-readable file is ever there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rtcomplexity.errors import UsageError, os_reason


def write_private(folder: Path, name: str, content: bytes) -> Path:
    """Write `content` as the file `name` in `folder`, readable by its owner alone, and return where it is.

    It is written beside its place and then moved there: a link that stands in its place is replaced, not followed.

    Raises
    ------
    UsageError
        If the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _replace(folder / name, content)
    except OSError as error:
        raise UsageError("--out", f"{folder} ({os_reason(error)})", "a folder that can be written") from error


def _replace(target: Path, content: bytes) -> Path:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target
