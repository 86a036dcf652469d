"""Metrics of the solid that contours describe, against numbers known in advance."""

from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.geometry.stack.volume import random_phase_deviation
from rtcomplexity.metrics import contour, shape
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import NotApplicableError, NotMeasurableError
from rtcomplexity.metrics.phases import centroid_mm
from rtcomplexity.metrics.roi_issues import roi_issues
from rtcomplexity.model.structure_set import ContourGeometricType, Contours
from rtcomplexity.testing import contour_stack, image_grid, sphere, two_spheres
from unit.fusion.images import grid
from unit.geometry.stacks import circle, on_planes, square
from unit.metrics.contexts import context_of, slices, tube

TUBE = (-55.0, -89.5, -34.5)
"""Where an image begins that holds a tube, however its slices lean."""


def test_volumes_of_a_tube_by_every_convention():
    context = context_of(tube(), image=image_grid(slices=40, slice_spacing_mm=3.0))
    assert shape.volume_cm3(context) == pytest.approx(np.pi * 100 * 60 / 1e3)
    assert shape.volume_trapezoid_cm3(context) == pytest.approx(np.pi * 100 * 57 / 1e3)
    assert shape.voxel_volume_cm3(context) == pytest.approx(np.pi * 100 * 60 / 1e3, rel=0.03)
    assert shape.equivalent_sphere_diameter_mm(context) == pytest.approx((6 * 100 * 60) ** (1 / 3))
    assert shape.extent_mm(context) == pytest.approx(60)


def test_metrics_that_ask_about_gaps_and_overlaps_do_not_apply_to_a_clean_shape():
    context = context_of(tube())
    for metric in (shape.volume_if_interpolated_cm3, shape.volume_if_union_cm3):
        with pytest.raises(NotApplicableError):
            metric(context)


def test_the_volume_of_the_union_stands_beside_partly_overlapping_contours():
    planes = [(z, polygon) for z in (0, 3, 6) for polygon in (square(10), square(10, (5, 5)))]
    context = context_of(on_planes(*planes))
    assert shape.volume_cm3(context) == pytest.approx(150 * 9 / 1e3)
    assert shape.volume_if_union_cm3(context) == pytest.approx(175 * 9 / 1e3)
    assert "partly-overlapping-contours" in {i.code for i in roi_issues(context, compute_all(shape.QUICK, context))}


def test_the_filled_volume_stands_beside_a_gap():
    grid = image_grid(slices=30, slice_spacing_mm=3.0)
    drawn = [z for z in grid.slice_positions_mm[5:25] if abs(z) > 7]
    context = context_of(on_planes(*((z, circle(10)) for z in drawn)), image=grid)
    assert shape.volume_if_interpolated_cm3(context) == pytest.approx(np.pi * 100 * 60 / 1e3)
    assert shape.volume_cm3(context) == pytest.approx(np.pi * 100 * 3 * len(drawn) / 1e3)


def test_a_lone_plane_without_anything_to_tell_its_thickness_has_no_volume():
    context = context_of(on_planes((0, circle(10))))
    with pytest.raises(NotMeasurableError, match="defines its thickness"):
        shape.volume_cm3(context)


def test_points_have_no_volume_and_the_reason_says_so():
    point = Contours(points_mm=np.zeros((1, 3)), offsets=[0, 1], geometric_types=[ContourGeometricType.POINT])
    with pytest.raises(NotMeasurableError, match="point or open"):
        shape.volume_cm3(context_of(point))
    with pytest.raises(NotMeasurableError, match="no contours"):
        shape.volume_cm3(context_of(Contours.empty()))


def test_without_an_image_there_is_no_voxel_volume():
    with pytest.raises(NotMeasurableError, match="no planning image"):
        shape.voxel_volume_cm3(context_of(tube()))


def test_sagittal_contours_on_an_axial_image_have_no_voxel_volume_but_a_slab_volume():
    from rtcomplexity.testing import SAGITTAL

    drawn = contour_stack(sphere(10), positions_mm=slices(-9, 9, 2), points_per_contour=200, frame=SAGITTAL)
    context = context_of(drawn, image=image_grid())
    assert shape.volume_cm3(context) == pytest.approx(sphere(10).volume_mm3 / 1e3, rel=0.02)
    with pytest.raises(NotMeasurableError, match="not parallel"):
        shape.voxel_volume_cm3(context)


def test_counts_of_bodies_and_holes():
    context = context_of(contour_stack(two_spheres(8, 24), positions_mm=slices(-7, 7, 2)))
    assert shape.component_count(context) == 2
    assert shape.hole_count(context) == 0
    assert contour.planes_with_components(context) == contour.plane_count(context)


