"""Image series: order, grids, and slices that do not fit. Orientation is oblique and spacings differ throughout."""

import numpy as np
import pytest
from pydicom.sequence import Sequence

from rtcomplexity.case import image_series
from rtcomplexity.case.image_series import build_series
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.settings import Settings
from unit.dicom.datasets import AXIAL, ENHANCED_CT, MR, PT, TURNED, item, new, save, slices


@pytest.fixture
def build(tmp_path):
    """Write slices in any order and build series of them."""

    def built(*groups):
        for number, one in enumerate(dataset for group in groups for dataset in group):
            save(tmp_path, f"{number}", one)
        return build_series(index_folder(tmp_path, settings=Settings()).images, settings=Settings())

    return built


def findings(series):
    return [finding.code for one in series for finding in one.findings]


@pytest.mark.parametrize("orientation", [AXIAL, TURNED, (0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0)])
def test_slices_are_ordered_along_their_normal_whatever_their_numbers(build, orientation):
    positions = [7, -2, 1, 4, -5]
    made = slices(positions, orientation=orientation, offset=(3, -8))
    for number, one in enumerate(made):
        one.InstanceNumber, one.SliceLocation = 50 - number, number
    (found,), issues = build(made)
    grid = found.series.grid
    assert grid.slice_positions_mm == pytest.approx(sorted(positions), abs=1e-6)
    assert found.series.sop_instance_uids == tuple(f"1.7.{number}" for number in (5, 2, 3, 4, 1))
    assert grid.slice_spacing_mm == pytest.approx(3)
    assert issues == ()
    assert findings([found]) == []


def test_row_spacing_comes_first_and_rows_are_not_columns(build):
    (found,), _ = build(slices([0, 2], orientation=TURNED))
    grid = found.series.grid
    assert (grid.row_spacing_mm, grid.column_spacing_mm, grid.rows, grid.columns) == (0.5, 0.8, 5, 7)
    assert grid.row_direction == pytest.approx(np.array(TURNED[:3]), abs=1e-6)


def test_hashes_and_paths_follow_the_order(build):
    (found,), _ = build(slices([4, 0]))
    assert [path.name for path in found.series.paths] == ["1", "0"]
    assert len(set(found.series.file_sha256s)) == 2
    assert found.series.frame_indices == ()


def test_series_studies_frames_and_modalities_stay_apart(build):
    found, _ = build(
        slices([0, 1]),
        slices([0, 1], root="1.8"),
        slices([0, 1], root="1.81", FrameOfReferenceUID="1.99"),
        slices([0, 1], root="1.82", sop_class=MR, modality="MR"),
        slices([0, 1], root="1.83", sop_class=PT, modality="PT", Units="BQML"),
    )
    assert [one.series.modality for one in found] == ["CT", "CT", "CT", "MR", "PT"]
    assert found[-1].series.units == "BQML"


def test_missing_slices_are_a_finding(build):
    (found,), _ = build(slices([0, 3, 6, 15, 18]))
    assert findings([found]) == ["missing-slices"]
    assert "About 2 slices are missing at 1 position" in found.findings[0].text


def test_non_uniform_spacing_is_a_finding(build):
    (found,), _ = build(slices([0, 3.27, 6.56, 9.75]))
    assert findings([found]) == ["non-uniform-slice-spacing"]
    assert "3.19 to 3.29 mm" in found.findings[0].text


def test_gantry_tilt_is_a_finding(build):
    tilted = [
        one for k in range(4) for one in slices([3 * k], offset=(0, 1.0 * k), root=f"1.7.{k}", SeriesInstanceUID="1.7")
    ]
    (found,), _ = build(tilted)
    assert findings([found]) == ["gantry-tilt"]
    assert "18.4°" in found.findings[0].text


def test_slices_shifted_at_random_are_a_finding(build):
    shifts = [0, 2, 0, -3]
    made = [
        one
        for k, x in enumerate(shifts)
        for one in slices([3 * k], offset=(x, 0), root=f"1.7.{k}", SeriesInstanceUID="1.7")
    ]
    assert findings(build(made)[0]) == ["shifted-slices"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ({"ImagePositionPatient": None}, "position is missing"),
        ({"ImageOrientationPatient": None}, "orientation is missing"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "right angle"),
        ({"ImageOrientationPatient": [2, 0, 0, 0, 1, 0]}, "right angle"),
        ({"PixelSpacing": None}, "pixel spacing is missing"),
        ({"PixelSpacing": [0, 1]}, "pixel spacing is not within"),
        ({"PixelSpacing": [-1, 1]}, "pixel spacing is not within"),
        ({"PixelSpacing": [1, 4000]}, "pixel spacing is not within"),
        ({"Rows": 0}, "rows or columns"),
        ({"Columns": 65535}, "rows or columns"),
    ],
)
def test_one_bad_slice_is_left_out_and_said(build, spoil, says):
    made = slices([0, 1, 2])
    for name, value in spoil.items():
        setattr(made[1], name, value)
    (found,), issues = build(made)
    assert len(found.series.paths) == 2
    assert [(issue.code, issue.subject) for issue in issues] == [("slices-left-out", "input")]
    assert says in issues[0].text


