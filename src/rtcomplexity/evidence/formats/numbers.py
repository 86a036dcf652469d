"""Numbers in sentences, as people read them: one decimal, or as many as keep different numbers apart.

A number under 10 has three digits that count, or as many as keep it apart from the others.

Knows no record: a sentence goes in with the digits that the record has, and comes out with fewer. Tables for
spreadsheets and the record itself keep all of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_ROUNDED: Final = 10
"""For a smaller number one decimal is too few: its digits are counted."""
LEAST_DIGITS: Final = 3
LEAST_SHORTENED: Final = 1e-4
"""A number smaller still keeps its digits: short, it would need a power of ten."""
MOST_DECIMALS: Final = 6
HELD: Final = "\u00a0"
"""Between a number and its unit, where lines will be broken."""
_BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|mm|cm2|cm3|cm³|HU|SUVbw|Gy)(?!\w))")
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)")
"""Of digits alone: not a part of a UID, a version or a name."""


def readable(text: str) -> str:
    """Round the numbers of a sentence to one decimal or three digits, where that leaves different numbers different.

    Examples
    --------
    >>> readable("deciding score 81.8432, routine below 96.7568")
    'deciding score 81.8, routine below 96.8'
    >>> readable("deciding score 96.7612, routine below 96.7568"), readable("sphericity 0.61234, plan 1.2.34.567")
    ('deciding score 96.761, routine below 96.757', 'sphericity 0.612, plan 1.2.34.567')
    >>> readable("curvature 3.48984, median 3.49195"), readable("0.0000123456")
    ('curvature 3.49, median 3.492', '0.0000123456')
    """
    numbers = [float(number) for number in _NUMBER.findall(text)]
    decimals = decimals_for(number for number in numbers if number >= LEAST_ROUNDED)
    digits = _digits_for(number for number in numbers if number < LEAST_ROUNDED)
    return _NUMBER.sub(lambda found: _rounded(found[0], decimals, digits), text)


def held(text: str) -> str:
    r"""Keep numbers and their units on one line.

    Examples
    --------
    >>> held("35.3 cm3 of 5,000")
    '35.3\xa0cm3 of 5,000'
    """
    return _BEFORE_UNIT.sub(HELD, text)


def decimals_for(numbers: Iterable[float]) -> int:
    """Fewest decimals, at least one, that keep different numbers different."""
    distinct = set(numbers)
    enough = (n for n in range(1, MOST_DECIMALS) if len({round(number, n) for number in distinct}) == len(distinct))
    return next(enough, MOST_DECIMALS)


def _digits_for(numbers: Iterable[float]) -> int:
    """Fewest digits that count, at least three, that keep different numbers different."""
    distinct = set(numbers)
    tried = range(LEAST_DIGITS, MOST_DECIMALS)
    return next((n for n in tried if len({f"{number:.{n}g}" for number in distinct}) == len(distinct)), MOST_DECIMALS)


def _rounded(written: str, decimals: int, digits: int) -> str:
    number, after_point = float(written), written.partition(".")[2]
    if number >= LEAST_ROUNDED:
        return f"{number:.{decimals}f}" if len(after_point) > decimals else written
    has_more = len(written.replace(".", "").lstrip("0")) > digits
    return f"{number:.{digits}g}" if has_more and number >= LEAST_SHORTENED else written
