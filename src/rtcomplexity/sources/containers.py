"""Zip and tar archives as numbered entries that can be read at random; nothing of them is written to a named file.

A compressed tar can be read only from its beginning: it is inflated once into a temporary file without a name, up to
the limit on inflation. Knows how archives are laid out; what of them may be used, :mod:`rtcomplexity.sources.archives`
decides.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import stat
import struct
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtcomplexity.settings import Settings

HEAD_BYTES: Final = 512
BROKEN: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, ValueError,
    LookupError, struct.error, OverflowError, RuntimeError,
)  # fmt: skip
"""What the standard library raises on archives that are broken or of a kind it cannot read."""
_TAR_MAGIC: Final = slice(257, 262)
_COMPRESSIONS: Final[dict[bytes, Callable[..., BinaryIO]]] = {
    b"\x1f\x8b": gzip.open,  # type: ignore[dict-item]
    b"BZh": bz2.open,  # type: ignore[dict-item]
    b"\xfd7zXZ\0": lzma.open,  # type: ignore[dict-item]
}
_OTHER_ARCHIVES: Final = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR"}
_READABLE_ZIP_METHODS: Final = frozenset(
    {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
)
_ENCRYPTED_BIT: Final = 0x1
_PIECE_BYTES: Final = 1_000_000
_END_OF_ZIP: Final = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT: Final = 65_535
_IN_ZIP64: Final = 0xFFFF
_IN_ZIP64_BYTES: Final = 0xFFFFFFFF
_DIRECTORY_BYTES_PER_ENTRY: Final = 2_048
"""Generous: an entry takes 46 bytes and its name."""


class TooMuchError(Exception):
    """An archive over a limit; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of an archive."""

    name: str
    size: int
    packed_size: int
    is_file: bool
    is_folder: bool = False
    is_link: bool = False
    is_encrypted: bool = False
    is_readable: bool = True
    """False for a compression method that the standard library lacks."""


class Container(Protocol):
    """An archive whose entries can be opened by number."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """In the order in which they stand there."""

    def open(self, number: int) -> BinaryIO:
        """Open an entry for reading."""


def kind_of(head: bytes) -> str:
    r"""Name what kind of archive begins so, by its first 512 bytes: zip, tar, compressed, 7z, RAR, or empty for none.

    Examples
    --------
    >>> kind_of(b"PK\3\4..."), kind_of(b"\x1f\x8b..."), kind_of(b"RIFF")
    ('zip', 'compressed', '')
    """
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    if head[_TAR_MAGIC] == b"ustar":
        return "tar"
    if any(head.startswith(magic) for magic in _COMPRESSIONS):
        return "compressed"
    return next((name for magic, name in _OTHER_ARCHIVES.items() if head.startswith(magic)), "")


def inflated_head(packed: BinaryIO) -> bytes:
    """First bytes of what a compressed file holds; empty where it cannot be inflated."""
    try:
        packed.seek(0)
        with _inflating(packed)(packed) as stream:
            return stream.read(HEAD_BYTES)
    except (OSError, *BROKEN):
        return b""


@lru_cache(maxsize=4)
def _remembered(path: Path, _mtime_ns: int, settings: Settings) -> Container:
    stream = path.open("rb")
    try:
        kind = kind_of(stream.read(HEAD_BYTES))
        stream.seek(0)
        if kind == "zip":
            return _Zip(stream, settings)
        return _Tar(stream if kind == "tar" else _inflated(stream, settings), settings)
    except BaseException:
        stream.close()
        raise


def opened(path: Path, settings: Settings) -> Container:
    """Open a zip or tar archive, or give it again while it is as it was: its list of entries is read once.

    Raises
    ------
    TooMuchError
        If it is over a limit.
    OSError and those of :data:`BROKEN`
        If it cannot be read.
    """
    return _remembered(path, path.stat().st_mtime_ns, settings)


def most_bytes(packed_bytes: int, settings: Settings) -> int:
    """Most bytes that so many packed ones may unpack to."""
    return max(settings.inflation_floor_bytes, settings.max_inflation * packed_bytes)


class _Zip:
    """A zip archive."""

    def __init__(self, stream: BinaryIO, settings: Settings) -> None:
        weakref.finalize(self, stream.close)
        _check_directory(stream, settings)
        self._archive = zipfile.ZipFile(stream)
        self._infos = self._archive.infolist()
        _check_count(len(self._infos), settings)
        self.entries: tuple[Entry, ...] = tuple(map(_zip_entry, self._infos))

    def open(self, number: int) -> BinaryIO:
        """Open an entry."""
        try:
            return cast("BinaryIO", self._archive.open(self._infos[number]))
        except BROKEN as fault:
            raise _unreadable() from fault


class _Tar:
    """An uncompressed tar archive: entries are stretches of its stream."""

    def __init__(self, stream: BinaryIO, settings: Settings) -> None:
        self._stream = stream
        weakref.finalize(self, stream.close)
        self.entries, self._offsets = _tar_entries(stream, settings)

    def open(self, number: int) -> BinaryIO:
        """Open an entry."""
        stretch = _Stretch(self._stream, self._offsets[number], self.entries[number].size)
        return cast("BinaryIO", io.BufferedReader(stretch))


class _Stretch(io.RawIOBase):
    """So many bytes of a stream from an offset on; many stretches share the stream, which stays open."""

    def __init__(self, stream: BinaryIO, offset: int, size: int) -> None:
        self._stream, self._offset, self._size, self._place = stream, offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence])
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 -- any writable buffer
        wanted = max(0, min(len(buffer), self._size - self._place))
        self._stream.seek(self._offset + self._place)
        data = self._stream.read(wanted)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


def _zip_entry(info: zipfile.ZipInfo) -> Entry:
    unix_mode = info.external_attr >> 16
    is_link = stat.S_ISLNK(unix_mode)
    return Entry(
        name=info.filename,
        size=info.file_size,
        packed_size=info.compress_size,
        is_file=not info.is_dir() and not is_link,
        is_folder=info.is_dir(),
        is_link=is_link,
        is_encrypted=bool(info.flag_bits & _ENCRYPTED_BIT),
        is_readable=info.compress_type in _READABLE_ZIP_METHODS,
    )


def _tar_entries(stream: BinaryIO, settings: Settings) -> tuple[tuple[Entry, ...], tuple[int, ...]]:
    entries, offsets = [], []
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        for info in archive:
            entries.append(_tar_entry(info))
            offsets.append(info.offset_data)
            _check_count(len(entries), settings)
    return tuple(entries), tuple(offsets)


def _tar_entry(info: tarfile.TarInfo) -> Entry:
    return Entry(
        name=info.name,
        size=info.size,
        packed_size=info.size,
        is_file=info.isreg() and not info.issparse(),
        is_folder=info.isdir(),
        is_link=info.issym() or info.islnk(),
    )


def _check_count(count: int, settings: Settings) -> None:
    if count > settings.max_archive_entries:
        raise TooMuchError(f"It has more than {settings.max_archive_entries} entries.")


def _check_directory(stream: BinaryIO, settings: Settings) -> None:
    """Refuse a central directory that would not fit so many entries, before it is read into memory."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _END_OF_ZIP.size - _LONGEST_COMMENT))
    tail = stream.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < _END_OF_ZIP.size:
        raise zipfile.BadZipFile("no end of central directory")
    count, directory_bytes = _END_OF_ZIP.unpack_from(tail, place)[4:6]
    if count != _IN_ZIP64:
        _check_count(count, settings)
    if directory_bytes == _IN_ZIP64_BYTES:  # then the whole file bounds it
        directory_bytes = size
    if directory_bytes > settings.max_archive_entries * _DIRECTORY_BYTES_PER_ENTRY and count == _IN_ZIP64:
        raise TooMuchError(f"Its list of entries is too long for {settings.max_archive_entries} of them.")


def _inflated(packed: BinaryIO, settings: Settings) -> BinaryIO:
    """Inflate a compressed tar into a temporary file that has no name and ends with this process."""
    limit = most_bytes(packed.seek(0, io.SEEK_END), settings)
    packed.seek(0)
    spool = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 -- kept open as long as the container
    with packed, _inflating(packed)(packed) as stream:
        while piece := stream.read(_PIECE_BYTES):
            if spool.tell() + len(piece) > limit:
                spool.close()
                raise TooMuchError(f"It unpacks to more than {limit} bytes.")
            spool.write(piece)
    spool.seek(0)
    return spool


def _inflating(packed: BinaryIO) -> Callable[..., BinaryIO]:
    head = packed.read(8)
    packed.seek(0)
    return next(opener for magic, opener in _COMPRESSIONS.items() if head.startswith(magic))


def _unreadable() -> OSError:
    return OSError(errno.EIO, "a member of an archive cannot be unpacked")
