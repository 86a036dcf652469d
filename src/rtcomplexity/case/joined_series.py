"""One image whose slices carry several Series or Study UIDs: split by a scanner or archive, or named anew by slice.

Series are joined only where a structure set names images of several of them and together they are one stack: the same
size, spacing and orientation, one block after the other, evenly spaced along one line. Anything else stays apart:
series whose slices lie between each other's may be two scans.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.subseries import positions_mm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rtcomplexity.case.subseries import SeriesSlice

    Key = tuple[str, str, str, str]
    """Modality, study, series and frame of reference of a series."""
    Belongs = Callable[[SeriesSlice, SeriesSlice], bool]

_LEAST_GAP: Final = 0.5
_GREATEST_GAP: Final = 1.5
"""Of the median gap: a slice that is missing between two parts leaves them apart."""
_OFF_LINE_MM: Final = 1.0
_FEWEST_SLICES: Final = 3
"""Two slices have one gap, which fits anything."""


def joined(
    groups: Mapping[Key, Sequence[SeriesSlice]], references: Sequence[frozenset[str]], belongs: Belongs
) -> dict[Key, list[list[SeriesSlice]]]:
    """Join the series that are one image.

    Parameters
    ----------
    groups : mapping
        Slices of each series.
    references : sequence of frozenset
        SOP Instance UIDs that the structure sets reference.
    belongs : callable
        Whether a slice has size, orientation and spacing of another.

    Returns
    -------
    dict
        The parts of each image, under the key of the first: one where it is a series of its own.
    """
    families: defaultdict[tuple[str, str], list[Key]] = defaultdict(list)
    for modality, study, series, frame in sorted(groups):
        families[modality, frame].append((modality, study, series, frame))
    found: dict[Key, list[list[SeriesSlice]]] = {}
    for (_, frame), keys in families.items():
        together = _one_image(keys, groups, references, belongs) if frame and len(keys) > 1 else ()
        for key in keys:
            if not together or key not in together:
                found[key] = [list(groups[key])]
            elif key == together[0]:
                found[key] = [list(groups[each]) for each in together]
    return found


def _one_image(
    keys: Sequence[Key],
    groups: Mapping[Key, Sequence[SeriesSlice]],
    references: Iterable[frozenset[str]],
    belongs: Belongs,
) -> tuple[Key, ...]:
    """Series of one frame that are one image: all that look like those that a set names, else those alone."""
    for uids in references:
        named = [key for key in keys if any(part.file.sop_instance_uid in uids for part in groups[key])]
        if len(named) < 2:
            continue
        first = groups[named[0]][0]
        alike = [key for key in keys if key in named or _is_called_alike(groups[key][0], first, belongs)]
        for candidates in (alike, named):
            if _are_one_stack([groups[key] for key in candidates], belongs):
                return tuple(candidates)
    return ()


def _is_called_alike(part: SeriesSlice, first: SeriesSlice, belongs: Belongs) -> bool:
    return part.image.description == first.image.description and belongs(part, first)


def _are_one_stack(blocks: Sequence[Sequence[SeriesSlice]], belongs: Belongs) -> bool:
    """Whether the slices of some series lie evenly along one line, those of one after those of the other."""
    parts = [part for block in blocks for part in block]
    first = parts[0]
    if len(parts) < _FEWEST_SLICES or any(part.image.is_multi_frame or not belongs(part, first) for part in parts):
        return False
    along = positions_mm(parts)
    order = np.argsort(along, kind="stable")
    block_of = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])[order]
    if np.count_nonzero(np.diff(block_of)) >= len(blocks):
        return False
    gaps = np.diff(along[order])
    typical = float(np.median(gaps))
    if gaps.min() < _LEAST_GAP * typical or gaps.max() > _GREATEST_GAP * typical or typical <= 0:
        return False
    origins = np.array([parts[k].origin_mm for k in order], np.float64) - parts[order[0]].origin_mm
    shares = (along[order] - along[order[0]]) / (along[order[-1]] - along[order[0]])
    return bool(np.abs(origins - shares[:, None] * origins[-1]).max() <= _OFF_LINE_MM)
