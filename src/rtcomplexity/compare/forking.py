"""Work done in a forked child while this process does other work: for the two halves of one comparison.

Knows nothing of delineations. The child sends its result through a pipe; what it cannot send, because it failed or was
ended, is done anew in this process, where an error is raised as ever. So results do not depend on whether a child ran.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Result = TypeVar("Result")


def can_fork() -> bool:
    """Whether a child may be forked: not on Windows, nor on macOS, whose libraries forbid it, nor beside threads."""
    return hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1


@contextmanager
def concurrently(task: Callable[[], Result], *, forked: bool) -> Iterator[Callable[[], Result]]:
    """Start a task in a child; what is given returns its result. Without a child the task is done when asked for.

    Parameters
    ----------
    task
        Takes nothing and returns what pickles.
    forked
        Whether a child is wanted; none is forked where that is not safe.

    Examples
    --------
    >>> with concurrently(lambda: 6 * 7, forked=False) as answer:
    ...     answer()
    42
    """
    if not (forked and can_fork()):
        yield task
        return
    child = _Child.start(task)
    try:
        yield child.result
    finally:
        child.end()


@dataclass(slots=True)
class _Child(Generic[Result]):
    task: Callable[[], Result]
    pid: int
    pipe: int
    running: bool = True

    @classmethod
    def start(cls, task: Callable[[], Result]) -> _Child[Result]:
        pipe, sending = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(pipe)
            _send(task, sending)
        os.close(sending)
        return cls(task=task, pid=pid, pipe=pipe)

    def result(self) -> Result:
        """What the child sent, once it has ended well; else what the task returns here."""
        with open(self.pipe, "rb", closefd=False) as stream:
            packed = stream.read()
        if self._waited() == 0:
            return pickle.loads(packed)  # type: ignore[no-any-return]  # noqa: S301 - own child
        return self.task()

    def end(self) -> None:
        """End the child if nobody waited for it."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._waited()
        os.close(self.pipe)

    def _waited(self) -> int:
        self.running = False
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _send(task: Callable[[], object], pipe: int) -> NoReturn:
    """In the child: do the task, send its result and end, so that nothing else of this program runs here."""
    status = 1
    try:
        packed = pickle.dumps(task(), pickle.HIGHEST_PROTOCOL)
        with open(pipe, "wb") as stream:
            stream.write(packed)
        status = 0
    finally:
        os._exit(status)
