"""Metrics of a secondary image set around the gross target: independence, registration, coverage, uptake, border.

Which values make a set count is decided in :mod:`rtcomplexity.metrics.image_conditions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.registration_graph import space_of
from rtcomplexity.dicom.pixels import IndexBox
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.alignment import (
    INNER_SHELL_MM,
    Alignment,
    MovableImage,
    TargetLattice,
    alignment_of,
    movable_image,
)
from rtcomplexity.fusion.borders import Borders, Normals, borders_of, thinned
from rtcomplexity.fusion.copies import LEAST_VOXELS, Likeness, likeness, limits_between, with_filters
from rtcomplexity.fusion.frames import deformation_back, find_point_map
from rtcomplexity.fusion.sampling import box_around, sample, voxel_centers_mm
from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.metrics import intensity, pet
from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import NotApplicableError, NotMeasurableError
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.filtered_copies import Remainder
    from rtcomplexity.fusion.frames import PointMap
    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.metrics.context import ShapeContext
    from rtcomplexity.metrics.target_images import TargetImages
    from rtcomplexity.model.arrays import Flags, Floats
    from rtcomplexity.model.image import ImageGrid

LEAST_BOX: Final = (16, 64, 64)
MOST_BOX: Final = (32, 96, 96)
"""Voxels of the box in which images are compared for copies: the target and a shell, within these limits."""
COPY_SHELL_MM: Final = 20.0
TG132_MM: Final = 3.0
"""AAPM TG-132: a registration is acceptable to 2 to 3 mm, or a voxel."""
NOT_COMPARABLE: Final = (
    f"fewer than {LEAST_VOXELS} voxels around the target lie in both images, or one is constant there"
)
UNDEFINED_AT_CENTER: Final = "the registration is undefined at the target's center"
UNDEFINED_IN_TARGET: Final = "the registration is undefined in the target"
LEAST_NORMALS: Final = 50
"""Normals with a visible border in both images that a comparison of borders needs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanningSamples:
    """The planning image around the gross target, with which every secondary set is compared."""

    images: CaseImages
    tied: TiedImage
    found: TargetImages
    lattice: TargetLattice
    values: Floats
    """(n,) at the lattice's points."""

    @cached_property
    def normals(self) -> Normals:
        """Normals of the target's surface; NotMeasurableError if its volume is unknown."""
        return _normals_of(self.found.target)

    @cached_property
    def borders(self) -> Borders:
        """The planning image's own border along them."""
        return borders_along(self.images, self.tied, self.normals)


def borders_along(images: CaseImages, tied: TiedImage, normals: Normals) -> Borders:
    """Border of an image along normals in the planning frame; NotMeasurableError if it cannot be sampled."""
    if tied.point_map is None:
        raise NotMeasurableError(tied.reason)
    try:
        points = tied.point_map(normals.sampled_points_mm)
        return borders_of(sample(images.pixels_of(tied.series), points, factor=tied.factor))
    except InputDataError as fault:
        raise NotMeasurableError(found_in(fault)) from fault


def found_in(fault: InputDataError) -> str:
    """The fault of an image, as a clause."""
    return fault.found.rstrip(".")


def _normals_of(target: ShapeContext) -> Normals:
    """Normals at points spread over the surface of a target."""
    if not np.isfinite(target.slab_mm).all():
        raise NotMeasurableError("the volume is not known")
    surface = target.surface
    return thinned(surface.points_mm, surface.nodes.normals @ surface.axes)


