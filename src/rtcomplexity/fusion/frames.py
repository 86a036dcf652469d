"""Mapping points from one frame of reference to another through the registrations available.

Knows the direction of each registration, inverts it if needed and chains several; reads no image. Points are (n, 3)
arrays in mm; the result is NaN where a deformation is undefined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case.registration_graph import find_path, rivals, space_of, turned
from rtcomplexity.geometry.columns import lengths, within
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.arrays import freeze
from rtcomplexity.model.registration import FrameMapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.case.registration_graph import Edge, Rivals
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.registration import DeformationField, SpatialRegistration

INVERSION_STEPS: Final = 60
INVERSION_TOLERANCE_MM: Final = 1e-4
DISAGREEMENT_MM: Final = 1.0
PROBE_MM: Final = 100.0
"""Distance from the origin at which two registrations of the same frames are compared."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AffineStep:
    """A 4 x 4 matrix."""

    matrix: Floats

    def __post_init__(self) -> None:
        freeze(self, np.float64, "matrix")

    def __call__(self, points_mm: Floats) -> Floats:
        """Map (n, 3) points."""
        return _apply(self.matrix, points_mm)


@dataclass(frozen=True, kw_only=True, eq=False)
class DeformableStep:
    """A deformation field in its own direction: registered to source."""

    field: DeformationField

    def __call__(self, points_mm: Floats) -> Floats:
        """Map (n, 3) points of the registered frame into the source frame; NaN where the field is undefined."""
        moved = _apply(self.field.pre_matrix, points_mm) + displacement_mm(self.field, points_mm)
        return _apply(self.field.post_matrix, moved)


@dataclass(frozen=True, kw_only=True, eq=False)
class InverseDeformableStep:
    """A deformation field against its own direction: source to registered, by fixed-point iteration.

    It converges where neighboring displacements differ by less than their distance. A point that does not converge to
    0.0001 mm is undefined (NaN).
    """

    field: DeformationField

    def __call__(self, points_mm: Floats) -> Floats:
        """Map (n, 3) points of the source frame into the registered frame; NaN where there is no way back."""
        target, back = _apply(_inverse(self.field.post_matrix), points_mm), _inverse(self.field.pre_matrix)
        found = _apply(back, target)
        step = np.full(len(target), np.inf)
        for _ in range(INVERSION_STEPS):
            following = _apply(back, target - displacement_mm(self.field, found))
            step = lengths(following - found)
            found = following
            if not (step > INVERSION_TOLERANCE_MM / 10).any():
                break
        found[~(step <= INVERSION_TOLERANCE_MM)] = np.nan
        return found


Step = AffineStep | DeformableStep | InverseDeformableStep


@dataclass(frozen=True, kw_only=True, eq=False)
class PointMap:
    """Maps points of one frame of reference into another: ``pet_from_ct(points_mm)``."""

    steps: tuple[Step, ...] = ()
    """Applied in this order; empty within one frame."""
    registration_uids: tuple[str, ...] = ()
    """SOP Instance UID of the registration behind each step."""

    @property
    def links(self) -> int:
        """Number of registrations in the chain."""
        return len(self.steps)

    @property
    def is_deformable(self) -> bool:
        """Whether any step is not affine."""
        return any(not isinstance(step, AffineStep) for step in self.steps)

    def __call__(self, points_mm: Floats) -> Floats:
        """Map (n, 3) points, mm; NaN where undefined."""
        mapped = np.asarray(points_mm, dtype=np.float64)
        for step in self.steps:
            mapped = step(mapped)
        return mapped


IDENTITY: Final = PointMap()
"""Within one frame of reference."""


def find_point_map(registrations: Iterable[SpatialRegistration], from_node: str, to_node: str) -> PointMap | None:
    """The map from one frame of reference to another, or to a series moved within its frame.

    Returns
    -------
    PointMap or None
        Through the registrations in force (:mod:`rtcomplexity.case.registration_graph`); None where no chain of them
        leads there, or a frame is not stated.
    """
    path = find_path(registrations, from_node, to_node)
    if path is None:
        return None
    uids = tuple(edge.registration.sop_instance_uid for edge in path)
    return PointMap(steps=tuple(_step(edge) for edge in path), registration_uids=uids)


def deformation_back(registrations: Iterable[SpatialRegistration], from_node: str, to_node: str) -> PointMap | None:
    """A deformation stored in the opposite direction to the one in force: from `to_node` back to `from_node`.

    Composed with :func:`find_point_map`, it would return every point to its place if both were exact inverses.

    Returns
    -------
    PointMap or None
        None where fewer than two deformations tie the nodes directly, or both are stored one way.
    """
    for each in rivals(registrations):
        used, *others = each.edges
        if {used.start, used.end} != {from_node, to_node} or not used.is_deformable:
            continue
        for other in others:
            if other.is_deformable and other.is_inverted != used.is_inverted:
                back = other if other.start == to_node else turned(other)
                return PointMap(steps=(_step(back),), registration_uids=(back.registration.sop_instance_uid,))
    return None


