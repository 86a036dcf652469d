"""A measured plan as bytes, so that what a person states later is assessed without measuring anew.

The bytes are Python's own (pickle): they are read back only by the program that wrote them, from a folder that nobody
else can write to. They are no format to pass on, and hold patient data.
"""

from __future__ import annotations

import io
import pickle
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rtcomplexity.usecases.analyze import MeasuredPlan

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Writer(pickle.Pickler):
    """Writes read-only mappings too, which pickle by itself does not."""

    def reducer_override(self, value: Any) -> Any:  # noqa: ANN401 -- pickle's own contract
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        return NotImplemented


def _read_only(values: Mapping[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


def to_bytes(plan: MeasuredPlan) -> bytes:
    """Write a measured plan with everything that was derived of it so far."""
    stream = io.BytesIO()
    _Writer(stream, protocol=pickle.HIGHEST_PROTOCOL).dump(plan)
    return stream.getvalue()


def from_bytes(content: bytes) -> MeasuredPlan:
    """Read back what :func:`to_bytes` wrote; never give it bytes from anywhere else.

    Raises
    ------
    TypeError
        If they hold something else.
    """
    plan = pickle.loads(content)  # noqa: S301 -- written by this program into its own private folder
    if not isinstance(plan, MeasuredPlan):
        raise TypeError("no measured plan")
    return plan