@dataclass(frozen=True, kw_only=True, eq=False)
class SetContext:
    """One image set around one target; each part is measured on first use."""

    tied: TiedImage
    planning: PlanningSamples
    others: tuple[TiedImage, ...]
    """Sets it may be a copy of: the planning image and earlier sets."""

    @property
    def images(self) -> CaseImages:
        """The image sets of the case."""
        return self.planning.images

    @property
    def lattice(self) -> TargetLattice:
        """Points in and around the target."""
        return self.planning.lattice

    @property
    def found(self) -> TargetImages:
        """The image sets on the target."""
        return self.planning.found

    @cached_property
    def borders(self) -> Borders:
        """The image's border along the normals of the target."""
        return borders_along(self.images, self.tied, self.planning.normals)

    @cached_property
    def alignment(self) -> Alignment:
        """The stated transform against motions about it; NotMeasurableError if the images overlap too little."""
        try:
            return alignment_of(self.planning.values, self._movable)
        except InputDataError as fault:
            raise NotMeasurableError(found_in(fault)) from fault
        except ValueError as fault:
            raise NotMeasurableError(str(fault)) from fault

    @cached_property
    def _movable(self) -> MovableImage:
        """The image around the target, ready to be moved."""
        if self.tied.point_map is None:
            raise NotMeasurableError(self.tied.reason)
        return movable_image(
            self.images.pixels_of(self.tied.series), self.tied.point_map, self.lattice, self.tied.factor
        )

    @cached_property
    def is_defined(self) -> Flags:
        """(n,) whether the image has a value at each point of the lattice."""
        try:
            return ~np.isnan(self._movable.values())
        except InputDataError as fault:
            raise NotMeasurableError(found_in(fault)) from fault

    @cached_property
    def likenesses(self) -> tuple[tuple[str, Likeness], ...]:
        """Likeness to each comparable other set, with its subject."""
        return tuple((subject, each) for subject, each in self._compared if isinstance(each, Likeness))

    @cached_property
    def _compared(self) -> tuple[tuple[str, Likeness | str], ...]:
        """Likeness to each other set, or why they cannot be compared."""
        return tuple((other.subject, self._likeness(other)) for other in self.others if other.point_map is not None)

    @property
    def most_alike(self) -> tuple[str, Likeness]:
        """The most similar set; NotMeasurableError if there is none to compare."""
        if self.likenesses:
            return max(self.likenesses, key=lambda each: (each[1].is_copy, _alike(each[1])))
        if self.tied.point_map is None:
            raise NotMeasurableError(self.tied.reason)
        reasons = dict.fromkeys(str(each) for _, each in self._compared)
        raise NotMeasurableError("; ".join(reasons) or "no other image set is tied to the planning image")

    def _likeness(self, other: TiedImage) -> Likeness | str:
        """Compare with another set around the target, or say why not."""
        if isinstance(self._around, str):
            return self._around
        own, points_mm = self._around
        if other.point_map is None:
            return other.reason
        try:
            values = sample(self.images.pixels_of(other.series), other.point_map(points_mm)).reshape(own.shape)
        except InputDataError as fault:
            return found_in(fault)
        limits = limits_between(self.tied.series.modality, other.series.modality)
        found = likeness(own, values, limits=limits)
        return NOT_COMPARABLE if found is None else with_filters(found, own, values)

    @cached_property
    def _around(self) -> tuple[Floats, Floats] | str:
        """(K, J, I) own voxels around the target, noise included, and (n, 3) their positions; or why there are none.

        Positions are in the planning frame.
        """
        case, grid = self.images.case, self.tied.series.grid
        planning = case.planning_image
        if planning is None or self.tied.point_map is None:
            return self.tied.reason
        back = find_point_map(
            case.registrations, space_of(self.tied.series, case.registrations), planning.frame_of_reference_uid
        )
        corners = self.tied.point_map(shell_corners_mm(_target_points_mm(self)))
        if back is None or np.isnan(corners).any():
            return "the registration is undefined around the target"
        box = box_about(grid, corners)
        if box is None:
            return "the image does not reach the target"
        try:
            own = self.images.pixels_of(self.tied.series).read(box).values()
        except InputDataError as fault:
            return found_in(fault)
        index = np.stack(np.meshgrid(*(np.arange(*extent) for extent in (box.k, box.j, box.i)), indexing="ij"), -1)
        return own, back(voxel_centers_mm(grid, index.reshape(-1, 3)))


