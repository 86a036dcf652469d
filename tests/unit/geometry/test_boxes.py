"""Boxes around masks, and the distance between boxes."""

import numpy as np
import pytest

from rtcomplexity.geometry.boxes import box_distance, box_of_mask


def test_the_box_of_a_mask_is_the_smallest():
    mask = np.zeros((6, 7, 8), bool)
    mask[2, 3, 4] = mask[4, 3, 1] = True
    assert box_of_mask(mask) == (slice(2, 5), slice(3, 4), slice(1, 5))


def test_a_margin_ends_at_the_lower_edge_of_the_array():
    mask = np.zeros((4, 9), bool)
    mask[0, 4:6] = True
    assert box_of_mask(mask, margin=2) == (slice(0, 3), slice(2, 8))


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.9, 0.5, 0.9), (1.0, 0.0, 0.0)])
def test_boxes_that_overlap_or_touch_are_not_apart(shift):
    box = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    assert box_distance(box, box + np.array(shift)) == 0


def test_the_distance_of_boxes_is_symmetric():
    a, b = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[-3.0, 4.0], [-2.0, 9.0]])
    assert box_distance(a, b) == box_distance(b, a) == pytest.approx(np.hypot(2, 3))
