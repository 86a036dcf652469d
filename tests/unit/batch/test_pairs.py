"""``compare --batch``: many pairs of structure sets, where one that fails costs no other."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from in_process import inline_hosts
from patience import HANG_S
from rtcomplexity.batch.pairs import read_pairs
from rtcomplexity.cli.app import run
from rtcomplexity.errors import UsageError
from rtcomplexity.testing import edited_sets

FAULTS = Path(__file__).parent / "faults"
OUTPUTS = ("comparisons.jsonl", "comparisons.csv", "refused.csv")
KILLED_AFTER_TWO = """
import os, signal, sys
from rtcomplexity.batch.engines.local import LocalEngine
from rtcomplexity.cli.app import run
whole = LocalEngine.run
def part(self, tasks):
    for number, ended in enumerate(whole(self, tasks)):
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        yield ended
LocalEngine.run = part
run(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    edited_sets.write(folder)
    (folder / "broken.dcm").write_bytes(b"no DICOM at all")
    return folder


def table(folder, *rows, titles="first,second"):
    path = folder / "pairs.csv"
    path.write_text("\n".join([titles, *rows, ""]))
    return path


def test_pairs_are_compared_in_the_order_of_rows_and_a_broken_one_is_refused(sets, tmp_path, capsys):
    rows = ("auto.dcm,final.dcm", "auto.dcm,broken.dcm", "final.dcm::GTV,final.dcm::GTV")
    out = tmp_path / "out"
    assert run(["compare", "--batch", str(table(sets, *rows)), "--out", str(out), "--workers", "1"]) == 4
    documents = [json.loads(line) for line in (out / "comparisons.jsonl").read_text().splitlines()]
    assert [each["row"] for each in documents] == [2, 4]
    with (out / "comparisons.csv").open() as stream:
        dice = [
            (row["row"], row["first"], row["value"])
            for row in csv.DictReader(stream)
            if row["metric"] == "compare.dice"
        ]
    assert dice[-1] == ("4", "GTV 1", "1")
    with (out / "refused.csv").open() as stream:
        (refused,) = csv.DictReader(stream)
    assert refused["row"] == "3"
    assert "2 of 3 pairs compared" in capsys.readouterr().err


@pytest.mark.usefixtures("inline")
def test_a_table_gives_what_single_comparisons_give(sets, tmp_path):
    sides = [str(sets / "auto.dcm"), str(sets / "final.dcm")]
    assert run(["compare", "--batch", str(table(sets, "auto.dcm,final.dcm")), "--out", str(tmp_path)]) == 0
    assert run(["compare", *sides, "--out", str(tmp_path / "single")]) == 0
    many = json.loads((tmp_path / "comparisons.jsonl").read_text())
    assert many.pop("row") == 2
    assert many == json.loads((tmp_path / "single" / "comparison.json").read_text())


@pytest.mark.usefixtures("inline")
def test_limits_hold_for_every_row(sets, tmp_path, capsys):
    limits = tmp_path / "limits.csv"
    limits.write_text("metric,at_least,at_most\ncompare.dice,0.95,\n")
    arguments = ["--batch", str(table(sets, "auto.dcm,final.dcm")), "--out", str(tmp_path), "--fail-at", str(limits)]
    assert run(["compare", *arguments]) == 5
    assert "row 2: GTV 1: compare.dice is 0.931343, not at least 0.95" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("titles", "rows", "told"),
    [
        ("first,other", ["a,b"], "the columns first, second"),
        ("first,second", [], "the columns first, second"),
        ("first,second", ["a,"], "row 2"),
    ],
)
def test_a_table_that_names_no_pairs_is_refused(tmp_path, titles, rows, told):
    with pytest.raises(UsageError, match=told):
        read_pairs(table(tmp_path, *rows, titles=titles))


def test_paths_of_a_table_are_taken_from_its_folder(tmp_path):
    (row,) = read_pairs(table(tmp_path, "a.dcm::GTV,/b,ct", titles="first,second,images"))
    assert (row.first, row.second, row.images) == (f"{tmp_path}/a.dcm::GTV", "/b", f"{tmp_path}/ct")


