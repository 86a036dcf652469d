"""Plans on one machine: some hosts, each with one child at a time, fed by threads that only wait."""

from __future__ import annotations

import queue
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.engines.engine import HostProcess
from rtcomplexity.batch.messages import Outcome
from rtcomplexity.closing import Closing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.batch.engines.engine import Task

_AHEAD: Final = 2
"""Tasks drawn for each worker, so that none waits for the next."""


class LocalEngine(Closing):
    """Runs tasks in child processes of this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._all = [HostProcess() for _ in range(workers)]
        self._free: queue.SimpleQueue[HostProcess] = queue.SimpleQueue()
        for host in self._all:
            self._free.put(host)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="host")

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[str, Outcome]]:
        """Give (key, outcome) of every task in the order they end."""
        waiting: dict[Future[str], str] = {}
        for key, task in tasks:
            waiting[self._threads.submit(self._perform, task)] = key
            if len(waiting) >= _AHEAD * self.workers:
                yield from _ended(waiting)
        while waiting:
            yield from _ended(waiting)

    def close(self) -> None:
        """End the hosts and their children."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for host in self._all:
            host.close()
        self._threads.shutdown()

    def _perform(self, task: str) -> str:
        host = self._free.get()
        try:
            return host.run(task)
        finally:
            self._free.put(host)


def _ended(waiting: dict[Future[str], str]) -> Iterator[tuple[str, Outcome]]:
    """Wait for the next to end, and take out all that have."""
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), Outcome.from_json(future.result())
