"""Volumes of one series taken apart: what the headers state, the order of making, the contours, and copies."""

import numpy as np
import pytest

from rtcomplexity.case.image_series import build_series
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.settings import Settings
from unit.dicom.datasets import MR, PT, TURNED, save, slices

POSITIONS = [0, 2, 4.5, 7]


def with_pixels(made, value):
    for one in made:
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation, one.SamplesPerPixel = 15, 0, 1
        one.PixelData = np.full((one.Rows, one.Columns), value, "<u2").tobytes()
    return made


def volume(number, positions=POSITIONS, **values):
    """One volume of a series; its UIDs begin with 1.7.NUMBER."""
    made = slices(positions, root=f"1.7.{number}", orientation=TURNED, **({"SeriesInstanceUID": "1.7"} | values))
    return with_pixels(made, 100 * (number + 1))


@pytest.fixture
def build(tmp_path):
    def built(*groups, references=()):
        for number, one in enumerate(dataset for group in groups for dataset in group):
            save(tmp_path, f"{number}", one)
        index = index_folder(tmp_path, settings=Settings())
        return build_series(index.images, settings=Settings(), references=references)[0]

    return built


def numbers(found):
    """Which volume each slice of each series is of."""
    return [sorted({uid.split(".")[2] for uid in one.series.sop_instance_uids}) for one in found]


def codes(found):
    return [finding.code for one in found for finding in one.findings if finding.code != "non-uniform-slice-spacing"]


@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("DiffusionBValue", [0.0, 500.0, 1500.0]),
        ("EchoTime", [4.6, 13.8, 23.0]),
        ("FrameReferenceTime", [60_000.0, 360_000.0, 1_200_000.0]),
        ("AcquisitionNumber", [1, 2, 10]),
        ("AcquisitionTime", ["100000", "100500", "101000"]),
        ("ConvolutionKernel", ["B30f", "B50f", "B70f"]),
        ("ImageComments", ["early", "late", "later"]),
    ],
)
def test_a_header_value_that_differs_at_every_position_tells_volumes_that_are_no_phases(build, keyword, values):
    found = build(*(volume(number, **{keyword: value}) for number, value in reversed(list(enumerate(values)))))
    assert numbers(found) == [["0"], ["1"], ["2"]]
    assert [one.volume for one in found] == [0, 1, 2]
    assert [one.is_phase for one in found] == [False] * 3
    assert codes(found) == ["several-volumes-in-series"]


@pytest.mark.parametrize(
    "keyword", ["TemporalPositionIdentifier", "TriggerTime", "NominalPercentageOfRespiratoryPhase"]
)
def test_phases_of_a_cycle_are_told_by_their_own_elements(build, keyword):
    found = build(*(volume(number, **{keyword: 25 * number}) for number in range(4)))
    assert [one.phase for one in found] == [0, 1, 2, 3]
    assert codes(found) == []


@pytest.mark.parametrize("keyword", ["TemporalPositionIdentifier", "TriggerTime"])
def test_time_positions_of_an_mr_are_contrast_dynamics_not_phases(build, keyword):
    made = (volume(number, sop_class=MR, modality="MR", **{keyword: 40 * number + 1}) for number in range(3))
    found = build(*made)
    assert [(one.phase, one.volume) for one in found] == [(None, 0), (None, 1), (None, 2)]


def test_directions_of_one_b_value_are_told_apart_after_the_b_value(build):
    b_values = [0.0, 500.0, 500.0]
    made = [volume(number, sop_class=MR, modality="MR", DiffusionBValue=b) for number, b in enumerate(b_values)]
    for number, group in enumerate(made):
        for one in group:
            one.DiffusionGradientOrientation = [float(number == 1), float(number == 2), 0.0]
    assert numbers(build(*made)) == [["0"], ["2"], ["1"]]


def test_two_passes_that_overlap_in_part_stay_two_whole_volumes(build):
    found = build(volume(0, [0, 2, 4], AcquisitionNumber=1), volume(1, [4, 6, 8], AcquisitionNumber=2))
    assert numbers(found) == [["0"], ["1"]]
    assert [len(one.series.paths) for one in found] == [3, 3]


