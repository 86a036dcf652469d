"""The use cases as Python offers them: three lines from a plan to a verified evidence folder."""

import json
import pickle
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian

import rtcomplexity
from rtcomplexity.cores import to_bytes
from rtcomplexity.errors import MissingOptionError
from rtcomplexity.evidence.folder import read_folder
from rtcomplexity.evidence.record import from_json, to_json
from rtcomplexity.evidence.verification import Agreement, compare_records
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.usecases import keeping
from rtcomplexity.usecases.analyze import assess_plan, inspect_plan, measure_plan

pytestmark = pytest.mark.usefixtures("measured_once")


PLAN = Path(__file__).parents[2] / "sample_data" / "routine_sbrt"
QUICK = rtcomplexity.AnalyzeOptions(quick=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("evidence") / "folder"
    rtcomplexity.write_evidence(rtcomplexity.analyze(PLAN, QUICK), target)
    return target


def test_three_lines_write_and_verify_an_evidence_folder(folder):
    found = rtcomplexity.verify(folder, PLAN)
    assert found.is_good
    assert found.sentence.startswith("Identical: ")


def test_a_changed_file_is_found(folder, tmp_path):
    rtcomplexity.write_evidence(rtcomplexity.analyze(PLAN, QUICK), tmp_path)
    (tmp_path / "rois.csv").write_bytes(b"name\r\n")
    found = rtcomplexity.verify(tmp_path)
    assert not found.is_good
    assert "rois.csv is not as it was written" in found.sentence
    assert rtcomplexity.diff(folder, tmp_path).changes == ()


def test_what_a_record_does_not_hold_is_asked_for_again(tmp_path):
    options = rtcomplexity.AnalyzeOptions(quick=True, aliases={"gtv": TargetClass.GTV})
    rtcomplexity.write_evidence(rtcomplexity.analyze(PLAN, options), tmp_path)
    with pytest.raises(MissingOptionError, match="--map"):
        rtcomplexity.verify(tmp_path, PLAN)
    assert rtcomplexity.verify(tmp_path, PLAN, options).is_good


def encoded_anew(source, target):
    """A copy of a plan as an archive gives it back: implicit VR, everything else as it was."""
    target.mkdir()
    for path in source.rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        dataset.save_as(target / path.name, implicit_vr=True, little_endian=True)
    return target


@pytest.mark.parametrize("identified", [True, False])
def test_a_plan_that_an_archive_encoded_anew_is_the_same_plan(tmp_path, identified):
    first = rtcomplexity.analyze(PLAN, QUICK)
    other = encoded_anew(PLAN, tmp_path / "archive")
    again = rtcomplexity.analyze(other, QUICK)
    assert again.record.plan.content_id == first.record.plan.content_id is not None
    assert again.record.plan.id != first.record.plan.id
    rtcomplexity.write_evidence(first, tmp_path / "evidence", identified=identified)
    found = rtcomplexity.verify(tmp_path / "evidence", other)
    assert found.is_good
    assert "same content, re-encoded" in found.sentence
    rtcomplexity.write_evidence(again, tmp_path / "evidence", identified=identified)  # over its own earlier evidence
    rtcomplexity.write_evidence(first, tmp_path / "first", identified=identified)
    changes = rtcomplexity.diff(tmp_path / "first", tmp_path / "evidence").changes
    assert any("same content, re-encoded" in change.after for change in changes)


def test_a_changed_plan_is_no_re_encoded_one(folder, tmp_path):
    other = encoded_anew(PLAN, tmp_path / "archive")
    path = min(other.iterdir())
    dataset = pydicom.dcmread(path)
    dataset.StudyDescription = "another"
    dataset.save_as(path)
    found = rtcomplexity.verify(folder, other)
    assert not found.is_good
    assert "re-encoded" not in found.sentence


def test_a_record_of_version_0_1_0_is_verified_by_its_files(tmp_path):
    rtcomplexity.write_evidence(rtcomplexity.analyze(PLAN, QUICK), tmp_path / "evidence")
    saved = json.loads((tmp_path / "evidence" / "evidence.json").read_bytes())
    del saved["plan"]["content_id"]
    for roi in saved["rois"]:
        del roi["class_words"]
    old = from_json(json.dumps(saved).encode())
    assert json.loads(to_json(old)) == saved
    derived = from_json((tmp_path / "evidence" / "evidence.json").read_bytes())
    assert compare_records(old, derived).agreement is Agreement.EQUIVALENT


CLAIM = """
cpt_code = "32701"
site = "thoracic"
fractions = 5
global_period = "XXX"
payer = "aetna"
reason = "In my own words."
"""


@pytest.fixture(scope="module")
def silent_plan(tmp_path_factory):
    """A sample plan whose files state neither treated site nor fractions."""
    folder = tmp_path_factory.mktemp("silent")
    for path in (PLAN.parent / "supported_central").rglob("*.dcm"):
        if pydicom.dcmread(path, stop_before_pixels=True).Modality != "RTPLAN":
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_kept_plan_is_assessed_under_a_claim_as_if_it_had_been_measured_with_it(silent_plan, tmp_path):
    claim = tmp_path / "claim.toml"
    claim.write_text(CLAIM, encoding="utf-8")
    options = rtcomplexity.AnalyzeOptions(claim=claim)
    content = to_bytes(measure_plan(silent_plan))
    kept = keeping.from_bytes(content)
    before = assess_plan(kept, rtcomplexity.AnalyzeOptions())
    assert before.record.plan.facts.fractions is None
    rtcomplexity.write_evidence(before, tmp_path / "before", identified=True)
    pictures = read_folder(tmp_path / "before").pictures()
    now = "2026-01-02T03:04:05Z"
    after = rtcomplexity.write_evidence(
        assess_plan(kept, options), tmp_path / "after", identified=True, pictures=pictures, written_at=now
    )
    straight = rtcomplexity.write_evidence(
        rtcomplexity.analyze(silent_plan, options), tmp_path / "straight", identified=True, written_at=now
    )
    assert after.files == straight.files


def test_an_inspection_shows_what_an_analysis_shows_and_redraws_nothing(monkeypatch):
    nothing, measured = rtcomplexity.AnalyzeOptions(), measure_plan(PLAN)
    analyzed = assess_plan(measured, nothing).record
    monkeypatch.setattr(
        "rtcomplexity.usecases.analyze._Measured.redrawn", lambda *_, **__: pytest.fail("it was redrawn")
    )
    inspected = inspect_plan(measure_plan(PLAN), nothing)
    shown = ("plan", "image_sets", "acquisitions", "rois", "relations", "issues")
    assert [getattr(inspected, name) for name in shown] == [getattr(analyzed, name) for name in shown]
    assert inspected.verdict.value != "supports"


def test_what_is_no_kept_plan_is_refused():
    with pytest.raises(TypeError):
        keeping.from_bytes(pickle.dumps({}))
