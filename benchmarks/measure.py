"""Whole processes measured from outside: wall and processor seconds, peak memory; several commands in turn.

Knows nothing of what the commands do. Uses the standard library only: a child starts from this process's memory, so
this process has to stay small for the child's peak to be the child's own. POSIX only (`os.wait4`).
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

REPOSITORY = Path(__file__).resolve().parents[1]
RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One finished process."""

    wall_s: float
    cpu_s: float
    """User and system seconds, of the process and those it waited for."""
    peak_mb: float
    """Largest resident set of the process or of one it waited for, in 10^6 bytes."""
    exit_code: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str


def run_once(command: list[str], *, timeout_s: float | None = None) -> Run:
    """Run `command` to its end; stdout and stderr go to files, so that reading them costs the command nothing."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        started = time.perf_counter()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=child_environment(),
            start_new_session=True,
        )
        timer = _end_after(child.pid, timeout_s)
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - started
        if timer is not None:
            timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        return Run(
            wall_s=wall_s,
            cpu_s=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss * RSS_UNIT_BYTES / MEGABYTE,
            exit_code=child.returncode,
            stdout=_text(stdout),
            stderr=_text(stderr),
        )


def child_environment() -> dict[str, str]:
    """Return this environment, with compiled modules kept as on any user's machine."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run_in_turn(
    commands: dict[str, list[str]],
    rounds: int,
    *,
    warm_up: Collection[str] = (),
    timeout_s: float | None = None,
    once_above_s: float = float("inf"),
) -> dict[str, list[Run]]:
    """Run every command once a round (A B C A B C ...), so that a drifting machine slows all of them alike.

    A command that fails, runs out of time or takes longer than `once_above_s` is not run again. Those named in
    `warm_up` run once before, uncounted: modules of an editable install are compiled by then, as pip compiles others.
    """
    for name in warm_up:
        run_once(commands[name], timeout_s=timeout_s)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, command in commands.items():
            if runs[name] and (runs[name][-1].exit_code != 0 or runs[name][-1].wall_s > once_above_s):
                continue
            run = run_once(command, timeout_s=timeout_s)
            runs[name].append(run)
            say(f"round {number + 1}/{rounds} {name}: {run.wall_s:.2f} s, {run.peak_mb:.0f} MB, exit {run.exit_code}")
    return runs


def median_wall_s(runs: list[Run]) -> float:
    """Return the median wall time, s."""
    return statistics.median(run.wall_s for run in runs)


def median_cpu_s(runs: list[Run]) -> float:
    """Return the median processor time, s."""
    return statistics.median(run.cpu_s for run in runs)


def peak_mb(runs: list[Run]) -> float:
    """Return the largest peak of all runs, MB."""
    return max(run.peak_mb for run in runs)


def median_ratio(runs: list[Run], base: list[Run], figure: str = "wall_s") -> float:
    """Return the median over rounds of `figure` of one command divided by the other's in the same round."""
    pairs = zip(runs, base, strict=False)
    return statistics.median(getattr(run, figure) / getattr(other, figure) for run, other in pairs)


def failed(runs: list[Run]) -> bool:
    """Whether a run ended with another exit code than 0."""
    return any(run.exit_code != 0 for run in runs)


def say(text: str) -> None:
    """Print progress to stderr."""
    print(text, file=sys.stderr, flush=True)


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Lay out a table; all columns but the first are numbers and stand right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def machine(*packages: str) -> str:
    """Describe this machine, this Python and the installed `packages` in one line."""
    parts = [_processor(), f"{os.cpu_count()} cores", f"{platform.system()} {platform.machine()}"]
    parts += [f"Python {platform.python_version()}", *(f"{name} {package_version(name)}" for name in packages)]
    return ", ".join(parts)


def package_version(package: str) -> str:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def data_folder() -> Path:
    """Return the folder of real plans: $RTCOMPLEXITY_DATA, or ../shared/data beside the repository."""
    return Path(os.environ.get("RTCOMPLEXITY_DATA") or REPOSITORY.parent / "shared" / "data")


def rtcomplexity_command() -> str:
    """Return the command that this Python's environment installed, else the one on the path."""
    beside = Path(sysconfig.get_path("scripts")) / "rtcomplexity"
    found = str(beside) if beside.exists() else shutil.which("rtcomplexity")
    if found is None:
        sys.exit("rtcomplexity is not installed: pip install -e . in the repository, then run this again")
    return found


def _end_after(pid: int, timeout_s: float | None) -> threading.Timer | None:
    if timeout_s is None:
        return None
    timer = threading.Timer(timeout_s, os.killpg, (pid, signal.SIGKILL))
    timer.daemon = True
    timer.start()
    return timer


def _text(file) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
