"""The process that reads and measures one plan for the page: ``python -m rtcomplexity.desk.child TASK``.

Everything that parses what came from outside runs here, under limits, and can be ended at any time. A plan that was
measured before is only assessed again, under the claim information of the moment.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtcomplexity.batch.values import Outcome
    from rtcomplexity.desk.task import Place, Progress, Task
    from rtcomplexity.usecases.analyze import MeasuredPlan

MODULE: Final = "rtcomplexity.desk.child"
_PARENT_CHECK_S: Final = 0.5
_BETWEEN_WRITES_S: Final = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the task in a file, and leave beside it how it ended."""
    from rtcomplexity.batch.host import ONE_THREAD  # noqa: PLC0415 -- before anything heavy

    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()

    from rtcomplexity.batch.limits import apply_limits  # noqa: PLC0415 -- after the environment is set
    from rtcomplexity.batch.worker import outcome_of  # noqa: PLC0415
    from rtcomplexity.desk.task import Task  # noqa: PLC0415

    [path] = sys.argv[1:] if arguments is None else arguments
    task = Task.from_json(Path(path).read_text(encoding="utf-8"))
    apply_limits(task.limits)
    outcome = outcome_of(partial(perform, task), "")
    part = task.place.result.with_suffix(".part")
    part.write_text(outcome.to_json(), encoding="utf-8")
    part.replace(task.place.result)
    return 0


def perform(task: Task) -> Outcome:
    """Measure the plan, or take it as it was measured; assess it, and write its evidence."""
    from rtcomplexity.batch.values import Outcome, Status  # noqa: PLC0415
    from rtcomplexity.desk.task import Progress, Step, write_progress  # noqa: PLC0415
    from rtcomplexity.evidence.folder import read_folder  # noqa: PLC0415
    from rtcomplexity.model.options import AnalyzeOptions  # noqa: PLC0415
    from rtcomplexity.usecases import keeping  # noqa: PLC0415
    from rtcomplexity.usecases.analyze import assess_plan  # noqa: PLC0415
    from rtcomplexity.usecases.package import write_evidence  # noqa: PLC0415

    place, say = task.place, write_progress(task.place.progress)
    plan = _measured(task, say)
    say(Progress(step=Step.ASSESSING))
    assessment = assess_plan(plan, AnalyzeOptions(claim=place.claim if place.claim.exists() else None))
    place.measured.write_bytes(keeping.to_bytes(plan))  # with the redrawings that were made
    say(Progress(step=Step.WRITING))
    fresh = place.folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    pictures = read_folder(place.evidence).pictures() if place.evidence.exists() else None
    write_evidence(assessment, fresh, identified=task.identified, pictures=pictures)
    _replace(place, fresh)
    return Outcome(status=Status.ASSESSED)


def _measured(task: Task, say: Callable[[Progress], None]) -> MeasuredPlan:
    from rtcomplexity.desk.task import Progress, Step  # noqa: PLC0415
    from rtcomplexity.usecases import keeping  # noqa: PLC0415
    from rtcomplexity.usecases.analyze import measure_plan  # noqa: PLC0415

    if task.place.measured.exists():
        return keeping.from_bytes(task.place.measured.read_bytes())
    said_at = 0.0

    def report(done: int, total: int) -> None:
        nonlocal said_at
        if done < total and time.monotonic() - said_at < _BETWEEN_WRITES_S:
            return
        said_at = time.monotonic()
        say(Progress(step=Step.READING if done < total else Step.MEASURING, done=done, total=total))

    return measure_plan(task.place.files, settings=task.settings, name_patients=task.identified, progress=report)


def _replace(place: Place, fresh: Path) -> None:
    """Put the fresh evidence in place; what was there becomes the previous one."""
    if place.evidence.exists():
        shutil.rmtree(place.previous, ignore_errors=True)
        place.evidence.replace(place.previous)
    fresh.replace(place.evidence)


def _end_with(parent: int) -> None:
    """End this process when its parent has gone."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
