"""Every IBSI 1 morphology value, on the digital phantom and on the CT phantom in configurations A to E."""

import functools

import numpy as np
import pytest

from reference import ibsi_phantom
from rtcomplexity.geometry.ibsi_morphology import MaskMorphology

FEATURES = {
    "morph_volume": "volume_mesh",
    "morph_vol_approx": "volume_voxels",
    "morph_area_mesh": "surface_area",
    "morph_av": "surface_to_volume",
    "morph_comp_1": "compactness_1",
    "morph_comp_2": "compactness_2",
    "morph_sph_dispr": "spherical_disproportion",
    "morph_sphericity": "sphericity",
    "morph_asphericity": "asphericity",
    "morph_com": "centre_of_mass_shift",
    "morph_diam": "maximum_3d_diameter",
    "morph_pca_maj_axis": "major_axis_length",
    "morph_pca_min_axis": "minor_axis_length",
    "morph_pca_least_axis": "least_axis_length",
    "morph_pca_elongation": "elongation",
    "morph_pca_flatness": "flatness",
    "morph_vol_dens_aabb": "volume_density_aabb",
    "morph_area_dens_aabb": "area_density_aabb",
    "morph_vol_dens_aee": "volume_density_aee",
    "morph_area_dens_aee": "area_density_aee",
    "morph_vol_dens_conv_hull": "volume_density_convex_hull",
    "morph_area_dens_conv_hull": "area_density_convex_hull",
    "morph_integ_int": "integrated_intensity",
    "morph_moran_i": "morans_i",
    "morph_geary_c": "gearys_c",
}

pytestmark = pytest.mark.real_data


@functools.cache
def ct_phantom(root):
    return ibsi_phantom.ct_phantom(root)


@pytest.fixture(scope="module", params=ibsi_phantom.COLUMNS)
def phantom(request, real_data):
    return request.param, ibsi_phantom.phantom(real_data, request.param, ct_phantom)


@pytest.fixture(scope="module")
def measured(phantom):
    column, found = phantom
    return column, MaskMorphology(
        mask=found.mask,
        spacing_mm=found.spacing_mm,
        intensities=found.image,
        intensity_mask=found.intensity_mask,
    )


@pytest.mark.parametrize("tag", FEATURES)
def test_agrees_with_ibsi(measured, real_data, tag):
    column, morphology = measured
    value, tolerance = ibsi_phantom.reference_values(real_data, column)[tag]
    assert getattr(morphology, FEATURES[tag]) == pytest.approx(value, abs=tolerance)


def test_every_tag_with_a_reference_value_is_measured(phantom, real_data):
    published = ibsi_phantom.reference_values(real_data, phantom[0])
    assert {tag for tag in published if not tag.startswith("morph_mask_")} == set(FEATURES)


def test_the_ct_phantom_has_exactly_the_published_voxels(real_data):
    _, mask, _ = ct_phantom(real_data)
    assert np.count_nonzero(mask) == 125_256


def test_resampling_gives_the_published_voxels(phantom, real_data):
    column, found = phantom
    published = ibsi_phantom.reference_values(real_data, column)
    if column == "dig_phantom":
        assert np.count_nonzero(found.mask) == 74
    else:
        count, tolerance = published["morph_mask_vox_count_interp_roi"]
        assert np.count_nonzero(found.mask) == pytest.approx(count, abs=tolerance)
