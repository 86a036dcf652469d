"""A batch from its command line to its files: the same results however it ran, and nobody named."""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import unit.batch.small_plans as small
from in_process import inline_hosts, tell
from patience import HANG_S
from rtcomplexity.cli.app import run
from rtcomplexity.evidence.record import to_json
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.testing import write_sample
from rtcomplexity.usecases.analyze import analyze
from unit.batch.small_plans import ample_timeout_s, key_of, write_archive

FAULTS = Path(small.__file__).parent / "faults"
COMMAND = [sys.executable, "-m", "rtcomplexity.cli", "batch"]
OUTPUTS = ("results.jsonl", "results.csv", "results_rois.csv", "refused.csv")


def start(*arguments, bad=None, **options):
    search = os.pathsep.join([str(FAULTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": search, "BAD_PLANS": json.dumps(bad or {})}
    return subprocess.Popen([*COMMAND, *map(str, arguments)], env=environment, text=True, **options)


def batch(*arguments, broken=()):
    """Run a quick batch here; (exit code, stdout, stderr)."""
    with inline_hosts(broken):
        return tell("batch", *arguments, "--quick")


def batch_in_processes(*arguments, bad=None, quick=True):
    """Run a batch in processes of its own; (exit code, stdout, stderr)."""
    process = start(
        *arguments, *(["--quick"] if quick else []), bad=bad, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = process.communicate(timeout=HANG_S)
    return process.returncode, out, err


def wait_for_family(process, count):
    """Wait until a run has so many processes below it, or ended; give them."""
    deadline = time.monotonic() + HANG_S
    family = []
    while len(family) < count and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        family = psutil.Process(process.pid).children(recursive=True)
    return family


def plans(out):
    lines = (out / "results.jsonl").read_text("utf-8").splitlines()
    return {plan["key"]: plan for plan in map(json.loads, lines)}


def comparable(out):
    """What must be the same whatever ran it; hashed names differ from ledger to ledger."""
    return {key: {**plan, "patient_key": ""} for key, plan in plans(out).items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"), 6)


@pytest.fixture(scope="module")
def undisturbed(archive, tmp_path_factory):
    """Results of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert batch_in_processes(archive, "--out", out, "--workers", 1, "--quiet")[0] == 0
    return out


def record_of(folder, *, quick):
    return json.loads(to_json(analyze(folder, AnalyzeOptions(quick=quick), identified=False).record))


def test_every_plan_has_the_record_that_analyze_gives_it(archive, undisturbed, tmp_path):
    found = plans(undisturbed)
    assert all(found[key_of(each / "rs.dcm")]["record"] == record_of(each, quick=True) for each in archive.iterdir())
    write_sample("complex_central", tmp_path / "in")
    assert batch(tmp_path / "in", "--out", tmp_path / "out", "--workers", 1)[0] == 0
    (plan,) = plans(tmp_path / "out").values()
    assert plan["record"] == record_of(tmp_path / "in", quick=True)


@pytest.mark.exhaustive
def test_a_sample_measured_in_whole_in_a_process_has_the_record_that_analyze_gives_it(tmp_path):
    write_sample("complex_central", tmp_path / "in")
    code, _, err = batch_in_processes(tmp_path / "in", "--out", tmp_path / "out", "--workers", 1, quick=False)
    assert code == 0, err
    (plan,) = plans(tmp_path / "out").values()
    assert plan["record"] == record_of(tmp_path / "in", quick=False)


def test_a_plan_measured_in_whole_has_the_record_that_analyze_gives_it(tmp_path):
    (plan,) = (write_archive(tmp_path / "in", 1)).iterdir()
    with inline_hosts():
        assert tell("batch", tmp_path / "in", "--out", tmp_path / "out", "--workers", "1").code == 0
    assert plans(tmp_path / "out")[key_of(plan / "rs.dcm")]["record"] == record_of(plan, quick=False)


@pytest.mark.exhaustive
def test_one_worker_two_workers_and_dask_give_the_same_records(archive, tmp_path):
    engines = {"one": ["--workers", 1], "two": ["--workers", 2], "dask": ["--workers", 2, "--dask"]}
    for name, engine in engines.items():
        assert batch_in_processes(archive, "--out", tmp_path / name, *engine, "--quiet", quick=False)[0] == 0
    one, two, dask = (comparable(tmp_path / name) for name in engines)
    assert one == two == dask
    assert all(plan["record"]["score"] is not None for plan in one.values())


@pytest.mark.parametrize("engine", [[], pytest.param(["--dask"], marks=pytest.mark.exhaustive)], ids=["local", "dask"])
def test_only_the_plans_that_go_wrong_are_refused(archive, undisturbed, tmp_path, engine):
    sets = sorted(archive.rglob("rs.dcm"))
    bad = dict(zip(map(key_of, sets), ("hang", "eat", "gulp", "killed", "raise"), strict=False))
    ends = {
        "hang": ("timed_out", "wall-limit"),
        "eat": ("out_of_memory", "memory-limit"),
        "gulp": ("out_of_memory", "memory-limit"),
        "killed": ("crashed", "process-died"),
        "raise": ("crashed", "program-fault"),
    }
    limits = ("--timeout", ample_timeout_s(undisturbed), "--limit-memory", "300M")
    code, out, err = batch_in_processes(archive, "--out", tmp_path, "--workers", 2, *limits, *engine, bad=bad)
    assert code == 4, err
    found, expected = comparable(tmp_path), comparable(undisturbed)
    for key, plan in found.items():
        if key in bad:
            assert (plan["status"], plan["code"]) == ends[bad[key]]
        else:
            assert plan == expected[key]
    assert len([key for key in found if key not in bad]) == 1
    assert "secret" not in (out + err + (tmp_path / "refused.csv").read_text()).lower()
    left = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]  # the ledger included
    named = [secret.encode() for secret in (*small.SECRETS, str(archive))]
    assert not [secret for secret in named for each in (out.encode(), err.encode(), *left) if secret in each]


@pytest.mark.exhaustive
def test_killed_ten_times_and_finished_it_equals_an_undisturbed_run(archive, undisturbed, tmp_path):
    chance = random.Random(20)
    for _ in range(10):
        process = start(archive, "--out", tmp_path, "--workers", 2, "--quick", "--quiet")
        wait_for_family(process, 2)
        time.sleep(chance.uniform(0.0, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert batch_in_processes(archive, "--out", tmp_path, "--workers", 2, "--quiet")[0] == 0
    assert comparable(tmp_path) == comparable(undisturbed)


def test_a_stopped_run_leaves_no_process_behind(archive, tmp_path):
    bad = {key_of(path): "hang" for path in archive.rglob("rs.dcm")}
    process = start(archive, "--out", tmp_path, "--workers", 2, "--quiet", bad=bad)
    family = wait_for_family(process, 4)  # two hosts, and a child of each
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(family, timeout=HANG_S)
    assert len(gone) >= 4
    assert not alive


def test_the_same_command_again_does_nothing_twice(archive, undisturbed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    before = comparable(out)
    code, text, _ = batch(archive, "--out", out, "--workers", 1, broken=before)
    assert code == 0
    assert "6 of 6 plans already processed" in text.replace("\n", " ")
    assert comparable(out) == before


def changed(archive, out, tmp_path, change):
    """Spoil all plans, change something, run again; give the keys of the plans that were done again."""
    root, again = tmp_path / "in", tmp_path / "out"
    shutil.copytree(archive, root)  # with the times of the files
    shutil.copytree(out, again)
    options = change(root) or ()
    keys = {key_of(path) for path in root.rglob("rs*.dcm")}
    code, _, err = batch(root, "--out", again, "--workers", 1, *options, broken=keys)
    assert code in {0, 4}, err
    return {key for key, plan in plans(again).items() if plan["status"] == "crashed"}, keys, root


def test_a_touched_or_moved_file_is_not_done_again(archive, undisturbed, tmp_path):
    def change(root):
        os.utime(next(root.rglob("rs.dcm")), ns=(1, 1))
        folder = max(root.iterdir())
        folder.rename(folder.with_name("elsewhere"))

    assert changed(archive, undisturbed, tmp_path, change)[0] == set()


def test_a_changed_image_is_done_again_and_nothing_else(archive, undisturbed, tmp_path):
    def change(root):
        path = sorted(root.rglob("ct_004.dcm"))[2]
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)

    again, _, root = changed(archive, undisturbed, tmp_path, change)
    assert again == {key_of(sorted(root.rglob("rs.dcm"))[2])}


def test_other_options_do_all_again(archive, undisturbed, tmp_path):
    again, keys, _ = changed(archive, undisturbed, tmp_path, lambda root: ("--fractions", "3"))
    assert again == keys


@pytest.mark.exhaustive
def test_a_crash_is_tried_again_when_asked(archive, undisturbed, tmp_path):
    bad = {key_of(path): "raise" for path in archive.rglob("rs.dcm")}
    assert batch_in_processes(archive, "--out", tmp_path, "--workers", 2, "--quiet", bad=bad)[0] == 4
    assert batch_in_processes(archive, "--out", tmp_path, "--workers", 2, "--quiet")[0] == 4
    assert batch_in_processes(archive, "--out", tmp_path, "--workers", 2, "--quiet", "--retry")[0] == 0
    assert comparable(tmp_path) == comparable(undisturbed)


def test_no_output_names_anybody(archive, undisturbed, tmp_path):
    out = tmp_path / "out"
    root = write_archive(tmp_path / "in", 2)
    (root / "PATIENT-SECRET-broken").write_bytes(bytes(128) + b"DICM" + b"\xff" * 300)
    claims = tmp_path / "claims.csv"
    uids = {uid for path in root.rglob("*.dcm") for uid in re.findall(rb"2\.25\.\d{20,}", path.read_bytes())}
    uid = re.search(rb"481\.3.*?(2\.25\.\d+)", next(root.rglob("rs.dcm")).read_bytes(), re.DOTALL)[1].decode()
    claims.write_text(f"structure_set_uid,course\n{uid},COURSE-SECRET\n")
    options = ("--evidence", "--parquet", "--claims", claims, "--workers", 1)
    code, stdout, stderr = batch_in_processes(root, "--out", out, *options)
    assert code == 4
    _, lines, _ = batch(root, "--out", out, *options, "--json")
    texts = [stdout.encode(), stderr.encode(), lines.encode()]
    texts += [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    texts += [str(path).encode() for path in out.rglob("*")]
    secrets = [secret.encode() for secret in (*small.SECRETS, "COURSE-SECRET", str(root))] + sorted(uids)
    assert len(uids) > 10
    for text in texts:
        assert not [secret for secret in secrets if secret in text]


@pytest.mark.usefixtures("inline")
def test_one_line_of_json_a_plan_and_nothing_else_on_stdout(archive, undisturbed, tmp_path, capfdbinary):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    assert run(["batch", str(archive), "--out", str(out), "--workers", "1", "--json", "--quick", "--quiet"]) == 0
    stdout, stderr = capfdbinary.readouterr()
    assert stdout == (out / "results.jsonl").read_bytes()
    assert stderr == b""
    assert [json.loads(line)["schema"] for line in stdout.splitlines()] == ["rtcomplexity/batch/1"] * 6


@pytest.mark.usefixtures("inline")
def test_ends_with_5_where_a_check_failed(archive, undisturbed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    common = ["batch", str(archive), "--out", str(out), "--workers", "1", "--quick", "--quiet"]
    assert run([*common, "--fail-at", "insufficient_evidence"]) == 5
    assert run([*common, "--fail-at", "supports", "--fail-at", "alarm"]) == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--fail-at", "whatever"],
        ["--limit-memory", "1K"],
        ["--limit-memory", "much"],
        ["--scheduler", "tcp://10.0.0.1:8786"],
        ["--scheduler", "tls://127.0.0.1:8786"],
        ["--scheduler", "tls://127.0.0.1:8786", "--tls-ca", "x"],
        ["--profile", "none-such"],
    ],
)
def test_options_without_sense_are_refused_before_anything_is_done(tmp_path, options):
    (tmp_path / "in").mkdir()
    assert run(["batch", str(tmp_path / "in"), "--out", str(tmp_path / "out"), *options]) in {2, 3}
    assert not (tmp_path / "out" / "results.jsonl").exists()


@pytest.mark.usefixtures("inline")
def test_a_folder_that_is_not_there_is_unusable_input(tmp_path):
    assert run(["batch", str(tmp_path / "nothing"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 3


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize(
    ("files", "found"), [(0, "The folder is empty."), (2, "None of 2 files is an RT Structure Set.")]
)
def test_a_folder_without_plans_is_unusable_input(tmp_path, capfd, files, found):
    (tmp_path / "in").mkdir()
    for number in range(files):
        (tmp_path / "in" / f"{number}.txt").write_text("no DICOM")
    assert run(["batch", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 3
    out, err = capfd.readouterr()
    assert not out
    assert found in err
    assert "Try: give the folder" in err
    assert "larm" not in err


@pytest.mark.usefixtures("inline")
def test_an_archive_that_is_gone_leaves_earlier_results_as_they_were(undisturbed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    before = {name: (out / name).read_bytes() for name in (*OUTPUTS, "dashboard.html")}
    (tmp_path / "unmounted").mkdir()
    assert run(["batch", str(tmp_path / "unmounted"), "--out", str(out), "--workers", "1", "--quiet"]) == 3
    assert {name: (out / name).read_bytes() for name in before} == before


@pytest.mark.usefixtures("inline")
def test_what_may_hide_all_plans_is_refused_and_not_judged(tmp_path, capfd):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "archive").symlink_to(tmp_path)
    assert run(["batch", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 4
    out, _ = capfd.readouterr()
    assert "No plan was found" in out
    assert "larm" not in out + (tmp_path / "out" / "dashboard.html").read_text("utf-8").partition("<main>")[2]
    assert "give the folder it leads to" in (tmp_path / "out" / "refused.csv").read_text("utf-8")


def test_the_documented_way_leads_from_a_refused_file_back_to_it(tmp_path, monkeypatch, capsys):
    root = write_archive(tmp_path / "archive", 1)
    (root / "linked").symlink_to(tmp_path)
    assert batch(root, "--out", tmp_path / "results", "--workers", 1)[0] == 4
    with (tmp_path / "results" / "refused.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    page = (Path(__file__).parents[2] / "docs" / "howto" / "qa.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    found = dict(line.split(" ", 1) for line in capsys.readouterr().out.splitlines())
    assert found[row["id"]] == str(Path("archive", "linked"))


def test_a_name_of_map_that_no_roi_has_is_an_issue_of_each_plan_and_told_once(archive, tmp_path):
    code, out, _ = batch(archive, "--out", tmp_path / "out", "--map", "No Such Name=GTV", "--workers", 1)
    assert code == 0
    records = [plan["record"] for plan in plans(tmp_path / "out").values()]
    assert all("map-name-unmet" in {issue["code"] for issue in record["issues"]} for record in records)
    assert out.count("--map gives a name") == 1
    assert f"in {len(records)} of {len(records)} plans" in " ".join(out.split())
    assert "No Such Name" not in out


def test_the_same_patient_and_course_twice_is_flagged(tmp_path):
    root = write_archive(tmp_path / "in", 1, sets=3)
    sets = sorted(root.rglob("rs*.dcm"))
    uids = [re.search(rb"481\.3.*?(2\.25\.\d+)", path.read_bytes(), re.DOTALL)[1].decode() for path in sets]
    claims = tmp_path / "claims.csv"
    rows = [f"{uids[0]},1,thoracic,3", f"{uids[1]},1 ,,", f"{uids[2]},2,,", "2.25.1,1,,"]
    claims.write_text("structure_set_uid,course,site,fractions\n" + "\n".join(rows) + "\n")
    code, out, _ = batch(root, "--out", tmp_path / "out", "--claims", claims, "--workers", 1)
    assert code == 4
    assert "1 course of a patient claimed more than once" in out
    assert "1 claims row matched no plan (row 5)" in out
    found = plans(tmp_path / "out")
    flags = [found[key_of(path)]["flags"] for path in sets]
    assert flags == [["same_patient_and_course"], ["same_patient_and_course"], []]
    assert found[key_of(sets[0])]["record"]["plan"]["facts"]["fractions"] == 3
    with (tmp_path / "out" / "results.csv").open(newline="") as stream:
        table = {row["key"]: row for row in csv.DictReader(stream)}
    assert table[key_of(sets[1])]["claim_rows"] == "3"


def test_an_output_folder_that_holds_plans_of_the_input_is_refused(tmp_path):
    root = write_archive(tmp_path / "in", 2)
    hidden = next(path for path in root.iterdir() if path.is_dir())
    code, _, err = batch(root, "--out", hidden, "--workers", 1)
    assert code == 2
    assert "below the input" in err
    again = [batch(root, "--out", root / "results", "--workers", 1)[0] for _ in range(2)]
    assert again == [0, 0]
    assert len(plans(root / "results")) == 2


def test_evidence_of_a_plan_that_is_gone_is_told(tmp_path):
    root, out = write_archive(tmp_path / "in", 2), tmp_path / "out"
    assert "earlier runs" not in batch(root, "--out", out, "--evidence", "--workers", 1)[1]
    shutil.rmtree(next(path for path in root.iterdir() if path.is_dir()))
    told = batch(root, "--out", out, "--evidence", "--workers", 1)[1]
    assert "1 evidence folder from earlier runs" in told


def test_tables_hold_every_plan_and_roi(undisturbed):
    with (undisturbed / "results.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (undisturbed / "results_rois.csv").open(newline="") as stream:
        rois = list(csv.DictReader(stream))
    found = plans(undisturbed)
    assert [row["key"] for row in rows] == sorted(found)
    assert len(rois) == sum(len(plan["record"]["rois"]) for plan in found.values())
    for row in rois:
        metrics = found[row["key"]]["record"]["rois"][0]["metrics"]
        assert float(row["shape.volume"]) == metrics["shape.volume"]["value"]


def test_parquet_holds_what_the_tables_hold(archive, undisturbed, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    assert batch(archive, "--out", out, "--workers", 1, "--parquet", "--quiet")[0] == 0
    with duckdb.connect() as database:
        for name in ("results", "results_rois"):
            table = database.read_parquet(str(out / f"{name}.parquet"))
            with (out / f"{name}.csv").open(newline="") as stream:
                titles, *rows = csv.reader(stream)
            assert table.columns == titles
            assert len(table.fetchall()) == len(rows)


def test_every_file_is_its_owners_alone(undisturbed):
    modes = {path.name: path.stat().st_mode & 0o077 for path in undisturbed.iterdir() if path.is_file()}
    assert set(OUTPUTS) <= set(modes)
    assert not any(modes.values())


def test_evidence_folders_are_named_by_the_plan(archive, undisturbed, tmp_path):
    root, out = tmp_path / "in", tmp_path / "out"
    shutil.copytree(min(archive.iterdir()), root)
    assert batch(root, "--out", out, "--workers", 1, "--evidence", "--quiet")[0] == 0
    (plan,) = plans(out).values()
    assert json.loads((out / "evidence" / plan["plan_id"] / "evidence.json").read_bytes()) == plan["record"]
    assert [path.name for path in (out / "evidence").iterdir()] == [plan["plan_id"]]
