"""Five measured conditions that make a secondary image set count: tied, independent, aligned, covering, used.

Each is a number against a stated tolerance, on the union of the gross targets. A set that misses one is listed with the
reason and counts nothing. What is convention in the tolerances is said in decision 0050.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from rtcomplexity.case.registration_graph import space_of
from rtcomplexity.case.target_names import is_pet_derived
from rtcomplexity.case.visits import SHOWN_USED
from rtcomplexity.dicom.pixels import IndexBox, SeriesPixels
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.alignment import (
    INNER_SHELL_MM,
    Alignment,
    Lattice,
    MovableImage,
    alignment_of,
    lattice_around,
    movable_image,
)
from rtcomplexity.fusion.copies import LARGEST_CORRELATION, Likeness, likeness
from rtcomplexity.fusion.frames import find_point_map
from rtcomplexity.fusion.sampling import box_around, sample, voxel_centres_mm
from rtcomplexity.metrics import pet
from rtcomplexity.metrics.computing import compute_all
from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import NotApplicableError, NotMeasurableError
from rtcomplexity.model.case import EvidenceLevel, ImageRole
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.metrics.course import Course
    from rtcomplexity.metrics.fused import TargetImages
    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.case import ImageSet
    from rtcomplexity.model.image import ImageGrid, ImageSeries

LEAST_FAR_SHARE: Final = 0.98
LARGEST_SHIFT_MM: Final = 10.0
LEAST_COVERED: Final = 0.95
LEAST_UPTAKE_DICE: Final = 0.5
TG132_MM: Final = 3.0
"""AAPM TG-132: a registration is good to 2 to 3 mm, or a voxel."""
BOX_VOXELS: Final = (16, 64, 64)
"""Of the box in which images are compared for copies."""
CONVENTION: Final = "convention (decision 0050)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of one image set."""

    id: Literal["tied", "independent", "aligned", "covers", "used"]
    """tied, independent, aligned, covers or used."""
    is_met: bool
    value: float | None
    """The number that decides; None where it could not be measured."""
    unit: Unit
    tolerance: float
    source: str
    """Where the tolerance comes from."""
    text: str
    """What was found, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetConditions:
    """What was measured of one secondary image set."""

    subject: str
    """``image:PT:1``."""
    conditions: tuple[Condition, ...]
    values: dict[str, Measurement]
    """By key, as :data:`IMAGE_SET` declares them."""

    @property
    def counts(self) -> bool:
        """Whether all five conditions hold."""
        return all(each.is_met for each in self.conditions)

    @property
    def missed(self) -> tuple[str, ...]:
        """Texts of the conditions that do not hold."""
        return tuple(each.text for each in self.conditions if not each.is_met)


@dataclass(frozen=True, kw_only=True, eq=False)
class SetContext:
    """One image set around one target; each part is measured when first asked for."""

    images: CaseImages
    tied: TiedImage
    lattice: Lattice
    planning_values: NDArray[np.float64]
    """(n,) of the planning image at the lattice's points."""
    found: TargetImages
    others: tuple[TiedImage, ...]
    """Sets that it may be a copy of: the planning image and those that come before it."""

    @cached_property
    def alignment(self) -> Alignment:
        """The stated transform against motions about it; NotMeasurableError where the images share too little."""
        try:
            return alignment_of(self.planning_values, self._movable)
        except (InputDataError, ValueError) as fault:
            raise NotMeasurableError(str(fault)) from fault

    @cached_property
    def _movable(self) -> MovableImage:
        if self.tied.point_map is None:
            raise NotMeasurableError(self.tied.reason)
        return movable_image(self.images.pixels_of(self.tied), self.tied.point_map, self.lattice, self.tied.factor)

    @cached_property
    def is_defined(self) -> NDArray[np.bool_]:
        """(n,) whether the image has a value at each point of the lattice."""
        try:
            return ~np.isnan(self._movable.values())
        except InputDataError as fault:
            raise NotMeasurableError(str(fault)) from fault

    @cached_property
    def likenesses(self) -> tuple[tuple[str, Likeness], ...]:
        """How alike it is to each of the others, by their subjects; without those that share too few voxels."""
        found = [(other.subject, self._likeness(other)) for other in self.others if other.point_map is not None]
        return tuple((subject, each) for subject, each in found if each is not None)

    @property
    def most_alike(self) -> tuple[str, Likeness]:
        """The set it is most alike; NotMeasurableError where there is none to compare."""
        if not self.likenesses:
            raise NotMeasurableError("no other image set covers the same place")
        return max(self.likenesses, key=lambda each: (each[1].is_copy, _alike(each[1])))

    def _likeness(self, other: TiedImage) -> Likeness | None:
        """Compare both on this image's own voxels around the target, so that its noise is as it is."""
        case, grid = self.images.case, self.tied.series.grid
        planning = case.planning_image
        if planning is None or self.tied.point_map is None or other.point_map is None:
            return None
        back = find_point_map(
            case.registrations, space_of(self.tied.series, case.registrations), planning.frame_of_reference_uid
        )
        center = self.tied.point_map(self.lattice.center_mm[None])
        if back is None or np.isnan(center).any():
            return None
        box = _box_about(grid, center)
        if box is None:
            return None
        try:
            own = self.images.pixels_of(self.tied).read(box).values()
            index = np.stack(np.meshgrid(*(np.arange(*extent) for extent in (box.k, box.j, box.i)), indexing="ij"), -1)
            points = other.point_map(back(voxel_centres_mm(grid, index.reshape(-1, 3))))
            values = sample(self.images.pixels_of(other), points).values.reshape(own.shape)
        except InputDataError:
            return None
        return likeness(own, values, is_like_modality=self.tied.series.modality == other.series.modality)


