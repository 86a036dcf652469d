"""Whether one image is a copy of another, whatever was done to it: added noise, changed gray levels, a blur, a shift.

Two scans of one patient agree in anatomy and differ in noise, so noise decides. What a blur by 0.8 voxels removes is
compared where the images are flat. A copy carries the noise of its original: after a blur, a scaling or a shift by part
of a voxel the two still correlate, and under added noise the original's own noise is present at full size.

That full size is known whatever happened to the gray levels (inverted, mirrored, quantized, under another modality's
name): the mean of one image at each gray level of the other predicts what the other's noise would look like in it. The
share of this prediction that is present does not depend on how much noise was added; only its precision does.

The noise of every quarter of the slices is tested separately, since some may come from another scan. A copy whose noise
was removed by a blur is recognized by the remainder after the best filter (:mod:`rtcomplexity.fusion.filtered_copies`).

Between different modalities only copies share noise. Fine anatomy may be shared, but it is sparse: without the largest
values only noise remains, and a small share of it is conclusive. If an image has no fine structure, as in a phantom
without noise, the ranks of all values decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.fusion.filtered_copies import is_noise, remainder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rtcomplexity.fusion.filtered_copies import Remainder
    from rtcomplexity.model.arrays import Flags, Floats

BLUR_VOXELS: Final = 0.8
GRADIENT_VOXELS: Final = 3.0
FLAT_SHARE: Final = 0.3
"""Share of the voxels, those with the smallest gradients, that count as flat."""
LEAST_VOXELS: Final = 400
LARGEST_CORRELATION: Final = 0.7
"""Limit on the correlation of fine structure for images that are not copies."""
LARGEST_RANK_CORRELATION: Final = 0.995
"""Limit on the rank correlation where there is no fine structure."""
MOST_RANKED: Final = 40_000
"""Voxels whose ranks are compared: sorting all would cost as much as everything else."""
LEVELS: Final = 32
"""Equally filled gray levels of one image at which the mean of the other is taken."""
LEAST_STRUCTURE: Final = 1e-3
"""An image has fine structure if its spread exceeds this share of the spread of all values."""
SIGNIFICANT: Final = 5.0
"""Standard errors by which a carried share must exceed 0."""
VOXELS_PER_SAMPLE: Final = 8.0
"""Voxels of a band-passed volume per independent sample."""
PART_SLICES: Final = 8
"""Slices of a part whose noise is tested separately."""
SEAM_SLICES: Final = 4
"""Slices on either side of the middle that neither half includes: there a blur mixes two scans."""
LARGEST_PART: Final = 0.5
"""Limit on the share of another image's noise in any part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on the shares of fine structure and noise that images carry of each other without being copies."""

    carried: float
    noise_carried: float
    by_gray_levels: float
    """Share of an image's variance that another's gray levels must explain before a filter is sought ..."""
    explained: float
    """... and that the filter must explain to show a copy."""


LIKE: Final = Limits(carried=0.5, noise_carried=0.35, by_gray_levels=0.0, explained=0.25)
"""Within a modality: registered scans also share fine anatomy."""
UNLIKE: Final = Limits(carried=0.6, noise_carried=0.08, by_gray_levels=0.5, explained=0.8)
"""Between two modalities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Similarity of two images in a box."""

    rank_correlation: float
    """Spearman's correlation of all voxels, -1 to 1."""
    fine_correlation: float | None = None
    """Pearson's correlation of the fine structure of flat voxels; None if an image has none."""
    carried: float | None = None
    """Larger of the two shares of one image's fine structure, as predicted from gray levels, that the other carries."""
    noise_carried: float | None = None
    """Share of the other's fine structure that the first carries, without the largest values, which may be anatomy."""
    part_carried: float | None = None
    """The largest such share in a quarter of the slices."""
    by_gray_levels: float | None = None
    """Share of the first one's variance explained by the other's gray levels."""
    filtered: Remainder | None = None
    """The remainder after the best filter from one to the other; None if none was sought."""
    limits: Limits = LIKE

    @property
    def is_copy(self) -> bool:
        """Whether one is a copy of the other."""
        if self.fine_correlation is None or self.carried is None or self.noise_carried is None:
            return abs(self.rank_correlation) >= LARGEST_RANK_CORRELATION
        return (
            abs(self.fine_correlation) > LARGEST_CORRELATION
            or self.carried > self.limits.carried
            or self.noise_carried > self.limits.noise_carried
            or (self.part_carried or 0.0) > LARGEST_PART
            or self.is_filtered_copy
        )

    @property
    def is_filtered_copy(self) -> bool:
        """Whether one is a filtered copy of the other."""
        return self.filtered is not None and self.filtered.shows_copy(least_explained=self.limits.explained)


