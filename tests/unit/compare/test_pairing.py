"""Which ROI is compared with which, by name alone: these enclose nothing."""

import pytest

from rtcomplexity.compare.delineation import Delineation
from rtcomplexity.compare.pairing import match_rois
from rtcomplexity.compare.sides import ComparedRoi
from rtcomplexity.model.structure_set import Contours, Roi


def side(*names):
    return [
        ComparedRoi(
            roi=Roi(number=number, name=name, contours=Contours.empty()), delineation=Delineation(name=name, stack=None)
        )
        for number, name in enumerate(names, start=1)
    ]


def matched(first, second):
    found = match_rois(side(*first), side(*second), "names").matches
    return {(each.first.roi.name, each.second.roi.name) for each in found}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Heart", "Heart"), ("GTV-1", "gtv 1"), ("optic nerve rt", "OpticNrv_R"), ("Lung left", "L Lung")],
)
def test_names_of_one_thing_are_matched_however_they_are_spelled(one, other):
    assert (one, other) in matched([one, "Esophagus"], ["Cord", other])


def test_the_other_side_of_the_body_is_not_matched():
    assert matched(["optic nerve rt", "Heart"], ["OpticNrv_L", "Cord"]) == set()


def test_an_exact_name_is_preferred_to_a_spelling():
    assert matched(["OpticNrv_R", "optic nerve rt"], ["optic nerve rt", "OpticNrv_R"]) == {
        ("OpticNrv_R", "OpticNrv_R"),
        ("optic nerve rt", "optic nerve rt"),
    }


def test_a_name_that_repeats_decides_nothing():
    assert matched(["GTV", "GTV"], ["GTV", "Heart"]) == set()