def test_under_a_tilted_gantry_a_tube_keeps_its_voxels_its_place_and_its_image():
    upright, leaning = (context_of(tube(), image=grid((24, 120, 90), (3.0, 1.5, 1.25), TUBE, tilt=t)) for t in (0, 0.4))
    for context in (upright, leaning):
        assert centroid_mm(context.runs, context.grid.image) == pytest.approx(np.zeros(3), abs=0.2)
        assert shape.voxel_volume_cm3(context) == pytest.approx(np.pi * 6, rel=0.04)
        assert not roi_issues(context, compute_all(shape.QUICK, context))
    assert upright.morphology.mask.any()
    with pytest.raises(NotMeasurableError, match="shifted against each other"):
        leaning.morphology  # noqa: B018


def test_of_too_many_overlapping_contours_the_union_is_not_told():
    row = [circle(5, 12, (4 * n, 0)) for n in range(9)]
    context = context_of(on_planes(*((z, polygon) for z in (0, 3) for polygon in row)))
    with pytest.raises(NotMeasurableError, match="too many contours"):
        shape.volume_if_union_cm3(context)
    (issue,) = [each for each in roi_issues(context, compute_all(shape.QUICK, context)) if "overlap" in each.text]
    assert "Joined" not in issue.text


def test_a_point_among_the_contours_hides_no_plane_where_there_is_no_image():
    tube_and_point = context_of(
        Contours(
            points_mm=np.vstack([tube().points_mm, [[0.0, 0.0, 0.0]]]),
            offsets=np.append(tube().offsets, tube().offsets[-1] + 1),
            geometric_types=np.append(tube().geometric_types, ContourGeometricType.POINT),
        )
    )
    assert tube_and_point.grid.slice_positions_mm == pytest.approx(context_of(tube()).grid.slice_positions_mm)


def test_a_single_slice_is_as_thick_as_it_states_in_voxels_and_in_slabs():
    image = image_grid()
    lone = replace(image, slice_origins_mm=image.slice_origins_mm[:1], slice_thickness_mm=2.5)
    drawn = on_planes((float(lone.slice_positions_mm[0]), circle(10)))
    context = context_of(drawn, image=lone)
    assert shape.volume_cm3(context) == pytest.approx(np.pi * 100 * 2.5 / 1e3)
    assert shape.voxel_volume_cm3(context) == pytest.approx(np.pi * 100 * 2.5 / 1e3, rel=0.02)
    unknown = context_of(drawn, image=replace(lone, slice_thickness_mm=None))
    with pytest.raises(NotMeasurableError, match="single slice of unknown thickness"):
        shape.voxel_volume_cm3(unknown)
    with pytest.raises(NotMeasurableError, match="reach beyond it"):
        shape.voxel_volume_cm3(context_of(tube(), image=lone))


def test_voxels_count_with_the_area_of_their_pixels_and_the_thickness_of_their_slices():
    """Of pixels of 2 mm x 2.5 mm 4 x 4 centers lie in a square of 9.8 mm; slices stand for 2, 4 and 6 mm."""
    image = image_grid(slices=3, positions_mm=(0.0, 2.0, 8.0))
    context = context_of(on_planes(*((z, square(9.8)) for z in (0, 2, 8))), image=image)
    assert shape.voxel_volume_cm3(context) == pytest.approx(16 * 5 * 12 / 1e3)
    assert shape.extent_mm(context) == pytest.approx(12)
    assert shape.volume_trapezoid_cm3(context) == pytest.approx(9.8**2 * 8 / 1e3)


def test_the_uncertainty_of_a_volume_is_in_per_cent_and_known_where_there_is_a_volume():
    context = context_of(tube())
    assert shape.volume_deviation_percent(context) == pytest.approx(100 * random_phase_deviation(context.stack))
    copies = on_planes(*((z, circle(10)) for z in (0, 0, 3, 3)))
    kinds = np.full(4, ContourGeometricType.CLOSEDPLANAR_XOR)
    cancelled = Contours(points_mm=copies.points_mm, offsets=copies.offsets, geometric_types=kinds)
    with pytest.raises(NotMeasurableError, match="cancel each other"):
        shape.volume_deviation_percent(context_of(cancelled))


def test_tunnels_bodies_and_branchings_are_counted_from_plane_to_plane():
    """A ring on two planes, then two squares above it: one body, a hole that ends, a branching."""
    ring, apart = (square(20), square(10)), (square(8, (-7, 0)), square(8, (7, 0)))
    context = context_of(on_planes(*((z, p) for z, drawn in ((0, ring), (3, ring), (6, apart)) for p in drawn)))
    found = (shape.component_count(context), shape.hole_count(context), shape.branching_count(context))
    assert found == (1, 1, 1)


def test_a_planning_systems_volume_is_told_as_it_is_written():
    assert shape.tps_volume_cm3(context_of(tube(), tps_volume_cm3=0.0)) == 0
    with pytest.raises(NotMeasurableError, match="wrote no ROI Volume"):
        shape.tps_volume_cm3(context_of(tube()))
