"""Pictures of the planes on which two delineations differ most, as SVG with alternative text.

Both contours are drawn, and their difference is filled: the even-odd rule over the contours of both gives their
symmetric difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.volumes import symmetric_difference_mm2
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtcomplexity.compare.delineation import ComparedPair
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats

    Polygons = list[Floats]

MOST_PLANES: Final = 6
MARGIN_MM: Final = 4.0
PICTURE_STEP_MM: Final = 0.3
"""Vertices closer than this are omitted from a picture, where they would be indistinguishable."""
FIRST_COLOR: Final = "#1f6fb2"
SECOND_COLOR: Final = "#b2471f"
DIFFERENCE_COLOR: Final = "#f3d9b5"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanePicture:
    """One plane of a comparison."""

    svg: str
    text: str
    """Alternative text."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedPlane:
    """Both delineations on one plane, in the first's (u, v), mm."""

    position_mm: float
    first: Polygons
    second: Polygons
    difference_mm2: float

    @property
    def text(self) -> str:
        """Alternative text of a picture of it."""
        return f"Plane at {self.position_mm:.1f} mm: {self.difference_mm2 / 100:.2f} cm² differ."


def plane_pictures(pair: ComparedPair) -> tuple[PlanePicture, ...]:
    """The planes that differ most, ordered along the normal; none if planes are not comparable or equal."""
    planes = [plane for plane in compared_planes(pair) if plane.difference_mm2 > 0]
    most = sorted(planes, key=lambda plane: -plane.difference_mm2)[:MOST_PLANES]
    return tuple(_picture(plane) for plane in sorted(most, key=lambda plane: plane.position_mm))


def compared_planes(pair: ComparedPair) -> tuple[ComparedPlane, ...]:
    """Every plane with contours of either, ordered along the normal; none if they are not comparable."""
    try:
        first, second = pair.stacks
    except NotMeasurableError:
        return ()
    return tuple(sorted(_planes(pair, first, second), key=lambda plane: plane.position_mm))


def _planes(pair: ComparedPair, first: PlaneStack, second: PlaneStack) -> Iterable[ComparedPlane]:
    """Planes of the second with the first's counterparts, then the first's planes missing in the second."""
    source = pair.from_second.counterparts
    held = np.flatnonzero(source >= 0)
    both = symmetric_difference_mm2(first, second, np.stack([source[held], held], axis=1))
    for plane, difference in zip(held.tolist(), both.tolist(), strict=True):
        yield ComparedPlane(
            position_mm=float(second.positions_mm[plane]),
            first=first.plane_polygons(int(source[plane])),
            second=second.plane_polygons(plane),
            difference_mm2=difference,
        )
    for plane in np.flatnonzero(source < 0).tolist():
        yield _alone(second, plane, is_first=False)
    for plane in np.flatnonzero(pair.from_first.is_alone).tolist():
        yield _alone(first, plane, is_first=True)


def _alone(stack: PlaneStack, plane: int, *, is_first: bool) -> ComparedPlane:
    """A plane with contours of one side only."""
    polygons = stack.plane_polygons(plane)
    return ComparedPlane(
        position_mm=float(stack.positions_mm[plane]),
        first=polygons if is_first else [],
        second=[] if is_first else polygons,
        difference_mm2=float(stack.plane_areas_mm2[plane]),
    )


def _picture(plane: ComparedPlane) -> PlanePicture:
    """Picture of one plane."""
    first, second = ([thinned(polygon, PICTURE_STEP_MM) for polygon in each] for each in (plane.first, plane.second))
    every = [*first, *second]
    low = np.min([each.min(axis=0) for each in every], axis=0) - MARGIN_MM
    size = np.max([each.max(axis=0) for each in every], axis=0) + MARGIN_MM - low
    difference = f'<path d="{outline_path(every)}" fill="{DIFFERENCE_COLOR}" fill-rule="evenodd"/>'
    drawn = f"{difference}{_outline(first, FIRST_COLOR)}{_outline(second, SECOND_COLOR)}"
    return picture_of(drawn, low, size, plane.text)


def picture_of(drawn: str, low: Floats, size: Floats, text: str, digits: int = 2) -> PlanePicture:
    """A picture of SVG elements in a box, given its lower corner and size, mm."""
    view = " ".join(f"{number:.{digits}f}" for number in (*low, *size))
    label = f'xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{text}"'
    return PlanePicture(svg=f'<svg {label} viewBox="{view}">{drawn}</svg>', text=text)


def _outline(polygons: Polygons, color: str) -> str:
    """Contours as an SVG path in one color."""
    line = f'fill="none" stroke="{color}" stroke-width="1" vector-effect="non-scaling-stroke"'
    return f'<path d="{outline_path(polygons)}" {line}/>'


def outline_path(polygons: Polygons) -> str:
    """Closed polygons (n, 2) as SVG path data."""
    return "".join(f"M{' '.join(f'{u:.2f},{v:.2f}' for u, v in each.tolist())}Z" for each in polygons)


def thinned(polygon: Floats, step_mm: float) -> Floats:
    """One vertex per interval of a closed polygon (n, 2); all if fewer than three would remain."""
    steps = np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T)
    stretch = np.floor((np.cumsum(steps) - steps) / step_mm)
    kept = np.append(True, np.diff(stretch) != 0)
    return polygon[kept] if kept.sum() > 2 else polygon
