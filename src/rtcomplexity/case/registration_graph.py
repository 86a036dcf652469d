"""The graph that registrations make of frames of reference: which of them are in force, and the way through them.

The only place that walks it. Knows which way an object maps and which of several counts; computes no coordinates
(:mod:`rtcomplexity.fusion.frames` does).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtcomplexity.model.registration import DeformationField, FrameMapping, SpatialRegistration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rtcomplexity.model.image import ImageSeries


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edge:
    """One mapping of a registration, walked from `start` to `end`."""

    start: str
    end: str
    registration: SpatialRegistration
    mapping: FrameMapping | DeformationField
    is_inverted: bool
    """Whether it is walked against the direction in which the object maps."""

    @property
    def is_deformable(self) -> bool:
        """Whether it is no matrix."""
        return isinstance(self.mapping, DeformationField)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rivals:
    """Several registrations of the same two frames, the one in force first."""

    edges: tuple[Edge, ...]
    is_by_date: bool
    """Whether the one in force is newer than all others."""


def space_of(series: ImageSeries, registrations: Iterable[SpatialRegistration]) -> str:
    """Return the node that a series lies in: its frame of reference, or its own where it is moved within that frame."""
    moved = {item.source_series_uid for one in registrations for item in one.mappings if item.source_series_uid}
    return series_space(series.frame_of_reference_uid, series.series_uid if series.series_uid in moved else "")


def series_space(frame_uid: str, series_uid: str) -> str:
    """Return the node of a series that is moved within its frame of reference; the frame's own without a series."""
    return f"{frame_uid} of {series_uid}" if series_uid else frame_uid


def find_path(registrations: Iterable[SpatialRegistration], start: str, end: str) -> tuple[Edge, ...] | None:
    """Find the way from one node to another.

    The fewest links win, then the fewest deformable ones, then the smallest SOP Instance UIDs: the same registrations
    in any order give the same way.

    Returns
    -------
    tuple of Edge or None
        Empty within one node; None where no chain of registrations leads there, or a node is not stated.
    """
    if not start or not end:
        return None
    edges: dict[str, list[Edge]] = {}
    for edge in edges_in_force(registrations):
        edges.setdefault(edge.start, []).append(edge)
    counter = 0
    queue: list[tuple[int, int, tuple[str, ...], int, str, tuple[Edge, ...]]] = [(0, 0, (), 0, start, ())]
    seen: set[str] = set()
    while queue:
        links, bends, uids, _, node, path = heapq.heappop(queue)
        if node == end:
            return path
        if node in seen:
            continue
        seen.add(node)
        for edge in edges.get(node, ()):
            counter += 1
            uid = edge.registration.sop_instance_uid
            bend = bends + edge.is_deformable
            heapq.heappush(queue, (links + 1, bend, (*uids, uid), counter, edge.end, (*path, edge)))
    return None


def edges_in_force(registrations: Iterable[SpatialRegistration]) -> tuple[Edge, ...]:
    """Return the mapping that counts between each two nodes, in both directions."""
    return tuple(edge for rivals in _by_pair(registrations).values() for edge in (rivals[0], turned(rivals[0])))


def rivals(registrations: Iterable[SpatialRegistration]) -> tuple[Rivals, ...]:
    """Return the pairs of nodes that several registrations tie."""
    return tuple(
        Rivals(edges=tuple(edges), is_by_date=_when(edges[0]) > max(map(_when, edges[1:])))
        for edges in _by_pair(registrations).values()
        if len(edges) > 1
    )


def _by_pair(registrations: Iterable[SpatialRegistration]) -> dict[tuple[str, str], list[Edge]]:
    """Edges between each two nodes, all walked in one direction, the one in force first: the newest.

    Of one date the fewest deformable come first, then the smallest SOP Instance UID.
    """
    found: dict[tuple[str, str], list[Edge]] = {}
    for edge in _edges(registrations):
        walked = edge if edge.start < edge.end else turned(edge)
        found.setdefault((walked.start, walked.end), []).append(walked)
    for edges in found.values():
        edges.sort(key=lambda e: (e.is_deformable, e.registration.sop_instance_uid, e.registration.file_sha256))
        edges.sort(key=_when, reverse=True)
    return found


def _when(edge: Edge) -> str:
    return edge.registration.written_at


def turned(edge: Edge) -> Edge:
    """Walk an edge the other way."""
    return Edge(
        start=edge.end,
        end=edge.start,
        registration=edge.registration,
        mapping=edge.mapping,
        is_inverted=not edge.is_inverted,
    )


def _edges(registrations: Iterable[SpatialRegistration]) -> Iterator[Edge]:
    """Every mapping in the direction in which its object maps: matrices source -> registered, fields the other way."""
    ordered: Sequence[SpatialRegistration] = sorted(registrations, key=lambda r: (r.sop_instance_uid, r.file_sha256))
    for one in ordered:
        for item in one.mappings:
            source = series_space(item.source_frame_uid, item.source_series_uid)
            yield Edge(start=source, end=one.registered_frame_uid, registration=one, mapping=item, is_inverted=False)
        for field in one.deformations:
            yield Edge(
                start=one.registered_frame_uid,
                end=field.source_frame_uid,
                registration=one,
                mapping=field,
                is_inverted=False,
            )
