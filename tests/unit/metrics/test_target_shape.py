"""On which grid a scored shape is measured, by the size of the target."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.target_shape import (
    coarse_shape,
    concavity_ratio,
    replicate_step_mm,
    scored_surface,
    scored_surface_of,
)


def planes(diameter_mm=24.0, box_mm=(30.0, 30.0), depth_mm=20.0, slab_mm=2.0):
    """Two planes of a target with the volume of a sphere, in a box."""
    volume_mm3 = np.pi / 6 * diameter_mm**3
    return SimpleNamespace(
        plane_areas_mm2=np.full(2, volume_mm3 / (2 * slab_mm)), slab_mm=np.full(2, slab_mm),
        points_mm=np.array([[0.0, 0.0], box_mm]), positions_mm=np.array([0.0, depth_mm]),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _not_evened(monkeypatch):
    monkeypatch.setattr("rtcomplexity.metrics.target_shape.evened", lambda stack: stack)
    monkeypatch.setattr("rtcomplexity.metrics.target_shape.SubvoxelSurface", SimpleNamespace)


@pytest.mark.parametrize(("diameter_mm", "step_mm"), [(8.0, 1.0), (16.0, 1.0), (24.0, 1.5), (32.0, 2.0), (90.0, 2.0)])
def test_a_step_is_a_sixteenth_of_the_diameter_between_1_and_2_mm(diameter_mm, step_mm):
    assert scored_surface(planes(diameter_mm), 1.0).step_mm == pytest.approx(step_mm)


@pytest.mark.parametrize(
    ("blur_mm", "diameter_mm", "step_mm"),
    [(0.5, 24, 1.5), (1.0, 8, 1.5), (1.0, 32, 2.0), (1.2, 24, 1.8), (1.9, 24, 2.85), (2.1, 24, 3.0), (5.0, 24, 3.0)],
)
def test_redrawings_are_compared_on_one_and_a_half_blurs_and_no_more_than_3_mm(blur_mm, diameter_mm, step_mm):
    assert replicate_step_mm(planes(diameter_mm), blur_mm) == pytest.approx(step_mm)


def test_a_grid_of_more_than_50_million_voxels_is_coarser():
    """1 m by 0.8 m by 168 mm with the last slab of 2 mm: 136,000 cm3 in 50 million cubes of 2.72 mm3."""
    far = planes(8.0, box_mm=(1000.0, 800.0), depth_mm=168.0)
    assert scored_surface(far, 1.0).step_mm == pytest.approx(np.cbrt(2.72))
    assert scored_surface(far, 1.0, step_mm=0.5).step_mm == pytest.approx(np.cbrt(2.72))
    assert scored_surface(planes(), 1.0, step_mm=0.7).step_mm == 0.7


@pytest.mark.parametrize(("depth_mm", "is_told"), [(1685.0, True), (1687.0, False)])
def test_a_target_that_3_mm_voxels_cannot_hold_has_no_shape(depth_mm, is_told):
    """50 million voxels of 27 mm3 are 1350 dm3: of 1 m by 0.8 m a depth of 1687.5 mm, slab included."""
    target = SimpleNamespace(stack=planes(box_mm=(1000.0, 800.0), depth_mm=depth_mm))
    if is_told:
        assert scored_surface_of(target, 1.0).step_mm == pytest.approx(3.0, abs=0.01)
    else:
        with pytest.raises(NotMeasurableError, match="so far apart"):
            scored_surface_of(target, 1.0)
        assert coarse_shape(target.stack, 1.0, 3.0) == {}


def test_without_a_volume_there_is_no_shape():
    with pytest.raises(NotMeasurableError, match="not known"):
        scored_surface_of(SimpleNamespace(stack=planes(diameter_mm=np.nan)), 1.0)


def test_shape_on_a_coarse_grid_is_weighted_by_volume(monkeypatch):
    body = SimpleNamespace(
        shape=SimpleNamespace(sphericity=0.9, solidity=0.8, plane_solidity=0.5, curvature_energy=3.0)
    )
    monkeypatch.setattr("rtcomplexity.metrics.target_shape.SubvoxelSurface", lambda **_: SimpleNamespace(bodies=[body]))
    monkeypatch.setattr("rtcomplexity.metrics.target_shape.well_sampled", lambda bodies: bodies)
    monkeypatch.setattr("rtcomplexity.metrics.target_shape.volume_weighted", lambda bodies, value: value(bodies[0]))
    assert coarse_shape(planes(), 1.0, 3.0) == {
        "scored.sphericity_ratio": 0.9, "scored.solidity_ratio": 0.8, "scored.concavity_ratio": 2.0,
        "scored.curvature_ratio": 3.0,
    }  # fmt: skip


def test_a_concavity_is_the_area_of_hulls_over_that_of_outlines():
    assert concavity_ratio(SimpleNamespace(surface=SimpleNamespace(relative_plane_solidity=0.8))) == pytest.approx(1.25)
