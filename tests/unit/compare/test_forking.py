"""A task in a forked child gives what it would give here, and leaves nothing behind."""

import os
import signal
import threading

import pytest

from rtcomplexity.compare import forking
from rtcomplexity.compare.forking import can_fork, concurrently


@pytest.fixture
def forks(monkeypatch):
    """Forking allowed, though the test's runner may have threads of its own."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    monkeypatch.setattr(forking, "can_fork", lambda: True)


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


def test_nothing_is_forked_beside_threads():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not can_fork()
    finally:
        stop.set()
        thread.join()
