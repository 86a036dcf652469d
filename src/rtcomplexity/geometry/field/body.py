"""The sub-voxel surface of a contoured shape, and its comparison with a sphere cut by the same planes.

The surface is that of :mod:`~rtcomplexity.geometry.field.shape_field`. To remove the remaining influence of the planes,
each measure is divided by that of a sphere of the body's volume, at the body's height, cut by the same planes and
processed by the same steps. Works on planes in millimeters; knows no DICOM and no images. The decision and its figures:
``docs/decisions/0010-subvoxel-surface.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.geometry.contour_shape import ContourSet
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
from rtcomplexity.model.arrays import freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats, Singles

COARSEST_PLANES: Final = 0.25
"""Above this ratio of plane spacing to equivalent diameter, contours do not resolve the shape of a body."""
DIAMETER_ALLOWANCE: Final = 1.05
"""At that ratio the measured diameter may be slightly too small, depending on the position of the planes."""
MEASURED_SHARE: Final = 0.5
"""At least this share of the volume must be in bodies whose shape is resolved."""
BEND_MM: Final = 6.0
"""Contours are resampled at this step before their curvature is measured."""

AS_DRAWN: Final = Smoothing()


class UndersampledShapeError(UnmeasurableShapeError):
    """The planes are too far apart, or the body too small, to resolve its shape."""

    def __init__(self, spacing_mm: float, diameter_mm: float) -> None:
        found = f"Planes {spacing_mm:.3g} mm apart do not resolve the shape of a body {diameter_mm:.3g} mm in diameter."
        super().__init__(found, "thinner slices.")
        self.args = (spacing_mm, diameter_mm)
        self.spacing_mm, self.diameter_mm = spacing_mm, diameter_mm


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldShape:
    """One connected region where a field is positive, and its shape measures."""

    field: Singles
    """(k, j, i) positive inside."""
    grid: Grid
    planes_mm: Floats
    """(n,) positions along the normal of the planes that may cut it."""
    is_round: bool = False
    """Whether u and v are interchangeable in field and grid, as for a sphere."""

    def __post_init__(self) -> None:
        freeze(self, np.float32, "field")
        freeze(self, np.float64, "planes_mm")

    @cached_property
    def mesh(self) -> Mesh:
        """The surface; vertices (along the normal, v, u), mm."""
        steps_mm, origin_mm = [self.grid.step_mm] * 3, self.grid.origin_mm.tolist()
        return mesh_of_field(self.field, 0.0, steps_mm, origin_mm, is_symmetric=self.is_round)

    @cached_property
    def sphericity(self) -> float:
        """Area of the sphere of the same volume over its own area."""
        return sphericity(self.mesh.volume_mm3, self.mesh.area_mm2)

    @cached_property
    def solidity(self) -> float:
        """Volume over that of the convex hull."""
        return self.mesh.volume_mm3 / self.mesh.hull_volume_mm3

    @cached_property
    def outlines(self) -> ContourSet:
        """Outer and inner contours in its planes, (v, u) in mm, without those smaller than three pixels."""
        layers = (self.planes_mm - self.grid.origin_mm[0]) / self.grid.step_mm
        layers = layers[(layers >= 0) & (layers <= len(self.field) - 1)]
        below = np.minimum(layers.astype(np.int64), len(self.field) - 2)
        share = (layers - below).astype(np.float32)[:, None, None]
        pixels, offsets = level_lines(self.field[below] * (1 - share) + self.field[below + 1] * share)
        found = ContourSet(points_mm=pixels * self.grid.step_mm + self.grid.origin_mm[1:], offsets=offsets)
        return found.chosen(found.simple_areas_mm2 >= 3 * self.grid.step_mm**2)

    @cached_property
    def plane_solidity(self) -> float:
        """Area of its contours over that of their convex hulls, weighted by area."""
        lines = self._filled_outlines
        areas = lines.simple_areas_mm2
        return _weighted(lines.solidities(areas), areas)

    @cached_property
    def curvature_energy(self) -> float:
        """Curvature energy of its contours, weighted by length."""
        lines = self._filled_outlines
        return _weighted(lines.curvature_energies(BEND_MM), lines.perimeters_mm)

    @property
    def _filled_outlines(self) -> ContourSet:
        """The contours; raises if no plane cuts the shape."""
        if not len(self.outlines):
            raise UnmeasurableShapeError("No plane cuts the shape.", "thinner slices.")
        return self.outlines


def _weighted(values: Floats, weights: Floats) -> float:
    """Weighted mean, summed without rounding."""
    return math.fsum(values * weights) / math.fsum(weights)


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """One connected body of a contoured shape, and its reference sphere."""

    shape: FieldShape
    center_mm: float
    """Position of its center along the normal."""
    spacing_mm: float
    """Typical distance between its planes."""
    smoothing: Smoothing
    """The smoothing applied before measuring."""

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
        """Whether its planes are too far apart to resolve its shape, or it is no wider than two grid steps."""
        too_thin = self.diameter_mm / 2 < self.shape.grid.step_mm
        return too_thin or self.spacing_mm > COARSEST_PLANES * DIAMETER_ALLOWANCE * self.diameter_mm

    @cached_property
    def sphere(self) -> FieldShape:
        """The sphere of the same volume and height, cut by the same planes and processed by the same steps."""
        return sphere_of(self)


@dataclass(frozen=True, kw_only=True, eq=False)
class SubvoxelSurface:
    """The sub-voxel surface of a stack of planes and its shape measures, each computed on first use.

    Relative measures are divided, body by body, by those of the sphere cut by the same planes. They raise
    :class:`UndersampledShapeError` where the planes do not resolve the shape of most of the volume.
    """

    stack: PlaneStack
    smoothing: Smoothing = AS_DRAWN
    """Smoothing of the shape before measurement; none by default."""
    step_mm: float | None = None
    """Step of the isotropic grid; None derives it from the size of the shape."""

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
        """Volume-weighted mean sphericity of the bodies."""
        return volume_weighted(self.bodies, lambda body: body.shape.sphericity)

    @cached_property
    def solidity(self) -> float:
        """Volume-weighted mean of volume over convex hull volume."""
        return volume_weighted(self.bodies, lambda body: body.shape.solidity)

    @cached_property
    def concavity_depth_mm(self) -> float:
        """Depth of the deepest concavity of any contour in its planes."""
        depths = (body.shape.outlines.concavity_depths_mm.max(initial=0.0) for body in self.bodies)
        return float(max(depths, default=0.0))

    @cached_property
    def relative_sphericity(self) -> float:
        """Sphericity relative to the sphere."""
        return self._relative(lambda shape: shape.sphericity)

    @cached_property
    def relative_solidity(self) -> float:
        """Solidity relative to the sphere."""
        return self._relative(lambda shape: shape.solidity)

    @cached_property
    def relative_plane_solidity(self) -> float:
        """In-plane solidity of the contours relative to the sphere."""
        return self._relative(lambda shape: shape.plane_solidity)

    @cached_property
    def relative_curvature_energy(self) -> float:
        """Curvature energy of the contours relative to the sphere."""
        return self._relative(lambda shape: shape.curvature_energy)

    def _relative(self, value: Callable[[FieldShape], float]) -> float:
        return volume_weighted(well_sampled(self.bodies), lambda body: value(body.shape) / value(body.sphere))


def volume_weighted(bodies: tuple[Body, ...], value: Callable[[Body], float]) -> float:
    """Mean of a value over bodies, weighted by their volume."""
    total_mm3 = math.fsum(body.volume_mm3 for body in bodies)
    return math.fsum(body.volume_mm3 * value(body) for body in bodies) / total_mm3


def well_sampled(bodies: tuple[Body, ...]) -> tuple[Body, ...]:
    """Bodies whose shape is resolved by their planes.

    Parameters
    ----------
    bodies
        Largest first.

    Raises
    ------
    UndersampledShapeError
        If they hold less than :data:`MEASURED_SHARE` of the volume; it states the largest body left out.
    """
    missed = [body for body in bodies if body.is_undersampled]
    total_mm3 = math.fsum(body.volume_mm3 for body in bodies)
    if math.fsum(body.volume_mm3 for body in missed) > (1 - MEASURED_SHARE) * total_mm3:
        raise UndersampledShapeError(missed[0].spacing_mm, missed[0].diameter_mm)
    return tuple(body for body in bodies if not body.is_undersampled)


def sphere_of(body: Body) -> FieldShape:
    """The sphere of a body's volume at its height on the body's planes, by the same steps."""
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
    """Compute the field and separate its bodies."""
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
    """Whether a shape bulges out of its box between planes that are far apart."""
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
    """A body with the planes that cut it, continued beyond both ends as far as its sphere needs."""
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
    """Regularly spaced positions beyond a plane, up to the first one past a height, and at least one."""
    count = max(math.ceil((beyond_mm - start_mm) / step_mm), 1)
    return np.asarray(start_mm + step_mm * np.arange(1, count + 1))
