"""Files as a browser sends them, written one by one into a private folder while they arrive.

A file's name on the sender's machine is never used: files are numbered. Nothing is unpacked; archives are read member
by member later, under the limits of :class:`rtcomplexity.settings.Settings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from rtcomplexity.errors import InputDataError, LimitExceededError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from rtcomplexity.settings import Settings

_LONGEST_FIELD_BYTES: Final = 200
_MOST_FIELDS: Final = 20
MOST_ADDED_BYTES: Final = 20_000_000
"""Of a file that is added to a plan, such as a profile; a cohort of 1,000 plans is a tenth of it."""
_NOT_A_FORM: Final = "The upload is not one of this page's forms."
_AGAIN: Final = "load the page again and choose the files again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What has arrived."""

    files: int
    size_bytes: int
    fields: Mapping[str, str]


class UploadError(InputDataError):
    """What was sent is no form, or was cut off."""


class FileWriter:
    """Takes a multipart body piece by piece, and writes its files as ``00001``, ``00002`` … into a folder."""

    def __init__(
        self, folder: Path, content_type: str, settings: Settings, added: Mapping[str, Path] | None = None
    ) -> None:
        """Write what a plan consists of into `folder`, and what `added` names by its field where that says.

        Raises
        ------
        UploadError
            If the content type is not that of a form with files.
        """
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise UploadError(_NOT_A_FORM, _AGAIN)
        self._folder, self._settings, self._added = folder, settings, added or {}
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin_part,
                "on_header_begin": self._begin_header,
                "on_header_field": self._take_header_name,
                "on_header_value": self._take_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open_part,
                "on_part_data": self._take,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )
        self._files = self._size_bytes = 0
        self._fields: dict[str, str] = {}
        self._file: BinaryIO | None = None
        self._is_whole = False
        self._begin_part()
        self._begin_header()

    @property
    def most_dropped_bytes(self) -> int:
        """How much of a refused upload is read to its end."""
        return self._settings.max_upload_bytes

    def write(self, piece: bytes) -> None:
        """Take the next piece.

        Raises
        ------
        UploadError
            If the body is none of a form.
        LimitExceededError
            If it has more files or bytes than the settings allow.
        OSError
            If a file cannot be written.
        """
        try:
            self._parser.write(piece)
        except MultipartParseError as fault:
            raise UploadError(_NOT_A_FORM, _AGAIN) from fault

    def finish(self) -> Upload:
        """Say what arrived; raises UploadError where the end is missing."""
        if not self._is_whole:
            raise UploadError("The upload was cut off.", _AGAIN)
        return Upload(files=self._files, size_bytes=self._size_bytes, fields=self._fields)

    def close(self) -> None:
        """Close the file of the moment, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin_part(self) -> None:
        self._disposition, self._value = b"", b""

    def _begin_header(self) -> None:
        self._name, self._text = b"", b""

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._text += data[start:end]

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._text

    def _open_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options
        self._most_bytes = self._settings.max_upload_bytes
        if not self._is_file or not options[b"filename"]:  # a browser sends an empty name where nothing was chosen
            return
        path = self._added.get(self._field)
        if path is None:
            self._files += 1
            if self._files > self._settings.max_upload_files:
                raise _too_much(f"more than {self._settings.max_upload_files:,} files")
            path = self._folder / f"{self._files:05d}"
        elif path.exists():
            raise UploadError(_NOT_A_FORM, _AGAIN)
        else:
            self._most_bytes = MOST_ADDED_BYTES
        self._file = path.open("xb")

    def _take(self, data: bytes, start: int, end: int) -> None:
        self._size_bytes += end - start
        if self._size_bytes > self._settings.max_upload_bytes:
            raise _too_much(f"more than {self._settings.max_upload_bytes / 1e9:g} GB")
        if self._file is not None:
            self._file.write(data[start:end])
            if self._file.tell() > self._most_bytes:
                raise LimitExceededError(
                    f"A file under Options is larger than {self._most_bytes / 1e6:g} MB.", "the file as it was made."
                )
        elif not self._is_file:
            self._value += data[start:end]
            if len(self._value) > _LONGEST_FIELD_BYTES:
                raise UploadError(_NOT_A_FORM, _AGAIN)

    def _end_part(self) -> None:
        self.close()
        if not self._is_file:
            self._fields[self._field] = self._value.decode("utf-8", "replace")
            if len(self._fields) > _MOST_FIELDS:
                raise UploadError(_NOT_A_FORM, _AGAIN)

    def _end(self) -> None:
        self._is_whole = True


async def receive(pieces: AsyncIterator[bytes], writer: FileWriter) -> Upload:
    """Write an upload while it arrives.

    Once it is refused the rest is read and dropped, since a browser shows no answer to what it is still sending; up to
    the limit, that is.

    Raises
    ------
    UploadError, LimitExceededError, OSError
        As :meth:`FileWriter.write` and :meth:`FileWriter.finish` do.
    """
    fault: Exception | None = None
    dropped = 0
    try:
        async for piece in pieces:
            if fault is None:
                try:
                    await run_in_threadpool(writer.write, piece)
                except (InputDataError, OSError) as error:
                    fault = error
                    writer.close()
            else:
                dropped += len(piece)
                if dropped > writer.most_dropped_bytes:
                    break
        if fault is not None:
            raise fault
        return writer.finish()
    finally:
        writer.close()


def _too_much(what: str) -> LimitExceededError:
    return LimitExceededError(f"The upload has {what}.", "one plan at a time: its structure set and its images.")
