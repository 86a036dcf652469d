"""Numbers in sentences, as people read them: one decimal, or as many as keep different numbers apart.

Knows no record: a sentence goes in with the digits that the record has, and comes out with fewer. Tables for
spreadsheets and the record itself keep all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_ROUNDED: Final = 10
"""A smaller number keeps its digits: there, one decimal is too few."""
MOST_DECIMALS: Final = 6
HELD: Final = "\u00a0"
"""Between a number and its unit, where lines will be broken."""
_BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|mm|cm2|cm3|cm³|HU|SUVbw|Gy)(?!\w))")
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)")
"""Of digits alone: not a part of a UID, a version or a name."""


def readable(text: str) -> str:
    """Round the numbers of a sentence to one decimal, where that leaves different numbers different.

    Examples
    --------
    >>> readable("deciding score 81.8432, routine below 96.7568")
    'deciding score 81.8, routine below 96.8'
    >>> readable("deciding score 96.7612, routine below 96.7568"), readable("sphericity 0.61234, plan 1.2.34.567")
    ('deciding score 96.761, routine below 96.757', 'sphericity 0.61234, plan 1.2.34.567')
    """
    numbers = map(float, _NUMBER.findall(text))
    decimals = decimals_for(number for number in numbers if number >= LEAST_ROUNDED)
    return _NUMBER.sub(lambda found: _rounded(found[0], decimals), text)


def held(text: str) -> str:
    r"""Keep numbers and their units on one line.

    Examples
    --------
    >>> held("in 0.96 % of 5000 plans")
    'in 0.96\xa0% of 5000 plans'
    """
    return _BEFORE_UNIT.sub(HELD, text)


def decimals_for(numbers: Iterable[float]) -> int:
    """Fewest decimals, at least one, that keep different numbers different."""
    distinct = set(numbers)
    enough = (n for n in range(1, MOST_DECIMALS) if len({round(number, n) for number in distinct}) == len(distinct))
    return next(enough, MOST_DECIMALS)


def _rounded(written: str, decimals: int) -> str:
    has_more = len(written.partition(".")[2]) > decimals
    return f"{float(written):.{decimals}f}" if has_more and float(written) >= LEAST_ROUNDED else written
