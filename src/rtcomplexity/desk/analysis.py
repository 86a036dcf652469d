"""One plan of the page: measured, assessed under the claim information of the moment, its evidence written.

A plan that was measured before is only assessed again.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.cores import to_bytes
from rtcomplexity.desk.choices import StructureSetChoice, options_of, write_structure_sets
from rtcomplexity.desk.task import MEASURED, Progress, Step, write_progress
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.dicom.objects import read_set
from rtcomplexity.errors import InputDataError
from rtcomplexity.evidence.folder import read_folder
from rtcomplexity.usecases.analyze import assess_plan, measure_plan
from rtcomplexity.usecases.keeping import from_bytes
from rtcomplexity.usecases.package import write_evidence
from rtcomplexity.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtcomplexity.desk.task import Place, Task
    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.model.options import AnalyzeOptions
    from rtcomplexity.usecases.analyze import MeasuredPlan

_BETWEEN_WRITES_S: Final = 0.1
_UID_END: Final = 8


def perform(task: Task) -> Outcome:
    """Measure the plan, or take it as it was measured; assess it, and write its evidence."""
    place, say, options = task.place, write_progress(task.place.progress), options_of(task)
    kept = place.measured(task.structure_set_uid)
    is_drawn = kept.exists() and place.evidence.exists()
    plan = from_bytes(kept.read_bytes()) if kept.exists() else _measured(task, options, say)
    say(Progress(step=Step.ASSESSING))
    assessment = assess_plan(plan, options)
    write_whole(kept, to_bytes(plan))  # with the redrawings that were made
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
    for other in place.folder.glob(f"{MEASURED}*"):
        if other != kept:
            other.unlink()


def _replace(place: Place, fresh: Path) -> None:
    """Put the fresh evidence in place; what was there becomes the previous one."""
    if place.evidence.exists():
        shutil.rmtree(place.previous, ignore_errors=True)
        place.evidence.replace(place.previous)
    fresh.replace(place.evidence)
