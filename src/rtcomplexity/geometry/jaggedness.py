"""How jagged a contour is at scales finer than a hand can draw, and smoothing of contours that are too jagged.

Vertices that zigzag within a millimeter or two do not follow a tumor border: they are noise, or an attempt to make the
contour look complex. Blurring such a contour by a millimeter shortens it a lot; no reader's contour in LIDC-IDRI loses
as much. A contour above :data:`MOST_EXCESS` is smoothed along its length until it is as even as most contours: gently
at first, and more strongly where its points lay far from the result. All other contours stay as they are.

Works on closed contours in a plane, in millimeters. The reasons and the measured effect are in
``docs/decisions/0091-jagged-contours.md`` and ``docs/decisions/0104-weak-noise-is-evened-less.md``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.contour_shape import ContourSet
from rtcomplexity.geometry.ragged import offsets_of, owners, ranges

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats

MOST_EXCESS: Final = 1.4
"""99.9% of the 5,946 LIDC-IDRI contours of 20 mm and longer have an excess length of at most 1.30; none exceeds
1.37."""
EVEN_EXCESS: Final = 1.1
"""The median of those contours: a contour with strong noise is smoothed down to this."""
WEAKLY_EVEN_EXCESS: Final = 1.15
"""Five in six of them are at or below this. It is enough for weak noise and preserves more of the contour."""
MOST_WEAK_NOISE_MM: Final = 0.5
"""Noise is weak up to this root mean square distance between a contour and its smoothed version."""
FINE_MM: Final = 1.0
"""Standard deviation of the Gaussian along the contour that defines excess length."""
EVENING_MM: Final = 1.5
"""Standard deviation of one smoothing pass for strong noise."""
WEAKLY_EVENING_MM: Final = 0.7
"""The same for weak noise, which is tried first."""
EVENING_PER_NOISE: Final = 3.0
"""Noise also leaves waves longer than a millimeter, which a long contour should not have. A last pass blurs it
by up to this multiple of the noise ..."""
LONG_MM: Final = (60.0, 150.0)
"""... rising linearly from none at the first contour length to all of it at the second."""
LEAST_LENGTH: Final = 40
"""Contours shorter than this many standard deviations get a narrower Gaussian: their curvature is their shape."""
STEP_MM: Final = 0.25
COARSE_STEP_MM: Final = 0.5
"""A quick check with this step and every eighth point clears most contours at a fraction of the cost."""
EVERY: Final = 8
WINDOW: Final = 8
"""Neighbors on either side that enter the blur of one point: four standard deviations."""
PLAINLY: Final = 0.98
"""Safety margin of the quick check: with heavy noise the coarse step overestimates the length by up to 0.7%."""
MOST_ROUNDS: Final = 8
MOST_WEAK_ROUNDS: Final = 24
LARGEST_RESCALING: Final = 1.25


def excess_lengths(outlines: ContourSet) -> Floats:
    """(m,) length of each closed contour over its length after a blur by :data:`FINE_MM`; 1 where nothing is lost.

    Raises
    ------
    UnmeasurableShapeError
        If one has no length.

    Examples
    --------
    >>> turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    >>> circle = 15 * np.column_stack([np.cos(turn), np.sin(turn)])
    >>> spiked = circle * (1 + 0.05 * (-1.0) ** np.arange(200))[:, None]
    >>> excess_lengths(ContourSet.of([circle, spiked])).round(1)
    array([1. , 3.2])
    """
    smooth = [_smoothed(each, FINE_MM) for each in _at_equal_steps(outlines)] if len(outlines) else []
    return outlines.perimeters_mm / ContourSet.of(smooth).perimeters_mm


def evened(stack: PlaneStack) -> PlaneStack:
    """Smooth the contours of a stack that are more jagged than a hand draws; the same stack if there are none."""
    outlines = ContourSet(points_mm=stack.points_mm, offsets=stack.contour_offsets)
    is_jagged = outlines.perimeters_mm > 0
    is_jagged &= ~_is_plainly_even(outlines)
    is_jagged[is_jagged] = excess_lengths(outlines.chosen(is_jagged)) > MOST_EXCESS
    if not is_jagged.any():
        return stack
    contours = np.split(stack.points_mm, stack.contour_offsets[1:-1])
    even = [evened_contour(each) if jagged else each for each, jagged in zip(contours, is_jagged, strict=True)]
    result = ContourSet.of(even)
    return replace(stack, points_mm=result.points_mm, contour_offsets=result.offsets)


def _is_plainly_even(outlines: ContourSet) -> Flags:
    """(m,) whether a few points of the blurred contour suffice to show an excess length below :data:`MOST_EXCESS`.

    The chords between those points are never longer than the blurred contour. Short contours, which are blurred less,
    always get the full check.
    """
    found = outlines.perimeters_mm >= LEAST_LENGTH * FINE_MM
    if found.any():
        chosen = outlines.chosen(found)
        chords = _some_smoothed(chosen.resampled(COARSE_STEP_MM), chosen.perimeters_mm)
        found[found] = chosen.perimeters_mm < PLAINLY * MOST_EXCESS * chords.perimeters_mm
    return found


def _some_smoothed(fine: ContourSet, lengths_mm: Floats) -> ContourSet:
    """Every :data:`EVERY`-th of equally spaced points along contours, blurred by :data:`FINE_MM` along them."""
    counts = np.diff(fine.offsets)
    some = -(-counts // EVERY)
    offsets = offsets_of(some)
    contour = owners(offsets)
    place = EVERY * ranges(np.zeros_like(some), some)
    away = np.arange(-WINDOW, WINDOW + 1)
    weights = np.exp(-0.5 * (away * (lengths_mm / counts)[:, None] / FINE_MM) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    near = (place[:, None] + away) % counts[contour, None] + fine.offsets[contour, None]
    points = np.einsum("nk,nkd->nd", weights.take(contour, axis=0), fine.points_mm.take(near, axis=0))
    return ContourSet(points_mm=points, offsets=offsets)


def evened_contour(points_mm: Floats) -> Floats:
    """Smooth one closed contour, (n, 2), until it is as even as most; its area is preserved."""
    drawn = ContourSet.of([points_mm])
    even = _evened_to(WEAKLY_EVEN_EXCESS, drawn, WEAKLY_EVENING_MM, MOST_WEAK_ROUNDS)
    noise_mm = _distance_mm(drawn, even)
    if noise_mm > MOST_WEAK_NOISE_MM:
        even = _evened_to(EVEN_EXCESS, drawn, EVENING_MM, MOST_ROUNDS)
    per_noise = np.interp(even.perimeters_mm[0], LONG_MM, (0.0, EVENING_PER_NOISE))
    return _evened_once(even, noise_mm * float(per_noise)).points_mm


def _evened_to(excess: float, outline: ContourSet, deviation_mm: float, rounds: int) -> ContourSet:
    """Smooth a contour by a Gaussian until its excess length is low enough, for a limited number of rounds."""
    for _ in range(rounds):
        if excess_lengths(outline)[0] <= excess:
            break
        outline = _evened_once(outline, deviation_mm)
    return outline


def _evened_once(outline: ContourSet, deviation_mm: float) -> ContourSet:
    """Blur one contour along its length and restore its area."""
    (points,) = _at_equal_steps(outline)
    return ContourSet.of([_of_same_area(points, _smoothed(points, deviation_mm))])


def _distance_mm(drawn: ContourSet, even: ContourSet) -> float:
    """Root mean square distance from a contour, sampled at equal steps, to its smoothed version."""
    from scipy.spatial import KDTree  # noqa: PLC0415 - few contours are jagged

    (before,), (after,) = _at_equal_steps(drawn), _at_equal_steps(even)
    return float(np.sqrt(np.mean(KDTree(after).query(before)[0] ** 2)))


def _at_equal_steps(outlines: ContourSet) -> list[Floats]:
    resampled = outlines.resampled(STEP_MM)
    return np.split(resampled.points_mm, resampled.offsets[1:-1])


def _smoothed(points: Floats, deviation_mm: float) -> Floats:
    """Blur equally spaced points along a closed contour by a Gaussian."""
    length_mm = float(ContourSet.of([points]).perimeters_mm[0])
    deviation = min(deviation_mm, length_mm / LEAST_LENGTH * deviation_mm / FINE_MM) / length_mm  # as a share of it
    cycles = np.arange(len(points) // 2 + 1)
    kept = np.exp(-2 * (np.pi * cycles * deviation) ** 2)[:, None]
    return np.asarray(np.fft.irfft(np.fft.rfft(points, axis=0) * kept, len(points), axis=0))


def _of_same_area(before: Floats, after: Floats) -> Floats:
    """Rescale a contour about its mean point to its former area: blurring a closed contour shrinks it."""
    area_mm2, wanted_mm2 = ContourSet.of([after, before]).simple_areas_mm2
    ratio = np.sqrt(wanted_mm2 / area_mm2) if area_mm2 > 0 else 1.0
    middle = after.mean(axis=0)
    return np.asarray(middle + (after - middle) * np.clip(ratio, 1 / LARGEST_RESCALING, LARGEST_RESCALING))
