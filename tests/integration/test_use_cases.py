"""The use cases as Python offers them: three lines from a plan to a verified evidence folder."""

from pathlib import Path

import pytest

import rtcomplexity
from rtcomplexity.errors import MissingOptionError
from rtcomplexity.model.structure_set import TargetClass

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
    assert rtcomplexity.compare(folder, tmp_path).changes == ()


def test_what_a_record_does_not_hold_is_asked_for_again(tmp_path):
    options = rtcomplexity.AnalyzeOptions(quick=True, aliases={"gtvp": TargetClass.GTV})
    rtcomplexity.write_evidence(rtcomplexity.analyze(PLAN, options), tmp_path)
    with pytest.raises(MissingOptionError, match="--map"):
        rtcomplexity.verify(tmp_path, PLAN)
    assert rtcomplexity.verify(tmp_path, PLAN, options).is_good
