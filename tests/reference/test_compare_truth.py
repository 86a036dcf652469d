"""Comparison metrics against closed forms: spheres, boxes, shells, shifts, and what must change nothing."""

import math

import numpy as np
import pytest

from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.compare.delineation import ComparedPair, Delineation
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contours_of, hollow_sphere, sphere, two_spheres
from rtcomplexity.testing.placing import rotation_matrix
from rtcomplexity.testing.polygons import keyhole

EVERY_3_MM = 3.0 * np.arange(-12, 13)
UNEVEN = np.concatenate([np.arange(-27.0, 0.0, 3.0), np.arange(0.0, 12.0, 2.0), np.arange(12.0, 28.0, 4.0)])


def contours(shape, positions, *, shift=(0.0, 0.0, 0.0), points=300, turn=None):
    """Contours of a shape moved by `shift` on planes at z = positions, then all of it turned."""
    turn = np.eye(3) if turn is None else turn
    drawn = []
    for z in positions:
        for polygon in shape.sections(z - shift[2], points):
            place = np.column_stack([polygon + np.asarray(shift[:2]), np.full(len(polygon), z)])
            drawn.append(place @ turn.T)
    return contours_of(drawn)


def delineation(drawn, name="GTV"):
    stack = stack_contours(drawn, settings=Settings()).stack
    return Delineation(name=name, stack=stack)


def compared(first, second, tolerance_mm=1.0):
    """Values of all metrics, by key without its prefix; a missing one is its reason."""
    pair = ComparedPair(first=first, second=second, tolerance_mm=tolerance_mm)
    values = compute_all(COMPARISONS, pair)
    return {
        key.removeprefix("compare."): found.reason if found.value is None else found.value
        for key, found in values.items()
    }


def spheres(radius, other, shift=(0.0, 0.0, 0.0), tolerance_mm=1.0, positions=EVERY_3_MM):
    first = delineation(contours(sphere(radius), positions))
    return compared(first, delineation(contours(sphere(other), positions, shift=shift)), tolerance_mm)


def slab_sphere_cm3(radius, positions=EVERY_3_MM):
    """Volume of a sphere by the slab convention on planes 3 mm apart."""
    return sum(math.pi * (radius**2 - z**2) * 3 for z in positions if abs(z) < radius) / 1000


def test_concentric_spheres_of_20_and_22_mm():
    found = spheres(20.0, 22.0)
    inner, outer = slab_sphere_cm3(20.0), slab_sphere_cm3(22.0)
    assert found["volume_first"] == pytest.approx(inner, rel=1e-4)
    assert found["volume_second"] == pytest.approx(outer, rel=1e-4)
    assert found["dice"] == pytest.approx(2 * inner / (inner + outer), rel=1e-4)
    assert found["jaccard"] == pytest.approx(inner / outer, rel=1e-4)
    assert found["added_volume"] == pytest.approx(outer - inner, rel=1e-4)
    assert found["removed_volume"] == pytest.approx(0, abs=1e-6)
    assert found["hausdorff"] == pytest.approx(2.0, abs=0.05)
    assert found["hausdorff_95"] == pytest.approx(2.0, abs=0.02)
    assert found["average_symmetric_surface_distance"] == pytest.approx(2.0, abs=0.02)
    assert found["bias"] == pytest.approx(2.0, abs=0.03)
    for direction in ("left", "right", "anterior", "posterior", "superior", "inferior"):
        assert found[f"bias_{direction}"] == pytest.approx(2.0, abs=0.05), direction
    assert found["surface_dice"] == 0
    assert found["share_outside_tolerance"] == 1
    assert found["center_shift"] == pytest.approx(0, abs=1e-3)


def test_surface_dice_is_1_when_the_tolerance_exceeds_the_distance():
    assert spheres(20.0, 22.0, tolerance_mm=2.5)["surface_dice"] == 1


def test_added_path_length_is_all_of_the_final_contours_where_none_is_within_1_mm():
    found = spheres(20.0, 22.0)
    every = sum(2 * math.pi * math.sqrt(22.0**2 - z**2) for z in EVERY_3_MM if abs(z) < 22)
    assert every == pytest.approx(1606, abs=0.5)
    assert found["added_path_length"] == pytest.approx(every, rel=1e-3)
    assert found["added_path_length_share"] == pytest.approx(1, rel=1e-6)
    assert (found["planes_edited"], found["planes_new"], found["planes_gone"]) == (15, 2, 0)


