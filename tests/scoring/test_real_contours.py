"""The table of real contours: what it holds, and that an independent measurement of the same contours agrees."""

import csv
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from rtcomplexity.metrics.scored import SHAPE

REPOSITORY = Path(__file__).parents[2]
FACTORS = [each.key.removeprefix("scored.") for each in SHAPE]
TABLE = resources.files("rtcomplexity.scoring") / "references" / "real-contours-1.csv"


@pytest.fixture
def studies(monkeypatch):
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(REPOSITORY / "studies"))
    yield
    for name in {"lidc", "real_contours"} - before:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def rows():
    return list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))


def test_every_contour_stands_once_and_is_measured(rows):
    places = [(row["collection"], row["patient"], row["lesion"], row["reader"]) for row in rows]
    assert len(set(places)) == len(places) == 1768
    values = np.array([[float(row[key]) for key in FACTORS] for row in rows])
    assert np.isfinite(values).all()
    assert (values[:, :2] > 0.2).all()
    assert (values[:, :2] < 1.02).all()
    assert (values[:, 2:] > 0.9).all()


def test_the_table_says_whose_data_it_comes_from():
    note = (resources.files("rtcomplexity.scoring") / "references" / "real-contours-1.md").read_text(encoding="utf-8")
    for words in ("10.7937/K9/TCIA.2015.LO9QL9SX", "10.7937/K9/TCIA.2015.7GO2GSKS", "CC BY 3.0", "What was changed"):
        assert words in note


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("factor", "tolerance"),
    [("sphericity_ratio", 0.006), ("solidity_ratio", 0.008), ("concavity_ratio", 0.006), ("curvature_ratio", 0.16)],
)
def test_quantiles_agree_with_an_independent_measurement(rows, real_data, factor, tolerance):
    """Quartiles of each factor in four bands of size; the other script was written apart from this repository."""
    with (real_data / "real_contours" / "lidc_shape_reference.csv").open(encoding="utf-8") as file:
        theirs = list(csv.DictReader(file))
    ours = np.array([[float(r["equivalent_diameter_mm"]), float(r[factor])] for r in rows if r["collection"][0] == "L"])
    other = factor.replace("_ratio", "_1mm")
    they = np.array([[float(r["equivalent_diameter_mm"]), float(r[other])] for r in theirs])
    for low, high in ((8, 10), (10, 14), (14, 20), (20, 33)):
        a, b = (each[(each[:, 0] >= low) & (each[:, 0] < high), 1] for each in (ours, they))
        quartiles = [np.nanpercentile(each, [25, 50, 75]) for each in (a, b)]
        assert quartiles[0] == pytest.approx(quartiles[1], abs=tolerance), (low, high)


@pytest.mark.real_data
def test_sarcomas_measured_from_their_files_agree_with_an_independent_measurement(rows, real_data):
    with (real_data / "real_contours" / "sts_shape_reference.csv").open(encoding="utf-8") as file:
        theirs = {int(row["case"].split("_")[1]): row for row in csv.DictReader(file)}
    own = [row for row in rows if row["collection"][0] == "S" and row["craniocaudal_length_mm"]]
    assert len(own) == 6
    for row in own:
        other = theirs[int(row["patient"])]
        assert float(row["equivalent_diameter_mm"]) == pytest.approx(float(other["equivalent_diameter_mm"]), abs=0.02)
        for factor in FACTORS:
            found, expected = float(row[factor]), float(other[factor.replace("_ratio", "_1mm")])
            assert found == pytest.approx(expected, rel=0.04), (row["patient"], factor)


def outline(corners, z, *, is_inclusion=True):
    """Walk a rectangle of pixels from pixel to pixel, as the readers' software did."""
    from lidc import Outline

    (x0, y0), (x1, y1) = corners
    walk = [(x, y0) for x in range(x0, x1)] + [(x1, y) for y in range(y0, y1)]
    walk += [(x, y1) for x in range(x1, x0, -1)] + [(x0, y) for y in range(y1, y0, -1)]
    return Outline(z_mm=z, is_inclusion=is_inclusion, pixels=np.array(walk, float))


def drawing(*outlines):
    from lidc import Drawing

    return Drawing(
        patient=1, scan=1, annotation=1, pixel_mm=0.5, slice_positions_mm=np.arange(20.0), outlines=tuple(outlines)
    )


def area_mm2(contours):
    parts = np.split(contours.points_mm[:, :2], contours.offsets[1:-1])
    turned = [0.5 * np.sum(p[:, 0] * np.roll(p[:, 1], -1) - p[:, 1] * np.roll(p[:, 0], -1)) for p in parts]
    return sorted(abs(each) for each in turned)


def test_an_outline_on_the_first_pixels_outside_bounds_the_pixels_inside(studies):
    """10 x 6 pixels of 0.5 mm: their outline runs one pixel further out on every side."""
    found = drawing(outline(((4, 4), (15, 11)), 3.0)).contours()
    assert area_mm2(found) == pytest.approx([10 * 6 * 0.25], abs=0.15)


def test_a_hole_is_taken_out_along_its_outline(studies):
    hole = outline(((8, 6), (11, 9)), 3.0, is_inclusion=False)
    found = drawing(outline(((4, 4), (15, 11)), 3.0), hole).contours()
    assert area_mm2(found) == pytest.approx([3 * 3 * 0.25, 10 * 6 * 0.25], abs=0.15)


def test_an_outline_that_encloses_no_pixel_bounds_nothing(studies):
    assert len(drawing(outline(((4, 4), (15, 5)), 3.0)).contours()) == 0


def test_drawings_near_each_other_are_of_one_nodule(studies):
    from lidc import nodules

    here, there, far = (drawing(outline(((x, 4), (x + 11, 11)), 3.0)) for x in (4, 6, 60))
    assert sorted(len(each) for each in nodules([here, there, far])) == [1, 2]


def test_no_nodule_has_more_drawings_than_readers(studies):
    from lidc import nodules

    near = [drawing(outline(((4 + x, 4), (15 + x, 11)), 3.0)) for x in (0, 0, 1, 8, 9)]
    assert sorted(len(each) for each in nodules(near)) == [2, 3]
