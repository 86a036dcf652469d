"""Pictures of planes that differ."""

import re
from pathlib import Path

import pytest

from rtcomplexity.compare.comparison import compare
from rtcomplexity.compare.plane_pictures import MOST_PLANES, plane_pictures

SAMPLE = Path(__file__).parents[3] / "sample_data" / "auto_vs_final"


@pytest.fixture(scope="module")
def pairs():
    found = compare(SAMPLE / "auto.dcm", SAMPLE / "final.dcm", tolerance_mm=1.0)
    return {each.match.first.roi.name: each.pair for each in found.compared}


def test_edited_planes_are_drawn_in_order_with_the_area_that_differs(pairs):
    drawn = plane_pictures(pairs["GTV"])
    positions = [float(re.search(r"at (-?[\d.]+) mm", each.text).group(1)) for each in drawn]
    assert positions == [-12, 3, 6, 9, 12]
    assert all("fill-rule" in each.svg for each in drawn)


def test_the_area_of_a_plane_left_out_is_all_of_it(pairs):
    """The disc of the sphere of 15 mm radius at z = -12: pi (225 - 144) = 2.54 cm2."""
    assert plane_pictures(pairs["GTV"])[0].text == "Plane at -12.0 mm: 2.54 cm² differ."


def test_what_was_not_edited_has_no_picture(pairs):
    assert plane_pictures(pairs["Esophagus"]) == ()


def test_no_more_than_the_most_planes_are_drawn(pairs):
    assert len(plane_pictures(pairs["Heart"])) <= MOST_PLANES
