"""The SUV digital reference objects: minimum, median and maximum SUVbw are 0.20, 1.00 and 4.00 in every series."""

import functools

import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.dicom.suv import SuvScale, read_suv_scale
from rtcomplexity.fusion.sampling import region_of, values_of_other_image, values_of_own_image
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.measure import compute_all
from rtcomplexity.metrics.pet import PET, PetContext
from rtcomplexity.settings import Settings
from sweep import sweep

ORDINARY = ("DRO_0_0", "DRO_2_3", "DRO_3_3")
"""The plain one, the one with coarse steps of another unit, and the one whose clocks contradict each other."""
SERIES = (*ORDINARY, "DRO_1_0", "DRO_2_0", "DRO_2_1", "DRO_3_1", "DRO_4_1")
TRUTH = {"pet.suvbw_min": 0.20, "pet.suvbw_median": 1.00, "pet.suvbw_max": 4.00}
SETTINGS = Settings()

pytestmark = pytest.mark.real_data


@functools.cache
def measured(folder):
    case = read_case(folder, settings=SETTINGS)
    series = case.planning_image
    (roi,) = [roi for roi in case.structure_set.rois if roi.name == "region_1"]
    grid = contouring_grid(series.grid, case.structure_set.rois, SETTINGS)
    region = region_of(RoiContext(roi=roi, grid=grid, settings=SETTINGS).runs, series.grid)
    pixels = SeriesPixels(series=series, settings=SETTINGS)
    scale = read_suv_scale(pixels)
    assert isinstance(scale, SuvScale), scale
    return pixels, region, scale


@pytest.mark.parametrize("name", sweep(SERIES, len(ORDINARY)))
@pytest.mark.parametrize("key", TRUTH)
def test_agrees_with_the_digital_reference_object(real_data, name, key):
    pixels, region, scale = measured(real_data / "suv_dro" / name)
    pet = PetContext(image=values_of_own_image(region, pixels, factor=scale.suvbw_per_unit))
    found = compute_all(PET, pet)[key].value
    half_a_step = 0.5 * 0.01 * scale.suvbw_per_unit[0] if name == "DRO_2_3" else 0.0
    assert found == pytest.approx(TRUTH[key], abs=max(0.01 * TRUTH[key], half_a_step))


@pytest.mark.parametrize("name", sweep(SERIES, len(ORDINARY)))
def test_interpolating_at_the_voxels_own_centers_changes_nothing(real_data, name):
    pixels, region, scale = measured(real_data / "suv_dro" / name)
    own = values_of_own_image(region, pixels, factor=scale.suvbw_per_unit)
    other = values_of_other_image(region, pixels, lambda points: points, factor=scale.suvbw_per_unit)
    assert other.undefined_share == 0
    assert other.inside == pytest.approx(own.inside, rel=1e-9)


def test_all_eight_series_are_checked(real_data):
    assert sorted(path.name for path in (real_data / "suv_dro").glob("DRO_*_*")) == sorted(SERIES)


@pytest.mark.parametrize("names", sweep([ORDINARY, SERIES]), ids=len)
def test_only_the_contradicting_clock_is_an_issue(real_data, names):
    issues = {name: measured(real_data / "suv_dro" / name)[2].issues for name in names}
    odd = {name: [issue.code for issue in found] for name, found in issues.items() if found}
    assert odd == {"DRO_3_3": ["suv-reference-time-contradiction"]}
