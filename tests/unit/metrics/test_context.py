"""What follows from the planes of a target, on planes that are set by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.metrics.context import ShapeContext
from rtcomplexity.metrics.measurement import NotMeasurableError
from unit.geometry.stacks import square


def drawn(areas_mm2):
    """Squares of 2 mm, each with the area that it is said to enclose by itself."""
    count = len(areas_mm2)
    stack = SimpleNamespace(
        contour_areas_mm2=np.array(areas_mm2), points_mm=np.tile(square(2.0), (count, 1)),
        contour_offsets=4 * np.arange(count + 1),
    )  # fmt: skip
    stack.thinned = lambda _: stack
    return SimpleNamespace(stack=stack)


def test_outlines_are_the_contours_that_enclose_an_area_by_themselves():
    found = ShapeContext.enclosing_contours.func(drawn([4.0, 0.0, 4.0]))
    assert len(found.contours) == 2
    assert found.areas_mm2.tolist() == found.weights_mm2.tolist() == [4, 4]
    with pytest.raises(NotMeasurableError, match="encloses an area by itself"):
        ShapeContext.enclosing_contours.func(drawn([0.0, 0.0]))
