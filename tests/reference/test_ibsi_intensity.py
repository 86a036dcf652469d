"""IBSI 1 intensity statistics that need no discretisation, on the digital phantom and configurations A to E."""

import csv
import functools
import math

import numpy as np
import pytest

from reference import ibsi_phantom
from rtcomplexity.dicom.pixels import IndexBox
from rtcomplexity.fusion.sampling import Region, RegionValues
from rtcomplexity.metrics import intensity
from rtcomplexity.metrics.pet import largest_sphere_mean
from rtcomplexity.model.image import ImageGrid

STATISTICS = {
    "stat_mean": intensity.mean,
    "stat_var": intensity.variance,
    "stat_median": intensity.median,
    "stat_min": intensity.minimum,
    "stat_p10": lambda values: intensity.percentile(values, 10),
    "stat_p90": lambda values: intensity.percentile(values, 90),
    "stat_max": intensity.maximum,
}

pytestmark = pytest.mark.real_data


@functools.cache
def ct_phantom(root):
    return ibsi_phantom.ct_phantom(root)


@functools.cache
def configuration(root, column):
    return ibsi_phantom.phantom(root, column, ct_phantom)


@functools.cache
def published(root, column):
    with (root / "ibsi" / "ibsi1_all_reference.csv").open() as file:
        return {
            row["tag"]: (float(row[column]), float(row[f"{column}_tol"])) for row in csv.DictReader(file) if row[column]
        }


def agrees(found, value, tolerance):
    """Published values carry three significant digits: half of the last one is the least tolerance."""
    least = 0.5 * 10 ** (math.floor(math.log10(abs(value))) - 2) if value else 0
    return abs(found - value) <= max(tolerance, least)


@pytest.mark.parametrize("column", ibsi_phantom.COLUMNS)
@pytest.mark.parametrize("tag", STATISTICS)
def test_agrees_with_ibsi(real_data, column, tag):
    phantom = configuration(real_data, column)
    values = np.asarray(phantom.image, float)[phantom.intensity_mask]
    assert agrees(STATISTICS[tag](values), *published(real_data, column)[tag])


@pytest.mark.parametrize("column", ibsi_phantom.COLUMNS[1:])
def test_the_peak_in_a_sphere_of_one_cubic_centimeter_agrees_with_ibsi(real_data, column):
    phantom = configuration(real_data, column)
    found = largest_sphere_mean(values_of(phantom))
    assert agrees(found, *published(real_data, column)["loc_peak_glob"])


def values_of(phantom):
    image = np.asarray(phantom.image, float)
    slices, rows, columns = image.shape
    origins = np.zeros((slices, 3))
    origins[:, 2] = np.arange(slices) * phantom.spacing_mm[0]
    grid = ImageGrid(
        slice_origins_mm=origins,
        row_direction=[1, 0, 0],
        column_direction=[0, 1, 0],
        row_spacing_mm=phantom.spacing_mm[1],
        column_spacing_mm=phantom.spacing_mm[2],
        rows=rows,
        columns=columns,
    )
    box = IndexBox(k=(0, slices), j=(0, rows), i=(0, columns))
    distance = np.where(phantom.intensity_mask, -1, 1)
    region = Region(grid=grid, box=box, mask=phantom.intensity_mask, distance_mm=distance, reach_mm=10.0)
    return RegionValues(region=region, values=image, undefined_share=0.0)
