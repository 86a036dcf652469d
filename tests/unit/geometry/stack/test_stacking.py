"""From contours to planes: what is grouped, collapsed, left out and said."""

from dataclasses import astuple, replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry.stack.stacking import (
    StackFindings,
    _has_repeats,
    _of_most_area,
    _plane_tolerance,
    _without_repeats,
    stack_contours,
)
from rtcomplexity.geometry.stack.volume import bridged_volume_mm3, slab_volume_mm3
from rtcomplexity.model.structure_set import ContourGeometricType, Contours
from rtcomplexity.testing import FRAMES, box, contour_stack, contours_of, sphere
from unit.geometry.stacks import AXIAL_AXES, SETTINGS, circle, on_planes, phantom, square, stacked

Z = np.arange(-30, 31, 3.0)


def volume_mm3(contours, slices=Z, **kwargs):
    return slab_volume_mm3(stacked(contours, slices, **kwargs).stack)


def test_contours_listed_twice_count_once_and_are_said():
    once = contour_stack(sphere(10), positions_mm=Z)
    twice = contours_of([p for polygon in np.split(once.points_mm, once.offsets[1:-1]) for p in (polygon, polygon)])
    found = stacked(twice, Z)
    assert found.findings.exact_copies == len(once)
    assert slab_volume_mm3(found.stack) == volume_mm3(once)
    assert found.findings.copies_mm3 == pytest.approx(volume_mm3(once))


def test_a_copy_reversed_and_started_elsewhere_is_a_copy():
    polygon = circle(10, points=37)
    other = np.roll(polygon[::-1], 11, axis=0)
    found = stacked(on_planes((0, polygon), (0, other), (3, polygon)), Z)
    assert found.findings.exact_copies == 1
    assert found.stack.plane_areas_mm2 == pytest.approx([np.pi * 100] * 2)


def test_copies_that_differ_by_hundredths_of_a_millimeter_collapse():
    random = np.random.default_rng(1)
    noisy = [circle(10) + random.uniform(-0.02, 0.02, (200, 2)) for _ in range(6)]
    found = stacked(on_planes(*((0, polygon) for polygon in noisy), (3, circle(10))), Z)
    assert found.findings.near_copies == 5
    assert found.stack.plane_areas_mm2[0] == pytest.approx(np.pi * 100, rel=2e-3)


def test_copies_linked_through_others_are_one_cluster():
    chain = [circle(10 + 0.1 * n) for n in range(5)]
    found = stacked(on_planes(*((0, polygon) for polygon in chain), (3, circle(10))), Z)
    assert found.findings.near_copies == 4
    assert found.stack.plane_areas_mm2[0] == pytest.approx(np.pi * 10.4**2)


def test_a_rind_of_a_millimeter_round_a_body_does_not_fill():
    outer, inner = circle(150, points=720), circle(149, points=720)
    symmetric_difference = np.pi * (150**2 - 149**2)
    assert symmetric_difference / (np.pi * 150**2) < 0.02
    found = stacked(on_planes((0, outer), (0, inner), (3, outer), (3, inner)), Z)
    assert found.findings.near_copies == 0
    assert found.stack.plane_areas_mm2 == pytest.approx([symmetric_difference] * 2)


def test_a_small_nested_hole_is_no_copy():
    found = stacked(on_planes((0, circle(3)), (0, circle(2.95)), (3, circle(3))), Z, pixel_mm=0.1)
    assert found.findings.near_copies == 0


def test_a_closing_vertex_repeated_changes_nothing():
    polygon = square(10)
    closed = np.vstack([polygon, polygon[:1], polygon[:1]])
    assert volume_mm3(on_planes((0, closed), (3, closed))) == volume_mm3(on_planes((0, polygon), (3, polygon)))


def test_a_contour_that_runs_round_twice_counts_once():
    twice = np.vstack([circle(10), circle(10)])
    found = stacked(on_planes((0, twice), (3, circle(10))), Z)
    assert found.findings.closed_twice == 1
    assert found.stack.plane_areas_mm2 == pytest.approx([np.pi * 100] * 2)