def test_a_shift_along_x_has_the_dice_of_two_caps_and_the_distances_of_a_translation():
    found = spheres(20.0, 20.0, shift=(5.0, 0.0, 0.0))
    share = 5.0 / 40
    assert found["dice"] == pytest.approx(1 - 1.5 * share + 0.5 * share**3, abs=1e-3)
    cosines = np.linspace(-1, 1, 20001)
    mean = np.abs(np.sqrt(20**2 + 5**2 + 2 * 20 * 5 * cosines) - 20).mean()
    assert found["average_symmetric_surface_distance"] == pytest.approx(mean, abs=0.03)
    assert found["hausdorff"] == pytest.approx(5, abs=0.03)
    assert found["center_shift"] == pytest.approx(5, abs=0.05)
    assert found["center_shift_left"] == pytest.approx(5, abs=0.05)
    assert found["bias_left"] > 3.5
    assert found["bias_right"] < -3.5
    assert found["volume_difference"] == pytest.approx(0, abs=1e-6)


def test_identical_sets_differ_nowhere():
    found = spheres(20.0, 20.0)
    ones = {"dice", "jaccard", "surface_dice", "volume_ratio"}
    sizes = {"volume_first", "volume_second", "shared_volume", "plane_count"}
    assert {key: value for key, value in found.items() if key in ones} == dict.fromkeys(ones, 1)
    assert all(value == pytest.approx(0, abs=1e-9) for key, value in found.items() if key not in ones | sizes)


def test_a_box_grown_on_one_side_is_edited_there_alone():
    """A box of 40 x 30 mm on 10 planes 3 mm apart, its left face moved out by 4 mm."""
    planes = 3.0 * np.arange(10)
    corners = np.array([[0.0, 0], [40, 0], [40, 30], [0, 30]])
    wider = np.where(corners == 40, 44.0, corners)
    first, second = (
        delineation(contours_of([np.column_stack([box, np.full(4, z)]) for z in planes])) for box in (corners, wider)
    )
    found = compared(first, second)
    assert found["added_volume"] == pytest.approx(4 * 30 * 30 / 1000, rel=1e-5)
    assert found["removed_volume"] == 0
    assert found["dice"] == pytest.approx(2 * 40 / 84, rel=1e-5)
    # Of each contour the moved face (30 mm) and, of the faces beside it, what lies beyond 1 mm: 3 mm twice.
    assert found["added_path_length"] == pytest.approx(10 * 36, rel=1e-3)
    # Of the first contour the moved face, but for the 1 mm at both ends that lies within 1 mm of the others.
    assert found["removed_path_length"] == pytest.approx(10 * 28, rel=1e-3)
    assert found["hausdorff"] == pytest.approx(4, abs=0.05)
    # Near its edges the face is nearer to the second's other faces: the mean over 30 x 30 mm of min(4, edge distance).
    towards_left = (22**2 * 4 + 60 * 4**2 - 8 / 3 * 4**3) / 900
    assert found["bias_left"] == pytest.approx(towards_left, abs=0.25)
    assert found["bias_right"] == pytest.approx(0, abs=0.05)
    assert found["center_shift_left"] == pytest.approx(2, abs=0.05)
    assert found["planes_edited"] == 10


def test_a_shell_shares_with_its_ball_what_the_cavity_leaves():
    shell, ball = hollow_sphere(20.0, 10.0), sphere(20.0)
    found = compared(delineation(contours(ball, EVERY_3_MM)), delineation(contours(shell, EVERY_3_MM)))
    cavity = slab_sphere_cm3(10.0)
    assert found["removed_volume"] == pytest.approx(cavity, rel=1e-3)
    assert found["hausdorff"] == pytest.approx(10, abs=0.3)


def test_an_island_more_is_added_as_a_whole():
    pair, one = two_spheres(10.0, 40.0), sphere(10.0)
    both = delineation(contours(pair, EVERY_3_MM))
    left = delineation(contours(one, EVERY_3_MM, shift=(float(pair.bodies[0].center_mm[0]), 0.0, 0.0)))
    found = compared(left, both)
    assert found["added_volume"] == pytest.approx(slab_sphere_cm3(10.0), rel=1e-3)
    assert found["volume_ratio"] == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize("positions", [EVERY_3_MM, UNEVEN], ids=["even", "uneven"])
