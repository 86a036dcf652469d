"""From the contours of an ROI to a stack of planes, with the irregularities found.

Nothing is dropped silently: each contour or vertex left out is counted in :class:`StackFindings`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rtcomplexity.geometry.columns import any_nonzero
from rtcomplexity.geometry.columns import lengths as lengths_of
from rtcomplexity.geometry.orientation import (
    PlaneAxes,
    common_normal,
    group_positions,
    plane_coordinates,
    polygon_normals,
)
from rtcomplexity.geometry.ragged import offsets_of, owners, select_ragged
from rtcomplexity.geometry.stack.duplicates import distinct_contours
from rtcomplexity.geometry.stack.even_odd import enclosed_areas, perimeters
from rtcomplexity.geometry.stack.overlaps import partial_overlaps
from rtcomplexity.geometry.stack.plane_stack import PlaneStack
from rtcomplexity.geometry.stack.rounds import first_rounds
from rtcomplexity.geometry.stack.slabs import Slabs, slabs
from rtcomplexity.model.structure_set import ContourGeometricType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.model.arrays import Flags, Floats, Integers
    from rtcomplexity.model.structure_set import Contours
    from rtcomplexity.settings import Settings

PARALLEL_COSINE = float(np.cos(np.deg2rad(1.0)))
"""Contours whose normals differ by more than 1 degree do not lie on parallel planes."""
ORIENTATIONS = 64
"""Number of contours whose orientation is tried where not all are parallel."""
SPACING_TOLERANCE = 0.02
"""Positions within this share of the slice spacing are one plane: coordinates are written in decimals."""


NO_AREA_SHARE = 1e-9
"""A contour encloses no area below this share of its squared length: the rounding residue of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFindings:
    """Counts of irregularities in the closed contours of an ROI; all zero for clean ones."""

    exact_copies: int = 0
    near_copies: int = 0
    cancelling_copies: int = 0
    """Contours of type CLOSEDPLANAR_XOR that repeat another one on their plane; each pair cancels."""
    copies_mm3: float = 0.0
    """Volume that the copies left out would add if counted."""
    too_few_points: int = 0
    """Closed contours of fewer than three distinct vertices, left out."""
    zero_area: int = 0
    """Closed contours that enclose no area, left out."""
    closed_twice: int = 0
    """Contours traced more than once; one round is kept."""
    not_parallel: int = 0
    """Contours in another orientation than the majority, left out."""
    not_planar: int = 0
    """Contours that depart from their plane by more than the tolerance; flattened to their mean position."""
    largest_departure_mm: float = 0.0
    self_crossing: int = 0
    partly_overlapping: int = 0
    """Pairs of contours that overlap but are neither nested nor copies; even-odd excludes the overlap."""
    overlap_mm3: float = 0.0
    """Volume change if they were united; NaN where too many overlap to compute it."""
    gaps: int = 0
    """Places where planes are missing."""
    missing_mm: float = 0.0
    """Length along the normal that the gaps leave uncovered, mm."""
    usual_mm: float = 0.0
    """Usual contour spacing against which gaps were judged, mm; 0 if image slices were used, or if it is unknown."""
    unjudged: int = 0
    """Wide stretches that may be gaps: neither slices nor a usual spacing decide it."""
    stated_thickness: int = 0
    """Planes whose thickness comes only from the Contour Slab Thickness in the file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stacked:
    """A stack and its irregularities."""

    stack: PlaneStack | None
    """None where no contour encloses an area."""
    bridged: Slabs | None
    """Slabs as they would be with gaps filled by the adjacent planes; None where there is no stack."""
    findings: StackFindings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Clean:
    """Closed contours in space, each with the area it encloses on its own."""

    points_mm: Floats
    """(n, 3)"""
    offsets: Integers
    normals: Floats
    """(m, 3) unit normals; zero where vertices lie on a line."""
    areas_mm2: Floats
    """(m,) even-odd area of each contour in its own plane; 0 if it encloses none."""
    is_xor: Flags
    """(m,) whether the type is CLOSEDPLANAR_XOR."""

    def chosen(self, which: Flags) -> _Clean:
        """The contours selected by a mask (m,)."""
        points, offsets = select_ragged(self.points_mm, self.offsets, np.flatnonzero(which))
        return _Clean(
            points_mm=points,
            offsets=offsets,
            normals=self.normals[which],
            areas_mm2=self.areas_mm2[which],
            is_xor=self.is_xor[which],
        )


def stack_contours(
    contours: Contours,
    *,
    settings: Settings,
    axes: PlaneAxes | None = None,
    slice_positions_mm: Floats | None = None,
    pixel_mm: float | None = None,
    usual_mm: float = np.nan,
    lone_mm: float = np.nan,
    stated_slab_mm: float | None = None,
    with_overlaps: bool = True,
) -> Stacked:
    """Group closed contours by plane and collapse copies.

    Parameters
    ----------
    contours : of one ROI, of any type; only closed ones enclose an area
    axes : of the image; used where the contours are parallel to its slices, otherwise the contours' own axes are
    slice_positions_mm : (K,) positions along `axes.normal` that could carry contours, increasing
    pixel_mm : pixel size for judging the width between near copies; the settings' fallback if None
    usual_mm, lone_mm : along `axes.normal`, as for :func:`rtcomplexity.geometry.stack.slabs.slabs`
    stated_slab_mm : Contour Slab Thickness, the last resort for a plane of otherwise unknown thickness
    with_overlaps : whether to count partly overlapping contours among the findings; the stack does not depend on it
    """
    pixel_mm = pixel_mm or settings.pixel_fallback_mm
    clean, findings = _clean(contours, settings, pixel_mm)
    vectors = clean.normals * clean.areas_mm2[:, None]
    own_axes = _axes(vectors, axes)
    if own_axes is None:
        return Stacked(stack=None, bridged=None, findings=findings)
    parallel = np.abs(clean.normals @ own_axes.normal) >= PARALLEL_COSINE
    filled = clean.areas_mm2 > 0
    findings = replace(findings, not_parallel=int(np.sum(filled & ~parallel)))
    is_along = own_axes is axes
    slices = slice_positions_mm if is_along and slice_positions_mm is not None else np.empty(0)
    thickness = _Thickness(
        slice_positions_mm=slices,
        gap_factor=settings.gap_factor,
        usual_mm=usual_mm if is_along else np.nan,
        lone_mm=lone_mm if is_along else np.nan,
        stated_mm=stated_slab_mm,
    )
    flat = _flatten(clean.chosen(filled & parallel), own_axes, _plane_tolerance(thickness, settings))
    findings = replace(findings, **_departures(flat, settings))
    found = _stack_flat(flat, own_axes, thickness, settings, pixel_mm, findings)
    return _with_overlaps(found) if with_overlaps else found


def _with_overlaps(found: Stacked) -> Stacked:
    """The same stack with partly overlapping contours among its findings."""
    if found.stack is None:
        return found
    overlaps = partial_overlaps(found.stack)
    findings = replace(found.findings, partly_overlapping=overlaps.pairs, overlap_mm3=overlaps.gain_mm3)
    return replace(found, findings=findings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Thickness:
    """Sources for the slab thickness of a shape's planes."""

    slice_positions_mm: Floats
    gap_factor: float
    usual_mm: float
    lone_mm: float
    stated_mm: float | None

    def slabs(self, positions_mm: Floats, gap_factor: float) -> Slabs:
        """Slabs of planes, without the stated thickness."""
        return slabs(
            positions_mm,
            self.slice_positions_mm,
            gap_factor=gap_factor,
            usual_mm=self.usual_mm,
            lone_mm=self.lone_mm,
        )

    def with_stated(self, slab: Slabs) -> Slabs:
        """Slabs with the stated thickness where no other source gives one."""
        unknown = np.isnan(slab.lower_mm)
        if self.stated_mm is None or not unknown.any():
            return slab
        half = np.where(unknown, self.stated_mm / 2, slab.lower_mm)
        return replace(slab, lower_mm=half, upper_mm=np.where(unknown, self.stated_mm / 2, slab.upper_mm))


