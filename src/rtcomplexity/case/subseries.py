"""Several volumes in one series, taken apart: b-values, time frames, passes, phases, plain duplicates.

Slices of one stack that lie at the same position belong to different volumes. What their headers state tells them
apart; else the order in which they were made; else which of them the contours reference. Slices that nothing tells
apart are kept as ambiguous, so that no value is ever read from a mixture. No slice is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.dicom.headers import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rtcomplexity.dicom.headers import ImageHeader, IndexedFile, Plane
    from rtcomplexity.model.arrays import Floats, Integers

SAME_POSITION_MM: Final = 0.01
CYCLE_MARKS: Final = frozenset({"respiratory phase", "cardiac phase"})
"""Marks that only a cycle has."""
PHASE_MARKS: Final = CYCLE_MARKS | {"temporal position", "trigger time"}
"""Marks that tell phases of a cycle; what differs by another is a volume of its own."""
_ORDERING_MARKS: Final = ("trigger time", "frame reference time", "acquisition time", "content time", "instance number")
"""Marks of which every slice may have its own value: the order at each position tells the volumes apart."""
_NUMBERED: Final = "instance number"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesSlice:
    """One slice of a series, or frame of a multi-frame instance."""

    file: IndexedFile
    image: ImageHeader
    plane: Plane
    frame: int

    @property
    def origin_mm(self) -> tuple[float, ...]:
        """Image Position (Patient)."""
        return self.plane.position_mm or ()

    @property
    def key(self) -> tuple[str, str, int]:
        """Order that no file name and no reading order can change."""
        return (self.file.sop_instance_uid, self.file.sha256, self.frame)

    def mark(self, name: str) -> str:
        """Value of one of :data:`MARKS`; empty where it is not stated."""
        return self.plane.marks[MARKS.index(name)] if self.plane.marks else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """Slices that lie at different positions."""

    slices: tuple[SeriesSlice, ...]
    number: int | None = None
    """Place among the volumes of its stack, from 0; None where it is the only one."""
    told_by: tuple[str, ...] = ()
    """Marks that tell it from the others; empty where none does."""
    ambiguous: frozenset[tuple[str, str, int]] = frozenset()
    """Keys of slices of which another could as well be this volume's."""
    is_remainder: bool = False
    """Whether it holds what the other volume of the stack left over."""
    is_copy: bool = False
    """Whether its pixels are those of the other volume."""


def normal_of(part: SeriesSlice) -> Floats:
    """(3,) unit vector along which the slices of its stack are ordered: row x column direction."""
    orientation = np.array(part.plane.orientation, np.float64)
    normal = np.cross(orientation[:3], orientation[3:])
    return np.asarray(normal / np.linalg.norm(normal), np.float64)


def positions_mm(stack: Sequence[SeriesSlice]) -> Floats:
    """(n,) positions along the normal of the first slice, mm."""
    return np.array([part.origin_mm for part in stack], np.float64) @ normal_of(stack[0])


def volumes_of(
    stack: Sequence[SeriesSlice],
    references: Iterable[frozenset[str]],
    have_same_pixels: Callable[[SeriesSlice, SeriesSlice], bool],
) -> tuple[Volume, ...]:
    """Take the volumes of a stack apart.

    Parameters
    ----------
    stack : sequence of SeriesSlice
        Of one orientation, size and spacing, in any order.
    references : iterable of frozenset
        SOP Instance UIDs that contours reference, a set for each structure set: asked where no mark tells.
    have_same_pixels : callable
        Whether two slices hold the same values; asked last.

    Returns
    -------
    tuple of Volume
        At least one; together they hold every slice of the stack once.
    """
    places = _places(stack)
    counts = np.bincount(places)
    if counts.max() == 1:
        return (Volume(slices=tuple(stack)),)
    marked = _by_marks(stack, places, int(counts.max())) or _by_order(stack, places)
    if marked:
        return tuple(
            Volume(slices=slices, number=number, told_by=told_by) for number, (slices, told_by) in enumerate(marked)
        )
    return _by_reference(stack, places, references, have_same_pixels)


def _places(stack: Sequence[SeriesSlice]) -> Integers:
    """(n,) number of the distinct position that each slice lies at."""
    positions = positions_mm(stack)
    order = np.argsort(positions, kind="stable")
    steps = np.concatenate([[0], (np.diff(positions[order]) > SAME_POSITION_MM).cumsum()])
    places = np.empty(len(stack), np.int64)
    places[order] = steps
    return places


def _by_place(stack: Sequence[SeriesSlice], places: Integers) -> dict[int, list[SeriesSlice]]:
    found: dict[int, list[SeriesSlice]] = defaultdict(list)
    for part, place in zip(stack, places.tolist(), strict=True):
        found[place].append(part)
    return found


_Told = tuple[tuple[SeriesSlice, ...], tuple[str, ...]]


