"""Volumes against closed forms and published tables, each under its stated convention."""

from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.geometry.stack.volume import random_phase_deviation, slab_volume_mm3, trapezoid_volume_mm3
from rtcomplexity.testing import Cone, Ellipsoid, Torus, box, cylinder, hollow_sphere, sphere
from unit.geometry.stacks import circle, on_planes, phantom, square, stacked

NELMS = [  # spacing mm: sphere slab = trapezoid, cylinder slab, trapezoid, cone slab, trapezoid (cm3)
    (0.2, 7.2377, 10.9478, 10.8573, 3.6645, 3.6192),
    (1.0, 7.2257, 11.3097, 10.8573, 3.8485, 3.6223),
    (2.0, 7.1880, 11.7621, 10.8573, 4.0841, 3.6317),
    (3.0, 7.1251, 12.2145, 10.8573, 4.3260, 3.6474),
]


def from_minus_12_to_12(spacing):
    return np.linspace(-12, 12, round(24 / spacing) + 1)


def volumes_cm3(shape, positions):
    stack = phantom(shape, positions).stack
    return slab_volume_mm3(stack) / 1e3, trapezoid_volume_mm3(stack) / 1e3


def with_dots(radius_at, positions):
    """A round stack with dots where an analytic section is a point, so that end planes are counted."""
    return stacked(on_planes(*((z, circle(max(radius_at(z), 1e-6))) for z in positions))).stack


@pytest.mark.parametrize("row", NELMS, ids=lambda row: f"{row[0]} mm")
def test_the_published_table_of_simple_shapes_is_met_to_its_last_digit(row):
    """Nelms 2015: r 12, h 24 mm stacks from -12 to 12 mm."""
    spacing, ball, tube_slab, tube_trapezoid, cone_slab, cone_trapezoid = row
    z = from_minus_12_to_12(spacing)
    assert volumes_cm3(sphere(12), z)[0] == pytest.approx(ball, abs=5.1e-5)
    assert trapezoid_volume_mm3(with_dots(lambda p: np.sqrt(max(144 - p**2, 0)), z)) / 1e3 == pytest.approx(
        ball, abs=5.1e-5
    )
    assert volumes_cm3(cylinder(12, 24), z) == pytest.approx((tube_slab, tube_trapezoid), abs=5.1e-5)
    cone = phantom(Cone(base_radius_mm=12, height_mm=24), z).stack
    assert slab_volume_mm3(cone) / 1e3 == pytest.approx(cone_slab, abs=5.1e-5)
    assert trapezoid_volume_mm3(with_dots(lambda p: (12 - p) / 2, z)) / 1e3 == pytest.approx(cone_trapezoid, abs=5.1e-5)


def test_prisms_are_exact_to_1e_9():
    z = np.arange(-9.5, 10, 1.0)
    assert slab_volume_mm3(phantom(box((30, 20, 20)), z).stack) == pytest.approx(12000, rel=1e-9)
    assert slab_volume_mm3(phantom(cylinder(30, 20), z).stack) == pytest.approx(np.pi * 900 * 20, rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "area_at"),
    [
        (sphere(40), lambda z: np.pi * (1600 - z**2)),
        (Ellipsoid(semi_axes_mm=(25, 30, 30)), lambda z: np.pi * 25 * 30 * (1 - (z / 30) ** 2)),
        (Torus(ring_radius_mm=60, tube_radius_mm=20), lambda z: 4 * np.pi * 60 * np.sqrt(400 - z**2)),
        (hollow_sphere(40, 20), lambda z: np.pi * (1600 - z**2 - np.clip(400 - z**2, 0, None))),
    ],
    ids=["sphere", "ellipsoid", "torus", "hollow sphere"],
)
def test_slab_sums_follow_the_closed_form_sections_to_1e_9(shape, area_at):
    z = np.arange(*shape.extent_mm, 1.7)[1:] - 0.4
    slab = np.full(len(z), 1.7)
    assert slab_volume_mm3(phantom(shape, z).stack) == pytest.approx(float(area_at(z) @ slab), rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "volume_mm3"),
    [
        (sphere(40), 268_082.57),
        (cylinder(30, 80), 226_194.67),
        (Ellipsoid(semi_axes_mm=(30, 50, 60)), 376_991.12),
        (Torus(ring_radius_mm=60, tube_radius_mm=20), 473_741.01),
        (hollow_sphere(40, 20), 234_572.25),
    ],
    ids=["sphere", "cylinder", "ellipsoid", "torus", "hollow sphere"],
)
def test_large_shapes_converge_to_their_true_volume(shape, volume_mm3):
    low, high = shape.extent_mm
    z = np.linspace(low, high, 801)
    z = 0.5 * (z[1:] + z[:-1])
    assert slab_volume_mm3(phantom(shape, z).stack) == pytest.approx(volume_mm3, rel=2e-5)


