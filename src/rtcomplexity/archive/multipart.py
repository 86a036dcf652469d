"""A multipart/related answer (RFC 2387) taken apart while it arrives: one part in memory at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIECE_BYTES: Final = 256 * 1024
_MOST_HEADER_BYTES: Final = 64 * 1024
_BOUNDARY: Final = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;]{1,200}))', re.IGNORECASE)
_BROKEN: Final = "the answer broke off before its end"


def boundary_of(content_type: str) -> bytes:
    """Find the boundary that a Content-Type states.

    Raises
    ------
    ArchiveError
        If it is no multipart type.

    Examples
    --------
    >>> boundary_of('multipart/related; type="application/dicom"; boundary="x y"')
    b'x y'
    """
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/") or found is None:
        kind = content_type.partition(";")[0].strip()[:80] or "no type"
        raise ArchiveError(
            f"The archive answered with {kind} where DICOM instances were asked for.",
            "ask the PACS administrator whether WADO-RS is at this address.",
        )
    return (found[1] or found[2]).encode()


def parts(read: Callable[[int], bytes], boundary: bytes, limit_bytes: int) -> Iterator[bytes]:
    """Give the contents of every part.

    Parameters
    ----------
    read
        Return at most this many bytes; none at the end.
    boundary
        From :func:`boundary_of`.
    limit_bytes
        Most bytes of one part.

    Raises
    ------
    ArchiveError
        If the answer is no multipart message, ends before its last boundary, or a part is over the limit.
    """
    not_multipart = ArchiveError(
        f"The archive's answer is not the multipart message that its Content-Type states: within {_MOST_HEADER_BYTES} "
        "bytes no boundary, or no end of a part's headers.",
        "ask the PACS administrator whether WADO-RS is at this address.",
    )
    too_large = ArchiveError(
        f"The archive sent more than {limit_bytes} bytes as one instance.",
        "raise RTCOMPLEXITY_MAX_FILE_BYTES if that is right.",
    )
    reader = _Reader(read)
    reader.until(b"--" + boundary, _MOST_HEADER_BYTES, not_multipart)
    delimiter = b"\r\n--" + boundary
    while not reader.starts_with(b"--"):
        reader.until(b"\r\n\r\n", _MOST_HEADER_BYTES, not_multipart)
        yield reader.until(delimiter, limit_bytes, too_large)


class _Reader:
    """Bytes that have arrived and are not used yet."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self._waiting = read, bytearray()

    def until(self, mark: bytes, limit_bytes: int, beyond: ArchiveError) -> bytes:
        """Give everything before a mark, and step over the mark; raise an error where it is not within the limit."""
        searched = 0
        while (place := self._waiting.find(mark, max(0, searched - len(mark)))) < 0:
            searched = len(self._waiting)
            if searched > limit_bytes:
                raise beyond
            self._more()
        with memoryview(self._waiting) as view:  # a slice of the bytearray would be one copy more
            found = bytes(view[:place])
        del self._waiting[: place + len(mark)]
        return found

    def starts_with(self, mark: bytes) -> bool:
        while len(self._waiting) < len(mark):
            self._more()
        return self._waiting.startswith(mark)

    def _more(self) -> None:
        piece = self._read(_PIECE_BYTES)
        if not piece:
            raise ArchiveError(f"A series is not whole: {_BROKEN}.", "run the same command again; it continues.")
        self._waiting += piece
