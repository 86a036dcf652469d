"""The plans of one session: each in a folder of its own below a private one, which goes when the session ends.

Knows states, processes and files; knows no HTTP. Each analysis runs in a child process that can be ended; as many run
at a time as there are cores.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from rtcomplexity.batch.messages import Limits, Outcome, Status
from rtcomplexity.batch.supervision import StartedChild, watch
from rtcomplexity.closing import Closing
from rtcomplexity.desk.child import MODULE
from rtcomplexity.desk.choices import read_structure_sets
from rtcomplexity.desk.task import Place, Progress, Task, read_progress
from rtcomplexity.errors import InputDataError, os_reason
from rtcomplexity.model.options import BY_SITE
from rtcomplexity.scoring.claim_file import claim_toml
from rtcomplexity.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.desk.choices import StructureSetChoice
    from rtcomplexity.scoring.claim_file import ClaimFile
    from rtcomplexity.settings import Settings

PREFIX: Final = "rtcomplexity-desk-"
"""Of the private folder's name; the process follows, so that the next session knows whether it is still there."""

_REPORTS: Final = "reports"
"""Folder of what was entered for reports of the worklist folder; no plan's id is that."""


class State(StrEnum):
    """State of a plan."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """One plan of the session, at one moment."""

    id: str
    number: int
    """In the order of arrival, from 1."""
    added_at: datetime
    """Local time."""
    place: Place
    identified: bool
    profile: str = BY_SITE
    structure_set_uid: str | None = None
    """The chosen structure set; None where it is chosen by rule."""
    state: State = State.WAITING
    problem: str = ""
    """Why it cannot be assessed, or why the last change could not be; empty where all is well."""

    @property
    def is_busy(self) -> bool:
        """Whether an analysis runs or waits."""
        return self.state in {State.WAITING, State.RUNNING}

    @property
    def progress(self) -> Progress:
        """Progress of the analysis."""
        return Progress() if self.state is State.WAITING else read_progress(self.place.progress)

    @property
    def structure_sets(self) -> tuple[StructureSetChoice, ...]:
        """What can be chosen from; empty where there is one structure set, or none is known yet."""
        return read_structure_sets(self.place.structure_sets)


class Session(Closing):
    """Everything of one session."""

    def __init__(
        self, settings: Settings, *, limits: Limits | None = None, workers: int | None = None, cms: Path | None = None
    ) -> None:
        """Make the private folder.

        `workers` analyses run at a time, as many as there are cores if None; `cms` is a file of official facts of the
        code for every plan.
        """
        self.settings, self._cms = settings, cms
        self._limits = limits or Limits()
        remove_abandoned(Path(tempfile.gettempdir()))
        self._folder = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")  # mode 0700
        self._plans: dict[str, SessionPlan] = {}
        self._lock = threading.Lock()
        self._is_closed = False
        self._count = 0
        self._threads = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="analysis")

    @property
    def folder(self) -> Path:
        """The private folder."""
        return Path(self._folder.name)

    def close(self) -> None:
        """End every analysis and remove every file; a second call does nothing."""
        with self._lock:
            self._is_closed = True
            self._plans.clear()
        self._threads.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def new_place(self) -> Place:
        """Make the folder of a plan that is about to arrive."""
        place = Place(folder=self.folder / secrets.token_hex(6))
        with self._opened():
            place.files.mkdir(parents=True, mode=0o700)
        return place

    def drop(self, place: Place) -> None:
        """Remove the folder of a plan that did not arrive."""
        shutil.rmtree(place.folder, ignore_errors=True)

    def add(self, place: Place, *, identified: bool, profile: str = BY_SITE) -> SessionPlan:
        """Take a plan that has arrived, and analyze it when its turn comes."""
        with self._opened():
            self._count += 1
            plan = SessionPlan(
                id=place.folder.name,
                number=self._count,
                added_at=datetime.now().astimezone(),
                place=place,
                identified=identified,
                profile=profile,
            )
            self._plans[plan.id] = plan
            self._threads.submit(self._run, plan.id, None)
        return plan

    def plans(self) -> list[SessionPlan]:
        """Every plan, the newest first."""
        with self._lock:
            return sorted(self._plans.values(), key=lambda plan: -plan.number)

    def plan(self, plan_id: str) -> SessionPlan | None:
        """The plan of that id, if it is there."""
        with self._lock:
            return self._plans.get(plan_id)

    def state_claim(self, plan_id: str, claim: ClaimFile) -> bool:
        """Save claim information and assess the plan under it; False where an analysis of it is not done yet."""
        with self._lock:
            plan = self._plans.get(plan_id)
            if plan is None or plan.is_busy:
                return False
            write_whole(plan.place.claim, claim_toml(claim))
            self._plans[plan_id] = replace(plan, state=State.WAITING, problem="")
        self._threads.submit(self._run, plan_id, plan.structure_set_uid)
        return True

    def choose_structure_set(self, plan_id: str, uid: str) -> bool:
        """Assess a plan by another of its structure sets; False where an analysis of it is not done yet."""
        with self._lock:
            plan = self._plans.get(plan_id)
            if plan is None or plan.is_busy:
                return False
            self._plans[plan_id] = replace(plan, state=State.WAITING, problem="", structure_set_uid=uid)
        self._threads.submit(self._run, plan_id, plan.structure_set_uid)
        return True

    def claim_of_report(self, report_id: str) -> Path:
        """File of the claim information entered for a report of the worklist folder, which is itself never written."""
        return Place(folder=self.folder / _REPORTS / report_id).claim

    def keep_claim_of_report(self, report_id: str, claim: ClaimFile) -> None:
        """Keep claim information for a report of the worklist folder until the session ends."""
        path = self.claim_of_report(report_id)
        with self._opened():
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            write_whole(path, claim_toml(claim))

    def remove(self, plan_id: str) -> None:
        """End the analysis of a plan and remove its files."""
        with self._lock:
            plan = self._plans.pop(plan_id, None)
        if plan is not None and not plan.is_busy:
            self.drop(plan.place)  # else the thread that runs it does, once the child has ended

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """Hold the lock; refuse what comes after the end, whose files nobody would remove."""
        with self._lock:
            if self._is_closed:
                raise InputDataError("The session has ended.", "start it again with rtcomplexity serve.")
            yield

    def _run(self, plan_id: str, structure_set_before: str | None) -> None:
        plan = self._changed(plan_id, state=State.RUNNING, problem="")
        if plan is None:
            self.drop(Place(folder=self.folder / plan_id))
            return
        outcome = self._outcome_of(plan)
        is_good = outcome.status is Status.ASSESSED
        has_report = plan.place.evidence.exists()
        state = State.READY if is_good or has_report else State.FAILED
        problem = "" if is_good else outcome.reason
        of_report = plan.structure_set_uid if is_good else structure_set_before
        if self._changed(plan_id, state=state, problem=problem, structure_set_uid=of_report) is None:
            self.drop(plan.place)

    def _outcome_of(self, plan: SessionPlan) -> Outcome:
        """Run the child of a plan to its end."""
        place = plan.place
        try:
            for old in (place.result, place.progress):
                old.unlink(missing_ok=True)
            write_whole(place.task, self._task_of(plan).to_json())
            child = StartedChild.start(MODULE, [str(place.task)])
        except OSError as fault:
            reason = f"The analysis could not be started ({os_reason(fault)})."
            return Outcome(status=Status.CRASHED, code="not-started", reason=reason)
        return watch(child, place.result, self._limits, lambda: self._is_wanted(plan.id))

    def _task_of(self, plan: SessionPlan) -> Task:
        return Task(
            folder=str(plan.place.folder),
            identified=plan.identified,
            profile=plan.profile,
            structure_set_uid=plan.structure_set_uid,
            cms=None if self._cms is None else str(self._cms),
            settings=self.settings,
            limits=self._limits,
        )

    def _is_wanted(self, plan_id: str) -> bool:
        with self._lock:
            return not self._is_closed and plan_id in self._plans

    def _changed(self, plan_id: str, **changes: Any) -> SessionPlan | None:  # noqa: ANN401 -- fields of a plan
        """Give a plan another state; None where it was removed meanwhile."""
        with self._lock:
            if plan_id not in self._plans:
                return None
            self._plans[plan_id] = replace(self._plans[plan_id], **changes)
            return self._plans[plan_id]


def remove_abandoned(folder: Path) -> None:
    """Remove the folders of this person's sessions whose process is gone: it was killed before it could."""
    for path in folder.glob(f"{PREFIX}*"):
        found = re.match(rf"{PREFIX}(\d+)-", path.name)
        if found is not None and not psutil.pid_exists(int(found[1])) and _is_own(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_own(path: Path) -> bool:
    """Whether a folder, and no link to one, is this person's own."""
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())
