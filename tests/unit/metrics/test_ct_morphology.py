"""The planning CT's values on a gross target's mask: by hand, and only where the sums stay small."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry.ibsi_morphology import MaskMorphology
from rtcomplexity.metrics import ct_morphology
from rtcomplexity.metrics.ct_morphology import CT_MORPHOLOGY, CtShape
from rtcomplexity.metrics.definition import compute_all
from unit.fusion.regions import CENTER, FINE, region, values

SPACING = (2.0, 1.5, 1.25)


def subject(value_of, undefined_share=0.0):
    shape = region(FINE)
    context = SimpleNamespace(morphology=MaskMorphology(mask=shape.mask, spacing_mm=SPACING))
    return CtShape(shape=context, image=values(shape, value_of, undefined_share))


def measured(value_of, undefined_share=0.0):
    return compute_all(CT_MORPHOLOGY, subject(value_of, undefined_share))


def test_a_constant_image_has_its_center_where_the_mask_has_it():
    found = measured(lambda points: np.full(len(points), 40.0))
    assert found["ct.centre_of_mass_shift"].value == pytest.approx(0, abs=1e-9)
    assert found["ct.morans_i"].reason == "All intensities are equal: they correlate with nothing."


def test_the_shift_of_a_ramp_is_its_second_moment_over_its_mean():
    """Values a + g x about the center of N voxels shift their center by g <x x> / a."""
    shape = region(FINE)
    points = shape.points_mm(shape.mask)
    offset = points[:, 0] - points[:, 0].mean()
    found = measured(lambda p: 100 + 2 * (p[:, 0] - points[:, 0].mean()))
    expected = 2 / 100 * np.array([(offset * (points[:, n] - points[:, n].mean())).mean() for n in range(3)])
    assert found["ct.centre_of_mass_shift"].value == pytest.approx(np.linalg.norm(expected), rel=1e-5)


def test_the_integrated_intensity_is_mean_times_mesh_volume():
    one = subject(lambda points: 100 + points[:, 2])
    expected = (100 + one.image.region.points_mm(one.image.region.mask)[:, 2].mean()) * one.shape.morphology.volume_mesh
    found = compute_all(CT_MORPHOLOGY, one)["ct.integrated_intensity"]
    assert (found.value, found.unit) == (pytest.approx(expected, rel=1e-5), "HU*mm3")


def test_autocorrelation_is_the_sum_over_all_pairs():
    def value_of(points):
        return np.sin(points @ [0.4, 0.3, 0.5])

    shape = region(FINE)
    points = shape.points_mm(shape.mask)
    centered = value_of(points) - value_of(points).mean()
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    weights = np.divide(1, apart, out=np.zeros_like(apart), where=apart > 0)
    moran = len(points) / weights.sum() * (centered @ weights @ centered) / (centered @ centered)
    squares = (centered[:, None] - centered) ** 2
    geary = (len(points) - 1) / (2 * weights.sum()) * (weights * squares).sum() / (centered @ centered)
    found = measured(value_of)
    assert found["ct.morans_i"].value == pytest.approx(moran, rel=1e-5)
    assert found["ct.gearys_c"].value == pytest.approx(geary, rel=1e-5)


def test_what_a_target_leaves_out_of_the_image_is_not_measured():
    found = measured(lambda points: points[:, 0], undefined_share=0.2)
    assert {each.reason for each in found.values()} == {"20% of the ROI has no value in the image"}


def test_the_largest_targets_go_without_sums_over_all_pairs(monkeypatch):
    monkeypatch.setattr(ct_morphology, "LARGEST_BOX_VOXELS", 10)
    found = measured(lambda points: points[:, 0] + CENTER[0])
    assert found["ct.morans_i"].reason == "the ROI's box holds more than 10 voxels"
    assert found["ct.centre_of_mass_shift"].value is not None


def test_every_feature_carries_its_code():
    assert {each.key: each.ibsi_code for each in CT_MORPHOLOGY} == {
        "ct.centre_of_mass_shift": "KLMA",
        "ct.integrated_intensity": "99N0",
        "ct.morans_i": "N365",
        "ct.gearys_c": "NPT7",
    }
