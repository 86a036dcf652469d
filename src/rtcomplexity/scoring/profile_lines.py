"""The line of a key in a TOML text, for messages; tomllib itself keeps no positions.

Knows table headers and ``key = value`` at the start of a line: the way profiles are written. What it cannot find it
places at the nearest enclosing table; it never raises.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Place: TypeAlias = tuple[int | str, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([\w\-]+)\s*=")


def line_of(text: str, place: Place) -> int | None:
    r"""Return the line (from 1) of the key at `place`, or of the nearest table around it, or None.

    Examples
    --------
    >>> line_of("id = 1\n[[a]]\nx = 1\n[[a]]\nx = 2\n", ("a", 1, "x"))
    5
    """
    lines = _lines(text)
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None


def _lines(text: str) -> dict[Place, int]:
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _open(header[2].split("."), header[1] == "[[", counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1]), number)
    return lines


def _open(names: list[str], is_array: bool, counts: dict[Place, int]) -> Place:  # noqa: FBT001 - one bracket or two
    place: Place = ()
    for depth, name in enumerate(names, start=1):
        place = (*place, name)
        if depth == len(names) and is_array:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place