def test_a_localizer_in_the_series_is_split_off_and_not_counted(build):
    scout = slices([0], root="1.7.99", orientation=(0, 1, 0, 0, 0, -1), SeriesInstanceUID="1.7", Rows=9)
    scout[0].ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    found, _ = build(slices([0, 1, 2]), scout)
    assert [(len(one.series.paths), one.not_counted_because) for one in found] == [(3, ""), (1, "localizer")]
    assert findings(found) == ["mixed-series", "mixed-series"]


def turned(degrees):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (cosine, sine, 0.0, -sine, cosine, 0.0)


def turned_slice(number, degrees):
    return slices([number], root=f"1.7.{number}", SeriesInstanceUID="1.7", orientation=turned(degrees))


@pytest.mark.parametrize("degrees", [0.0, 17.3, 45.0, 90.0, 123.4, 200.1])
@pytest.mark.parametrize(("further", "stacks"), [(0.05, 1), (-0.05, 1), (0.2, 2), (-0.2, 2)])
def test_orientations_within_a_thousandth_are_one_stack_wherever_they_lie(build, degrees, further, stacks):
    """By 0.05 degrees cosines change by 0.0009 at most, by 0.2 degrees one changes by 0.0024 at least."""
    found, _ = build(turned_slice(0, degrees), turned_slice(1, degrees + further))
    assert len(found) == stacks


def test_a_series_of_many_orientations_compares_each_with_few(build, monkeypatch):
    compared, belongs = [], image_series._belongs
    monkeypatch.setattr(image_series, "_belongs", lambda *both: compared.append(1) or belongs(*both))
    found, _ = build(*(turned_slice(number, number) for number in range(90)))
    assert len(found) == 90
    assert len(compared) < 2 * 90


@pytest.mark.parametrize(
    ("values", "because"),
    [
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "derived (projection or average)"),
        ({"SeriesDescription": "4D AVG"}, "derived (projection or average)"),
        ({"SeriesDescription": "XVI scan"}, "cone-beam CT"),
        ({"ManufacturerModelName": "On-Board Imager"}, "cone-beam CT"),
        ({"ImageType": ["DERIVED", "SECONDARY"]}, ""),
    ],
)
def test_what_is_no_image_set_of_its_own_is_marked(build, values, because):
    (found,), _ = build(slices([0, 1], **values))
    assert found.not_counted_because == because


def test_phases_in_one_series_are_split_by_what_tells_them_apart(build):
    phases = [
        one
        for phase in range(3)
        for one in slices([0, 2, 4], root=f"1.7.{phase}", SeriesInstanceUID="1.7", TemporalPositionIdentifier=phase + 1)
    ]
    found, _ = build(phases)
    assert [(one.phase, len(one.series.paths)) for one in found] == [(0, 3), (1, 3), (2, 3)]
    assert findings(found) == []


def test_duplicate_positions_that_nothing_tells_apart_are_a_finding_and_have_no_value(build):
    (found, rest), _ = build(slices([0, 2, 4]), slices([2], root="1.7.9", SeriesInstanceUID="1.7"))
    assert findings([found]) == ["duplicate-slice-positions"]
    assert len(found.series.paths) == 3
    assert found.series.ambiguous_slices == (1,)
    assert (len(rest.series.paths), bool(rest.not_counted_because)) == (1, True)


def test_one_slice_takes_its_spacing_from_slice_thickness(build):
    (found,), _ = build(slices([0]))
    assert found.series.grid.slice_spacing_mm == 99


def test_an_enhanced_image_is_a_stack_of_frames(build):
    dataset = new(ENHANCED_CT, "1.7.1", Modality="CT", FrameOfReferenceUID="1.9", Rows=5, Columns=7)
    measures = item(PixelSpacing=[0.5, 0.8], SliceThickness=2)
    shared = item(
        PixelMeasuresSequence=[measures],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[f"{v:.9g}" for v in TURNED])],
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    normal = np.cross(TURNED[:3], TURNED[3:])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(
        [item(PlanePositionSequence=[item(ImagePositionPatient=[f"{v:.9g}" for v in k * normal])]) for k in (4, 0, 2)]
    )
    (found,), issues = build([dataset])
    assert found.series.grid.slice_positions_mm == pytest.approx([0, 2, 4], abs=1e-6)
    assert found.series.frame_indices == (1, 2, 0)
    assert len(set(found.series.paths)) == 1
    assert issues == ()


@pytest.mark.parametrize(
    ("keyword", "number"), [("TemporalPositionIndex", "phase"), ("FrameAcquisitionNumber", "volume")]
)
def test_the_phases_of_an_enhanced_image_stand_in_the_order_of_their_numbers(build, keyword, number):
    dataset = new(ENHANCED_CT, "1.7.1", Modality="CT", FrameOfReferenceUID="1.9", Rows=5, Columns=7)
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.8], SliceThickness=2)],
        PlaneOrientationSequence=[item(ImageOrientationPatient=list(AXIAL))],
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    numbers = [300, 9, 10, 1]
    dataset.PerFrameFunctionalGroupsSequence = Sequence(
        [
            item(
                PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])],
                FrameContentSequence=[item(**{keyword: number})],
            )
            for number in numbers
            for z in (0, 2)
        ]
    )
    found, _ = build([dataset])
    assert [(getattr(one, number), numbers[one.series.frame_indices[0] // 2]) for one in found] == [
        (0, 1),
        (1, 9),
        (2, 10),
        (3, 300),
    ]
