"""Independent tasks on several cores, with the results of one.

Python's threads share one core for small arrays, so a helper is a forked process: it has all that was read so far,
costs a few milliseconds and sends back what its tasks return. Forking is safe in a process that has a single thread,
which Linux alone tells; anywhere else, and wherever another thread runs, tasks are done here one after another. So is
what a helper did not do, for whatever reason: helpers change how long it takes and nothing else.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import struct
import sys
from contextvars import ContextVar
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_Value = TypeVar("_Value")
_HELPS: Final = ContextVar("helps", default=False)
_THREADS_HERE: Final = Path("/proc/self/task")
_TASK_NUMBER: Final = struct.Struct("=I")
_LENGTH: Final = struct.Struct("=Q")
_MOST_TASKS: Final = 4096 // _TASK_NUMBER.size
"""As many as a pipe takes at once, whoever reads it."""


ONE_THREAD: Final = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Variables by which libraries of linear algebra know how many threads to use."""


def use_one_thread() -> None:
    """Keep linear algebra to one thread, so that results repeat; takes effect before numpy is imported."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def run_all(tasks: Sequence[Callable[[], _Value]], cores: int) -> list[_Value]:
    """Return what each task returns, in their order; at most so many run at a time.

    Tasks depend on nothing that another one changes. An exception is raised as if all had been run here.
    """
    helpers = min(cores, len(tasks)) - 1
    if helpers < 1 or len(tasks) > _MOST_TASKS or not can_fork():
        return [task() for task in tasks]
    with _helped(tasks, helpers) as (waiting, helping):
        done = {number: tasks[number]() for number in _taken(waiting)}
        for helper in helping:
            done |= helper.results()
    return [done[number] if number in done else task() for number, task in enumerate(tasks)]


@contextlib.contextmanager
def concurrently(task: Callable[[], _Value], *, forked: bool) -> Iterator[Callable[[], _Value]]:
    """Start a task in a helper; what is given returns its result. Without a helper it is done when asked for.

    Parameters
    ----------
    task : takes nothing and returns what pickles
    forked : whether a helper is wanted; none is forked where that is not safe

    Examples
    --------
    >>> with concurrently(lambda: 6 * 7, forked=False) as answer:
    ...     answer()
    42
    """
    if not (forked and can_fork()):
        yield task
        return
    with _helped([task], 1) as (_, helping):

        def result() -> _Value:
            done = helping[0].results() if helping else {}
            return done[0] if done else task()

        yield result


def can_fork() -> bool:
    """Whether this is no helper, and no other thread runs here, which could hold a lock for ever in a copy of it."""
    try:
        return sys.platform == "linux" and not _HELPS.get() and len(list(_THREADS_HERE.iterdir())) == 1
    except OSError:
        return False


def to_bytes(value: object) -> bytes:
    """Write a value for another process of this program; read-only mappings too, which pickle by itself refuses."""
    stream = BytesIO()
    _Writer(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return stream.getvalue()


class _Writer(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:  # noqa: ANN401 -- pickle's own contract
        return (_read_only, (dict(value),)) if isinstance(value, MappingProxyType) else NotImplemented


def _read_only(values: Mapping[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


class _Helper(NamedTuple):
    """A forked process and the pipe from which its results are read."""

    process: int
    answers: int

    def results(self) -> dict[int, Any]:
        """Wait for what it did, by number of task; nothing where it ended before it could tell."""
        with os.fdopen(os.dup(self.answers), "rb") as stream:
            length, told = stream.read(_LENGTH.size), stream.read()
        is_whole = len(length) == _LENGTH.size and _LENGTH.unpack(length)[0] == len(told)
        return pickle.loads(told) if is_whole else {}  # noqa: S301 -- written by this program's own child


@contextlib.contextmanager
def _helped(tasks: Sequence[Callable[[], Any]], count: int) -> Iterator[tuple[int, list[_Helper]]]:
    """Start helpers; give the pipe of numbers of tasks that nobody has taken yet, and them. None outlives this."""
    waiting, filling = os.pipe()
    os.write(filling, b"".join(_TASK_NUMBER.pack(number) for number in range(len(tasks))))
    os.close(filling)
    helping: list[_Helper] = []
    try:
        with contextlib.suppress(OSError):  # a system that allows no more processes: those that run share the tasks
            helping.extend(_started(tasks, waiting) for _ in range(count))
        yield waiting, helping
    finally:
        os.close(waiting)
        for helper in helping:
            os.close(helper.answers)
            with contextlib.suppress(ProcessLookupError):
                os.kill(helper.process, signal.SIGKILL)
            os.waitpid(helper.process, 0)


def _started(tasks: Sequence[Callable[[], Any]], waiting: int) -> _Helper:
    answers, telling = os.pipe()
    try:
        process = os.fork()
    except OSError:
        os.close(answers)
        os.close(telling)
        raise
    if process == 0:
        _help(tasks, waiting, telling)
    os.close(telling)
    return _Helper(process, answers)


def _help(tasks: Sequence[Callable[[], Any]], waiting: int, telling: int) -> NoReturn:
    """Do tasks in a forked process and end it: without what its parent does at its own end."""
    for ended_by in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ended_by, signal.SIG_DFL)
    _HELPS.set(True)
    gc.disable()
    done: dict[int, Any] = {}
    try:
        for number in _taken(waiting):
            done[number] = tasks[number]()
    finally:  # a task that fails is done again by the parent, which raises what it raises
        try:
            told = to_bytes(done)
            with os.fdopen(telling, "wb") as stream:
                stream.write(_LENGTH.pack(len(told)))
                stream.write(told)
        finally:
            os._exit(0)


def _taken(waiting: int) -> Iterator[int]:
    """Take numbers of tasks, one at a time, until none is left; each goes to one process."""
    while number := os.read(waiting, _TASK_NUMBER.size):
        yield _TASK_NUMBER.unpack(number)[0]
