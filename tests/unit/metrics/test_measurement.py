"""Measurements are rounded as they are written, and tables of them cannot be changed."""

import pytest

from rtcomplexity.metrics.measurement import Measurement, MetricTable, RelationMeasurements, RoiMeasurements
from rtcomplexity.units import Unit


@pytest.mark.parametrize(("value", "rounded"), [(155.912345, 155.912), (0.123456789, 0.123457), (7, 7.0), (0, 0.0)])
def test_a_value_keeps_six_significant_digits(value, rounded):
    found = Measurement.of(value, Unit.CM3)
    assert (found.value, found.unit, found.reason) == (rounded, Unit.CM3, "")
    assert isinstance(found.value, float)


def test_a_missing_value_has_a_reason_and_a_unit():
    found = Measurement.missing("no image", Unit.MM)
    assert (found.value, found.unit, found.reason) == (None, Unit.MM, "no image")


def test_a_table_does_not_follow_what_it_was_made_of_and_cannot_be_written_to():
    values = {"shape.volume": Measurement.of(1, Unit.CM3)}
    tables = (
        RoiMeasurements(roi_number=3, values=values).values,
        RelationMeasurements(a=1, b=2, values=values).values,
        MetricTable(rois=(), gross_target=values).gross_target,
    )
    values["shape.extent"] = Measurement.of(2, Unit.MM)
    for table in tables:
        assert list(table) == ["shape.volume"]
        with pytest.raises(TypeError):
            table["shape.volume"] = Measurement.of(5, Unit.CM3)
    assert MetricTable(rois=()).gross_target == {}
    assert RoiMeasurements(roi_number=3, values=values).derived_from is None
