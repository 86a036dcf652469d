"""The per-plan boundary: whatever a plan does, an outcome comes of it that names nobody."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rtcomplexity.batch import worker
from rtcomplexity.batch.messages import IndexTask, InputFile, Limits, PlanTask, Status
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.settings import Settings
from rtcomplexity.testing import write_plan
from unit.batch.small_plans import key_of, small_plan


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    files = sorted(write_plan(folder, small_plan(1)), key=lambda path: path.name != "rs.dcm")
    stats = [(str(path), path.stat()) for path in files]
    return PlanTask(
        key=key_of(files[0]),
        files=tuple(InputFile(path=text, size_bytes=s.st_size, mtime_ns=s.st_mtime_ns) for text, s in stats),
        options=AnalyzeOptions(quick=True),
        settings=Settings(),
        limits=Limits(),
    )


def test_gives_the_record_and_every_files_hash(task):
    outcome = worker.perform(task.to_json())
    assert outcome.status is Status.ASSESSED
    assert json.loads(outcome.content["record"])["privacy"] == "de-identified"
    assert outcome.content["sha256"] == [key_of(file.path) for file in task.files]


def test_refuses_with_the_hashes_of_what_it_refused(task):
    outcome = worker.perform(replace(task, key=key_of(task.files[1].path), files=task.files[1:]).to_json())
    assert (outcome.status, outcome.code) == (Status.REFUSED, "no-structure-set")
    assert len(outcome.content["sha256"]) == len(task.files) - 1


@pytest.mark.parametrize("change", [{"size_bytes": 1}, {"mtime_ns": 1}, {"path": "/nothing"}])
def test_refuses_an_input_that_changed_since_it_was_found(task, change):
    files = (replace(task.files[0], **change), *task.files[1:])
    outcome = worker.perform(replace(task, files=files).to_json())
    assert (outcome.status, outcome.code) == (Status.REFUSED, "unreadable-file")
    assert "changed during the run" in outcome.reason


def test_refuses_a_structure_set_of_other_content(task):
    assert "changed" in worker.perform(replace(task, key="0").to_json()).reason


@pytest.mark.parametrize(
    ("fault", "end"), [(MemoryError(), Status.OUT_OF_MEMORY), (RuntimeError("Secret^Name"), Status.CRASHED)]
)
def test_every_exception_ends_as_an_outcome_without_its_text(task, monkeypatch, fault, end):
    def fail(*_, **__):
        raise fault

    monkeypatch.setattr(worker, "analyze", fail)
    outcome = worker.perform(task.to_json())
    assert outcome.status is end
    assert "Secret" not in outcome.to_json()


def test_a_fault_is_told_by_its_place(task, monkeypatch):
    monkeypatch.setattr(worker, "index_files", lambda *_, **__: None)
    reason = worker.perform(task.to_json()).reason
    assert reason.startswith("Internal error: AttributeError at rtcomplexity.batch.worker line")


def test_headers_are_read_file_by_file(task, tmp_path):
    (tmp_path / "text").write_text("no DICOM at all, whatever else it may be")
    (tmp_path / "broken").write_bytes(bytes(128) + b"DICM" + b"\xff" * 300)
    (tmp_path / "large").write_bytes(Path(task.files[0].path).read_bytes() + bytes(100_000))
    paths = (task.files[0].path, str(tmp_path / "text"), str(tmp_path / "broken"), str(tmp_path / "gone"))
    index = IndexTask(paths=paths, hashed=False, settings=Settings(), limits=Limits())
    found = worker.perform(index.to_json()).content["files"]
    assert found[0]["kind"] == "structure set"
    assert found[0]["sha256"] == task.key
    assert found[1] is None
    assert found[2]["code"] == found[3]["code"] == "unreadable-file"
    small = replace(index, paths=(str(tmp_path / "large"),), settings=Settings(max_file_bytes=50_000))
    assert worker.perform(small.to_json()).content["files"][0]["code"] == "limit-exceeded"


def test_headers_are_hashed_when_asked(task):
    index = IndexTask(paths=(task.files[1].path,), hashed=True, settings=Settings(), limits=Limits())
    (found,) = worker.perform(index.to_json()).content["files"]
    assert found["sha256"] == key_of(task.files[1].path)
    assert json.dumps(found)
