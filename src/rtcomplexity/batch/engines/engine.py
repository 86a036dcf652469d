"""What every engine does: take tasks as lines of JSON, give outcomes back as they come.

:class:`HostProcess` is the piece that all of them share: one process that runs one task at a time, each in a child.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from rtcomplexity.batch.messages import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HOST_MODULE: Final = "rtcomplexity.batch.host"
_ATTEMPTS: Final = 2
_END_WAIT_S: Final = 5.0

Task: TypeAlias = tuple[str, str]
"""Any key, and the task as a line of JSON."""


class Engine(Protocol):
    """Runs tasks somewhere."""

    @property
    def workers(self) -> int:
        """How many tasks run at a time."""

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[str, Outcome]]:
        """Give (key, outcome) of every task in the order they end; tasks are taken as they are needed."""

    def close(self) -> None:
        """End whatever runs."""


@dataclass(slots=True)
class HostProcess:
    """A host (:mod:`rtcomplexity.batch.host`), started when first needed and again when it was lost."""

    _process: subprocess.Popen[bytes] | None = None
    _is_closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, task: str) -> str:
        """Run one task and return its outcome, as lines of JSON."""
        for _ in range(_ATTEMPTS):
            answer = self._ask(task)
            if answer:
                return answer
            if self._is_closed:
                break
        reason = "The process that starts children was ended twice while it ran."
        return Outcome(status=Status.CRASHED, code="host-died", reason=reason).to_json()

    def close(self) -> None:
        """End the host, and with it the child of the moment."""
        with self._lock:
            self._is_closed = True
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_END_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _close_pipes(process)

    def _ask(self, task: str) -> str:
        """Hand a task to the host; without an answer the host is gone, and is buried."""
        process = self._started()
        if process is None or process.stdin is None or process.stdout is None:
            return ""
        try:
            process.stdin.write(task.encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline().decode().rstrip("\n")
        except (OSError, ValueError):  # the pipe broke, or close() closed it
            answer = ""
        if not answer:
            self._bury(process)
        return answer

    def _started(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._is_closed:
                return None
            if self._process is None:
                self._process = _start()
            return self._process

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            if self._process is process and not self._is_closed:
                process.kill()
                process.wait()
                _close_pipes(process)
                self._process = None


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 -- this interpreter, and a module of this package
        [sys.executable, "-m", HOST_MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):  # what was not yet written to a process that is gone
            if stream is not None:
                stream.close()
