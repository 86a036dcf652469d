"""Contour and shape metrics against numbers known in advance."""

from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.metrics import contour, shape
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.findings import roi_issues
from rtcomplexity.metrics.measurement import Measurement, NotApplicableError, NotMeasurableError
from rtcomplexity.metrics.phases import centroid_mm
from rtcomplexity.model.structure_set import ContourGeometricType, Contours, Roi
from rtcomplexity.testing.phantoms import box, contour_stack, cylinder, image_grid, sphere, two_spheres
from rtcomplexity.testing.variations import duplicated
from rtcomplexity.units import Unit
from unit.fusion.images import grid
from unit.geometry.stacks import circle, on_planes, square
from unit.metrics.contexts import SETTINGS, context_of, slices

TUBE = (-55.0, -89.5, -34.5)
"""Where an image begins that holds a tube, however its slices lean."""


def tube(radius=10.0, height=60.0, spacing=3.0, points=400):
    z = slices(-height / 2 + spacing / 2, height / 2 - spacing / 2, spacing)
    return contour_stack(cylinder(radius, height), positions_mm=z, points_per_contour=points)


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
    from rtcomplexity.testing.phantoms import SAGITTAL

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


@pytest.mark.parametrize(("theirs", "differs"), [(18.85, False), (19.7, False), (19.9, True), (17.0, True)])
def test_a_planning_systems_volume_differs_beyond_five_per_cent(theirs, differs):
    context = context_of(tube(), tps_volume_cm3=theirs)
    issues = roi_issues(context, compute_all(shape.QUICK, context))
    assert ("tps-volume-differs" in {issue.code for issue in issues}) is differs


@pytest.mark.parametrize("theirs", [0.0, -1.0])
def test_a_planning_systems_volume_of_nothing_differs_by_no_share(theirs):
    context = context_of(tube(), tps_volume_cm3=theirs)
    texts = [issue.text for issue in roi_issues(context, compute_all(shape.QUICK, context))]
    assert [text for text in texts if "TPS volume" in text] == [
        f"TPS volume {theirs:g} cm³; contour volume 18.8496 cm³."
    ]


def test_small_volumes_may_differ_by_a_twentieth_of_a_cubic_centimeter():
    small = on_planes(*((z, square(4)) for z in (0, 3, 6)))
    own = 16 * 9 / 1e3
    near, far = (context_of(small, tps_volume_cm3=own + d) for d in (0.045, 0.055))
    codes = [{i.code for i in roi_issues(c, compute_all(shape.QUICK, c))} for c in (near, far)]
    assert ["tps-volume-differs" in each for each in codes] == [False, True]


def test_a_systems_volume_that_counts_copies_is_explained():
    context = context_of(duplicated(tube()), tps_volume_cm3=2 * np.pi * 6)
    text = next(
        i.text for i in roi_issues(context, compute_all(shape.QUICK, context)) if i.code == "tps-volume-differs"
    )
    assert "explains the TPS volume" in text


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


def test_two_lesions_without_an_image_are_judged_by_what_other_rois_were_drawn_at():
    """The lesions' own planes tell nothing: one each. The spine was drawn on every plane, 3 mm apart."""
    lesions = Roi(number=1, name="PTV", contours=on_planes((0, circle(10)), (60, circle(10))))
    spine = Roi(number=2, name="Spine", contours=on_planes(*((z, circle(8)) for z in range(0, 31, 3))))
    grid = contouring_grid(None, [lesions, spine], SETTINGS)
    context = RoiContext(roi=lesions, grid=grid, settings=SETTINGS)
    assert shape.volume_cm3(context) == pytest.approx(np.pi * 100 * 6 / 1e3)
    issues = roi_issues(context, {"shape.volume": Measurement.of(1.0, Unit.CM3)})
    assert [issue.code for issue in issues] == ["missing-planes"]
    assert "usual plane spacing of 3 mm" in issues[0].text
    elsewhere = contouring_grid(None, [lesions], SETTINGS, others=[lesions, spine])
    assert elsewhere.usual_mm == pytest.approx(3)


@pytest.mark.parametrize(("planes", "words"), [((0, 3, 33), "treated as gaps"), ((0, 33), "treated as adjacent")])
def test_a_spacing_that_nothing_tells_is_an_issue(planes, words):
    context = context_of(on_planes(*((z, circle(10)) for z in planes)))
    issues = roi_issues(context, {"shape.volume": Measurement.of(1.0, Unit.CM3)})
    assert [issue.code for issue in issues] == ["plane-spacing-unknown"]
    assert words in issues[0].text


def test_what_tells_a_thickness_and_what_cancels_are_issues():
    stated = context_of(on_planes((0, circle(10))), stated_slab_mm=2.5)
    copies = on_planes((0, circle(10)), (0, circle(10)), (3, circle(10)))
    kinds = np.full(3, ContourGeometricType.CLOSEDPLANAR_XOR)
    cancelled = context_of(Contours(points_mm=copies.points_mm, offsets=copies.offsets, geometric_types=kinds))
    for context, code in ((stated, "slab-thickness-stated"), (cancelled, "xor-contours-cancel")):
        issues = roi_issues(context, {"shape.volume": Measurement.of(1.0, Unit.CM3)})
        assert code in [issue.code for issue in issues]
