"""Pictures of a surface colored by signed distance: what they say in words, and how often each color stands there."""

import re

import numpy as np
import pytest

from rtcomplexity.compare.delineation import ComparedPair, Delineation
from rtcomplexity.compare.surface_pictures import COLORS, surface_pictures
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contours_of, sphere

PLANES = 3.0 * np.arange(-8, 9)


def ball(radius, shift=0.0):
    drawn = [
        np.column_stack([polygon + np.array([shift, 0.0]), np.full(len(polygon), z)])
        for z in PLANES
        for polygon in sphere(radius).sections(z, 120)
    ]
    return Delineation(name="", stack=stack_contours(contours_of(drawn), settings=Settings()).stack)


def pictures(first, second):
    return surface_pictures(ComparedPair(first=first, second=second, tolerance_mm=1.0))


def dots(picture):
    """How many dots of each color, from far inside to far outside."""
    found = re.findall(r'<path d="([^"]*)" stroke="([^"]*)"', picture.svg)
    counts = {color: path.count("M") for path, color in found}
    return [counts.get(color, 0) for color in COLORS]


def test_a_sphere_in_a_larger_one_is_outside_everywhere():
    found = pictures(ball(20.0), ball(22.0))
    assert [each.text.split(":")[0] for each in found] == ["From the front", "From the left", "From above"]
    for each in found:
        assert "outside at 100%, inside at 0%" in each.text
        assert sum(dots(each)[:4]) == 0
        assert sum(dots(each)) > 500


def test_a_sphere_moved_to_the_left_shows_its_far_side_from_the_left():
    front, left, _ = pictures(ball(20.0), ball(20.0, shift=5.0))
    # 20 - sqrt(425 - 200 c) exceeds 1 mm where the cosine c to the left exceeds 0.32: 68% of a hemisphere's area.
    share = float(re.search(r"outside at (\d+)%", left.text)[1])
    assert share == pytest.approx(68, abs=2)
    assert "inside at 0%" in left.text
    assert dots(left)[-1] > 5 * dots(left)[0]
    assert dots(front)[0] > dots(front)[-1] > 0  # the cap that lies deep inside is the wider one


def test_nothing_is_drawn_where_nothing_differs_or_nothing_is_there():
    assert pictures(ball(20.0), ball(20.0)) == ()
    assert pictures(ball(20.0), Delineation(name="", stack=None)) == ()
