"""Contours more jagged than a hand draws are evened out; every other one is left as it is."""

import numpy as np
import pytest

from rtcomplexity.geometry import jaggedness as module
from rtcomplexity.geometry.contour_shape import ContourSet
from rtcomplexity.geometry.jaggedness import (
    EVEN_EXCESS,
    MOST_EXCESS,
    WEAKLY_EVEN_EXCESS,
    _is_plainly_even,
    _of_same_area,
    _smoothed,
    _some_smoothed,
    evened,
    evened_contour,
    excess_lengths,
)
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.model.structure_set import Contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contour_stack, plane_positions, sphere
from rtcomplexity.testing.variations import densified, hashed_noise, jagged


def lobed(radius_mm=14.0, depth=0.25, lobes=5, step_mm=0.4):
    """A contour as a hand draws it: spicules of some millimeters, a vertex every 0.4 mm."""
    turn = np.linspace(0, 2 * np.pi, int(2 * np.pi * radius_mm / step_mm), endpoint=False)
    return (radius_mm * (1 + depth * np.cos(lobes * turn)))[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])


def noisy(points_mm, distance_mm, seed=0):
    outward = points_mm / np.linalg.norm(points_mm, axis=1, keepdims=True)
    return points_mm + distance_mm * hashed_noise(len(points_mm), seed)[:, None] * outward


def excess_length(points_mm):
    return excess_lengths(ContourSet.of([points_mm]))[0]


def area(points_mm):
    return ContourSet.of([points_mm]).simple_areas_mm2[0]


def stack_of(*contours):
    """Contours on planes 2 mm apart."""
    points = np.concatenate([np.column_stack([c, np.full(len(c), 2.0 * n)]) for n, c in enumerate(contours)])
    offsets = np.cumsum([0, *map(len, contours)])
    drawn = Contours(points_mm=points, offsets=offsets, geometric_types=np.zeros(len(contours), np.int8))
    return stack_contours(drawn, settings=Settings()).stack


def circle(radius_mm, count, center_mm=(0.0, 0.0)):
    turn = np.arange(count) * 2 * np.pi / count
    return radius_mm * np.column_stack([np.cos(turn), np.sin(turn)]) + np.asarray(center_mm)


def distances_to(points_mm, curve_mm):
    fine = ContourSet.of([curve_mm]).resampled(0.1).points_mm
    return np.min(np.linalg.norm(points_mm[:, None] - fine, axis=2), axis=1)


@pytest.mark.parametrize("contour", [lobed(), lobed(depth=0.4, lobes=8), lobed(radius_mm=3.0, depth=0.0)])
def test_a_contour_as_a_hand_draws_it_is_left_as_it_is(contour):
    assert excess_length(contour) < MOST_EXCESS
    stack = stack_of(contour, contour)
    assert evened(stack) is stack


@pytest.mark.parametrize("depth", np.linspace(0, 0.5, 6))
@pytest.mark.parametrize("lobes", [5, 20, 40])
def test_a_contour_that_some_of_its_points_call_even_is_even(depth, lobes):
    outlines = ContourSet.of([lobed(depth=depth, lobes=lobes), lobed(radius_mm=40.0, depth=depth, lobes=lobes)])
    is_even = excess_lengths(outlines) <= MOST_EXCESS
    assert (is_even | ~_is_plainly_even(outlines)).all()


@pytest.mark.parametrize("distance_mm", np.linspace(0.3, 2.0, 8))
def test_a_noisy_contour_that_some_of_its_points_call_even_is_even(distance_mm):
    radii_mm = 8.0, 14.0, 40.0
    outlines = ContourSet.of([noisy(lobed(radius_mm=r), distance_mm, seed) for r in radii_mm for seed in (0, 1)])
    assert (excess_lengths(outlines)[_is_plainly_even(outlines)] <= MOST_EXCESS).all()


def test_most_even_contours_are_told_by_some_of_their_points_and_no_short_one():
    outlines = ContourSet.of([lobed(), lobed(depth=0.4, lobes=8), lobed(radius_mm=5.0, depth=0.0)])
    assert _is_plainly_even(outlines).tolist() == [True, True, False]


