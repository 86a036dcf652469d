"""What a batch does at its edges: nothing found, links, signals, keys, paths, claims without a plan."""

import csv
import json
import signal
import stat
import subprocess
import sys
import time

import psutil
import pytest

from in_process import tell
from patience import HANG_S
from rtcomplexity.cli.app import _stop, run
from unit.batch.small_plans import small_plan, write_archive, write_plan
from unit.batch.test_discovery_and_grouping import write_apart

pytestmark = pytest.mark.usefixtures("inline")
PROGRAM = [sys.executable, "-m", "rtcomplexity.cli"]


def batch(root, out, *more):
    return run(["batch", str(root), "--out", str(out), "--workers", "1", "--quick", "--quiet", *map(str, more)])


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path / "in", 2)


def test_a_run_that_finds_nothing_writes_nothing_at_all(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    assert batch(tmp_path / "in", tmp_path / "new" / "out", "--key-file", tmp_path / "key") == 3
    assert sorted(tmp_path.rglob("*")) == before
    assert "nothing was written" in capsys.readouterr().err


def test_a_run_that_finds_nothing_leaves_what_an_earlier_one_wrote(archive, tmp_path, capsys):
    out = tmp_path / "out"
    assert batch(archive, out) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.suffix in {".csv", ".jsonl", ".key"}}
    (tmp_path / "empty").mkdir()
    assert batch(tmp_path / "empty", out) == 3
    assert {name: (out / name).read_bytes() for name in before} == before
    assert (out / "ledger.sqlite").exists()
    capsys.readouterr()


@pytest.mark.parametrize("text", ["structure_set_uid\n1\n", None])
def test_a_claims_file_that_does_not_fit_writes_nothing(archive, tmp_path, capsys, text):
    claims = tmp_path / "claims.csv"
    if text is not None:
        claims.write_text(text)
    assert batch(archive, tmp_path / "out", "--claims", claims) == 2
    assert not (tmp_path / "out").exists()
    capsys.readouterr()


def test_a_claims_template_is_written_instead_of_results(archive, tmp_path, capsys):
    table = tmp_path / "claims.csv"
    assert run(["batch", str(archive), "--claims-template", str(table)]) == 0
    assert table.read_text(encoding="utf-8-sig").startswith("structure_set_uid,course,file,payer")
    assert "rows to" in capsys.readouterr().err
    assert run(["batch", str(archive)]) == 2
    assert "--out" in capsys.readouterr().err


def test_a_claims_row_without_a_plan_ends_with_4(archive, tmp_path, capsys):
    (tmp_path / "claims.csv").write_text("structure_set_uid,course\n1.2.3,1\n")
    assert batch(archive, tmp_path / "out", "--claims", tmp_path / "claims.csv") == 4
    assert "matched no plan (row 2)" in capsys.readouterr().out


@pytest.mark.parametrize("is_tied", [True, False])
def test_a_ct_under_another_patient_id_is_told_as_what_it_is(tmp_path, capsys, is_tied):
    assert batch(write_apart(tmp_path / "in", is_tied=is_tied), tmp_path / "out") == 4
    (row,) = rows(tmp_path / "out" / "refused.csv")
    assert row["code"] == "several-patients"
    assert "8 CT images" in row["reason"]
    assert "no images" not in capsys.readouterr().out


