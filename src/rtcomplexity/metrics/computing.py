"""Computes declared metrics of one subject; knows no metric by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rtcomplexity.metrics.measurement import Measurement, NotApplicableError, NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtcomplexity.metrics.definition import MetricDefinition

Subject = TypeVar("Subject")


def compute_all(definitions: Iterable[MetricDefinition[Subject]], subject: Subject) -> dict[str, Measurement]:
    """Compute metrics of one subject: a missing one carries its reason, one that does not apply is left out."""
    values = {}
    for definition in definitions:
        try:
            values[definition.key] = Measurement.of(definition.compute(subject), definition.unit)
        except NotMeasurableError as error:
            values[definition.key] = Measurement.missing(str(error), definition.unit)
        except NotApplicableError:
            continue
    return values