def test_times_that_every_slice_has_of_its_own_tell_passes_by_their_order_at_each_position(build):
    first, second = volume(0), volume(1)
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        one.AcquisitionTime, other.AcquisitionTime = f"10000{number}", f"10010{number}"
    assert numbers(build(first, second)) == [["0"], ["1"]]


@pytest.mark.parametrize("in_turn", [True, False])
def test_instance_numbers_tell_volumes_where_they_run_through_one_after_the_other_or_by_position(build, in_turn):
    first, second = volume(0), volume(1)
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        one.InstanceNumber = 2 * number if in_turn else number
        other.InstanceNumber = one.InstanceNumber + (1 if in_turn else 100)
    assert numbers(build(first, second)) == [["0"], ["1"]]


@pytest.mark.parametrize("wanted", [0, 1])
def test_the_volume_that_contours_reference_counts_where_no_header_tells(build, wanted):
    named = frozenset(f"1.7.{wanted}.{number}" for number in (1, 2, 3, 4))
    found = build(volume(0), volume(1), references=[named])
    assert numbers(found) == [[str(wanted)], [str(1 - wanted)]]
    assert found[0].series.ambiguous_slices == ()
    assert not found[0].not_counted_because
    assert found[1].not_counted_because.startswith("further images at the positions")
    assert codes(found) == ["duplicate-slice-positions"]


def test_where_contours_reference_some_slices_the_others_have_no_value(build):
    found = build(volume(0), volume(1), references=[frozenset({"1.7.1.2", "1.7.1.3"})])
    assert found[0].series.sop_instance_uids[1:3] == ("1.7.1.2", "1.7.1.3")
    assert found[0].series.ambiguous_slices == (0, 3)
    assert codes(found) == ["duplicate-slice-positions"] * 2


def test_two_sets_that_reference_a_copy_each_have_a_volume_each(build):
    sets = [frozenset(f"1.7.{volume}.{number}" for number in (1, 2, 3, 4)) for volume in (1, 0)]
    found = build(volume(0), volume(1), references=sets)
    assert numbers(found) == [["1"], ["0"]]
    assert [one.not_counted_because for one in found] == ["", ""]


def test_copies_pixel_by_pixel_count_once_and_are_certain(build):
    copy = volume(1)
    with_pixels(copy, 100)
    found = build(volume(0), copy)
    assert codes(found) == ["duplicate-slices"]
    assert found[0].series.ambiguous_slices == ()
    assert found[1].not_counted_because


def test_different_pixels_that_nothing_tells_apart_have_no_value(build):
    found = build(volume(0), volume(1))
    assert codes(found) == ["duplicate-slice-positions"]
    assert found[0].series.ambiguous_slices == (0, 1, 2, 3)


def test_every_file_is_in_one_series(build):
    found = build(volume(0), volume(1), volume(2, [2]))
    uids = [uid for one in found for uid in one.series.sop_instance_uids]
    assert sorted(uids) == sorted({f"1.7.{v}.{n}" for v in (0, 1) for n in (1, 2, 3, 4)} | {"1.7.2.1"})


def test_frames_of_a_dynamic_pet_stand_in_the_order_of_their_times(build):
    made = [
        volume(number, sop_class=PT, modality="PT", FrameReferenceTime=ms, AcquisitionTime=time)
        for number, (ms, time) in enumerate([(900_000.0, "101500"), (60_000.0, "100000")])
    ]
    found = build(*made)
    assert numbers(found) == [["1"], ["0"]]
    assert [one.phase for one in found] == [None, None]


def test_private_b_values_tell_volumes(build):
    made = [volume(number, sop_class=MR, modality="MR") for number in range(2)]
    for number, group in enumerate(made):
        for one in group:
            one.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", str(800 * number))
    assert numbers(build(*made)) == [["0"], ["1"]]
