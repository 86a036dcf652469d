"""Images whose slices carry several Series Instance UIDs: joined where a structure set and geometry say so."""

import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.settings import Settings
from unit.dicom.datasets import TURNED, contour, roi, save, slices, structure_set

POSITIONS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)


def read(folder, series, *, positions=POSITIONS, named=range(6), changed=None, **values):
    """Read a plan each slice of which lies in the series of that letter; the contours name some of them."""
    made = slices(positions, **values)
    for letter, dataset in zip(series, made, strict=True):
        dataset.SeriesInstanceUID = f"1.7.{ord(letter)}"
    for k, change in (changed or {}).items():
        for name, value in change.items():
            setattr(made[k], name, value)
    for number, dataset in enumerate(made):
        save(folder, f"{number}", dataset)
    rings = [
        contour(rf"0\0\{positions[k]}\9\0\{positions[k]}\0\9\{positions[k]}", image_uid=made[k].SOPInstanceUID)
        for k in named
    ]
    save(folder, "set", structure_set([roi(1, "GTV", rings)]))
    return read_case(folder, settings=Settings())


def sizes(case):
    return sorted(len(series.sop_instance_uids) for one in case.image_sets for series in one.series)


def codes(case):
    return {issue.code: issue.text for issue in case.issues}


@pytest.mark.parametrize("series", ["aaabbb", "aabbcc", "abcdef"])
def test_series_that_follow_each_other_and_are_named_together_are_one_image(tmp_path, series):
    case = read(tmp_path, series, orientation=(1, 0, 0, 0, 1, 0))
    assert sizes(case) == [6]
    assert f"{len(set(series))} Series or Study Instance UIDs" in codes(case)["series-joined"]
    assert "roi-on-several-series" not in codes(case)


def test_slices_of_one_series_that_carry_a_study_each_are_one_image(tmp_path):
    case = read(tmp_path, "aaaaaa", changed={k: {"StudyInstanceUID": f"1.4.{k}"} for k in range(6)})
    assert sizes(case) == [6]
    assert "6 Series or Study Instance UIDs" in codes(case)["series-joined"]


def test_oblique_series_are_joined_too(tmp_path):
    assert sizes(read(tmp_path, "aaabbb", orientation=TURNED)) == [6]


def test_a_slice_that_no_contour_names_belongs_to_the_image_that_is_called_alike(tmp_path):
    assert sizes(read(tmp_path, "abcdef", named=(2, 3))) == [6]


@pytest.mark.parametrize(
    ("series", "options", "expected"),
    [
        ("aaabbb", {"named": range(3)}, [3, 3]),
        ("ababab", {}, [3, 3]),
        ("aaabbb", {"positions": (0.0, 2.0, 4.0, 4.0, 6.0, 8.0)}, [3, 3]),
        ("aaabbb", {"positions": (0.0, 2.0, 4.0, 10.0, 12.0, 14.0)}, [3, 3]),
        ("aaabbb", {"FrameOfReferenceUID": ""}, [3, 3]),
    ],
    ids=["named alone", "between each other", "overlapping", "apart", "no frame"],
)
def test_series_that_may_be_two_images_stay_apart(tmp_path, series, options, expected):
    case = read(tmp_path, series, **options)
    assert sizes(case) == expected
    assert "series-joined" not in codes(case)


@pytest.mark.parametrize("change", [{"PixelSpacing": [1.0, 1.6]}, {"Rows": 9}, {"ImagePositionPatient": [30, 0, 8]}])
def test_a_part_of_another_grid_or_place_stays_apart(tmp_path, change):
    assert sizes(read(tmp_path, "aaaabb", changed={4: change, 5: change | _next(change)})) == [2, 4]


def _next(change):
    """The same for the next slice, which lies elsewhere."""
    return {"ImagePositionPatient": [30, 0, 10]} if "ImagePositionPatient" in change else {}