def _stack_flat(
    flat: _Flat,
    axes: PlaneAxes,
    thickness: _Thickness,
    settings: Settings,
    pixel_mm: float,
    findings: StackFindings,
) -> Stacked:
    """Collapse copies, assign slabs to the planes, and complete the findings."""
    distinct = distinct_contours(
        flat.points_mm,
        flat.offsets,
        flat.plane_of_contour,
        areas_mm2=flat.areas_mm2,
        is_xor=flat.is_xor,
        area_fraction=settings.duplicate_area_fraction,
        width_mm=settings.duplicate_width_pixels * pixel_mm,
    )
    measured = thickness.slabs(flat.positions_mm, thickness.gap_factor)
    slab = thickness.with_stated(measured)
    stack = _stack(flat, axes, slab, distinct.kept)
    before, after = np.append(slab.gap_after, False), np.append(False, slab.gap_after)
    steps = np.diff(flat.positions_mm)[slab.gap_after]
    findings = replace(
        findings,
        exact_copies=distinct.exact_copies,
        near_copies=distinct.near_copies,
        cancelling_copies=distinct.cancelling_copies,
        copies_mm3=_copies_mm3(flat, slab, distinct.kept),
        self_crossing=len(stack.even_odd.self_crossing),
        gaps=int(slab.gap_after.sum()),
        missing_mm=float((steps - slab.upper_mm[before] - slab.lower_mm[after]).sum()),
        usual_mm=0.0 if len(thickness.slice_positions_mm) > 1 else float(np.nan_to_num(thickness.usual_mm)),
        unjudged=0 if measured.is_spacing_known else max(int(measured.gap_after.sum()), 1),
        stated_thickness=int(np.isnan(measured.lower_mm).sum()) if slab is not measured else 0,
    )
    bridged = thickness.with_stated(thickness.slabs(flat.positions_mm, np.inf))
    return Stacked(stack=stack, bridged=bridged, findings=findings)


