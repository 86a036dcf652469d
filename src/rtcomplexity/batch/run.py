"""The use case of a batch: find the plans, assess those that are not yet, write the outputs.

Knows the order of the steps. A run can be stopped at any moment; the next one continues.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

from rtcomplexity.batch.alarm import Alarm, alarm_of
from rtcomplexity.batch.claims import Claims, claims_of, course_key, read_claims
from rtcomplexity.batch.discovery import Discovery
from rtcomplexity.batch.grouping import FoundPlan, found_plans, input_hash
from rtcomplexity.batch.ledger import PlanEntry, Standing, opened_ledger
from rtcomplexity.batch.messages import RETRYABLE, InputFile, Limits, PlanTask, Status
from rtcomplexity.batch.outputs import OWN_NAMES, write_outputs
from rtcomplexity.batch.reasons import Reason, found_sentence
from rtcomplexity.dicom.index import media_folder
from rtcomplexity.errors import NoInputError, UsageError
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.scoring.claim_file import claim_toml
from rtcomplexity.scoring.profile_choice import profiles_digest
from rtcomplexity.settings import Settings
from rtcomplexity.whole_files import PART_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from rtcomplexity.batch.engines.engine import Engine, Task
    from rtcomplexity.batch.ledger import Ledger
    from rtcomplexity.batch.messages import Outcome

EVIDENCE_FOLDER: Final = "evidence"
_PACKAGE: Final = "rtcomplexity"


class Watcher(Protocol):
    """Receives the progress of a batch."""

    def looking(self, files: int) -> None:
        """Called with the number of files seen so far."""

    def starting(self, plans: int, found: str) -> None:
        """Called with the number of plans; `found` says of how many patients."""

    def ended(self, status: Status, *, stood: bool) -> None:
        """Called when a plan is done; `stood` if an earlier run did it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """Everything that may be chosen for a batch."""

    options: AnalyzeOptions = field(default_factory=AnalyzeOptions)
    evidence: bool = False
    """Whether an evidence folder is left for every plan."""
    limits: Limits = field(default_factory=Limits)
    settings: Settings = field(default_factory=Settings)
    claims: Path | None = None
    key_file: Path | None = None
    """Key of the hashes, so that those of several results agree; each has its own if None."""
    follow_links: bool = False
    patience_s: float = 0.0
    """How long a plan waits, after its last file came, for series that its structure set references."""
    with_paths: bool = False
    """Whether tables include paths of structure sets, which may identify patients."""
    retry: bool = False
    """Whether plans that crashed or went over a limit are tried again."""
    parquet: bool = False
    engine_name: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What a batch came to."""

    plans: int
    found: str
    """How many plans of how many patients are there, in words."""
    by_status: dict[str, int]
    verdicts: dict[str, int]
    reasons: tuple[Reason, ...]
    """Why plans ended as they did, in plain words, with the number of plans."""
    unmet_names: int
    """Plans in which a name that ``--map`` gives met no ROI."""
    broken_files: int
    stood: int
    """Plans that were not done again."""
    alarm: Alarm
    shared_courses: int
    unmatched_claims: tuple[int, ...]
    files: tuple[str, ...]
    """Names of the outputs in the folder."""
    waiting: int = 0
    """Plans that wait for series that they reference; they are in no output."""
    linked_folders: int = 0
    """Linked folders that were not followed."""
    earlier_evidence: int = 0
    """Evidence folders there that belong to no plan as it is now."""

    @property
    def refused(self) -> int:
        """Plans and unreadable files that no assessment came of."""
        return self.plans - self.by_status.get(Status.ASSESSED.value, 0) + self.broken_files


def run_batch(
    root: Path, out: Path, *, engine: Engine, watcher: Watcher, asked: BatchOptions, indexer: Engine | None = None
) -> BatchResult:
    """Assess every plan below a folder.

    Parameters
    ----------
    root
        Folder with plans, in any layout.
    out
        Folder for ledger and outputs; an existing one continues where the last run stopped.
    engine
        Where plans are assessed.
    watcher
        Receives the progress.
    asked
        Options and limits.
    indexer
        Where headers are read, if not by `engine`: on this machine, which sees `root`.

    Raises
    ------
    NoInputError
        If there is no such folder, or nothing in it that is or may hide a plan; then no output is written.
    UsageError
        If the output folder cannot be used, or the claims file cannot.
    """
    root, out = media_folder(root.absolute()), out.absolute()
    _check_out(root, out)
    rows = [] if asked.claims is None else read_claims(asked.claims)
    with opened_ledger(out, asked.key_file) as ledger:
        return _Run(ledger, engine, indexer or engine, watcher, asked, claims_of(rows, ledger)).run(root, out)


def _check_out(root: Path, out: Path) -> None:
    """Refuse an output folder below the input that holds something else: plans in it would not be seen.

    Raises
    ------
    UsageError
        If it does.
    """
    is_within = out != root and out.resolve().is_relative_to(root.resolve()) and out.is_dir()
    foreign = [path for path in out.iterdir() if not _is_own(path)] if is_within else []
    if foreign:
        found = f"a folder below the input with {len(foreign)} other files or folders in it"
        raise UsageError("--out", found, "a new or empty folder, or one outside the input")


def _is_own(path: Path) -> bool:
    """Whether a batch writes something of that name (or its journal, or the part that becomes it)."""
    name = path.name
    if path.is_dir():
        return name == EVIDENCE_FOLDER
    return name.lstrip(".").startswith(OWN_NAMES) or (name.startswith(".") and name.endswith(PART_SUFFIX))


class _Run:
    """One run with everything it works with."""

    def __init__(
        self,
        ledger: Ledger,
        engine: Engine,
        indexer: Engine,
        watcher: Watcher,
        asked: BatchOptions,
        claims: Claims,
    ) -> None:
        self._ledger, self._engine, self._indexer, self._watcher, self._asked = ledger, engine, indexer, watcher, asked
        self._claims = claims
        self._profile_sha256 = profiles_digest(asked.options.profile)
        self._evidence: str | None = None
        self._running: dict[str, tuple[FoundPlan, PlanTask]] = {}
        self._stood = self._waiting = 0

    def run(self, root: Path, out: Path) -> BatchResult:
        asked, ledger = self._asked, self._ledger
        if asked.evidence:
            self._evidence = str(out / EVIDENCE_FOLDER)
        started = time.monotonic()
        discovery = Discovery(ledger, self._indexer, asked.settings, asked.limits, follow_links=asked.follow_links)
        files = discovery.run(root, out, self._watcher.looking)
        if not (ledger.count_structure_sets() or ledger.count_broken()):
            raise _without_plans(files)
        found = time.monotonic()
        self._assess_all()
        ended = time.monotonic()
        counts = ledger.counts()
        assessed = counts.get(Status.ASSESSED.value, 0)
        ledger.end_run(
            software=version(_PACKAGE),
            engine=asked.engine_name,
            workers=self._engine.workers,
            files=files,
            discovery_s=found - started,
            plans_s=ended - found,
            done=sum(counts.values()) - self._stood,
            assessed=assessed,
            refused=sum(counts.values()) - assessed,
        )
        return self._result(root, out, discovery.linked_folders)

    def _assess_all(self) -> None:
        found = found_sentence(*self._ledger.count_sources())
        self._watcher.starting(self._ledger.count_structure_sets(), found)
        for key, outcome in self._engine.run(self._tasks()):
            self._keep(*self._running.pop(key), outcome)
            self._watcher.ended(outcome.status, stood=False)
        self._ledger.commit()

    def _tasks(self) -> Iterator[Task]:
        """Tasks of the plans that have no end yet, as they are asked for."""
        for plan in found_plans(self._ledger):
            if self._waits(plan):
                self._waiting += 1
                continue
            task = self._task(plan)
            standing = self._ledger.standing(plan.key)
            if standing is not None and self._stands(plan, task, *standing):
                self._ledger.keep(plan.key, plan.stats)
                self._stood += 1
                self._watcher.ended(standing[1], stood=True)
            else:
                self._running[plan.key] = plan, task
                yield plan.key, task.to_json()

    def _waits(self, plan: FoundPlan) -> bool:
        """Whether series that a plan references may still come."""
        newest_ns = max(member.mtime for member in plan.members)
        is_fresh = time.time() - newest_ns / 1e9 < self._asked.patience_s
        return is_fresh and self._ledger.lacks_references(plan.structure_set.path)

    def _task(self, plan: FoundPlan) -> PlanTask:
        """Task of one plan: what the claims file states of it counts before what holds for all."""
        row = plan.structure_set
        claims = self._claims.of(row.instance)
        for claim in claims:
            self._ledger.claim(claim.number, plan.key, course_key(self._ledger, row.patient, claim.course))
        options, stated = self._asked.options, ""
        if claims:
            first = claims[0]
            site, fractions = first.site or options.site, first.fractions or options.fractions
            options = replace(options, site=site, fractions=fractions)
            stated = "" if first.claim is None else claim_toml(first.claim)
        return PlanTask(
            key=plan.key,
            files=tuple(InputFile(path=each.text, size_bytes=each.size, mtime_ns=each.mtime) for each in plan.members),
            options=options,
            claim=stated,
            settings=self._asked.settings,
            limits=self._asked.limits,
            evidence_folder=self._evidence,
        )

    def _stands(self, plan: FoundPlan, task: PlanTask, standing: Standing, status: Status) -> bool:
        if standing.options != self._options_hash(task) or (self._asked.retry and status in RETRYABLE):
            return False
        return standing.stats == plan.stats or (standing.input != "" and standing.input == plan.input_sha256)

    def _options_hash(self, task: PlanTask) -> str:
        tree: dict[str, Any] = {
            "options": asdict(task.options),
            "claim": task.claim,
            "evidence": self._asked.evidence,
            "profile": self._profile_sha256,
            "settings": asdict(self._asked.settings),
            "software": version(_PACKAGE),
        }
        return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()

    def _keep(self, plan: FoundPlan, task: PlanTask, outcome: Outcome) -> None:
        hashes = outcome.content.get("sha256", ())
        entry = PlanEntry(
            key=plan.key,
            standing=Standing(plan.stats, input_hash(hashes) if hashes else "", self._options_hash(task)),
            outcome=outcome,
            patient=plan.structure_set.patient,
            instance=plan.structure_set.instance,
            file_count=len(plan.members),
        )
        self._ledger.put_plan(entry, zip((member.path for member in plan.members), hashes, strict=False))

    def _result(self, root: Path, out: Path, linked_folders: int) -> BatchResult:
        ledger = self._ledger
        by_status, verdicts = ledger.counts(), ledger.verdicts()
        claimed = ledger.claimed_rows()
        written = write_outputs(
            ledger,
            out,
            parquet=self._asked.parquet,
            evidence=self._asked.evidence,
            paths_from=root if self._asked.with_paths else None,
        )
        return BatchResult(
            plans=sum(by_status.values()),
            by_status=by_status,
            verdicts=verdicts,
            found=found_sentence(*ledger.count_sources()),
            reasons=written.reasons.told,
            unmet_names=written.reasons.unmet_names,
            broken_files=ledger.count_broken(),
            stood=self._stood,
            alarm=alarm_of(ledger.verdicts_by_set()),
            shared_courses=ledger.shared_courses(),
            unmatched_claims=tuple(row for row in self._claims.numbers if row not in claimed),
            files=written.names,
            waiting=self._waiting,
            linked_folders=linked_folders,
            earlier_evidence=_earlier_evidence(out / EVIDENCE_FOLDER, ledger.plan_ids()),
        )


def _without_plans(files: int) -> NoInputError:
    found = f"None of {files} files is an RT Structure Set." if files else "The folder is empty."
    return NoInputError(
        f"{found} There is no plan to assess; nothing was written.",
        "give the folder that holds the exported structure sets and their images.",
    )


def _earlier_evidence(folder: Path, plan_ids: Collection[str]) -> int:
    return sum(path.name not in plan_ids for path in folder.iterdir()) if folder.is_dir() else 0