def _by_marks(stack: Sequence[SeriesSlice], places: Integers, most: int) -> list[_Told]:
    """Split by as few marks as hold every position once; a mark of which most slices have their own tells nothing."""
    keys: list[tuple[str, ...]] = [()] * len(stack)
    told_by: list[str] = []
    for mark in MARKS:
        trial = [(*key, part.mark(mark)) for key, part in zip(keys, stack, strict=True)]
        if not _varies_within_a_place(trial, keys, places) or len(set(trial)) > most:
            continue
        keys, told_by = trial, [*told_by, mark]
        if len(set(zip(keys, places.tolist(), strict=True))) == len(stack):
            groups: dict[tuple[str, ...], list[SeriesSlice]] = defaultdict(list)
            for key, part in zip(keys, stack, strict=True):
                groups[key].append(part)
            ordered = sorted(groups.items(), key=lambda item: [_natural(value) for value in item[0]])
            return [(tuple(slices), tuple(told_by)) for _, slices in ordered]
    return []


def _varies_within_a_place(trial: Sequence[tuple[str, ...]], keys: Sequence[tuple[str, ...]], places: Integers) -> bool:
    """Whether slices at one position that were alike so far differ now."""
    at = places.tolist()
    return len(set(zip(trial, at, strict=True))) > len(set(zip(keys, at, strict=True)))


def _natural(text: str) -> tuple[float, str]:
    try:
        return (float(text), text)
    except ValueError:
        return (float("inf"), text)


def _by_order(stack: Sequence[SeriesSlice], places: Integers) -> list[_Told]:
    """Split by the order at each position, where every position holds as many slices and a mark orders them all."""
    groups = _by_place(stack, places)
    depths = {len(group) for group in groups.values()}
    if len(depths) != 1:
        return []
    for mark in _ORDERING_MARKS:
        ordered = {place: sorted(group, key=lambda part: _natural(part.mark(mark))) for place, group in groups.items()}
        if all(_is_ordered(group, mark) for group in ordered.values()):
            volumes = list(zip(*ordered.values(), strict=True))
            if mark != _NUMBERED or _are_numbered_in_turn(volumes, ordered):
                return [(volume, (mark,)) for volume in volumes]
    return []


def _is_ordered(group: Sequence[SeriesSlice], mark: str) -> bool:
    """Whether every slice states a number of its own."""
    values = [_natural(part.mark(mark))[0] for part in group]
    return all(np.isfinite(values)) and len(set(values)) == len(values)


def _are_numbered_in_turn(
    volumes: Sequence[Sequence[SeriesSlice]], ordered: Mapping[int, Sequence[SeriesSlice]]
) -> bool:
    """Whether Instance Number runs through volume after volume, or through the volumes position by position."""
    numbers = [[float(part.mark(_NUMBERED)) for part in volume] for volume in volumes]
    in_blocks = all(max(one) < min(other) for one, other in pairwise(numbers))
    runs = [[float(part.mark(_NUMBERED)) for part in group] for group in ordered.values()]
    return in_blocks or all(max(run) - min(run) == len(run) - 1 for run in runs)


def _by_reference(
    stack: Sequence[SeriesSlice],
    places: Integers,
    references: Iterable[frozenset[str]],
    have_same_pixels: Callable[[SeriesSlice, SeriesSlice], bool],
) -> tuple[Volume, ...]:
    """Take the slices that contours reference for one volume and the others for what is left over."""
    sets = tuple(references)
    found: list[Volume] = []
    while len(stack):
        groups = _by_place(stack, places)
        named = next(filter(None, (_named(groups, uids) for uids in sets)), {})
        main = {place: named.get(place) or min(group, key=lambda part: part.key) for place, group in groups.items()}
        doubtful = [place for place, group in groups.items() if len(group) > 1 and place not in named]
        pairs = [(main[place], other) for place in doubtful for other in groups[place] if other is not main[place]]
        is_copied = all(have_same_pixels(one, other) for one, other in pairs)
        found.append(
            Volume(
                slices=tuple(main.values()),
                number=len(found),
                told_by=("references",) if named else (),
                ambiguous=frozenset() if is_copied else frozenset(main[place].key for place in doubtful),
                is_remainder=bool(found) and not named,
                is_copy=bool(found) and not named and not found[0].ambiguous and not found[0].told_by,
            )
        )
        kept = {id(part) for part in main.values()}
        left = [index for index, part in enumerate(stack) if id(part) not in kept]
        stack, places = [stack[index] for index in left], places[left]
    return tuple(found)


def _named(groups: Mapping[int, Sequence[SeriesSlice]], uids: frozenset[str]) -> dict[int, SeriesSlice]:
    """Slice of each position that a structure set references; none where it references several at one position."""
    found = {}
    for place, group in groups.items():
        here = [part for part in group if part.file.sop_instance_uid in uids]
        if len(here) > 1:
            return {}
        if here:
            found[place] = here[0]
    return found
