"""An assessment as Python and a notebook see it: the record's own values, in a dict, a table and a short page."""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import rtcomplexity
from rtcomplexity.errors import MissingExtraError
from rtcomplexity.evidence.cover import cover_of
from rtcomplexity.evidence.record import Unmeasured, to_json
from rtcomplexity.scoring.guardrails import DISCLAIMER

PLAN = Path(__file__).parents[2] / "sample_data" / "routine_sbrt"


@pytest.fixture(scope="module")
def assessment():
    return rtcomplexity.analyze(PLAN)


def rows_of(frame):
    """Rows of a table, of pandas or of what stands for it."""
    return frame if isinstance(frame, list) else frame.to_dict("records")


@pytest.fixture(params=["pandas", "a stand-in"])
def pandas(request, monkeypatch):
    if request.param == "pandas":
        return pytest.importorskip("pandas")
    module = ModuleType("pandas")
    module.DataFrame = list
    monkeypatch.setitem(sys.modules, "pandas", module)
    return module


def test_the_dict_is_what_json_prints_and_another_each_time(assessment):
    tree = assessment.to_dict()
    assert tree == json.loads(to_json(assessment.record))
    tree["rois"].clear()
    assert assessment.to_dict()["rois"]


def test_the_table_has_a_row_per_roi_and_nan_where_there_is_no_value(assessment, pandas):
    first, *others = assessment.record.rois
    lacking = first.model_copy(
        update={"metrics": {**first.metrics, "shape.volume": Unmeasured(unit="cm3", reason="none")}}
    )
    assessment = replace(assessment, record=assessment.record.model_copy(update={"rois": (lacking, *others)}))
    rows, record = rows_of(assessment.to_frame()), assessment.to_dict()
    assert [(row["number"], row["name"], row["target_class"]) for row in rows] == [
        (roi["number"], roi["name"], roi["target_class"]) for roi in record["rois"]
    ]
    for row, roi in zip(rows, record["rois"], strict=True):
        for key, metric in roi["metrics"].items():
            if metric["value"] is None:
                assert math.isnan(row[key])
            else:
                assert row[key] == metric["value"]
    assert math.isnan(rows[0]["shape.volume"])


def test_without_pandas_the_table_says_what_to_install(assessment, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"rtcomplexity\[pandas\]"):
        assessment.to_frame()


def test_the_notebook_shows_decision_verdict_gross_targets_and_the_disclaimer(assessment):
    page = assessment._repr_html_()
    record = assessment.record
    assert page.index(cover_of(record).decision) < page.index(record.verdict.text)
    assert DISCLAIMER in page
    gross = [roi for roi in record.rois if roi.is_gross_target]
    assert page.count("<tr>") == len(gross) + 1
    for roi in gross:
        assert f"<td>{roi.target_class}</td><td>{roi.metrics['shape.volume'].value:g}</td>" in page


def test_a_name_that_is_markup_is_shown_and_not_run(assessment):
    record = assessment.record
    rois = tuple(roi.model_copy(update={"name": "<img src=x onerror=alert(1)>"}) for roi in record.rois)
    page = replace(assessment, record=record.model_copy(update={"rois": rois}))._repr_html_()
    assert "<img" not in page
    assert "&lt;img" in page
