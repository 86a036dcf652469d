"""Five measured conditions for a secondary image set to count: tied, independent, aligned, covering, used.

Each compares a number with a stated tolerance, on the union of the gross targets. A set that fails one is listed with
the reason and does not count. Decision 0050 states which tolerances are conventions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from rtcomplexity.case.target_names import is_pet_derived
from rtcomplexity.case.visits import SHOWN_USED
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.alignment import lattice_around, movable_image
from rtcomplexity.fusion.copies import (
    LARGEST_CORRELATION,
    LARGEST_PART,
    LARGEST_RANK_CORRELATION,
    LIKE,
    likeness,
)
from rtcomplexity.fusion.filtered_copies import LEAST_DISPLACEMENT, remainder
from rtcomplexity.fusion.frames import IDENTITY
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.image_set import (
    IMAGE_SET,
    TG132_MM,
    PlanningSamples,
    SetContext,
    box_about,
    found_in,
    shell_corners_mm,
)
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.model.case import EvidenceLevel, ImageRole
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.fusion.case_images import CaseImages
    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.metrics.course import Course
    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.metrics.target_images import TargetImages
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.case import ImageSet
    from rtcomplexity.model.image import ImageSeries

LEAST_FAR_SHARE: Final = 0.98
LARGEST_SHIFT_MM: Final = 10.0
LEAST_COVERED: Final = 0.95
LEAST_UPTAKE_DICE: Final = 0.5
LEAST_AT_CONTOUR: Final = 0.5
"""Least share of the contour on the border seen in an MR; chance alone gives at most about 0.3."""
LEAST_CLOSER: Final = 0.05
"""Least excess of this share over that of the planning image's own border."""
MIDDLE_BOX: Final = (16, 64, 64)
"""Voxels in which phases are compared behind a filter, each with all earlier ones."""
CONVENTION: Final = "convention (decision 0050)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of one image set."""

    id: Literal["tied", "independent", "aligned", "covers", "used"]
    """tied, independent, aligned, covers or used."""
    is_met: bool
    value: float | None
    """The deciding number; None if it could not be measured, or a fact decides."""
    unit: Unit
    tolerance: float
    metric: str = ""
    """Key of the metric that gives the value; empty if a fact decides."""
    comparison: Literal["at most", "at least", ""] = ""
    """Required relation of the value to the tolerance."""
    source: str
    """Origin of the tolerance."""
    text: str
    """The finding, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetConditions:
    """Measurements of one secondary image set."""

    subject: str
    """Name in issues, such as ``image:PT:1``."""
    conditions: tuple[Condition, ...]
    values: dict[str, Measurement]
    """By key, as declared in :data:`IMAGE_SET`."""

    @property
    def counts(self) -> bool:
        """Whether all five conditions hold."""
        return all(each.is_met for each in self.conditions)

    @property
    def is_tied(self) -> bool:
        """Whether it shares the planning frame of reference or registrations lead to it."""
        return any(each.id == "tied" and each.is_met for each in self.conditions)

    @property
    def missed(self) -> tuple[str, ...]:
        """Texts of the conditions not met."""
        return tuple(each.text for each in self.conditions if not each.is_met)


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
        values = movable_image(images.pixels_of(planning.series), IDENTITY, lattice, planning.factor).values()
    except InputDataError as fault:
        raise NotMeasurableError(found_in(fault)) from fault
    samples = PlanningSamples(images=images, tied=planning, found=found, lattice=lattice, values=values)
    return tuple(
        _measured(SetContext(tied=tied, planning=samples, others=(planning, *secondary[:place])))
        for place, tied in enumerate(secondary)
    )


def _measured(context: SetContext) -> SetConditions:
    """All five conditions of one image set."""
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
    """Whether the set is in the planning frame or registered to it."""
    image_set, point_map = context.tied.image_set, context.tied.point_map
    is_met = point_map is not None
    but = ", but no registration leads to its frame" if image_set.level is EvidenceLevel.REFERENCED else ""
    return Condition(
        id="tied",
        is_met=is_met,
        value=None,
        unit=Unit.NONE,
        tolerance=0.0,
        source="PS3.3 C.7.4.1 (one frame of reference) and C.20.2 (registrations)",
        text=f"Tied: {image_set.shown_by}." if is_met else f"Not tied: {image_set.shown_by}{but}.",
    )


def _independent(context: SetContext, values: dict[str, Measurement]) -> Condition:
    """Whether the set is an acquisition of its own, not a copy or another reconstruction."""
    fine, rank = (values[f"image_set.{key}"].value for key in ("fine_structure_correlation", "rank_correlation"))
    value = fine if fine is not None else rank
    copies = [subject for subject, each in context.likenesses if each.is_copy]
    same_time, shared = _same_time(context), _shared_scanner(context)
    if copies:
        text = f"A copy of {', '.join(copies)}: {_of_copy(context)}."
    elif same_time:
        text = f"The same acquisition time as {same_time}: another reconstruction, not another acquisition."
    elif shared:
        text = f"From the scanner that {shared} states, by serial number: no device makes both CT and MR."
    elif value is None:
        text = f"Independence could not be measured: {values['image_set.rank_correlation'].reason}."
    else:
        text = (
            f"Another acquisition{_what_differs(context)}: its values around the target are no copy of another set's."
        )
    decisive = _decisive_of(context, values, is_copy=bool(copies))
    return Condition(
        id="independent",
        is_met=not copies and not same_time and not shared and value is not None,
        value=decisive.value,
        unit=Unit.NONE,
        tolerance=decisive.tolerance,
        metric=decisive.key,
        comparison=decisive.comparison,
        source=CONVENTION,
        text=text,
    )


def _of_copy(context: SetContext) -> str:
    """The evidence for a copy, as a clause."""
    if context.most_alike[1].is_filtered_copy:
        return "behind a filter it shows the same anatomy to a part of a voxel, and the same noise, around the target"
    return "it carries the same noise, or the same values, around the target"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decisive:
    """The number that decides whether a set is a copy."""

    key: str
    value: float | None
    tolerance: float
    comparison: Literal["at most", "at least"] = "at most"


def _decisive_of(context: SetContext, values: dict[str, Measurement], *, is_copy: bool) -> _Decisive:
    """The metric that decides whether the set is a copy, with value and limit."""

    def of(key: str, limit: float) -> _Decisive:
        return _Decisive(key=f"image_set.{key}", value=values[f"image_set.{key}"].value, tolerance=limit)

    correlation = of("fine_structure_correlation", LARGEST_CORRELATION)
    if correlation.value is None:
        return of("rank_correlation", LARGEST_RANK_CORRELATION)
    if not is_copy:
        return correlation
    limits = context.most_alike[1].limits
    asked = (
        correlation,
        of("fine_structure_carried", limits.carried),
        of("noise_carried", limits.noise_carried),
        of("noise_carried_part", LARGEST_PART),
    )
    over = (each for each in asked if each.value is not None and abs(each.value) > each.tolerance)
    filtered = replace(of("filter_displacement", LEAST_DISPLACEMENT), comparison="at least")
    return next(over, filtered if filtered.value is not None else correlation)


def _same_time(context: SetContext) -> str:
    """Another set of the same modality with the same stated acquisition time; empty if there is none."""
    one = context.tied.series
    for other in context.others:
        series = other.series
        if series.modality == one.modality and series.written_at and series.written_at == one.written_at:
            return other.subject
    return ""


def _shared_scanner(context: SetContext) -> str:
    """Another set stating the same scanner although no device produces both modalities; empty if there is none.

    A PET shares its scanner with the CT or MR acquired with it.
    """
    one = context.tied.series
    for other in context.others:
        series = other.series
        is_impossible = {one.modality, series.modality} == {"CT", "MR"}
        if is_impossible and one.equipment and one.equipment == series.equipment:
            return other.subject
    return ""


def _what_differs(context: SetContext) -> str:
    """What the headers show to differ from the planning image, as a clause; empty if nothing."""
    one, planning = context.tied.series, context.planning.tied.series
    facts = (
        ("time", one.written_at, planning.written_at),
        ("scanner", one.equipment, planning.equipment),
        ("frame of reference", one.frame_of_reference_uid, planning.frame_of_reference_uid),
    )
    others = [name for name, own, its in facts if own and its and own != its]
    return f" (another {', another '.join(others)})" if others else ""


def _aligned(values: dict[str, Measurement]) -> Condition:
    """Whether the stated registration holds around the target."""
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
        metric="image_set.nearest_better_shift",
        comparison="at most",
        source=CONVENTION,
        text=text,
    )


def _covers(values: dict[str, Measurement]) -> Condition:
    """Whether the set covers the target."""
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
        metric="image_set.target_covered",
        comparison="at least",
        source=CONVENTION,
        text=text,
    )


def _used(context: SetContext, values: dict[str, Measurement]) -> Condition:
    """Whether any contour, structure set, derived ROI, uptake or border rests on the set."""
    key = "image_set.border_at_contour" if context.tied.image_set.modality == "MR" else "image_set.uptake_dice"
    rests, shown = _rests_on(context), values.get(key)
    value = None if rests or shown is None else shown.value
    what = rests or _bounds(key, value, values)
    return Condition(
        id="used",
        is_met=bool(what),
        value=value,
        unit=Unit.NONE,
        tolerance=LEAST_UPTAKE_DICE if key.endswith("dice") else LEAST_AT_CONTOUR,
        metric="" if value is None else key,
        comparison="" if value is None else "at least",
        source=CONVENTION,
        text=f"Used: {what}." if what else _not_used(shown),
    )


def _not_used(shown: Measurement | None) -> str:
    """The negative finding; what could not be measured is not called absent."""
    if shown is None or shown.value is not None:
        return "No contour, structure set, derived ROI, uptake or border rests on it."
    return (
        "No contour, structure set or derived ROI rests on it; whether the target follows what it shows could not be "
        f"measured: {shown.reason}."
    )


def _bounds(key: str, value: float | None, values: dict[str, Measurement]) -> str:
    """How the image bounds the target, in words; empty if it does not.

    An MR bounds it if the contour follows the border in the MR, and does so more closely than the border in the
    planning image: a contour drawn on the planning image alone follows the latter.
    """
    if value is None:
        return ""
    if key == "image_set.uptake_dice":
        return f"its uptake bounds the target (Dice {value:.2f})" if value >= LEAST_UPTAKE_DICE else ""
    planning = values["image_set.planning_border_at_contour"].value
    if planning is None or value < max(LEAST_AT_CONTOUR, planning + LEAST_CLOSER):
        return ""
    return (
        f"its border bounds the target ({100 * value:.0f}% of the contour lies within 3 mm of it, "
        f"{100 * planning:.0f}% of the planning image's)"
    )


def _rests_on(context: SetContext) -> str:
    """Which part of the plan is based on the image set, in words; empty if none."""
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
    """Image sets of a case at the level at which they count; secondary sets failing a condition are only present."""
    counting = {each.subject for each in sets if each.counts}
    return tuple(_as_counted(one, is_counting=one.subject in counting) for one in images.tied)


def _as_counted(tied: TiedImage, *, is_counting: bool) -> ImageSet:
    """One image set at the level at which it counts."""
    image_set = tied.image_set
    if image_set.role is not ImageRole.SECONDARY:
        return image_set
    if not is_counting:
        return replace(image_set, level=EvidenceLevel.PRESENT)
    shown = image_set.level in SHOWN_USED
    return image_set if shown else replace(image_set, level=EvidenceLevel.REFERENCED)


def copied_phases(course: Course) -> tuple[int, ...]:
    """Numbers of contoured phases whose images around the target are copies of an earlier phase's."""
    if course.phases.count < 2 or not course.parts:
        return ()
    corners = shell_corners_mm(course.target.surface.points_mm)
    seen: list[Floats] = []
    copied = []
    for phase in course.phases.phases:
        if phase.number in course.phases.copied:
            continue
        values = _around(phase.series, corners, course)
        if values is not None and any(_is_copy(values, one) for one in seen):
            copied.append(phase.number)
        elif values is not None:
            seen.append(values)
    return tuple(copied)


def _is_copy(values: Floats, one: Floats) -> bool:
    """Whether a phase's values are a copy of another's; copies behind a filter are sought in the middle only."""
    alike = likeness(values, one) if values.shape == one.shape else None
    if alike is None or alike.is_copy or alike.fine_correlation is None:
        return alike is not None and alike.is_copy
    rest = remainder(_middle(values), _middle(one))
    return rest is not None and rest.shows_copy(least_explained=LIKE.explained)


def _middle(values: Floats) -> Floats:
    """The central voxels of a box."""
    starts = [max(size - most, 0) // 2 for size, most in zip(values.shape, MIDDLE_BOX, strict=True)]
    return values[tuple(slice(start, start + most) for start, most in zip(starts, MIDDLE_BOX, strict=True))]


def _around(series: ImageSeries, corners_mm: Floats, course: Course) -> Floats | None:
    """Values of a series around the target; None if it has none there or cannot be read."""
    box = box_about(series.grid, corners_mm)
    if box is None:
        return None
    try:
        return course.images.pixels_once(series).read(box).values()
    except InputDataError:
        return None
