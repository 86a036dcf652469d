"""Contour Data becomes the numbers that are written, and a bad contour spoils no other."""

import numpy as np
import pytest

from rtcomplexity.dicom.contour_data import (
    EMPTY,
    NOT_FINITE,
    NOT_NUMBERS,
    NOT_TRIPLES,
    TOO_FAR,
    TOO_LONG,
    parse_contour_data,
)

GOOD = rb"1\2\3\-4.5\+6e-1\.7"
GOOD_POINTS = [[1, 2, 3], [-4.5, 0.6, 0.7]]


def test_every_value_is_the_float_that_python_reads():
    texts = [f"{value:.10g}" for value in np.random.default_rng(1).normal(scale=300, size=300)]
    parsed = parse_contour_data(["\\".join(texts).encode()])
    assert parsed.points_mm.ravel().tolist() == [float(text) for text in texts]


def test_contours_keep_their_order_and_their_counts():
    parsed = parse_contour_data([GOOD, rb"9\8\7"])
    assert parsed.counts.tolist() == [2, 1]
    assert parsed.points_mm.tolist() == [*GOOD_POINTS, [9, 8, 7]]


@pytest.mark.parametrize("padded", [GOOD + b" ", GOOD + b"\0", b" " + GOOD, GOOD.replace(b"\\", b" \\ ")])
def test_padding_is_no_fault(padded):
    parsed = parse_contour_data([padded])
    assert not parsed.faults
    assert parsed.points_mm.tolist() == GOOD_POINTS


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (rb"1\2\3\4", NOT_TRIPLES),
        (rb"1\nan\3", NOT_FINITE),
        (rb"1\-inf\3", NOT_FINITE),
        (rb"1\1e999\3", NOT_FINITE),
        (rb"1,5\2\3", NOT_NUMBERS),
        (rb"1\two\3", NOT_NUMBERS),
        (rb"1\0x10\3", NOT_NUMBERS),
        (rb"1\1_0\3", NOT_NUMBERS),
        (rb"1\\3", NOT_NUMBERS),
        (rb"1 2\\3", NOT_NUMBERS),
        (rb"1 2\3\4", NOT_NUMBERS),
        (rb"1 2\ \3", NOT_NUMBERS),
        (rb"1\2 3\4\5\6\ ", NOT_NUMBERS),
        (rb"1\2\3\4\1e300\6", TOO_FAR),
        (rb"1\-10000.5\3", TOO_FAR),
        (rb"-1200\2\3\4\5\6\1301\2\3", TOO_LONG),
        (b"", EMPTY),
        (b"  \0", EMPTY),
    ],
)
def test_a_bad_contour_is_left_out_with_its_fault_and_its_neighbors_stay(bad, fault):
    parsed = parse_contour_data([GOOD, bad, rb"9\8\7"])
    assert parsed.faults == {1: fault}
    assert parsed.counts.tolist() == [2, 0, 1]
    assert parsed.points_mm.tolist() == [*GOOD_POINTS, [9, 8, 7]]


def test_contours_of_a_long_scan_may_lie_far_apart():
    ends = [rb"1\2\-4000\4\2\-4000", rb"1\2\4000\2400\2\4000"]
    assert parse_contour_data(ends).counts.tolist() == [2, 2]
    assert not parse_contour_data(ends).faults


def test_a_value_too_many_and_one_too_few_do_not_make_up_for_each_other():
    parsed = parse_contour_data([GOOD, rb"1 5\2\3", rb"4\ \6", rb"9\8\7"])
    assert parsed.faults == {1: NOT_NUMBERS, 2: NOT_NUMBERS}
    assert parsed.points_mm.tolist() == [*GOOD_POINTS, [9, 8, 7]]


def test_no_contours_are_no_points():
    assert parse_contour_data([]).points_mm.shape == (0, 3)
