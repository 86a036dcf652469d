"""Volumes against the planning systems that drew them, through the whole of `analyze` (data's README has the truth)."""

import shutil

import pytest

from rtcomplexity import InputDataError, Settings, analyze
from rtcomplexity.case.reader import read_case
from rtcomplexity.case.target_names import parse_aliases
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.model.options import AnalyzeOptions
from sweep import sweep

pytestmark = [pytest.mark.real_data, pytest.mark.usefixtures("measured_once")]

XIO = {"Patient": 27573.5, "GTV-1": 155.9, "CTV-1": 275.2, "PTV-1": 589.9, "Lung L": 2219.4, "Lung R": 2957.4}
DICOMPYLER = {"Breast": 396.2, "Lt Lung": 2008.9, "Tumor Bed": 12.81, "Heart": 437.5, "Tumor Bed Block": 62.88}


@pytest.fixture(scope="module")
def xio(real_data):
    return analyze(real_data / "lung1_001").record


def roi(record, name):
    return next(roi for roi in record.rois if roi.name == name)


def value(record, name, key):
    return roi(record, name).metrics[key].value


def codes(record, subject=None):
    return {issue.code for issue in record.issues if subject is None or issue.subject == subject}


@pytest.mark.parametrize(("name", "cm3"), XIO.items())
def test_xio_volumes_are_met_within_a_thousandth(xio, name, cm3):
    assert value(xio, name, "shape.volume") == pytest.approx(cm3, rel=1e-3)
    assert value(xio, name, "shape.tps_volume") == cm3


def test_xio_cord_is_met_within_three_thousandths(xio):
    assert value(xio, "Spinal cord", "shape.volume") == pytest.approx(44.5, rel=3e-3)


def test_contours_that_stand_twice_count_once_and_the_systems_double_is_explained(xio):
    name = "1,SUV_primair"
    assert value(xio, name, "shape.volume") == pytest.approx(124.0, rel=1e-3)
    assert value(xio, name, "contour.count") == 170
    assert value(xio, name, "contour.distinct_count") == 85
    subject = f"roi:{roi(xio, name).number}"
    assert {"duplicate-contours", "tps-volume-differs"} <= codes(xio, subject)
    text = next(i.text for i in xio.issues if i.subject == subject and i.code == "tps-volume-differs")
    assert "248.1" in text
    assert "explains the TPS volume" in text


def test_point_rois_are_counted_and_have_no_volume(xio):
    marker = roi(xio, "I1")
    assert marker.metrics["contour.count"].value == 1
    assert marker.metrics["shape.volume"].value is None
    assert "point" in marker.metrics["shape.volume"].reason


def test_targets_typed_as_organs_are_classed_by_their_names(xio):
    classes = {name: (roi(xio, name).target_class, roi(xio, name).class_decided_by) for name in XIO}
    assert classes["GTV-1"] == ("GTV", "name")
    assert classes["CTV-1"] == ("CTV", "name")
    assert classes["PTV-1"] == ("PTV", "name")
    assert classes["Patient"] == ("EXTERNAL", "interpreted_type")


def test_of_both_sets_the_one_that_refers_to_the_images_is_chosen_and_the_reason_given(xio):
    chosen = xio.plan.structure_set
    assert len(chosen.alternatives) == 1
    assert len(xio.rois) == 17
    assert "134 of 134" in chosen.link_text
    assert chosen.chosen_because


def test_a_set_that_shares_no_uid_with_the_images_gets_volumes_but_no_verdict(real_data, tmp_path):
    shutil.copytree(real_data / "lung1_001" / "ct", tmp_path / "ct")
    shutil.copy(real_data / "lung1_001" / "rtstruct" / "RS_aria.dcm", tmp_path)
    record = analyze(tmp_path).record
    assert value(record, "GTV-1", "shape.volume") == pytest.approx(156, rel=5e-3)
    assert value(record, "GTV-1", "contour.count") == 21
    assert record.verdict.value == "insufficient_evidence"
    assert "unlinked-but-positions-agree" in codes(record)


@pytest.mark.parametrize("patient", sweep(["STS_001", "STS_002", "STS_003", "STS_007", "STS_010", "STS_013"]))
def test_the_set_drawn_on_ct_is_chosen_though_every_image_reference_dangles(real_data, patient):
    record = analyze(real_data / "sts" / patient).record
    assert record.plan.planning_image.modality == "CT"
    assert [r.name for r in record.rois] == ["GTV_Mass_CT"]
    assert record.plan.structure_set.link in {"series_uid", "frame_of_reference"}
    volume, voxels = (value(record, "GTV_Mass_CT", f"shape.{key}") for key in ("volume", "voxel_volume"))
    assert voxels == pytest.approx(volume, rel=0.01)
    assert record.verdict.value != "supports"


def test_the_ibsi_ct_phantom_has_its_exact_number_of_voxels(real_data):
    """Tools that round vertices to pixels count 128,464 or 128,706; a non-zero fill 125,257."""
    settings = Settings()
    case = read_case(real_data / "ibsi" / "ct_phantom", settings=settings)
    grid = contouring_grid(case.planning_image.grid, case.structure_set.rois, settings)
    assert RoiContext(roi=case.structure_set.rois[0], grid=grid, settings=settings).runs.count == 125_256


@pytest.fixture(scope="module")
def breast(real_data):
    return analyze(real_data / "dicompyler").record


@pytest.mark.parametrize(("name", "cm3"), DICOMPYLER.items())
def test_a_breast_plans_volumes_are_within_three_per_cent(breast, name, cm3):
    assert value(breast, name, "shape.volume") == pytest.approx(cm3, rel=0.03)


def test_a_set_broken_by_line_ending_conversion_is_an_error_not_an_empty_success(real_data):
    with pytest.raises(InputDataError) as caught:
        analyze(real_data / "malformed" / "rtstruct_crlf_corrupted.dcm")
    assert caught.value.exit_code == 3


def test_the_suv_reference_objects_run_with_their_region_named_as_target(real_data):
    record = analyze(real_data / "suv_dro" / "DRO_0_0", AnalyzeOptions(aliases=parse_aliases(["region_1=GTV"]))).record
    assert roi(record, "region_1").target_class == "GTV"
    assert roi(record, "region_1").class_decided_by == "alias"
    assert record.plan.planning_image.modality == "PT"
    assert record.verdict.value == "insufficient_evidence"
