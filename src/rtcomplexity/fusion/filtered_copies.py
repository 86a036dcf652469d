"""Whether an image is a filtered copy of another, with changed gray levels and added noise.

A blur removes the noise by which a copy is recognized, and added noise hides the rest. But a copy has no anatomy of its
own: after the best filter, its remainder is as large at edges as elsewhere. The remainder of a second scan is larger at
edges, since the patient has moved and the scanner, grid and kernel differ. At an edge of 500 HU a shift by a tenth of a
voxel leaves more than noise does, so the excess at edges is expressed as the displacement that would cause it.

If nothing moved between two scans, noise distinguishes them: in flat regions, the noise of one image that the filter
passes is present in a copy but not in another scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.model.arrays import Flags, Floats, Integers

BLURS_VOXELS: Final = (0.7, 1.2, 2.0, 3.0)
"""Of the filters combined."""
COARSE_VOXELS: Final = 2.0
"""What this blur removes is compared where the filtered image is flat."""
LEVELS: Final = 24
FLAT_SHARE: Final = 0.5
BLOCK_VOXELS: Final = (4, 12, 12)
"""Blocks whose remainders count as independent."""
LEAST_BLOCKS: Final = 20
LEAST_VOXELS: Final = 4_000
CERTAIN: Final = 2.0
"""Standard errors added to the displacement, since noise may hide it."""
LEAST_DISPLACEMENT: Final = 0.15
"""Least displacement of edges in another scan, voxels."""
LEAST_CARRIED: Final = 0.8
"""Least share of the structure passed by the filter that a copy carries."""
NOISE_DEVIATIONS: Final = 2.5
TO_DEVIATION: Final = 1.4826
"""Robust standard deviations beyond which structure counts as anatomy, and the factor that makes one of a median
absolute deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """The remainder of an image after the best filter from another."""

    explained: float
    """Share of its variance that the filter explains."""
    displacement_voxels: float
    """Displacement of edges that would explain the difference of the remainder there, plus 2 standard errors."""
    carried: float
    """Share of the structure passed by the filter, where it is flat, that the image carries: near 1 for a copy."""

    def shows_copy(self, *, least_explained: float) -> bool:
        """Whether the image is a copy behind that filter."""
        return (
            self.explained >= least_explained
            and self.displacement_voxels <= LEAST_DISPLACEMENT
            and self.carried >= LEAST_CARRIED
        )


def remainder(copy: Floats, original: Floats) -> Remainder | None:
    """Subtract the best filter of an image from its potential copy; None if too few voxels are defined.

    Parameters
    ----------
    copy, original
        (K, J, I) on the same voxels, NaN where empty.
    """
    both = ~(np.isnan(copy) | np.isnan(original))
    if both.sum() < LEAST_VOXELS or np.ptp(copy[both]) == 0 or np.ptp(original[both]) == 0:
        return None
    found, known = (np.where(both, image, image[both].mean()) for image in (copy, original))
    predicted = _predicted(found, known, both)
    rest = np.where(both, np.square(found - predicted), 0.0)
    displacement = _displacement(rest, np.where(both, _squared_gradient(predicted), 0.0), both)
    if displacement is None:
        return None
    return Remainder(
        explained=1 - float(rest[both].mean() / np.var(found[both])),
        displacement_voxels=displacement,
        carried=_carried(predicted, found, both),
    )


def _predicted(found: Floats, known: Floats, both: Flags) -> Floats:
    """(K, J, I) best combination of filters of an image, and of its gray levels as seen in the other."""
    slight, smooth, coarse, coarsest = blurs = [blurred(known, voxels) for voxels in BLURS_VOXELS]
    level = _gray_levels(found[both], smooth, both)
    at_level = level(known)
    parts = [
        known,
        *blurs,
        *np.gradient(slight),
        at_level,
        *(blurred(at_level, voxels) for voxels in BLURS_VOXELS),
        level(smooth),
        blurred(level(smooth), BLURS_VOXELS[1]),
        level(coarse),
        level(coarsest),
        np.ones(known.shape),
    ]
    columns = np.stack([part[both] for part in parts])
    weights = np.linalg.lstsq(columns @ columns.T, columns @ found[both], rcond=1e-12)[0]
    total = np.zeros(known.shape)
    for weight, part in zip(weights, parts, strict=True):
        total += weight * part
    return total


