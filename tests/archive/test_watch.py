"""A watch from its command line: what a sender stores is assessed, a kill loses nothing, and SIGTERM ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.orthanc import free_port
from patience import HANG_S
from rtcomplexity.testing import write_plan
from unit.archive.test_receiver import THEIRS, send
from unit.batch.small_plans import SLICES, small_plan

dcmread = pytest.importorskip("pydicom").dcmread
SENDER = """
import sys
from pydicom import dcmread
from unit.archive.test_receiver import send
send(int(sys.argv[1]), [dcmread(path) for path in sys.argv[2:]])
"""
LARGE_BYTES = 40_000_000
"""Of a file that takes long enough to send, so that a kill meets it half-way."""


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


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_kill_while_an_instance_arrives_leaves_no_half_of_it_under_its_name(tmp_path):
    write_plan(tmp_path / "plan", small_plan(1))
    files = [dcmread(path) for path in sorted((tmp_path / "plan").rglob("*.dcm"))]
    large = dcmread(next(path for path in sorted((tmp_path / "plan").rglob("*.dcm")) if "rs" not in path.name))
    large.SOPInstanceUID = large.file_meta.MediaStorageSOPInstanceUID = "2.25.4711"
    large.add_new(0x00420011, "OB", bytes(LARGE_BYTES))  # an image with a document in it, which nothing refuses
    out, inbox, port = tmp_path / "out", tmp_path / "out-inbox", free_port()
    first = start(out, port, tmp_path / "one.prom")
    large.save_as(tmp_path / "large.dcm")
    paths = [*sorted((tmp_path / "plan").rglob("*.dcm"))[:2], tmp_path / "large.dcm"]
    sender = subprocess.Popen(  # a process of its own, whose association breaks off
        [sys.executable, "-c", SENDER, str(port), *map(str, paths)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + HANG_S
    while len(list(inbox.rglob("*.dcm"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)  # while the large one is on its way, or just taken
    first.communicate(timeout=HANG_S)
    sender.kill()  # it would wait half a minute for an answer
    sender.wait(HANG_S)
    sent = {dataset.SOPInstanceUID for dataset in (*files, large)}
    assert list(inbox.rglob("*.dcm"))
    for path in inbox.rglob("*.dcm"):
        found = dcmread(path)
        assert found.SOPInstanceUID in sent
        assert found.SOPInstanceUID != "2.25.4711" or len(found[0x00420011].value) == LARGE_BYTES
    second = start(out, port, tmp_path / "two.prom")
    assert not list(inbox.glob(".*.part"))
    assert send(port, files) == [0] * len(files)
    while not (out / "results.jsonl").exists() and second.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    second.terminate()
    second.communicate(timeout=HANG_S)
    (row,) = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    assert row["status"] == "assessed"
