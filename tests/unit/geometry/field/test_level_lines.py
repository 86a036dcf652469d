"""Level lines against an independent tracer, and chains of which the order is known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.measure import find_contours

from rtcomplexity.geometry.field.level_lines import cycles, level_lines


def lines_of(sections):
    points, offsets = level_lines(sections)
    return [points[a:b] for a, b in pairwise(offsets)]


def bordered(field):
    """The field with its outermost pixels outside."""
    return np.pad(field, ((0, 0), (1, 1), (1, 1)), constant_values=-1.0).astype(np.float32)


def from_its_least_vertex(line):
    """A closed line as a list of vertices that does not depend on where it starts and which way it runs."""
    line = np.roll(line, -int(np.lexsort(line.T)[0]), axis=0)
    return min(line.tolist(), [line[0].tolist(), *line[:0:-1].tolist()])


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 2.5]))
def test_lines_are_those_of_an_independent_tracer(seed, blur):
    random = np.random.default_rng(seed)
    sections = bordered(gaussian_filter(random.standard_normal((3, 14, 11)), (0, blur, blur)))
    ours = [from_its_least_vertex(line) for line in lines_of(sections)]
    theirs = [from_its_least_vertex(line[:-1]) for plane in sections for line in find_contours(plane, 0.0)]
    assert len(ours) == len(theirs)
    for line, other in zip(sorted(ours), sorted(theirs), strict=True):
        assert np.array(line) == pytest.approx(np.array(other), abs=1e-12)


def test_two_pixels_that_touch_at_a_corner_are_apart():
    field = -np.ones((1, 6, 6))
    field[0, 2, 2] = field[0, 3, 3] = 1
    assert [len(line) for line in lines_of(field)] == [4, 4]


def test_planes_follow_each_other():
    field = -np.ones((3, 5, 5))
    field[0, 2, 2], field[2, 1:4, 1:4] = 1, 1
    first, second = lines_of(field)
    assert (len(first), len(second)) == (4, 12)


def test_a_field_that_is_outside_throughout_has_no_lines():
    points, offsets = level_lines(-np.ones((2, 4, 4)))
    assert (points.shape, offsets.tolist()) == ((0, 2), [0])


@given(st.permutations(range(17)))
def test_chains_are_followed_from_their_lowest_member_on(following):
    order, offsets = cycles(np.array(following))
    chains = [order[a:b].tolist() for a, b in pairwise(offsets)]
    assert sorted(order) == list(range(17))
    assert [chain[0] for chain in chains] == sorted(min(chain) for chain in chains)
    assert all([following[each] for each in chain] == [*chain[1:], chain[0]] for chain in chains)


@pytest.mark.parametrize("seed", range(3))
def test_lines_of_noise_in_which_every_kind_of_cell_occurs_are_those_of_an_independent_tracer(seed):
    sections = bordered(np.random.default_rng(seed).standard_normal((2, 14, 11)))
    inside = sections > 0
    kinds = inside[:, :-1, :-1] + 2 * inside[:, :-1, 1:] + 4 * inside[:, 1:, :-1] + 8 * inside[:, 1:, 1:]
    assert set(kinds.ravel().tolist()) == set(range(16))
    ours = sorted(from_its_least_vertex(line) for line in lines_of(sections))
    theirs = sorted(from_its_least_vertex(line[:-1]) for plane in sections for line in find_contours(plane, 0.0))
    assert [len(line) for line in ours] == [len(line) for line in theirs]
    for line, other in zip(ours, theirs, strict=True):
        assert np.array(line) == pytest.approx(np.array(other), abs=1e-12)
