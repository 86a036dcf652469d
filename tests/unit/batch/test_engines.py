"""Engines: where they may connect, and that a lost host costs nothing but time."""

import os
import signal

import pytest

from rtcomplexity.batch.engines.dask import check_address
from rtcomplexity.batch.engines.engine import HostProcess
from rtcomplexity.batch.engines.local import LocalEngine
from rtcomplexity.batch.messages import IndexTask, Limits, Outcome, Status
from rtcomplexity.errors import UsageError
from rtcomplexity.settings import Settings

TASK = IndexTask(paths=(), hashed=False, settings=Settings(), limits=Limits()).to_json()


@pytest.mark.parametrize(
    "address",
    ["tls://far.example:8786", "tls://10.1.2.3:1", "tcp://127.0.0.1:8786", "tcp://[::1]:1", "tcp://localhost:1"],
)
def test_tls_anywhere_and_tcp_on_loopback_alone(address):
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://10.1.2.3:8786",
        "tcp://far.example:8786",
        "tcp://127.0.0.1.example:1",
        "tcp://localhost@far.example:1",
        "ws://localhost:1",
        "far:8786",
        "tls://",
        "tls://far.example",
        "tls://far.example:x",
        "tls://[1",
        "",
    ],
)
def test_anything_else_is_refused(address):
    with pytest.raises(UsageError, match="--scheduler"):
        check_address(address)


def test_a_host_that_was_killed_is_started_again():
    host = HostProcess()
    try:
        assert Outcome.from_json(host.run(TASK)).status is Status.ASSESSED
        os.kill(host._process.pid, signal.SIGKILL)
        assert Outcome.from_json(host.run(TASK)).status is Status.ASSESSED
    finally:
        host.close()
    assert Outcome.from_json(host.run(TASK)).code == "host-died"


def test_tasks_are_drawn_only_as_they_are_needed():
    drawn = []

    def tasks():
        for number in range(12):
            drawn.append(number)
            yield str(number), TASK

    with LocalEngine(1) as engine:
        found = engine.run(tasks())
        next(found)
        assert len(drawn) <= 3
        assert sorted(int(key) for key, _ in found) == sorted(set(range(12)) - {0})


def test_leaving_ends_the_hosts():
    with LocalEngine(1) as engine:
        list(engine.run([("0", TASK)]))
        process = engine._all[0]._process
    assert process.poll() is not None
