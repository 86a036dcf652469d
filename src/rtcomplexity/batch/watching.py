"""A folder that is watched: once nothing has changed in it for a while, it is assessed as a batch would do it.

All that is remembered is the ledger: a run that is killed at any moment is continued by the next. A structure set whose
referenced series are not all there is left waiting until they are, or until it has waited long enough.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.run import run_batch
from rtcomplexity.errors import NoInputError
from rtcomplexity.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.batch.engines.engine import Engine
    from rtcomplexity.batch.run import BatchOptions, BatchResult, Watcher

_PREFIX: Final = "rtcomplexity_watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often is looked, and how long is waited."""

    poll_s: float = 5.0
    quiet_s: float = 60.0
    """Nothing may have changed for so long before anything is assessed."""
    health_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a watch has done so far; names no one."""

    runs: int = 0
    assessed: int = 0
    refused: int = 0
    waiting: int = 0
    """Plans whose referenced series are not all there yet."""
    received: int = 0
    refused_instances: int = 0
    rejected_callers: int = 0


class Watch:
    """One watched folder."""

    def __init__(self, root: Path, out: Path, *, engine: Engine, asked: BatchOptions, watcher: Watcher) -> None:
        self._root, self._out, self._engine, self._asked, self._watcher = root, out, engine, asked, watcher
        self._state, self._since, self._is_pending = "", 0.0, False
        self.health = Health()

    def look(self, now_s: float, quiet_s: float) -> bool:
        """Look once; assess where it is time to, and say whether that was done."""
        state = folder_state(self._root, self._out)
        if state != self._state:
            self._state, self._since, self._is_pending = state, now_s, True
            return False
        if not self._is_pending or now_s - self._since < quiet_s:
            return False
        self._since = now_s  # what still waits is looked at again after as long a time
        return self._assess()

    def _assess(self) -> bool:
        """Run a batch; False where nothing is there yet that is a plan."""
        try:
            result = run_batch(self._root, self._out, engine=self._engine, watcher=self._watcher, asked=self._asked)
        except NoInputError:  # nothing that is a plan yet
            self._is_pending = False
            return False
        self.health = _after(self.health, result)
        self._is_pending = result.waiting > 0
        return True


def watch(
    watch_: Watch,
    pace: Pace,
    *,
    tell: Callable[[str, Health], None],
    is_wanted: Callable[[], bool],
) -> None:
    """Watch a folder until told to stop.

    Parameters
    ----------
    watch_
        The folder.
    pace
        How often, and how long to wait.
    tell
        Called after each run, and with the health from time to time.
    is_wanted
        Whether to go on.
    """
    told_s = -pace.health_s
    while is_wanted():
        now_s = time.monotonic()
        has_run = watch_.look(now_s, pace.quiet_s)
        if has_run or now_s - told_s >= pace.health_s:
            tell("run" if has_run else "health", watch_.health)
            told_s = now_s
        time.sleep(pace.poll_s)


def folder_state(root: Path, without: Path) -> str:
    """Hash over names, sizes and times of every file below a folder, but for one folder in it."""
    digest, own = hashlib.sha256(), os.path.realpath(without)
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if os.path.realpath(Path(folder, name)) != own)
        for name in sorted(names):
            try:
                status = Path(folder, name).stat()
            except OSError:  # went away meanwhile
                continue
            digest.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def log_line(event: str, health: Health) -> str:
    """Write an event as one JSON object."""
    return json.dumps({"event": event, **_facts(health)})


def write_metrics(health: Health, target: Path) -> None:
    """Write the counters as a text file that Prometheus collects."""
    lines = (f"# TYPE {_PREFIX}_{name} gauge\n{_PREFIX}_{name} {value}\n" for name, value in _facts(health).items())
    write_whole(target, "".join(lines))


def _facts(health: Health) -> dict[str, int]:
    return {name: getattr(health, name) for name in Health.__dataclass_fields__}


def _after(health: Health, result: BatchResult) -> Health:
    assessed = result.by_status.get("assessed", 0)
    return Health(runs=health.runs + 1, assessed=assessed, refused=result.refused, waiting=result.waiting)
