"""Fused pictures: which sets they show, what they say, and edges where the picture has them."""

import io

import numpy as np
import pytest
from PIL import Image

from measured_once import SAMPLES
from rtcomplexity.case.reader import read_case
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.pictures.drawing import draw
from rtcomplexity.pictures.fused import EDGE_COLOR, edges_of
from rtcomplexity.settings import Settings

CHECK = "Offset to the most similar position: 1.5 mm (limit 10 mm)."


@pytest.fixture(scope="module")
def pictures():
    case = read_case(SAMPLES / "complex_central", settings=Settings())
    names = {roi.number: f"{roi.target_class.value} {roi.number}" for roi in case.structure_set.rois}
    return draw(MeasuredCase(case=case, settings=Settings()), names=names, gross=(1, 2), checks={"image:PT:1": CHECK})


def picture(pictures, file):
    return np.asarray(Image.open(io.BytesIO(pictures.files[file]))).astype(int)


def test_each_modality_that_a_secondary_set_brings_has_a_picture_with_its_number(pictures):
    assert [still.file for still in pictures.scene.fused] == ["fused_pt.png", "fused_mr.png"]
    pet, mr = pictures.scene.fused
    assert pet.title.endswith(CHECK)
    assert pet.alt.endswith(CHECK)
    assert "Offset" not in mr.title + mr.alt
    for still, name in ((pet, "PT 1"), (mr, "MR 1")):
        assert still.title.startswith(f"{name}: fused with the planning image")
        assert still.alt.startswith("Two axial pictures")
        assert f"{name} with the edges of the planning image in yellow" in still.alt


def test_the_pet_is_colored_over_the_planning_image_and_the_edges_are_on_the_right_half_alone(pictures):
    both = picture(pictures, "fused_pt.png")
    half = both.shape[1] // 2
    is_edge = (np.abs(both - EDGE_COLOR[:3]) < 40).all(axis=-1)
    assert is_edge[:, half + 8 :].sum() > 20 * max(is_edge[:, : half - 8].sum(), 1)
    is_colored = np.ptp(both[:, : half - 8], axis=-1) > 30
    assert 0.005 < is_colored.mean() < 0.5


def test_squares_alternate_between_both_images(pictures):
    mixed = picture(pictures, "fused_mr.png")
    assert np.ptp(mixed[:, : mixed.shape[1] // 2 - 30], axis=-1).max() <= 1


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0), (2.0, 0.8)])
def test_the_edges_of_a_disc_lie_on_its_circle(spacing_mm):
    rows, columns = np.indices((120, 160))
    radius_mm = np.hypot((rows - 60) * spacing_mm[0], (columns - 80) * spacing_mm[1])
    edges = edges_of(np.where(radius_mm < 30, 200, 40).astype(np.uint8), spacing_mm)
    assert edges.any()
    np.testing.assert_allclose(radius_mm[edges], 30, atol=1.5 * max(spacing_mm))


def test_a_flat_picture_has_no_edges():
    assert not edges_of(np.full((20, 30), 7, np.uint8), (1.0, 1.0)).any()