def _alike(one: Likeness) -> float:
    """Number by which likenesses are ranked: the correlation of fine structure, else that of ranks."""
    return abs(one.rank_correlation if one.fine_correlation is None else one.fine_correlation)


def _box_about(grid: ImageGrid, center_mm: NDArray[np.float64]) -> IndexBox | None:
    """Voxels of a grid around a point; None where it lies outside."""
    at = box_around(grid, center_mm)
    if at is None:
        return None
    sizes = (len(grid.slice_origins_mm), grid.rows, grid.columns)
    extents = [
        (max(extent[0] - half // 2, 0), min(extent[0] + half // 2, size))
        for extent, half, size in zip((at.k, at.j, at.i), BOX_VOXELS, sizes, strict=True)
    ]
    return IndexBox(k=extents[0], j=extents[1], i=extents[2])


def _carried(context: SetContext) -> float:
    alike = context.most_alike[1]
    if alike.carried is None:
        raise NotMeasurableError("one of the images has no fine structure: ranks decide")
    return alike.carried


def _fine_correlation(context: SetContext) -> float:
    alike = context.most_alike[1]
    if alike.fine_correlation is None:
        raise NotMeasurableError("one of the images has no fine structure: ranks decide")
    return alike.fine_correlation


def _uptake_dice(context: SetContext) -> float:
    image = next((each for each in context.found.fused if each.tied is context.tied), None)
    if context.tied.image_set.modality != "PT":
        raise NotApplicableError
    if image is None or image.values is None:
        raise NotMeasurableError(context.tied.reason or "the PET has no value on the target")
    return max(_dice(pet.PetContext(image=image.values), threshold) for threshold in pet.THRESHOLDS)


def _dice(context: pet.PetContext, threshold: pet.Threshold) -> float:
    try:
        return pet.gtv_dice(context, threshold)
    except NotMeasurableError:
        return 0.0


def _offset(context: SetContext, axis: int) -> float:
    """Where the center of the target goes: how far along an axis of the patient, mm."""
    if context.tied.point_map is None or context.tied.point_map.links == 0:
        raise NotApplicableError
    center = context.lattice.center_mm
    shift = context.tied.point_map(center[None])[0] - center
    if np.isnan(shift).any():
        raise NotMeasurableError("the registration is undefined at the target's center")
    return float(shift[axis])


def _jacobians(context: SetContext) -> NDArray[np.float64]:
    """Determinant of the map's derivative at the target's points, by central differences over 1 mm."""
    point_map = context.tied.point_map
    if point_map is None or point_map.links == 0:
        raise NotApplicableError
    points = context.lattice.points_mm[context.lattice.is_inside]
    columns = [point_map(points + step) - point_map(points - step) for step in np.eye(3)]
    derivatives = np.stack(columns, axis=-1) / 2
    derivatives = derivatives[np.isfinite(derivatives).all(axis=(1, 2))]  # a field's border: no determinant
    if not len(derivatives):
        raise NotMeasurableError("the registration is undefined in the target")
    found: NDArray[np.float64] = np.linalg.det(derivatives)
    return found


def _rotation_deg(context: SetContext) -> float:
    """Angle of the rotation nearest to the map's derivative at the target's center."""
    point_map = context.tied.point_map
    if point_map is None or point_map.links == 0:
        raise NotApplicableError
    center = context.lattice.center_mm[None]
    columns = [(point_map(center + step) - point_map(center - step))[0] / 2 for step in np.eye(3)]
    derivative = np.stack(columns, axis=-1)
    if not np.isfinite(derivative).all():
        raise NotMeasurableError("the registration is undefined at the target's center")
    left, _, right = np.linalg.svd(derivative)
    return float(np.degrees(np.arccos(np.clip((np.trace(left @ right) - 1) / 2, -1, 1))))


def _largest_displacement_mm(context: SetContext) -> float:
    point_map = context.tied.point_map
    if point_map is None or point_map.links == 0:
        raise NotApplicableError
    points = context.lattice.points_mm[context.lattice.is_inside]
    moved = np.linalg.norm(point_map(points) - points, axis=1)
    if not np.isfinite(moved).any():
        raise NotMeasurableError("the registration is undefined in the target")
    return float(np.nanmax(moved))


def _covered(context: SetContext, *, around: bool) -> float:
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
        "Noise carried from another image set",
        Unit.NONE,
        "Share of an image's fine structure (what a blur by 0.8 voxels takes away, where both are flat) that another "
        "set holds at its contrast: near 1 of a copy, whatever noise was added; near 0 of another scan.",
        _carried,
    ),
    _metric(
        "fine_structure_correlation",
        "Noise correlation with another image set",
        Unit.NONE,
        "Pearson's correlation of the fine structure where both are flat: near 1 of a copy, whatever its contrast.",
        _fine_correlation,
    ),
    _metric(
        "rank_correlation",
        "Rank correlation with the most similar image set",
        Unit.NONE,
        "Spearman's correlation of the values in a box of up to 64 x 64 x 16 of its voxels about the target.",
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
)
"""Metrics of a secondary image set around the gross target."""


def measure_sets(found: TargetImages) -> tuple[SetConditions, ...]:
    """Measure the conditions of every secondary image set on the course's gross target.

    Raises
    ------
    NotMeasurableError
        If there is no target on the planning image's voxels, or that image cannot be read.
    """
    images = found.images
    secondary = [one for one in images.tied if one.image_set.role is ImageRole.SECONDARY]
    planning = next((one for one in images.tied if one.image_set.role is ImageRole.PLANNING), None)
    if not secondary or planning is None:
        return ()
    runs, grid = found.target.runs, found.target.grid.image
    if runs.count == 0 or grid is None:
        raise NotMeasurableError("no voxel center of the planning image lies inside")
    lattice = lattice_around(runs, grid)
    try:
        own = movable_image(images.pixels_of(planning), _as_it_is, lattice, planning.factor).values()
    except InputDataError as fault:
        raise NotMeasurableError(str(fault)) from fault
    return tuple(
        _measured(
            SetContext(
                images=images,
                tied=tied,
                lattice=lattice,
                planning_values=own,
                found=found,
                others=(planning, *secondary[:place]),
            )
        )
        for place, tied in enumerate(secondary)
    )


def _as_it_is(points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    return points_mm


def _measured(context: SetContext) -> SetConditions:
    values = compute_all(IMAGE_SET, context)
    conditions = (
        _tied(context),
        _independent(context, values),
        _aligned(values),
        _covers(values),
        _used(context, values),
    )
    return SetConditions(subject=context.tied.subject, conditions=conditions, values=values)


def _tied(context: SetContext) -> Condition:
    image_set, point_map = context.tied.image_set, context.tied.point_map
    is_met = point_map is not None
    return Condition(
        id="tied",
        is_met=is_met,
        value=None if point_map is None else float(len(context.tied.registration_uids)),
        unit=Unit.NONE,
        tolerance=0.0,
        source="PS3.3 C.7.4.1 (one frame of reference) and C.20.2 (registrations)",
        text=f"{'Tied' if is_met else 'Not tied'}: {image_set.shown_by}.",
    )


def _independent(context: SetContext, values: dict[str, Measurement]) -> Condition:
    fine, rank = (values[f"image_set.{key}"].value for key in ("fine_structure_correlation", "rank_correlation"))
    value = fine if fine is not None else rank
    copies = [subject for subject, each in context.likenesses if each.is_copy]
    same_time = _same_time(context)
    if copies:
        text = f"A copy of {', '.join(copies)}: it carries the same noise, or the same values, around the target."
    elif same_time:
        text = f"The same acquisition time as {same_time}: another reconstruction, not another acquisition."
    elif value is None:
        text = f"Independence could not be measured: {values['image_set.rank_correlation'].reason}."
    else:
        text = "Another acquisition: its values around the target are no copy of another set's."
    return Condition(
        id="independent",
        is_met=not copies and not same_time and value is not None,
        value=value,
        unit=Unit.NONE,
        tolerance=LARGEST_CORRELATION,
        source=CONVENTION,
        text=text,
    )


def _same_time(context: SetContext) -> str:
    """Subject of a set of its modality with the same stated acquisition time; empty where there is none."""
    one = context.tied.series
    for other in context.others:
        series = other.series
        if series.modality == one.modality and series.written_at and series.written_at == one.written_at:
            return other.subject
    return ""


def _aligned(values: dict[str, Measurement]) -> Condition:
    shift, far, near = (
        values[f"image_set.{key}"] for key in ("nearest_better_shift", "displacements_beaten", "perturbations_beaten")
    )
    if shift.value is None or far.value is None or near.value is None:
        text, is_met = f"The registration could not be checked: {shift.reason}.", False
    else:
        is_met = far.value >= LEAST_FAR_SHARE and shift.value <= LARGEST_SHIFT_MM
        words = "within" if shift.value <= TG132_MM else "beyond"
        text = (
            f"{'The registration holds' if is_met else 'The registration does not hold'}: the images are most alike "
            f"{shift.value:.1f} mm from where it puts them ({words} the 2 to 3 mm of TG-132); it beats "
            f"{100 * near.value:.0f}% of small perturbations and {100 * far.value:.0f}% of displacements by 30 mm."
        )
    return Condition(
        id="aligned",
        is_met=is_met,
        value=shift.value,
        unit=Unit.MM,
        tolerance=LARGEST_SHIFT_MM,
        source=CONVENTION,
        text=text,
    )


def _covers(values: dict[str, Measurement]) -> Condition:
    target, shell = values["image_set.target_covered"], values["image_set.shell_covered"]
    if target.value is None or shell.value is None:
        text, is_met = f"Coverage could not be measured: {target.reason}.", False
    else:
        is_met = target.value >= LEAST_COVERED
        text = (
            f"{'Covers' if is_met else 'Does not cover'} the target: {100 * target.value:.0f}% of its volume and "
            f"{100 * shell.value:.0f}% of the 10 mm around it lie inside the image."
        )
    return Condition(
        id="covers",
        is_met=is_met,
        value=target.value,
        unit=Unit.NONE,
        tolerance=LEAST_COVERED,
        source=CONVENTION,
        text=text,
    )


def _used(context: SetContext, values: dict[str, Measurement]) -> Condition:
    what = _rests_on(context)
    dice = values.get("image_set.uptake_dice")
    value = dice.value if dice is not None else None
    if not what and value is not None and value >= LEAST_UPTAKE_DICE:
        what = f"its uptake bounds the target (Dice {value:.2f})"
    return Condition(
        id="used",
        is_met=bool(what),
        value=value,
        unit=Unit.NONE,
        tolerance=LEAST_UPTAKE_DICE,
        source=CONVENTION,
        text=f"Used: {what}." if what else "No contour, structure set, derived ROI or uptake rests on it.",
    )


def _rests_on(context: SetContext) -> str:
    """What of the plan rests on the image set, in words; empty where nothing does."""
    case, image_set = context.images.case, context.tied.image_set
    uids = {uid for series in image_set.series for uid in series.sop_instance_uids}
    if any(not uids.isdisjoint(roi.image_uids) for roi in case.structure_set.rois):
        return "contours of the structure set name its images"
    drawn = {series.series_uid for series in case.contoured_series}
    if drawn.intersection(series.series_uid for series in image_set.series):
        return "another structure set that is here was drawn on it"
    if image_set.modality == "PT" and any(is_pet_derived(roi.name) for roi in case.structure_set.rois):
        return "an ROI is a threshold of its uptake"
    return ""


def as_counted(images: CaseImages, sets: Sequence[SetConditions]) -> tuple[ImageSet, ...]:
    """Return the image sets of a case at the level at which they count: a secondary set that misses one as present."""
    counting = {each.subject for each in sets if each.counts}
    return tuple(_as_counted(one, is_counting=one.subject in counting) for one in images.tied)


def _as_counted(tied: TiedImage, *, is_counting: bool) -> ImageSet:
    image_set = tied.image_set
    if image_set.role is not ImageRole.SECONDARY:
        return image_set
    if not is_counting:
        return replace(image_set, level=EvidenceLevel.PRESENT)
    shown = image_set.level in SHOWN_USED
    return image_set if shown else replace(image_set, level=EvidenceLevel.REFERENCED)


def copied_phases(course: Course) -> tuple[int, ...]:
    """Return numbers of contoured phases whose images around the target are copies of an earlier phase's."""
    if course.phases.count < 2 or not course.parts:
        return ()
    points = course.target.stack.points_mm
    u, v, normal = course.target.stack.u_axis, course.target.stack.v_axis, course.target.stack.normal
    height = float(course.target.stack.positions_mm.mean())
    center = (points.mean(axis=0) @ np.array([u, v]) + height * normal)[None]
    seen: list[NDArray[np.float64]] = []
    copied = []
    for phase in course.phases.phases:
        if phase.number in course.phases.copied:
            continue
        values = _around(phase.series, center, course)
        alike = (None if values is None or values.shape != one.shape else likeness(values, one) for one in seen)
        if any(each is not None and each.is_copy for each in alike):
            copied.append(phase.number)
        elif values is not None:
            seen.append(values)
    return tuple(copied)


def _around(series: ImageSeries, center_mm: NDArray[np.float64], course: Course) -> NDArray[np.float64] | None:
    """Values of a series around a point; None where it has none there or cannot be read."""
    box = _box_about(series.grid, center_mm)
    if box is None:
        return None
    try:
        return SeriesPixels(series=series, settings=course.images.settings).read(box).values()
    except InputDataError:
        return None