def likeness(one: Floats, other: Floats, *, limits: Limits = LIKE) -> Likeness | None:
    """Compare an image with another on the same voxels, (K, J, I), NaN where empty.

    None if too few voxels have both. Carried noise is sought in `one` only: predicted from a sharper image, an image as
    blurred as a PET would carry fine anatomy at a small size.
    """
    both = ~(np.isnan(one) | np.isnan(other))
    if both.sum() < LEAST_VOXELS or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return None
    rank = rank_correlation(*(image[both][:: -(-int(both.sum()) // MOST_RANKED)] for image in (one, other)))
    a, b = (np.where(both, image, image[both].mean()) for image in (one, other))
    flat = _flat(a, b, both)
    if flat.sum() < LEAST_VOXELS:
        return Likeness(rank_correlation=rank, limits=limits)
    fine = [_fine(image, flat) for image in (a, b)]
    if any(part.std() <= LEAST_STRUCTURE * image.std() for part, image in zip(fine, (a, b), strict=True)):
        return Likeness(rank_correlation=rank, limits=limits)
    expected = _expected(b, a, both)
    copied, copied_back = _fine(expected, flat), _fine(_expected(a, b, both), flat)
    noise = is_noise(copied, fine[0])
    of_noise = copied[noise], fine[0][noise], np.nonzero(flat)[0][noise]
    return Likeness(
        rank_correlation=rank,
        fine_correlation=float(np.mean(fine[0] * fine[1]) / (fine[0].std() * fine[1].std())),
        carried=max(_carried(copied, fine[0]), _carried(copied_back, fine[1])),
        noise_carried=_carried(*(_about_mean(values) for values in of_noise[:2])),
        part_carried=max(_by_part(*of_noise, slices=len(flat)), default=0.0),
        by_gray_levels=1 - float(np.mean(np.square((a - expected)[both])) / np.var(a[both])),
        limits=limits,
    )


def with_filters(found: Likeness, one: Floats, other: Floats) -> Likeness:
    """Also test for a filtered copy, if neither noise nor ranks have shown a copy.

    Within a modality this is tested both ways and for each half of the slices, since the other half may come from
    another scan. Between modalities it is tested for `one` only, and only if the gray levels of the other explain much
    of it.
    """
    limits = found.limits
    if found.is_copy or found.by_gray_levels is None or found.by_gray_levels < limits.by_gray_levels:
        return found
    pairs = [(one, other)]
    if limits == LIKE:
        half = len(one) // 2 - SEAM_SLICES
        pairs += (
            [(other, one), (one[:half], other[:half]), (one[-half:], other[-half:])] if half > 0 else [(other, one)]
        )
    known = [rest for rest in (remainder(*pair) for pair in pairs) if rest is not None]
    shows = [rest for rest in known if rest.shows_copy(least_explained=limits.explained)]
    return replace(found, filtered=next(iter(shows or known), None))


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's correlation of (n,) values, with mean ranks for ties; 0 if either is constant.

    Values that differ only by rounding, as after interpolation of a constant, are ties.
    """
    ranks = []
    for values in (one.astype(np.float32), other.astype(np.float32)):
        _, number, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - (counts - 1) / 2)[number])
    a, b = (rank - rank.mean() for rank in ranks)
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0


def limits_between(one: str, other: str) -> Limits:
    """Limits for images of two modalities."""
    return LIKE if one == other else UNLIKE


def _flat(one: Floats, other: Floats, both: Flags) -> Flags:
    """Voxels inside the volume common to both images where neither changes much."""
    from scipy.ndimage import binary_erosion, gaussian_filter  # noqa: PLC0415 - costs start-up time

    inner = binary_erosion(both, iterations=1, border_value=1)
    if not inner.any():
        return np.zeros_like(both)
    gradients = [
        _gradient(gaussian_filter(image, _within(image, GRADIENT_VOXELS))) / np.std(image[both])
        for image in (one, other)
    ]
    steepness = np.maximum(*gradients)
    flat: Flags = inner & (steepness <= np.quantile(steepness[inner], FLAT_SHARE))
    return flat


def _fine(image: Floats, where: Flags) -> Floats:
    """(n,) what a narrow blur removes at the chosen voxels, about its mean."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415

    return _about_mean((image - gaussian_filter(image, _within(image, BLUR_VOXELS)))[where])


def _about_mean(values: Floats) -> Floats:
    """Values less their mean."""
    return values - values.mean() if len(values) else values


def _expected(one: Floats, other: Floats, both: Flags) -> Floats:
    """The second image as predicted from the gray levels of the first: its mean at each, linear in between."""
    values = one[both]
    edges = np.unique(np.quantile(values[:: -(-len(values) // MOST_RANKED)], np.linspace(0, 1, LEVELS + 1)[1:-1]))
    number = np.searchsorted(edges, values, side="right")
    counts = np.bincount(number)
    filled = counts > 0
    levels, means = (np.bincount(number, v)[filled] / counts[filled] for v in (values, other[both]))
    return np.interp(one, levels, means)


def _within(volume: Floats, sigma: float) -> tuple[float, ...]:
    """Sigma along each axis, 0 along axes of one voxel."""
    return tuple(sigma if size > 1 else 0.0 for size in volume.shape)


def _gradient(volume: Floats) -> Floats:
    """Magnitude of the gradient, along axes of several voxels."""
    steps = [np.gradient(volume, axis=axis) for axis, size in enumerate(volume.shape) if size > 1]
    found: Floats = np.sqrt(sum(np.square(step) for step in steps))
    return found


def _by_part(expected: Floats, found: Floats, k: NDArray[np.intp], *, slices: int) -> Iterator[float]:
    """Yield the share carried in each part of the slices; (n,) values lie on slice `k`."""
    parts = np.minimum(k // PART_SLICES, max(slices // PART_SLICES, 1) - 1)
    for part in np.unique(parts):
        yield _carried(*(_about_mean(values[parts == part]) for values in (expected, found)))


def _carried(expected: Floats, found: Floats) -> float:
    """Share of the expected values that is present; 0 if that may be chance."""
    power = float(np.mean(expected * expected)) if len(expected) else 0.0
    if power == 0:
        return 0.0
    share = float(np.mean(expected * found)) / power
    error = float(np.std(found)) / np.sqrt(power * len(expected) / VOXELS_PER_SAMPLE)
    return share if share > SIGNIFICANT * error else 0.0
