"""A course is its gross targets united, and says why where there are none."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.course import NO_GROSS_TARGET, Course, union_of
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.shape import volume_cm3
from rtcomplexity.model.structure_set import Roi, TargetClass
from rtcomplexity.testing import image_grid
from unit.geometry.stacks import on_planes, square
from unit.metrics.contexts import SETTINGS


def course(*parts, **facts):
    return Course(case=None, images=None, phases=None, contexts=parts, parts=parts, shape_blur_mm=3.0, **facts)


def parts_of(*polygons, generations=("MANUAL", "MANUAL"), heights=(-3.0, 0.0, 3.0)):
    """Gross targets that each have one polygon on every plane of an image with pixels of 2 mm."""
    image = image_grid(slices=21, row_spacing_mm=2.0, column_spacing_mm=2.0)
    rois = [
        Roi(
            number=number, name="GTV", target_class=TargetClass.GTV, generation=generation,
            contours=on_planes(*((z, polygon) for z in heights)),
        )
        for number, (polygon, generation) in enumerate(zip(polygons, generations, strict=False), start=1)
    ]  # fmt: skip
    grid = contouring_grid(image, rois, SETTINGS)
    return [RoiContext(roi=roi, grid=grid, settings=SETTINGS) for roi in rois]


def test_a_course_without_a_gross_target_has_no_target_and_no_set_that_counts():
    empty = course()
    for asked in (lambda: empty.target, lambda: empty.contoured_by_hand):
        with pytest.raises(NotMeasurableError) as caught:
            asked()
        assert str(caught.value) == NO_GROSS_TARGET
    assert empty.set_conditions == ()


def test_one_target_is_taken_as_it_was_drawn():
    (only,) = parts_of(square(10))
    assert union_of([only]) is only
    assert course(only).target is only


def test_targets_that_meet_are_one_of_their_common_volume():
    """Two squares of 10 mm, 4 mm apart, cover 140 mm2 of three slabs 3 mm thick; a lattice of 1 mm cuts 4 corners."""
    assert volume_cm3(union_of(parts_of(square(10), square(10, (4, 0))))) == pytest.approx((140 - 4 * 0.5) * 9 / 1e3)
    assert volume_cm3(union_of(parts_of(square(10), square(6, (20, 0))))) == pytest.approx(136 * 9 / 1e3)


def test_where_targets_meet_their_union_is_traced_on_half_pixels():
    """Of pixels of 2 mm: every vertex lies on a line of a lattice of 1 mm, a step or less from the next."""
    united = union_of(parts_of(square(10), square(10, (4.0, 3.0)), heights=(0.0, 3.0))).stack
    outline = united.plane_polygons(0)[0]
    places = outline - [-5, -5]
    off_lattice = np.abs(places - np.round(places))
    assert off_lattice.min(axis=1).max() < 1e-6
    steps = np.linalg.norm(outline - np.roll(outline, -1, axis=0), axis=1)
    assert 0.9 < steps.max() < 1.5


@pytest.mark.parametrize(
    ("generations", "by_hand"),
    [
        (("MANUAL", "MANUAL"), [1, 2]),
        (("AUTOMATIC", "MANUAL"), [2]),
        (("MANUAL", "SEMIAUTOMATIC"), [1]),
        (("AUTOMATIC", "SEMIAUTOMATIC"), []),
        (("", ""), [1, 2]),
    ],
)
def test_what_is_said_to_be_drawn_by_an_algorithm_is_not_by_hand(generations, by_hand):
    parts = parts_of(square(10), square(6, (20, 0)), generations=generations)
    assert [part.roi.number for part in course(*parts).contoured_by_hand] == by_hand


def test_images_are_asked_for_the_phase_of_the_largest_target():
    first, second = parts_of(square(10), square(6, (20, 0)))
    phases = SimpleNamespace(series_of=lambda roi: f"series of {roi.number}")
    made = Course(
        case=None, images="the images", phases=phases, contexts=(), parts=(first, second), shape_blur_mm=3.0
    )  # fmt: skip
    assert (made.on_images.phase, made.on_images.images) == ("series of 1", "the images")
    assert made.on_images.target is made.target