@pytest.mark.parametrize("vertices", [3, 4, 5])
def test_the_fewest_vertices_run_round_twice_count_once(vertices):
    once = circle(10, points=vertices)
    found = stacked(on_planes((0, np.vstack([once, once])), (3, once)), Z)
    assert found.findings.closed_twice == 1
    assert np.diff(found.stack.contour_offsets).tolist() == [vertices, vertices]


def test_contours_of_one_or_two_points_are_left_out_and_counted():
    found = stacked(on_planes((0, circle(10)), (3, circle(10)), (3, square(2)[:1]), (6, square(2)[:2])), Z)
    assert found.findings.too_few_points == 2
    assert found.stack.plane_count == 2


def test_contours_without_area_are_left_out_and_counted():
    line = np.array([[0, 0], [5, 0], [10, 0.0]])
    found = stacked(on_planes((0, circle(10)), (3, circle(10)), (9, line)), Z)
    assert found.findings.zero_area == 1
    assert found.findings.not_parallel == 0
    assert found.stack.positions_mm.tolist() == [0, 3]


def test_only_degenerate_contours_make_no_stack():
    found = stacked(on_planes((0, square(2)[:2])), Z)
    assert found.stack is None
    assert found.findings.too_few_points == 1


def test_points_and_open_contours_enclose_nothing():
    points = Contours(
        points_mm=np.zeros((1, 3)), offsets=np.array([0, 1]), geometric_types=np.array([ContourGeometricType.POINT])
    )
    assert stacked(points, Z).stack is None
    assert stacked(Contours.empty(), Z).stack is None


def test_a_contour_in_another_orientation_is_left_out_and_counted():
    axial = contour_stack(box((20, 20, 20)), positions_mm=[-3, 0, 3])
    sagittal = contour_stack(box((20, 20, 20)), positions_mm=[0], frame=FRAMES["sagittal"])
    both = contours_of([*np.split(axial.points_mm, axial.offsets[1:-1]), sagittal.points_mm])
    found = stacked(both, Z)
    assert found.findings.not_parallel == 1
    assert slab_volume_mm3(found.stack) == volume_mm3(axial)


def test_a_bent_contour_is_flattened_and_said():
    bent = np.column_stack([square(10), [0, 2, 0, 2]])
    found = stacked(contours_of([bent, np.column_stack([square(10), np.full(4, 4.0)])]), np.arange(-10, 10, 3.0))
    assert found.findings.not_planar == 1
    assert found.findings.largest_departure_mm == pytest.approx(1)


def test_missing_planes_are_said_and_the_filled_volume_given_beside():
    drawn = [z for z in Z if not 0 < z < 15]
    found = stacked(on_planes(*((z, square(10)) for z in drawn)), Z)
    assert found.findings.gaps == 1
    assert found.findings.missing_mm == pytest.approx(12)
    assert slab_volume_mm3(found.stack) == pytest.approx(100 * (63 - 12))
    assert bridged_volume_mm3(found.stack, found.bridged) == pytest.approx(100 * 63)


def test_partly_overlapping_contours_are_said_with_the_overlap():
    found = stacked(on_planes((0, square(10)), (0, square(10, (5, 5))), (3, square(10))), Z)
    assert found.findings.partly_overlapping == 1
    assert found.findings.overlap_mm3 == pytest.approx(25 * 3)


def test_overlaps_are_left_uncounted_where_nobody_asks_and_the_stack_is_the_same():
    drawn = on_planes((0, square(10)), (0, square(10, (5, 5))), (3, square(10)))
    asked, unasked = (stack_contours(drawn, settings=SETTINGS, with_overlaps=told) for told in (True, False))
    assert (asked.findings.partly_overlapping, unasked.findings.partly_overlapping) == (1, 0)
    assert replace(asked.findings, partly_overlapping=0, overlap_mm3=0.0) == unasked.findings
    assert unasked.stack.points_mm.tolist() == asked.stack.points_mm.tolist()


def test_contours_that_only_touch_do_not_overlap():
    found = stacked(on_planes((0, square(10)), (0, square(10, (10, 0))), (3, square(10))), Z)
    assert found.findings.partly_overlapping == 0
    assert found.stack.plane_areas_mm2[0] == pytest.approx(200)


