"""How jagged a contour is finer than a hand draws, and contours evened out that are more so.

Vertices that jump to and fro within a millimeter or two are no border of a tumor: they come of noise, or of an attempt
to look complex. Along such a contour much of the length is lost when it is blurred by a millimeter; no contour of the
readers of LIDC-IDRI loses as much. A contour beyond :data:`MOST_EXCESS` is evened out along its length until it is as
even as most, gently first, and more where its points lay far from what was left; every other one is left as it is.
Knows planes in millimeters; no DICOM. Why, and what it does: ``docs/decisions/0091-jagged-contours.md`` and
``docs/decisions/0104-weak-noise-is-evened-less.md``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.contour_shape import Outlines
from rtcomplexity.geometry.ragged import offsets_of, owners, ranges

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Flags, Floats


MOST_EXCESS: Final = 1.4
"""Of 5,946 contours of LIDC-IDRI, 20 mm and longer, 99.9% have an excess length up to 1.30, and none above 1.37."""
EVEN_EXCESS: Final = 1.1
"""Half of them have this much or less: a contour under strong noise is evened out until it has."""
WEAKLY_EVEN_EXCESS: Final = 1.15
"""Five of six have this much or less: under weak noise that is even enough, and takes less of what was drawn."""
MOST_WEAK_NOISE_MM: Final = 0.5
"""Noise is weak while the contour lies no further from its evened one (root mean square)."""
FINE_MM: Final = 1.0
"""Standard deviation of the Gaussian along the contour that takes the excess away."""
EVENING_MM: Final = 1.5
"""Of the Gaussian by which a contour is evened out, once or several times."""
WEAKLY_EVENING_MM: Final = 0.7
"""Of the one that is tried first."""
EVENING_PER_NOISE: Final = 3.0
"""Noise leaves waves longer than a millimeter, too, which a long contour has none of: it is evened out once more ..."""
LONG_MM: Final = (60.0, 150.0)
"""... by up to so many times that distance, not at all up to the first length and wholly from the second on."""
LEAST_LENGTH: Final = 40
"""Of a shorter contour, in deviations, the Gaussian is narrower: there its bend is its shape."""
STEP_MM: Final = 0.25
COARSE_STEP_MM: Final = 0.5
"""At these steps, and of so many points one alone, most contours tell enough at a fraction of the work."""
EVERY: Final = 8
WINDOW: Final = 8
"""Points to both sides that a blur of one is found from: the Gaussian's fourth deviation."""
PLAINLY: Final = 0.98
"""What coarser steps may add: under heavy noise up to 0.7 %."""
MOST_ROUNDS: Final = 8
MOST_WEAK_ROUNDS: Final = 24
LARGEST_RESCALING: Final = 1.25


def excess_lengths(outlines: Outlines) -> Floats:
    """(m,) length of each closed contour over that without what is finer than :data:`FINE_MM`: 1 where nothing is.

    Raises
    ------
    UnmeasurableShapeError
        If one has no length.

    Examples
    --------
    >>> turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    >>> circle = 15 * np.column_stack([np.cos(turn), np.sin(turn)])
    >>> spiked = circle * (1 + 0.05 * (-1.0) ** np.arange(200))[:, None]
    >>> excess_lengths(Outlines.of([circle, spiked])).round(1)
    array([1. , 3.2])
    """
    smooth = [_smoothed(each, FINE_MM) for each in _at_equal_steps(outlines)] if len(outlines) else []
    return outlines.perimeters_mm / Outlines.of(smooth).perimeters_mm


def evened(stack: PlaneStack) -> PlaneStack:
    """Even out the contours of a stack that are more jagged than a hand draws; the same stack where none is."""
    outlines = Outlines(points_mm=stack.points_mm, offsets=stack.contour_offsets)
    is_jagged = outlines.perimeters_mm > 0
    is_jagged &= ~_is_plainly_even(outlines)
    is_jagged[is_jagged] = excess_lengths(outlines.chosen(is_jagged)) > MOST_EXCESS
    if not is_jagged.any():
        return stack
    contours = np.split(stack.points_mm, stack.contour_offsets[1:-1])
    even = [evened_contour(each) if jagged else each for each, jagged in zip(contours, is_jagged, strict=True)]
    result = Outlines.of(even)
    return replace(stack, points_mm=result.points_mm, contour_offsets=result.offsets)


