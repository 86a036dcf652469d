"""The process that starts a child for every task it is handed: ``python -m rtcomplexity.batch.host``.

It has everything imported once, so that a child costs a fork; it has one thread, so that forking is safe; and it parses
nothing that came from outside. Tasks come in and outcomes go out as lines of JSON. With ``--child`` it is the child
itself, for systems without fork.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from rtcomplexity.cores import use_one_thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.batch.supervision import Child

MODULE: Final = "rtcomplexity.batch.host"
CHILD: Final = "--child"
_PRELOADED: Final = (
    "rtcomplexity.batch.worker",
    "numpy.ma",
    "scipy.interpolate",
    "scipy.ndimage",
    "scipy.spatial",
    "skimage.measure",
    "pydicom.pixels",
)
"""Imported before the first task; what is missing here, every child imports for itself."""
_EVIDENCE: Final = "rtcomplexity.evidence.package"
"""Imported once a task asks for evidence."""
_PLAN: Final = "plan"
_PARENT_CHECK_S: Final = 0.5


@dataclass(slots=True)
class _Running:
    """The child of the moment, so that a signal can end it."""

    answers: BinaryIO
    child: Child | None = None

    def end(self) -> None:
        """End the child, if there is one."""
        if self.child is not None:
            self.child.kill()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve tasks until stdin ends or the parent is gone."""
    use_one_thread()
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == CHILD:
        task, result = map(Path, arguments[1:])
        _work(task.read_text("utf-8"), result, os.getppid())
        return 0
    running = _Running(_take_stdout())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    try:
        with tempfile.TemporaryDirectory(prefix="rtcomplexity-") as folder:
            _serve(sys.stdin.buffer, running, Path(folder))
    finally:
        running.end()
    return 0


def _serve(tasks: BinaryIO, running: _Running, folder: Path) -> None:
    parent = os.getppid()
    while (line := tasks.readline()) and os.getppid() == parent:
        running.answers.write(_perform(line.decode(), running, folder, parent).encode() + b"\n")
        running.answers.flush()


def _perform(text: str, running: _Running, folder: Path, parent: int) -> str:
    """Run one task in a child and return its outcome as a line."""
    import json  # noqa: PLC0415 -- after the environment is set, as everything heavy

    from rtcomplexity.batch import supervision  # noqa: PLC0415
    from rtcomplexity.batch.messages import Limits  # noqa: PLC0415

    task = json.loads(text)
    _prepare(task)
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    running.child = _start(text, running, folder, result)
    limits = Limits(**task["limits"])
    outcome = supervision.watch(running.child, result, limits, lambda: os.getppid() == parent)
    running.child = None
    return outcome.to_json()


def _prepare(task: Mapping[str, Any]) -> None:
    """Have what a task's child would else make for itself."""
    if task["task"] == _PLAN:
        from rtcomplexity.batch.warming import warm  # noqa: PLC0415 -- once the first plan comes

        warm()
    if task.get("evidence_folder"):
        importlib.import_module(_EVIDENCE)


def _start(text: str, running: _Running, folder: Path, result: Path) -> Child:
    from rtcomplexity.batch import supervision  # noqa: PLC0415

    if supervision.CAN_FORK:
        return supervision.ForkedChild.start(partial(_forked, text, running, result, os.getpid()))
    task = folder / "task.json"
    task.write_text(text, "utf-8")
    return supervision.StartedChild.start(MODULE, [CHILD, str(task), str(result)])


def _forked(text: str, running: _Running, result: Path, parent: int) -> None:
    """Do a task in a forked child: nothing of the host's pipes is left open."""
    os.close(running.answers.fileno())
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    _work(text, result, parent)


def _work(text: str, result: Path, parent: int) -> None:
    """Limit this process, do the task, and leave its outcome where the host looks for it."""
    import json  # noqa: PLC0415

    from rtcomplexity.batch.messages import Limits  # noqa: PLC0415
    from rtcomplexity.batch.process_limits import apply_limits  # noqa: PLC0415
    from rtcomplexity.batch.worker import perform  # noqa: PLC0415
    from rtcomplexity.whole_files import write_whole  # noqa: PLC0415

    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    apply_limits(Limits(**json.loads(text)["limits"]))
    write_whole(result, perform(text).to_json())


def end_with(parent: int) -> None:
    """End this process when its parent has gone."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)


def _take_stdout() -> BinaryIO:
    """Keep stdout for answers; whatever else is printed, here or in a child, goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    return answers


if __name__ == "__main__":
    sys.exit(main())
