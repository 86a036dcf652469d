"""Simulated re-contouring of the gross target, and the resulting change of the scored metrics.

Contours are displaced within their planes by a smooth random field with a standard deviation of 2 mm and a correlation
length of 20 mm. The deviation is that of observers. In 16 early lung tumors contoured by 11 radiation oncologists, the
local standard deviation perpendicular to the median surface was 2.1 mm (root mean square), and 1.2 and 1.8 mm within
groups of institutes (Peulen et al., Radiother Oncol 2015;114:361-366). In 10 lung tumors contoured by 7 on 4D CT it was
2.6 to 3.3 mm (Mercieca et al., Radiother Oncol, on MIP, mid-ventilation and mid-position reconstructions). The
correlation length is an assumption.

Size, shape and topology, which follow from contours alone, are measured again. Metrics of images and organs are held
constant, since a displaced border would no longer follow the edge that was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.cores import run_all
from rtcomplexity.geometry.stack.topology import pieces_of_drawings
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.metrics import contour, shape
from rtcomplexity.metrics.context import UnionContext
from rtcomplexity.metrics.course import union_of
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.metrics.scored import SHAPE
from rtcomplexity.metrics.target_shape import coarse_shape, replicate_step_mm
from rtcomplexity.units import MM3_PER_CM3, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.geometry.stack.topology import Pieces
    from rtcomplexity.metrics.context import ShapeContext
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.model.arrays import Floats

DEVIATION_MM: Final = 2.0
"""Standard deviation of the displacement along each axis of the plane."""
CORRELATION_MM: Final = 20.0
"""Displacements at this distance have a correlation of exp(-1/2)."""
WAVES: Final = 24
BLOCK_POINTS: Final = 1024
"""Points moved together: their waves stay in the processor's cache."""
POINTS_AT_ONCE: Final = 60_000
"""About how many points of redrawings are counted together, to limit memory."""
KEPT: Final = 32
"""Redrawings kept until their shape is needed."""
SHAPE_KEYS: Final = frozenset(definition.key for definition in SHAPE)
MOST_VERTICES: Final = 4000
"""Contours with more vertices are thinned: displacements vary over much longer distances."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Replicates:
    """Numbered redrawings of one gross target; a number gives the same redrawing for the same seed."""

    target: ShapeContext
    values: Mapping[str, Measurement]
    """The scored metrics as measured."""
    seed: bytes
    shape_blur_mm: float
    """Blur of the surface on which shape was measured."""

    def __call__(self, number: int) -> Mapping[str, Measurement]:
        """Scored metrics of one redrawing."""
        (rest,), (shape,) = self.without_shape([number]), self.shapes([number])
        return {**self.values, **rest, **shape}

    def without_shape(self, numbers: Sequence[int]) -> list[Mapping[str, Measurement]]:
        """Scored metrics of redrawings except shape, which costs most."""
        at_once = max(POINTS_AT_ONCE // len(self.target.stack.points_mm), 1)
        groups = (numbers[start : start + at_once] for start in range(0, len(numbers), at_once))
        return [each for group in groups for each in self._group_without_shape(group)]

    def shapes(self, numbers: Sequence[int]) -> list[Mapping[str, Measurement]]:
        """Shape of redrawings, on several cores if the settings allow; empty if it is not compared."""
        if not self._coarse:  # measured before workers start, so that none of them has to
            return [{} for _ in numbers]
        stacks = [self._redrawn(number).stack for number in numbers]
        return run_all([partial(self._shape, stack) for stack in stacks], self.target.settings.threads)

    def _group_without_shape(self, numbers: Sequence[int]) -> list[Mapping[str, Measurement]]:
        """Scored metrics except shape, for redrawings counted together."""
        held = {key: value for key, value in self.values.items() if key not in SHAPE_KEYS}
        contexts = [self._redrawn(number) for number in numbers]
        points_mm = np.stack([context.stack.points_mm for context in contexts])
        counted = pieces_of_drawings(self.target.stack, points_mm, self.target.grid.pixel_mm)
        return [
            {**held, **self._scaled(_sizes(context), self._sizes), **_pieces(found, context.stack.plane_count)}
            for context, found in zip(contexts, counted, strict=True)
        ]

    @cached_property
    def _redrawn(self) -> Callable[[int], ShapeContext]:
        """Redraws the target; recent results are kept, as shape is requested after size."""
        return lru_cache(maxsize=KEPT)(self._redraw)

    def _redraw(self, number: int) -> ShapeContext:
        """One redrawing of the target."""
        redrawn = displaced(self.target.stack, self._field(number), self._places_mm)
        return UnionContext(grid=self.target.grid, settings=self.target.settings, union=redrawn)

    @cached_property
    def _places_mm(self) -> Floats:
        """(n, 3) vertices relative to the middle of the shape, mm."""
        return from_middle(self.target.stack)

    @cached_property
    def _sizes(self) -> Mapping[str, float]:
        """Size of the original contours."""
        return _sizes(self.target)

    @cached_property
    def _coarse(self) -> Mapping[str, float]:
        """Shape of the original contours on the coarse grid."""
        return self._coarse_shape(self.target.stack)

    def _shape(self, redrawn: PlaneStack) -> Mapping[str, Measurement]:
        """Shape of one redrawing."""
        return self._scaled(self._coarse_shape(redrawn), self._coarse)

    def _coarse_shape(self, stack: PlaneStack) -> dict[str, float]:
        """Shape on one grid for original and redrawn contours, so that the effect of its step cancels."""
        step_mm = replicate_step_mm(self.target.stack, self.shape_blur_mm)
        return coarse_shape(stack, self.shape_blur_mm, step_mm)

    def _scaled(self, redrawn: Mapping[str, float], drawn: Mapping[str, float]) -> dict[str, Measurement]:
        """Apply the relative change to the values as measured, so that the bias of a coarser method cancels."""
        return {
            key: Measurement.of(measured.value * redrawn[key] / drawn[key], measured.unit)
            for key in drawn.keys() & redrawn.keys()
            if (measured := self.values.get(key)) is not None and measured.value is not None and drawn[key] > 0
        }

    def _field(self, number: int) -> SmoothField:
        """The random displacement of one redrawing."""
        rng = np.random.default_rng([*self.seed, number])
        return SmoothField(
            waves=rng.standard_normal((WAVES, 3)) / CORRELATION_MM,
            phases=rng.uniform(0, 2 * np.pi, (2, WAVES)),
            deviation_mm=DEVIATION_MM,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmoothField:
    """A random displacement in the plane: a sum of waves, approximating a Gaussian field."""

    waves: Floats
    """(m, 3) radians per mm along (u, v, normal)."""
    phases: Floats
    """(2, m) for the displacement along u and v."""
    deviation_mm: float

    def at(self, points_mm: Floats) -> Floats:
        """(n, 2) displacement at (n, 3) points, mm."""
        # Both cosines of a wave from one tangent of its half angle, which is faster: with t the tangent and
        # q = 1 / (1 + t^2), cos(turn + phase) = (2 q - 1) cos(phase) - 2 t q sin(phase).
        halves, scale = self.waves.T / 2, self.deviation_mm * np.sqrt(2 / len(self.waves))
        even, odd = 2 * scale * np.cos(self.phases).T, 2 * scale * np.sin(self.phases).T
        found = np.empty((len(points_mm), 2))
        for start in range(0, len(points_mm), BLOCK_POINTS):
            block = slice(start, start + BLOCK_POINTS)
            tangents = np.tan(points_mm[block] @ halves)
            shares = 1 / (1 + tangents**2)
            found[block] = shares @ even - (tangents * shares) @ odd
        return np.asarray(found - even.sum(axis=0) / 2)


def displaced(stack: PlaneStack, field: SmoothField, places_mm: Floats) -> PlaneStack:
    """Move every vertex by the field at its place (n, 3) relative to the middle of the shape.

    Within one correlation length the field changes by about a tenth of the distance (one standard deviation), so the
    map is one to one.
    """
    return stack.warped(stack.points_mm + field.at(places_mm))


def from_middle(stack: PlaneStack) -> Floats:
    """(n, 3) vertices along u, v and the normal, relative to the middle of the shape, mm."""
    heights = stack.positions_mm[stack.plane_of_vertex]
    points = np.column_stack([stack.points_mm, heights])
    middle = np.array([(along.min() + along.max()) / 2 for along in points.T])
    return np.asarray(points - middle)


def replicates(
    measured: MeasuredCase,
    numbers: Collection[int],
    values: Mapping[str, Measurement],
    *,
    seed: bytes,
    shape_blur_mm: float,
) -> Replicates:
    """Prepare redrawings of the union of these ROIs, on which `values` were measured."""
    parts = [measured.context(roi) for roi in measured.case.structure_set.rois if roi.number in numbers]
    parts.sort(key=lambda part: (-slab_volume_mm3(part.stack), part.roi.number))
    union = union_of(parts)
    thin = UnionContext(grid=union.grid, settings=measured.settings, union=union.stack.thinned(MOST_VERTICES))
    return Replicates(target=thin, values=values, seed=seed, shape_blur_mm=shape_blur_mm)


def _sizes(context: ShapeContext) -> dict[str, float]:
    """Size by scored key, as far as it changes with the contours; the length along the patient does not."""
    return {
        "scored.volume": slab_volume_mm3(context.stack) / MM3_PER_CM3,
        "scored.equivalent_diameter": shape.equivalent_sphere_diameter_mm(context),
        "scored.manual_lateral_area": contour.lateral_area_cm2(context),
    }


def _pieces(found: Pieces, planes: int) -> dict[str, Measurement]:
    """Topology by scored key, of a shape on so many planes."""
    counts = {
        "scored.component_count": found.body_count,
        "scored.planes_with_components": found.planes_with_components / planes,
        "scored.planes_with_holes": found.planes_with_holes / planes,
        "scored.branching_count": found.branching_count,
    }
    return {key: Measurement.of(value, Unit.NONE) for key, value in counts.items()}
