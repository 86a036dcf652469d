"""Every regular file below a folder, one folder in memory at a time, and what could not be looked at."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.sources.archives import Unopened, archive_kind, members_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.settings import Settings
    from rtcomplexity.sources.member import Source

LINKED_FOLDER: Final = "linked-folder"
SPECIAL_FILE: Final = "special-file"
_NOT_FOLLOWED: Final = "A linked folder was not followed. Try: --follow-symlinks, or give the folder it leads to."


def regular_files(root: Path, *, without: Path | None = None, follow_links: bool = False) -> Iterator[Path | Unopened]:
    """Give every regular file below a folder, folder by folder, each sorted by name.

    Parameters
    ----------
    root
        A folder, or one file.
    without
        A folder in it that is not looked into.
    follow_links
        Whether linked folders are looked into: each real folder once, so that circles end.
    """
    if not root.is_dir():
        yield from _regular(root)
        return
    own = None if without is None else os.path.realpath(without)
    faults: list[Unopened] = []
    visited = {_identity(root)}

    def unreadable(fault: OSError) -> None:
        reason = f"A folder cannot be opened ({fault.strerror})."
        faults.append(Unopened(place=str(fault.filename), code="folder-unreadable", reason=reason))

    for folder, subfolders, names in os.walk(root, onerror=unreadable, followlinks=follow_links):
        if not follow_links:
            links = sorted(name for name in subfolders if Path(folder, name).is_symlink())
            for name in links:
                yield Unopened(place=str(Path(folder, name)), code=LINKED_FOLDER, reason=_NOT_FOLLOWED)
        subfolders[:] = [
            name
            for name in sorted(subfolders, key=lambda name: (Path(folder, name).is_symlink(), name))
            if os.path.realpath(Path(folder, name)) != own and not (follow_links and _seen(Path(folder, name), visited))
        ]
        for name in sorted(names):
            yield from _regular(Path(folder, name))
    yield from faults


def with_members(files: Iterable[Path | Unopened], settings: Settings) -> Iterator[Source | Unopened]:
    """Give the members of archives in their place; all else as it is."""
    for file in files:
        yield from (file,) if isinstance(file, Unopened) else sources_of(file, settings)


def sources_of(file: Path, settings: Settings) -> Iterator[Source | Unopened]:
    """Give a file itself, or what is in it where it is an archive."""
    try:
        kind = archive_kind(file)
    except OSError as fault:
        yield unreadable(file, fault)
        return
    yield from members_of(file, kind, settings) if kind else (file,)


def _identity(path: Path) -> tuple[int, int] | str:
    """Device and number of a folder; its real path where the system has no numbers."""
    status = path.stat()
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)


def _seen(path: Path, visited: set[tuple[int, int] | str]) -> bool:
    """Whether a folder was visited before; it counts as visited from here on."""
    try:
        identity = _identity(path)
    except OSError:
        return False  # the walk will say why it cannot be opened
    is_seen = identity in visited
    visited.add(identity)
    return is_seen


def _regular(path: Path) -> Iterator[Path | Unopened]:
    try:
        is_regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as fault:
        yield unreadable(path, fault)
    else:
        special = Unopened(place=str(path), code=SPECIAL_FILE, reason="A pipe, socket or device was not opened.")
        yield path if is_regular else special
