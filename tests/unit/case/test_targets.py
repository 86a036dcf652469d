"""Target classes of the ROIs of a structure set."""

import pytest

from rtcomplexity.case.target_names import NO_ALIASES
from rtcomplexity.case.targets import classify_rois
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.errors import LimitExceededError
from rtcomplexity.model.issue import Severity
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


@pytest.mark.parametrize("name", ["Zielvolumen", "Volumen objetivo 2", "Target_Volume", "靶区", "Мишень"])
def test_a_target_volume_that_is_not_said_to_be_which_is_asked_about(name):
    found, issues = read(
        structure_set([roi(4, name, [contour()]), roi(5, "Box", [contour()])], SpecificCharacterSet="ISO_IR 192")
    )
    assert found.rois[0].target_class is TargetClass.UNRESOLVED
    assert codes(issues) == {("target-class-open", "plan"), ("target-class-unresolved", "plan")}
    assert "ROIs 4." in next(issue.text for issue in issues if issue.code == "target-class-open")


@pytest.mark.parametrize(("name", "kind"), [("Zielvolumen", "PTV"), ("GTV target volume", ""), ("Box", "")])
def test_a_target_whose_class_is_known_and_a_name_that_says_no_target_are_not(name, kind):
    assert "target-class-open" not in {
        issue.code for issue in read(structure_set([roi(4, name, [contour()], kind=kind)]))[1]
    }


def test_a_target_without_a_closed_contour_is_an_issue():
    _, issues = read(structure_set([roi(1, "GTV", [contour(kind="POINT")]), roi(2, "PTV", [contour()])]))
    assert codes(issues) == {("target-without-area", "plan")}


@pytest.mark.parametrize(
    ("kinds", "severity", "text"),
    [
        (
            ("CLOSED_PLANAR", "OPEN_PLANAR", "POINT"),
            Severity.WARNING,
            "2 of 3 contours of this target are open lines or",
        ),
        (("CLOSED_PLANAR", "POINT"), Severity.INFO, "1 of 2 contour"),
    ],
)
def test_a_target_with_open_contours_beside_closed_ones_is_an_issue(kinds, severity, text):
    (issue,) = read(structure_set([roi(1, "GTV", [contour(kind=kind) for kind in kinds])]))[1]
    assert (issue.code, issue.subject, issue.severity) == ("target-with-open-contours", "roi:1", severity)
    assert issue.text.startswith(text)


@pytest.mark.parametrize(("name", "kinds"), [("Heart", ("CLOSED_PLANAR", "POINT")), ("GTV", ("CLOSEDPLANAR_XOR",) * 2)])
def test_open_contours_of_an_organ_and_closed_ones_of_a_target_are_none(name, kinds):
    assert read(structure_set([roi(1, name, [contour(kind=kind) for kind in kinds])]))[1] == ()


def test_more_targets_than_the_limit_are_refused():
    with pytest.raises(LimitExceededError, match="more than 1 targets"):
        read(structure_set([roi(1, "GTV", [contour()]), roi(2, "PTV", [contour()])]), Settings(max_targets=1))


def test_the_words_that_decided_stand_with_each_roi():
    found, _ = read(structure_set([roi(1, "GTV-1", [contour()]), roi(2, "GTVring", [contour()], kind="CONTROL")]))
    assert [one.class_words for one in found.rois] == [("gtv",), ("gtv", "ring")]


def test_structures_made_from_targets_are_listed_with_their_words():
    made = [
        roi(1, "GTVring", [contour()], kind="CONTROL"),
        roi(2, "Lungs_GTV", [contour()]),
        roi(3, "GTV", [contour()]),
    ]
    _, issues = read(structure_set(made))
    assert codes(issues) == {("target-planning-structures", "plan")}
    assert "1, 2" in issues[0].text
    assert "gtv, lungs, ring" in issues[0].text


@pytest.mark.parametrize("name", ["GTV NT", "CTV not boost", "GTV_norm", "Lung GTV"])
def test_doubtful_words_are_an_issue_of_their_own(name):
    _, issues = read(structure_set([roi(1, name, [contour()])]))
    assert codes(issues) == {("target-name-doubtful", "roi:1")}


def test_a_generic_type_that_holds_against_a_longer_name_is_told():
    found, issues = read(structure_set([roi(1, "Mystery GTV shadow", [contour()], kind="AVOIDANCE")]))
    assert found.rois[0].target_class is TargetClass.OAR
    assert codes(issues) == {("target-class-conflict", "roi:1")}
    assert "AVOIDANCE" in issues[0].text
    assert "GTV" in issues[0].text


def test_a_name_that_holds_against_a_target_type_is_told():
    found, issues = read(structure_set([roi(1, "GTV+5mm", [contour()], kind="GTV")]))
    assert found.rois[0].target_class is TargetClass.OTHER
    assert codes(issues) == {("target-class-conflict", "roi:1")}


def test_no_issue_tells_a_word_that_is_not_of_the_vocabulary():
    _, issues = read(
        structure_set([roi(1, "Qwxzy GTV 19560312 ring", [contour()]), roi(2, "Qwxzy-GTV 1956", [contour()])])
    )
    assert len(issues) == 2
    assert not any("qwx" in issue.text.lower() or "1956" in issue.text for issue in issues)