def test_contours_midway_between_slices_and_denser_than_slices_keep_their_planes():
    midway = on_planes(*((z + 1.5, circle(10)) for z in Z[5:10]))
    assert volume_mm3(midway) == pytest.approx(np.pi * 100 * 15)
    dense = on_planes(*((z, circle(10)) for z in np.arange(0, 12, 0.5)))
    assert volume_mm3(dense) == pytest.approx(np.pi * 100 * 12)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_a_solid_has_the_same_volume_in_every_orientation(frame):
    positions = np.arange(-9, 10, 2.0)
    here = slab_volume_mm3(phantom(sphere(10), positions).stack)
    there = slab_volume_mm3(phantom(sphere(10), positions, frame=frame).stack)
    assert there == pytest.approx(here, rel=1e-9)


def test_positions_that_differ_by_rounding_are_one_plane():
    jittered = on_planes((0.004, circle(10)), (-0.004, circle(3, center=(30, 0))), (3, circle(10)))
    assert stacked(jittered, Z).stack.plane_count == 2


def test_nothing_odd_is_all_zero():
    assert not any(astuple(StackFindings()))
    assert not any(astuple(phantom(sphere(10), np.arange(-9, 10, 3.0)).findings))


@pytest.mark.parametrize(("depth_mm", "pairs"), [(-5e-6, 0), (5e-6, 0), (2e-5, 2)])
@pytest.mark.parametrize("is_within", [False, True])
def test_an_overlap_under_a_millionth_of_the_smaller_is_a_touch(depth_mm, pairs, is_within):
    place = 15 - 5 + depth_mm if is_within else 15 + 5 - depth_mm
    planes = [(z, polygon) for z in (0, 3) for polygon in (square(30), square(10, (place, 0)))]
    assert stacked(on_planes(*planes)).findings.partly_overlapping == pairs


def test_the_volume_of_a_single_copy_is_said():
    found = stacked(on_planes((0, square(10)), (3, square(10)), (3, square(10)[::-1]), (7, square(10))), [0, 3, 7])
    assert found.findings.exact_copies == 1
    assert found.findings.copies_mm3 == pytest.approx(100 * 3.5)


@pytest.mark.parametrize("doubled", range(4))
def test_a_vertex_written_twice_is_kept_once(doubled):
    drawn = np.insert(square(10), doubled, square(10)[doubled], axis=0)
    found = stacked(on_planes((0, drawn), (3, square(10, (1, 1)))), Z)
    assert np.diff(found.stack.contour_offsets).tolist() == [4, 4]
    assert found.findings == StackFindings()


@pytest.mark.parametrize(("degrees", "left_out"), [(0.0, 0), (0.9, 0), (1.1, 1), (45.0, 1)])
@pytest.mark.parametrize("side", [0.5, 2.0])
def test_a_contour_tilted_by_more_than_a_degree_is_left_out_however_small(degrees, left_out, side):
    tilted = np.column_stack([square(side), 9 + square(side)[:, 0] * np.tan(np.deg2rad(degrees))])
    flat = [np.column_stack([square(20), np.full(4, z)]) for z in (0.0, 3.0, 6.0)]
    found = stacked(contours_of([*flat, tilted]), Z)
    assert found.findings.not_parallel == left_out
    assert found.stack.plane_count == 4 - left_out


def tilted(side, degrees, height=0.0):
    """A square turned round the x axis, in mm."""
    angle = np.deg2rad(degrees)
    flat = square(side)
    return np.column_stack([flat[:, 0], np.cos(angle) * flat[:, 1], height + np.sin(angle) * flat[:, 1]])


@pytest.mark.parametrize("slices", [Z, None])
@pytest.mark.parametrize("degrees", [5, 45, 90])
def test_a_contour_across_the_others_pulls_none_of_them_off(slices, degrees):
    planes = [tilted(20, 0, height) for height in (0.0, 3.0, 6.0)]
    found = stacked(contours_of([*planes, tilted(8, degrees, 30.0)]), slices)
    assert found.findings.not_parallel == 1
    assert found.stack.plane_areas_mm2 == pytest.approx([400] * 3)
    assert slab_volume_mm3(found.stack) == pytest.approx(3600)


