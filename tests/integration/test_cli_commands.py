"""The commands as a shell sees them: exit codes, what goes to stdout and what to stderr, what is left on disk."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from in_process import tell
from patience import HANG_S
from rtcomplexity.cli import app
from rtcomplexity.errors import ExitCode
from rtcomplexity.testing.sample_plans import SAMPLE_NAMES

pytestmark = pytest.mark.usefixtures("measured_once")

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes as on POSIX systems")
SAMPLES = Path(__file__).parents[2] / "sample_data"
PROGRAM = (sys.executable, "-m", "rtcomplexity.cli")


def process(*arguments, **environment):
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        check=False,
        timeout=HANG_S,
        env={**os.environ, "COLUMNS": "100", **environment},
    )


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture(scope="module")
def plan():
    return SAMPLES / "routine_sbrt"


@pytest.fixture(scope="module")
def fused_plan():
    """One with another image set."""
    return SAMPLES / "pet_ct_nsclc"


def run(capsysbinary, *arguments):
    code = app.run([str(argument) for argument in arguments])
    captured = capsysbinary.readouterr()
    return code, captured.out.decode(), captured.err.decode()


@pytest.mark.parametrize("sample", SAMPLE_NAMES)
def test_every_sample_is_analyzed_and_explained(capsysbinary, sample):
    code, out, err = run(capsysbinary, "analyze", SAMPLES / sample)
    assert code == ExitCode.DONE
    assert err == ""
    for words in ("Verdict", "Findings for", "Targets", "Image sets", "not a coding, medical-necessity or payment"):
        assert words in " ".join(out.split())


def test_json_is_one_valid_document_and_nothing_else(capsysbinary, plan):
    code, out, err = run(capsysbinary, "analyze", plan, "--json")
    assert (code, err) == (ExitCode.DONE, "")
    schema = json.loads(next(Path(app.__file__).parents[1].glob("evidence/schema/*.json")).read_text("utf-8"))
    Draft202012Validator(schema).validate(json.loads(out))


def test_the_same_plan_gives_the_same_bytes_in_two_processes(capfdbinary, fused_plan):
    assert app.run(["analyze", str(fused_plan), "--json"]) == ExitCode.DONE
    other = process("analyze", fused_plan, "--json")
    assert other.returncode == ExitCode.DONE
    assert other.stdout == capfdbinary.readouterr().out


def test_out_leaves_a_private_file_and_says_where(capsysbinary, plan, tmp_path):
    code, out, err = run(capsysbinary, "analyze", plan, "--out", tmp_path / "evidence")
    written = tmp_path / "evidence" / "evidence.json"
    assert code == ExitCode.DONE
    assert str(written) in err
    assert "Verdict" in out
    assert json.loads(written.read_bytes())["schema"] == "rtcomplexity/evidence/1"
    if sys.platform != "win32":
        assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_files_are_deidentified_unless_asked_otherwise(capsysbinary, plan, tmp_path):
    alias = "Heart=OTHER"
    run(capsysbinary, "analyze", plan, "--map", alias, "--out", tmp_path / "a")
    run(capsysbinary, "analyze", plan, "--map", alias, "--out", tmp_path / "b", "--identified")
    hidden, named = ((tmp_path / folder / "evidence.json").read_text("utf-8") for folder in "ab")
    assert "Heart" not in hidden
    assert "Heart" in named
    assert json.loads(hidden)["verdict"] == json.loads(named)["verdict"]


def test_quiet_leaves_stderr_empty(capsysbinary, plan, tmp_path):
    _, _, err = run(capsysbinary, "analyze", plan, "--out", tmp_path, "--quiet")
    assert err == ""


def test_quick_measures_and_judges_nothing(capsysbinary, plan):
    code, out, _ = run(capsysbinary, "analyze", plan, "--quick")
    assert code == ExitCode.DONE
    assert "Targets" in out
    assert "Verdict" not in out


def test_what_the_user_stated_is_on_the_first_screen(capsysbinary, plan):
    _, out, _ = run(capsysbinary, "analyze", plan, "--fractions", "3", "--site", "thoracic")
    first_screen = " ".join("\n".join(out.splitlines()[:24]).split())
    assert "Treated site: thoracic (stated by the user)" in first_screen
    assert "Fractions: 3 (stated by the user)" in first_screen


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["analyze"],
        ["analyze", "PLAN", "--nonsense"],
        ["analyze", "PLAN", "--map", "GTV"],
        ["analyze", "PLAN", "--fail-at", "sometimes"],
        ["analyze", "PLAN", "--fractions", "0"],
        ["analyze", "PLAN", "--site", "leg"],
        ["analyze", "PLAN", "--out", "FILE"],
        ["metrics", "no.such.metric"],
        ["demo", "--sample", "no_such_sample"],
    ],
)
def test_a_command_line_that_does_not_fit_ends_with_2_and_says_why(capsysbinary, plan, tmp_path, arguments):
    (tmp_path / "file").write_text("")
    places = {"PLAN": plan, "FILE": tmp_path / "file"}
    code, out, err = run(capsysbinary, *(places.get(argument, argument) for argument in arguments))
    assert code == ExitCode.USAGE
    assert out == ""
    assert err


def test_a_setting_that_cannot_be_used_ends_with_2(capsysbinary, plan, monkeypatch):
    monkeypatch.setenv("RTCOMPLEXITY_MAX_CONTOURS", "many")
    code, _, err = run(capsysbinary, "analyze", plan)
    assert code == ExitCode.USAGE
    assert "RTCOMPLEXITY_MAX_CONTOURS" in err


def nothing(_):
    """Leave the folder as it is."""


def no_dicom(folder):
    (folder / "notes.txt").write_text("no DICOM")


def images_only(folder):
    shutil.copytree(SAMPLES / "routine_sbrt", folder, dirs_exist_ok=True)
    for file in folder.rglob("*"):
        if file.is_file() and b"1.2.840.10008.5.1.4.1.1.481." in file.read_bytes()[:1000]:
            file.unlink()


def two_patients(folder):
    shutil.copytree(SAMPLES / "routine_sbrt", folder / "one")
    shutil.copytree(SAMPLES / "complex_central", folder / "two")


def removed(folder):
    folder.rmdir()


@pytest.mark.parametrize("make", [nothing, no_dicom, images_only, two_patients, removed])
@pytest.mark.parametrize("command", ["analyze", "inspect"])
def test_input_that_cannot_be_used_ends_with_3_and_says_what_to_try(capsysbinary, tmp_path, make, command):
    make(tmp_path)
    code, out, err = run(capsysbinary, command, tmp_path)
    assert code == ExitCode.INPUT_UNUSABLE
    assert out == ""
    assert "Try: " in err
    assert str(tmp_path) not in err


@pytest.mark.parametrize(
    ("option", "expected"), [("--profile", ExitCode.INPUT_UNUSABLE), ("--structure-set", ExitCode.USAGE)]
)
def test_a_profile_or_structure_set_that_is_not_there_is_said(capsysbinary, plan, option, expected):
    code, out, err = run(capsysbinary, "analyze", plan, option, "no-such")
    assert code == expected
    assert out == ""
    assert "no-such" in err


def test_fail_at_ends_with_5_at_that_verdict_only(capsysbinary, plan):
    _, out, _ = run(capsysbinary, "analyze", plan, "--json")
    verdict = json.loads(out)["verdict"]["value"]
    other = next(each for each in ("supports", "rejects") if each != verdict)
    code, out, err = run(capsysbinary, "analyze", plan, "--fail-at", verdict)
    assert code == ExitCode.CHECK_FAILED
    assert "Verdict" in out
    assert verdict in err
    assert run(capsysbinary, "analyze", plan, "--fail-at", other)[0] == ExitCode.DONE


def test_fail_at_a_severity_ends_with_5_at_that_or_a_worse_issue(capsysbinary, plan, tmp_path):
    gapped = shutil.copytree(plan, tmp_path / "gapped")
    sorted((gapped / "ct").iterdir())[10].unlink()
    _, out, _ = run(capsysbinary, "analyze", gapped, "--quick", "--json")
    assert {issue["severity"] for issue in json.loads(out)["issues"]} == {"info", "warning"}
    for severity, expected in (
        ("error", ExitCode.DONE),
        ("warning", ExitCode.CHECK_FAILED),
        ("info", ExitCode.CHECK_FAILED),
    ):
        assert run(capsysbinary, "analyze", gapped, "--quick", "--fail-at", severity)[0] == expected


BROKEN = """
import sys
import rtcomplexity.usecases.analyze
from rtcomplexity.cli import app
rtcomplexity.usecases.analyze.read_case = None
sys.argv = ["rtcomplexity", "analyze", {plan!r}]
app.main()
"""


def test_a_fault_of_ours_ends_with_1_and_names_no_path(plan):
    script = BROKEN.format(plan=str(plan))
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, text=True, timeout=HANG_S)
    assert told.returncode == ExitCode.BUG
    assert told.stdout == ""
    assert "TypeError at rtcomplexity.usecases.analyze line" in told.stderr
    assert str(plan) not in told.stderr
    assert "Traceback" not in told.stderr


def test_inspect_shows_links_rois_and_issues(capsysbinary, fused_plan):
    code, out, err = run(capsysbinary, "inspect", fused_plan)
    assert (code, err) == (ExitCode.DONE, "")
    for words in ("Structure set", "linked to the planning images by", "Image sets: 2", "RT Plan", "ROIs"):
        assert words in out


def test_metrics_lists_the_catalogue_and_explains_one(capsysbinary):
    _, listed, _ = run(capsysbinary, "metrics")
    _, document, _ = run(capsysbinary, "metrics", "--json")
    keys = [entry["key"] for entry in json.loads(document)]
    assert keys
    assert all(key in listed for key in keys)
    for key in {key.partition(".")[0]: key for key in keys}.values():  # all of them in test_metrics_explains_each
        code, one, _ = run(capsysbinary, "metrics", key)
        assert code == ExitCode.DONE
        assert one.startswith(key)


@pytest.mark.exhaustive
def test_metrics_explains_each(capsysbinary):
    for entry in json.loads(run(capsysbinary, "metrics", "--json")[1]):
        code, one, _ = run(capsysbinary, "metrics", entry["key"])
        assert (code, one.startswith(entry["key"])) == (ExitCode.DONE, True)


def test_a_mistyped_metric_is_answered_with_near_ones(capsysbinary):
    _, _, err = run(capsysbinary, "metrics", "shape.volum")
    assert "shape.volume" in err


def test_demo_writes_a_plan_and_its_evidence(capsysbinary, tmp_path):
    code, out, err = run(capsysbinary, "demo", "--sample", "routine_sbrt", "--out", tmp_path)
    assert code == ExitCode.DONE
    assert "Verdict" in out
    assert (tmp_path / "evidence.json").is_file()
    assert any((tmp_path / "routine_sbrt").rglob("*"))
    assert str(tmp_path) in err


def test_a_demo_is_written_over_by_another_but_a_plan_is_not(capsysbinary, tmp_path):
    assert run(capsysbinary, "demo", "--sample", "routine_sbrt", "--out", tmp_path / "a", "--quiet")[0] == ExitCode.DONE
    assert run(capsysbinary, "demo", "--sample", "pet_ct_nsclc", "--out", tmp_path / "a", "--quiet")[0] == ExitCode.DONE
    shutil.copytree(tmp_path / "a", tmp_path / "b", ignore=shutil.ignore_patterns("routine_sbrt", "pet_ct_nsclc"))
    code, _, err = run(capsysbinary, "demo", "--sample", "routine_sbrt", "--out", tmp_path / "b", "--quiet")
    assert (code, "the evidence of another plan" in err) == (ExitCode.USAGE, True)


def test_doctor_names_versions_codecs_and_what_is_missing_but_no_path(capsysbinary):
    code, out, _ = run(capsysbinary, "doctor")
    assert code == ExitCode.DONE
    assert "pydicom" in out
    assert "JPEG 2000" in out
    assert str(Path.home()) not in out
    assert sys.prefix not in out


def test_doctor_says_how_to_get_what_is_missing(capsysbinary, monkeypatch):
    from rtcomplexity.cli import environment

    monkeypatch.setattr(environment, "installed_version", lambda package: None if "gdcm" in package else "1")
    _, out, _ = run(capsysbinary, "doctor")
    assert "pip install 'rtcomplexity[gdcm]'" in out
    document = json.loads(run(capsysbinary, "doctor", "--json")[1])
    assert {"name": "JPEG Lossless", "by": [], "try": "pip install 'rtcomplexity[gdcm]'"} in document["codecs"]


def test_blas_runs_on_one_thread_whatever_the_environment_says():
    told = json.loads(process("doctor", "--json", OPENBLAS_NUM_THREADS="4").stdout)
    assert told["blas"]["threads"] == "1"


def test_version():
    told = process("--version").stdout.decode()
    assert told.startswith("rtcomplexity 0.")


@posix_only
@pytest.mark.parametrize("arguments", [["--help"], ["doctor"], ["metrics", "--json"]])
def test_a_reader_that_stops_reading_is_no_failure(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    told = subprocess.run([*PROGRAM, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=HANG_S)
    os.close(writing)
    assert (told.returncode, told.stderr) == (ExitCode.DONE, b"")


@posix_only
def test_a_reader_that_stops_reading_does_not_hide_a_failed_check(plan):
    reading, writing = os.pipe()
    os.close(reading)
    limits = [f"--fail-at={each}" for each in ("supports", "rejects", "indeterminate", "insufficient_evidence")]
    told = subprocess.run(
        [*PROGRAM, "analyze", str(plan), *limits], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=HANG_S
    )
    os.close(writing)
    assert told.returncode == ExitCode.CHECK_FAILED


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device here that is always full")
def test_a_full_disk_is_said():
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run([*PROGRAM, "doctor"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=HANG_S)
    assert told.returncode == ExitCode.USAGE
    assert b"No space left" in told.stderr


WAITING = """
import time
from rtcomplexity.cli import app
app.run = lambda _: (print("waiting", flush=True), time.sleep(3600))
app.main()
"""


@posix_only
def test_an_interrupted_run_ends_as_shells_expect():
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=HANG_S)
    assert running.returncode == 130
    assert err == b"Interrupted.\n"


def test_no_colour_where_nobody_sees_it(plan):
    told = tell("analyze", plan)
    assert told.code == ExitCode.DONE
    assert "\x1b" not in told.out


@pytest.mark.real_data
def test_a_real_plan_meets_its_planning_system(capsysbinary, real_data):
    code, out, _ = run(capsysbinary, "analyze", real_data / "lung1_001")
    assert code == ExitCode.DONE
    row = next(line for line in out.splitlines() if line.startswith("GTV-1"))
    assert row.split() == ["GTV-1", "GTV", "manual", "yes", "21", "21", "155.9", "155.9", "0.0%"]
    assert "248.1" in out
