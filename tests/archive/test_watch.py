"""A watch from its command line: what a sender stores is assessed, a kill loses nothing, and SIGTERM ends it."""

import json
import signal
import subprocess
import sys
import time

import pytest

from archive.orthanc import free_port
from patience import HANG_S
from rtcomplexity.testing import write_plan
from unit.archive.test_receiver import THEIRS, send
from unit.batch.small_plans import SLICES, small_plan

dcmread = pytest.importorskip("pydicom").dcmread


def start(out, port, metrics):
    command = [
        sys.executable, "-m", "rtcomplexity.cli", "watch", "--dimse", str(port), "--from", THEIRS, "--aet", "RTCWATCH",
        "--out", str(out), "--quiet-time", "0.5", "--poll", "0.1", "--metrics", str(metrics),
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert json.loads(process.stderr.readline())["event"] == "health"  # it listens
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_plan_that_is_sent_in_two_parts_with_a_kill_between_is_assessed_once(tmp_path):
    write_plan(tmp_path / "plan", small_plan(1))
    files = [dcmread(path) for path in sorted((tmp_path / "plan").rglob("*.dcm"))]
    files.sort(key=lambda dataset: dataset.Modality != "RTSTRUCT")  # the set before its images
    out, port, metrics = tmp_path / "out", free_port(), tmp_path / "watch.prom"
    first = start(out, port, metrics)
    assert send(port, files[:1]) == [0]
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=HANG_S)
    second = start(out, port, metrics)
    assert send(port, files[1:], calling="STRANGER") is None
    assert send(port, files[1:]) == [0] * (SLICES + 1)
    deadline = time.monotonic() + HANG_S
    while not (out / "results.jsonl").exists() and second.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    second.terminate()
    _, err = second.communicate(timeout=HANG_S)
    assert second.returncode == 143, err
    (row,) = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    assert row["status"] == "assessed"
    assert row["record"]["plan"]["planning_image"]["slices"] == SLICES
    runs = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert (runs[-1]["assessed"], runs[-1]["received"], runs[-1]["rejected_callers"]) == (1, SLICES + 1, 1)
    assert "PATIENT-SECRET" not in err
    assert "rtcomplexity_watch_assessed 1" in metrics.read_text()
    assert metrics.stat().st_mode & 0o077 == 0
