"""The surface of a contoured shape finer than its planes, and how it compares with a sphere cut by the same planes.

The surface is that of :mod:`~rtcomplexity.geometry.field.shape_field`. What is left of the planes' influence is divided
out: a sphere of the body's volume, at the body's height, goes through the same planes and the same steps. Knows planes
in millimeters; no DICOM, no images. The decision and its numbers: ``docs/decisions/0010-subvoxel-surface.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.geometry.contour_shape import Outlines
from rtcomplexity.geometry.field.level_lines import level_lines
from rtcomplexity.geometry.field.shape_field import (
    Grid,
    Knots,
    Smoothing,
    disc_field,
    knots_of,
    polygon_field,
    reach_for,
    step_for,
)
from rtcomplexity.geometry.mesh import (
    Mesh,
    UnmeasurableShapeError,
    equivalent_sphere_diameter,
    mesh_of_field,
    sphericity,
)
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.model.arrays import frozen_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats, Singles


COARSEST_PLANES: Final = 0.25
"""Above this ratio of plane spacing to equivalent diameter a body's shape is not told by its contours."""
DIAMETER_ALLOWANCE: Final = 1.05
"""At that ratio the diameter found may be a little short, depending on where the planes lie."""
MEASURED_SHARE: Final = 0.5
"""At least this share of the volume must lie in bodies whose shape is told."""
BEND_MM: Final = 6.0
"""Outlines are resampled at this step before their curvature is taken."""

AS_DRAWN: Final = Smoothing()


class UndersampledShapeError(UnmeasurableShapeError):
    """The planes lie too far apart, or the body is too small, to tell its shape."""

    def __init__(self, spacing_mm: float, diameter_mm: float) -> None:
        found = f"Planes {spacing_mm:.3g} mm apart do not resolve the shape of a body {diameter_mm:.3g} mm in diameter."
        super().__init__(found, "thinner slices.")
        self.args = (spacing_mm, diameter_mm)
        self.spacing_mm, self.diameter_mm = spacing_mm, diameter_mm


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldShape:
    """One connected region where a field is positive, and its shape."""

    field: Singles
    """(k, j, i) positive inside."""
    grid: Grid
    planes_mm: Floats
    """(n,) positions along the normal of the planes that may cut it."""
    is_round: bool = False
    """Whether u and v may be exchanged, in field and grid, as those of a sphere."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", frozen_array(self.field, np.float32))
        object.__setattr__(self, "planes_mm", frozen_array(self.planes_mm, np.float64))

    @cached_property
    def mesh(self) -> Mesh:
        """The surface; vertices (along the normal, v, u), mm."""
        steps_mm, origin_mm = [self.grid.step_mm] * 3, self.grid.origin_mm.tolist()
        return mesh_of_field(self.field, 0.0, steps_mm, origin_mm, is_symmetric=self.is_round)

    @cached_property
    def sphericity(self) -> float:
        """Area of the sphere of the same volume over its own."""
        return sphericity(self.mesh.volume_mm3, self.mesh.area_mm2)

    @cached_property
    def solidity(self) -> float:
        """Volume over that of the convex hull."""
        return self.mesh.volume_mm3 / self.mesh.hull_volume_mm3

    @cached_property
    def outlines(self) -> Outlines:
        """Outer and inner outlines in its planes, (v, u) in mm; those under three pixels are left out."""
        layers = (self.planes_mm - self.grid.origin_mm[0]) / self.grid.step_mm
        layers = layers[(layers >= 0) & (layers <= len(self.field) - 1)]
        below = np.minimum(layers.astype(np.int64), len(self.field) - 2)
        share = (layers - below).astype(np.float32)[:, None, None]
        pixels, offsets = level_lines(self.field[below] * (1 - share) + self.field[below + 1] * share)
        found = Outlines(points_mm=pixels * self.grid.step_mm + self.grid.origin_mm[1:], offsets=offsets)
        return found.chosen(found.simple_areas_mm2 >= 3 * self.grid.step_mm**2)

    @cached_property
    def plane_solidity(self) -> float:
        """Area over that of the convex hull of its outlines, weighted by area."""
        lines = self._outlines_that_are_there
        areas = lines.simple_areas_mm2
        return _weighted(lines.solidities(areas), areas)

    @cached_property
    def curvature_energy(self) -> float:
        """Curvature energy of its outlines, weighted by length."""
        lines = self._outlines_that_are_there
        return _weighted(lines.curvature_energies(BEND_MM), lines.perimeters_mm)

    @property
    def _outlines_that_are_there(self) -> Outlines:
        if not len(self.outlines):
            raise UnmeasurableShapeError("No plane cuts the shape.", "thinner slices.")
        return self.outlines


def _weighted(values: Floats, weights: Floats) -> float:
    return math.fsum(values * weights) / math.fsum(weights)


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """One connected body of a contoured shape, and the sphere it is compared with."""

    shape: FieldShape
    center_mm: float
    """Position of its center along the normal."""
    spacing_mm: float
    """Typical distance between its planes."""
    smoothing: Smoothing
    """What was done to the shape before."""

    @cached_property
    def volume_mm3(self) -> float:
        """Volume within its surface."""
        return self.shape.mesh.volume_mm3

    @cached_property
    def diameter_mm(self) -> float:
        """Diameter of the sphere of the same volume."""
        return equivalent_sphere_diameter(self.volume_mm3)

    @property
    def is_undersampled(self) -> bool:
        """Whether its planes lie too far apart to tell its shape, or the grid's step is as wide as it."""
        too_thin = self.diameter_mm / 2 < self.shape.grid.step_mm
        return too_thin or self.spacing_mm > COARSEST_PLANES * DIAMETER_ALLOWANCE * self.diameter_mm

    @cached_property
    def sphere(self) -> FieldShape:
        """The sphere of the same volume, at the same height, cut by the same planes and found by the same steps."""
        return sphere_of(self)