@pytest.mark.parametrize("distance_mm", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_vertex_noise_is_taken_away_and_the_contour_below_it_is_left(distance_mm, seed):
    drawn = lobed()
    found = evened_contour(noisy(drawn, distance_mm, seed))
    assert excess_length(noisy(drawn, distance_mm, seed)) > MOST_EXCESS
    assert excess_length(found) <= EVEN_EXCESS
    assert area(found) == pytest.approx(area(drawn), rel=0.04)
    assert np.sqrt(np.mean(distances_to(found, drawn) ** 2)) < 0.4 * distance_mm + 0.3


def test_how_a_contour_is_written_makes_no_difference():
    contour = noisy(lobed(), 1.0)
    edges = np.roll(contour, -1, axis=0) - contour
    dense = (contour[:, None] + np.arange(3)[None, :, None] / 3 * edges[:, None]).reshape(-1, 2)
    for other in (contour[::-1], np.roll(contour, 17, axis=0), dense, contour + np.array([300.0, -200.0])):
        assert excess_length(other) == pytest.approx(excess_length(contour), rel=0.01)
        assert area(evened_contour(other)) == pytest.approx(area(evened_contour(contour)), rel=0.005)


def test_a_stack_without_a_jagged_contour_is_the_same_stack_and_one_with_it_keeps_its_planes():
    solid = sphere(12.0)
    contours = contour_stack(solid, positions_mm=plane_positions(solid, 2.0, 0.5), points_per_contour=180)
    smooth = stack_contours(contours, settings=Settings()).stack
    assert evened(smooth) is smooth
    rough = stack_contours(jagged(contours, 1.5), settings=Settings()).stack
    found = evened(rough)
    assert found is not rough
    assert len(found.contour_offsets) == len(rough.contour_offsets)
    assert (found.plane_offsets == rough.plane_offsets).all()
    assert found.plane_areas_mm2.sum() == pytest.approx(smooth.plane_areas_mm2.sum(), rel=0.03)
    assert evened(stack_contours(densified(jagged(contours, 1.5)), settings=Settings()).stack) is not rough


def test_only_the_jagged_contours_of_a_stack_change():
    drawn = lobed()
    before = stack_of(drawn, noisy(drawn, 1.0), drawn)
    after = evened(before)
    first, last = (slice(*before.contour_offsets[n : n + 2]) for n in (0, 2))
    assert (after.points_mm[: len(drawn)] == before.points_mm[first]).all()
    assert (after.points_mm[-len(drawn) :] == before.points_mm[last]).all()
    assert excess_lengths(ContourSet(points_mm=after.points_mm, offsets=after.contour_offsets)).max() < MOST_EXCESS


@pytest.mark.parametrize("deviation_mm", [1.0, 1.5])
@pytest.mark.parametrize("radius_mm", [4.0, 6.0, 6.5, 20.0])
def test_a_blurred_circle_is_smaller_by_the_gaussian_of_one_cycle(radius_mm, deviation_mm):
    """A Gaussian of s along a length L takes exp(-2 (pi s / L)^2) of one cycle; below 40 mm it narrows with L."""
    drawn = circle(radius_mm, 400)
    length_mm = 800 * radius_mm * np.sin(np.pi / 400)
    share = deviation_mm / max(length_mm, 40)
    assert _smoothed(drawn, deviation_mm) == pytest.approx(drawn * np.exp(-2 * (np.pi * share) ** 2), abs=1e-12)


def test_a_blur_takes_more_of_what_is_finer():
    slow, fast = circle(20.0, 500), 0.5 * circle(1.0, 500)[np.arange(500) * 12 % 500]
    points = slow + fast
    length_mm = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1).sum()
    kept = [np.exp(-2 * (np.pi * cycles / length_mm) ** 2) for cycles in (1, 12)]
    assert _smoothed(points, 1.0) == pytest.approx(kept[0] * slow + kept[1] * fast, abs=1e-12)


def test_every_eighth_point_is_blurred_as_all_are():
    steps = [circle(8.0, 101), circle(20.0, 251, (3.0, -4.0))]
    lengths_mm = 2 * np.array([101 * 8 * np.sin(np.pi / 101), 251 * 20 * np.sin(np.pi / 251)])
    some = _some_smoothed(ContourSet.of(steps), lengths_mm)
    expected = [_smoothed(each, 1.0)[::8] for each in steps]
    assert np.diff(some.offsets).tolist() == [13, 32]
    assert some.points_mm == pytest.approx(np.concatenate(expected), abs=2e-4)


