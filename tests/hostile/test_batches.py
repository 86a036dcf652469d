"""Inputs 117 and 118 in a batch: that plan is refused with its reason, the others go on; 116 is in test_batch.py."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import unit.batch.small_plans as small
from in_process import inline_hosts, tell
from patience import HANG_S
from rtcomplexity.errors import ExitCode
from unit.batch.small_plans import SECRETS, key_of, write_archive

FAULTS = Path(small.__file__).parent / "faults"


def batch(root, out, *more, bad=None):
    search = os.pathsep.join([str(FAULTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "rtcomplexity.cli", "batch", root, "--out", out, "--quick", "--workers", "2", *more],
        env={**os.environ, "PYTHONPATH": search, "BAD_PLANS": json.dumps(bad or {})},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )


def refused(out):
    with (out / "refused.csv").open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def test_an_input_that_changes_during_the_run_costs_its_own_plan_only(tmp_path):
    root = write_archive(tmp_path / "root", 3)
    sets = sorted(root.rglob("rs.dcm"))
    keys = [key_of(path) for path in sets]
    image = next(sets[1].parent.rglob("ct_*.dcm"))
    ended = batch(root, tmp_path / "out", bad={keys[0]: f"change {sets[0]}", keys[1]: f"change {image}"})
    assert ended.returncode == ExitCode.BATCH_WITH_REFUSALS, ended.stderr
    found = refused(tmp_path / "out")
    assert {key: found[key]["code"] for key in found} == dict.fromkeys(keys[:2], "unreadable-file")
    assert all(" changed " in row["reason"] for row in found.values())
    assert len((tmp_path / "out" / "results.jsonl").read_text("utf-8").splitlines()) == 3
    _assert_no_secret(ended, tmp_path / "out", root)


def test_archives_climb_nowhere_and_inflate_to_nothing(tmp_path):
    root = write_archive(tmp_path / "root", 1)
    with zipfile.ZipFile(root / "slip.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../climbed", "x")
        archive.writestr("bomb", bytes(50_000_000))
    with inline_hosts():
        ended = tell("batch", root, "--out", tmp_path / "out", "--quick")
    assert ended.code == ExitCode.BATCH_WITH_REFUSALS, ended.err
    (row,) = refused(tmp_path / "out").values()
    assert row["code"] == "archive-limit"
    assert not list(tmp_path.parent.rglob("climbed"))


def _assert_no_secret(ended, out, root):
    """Ledger included: what a person could be known by is in no file and no message."""
    contents = [ended.stdout.encode(), ended.stderr.encode()]
    contents += [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert not [secret for secret in (*SECRETS, str(root)) for each in contents if secret.encode() in each]
