"""The way from one frame of reference to another, through the registrations that are there.

Knows which way each object maps, inverts it where needed and chains as many as it takes; reads no image. Points are
(n, 3) arrays in mm; where a deformation is undefined the result is NaN.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.model.arrays import frozen_array
from rtcomplexity.model.issue import Issue, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.model.registration import DeformationField, SpatialRegistration

    Points = NDArray[np.float64]

INVERSION_STEPS: Final = 60
INVERSION_TOLERANCE_MM: Final = 1e-4
DISAGREEMENT_MM: Final = 1.0
PROBE_MM: Final = 100.0
"""How far from the origin two registrations of the same frames are compared."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AffineStep:
    """A 4 x 4 matrix."""

    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", frozen_array(self.matrix, np.float64))

    def __call__(self, points_mm: Points) -> Points:
        """Map (n, 3) points."""
        return _apply(self.matrix, points_mm)


@dataclass(frozen=True, kw_only=True, eq=False)
class DeformableStep:
    """A deformation field in its own direction: registered -> source."""

    field: DeformationField

    def __call__(self, points_mm: Points) -> Points:
        """Map (n, 3) points of the registered frame into the source frame; NaN where the field is undefined."""
        moved = _apply(self.field.pre_matrix, points_mm) + displacement_mm(self.field, points_mm)
        return _apply(self.field.post_matrix, moved)


@dataclass(frozen=True, kw_only=True, eq=False)
class InverseDeformableStep:
    """A deformation field against its own direction: source -> registered, by fixed-point iteration.

    It converges where the field stretches space by less than its own size; a point for which it does not come within
    0.0001 mm is undefined (NaN).
    """

    field: DeformationField

    def __call__(self, points_mm: Points) -> Points:
        """Map (n, 3) points of the source frame into the registered frame; NaN where there is no way back."""
        target, back = _apply(_inverse(self.field.post_matrix), points_mm), _inverse(self.field.pre_matrix)
        found = _apply(back, target)
        step = np.full(len(target), np.inf)
        for _ in range(INVERSION_STEPS):
            following = _apply(back, target - displacement_mm(self.field, found))
            step = np.linalg.norm(following - found, axis=1)
            found = following
            if not (step > INVERSION_TOLERANCE_MM / 10).any():
                break
        found[~(step <= INVERSION_TOLERANCE_MM)] = np.nan
        return found


Step = AffineStep | DeformableStep | InverseDeformableStep


@dataclass(frozen=True, kw_only=True, eq=False)
class PointMap:
    """Points of one frame of reference mapped into another: ``pet_from_ct(points_mm)``."""

    steps: tuple[Step, ...] = ()
    """Applied in this order; empty within one frame."""
    registration_uids: tuple[str, ...] = ()
    """SOP Instance UID of the registration behind each step."""

    @property
    def links(self) -> int:
        """Registrations that the map goes through."""
        return len(self.steps)

    @property
    def is_deformable(self) -> bool:
        """Whether a step is not an affine."""
        return any(not isinstance(step, AffineStep) for step in self.steps)

    def __call__(self, points_mm: Points) -> Points:
        """Map (n, 3) points, mm; NaN where undefined."""
        mapped = np.asarray(points_mm, dtype=np.float64)
        for step in self.steps:
            mapped = step(mapped)
        return mapped


def find_point_map(
    registrations: Iterable[SpatialRegistration], from_frame_uid: str, to_frame_uid: str
) -> PointMap | None:
    """Find the map from one frame to another.

    The fewest links win, then the fewest deformable ones, then the smallest SOP Instance UIDs: the same registrations
    in any order give the same map. Frames with the same UID need no registration.

    Returns
    -------
    PointMap or None
        None where no chain of registrations leads there, or a frame is not stated.
    """
    if not from_frame_uid or not to_frame_uid:
        return None
    edges: dict[str, list[tuple[str, str, Step]]] = {}
    for start, end, uid, step in _edges(registrations):
        edges.setdefault(start, []).append((end, uid, step))
    counter = 0
    queue: list[tuple[int, int, tuple[str, ...], int, str, tuple[Step, ...]]] = [(0, 0, (), 0, from_frame_uid, ())]
    seen: set[str] = set()
    while queue:
        links, bends, uids, _, frame, steps = heapq.heappop(queue)
        if frame == to_frame_uid:
            return PointMap(steps=steps, registration_uids=uids)
        if frame in seen:
            continue
        seen.add(frame)
        for end, uid, step in edges.get(frame, ()):
            counter += 1
            bend = bends + (not isinstance(step, AffineStep))
            heapq.heappush(queue, (links + 1, bend, (*uids, uid), counter, end, (*steps, step)))
    return None


