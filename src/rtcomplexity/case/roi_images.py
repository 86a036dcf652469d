"""On which image series each ROI was drawn, as far as the images that its contours name are here.

An ROI whose contours name no image, or none that was found, is taken to be on the images of its structure set. Points
say where a contour lies, whatever image it names; where the two disagree, that is said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.case import ImageLink
from rtcomplexity.model.issue import MOST_LISTED, Issue, listed_numbers, roi_subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtcomplexity.case.image_link import Link
    from rtcomplexity.model.case import ImageSet
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.structure_set import Roi, StructureSet

_SLACK_MM: Final = 0.1
"""Beyond half the gap to the next slice: which of two slices a contour between them names is a matter of rounding."""
_EXTREMES: Final = (np.minimum, np.maximum)


def owners(series: Iterable[ImageSeries], *, first: ImageSeries | None = None) -> dict[str, ImageSeries]:
    """Series of each image, by SOP Instance UID; one that several share (frames of a file) is the `first` one's."""
    ordered = sorted(series, key=lambda one: one is first)
    return {uid: one for one in ordered for uid in one.sop_instance_uids}


def images_named(roi: Roi, owner: Mapping[str, ImageSeries]) -> tuple[tuple[ImageSeries, int], ...]:
    """Series that an ROI's contours name, each with the number of its images that they name; most first."""
    counts = Counter(id(owner[uid]) for uid in roi.image_uids if uid in owner)
    by_id = {id(owner[uid]): owner[uid] for uid in roi.image_uids if uid in owner}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], by_id[item[0]].sop_instance_uids))
    return tuple((by_id[key], count) for key, count in ordered)


def drawn_on(roi: Roi, owner: Mapping[str, ImageSeries], planning: ImageSeries) -> ImageSeries | None:
    """Return the series that an ROI was contoured on: `planning` if none is named, None if several are."""
    named = images_named(roi, owner)
    if len(named) > 1:
        return None
    return named[0][0] if named else planning


def roi_image_issues(chosen: StructureSet, link: Link, image_sets: Sequence[ImageSet]) -> list[Issue]:
    """Say which ROIs were contoured on images other than the planning image's.

    Parameters
    ----------
    chosen : StructureSet
        The assessed set.
    link : Link
        Its tie to the planning series; where no contour's reference resolves, that is said of the whole set.
    image_sets : sequence of ImageSet
        All of the case.
    """
    if link.planning is None or link.kind is not ImageLink.CONTOUR_IMAGE_SEQUENCE:
        return _ambiguous(link, image_sets)
    planning, words = link.planning.series, _words(image_sets)
    owner = owners((series for image_set in image_sets for series in image_set.series), first=planning)
    own_images = frozenset(planning.sop_instance_uids)
    issues, elsewhere, lost = [], defaultdict(list), []
    for roi in chosen.rois:
        if roi.image_uids <= own_images:
            continue
        named = images_named(roi, owner)
        if len(named) > 1:
            issues.append(_several(roi, [(words[id(series)], count) for series, count in named]))
        elif not named:
            lost.append(roi.number)
        elif named[0][0] is not planning:
            elsewhere[id(named[0][0])].append(roi.number)
    phases = _phases(image_sets, planning)
    issues += [_elsewhere(numbers, words[key], is_phase=key in phases) for key, numbers in elsewhere.items()]
    issues += [_lost(lost)] if lost else []
    return issues + _misnamed(chosen, planning)


def _ambiguous(link: Link, image_sets: Sequence[ImageSet]) -> list[Issue]:
    """Say which series fit a set as well as the planning one, where no contour names an image."""
    if link.planning is None or not link.rivals:
        return []
    words, planning = _words(image_sets), link.planning.series
    most = max(len(one.series.sop_instance_uids) for one in link.rivals)
    has_most = len(planning.sop_instance_uids) > most
    others = sorted(words[id(one.series)] for one in link.rivals)
    more = len(others) - MOST_LISTED
    return [
        codes.PLANNING_IMAGE_AMBIGUOUS.about(
            "plan",
            chosen=words[id(planning)],
            why="it has the most slices" if has_most else "its Series Instance UID is the first",
            others=", ".join(others[:MOST_LISTED]) + (f" and {more} more" if more > 0 else ""),
        )
    ]


def _listed(numbers: Sequence[int]) -> str:
    """Numbers of ROIs in words: "ROI 3", "ROIs 3, 5"."""
    return f"{'ROI' if len(numbers) == 1 else 'ROIs'} {listed_numbers(numbers)}"


