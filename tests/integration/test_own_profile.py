"""A profile of one's own from the results of a batch to a verdict by it, as a shell sees it."""

import json
import re

import pytest

from in_process import inline_hosts, tell
from measured_once import SAMPLES
from rtcomplexity.batch.calibration_results import select
from rtcomplexity.cli.app import run
from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.scoring.calibration import allowed_exceedances
from rtcomplexity.scoring.plans import VOLUME_KEY
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.site import site_named
from rtcomplexity.testing.simulated_results import Simulation, simulated_plans
from unit.batch.small_plans import write_archive

pytestmark = pytest.mark.usefixtures("measured_once")

SITE = "pelvis"
MAKER = ("--made-by", "Physics", "--institution", "Made Hospital", "--period", "January to June 2025")
ENOUGH = 130


def words(text):
    """Give a terminal's text without frames and line ends."""
    return re.sub(r"[\s│]+", " ", text)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"), 2)


@pytest.fixture(scope="module")
def real_lines(archive, tmp_path_factory):
    """The results of a batch of two plans, one of which cannot be read."""
    broken = archive / "PATIENT-SECRET-broken"
    write_archive(broken, 1, first=7)
    for path in broken.rglob("*"):
        if path.is_file() and b"RTSTRUCT" in path.read_bytes():
            path.write_bytes(path.read_bytes()[:-400])
    out = tmp_path_factory.mktemp("results") / "out"
    with inline_hosts():
        code, _, err = tell("batch", archive, "--out", out, "--workers", 1, "--quiet", "--site", SITE)
    assert code in {0, 4}, err
    return out, [json.loads(line) for line in (out / "results.jsonl").read_text("utf-8").splitlines()]


def made_lines(template, count, *, first=0):
    """Results as the batch wrote one, for patients of their own, with simulated values where it has measured ones."""
    plans = simulated_plans(Simulation(plans=first + count))
    for number in range(first, first + count):
        line = json.loads(json.dumps(template))
        line |= {"key": f"{number:064x}", "patient_key": f"{number + 5000:064x}"}
        line["record"]["plan"]["content_id"] = f"{number + 10_000:064x}"
        metrics = line["record"]["gross_target"]["metrics"]
        for key, values in plans.columns.items():
            if metrics.get(key, {}).get("value") is not None:
                metrics[key]["value"] = float(values[number])
        yield line


def results(folder, *groups):
    folder.mkdir(exist_ok=True)
    (folder / "results.jsonl").write_text("".join(f"{json.dumps(each)}\n" for group in groups for each in group))
    return folder


@pytest.fixture(scope="module")
def template(real_lines):
    return next(line for line in real_lines[1] if line["record"])


@pytest.fixture(scope="module")
def calibrated(real_lines, template, tmp_path_factory):
    """A profile from two files: the real results, and many like them."""
    folder = tmp_path_factory.mktemp("calibrated")
    more = results(folder / "more", made_lines(template, ENOUGH))
    out = folder / "ours.toml"
    status = run(["profile", "calibrate", str(real_lines[0]), str(more), "--site", SITE, "--out", str(out), *MAKER])
    assert status == 0
    return out


def test_real_results_are_read_with_every_scored_metric(real_lines):
    out, lines = real_lines
    selection = select([out], site_named(SITE), load_profile(OWN_PATTERN))
    assessed = [line for line in lines if line["status"] == "assessed"]
    assert {one.id for one in selection.kept} == {line["record"]["plan"]["content_id"] for line in assessed}
    volumes = {line["record"]["gross_target"]["metrics"][VOLUME_KEY]["value"] for line in assessed}
    assert set(selection.own_plans.plans.column(VOLUME_KEY).tolist()) == volumes
    assert set(selection.own_plans.fractions) == {5}