def _edges(registrations: Iterable[SpatialRegistration]) -> Iterable[tuple[str, str, str, Step]]:
    """(from frame, to frame, SOP Instance UID, step) of every mapping, both ways."""
    for registration in sorted(registrations, key=lambda r: (r.sop_instance_uid, r.file_sha256)):
        uid, registered = registration.sop_instance_uid, registration.registered_frame_uid
        for mapping in registration.mappings:
            matrix, source = mapping.registered_from_source, mapping.source_frame_uid
            yield source, registered, uid, AffineStep(matrix=matrix)
            yield registered, source, uid, AffineStep(matrix=_inverse(matrix))
        for field in registration.deformations:
            yield registered, field.source_frame_uid, uid, DeformableStep(field=field)
            yield field.source_frame_uid, registered, uid, InverseDeformableStep(field=field)


def registration_issues(registrations: Sequence[SpatialRegistration]) -> tuple[Issue, ...]:
    """Find pairs of affine registrations that tie the same two frames in different ways.

    An object written in the wrong direction shows itself so, where another of the same frames is there.
    """
    found: dict[tuple[str, str], list[AffineStep]] = {}
    for start, end, _, step in _edges(registrations):
        if start < end and isinstance(step, AffineStep):
            found.setdefault((start, end), []).append(step)
    issues = []
    for steps in found.values():
        apart_mm = max((_apart_mm(steps[0], other) for other in steps[1:]), default=0.0)
        if apart_mm > DISAGREEMENT_MM:
            text = (
                f"{len(steps)} registrations tie the same two frames of reference but put a point up to "
                f"{apart_mm:.3g} mm apart; the one with the smallest SOP Instance UID is used. "
                "One may map the wrong way."
            )
            issues.append(
                Issue(code="registrations-disagree", severity=Severity.WARNING, subject="registration", text=text)
            )
    return tuple(issues)


def _apart_mm(a: AffineStep, b: AffineStep) -> float:
    corners = PROBE_MM * np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), dtype=np.float64).reshape(3, -1).T
    return float(np.linalg.norm(a(corners) - b(corners), axis=1).max())


def displacement_mm(field: DeformationField, points_mm: Points) -> Points:
    """Trilinear displacement at (n, 3) points of the registered frame; NaN outside the grid or beside a NaN vector.

    A field without a grid displaces nothing.
    """
    vectors = field.vectors_mm
    if vectors.size == 0:
        return np.zeros_like(points_mm)
    index = _apply(field.grid_from_point, points_mm)[:, ::-1]
    last = np.array(vectors.shape[:3]) - 1
    tolerance = 1e-6
    inside = ((index >= -tolerance) & (index <= last + tolerance)).all(axis=1)
    displaced = np.full(points_mm.shape, np.nan)
    within = np.clip(index[inside], 0, last)
    low = np.minimum(within.astype(np.int64), np.maximum(last - 1, 0))
    weight = within - low
    total = np.zeros((len(within), 3))
    for corner in np.ndindex(2, 2, 2):
        share = np.prod(np.where(corner, weight, 1 - weight), axis=1)
        node = np.minimum(low + corner, last)
        used = share > 0
        total[used] += share[used, None] * vectors[tuple(node[used].T)]
    displaced[inside] = total
    return displaced


def _apply(matrix: NDArray[np.float64], points_mm: Points) -> Points:
    mapped: Points = points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    return mapped


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.inv(matrix).astype(np.float64)
