"""Input 115 on a disk that is really full: nothing half-written is left, and the error says that there is no room.

The disk is a file system in memory, mounted in a namespace of its own, that ends with the command; what was on it is
copied out before.
"""

import functools
import os
import shutil
import subprocess
import sys

import pytest

from hostile import plans
from patience import HANG_S
from rtcomplexity.errors import ExitCode

PROGRAM = f"{sys.executable} -m rtcomplexity.cli"
NO_ROOM = ("no space left on device", "database or disk is full")
MOUNTED = """
mount -t tmpfs -o size={size}k tmpfs {disk} || exit 99
{before}
{command}
code=$?
cp -a {disk}/. {copy}
exit $code
"""


@functools.cache
def cannot_mount():
    """Why no disk can be mounted here; empty where one can."""
    if shutil.which("unshare") is None:
        return "there is no unshare here"
    tried = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False
    )
    return f"a disk cannot be mounted here: {tried.stderr.strip()}" if tried.returncode else ""


@pytest.fixture
def on_disk(tmp_path):
    """Runs a command on a disk of so many KiB; gives how it ended and the folder of what is then on the disk."""
    if cannot_mount():
        pytest.skip(cannot_mount())
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    copy.mkdir()

    def run(size_kib, command, before="true"):
        script = MOUNTED.format(
            size=size_kib, disk=disk, copy=copy, before=before.format(disk=disk), command=command.format(disk=disk)
        )
        ended = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script],
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
            env={**os.environ, "COLUMNS": "300"},
        )
        return ended, copy

    return run


@pytest.fixture
def plan(tmp_path):
    plans.put(tmp_path / "plan", plans.good_files())
    return tmp_path / "plan"


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def size_kib(folder):
    return sum(-(-path.stat().st_size // 4096) * 4 for path in folder.rglob("*"))


def assert_no_room(ended):
    assert ended.returncode == ExitCode.USAGE, ended.stderr
    assert any(words in ended.stderr for words in NO_ROOM), ended.stderr
    assert "Internal error" not in ended.stderr


@pytest.mark.parametrize("size", [60, pytest.param(250, marks=pytest.mark.exhaustive)])
def test_evidence_that_does_not_fit_leaves_nothing(on_disk, plan, size):
    ended, copy = on_disk(size, f"{PROGRAM} analyze {plan} --quiet --out {{disk}}/out")
    assert_no_room(ended)
    assert files(copy) == {}


def test_a_report_that_does_not_fit_leaves_the_old_one(on_disk, plan, tmp_path):
    left = subprocess.run([*PROGRAM.split(), "analyze", plan, "--quiet", "--out", tmp_path / "out"], check=False)
    assert left.returncode == ExitCode.DONE
    room = size_kib(tmp_path / "out") + 40
    ended, copy = on_disk(room, f"{PROGRAM} report {{disk}}/out", before=f"cp -a {tmp_path / 'out'} {{disk}}/out")
    assert_no_room(ended)
    assert files(copy / "out") == files(tmp_path / "out")


@pytest.mark.parametrize(
    "size", [100, pytest.param(8, marks=pytest.mark.exhaustive), pytest.param(200, marks=pytest.mark.exhaustive)]
)
def test_a_batch_without_room_says_so_and_leaves_whole_tables(on_disk, plan, size):
    ended, copy = on_disk(size, f"{PROGRAM} batch {plan} --out {{disk}}/out --workers 1 --quick")
    assert_no_room(ended)
    tables = {name: content for name, content in files(copy).items() if "ledger" not in name}
    assert all(content.endswith(b"\n") for content in tables.values())
    assert not [name for name in tables if name.endswith(".part")]


@pytest.mark.exhaustive
def test_evidence_of_a_batch_without_room_costs_that_plan_only_and_is_done_again(on_disk, plan):
    ended, copy = on_disk(500, f"{PROGRAM} batch {plan} --out {{disk}}/out --workers 1 --evidence")
    assert ended.returncode == ExitCode.BATCH_WITH_REFUSALS, ended.stderr
    assert "evidence-unwritten" in (copy / "out" / "refused.csv").read_text("utf-8")
    assert "no space left on device" in (copy / "out" / "refused.csv").read_text("utf-8")
    assert not list((copy / "out" / "evidence").iterdir())
