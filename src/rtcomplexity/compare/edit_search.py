"""What was edited between an automatic contour, or a predecessor, and the planned target.

Each target that is no expansion of another ROI is compared with its nearest automatic counterpart of the same class: in
the same structure set, in a predecessor, or in an earlier set with the same frame of reference. Only the nearest
counts, so that a more distant or later contour cannot make an edit look larger. If no counterpart is automatic, a
predecessor is compared nevertheless, without any conclusion. Nothing in this module is scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.case.earlier_sets import AUTOMATIC
from rtcomplexity.compare.comparison import TOLERANCE_MM
from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.compare.delineation import ComparedPair, Delineation, delineation_of
from rtcomplexity.compare.edit import Edit, EditBasis, EditExtent
from rtcomplexity.compare.pairing import LEAST_DICE, dice_or_zero
from rtcomplexity.compare.sides import name_key
from rtcomplexity.metrics.context import RoiContext
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.metrics.measurement import MetricTable
    from rtcomplexity.model.structure_set import Roi

UNCHANGED_MM: Final = 0.05
"""Contours closer than this everywhere are equal: systems write coordinates with one or two decimals."""
LIGHT_SHARE: Final = 0.25
"""Convention: an edit is light if a smaller share of the contour length moved by more than the tolerance."""
EXTENSIVE_SHARE: Final = 0.5
"""Convention: an edit is extensive from this share on."""
METRICS: Final = frozenset(
    f"compare.{key}"
    for key in (
        "volume_first", "volume_second", "added_volume", "removed_volume", "edited_volume", "dice", "surface_dice",
        "hausdorff", "hausdorff_95", "added_path_length", "added_path_length_share", "removed_path_length",
        "plane_count", "planes_edited", "planes_new", "planes_gone",
    )
)  # fmt: skip
"""Comparison metrics included in the record."""
DEFINITIONS: Final = tuple(each for each in COMPARISONS if each.key in METRICS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Twin:
    """An earlier contour that a target may have been edited from."""

    roi: Roi
    set_uid: str
    basis: EditBasis


def edits_of(measured: MeasuredCase, table: MetricTable) -> tuple[Edit, ...]:
    """Compare every target that is no expansion of another ROI with the contour it may have been edited from.

    Parameters
    ----------
    measured
        The case.
    table
        Its measurements, which identify expansions.
    """
    expansions = {each.roi_number for each in table.rois if each.derived_from is not None}
    found = []
    for roi in measured.case.structure_set.rois:
        if roi.target_class.is_target and roi.number not in expansions and (twins := _twins(roi, measured, expansions)):
            edit = _nearest_edit(roi, twins, measured)
            found += [] if edit is None else [edit]
    return tuple(found)


def _twins(roi: Roi, measured: MeasuredCase, expansions: set[int]) -> list[_Twin]:
    """The automatic counterparts of a target, otherwise its predecessors."""
    every = [
        twin
        for twin in _others(roi, measured)
        if twin.basis is not EditBasis.SAME_SET or twin.roi.number not in expansions
    ]
    automatic = [twin for twin in every if twin.roi.generation == AUTOMATIC]
    return automatic or [twin for twin in every if twin.basis is EditBasis.PREDECESSOR]


def _others(roi: Roi, measured: MeasuredCase) -> Iterator[_Twin]:
    """Every ROI of the same class and frame of reference that could be an earlier version."""
    case = measured.case
    sets = [(each.structure_set, each.is_predecessor) for each in case.earlier_sets]
    if roi.generation != AUTOMATIC:
        own = (other for other in case.structure_set.rois if other.generation == AUTOMATIC and other is not roi)
        yield from (
            _Twin(roi=other, set_uid=case.structure_set.sop_instance_uid, basis=EditBasis.SAME_SET)
            for other in own
            if _is_like(other, roi)
        )
    for structure_set, is_predecessor in sets:
        basis = EditBasis.PREDECESSOR if is_predecessor else EditBasis.EARLIER_SET
        yield from (
            _Twin(roi=other, set_uid=structure_set.sop_instance_uid, basis=basis)
            for other in structure_set.rois
            if _is_like(other, roi) and roi.frame_of_reference_uid
        )


def _is_like(other: Roi, roi: Roi) -> bool:
    """Whether two ROIs have the same class and frame of reference."""
    is_in_frame = other.frame_of_reference_uid == roi.frame_of_reference_uid
    return is_in_frame and other.target_class is roi.target_class and len(other.contours) > 0


def _nearest_edit(roi: Roi, twins: Sequence[_Twin], measured: MeasuredCase) -> Edit | None:
    """The edit from the most similar counterpart; None if none is a version of the target."""
    final = _delineation(roi, roi, measured)
    if final.stack is None:
        return None
    pairs = [
        (twin, ComparedPair(first=_delineation(twin.roi, roi, measured), second=final, tolerance_mm=TOLERANCE_MM))
        for twin in twins
    ]
    scored = [(dice_or_zero(pair), twin, pair) for twin, pair in pairs if pair.first.stack is not None]
    versions = [each for each in scored if each[0] > LEAST_DICE or _is_namesake(each[1], roi)]
    if not versions:
        return None
    _, twin, pair = max(versions, key=lambda each: each[0])  # the first of equal ones
    return _edit(roi, twin, pair)


def _is_namesake(twin: _Twin, roi: Roi) -> bool:
    """Whether a contour of another set has the target's name; within one set names do not indicate versions."""
    return twin.basis is not EditBasis.SAME_SET and name_key(twin.roi.name) == name_key(roi.name) != ""


