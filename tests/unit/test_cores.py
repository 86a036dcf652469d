"""Tasks on several cores return what they return on one, whatever becomes of the helpers."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from types import MappingProxyType

import pytest

from patience import HANG_S
from rtcomplexity import cores
from rtcomplexity.cores import concurrently, run_all

FORKS = """
import os, sys
from rtcomplexity.cores import run_all
{body}
"""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="helpers are forked on Linux only")


def forked(body):
    """Run lines in a process with one thread; return the words that it prints."""
    command = [sys.executable, "-c", FORKS.format(body=body)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=HANG_S)
    return told.stdout.split() or told.stderr.splitlines()[-1:]


def square(number):
    return number * number


@pytest.mark.parametrize("count", [1, 2, 7])
def test_results_stand_in_the_order_of_the_tasks(count):
    assert run_all([partial(square, n) for n in range(20)], count) == [n * n for n in range(20)]


def test_no_task_gives_no_result():
    assert run_all([], 4) == []


@on_linux
def test_helpers_share_the_tasks_and_leave_no_process():
    body = """
import time
def task():
    time.sleep(0.05)
    return os.getpid()
found = run_all([task] * 12, 3)
print(len(set(found)), os.getpid() in found)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("none")
"""
    assert forked(body) == ["3", "True", "none"]


@on_linux
def test_what_a_helper_does_not_do_is_done_here():
    body = """
import time
here = os.getpid()
def task(number):
    if os.getpid() != here:
        os._exit(9)
    time.sleep(0.05)
    return number
print(*run_all([lambda n=n: task(n) for n in range(5)], 3))
"""
    assert forked(body) == ["0", "1", "2", "3", "4"]


@on_linux
def test_what_cannot_be_sent_back_is_made_here():
    body = """
import time
def task():
    time.sleep(0.05)
    return lambda: "made"
print(*[made() for made in run_all([task] * 4, 2)])
"""
    assert forked(body) == ["made"] * 4


@on_linux
def test_an_exception_is_raised_as_if_there_were_no_helper():
    body = """
import time
def task(number):
    time.sleep(0.05)
    return 1 // number
run_all([lambda n=n: task(n) for n in (3, 2, 1, 0)], 2)
"""
    assert forked(body) == ["ZeroDivisionError: integer division or modulo by zero"]


@on_linux
def test_a_system_that_allows_no_process_has_everything_done_here():
    body = """
def refused():
    raise BlockingIOError("no more processes")
os.fork = refused
print(run_all([os.getpid] * 3, 3) == [os.getpid()] * 3, len(os.listdir("/proc/self/fd")))
"""
    before = """
print(len(os.listdir("/proc/self/fd")))
"""
    assert forked(body) == ["True", *forked(before)]


@on_linux
def test_helpers_end_when_their_parent_is_interrupted():
    body = """
import signal, time
def task():
    time.sleep(600)
def stop(*_):
    raise SystemExit(3)
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    run_all([task] * 3, 3)
except SystemExit as end:
    print(end.code)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("none")
"""
    assert forked(body) == ["3", "none"]


@on_linux
def test_a_helper_has_no_helpers():
    body = """
here = os.getpid()
def task():
    import time
    time.sleep(0.05)
    own = os.getpid()
    return own == here or set(run_all([os.getpid] * 3, 3)) == {own}
print(*run_all([task] * 4, 3))
"""
    assert forked(body) == ["True"] * 4


def test_nothing_is_forked_beside_another_thread(monkeypatch):
    monkeypatch.setattr(cores, "_started", lambda *_: pytest.fail("forked"))
    ended = threading.Event()
    beside = threading.Thread(target=ended.wait)
    beside.start()
    try:
        assert run_all([os.getpid] * 3, 3) == [os.getpid()] * 3
    finally:
        ended.set()
        beside.join()


def test_read_only_mappings_cross():
    assert cores.pickle.loads(cores.to_bytes(MappingProxyType({"a": 1}))) == {"a": 1}


def test_there_is_a_core():
    assert cores.available_cores() >= 1


@pytest.fixture
def forks(monkeypatch):
    """Forking allowed, though the test's runner may have threads of its own."""
    if sys.platform != "linux":
        pytest.skip("helpers are forked on Linux only")
    monkeypatch.setattr(cores, "can_fork", lambda: True)


def has_children():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


@pytest.mark.usefixtures("forks")
def test_the_child_does_the_task_and_sends_its_result():
    with concurrently(lambda: (os.getpid(), list(range(100_000))), forked=True) as result:
        pid, numbers = result()
    assert pid != os.getpid()
    assert numbers == list(range(100_000))


def test_without_a_child_the_task_is_done_here_when_asked_for():
    with concurrently(os.getpid, forked=False) as result:
        assert result() == os.getpid()


@pytest.mark.usefixtures("forks")
def test_an_error_is_raised_here_as_if_there_were_no_child():
    def fails():
        raise KeyError("ROI")

    with pytest.raises(KeyError, match="ROI"), concurrently(fails, forked=True) as result:
        result()


@pytest.mark.usefixtures("forks")
def test_what_a_killed_child_owes_is_done_here():
    parent = os.getpid()

    def is_killed_in_the_child():
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    with concurrently(is_killed_in_the_child, forked=True) as result:
        assert result() == "done"


@pytest.mark.usefixtures("forks")
def test_a_child_that_nobody_waits_for_is_ended():
    before = has_children()
    with pytest.raises(ZeroDivisionError), concurrently(threading.Event().wait, forked=True):
        raise ZeroDivisionError
    assert has_children() == before
