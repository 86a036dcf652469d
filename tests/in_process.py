"""Command lines run in this process: for tests of what a command does, where starting a process is not what they test.

A start costs a second of imports and tests nothing. Whatever rests on the process itself (its end, signals, limits,
stdout that is closed) starts one, and so does one test of each such thing.
"""

import contextlib
import io
import sys
import threading
from typing import NamedTuple

import pytest

from rtcomplexity.batch import worker
from rtcomplexity.batch.engines import local
from rtcomplexity.cli.app import run


class Told(NamedTuple):
    """How a command line ended, and what it wrote."""

    code: int
    out: str
    err: str


@contextlib.contextmanager
def _streams():
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        yield streams


def tell(*arguments):
    """Run one command line here, as its process would."""
    with _streams() as streams:
        code = run([str(argument) for argument in arguments])
        for stream in streams:
            stream.flush()
        return Told(code, *(stream.buffer.getvalue().decode() for stream in streams))


class _InlineHost:
    """Does here what a host does in a child, one task at a time: without limits, and with no process to lose."""

    _lock = threading.Lock()

    def run(self, task):
        with self._lock:
            return worker.perform(task).to_json()

    def close(self):
        """Nothing is left running."""


@contextlib.contextmanager
def inline_hosts(broken=()):
    """While this lasts, batches on this machine do every plan here; one with a key in `broken` is a fault of ours."""
    assess = worker.analyze

    def spoiled(index, *arguments, **options):
        if index.structure_sets[0].sha256 in broken:
            raise RuntimeError("GTV secret")
        return assess(index, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "HostProcess", _InlineHost)
        patch.setattr(worker, "analyze", spoiled)
        yield
