"""Points that two delineations share are found, and only those."""

import numpy as np
import pytest

from rtcomplexity.compare import coincidence
from rtcomplexity.compare.coincidence import same_planes, shared_rows
from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.compare.delineation import ComparedPair, Delineation
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contours_of, sphere

PLANES = 3.0 * np.arange(-8, 9)


def test_every_shared_point_is_found_among_many():
    random = np.random.default_rng(1)
    points, others = random.normal(size=(4000, 3)), random.normal(size=(3000, 3))
    others[::7] = points[:429]
    found, met = shared_rows(points, others)
    assert np.flatnonzero(found).tolist() == list(range(429))
    assert np.flatnonzero(met).tolist() == list(range(0, 3000, 7))


def test_points_whose_keys_meet_are_told_apart(monkeypatch):
    monkeypatch.setattr(coincidence, "_keys", lambda points: np.zeros(len(points), np.uint64))
    assert [found.tolist() for found in shared_rows(np.eye(3), np.eye(3)[:1])] == [[True, False, False], [True]]


@pytest.mark.parametrize(("points", "others"), [(0, 3), (3, 0), (0, 0)])
def test_no_points_share_nothing(points, others):
    found = shared_rows(np.ones((points, 3)), np.ones((others, 3)))
    assert [each.tolist() for each in found] == [[False] * points, [False] * others]


def bulged(offset):
    """A ball whose left half is moved out by so much above its middle."""
    drawn = []
    for z in PLANES:
        for polygon in sphere(20.0).sections(z, 120):
            moved = polygon + offset * (polygon[:, :1] > 0) * (1, 0) if z > 0 else polygon
            drawn.append(np.column_stack([moved, np.full(len(polygon), z)]))
    return Delineation(name="", stack=stack_contours(contours_of(drawn), settings=Settings()).stack)


def values(offset):
    pair = ComparedPair(first=bulged(0.0), second=bulged(offset), tolerance_mm=1.0)
    return pair, {key: each.value for key, each in compute_all(COMPARISONS, pair).items()}


def test_shared_points_change_no_metric(monkeypatch):
    _, found = values(3.0)
    for room in ("surfaces", "paths"):
        monkeypatch.setattr(
            f"rtcomplexity.compare.{room}.shared_rows", lambda *both: tuple(np.zeros(len(each), bool) for each in both)
        )
    assert found["compare.hausdorff"] > 1
    assert values(3.0)[1] == found


def test_contours_of_edited_planes_are_divided_once_for_both_ways():
    pair, found = values(3.0)
    assert found["compare.added_path_length"] > found["compare.removed_path_length"] > 0
    for divided, measured in zip(pair._divided, (pair.from_first.paths, pair.from_second.paths), strict=True):
        assert divided.pieces(divided.stack.positions_mm > 0) is measured.pieces


def test_what_nobody_edited_has_no_surface_and_defined_values():
    pair, found = values(0.0)
    assert pair.is_unedited
    assert "surfaces" not in vars(pair)
    assert {found[f"compare.{key}"] for key in ("dice", "jaccard", "surface_dice", "volume_ratio")} == {1}
    distances = ("hausdorff", "hausdorff_95", "bias", "bias_left", "added_path_length", "center_shift", "planes_edited")
    assert {found[f"compare.{key}"] for key in distances} == {0}


def test_planes_are_the_same_where_both_hold_the_same_numbers():
    first, second = (
        stack_contours(contours_of([square(z, size) for z, size in planes]), settings=Settings()).stack
        for planes in (((0, 10), (3, 10), (6, 10)), ((0, 10), (3, 12), (6, 10)))
    )
    pairs = np.array([[0, 0], [1, 1], [2, 2], [0, 2], [1, -1]])
    assert same_planes(first, second, pairs).tolist() == [True, False, True, True, False]


def square(z, size):
    return np.array([[0.0, 0, z], [size, 0, z], [size, size, z], [0, size, z]])
