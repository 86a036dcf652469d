"""Similarity of two registered images around a target, before and after the registration.

Similarity is not accuracy: without landmarks the quality of a registration is not measured, and nothing is substituted
for it. "Before" compares equal coordinates of the two frames, ignoring the registration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.metrics.definition import MetricDefinition, documented_rule
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtcomplexity.fusion.sampling import RegionValues
    from rtcomplexity.model.arrays import Floats, Integers

BINS: Final = 64
LEAST_VOXELS: Final = 100
NOT_MEASURED: Final = "not measured: without landmarks nothing shows how good a registration is"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegistrationContext:
    """Two images on the voxels around one target."""

    planning: RegionValues
    """The planning image."""
    before: RegionValues
    """The other image at equal coordinates."""
    after: RegionValues
    """The other image through the registration."""


def mutual_information(a: Floats, b: Floats) -> float:
    """Mutual information of paired values, nats, from a joint histogram of 64 x 64 equal bins between their extremes.

    Raises
    ------
    NotMeasurableError
        If there are fewer than 100 pairs.

    Examples
    --------
    >>> halves = np.repeat([0.0, 1.0], 100)
    >>> round(mutual_information(halves, 5 * halves), 6)
    0.693147
    """
    _enough(a)
    joint = np.bincount(_binned(a) * BINS + _binned(b), minlength=BINS * BINS).reshape(BINS, BINS) / len(a)
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    filled = joint > 0
    return max(float((joint[filled] * np.log(joint[filled] / apart[filled])).sum()), 0.0)


def _binned(values: Floats) -> Integers:
    """Bin number of each value, as in numpy's histogram of equal bins between the extremes.

    Scaling gives the bin to within one; the bin edges decide. A search among the edges would take ten times as long.
    """
    if _is_constant(values):
        return np.zeros(len(values), np.int64)
    edges = np.histogram_bin_edges(values, bins=BINS)
    numbers: Integers = np.minimum((values - edges[0]) * (BINS / (edges[-1] - edges[0])), BINS - 1).astype(np.int64)
    numbers -= values < edges[numbers]
    numbers += (values >= edges[numbers + 1]) & (numbers < BINS - 1)
    return numbers


def _is_constant(values: Floats) -> bool:
    """Whether values vary only by the rounding of an interpolation, which has no bins of its own."""
    return bool(np.ptp(values) <= 2 * BINS * np.spacing(np.abs(values).max()))


def normalized_cross_correlation(a: Floats, b: Floats) -> float:
    """Pearson's correlation of paired values, -1 to 1.

    Raises
    ------
    NotMeasurableError
        If there are fewer than 100 pairs, or one image is constant there.
    """
    _enough(a)
    x, y = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    if scale == 0 or _is_constant(a) or _is_constant(b):
        raise NotMeasurableError("one of the images is constant around the ROI")
    return float(x @ y) / scale


def pairs(planning: RegionValues, other: RegionValues) -> tuple[Floats, Floats]:
    """Values of both images on the voxels within reach of the target where both have one."""
    where = planning.region.needed & ~np.isnan(planning.values) & ~np.isnan(other.values)
    return planning.values[where], other.values[where]


def _enough(values: Floats) -> None:
    """Refuse too few pairs."""
    if len(values) < LEAST_VOXELS:
        raise NotMeasurableError(f"fewer than {LEAST_VOXELS} voxels around the ROI lie in both images")


def _pair(
    key: str, title: str, what: str, compute: Callable[[Floats, Floats], float]
) -> Iterator[MetricDefinition[RegistrationContext]]:
    """Declare a similarity before and after the registration."""
    for when, where in (("before", "at equal coordinates"), ("after", "through the registration")):
        yield MetricDefinition(
            key=f"registration.{key}_{when}",
            title=f"{title} {when} registration",
            unit=Unit.NONE,
            description=f"{what} on the voxels within 10 mm of the target, {where}.",
            compute=partial(_similarity, compute=compute, when=when),
            formula=documented_rule(compute),
        )


def _similarity(context: RegistrationContext, *, compute: Callable[[Floats, Floats], float], when: str) -> float:
    return compute(*pairs(context.planning, context.before if when == "before" else context.after))


PAIR: Final[tuple[MetricDefinition[RegistrationContext], ...]] = (
    *_pair("mutual_information", "Mutual information", "Nats, 64 x 64 bins,", mutual_information),
    *_pair("cross_correlation", "Normalized cross-correlation", "Pearson's correlation", normalized_cross_correlation),
)
"""Metrics of one registered pair of images around one target."""
