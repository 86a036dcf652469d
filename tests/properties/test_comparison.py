"""What must be true of any two delineations, whatever they are: on random shapes with islands, holes and uneven planes.

The same is held on real contours of several readers by ``studies/readers.py``.
"""

import math

import numpy as np
import pytest

from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.compare.delineation import ComparedPair, Delineation
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contours_of

SETTINGS = Settings()
SYMMETRIC = ("dice", "jaccard", "surface_dice", "hausdorff", "hausdorff_95", "average_symmetric_surface_distance")
MIRRORED = (
    ("added_volume", "removed_volume"),
    ("added_path_length", "removed_path_length"),
    ("hausdorff_first_to_second", "hausdorff_second_to_first"),
    ("planes_new", "planes_gone"),
)
SHARES = ("dice", "jaccard", "surface_dice", "share_outside_tolerance", "added_path_length_share")


def blob(random, center, radius):
    """A smooth closed curve that does not cross itself."""
    angles = 2 * np.pi * np.arange(60) / 60
    waves = sum(random.uniform(0, 0.2 / k) * np.cos(k * angles + random.uniform(0, 2 * np.pi)) for k in range(2, 6))
    reach = radius * (1 + waves)
    return np.asarray(center) + np.column_stack([reach * np.cos(angles), reach * np.sin(angles)])


def shape(random, positions):
    """Contours on some planes: a body, sometimes with a hole, sometimes with an island."""
    first = random.integers(0, 3)
    drawn = []
    for place, z in enumerate(positions[first : len(positions) - random.integers(0, 3)]):
        radius = 12 + 6 * math.sin(place / 3) + random.uniform(-1, 1)
        polygons = [blob(random, random.uniform(-1, 1, 2), radius)]
        if random.uniform() < 0.3:
            polygons.append(blob(random, (0.0, 0.0), radius / 3))
        if random.uniform() < 0.3:
            polygons.append(blob(random, (40.0, 5.0), 5.0))
        drawn += [np.column_stack([each, np.full(len(each), z)]) for each in polygons]
    return Delineation(name="", stack=stack_contours(contours_of(drawn), settings=SETTINGS).stack)


def compared(first, second, tolerance_mm):
    values = compute_all(COMPARISONS, ComparedPair(first=first, second=second, tolerance_mm=tolerance_mm))
    return {key.removeprefix("compare."): each.value for key, each in values.items() if each.value is not None}


def seeds(count):
    return [pytest.param(seed, marks=[pytest.mark.exhaustive] if seed >= 8 else []) for seed in range(count)]


@pytest.mark.parametrize("seed", seeds(60))
def test_what_must_be_true_of_any_two_delineations(seed):
    random = np.random.default_rng(seed)
    positions = np.cumsum(random.choice([2.0, 3.0, 3.0, 3.0, 5.0], 10))
    first, second = shape(random, positions), shape(random, positions + random.choice([0.0, 1.0]))
    tolerance_mm = float(random.uniform(0.5, 4.0))
    there, back = compared(first, second, tolerance_mm), compared(second, first, tolerance_mm)
    assert all(-1e-5 <= there[key] <= 1 + 1e-5 for key in SHARES)
    assert there["dice"] == pytest.approx(2 * there["jaccard"] / (1 + there["jaccard"]), rel=1e-4)
    assert there["shared_volume"] + there["added_volume"] == pytest.approx(there["volume_second"], rel=1e-4)
    assert there["shared_volume"] + there["removed_volume"] == pytest.approx(there["volume_first"], rel=1e-4)
    assert there["median_surface_distance"] <= there["hausdorff_95"] <= there["hausdorff"]
    assert there["planes_new"] <= there["planes_edited"] <= there["plane_count"]
    for one, other in [*((key, key) for key in SYMMETRIC), *MIRRORED]:
        assert back[other] == pytest.approx(there[one], rel=1e-4, abs=1e-4), one
    wider = compared(first, second, tolerance_mm + 1.0)
    assert wider["surface_dice"] >= there["surface_dice"]
    assert wider["added_path_length"] <= there["added_path_length"] + 1e-3