def test_of_two_orientations_the_one_with_more_area_is_the_shapes_own():
    lying, standing = [tilted(20, 0, z) for z in (0.0, 3.0)], [tilted(9, 90, 40 + z) for z in range(6)]
    found = stacked(contours_of([*standing, *lying]))
    assert found.findings.not_parallel == 6
    assert found.stack.plane_areas_mm2 == pytest.approx([400, 400])


def eight(left, right, z=0.0):
    """A figure-of-eight of two squares that meet at the origin, their lobes traced opposite ways, mm."""
    first = np.array([[0, 0], [-left, 0], [-left, -left], [0, -left]])
    second = np.array([[0, 0], [right, 0], [right, right], [0, right]])
    return np.column_stack([np.concatenate([first, second[[0, 3, 2, 1]]]), np.full(8, z)])


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
@pytest.mark.parametrize("lobes", [(10, 10), (10, 9), (10, 2)])
def test_a_figure_of_eight_encloses_both_lobes_whatever_their_signed_areas(lobes, frame):
    drawn = contours_of([frame.to_patient(eight(*lobes, z)) for z in (0.0, 3.0, 6.0)])
    found = stacked(drawn)
    assert found.findings.zero_area == found.findings.not_parallel == 0
    assert slab_volume_mm3(found.stack) == pytest.approx(9 * (lobes[0] ** 2 + lobes[1] ** 2))
    assert found.stack.contour_areas_mm2 == pytest.approx([lobes[0] ** 2 + lobes[1] ** 2] * 3)


def test_copies_of_a_figure_of_eight_collapse_and_say_their_volume():
    jittered = eight(10, 10) + np.array([0.01, 0, 0])
    found = stacked(contours_of([eight(10, 10), jittered, eight(10, 10, 3.0), eight(10, 10, 3.0)]), Z)
    assert (found.findings.near_copies, found.findings.exact_copies) == (1, 1)
    assert found.findings.copies_mm3 == pytest.approx(2 * 200 * 3)
    assert slab_volume_mm3(found.stack) == pytest.approx(200 * 6)


def test_a_figure_of_eight_weighs_as_much_as_any_contour_when_the_orientation_is_chosen():
    standing = [np.column_stack([np.full(4, 40.0 + x), square(9)]) for x in range(3)]
    found = stacked(contours_of([*(eight(10, 10, z) for z in (0.0, 3.0)), *standing]))
    assert found.findings.not_parallel == 3
    assert found.stack.plane_areas_mm2 == pytest.approx([200, 200])


def xor(contours):
    """The same contours, of type CLOSEDPLANAR_XOR."""
    kinds = np.full(len(contours), ContourGeometricType.CLOSEDPLANAR_XOR)
    return Contours(points_mm=contours.points_mm, offsets=contours.offsets, geometric_types=kinds)


def test_a_shell_of_a_fifth_of_a_millimeter_is_kept_where_its_type_says_so():
    shell = on_planes(*((z, circle(r, points=720)) for z in (0, 3, 6) for r in (20, 19.8)))
    assert stacked(shell, Z).findings.near_copies == 3
    found = stacked(xor(shell), Z)
    assert found.findings.near_copies == 0
    assert slab_volume_mm3(found.stack) == pytest.approx(np.pi * (20**2 - 19.8**2) * 9, rel=1e-3)


def test_copies_by_exclusive_or_cancel_and_are_said():
    found = stacked(xor(on_planes((0, square(10)), (0, square(10)[::-1]), (3, square(10)))), Z)
    assert found.findings.cancelling_copies == 1
    assert found.findings.exact_copies == 0
    assert found.stack.plane_areas_mm2 == pytest.approx([0, 100])


def test_one_contour_by_exclusive_or_keeps_its_copies_of_other_types_apart():
    planes = on_planes((0, circle(20)), (0, circle(19.9)), (3, circle(20)))
    kinds = np.array([ContourGeometricType.CLOSED_PLANAR, ContourGeometricType.CLOSEDPLANAR_XOR] * 2)[:3]
    mixed = Contours(points_mm=planes.points_mm, offsets=planes.offsets, geometric_types=kinds)
    assert stacked(mixed, Z).findings.near_copies == 0


