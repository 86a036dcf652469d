"""A warm process that forks a child for every command line it is handed, under limits, and tells how it ended.

Reads one JSON task a line on stdin and answers with one JSON line: a plan that asks for all memory, or for ever, hurts
only its child. Where there is no fork, a new process is started, without limits of its own.
"""

import contextlib
import gc
import io
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

POLL_S = 0.005
HANG_S = 1800
"""As in :mod:`patience`, which is not on this process's path."""


def main():
    from rtcomplexity.cli import app

    with contextlib.redirect_stdout(io.StringIO()):  # warm: a child finds everything imported
        app.run(["analyze", sys.argv[1], "--quiet"])  # no PDF: its threads would not survive a fork
    resting = perform({"arguments": ["--version"], "memory_bytes": 10**9, "cpu_s": HANG_S, "wall_s": HANG_S})[
        "peak_kib"
    ]
    gc.collect()
    gc.freeze()  # else each child's collector writes to, and so copies, all that it shares with this process
    for line in sys.stdin:
        ended = perform(json.loads(line))
        ended["peak_kib"] = max(ended["peak_kib"] - resting, 0)
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()


def perform(task):
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _child(task, out, err)
        status, usage = _wait(pid, started + task["wall_s"])
        return {
            "code": os.waitstatus_to_exitcode(status),
            "wall_s": time.monotonic() - started,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_kib": usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1),
            "out": out.read_text("utf-8", "backslashreplace"),
            "err": err.read_text("utf-8", "backslashreplace"),
        }


def _wait(pid, deadline):
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return status, usage
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            _, status, usage = os.wait4(pid, 0)
            return status, usage
        time.sleep(POLL_S)


def _child(task, out, err):
    code = 1
    try:
        os.setsid()
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(task.get("environment", {}))
        _limit(task)
        code = _run(task["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _limit(task):
    if sys.platform.startswith("linux"):
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + task["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (task["cpu_s"], task["cpu_s"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run(arguments):
    """What the process of a command line does, with its handling of faults."""
    from rtcomplexity.cli import app

    sys.argv = ["rtcomplexity", *arguments]
    try:
        app.main()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 -- as the interpreter itself would
        sys.excepthook(*sys.exc_info())
    return 1


if __name__ == "__main__":
    main()