def map_to_series(
    registrations: Sequence[SpatialRegistration], planning: ImageSeries, series: ImageSeries
) -> PointMap | None:
    """The map from the planning frame of reference to the space of a series; None if no registration leads there."""
    if series is planning:
        return IDENTITY
    return find_point_map(registrations, planning.frame_of_reference_uid, space_of(series, registrations))


def _step(edge: Edge) -> Step:
    """The mapping of one registration, in the direction needed."""
    mapping = edge.mapping
    if isinstance(mapping, FrameMapping):
        matrix = mapping.registered_from_source
        return AffineStep(matrix=_inverse(matrix) if edge.is_inverted else matrix)
    return InverseDeformableStep(field=mapping) if edge.is_inverted else DeformableStep(field=mapping)


def registration_issues(registrations: Sequence[SpatialRegistration]) -> tuple[Issue, ...]:
    """Registrations that tie the same two frames, and which of them counts.

    This also reveals an object written in the wrong direction, if there is another one for the same frames.
    """
    return tuple(issue for each in rivals(registrations) for issue in _rival_issues(each))


def _rival_issues(found: Rivals) -> Iterator[Issue]:
    """The issue of several registrations of the same frames."""
    used, *others = [_step(edge) for edge in found.edges]
    apart_mm = max(_apart_mm(used, other) for other in others)
    uids = list(dict.fromkeys(edge.registration.sop_instance_uid for edge in found.edges))
    which = (
        "the newest" if found.is_by_date else "of one date, the one with the fewest deformations and the smallest UID"
    )
    named = f"{which} ({uids[0]}) is used" + (f", not {', '.join(uids[1:])}" if uids[1:] else "")
    if apart_mm > DISAGREEMENT_MM:
        doubt = "" if found.is_by_date else " One may map the wrong way."
        yield codes.REGISTRATIONS_DISAGREE.about(
            "registration", registrations=len(found.edges), apart_mm=apart_mm, named=named, doubt=doubt
        )
    elif found.is_by_date or not np.isfinite(apart_mm):
        yield codes.REGISTRATION_REPLACED.about("registration", registrations=len(found.edges), named=named)


def _apart_mm(a: Step, b: Step) -> float:
    """Largest distance between two mappings of the corners of a cube around the origin, where both are defined; mm."""
    corners = PROBE_MM * np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), dtype=np.float64).reshape(3, -1).T
    apart = np.linalg.norm(a(corners) - b(corners), axis=1)
    return float(np.nanmax(apart)) if np.isfinite(apart).any() else np.nan


def displacement_mm(field: DeformationField, points_mm: Floats) -> Floats:
    """Trilinear displacement at (n, 3) points of the registered frame; NaN outside the grid or next to a NaN vector.

    A field without a grid is zero.
    """
    vectors = field.vectors_mm
    if vectors.size == 0:
        return np.zeros_like(points_mm)
    index = _apply(field.grid_from_point, points_mm)[:, ::-1]
    last = np.array(vectors.shape[:3]) - 1
    tolerance = 1e-6
    inside = within(index, np.full(3, -tolerance), last + tolerance)
    displaced = np.full(points_mm.shape, np.nan)
    displaced[inside] = _interpolated(vectors, np.clip(index.compress(inside, axis=0), 0, last).T).T
    return displaced


def _interpolated(vectors: NDArray[np.float32], places: Floats) -> Floats:
    """(3, n) trilinear vectors at (3, n) places on a grid; coordinate by coordinate, as :func:`_apply`."""
    last = np.array(vectors.shape[:3])[:, None] - 1
    low = np.minimum(places.astype(np.int64), np.maximum(last - 1, 0))
    sides = [(1 - along, along) for along in places - low]
    first = 3 * np.ravel_multi_index(tuple(low), vectors.shape[:3])
    steps = 3 * np.minimum(last[:, 0], 1) * (vectors.shape[1] * vectors.shape[2], vectors.shape[2], 1)
    numbers, total = vectors.ravel(), np.zeros(places.shape)
    for corner in np.ndindex(2, 2, 2):
        share = sides[0][corner[0]] * sides[1][corner[1]] * sides[2][corner[2]]
        at, none = first + steps @ corner, np.flatnonzero(share == 0)
        for axis in range(3):
            part = share * numbers[axis:].take(at)
            part[none] = 0  # a missing vector affects no point with a weight of 0
            total[axis] += part
    return total


def _apply(matrix: Floats, points_mm: Floats) -> Floats:
    """Map (n, 3) points by a 4 x 4 matrix."""
    columns = matrix[:3, :3] @ points_mm.T  # by coordinate: a tenth of the time of (n, 3) rows
    columns += matrix[:3, 3:]
    mapped: Floats = columns.T
    return mapped


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a 4 x 4 matrix."""
    return np.linalg.inv(matrix).astype(np.float64)
