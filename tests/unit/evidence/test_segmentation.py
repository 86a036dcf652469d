"""The targets as DICOM Segmentation: voxel for voxel what was measured, and valid to others."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from pydicom import dcmread

from rtcomplexity.case.reader import read_case
from rtcomplexity.cli.app import run
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.settings import Settings
from rtcomplexity.testing import write_sample

segread = pytest.importorskip("highdicom").seg.segread
NAME = "targets_seg.dcm"
CODES = {"GTV": "228791009", "CTV": "228792002", "PTV": "228793007", "ITV": "130056"}


@pytest.fixture(scope="module")
def plan(request):
    return request.config.rootpath / "sample_data" / "complex_central"


def evidence(plan, out, *options):
    assert run(["analyze", str(plan), "--out", str(out), "--quick", "--quiet", *options]) == 0
    return out


@pytest.fixture(scope="module")
def identified(plan, tmp_path_factory):
    out = evidence(plan, tmp_path_factory.mktemp("out") / "identified", "--identified")
    assert seg(out, plan) == 0
    return out


def seg(folder, plan):
    return run(["report", str(folder), "--format", "seg", "--plan", str(plan), "--quiet"])


def targets_in(folder):
    record = json.loads((folder / "evidence.json").read_text())
    return [roi for roi in record["rois"] if roi["target_class"] in CODES]


def test_voxel_volumes_and_places_are_those_that_were_measured(identified, plan):
    read = segread(identified / NAME)
    targets = targets_in(identified)
    assert read.number_of_segments == len(targets) >= 3
    case = read_case(plan, settings=Settings())
    measured, grid = MeasuredCase(case=case, settings=Settings()), case.planning_image.grid
    sources = [uid for _, _, uid in read.get_source_image_uids()]
    masks = read.get_pixels_by_source_instance(sources, ignore_spatial_locations=True)
    voxel_cm3 = grid.row_spacing_mm * grid.column_spacing_mm * grid.slice_spacing_mm / 1000
    rois = {roi.number: roi for roi in case.structure_set.rois}
    for segment, roi in enumerate(targets):
        volume = roi["metrics"]["shape.voxel_volume"]
        assert volume["unit"] == "cm3"
        assert masks[..., segment].sum() * voxel_cm3 == pytest.approx(volume["value"], rel=1e-5)
        own = measured.context(rois[roi["number"]]).runs.mask(tuple(slice(0, size) for size in (
            len(grid.slice_origins_mm), grid.rows, grid.columns
        )))  # fmt: skip
        places = [case.planning_image.sop_instance_uids.index(uid) for uid in sources]
        assert np.array_equal(masks[..., segment].astype(bool), own[places])
        assert own[places].sum() == own.sum()  # no slice was left out
        described = read.get_segment_description(segment + 1)
        assert described.segmented_property_type.value == CODES[roi["target_class"]]
        assert described.segment_label == roi["name"]


def test_it_lies_in_the_planning_images_frame_of_reference_and_study(identified, plan):
    dataset = dcmread(identified / NAME)
    image = read_case(plan, settings=Settings()).planning_image
    assert dataset.FrameOfReferenceUID == image.frame_of_reference_uid
    assert dataset.StudyInstanceUID == image.study_uid
    assert dataset.SegmentationType == "BINARY"


def test_a_target_that_meets_no_voxel_center_is_named(plan, tmp_path):
    copied = shutil.copytree(plan, tmp_path / "plan")
    (path,) = [each for each in copied.rglob("*.dcm") if dcmread(each, stop_before_pixels=True).Modality == "RTSTRUCT"]
    dataset = dcmread(path)
    number = next(roi.ROINumber for roi in dataset.StructureSetROISequence if roi.ROIName.startswith("GTV"))
    for roi in dataset.ROIContourSequence:
        for contour in roi.ContourSequence if roi.ReferencedROINumber == number else ():
            points = np.reshape(np.asarray(contour.ContourData, float), (-1, 3))
            corner, size_mm = points[0] + [0.35, 0.35, 0], 0.01 * (points - points[0])
            contour.ContourData = [f"{value:.3f}" for value in (corner + size_mm).ravel()]
    dataset.save_as(path)
    out = evidence(copied, tmp_path / "out", "--identified")
    assert seg(out, copied) == 0
    read, targets = segread(out / NAME), targets_in(out)
    assert read.number_of_segments == len(targets) - 1
    assert f"ROI {number}" not in {segment.TrackingID for segment in read.SegmentSequence}
    assert read.ContentDescription == f"Targets of the RT Structure Set; without voxels: {number}"


def test_two_runs_give_the_same_bytes_and_another_report_keeps_it(identified, plan, capsys):
    before = (identified / NAME).read_bytes()
    assert seg(identified, plan) == 0
    assert (identified / NAME).read_bytes() == before
    assert run(["report", str(identified), "--format", "csv", "--quiet"]) == 0
    assert (identified / NAME).read_bytes() == before
    assert run(["verify", str(identified)]) == 0
    capsys.readouterr()


def test_verify_with_the_plan_notices_another_segmentation(plan, tmp_path, capsys, monkeypatch):
    out = evidence(plan, tmp_path / "out", "--identified")
    assert seg(out, plan) == 0
    assert run(["verify", str(out), "--plan", str(plan)]) == 0
    with monkeypatch.context() as patched:  # sealed as its own, but of one slice less
        from rtcomplexity.evidence.formats.dicom import seg as module

        own = module._slices_met
        patched.setattr(module, "_slices_met", lambda targets: own(targets)[:-1])
        assert seg(out, plan) == 0
    capsys.readouterr()
    assert run(["verify", str(out)]) == 0
    assert run(["verify", str(out), "--plan", str(plan)]) == 5
    assert NAME in capsys.readouterr().out


@pytest.mark.parametrize(
    ("made", "given", "status", "said"),
    [
        ("--identified", None, 2, "--plan"),
        ("--identified", "another", 2, "another plan"),
        ("--de-identified", "same", 2, "--identified"),
    ],
)
def test_it_is_refused_without_the_plan_with_another_and_without_identity(
    plan, tmp_path, capsys, made, given, status, said
):
    out = evidence(plan, tmp_path / "out", made)
    if given == "another":
        write_sample("routine_sbrt", tmp_path / "other")
    where = {"same": plan, "another": tmp_path / "other"}.get(given)
    capsys.readouterr()
    arguments = ["report", str(out), "--format", "seg", *(["--plan", str(where)] if where else [])]
    assert run(arguments) == status
    assert said in capsys.readouterr().err
    assert not (out / NAME).exists()


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dicom3tools is not installed")
def test_an_independent_validator_finds_no_error_and_refuses_a_broken_control(identified, tmp_path):
    assert not errors_of(identified / NAME)
    broken = dcmread(identified / NAME)
    del broken.SegmentSequence[0].SegmentAlgorithmType
    broken.save_as(tmp_path / "broken.dcm")
    assert errors_of(tmp_path / "broken.dcm")


def errors_of(path):
    checked = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    return [line for line in (checked.stdout + checked.stderr).splitlines() if line.startswith("Error")]
