"""Lengths of borders on drawings whose length is known."""

import numpy as np
import pytest

from rtcomplexity.geometry.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing.phantoms import Keyhole, contour_stack, contours_of, hollow_sphere
from rtcomplexity.testing.variations import densified, reversed_direction

PLANES = np.arange(-5, 6) * 3.0
SHELL = hollow_sphere(16.0, 7.0)


def stack(contours):
    return stack_contours(contours, settings=Settings()).stack


def square(x, side=10.0):
    return np.array([(x, 0, 0), (x + side, 0, 0), (x + side, side, 0), (x, side, 0)], float)


def test_borders_of_contours_that_share_nothing_are_their_lengths():
    drawn = stack(contour_stack(SHELL, positions_mm=PLANES))
    assert drawn.plane_border_lengths_mm == pytest.approx(drawn.plane_perimeters_mm, rel=1e-12)


@pytest.mark.parametrize("change", [lambda c: c, densified, reversed_direction], ids=["as it is", "denser", "reversed"])
def test_a_keyholes_channel_is_no_border(change):
    hole = stack(contour_stack(SHELL, positions_mm=PLANES))
    keyhole = stack(change(contour_stack(Keyhole(shape=SHELL), positions_mm=PLANES)))
    assert keyhole.plane_perimeters_mm.sum() > 1.05 * hole.plane_perimeters_mm.sum()
    assert keyhole.plane_border_lengths_mm == pytest.approx(hole.plane_border_lengths_mm, rel=1e-9)


def test_an_edge_that_two_contours_share_is_no_border():
    assert stack(contours_of([square(0), square(10)])).plane_border_lengths_mm == pytest.approx([60.0])


def test_an_edge_of_the_same_place_on_another_plane_is_one():
    above = square(0) + np.array([0, 0, 3.0])
    assert stack(contours_of([square(0), above])).plane_border_lengths_mm == pytest.approx([40.0, 40.0])
