"""Finds every DICOM file below a folder, however they lie, and keeps in the ledger what ties them together.

Walks as a stream; a file whose size and time are as they were is not opened. Headers are read in child processes, some
files a task: a file that kills its child is found by halving, and costs itself alone. Linked folders are not followed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtcomplexity.batch.ledger import FileRow
from rtcomplexity.batch.values import IndexTask, Status
from rtcomplexity.errors import NoInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rtcomplexity.batch.engines.engine import Engine, Task
    from rtcomplexity.batch.ledger import Ledger
    from rtcomplexity.batch.values import Limits, Outcome
    from rtcomplexity.settings import Settings

_FILES_A_TASK: Final = 64
_COMMIT_EVERY: Final = 5000


class _Seen(NamedTuple):
    text: str
    path: bytes
    size: int
    mtime: int


class _Fault(NamedTuple):
    code: str
    reason: str


_LINKED: Final = _Fault("linked-folder", "A linked folder was not followed: give the folder it leads to.")


class Discovery:
    """One look at an input folder."""

    def __init__(self, ledger: Ledger, engine: Engine, settings: Settings, limits: Limits) -> None:
        self._ledger, self._engine, self._settings, self._limits = ledger, engine, settings, limits
        self._hashed = ledger.has_files()
        self._waiting: dict[str, tuple[_Seen, ...]] = {}
        self._tasks = self._count = 0

    def run(self, root: Path, without: Path, progress: Callable[[int], None]) -> int:
        """Bring the ledger up to what lies below `root`; return how many files do.

        Parameters
        ----------
        root
            The folder.
        without
            A folder in it that is not looked into: the batch's own output.
        progress
            Called with the number of files so far.

        Raises
        ------
        NoInputError
            If there is no such folder.
        """
        if not root.is_dir():
            raise NoInputError("There is no such folder.", "check the path.")
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
        for self._count, (text, found) in enumerate(_walk(root, without), start=1):
            path = self._ledger.hashed(os.path.relpath(text, root))
            if isinstance(found, _Fault):
                self._ledger.put_file(FileRow(path, -1, -1, "broken", found.reason, found.code))
            else:
                self._ledger.note_path(path, text)
                if not self._ledger.is_known(path, found.st_size, found.st_mtime_ns):
                    yield _Seen(text, path, found.st_size, found.st_mtime_ns)
            if self._count % _COMMIT_EVERY == 0:
                self._ledger.commit()
            progress(self._count)

    @staticmethod
    def _chunks(files: Iterable[_Seen]) -> Iterator[tuple[_Seen, ...]]:
        chunk: list[_Seen] = []
        for file in files:
            chunk.append(file)
            if len(chunk) == _FILES_A_TASK:
                yield tuple(chunk)
                chunk = []
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
                    hashed(links["series"]),
                )  # fmt: skip
                self._ledger.put_file(row, map(hashed, links["frames"]), map(hashed, links["references"]))

    def _refuse(self, file: _Seen, outcome: Outcome) -> None:
        reason = f"Its header could not be read. {outcome.reason}"
        self._ledger.put_file(FileRow(file.path, file.size, file.mtime, "broken", reason, outcome.code))


def _walk(root: Path, without: Path) -> Iterator[tuple[str, os.stat_result | _Fault]]:
    """Give regular files with their status, one folder in memory at a time, and what could not be looked at."""
    own = os.path.realpath(without)
    faults: list[tuple[str, _Fault]] = []

    def unreadable(fault: OSError) -> None:
        faults.append(
            (str(fault.filename), _Fault("folder-unreadable", f"A folder cannot be opened ({fault.strerror})."))
        )

    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        yield from ((str(Path(folder, name)), _LINKED) for name in sorted(links))
        subfolders[:] = sorted(name for name in subfolders if os.path.realpath(Path(folder, name)) != own)
        for name in sorted(names):
            yield from _status(str(Path(folder, name)))
    yield from faults


def _status(text: str) -> Iterator[tuple[str, os.stat_result | _Fault]]:
    try:
        status = Path(text).stat()
    except OSError as fault:
        yield text, _Fault("file-unreadable", f"A file cannot be read ({fault.strerror}).")
    else:
        if stat.S_ISREG(status.st_mode):
            yield text, status
