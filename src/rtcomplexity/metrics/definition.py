"""What a metric is, apart from how it is computed: help, documentation and reports are generated from this."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.units import Unit

Subject_contra = TypeVar("Subject_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDefinition(Generic[Subject_contra]):
    """A declared metric: its key, what it means, its unit, where it comes from, and its function."""

    key: str
    title: str
    unit: Unit
    description: str
    """One sentence in plain words, with the convention it follows."""
    compute: Callable[[Subject_contra], float]
    """A pure function of the measured subject; raises NotMeasurableError where there is no value."""
    formula: str = ""
    """Exact rule, where `compute` is one function for several metrics and so cannot document this one."""
    direction: Literal["higher", "lower", ""] = ""
    """Of a scored metric: which end is the complex one; empty where it only says what a target is compared with."""
    tolerance: float | None = None
    """Of a scored metric: the largest change, as a share, when planes 3 mm apart are contoured 1 to 5 mm apart."""
    ibsi_code: str = ""
    reference: str = ""
    """Key of a published source in :mod:`rtcomplexity.metrics.references`; empty means our own definition."""


def documented_rule(source: object) -> str:
    """First paragraph of the documentation of what computes a metric: a function, or a property of a shape.

    Examples
    --------
    >>> documented_rule(documented_rule).split(":")[0]
    'First paragraph of the documentation of what computes a metric'
    """
    return " ".join((inspect.getdoc(source) or "").partition("\n\n")[0].split())
