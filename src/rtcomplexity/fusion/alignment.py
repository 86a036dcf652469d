"""Whether a registration holds around a target: similarity at the stated transform against small motions about it.

Two images are compared on a coarse lattice of points in the target and a shell around it. The other image is read once,
in a box large enough for all motions, and sampled again at the moved points of each motion. A motion is a rotation
about the target's center followed by a translation, along the patient axes. Similarity is not accuracy: where the image
has no structure, or the two images show different things, its maximum may be elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.fusion.sampling import (
    EDGE_TOLERANCE,
    box_around,
    index_axes,
    interpolate,
    is_tilted,
    voxel_centers_mm,
)
from rtcomplexity.geometry.columns import greatest, least, within
from rtcomplexity.model.arrays import freeze, frozen_array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtcomplexity.dicom.pixels import IndexBox, SeriesPixels, VoxelBox
    from rtcomplexity.fusion.sampling import PointFunction
    from rtcomplexity.geometry.stack.runs import Runs
    from rtcomplexity.model.arrays import Flags, Floats, Integers, Singles
    from rtcomplexity.model.image import ImageGrid

    Motion = tuple[float, float, float, float, float, float]
    """Translation along x, y, z, mm, and rotation about x, y, z, degrees."""

SHELL_MM: Final = 40.0
INNER_SHELL_MM: Final = 10.0
SPACING_MM: Final = 3.0
MOST_POINTS: Final = 16_000
LEAST_POINTS: Final = 200
BINS: Final = 32
TRANSLATIONS_MM: Final = (2.0, 5.0, 10.0)
ROTATIONS_DEG: Final = (2.0, 5.0)
FAR_MM: Final = 30.0
MARGIN_MM: Final = 45.0
"""Margin of the box read: the largest motion at the edge of the shell, and part of the search."""
SEARCH_STEPS: Final = ((4.0, 2.0), (2.0, 1.0), (1.0, 0.5), (0.5, 0.25))
"""Steps in mm and degrees of the search for the nearest better transform, coarse to fine."""
SEARCH_ROUNDS: Final = 6
EVEN_MM: Final = 1e-3
"""Slice distances that differ by less are even."""
STILL: Final[Motion] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetLattice:
    """Points in and around a target, in the planning frame."""

    points_mm: Floats
    """(n, 3) patient coordinates."""
    distance_mm: Floats
    """(n,) distance to the target, 0 inside."""

    def __post_init__(self) -> None:
        freeze(self, np.float64, "points_mm", "distance_mm")

    @cached_property
    def is_inside(self) -> Flags:
        """(n,) whether a point is inside the target."""
        return frozen_array(self.distance_mm == 0, np.bool_)

    @cached_property
    def center_mm(self) -> Floats:
        """(3,) mean of the points inside the target."""
        return frozen_array(self.points_mm[self.is_inside].mean(axis=0), np.float64)

    @cached_property
    def about_center_mm(self) -> Floats:
        """(3, n) coordinates relative to that center, as every motion rotates them."""
        return frozen_array(np.ascontiguousarray((self.points_mm - self.center_mm).T), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Similarity at a stated transform, compared with motions about it."""

    similarity: float
    """Normalized mutual information at the stated transform, 1 (nothing shared) to 2."""
    share_beaten: float
    """Share of the thirty motions by 2, 5 and 10 mm along, and 2 and 5 degrees about, each axis that are less
    similar."""
    far_share_beaten: float
    """Share of displacements by 30 mm, in 26 directions, that are less similar."""
    better: Motion
    """Motion to the nearest maximum of similarity; all zero if the stated transform is one."""

    @property
    def shift_mm(self) -> float:
        """Length of its translation at the target's center."""
        return float(np.linalg.norm(self.better[:3]))

    @property
    def rotation_deg(self) -> float:
        """Angle of its rotation."""
        return float(np.linalg.norm(self.better[3:]))