@pytest.mark.parametrize("turn", [1, -1])
def test_a_contour_traced_twice_by_a_trembling_hand_has_the_area_of_one_round(turn):
    random = np.random.default_rng(7)
    twice = [np.concatenate([circle(20), circle(20)[::turn]]) + random.normal(0, 0.2, (400, 2)) for _ in range(10)]
    found = stacked(on_planes(*((3 * n, polygon) for n, polygon in enumerate(twice))))
    assert found.findings.closed_twice == 10
    assert slab_volume_mm3(found.stack) == pytest.approx(np.pi * 400 * 30, rel=0.01)


def lesions(*planes):
    return on_planes(*((z, square(10)) for z in planes))


def without_image(contours, **told):
    return stack_contours(contours, settings=SETTINGS, axes=AXIAL_AXES, **told)


def test_without_slices_two_lesions_have_the_sum_of_their_volumes():
    found = without_image(lesions(0, 3, 6, 60, 63), usual_mm=3.0)
    assert slab_volume_mm3(found.stack) == pytest.approx(100 * 15)
    assert bridged_volume_mm3(found.stack, found.bridged) == pytest.approx(100 * 66)
    assert (found.findings.gaps, found.findings.usual_mm, found.findings.unjudged) == (1, 3.0, 0)
    assert found.findings.missing_mm == pytest.approx(51)


def test_without_slices_lesions_of_one_plane_each_are_as_thick_as_the_usual_spacing():
    assert slab_volume_mm3(without_image(lesions(0, 30, 45), usual_mm=3.0).stack) == pytest.approx(100 * 9)


def test_where_nothing_tells_the_spacing_both_volumes_stand_and_that_is_said():
    found = without_image(lesions(0, 3, 33))
    assert found.findings.unjudged == found.findings.gaps == 1
    assert slab_volume_mm3(found.stack) == pytest.approx(100 * 9)
    assert bridged_volume_mm3(found.stack, found.bridged) > 100 * 33
    two = without_image(lesions(0, 30))
    assert (two.findings.unjudged, two.findings.gaps) == (1, 0)
    assert slab_volume_mm3(two.stack) == pytest.approx(100 * 60)


def test_the_usual_spacing_of_an_axial_set_says_nothing_of_sagittal_contours():
    frame = FRAMES["sagittal"]
    drawn = contour_stack(box((40, 40, 40)), positions_mm=np.array([-15.0, -5, 5, 15]), frame=frame)
    assert without_image(drawn, usual_mm=3.0).findings.gaps == 0


def test_a_lone_plane_is_as_thick_as_stated_only_where_nothing_else_tells():
    stated = without_image(lesions(0), stated_slab_mm=2.5)
    assert slab_volume_mm3(stated.stack) == pytest.approx(250)
    assert bridged_volume_mm3(stated.stack, stated.bridged) == pytest.approx(250)
    assert stated.findings.stated_thickness == 1
    for told, volume in (({"usual_mm": 3.0}, 300), ({"lone_mm": 4.0}, 400)):
        found = without_image(lesions(0), stated_slab_mm=2.5, **told)
        assert slab_volume_mm3(found.stack) == pytest.approx(volume)
        assert found.findings.stated_thickness == 0


@pytest.mark.parametrize("radius_mm", [8, 20])
def test_two_contours_of_one_outline_by_a_trembling_hand_count_once(radius_mm):
    random = np.random.default_rng(11)
    drawn = [(3.0 * n, circle(radius_mm, 72) + random.normal(0, 0.3, (72, 2))) for n in range(10) for _ in range(2)]
    found = stacked(on_planes(*drawn))
    assert found.findings.near_copies == 10
    assert found.findings.partly_overlapping == 0
    assert slab_volume_mm3(found.stack) == pytest.approx(np.pi * radius_mm**2 * 30, rel=0.03)


def test_two_bodies_that_overlap_are_no_copies_of_each_other():
    found = stacked(on_planes(*((z, circle(10, center=(x, 0))) for z in (0, 3, 6) for x in (0, 3))))
    assert (found.findings.near_copies, found.findings.partly_overlapping) == (0, 3)


