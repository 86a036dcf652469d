"""Files written whole: beside their place, readable by their owner alone, then moved there.

A reader sees all of a file or what was there before; a link in its place is replaced, not followed.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import UsageError, os_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import TextIOWrapper

PART_SUFFIX: Final = ".part"
"""Of a file that is not written whole yet; its name begins with a dot."""


@contextmanager
def replacing(target: Path) -> Iterator[TextIOWrapper]:
    """Give a file to write text to; it takes its place when all is written, and leaves nothing where that fails."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=PART_SUFFIX)  # mode 0600
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def write_whole(target: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Write a file; `durable` returns only once it survives a loss of power."""
    with replacing(target) as stream:
        stream.buffer.write(content.encode("utf-8") if isinstance(content, str) else content)
        if durable:
            stream.buffer.flush()
            os.fsync(stream.fileno())


def write_into(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by name into the folder that ``--out`` names, made if missing.

    Raises
    ------
    UsageError
        If the folder cannot be made or written.
    """
    with writable("--out", folder, "a folder that can be written"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(folder / name, content)


@contextmanager
def writable(
    option: str, place: Path | str, expected: str = "a file in a folder that can be written"
) -> Iterator[None]:
    """Name the option and its place where something cannot be written.

    Raises
    ------
    UsageError
        In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise UsageError(option, f"{place} ({os_reason(error)})", expected) from error