def lattice_around(runs: Runs, grid: ImageGrid) -> TargetLattice:
    """A coarse lattice of planning image voxels in a target and :data:`SHELL_MM` around it.

    Raises
    ------
    ValueError
        If the target holds no voxel.
    """
    if runs.count == 0:
        msg = "the target holds no voxel of the grid"
        raise ValueError(msg)
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - costs start-up time

    spacing = np.array([grid.slice_spacing_mm or 1.0, grid.row_spacing_mm, grid.column_spacing_mm])
    box = tuple(
        slice(max(extent.start - reach, 0), min(extent.stop + reach, size))
        for extent, reach, size in zip(
            runs.box(), np.ceil(SHELL_MM / spacing).astype(int).tolist(), runs.shape, strict=True
        )
    )
    sizes = np.array([extent.stop - extent.start for extent in box])
    step_mm = max(SPACING_MM, float(np.cbrt(np.prod(sizes * spacing) / MOST_POINTS)))
    steps = np.maximum(np.round(step_mm / spacing).astype(int), 1)
    mask = runs.mask(box)  # type: ignore[arg-type]  # three slices
    strided = mask[:: steps[0], :: steps[1], :: steps[2]]
    if not strided.any():  # a target thinner than the lattice
        steps[:] = 1
        strided = mask
    distance = distance_transform_edt(~strided, sampling=tuple(spacing * steps))
    index = np.argwhere(distance <= SHELL_MM)
    chosen = distance[tuple(index.T)]
    places = index * steps + np.array([extent.start for extent in box])
    return TargetLattice(points_mm=voxel_centers_mm(grid, places), distance_mm=chosen)


@dataclass(frozen=True, kw_only=True, eq=False)
class MovableImage:
    """An image around a lattice, read once, that can be sampled at moved points."""

    grid: ImageGrid
    voxels: VoxelBox | None
    """None if no point can lie in the image."""
    image_from_planning: PointFunction
    lattice: TargetLattice

    def values(self, motion: Motion = STILL) -> Floats:
        """(n,) values at the lattice's points after a motion; NaN outside the image."""
        points = self.lattice.points_mm if motion == STILL else moved(self.lattice, motion)
        if self.voxels is None:
            return np.full(len(points), np.nan)
        mapped = self.image_from_planning(points)
        if self._even is not None:
            return self._even.values_at(mapped)
        values = np.full(len(mapped), np.nan)
        held = _is_held(self.grid, self.voxels.box, mapped)
        values[held] = interpolate(self.voxels, self.grid, mapped.compress(held, axis=0))
        return values

    @cached_property
    def _even(self) -> _EvenVoxels | None:
        """The voxels for repeated sampling; None if slices are uneven or offset from each other."""
        positions = self.grid.slice_positions_mm
        steps = np.diff(positions)
        if self.voxels is None or len(steps) == 0 or np.ptp(steps) > EVEN_MM or is_tilted(self.grid):
            return None
        return _EvenVoxels.of(self.voxels, self.grid)


