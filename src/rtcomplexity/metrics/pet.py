"""PET in a target: SUVbw statistics, the volume above a threshold, and its agreement with the contour.

Values are SUVbw on the voxels of the planning grid, interpolated trilinearly through the registration; if the PET is
the planning image, they are its own voxels. Conventions:

- MTV and TLG count voxels *inside the target*. Percentages refer to the SUVmax inside the target.
- The *PET volume* compared with the target may extend beyond it: all voxels at or above the threshold within 10 mm of
  the target that are connected (26 neighbors) to such a voxel inside the target.
- SUVpeak is IBSI's global intensity peak: the largest mean over the voxels whose centers lie within 6.2 mm (1 cm3) of
  a voxel of the target. The sphere may extend beyond the target; its center may be any voxel of the target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.metrics import intensity
from rtcomplexity.metrics.definition import MetricDefinition, documented_rule
from rtcomplexity.metrics.intensity import inside_values
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.references import IBSI
from rtcomplexity.units import MM3_PER_CM3, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from rtcomplexity.fusion.sampling import Region, RegionValues
    from rtcomplexity.model.arrays import Flags, Floats, Integers

PEAK_RADIUS_MM: Final = (3 * MM3_PER_CM3 / (4 * math.pi)) ** (1 / 3)
"""Radius of a sphere of 1 cm3: 6.2035 mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Lower limit of a PET volume: a share of the target's SUVmax, or an SUVbw."""

    key: str
    """Suffix of metric keys; empty for the default."""
    words: str
    share_of_max: float | None = None
    suvbw: float | None = None

    def level(self, suvbw_max: float) -> float:
        """SUVbw from which a voxel counts."""
        return self.share_of_max * suvbw_max if self.share_of_max is not None else float(self.suvbw or 0.0)


THRESHOLDS: Final = (
    Threshold(key="", words="41% of SUVmax", share_of_max=0.41),
    Threshold(key="_50_percent", words="50% of SUVmax", share_of_max=0.50),
    Threshold(key="_suv_2_5", words="SUVbw 2.5", suvbw=2.5),
    Threshold(key="_suv_4_0", words="SUVbw 4.0", suvbw=4.0),
)
SCORED_THRESHOLD: Final = THRESHOLDS[0]
"""For the scored comparison of a registered PET's volume with the gross target."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PetContext:
    """SUVbw in and around one target; whatever metrics share is computed at most once."""

    image: RegionValues
    """SUVbw values."""
    _found: dict[Threshold, Flags] = field(default_factory=dict, init=False, repr=False)

    @property
    def region(self) -> Region:
        """The target on the planning grid."""
        return self.image.region

    @cached_property
    def suvbw_max(self) -> float:
        """Largest SUVbw inside the target."""
        return intensity.maximum(inside_values(self.image))

    def above(self, threshold: Threshold) -> Flags:
        """(K, J, I) voxels of the target at or above the threshold."""
        level = threshold.level(self.suvbw_max)
        return self.region.mask & (np.nan_to_num(self.image.values, nan=-np.inf) >= level)

    def pet_volume(self, threshold: Threshold) -> Flags:
        """(K, J, I) voxels at or above the threshold, in the target or connected with it and within reach.

        Raises
        ------
        NotMeasurableError
            If no voxel of the target reaches the threshold.
        """
        if threshold not in self._found:
            self._found[threshold] = self._find_volume(threshold)
        return self._found[threshold]

    def _find_volume(self, threshold: Threshold) -> Flags:
        """The connected voxels at or above the threshold."""
        inside = self.above(threshold)
        if not inside.any():
            raise NotMeasurableError(f"no voxel of the ROI reaches {threshold.words}")
        from scipy.ndimage import label  # noqa: PLC0415 - costs start-up time

        level = threshold.level(self.suvbw_max)
        values = np.nan_to_num(self.image.values, nan=-np.inf)
        bodies, _ = label((values >= level) & self.region.needed, structure=np.ones((3, 3, 3)))
        kept = np.zeros(int(bodies.max()) + 1, bool)
        kept[np.unique(bodies[inside])] = True
        found: Flags = kept[bodies]
        return found


def volume_cm3(region: Region, mask: Flags) -> float:
    """Sum of the voxel volumes, each with the thickness of its slice, cm3."""
    counts = np.count_nonzero(mask, axis=(1, 2))
    return float(counts @ region.voxel_volume_mm3) / MM3_PER_CM3


def mtv_cm3(pet: PetContext, threshold: Threshold) -> float:
    """Metabolic tumor volume: voxels of the target at or above the threshold, cm3; 0 where none is.

    Raises
    ------
    NotMeasurableError
        If the planning image is a single slice of unknown thickness.
    """
    _check_thickness(pet.region)
    return volume_cm3(pet.region, pet.above(threshold))


def tlg_suvbw_cm3(pet: PetContext, threshold: Threshold) -> float:
    """Total lesion glycolysis: mean SUVbw of the MTV x MTV, g/ml x cm3; 0 where the MTV is 0.

    Raises
    ------
    NotMeasurableError
        If the planning image is a single slice of unknown thickness.
    """
    _check_thickness(pet.region)
    above = pet.above(threshold)
    if not above.any():
        return 0.0
    weights = np.broadcast_to(pet.region.voxel_volume_mm3[:, None, None], above.shape)[above]
    return float(weights @ pet.image.values[above]) / MM3_PER_CM3


def _check_thickness(region: Region) -> None:
    """Refuse a planning image of unknown slice thickness."""
    if region.grid.slice_spacing_mm is None:
        raise NotMeasurableError("the planning image is a single slice of unknown thickness")


def gtv_dice(pet: PetContext, threshold: Threshold) -> float:
    """Dice coefficient of PET volume and target, by volume: 2 |A and B| / (|A| + |B|)."""
    found = pet.pet_volume(threshold)
    both = volume_cm3(pet.region, found & pet.region.mask)
    return 2 * both / (volume_cm3(pet.region, found) + volume_cm3(pet.region, pet.region.mask))


def gtv_volume_ratio(pet: PetContext, threshold: Threshold) -> float:
    """PET volume over the target's voxel volume."""
    return volume_cm3(pet.region, pet.pet_volume(threshold)) / volume_cm3(pet.region, pet.region.mask)


