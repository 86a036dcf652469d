"""Whether one image is a copy of another, whatever was done to it: noise added, a gray level, a bias, blur, a shift.

Two scans of one patient agree in anatomy and differ in noise. So noise decides: what a blur by 0.8 voxels takes away is
compared where the images are flat. A copy carries the noise of its original: blurred, scaled or shifted by part of a
voxel the two still correlate; with noise added the original's own part is still there at full size. Where an image has
no fine structure, as a phantom without noise, the ranks of all values decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Volume = NDArray[np.float64]

BLUR_VOXELS: Final = 0.8
GRADIENT_VOXELS: Final = 3.0
FLAT_SHARE: Final = 0.3
"""Share of the voxels, those of least gradient in either image, that count as flat."""
LEAST_VOXELS: Final = 400
LARGEST_CORRELATION: Final = 0.7
"""Of fine structure, of images that are not copies."""
LARGEST_CARRIED: Final = 0.5
"""Share of one image's fine structure that another of its modality may carry that is no copy."""
LARGEST_CARRIED_UNLIKE: Final = 0.6
"""The same between CT and MR, whose contrasts differ from place to place."""
LARGEST_RANK_CORRELATION: Final = 0.995
"""Where there is no fine structure."""
MOST_RANKED: Final = 40_000
"""Voxels of which the ranks are compared: sorting all of them would cost as much as everything else."""
LEAST_STRUCTURE: Final = 1e-3
"""Of the fine structure's spread over that of all values, below which an image has none."""
SIGNIFICANT: Final = 5.0
"""Standard errors that the carried share has to lie above 0."""
VOXELS_PER_SAMPLE: Final = 8.0
"""Voxels of a band-passed volume that count as one independent sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike two images are in a box."""

    rank_correlation: float
    """Spearman's, of all voxels, -1 to 1."""
    fine_correlation: float | None
    """Pearson's, of the fine structure of flat voxels; None where one of the images has none."""
    carried: float | None
    """Larger of the two shares of one image's fine structure that the other carries, at its contrast."""
    largest_carried: float = LARGEST_CARRIED
    """Share that is still no copy's; infinite where contrast says nothing, as between a PET and anything else."""

    @property
    def is_copy(self) -> bool:
        """Whether one is a copy of the other."""
        if self.fine_correlation is None or self.carried is None:
            return abs(self.rank_correlation) >= LARGEST_RANK_CORRELATION
        return abs(self.fine_correlation) > LARGEST_CORRELATION or self.carried > self.largest_carried


def likeness(one: Volume, other: Volume, *, largest_carried: float = LARGEST_CARRIED) -> Likeness | None:
    """Compare two images on the same voxels, (K, J, I), NaN where one has no value; None where too few have both."""
    from scipy.ndimage import binary_erosion, gaussian_filter  # noqa: PLC0415 - costs start-up time

    both = ~(np.isnan(one) | np.isnan(other))
    if both.sum() < LEAST_VOXELS or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return None
    rank = rank_correlation(*(image[both][:: -(-int(both.sum()) // MOST_RANKED)] for image in (one, other)))
    filled = [np.where(both, image, image[both].mean()) for image in (one, other)]
    bands = [v - gaussian_filter(v, _within(v, BLUR_VOXELS)) for v in filled]
    gradients = [_gradient(gaussian_filter(v, _within(v, GRADIENT_VOXELS))) / np.std(v[both]) for v in filled]
    inner = binary_erosion(both, iterations=1, border_value=1)
    steepness = np.maximum(*gradients)
    flat = inner & (steepness <= np.quantile(steepness[inner], FLAT_SHARE)) if inner.any() else inner
    if flat.sum() < LEAST_VOXELS:
        return Likeness(rank_correlation=rank, fine_correlation=None, carried=None, largest_carried=largest_carried)
    a, b = (band[flat] - band[flat].mean() for band in bands)
    spreads = [np.std(v[both]) for v in filled]
    if a.std() < LEAST_STRUCTURE * spreads[0] or b.std() < LEAST_STRUCTURE * spreads[1]:
        return Likeness(rank_correlation=rank, fine_correlation=None, carried=None, largest_carried=largest_carried)
    correlation = float(np.mean(a * b) / (a.std() * b.std()))
    contrast = _slope(filled[0][both], filled[1][both])
    carried = max(_carried(a, b, contrast), _carried(b, a, 1 / contrast if contrast else 0.0))
    return Likeness(
        rank_correlation=rank, fine_correlation=correlation, carried=carried, largest_carried=largest_carried
    )


def rank_correlation(one: Volume, other: Volume) -> float:
    """Spearman's correlation of (n,) values, equal ones sharing their mean rank; 0 where either is constant."""
    ranks = []
    for values in (one, other):
        _, number, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - (counts - 1) / 2)[number])
    a, b = (rank - rank.mean() for rank in ranks)
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0


def _slope(one: Volume, other: Volume) -> float:
    """Slope of the least-squares line of paired values, (n,): the contrast of the second over the first's."""
    away = one - one.mean()
    return float(away @ other / (away @ away))


def largest_carried_between(one: str, other: str) -> float:
    """Share of fine structure that images of two modalities may share and be no copies."""
    if one == other:
        return LARGEST_CARRIED
    return LARGEST_CARRIED_UNLIKE if {one, other} == {"CT", "MR"} else float("inf")


def _within(volume: Volume, sigma: float) -> tuple[float, ...]:
    """Sigma along each axis; none along one that is only one voxel long."""
    return tuple(sigma if size > 1 else 0.0 for size in volume.shape)


def _gradient(volume: Volume) -> Volume:
    steps = [np.gradient(volume, axis=axis) for axis, size in enumerate(volume.shape) if size > 1]
    found: Volume = np.sqrt(sum(np.square(step) for step in steps))
    return found


def _carried(one: Volume, other: Volume, contrast: float) -> float:
    """Share of the fine structure of one image that another holds at its contrast; 0 where that may be chance."""
    if contrast == 0:
        return 0.0
    share = float(np.mean(one * other) / np.mean(one * one)) / contrast
    error = float(np.std(other) / np.std(one)) / abs(contrast) / np.sqrt(len(one) / VOXELS_PER_SAMPLE)
    return share if share > SIGNIFICANT * error else 0.0
