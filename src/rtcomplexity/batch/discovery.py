"""Finds every DICOM file below a folder, in any layout, and records in the ledger what links them.

Walks as a stream; a file whose size and time are as they were is not opened. Headers are read in child processes, some
files a task: a file that kills its child is found by halving, and costs itself alone. Members of zip and tar archives
count as files; linked folders are followed only on request.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtcomplexity.batch.ledger import FileRow
from rtcomplexity.batch.messages import IndexTask, Status
from rtcomplexity.errors import NoInputError
from rtcomplexity.sources.archives import Unopened, unreadable
from rtcomplexity.sources.member import MEMBER_SEPARATOR
from rtcomplexity.sources.walk import LINKED_FOLDER, SPECIAL_FILE, regular_files, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from rtcomplexity.batch.engines.engine import Engine, Task
    from rtcomplexity.batch.ledger import Ledger
    from rtcomplexity.batch.messages import Limits, Outcome
    from rtcomplexity.settings import Settings
    from rtcomplexity.sources.member import Source

_FILES_A_TASK: Final = 64
_MEMBERS_A_TASK: Final = 2048
"""Of one archive: each child has to read its list of entries, and a compressed tar from its beginning."""
_COMMIT_EVERY: Final = 5000


class _Seen(NamedTuple):
    text: str
    path: bytes
    size: int
    mtime: int

    @property
    def archive(self) -> str:
        """The archive of a member; empty for a file of the disk."""
        path, separator, _ = self.text.partition(MEMBER_SEPARATOR)
        return path if separator else ""


class Discovery:
    """One look at an input folder."""

    def __init__(
        self, ledger: Ledger, engine: Engine, settings: Settings, limits: Limits, *, follow_links: bool = False
    ) -> None:
        self._ledger, self._engine, self._settings, self._limits = ledger, engine, settings, limits
        self._follow_links, self._base = follow_links, ""
        self._hashed = ledger.has_files()
        self.linked_folders = 0
        """Linked folders that were not followed."""
        self._waiting: dict[str, tuple[_Seen, ...]] = {}
        self._tasks = self._count = 0

    def run(self, root: Path, without: Path, progress: Callable[[int], None]) -> int:
        """Bring the ledger up to date with the files below `root`; return how many there are.

        Parameters
        ----------
        root
            The folder, or an archive.
        without
            A folder in it that is not looked into: the batch's own output.
        progress
            Called with the number of files so far.

        Raises
        ------
        NoInputError
            If there is no such folder.
        """
        if not root.exists():
            raise NoInputError("There is no such folder.", "check the path.")
        self._base = str(root if root.is_dir() else root.parent)
        self._read(self._chunks(self._changed(root, without, progress)))
        self._ledger.forget_unseen()
        return self._count

    def _read(self, chunks: Iterable[tuple[_Seen, ...]]) -> None:
        """Read chunks of files; what a lost child left unread is halved and read again."""
        again: list[tuple[_Seen, ...]] = []
        for key, outcome in self._engine.run(self._task(chunk) for chunk in chunks):
            chunk = self._waiting.pop(key)
            if outcome.status is Status.ASSESSED:
                self._keep(chunk, outcome.content["files"])
            elif len(chunk) > 1:
                again += [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
            else:
                self._refuse(chunk[0], outcome)
        if again:
            self._read(again)

    def _task(self, chunk: tuple[_Seen, ...]) -> Task:
        self._tasks += 1
        key = str(self._tasks)
        self._waiting[key] = chunk
        task = IndexTask(
            paths=tuple(file.text for file in chunk),
            hashed=self._hashed,
            settings=self._settings,
            limits=self._limits,
        )
        return key, task.to_json()

    def _changed(self, root: Path, without: Path, progress: Callable[[int], None]) -> Iterator[_Seen]:
        """Walk; give the files that are new or no longer what they were."""
        for found in regular_files(root, without=without, follow_links=self._follow_links):
            for file in self._files_of(found):
                self._count += 1
                if self._count % _COMMIT_EVERY == 0:
                    self._ledger.commit()
                progress(self._count)
                if not self._ledger.is_known(file.path, file.size, file.mtime):
                    yield file

    def _files_of(self, found: Path | Unopened) -> Iterator[_Seen]:
        """The file itself, or the members of an archive; what is not opened is kept with its reason."""
        if isinstance(found, Unopened):
            self._leave(found)
            return
        file = self._seen(found)
        sources = (found,) if file and self._ledger.is_known(*file[1:]) else sources_of(found, self._settings)
        for source in sources:
            if isinstance(source, Unopened):
                self._leave(source)
            elif (each := file if source is found else self._seen(source)) is not None:
                self._ledger.note_path(each.path, each.text)
                yield each

    def _seen(self, source: Source) -> _Seen | None:
        try:
            status = source.stat()
        except OSError as fault:
            self._leave(unreadable(source, fault))
            return None
        return _Seen(str(source), self._hashed_place(str(source)), status.st_size, status.st_mtime_ns)

    def _leave(self, unopened: Unopened) -> None:
        """Keep why something was not opened."""
        if unopened.code == SPECIAL_FILE:
            return
        self.linked_folders += unopened.code == LINKED_FOLDER
        path = self._hashed_place(f"{unopened.place}{MEMBER_SEPARATOR}{unopened.code}")
        self._ledger.note_path(path, unopened.place)
        self._ledger.put_file(FileRow(path, -1, -1, "broken", unopened.reason, unopened.code))

    def _hashed_place(self, place: str) -> bytes:
        """Keyed hash of a place below the root; that of a member begins with that of its archive."""
        path, separator, rest = place.partition(MEMBER_SEPARATOR)
        return self._ledger.hashed(os.path.relpath(path, self._base) + separator + rest)

    @staticmethod
    def _chunks(files: Iterable[_Seen]) -> Iterator[tuple[_Seen, ...]]:
        chunk: list[_Seen] = []
        for file in files:
            is_of_same = bool(chunk and file.archive and file.archive == chunk[-1].archive)
            if len(chunk) >= (_MEMBERS_A_TASK if is_of_same else _FILES_A_TASK):
                yield tuple(chunk)
                chunk = []
            chunk.append(file)
        if chunk:
            yield tuple(chunk)

    def _keep(self, chunk: tuple[_Seen, ...], found: Iterable[Mapping[str, Any] | None]) -> None:
        hashed = self._ledger.hashed
        for file, links in zip(chunk, found, strict=True):
            if links is None:
                self._ledger.put_file(FileRow(file.path, file.size, file.mtime, "none"))
            elif "broken" in links:
                row = FileRow(file.path, file.size, file.mtime, "broken", links["broken"], links["code"])
                self._ledger.put_file(row)
            else:
                row = FileRow(
                    file.path, file.size, file.mtime, links["kind"], "", "", links["sha256"],
                    hashed(links["instance"]), hashed(links["patient"]), hashed(links["study"]),
                    hashed(links["series"]), links["content"],
                )  # fmt: skip
                self._ledger.put_file(row, map(hashed, links["frames"]), map(hashed, links["references"]))

    def _refuse(self, file: _Seen, outcome: Outcome) -> None:
        reason = f"Its header could not be read. {outcome.reason}"
        self._ledger.put_file(FileRow(file.path, file.size, file.mtime, "broken", reason, outcome.code))
