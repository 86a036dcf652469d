"""Borders of images in closed form are found where they are; noise shows none."""

import numpy as np
import pytest
from scipy.special import erf

from rtcomplexity.fusion.borders import MOST_NORMALS, SAMPLED_MM, Normals, borders_of, thinned

RNG = np.random.default_rng(4)


def edges(positions_mm, width_mm=1.5, height=-100.0):
    """Values along normals across blurred steps at known positions."""
    return (height * erf((SAMPLED_MM - np.asarray(positions_mm)[:, None]) / width_mm)).ravel()


@pytest.mark.parametrize("height", [-100.0, 250.0])
def test_a_blurred_step_is_found_where_it_is(height):
    positions = RNG.uniform(-8, 8, 300)
    found = borders_of(edges(positions, height=height))
    assert found.is_visible.all()
    np.testing.assert_allclose(found.position_mm, positions, atol=0.1)


def test_the_share_within_counts_what_is_near_and_visible():
    assert borders_of(edges([0, 1, 2.5, 5, -7])).share_within(3) == pytest.approx(0.6)


def test_a_border_beyond_reach_and_a_faint_one_are_not_visible():
    values = edges([0.0] * 50 + [40.0]) + np.concatenate([np.zeros(50 * len(SAMPLED_MM)), 0.1 * SAMPLED_MM])
    faint = edges([0.0], height=-5.0)
    assert borders_of(np.concatenate([values, faint])).is_visible.tolist() == [True] * 50 + [False, False]


def test_a_normal_that_leaves_the_image_has_no_border():
    values = edges([0, 0])
    values[3] = np.nan
    found = borders_of(values)
    assert found.is_visible.tolist() == [False, True]
    assert np.isnan(found.position_mm[0])
    assert borders_of(np.full_like(values, np.nan)).share_within(3) == 0


def test_noise_lies_near_a_contour_no_more_often_than_chance():
    found = borders_of(RNG.normal(size=2000 * len(SAMPLED_MM)))
    assert found.share_within(3) < 0.36


def test_normals_run_outward_through_their_points():
    points, directions = RNG.normal(size=(4000, 3)), np.tile([0.0, 0.0, 1.0], (4000, 1))
    normals = thinned(points, directions)
    assert len(normals.points_mm) <= MOST_NORMALS
    along = Normals(points_mm=points[:1], directions=directions[:1]).sampled_points_mm
    np.testing.assert_allclose(along - points[0], SAMPLED_MM[:, None] * directions[0], atol=1e-12)
