"""Zero lines of fields on planes, traced in all planes at once by marching squares.

Between two pixel centers the field is taken as linear. Two inside pixels that touch only at a corner are separate.
Works in voxel units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.geometry.ragged import offsets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats, Integers


TOP, BOTTOM, LEFT, RIGHT, NONE = 0, 1, 2, 3, -1
_STRETCHES: Final = (
    # Which corners of a cell are inside: 1 upper left, 2 upper right, 4 lower left, 8 lower right. Then the side at
    # which the line enters and the one at which it leaves, so that all lines run in one direction.
    (1, TOP, LEFT), (2, RIGHT, TOP), (3, RIGHT, LEFT), (4, LEFT, BOTTOM), (5, TOP, BOTTOM), (6, RIGHT, TOP),
    (7, RIGHT, BOTTOM), (8, BOTTOM, RIGHT), (9, TOP, LEFT), (10, BOTTOM, TOP), (11, BOTTOM, LEFT), (12, LEFT, RIGHT),
    (13, TOP, RIGHT), (14, LEFT, TOP), (6, LEFT, BOTTOM), (9, BOTTOM, RIGHT),
)  # fmt: skip
_FIRST, _SECOND = _STRETCHES[:14], _STRETCHES[14:]


def level_lines(sections: NDArray[np.floating[Any]]) -> tuple[Floats, Integers]:
    """Trace the closed zero lines of fields.

    Parameters
    ----------
    sections
        (planes, rows, columns), positive inside; the outermost pixels of each plane lie outside.

    Returns
    -------
    (n, 2) vertices (row, column) of the lines, plane by plane; and (m + 1,) offsets.
    """
    _, rows, columns = sections.shape
    inside = sections > 0
    beside, under = np.zeros((2, *sections.shape), bool)
    np.not_equal(inside[:, :, 1:], inside[:, :, :-1], out=beside[:, :, :-1])
    np.not_equal(inside[:, 1:], inside[:, :-1], out=under[:, :-1])
    pixels = np.concatenate([np.flatnonzero(beside), np.flatnonzero(under)])
    split = np.count_nonzero(beside)
    steps = np.repeat([1, columns], [split, len(pixels) - split])
    flat = sections.ravel()
    here, there = flat[pixels].astype(np.float64), flat[pixels + steps].astype(np.float64)
    points = np.stack([pixels // columns % rows, pixels % columns], axis=1).astype(np.float64)
    points[:split, 1] += (here / (here - there))[:split]
    points[split:, 0] += (here / (here - there))[split:]
    order, offsets = cycles(_following(inside, pixels[:split], pixels[split:]))
    return points.take(order, axis=0), offsets


def _following(inside: Flags, beside: Integers, under: Integers) -> Integers:
    """(n,) the crossing joined to each crossing; those with the next column come before those with the next row."""
    columns = inside.shape[2]
    kinds = np.zeros(inside.shape, np.uint8)
    corners = (inside[:, :-1, :-1], inside[:, :-1, 1:], inside[:, 1:, :-1], inside[:, 1:, 1:])
    for bit, corner in enumerate(corners):
        kinds[:, :-1, :-1] |= corner.astype(np.uint8) << bit
    kind = np.ravel(kinds)
    cells = np.flatnonzero((kind > 0) & (kind < 15))
    following = np.empty(len(beside) + len(under), np.int64)
    for stretches in (_FIRST, _SECOND):
        sides = np.full((2, 16), NONE)
        for case, start, end in stretches:
            sides[:, case] = start, end
        crossed = cells[sides[0, kind[cells]] != NONE]
        starts, ends = (_number(crossed, side, columns, beside, under) for side in sides[:, kind[crossed]])
        following[starts] = ends
    return following


def _number(cells: Integers, side: Integers, columns: int, beside: Integers, under: Integers) -> Integers:
    """(c,) number of the crossing at a side of each cell."""
    along_row = np.searchsorted(beside, cells + np.where(side == BOTTOM, columns, 0))
    along_column = len(beside) + np.searchsorted(under, cells + (side == RIGHT))
    return np.where(side <= BOTTOM, along_row, along_column)


def cycles(following: Integers) -> tuple[Integers, Integers]:
    """Order the members of closed chains, given the successor of each; chains by their lowest member, starting from it.

    Each step looks twice as far ahead as the one before, so a few steps cover the longest chain.

    Returns
    -------
    (n,) the members in order, and (m + 1,) offsets.

    Examples
    --------
    >>> order, offsets = cycles(np.array([3, 4, 0, 2, 1]))
    >>> order.tolist(), offsets.tolist()
    ([0, 3, 2, 1, 4], [0, 3, 5])
    """
    lowest, ahead = np.arange(len(following)), following
    while True:
        lower = np.minimum(lowest, lowest[ahead])
        if np.array_equal(lower, lowest):
            break
        lowest, ahead = lower, ahead[ahead]
    is_last = following == lowest
    left = np.where(is_last, 0, 1)
    ahead = np.where(is_last, np.arange(len(following)), following)
    while np.any(farther := left[ahead]):
        left, ahead = left + farther, ahead[ahead]
    is_first = lowest == np.arange(len(following))
    offsets = offsets_of(left[is_first] + 1)
    chain = np.cumsum(is_first)[lowest]
    order = np.empty(len(following), np.int64)
    order[offsets[chain] - 1 - left] = np.arange(len(following))
    return order, offsets
