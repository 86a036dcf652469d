"""One child process, watched until it ends or has to be ended.

Knows processes, time and memory; knows nothing of plans. A child is forked from this process, which has everything
imported (a few milliseconds), or started afresh where there is no fork (most of a second).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import psutil

from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.batch.process_limits import missing_limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtcomplexity.batch.messages import Limits

CAN_FORK: Final = hasattr(os, "fork")
_FIRST_WAIT_S: Final = 0.002
_LONGEST_WAIT_S: Final = 0.02
_MOST_RESULT_BYTES: Final = 1_000_000_000
_FAILED: Final = 1


class Child(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def poll(self) -> int | None:
        """Exit status as :mod:`subprocess` gives it (a signal is negative); None while it runs."""

    def kill(self) -> None:
        """End it at once."""


@dataclass(slots=True)
class ForkedChild:
    """A child forked from this process, in a session of its own."""

    pid: int
    _status: int | None = None

    @classmethod
    def start(cls, work: Callable[[], None]) -> ForkedChild:
        """Fork; the child does `work` and ends, and nothing else of this program runs in it."""
        pid = os.fork()
        if pid:
            return cls(pid)
        status = _FAILED
        try:
            os.setsid()
            work()
            status = 0
        finally:
            os._exit(status)

    def poll(self) -> int | None:
        """Reap the child if it ended."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status

    def kill(self) -> None:
        """Kill the child and whatever it started, and reap it."""
        if self._status is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@dataclass(slots=True)
class StartedChild:
    """A child with an interpreter of its own, for systems without fork."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, module: str, arguments: list[str]) -> StartedChild:
        """Start a module of this package."""
        command = [sys.executable, "-m", module, *arguments]
        nowhere = subprocess.DEVNULL
        return cls(subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere))  # noqa: S603

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def poll(self) -> int | None:
        """Exit status, or None."""
        return self.process.poll()

    def kill(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def watch(child: Child, result: Path, limits: Limits, is_wanted: Callable[[], bool]) -> Outcome:
    """Wait for a child, and end it when it exceeds a limit or is no longer wanted.

    Parameters
    ----------
    child
        The process.
    result
        The file that holds its outcome once it has ended well.
    limits
        What it may use.
    is_wanted
        Whether the requester is still there.
    """
    started, wait_s, peak_bytes = time.monotonic(), _FIRST_WAIT_S, 0
    cpu_s = 0.0
    ended = None
    while (status := child.poll()) is None:
        bytes_now, cpu_s = _usage(child.pid, cpu_s)
        peak_bytes = max(peak_bytes, bytes_now)
        ended = _verdict(time.monotonic() - started, bytes_now, limits)
        if ended is not None or not is_wanted():
            child.kill()
            break
        time.sleep(wait_s)
        wait_s = min(1.5 * wait_s, _LONGEST_WAIT_S)
    if ended is None:
        ended = _ending(status if status is not None else -signal.SIGTERM, result, limits)
    return replace(ended, wall_s=time.monotonic() - started, cpu_s=cpu_s, peak_bytes=peak_bytes)


def _usage(pid: int, cpu_s: float) -> tuple[int, float]:
    """Resident bytes and processor seconds; zero and what was known where the process is gone."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return process.memory_info().rss, times.user + times.system
    except psutil.Error:
        return 0, cpu_s


def _verdict(elapsed_s: float, bytes_now: int, limits: Limits) -> Outcome | None:
    """Say which limit a running child is over, if it is."""
    if elapsed_s > limits.wall_s:
        reason = f"It took longer than {limits.wall_s:g} s and was ended.{missing_limits()}"
        return Outcome(status=Status.TIMED_OUT, code="wall-limit", reason=reason)
    if bytes_now > limits.memory_bytes:
        reason = f"It used more than {_megabytes(limits.memory_bytes)} and was ended.{missing_limits()}"
        return Outcome(status=Status.OUT_OF_MEMORY, code="memory-limit", reason=reason)
    return None


def _ending(status: int, result: Path, limits: Limits) -> Outcome:
    """Say how a child ended by itself."""
    if status == 0:
        try:
            if result.stat().st_size <= _MOST_RESULT_BYTES:
                return Outcome.from_json(result.read_bytes())
        except OSError:
            pass
    if status == -getattr(signal, "SIGXCPU", 0):
        reason = f"It used more than {limits.cpu_s} s of processor time and was ended."
        return Outcome(status=Status.TIMED_OUT, code="cpu-limit", reason=reason)
    how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
    return Outcome(status=Status.CRASHED, code="process-died", reason=f"Its process ended {how} and left no result.")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:g} MiB"