@dataclass(frozen=True, kw_only=True, eq=False)
class _EvenVoxels:
    """Voxels evenly spaced along all axes: a hundred motions sample them in a third of the time."""

    values: Singles
    """(K, J, I)."""
    index_from_patient: Floats
    """(3, 3) slices, rows and columns per millimeter."""
    first: Floats
    """(3,) its product with the center of the first voxel."""

    @classmethod
    def of(cls, voxels: VoxelBox, grid: ImageGrid) -> _EvenVoxels:
        """Rescale a box of voxels once."""
        step_mm = float(np.diff(grid.slice_positions_mm).mean())
        axes = np.array(
            [
                grid.normal / step_mm,
                grid.column_direction / grid.row_spacing_mm,
                grid.row_direction / grid.column_spacing_mm,
            ]
        )
        first = axes @ grid.slice_origins_mm[voxels.box.k[0]] + [0, voxels.box.j[0], voxels.box.i[0]]
        values = voxels.stored.astype(np.float32)  # once, in place: the box is large
        values *= voxels.slope.astype(np.float32)[:, None, None]
        values += voxels.intercept.astype(np.float32)[:, None, None]
        return cls(values=values, index_from_patient=axes, first=first)

    def values_at(self, points_mm: Floats) -> Floats:
        """(n,) trilinear values; NaN beyond the outermost voxel centers of the box."""
        from scipy.ndimage import map_coordinates  # noqa: PLC0415 - costs start-up time

        places = self.index_from_patient @ points_mm.T - self.first[:, None]
        last = np.array(self.values.shape)[:, None] - 1.0
        held = ((places >= -EDGE_TOLERANCE) & (places <= last + EDGE_TOLERANCE)).all(axis=0)
        values: Floats = map_coordinates(
            self.values, places, output=np.float64, order=1, mode="nearest", prefilter=False
        )
        values[~held] = np.nan
        return values


def movable_image(
    pixels: SeriesPixels, image_from_planning: PointFunction, lattice: TargetLattice, factor: Floats | None = None
) -> MovableImage:
    """Read an image around a lattice, with room for every motion.

    Raises
    ------
    InputDataError
        If its pixels cannot be read.
    """
    grid = pixels.series.grid
    low, high = least(lattice.points_mm) - MARGIN_MM, greatest(lattice.points_mm) + MARGIN_MM
    corners = np.array(np.meshgrid(*zip(low, (low + high) / 2, high, strict=True))).reshape(3, -1).T
    around = np.concatenate([corners, lattice.points_mm])
    box = box_around(grid, image_from_planning(around))
    voxels = None if box is None else pixels.read(box)
    if voxels is not None and factor is not None and box is not None:
        voxels = voxels.scaled(factor[slice(*box.k)])
    return MovableImage(grid=grid, voxels=voxels, image_from_planning=image_from_planning, lattice=lattice)


def _is_held(grid: ImageGrid, box: IndexBox, points_mm: Floats) -> Flags:
    """(n,) whether the voxels around a point have been read."""
    axes = index_axes(grid)
    places = points_mm @ axes.T
    origins = grid.slice_origins_mm[slice(*box.k)] @ axes.T
    slack = np.array([1e-6, 1e-6, 1e-6])
    if origins.shape[0] == 1:
        slack[0] = 0.51 * (grid.slice_spacing_mm or 1.0)
    low = np.array([origins[0, 0], box.j[0] + origins[:, 1].max(), box.i[0] + origins[:, 2].max()]) - slack
    high = np.array([origins[-1, 0], box.j[1] - 1 + origins[:, 1].min(), box.i[1] - 1 + origins[:, 2].min()]) + slack
    return within(places, low, high)


def moved(lattice: TargetLattice, motion: Motion) -> Floats:
    """(n, 3) points rotated about the target's center, about x, then y, then z, and translated."""
    turn = np.eye(3)
    for axis, degrees in enumerate(motion[3:]):
        turn = _turned_about(axis, degrees) @ turn
    columns = turn @ lattice.about_center_mm
    columns += (lattice.center_mm + np.array(motion[:3]))[:, None]
    found: Floats = columns.T
    return found