def phases_in_frame(image_sets: Iterable[ImageSet], planning: ImageSeries) -> tuple[ImageSet, ...]:
    """Acquisitions of several phases that hold the planning image, or lie in its frame of reference."""
    frame = planning.frame_of_reference_uid
    return tuple(
        image_set
        for image_set in image_sets
        if len(image_set.series) > 1
        and (
            any(one is planning for one in image_set.series)
            or (bool(frame) and image_set.series[0].frame_of_reference_uid == frame)
        )
    )


def _phases(image_sets: Iterable[ImageSet], planning: ImageSeries) -> frozenset[int]:
    return frozenset(id(one) for image_set in phases_in_frame(image_sets, planning) for one in image_set.series)


def _words(image_sets: Iterable[ImageSet]) -> dict[int, str]:
    """What a reader finds each series under: "MR 1", "phase 2 of CT 1"."""
    seen: Counter[str] = Counter()
    words = {}
    for image_set in image_sets:
        seen[image_set.modality] += 1
        name = f"{image_set.modality} {seen[image_set.modality]}"
        for number, series in enumerate(image_set.series, start=1):
            words[id(series)] = f"phase {number} of {name}" if len(image_set.series) > 1 else name
    return words


def _several(roi: Roi, named: Sequence[tuple[str, int]]) -> Issue:
    parts = ", ".join(f"{count} of {words}" for words, count in named)
    return codes.ROI_ON_SEVERAL_SERIES.about(roi_subject(roi.number), series=len(named), parts=parts)


def _elsewhere(numbers: Sequence[int], words: str, *, is_phase: bool) -> Issue:
    were = f"{_listed(numbers)} {'was' if len(numbers) == 1 else 'were'} contoured on {words}"
    if is_phase:
        return codes.ROIS_ON_PHASE.about("plan", were=were)
    return codes.ROIS_ON_OTHER_IMAGES.about("plan", were=were)


def _lost(numbers: Sequence[int]) -> Issue:
    return codes.ROI_IMAGES_MISSING.about("plan", rois=_listed(numbers))


def _misnamed(chosen: StructureSet, planning: ImageSeries) -> list[Issue]:
    """Say which contours name a slice of the planning image that lies elsewhere than their points."""
    reach_mm = _reach_mm(planning)
    away_mm = {roi.number: _away_mm(roi, planning, reach_mm) for roi in chosen.rois if roi.contour_image_uids}
    found = {number: max(away) for number, away in away_mm.items() if any(away)}
    if not found:
        return []
    count = sum(each > 0.0 for away in away_mm.values() for each in away)
    facts = {"count": count, "contours": sum(map(len, away_mm.values())), "away_mm": max(found.values())}
    return [codes.CONTOURS_NAME_OTHER_SLICES.about("plan", rois=_listed(list(found)), **facts)]


def _reach_mm(series: ImageSeries) -> dict[str, list[tuple[float, float]]]:
    """(position along the normal, how far off its contours may lie), mm, of each image: several where it has frames."""
    positions = series.grid.slice_positions_mm
    gaps = np.diff(positions)
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    if len(gaps):
        widest = np.maximum(np.append(gaps, gaps[-1]), np.insert(gaps, 0, gaps[0]))
        for uid, position, gap in zip(series.sop_instance_uids, positions.tolist(), widest.tolist(), strict=True):
            found[uid].append((position, gap / 2.0 + _SLACK_MM))
    return found


def _away_mm(roi: Roi, series: ImageSeries, reach_mm: Mapping[str, Sequence[tuple[float, float]]]) -> list[float]:
    """Distance of each contour that names slices of a series from the nearest of them, mm; 0 where it lies there."""
    contours = roi.contours
    filled = contours.point_counts > 0
    along = contours.points_mm @ series.grid.normal
    firsts = contours.offsets[:-1][filled]
    least, most = (function.reduceat(along, firsts).tolist() if len(firsts) else [] for function in _EXTREMES)
    named = [uids for uids, is_filled in zip(roi.contour_image_uids, filled.tolist(), strict=True) if is_filled]
    away = []
    for low, high, uids in zip(least, most, named, strict=True):
        slices = [slice_ for uid in uids for slice_ in reach_mm.get(uid, ())]
        if slices:
            far, allowed = min((max(position - high, low - position, 0.0), allowed) for position, allowed in slices)
            away.append(far if far > allowed else 0.0)
    return away