@pytest.mark.parametrize("diameter", [3, 5, 10, 20])
@pytest.mark.parametrize("spacing", [1.0, 2.5])
def test_spheres_at_random_phases_are_unbiased(diameter, spacing):
    phases = (np.arange(100) + 0.5) / 100 * spacing
    volumes = []
    for phase in phases:
        z = np.arange(-diameter - phase, diameter, spacing)
        inside = z[np.abs(z) < diameter / 2]
        volumes.append(
            slab_volume_mm3(
                phantom(
                    sphere(diameter / 2),
                    inside,
                    points=60,
                ).stack
            )
            if len(inside) > 1
            else float(np.pi * (diameter**2 / 4 - inside**2).sum() * spacing)
        )
    true = np.pi * diameter**3 / 6
    assert np.mean(volumes) == pytest.approx(true, rel=5e-3)


@pytest.mark.parametrize(("diameter", "expected"), [(10, 0.028), (5, 0.11)])
def test_the_deviation_printed_is_the_published_scatter(diameter, expected):
    """Standard deviation over random phases at 2.5 mm spacing: 2.8 % at 10 mm diameter, 11 % at 5 mm."""
    stack = stacked(on_planes(*((z, square(np.sqrt(np.pi * diameter**3 / 6 / 7.5))) for z in (0, 2.5, 5)))).stack
    assert slab_volume_mm3(stack) == pytest.approx(np.pi * diameter**3 / 6)
    assert random_phase_deviation(stack) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("spacing", [1.3, 3.1, 4.4, 7.0, 9.7])
def test_the_deviation_is_that_of_slab_sums_over_all_phases(spacing):
    z = (np.arange(-9, 10) + np.linspace(0, 1, 2000, endpoint=False)[:, None]) * spacing
    sums = spacing * np.pi * np.clip(100 - z**2, 0, None).sum(axis=1)
    side = np.sqrt(np.mean(sums) / (3 * spacing))
    stack = stacked(on_planes(*((n * spacing, square(side)) for n in range(3)))).stack
    assert random_phase_deviation(stack) == pytest.approx(np.std(sums) / np.mean(sums), rel=1e-3)


def test_a_single_plane_has_its_slab_in_both_conventions():
    stack = stacked(on_planes((0, square(10))), np.arange(-9, 10, 3.0)).stack
    assert slab_volume_mm3(stack) == trapezoid_volume_mm3(stack) == pytest.approx(300)


def test_a_gap_is_filled_by_neither_convention():
    z = [0, 3, 6, 30, 33, 36]
    stack = stacked(on_planes(*((p, square(10)) for p in z)), np.arange(-9, 60, 3.0)).stack
    assert slab_volume_mm3(stack) == pytest.approx(1800)
    assert trapezoid_volume_mm3(stack) == pytest.approx(1200)


def test_a_shape_without_volume_has_no_scatter():
    doubled = stacked(on_planes((0, square(10)), (0, square(10, (20, 0))[::-1]), (3, square(10)))).stack
    assert random_phase_deviation(doubled) > 0
    flat = replace(doubled, lower_mm=np.zeros(2), upper_mm=np.zeros(2))
    assert np.isnan(random_phase_deviation(flat))
