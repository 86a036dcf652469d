"""Irregularities of an ROI's contours, as issues.

Each sentence states what was found, in numbers, and what was done about it; ROIs are identified by number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.stack.runs import Lattice, moved_planes, outside_share
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.issue import Issue, roi_subject
from rtcomplexity.units import MM3_PER_CM3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtcomplexity.geometry.stack.stacking import StackFindings
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.measurement import Measurement

TPS_RELATIVE = 0.05
TPS_ABSOLUTE_CM3 = 0.05
"""A TPS volume differs if it is off by more than 5% or 0.05 cm3, whichever is larger (BJR 2017)."""


def roi_issues(context: RoiContext, values: Mapping[str, Measurement]) -> tuple[Issue, ...]:
    """Issues with one ROI's contours and volume."""
    subject = roi_subject(context.roi.number)
    found = context.stacked.findings
    parts = (
        *_left_out(found, subject),
        *_shape(found, subject),
        *_gaps(found, subject),
        *_outside(context, subject),
        *_tps(context, values, subject),
    )
    return tuple(parts)


def _left_out(found: StackFindings, subject: str) -> Iterator[Issue]:
    """Contours that repeat others, or were excluded or shortened."""
    kinds = (
        (codes.DUPLICATE_CONTOURS, "copies", found.exact_copies),
        (codes.NEAR_DUPLICATE_CONTOURS, "copies", found.near_copies),
        (codes.XOR_CONTOURS_CANCEL, "copies", found.cancelling_copies),
        (codes.CONTOURS_OF_FEW_POINTS, "contours", found.too_few_points),
        (codes.CONTOURS_WITHOUT_AREA, "contours", found.zero_area),
        (codes.CONTOURS_NOT_PARALLEL, "contours", found.not_parallel),
        (codes.CONTOURS_CLOSED_TWICE, "contours", found.closed_twice),
    )
    yield from (code.about(subject, **{noun: number}) for code, noun, number in kinds if number)


def _shape(found: StackFindings, subject: str) -> Iterator[Issue]:
    """Contours that are not planar, cross themselves or overlap."""
    if found.not_planar:
        yield codes.CONTOURS_NOT_PLANAR.about(
            subject, contours=found.not_planar, departure_mm=found.largest_departure_mm
        )
    if found.self_crossing:
        yield codes.SELF_CROSSING_CONTOURS.about(subject, contours=found.self_crossing)
    if found.partly_overlapping:
        yield codes.PARTLY_OVERLAPPING_CONTOURS.about(
            subject, pairs=found.partly_overlapping, joined=_by_joining(found.overlap_mm3)
        )


def _by_joining(gain_mm3: float) -> str:
    if not math.isfinite(gain_mm3):
        return "."
    return f". Joined, they change the volume by {gain_mm3 / MM3_PER_CM3:+.3g} cm³; that volume is also given."


def _gaps(found: StackFindings, subject: str) -> Iterator[Issue]:
    """Missing planes, and planes of unknown thickness."""
    if found.gaps and not found.unjudged:
        facts = {"why": _why_gap(found.usual_mm), "gaps": found.gaps, "missing_mm": found.missing_mm}
        yield codes.MISSING_PLANES.about(subject, **facts)
    if found.unjudged and found.gaps:
        yield codes.PLANE_SPACING_UNKNOWN.about(subject, gaps=found.gaps, missing_mm=found.missing_mm)
    elif found.unjudged:
        yield codes.PLANE_SPACING_UNKNOWN.about(subject)
    if found.stated_thickness:
        yield codes.SLAB_THICKNESS_STATED.about(subject, planes=found.stated_thickness)


def _why_gap(usual_mm: float) -> str:
    if usual_mm:
        return f"stretches without contours beyond the usual plane spacing of {usual_mm:.3g} mm"
    return "where image slices between two contours carry none"


def _outside(context: RoiContext, subject: str) -> Iterator[Issue]:
    """Contours outside the planning image."""
    try:
        context.runs  # noqa: B018 - whether there is a grid to lie outside of
    except NotMeasurableError:
        return
    image = context.grid.image
    if image is None:
        return
    nearest = np.abs(context.stack.positions_mm[:, None] - image.slice_positions_mm).argmin(axis=1)
    on_first = moved_planes(context.stack, np.arange(len(nearest)), -image.in_plane_shifts_mm[nearest])
    share = outside_share(on_first, Lattice.of_grid(image))
    half = (image.slice_spacing_mm or 0) * 0.5 + context.settings.plane_tolerance_mm
    first, last = image.slice_positions_mm[[0, -1]]
    positions = context.stack.positions_mm
    beyond = int(((positions < first - half) | (positions > last + half)).sum())
    vertices = len(on_first.points_mm)
    outside = _outside_words(round(share * vertices), vertices, beyond, len(positions))
    if outside:
        yield codes.CONTOURS_OUTSIDE_IMAGE.about(subject, outside=outside)


def _outside_words(vertices: int, all_vertices: int, planes: int, all_planes: int) -> str:
    """Describe what lies outside: planes beyond the slices of the image, vertices beyond its rows and columns.

    Examples
    --------
    >>> _outside_words(0, 900, 97, 120), _outside_words(3, 900, 0, 12), _outside_words(3, 900, 1, 12)
    ('97 of 120 planes', '3 of 900 vertices', '1 of 12 planes and 3 of 900 vertices')
    """
    counts = ((planes, f"{planes} of {all_planes} planes"), (vertices, f"{vertices} of {all_vertices} vertices"))
    return " and ".join(words for count, words in counts if count)


def _tps(context: RoiContext, values: Mapping[str, Measurement], subject: str) -> Iterator[Issue]:
    """A TPS volume that differs from ours."""
    own, theirs = values["shape.volume"].value, context.roi.tps_volume_cm3
    if own is None or theirs is None or abs(theirs - own) <= _allowed(own):
        return
    difference = f" ({100 * (own / theirs - 1):+.1f}%)" if theirs > 0 else ""
    facts = {"theirs": theirs, "own": own, "difference": difference}
    with_copies = own + context.stacked.findings.copies_mm3 / MM3_PER_CM3
    if with_copies > own and abs(theirs - with_copies) <= _allowed(with_copies):
        facts["with_copies"] = with_copies
    yield codes.TPS_VOLUME_DIFFERS.about(subject, **facts)


def _allowed(volume_cm3: float) -> float:
    """Largest difference that counts as equal, cm3."""
    return max(TPS_RELATIVE * volume_cm3, TPS_ABSOLUTE_CM3)
