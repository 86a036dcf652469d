"""Children that misbehave are ended, each for its own reason."""

import json
import os
import signal
import time

import pytest

from patience import HANG_S
from rtcomplexity.batch import host, process_limits, supervision
from rtcomplexity.batch.messages import Limits, Outcome, PlanTask, Status
from rtcomplexity.batch.supervision import ForkedChild, StartedChild, watch
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.settings import Settings

ROOM = Limits(wall_s=HANG_S, memory_bytes=2 * 1024**3)
posix = pytest.mark.skipif(not supervision.CAN_FORK, reason="this system has no fork")


def ended(work, tmp_path, allowed=ROOM, is_wanted=lambda: True):
    return watch(ForkedChild.start(work), tmp_path / "result.json", allowed, is_wanted)


def sleep():
    time.sleep(HANG_S)


@posix
def test_gives_back_what_a_child_left(tmp_path):
    def work():
        (tmp_path / "result.json").write_text(Outcome(status=Status.REFUSED, code="x", reason="why").to_json())

    outcome = ended(work, tmp_path)
    assert (outcome.status, outcome.code, outcome.reason) == (Status.REFUSED, "x", "why")
    assert outcome.wall_s > 0


@posix
def test_ends_a_child_that_hangs(tmp_path):
    outcome = ended(sleep, tmp_path, Limits(wall_s=0.2))
    assert (outcome.status, outcome.code) == (Status.TIMED_OUT, "wall-limit")
    assert outcome.wall_s < HANG_S


@posix
def test_ends_a_child_that_eats_memory(tmp_path):
    def work():
        held = []
        while True:
            held.append(b"\1" * 8_000_000)
            time.sleep(0.005)

    from psutil import Process

    allowed = Limits(wall_s=HANG_S, memory_bytes=Process().memory_info().rss + 200_000_000)
    outcome = ended(work, tmp_path, allowed)
    assert (outcome.status, outcome.code) == (Status.OUT_OF_MEMORY, "memory-limit")
    assert outcome.peak_bytes > allowed.memory_bytes


@posix
def test_ends_a_child_nobody_wants_any_more(tmp_path):
    outcome = ended(sleep, tmp_path, is_wanted=lambda: False)
    assert outcome.status is Status.CRASHED
    assert outcome.wall_s < HANG_S


@posix
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGUSR1])
def test_says_which_signal_ended_a_child(tmp_path, how):
    outcome = ended(lambda: os.kill(os.getpid(), how), tmp_path)
    assert (outcome.status, outcome.code) == (Status.CRASHED, "process-died")
    assert f"signal {how.value}" in outcome.reason


@posix
def test_does_not_take_a_bad_end_for_a_good_one(tmp_path):
    (tmp_path / "result.json").write_text(Outcome(status=Status.ASSESSED).to_json())
    assert ended(lambda: os._exit(3), tmp_path).code == "process-died"


@posix
def test_does_not_take_a_silent_end_for_a_good_one(tmp_path):
    assert ended(lambda: None, tmp_path).code == "process-died"


@posix
def test_kills_a_child_once_and_for_all(tmp_path):
    child = ForkedChild.start(sleep)
    child.kill()
    assert child.poll() == -signal.SIGKILL
    child.kill()


@posix
def test_the_system_ends_a_child_that_only_computes(tmp_path):
    def work():
        process_limits.apply_limits(Limits(wall_s=0.5))
        while True:
            pass

    outcome = ended(work, tmp_path)
    assert (outcome.status, outcome.code) == (Status.TIMED_OUT, "cpu-limit")


@posix
@pytest.mark.skipif(not process_limits.HAS_ADDRESS_SPACE_LIMIT, reason="this system keeps no limit on address space")
def test_one_large_allocation_fails_before_any_poll(tmp_path):
    def work():
        process_limits.apply_limits(Limits(memory_bytes=256 * 1024**2))
        try:
            bytearray(8 * 1024**3)
        except MemoryError:
            os._exit(7)

    assert "exit status 7" in ended(work, tmp_path).reason


def test_a_refusal_says_which_limits_the_system_lacks(monkeypatch, tmp_path):
    monkeypatch.setattr(process_limits, "HAS_RESOURCE_LIMITS", False)
    monkeypatch.setattr(process_limits, "HAS_ADDRESS_SPACE_LIMIT", False)
    assert "no limit on processor time or address space" in process_limits.missing_limits()


def test_a_started_child_does_what_a_forked_one_does(tmp_path):
    task, result = tmp_path / "task.json", tmp_path / "result.json"
    plan = PlanTask(key="0", files=(), options=AnalyzeOptions(), settings=Settings(), limits=ROOM)
    task.write_text(plan.to_json())
    child = StartedChild.start(host.MODULE, [host.CHILD, str(task), str(result)])
    outcome = watch(child, result, ROOM, lambda: True)
    assert (outcome.status, outcome.code) == (Status.REFUSED, "no-input")


def test_a_started_child_can_be_killed(tmp_path):
    child = StartedChild.start("timeit", ["-s", "import time", f"time.sleep({HANG_S})"])
    outcome = watch(child, tmp_path / "result.json", Limits(wall_s=0.5), lambda: True)
    assert outcome.status is Status.TIMED_OUT
    assert child.poll() is not None


def test_tasks_survive_json():
    plan = PlanTask(key="0", files=(), options=AnalyzeOptions(), settings=Settings(), limits=ROOM, evidence_folder="x")
    assert PlanTask.from_tree(json.loads(plan.to_json())) == plan
