"""Files of one plan under two Patient IDs: what a statement that they are one patient's can and cannot do."""

import shutil
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from typer.testing import CliRunner

import rtcomplexity
from rtcomplexity.cli.app import app
from rtcomplexity.errors import SeveralPatientsError
from rtcomplexity.scoring.rules import VerdictValue
from rtcomplexity.usecases import analyze as use_case

pytestmark = pytest.mark.usefixtures("measured_once")


SAMPLE = Path(__file__).parents[2] / "sample_data" / "routine_sbrt"
STATED = rtcomplexity.AnalyzeOptions(same_patient=True)


def under_another_id(target, is_changed):
    """A sample, some of its files with another Patient ID."""
    shutil.copytree(SAMPLE, target)
    for path in target.rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        if is_changed(dataset):
            dataset.PatientID = "SECOND-STEP"
            dataset.save_as(path)
    return target


@pytest.fixture
def asked(monkeypatch):
    """Facts that were scored; whatever has planning images is made a support, unless it rests on the statement."""
    facts_seen, score = [], use_case._scored

    def scored(measured, facts, profile, cohort=None):
        facts_seen.append(facts)
        found = score(measured, facts, profile, cohort)
        if facts.rests_on_stated_patient or not facts.has_planning_images:
            return found
        return replace(found, verdict=replace(found.verdict, value=VerdictValue.SUPPORTS))

    monkeypatch.setattr(use_case, "_scored", scored)
    return facts_seen


def test_a_support_that_needs_the_statement_is_scored_as_resting_on_it(tmp_path, asked):
    folder = under_another_id(tmp_path / "plan", lambda dataset: dataset.Modality == "RTSTRUCT")
    with pytest.raises(SeveralPatientsError, match="--same-patient"):
        rtcomplexity.analyze(folder)
    record = rtcomplexity.analyze(folder, STATED).record
    assert [(facts.rests_on_stated_patient, facts.has_planning_images) for facts in asked] == [
        (False, True),
        (False, False),  # the files of the structure set's own Patient ID
        (True, True),
    ]
    assert record.verdict.value != "supports"
    assert record.options == {"--same-patient": "yes"}
    assert "patients-stated-as-one" in {issue.code for issue in record.issues}


def test_a_support_of_the_own_files_stands(tmp_path, asked):
    folder = under_another_id(tmp_path / "plan", lambda _: False)
    stray = pydicom.dcmread(next(path for path in sorted(folder.rglob("*.dcm")) if "ct" in path.name))
    stray.PatientID, stray.SOPInstanceUID, stray.SeriesInstanceUID = "SECOND-STEP", "1.2.3.4.1", "1.2.3.4.2"
    stray.ImageType, stray.file_meta.MediaStorageSOPInstanceUID = ["DERIVED", "SECONDARY", "LOCALIZER"], "1.2.3.4.1"
    stray.save_as(folder / "stray.dcm")
    assert rtcomplexity.analyze(folder, STATED).record.verdict.value == "supports"
    assert not any(facts.rests_on_stated_patient for facts in asked)


def test_the_commands_refuse_with_hashes_and_with_ids_where_asked_for(tmp_path):
    folder = under_another_id(tmp_path / "plan", lambda dataset: dataset.Modality == "RTSTRUCT")
    run = CliRunner().invoke
    plain, named = run(app, ["analyze", str(folder), "-q"]), run(app, ["analyze", str(folder), "-q", "--identified"])
    for result, is_named in ((plain, False), (named, True)):
        text = " ".join(str(result.exception).split()) if result.exception else result.output
        assert ("SECOND-STEP" in text + result.output) is is_named
    shown = run(app, ["inspect", str(folder), "-q", "--same-patient"])
    assert shown.exit_code == 0
    assert "stated to belong to one patient" in " ".join(shown.output.split())
