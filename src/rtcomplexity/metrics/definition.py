"""Declaration and computation of metrics; help, documentation and reports are generated from the declarations.

Knows no metric by name.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from rtcomplexity.errors import UsageError
from rtcomplexity.geometry.mesh import UnmeasurableShapeError
from rtcomplexity.metrics.measurement import Measurement, NotApplicableError, NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtcomplexity.units import Unit

Subject = TypeVar("Subject")
Subject_contra = TypeVar("Subject_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition(Generic[Subject_contra]):
    """A declared metric: key, meaning, unit, source and function."""

    key: str
    title: str
    unit: Unit
    description: str
    """One plain sentence, including the convention followed."""
    compute: Callable[[Subject_contra], float]
    """A pure function of the subject; raises NotMeasurableError or UnmeasurableShapeError if there is no value."""
    formula: str = ""
    """Exact rule, for metrics whose `compute` serves several and cannot document each."""
    direction: Literal["higher", "lower", ""] = ""
    """For a scored metric: which end is complex; empty if it only selects what a target is compared with."""
    tolerance: float | None = None
    """For a scored metric: the largest relative change when planes are 1 to 5 mm apart instead of 3 mm."""
    ibsi_code: str = ""
    reference: str = ""
    """Key of a published source in :mod:`rtcomplexity.metrics.references`; empty for our own definition."""


def documented_rule(source: object) -> str:
    """First paragraph of a docstring: that of the function that computes a metric.

    Examples
    --------
    >>> documented_rule(documented_rule)
    'First paragraph of a docstring: that of the function that computes a metric.'
    """
    return " ".join((inspect.getdoc(source) or "").partition("\n\n")[0].split())


def documented(
    key: str,
    title: str,
    unit: Unit,
    compute: Callable[[Subject], float],
    *,
    direction: Literal["higher", "lower", ""] = "",
    tolerance: float | None = None,
) -> MetricDefinition[Subject]:
    """Declare a metric that has a function of its own: the first paragraph of its docstring is the description.

    Raises
    ------
    UsageError
        If Python runs without docstrings: records would describe no metric.
    """
    description = documented_rule(compute)
    if not description:
        raise UsageError("PYTHONOPTIMIZE", "2 (or -OO)", "at most 1: records describe metrics by their docstrings")
    return MetricDefinition(
        key=key,
        title=title,
        unit=unit,
        description=description,
        compute=compute,
        direction=direction,
        tolerance=tolerance,
    )


def compute_all(definitions: Iterable[MetricDefinition[Subject]], subject: Subject) -> dict[str, Measurement]:
    """Compute metrics of one subject: a missing one carries its reason, one that does not apply is left out."""
    values = {}
    for definition in definitions:
        try:
            values[definition.key] = Measurement.of(definition.compute(subject), definition.unit)
        except NotMeasurableError as error:
            values[definition.key] = Measurement.missing(str(error), definition.unit)
        except UnmeasurableShapeError as error:
            values[definition.key] = Measurement.missing(error.found, definition.unit)
        except NotApplicableError:
            continue
    return values
