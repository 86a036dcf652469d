import numpy as np
import pytest

from rtcomplexity.geometry import columns


@pytest.mark.parametrize("count", [1, 2, 3])
def test_bits_are_those_of_numpy_row_by_row(count):
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 200, count)) * 10.0 ** rng.integers(-8, 9, (2, 200, count))
    assert columns.least(first).tolist() == first.min(axis=0).tolist()
    assert columns.greatest(first).tolist() == first.max(axis=0).tolist()
    assert columns.dots(first, second).tolist() == (first * second).sum(axis=1).tolist()
    assert columns.lengths(first).tolist() == np.linalg.norm(first, axis=1).tolist()
    assert columns.units(first).tolist() == (first / np.linalg.norm(first, axis=1, keepdims=True)).tolist()


def test_a_vector_shorter_than_the_least_divisor_stays_shorter_than_a_unit():
    assert columns.units(np.array([[0.0, 0.0], [3.0, 4.0]]), 10.0).tolist() == [[0.0, 0.0], [0.3, 0.4]]


def test_a_row_of_zeros_has_nothing_in_it():
    assert columns.any_nonzero(np.array([[0.0, 0.0], [0.0, -1.0], [np.nan, 0.0]])).tolist() == [False, True, True]


def test_columns_of_whole_numbers_stay_whole():
    assert columns.greatest(np.array([[2**60 + 1, 0]])).tolist() == [2**60 + 1, 0]


def test_points_on_the_border_of_a_box_lie_in_it():
    points = np.array([[0.0, 5.0], [2.0, 6.0], [2.0, 6.5], [np.nan, 5.5]])
    assert columns.within(points, np.array([0.0, 5.0]), np.array([2.0, 6.0])).tolist() == [True, True, False, False]