def _turned_about(axis: int, degrees: float) -> Floats:
    """(3, 3) rotation about one axis, right-handed."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = cosine
    turn[second, first], turn[first, second] = sine, -sine
    return turn


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """Values to be compared with many others; binned once for those that have a value everywhere."""

    values: Floats

    @cached_property
    def _bins(self) -> Integers:
        """(n,) bins of the values."""
        return _binned(self.values)

    def similarity_to(self, other: Floats) -> float:
        """Normalized mutual information with other values at the same points, 1 to 2.

        (H(A) + H(B)) / H(A, B) in 32 x 32 bins between the 1st and 99th percentiles of each image; a smaller overlap
        alone does not raise it (Studholme 1999).

        Raises
        ------
        ValueError
            If fewer than 200 points have both values.
        """
        both = ~(np.isnan(self.values) | np.isnan(other))
        count = int(both.sum())
        if count < LEAST_POINTS:
            msg = f"fewer than {LEAST_POINTS} points lie in both images"
            raise ValueError(msg)
        is_whole = count == len(both)
        rows = self._bins if is_whole else _binned(self.values[both])
        columns = _binned(other if is_whole else other[both])
        joint = np.bincount(rows * BINS + columns, minlength=BINS * BINS).reshape(BINS, BINS) / count
        shared = _entropy(joint.ravel())
        if shared == 0:
            return 1.0
        return (_entropy(joint.sum(axis=1)) + _entropy(joint.sum(axis=0))) / shared


def _binned(values: Floats) -> Integers:
    """(n,) bin between the 1st and 99th percentiles."""
    low, high = np.percentile(values, (1, 99)).tolist()
    scaled = (values - low) / max(high - low, 1e-12) * BINS
    numbers: Integers = np.clip(scaled, 0, BINS - 1).astype(np.int64)
    return numbers


def _entropy(shares: Floats) -> float:
    """Entropy of shares, nats."""
    filled = shares[shares > 0]
    return float(-(filled * np.log(filled)).sum())


def perturbations() -> tuple[Motion, ...]:
    """Thirty motions: by 2, 5 and 10 mm along, and 2 and 5 degrees about, each axis in either direction."""
    found = []
    for axis in range(6):
        for size in TRANSLATIONS_MM if axis < 3 else ROTATIONS_DEG:
            found += [_along(axis, size), _along(axis, -size)]
    return tuple(found)


def displacements() -> tuple[Motion, ...]:
    """Displacements by 30 mm in the 26 directions along and between the axes."""
    directions = [np.array(signs) for signs in product((-1, 0, 1), repeat=3) if any(signs)]
    return tuple((*(FAR_MM * signs / np.linalg.norm(signs)).tolist(), 0.0, 0.0, 0.0) for signs in directions)


def _along(axis: int, size: float, start: Sequence[float] = STILL) -> Motion:
    """A motion with one component changed."""
    values = list(start)
    values[axis] += size
    return tuple(values)  # type: ignore[return-value]  # six numbers


def alignment_of(planning: Floats, image: MovableImage) -> Alignment:
    """Compare the stated transform with motions about it, and climb from it to the nearest maximum of similarity.

    Parameters
    ----------
    planning
        (n,) values of the planning image at the lattice's points.
    image
        The other image.

    Raises
    ------
    ValueError
        If fewer than 200 points lie in both images at the stated transform.
    """
    compared = Compared(values=planning)
    stated = compared.similarity_to(image.values())

    @cache  # the climb repeats motions
    def similarity(motion: Motion) -> float:
        try:
            return compared.similarity_to(image.values(motion))
        except ValueError:
            return 0.0

    others = [similarity(motion) for motion in perturbations()]
    best, highest = STILL, stated
    for step_mm, step_deg in SEARCH_STEPS:
        best, highest = _climbed(similarity, best, highest, (step_mm, step_deg))
    return Alignment(
        similarity=stated,
        share_beaten=float(np.mean([other < stated for other in others])),
        far_share_beaten=float(np.mean([similarity(motion) < stated for motion in displacements()])),
        better=best,
    )


def _climbed(
    similarity: Callable[[Motion], float], best: Motion, highest: float, steps: tuple[float, float]
) -> tuple[Motion, float]:
    """Move along one axis after another while similarity rises."""
    for _ in range(SEARCH_ROUNDS):
        before = highest
        for axis in range(6):
            for sign in (1, -1):
                trial = _along(axis, sign * steps[axis // 3], best)
                value = similarity(trial)
                if value > highest + 1e-9:
                    best, highest = trial, value
                    break
        if highest <= before:
            break
    return best, highest
