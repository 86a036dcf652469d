"""Items of unequal length, stored back to back."""

import numpy as np

from rtcomplexity.geometry.ragged import next_vertex, offsets_of, owners, ranges, select_ragged


def test_offsets_of_no_items_are_integers():
    assert offsets_of([]).tolist() == [0]
    assert offsets_of([]).dtype == np.int64


def test_an_empty_item_owns_no_row():
    assert owners(offsets_of([2, 0, 1])).tolist() == [0, 0, 2]


def test_ranges_of_nothing_are_empty():
    assert ranges(np.array([5, 9, 3]), np.array([0, 2, 0])).tolist() == [9, 10]
    assert len(ranges(np.empty(0, np.int64), np.empty(0, np.int64))) == 0


def test_chosen_items_come_in_the_order_asked_for():
    values, offsets = select_ragged(np.arange(6.0), np.array([0, 2, 2, 6]), np.array([2, 1, 0]))
    assert values.tolist() == [2, 3, 4, 5, 0, 1]
    assert offsets.tolist() == [0, 4, 4, 6]


def test_the_last_vertex_of_a_polygon_is_followed_by_its_first():
    assert next_vertex(np.array([0, 3, 7])).tolist() == [1, 2, 0, 4, 5, 6, 3]


def test_a_polygon_without_vertices_disturbs_no_other():
    assert next_vertex(np.array([0, 3, 3, 6])).tolist() == [1, 2, 0, 4, 5, 3]
