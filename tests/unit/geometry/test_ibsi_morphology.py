"""IBSI morphology against mathematics, brute force and its own guards; published values stand in tests/reference."""

import itertools
import math

import numpy as np
import pytest

from rtcomplexity.geometry.ibsi_morphology import (
    MaskMorphology,
    autocorrelation,
    ibsi_ellipsoid_area,
    principal_axes,
)
from rtcomplexity.geometry.mesh import UnmeasurableShapeError

SPACING_MM = (3.0, 0.7, 1.1)


def blob(seed=1, shape=(4, 5, 6)):
    return np.random.default_rng(seed).random(shape) < 0.6


def test_moran_and_geary_equal_the_sums_over_all_pairs():
    mask, values = blob(), np.random.default_rng(2).normal(size=(4, 5, 6))
    points = np.argwhere(mask) * SPACING_MM
    inside = values[mask] - values[mask].mean()
    products = differences = weights = 0.0
    for a, b in itertools.permutations(range(len(points)), 2):
        weight = 1 / math.dist(points[a], points[b])
        weights += weight
        products += weight * inside[a] * inside[b]
        differences += weight * (inside[a] - inside[b]) ** 2
    moran, geary = autocorrelation(values, mask, SPACING_MM)
    total, count = (inside**2).sum(), len(inside)
    assert moran == pytest.approx(count / weights * products / total, rel=1e-9)
    assert geary == pytest.approx((count - 1) / (2 * weights) * differences / total, rel=1e-9)


@pytest.mark.parametrize("axes", [(5, 4, 3), (6, 3, 2.5)])
def test_the_area_of_an_ellipsoid_is_the_sum_that_ibsi_prints(axes):
    from numpy.polynomial.legendre import legval

    a, b, c = axes
    alpha, beta = math.sqrt(1 - (b / a) ** 2), math.sqrt(1 - (c / a) ** 2)
    coefficients = [(alpha * beta) ** n / (1 - 4 * n**2) for n in range(21)]
    total = legval((alpha**2 + beta**2) / (2 * alpha * beta), coefficients)
    assert ibsi_ellipsoid_area(a, b, c) == pytest.approx(4 * math.pi * a * b * total, rel=1e-12)


def test_the_area_of_a_sphere_is_exact():
    assert ibsi_ellipsoid_area(3, 3, 3) == pytest.approx(36 * math.pi, rel=1e-12)


def test_the_axes_of_a_box_of_voxels_follow_its_variance():
    counts = np.array([5, 9, 20])
    points = np.argwhere(np.ones(counts, bool)) * SPACING_MM
    total = counts.prod()
    expected = 4 * np.sqrt((counts**2 - 1) / 12 * np.square(SPACING_MM) * total / (total - 1))
    assert principal_axes(points) == pytest.approx(np.sort(expected)[::-1], rel=1e-9)


def test_the_box_in_which_a_mask_lies_does_not_matter():
    mask, values = blob(), np.random.default_rng(2).normal(5, 1, size=(4, 5, 6))
    wide = [(2, 1), (0, 3), (4, 4)]
    narrow = MaskMorphology(mask=mask, spacing_mm=SPACING_MM, intensities=values, intensity_mask=mask & (values > 5))
    placed = MaskMorphology(
        mask=np.pad(mask, wide),
        spacing_mm=SPACING_MM,
        intensities=np.pad(values, wide),
        intensity_mask=np.pad(mask & (values > 5), wide),
    )
    for feature in ("volume_mesh", "surface_area", "centre_of_mass_shift", "morans_i", "volume_density_aee"):
        assert getattr(placed, feature) == pytest.approx(getattr(narrow, feature), rel=1e-9)


def test_intensities_count_only_inside_their_own_mask():
    mask = np.ones((1, 1, 4), bool)
    values = np.array([[[1.0, 1.0, 1.0, 1e9]]])
    found = MaskMorphology(mask=mask, spacing_mm=(1, 1, 1), intensities=values, intensity_mask=values < 2)
    assert found.integrated_intensity == pytest.approx(found.volume_mesh)
    assert found.centre_of_mass_shift == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("mask", "values", "feature", "reason"),
    [
        (np.ones((1, 1, 1)), None, "elongation", "single voxel"),
        (np.ones((1, 3, 3)), None, "volume_density_aee", "flat"),
        (np.ones((1, 3, 3)), None, "area_density_aee", "flat"),
        (np.ones((2, 2, 2)), None, "integrated_intensity", "No intensities"),
        (np.ones((2, 2, 2)), np.zeros((2, 2, 2)), "centre_of_mass_shift", "add up to 0"),
        (np.ones((2, 2, 2)), np.ones((2, 2, 2)), "morans_i", "equal"),
    ],
)
def test_what_a_mask_does_not_have_is_refused(mask, values, feature, reason):
    found = MaskMorphology(mask=mask.astype(bool), spacing_mm=SPACING_MM, intensities=values)
    with pytest.raises(UnmeasurableShapeError, match=reason):
        getattr(found, feature)


