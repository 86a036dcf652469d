"""Which members of an archive are read, and why others are not.

Limits are those of :class:`rtcomplexity.settings.Settings`; names, links, encryption and nesting are checked although
nothing is unpacked, since an archive with such entries was not made by an export.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final

from rtcomplexity.errors import NestedArchiveError
from rtcomplexity.sources import containers
from rtcomplexity.sources.containers import BROKEN, HEAD_BYTES, TooMuchError, inflated_head, kind_of
from rtcomplexity.sources.member import Member

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.settings import Settings
    from rtcomplexity.sources.containers import Entry
    from rtcomplexity.sources.member import Source

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_DICOM_PREFIX: Final = slice(128, 132)
_DOCUMENTS: Final = frozenset(
    {".docx", ".xlsx", ".xlsm", ".pptx", ".odt", ".ods", ".odp", ".jar", ".apk", ".epub", ".npz", ".whl"}
)
"""Files that are zip archives and are not meant as such."""


_COMPRESSED_TARS: Final = (".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unopened:
    """Something that was not read, and why: a folder, a file, an archive or entries of one."""

    place: str
    code: str
    reason: str


def unreadable(place: object, fault: OSError) -> Unopened:
    """Say of a file that the system did not let us read it."""
    return Unopened(place=str(place), code="file-unreadable", reason=f"A file cannot be read ({fault.strerror}).")


_UNSAFE_NAME: Final = "archive-unsafe-name"
_LINK: Final = "archive-link"
_SPECIAL: Final = "archive-special"
_ENCRYPTED: Final = "archive-encrypted"
_METHOD: Final = "archive-method"
_BOMB: Final = "archive-inflation"
_REFUSED: Final = {
    _UNSAFE_NAME: ("has a name that leads out of the archive", "have names that lead out of the archive"),
    _LINK: ("is a link", "are links"),
    _SPECIAL: ("is neither a file nor a folder", "are neither files nor folders"),
    _ENCRYPTED: ("is encrypted", "are encrypted"),
    _METHOD: ("is compressed by a method that is not supported", "are compressed by methods that are not supported"),
    _BOMB: ("would unpack to far more than its size", "would unpack to far more than their size"),
}
"""What is wrong with one entry, and with several."""
_TRY: Final = {
    _ENCRYPTED: "unpack it with its password and give the folder",
    _METHOD: "unpack it and give the folder",
    _BOMB: "check where it comes from; unpack it and give the folder if that is right",
}


def is_document(name: str) -> bool:
    """Whether a name is that of a document that happens to be a zip archive."""
    return PurePosixPath(name).suffix.lower() in _DOCUMENTS


def archive_kind(path: Path) -> str:
    """Name what kind of archive a file is, as :func:`archive_kind_of` does.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as stream:
        return archive_kind_of(stream, stream.read(HEAD_BYTES), path.name)


def archive_kind_of(stream: BinaryIO, head: bytes, name: str) -> str:
    """Name what kind of archive an open file is; empty where it is none, is a document, or is DICOM all the same.

    Parameters
    ----------
    stream
        The file; moved where it is compressed.
    head
        Its first bytes, :data:`rtcomplexity.sources.containers.HEAD_BYTES` at least.
    name
        The file's name.
    """
    kind = "" if head[_DICOM_PREFIX] == b"DICM" else kind_of(head)
    if kind == "zip" and is_document(name):
        return ""
    if kind == "compressed":
        inner = inflated_head(stream)
        if inner[_DICOM_PREFIX] == b"DICM":
            return "compressed DICOM"
        return "compressed tar" if kind_of(inner) == "tar" else ""
    return kind


def refuse_nested(source: Source, head: bytes) -> None:
    """Refuse a member of an archive that is an archive itself; anything else passes.

    Raises
    ------
    NestedArchiveError
        If the source is a member and begins, with `head`, as an archive does.
    """
    if not isinstance(source, Member) or is_document(source.name):
        return
    kind = kind_of(head)
    if kind and (kind != "compressed" or source.name.lower().endswith(_COMPRESSED_TARS)):
        raise NestedArchiveError(
            "An archive within an archive is not read.", "unpack the outer archive and give the folder."
        )


def members_of(path: Path, kind: str, settings: Settings) -> list[Member | Unopened]:
    """List an archive: the members to read by name, then why others are left.

    Parameters
    ----------
    path
        The archive.
    kind
        What :func:`archive_kind` said of it.
    settings
        Limits on entries and inflation.
    """
    if kind not in {"zip", "tar", "compressed tar"}:
        what = "A compressed DICOM file" if kind == "compressed DICOM" else f"An archive of kind {kind}"
        return [_unopened(path, "archive-kind", f"{what} is not read. Try: unpack it and give the folder.")]
    try:
        container = containers.opened(path, settings)
        _check_total(container.entries, path.stat().st_size, settings)
    except TooMuchError as fault:
        reason = f"An archive is over a limit and was not read. {fault} Try: unpack it and give the folder."
        return [_unopened(path, "archive-limit", reason)]
    except (OSError, *BROKEN) as fault:
        reason = f"An archive cannot be read ({type(fault).__name__}). Try: copy or export it again."
        return [_unopened(path, "archive-broken", reason)]
    return _sorted_members(path, container.entries, settings)


def _sorted_members(path: Path, entries: tuple[Entry, ...], settings: Settings) -> list[Member | Unopened]:
    members, refused = [], Counter[str]()
    for number, entry in enumerate(entries):
        if entry.is_folder:
            continue
        why = _why_refused(entry, settings)
        if why is None:
            members.append(Member(archive=path, number=number, name=entry.name, settings=settings))
        else:
            refused[why] += 1
    members.sort(key=lambda member: (member.name, member.number))
    return [*members, *(_entries_refused(path, code, count) for code, count in sorted(refused.items()))]


def _why_refused(entry: Entry, settings: Settings) -> str | None:
    """Code of why an entry is not read; None where it is."""
    if entry.is_link:
        return _LINK
    if not entry.is_file:
        return _SPECIAL
    if _leads_out(entry.name):
        return _UNSAFE_NAME
    if entry.is_encrypted:
        return _ENCRYPTED
    if not entry.is_readable:
        return _METHOD
    return _BOMB if entry.size > containers.most_bytes(entry.packed_size, settings) else None


def _leads_out(name: str) -> bool:
    r"""Whether a name is absolute or climbs.

    Examples
    --------
    >>> [_leads_out(name) for name in ("ct/1.dcm", "../1", "/etc/1", "C:/1", "a\\..\\..\\1", "a..b")]
    [False, True, True, True, True, False]
    """
    plain = name.replace("\\", "/")
    return plain.startswith("/") or bool(_DRIVE.match(plain)) or ".." in plain.split("/")


def _check_total(entries: tuple[Entry, ...], packed_bytes: int, settings: Settings) -> None:
    total, limit = sum(entry.size for entry in entries), containers.most_bytes(packed_bytes, settings)
    if total > limit:
        raise TooMuchError(f"It would unpack to {total} bytes, more than {limit}.")


def _entries_refused(path: Path, code: str, count: int) -> Unopened:
    one, several = _REFUSED[code]
    what = f"One entry of an archive {one}" if count == 1 else f"{count} entries of an archive {several}"
    try_ = _TRY.get(code, "export it again, or unpack it and look at what it holds")
    return _unopened(path, code, f"{what}; not read. Try: {try_}.")


def _unopened(path: Path, code: str, reason: str) -> Unopened:
    return Unopened(place=str(path), code=code, reason=reason)