@dataclass(frozen=True, kw_only=True, eq=False)
class SubvoxelSurface:
    """The sub-voxel surface of a stack of planes and the shape numbers read off it, each found when asked for.

    The relative ones are divided, body by body, by those of the sphere that the same planes cut; they raise
    :class:`UndersampledShapeError` where the planes lie too far apart to tell the shape of most of the volume.
    """

    stack: PlaneStack
    smoothing: Smoothing = AS_DRAWN
    """What is done to the shape first; by default nothing."""
    step_mm: float | None = None
    """Of the isotropic grid; None chooses it by the shape's size."""

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """Connected bodies, largest first.

        Raises
        ------
        UnmeasurableShapeError
            If the shape is empty, or nothing of it survives the smoothing.
        """
        found = sorted(_bodies(self.stack, self.smoothing, self.step_mm), key=lambda body: -body.volume_mm3)
        if not found:
            reason = "The shape is empty, or so thin that nothing of it survives smoothing."
            raise UnmeasurableShapeError(reason, "a shape that encloses a volume.")
        return tuple(found)

    @cached_property
    def volume_mm3(self) -> float:
        """Volume within the surface."""
        return math.fsum(body.volume_mm3 for body in self.bodies)

    @cached_property
    def area_mm2(self) -> float:
        """Area of the surface."""
        return math.fsum(body.shape.mesh.area_mm2 for body in self.bodies)

    @cached_property
    def sphericity(self) -> float:
        """Sphericity of the bodies, weighted by volume."""
        return volume_weighted(self.bodies, lambda body: body.shape.sphericity)

    @cached_property
    def solidity(self) -> float:
        """Volume over that of the convex hull, of the bodies, weighted by volume."""
        return volume_weighted(self.bodies, lambda body: body.shape.solidity)

    @cached_property
    def concavity_depth_mm(self) -> float:
        """Depth of the deepest pocket of any outline in its planes."""
        depths = (body.shape.outlines.concavity_depths_mm.max(initial=0.0) for body in self.bodies)
        return float(max(depths, default=0.0))

    @cached_property
    def relative_sphericity(self) -> float:
        """Sphericity over that of the sphere."""
        return self._relative(lambda shape: shape.sphericity)

    @cached_property
    def relative_solidity(self) -> float:
        """Solidity over that of the sphere."""
        return self._relative(lambda shape: shape.solidity)

    @cached_property
    def relative_plane_solidity(self) -> float:
        """Solidity of the outlines in planes over that of the sphere's."""
        return self._relative(lambda shape: shape.plane_solidity)

    @cached_property
    def relative_curvature_energy(self) -> float:
        """Curvature energy of the outlines in planes over that of the sphere's."""
        return self._relative(lambda shape: shape.curvature_energy)

    def _relative(self, value: Callable[[FieldShape], float]) -> float:
        return volume_weighted(well_sampled(self.bodies), lambda body: value(body.shape) / value(body.sphere))


def volume_weighted(bodies: tuple[Body, ...], value: Callable[[Body], float]) -> float:
    """Mean of a value over bodies, weighted by their volume."""
    total_mm3 = math.fsum(body.volume_mm3 for body in bodies)
    return math.fsum(body.volume_mm3 * value(body) for body in bodies) / total_mm3


def well_sampled(bodies: tuple[Body, ...]) -> tuple[Body, ...]:
    """Keep the bodies whose shape their planes tell.

    Parameters
    ----------
    bodies
        Largest first.

    Raises
    ------
    UndersampledShapeError
        If they hold less than :data:`MEASURED_SHARE` of the volume; it tells the largest body that is left out.
    """
    missed = [body for body in bodies if body.is_undersampled]
    total_mm3 = math.fsum(body.volume_mm3 for body in bodies)
    if math.fsum(body.volume_mm3 for body in missed) > (1 - MEASURED_SHARE) * total_mm3:
        raise UndersampledShapeError(missed[0].spacing_mm, missed[0].diameter_mm)
    return tuple(body for body in bodies if not body.is_undersampled)


