"""The slab convention: half the gap to each neighbor, mirrored ends, gaps not filled."""

import numpy as np
import pytest

from rtcomplexity.geometry.stack.slabs import _typical, slabs, usual_spacing_mm

SLICES = np.arange(0, 60, 3.0)


def thickness(positions, slices=SLICES):
    result = slabs(np.asarray(positions, float), np.asarray(slices, float), gap_factor=1.5)
    return (result.lower_mm + result.upper_mm).tolist(), result.gap_after.tolist()


def test_even_planes_are_as_thick_as_their_spacing():
    assert thickness([3, 6, 9]) == ([3, 3, 3], [False, False])


def test_uneven_planes_reach_half_way_to_each_neighbor():
    assert thickness([0, 3, 5, 9], slices=[0, 3, 5, 9]) == ([3, 2.5, 3, 4], [False] * 3)


def test_an_end_plane_mirrors_its_inner_half():
    result = slabs(np.array([0, 2, 6.0]), np.array([0, 2, 6.0]), gap_factor=1.5)
    assert result.lower_mm[0] == result.upper_mm[0] == 1
    assert result.upper_mm[-1] == result.lower_mm[-1] == 2


def test_a_single_plane_takes_the_slice_spacing_around_it():
    assert thickness([9]) == ([3], [])
    assert thickness([5], slices=[0, 3, 5, 9]) == ([3], [])


def test_a_single_plane_without_slices_is_unknown():
    assert np.isnan(thickness([9], slices=[])[0][0])


def test_empty_slices_between_planes_are_a_gap_that_is_not_filled():
    assert thickness([3, 6, 9, 30, 33, 36]) == ([3] * 6, [False, False, True, False, False])


def test_a_plane_alone_between_gaps_takes_the_slice_spacing():
    assert thickness([3, 6, 9, 30, 45, 48, 51])[0][3] == 3


def test_slices_that_merely_lie_further_apart_are_no_gap():
    assert thickness([0, 3, 6, 12, 18], slices=[0, 3, 6, 12, 18])[1] == [False] * 4


def test_contours_on_every_third_slice_have_no_gap():
    assert thickness([0, 9, 18, 27]) == ([9] * 4, [False] * 3)


def test_two_far_planes_with_empty_slices_between_are_two_bodies():
    assert thickness([3, 33]) == ([3, 3], [True])


def test_two_planes_with_an_empty_slice_between_are_two_bodies():
    """One step tells no typical spacing, so that the slices' own counts: nothing is filled that nobody drew."""
    assert thickness([3, 9])[1] == [True]


def test_two_slices_tell_the_spacing_and_a_gap():
    assert thickness([0, 12], slices=[4, 8]) == ([4, 4], [True])
    assert thickness([4], slices=[4, 8]) == ([4], [])
    assert thickness([0, 12], slices=[4]) == ([12, 12], [False])


def test_a_single_plane_among_uneven_slices_takes_the_two_spacings_beside_it():
    slices = [0, 2, 6, 7, 10, 20]
    assert thickness([6], slices=slices)[0] == [2.5]
    assert thickness([7], slices=slices)[0] == [2]
    assert thickness([0], slices=slices)[0] == [2]
    assert thickness([20], slices=slices)[0] == [10]


def test_a_plane_a_little_beyond_its_slice_has_not_skipped_it():
    assert thickness([0, 1, 2, 6.1], slices=[0, 1, 2, 6, 10, 14])[1] == [False, False, False]
    assert thickness([0, 1, 2, 7.1], slices=[0, 1, 2, 6, 10, 14])[1] == [False, False, True]


@pytest.mark.parametrize(
    ("steps", "typical"),
    [([4, 1, 2], 2), ([8, 2, 1, 4], 2), ([1, 2], 1), ([16, 1, 8, 4, 2], 4), ([9, 9, 1, 1, 5, 4], 4)],
)
def test_the_typical_step_is_the_lower_median(steps, typical):
    assert _typical(np.array(steps, float), SLICES) == typical


def test_a_single_step_says_less_than_the_slices_and_none_says_nothing():
    assert _typical(np.array([30.0]), SLICES) == 3
    assert np.isnan(_typical(np.empty(0), SLICES))


def without_slices(positions, **told):
    result = slabs(np.asarray(positions, float), np.empty(0), gap_factor=1.5, **told)
    return (result.lower_mm + result.upper_mm).tolist(), result.gap_after.tolist(), result.is_spacing_known


def test_without_slices_a_stretch_beyond_the_usual_spacing_is_a_gap():
    assert without_slices([0, 3, 33, 36], usual_mm=3) == ([3] * 4, [False, True, False], True)
    assert without_slices([0, 4.4, 9], usual_mm=3)[1] == [False, True]


def test_without_slices_planes_alone_are_as_thick_as_the_usual_spacing():
    assert without_slices([0, 30], usual_mm=3) == ([3, 3], [True], True)
    assert without_slices([7], usual_mm=3, lone_mm=9) == ([3], [], True)
    assert without_slices([7], lone_mm=9) == ([9], [], True)


def test_without_slices_a_shape_drawn_on_every_third_slice_has_no_gap_but_where_it_skips_more():
    assert without_slices([0, 9, 18, 27], usual_mm=3) == ([9] * 4, [False] * 3, True)
    assert without_slices([0, 9, 18, 27, 60, 69], usual_mm=3)[1] == [False, False, False, True, False]


def test_without_slices_equal_steps_of_the_shape_itself_tell_its_spacing():
    assert without_slices([0, 3, 6, 36, 39]) == ([3] * 5, [False, False, True, False], True)


def test_without_slices_unlike_steps_tell_nothing_and_one_step_even_less():
    assert without_slices([0, 3, 33]) == ([3] * 3, [False, True], False)
    assert without_slices([0, 30]) == ([30, 30], [False], False)


def test_bodies_apart_end_where_no_part_reaches_over_and_the_usual_spacing_says_so():
    told = {"usual_mm": 3, "apart": np.array([False, True, True])}
    assert without_slices([0, 9, 18, 21], **told)[1] == [False, True, False]


@pytest.mark.parametrize(
    ("shapes", "spacing"),
    [
        ([[0, 3, 6, 9]], 3),
        ([[0, 3, 30, 33]], 3),
        ([[0, 30]], np.nan),
        ([[0, 30], [0, 30]], np.nan),
        ([[0, 3], [6, 9]], 3),
        ([[0, 5, 10, 15], [0, 2.5, 5], [5, 7.5, 10]], 2.5),
        ([[0, 5, 10, 15], [0, 2.5, 5]], 2.5),
        ([[0, 3.004, 6, 8.996, 100]], 3),
        ([[0], []], np.nan),
        ([], np.nan),
    ],
)
def test_the_usual_spacing_is_the_most_frequent_per_shape_then_over_shapes(shapes, spacing):
    found = usual_spacing_mm([np.asarray(shape, float) for shape in shapes], 0.01)
    assert found == pytest.approx(spacing, rel=1e-3, nan_ok=True)