def test_an_empty_mask_is_refused():
    with pytest.raises(UnmeasurableShapeError, match="empty"):
        MaskMorphology(mask=np.zeros((2, 2, 2), bool), spacing_mm=SPACING_MM)


def test_two_points_have_one_axis_and_points_on_a_line_no_other():
    """Two points 2 mm apart vary by 2 mm2: 4 sqrt(2)."""
    assert principal_axes(np.array([[0.0, 0, 0], [2, 0, 0]])) == pytest.approx([4 * math.sqrt(2), 0, 0])
    along = np.outer(np.linspace(0, 7.3, 23), (0.3, 0.7, 0.2))
    assert principal_axes(along)[1:].tolist() == [0, 0]
    with pytest.raises(UnmeasurableShapeError, match="single voxel"):
        principal_axes(np.zeros((1, 3)))


def test_what_is_smaller_than_a_millimeter_has_axes_too():
    assert MaskMorphology(mask=np.ones((2, 2, 2), bool), spacing_mm=(0.1, 0.1, 0.1)).elongation == pytest.approx(1)


def test_a_mask_is_kept_in_its_box_and_cannot_be_changed():
    mask = np.pad(np.ones((2, 3, 4), bool), 1)
    found = MaskMorphology(mask=mask, spacing_mm=SPACING_MM, intensities=np.ones(mask.shape))
    assert found.mask.shape == found.intensities.shape == (2, 3, 4)
    assert not found.mask.flags.writeable


def test_a_ball_has_the_shape_of_a_ball():
    """Variance along any axis is r^2 / 5: the ellipsoid of four deviations has semi-axes 2 r / sqrt(5)."""
    spacing_mm, radius_mm = (1.0, 0.8, 0.9), 12.0
    grid = np.stack(np.meshgrid(*(step * np.arange(-16, 17) for step in spacing_mm), indexing="ij"), axis=-1)
    found = MaskMorphology(mask=np.linalg.norm(grid, axis=-1) <= radius_mm, spacing_mm=spacing_mm)
    volume_mm3, area_mm2 = 4 / 3 * np.pi * radius_mm**3, found.surface_area
    assert area_mm2 == pytest.approx(1.09 * 4 * np.pi * radius_mm**2, rel=0.02)  # steps of voxels add a tenth
    sphericity = (36 * np.pi * volume_mm3**2) ** (1 / 3) / area_mm2
    a, b, c = 25 * 1.0, 31 * 0.8, 27 * 0.9  # voxels from end to end
    expected = {
        "volume_mesh": volume_mm3,
        "volume_voxels": volume_mm3,
        "surface_to_volume": area_mm2 / volume_mm3,
        "compactness_1": volume_mm3 / np.sqrt(np.pi * area_mm2**3),
        "compactness_2": 36 * np.pi * volume_mm3**2 / area_mm2**3,
        "spherical_disproportion": 1 / sphericity,
        "sphericity": sphericity,
        "maximum_3d_diameter": a,
        "major_axis_length": 4 * radius_mm / np.sqrt(5),
        "minor_axis_length": 4 * radius_mm / np.sqrt(5),
        "least_axis_length": 4 * radius_mm / np.sqrt(5),
        "elongation": 1,
        "flatness": 1,
        "volume_density_aabb": volume_mm3 / (a * b * c),
        "area_density_aabb": area_mm2 / (2 * (a * b + b * c + c * a)),
        "volume_density_aee": np.sqrt(125) / 8,
        "area_density_aee": area_mm2 / (4 * np.pi * (2 * radius_mm) ** 2 / 5),
        "volume_density_convex_hull": 1,
        "area_density_convex_hull": area_mm2 / (4 * np.pi * radius_mm**2),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(
        expected, rel=0.05
    )  # its hull bridges the steps
    assert found.asphericity == pytest.approx(found.spherical_disproportion - 1)
    assert found.spherical_disproportion == pytest.approx(1.09, abs=0.02)