def test_what_is_left_out_is_listed_and_nothing_names_a_patient(told, real_lines, template, tmp_path):
    elsewhere = json.loads(json.dumps(template))
    elsewhere["record"]["plan"]["facts"]["site"] = "brain"
    elsewhere["record"]["plan"]["content_id"] = "f" * 64
    more = results(tmp_path / "more", made_lines(template, 30), [elsewhere])
    out = tmp_path / "ours.toml"
    status, shown, err = told(
        "profile", "calibrate", real_lines[0], more, "--site", SITE, "--out", out, *MAKER, "--json"
    )
    found = json.loads(shown)
    assert status == 0
    assert found["plans"] == 32
    reasons = [each["reason"] for each in found["excluded"]]
    assert "of another site" in reasons
    assert len(reasons) == len(real_lines[1]) - 2 + 1
    assert "Excluded: 1 of another site" in err
    assert found["provenance"]["excluded"]["of another site"] == 1
    for text in (out.read_text("utf-8"), out.with_suffix(".html").read_text("utf-8"), shown, err):
        assert "SECRET" not in text


def test_a_hundred_plans_make_a_profile_that_never_supports_and_says_so(told, template, tmp_path):
    out = tmp_path / "ours.toml"
    status, shown, _ = told(
        "profile", "calibrate", results(tmp_path / "more", made_lines(template, 100)), "--site", SITE, "--out", out
    )
    assert status == 0
    assert "may not return supports" in words(shown)
    assert "120 plans are needed, and there are 100" in load_profile(out).notice


def test_nineteen_plans_make_none_and_end_with_3(told, template, tmp_path):
    out = tmp_path / "ours.toml"
    few = results(tmp_path / "few", made_lines(template, 19))
    status, _, err = told("profile", "calibrate", few, "--site", SITE, "--out", out)
    assert status == 3
    assert "19 of 19 results can be part of a profile" in words(err)
    assert not out.exists()


def test_a_site_or_a_pattern_that_does_not_fit_is_said(told, real_lines, tmp_path):
    out = tmp_path / "ours.toml"
    assert told("profile", "calibrate", real_lines[0], "--site", "The Pelvis", "--out", out)[0] == 2
    status, _, err = told(
        "profile", "calibrate", real_lines[0], "--site", SITE, "--out", out, "--profile", "thoracic-delineation-1"
    )
    assert status == 3
    assert "2 measured otherwise" in words(err), "by a blur of 1 mm, not of 3"


def test_calibrating_again_gives_the_same_bytes(told, calibrated, real_lines, template, tmp_path):
    more = results(tmp_path / "more", made_lines(template, ENOUGH))
    out = tmp_path / "again.toml"
    told("profile", "calibrate", more, real_lines[0], "--site", SITE, "--out", out, *MAKER)
    assert out.read_bytes() == calibrated.read_bytes()


def test_a_report_names_profile_plans_dates_hash_and_maker_with_the_built_in_answer_beside(told, calibrated, tmp_path):
    plan = write_archive(tmp_path / "plan", 1, first=3)
    out = tmp_path / "evidence"
    status, _, _ = told("analyze", plan, "--profile", calibrated, "--site", SITE, "--out", out, "--quiet")
    assert status == 0
    record = json.loads((out / "evidence.json").read_text("utf-8"))
    profile = load_profile(calibrated)
    assert record["score"]["profile"]["sha256"] == profile.sha256
    assert record["default_verdict"]["value"] in {"rejects", "indeterminate", "insufficient_evidence", "supports"}
    assert record["default_verdict"]["t"] != record["score"]["t"], "by any-site-1"
    page = words((out / "evidence.html").read_text("utf-8"))
    summary = words((out / "summary.txt").read_text("utf-8"))
    on_page_one = f"(not shipped, SHA-256 {profile.sha256[:12]}; {ENOUGH + 2} plans, January to June 2025, by Physics)"
    for text in (page, summary):
        assert "Result without these inputs" in text
        assert f"pelvis-own {on_page_one}" in text
    assert page.index(on_page_one) < page.index("Findings against")
    assert "pelvis-own" in page
    for said in (f"{ENOUGH + 2} consecutive", "Made Hospital", "January to June 2025", "by Physics"):
        assert said in page, said
        assert said in words(record["score"]["profile"]["notice"])
    assert told("verify", out, "--plan", plan, "--profile", calibrated, "--quiet")[0] == 0