def test_nested_and_keyhole_holes_compare_as_equal(positions):
    shell = hollow_sphere(20.0, 10.0)
    nested = delineation(contours(shell, positions))
    drawn = []
    for z in positions:
        polygons = shell.sections(z, 200)
        joined = [keyhole(*polygons)] if len(polygons) == 2 else polygons
        drawn += [np.column_stack([polygon, np.full(len(polygon), z)]) for polygon in joined]
    found = compared(nested, delineation(contours_of(drawn)))
    assert found["dice"] == pytest.approx(1, abs=1e-3)
    assert found["hausdorff"] < 0.7  # the surface has no node where the channel leaves it
    assert found["added_path_length"] == 0


SYMMETRIC = ("dice", "jaccard", "surface_dice", "hausdorff", "hausdorff_95", "average_symmetric_surface_distance")
MIRRORED = (
    ("added_volume", "removed_volume"),
    ("added_path_length", "removed_path_length"),
    ("hausdorff_first_to_second", "hausdorff_second_to_first"),
)


def test_symmetric_metrics_do_not_depend_on_the_order_and_directed_ones_change_places():
    there = spheres(20.0, 18.0, shift=(3.0, 0.0, 0.0), positions=UNEVEN)
    first = delineation(contours(sphere(18.0), UNEVEN, shift=(3.0, 0.0, 0.0)))
    back = compared(first, delineation(contours(sphere(20.0), UNEVEN)))
    for key in SYMMETRIC:
        assert back[key] == pytest.approx(there[key], rel=1e-5), key
    for one, other in MIRRORED:
        assert back[one] == pytest.approx(there[other], rel=1e-5), one


@pytest.mark.parametrize("key", SYMMETRIC)
def test_a_rigid_motion_of_both_changes_nothing(key):
    turn = rotation_matrix((0.3, -0.5, 0.8), 0.7)
    drawn = [contours(sphere(20.0), EVERY_3_MM), contours(sphere(18.0), EVERY_3_MM, shift=(3.0, 0.0, 0.0))]
    turned = [
        contours_of([polygon @ turn.T + [11.0, -7.0, 5.0] for polygon in np.split(each.points_mm, each.offsets[1:-1])])
        for each in drawn
    ]
    before, after = (compared(*map(delineation, both))[key] for both in (drawn, turned))
    assert after == pytest.approx(before, abs=0.02 * max(before, 1))


def test_denser_vertices_change_no_distance():
    few, many = (
        compared(
            delineation(contours(sphere(20.0), EVERY_3_MM, points=n)),
            delineation(contours(sphere(22.0), EVERY_3_MM, points=n)),
        )
        for n in (90, 720)
    )
    for key in ("dice", "hausdorff_95", "average_symmetric_surface_distance", "added_path_length"):
        assert many[key] == pytest.approx(few[key], rel=0.01), key


def test_other_slices_change_little():
    """The same two spheres on planes 1.5 and 3 mm apart."""
    fine = spheres(20.0, 22.0, positions=1.5 * np.arange(-24, 25))
    coarse = spheres(20.0, 22.0)
    for key in ("hausdorff_95", "average_symmetric_surface_distance"):
        assert fine[key] == pytest.approx(coarse[key], abs=0.05), key
    assert fine["dice"] == pytest.approx(coarse["dice"], abs=0.003)


def test_planes_across_each_other_are_compared_in_volume_and_surface_but_have_no_path_length():
    across = rotation_matrix((1.0, 0.0, 0.0), math.pi / 2)
    first = delineation(contours(sphere(20.0), EVERY_3_MM))
    found = compared(first, delineation(contours(sphere(22.0), EVERY_3_MM, turn=across)))
    assert found["dice"] == pytest.approx(2 * 20**3 / (20**3 + 22**3), abs=0.01)
    assert found["average_symmetric_surface_distance"] == pytest.approx(2, abs=0.05)
    assert found["added_path_length"] == "the contour planes of the two are not parallel"


def test_an_empty_side_shares_nothing_and_has_no_surface():
    ball, nothing = delineation(contours(sphere(20.0), EVERY_3_MM)), Delineation(name="GTV", stack=None)
    found = compared(nothing, ball)
    assert found["dice"] == found["jaccard"] == 0
    assert found["added_volume"] == pytest.approx(slab_sphere_cm3(20.0), rel=1e-4)
    assert found["hausdorff"] == "one of the two encloses no volume"
    assert found["volume_ratio"] == "the first encloses no volume"
    assert compared(nothing, nothing)["dice"] == "neither of the two encloses a volume"