def test_a_contour_gets_back_its_area_about_its_mean_point_and_grows_by_a_quarter_at_most():
    drawn = circle(10.0, 60, (5.0, 7.0))
    assert _of_same_area(drawn, circle(9.0, 60, (5.0, 7.0))) == pytest.approx(drawn)
    assert _of_same_area(drawn, circle(11.0, 60, (5.0, 7.0))) == pytest.approx(drawn)
    assert _of_same_area(drawn, circle(5.0, 60)) == pytest.approx(circle(6.25, 60))
    assert _of_same_area(drawn, circle(20.0, 60)) == pytest.approx(circle(16.0, 60))


def test_a_contour_blurred_to_a_line_has_no_area_to_rescale_by():
    line = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 0.0]])
    assert (_of_same_area(circle(10.0, 4), line) == line).all()


def test_an_empty_stack_has_no_excess_length():
    assert len(excess_lengths(ContourSet(points_mm=np.empty((0, 2)), offsets=np.array([0])))) == 0


def waves_mm(points_mm, curve_mm):
    """Root mean square distance of one contour to another."""
    return np.sqrt(np.mean(distances_to(points_mm, curve_mm) ** 2))


@pytest.mark.parametrize("seed", [0, 2])
def test_weak_noise_is_taken_away_no_further_than_readers_are_even(seed):
    """Five of six contours of readers have no more excess; evening it out further would take what was drawn."""
    found = evened_contour(noisy(lobed(radius_mm=8.0, depth=0.1, lobes=3, step_mm=0.8), 1.2, seed))
    assert EVEN_EXCESS < excess_length(found) <= WEAKLY_EVEN_EXCESS


@pytest.mark.parametrize("seed", range(3))
def test_of_a_long_contour_no_longer_waves_of_noise_are_left(seed):
    """Vertices every third of a millimeter, as planning systems write them, 160 mm round."""
    drawn = lobed(radius_mm=25.0, depth=0.05, lobes=3, step_mm=0.34)
    assert waves_mm(evened_contour(noisy(drawn, 1.0, seed)), drawn) < 0.15


@pytest.mark.parametrize(
    ("side_mm", "noise_mm", "passes", "last_mm"),
    [
        (15.0, 0.5, [(1.15, 0.7, 24)], 0.0),  # weak noise, a contour of 60 mm
        (26.25, 0.5, [(1.15, 0.7, 24)], 0.5 * 1.5),  # of 105 mm, half-way to 150
        (37.5, 0.4, [(1.15, 0.7, 24)], 0.4 * 3),
        (90.0, 0.4, [(1.15, 0.7, 24)], 0.4 * 3),
        (90.0, 0.51, [(1.15, 0.7, 24), (module.EVEN_EXCESS, 1.5, 8)], 0.51 * 3),  # strong noise
    ],
)
def test_weak_noise_is_smoothed_a_little_and_strong_noise_more_and_long_contours_once_again(
    monkeypatch, side_mm, noise_mm, passes, last_mm
):
    asked, blurred = [], []

    def evened_to(excess, outline, deviation_mm, rounds):
        asked.append((excess, deviation_mm, rounds))
        return outline

    monkeypatch.setattr(module, "_evened_to", evened_to)
    monkeypatch.setattr(module, "_distance_mm", lambda drawn, even: noise_mm)
    monkeypatch.setattr(module, "_evened_once", lambda even, deviation_mm: blurred.append(deviation_mm) or even)
    contour = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]) * side_mm
    assert np.array_equal(evened_contour(contour), contour)
    assert asked == passes
    assert blurred == pytest.approx([last_mm])


@pytest.mark.parametrize(("excesses", "rounds", "done"), [([1.3, 1.2, 1.1], 8, 2), ([1.1], 8, 0), ([9.0] * 9, 3, 3)])
def test_a_contour_is_smoothed_until_it_is_even_enough_or_so_many_times(monkeypatch, excesses, rounds, done):
    left, blurred = list(excesses), []
    monkeypatch.setattr(module, "excess_lengths", lambda outline: np.array([left.pop(0)]))
    monkeypatch.setattr(module, "_evened_once", lambda outline, deviation_mm: blurred.append(deviation_mm) or outline)
    module._evened_to(1.1, "an outline", 0.7, rounds)
    assert blurred == [0.7] * done


def test_a_contour_smaller_than_a_square_millimeter_gets_back_its_area():
    before = np.array([[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]])
    middle = before.mean(axis=0)
    found = module._of_same_area(before, middle + 0.9 * (before - middle))
    assert found == pytest.approx(before)
