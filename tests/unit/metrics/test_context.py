"""What follows from the planes of a target, on planes that are set by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.metrics.context import RoiContext, ShapeContext, contouring_grid
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.model.structure_set import ContourGeometricType, Contours, Roi
from rtcomplexity.testing import image_grid
from unit.geometry.stacks import on_planes, square
from unit.metrics.contexts import SETTINGS


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


def roi(*planes, number=1, frame="", contours=None):
    contours = on_planes(*((z, square(10)) for z in planes)) if contours is None else contours
    return Roi(number=number, name="ROI", contours=contours, frame_of_reference_uid=frame)


def test_on_an_image_contours_lie_on_its_slices():
    image = image_grid(slices=5, slice_spacing_mm=3.0, row_spacing_mm=2.0, column_spacing_mm=0.5)
    found = contouring_grid(image, [roi(0, 5, 10)], SETTINGS)
    assert found.slice_positions_mm == pytest.approx(image.slice_positions_mm)
    assert (found.pixel_mm, found.image, found.lone_mm) == (1.0, image, 3.0)
    assert np.isnan(found.usual_mm)
    assert found.axes.normal == pytest.approx(image.normal)


def test_without_an_image_contours_lie_as_far_apart_as_usual():
    found = contouring_grid(None, [roi(0, 5, 10)], SETTINGS)
    assert (found.pixel_mm, found.image, found.usual_mm) == (SETTINGS.pixel_fallback_mm, None, 5.0)
    assert len(found.slice_positions_mm) == 0
    assert np.isnan(found.lone_mm)
    assert found.axes.normal.tolist() == [0, 0, 1]
    with_others = contouring_grid(None, [roi(0)], SETTINGS, [roi(0), roi(0, 2, 4, number=2)])
    assert with_others.usual_mm == 2.0
    own_first = contouring_grid(None, [roi(0, 5, 10)], SETTINGS, [roi(0, 2, 4, 6, 8)])
    assert own_first.usual_mm == 5.0
    empty = contouring_grid(None, [roi(contours=Contours.empty())], SETTINGS)
    assert empty.axes is None
    assert np.isnan(empty.usual_mm)


def test_of_an_image_of_one_slice_the_contours_say_how_far_planes_are_apart():
    image = image_grid(slices=5, slice_spacing_mm=3.0)
    lone = replace(image, slice_origins_mm=image.slice_origins_mm[:1], slice_thickness_mm=2.5)
    found = contouring_grid(lone, [roi(0, 5, 10)], SETTINGS)
    assert (found.usual_mm, found.lone_mm) == (5.0, 2.5)
    assert np.isnan(contouring_grid(replace(lone, slice_thickness_mm=None), [roi(0)], SETTINGS).lone_mm)
    two = replace(image, slice_origins_mm=image.slice_origins_mm[:2])
    assert np.isnan(contouring_grid(two, [roi(0, 5, 10)], SETTINGS).usual_mm)


def masked(*heights, shear=(0.0, 0.0), side=20.0):
    image = image_grid(slices=len(heights), positions_mm=heights, shear=shear)
    made = roi(*heights)
    made = replace(made, contours=on_planes(*((z, square(side)) for z in heights)))
    return RoiContext(roi=made, grid=contouring_grid(image, [made], SETTINGS), settings=SETTINGS)


@pytest.mark.parametrize(("last", "is_even"), [(6.0, True), (6.029, True), (6.031, False), (5.9, False)])
def test_a_mask_needs_slices_that_are_even_to_a_hundredth(last, is_even):
    context = masked(0.0, 3.0, last)
    if is_even:
        morphology = context.morphology
        assert morphology.mask.sum() == context.runs.count
        assert morphology.spacing_mm == pytest.approx((3, 2.0, 2.5), rel=0.01)
    else:
        with pytest.raises(NotMeasurableError, match="not evenly spaced"):
            _ = context.morphology


def test_a_mask_has_a_voxel_and_a_grid():
    with pytest.raises(NotMeasurableError, match="no voxel center"):
        _ = masked(0.0, 3.0, side=0.1).morphology
    made = roi(0, 3)
    bare = RoiContext(roi=made, grid=contouring_grid(None, [made], SETTINGS), settings=SETTINGS)
    with pytest.raises(NotMeasurableError, match="no planning image is linked"):
        _ = bare.runs


@pytest.mark.parametrize(
    ("kind", "points", "words"),
    [
        (None, [], "the ROI has no contours"),
        (ContourGeometricType.POINT, [[0, 0, 0]], "only point or open contours"),
        (
            ContourGeometricType.CLOSED_PLANAR,
            [[0, 0, 0], [1, 0, 0], [2, 0, 0]],
            "no contour of the ROI encloses an area",
        ),
    ],
)
def test_an_roi_without_planes_says_why(kind, points, words):
    contours = (
        Contours.empty()
        if kind is None
        else Contours(points_mm=np.array(points, float), offsets=[0, len(points)], geometric_types=[kind])
    )
    made = roi(contours=contours)
    context = RoiContext(roi=made, grid=contouring_grid(None, [made], SETTINGS), settings=SETTINGS)
    with pytest.raises(NotMeasurableError, match=words):
        _ = context.stack


def test_a_lean_context_keeps_its_planes_and_whether_overlaps_count():
    made = roi(0, 3)
    context = RoiContext(
        roi=made, grid=contouring_grid(None, [made], SETTINGS), settings=SETTINGS, with_overlaps=False
    )  # fmt: skip
    assert "stacked" not in context.lean().__dict__
    stack = context.stack
    lean = context.lean()
    assert lean.stack is stack
    assert not lean.with_overlaps
    assert RoiContext(roi=made, grid=context.grid, settings=SETTINGS).with_overlaps