def test_sides_beside_a_table_or_no_place_for_results_are_refused(sets, capsys):
    pairs = str(table(sets, "auto.dcm,final.dcm"))
    assert run(["compare", "a", "b", "--batch", pairs, "--out", "x"]) == 2
    assert run(["compare", "--batch", pairs]) == 2
    assert run(["compare", "--batch", pairs, "--out", "x", "--images", "ct"]) == 2  # the table names them


def in_process(code, *arguments, bad=None):
    """Run Python in a process of its own, with pairs that go wrong; (exit code, stderr)."""
    search = os.pathsep.join([str(FAULTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": search, "BAD_PLANS": json.dumps(bad or {})}
    command = [sys.executable, *code, *map(str, arguments)]
    ended = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=HANG_S, check=False)
    return ended.returncode, ended.stderr


def outputs(out):
    return {name: (out / name).read_bytes() for name in OUTPUTS}


FOUR = ("auto.dcm,final.dcm", "final.dcm,auto.dcm", "auto.dcm,broken.dcm", "final.dcm::GTV,auto.dcm::GTV")


def compare_four(sets, out, *options):
    return ["compare", "--batch", str(table(sets, *FOUR)), "--out", str(out), "--workers", "1", *options]


def test_a_killed_run_is_continued_and_leaves_what_an_undisturbed_one_does(sets, tmp_path, capsys):
    with inline_hosts():
        assert run(compare_four(sets, tmp_path / "whole")) == 4
    code, err = in_process(["-c", KILLED_AFTER_TWO], *compare_four(sets, tmp_path / "killed"))
    assert code == -signal.SIGKILL, err
    assert not (tmp_path / "killed" / "comparisons.jsonl").exists()
    capsys.readouterr()
    with inline_hosts():
        assert run(compare_four(sets, tmp_path / "killed")) == 4
    assert "3 of 4 pairs compared (2 already done)" in capsys.readouterr().err
    assert outputs(tmp_path / "killed") == outputs(tmp_path / "whole")


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize(
    ("change", "stood"),
    [
        (lambda folder: [], 4),
        (lambda folder: ["--tolerance", "1"], 0),
        (lambda folder: os.utime(folder / "broken.dcm", (1, 1)) or [], 3),
        (lambda folder: os.utime(folder / "final.dcm", (1, 1)) or [], 1),
    ],
    ids=["nothing", "tolerance", "refused file", "file of three pairs"],
)
def test_a_pair_stands_until_its_files_or_options_change(sets, tmp_path, capsys, change, stood):
    folder = Path(shutil.copytree(sets, tmp_path / "sets"))
    out = tmp_path / "out"
    assert run(compare_four(folder, out)) == 4
    options = change(folder)
    capsys.readouterr()
    assert run(compare_four(folder, out, *options)) == 4
    said = f" ({stood} already done)" if stood else ""
    assert f"3 of 4 pairs compared{said}." in capsys.readouterr().err


def test_pairs_that_end_their_process_or_eat_memory_cost_no_other_and_can_be_tried_again(sets, tmp_path, capsys):
    folder = Path(shutil.copytree(sets, tmp_path / "sets"))
    bad = {"eat.dcm": "eat", "killed.dcm": "killed", "raise.dcm": "raise"}
    for name in bad:
        shutil.copy(folder / "final.dcm", folder / name)
    rows = [f"auto.dcm,{name}" for name in (*bad, "final.dcm")]
    arguments = ["compare", "--batch", str(table(folder, *rows)), "--out", str(tmp_path / "out"), "--workers", "2"]
    code, err = in_process(["-m", "rtcomplexity.cli"], *arguments, "--limit-memory", "300M", bad=bad)
    assert code == 4, err
    with (tmp_path / "out" / "refused.csv").open() as stream:
        codes = {row["row"]: row["code"] for row in csv.DictReader(stream)}
    assert codes == {"2": "memory-limit", "3": "process-died", "4": "program-fault"}
    assert "secret" not in err
    with inline_hosts():
        assert run(arguments) == 4
        assert run([*arguments, "--retry"]) == 0
    assert "4 of 4 pairs compared (1 already done)" in capsys.readouterr().err


@pytest.mark.usefixtures("inline")
def test_the_ledger_of_pairs_names_nobody(sets, tmp_path):
    folder = Path(shutil.copytree(sets, tmp_path / "Doe^Jane"))
    out = tmp_path / "out"
    assert run(compare_four(folder, out)) == 4
    assert not [path for path in out.iterdir() if b"Jane" in path.read_bytes()]
