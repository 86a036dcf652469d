"""First-order statistics by hand, contrast and gradient on images whose border is known."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, generate_binary_structure

from rtcomplexity.fusion.sampling import RegionValues
from rtcomplexity.metrics import intensity
from rtcomplexity.metrics.measure import compute_all
from rtcomplexity.metrics.measurement import NotMeasurableError
from unit.fusion.images import grid
from unit.fusion.regions import CENTER, FINE, UNEVEN, region, values

SOME = np.array([1.0, 2.0, 3.0, 10.0])


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (intensity.mean, 4.0),
        (intensity.variance, (9 + 4 + 1 + 36) / 4),
        (intensity.standard_deviation, 12.5**0.5),
        (intensity.median, 2.5),
        (intensity.minimum, 1.0),
        (intensity.maximum, 10.0),
    ],
)
def test_statistics_by_hand(compute, expected):
    assert compute(SOME) == pytest.approx(expected)


@pytest.mark.parametrize("compute", [intensity.mean, intensity.median, intensity.variance])
def test_no_values_have_no_statistics(compute):
    with pytest.raises(NotMeasurableError, match="no value inside"):
        compute(np.empty(0))


def step(inside, outside, radius_mm=9.0):
    return lambda points: np.where(np.linalg.norm(points - CENTER, axis=1) <= radius_mm, inside, outside)


@pytest.mark.parametrize("image_grid", [FINE, UNEVEN])
def test_contrast_is_the_step_at_the_surface(image_grid):
    assert intensity.boundary_contrast(values(region(image_grid), step(40.0, -80.0))) == pytest.approx(120)


def test_contrast_leaves_out_the_core():
    core = values(region(), step(1000.0, 0.0, radius_mm=2.0))
    assert intensity.boundary_contrast(core) == 0


@pytest.mark.parametrize("image_grid", [FINE, UNEVEN])
def test_the_gradient_of_a_ramp_is_its_slope_in_mm(image_grid):
    slope = np.array([3.0, -4.0, 12.0])
    assert intensity.boundary_gradient(values(region(image_grid), lambda points: points @ slope)) == pytest.approx(13)


@pytest.mark.parametrize("image_grid", [FINE, UNEVEN])
def test_the_gradient_is_taken_from_all_voxels_beside_the_border(image_grid):
    """Noise, so that every voxel counts: against differences over the whole region, at voxels beside the other side."""
    shape = region(image_grid)
    noise = np.random.default_rng(3).normal(size=shape.mask.shape)
    positions = image_grid.slice_positions_mm[slice(*shape.box.k)]
    slopes = np.gradient(noise, positions, image_grid.row_spacing_mm, image_grid.column_spacing_mm)
    six = generate_binary_structure(3, 1)
    border = binary_dilation(shape.mask, six) & binary_dilation(~shape.mask, six)
    found = intensity.boundary_gradient(RegionValues(region=shape, values=noise, undefined_share=0.0))
    assert found == pytest.approx(np.linalg.norm(slopes, axis=0)[border].mean(), rel=1e-9)


def test_a_constant_image_has_no_contrast_and_no_gradient():
    flat = values(region(), lambda points: np.full(len(points), 7.0))
    assert intensity.boundary_contrast(flat) == 0
    assert intensity.boundary_gradient(flat) == 0


def test_a_target_that_leaves_the_image_is_not_measured_on_the_rest():
    found = values(region(), step(1.0, 0.0), undefined_share=0.06)
    for definition in intensity.CT:
        with pytest.raises(NotMeasurableError, match="6% of the ROI has no value in the image"):
            definition.compute(found)


def test_a_target_that_fills_the_image_has_no_border():
    small = grid(shape=(1, 4, 5))
    everything = region(small, mask=np.ones((1, 4, 5), bool))
    found = RegionValues(region=everything, values=np.ones((1, 4, 5)), undefined_share=0.0)
    with pytest.raises(NotMeasurableError, match="no voxel lies within 3 mm"):
        intensity.boundary_contrast(found)
    with pytest.raises(NotMeasurableError, match="too few voxels"):
        intensity.boundary_gradient(found)


def test_a_border_beside_nothing_but_undefined_voxels_has_no_gradient():
    shape = region()
    islands = np.where(shape.mask, 1.0, np.nan)
    islands[~shape.mask] = np.nan
    islands[::2] = np.nan
    with pytest.raises(NotMeasurableError, match="no gradient"):
        intensity.boundary_gradient(RegionValues(region=shape, values=islands, undefined_share=0.0))


def test_the_catalogue_measures_a_target():
    found = compute_all(intensity.CT, values(region(), step(40.0, -80.0)))
    assert {key: value.value for key, value in found.items() if key != "ct.boundary_gradient"} == {
        "ct.mean": 40, "ct.std": 0, "ct.median": 40, "ct.p05": 40, "ct.p95": 40, "ct.boundary_contrast": 120,
    }  # fmt: skip
    assert found["ct.mean"].unit == "HU"
    assert found["ct.boundary_gradient"].unit == "HU/mm"


@pytest.mark.parametrize(("share", "is_measured"), [(0.0, True), (0.05, True), (0.0501, False)])
def test_up_to_a_twentieth_of_a_target_may_lie_outside_the_image(share, is_measured):
    image = values(region(), lambda points: np.ones(len(points)), undefined_share=share)
    if is_measured:
        assert len(intensity.inside_values(image)) == image.region.mask.sum()
    else:
        with pytest.raises(NotMeasurableError, match=r"^5.01% of the ROI"):
            intensity.inside_values(image)


def test_the_border_are_the_voxels_on_both_sides_of_a_face():
    mask = np.zeros((5, 6, 7), bool)
    mask[2, 3, 4] = True
    expected = np.zeros_like(mask)
    for k, j, i in ((2, 3, 4), (1, 3, 4), (3, 3, 4), (2, 2, 4), (2, 4, 4), (2, 3, 3), (2, 3, 5)):
        expected[k, j, i] = True
    assert (intensity._border(mask) == expected).all()
    mask[0] = True

    assert intensity._border(mask)[:2].all()


def test_percentiles_of_a_target_are_the_5th_and_the_95th():
    ct = {each.key: each.compute for each in intensity.CT}
    image = values(region(), lambda points: np.arange(len(points), dtype=float))
    inside = np.sort(image.inside)
    for key, share in (("ct.p05", 5), ("ct.median", 50), ("ct.p95", 95)):
        place = share / 100 * (len(inside) - 1)
        low = inside[int(place)]
        expected = low + (place - int(place)) * (inside[min(int(place) + 1, len(inside) - 1)] - low)
        assert ct[key](image) == pytest.approx(expected)
