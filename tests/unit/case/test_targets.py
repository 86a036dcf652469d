"""Target classes of the ROIs of a structure set."""

import pytest

from rtcomplexity.case.target_names import NO_ALIASES
from rtcomplexity.case.targets import classify_rois
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.errors import LimitExceededError
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.settings import Settings
from unit.dicom.datasets import contour, roi, structure_set, to_bytes


def read(dataset, settings=None):
    found, _ = read_structure_set(to_bytes(dataset), settings=Settings())
    return classify_rois(found, NO_ALIASES, settings or Settings())


def codes(issues):
    return {(issue.code, issue.subject) for issue in issues}


def test_type_and_name_that_disagree_are_an_issue_and_the_type_holds():
    found, issues = read(structure_set([roi(1, "PTV", [contour()], kind="GTV")]))
    assert found.rois[0].target_class is TargetClass.GTV
    assert codes(issues) == {("target-class-conflict", "roi:1")}


def test_a_typed_target_marked_as_not_for_evaluation_is_no_target_and_said_so():
    found, issues = read(structure_set([roi(1, "zPTV", [contour()], kind="PTV")]))
    assert found.rois[0].target_class is TargetClass.OTHER
    assert codes(issues) == {("target-class-conflict", "roi:1")}


def test_unresolved_rois_and_pet_thresholds_are_listed():
    _, issues = read(structure_set([roi(5, "Box", [contour()]), roi(6, "1,SUV_primair", [contour()])]))
    assert codes(issues) == {("target-class-unresolved", "plan"), ("target-from-pet", "roi:6")}


def test_a_target_without_a_closed_contour_is_an_issue():
    _, issues = read(structure_set([roi(1, "GTV", [contour(kind="POINT")]), roi(2, "PTV", [contour()])]))
    assert codes(issues) == {("target-without-area", "plan")}


def test_more_targets_than_the_limit_are_refused():
    with pytest.raises(LimitExceededError, match="more than 1 targets"):
        read(structure_set([roi(1, "GTV", [contour()]), roi(2, "PTV", [contour()])]), Settings(max_targets=1))
