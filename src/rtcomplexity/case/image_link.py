"""What ties a structure set to one of the image series that were found, and how firmly.

Contour Image Sequence, else study-level image references, else Series UID, else Frame of Reference UID. Nothing is
tied by position alone; :func:`planes_agree` only says that positions would fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.model.case import ImageLink

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtcomplexity.case.image_series import FoundSeries
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import ImageReferences, StructureSet

MODALITY_ORDER: Final = ("CT", "MR", "PT")
_AGREEMENT_MM: Final = 0.1
_AGREEING_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """A structure set's tie to its planning series."""

    kind: ImageLink
    planning: FoundSeries | None = None
    resolved: int = 0
    """References of that kind that are here."""
    stated: int = 0
    text: str = ""
    rivals: tuple[FoundSeries, ...] = ()
    """Series that fit the set as well as the planning one: no contour names an image, and only size or UID decided."""


def find_link(structure_set: StructureSet, found: Sequence[FoundSeries]) -> Link:
    """Find the planning series of a structure set.

    Among several series that one kind of reference names: image sets before localizers and derived ones, then CT
    before MR before PET, then the most slices in common: images that contours name, else contour planes that lie on
    slices. An average comes before the phases of its 4D
    acquisition if more ROIs were contoured on it than on any of them.

    Parameters
    ----------
    structure_set : StructureSet
        Its references and contour planes.
    found : sequence of FoundSeries
        All series that were found.

    Returns
    -------
    Link
        The firmest tie; of kind NONE, without a series, where nothing ties.
    """
    references = structure_set.references
    uids = references.contour_level_image_uids
    named = _named(uids, found)
    planning = _best(_without_phases([one for one in found if named[id(one)]], structure_set), named)
    if planning is not None:
        return _link(ImageLink.CONTOUR_IMAGE_SEQUENCE, planning, _resolved(uids, found), len(uids), references, found)
    return _link_without_contours(structure_set, references, found)


def _link_without_contours(
    structure_set: StructureSet, references: ImageReferences, found: Sequence[FoundSeries]
) -> Link:
    """Find the planning series of a set none of whose contours names an image that is here."""
    overlap = {id(one): planes_agree(structure_set, one.series.grid)[0] for one in found}
    uids = references.study_level_image_uids
    candidates = (
        (ImageLink.STUDY_LEVEL_REFERENCES, _mostly_named(uids, found, structure_set), len(uids)),
        (
            ImageLink.SERIES_UID,
            [one for one in found if one.series.series_uid in references.series_uids],
            len(references.series_uids),
        ),
        (
            ImageLink.FRAME_OF_REFERENCE,
            [one for one in found if one.series.frame_of_reference_uid in references.frame_of_reference_uids],
            1,
        ),
    )
    for kind, fitting, stated in candidates:
        planning = _best(fitting, overlap)
        if planning is not None:
            resolved = _resolved(uids, found) if kind is ImageLink.STUDY_LEVEL_REFERENCES else 1
            link = _link(kind, planning, resolved, stated, references, found)
            return replace(link, rivals=_rivals(planning, fitting, overlap))
    return Link(kind=ImageLink.NONE, text=_nothing_text(references, found))


def _named(uids: frozenset[str], found: Iterable[FoundSeries]) -> dict[int, int]:
    """How many of some images each series holds, by its id."""
    return {id(one): len(uids.intersection(one.series.sop_instance_uids)) for one in found}


def _mostly_named(
    uids: frozenset[str], found: Sequence[FoundSeries], structure_set: StructureSet
) -> Sequence[FoundSeries]:
    """Series of which the set names at least half of the images; where it does of none, those with the most."""
    here = _named(uids, found)
    named = _without_phases([one for one in found if here[id(one)]], structure_set)
    mostly = [one for one in named if 2 * here[id(one)] >= len(set(one.series.sop_instance_uids))]
    most = max((here[id(one)] for one in named), default=0)
    return mostly or [one for one in named if here[id(one)] == most]


def _rivals(
    planning: FoundSeries, fitting: Iterable[FoundSeries], overlap: Mapping[int, int]
) -> tuple[FoundSeries, ...]:
    """Series of the planning one's kind that as many contour planes lie on; its own volumes are told elsewhere."""
    return tuple(
        one
        for one in fitting
        if one.series.series_uid != planning.series.series_uid
        and one.series.modality == planning.series.modality
        and one.not_counted_because == planning.not_counted_because
        and overlap[id(one)] == overlap[id(planning)]
    )


def modality_rank(modality: str) -> int:
    """CT before MR before PT before anything else."""
    return MODALITY_ORDER.index(modality) if modality in MODALITY_ORDER else len(MODALITY_ORDER)


def planes_agree(structure_set: StructureSet, grid: ImageGrid, *, times: float = 1.0) -> tuple[int, int]:
    """Count the contour planes of a set that lie on slices of a grid, within 0.1 mm.

    With `times` their coordinates are multiplied first.

    Returns
    -------
    tuple of int
        Planes on slices, and planes in all. Only closed contours count.
    """
    positions = _plane_positions(structure_set, grid.normal) * times
    return _on_slices(positions, grid), len(positions)