def test_a_plan_that_is_in_the_profile_is_left_out_when_it_is_scored(told, calibrated, archive):
    plan = archive / "PATIENT-SECRET-0"
    found = json.loads(told("analyze", plan, "--profile", calibrated, "--site", SITE, "--json", "--quiet")[1])
    assert found["plan"]["content_id"] in load_profile(calibrated).own_plans.ids
    assert "was left out" in found["score"]["profile"]["notice"]
    assert f"{ENOUGH + 1} consecutive" in found["score"]["reference"]["population"]
    assert {f["n"] for family in found["score"]["families"] for f in family["factors"] if f["n"]} == {ENOUGH + 1}
    assert found["score"]["profile"]["sha256"] == load_profile(calibrated).sha256
    other = json.loads(told("analyze", SAMPLES / "routine_sbrt", "--profile", calibrated, "--json", "--quiet")[1])
    assert "was left out" not in other["score"]["profile"]["notice"]


def test_each_plan_of_an_archive_goes_to_the_profile_of_its_site(told, calibrated, tmp_path):
    """A folder holds one's own profiles; plans of other sites go where they go without it."""
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "pelvis.toml").write_bytes(calibrated.read_bytes())
    plans = write_archive(tmp_path / "plans", 1, first=3)
    out = tmp_path / "out"
    with inline_hosts():
        code, _, err = tell("batch", plans, "--out", out, "--profile", profiles, "--site", SITE, "--workers", 1)
    assert code == 0, err
    (line,) = (json.loads(text) for text in (out / "results.jsonl").read_text("utf-8").splitlines())
    assert line["record"]["score"]["profile"]["id"] == "pelvis-own"
    assert line["record"]["default_verdict"] is not None
    page = (out / "dashboard.html").read_text("utf-8")
    assert "pelvis-own" in page
    elsewhere = json.loads(told("analyze", plans, "--profile", profiles, "--site", "brain", "--json", "--quiet")[1])
    assert elsewhere["score"]["profile"]["id"] == "any-site-1"
    assert "--profile" not in elsewhere["options"]


def test_a_profile_that_was_changed_by_hand_fails_its_check(told, calibrated, tmp_path):
    changed = tmp_path / "ours.toml"
    c_support = load_profile(calibrated).joint("all").c_support
    text = calibrated.read_text("utf-8")
    changed.write_text(text.replace(f"c_support = {c_support!r}", f"c_support = {c_support - 0.0005!r}"), "utf-8")
    status, _, err = told("profile", "check", changed)
    assert status == 5
    assert "not those of the plans that it states" in words(err)


def test_newer_plans_of_the_same_kind_show_no_drift(told, calibrated, template, tmp_path):
    newer = results(tmp_path / "newer", made_lines(template, 150, first=ENOUGH))
    status, shown, err = told("profile", "check", calibrated, "--against", newer)
    assert status == 0
    assert "No drift found" in words(shown)
    assert err == ""


def test_other_plans_end_with_5_and_the_factors_that_differ(told, calibrated, template, tmp_path):
    newer = list(made_lines(template, 150, first=ENOUGH))
    for line in newer:
        line["record"]["gross_target"]["metrics"][VOLUME_KEY]["value"] *= 3
    again = list(made_lines(template, 5))
    folder = results(tmp_path / "newer", newer, again)
    status, shown, err = told("profile", "check", calibrated, "--against", folder, "--json")
    found = json.loads(shown)
    assert status == 5
    assert found["drift"]
    assert [each["metric"] for each in found["factors"] if each["differs"]] == [VOLUME_KEY]
    assert found["newer"] == 150
    assert "5 in the profile already" in err
    (above,) = found["above_cutoff"]
    assert above["interval"][0] <= above["count"] / above["n"] <= above["interval"][1]


def test_the_profile_counts_as_many_unusual_plans_as_it_may(calibrated):
    profile = load_profile(calibrated)
    n = len(profile.own_plans.ids)
    assert n == ENOUGH + 2
    assert profile.joint("all").support_percentile >= 100 * (1 - allowed_exceedances(n) / n) - 1e-9
