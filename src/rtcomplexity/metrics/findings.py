"""What was odd about an ROI's contours, as issues in words.

Every sentence says what was found, with numbers, and what was done about it; an ROI is meant by its number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.geometry.stack.runs import Lattice, moved_planes, outside_share
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.model.issue import Issue, Severity, roi_subject
from rtcomplexity.units import MM3_PER_CM3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rtcomplexity.geometry.stack.stacking import StackFindings
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.metrics.measurement import Measurement

TPS_RELATIVE = 0.05
TPS_ABSOLUTE_CM3 = 0.05
"""A planning system's volume differs if by more than 5 % or 0.05 cm3, whichever is larger (BJR 2017)."""


def roi_issues(context: RoiContext, values: Mapping[str, Measurement]) -> tuple[Issue, ...]:
    """Issues about one ROI's contours and volume."""
    subject = roi_subject(context.roi.number)
    found = context.stacked.findings
    parts = (
        *_copies(found, subject),
        *_left_out(found, subject),
        *_shape(found, subject),
        *_gaps(found, subject),
        *_outside(context, subject),
        *_tps(context, values, subject),
    )
    return tuple(parts)


def _copies(found: StackFindings, subject: str) -> Iterator[Issue]:
    if found.exact_copies:
        yield Issue(
            code="duplicate-contours",
            severity=Severity.WARNING,
            subject=subject,
            text=f"Contours that stand twice or more on their plane: {found.exact_copies} copies; each counts once.",
        )
    if found.near_copies:
        yield Issue(
            code="near-duplicate-contours",
            severity=Severity.WARNING,
            subject=subject,
            text=f"Contours that almost repeat another on their plane: {found.near_copies}; of each group one counts.",
        )
    if found.cancelling_copies:
        yield Issue(
            code="xor-contours-cancel",
            severity=Severity.WARNING,
            subject=subject,
            text=(
                f"Contours of type CLOSEDPLANAR_XOR that repeat another on their plane: {found.cancelling_copies}; by "
                "that type two copies cancel each other, and nothing of them counts."
            ),
        )


def _left_out(found: StackFindings, subject: str) -> Iterator[Issue]:
    reasons = (
        ("contours-of-few-points", found.too_few_points, "have fewer than three distinct vertices"),
        ("contours-without-area", found.zero_area, "enclose no area"),
        ("contours-not-parallel", found.not_parallel, "lie in another orientation than the others"),
    )
    for code, number, reason in reasons:
        if number:
            yield Issue(
                code=code,
                severity=Severity.WARNING,
                subject=subject,
                text=f"Closed contours that {reason}: {number}, left out of areas and volumes.",
            )
    if found.closed_twice:
        yield Issue(
            code="contours-closed-twice",
            severity=Severity.WARNING,
            subject=subject,
            text=f"Contours traced more than once around: {found.closed_twice}; the first round of each is used.",
        )


def _shape(found: StackFindings, subject: str) -> Iterator[Issue]:
    if found.not_planar:
        yield Issue(
            code="contours-not-planar",
            severity=Severity.WARNING,
            subject=subject,
            text=(
                f"Closed contours that leave their plane: {found.not_planar}, by up to "
                f"{found.largest_departure_mm:.2g} mm; they are measured flattened onto their mean position."
            ),
        )
    if found.self_crossing:
        yield Issue(
            code="self-crossing-contours",
            severity=Severity.INFO,
            subject=subject,
            text=f"Contours that cross themselves: {found.self_crossing}; their area follows the even-odd rule.",
        )
    if found.partly_overlapping:
        yield Issue(
            code="partly-overlapping-contours",
            severity=Severity.WARNING,
            subject=subject,
            text=(
                f"Pairs of contours that overlap but are neither nested nor copies: {found.partly_overlapping}; the "
                f"even-odd rule leaves out what they share{_by_joining(found.overlap_mm3)}"
            ),
        )


def _by_joining(gain_mm3: float) -> str:
    if not math.isfinite(gain_mm3):
        return "."
    return f". Joined, they change the volume by {gain_mm3 / MM3_PER_CM3:+.3g} cm3; that volume is given beside it."


def _gaps(found: StackFindings, subject: str) -> Iterator[Issue]:
    if found.gaps and not found.unjudged:
        yield Issue(
            code="missing-planes",
            severity=Severity.WARNING,
            subject=subject,
            text=(
                f"Gaps, {_why_gap(found.usual_mm)}: {found.gaps}, over {found.missing_mm:.3g} mm in all. They are not "
                "filled; the volume if they were is given as well."
            ),
        )
    if found.unjudged:
        yield Issue(
            code="plane-spacing-unknown",
            severity=Severity.WARNING,
            subject=subject,
            text=f"No image or other contour shows the usual plane spacing. {_taken(found)}",
        )
    if found.stated_thickness:
        yield Issue(
            code="slab-thickness-stated",
            severity=Severity.WARNING,
            subject=subject,
            text=(
                f"Planes whose thickness only Contour Slab Thickness (3006,0044) states: {found.stated_thickness}; the "
                "stated thickness is used."
            ),
        )


def _why_gap(usual_mm: float) -> str:
    if usual_mm:
        return f"stretches without contours beyond the usual plane spacing of {usual_mm:.3g} mm"
    return "where image slices between two contours carry none"


def _taken(found: StackFindings) -> str:
    if found.gaps:
        return (
            f"Wide stretches without contours: {found.gaps}, over {found.missing_mm:.3g} mm in all, taken as gaps; the "
            "volume if they were filled is given as well."
        )
    return "The two planes were taken as neighbors; the volume is too large if contours are missing between them."


def _outside(context: RoiContext, subject: str) -> Iterator[Issue]:
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
        yield Issue(
            code="contours-outside-image",
            severity=Severity.WARNING,
            subject=subject,
            text=(
                f"Outside the planning image: {outside}. They count in the "
                "contour volume and are not represented in the voxel mask."
            ),
        )


def _outside_words(vertices: int, all_vertices: int, planes: int, all_planes: int) -> str:
    """Name what lies outside, and only that: planes beyond the image's slices, vertices beyond its rows and columns.

    Examples
    --------
    >>> _outside_words(0, 900, 97, 120), _outside_words(3, 900, 0, 12), _outside_words(3, 900, 1, 12)
    ('97 of 120 planes', '3 of 900 vertices', '1 of 12 planes and 3 of 900 vertices')
    """
    counts = ((planes, f"{planes} of {all_planes} planes"), (vertices, f"{vertices} of {all_vertices} vertices"))
    return " and ".join(words for count, words in counts if count)


def _tps(context: RoiContext, values: Mapping[str, Measurement], subject: str) -> Iterator[Issue]:
    own, theirs = values["shape.volume"].value, context.roi.tps_volume_cm3
    if own is None or theirs is None or abs(theirs - own) <= _allowed(own):
        return
    difference = f" ({100 * (own / theirs - 1):+.1f} %)" if theirs > 0 else ""
    text = f"The planning system says {theirs:g} cm3; the contours enclose {own:g} cm3{difference}."
    with_copies = own + context.stacked.findings.copies_mm3 / MM3_PER_CM3
    if with_copies > own and abs(theirs - with_copies) <= _allowed(with_copies):
        text += (
            f" Counting every copy of the repeated contours gives {with_copies:.4g} cm3: the system counts them all."
        )
    yield Issue(code="tps-volume-differs", severity=Severity.WARNING, subject=subject, text=text)


def _allowed(volume_cm3: float) -> float:
    return max(TPS_RELATIVE * volume_cm3, TPS_ABSOLUTE_CM3)
