"""What is odd about how contours lie on the planning image."""

import numpy as np
import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.settings import Settings
from unit.dicom.datasets import TURNED, contour, roi, save, slices, structure_set

POSITIONS = (30.0, 33.0, 36.0, 39.0, 42.0)
SQUARE = ((0, 0), (9, 0), (9, 6), (0, 6))


def data(points):
    return "\\".join(f"{value:.6g}" for point in points for value in point)


def read(folder, contours, *, frame="1.9", positions=POSITIONS, **values):
    for number, dataset in enumerate(slices(positions, **values)):
        save(folder, f"{number}", dataset)
    drawn = [
        roi(n, f"GTV {n}", [contour(data(points)) for points in each], frame=frame) for n, each in contours.items()
    ]
    save(folder, "set", structure_set(drawn))
    return {issue.code: issue.text for issue in read_case(folder, settings=Settings()).issues}


def axial(scale=1.0, positions=POSITIONS):
    return [[(x * scale, y * scale, z * scale) for x, y in SQUARE] for z in positions]


def test_planes_that_would_lie_on_slices_in_centimeters_are_told(tmp_path):
    issues = read(tmp_path, {1: axial(0.1)})
    assert issues["contours-maybe-in-cm"].startswith(
        "0 of 5 contour planes lie on slices of the planning image; if the"
    )
    assert "in centimeters, 5 would" in issues["contours-maybe-in-cm"]


@pytest.mark.parametrize(
    "contours",
    [axial(), axial(0.1, POSITIONS[:2]), axial(positions=(31.0, 34.0, 37.0)), axial(0.17)],
    ids=["millimeters", "two planes", "between slices", "no unit"],
)
def test_planes_that_lie_on_slices_or_on_none_in_any_unit_are_not(tmp_path, contours):
    assert "contours-maybe-in-cm" not in read(tmp_path, {1: contours})


def sagittal():
    return [[(x, y, 33.0 + z) for y, z in SQUARE] for x in (0.0, 3.0)]


def test_contours_across_the_slices_are_told_by_number_and_not_said_to_be_off_slices(tmp_path):
    issues = read(tmp_path, {1: axial(), 2: sagittal()})
    assert issues["contours-across-slices"].startswith("The contours of ROIs 2 are not parallel")
    assert "contours-off-slices" not in issues


def test_contours_of_another_frame_are_not_said_to_be_across(tmp_path):
    assert "contours-across-slices" not in read(tmp_path, {2: sagittal()}, frame="9.8")


def test_contours_on_oblique_slices_lie_along_them(tmp_path):
    row, column = np.array(TURNED[:3]), np.array(TURNED[3:])
    along = [[x * row + y * column + z * np.cross(row, column) for x, y in SQUARE] for z in POSITIONS]
    issues = read(tmp_path, {1: along, 2: axial()}, orientation=TURNED)
    assert issues["contours-across-slices"].startswith("The contours of ROIs 2 are")


@pytest.mark.parametrize(
    ("positions", "contours", "is_told"),
    [
        ((30.0,), axial(positions=(30.0,)), True),
        ((30.0,), axial(), False),
        (POSITIONS, axial(positions=(30.0,)), False),
    ],
    ids=["one slice", "several planes", "several slices"],
)
def test_a_volume_that_rests_on_the_slice_thickness_is_told(tmp_path, positions, contours, is_told):
    issues = read(tmp_path, {4: contours}, positions=positions)
    assert ("slice-thickness-used" in issues) is is_told
    assert not is_told or "ROIs 4 lie on one plane" in issues["slice-thickness-used"]