def gtv_centroid_distance_mm(pet: PetContext, threshold: Threshold) -> float:
    """Distance between the centroids of PET volume and target, mm."""
    found, target = _centroid_mm(pet.region, pet.pet_volume(threshold)), _centroid_mm(pet.region, pet.region.mask)
    return float(np.linalg.norm(found - target))


def gtv_hausdorff_mm(pet: PetContext, threshold: Threshold) -> float:
    """Hausdorff distance of the surfaces of PET volume and target: between voxels with a face outside, mm.

    Accurate to about a voxel; the PET volume extends no farther than 10 mm from the target.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - costs start-up time

    region = pet.region
    surfaces = [region.points_mm(_outermost(mask)) for mask in (pet.pet_volume(threshold), region.mask)]
    trees = [cKDTree(points) for points in surfaces]
    both = (trees[1].query(surfaces[0])[0].max(), trees[0].query(surfaces[1])[0].max())
    return float(max(both))


def gtv_edited_volume_cm3(pet: PetContext, threshold: Threshold) -> float:
    """Volume in exactly one of PET volume and target, cm3: what turning one into the other adds and removes.

    Raises
    ------
    NotMeasurableError
        If the planning image is a single slice of unknown thickness.
    """
    _check_thickness(pet.region)
    return volume_cm3(pet.region, pet.pet_volume(threshold) ^ pet.region.mask)


def _outermost(mask: Flags) -> Flags:
    """(K, J, I) voxels of a mask with a face outside it."""
    padded = np.pad(mask, 1)
    core = padded[1:-1, 1:-1, 1:-1].copy()
    for axis in range(3):
        for shift in (1, -1):
            core &= np.roll(padded, shift, axis)[1:-1, 1:-1, 1:-1]
    found: Flags = mask & ~core
    return found


def suvbw_peak(pet: PetContext) -> float:
    """Largest mean over a sphere of 1 cm3 with its center on a voxel of the target, SUVbw; IBSI 0F91.

    Raises
    ------
    NotMeasurableError
        If every such sphere leaves the image.
    """
    inside_values(pet.image)
    return largest_sphere_mean(pet.image)


def largest_sphere_mean(image: RegionValues, radius_mm: float = PEAK_RADIUS_MM) -> float:
    """Largest mean over the voxels whose centers lie within `radius_mm` of a voxel of the target.

    Spheres that reach beyond the image, or voxels without a value, do not count. Sums over spheres are computed slice
    by slice in Fourier space, so uneven slices are handled exactly; the best sphere is summed again directly.
    """
    from scipy import fft  # noqa: PLC0415 - costs start-up time

    region = image.region
    offsets = _sphere_offsets(region, radius_mm)
    reach = 1 + max(int(np.abs(shifts).max()) for pairs in offsets for _, shifts in pairs)
    shape = tuple(fft.next_fast_len(size + 2 * reach, real=True) for size in image.values.shape[1:])
    sums = _sphere_sums(np.nan_to_num(image.values), offsets, shape)
    wanted = np.array([sum(len(shifts) for _, shifts in pairs) for pairs in offsets])
    whole = region.mask & _slices_reach(region, radius_mm)[:, None, None]
    if not _is_surrounded(image, radius_mm):
        defined = ~np.isnan(image.values)
        counts = np.rint(_sphere_sums(defined.astype(np.float64), offsets, shape))
        whole &= counts == wanted[:, None, None]
    if not whole.any():
        raise NotMeasurableError(
            "every sphere of 1 cm3 with its center in the ROI leaves the image or meets voxels without a value"
        )
    means = np.where(whole, sums / wanted[:, None, None], -np.inf)
    k, j, i = np.unravel_index(int(means.argmax()), means.shape)
    members = [image.values[other, j + shifts[:, 0], i + shifts[:, 1]] for other, shifts in offsets[k]]
    return float(np.concatenate(members).mean())


def _is_surrounded(image: RegionValues, radius_mm: float) -> bool:
    """Whether every voxel that a sphere in the target's planes can reach is in the box and has a value."""
    region, grid = image.region, image.region.grid
    if region.reach_mm < radius_mm or np.isnan(image.values[region.needed]).any():
        return False
    steps = (grid.row_spacing_mm, grid.column_spacing_mm)
    for axis, step_mm in enumerate(steps, start=1):
        held = np.flatnonzero(region.mask.any(axis=tuple({0, 1, 2} - {axis})))
        if min(held[0], region.mask.shape[axis] - 1 - held[-1]) * step_mm < radius_mm:
            return False
    return True


