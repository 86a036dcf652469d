"""Units that numbers carry, and the one way in which numbers are rounded and things counted."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

MM3_PER_CM3: Final = 1000.0
SIGNIFICANT_DIGITS: Final = 6


class Unit(StrEnum):
    """Unit of a metric, written as in the record."""

    NONE = "1"
    MM = "mm"
    MM2 = "mm2"
    CM2 = "cm2"
    CM3 = "cm3"
    PER_MM = "1/mm"
    PER_CM = "1/cm"
    HU = "HU"
    HU_PER_MM = "HU/mm"
    HU_MM3 = "HU*mm3"
    SUVBW = "g/ml"
    SUVBW_PER_MM = "g/ml/mm"
    SUVBW_CM3 = "g/ml*cm3"
    SIGNAL = "signal"
    SIGNAL_PER_MM = "signal/mm"
    DEG = "deg"
    PERCENT = "%"


def counted(count: int, what: str) -> str:
    """Write how many there are of something whose plural ends in s.

    Examples
    --------
    >>> counted(1, "plan"), counted(2400, "plan")
    ('1 plan', '2,400 plans')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def round_significant(value: float, digits: int = SIGNIFICANT_DIGITS) -> float:
    """Round to significant digits, half to even, and turn -0 into 0.

    Raises
    ------
    ValueError
        If `value` is NaN or infinite: a missing value is written as a reason, never as a number.

    Examples
    --------
    >>> round_significant(155.912345)
    155.912
    >>> round_significant(-0.0)
    0.0
    """
    if not math.isfinite(value):
        msg = f"cannot write {value!r} as a number"
        raise ValueError(msg)
    return float(f"{value:.{digits - 1}e}") + 0.0
