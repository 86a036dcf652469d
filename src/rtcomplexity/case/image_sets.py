"""The image sets of a case: which series make one acquisition, what each is to the plan, and what shows that.

Counts acquisitions, not series: the phases of a 4D-CT are one set. Levels follow DICOM objects only; that a series is
here shows nothing about its use.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.case.image_link import modality_rank
from rtcomplexity.case.registration_graph import find_path, space_of
from rtcomplexity.case.subseries import SAME_POSITION_MM
from rtcomplexity.model.case import EvidenceLevel, ImageRole, ImageSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtcomplexity.case.image_link import Link
    from rtcomplexity.case.image_series import FoundSeries
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.registration import SpatialRegistration
    from rtcomplexity.model.structure_set import ImageReferences


def build_image_sets(
    found: Sequence[FoundSeries],
    link: Link,
    references: ImageReferences,
    registrations: Iterable[SpatialRegistration],
    contoured: Sequence[ImageSeries] = (),
) -> tuple[tuple[ImageSet, ...], tuple[Issue, ...]]:
    """Group series into image sets, the planning one first, and turn what was found about them into issues.

    Parameters
    ----------
    found : sequence of FoundSeries
        All series.
    link : Link
        What ties the structure set to its planning series.
    references : ImageReferences
        Of the structure set.
    registrations : iterable of SpatialRegistration
        All that are here.
    contoured : sequence of ImageSeries
        Those on which other structure sets have gross targets.

    Returns
    -------
    tuple of ImageSet
        Planning set, then CT, MR, PET, each by time and UID.
    tuple of Issue
        Subjects ``image:CT:1`` number the sets of a modality in that order.
    """
    registrations = tuple(registrations)
    planning = link.planning
    frame = planning.series.frame_of_reference_uid if planning else ""
    named = _named_series(found, references)
    groups = sorted(_acquisitions(found), key=lambda group: _order(group, planning))
    sets = tuple(_image_set(group, link, references, named, frame, registrations, contoured) for group in groups)
    return sets, _issues(groups)


def _named_series(found: Iterable[FoundSeries], references: ImageReferences) -> frozenset[str]:
    """DICOM series of which the set names images: of several volumes in one, those without a named image are not it."""
    named = references.image_uids
    return frozenset(one.series.series_uid for one in found if not named.isdisjoint(one.series.sop_instance_uids))


def _acquisitions(found: Sequence[FoundSeries]) -> list[list[FoundSeries]]:
    """Phases are one acquisition: of one series, or series of one stack whose descriptions name different phases."""
    groups: dict[tuple[object, ...], list[FoundSeries]] = defaultdict(list)
    for number, one in enumerate(found):
        groups[_acquisition_key(one, number)].append(one)
    return [part for group in groups.values() for part in ([group] if _are_phases(group) else [[one] for one in group])]


def _are_phases(group: Sequence[FoundSeries]) -> bool:
    """Whether more than one phase is named: "T10 bone" and "T10 soft tissue" are two images of a vertebra."""
    return group[0].phase is not None or len({one.named_phase for one in group}) > 1


def _acquisition_key(one: FoundSeries, number: int) -> tuple[object, ...]:
    series = one.series
    if one.not_counted_because:
        return (number,)
    if one.phase is not None:
        return ("phases of one series", series.study_uid, series.series_uid)
    if one.named_phase is None:
        return (number,)
    stack = np.round(series.grid.slice_positions_mm / SAME_POSITION_MM).astype(np.int64)
    frame = series.frame_of_reference_uid
    return (
        "series a phase",
        series.modality,
        series.study_uid,
        frame,
        series.grid.rows,
        series.grid.columns,
        stack.tobytes(),
    )


def _order(group: Sequence[FoundSeries], planning: FoundSeries | None) -> tuple[object, ...]:
    series = group[0].series
    is_planning = any(one is planning for one in group)
    return (not is_planning, modality_rank(series.modality), series.modality, series.written_at, series.series_uid)


def _image_set(
    group: Sequence[FoundSeries],
    link: Link,
    references: ImageReferences,
    named_series: frozenset[str],
    frame: str,
    registrations: Sequence[SpatialRegistration],
    contoured: Sequence[ImageSeries],
) -> ImageSet:
    series = tuple(one.series for one in _in_order(group, link.planning))
    if any(one is link.planning for one in group):
        return ImageSet(series=series, role=ImageRole.PLANNING, level=EvidenceLevel.REFERENCED, shown_by=link.text)
    level, shown_by = _level(series, references, named_series, frame, registrations, contoured)
    excluded = group[0].not_counted_because
    if excluded:
        return ImageSet(series=series, role=ImageRole.NOT_COUNTED, level=level, shown_by=f"{excluded}; {shown_by}")
    return ImageSet(series=series, role=ImageRole.SECONDARY, level=level, shown_by=shown_by)


def _in_order(group: Sequence[FoundSeries], planning: FoundSeries | None) -> list[FoundSeries]:
    """Phases by number, the planning image before all."""
    return sorted(group, key=lambda one: (one is not planning, one.phase or 0, one.named_phase or 0))


def _level(
    series: Sequence[ImageSeries],
    references: ImageReferences,
    named_series: frozenset[str],
    frame: str,
    registrations: Sequence[SpatialRegistration],
    contoured: Sequence[ImageSeries],
) -> tuple[EvidenceLevel, str]:
    named = references.image_uids.intersection(uid for one in series for uid in one.sop_instance_uids)
    own_frame = series[0].frame_of_reference_uid
    if named:
        return EvidenceLevel.REFERENCED, f"the structure set references {len(named)} of its images"
    if (references.series_uids - named_series).intersection(one.series_uid for one in series):
        return EvidenceLevel.REFERENCED, "the structure set references its series"
    if path := find_path(registrations, frame, space_of(series[0], registrations)):
        kind = "deformable" if any(edge.is_deformable for edge in path) else "spatial"
        what = "moves it within" if own_frame == frame else "links its frame to"
        return EvidenceLevel.REGISTERED, f"a {kind} registration {what} the planning image's"
    if own_frame and own_frame == frame and any(one is other for one in series for other in contoured):
        return EvidenceLevel.REFERENCED, "another structure set in the planning image's frame was contoured on it"
    if own_frame and own_frame == frame:
        return EvidenceLevel.SAME_FRAME, "it shares the planning image's frame of reference"
    return EvidenceLevel.PRESENT, "nothing links it to the planning image"


def _issues(groups: Sequence[Sequence[FoundSeries]]) -> tuple[Issue, ...]:
    numbers: dict[str, int] = defaultdict(int)
    issues = []
    for group in groups:
        modality = group[0].series.modality
        numbers[modality] += 1
        subject = f"image:{modality}:{numbers[modality]}"
        issues += [replace(finding, subject=subject) for one in group for finding in one.findings]
    return tuple(sorted(set(issues)))
