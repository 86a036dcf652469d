"""A watched folder is assessed when it is quiet and whole, and never before."""

import json
import shutil

import pytest

from rtcomplexity.batch.run import BatchOptions
from rtcomplexity.batch.watching import Health, Pace, Watch, folder_state, log_line, watch, write_metrics
from rtcomplexity.model.options import AnalyzeOptions
from unit.batch.inline_engine import InlineEngine, Silent
from unit.batch.small_plans import small_plan, write_plan


def watching(root, out, patience_s=0.0):
    asked = BatchOptions(options=AnalyzeOptions(quick=True), patience_s=patience_s)
    return Watch(root, out, engine=InlineEngine(), asked=asked, watcher=Silent())


def results(out):
    path = out / "results.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def plan(tmp_path):
    write_plan(tmp_path / "plan", small_plan(1))
    return tmp_path / "plan"


def test_nothing_is_assessed_before_it_was_quiet_long_enough(plan, tmp_path):
    (tmp_path / "in").mkdir()
    one = watching(tmp_path / "in", tmp_path / "out")
    assert not one.look(0, 10)
    assert not one.look(20, 10)  # nothing that is a plan
    assert not (tmp_path / "out").exists()
    shutil.copytree(plan, tmp_path / "in" / "plan")
    assert not one.look(30, 10)
    assert not one.look(39, 10)
    (tmp_path / "in" / "late").write_text("x")
    assert not one.look(41, 10)
    assert one.look(52, 10)
    assert [row["status"] for row in results(tmp_path / "out")] == ["assessed"]
    assert not one.look(80, 10)
    assert (one.health.runs, one.health.assessed) == (1, 1)


def test_a_set_waits_for_the_series_it_references_and_not_for_ever(plan, tmp_path):
    images = next(path.parent for path in plan.rglob("ct_*.dcm"))
    shutil.move(images, tmp_path / "later")
    one = watching(plan, tmp_path / "out", patience_s=1e9)
    one.look(0, 10)
    assert one.look(11, 10)
    assert (one.health.waiting, results(tmp_path / "out")) == (1, [])
    shutil.copytree(tmp_path / "later", images)
    assert not one.look(12, 10)
    assert one.look(23, 10)
    (row,) = results(tmp_path / "out")
    assert (one.health.waiting, row["record"]["plan"]["planning_image"]["slices"]) == (0, 8)
    impatient = watching(plan, tmp_path / "out2")
    shutil.rmtree(images)
    impatient.look(0, 10)
    assert impatient.look(11, 10)
    assert [row["status"] for row in results(tmp_path / "out2")] == ["assessed"]


def test_a_killed_watch_is_continued_by_the_next(plan, tmp_path):
    first = watching(plan, tmp_path / "out")
    first.look(0, 0)
    first.look(1, 0)
    second = watching(plan, tmp_path / "out")
    second.look(0, 0)
    assert second.look(1, 0)
    assert not [task for task in second._engine.tasks if '"task": "plan"' in task]
    assert second.health.assessed == 1


def test_the_loop_tells_of_runs_and_of_health(plan, tmp_path):
    told, turns = [], iter([True, True, True, False])
    pace = Pace(poll_s=0, quiet_s=0, health_s=1e9)
    watch(
        watching(plan, tmp_path / "out"), pace, tell=lambda event, health: told.append((event, health.assessed)),
        is_wanted=lambda: next(turns),
    )  # fmt: skip
    assert told == [("health", 0), ("run", 1)]


def test_its_own_results_change_nothing(plan):
    before = folder_state(plan, plan / "out")
    (plan / "out").mkdir()
    (plan / "out" / "results.csv").write_text("x")
    assert folder_state(plan, plan / "out") == before


def test_logs_and_counters_name_nobody(tmp_path):
    health = Health(runs=2, assessed=5)
    assert json.loads(log_line("run", health))["assessed"] == 5
    write_metrics(health, tmp_path / "metrics.prom")
    assert "rtcomplexity_watch_assessed 5\n" in (tmp_path / "metrics.prom").read_text()
