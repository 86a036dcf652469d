"""One file inside an archive, which opens as a :class:`pathlib.Path` does, and the type that stands for either."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, TypeAlias

from rtcomplexity.sources import containers

if TYPE_CHECKING:
    from rtcomplexity.settings import Settings

MEMBER_SEPARATOR: Final = "\0"
"""Between the parts of a member's place in text: no file system and no archive allows it in a name."""
_WHOLE_IN_MEMORY_BYTES: Final = 64_000_000


class FileStatus(NamedTuple):
    """The part of :class:`os.stat_result` that readers use."""

    st_size: int
    st_mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of an archive; what may be one, :func:`rtcomplexity.sources.archives.members_of` decides."""

    archive: Path
    number: int
    """Its place in the archive, since names there may repeat."""
    name: str
    """As the archive spells it; only shown, never used as a path."""
    settings: Settings = field(repr=False, compare=False)
    """Limits under which the archive is opened."""

    def __str__(self) -> str:
        return MEMBER_SEPARATOR.join([str(self.archive), str(self.number), self.name])

    def open(self, _mode: str = "rb") -> BinaryIO:
        """Open for reading; a small member is read into memory, where moving back costs nothing."""
        if self.stat().st_size <= _WHOLE_IN_MEMORY_BYTES:
            return BytesIO(self.read_bytes())
        return self._container.open(self.number)

    def read_bytes(self) -> bytes:
        """Read all bytes.

        Raises
        ------
        OSError
            If the archive is gone or broken.
        """
        try:
            with self._container.open(self.number) as stream:
                return stream.read()
        except containers.BROKEN as fault:
            raise OSError(errno.EIO, "a member of an archive cannot be unpacked") from fault

    def stat(self) -> FileStatus:
        """Its own size, and the time at which the archive changed."""
        size = self._container.entries[self.number].size
        return FileStatus(st_size=size, st_mtime_ns=self.archive.stat().st_mtime_ns)

    @property
    def _container(self) -> containers.Container:
        try:
            return containers.opened(self.archive, self.settings)
        except (containers.TooMuchError, *containers.BROKEN) as fault:
            raise OSError(errno.EIO, "an archive cannot be opened again") from fault


Source: TypeAlias = Path | Member
"""Anything with ``open("rb")``, ``read_bytes()`` and ``stat()``; ``str`` of it is its place in text."""


def shown_place(place: str, base: Path) -> str:
    r"""Show a place as a path below a folder: that of a member after its archive and ``!/``.

    Examples
    --------
    >>> shown_place("/data/a/plan.zip\0" "3\0ct/1.dcm", Path("/data"))
    'a/plan.zip!/ct/1.dcm'
    """
    path, separator, rest = place.partition(MEMBER_SEPARATOR)
    below = Path(path)
    shown = str(below.relative_to(base)) if below.is_relative_to(base) else path
    return f"{shown}!/{rest.partition(MEMBER_SEPARATOR)[2]}" if separator else shown


def source_at(place: str, settings: Settings) -> Source:
    r"""Turn a place in text back into what it is.

    Examples
    --------
    >>> from rtcomplexity.settings import Settings
    >>> source_at("archive.zip\0" "3\0ct/1.dcm", Settings()).name
    'ct/1.dcm'
    """
    path, separator, rest = place.partition(MEMBER_SEPARATOR)
    if not separator:
        return Path(path)
    number, _, name = rest.partition(MEMBER_SEPARATOR)
    return Member(archive=Path(path), number=int(number), name=name, settings=settings)
