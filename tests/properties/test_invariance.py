"""What must not move when the same delineation is written another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.geometry.stack.topology import topology
from rtcomplexity.geometry.stack.volume import slab_volume_mm3, trapezoid_volume_mm3
from rtcomplexity.testing import (
    AXIAL,
    Ellipsoid,
    Lobe,
    LumpyBody,
    contour_stack,
    contours_of,
    hollow_sphere,
    polygons_of,
    two_spheres,
)
from rtcomplexity.testing.polygons import keyhole
from unit.geometry.stacks import circle, on_planes, stacked

SHAPES = {
    "ellipsoid": Ellipsoid(semi_axes_mm=(9, 14, 12)),
    "hollow": hollow_sphere(14, 7),
    "two bodies": two_spheres(8, 24),
}
shapes = st.sampled_from(sorted(SHAPES)).map(SHAPES.get)
frames = st.builds(
    lambda axis, angle, shift: AXIAL.rotated(axis, angle).shifted(shift),
    st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda axis: np.linalg.norm(axis) > 0.1),
    st.floats(0, 360),
    st.tuples(*[st.floats(-500, 500)] * 3),
)
seeds = st.integers(0, 2**32 - 1)


def drawn(shape, frame=AXIAL, spacing=2.5, phase=0.3):
    low, high = shape.extent_mm
    return contour_stack(shape, positions_mm=np.arange(low + phase * spacing, high, spacing), frame=frame)


def measured(contours):
    """Everything about the stack that a rigid motion must not change."""
    stack = stacked(contours).stack
    return np.array(
        [
            slab_volume_mm3(stack),
            trapezoid_volume_mm3(stack),
            stack.plane_perimeters_mm @ stack.slab_mm,
            stack.plane_count,
            len(stack.contour_offsets),
        ]
    )


def counted(contours):
    found = topology(stacked(contours).stack, 0.5)
    return found.body_count, found.hole_count, found.branching_count


@given(shapes, frames)
def test_a_rigid_motion_changes_no_measure_of_the_planes(shape, frame):
    assert measured(drawn(shape, frame)) == pytest.approx(measured(drawn(shape)), rel=1e-7)


@given(shapes, frames)
def test_a_rigid_motion_changes_no_count_of_bodies_and_holes(shape, frame):
    assert counted(drawn(shape, frame)) == counted(drawn(shape))


@given(shapes, seeds)
def test_direction_start_and_order_of_contours_do_not_matter(shape, seed):
    random = np.random.default_rng(seed)
    polygons = [
        np.roll(p[:: random.choice([-1, 1])], random.integers(len(p)), axis=0) for p in polygons_of(drawn(shape))
    ]
    shuffled = [polygons[n] for n in random.permutation(len(polygons))]
    assert measured(contours_of(shuffled)) == pytest.approx(measured(drawn(shape)), rel=1e-9)


@given(shapes, seeds)
def test_repeated_vertices_do_not_matter(shape, seed):
    random = np.random.default_rng(seed)
    repeated = [np.repeat(p, random.integers(1, 4, len(p)), axis=0) for p in polygons_of(drawn(shape))]
    assert measured(contours_of(repeated)) == pytest.approx(measured(drawn(shape)), rel=1e-9)


@given(shapes, seeds)
def test_vertices_added_on_the_edges_do_not_matter(shape, seed):
    random = np.random.default_rng(seed)
    denser = []
    for polygon in polygons_of(drawn(shape)):
        share = random.random((len(polygon), 1))
        denser.append(np.stack([polygon, polygon + share * (np.roll(polygon, -1, axis=0) - polygon)], 1).reshape(-1, 3))
    assert measured(contours_of(denser)) == pytest.approx(measured(drawn(shape)), rel=1e-9)


@given(shapes, st.integers(2, 4))
def test_contours_listed_several_times_do_not_matter(shape, times):
    polygons = polygons_of(drawn(shape)) * times
    assert measured(contours_of(polygons)) == pytest.approx(measured(drawn(shape)), rel=1e-12)


@given(st.floats(8, 20), st.floats(0.2, 0.6), st.integers(0, 359))
def test_a_keyhole_measures_as_the_nested_hole(radius, share, turn):
    outer, inner = circle(radius), circle(share * radius)
    angle = np.deg2rad(turn)
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    joined = keyhole(outer, inner) @ rotate.T
    nested = on_planes(*((z, p) for z in (0, 3, 6) for p in (outer, inner)))
    keyholes = on_planes(*((z, joined) for z in (0, 3, 6)))
    assert slab_volume_mm3(stacked(keyholes).stack) == pytest.approx(slab_volume_mm3(stacked(nested).stack), rel=1e-9)
    assert counted(keyholes) == counted(nested)


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0, 5.0])
@given(phase=st.floats(0.05, 0.95))
def test_reslicing_keeps_the_volume_within_the_printed_uncertainty(spacing, phase):
    body = LumpyBody(radius_mm=25, half_height_mm=30, lobes=(Lobe(order=3, amplitude=0.15, twist_per_mm=0.05),))
    volume = slab_volume_mm3(stacked(drawn(body, spacing=spacing, phase=phase)).stack)
    assert volume == pytest.approx(body.volume_mm3, rel=0.01)
