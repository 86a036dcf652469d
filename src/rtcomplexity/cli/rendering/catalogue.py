"""The catalog of metrics as a table, as prose and as plain values."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from rich.text import Text

from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.metrics.references import citation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from rtcomplexity.metrics.definition import MetricDefinition

NO_UNIT = "1"


def catalogue_table(definitions: Iterable[MetricDefinition[Any]]) -> Table:
    """Build a table with one line a metric."""
    table = titled_table("", ("Key", "Title", "Unit", "IBSI"))
    for definition in definitions:
        table.add_row(definition.key, definition.title, _unit(definition), definition.ibsi_code)
    return table


def metric_parts(definition: MetricDefinition[Any]) -> Iterator[RenderableType]:
    """Yield everything that is declared and documented of one metric."""
    yield Text(f"{definition.key}: {definition.title}", style="bold")
    documentation = _documentation(definition.compute)
    if not documentation.startswith(definition.description):
        yield Text(definition.description)
    if definition.formula:
        yield Text(definition.formula)
    yield Text("\n".join(f"{label:<11}{value}" for label, value in _facts(definition)))
    if documentation:
        yield Text(documentation)


def described(definition: MetricDefinition[Any]) -> dict[str, str]:
    """Give what is declared of one metric as plain values."""
    return {
        "key": definition.key,
        "title": definition.title,
        "unit": str(definition.unit),
        "description": definition.description,
        "formula": definition.formula,
        "ibsi_code": definition.ibsi_code,
        "direction": definition.direction,
        "reference": citation(definition.reference),
    }


def _documentation(compute: Any) -> str:  # noqa: ANN401 - any callable
    """Docstring of the metric's own function; empty where one function with arguments serves several metrics."""
    return inspect.getdoc(compute) or "" if inspect.isfunction(compute) else ""


def _facts(definition: MetricDefinition[Any]) -> Iterator[tuple[str, str]]:
    yield "Unit", _unit(definition)
    if definition.ibsi_code:
        yield "IBSI code", definition.ibsi_code
    if definition.direction:
        yield "Complex", f"the {definition.direction} end"
    if definition.tolerance is not None:
        yield "Tolerance", f"{100 * definition.tolerance:g}% when slices of 3 mm become slices of 1 to 5 mm"
    yield "Source", citation(definition.reference)


def _unit(definition: MetricDefinition[Any]) -> str:
    return "" if definition.unit == NO_UNIT else str(definition.unit)
