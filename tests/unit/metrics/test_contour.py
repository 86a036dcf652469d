"""Metrics of the contours as drawn, against numbers known in advance."""

import numpy as np
import pytest

from rtcomplexity.metrics import contour
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.shape import NO_AREA
from rtcomplexity.model.structure_set import ContourGeometricType, Contours
from rtcomplexity.testing import box, contour_stack, image_grid
from rtcomplexity.testing.variations import duplicated
from unit.geometry.stacks import circle, on_planes, square
from unit.metrics.contexts import context_of, slices, tube


def test_counts_of_a_tube_drawn_twice():
    context = context_of(duplicated(tube()))
    assert contour.count(context) == 40
    assert contour.distinct_count(context) == 20
    assert contour.plane_count(context) == 20
    assert contour.point_count(context) == 40 * 400


def test_length_lateral_area_and_contours_per_cm_of_a_tube():
    context = context_of(tube())
    assert contour.length_mm(context) == pytest.approx(20 * 2 * np.pi * 10, rel=1e-4)
    assert contour.lateral_area_cm2(context) == pytest.approx(2 * np.pi * 10 * 60 / 100, rel=1e-4)
    assert contour.per_cm(context) == pytest.approx(20 / 6)


def test_halving_the_slices_doubles_contours_per_cm_but_not_the_lateral_area():
    thick, thin = context_of(tube(spacing=4)), context_of(tube(spacing=2))
    assert contour.per_cm(thin) == pytest.approx(2 * contour.per_cm(thick))
    assert contour.lateral_area_cm2(thin) == pytest.approx(contour.lateral_area_cm2(thick))


def test_isoperimetric_ratio_of_circles_and_squares():
    assert contour.isoperimetric_ratio(context_of(tube())) == pytest.approx(1, rel=1e-4)
    squares = contour_stack(box((20, 20, 30)), positions_mm=slices(-13.5, 13.5, 3))
    assert contour.isoperimetric_ratio(context_of(squares)) == pytest.approx(np.pi / 4, rel=1e-6)


def test_planes_of_several_components_and_planes_with_holes_are_counted():
    """Two squares; a square with a hole; one with an island in its hole, which is both; a plain one."""
    planes = {0: (square(8), square(4, (20, 0))), 3: (square(10), square(4)), 6: (square(20), square(10), square(4))}
    drawn = [(z, polygon) for z, polygons in planes.items() for polygon in polygons] + [(9, square(10))]
    context = context_of(on_planes(*drawn))
    assert contour.planes_with_components(context) == 2
    assert contour.planes_with_holes(context) == 2


def test_planes_count_by_their_area_in_the_isoperimetric_ratio():
    """A square of 10 mm has pi / 4, a strip of 40 mm x 10 mm has 4 pi 400 / 100^2."""
    context = context_of(on_planes((0, square(10)), (3, square(10) * (4, 1))))
    expected = (100 * np.pi / 4 + 400 * 0.16 * np.pi) / 500
    assert contour.isoperimetric_ratio(context) == pytest.approx(expected)


def test_where_contours_cancel_on_every_plane_there_is_no_isoperimetric_ratio():
    planes = on_planes(*((z, square(10)) for z in (0, 0, 3, 3)))
    kinds = np.full(4, ContourGeometricType.CLOSEDPLANAR_XOR)
    cancelled = Contours(points_mm=planes.points_mm, offsets=planes.offsets, geometric_types=kinds)
    with pytest.raises(NotMeasurableError) as caught:
        contour.isoperimetric_ratio(context_of(cancelled))
    assert str(caught.value) == NO_AREA


def test_contours_per_cm_and_lateral_area_follow_the_thickness_of_each_slab():
    """Planes at 0, 2 and 8 mm have slabs of 2, 4 and 6 mm; the last is drawn twice as wide, in two parts."""
    drawn = on_planes((0, square(10)), (2, square(10)), (8, square(10)), (8, square(10, (30, 0))))
    context = context_of(drawn, image=image_grid(slices=3, positions_mm=(0.0, 2.0, 8.0)))
    assert contour.per_cm(context) == pytest.approx(4 / 1.2)
    assert contour.lateral_area_cm2(context) == pytest.approx((40 * 2 + 40 * 4 + 80 * 6) / 100)


def test_outlines_of_circles_bend_once_and_have_no_pockets():
    context = context_of(tube(radius=20))
    assert contour.solidity(context) == pytest.approx(1)
    assert contour.concavity_depth_mm(context) == pytest.approx(0, abs=1e-6)
    assert contour.curvature_energy(context) == pytest.approx(1, rel=0.01)


def test_an_outline_with_a_notch_has_its_depth():
    notched = np.array([[0, 0], [20, 0], [20, 20], [10, 5], [0, 20.0]])
    context = context_of(on_planes(*((z, notched) for z in (0, 3))))
    assert contour.concavity_depth_mm(context) == pytest.approx(15)
    assert contour.solidity(context) == pytest.approx((400 - 150) / 400)
    assert contour.curvature_energy(context) > 2


def test_an_outline_of_a_great_many_vertices_is_told_by_some_of_them():
    many = context_of(on_planes(*((z, circle(20, points=25_001)) for z in (0, 3))))
    assert contour.solidity(many) == pytest.approx(1, rel=1e-6)
    assert contour.concavity_depth_mm(many) == pytest.approx(0, abs=1e-4)


def test_outlines_count_by_their_area():
    """A square of 20 mm has a solidity of 1; one of 10 mm with a notch to its middle of 3/4."""
    notched = np.array([[0, 0], [10, 0], [10, 10], [5, 5], [0, 10.0]])
    context = context_of(on_planes((0, square(20)), (3, notched)))
    assert contour.solidity(context) == pytest.approx((400 * 1 + 75 * 0.75) / 475)
    assert contour.concavity_depth_mm(context) == pytest.approx(5)
