"""Plans as columns: what is not measured is not a number, and sizes are as measured, else by the volume."""

import numpy as np
import pytest

from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.units import Unit

VOLUME, DIAMETER = "scored.volume", "scored.equivalent_diameter"


def value(number):
    return Measurement.missing("why", Unit.NONE) if number is None else Measurement(value=number, unit=Unit.NONE)


def plans(*rows):
    return Plans.of([{key: value(number) for key, number in row.items()} for row in rows])


def test_a_sphere_of_half_a_thousand_thirds_of_pi_cm3_measures_ten_cm():
    volume_cm3 = 500 * np.pi / 3
    assert plans({VOLUME: volume_cm3}).diameters_mm == pytest.approx([100.0])


def test_a_diameter_is_as_measured_else_by_the_volume_else_unknown():
    ball_cm3 = np.pi / 6
    rows = [
        {DIAMETER: 30.0, VOLUME: ball_cm3}, {DIAMETER: 0.5, VOLUME: ball_cm3}, {DIAMETER: None, VOLUME: ball_cm3},
        {DIAMETER: 0.0, VOLUME: ball_cm3}, {DIAMETER: None, VOLUME: 0.0}, {VOLUME: None}, {VOLUME: 0.5 * ball_cm3},
    ]  # fmt: skip
    expected = [30.0, 0.5, 10.0, 10.0, np.nan, np.nan, 10 * np.cbrt(0.5)]
    assert plans(*rows).diameters_mm == pytest.approx(expected, nan_ok=True)


def test_columns_have_a_place_for_each_plan():
    found = plans({"a": 1.0, "b": None}, {"a": 2.0, "c": 3.0})
    assert found.count == 2
    assert found.column("a").tolist() == [1.0, 2.0]
    assert np.array_equal(found.column("b"), [np.nan, np.nan], equal_nan=True)
    assert np.array_equal(found.column("c"), [np.nan, 3.0], equal_nan=True)
    assert np.array_equal(found.column("nobody has it"), [np.nan, np.nan], equal_nan=True)
    assert found.chosen(np.array([1])).count == 1
    assert found.chosen(np.array([1])).column("c").tolist() == [3.0]
