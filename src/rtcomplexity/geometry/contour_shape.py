"""The shape of one closed outline in a plane: how round, how convex, how smoothly bent.

Every number is 1 (or 0 for a depth) for a circle, and the same whatever the size, direction, starting vertex or number
of vertices. Knows one polygon in millimetres, which may cross itself; no planes and no holes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.geometry.mesh import UnmeasurableShapeError
from rtcomplexity.geometry.stack.even_odd import enclosed_areas, perimeters, signed_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]

FEWEST_STEPS: Final = 8
"""An outline is resampled to at least this many points."""


def area(points_mm: Points) -> float:
    """Even-odd area of an outline, mm2, whichever way round it runs and crosses itself. Vertices are (n, 2)."""
    return float(enclosed_areas(points_mm, np.array([0, len(points_mm)]))[0])


def simple_area(points_mm: Points) -> float:
    """Area of an outline that does not cross itself, such as a traced level line, mm2: much quicker."""
    return abs(float(signed_areas(points_mm, np.array([0, len(points_mm)]))[0]))


def perimeter(points_mm: Points) -> float:
    """Length of an outline, mm."""
    return float(perimeters(points_mm, np.array([0, len(points_mm)]))[0])


def isoperimetric_ratio(points_mm: Points) -> float:
    """4 pi area / perimeter^2: 1 for a circle, less for all else.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> round(isoperimetric_ratio(square), 6)
    0.785398
    """
    return 4 * math.pi * area(points_mm) / perimeter(points_mm) ** 2


def solidity(points_mm: Points, area_mm2: float | None = None) -> float:
    """Area over that of the convex hull: 1 where nothing is concave.

    Parameters
    ----------
    points_mm
        (n, 2) vertices, mm.
    area_mm2
        Its :func:`area`, where that is known.

    Raises
    ------
    UnmeasurableShapeError
        If the outline encloses no area.
    """
    return (area(points_mm) if area_mm2 is None else area_mm2) / float(_hull(points_mm).volume)


def concavity_depth(points_mm: Points) -> float:
    """Depth of the deepest pocket, mm: how far the outline retreats from the edge of its convex hull that spans it.

    Raises
    ------
    UnmeasurableShapeError
        If the outline encloses no area.

    Examples
    --------
    >>> notched = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [1.0, 0.5], [0.0, 2.0]])
    >>> concavity_depth(notched)
    1.5
    """
    corners = np.sort(_hull(points_mm).vertices)
    lid = np.searchsorted(corners, np.arange(len(points_mm)), side="right") - 1
    start, end = points_mm[corners[lid]], points_mm[corners[(lid + 1) % len(corners)]]
    along, offset = end - start, points_mm - start
    depth = np.abs(along[:, 0] * offset[:, 1] - along[:, 1] * offset[:, 0]) / np.hypot(along[:, 0], along[:, 1])
    return float(depth.max())


def curvature_energy(points_mm: Points, step_mm: float) -> float:
    """Perimeter times the integral of squared curvature over (2 pi)^2: 1 for a circle, more for all else.

    Curvature is the turn at each point of the outline resampled to equal steps, over the step; so detail finer than
    the step does not count. (Young IT, Walker JE, Bowie JE. Inf Control 1974;25:357-370, "bending energy", here made
    free of scale.)

    Parameters
    ----------
    points_mm
        (n, 2) vertices, mm.
    step_mm
        About how far apart the resampled points lie, mm.
    """
    points = resampled(points_mm, step_mm)
    edges = np.roll(points, -1, axis=0) - points
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    turns = (np.roll(angles, -1) - angles + math.pi) % (2 * math.pi) - math.pi
    return float(len(points) * (turns**2).sum()) / (4 * math.pi**2)


def resampled(points_mm: Points, step_mm: float) -> Points:
    """Place points at equal steps along an outline, from the vertex furthest from its centre on.

    That start depends on the shape alone, not on where its list of vertices begins.

    Returns
    -------
    NDArray
        (m, 2) mm, at least :data:`FEWEST_STEPS`.

    Raises
    ------
    UnmeasurableShapeError
        If the outline has no length.
    """
    closed = np.concatenate([points_mm, points_mm[:1]])
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(closed, axis=0).T)))
    if not along[-1] > 0:
        raise UnmeasurableShapeError("An outline has no length.", "a contour of at least three different points.")
    weights = np.diff(along)[:, None]
    centre = ((closed[1:] + closed[:-1]) / 2 * weights).sum(axis=0) / along[-1]
    start = along[np.argmax(np.hypot(*(points_mm - centre).T))]
    count = max(round(along[-1] / step_mm), FEWEST_STEPS)
    places = (start + along[-1] * np.arange(count) / count) % along[-1]
    return np.stack([np.interp(places, along, closed[:, axis]) for axis in range(2)], axis=1)


def _hull(points_mm: Points) -> Any:  # noqa: ANN401 - scipy ships no types
    from scipy.spatial import ConvexHull, QhullError  # noqa: PLC0415 - importing the package stays quick

    try:
        return ConvexHull(points_mm)
    except (QhullError, ValueError) as fault:
        reason = "An outline encloses no area."
        raise UnmeasurableShapeError(reason, "a contour of at least three different points.") from fault
