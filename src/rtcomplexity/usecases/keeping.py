"""A measured plan as bytes, so that claim information stated later is assessed without measuring again.

The bytes are Python's own (pickle): they are read back only by the program that wrote them, from a folder that nobody
else can write to. They are no format to pass on, and hold patient data.
"""

from __future__ import annotations

import pickle

from rtcomplexity.usecases.analyze import MeasuredPlan


def from_bytes(content: bytes) -> MeasuredPlan:
    """Read back what :func:`rtcomplexity.cores.to_bytes` wrote; never give it bytes from anywhere else.

    Raises
    ------
    TypeError
        If they hold something else.
    """
    plan = pickle.loads(content)  # noqa: S301 -- written by this program into its own private folder
    if not isinstance(plan, MeasuredPlan):
        raise TypeError("no measured plan")
    return plan
