"""What cannot be measured keeps its reason; what does not apply is left out; the rest is rounded."""

import pytest

from rtcomplexity.errors import UsageError
from rtcomplexity.geometry.mesh import UnmeasurableShapeError
from rtcomplexity.metrics.definition import MetricDefinition, compute_all, documented
from rtcomplexity.metrics.measurement import Measurement, NotApplicableError, NotMeasurableError
from rtcomplexity.units import Unit


def definition(key, compute, unit=Unit.MM):
    return MetricDefinition(key=key, title=key, unit=unit, description="Made up.", compute=compute)


def fails(error):
    def compute(subject):
        raise error

    return compute


def test_metrics_after_one_that_fails_are_still_computed_in_order():
    found = compute_all(
        [
            definition("twice", lambda subject: 2 * subject),
            definition("unknown", fails(NotMeasurableError("nobody knows")), Unit.CM3),
            definition("unasked", fails(NotApplicableError())),
            definition("third", lambda subject: subject / 3),
        ],
        4,
    )
    assert found == {
        "twice": Measurement(value=8.0, unit=Unit.MM),
        "unknown": Measurement(value=None, unit=Unit.CM3, reason="nobody knows"),
        "third": Measurement(value=1.33333, unit=Unit.MM),
    }
    assert list(found) == ["twice", "unknown", "third"]


def test_a_shape_that_does_not_have_the_value_keeps_its_reason():
    found = compute_all([definition("thin", fails(UnmeasurableShapeError("It is too thin.", "another one")))], None)
    assert found == {"thin": Measurement.missing("It is too thin.", Unit.MM)}


def test_metrics_are_not_left_without_a_description_where_python_runs_without_docstrings():
    def bare(subject):
        return subject

    with pytest.raises(UsageError, match=r"PYTHONOPTIMIZE.*docstrings"):
        documented("made.up", "Made up", Unit.MM, bare)
    bare.__doc__ = "The subject\nitself.\n\nNot more."
    assert documented("made.up", "Made up", Unit.MM, bare).description == "The subject itself."