def test_what_gaps_and_copies_leave_out_is_said_in_millimeters():
    """Planes at 0, 3, 6 and 21, 24 of slices 3 mm apart, one drawn twice: 12 mm are missing, 3 x 100 mm3 repeated."""
    planes = [(z, square(10)) for z in (0, 3, 6, 21, 24)]
    found = stacked(on_planes(*planes, (3, square(10))), np.arange(0, 30, 3.0)).findings
    assert (found.gaps, found.missing_mm, found.exact_copies, found.copies_mm3) == pytest.approx((1, 12, 1, 300))
    assert (found.unjudged, found.usual_mm, found.stated_thickness) == (0, 0, 0)


def test_an_orientation_is_that_of_most_area_among_the_largest_contours():
    """Three of 5 mm2 along z together outweigh one of 12 mm2 along x, and one of 4 along y."""
    vectors = np.array([[12.0, 0, 0], [0, 0, 5], [0, 0, -5], [0, 0, 5], [0, 4, 0]])
    assert _of_most_area(vectors).tolist() == vectors[1:4].tolist()
    assert _of_most_area(vectors[:3]).tolist() == vectors[:1].tolist()
    assert _of_most_area(vectors[1:4]).tolist() == vectors[1:4].tolist()


@pytest.mark.parametrize(
    ("points", "offsets", "kept"),
    [
        ([[0, 0], [0, 0], [1, 0], [1, 1], [0, 0]], [0, 5], [0, 2, 3]),
        ([[0, 0], [1, 0], [1, 1], [0, 0], [0, 0], [2, 0]], [0, 3, 6], [0, 1, 2, 3, 5]),
        ([[0, 0], [1, 0], [1, 0], [0, 0]], [0, 2, 4], [0, 1, 2, 3]),
        ([[5, 5], [5, 5], [5, 5]], [0, 3], [0]),
        ([[1, 0], [2, 0], [1, 5], [2, 0]], [0, 0, 4], [0, 1, 2, 3]),
    ],
)
def test_a_vertex_equal_to_the_one_before_it_or_to_the_first_is_left_out(points, offsets, kept):
    points = np.array(points, float)
    found, bounds = _without_repeats(points, np.array(offsets))
    assert found.tolist() == points[kept].tolist()
    assert bounds.tolist() == [np.searchsorted(kept, offset) for offset in offsets]


def test_a_vertex_may_repeat_where_both_coordinates_do():
    offsets = np.array([0, 4])
    assert not _has_repeats(np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]), offsets)
    assert _has_repeats(np.array([[0, 0], [1, 1], [1, 1], [0, 1.0]]), offsets)
    assert _has_repeats(np.array([[0, 0], [1, 1], [2, 1], [0, 0.0]]), offsets)
    assert not _has_repeats(np.array([[0, 0], [0, 1], [1, 1], [1, 0.0]]), offsets)


@pytest.mark.parametrize(
    ("slices", "usual_mm", "tolerance_mm"),
    [
        ((0.0, 3, 6, 60), 1.0, 0.06),  # 2% of the median of 3, 3 and 54 mm
        ((0.0,), 5.0, 0.1),
        ((), 5.0, 0.1),
        ((), np.nan, SETTINGS.plane_tolerance_mm),
        ((0.0, 0.1), 5.0, SETTINGS.plane_tolerance_mm),
    ],
)
def test_planes_are_one_within_two_per_cent_of_the_spacing(slices, usual_mm, tolerance_mm):
    thickness = SimpleNamespace(slice_positions_mm=np.array(slices), usual_mm=usual_mm)
    assert _plane_tolerance(thickness, SETTINGS) == pytest.approx(tolerance_mm)


def test_orientations_of_the_most_area_win_and_contours_a_degree_off_are_parallel():
    """Transverse contours of 30 and 40 mm2, one of them tilted by half a degree; a sagittal one of 60 mm2."""
    tilt = np.deg2rad(0.5)
    vectors = np.array([[0, 0, 30.0], [0, -40 * np.sin(tilt), -40 * np.cos(tilt)], [60, 0, 0]])
    assert _of_most_area(vectors).tolist() == vectors[:2].tolist()
    larger = vectors * [[1], [1], [1.2]]
    assert _of_most_area(larger).tolist() == larger[2:].tolist()
    assert _of_most_area(vectors[:2]) is not None
    assert len(_of_most_area(np.zeros((2, 3)))) == 2
