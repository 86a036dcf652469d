"""A cohort from a batch to a verdict beside it, as a shell sees it."""

import json
import re
import shutil

import pytest

from in_process import inline_hosts, tell
from measured_once import SAMPLES
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.scoring.cohort import fingerprint, key_path, load_cohort, sealed, to_json
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.usecases.analyze import analyze
from unit.scoring.made_cohort import KEY, tree

pytestmark = pytest.mark.usefixtures("measured_once")

ROUTINE = SAMPLES / "routine_sbrt"
COMPLEX = SAMPLES / "complex_central"
ROUND = SAMPLES / "pet_ct_nsclc"
BATCH = ("routine_sbrt", "pet_ct_nsclc", "supported_central", "auto_vs_final")
AS_CONVENTIONAL = ("--fractions", "30", "--quiet")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out, plans = tmp_path_factory.mktemp("results"), tmp_path_factory.mktemp("plans")
    for name in BATCH:
        shutil.copytree(SAMPLES / name, plans / name)
    with inline_hosts():
        code, _, err = tell("batch", plans, "--out", out, "--workers", 1, "--quiet", "--site", "thoracic")
    assert code == 0, err
    return out


@pytest.fixture(scope="module")
def record():
    return analyze(ROUTINE).record


def made(folder, t, *, n=130, stratum="thoracic-sbrt", **changes):
    """Leave a cohort whose plans all have one T, with its key."""
    profile = load_profile()
    cohort = sealed(tree([t] * n, stratum=stratum, profile=profile, **changes))
    path = folder / "ours.json"
    path.write_bytes(to_json(cohort))
    key_path(path).write_text(KEY.hex())
    return path


def words(text):
    """Give a terminal's text without frames and line ends."""
    return re.sub(r"[\s│]+", " ", text)


def test_a_cohort_is_built_from_a_batch_shown_and_used(told, results, tmp_path):
    out = tmp_path / "cohort.json"
    status, shown, err = told("cohort", "build", results, "--out", out)
    assert status == 0
    assert "cohort.json.key" in err
    plans = {plan.plan for stratum in load_cohort(out).cohort.strata for plan in stratum.plans}
    listed = {each.plan for each in load_cohort(out).cohort.exclusions}
    lines = [json.loads(each) for each in (results / "results.jsonl").read_text("utf-8").splitlines()]
    assert plans | listed == {identity(each) for each in lines}
    assert "a comparison needs at least 120" in words(shown)
    assert "It stands beside the built-in reference" not in words(shown)
    summary = json.loads(told("cohort", "show", out, "--json")[1])
    assert summary["plans"] == len(plans)
    assert "It stands beside the built-in reference" not in words(told("cohort", "show", out)[1])


def test_building_again_gives_the_same_bytes(told, results, tmp_path):
    for name in ("one.json", "two.json"):
        assert told("cohort", "build", results, "--out", tmp_path / name, "--quiet")[0] == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_the_assessed_patient_is_left_out(told, results, tmp_path):
    out = tmp_path / "cohort.json"
    told("cohort", "build", results, "--out", out, "--quiet")
    local = load_cohort(out)
    kept = {plan.plan for plan in local.cohort.plans_of("thoracic-sbrt")}
    for line in map(json.loads, (results / "results.jsonl").read_text("utf-8").splitlines()):
        if identity(line) in kept:
            break
    patient = line["patient_key"]
    assert patient in {plan.patient for plan in local.cohort.plans_of("thoracic-sbrt")}
    sample = next(name for name in BATCH if is_plan(name, line))
    status, shown, _ = told("analyze", SAMPLES / sample, "--cohort", out, "--json", "--quiet")
    assert status == 0
    found = json.loads(shown)["cohort"]
    assert found["left_out"] == 1
    assert found["n"] == len(kept) - 1


def identity(line):
    """What tells a batch's plan apart: the content of an assessed one, the file of a refused one."""
    return line["record"]["plan"]["content_id"] if line["record"] else line["plan_id"]


def is_plan(name, line):
    return analyze(SAMPLES / name, AnalyzeOptions(quick=True)).record.plan.id == line["plan_id"]


def test_no_identifier_leaves_with_a_cohort(told, results, tmp_path):
    out = tmp_path / "cohort.json"
    told("cohort", "build", results, "--out", out, "--quiet")
    text = out.read_text("utf-8")
    assert "sample" not in text.lower()
    assert not re.search(r"\d+(\.\d+){5,}", text), "a UID"
    assert (results / "ledger.key").read_bytes().hex() not in text


def test_a_disagreeing_cohort_leaves_the_verdict_open(told, tmp_path):
    alone = json.loads(told("analyze", ROUND, "--json")[1])
    assert alone["verdict"]["value"] == "rejects", "what this test rests on"
    path = made(tmp_path, 0.0, stratum="thoracic-conventional")
    status, shown, _ = told("analyze", ROUND, "--cohort", path, "--json")
    assert status == 0
    found = json.loads(shown)
    assert (found["verdict"]["value"], found["score"]) == ("indeterminate", alone["score"])
    assert "cohort_disagrees" in [each["code"] for each in found["verdict"]["reasons"]]
    assert found["options"]["--cohort"] == load_cohort(path).cohort.sha256[:12]
    assert found["cohort"]["counts"]
    states = {each["item"]: each["state"] for each in found["verdict"]["readiness"]}
    assert states["local_cohort"] == "met"