def _departures(flat: _Flat, settings: Settings) -> dict[str, Any]:
    """Findings on contours that are not planar."""
    too_far = flat.departures_mm > settings.planarity_tolerance_mm
    return {"not_planar": int(np.sum(too_far)), "largest_departure_mm": float(flat.departures_mm.max())}


def _copies_mm3(flat: _Flat, slab: Slabs, kept: Integers) -> float:
    """Volume of the contours left out as copies, mm3."""
    dropped = np.setdiff1d(np.arange(len(flat.plane_of_contour)), kept)
    if len(dropped) == 0:
        return 0.0
    return float(flat.areas_mm2[dropped] @ (slab.lower_mm + slab.upper_mm)[flat.plane_of_contour[dropped]])


def _clean(contours: Contours, settings: Settings, pixel_mm: float) -> tuple[_Clean, StackFindings]:
    """Closed contours of at least three vertices, without repeated vertices or further rounds, with their areas."""
    closed = np.flatnonzero(contours.is_closed)
    points, offsets = select_ragged(contours.points_mm, contours.offsets, closed)
    points, offsets = _without_repeats(points, offsets)
    enough = np.diff(offsets) >= 3
    points, offsets = select_ragged(points, offsets, np.flatnonzero(enough))
    normals = polygon_normals(points, offsets)
    flat = plane_coordinates(points, offsets, normals)
    stops = first_rounds(
        flat,
        offsets,
        area_fraction=settings.duplicate_area_fraction,
        width_mm=settings.duplicate_width_pixels * pixel_mm,
    )
    if stops:
        kept = _first_vertices(offsets, stops)
        points, flat = points[kept], flat[kept]
        offsets = offsets_of(kept)[offsets]
    areas = enclosed_areas(flat, offsets)
    areas[areas <= NO_AREA_SHARE * perimeters(flat, offsets) ** 2] = 0
    is_xor = contours.geometric_types[closed][enough] == ContourGeometricType.CLOSEDPLANAR_XOR
    clean = _Clean(points_mm=points, offsets=offsets, normals=normals, areas_mm2=areas, is_xor=is_xor)
    findings = StackFindings(
        too_few_points=int(np.sum(~enough)), closed_twice=len(stops), zero_area=int(np.sum(areas == 0))
    )
    return clean, findings


def _first_vertices(offsets: Integers, stops: Mapping[int, int]) -> Flags:
    """(n,) vertices that remain if some contours keep only their first `stops` vertices."""
    kept = np.ones(offsets[-1], bool)
    for contour, count in stops.items():
        kept[offsets[contour] + count : offsets[contour + 1]] = False
    return kept


def _without_repeats(points: Floats, offsets: Integers) -> tuple[Floats, Integers]:
    """Drop vertices equal to the preceding one, and closing vertices equal to the first."""
    if len(points) == 0 or not _has_repeats(points, offsets):
        return points, offsets
    contour = owners(offsets)
    same = np.zeros(len(points), bool)
    same[1:] = ~any_nonzero(points[1:] != points[:-1]) & (contour[1:] == contour[:-1])
    points, contour = points[~same], contour[~same]
    offsets = np.searchsorted(contour, np.arange(len(offsets)))
    closing = np.zeros(len(points), bool)
    several = np.flatnonzero(np.diff(offsets) > 1)
    first, last = offsets[:-1][several], offsets[1:][several] - 1
    closing[last] = ~any_nonzero(points[first] != points[last])
    return points[~closing], np.searchsorted(contour[~closing], np.arange(len(offsets)))