def _delineation(roi: Roi, target: Roi, measured: MeasuredCase) -> Delineation:
    """An ROI's planes on the target's grid."""
    if roi is target:
        return delineation_of(measured.context(roi))
    return delineation_of(RoiContext(roi=roi, grid=measured.grids.of(target), settings=measured.settings))


def _edit(roi: Roi, twin: _Twin, pair: ComparedPair) -> Edit:
    extent, share = _extent(pair)
    return Edit(
        roi=roi,
        earlier=twin.roi,
        earlier_set_uid=twin.set_uid,
        basis=twin.basis,
        extent=extent,
        moved_share=share,
        tolerance_mm=pair.tolerance_mm,
        values=compute_all(DEFINITIONS, pair),
    )


def _extent(pair: ComparedPair) -> tuple[EditExtent, float | None]:
    """Extent of an edit, and the share of contour length affected."""
    try:
        ways = (pair.from_first, pair.from_second)
        lengths = [float(stack.plane_border_lengths_mm.sum()) for stack in pair.stacks]
    except NotMeasurableError:
        return EditExtent.NOT_MEASURED, None
    greatest = max(float(way.paths.greatest_mm().max(initial=0.0)) for way in ways)
    away = [float(way.away_mm.sum()) for way in ways]
    share = max(part / length for part, length in zip(away, lengths, strict=True))
    return extent_of(greatest, share, pair.tolerance_mm), share


def extent_of(greatest_mm: float, moved_share: float, tolerance_mm: float) -> EditExtent:
    """Classify the extent of an edit.

    Parameters
    ----------
    greatest_mm
        Largest distance between the contours of both, either way; inf if a plane has contours in one only.
    moved_share
        Share of contour length beyond the tolerance.
    tolerance_mm
        The tolerance.

    Examples
    --------
    >>> [extent_of(*each, 2.0).value for each in ((0.0, 0.0), (1.5, 0.0), (6.0, 0.2), (6.0, 0.3), (6.0, 0.5))]
    ['unchanged', 'within_tolerance', 'light', 'moderate', 'extensive']
    """
    if greatest_mm <= UNCHANGED_MM:
        return EditExtent.UNCHANGED
    if greatest_mm <= tolerance_mm:
        return EditExtent.WITHIN_TOLERANCE
    if moved_share < LIGHT_SHARE:
        return EditExtent.LIGHT
    return EditExtent.MODERATE if moved_share < EXTENSIVE_SHARE else EditExtent.EXTENSIVE