def test_linked_folders_are_counted_first_and_followed_on_demand(archive, tmp_path, capsys):
    write_plan(tmp_path / "elsewhere", small_plan(7))
    (archive / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (archive / "circle").symlink_to(archive, target_is_directory=True)
    assert batch(archive, tmp_path / "out") == 4
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("2 linked folders were skipped; --follow-symlinks")
    assert batch(archive, tmp_path / "out2", "--follow-symlinks") == 0
    text = capsys.readouterr().out
    assert "linked" not in text
    assert "3 plans" in text
    assert batch(archive, tmp_path / "out3", "--json") == 4
    captured = capsys.readouterr()
    assert captured.err.startswith("2 linked folders were skipped")
    assert len(captured.out.splitlines()) == 2


def test_one_key_file_gives_one_patient_key(archive, tmp_path, capsys):
    key = tmp_path / "hospital.key"
    for out in ("one", "two"):
        assert batch(archive, tmp_path / out, "--key-file", key) == 0
    assert batch(archive, tmp_path / "three") == 0
    keys = [{row["patient_key"] for row in rows(tmp_path / out / "results.csv")} for out in ("one", "two", "three")]
    assert len(keys[0]) == 2
    assert keys[0] == keys[1]
    assert not keys[0] & keys[2]
    assert stat.S_IMODE(key.stat().st_mode) & 0o077 == 0
    assert batch(archive, tmp_path / "three", "--key-file", key) == 2
    assert "another key" in capsys.readouterr().err
    (tmp_path / "short").write_bytes(b"x")
    assert batch(archive, tmp_path / "four", "--key-file", tmp_path / "short") == 2
    assert not (tmp_path / "four").exists()
    capsys.readouterr()


def test_paths_stand_in_the_tables_only_on_demand(archive, tmp_path, capsys):
    (archive / "broken").write_bytes(bytes(128) + b"DICM" + b"\xff" * 300)
    assert batch(archive, tmp_path / "out") == 4
    assert "path" not in rows(tmp_path / "out" / "results.csv")[0]
    assert batch(archive, tmp_path / "out", "--with-paths") == 4
    found = {row["path"] for row in rows(tmp_path / "out" / "results.csv")}
    assert found == {str(path.relative_to(archive)) for path in archive.rglob("rs.dcm")}
    assert [row["path"] for row in rows(tmp_path / "out" / "refused.csv")] == ["broken"]
    assert "may identify patients" in capsys.readouterr().err
    assert batch(archive, tmp_path / "out") == 4
    assert "path" not in rows(tmp_path / "out" / "results.csv")[0]
    capsys.readouterr()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_termination_keeps_what_is_done_and_says_how_to_go_on(tmp_path):
    root = write_archive(tmp_path / "in", 3)
    command = [*PROGRAM, "batch", str(root), "--out", str(tmp_path / "out"), "--workers", "1", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + HANG_S
    while process.poll() is None and not _has_a_plan(tmp_path / "out") and time.monotonic() < deadline:
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 143
    assert err.startswith("Terminated.\n")
    assert "of 3 plans are done and kept; the same command continues" in err
    assert not psutil.wait_procs(family, timeout=HANG_S)[1]
    done = int(err.split(" of 3 plans are done")[0].splitlines()[-1])
    assert done >= 1
    ended = tell(*command[len(PROGRAM) :])
    assert ended.code == 0
    assert f"{done} of 3 plans already processed" in ended.out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_as_shells_expect(number, code):
    with pytest.raises(SystemExit) as end:
        _stop(number, None)
    assert end.value.code == code


def _has_a_plan(out):
    """Whether a plan's end is in the write-ahead log."""
    log = out / "ledger.sqlite-wal"
    return log.exists() and any(verdict in log.read_bytes() for verdict in (b"insufficient_", b"rejects"))


@pytest.mark.parametrize("command", ["analyze", "batch"])
def test_a_failure_under_json_is_one_object(tmp_path, capsys, command):
    (tmp_path / "in").mkdir()
    more = ["--out", str(tmp_path / "out")] if command == "batch" else []
    assert run([command, str(tmp_path / "in"), "--json", *more]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    failure = json.loads(captured.err.splitlines()[-1])
    assert failure["schema"] == "rtcomplexity/error/1"
    assert (failure["error"]["code"], failure["error"]["exit_code"]) == ("no-input", 3)
    assert failure["error"]["message"].startswith("The folder is empty.")
    assert run([command, "--json", "--nonsense"]) == 2
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["error"]["code"] == "usage"