def test_another_default_verdict_stands_on_the_terminals_first_screen(told):
    page = words(told("analyze", COMPLEX, *AS_CONVENTIONAL, "--profile", "thoracic-delineation-1")[1])
    assert "Without inputs Inconclusive" in page
    assert page.index("Without inputs") < page.index("Findings for")


def test_an_agreeing_cohort_moves_nothing(told, tmp_path, record):
    path = made(tmp_path, 99.0)
    found = json.loads(told("analyze", ROUTINE, "--cohort", path, "--json", "--quiet")[1])
    assert (found["verdict"]["value"], found["score"]["t"]) == (record.verdict.value, record.score.t)
    assert found["cohort"]["side"] == "typical"
    page = words(told("analyze", ROUTINE, "--cohort", path, "--quiet")[1])
    assert "Local cohort Of 130 local plans, 130 score as high or higher (p = 1): typical among them." in page
    assert "Without inputs unchanged" in page


def test_what_differs_from_the_cohort_is_an_issue(told, tmp_path):
    path = made(tmp_path, 0.0, spacing=9.0, software="0.0.1", surface="another")
    found = json.loads(told("analyze", ROUTINE, "--cohort", path, "--json", "--quiet")[1])
    codes = {issue["code"] for issue in found["issues"] if issue["subject"] == "cohort"}
    assert codes == {"cohort-other-software", "cohort-other-spacing", "cohort-other-surface"}


def test_a_folder_with_a_cohort_tells_it_on_page_one_and_is_verified_with_it(told, tmp_path):
    path, out = made(tmp_path, 99.0), tmp_path / "evidence"
    assert told("analyze", ROUTINE, "--cohort", path, "--out", out, "--quiet")[0] == 0
    summary = words((out / "summary.txt").read_text("utf-8"))
    assert "Institutional cohort" in summary
    assert "Result without these inputs: unchanged" in summary
    page = (out / "evidence.html").read_text("utf-8")
    assert page.index("Institutional cohort") < page.index('id="findings"')
    assert told("verify", out, "--plan", ROUTINE, "--cohort", path, "--quiet")[0] == 0
    assert told("verify", out, "--plan", ROUTINE, "--quiet")[0] == 2


def test_a_cohort_that_cannot_be_used_ends_with_3_and_says_why(told, tmp_path):
    path = made(tmp_path, 0.0)
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    assert (told("analyze", ROUTINE, "--cohort", path, "--quiet")[0], told("cohort", "show", path)[0]) == (3, 3)
    path.write_bytes(whole.replace(b"0.0,", b"1.0,", 1))
    status, _, err = told("cohort", "show", path)
    assert (status, "changed since it was built" in words(err)) == (3, True)
    path.write_bytes(whole)
    status, _, err = told("analyze", ROUTINE, "--cohort", path, "--profile", "interim-0", "--quiet")
    assert (status, "another profile" in words(err)) == (3, True)


def test_every_option_that_can_move_a_verdict_has_the_default_beside(told, record):
    for option in (["--profile", "interim-0"], ["--map", "GTV=GTV"], ["--fractions", "4"], ["--payer", "Aetna"]):
        found = json.loads(told("analyze", ROUTINE, *option, "--json", "--quiet")[1])
        assert found["default_verdict"]["value"] == record.verdict.value, option
        assert found["default_verdict"]["t"] == record.score.t, option
    assert record.default_verdict is None


def test_a_tolerance_from_the_environment_is_told_with_the_default_beside(told, monkeypatch, record):
    monkeypatch.setenv("RTCOMPLEXITY_GAP_FACTOR", "4")
    found = json.loads(told("analyze", ROUTINE, "--json", "--quiet")[1])
    assert found["options"] == {"RTCOMPLEXITY_GAP_FACTOR": "4"}
    assert found["default_verdict"]["value"] == record.verdict.value


def test_a_batch_has_the_default_beside_too(results):
    for line in map(json.loads, (results / "results.jsonl").read_text("utf-8").splitlines()):
        assert line["record"]["plan"]["facts"]["site_stated_by"] == "user"
        assert line["record"]["default_verdict"] is not None


@pytest.mark.real_data
@pytest.mark.exhaustive
def test_a_real_patient_is_left_out_of_a_cohort_of_its_own(told, real_data, tmp_path):
    source, out = real_data / "lung1_001", tmp_path / "out"
    with inline_hosts():
        code, _, err = tell("batch", source, "--out", out, "--quiet", "--site", "thoracic", "--fractions", 30)
    assert code in {0, 4}, err
    path = tmp_path / "cohort.json"
    assert told("cohort", "build", out, "--out", path, "--quiet")[0] == 0
    assert fingerprint((out / "ledger.key").read_bytes()) == load_cohort(path).cohort.patient_key
    found = json.loads(told("analyze", source, "--cohort", path, "--json", "--quiet", "--fractions", 30)[1])
    assert (found["cohort"]["n"], found["cohort"]["left_out"], found["cohort"]["counts"]) == (0, 1, False)