def _alike(one: Likeness) -> float:
    """Ranking of likenesses: the correlation of fine structure, otherwise of ranks."""
    return abs(one.rank_correlation if one.fine_correlation is None else one.fine_correlation)


def shell_corners_mm(points_mm: Floats) -> Floats:
    """(8, 3) corners of the box, along the patient axes, that contains points (n, 3) and 20 mm around them."""
    low, high = least(points_mm) - COPY_SHELL_MM, greatest(points_mm) + COPY_SHELL_MM
    return np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1).T


def box_about(grid: ImageGrid, points_mm: Floats) -> IndexBox | None:
    """Voxels of a grid around points, within the limits on size; None if the points lie outside."""
    at = box_around(grid, points_mm)
    if at is None:
        return None
    sizes = (len(grid.slice_origins_mm), grid.rows, grid.columns)
    extents = []
    for extent, fewest, most, size in zip((at.k, at.j, at.i), LEAST_BOX, MOST_BOX, sizes, strict=True):
        wanted = min(max(extent[1] - extent[0], fewest), most)
        first = max((extent[0] + extent[1] - wanted) // 2, 0)
        extents.append((first, min(first + wanted, size)))
    return IndexBox(k=extents[0], j=extents[1], i=extents[2])


def _of_fine_structure(context: SetContext, found_of: Callable[[Likeness], float | None]) -> float:
    """A value of the fine structure comparison with the most similar set."""
    found = found_of(context.most_alike[1])
    if found is None:
        raise NotMeasurableError("one of the images has no fine structure: ranks decide")
    return found


def _of_filter(context: SetContext, found_of: Callable[[Remainder], float]) -> float:
    """A value of the best filter from the most similar set."""
    alike = context.most_alike[1]
    if alike.filtered is not None:
        return found_of(alike.filtered)
    if alike.is_copy:
        raise NotMeasurableError("not asked: noise or ranks already tell a copy")
    if alike.by_gray_levels is None:
        raise NotMeasurableError("one of the images has no fine structure: ranks decide")
    raise NotMeasurableError(
        f"not asked: the other's gray levels explain {100 * max(alike.by_gray_levels, 0.0):.0f}% of this image"
    )


def _uptake_dice(context: SetContext) -> float:
    """Largest Dice of the target with a PET isocontour."""
    image = next((each for each in context.found.fused if each.tied is context.tied), None)
    if context.tied.image_set.modality != "PT":
        raise NotApplicableError
    if image is None or image.values is None:
        raise NotMeasurableError(context.tied.reason if image is None else image.reason)
    uptake = pet.PetContext(image=image.values)
    intensity.inside_values(uptake.image)  # raises if the PET misses part of the target, which is no Dice of 0
    return max(_dice(uptake, threshold) for threshold in pet.THRESHOLDS)


def _dice(context: pet.PetContext, threshold: pet.Threshold) -> float:
    """Dice coefficient; 0 if no voxel reaches the threshold."""
    return pet.gtv_dice(context, threshold) if context.above(threshold).any() else 0.0


def _border_differences(context: SetContext) -> Floats:
    """(n,) mm between the borders of both images, along normals where both show one."""
    own, planning = context.borders, context.planning.borders
    both = own.is_visible & planning.is_visible
    if both.sum() < LEAST_NORMALS:
        raise NotMeasurableError(f"both images show a border along fewer than {LEAST_NORMALS} normals of the target")
    found: Floats = np.abs(own.position_mm[both] - planning.position_mm[both])
    return found


def _registration(context: SetContext) -> PointMap:
    """The map of the registrations that lead to the set; NotApplicableError if there are none."""
    point_map = context.tied.point_map
    if point_map is None or point_map.links == 0:
        raise NotApplicableError
    return point_map


def _target_points_mm(context: SetContext) -> Floats:
    """(n, 3) points of the lattice inside the target."""
    return context.lattice.points_mm[context.lattice.is_inside]


def _derivatives(point_map: PointMap, points_mm: Floats) -> Floats:
    """(n, 3, 3) derivatives of a map at points, by central differences over 1 mm."""
    columns = [point_map(points_mm + step) - point_map(points_mm - step) for step in np.eye(3)]
    return np.stack(columns, axis=-1) / 2


def _offset(context: SetContext, axis: int) -> float:
    """Displacement of the target's center along a patient axis, mm."""
    point_map, center = _registration(context), context.lattice.center_mm
    shift = point_map(center[None])[0] - center
    if np.isnan(shift).any():
        raise NotMeasurableError(UNDEFINED_AT_CENTER)
    return float(shift[axis])


def _jacobians(context: SetContext) -> Floats:
    """Jacobian determinants of the map at the target's points."""
    derivatives = _derivatives(_registration(context), _target_points_mm(context))
    derivatives = derivatives[np.isfinite(derivatives).all(axis=(1, 2))]  # none at the border of a field
    if not len(derivatives):
        raise NotMeasurableError(UNDEFINED_IN_TARGET)
    return np.asarray(np.linalg.det(derivatives))


def _rotation_deg(context: SetContext) -> float:
    """Angle of the rotation nearest to the map's derivative at the target's center."""
    (derivative,) = _derivatives(_registration(context), context.lattice.center_mm[None])
    if not np.isfinite(derivative).all():
        raise NotMeasurableError(UNDEFINED_AT_CENTER)
    left, _, right = np.linalg.svd(derivative)
    return float(np.degrees(np.arccos(np.clip((np.trace(left @ right) - 1) / 2, -1, 1))))


def _largest_displacement_mm(context: SetContext) -> float:
    """Largest displacement of a point of the target."""
    point_map, points = _registration(context), _target_points_mm(context)
    moved = np.linalg.norm(point_map(points) - points, axis=1)
    if not np.isfinite(moved).any():
        raise NotMeasurableError(UNDEFINED_IN_TARGET)
    return float(np.nanmax(moved))


def _inverse_consistency_mm(context: SetContext) -> Floats:
    """(n,) distance of the target's points from where they started, after both deformations."""
    case, point_map = context.images.case, context.tied.point_map
    if case.planning_image is None or point_map is None or point_map.links != 1:
        raise NotApplicableError
    space = space_of(context.tied.series, case.registrations)
    back = deformation_back(case.registrations, case.planning_image.frame_of_reference_uid, space)
    if back is None:
        raise NotApplicableError
    points = _target_points_mm(context)
    left: Floats = np.linalg.norm(back(point_map(points)) - points, axis=1)
    left = left[np.isfinite(left)]
    if not len(left):
        raise NotMeasurableError("the deformations are undefined in the target")
    return left


def _covered(context: SetContext, *, around: bool) -> float:
    """Share of the points in the target, or within 10 mm of it, at which the image has a value."""
    distance = context.lattice.distance_mm
    where = (distance > 0) & (distance <= INNER_SHELL_MM) if around else distance == 0
    return float(context.is_defined[where].mean())


def _metric(
    key: str, title: str, unit: Unit, description: str, compute: Callable[[SetContext], float]
) -> MetricDefinition[SetContext]:
    return MetricDefinition(
        key=f"image_set.{key}", title=title, unit=unit, description=description, compute=compute, formula=description
    )


def _translation(axis: int) -> MetricDefinition[SetContext]:
    name = "xyz"[axis]
    return _metric(
        f"translation_{name}",
        f"Registration: translation along {name}",
        Unit.MM,
        f"Where the stated registration takes the target's center: component along {name} (LPS).",
        lambda context: _offset(context, axis),
    )


IMAGE_SET: Final[tuple[MetricDefinition[SetContext], ...]] = (
    _metric(
        "fine_structure_carried",
        "Fine structure carried from another image set",
        Unit.NONE,
        "Share of an image's fine structure (what a blur by 0.8 voxels takes away, where both are flat) that another "
        "set holds, as its mean at each gray level shows it: near 1 of a copy, whatever noise was added and whatever "
        "became of the gray levels; small of another scan; 0 where less than 5 standard errors.",
        lambda context: _of_fine_structure(context, lambda alike: alike.carried),
    ),
    _metric(
        "noise_carried",
        "Noise carried from another image set",
        Unit.NONE,
        "The same share at the voxels whose fine structure lies within 2.5 robust standard deviations in both: "
        "without anatomy, so that between modalities only copies have one.",
        lambda context: _of_fine_structure(context, lambda alike: alike.noise_carried),
    ),
    _metric(
        "noise_carried_part",
        "Noise carried from another image set, in part of the slices",
        Unit.NONE,
        "The largest such share in any eight of the slices: part of a set may be copied.",
        lambda context: _of_fine_structure(context, lambda alike: alike.part_carried),
    ),
    _metric(
        "filter_displacement",
        "Displacement of edges beyond the best filter of another image set (voxels)",
        Unit.NONE,
        "The set is put as another one behind the best filter (blurs by 0.7 to 3 voxels, derivatives, other gray "
        "levels). Squared remainders against squared gradients have the squared displacement for their slope, raised "
        "by 2 standard errors over blocks: near 0 of a copy, whatever noise was added.",
        lambda context: _of_filter(context, lambda rest: rest.displacement_voxels),
    ),
    _metric(
        "filter_carried",
        "Coarse noise carried from another image set through the best filter",
        Unit.NONE,
        "Where the filtered image is flat, the share of its structure finer than 2 voxels, without the largest values, "
        "that this set carries: near 1 of a copy.",
        lambda context: _of_filter(context, lambda rest: rest.carried),
    ),
    _metric(
        "filter_explained",
        "Variance explained by the best filter of another image set (fraction)",
        Unit.NONE,
        "Share of this set's variance in the box that the best filter of the other explains.",
        lambda context: _of_filter(context, lambda rest: rest.explained),
    ),
    _metric(
        "fine_structure_correlation",
        "Noise correlation with another image set",
        Unit.NONE,
        "Pearson's correlation of the fine structure where both are flat: near 1 of a copy, whatever its contrast.",
        lambda context: _of_fine_structure(context, lambda alike: alike.fine_correlation),
    ),
    _metric(
        "rank_correlation",
        "Rank correlation with the most similar image set",
        Unit.NONE,
        "Spearman's correlation of the values in the box that holds the target and 20 mm around it: at least "
        "16 x 64 x 64, at most 32 x 96 x 96 of its voxels.",
        lambda context: context.most_alike[1].rank_correlation,
    ),
    _metric(
        "mutual_information",
        "Normalized mutual information at the stated registration",
        Unit.NONE,
        "(H(A) + H(B)) / H(A, B) in 32 x 32 bins, on a lattice in the target and 40 mm around it: 1 to 2.",
        lambda context: context.alignment.similarity,
    ),
    _metric(
        "perturbations_beaten",
        "Small perturbations less similar than the registration (fraction)",
        Unit.NONE,
        "Of thirty motions by 2, 5, 10 mm and 2, 5 degrees along and about each axis through the target's center.",
        lambda context: context.alignment.share_beaten,
    ),
    _metric(
        "displacements_beaten",
        "Displacements by 30 mm less similar than the registration (fraction)",
        Unit.NONE,
        "Of displacements by 30 mm along the 26 directions between the axes.",
        lambda context: context.alignment.far_share_beaten,
    ),
    _metric(
        "nearest_better_shift",
        "Distance to the nearest more similar position",
        Unit.MM,
        "Translation, at the target's center, of the motion that climbs to the nearest maximum of similarity.",
        lambda context: context.alignment.shift_mm,
    ),
    _metric(
        "nearest_better_rotation",
        "Rotation to the nearest more similar position",
        Unit.DEG,
        "Rotation of the motion that climbs to the nearest maximum of similarity.",
        lambda context: context.alignment.rotation_deg,
    ),
    _metric(
        "target_covered",
        "Target volume inside the image (fraction)",
        Unit.NONE,
        "Share of the lattice's points in the target at which the image has a value.",
        lambda context: _covered(context, around=False),
    ),
    _metric(
        "shell_covered",
        "10 mm shell inside the image (fraction)",
        Unit.NONE,
        "Share of the lattice's points within 10 mm of the target at which the image has a value.",
        lambda context: _covered(context, around=True),
    ),
    _metric(
        "uptake_dice",
        "Best agreement of a PET isocontour with the target (Dice)",
        Unit.NONE,
        "Largest Dice coefficient of the target with the volumes above 41% and 50% of SUVmax, SUVbw 2.5 and 4.0.",
        _uptake_dice,
    ),
    _metric(
        "border_at_contour",
        "Contour within 3 mm of the image's border (fraction)",
        Unit.NONE,
        "Share of the target's surface at which the image's steepest change along the normal, 10 mm to either side, is "
        "visible and within 3 mm of the contour; at most about 0.3 by chance.",
        lambda context: context.borders.share_within(TG132_MM),
    ),
    _metric(
        "planning_border_at_contour",
        "Contour within 3 mm of the planning image's border (fraction)",
        Unit.NONE,
        "The same share for the planning image.",
        lambda context: context.planning.borders.share_within(TG132_MM),
    ),
    _metric(
        "border_difference_median",
        "Border against the planning image's: median distance",
        Unit.MM,
        "Median distance along the target's normals between the borders of this and of the planning image, where both "
        "are visible.",
        lambda context: float(np.median(_border_differences(context))),
    ),
    _metric(
        "border_difference_p95",
        "Border against the planning image's: 95th percentile",
        Unit.MM,
        "95th percentile of the distance along the target's normals between the borders of this and of the planning "
        "image, where both are visible.",
        lambda context: float(np.percentile(_border_differences(context), 95)),
    ),
    _metric(
        "border_compared",
        "Contour with a visible border in both images (fraction)",
        Unit.NONE,
        "Share of the target's normals along which this and the planning image both show a border.",
        lambda context: float((context.borders.is_visible & context.planning.borders.is_visible).mean()),
    ),
    *(_translation(axis) for axis in range(3)),
    _metric(
        "rotation",
        "Registration: rotation",
        Unit.DEG,
        "Angle of the rotation nearest to the stated registration's derivative at the target's center.",
        _rotation_deg,
    ),
    _metric(
        "largest_displacement",
        "Registration: largest displacement in the target",
        Unit.MM,
        "Largest distance by which the stated registration moves a point of the target.",
        _largest_displacement_mm,
    ),
    _metric(
        "jacobian_p05",
        "Registration: Jacobian, 5th percentile",
        Unit.NONE,
        "Of the determinant of the registration's derivative at the target's points; 1 of a rigid one.",
        lambda context: float(np.percentile(_jacobians(context), 5)),
    ),
    _metric(
        "jacobian_p95",
        "Registration: Jacobian, 95th percentile",
        Unit.NONE,
        "Of the determinant of the registration's derivative at the target's points; 1 of a rigid one.",
        lambda context: float(np.percentile(_jacobians(context), 95)),
    ),
    _metric(
        "folded",
        "Registration: folded points (fraction)",
        Unit.NONE,
        "Share of the target's points at which the Jacobian is not positive: there tissue would turn inside out.",
        lambda context: float(np.mean(_jacobians(context) <= 0)),
    ),
    _metric(
        "inverse_consistency_p95",
        "Deformations there and back: 95th percentile of the error",
        Unit.MM,
        "Distance by which points of the target miss their place, carried to the image by the deformation in force and "
        "back by one that was stored the other way; only where both exist.",
        lambda context: float(np.percentile(_inverse_consistency_mm(context), 95)),
    ),
    _metric(
        "inverse_consistency_max",
        "Deformations there and back: largest error",
        Unit.MM,
        "The largest such distance.",
        lambda context: float(_inverse_consistency_mm(context).max()),
    ),
)
"""Metrics of a secondary image set around the gross target."""