def _has_repeats(points: Floats, offsets: Integers) -> bool:
    """Whether a vertex may equal its predecessor, or a last vertex the first; never wrongly False."""
    filled = np.flatnonzero(np.diff(offsets) > 0)
    first, last = points[offsets[:-1][filled]], points[offsets[1:][filled] - 1]
    x, y = points[:, 0], points[:, 1]
    in_turn = (x[1:] == x[:-1]) & (y[1:] == y[:-1])
    return bool(in_turn.any() or np.any(~any_nonzero(first != last)))


def _axes(vectors: Floats, image_axes: PlaneAxes | None) -> PlaneAxes | None:
    """Axes of the image where the contours are parallel to its slices, otherwise of the contours themselves."""
    normal = common_normal(_of_most_area(vectors))
    if normal is None:
        return None
    if image_axes is not None and abs(float(normal @ image_axes.normal)) >= PARALLEL_COSINE:
        return image_axes
    return PlaneAxes.of_normal(normal)


def _of_most_area(vectors: Floats) -> Floats:
    """The area vectors of parallel contours; with several orientations, those of the one with the largest total area.

    Candidates are the orientations of the largest contours. Without this, a few transverse contours would tilt the
    common normal.
    """
    normal, lengths = common_normal(vectors), lengths_of(vectors)
    if normal is None or np.all(np.abs(vectors @ normal) >= PARALLEL_COSINE * lengths):
        return vectors
    largest = np.argsort(-lengths, kind="stable")[: min(ORIENTATIONS, np.count_nonzero(lengths))]
    units = vectors[largest] / lengths[largest, None]
    parallel = np.abs(vectors @ units.T) >= PARALLEL_COSINE * lengths[:, None]
    return np.asarray(vectors[parallel[:, np.argmax(lengths @ parallel)]])


def _plane_tolerance(thickness: _Thickness, settings: Settings) -> float:
    """Positions that differ by less than this are one plane, mm."""
    slices = thickness.slice_positions_mm
    spacing = float(np.median(np.diff(slices))) if len(slices) > 1 else float(np.nan_to_num(thickness.usual_mm))
    return max(settings.plane_tolerance_mm, SPACING_TOLERANCE * spacing)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Flat:
    """Contours in plane coordinates, sorted by plane."""

    points_mm: Floats
    offsets: Integers
    plane_of_contour: Integers
    positions_mm: Floats
    departures_mm: Floats
    areas_mm2: Floats
    is_xor: Flags


def _flatten(clean: _Clean, axes: PlaneAxes, tolerance_mm: float) -> _Flat:
    """Contours in the axes of the stack, grouped into planes and ordered."""
    points, offsets = clean.points_mm, clean.offsets
    heights = points @ axes.normal
    starts, counts = offsets[:-1], np.diff(offsets)
    means = np.add.reduceat(heights, starts) / counts
    departures = np.maximum.reduceat(np.abs(heights - np.repeat(means, counts)), starts)
    planes = group_positions(means, tolerance_mm)
    positions = np.bincount(planes, weights=means) / np.bincount(planes)
    order = np.argsort(planes, kind="stable")
    uv = np.stack([points @ axes.u, points @ axes.v], axis=1)
    sorted_points, sorted_offsets = select_ragged(uv, offsets, order)
    return _Flat(
        points_mm=sorted_points,
        offsets=sorted_offsets,
        plane_of_contour=planes[order],
        positions_mm=positions,
        departures_mm=departures,
        areas_mm2=clean.areas_mm2[order],
        is_xor=clean.is_xor[order],
    )


def _stack(flat: _Flat, axes: PlaneAxes, slab: Slabs, kept: Integers) -> PlaneStack:
    """Assemble the stack from the contours kept."""
    points, offsets = select_ragged(flat.points_mm, flat.offsets, kept)
    plane_offsets = np.searchsorted(flat.plane_of_contour[kept], np.arange(len(flat.positions_mm) + 1))
    return PlaneStack(
        u_axis=axes.u,
        v_axis=axes.v,
        normal=axes.normal,
        positions_mm=flat.positions_mm,
        lower_mm=slab.lower_mm,
        upper_mm=slab.upper_mm,
        points_mm=points,
        contour_offsets=offsets,
        plane_offsets=plane_offsets,
    )
