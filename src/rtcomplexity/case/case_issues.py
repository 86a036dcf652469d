"""What is odd about a case as a whole: ties that dangle, pieces that are missing or were left out.

Issues name nothing but kinds, counts and the first digits of a file's SHA-256.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.image_link import do_agree, planes_agree
from rtcomplexity.case.roi_frames import rois_elsewhere
from rtcomplexity.case.target_names import alias_key
from rtcomplexity.dicom.sop_classes import SECONDARY_CAPTURE, SEGMENTATION
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.case import ImageLink
from rtcomplexity.model.issue import Issue, listed_numbers, roi_subject, typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.case.image_link import Link
    from rtcomplexity.case.image_series import FoundSeries
    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import Roi, StructureSet, TargetClass

_FEWEST_PLANES: Final = 3
"""So many that lie on slices by accident are few."""
_FEWEST_POINTS: Final = 2
_LEAST_SIZE_MM: Final = 0.01
_LEANING: Final = 0.02
"""Of a contour's extent, that along the slices' normal: one degree, beyond which no slice is theirs."""


def link_issues(chosen: StructureSet, link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    """Say what is odd about the tie between a structure set and the images that were found."""
    if not found:
        return [
            codes.NO_IMAGES.about("plan"),
            *_elsewhere(chosen, link),
        ]
    if link.kind is ImageLink.NONE:
        return _unlinked_issues(chosen, link, found)
    issues = _frame_issues(link) + _elsewhere(chosen, link) + _off_slice_issues(chosen, link)
    by_image = {ImageLink.CONTOUR_IMAGE_SEQUENCE, ImageLink.STUDY_LEVEL_REFERENCES}
    issues += _volume_issues(link, found) if link.kind not in by_image else []
    if link.kind in by_image and link.resolved < link.stated:
        issues.append(codes.IMAGES_MISSING.about("plan", link=link.text[0].upper() + link.text[1:]))
    references = chosen.references
    has_dangling = references.contour_level_image_uids and link.kind is not ImageLink.CONTOUR_IMAGE_SEQUENCE
    if has_dangling or (references.study_level_image_uids and link.kind not in by_image):
        issues.append(codes.IMAGE_REFERENCES_DANGLE.about("plan", link=link.text))
    return issues


def _volume_issues(link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    """Say that the planning series holds several volumes, of which no reference names the images."""
    planning = link.planning
    if planning is None or planning.volume is None:
        return []
    volumes = sum(one.series.series_uid == planning.series.series_uid and one.volume is not None for one in found)
    return [codes.SEVERAL_VOLUMES_UNNAMED.about("plan", volumes=volumes, taken=planning.volume + 1)]


def _unlinked_issues(chosen: StructureSet, link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    issues = [codes.UNLINKED_IMAGES.about("plan", link=link.text)]
    issues += _elsewhere(chosen, link)
    for one in found:
        if not chosen.patient_key or one.series.patient_key != chosen.patient_key:
            continue
        on_slices, planes = planes_agree(chosen, one.series.grid)
        if do_agree(on_slices, planes):
            issues.append(
                codes.UNLINKED_BUT_POSITIONS_AGREE.about(
                    "plan",
                    modality=one.series.modality,
                    slices=len(one.series.sop_instance_uids),
                    on_slices=on_slices,
                    planes=planes,
                )
            )
    return issues


def _off_slice_issues(chosen: StructureSet, link: Link) -> list[Issue]:
    if link.planning is None:
        return []
    grid = link.planning.series.grid
    elsewhere = {roi.number for roi in rois_elsewhere(chosen, link.planning.series)}
    across = [roi.number for roi in chosen.rois if roi.number not in elsewhere and _lies_across(roi, grid.normal)]
    issues = [codes.CONTOURS_ACROSS_SLICES.about("plan", rois=listed_numbers(across))] if across else []
    along = replace(chosen, rois=tuple(roi for roi in chosen.rois if roi.number not in across))
    on_slices, planes = planes_agree(along, grid)
    if on_slices < planes:
        issues.append(codes.CONTOURS_OFF_SLICES.about("plan", off_slices=planes - on_slices, planes=planes))
    issues += _thickness_issues(along, grid)
    in_cm, _ = planes_agree(along, grid, times=10.0)
    if planes >= _FEWEST_PLANES and do_agree(in_cm, planes) and not do_agree(on_slices, planes):
        issues.append(codes.CONTOURS_MAYBE_IN_CM.about("plan", on_slices=on_slices, in_cm=in_cm, planes=planes))
    return issues


def _thickness_issues(chosen: StructureSet, grid: ImageGrid) -> list[Issue]:
    """Say which ROIs lie on one plane of an image of one slice: their thickness is what that slice states."""
    if len(grid.slice_positions_mm) > 1 or grid.slice_thickness_mm is None:
        return []
    flat = [roi.number for roi in chosen.rois if planes_agree(replace(chosen, rois=(roi,)), grid)[1] == 1]
    stated = {roi.number for roi in chosen.rois if roi.stated_slab_mm is not None}
    numbers = [number for number in flat if number not in stated]
    if not numbers:
        return []
    return [
        codes.SLICE_THICKNESS_USED.about("plan", rois=listed_numbers(numbers), thickness_mm=grid.slice_thickness_mm)
    ]


def _lies_across(roi: Roi, normal: NDArray[np.float64]) -> bool:
    """Whether most closed contours of an ROI leave the plane of the slices: their extent along the normal says so."""
    contours = roi.contours
    measured = contours.is_closed & (contours.point_counts > _FEWEST_POINTS)
    if not measured.any():
        return False
    firsts = contours.offsets[:-1][contours.point_counts > 0]
    shapes = np.column_stack([contours.points_mm, contours.points_mm @ normal])
    extents = np.maximum.reduceat(shapes, firsts) - np.minimum.reduceat(shapes, firsts)
    extents = extents[measured[contours.point_counts > 0]]
    sizes = np.linalg.norm(extents[:, :3], axis=1)
    return bool(np.median(extents[:, 3] / np.maximum(sizes, _LEAST_SIZE_MM)) > _LEANING)


def _frame_issues(link: Link) -> list[Issue]:
    if link.planning is None or link.planning.series.frame_of_reference_uid:
        return []
    return [codes.IMAGE_WITHOUT_FRAME.about("plan")]


def _elsewhere(chosen: StructureSet, link: Link) -> list[Issue]:
    return [
        codes.ROI_IN_OTHER_FRAME.about(roi_subject(roi.number))
        for roi in rois_elsewhere(chosen, link.planning.series if link.planning else None)
    ]


def input_issues(index: FileIndex) -> list[Issue]:
    """Say what else lies in the folder that a reader should know of."""
    issues = []
    captures = sum(file.sop_class_uid.startswith(SECONDARY_CAPTURE) for file in index.others)
    if captures:
        issues.append(codes.SECONDARY_CAPTURES.about("input", captures=captures))
    segmentations = sum(file.sop_class_uid == SEGMENTATION for file in index.others)
    if segmentations:
        issues.append(codes.SEGMENTATIONS_NOT_READ.about("input", segmentations=segmentations))
    nameless = sum(not file.patient_key for file in index.files)
    if nameless and index.patient_keys:
        issues.append(codes.PATIENT_NOT_STATED.about("input", nameless=nameless))
    return issues


def met_aliases(aliases: Mapping[str, TargetClass], chosen: StructureSet) -> Mapping[str, TargetClass]:
    """Those of the aliases whose name an ROI has: the others change nothing."""
    names = {alias_key(roi.name) for roi in chosen.rois}
    return {name: kind for name, kind in aliases.items() if name in names}


def unmet_alias_issues(aliases: Mapping[str, TargetClass], chosen: StructureSet) -> tuple[Issue, ...]:
    """Say which names of ROIs were given that no ROI has."""
    met = met_aliases(aliases, chosen)
    unmet = [f"{typed(name)}={kind.value}" for name, kind in aliases.items() if name not in met]
    if not unmet:
        return ()
    return (codes.MAP_NAME_UNMET.about("plan", classes=", ".join(unmet), unmet=len(unmet), names=len(aliases)),)