def do_agree(on_slices: int, planes: int) -> bool:
    """Whether so many planes lie on slices that it is no accident."""
    return planes > 0 and on_slices >= _AGREEING_SHARE * planes


def _best(candidates: Iterable[FoundSeries], common: dict[int, int]) -> FoundSeries | None:
    def key(one: FoundSeries) -> tuple[object, ...]:
        series = one.series
        return (
            one.not_counted_because != "",
            modality_rank(series.modality),
            -common[id(one)],
            -len(series.sop_instance_uids),
            series.series_uid,
        )

    return min(candidates, key=key, default=None)


def _without_phases(named: Sequence[FoundSeries], structure_set: StructureSet) -> Sequence[FoundSeries]:
    """Leave out phases if the plan was contoured on their average, whose images more ROIs name than any phase's."""
    derived = [one for one in named if one.is_derived]
    if not derived:
        return named
    rois = {id(one): _rois_on(one, structure_set) for one in named}
    average = max(derived, key=lambda one: rois[id(one)])
    phases = [one for one in named if not one.not_counted_because and one.series.modality == average.series.modality]
    frame = average.series.frame_of_reference_uid
    are_averaged = all(one.is_phase and one.series.frame_of_reference_uid == frame for one in phases)
    is_planned_on = all(rois[id(average)] > rois[id(one)] for one in phases)
    return [one for one in named if one not in phases] if are_averaged and is_planned_on else named


def _rois_on(one: FoundSeries, structure_set: StructureSet) -> int:
    """How many ROIs name images of a series."""
    return sum(not roi.image_uids.isdisjoint(one.series.sop_instance_uids) for roi in structure_set.rois)


def _resolved(uids: frozenset[str], found: Iterable[FoundSeries]) -> int:
    return len(uids.intersection(uid for one in found for uid in one.series.sop_instance_uids))


def _link(
    kind: ImageLink,
    planning: FoundSeries,
    resolved: int,
    stated: int,
    references: ImageReferences,
    found: Sequence[FoundSeries],
) -> Link:
    said = {
        ImageLink.CONTOUR_IMAGE_SEQUENCE: f"{resolved} of {stated} contour-level image references resolve",
        ImageLink.STUDY_LEVEL_REFERENCES: f"{resolved} of {stated} study-level image references resolve",
        ImageLink.SERIES_UID: "the referenced series was found",
        ImageLink.FRAME_OF_REFERENCE: "the referenced frame of reference was found",
    }[kind]
    dangling = _dangling_text(kind, references, found)
    return Link(kind=kind, planning=planning, resolved=resolved, stated=stated, text=said + dangling)


def _dangling_text(kind: ImageLink, references: ImageReferences, found: Sequence[FoundSeries]) -> str:
    """What firmer references the set has that resolve to nothing."""
    parts = []
    if kind is not ImageLink.CONTOUR_IMAGE_SEQUENCE and references.contour_level_image_uids:
        parts.append(f"0 of {len(references.contour_level_image_uids)} contour-level")
    if kind in {ImageLink.SERIES_UID, ImageLink.FRAME_OF_REFERENCE} and references.study_level_image_uids:
        resolved = _resolved(references.study_level_image_uids, found)
        parts.append(f"{resolved} of {len(references.study_level_image_uids)} study-level")
    text = f"; {' and '.join(parts)} image references resolve" if parts else ""
    if kind is ImageLink.FRAME_OF_REFERENCE and references.series_uids:
        text += "; the referenced series was not found"
    return text


def _nothing_text(references: ImageReferences, found: Sequence[FoundSeries]) -> str:
    if not found:
        return "no images found"
    if references == type(references)():
        return "the structure set references no images, series or frame of reference"
    return (
        f"0 of {len(references.contour_level_image_uids)} contour-level and "
        f"0 of {len(references.study_level_image_uids)} study-level image references resolve; neither the referenced "
        "series nor the frame of reference was found"
    )


def _plane_positions(structure_set: StructureSet, normal: Floats) -> Floats:
    """Distinct positions (to 0.01 mm) of the closed contours' first vertices along a normal, mm."""
    firsts = [
        contours.points_mm[contours.offsets[:-1][contours.is_closed & (contours.point_counts > 0)]]
        for contours in (roi.contours for roi in structure_set.rois)
        if len(contours)
    ]
    if not firsts:
        return np.empty(0)
    return np.unique(np.round(np.concatenate(firsts) @ normal, 2))


def _on_slices(positions: Floats, grid: ImageGrid) -> int:
    slices = grid.slice_positions_mm
    if not len(positions) or not len(slices):
        return 0
    after = np.clip(np.searchsorted(slices, positions), 1, max(len(slices) - 1, 1))
    nearest = np.minimum(
        np.abs(positions - slices[after - 1]), np.abs(positions - slices[np.minimum(after, len(slices) - 1)])
    )
    return int((nearest <= _AGREEMENT_MM).sum())
