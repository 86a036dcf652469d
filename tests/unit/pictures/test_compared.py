"""Planes of a comparison to page through: what is drawn, how much of it, and what image lies under it."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rtcomplexity.compare.comparison import compare
from rtcomplexity.compare.plane_pictures import compared_planes
from rtcomplexity.dicom.pixels import IndexBox, SeriesPixels
from rtcomplexity.geometry.stack.runs import Lattice
from rtcomplexity.pictures import compared
from rtcomplexity.pictures.compared import outlines, pair_slices
from rtcomplexity.settings import Settings

SAMPLES = Path(__file__).parents[3] / "sample_data"


@pytest.fixture(scope="module")
def pairs():
    sides = (SAMPLES / "auto_vs_final" / name for name in ("auto.dcm", "final.dcm"))
    return [each.pair for each in compare(*sides, tolerance_mm=1.0).compared]


@pytest.fixture(scope="module")
def central():
    rs = SAMPLES / "complex_central" / "rs.dcm"
    return compare(f"{rs}::GTVp", f"{rs}::GTVn", images=SAMPLES / "complex_central" / "ct")


def points_of(path):
    """Closed polygons of a path, mm."""
    found = []
    for start, moves in re.findall(r"M([^l]*)l([^z]*)z", path):
        steps = [start, *moves.split()]
        found.append(np.cumsum([[int(value) for value in step.split(",")] for step in steps], axis=0) / 10)
    return found


def test_only_pairs_that_differ_are_drawn(pairs):
    drawn = pair_slices(pairs, None, Settings())
    assert [each is not None for each in drawn] == [True, True, False]


def test_outlines_are_the_contours_to_a_tenth_of_a_millimeter(pairs):
    drawn = pair_slices(pairs, None, Settings())[1]
    stack = pairs[1].stacks[0]
    for plane, path in enumerate(drawn.first):
        (shown,), (polygon,) = points_of(path), stack.plane_polygons(plane)
        assert np.abs(shown - polygon).max() <= 0.05 + 1e-9


def count(drawn):
    """Vertices of all outlines."""
    return sum(path.count(" ") + 1 for each in drawn if each for path in (*each.first, *each.second))


def test_outlines_are_thinned_until_all_of_them_fit(pairs, monkeypatch):
    whole = count(pair_slices(pairs, None, Settings()))
    monkeypatch.setattr(compared, "MOST_POINTS", 600)
    thinned = count(pair_slices(pairs, None, Settings()))
    assert thinned < 700 < whole


def test_every_outline_keeps_three_vertices_however_far_it_is_thinned():
    circle = 5 * np.column_stack([np.cos(np.arange(8)), np.sin(np.arange(8))])
    assert len(points_of(outlines([circle], 1e6))[0]) == 8
    assert len(points_of(outlines([circle], 12.0))[0]) >= 3


def tile_of(tiles, number):
    """One tile as (rows, columns) of brightness."""
    sheet = np.asarray(Image.open(io.BytesIO(tiles.content)), float)
    height, width = sheet.shape[0] // tiles.rows, sheet.shape[1] // tiles.columns
    row, column = divmod(number, tiles.columns)
    return sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]


def under(tile, place, image, k, shift_mm):
    """Values of the image on slice k under each pixel of a tile that lies in a place, moved to the side."""
    left, top, width, height = (each / 10 for each in place)
    u = left + (np.arange(tile.shape[1]) + 0.5) * width / tile.shape[1] + shift_mm
    v = top + (np.arange(tile.shape[0]) + 0.5) * height / tile.shape[0]
    grid = image.grid
    lattice = Lattice.of_grid(grid)
    columns = np.rint((u - lattice.u0_mm) / lattice.column_spacing_mm).astype(int).clip(0, grid.columns - 1)
    rows = np.rint((v - lattice.v0_mm) / lattice.row_spacing_mm).astype(int).clip(0, grid.rows - 1)
    box = IndexBox(k=(k, k + 1), j=(0, grid.rows), i=(0, grid.columns))
    return SeriesPixels(series=image).read(box).values()[0][np.ix_(rows, columns)]


def test_the_image_lies_under_the_outlines(central):
    (pair,), image = [each.pair for each in central.compared], central.first.case.planning_image
    (drawn,) = pair_slices([pair], image, Settings())
    k = int(np.argmin(np.abs(image.grid.slice_positions_mm - compared_planes(pair)[drawn.start].position_mm)))
    tile = tile_of(drawn.tiles, drawn.tiles.tile_of_plane[drawn.start])
    agreement = {
        shift: np.corrcoef(tile.ravel(), under(tile, drawn.tiles.place, image, k, shift).ravel())[0, 1]
        for shift in (-6.0, -3.0, 0.0, 3.0, 6.0)
    }
    assert agreement[0.0] > 0.97
    assert max(agreement, key=agreement.get) == 0.0


def test_every_plane_on_a_slice_has_its_tile_and_tiles_are_of_a_bounded_size(central):
    (pair,), image = [each.pair for each in central.compared], central.first.case.planning_image
    (drawn,) = pair_slices([pair], image, Settings())
    tiles = drawn.tiles
    assert len(tiles.tile_of_plane) == len(drawn.labels)
    assert {tile for tile in tiles.tile_of_plane if tile >= 0} == set(range(max(tiles.tile_of_plane) + 1))
    assert max(tile_of(tiles, 0).shape) <= compared.MOST_TILE


def test_planes_beside_every_slice_have_no_image(central):
    (pair,) = [each.pair for each in central.compared]
    grid = central.first.case.planning_image.grid
    found = compared._slices_under(grid.slice_positions_mm[[0, 3]] + [0.0, 500.0], grid)
    assert found.tolist() == [0, -1]
    assert pair.stacks[0].plane_count > 0