def _sphere_offsets(region: Region, radius_mm: float) -> list[list[tuple[int, Integers]]]:
    """For each slice, the slices that a sphere centered on it meets, with the (row, column) shifts on each."""
    grid = region.grid
    heights = grid.slice_positions_mm[slice(*region.box.k)]
    rows = np.arange(-int(radius_mm / grid.row_spacing_mm), int(radius_mm / grid.row_spacing_mm) + 1)
    columns = np.arange(-int(radius_mm / grid.column_spacing_mm), int(radius_mm / grid.column_spacing_mm) + 1)
    in_plane = (rows[:, None] * grid.row_spacing_mm) ** 2 + (columns * grid.column_spacing_mm) ** 2
    found = []
    for height in heights:
        pairs = []
        for other in np.flatnonzero(np.abs(heights - height) <= radius_mm):
            shifts = np.argwhere(in_plane + (heights[other] - height) ** 2 <= radius_mm**2)
            pairs.append((int(other), shifts - np.array([len(rows) // 2, len(columns) // 2])))
        found.append(pairs)
    return found


def _slices_reach(region: Region, radius_mm: float) -> Flags:
    """(K,) whether the image extends far enough above and below a slice for a sphere on it."""
    everything = region.grid.slice_positions_mm
    own = everything[slice(*region.box.k)]
    half = 0.5 * (region.grid.slice_spacing_mm or 0.0)
    reached: Flags = (own - radius_mm >= everything[0] - half) & (own + radius_mm <= everything[-1] + half)
    return reached


def _sphere_sums(values: Floats, offsets: list[list[tuple[int, Integers]]], shape: tuple[int, ...]) -> Floats:
    """(K, J, I) sum over the sphere around every voxel; voxels beyond the box count as 0."""
    from scipy import fft  # noqa: PLC0415

    spectra = fft.rfft2(values, shape)
    kernels: dict[bytes, NDArray[np.complex128]] = {}
    sums = np.empty_like(values)
    for k, pairs in enumerate(offsets):
        total = np.zeros(spectra.shape[1:], np.complex128)
        for other, shifts in pairs:
            key = shifts.tobytes()
            if key not in kernels:
                kernel = np.zeros(shape)
                kernel[-shifts[:, 0], -shifts[:, 1]] = 1.0
                kernels[key] = fft.rfft2(kernel)
            total += spectra[other] * kernels[key]
        sums[k] = fft.irfft2(total, shape)[: values.shape[1], : values.shape[2]]
    return sums


def _centroid_mm(region: Region, mask: Flags) -> Floats:
    """(3,) centroid of a mask, weighted by voxel volume, mm."""
    weights = np.broadcast_to(region.voxel_volume_mm3[:, None, None], mask.shape)[mask]
    return np.average(region.points_mm(mask), axis=0, weights=weights)


def _of_suvbw(compute: Callable[[Floats], float]) -> Callable[[PetContext], float]:
    """A statistic of the SUVbw inside the target."""
    return lambda pet: compute(inside_values(pet.image))


def _with(compute: Callable[[PetContext, Threshold], float], threshold: Threshold) -> Callable[[PetContext], float]:
    """A metric at one threshold."""
    return lambda pet: compute(pet, threshold)


def _statistics() -> tuple[MetricDefinition[PetContext], ...]:
    """Declarations of the SUVbw statistics."""
    parts: tuple[tuple[str, str, str, Callable[[Floats], float]], ...] = (
        ("min", "Smallest", "1GSF", intensity.minimum),
        ("median", "Median", "Y12H", intensity.median),
        ("mean", "Mean", "Q4LE", intensity.mean),
        ("max", "Largest", "84IY", intensity.maximum),
    )
    return tuple(
        MetricDefinition(
            key=f"pet.suvbw_{key}",
            title=f"SUV{key}",
            unit=Unit.SUVBW,
            description=f"{what} SUVbw inside the target, on the planning grid's voxels.",
            compute=_of_suvbw(compute),
            formula=documented_rule(compute),
            ibsi_code=code,
            reference=IBSI,
        )
        for key, what, code, compute in parts
    )


def _of_threshold(threshold: Threshold) -> tuple[MetricDefinition[PetContext], ...]:
    """Declarations of MTV and TLG at a threshold."""
    parts = (
        ("mtv", "MTV", Unit.CM3, f"Volume of the target at or above {threshold.words}.", mtv_cm3),
        ("tlg", "TLG", Unit.SUVBW_CM3, f"Mean SUVbw x volume of the target above {threshold.words}.", tlg_suvbw_cm3),
    )
    return _defined(parts, threshold)


def _of_agreement(threshold: Threshold) -> tuple[MetricDefinition[PetContext], ...]:
    """Declarations of the agreement of PET volume and target at a threshold."""
    within = f"the PET volume at {threshold.words} (within 10 mm of the target and connected with it) and the target"
    centroids = f"Distance between the centroids of {within}."
    surfaces = f"Largest distance from a point of either surface to the other: {within}."
    edited = f"Volume in one of both but not in the other: {within}."
    parts = (
        ("gtv_dice", "Dice of PET volume", Unit.NONE, f"Dice coefficient of {within}.", gtv_dice),
        ("gtv_volume_ratio", "PET volume ratio", Unit.NONE, f"Ratio of volumes: {within}.", gtv_volume_ratio),
        ("gtv_centroid_distance", "PET centroid distance", Unit.MM, centroids, gtv_centroid_distance_mm),
        ("gtv_hausdorff", "Hausdorff distance of PET volume", Unit.MM, surfaces, gtv_hausdorff_mm),
        ("gtv_edited_volume", "PET volume against target", Unit.CM3, edited, gtv_edited_volume_cm3),
    )
    return _defined(parts, threshold)


def _defined(
    parts: Iterable[tuple[str, str, Unit, str, Callable[[PetContext, Threshold], float]]], threshold: Threshold
) -> tuple[MetricDefinition[PetContext], ...]:
    return tuple(
        MetricDefinition(
            key=f"pet.{key}{threshold.key}",
            title=f"{title}, {threshold.words}",
            unit=unit,
            description=what,
            compute=_with(compute, threshold),
            formula=documented_rule(compute),
        )
        for key, title, unit, what, compute in parts
    )


UPTAKE: Final[tuple[MetricDefinition[PetContext], ...]] = (
    *_statistics(),
    MetricDefinition(
        key="pet.suvbw_peak",
        title="SUVpeak",
        unit=Unit.SUVBW,
        description="Largest mean over a sphere of 1 cm3 with its center on a voxel of the target.",
        compute=suvbw_peak,
        ibsi_code="0F91",
        reference=IBSI,
    ),
    *(definition for threshold in THRESHOLDS for definition in _of_threshold(threshold)),
    MetricDefinition(
        key="pet.boundary_contrast",
        title="PET boundary contrast",
        unit=Unit.SUVBW,
        description="Mean SUVbw of the 3 mm inside the surface less the mean of the 3 mm outside it.",
        compute=lambda pet: intensity.boundary_contrast(pet.image),
        formula=documented_rule(intensity.boundary_contrast),
    ),
    MetricDefinition(
        key="pet.boundary_gradient",
        title="PET boundary gradient",
        unit=Unit.SUVBW_PER_MM,
        description="Mean gradient magnitude at the voxels on both sides of the surface.",
        compute=lambda pet: intensity.boundary_gradient(pet.image),
        formula=documented_rule(intensity.boundary_gradient),
    ),
)
"""Metrics of a PET inside and around any target."""
AGREEMENT: Final[tuple[MetricDefinition[PetContext], ...]] = tuple(
    definition for threshold in THRESHOLDS for definition in _of_agreement(threshold)
)
"""Agreement of the PET volumes with a gross target; a CTV or PTV is not expected to agree."""
PET: Final = (*UPTAKE, *AGREEMENT)
"""All metrics of a PET."""