def blurred(image: Floats, voxels: float) -> Floats:
    """Blur by a Gaussian."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - costs start-up time

    found: Floats = gaussian_filter(image, voxels, truncate=3.0)
    return found


def _gray_levels(wanted: Floats, smooth: Floats, both: Flags) -> Callable[[Floats], Floats]:
    """The change of gray levels: the best-fitting piecewise linear curve, weighted toward flat regions.

    There a blur changes nothing, so the curve is that of the copy before its blur. The image is slightly blurred first,
    so that its own noise does not flatten the curve.
    """
    steepness = _squared_gradient(smooth)[both]
    weight = 1 / (steepness + 0.1 * np.median(steepness) + 1e-12)
    values = smooth[both]
    nodes = np.unique(np.quantile(values[:: -(-len(values) // 40_000)], np.linspace(0, 1, LEVELS)))
    if len(nodes) < 2:
        return lambda image: image
    curve = _fitted(values, wanted, weight, nodes)
    return lambda image: np.interp(image, nodes, curve)


def _fitted(values: Floats, wanted: Floats, weight: Floats, nodes: Floats) -> Floats:
    """(m,) heights at nodes of the piecewise linear curve through (value, wanted), by weighted least squares."""
    place = np.interp(values, nodes, np.arange(len(nodes), dtype=np.float64))
    low = np.minimum(place.astype(np.int64), len(nodes) - 2)
    up = place - low
    down = 1 - up

    def at(node: Integers, numbers: Floats) -> Floats:
        return np.bincount(node, numbers, len(nodes)).astype(np.float64)

    own = at(low, weight * down * down) + at(low + 1, weight * up * up)
    shared = at(low, weight * down * up)[:-1]
    sums = at(low, weight * down * wanted) + at(low + 1, weight * up * wanted)
    normal = np.diag(own + 1e-9 * own.max()) + np.diag(shared, 1) + np.diag(shared, -1)
    return np.linalg.solve(normal, sums).astype(np.float64)


def _squared_gradient(image: Floats) -> Floats:
    """Squared magnitude of the gradient."""
    found: Floats = sum((np.square(step) for step in np.gradient(image)), np.zeros(image.shape))
    return found


def _displacement(rest: Floats, steepness: Floats, both: Flags) -> float | None:
    """Displacement of edges, in voxels, that explains how the remainder varies with steepness."""
    products = (both.astype(np.float64), steepness, rest, steepness * steepness, steepness * rest)
    sums = np.stack([_by_block(each) for each in products])
    sums = sums[:, sums[0] > 0]
    count = sums.shape[1]
    if count < LEAST_BLOCKS:
        return None
    total = sums.sum(axis=1)
    left_out = _slope(total[:, None] - sums)
    error = float(np.sqrt((count - 1) * np.var(left_out)))
    return float(np.sqrt(abs(float(_slope(total))) + CERTAIN * error))


def _slope(sums: Floats) -> Floats:
    """Slope of regression lines, from their sums of 1, x, y, x², xy."""
    n, x, y, xx, xy = sums
    slope: Floats = (n * xy - x * y) / np.maximum(n * xx - x * x, 1e-30)
    return slope


def _by_block(volume: Floats) -> Floats:
    """(b,) sums over blocks."""
    for axis, size in enumerate(BLOCK_VOXELS):
        volume = np.add.reduceat(volume, np.arange(0, volume.shape[axis], size), axis=axis)
    return volume.ravel()


def _carried(predicted: Floats, found: Floats, both: Flags) -> float:
    """Share of the predicted structure, in flat regions and without its largest values, that is present."""
    steepness = _squared_gradient(blurred(predicted, BLURS_VOXELS[-1]))
    flat = both & (steepness <= np.quantile(steepness[both], FLAT_SHARE))
    fine = [(image - blurred(image, COARSE_VOXELS))[flat] for image in (predicted, found)]
    kept = is_noise(*fine)
    one, other = (values[kept] - values[kept].mean() for values in fine)
    power = float(one @ one)
    return float(one @ other) / power if power else 0.0


def is_noise(one: Floats, other: Floats) -> Flags:
    """(n,) whether both are within a few robust standard deviations; anatomy is not."""
    noise = np.ones(len(one), bool)
    for values in (one, other):
        away = np.abs(values - np.median(values))
        noise &= away <= NOISE_DEVIATIONS * TO_DEVIATION * np.median(away)
    return noise
