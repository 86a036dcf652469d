"""One side of a comparison: a structure set, a Segmentation, a plan folder, or one ROI of any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.reader import read_case
from rtcomplexity.case.segment_outlines import structure_set_of
from rtcomplexity.case.target_names import NO_ALIASES
from rtcomplexity.case.targets import classify_rois
from rtcomplexity.case.tg263 import tg263_spelling
from rtcomplexity.compare.delineation import Delineation, delineation_of
from rtcomplexity.dicom.index import index_files, index_folder
from rtcomplexity.dicom.segmentation import is_segmentation, read_segmentation
from rtcomplexity.errors import InputDataError, UsageError
from rtcomplexity.fusion.frames import find_point_map
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics.context import RoiContext, case_grids
from rtcomplexity.model.case import Case
from rtcomplexity.model.structure_set import Contours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.fusion.frames import PointMap
    from rtcomplexity.metrics.context import ContouringGrid
    from rtcomplexity.model.structure_set import Roi, TargetClass
    from rtcomplexity.settings import Settings

SEPARATOR: Final = "::"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedRoi:
    """An ROI on one side."""

    roi: Roi
    delineation: Delineation
    drawn: bytes = b""
    """Digest of its contours and their grid."""

    @property
    def key(self) -> str:
        """Name for matching: lower case, letters and digits only."""
        return name_key(self.roi.name)

    @property
    def tg263_key(self) -> str:
        """The same for the name's TG-263 spelling, if it has one."""
        return name_key(tg263_spelling(self.roi.name) or self.roi.name)

    @property
    def target_class(self) -> TargetClass:
        """Its class."""
        return self.roi.target_class


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """The ROIs of one side, in the frame of reference of the comparison."""

    case: Case
    rois: tuple[ComparedRoi, ...]
    through_registration: bool = False
    """Whether a registration brought them into that frame."""

    @property
    def frames(self) -> frozenset[str]:
        """Frames of reference of its ROIs."""
        return frozenset(each.roi.frame_of_reference_uid for each in self.rois)


def name_key(name: str) -> str:
    """Matching key of a name, regardless of case, spaces and punctuation.

    Examples
    --------
    >>> name_key("GTV-1") == name_key("gtv 1")
    True
    """
    return re.sub(r"[\W_]+", "", name.casefold())


def split_spec(spec: str) -> tuple[Path, str]:
    """Path and ROI name of ``PATH`` or ``PATH::ROI``; an existing path is taken as a whole."""
    if SEPARATOR in spec and not Path(spec).exists():
        path, _, name = spec.rpartition(SEPARATOR)
        return Path(path), name.strip()
    return Path(spec), ""


def read_side(spec: str, *, settings: Settings, images: Path | None = None, beside: Side | None = None) -> Side:
    """Read one side.

    Parameters
    ----------
    spec
        Folder or structure set file, with ``::ROI`` for one ROI by its name or number.
    settings
        Limits and tolerances.
    images
        Folder of the planning images, if not with the structure set.
    beside
        A side read earlier: ROIs with equal contours are stacked once.

    Raises
    ------
    InputDataError
        If it has nothing usable.
    UsageError
        If it does not have the ROI.
    """
    path, name = split_spec(spec)
    case = _case(path, images, settings)
    chosen = case.structure_set.rois if not name else _named(name, case.structure_set.rois)
    grids = case_grids(case, settings)
    known = {} if beside is None else {each.drawn: each.delineation for each in beside.rois}
    return Side(case=case, rois=tuple(_compared(roi, grids.of(roi), settings, known) for roi in chosen))


def drawn_alike(side: Side, other: Side) -> Side:
    """The side with the other one's delineations for ROIs with equal contours, as if read beside it."""
    known = {each.drawn: each.delineation for each in other.rois}
    return replace(side, rois=tuple(_known(each, known) for each in side.rois))


def _known(compared: ComparedRoi, known: Mapping[bytes, Delineation]) -> ComparedRoi:
    """An ROI with a delineation of equal contours, if there is one."""
    found = known.get(compared.drawn)
    return compared if found is None else replace(compared, delineation=replace(found, name=compared.roi.name))


def _case(path: Path, images: Path | None, settings: Settings) -> Case:
    """Read a case, with images from another folder if given; a Segmentation is a case on its own."""
    if path.is_file() and is_segmentation(path):
        return _case_of_segmentation(path, settings)
    alone = read_case(path, settings=settings)
    if images is None:
        return alone
    files = [file.path for folder in (path, images) for file in index_folder(folder, settings=settings).files]
    together = index_files(list(dict.fromkeys(files)), settings=settings)
    return read_case(together, settings=settings, structure_set_uid=alone.structure_set.sop_instance_uid)


