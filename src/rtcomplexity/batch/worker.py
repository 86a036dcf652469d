"""What a child process does with its one task: read headers, assess a plan, or compare a pair.

Holds the per-plan boundary, the one place that catches every exception: whatever a plan does, its child ends with an
outcome. Nothing it says names a patient, a path or a UID. Knows neither limits nor the process it runs in.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.batch.messages import IndexTask, Outcome, PlanTask, Status
from rtcomplexity.batch.pairs import PairTask
from rtcomplexity.batch.results import RecordSummary
from rtcomplexity.compare.comparison import compare
from rtcomplexity.compare.document import document
from rtcomplexity.dicom.index import index_files
from rtcomplexity.dicom.linkage import hash_file, read_links
from rtcomplexity.errors import InputDataError, UnreadableFileError, UsageError, fault_text
from rtcomplexity.evidence.comparison_privacy import deidentified_comparison
from rtcomplexity.evidence.naming import without_uids
from rtcomplexity.evidence.record import to_json_line
from rtcomplexity.sources.member import source_at
from rtcomplexity.usecases.analyze import analyze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.usecases.analyze import Assessment

_PACKAGE: Final = "rtcomplexity"


class _UnwrittenError(Exception):
    """Evidence could not be written, for a reason that has nothing to do with the plan."""

    def __str__(self) -> str:
        fault = self.args[0] if isinstance(self.args[0], OSError) else self.args[0].__cause__
        why = (getattr(fault, "strerror", None) or "it cannot be replaced").lower()
        return f"Its evidence could not be written ({why}). Try: room and permission there, then --retry."


def perform(text: str) -> Outcome:
    """Do the task that `text` describes, and say how it ended; never raises."""
    tree = json.loads(text)
    return outcome_of(lambda: _done(tree), str(tree.get("key")))


def outcome_of(work: Callable[[], Outcome], key: str) -> Outcome:
    """Do some work on one plan, and say how it ended; never raises.

    Parameters
    ----------
    key : in whose place a UID in the text of a refusal is keyed
    """
    try:
        return work()
    except InputDataError as fault:
        return _refused(fault, key)
    except UsageError as fault:
        return Outcome(status=Status.REFUSED, code="usage", reason=without_uids(str(fault), ""))
    except _UnwrittenError as fault:
        return Outcome(status=Status.CRASHED, code="evidence-unwritten", reason=str(fault))
    except MemoryError:
        return Outcome(
            status=Status.OUT_OF_MEMORY, code="memory-limit", reason="It asked for more memory than the limit allows."
        )
    except Exception as fault:  # noqa: BLE001 -- the one boundary: a plan costs no other plan
        return Outcome(status=Status.CRASHED, code="program-fault", reason=fault_text(fault))


def _done(tree: Mapping[str, Any]) -> Outcome:
    """Do the one task that its tree describes."""
    if tree["task"] == IndexTask.kind:
        return _index(IndexTask.from_tree(tree))
    if tree["task"] == PairTask.kind:
        return _compare(PairTask.from_tree(tree))
    return _assess(PlanTask.from_tree(tree))


def _index(task: IndexTask) -> Outcome:
    return Outcome(status=Status.ASSESSED, content={"files": [_header(path, task) for path in task.paths]})


def _header(path: str, task: IndexTask) -> dict[str, Any] | None:
    """Describe one file; None where it is no DICOM."""
    try:
        links = read_links(source_at(path, task.settings), settings=task.settings, hashed=task.hashed)
    except InputDataError as fault:
        return {"broken": without_uids(str(fault), ""), "code": fault.code}
    if links is None:
        return None
    return {
        "kind": links.kind.value,
        "instance": links.sop_instance_uid,
        "patient": links.patient_key,
        "study": links.study_uid,
        "series": links.series_uid,
        "frames": links.frame_uids,
        "references": links.referenced_uids,
        "sha256": links.sha256,
        "content": links.content_hash or links.sha256,
    }


def _assess(task: PlanTask) -> Outcome:
    _check_unchanged(task)
    paths = [source_at(file.path, task.settings) for file in task.files]
    index = index_files(paths, settings=task.settings)
    known = {file.path: file.sha256 for file in index.files}
    hashes = [known.get(path) or hash_file(path) for path in paths]
    if hashes[0] != task.key:
        raise _changed()
    try:
        assessment = _analyze(index, task)
    except InputDataError as fault:
        return _refused(fault, task.key, hashes)
    _check_unchanged(task)
    record = assessment.record
    summary = asdict(RecordSummary.of(record))
    content: dict[str, Any] = {"record": to_json_line(record), "summary": summary, "sha256": hashes}
    if task.evidence_folder is not None:
        content["may_show_face"] = _leave_evidence(assessment, Path(task.evidence_folder))
    return Outcome(status=Status.ASSESSED, content=content)


def _analyze(index: FileIndex, task: PlanTask) -> Assessment:
    with tempfile.TemporaryDirectory(prefix="rtcomplexity-") as folder:  # mode 0700
        options = task.options
        if task.claim:
            claim = Path(folder) / "claim.toml"
            claim.write_text(task.claim, encoding="utf-8")
            options = replace(options, claim=claim)
        return analyze(index, options, settings=task.settings, identified=False)


def _compare(task: PairTask) -> Outcome:
    """Compare one pair; its document names ROIs by class and number unless names are asked for."""
    row = task.row
    found = compare(
        row.first,
        row.second,
        images=None if row.images is None else Path(row.images),
        match=task.match,
        tolerance_mm=task.tolerance_mm,
        settings=task.settings,
    )
    tree = document(found, software_version=version(_PACKAGE))
    return Outcome(
        status=Status.ASSESSED, content={"document": tree if task.identified else deidentified_comparison(tree)}
    )


def _refused(fault: InputDataError, key: str, hashes: Sequence[str] = ()) -> Outcome:
    content = {"sha256": hashes} if hashes else {}
    reason = without_uids(str(fault), key)
    return Outcome(status=Status.REFUSED, code=fault.code, reason=reason, content=content)


def _check_unchanged(task: PlanTask) -> None:
    for file in task.files:
        try:
            found = source_at(file.path, task.settings).stat()
        except OSError as fault:
            raise _changed() from fault
        if (found.st_size, found.st_mtime_ns) != (file.size_bytes, file.mtime_ns):
            raise _changed()


def _changed() -> UnreadableFileError:
    return UnreadableFileError("An input file changed during the run.", "run again when nothing writes there.")


def _leave_evidence(assessment: Assessment, folder: Path) -> bool:
    """Write the evidence beside its place, then move it there; say whether its pictures may show a face."""
    from rtcomplexity.evidence.folder import write_folder  # noqa: PLC0415 -- heavy, and seldom asked for
    from rtcomplexity.evidence.package import evidence_of  # noqa: PLC0415
    from rtcomplexity.usecases.package import time_of_run  # noqa: PLC0415

    evidence = evidence_of(assessment.measured, assessment.record, written_at=time_of_run())
    target = folder / assessment.record.plan.id
    part = folder / f".{target.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        write_folder(part, evidence.files)
        shutil.rmtree(target, ignore_errors=True)
        part.replace(target)
    except (UsageError, OSError) as fault:
        shutil.rmtree(part, ignore_errors=True)
        raise _UnwrittenError(fault) from fault
    return evidence.may_show_face
