"""Matching of the ROIs of two sides.

By name first (ignoring case, spaces, punctuation and TG-263 spelling variants), then by largest overlap; or by a
mapping file only. ROIs without a counterpart are listed, never dropped.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rtcomplexity.compare.comparison_metrics import dice
from rtcomplexity.compare.delineation import ComparedPair
from rtcomplexity.errors import UsageError
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rtcomplexity.compare.sides import ComparedRoi

LEAST_DICE: Final = 0.5
"""ROIs with different names are the same structure only above this overlap."""


class MatchedBy(StrEnum):
    """How two ROIs were matched."""

    NAME = "name"
    OVERLAP = "overlap"
    MAPPING = "mapping"
    CHOICE = "choice"
    """One ROI was chosen on each side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Match:
    """Two ROIs to be compared."""

    first: ComparedRoi
    second: ComparedRoi
    by: MatchedBy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matching:
    """The matches, and the ROIs left on each side."""

    matches: tuple[Match, ...]
    first_only: tuple[ComparedRoi, ...]
    second_only: tuple[ComparedRoi, ...]


def match_rois(first: Sequence[ComparedRoi], second: Sequence[ComparedRoi], how: str) -> Matching:
    """Match the ROIs of two sides.

    Parameters
    ----------
    first, second
        ROIs of each side; repeated names are matched by overlap only.
    how
        ``names`` (then overlap for the rest), or ``overlap`` only.
    """
    if len(first) == len(second) == 1:
        return _matching(first, second, [Match(first=first[0], second=second[0], by=MatchedBy.CHOICE)])
    named = [] if how == "overlap" else _by_name(first, second)
    rest = _matching(first, second, named)
    return _matching(first, second, [*named, *_by_overlap(rest.first_only, rest.second_only)])


def match_by_mapping(
    first: Sequence[ComparedRoi], second: Sequence[ComparedRoi], mapping: Sequence[tuple[str, str]]
) -> Matching:
    """Match only the ROIs named in a mapping.

    Raises
    ------
    UsageError
        If a name of the mapping is on neither side, or stands for several ROIs.
    """
    matches = [
        Match(first=_only(one, first), second=_only(other, second), by=MatchedBy.MAPPING) for one, other in mapping
    ]
    return _matching(first, second, matches)


def read_mapping(path: Path) -> tuple[tuple[str, str], ...]:
    """Read a mapping file: CSV with a name on the first and a name on the second side in each row.

    Raises
    ------
    UsageError
        If it cannot be read, or a row has not two names.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [[cell.strip() for cell in row] for row in csv.reader(stream) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("--match", path.name, f"names, overlap, or a readable CSV file ({error})") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != 2 or not all(row):
            raise UsageError("--match", f"row {number} of {path.name}", "two names in each row: first,second")
    if rows and [cell.casefold() for cell in rows[0]] == ["first", "second"]:
        rows = rows[1:]
    return tuple((row[0], row[1]) for row in rows)


def _only(name: str, rois: Sequence[ComparedRoi]) -> ComparedRoi:
    """The one ROI of that name."""
    found = [each for each in rois if each.roi.name.strip() == name] or [each for each in rois if each.key == name]
    if len(found) != 1:
        raise UsageError("--match", name, "names that stand for one ROI each" if found else "names that are there")
    return found[0]


def _matching(first: Sequence[ComparedRoi], second: Sequence[ComparedRoi], matches: Sequence[Match]) -> Matching:
    """Matches in the order of the first side, and what is left."""
    used = {id(each) for match in matches for each in (match.first, match.second)}
    order = {id(each): place for place, each in enumerate(first)}
    return Matching(
        matches=tuple(sorted(matches, key=lambda match: order[id(match.first)])),
        first_only=tuple(each for each in first if id(each) not in used),
        second_only=tuple(each for each in second if id(each) not in used),
    )


def _by_name(first: Sequence[ComparedRoi], second: Sequence[ComparedRoi]) -> list[Match]:
    """ROIs with the same name, then the same key, then the same TG-263 spelling; repeated names match nothing."""
    found: list[Match] = []
    readings: tuple[Callable[[ComparedRoi], str], ...] = (
        lambda each: each.roi.name.strip(),
        lambda each: each.key,
        lambda each: each.tg263_key,
    )
    for reading in readings:
        rest = _matching(first, second, found)
        ones, others = _unique(rest.first_only, reading), _unique(rest.second_only, reading)
        found += [
            Match(first=ones[name], second=others[name], by=MatchedBy.NAME) for name in ones if name and name in others
        ]
    return found


def _unique(rois: Sequence[ComparedRoi], reading: Callable[[ComparedRoi], str]) -> dict[str, ComparedRoi]:
    """ROIs by name, if that is unique."""
    names = [reading(each) for each in rois]
    return {name: each for name, each in zip(names, rois, strict=True) if names.count(name) == 1}


def _by_overlap(first: Sequence[ComparedRoi], second: Sequence[ComparedRoi]) -> list[Match]:
    """Largest overlaps first, each ROI once, down to the smallest that counts."""
    scored = [
        (-share, place_one, place_other)
        for place_one, one in enumerate(first)
        for place_other, other in enumerate(second)
        if (share := _dice(one, other)) > LEAST_DICE
    ]
    found: list[Match] = []
    used: set[tuple[str, int]] = set()
    for _, one, other in sorted(scored):
        if ("first", one) not in used and ("second", other) not in used:
            used |= {("first", one), ("second", other)}
            found.append(Match(first=first[one], second=second[other], by=MatchedBy.OVERLAP))
    return found


def _dice(one: ComparedRoi, other: ComparedRoi) -> float:
    """Dice coefficient; 0 if it cannot exceed the least that counts."""
    a, b = one.delineation, other.delineation
    if a.stack is None or b.stack is None:
        return 0.0
    smaller, larger = sorted((a.volume_mm3, b.volume_mm3))
    if 2 * smaller <= LEAST_DICE * (smaller + larger):
        return 0.0
    return dice_or_zero(ComparedPair(first=a, second=b, tolerance_mm=0.0))


def dice_or_zero(pair: ComparedPair) -> float:
    """Dice coefficient of a pair; 0 if there is none."""
    try:
        return dice(pair)
    except NotMeasurableError:
        return 0.0
