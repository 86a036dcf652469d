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
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.cores import use_one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtcomplexity.batch.messages import Outcome
    from rtcomplexity.desk.choices import StructureSetChoice
    from rtcomplexity.desk.task import Place, Progress, Task
    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.model.options import AnalyzeOptions
    from rtcomplexity.usecases.analyze import MeasuredPlan

MODULE: Final = "rtcomplexity.desk.child"
_BETWEEN_WRITES_S: Final = 0.1
_UID_END: Final = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the task described in a file, and write its outcome to the same folder."""
    from rtcomplexity.batch.host import end_with  # noqa: PLC0415 -- before anything heavy

    use_one_thread()
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()

    from rtcomplexity.batch.process_limits import apply_limits  # noqa: PLC0415
    from rtcomplexity.batch.worker import outcome_of  # noqa: PLC0415
    from rtcomplexity.desk.task import Task  # noqa: PLC0415
    from rtcomplexity.whole_files import write_whole  # noqa: PLC0415 -- after the environment is set

    [path] = sys.argv[1:] if arguments is None else arguments
    task = Task.from_json(Path(path).read_text(encoding="utf-8"))
    apply_limits(task.limits)
    outcome = outcome_of(partial(perform, task), "")
    write_whole(task.place.result, outcome.to_json())
    return 0


def perform(task: Task) -> Outcome:
    """Measure the plan, or take it as it was measured; assess it, and write its evidence."""
    from rtcomplexity.batch.messages import Outcome, Status  # noqa: PLC0415
    from rtcomplexity.desk.choices import options_of  # noqa: PLC0415
    from rtcomplexity.desk.task import Progress, Step, write_progress  # noqa: PLC0415
    from rtcomplexity.evidence.folder import read_folder  # noqa: PLC0415
    from rtcomplexity.usecases import keeping  # noqa: PLC0415
    from rtcomplexity.usecases.analyze import assess_plan  # noqa: PLC0415
    from rtcomplexity.usecases.package import write_evidence  # noqa: PLC0415
    from rtcomplexity.whole_files import write_whole  # noqa: PLC0415

    place, say, options = task.place, write_progress(task.place.progress), options_of(task)
    kept = place.measured(task.structure_set_uid)
    is_drawn = kept.exists() and place.evidence.exists()
    plan = keeping.from_bytes(kept.read_bytes()) if kept.exists() else _measured(task, options, say)
    say(Progress(step=Step.ASSESSING))
    assessment = assess_plan(plan, options)
    write_whole(kept, keeping.to_bytes(plan))  # with the redrawings that were made
    say(Progress(step=Step.WRITING))
    fresh = place.folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    pictures = read_folder(place.evidence).pictures() if is_drawn else None
    write_evidence(assessment, fresh, identified=task.identified, pictures=pictures)
    _replace(place, fresh)
    _forget_others(place, kept)
    return Outcome(status=Status.ASSESSED)


def _measured(task: Task, options: AnalyzeOptions, say: Callable[[Progress], None]) -> MeasuredPlan:
    """Read and measure the plan; say first which structure sets it has, so that another can be chosen if it fails."""
    from rtcomplexity.desk.choices import write_structure_sets  # noqa: PLC0415
    from rtcomplexity.desk.task import Progress, Step  # noqa: PLC0415
    from rtcomplexity.dicom.index import index_folder  # noqa: PLC0415
    from rtcomplexity.usecases.analyze import measure_plan  # noqa: PLC0415

    said_at = 0.0

    def report(done: int, total: int) -> None:
        nonlocal said_at
        if done < total and time.monotonic() - said_at < _BETWEEN_WRITES_S:
            return
        said_at = time.monotonic()
        say(Progress(step=Step.READING if done < total else Step.MEASURING, done=done, total=total))

    index = index_folder(task.place.files, settings=task.settings, progress=report)
    choices = _structure_sets(task, index)
    write_structure_sets(task.place.structure_sets, choices)
    plan = measure_plan(index, options, settings=task.settings, name_patients=task.identified)
    assessed_uid = plan.plan.case.structure_set.sop_instance_uid
    marked = [replace(each, is_assessed=each.uid == assessed_uid) for each in choices]
    write_structure_sets(task.place.structure_sets, marked)
    return plan


def _structure_sets(task: Task, index: FileIndex) -> list[StructureSetChoice]:
    """Return what can be chosen from where there are several; a set that cannot be read is no choice."""
    from rtcomplexity.desk.choices import StructureSetChoice  # noqa: PLC0415
    from rtcomplexity.dicom.objects import read_set  # noqa: PLC0415
    from rtcomplexity.errors import InputDataError  # noqa: PLC0415

    found: list[StructureSetChoice] = []
    for file in index.structure_sets if len(index.structure_sets) > 1 else ():
        try:
            structure_set, _, _ = read_set(file, task.settings)
        except InputDataError:
            continue
        uid = structure_set.sop_instance_uid
        choice = StructureSetChoice(uid=uid, number=len(found) + 1, rois=len(structure_set.rois))
        if task.identified:
            label, day = structure_set.label, structure_set.written_at[:8]
            choice = replace(choice, label=label, date=day, uid_end=uid[-_UID_END:])
        found.append(choice)
    return found


def _forget_others(place: Place, kept: Path) -> None:
    """Remove the plan as measured on a structure set that is no longer the chosen one."""
    from rtcomplexity.desk.task import MEASURED  # noqa: PLC0415

    for other in place.folder.glob(f"{MEASURED}*"):
        if other != kept:
            other.unlink()


def _replace(place: Place, fresh: Path) -> None:
    """Put the fresh evidence in place; what was there becomes the previous one."""
    if place.evidence.exists():
        shutil.rmtree(place.previous, ignore_errors=True)
        place.evidence.replace(place.previous)
    fresh.replace(place.evidence)


if __name__ == "__main__":
    sys.exit(main())
