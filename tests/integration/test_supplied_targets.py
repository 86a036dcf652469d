"""Targets from a file of their own: a Segmentation or a second structure set, in place of the plan's."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

import rtcomplexity
from rtcomplexity.cli.app import run
from rtcomplexity.errors import InputDataError, MissingOptionError
from rtcomplexity.evidence.record import Measured
from rtcomplexity.testing import write_sample

pytestmark = pytest.mark.usefixtures("measured_once")


pytest.importorskip("highdicom")
TARGETS = {"GTV", "CTV", "ITV", "PTV"}
QUICK = rtcomplexity.AnalyzeOptions(quick=True)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    write_sample("complex_central", folder)
    return folder


@pytest.fixture(scope="module")
def own(plan):
    return rtcomplexity.analyze(plan, QUICK).record


@pytest.fixture(scope="module")
def seg(plan, tmp_path_factory):
    """The plan's own targets as a Segmentation, which highdicom wrote."""
    out = tmp_path_factory.mktemp("seg") / "out"
    assert run(["analyze", str(plan), "--out", str(out), "--identified", "--quick", "--quiet"]) == 0
    assert run(["report", str(out), "--format", "seg", "--plan", str(plan), "--quiet"]) == 0
    return out / "targets_seg.dcm"


@pytest.fixture(scope="module")
def structure_set(plan):
    return next(path for path in plan.rglob("*.dcm") if dcmread(path, stop_before_pixels=True).Modality == "RTSTRUCT")


def analyzed(plan, targets, **options):
    return rtcomplexity.analyze(plan, replace(QUICK, targets=Path(targets), **options)).record


def targets_of(record):
    return [roi for roi in record.rois if roi.target_class in TARGETS]


def others_of(record):
    return {roi.number: roi for roi in record.rois if roi.target_class not in TARGETS}


def test_a_segmentation_of_the_plans_targets_measures_the_same_voxels(plan, own, seg):
    found = analyzed(plan, seg)
    pairs = list(zip(targets_of(own), targets_of(found), strict=True))
    assert len(pairs) >= 3
    for drawn, traced in pairs:
        assert (traced.name, traced.target_class) == (drawn.name, drawn.target_class)
        assert traced.metrics["shape.voxel_volume"] == drawn.metrics["shape.voxel_volume"]
        assert traced.metrics["shape.volume"].value == pytest.approx(drawn.metrics["shape.volume"].value, rel=0.03)
    assert others_of(found) == others_of(own)
    assert "targets-supplied" in {issue.code for issue in found.issues}


def test_a_second_structure_set_gives_its_targets_the_same_values(plan, own, structure_set):
    found = analyzed(plan, structure_set)
    for drawn, taken in zip(targets_of(own), targets_of(found), strict=True):
        assert taken.number not in {roi.number for roi in own.rois}
        volume = taken.metrics["shape.volume"]
        assert isinstance(volume, Measured)
        assert volume == drawn.metrics["shape.volume"]
        assert taken.metrics["contour.count"] == drawn.metrics["contour.count"]


def test_it_is_another_plan_and_the_record_says_where_its_targets_come_from(plan, own, seg):
    found = analyzed(plan, seg)
    assert found.plan.content_id != own.plan.content_id
    assert found.plan.id != own.plan.id
    assert found.options["--targets"].startswith("SEG (SHA-256 ")
    assert found.plan.structure_set.sop_instance_uid == own.plan.structure_set.sop_instance_uid


def test_the_verdict_without_the_option_stands_beside(plan, seg):
    with_targets = rtcomplexity.analyze(plan, rtcomplexity.AnalyzeOptions(targets=seg)).record
    plain = rtcomplexity.analyze(plan).record
    assert with_targets.default_verdict.value == plain.verdict.value
    assert with_targets.default_verdict.t == plain.score.t
    assert plain.default_verdict is None


def test_verify_asks_for_the_file_again_and_finds_the_same(plan, seg, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["analyze", str(plan), "--targets", str(seg), "--out", str(out), "--quick", "--quiet"]) == 0
    assert "SEG" in {each["kind"] for each in json.loads((out / "manifest.json").read_text())["inputs"]}
    capsys.readouterr()
    with pytest.raises(MissingOptionError, match="--targets"):
        rtcomplexity.verify(out, plan)
    assert run(["verify", str(out), "--plan", str(plan), "--targets", str(seg)]) == 0
    assert "Identical" in capsys.readouterr().out


def test_supplied_targets_are_not_written_as_a_segmentation_again(plan, seg, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--targets", str(seg), "--identified", "--quick", "--quiet"]
    assert run(["analyze", str(plan), "--out", str(out), *options]) == 0
    assert run(["report", str(out), "--format", "seg", "--plan", str(plan), "--quiet"]) == 2
    assert "made with --targets" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"PatientID": "SOMEBODY-ELSE"}, "another patient"),
        ({"FrameOfReferenceUID": "1.2.3.4"}, "another frame of reference"),
        ({"SegmentationType": "LABELMAP"}, "of type LABELMAP"),
    ],
)
def test_what_does_not_belong_to_the_plan_is_refused(plan, seg, tmp_path, change, says):
    dataset = dcmread(seg)
    for name, value in change.items():
        setattr(dataset, name, value)
    dataset.save_as(tmp_path / "other.dcm")
    with pytest.raises(InputDataError, match=says):
        analyzed(plan, tmp_path / "other.dcm")


def test_a_file_without_a_target_or_none_at_all_is_refused(plan, seg, tmp_path):
    dataset = dcmread(seg)
    for segment in dataset.SegmentSequence:
        segment.SegmentLabel = "x"
        segment.SegmentedPropertyTypeCodeSequence[0].CodeValue = "1"
    dataset.save_as(tmp_path / "nameless.dcm")
    with pytest.raises(InputDataError, match=r"None of the \d+ regions"):
        analyzed(plan, tmp_path / "nameless.dcm")
    (tmp_path / "text").write_text("no DICOM")
    with pytest.raises(InputDataError, match="no DICOM file"):
        analyzed(plan, tmp_path / "text")
    with pytest.raises(InputDataError, match="cannot be opened"):
        analyzed(plan, tmp_path / "nowhere.dcm")