def sphere_of(body: Body) -> FieldShape:
    """Find the sphere of a body's volume at its height on the body's planes, by the same steps."""
    step_mm, radius_mm = body.shape.grid.step_mm, body.diameter_mm / 2
    heights_mm = body.shape.planes_mm - body.center_mm
    cut = np.abs(heights_mm) < radius_mm
    planes = np.where(cut, np.cumsum(cut) - 1, -1)
    knots = Knots(positions_mm=heights_mm, planes=planes, reach_mm=reach_for(body.spacing_mm, step_mm))
    half_mm = np.array([np.abs(heights_mm[[0, -1]]).max(), radius_mm, radius_mm])
    half_mm += body.smoothing.margin_mm(step_mm)
    grid = Grid.covering(-half_mm, half_mm, step_mm)
    field = disc_field(np.sqrt(radius_mm**2 - heights_mm[cut] ** 2), grid, knots)
    return FieldShape(field=body.smoothing.apply(field, step_mm), grid=grid, planes_mm=heights_mm, is_round=True)


def _bodies(stack: PlaneStack, smoothing: Smoothing, step_mm: float | None) -> Iterator[Body]:
    """Find the surface and tell its bodies apart."""
    volume_mm3 = slab_volume_mm3(stack)
    if not volume_mm3 > 0:
        return
    low_mm, high_mm = least(stack.points_mm)[::-1], greatest(stack.points_mm)[::-1]
    spacing_mm = float(np.median(stack.slab_mm))
    box_mm = np.append(high_mm - low_mm, np.ptp(stack.positions_mm) + 2 * spacing_mm)
    step_mm = step_mm or step_for(volume_mm3, box_mm)
    knots = knots_of(stack, reach_for(spacing_mm, step_mm))
    margin_mm = smoothing.margin_mm(step_mm)
    grid = Grid.covering(
        np.append(knots.positions_mm[0], low_mm) - margin_mm,
        np.append(knots.positions_mm[-1], high_mm) + margin_mm,
        step_mm,
    )
    field = smoothing.apply(polygon_field(stack, grid, knots), step_mm)
    if _reaches_border(field):
        raise UndersampledShapeError(spacing_mm, equivalent_sphere_diameter(volume_mm3))
    for part, part_grid, center_mm in _parts(field, grid):
        yield _body(part, part_grid, center_mm, stack, smoothing)


def _reaches_border(field: Singles) -> bool:
    """Whether a shape swells out of its box between planes that lie far apart."""
    return any(bool((field.take(end, axis=axis) > 0).any()) for axis in range(3) for end in (0, -1))


def _parts(field: Singles, grid: Grid) -> Iterator[tuple[Singles, Grid, float]]:
    """For each body its field in its own box, that box, and the body's height, mm."""
    from scipy.ndimage import find_objects, label  # noqa: PLC0415 - importing the package stays quick

    labels, count = label(field > 0)
    for number, box in enumerate(find_objects(labels), start=1):
        wide = tuple(slice(part.start - 1, part.stop + 1) for part in box)
        part, inside = field[wide], labels[wide] == number
        if count > 1:
            part = np.where(inside, part, np.minimum(part, -np.abs(part)))
        corner_mm = grid.origin_mm + grid.step_mm * np.array([place.start for place in wide])
        part_grid = Grid(origin_mm=corner_mm, step_mm=grid.step_mm, shape=part.shape)
        layers = np.count_nonzero(inside, axis=(1, 2))
        yield part, part_grid, float(layers @ part_grid.along(0) / layers.sum())


def _body(part: Singles, grid: Grid, center_mm: float, stack: PlaneStack, smoothing: Smoothing) -> Body:
    """Give a body the planes that cut it, continued beyond both ends as far as its sphere needs."""
    at, heights_mm = stack.positions_mm, grid.along(0)
    volume_mm3 = np.count_nonzero(part > 0) * grid.step_mm**3
    radius_mm = equivalent_sphere_diameter(volume_mm3) / 2 + grid.step_mm
    cutting = np.flatnonzero((at >= heights_mm[0]) & (at <= heights_mm[-1]))
    if not len(cutting):
        cutting = np.array([np.argmin(np.abs(at - center_mm))])
    first, last = cutting[0], cutting[-1]
    below = _continued(at[first], -2 * stack.lower_mm[first], center_mm - radius_mm)
    above = _continued(at[last], 2 * stack.upper_mm[last], center_mm + radius_mm)
    return Body(
        shape=FieldShape(field=part, grid=grid, planes_mm=np.concatenate([below[::-1], at[cutting], above])),
        center_mm=center_mm,
        spacing_mm=float(np.median(stack.slab_mm[cutting])),
        smoothing=smoothing,
    )


def _continued(start_mm: float, step_mm: float, beyond_mm: float) -> Floats:
    """Places at regular steps from a plane on, up to the first one beyond a height, and at least one."""
    count = max(math.ceil((beyond_mm - start_mm) / step_mm), 1)
    return np.asarray(start_mm + step_mm * np.arange(1, count + 1))