def _is_plainly_even(outlines: Outlines) -> Flags:
    """(m,) whether some points of the smooth contour alone tell that the excess length is below :data:`MOST_EXCESS`.

    The chords between them are no longer than the smooth contour. Short contours, which are smoothed less, are left
    open.
    """
    found = outlines.perimeters_mm >= LEAST_LENGTH * FINE_MM
    if found.any():
        chosen = outlines.chosen(found)
        chords = _some_smoothed(chosen.resampled(COARSE_STEP_MM), chosen.perimeters_mm)
        found[found] = chosen.perimeters_mm < PLAINLY * MOST_EXCESS * chords.perimeters_mm
    return found


def _some_smoothed(fine: Outlines, lengths_mm: Floats) -> Outlines:
    """Every :data:`EVERY`-th of points at equal steps along contours, blurred by :data:`FINE_MM` along them."""
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
    return Outlines(points_mm=points, offsets=offsets)


def evened_contour(points_mm: Floats) -> Floats:
    """Even out one closed contour, (n, 2), keeping its area, until it is as even as most."""
    drawn = Outlines.of([points_mm])
    even = _evened_to(WEAKLY_EVEN_EXCESS, drawn, WEAKLY_EVENING_MM, MOST_WEAK_ROUNDS)
    noise_mm = _distance_mm(drawn, even)
    if noise_mm > MOST_WEAK_NOISE_MM:
        even = _evened_to(EVEN_EXCESS, drawn, EVENING_MM, MOST_ROUNDS)
    per_noise = np.interp(even.perimeters_mm[0], LONG_MM, (0.0, EVENING_PER_NOISE))
    return _evened_once(even, noise_mm * float(per_noise)).points_mm


def _evened_to(excess: float, outline: Outlines, deviation_mm: float, rounds: int) -> Outlines:
    """Even out a contour by a Gaussian, as often as it takes and at most so many times."""
    for _ in range(rounds):
        if excess_lengths(outline)[0] <= excess:
            break
        outline = _evened_once(outline, deviation_mm)
    return outline


def _evened_once(outline: Outlines, deviation_mm: float) -> Outlines:
    (points,) = _at_equal_steps(outline)
    return Outlines.of([_of_same_area(points, _smoothed(points, deviation_mm))])


def _distance_mm(drawn: Outlines, even: Outlines) -> float:
    """Root mean square distance of a contour, at equal steps along it, to the evened one."""
    from scipy.spatial import KDTree  # noqa: PLC0415 - few contours are jagged

    (before,), (after,) = _at_equal_steps(drawn), _at_equal_steps(even)
    return float(np.sqrt(np.mean(KDTree(after).query(before)[0] ** 2)))


def _at_equal_steps(outlines: Outlines) -> list[Floats]:
    resampled = outlines.resampled(STEP_MM)
    return np.split(resampled.points_mm, resampled.offsets[1:-1])


def _smoothed(points: Floats, deviation_mm: float) -> Floats:
    """Blur points at equal steps along a closed contour by a Gaussian."""
    length_mm = float(Outlines.of([points]).perimeters_mm[0])
    deviation = min(deviation_mm, length_mm / LEAST_LENGTH * deviation_mm / FINE_MM) / length_mm  # as a share of it
    cycles = np.arange(len(points) // 2 + 1)
    kept = np.exp(-2 * (np.pi * cycles * deviation) ** 2)[:, None]
    return np.asarray(np.fft.irfft(np.fft.rfft(points, axis=0) * kept, len(points), axis=0))


def _of_same_area(before: Floats, after: Floats) -> Floats:
    """Rescale a contour about its mean point to the area that it had: a blur makes a closed contour smaller."""
    area_mm2, wanted_mm2 = Outlines.of([after, before]).simple_areas_mm2
    ratio = np.sqrt(wanted_mm2 / area_mm2) if area_mm2 > 0 else 1.0
    middle = after.mean(axis=0)
    return np.asarray(middle + (after - middle) * np.clip(ratio, 1 / LARGEST_RESCALING, LARGEST_RESCALING))