def _case_of_segmentation(path: Path, settings: Settings) -> Case:
    """Read a Segmentation as a case whose structure set holds the outlines of its segments."""
    found = read_segmentation(path, settings=settings)
    structure_set, issues = classify_rois(structure_set_of(found), NO_ALIASES, settings)
    return Case(
        plan_id=found.file_sha256, structure_set=structure_set, chosen_because="it is a Segmentation", issues=issues
    )


def _named(name: str, rois: Sequence[Roi]) -> tuple[Roi, ...]:
    """The one ROI with that name, number or key."""
    exact = [roi for roi in rois if roi.name.strip() == name]
    found = (
        exact
        or [roi for roi in rois if str(roi.number) == name]
        or [r for r in rois if name_key(r.name) == name_key(name)]
    )
    if len(found) != 1:
        there = ", ".join(sorted(roi.name.strip() for roi in rois)) or "none"
        problem = "several ROIs fit" if found else "no ROI fits"
        raise UsageError(f"{SEPARATOR}ROI", name, f"the name or number of one ROI ({problem}; there: {there})")
    return tuple(found)


def _compared(roi: Roi, grid: ContouringGrid, settings: Settings, known: Mapping[bytes, Delineation]) -> ComparedRoi:
    """An ROI with its delineation."""
    drawn = _digest(roi, grid)
    if drawn in known:
        return ComparedRoi(roi=roi, delineation=replace(known[drawn], name=roi.name), drawn=drawn)
    context = RoiContext(roi=roi, grid=grid, settings=settings, with_overlaps=False)
    return ComparedRoi(roi=roi, delineation=delineation_of(context, roi.name), drawn=drawn)


def _digest(roi: Roi, grid: ContouringGrid) -> bytes:
    """Digest of all that determines an ROI's planes: its contours and their grid."""
    axes = () if grid.axes is None else (grid.axes.u, grid.axes.v, grid.axes.normal)
    contours = roi.contours
    arrays = (contours.points_mm, contours.offsets, contours.geometric_types, grid.slice_positions_mm, *axes)
    found = blake2b(repr((roi.stated_slab_mm, grid.pixel_mm, grid.usual_mm, grid.lone_mm)).encode())
    for array in arrays:
        found.update(f"{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.digest()


def in_frame_of(side: Side, reference: Side, settings: Settings) -> Side:
    """The side in the frame of reference of another one, through a registration of either if frames differ.

    Raises
    ------
    InputDataError
        If no rigid registration leads from one frame to the other, or a frame is not stated and nothing else shows
        that both lie in one.
    """
    if side.frames == reference.frames and len(side.frames) == 1 and "" not in side.frames:
        return side
    maps = {frame: _point_map(side, reference, frame) for frame in side.frames}
    if all(way is None for way in maps.values()):
        return side
    moved = tuple(_moved(each, maps[each.roi.frame_of_reference_uid], settings) for each in side.rois)
    return replace(side, rois=moved, through_registration=True)


def _point_map(side: Side, reference: Side, frame: str) -> PointMap | None:
    """The map into the reference's frame; None if none is needed."""
    targets = sorted(reference.frames)
    if frame in reference.frames and frame:
        return None
    if not frame or not all(targets):
        if _shared_images(side, reference):
            return None
        raise InputDataError(
            "A side states no frame of reference, and the two reference no image in common.",
            "structure sets drawn on the same images, or `--images` with their folder.",
        )
    registrations = (*side.case.registrations, *reference.case.registrations)
    found = find_point_map(registrations, frame, targets[0])
    if found is None or found.is_deformable:
        raise InputDataError(
            f"The two lie in different frames of reference ({targets[0]} and {frame}), and no rigid registration "
            "between them is here.",
            "the plan folder with its spatial registration, or structure sets of one frame.",
        )
    return found


def _shared_images(side: Side, reference: Side) -> bool:
    """Whether both reference a common image."""
    first, second = (each.case.structure_set.references for each in (reference, side))
    images, others = first.image_uids, second.image_uids
    return bool(images & others or first.series_uids & second.series_uids)


def _moved(compared: ComparedRoi, way: PointMap | None, settings: Settings) -> ComparedRoi:
    """The ROI with its contours mapped; its planes are determined again, in their own orientation."""
    if way is None or compared.delineation.stack is None:
        return compared
    contours = compared.roi.contours
    points = way(contours.points_mm)
    mapped = Contours(points_mm=points, offsets=contours.offsets, geometric_types=contours.geometric_types)
    stack = stack_contours(mapped, settings=settings, with_overlaps=False).stack
    if stack is not None and not np.all(np.isfinite(stack.slab_mm)):
        stack = None  # a single plane after the registration, of unknown thickness
    return replace(compared, delineation=replace(compared.delineation, stack=stack))
