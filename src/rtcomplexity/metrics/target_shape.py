"""The scored shape of a gross target: its smoothed sub-voxel surface relative to the equal sphere on the same planes.

The field is blurred by a Gaussian that preserves the volume instead of being opened and closed by a ball: with vertex
noise of 2 mm, a ball of 3 mm changes sphericity by up to 0.07, a blur of 3 mm by up to 0.003
(``docs/decisions/0011-scored-shape.md``). The profile states the blur, since the remaining detail determines what a
percentile means (``docs/decisions/0070-shape-at-1-mm.md``). Works on planes in millimeters; knows no ROI and no files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from rtcomplexity.geometry.columns import greatest, least
from rtcomplexity.geometry.field.body import SubvoxelSurface, volume_weighted, well_sampled
from rtcomplexity.geometry.field.shape_field import Smoothing
from rtcomplexity.geometry.jaggedness import evened
from rtcomplexity.geometry.mesh import UnmeasurableShapeError, equivalent_sphere_diameter
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.metrics.context import ShapeContext

BLUR_MM: Final = 1.0
"""Standard deviation of the Gaussian if no profile states one; finer detail reflects the hand, not the tumor."""
STEPS_PER_DIAMETER: Final = 16
FINEST_STEP_MM: Final = 1.0
COARSEST_STEP_MM: Final = 2.0
MOST_VOXELS: Final = 50_000_000
"""Limit on the grid, at up to thirty bytes per voxel; targets a meter apart take coarser steps."""
TOO_FAR_APART: Final = "the gross targets lie so far apart that no fine grid holds them all"
REPLICATE_STEP_MM: Final = 3.0
"""Coarsest grid on which replicates are compared with the original ..."""
REPLICATE_STEP_PER_BLUR: Final = 1.5
"""... or this multiple of the blur if finer: at twice that, the grid adds more variation than the redrawing."""


def surface_method(blur_mm: float) -> str:
    """Description of the scored surface; values of one method are comparable.

    Examples
    --------
    >>> surface_method(1.0)
    'sub-voxel, Gaussian 1 mm, 16 steps per diameter of 1 to 2 mm, jagged contours evened out'
    """
    return (
        f"sub-voxel, Gaussian {blur_mm:g} mm, {STEPS_PER_DIAMETER} steps per diameter of {FINEST_STEP_MM:g} to "
        f"{COARSEST_STEP_MM:g} mm, jagged contours evened out"
    )


def scored_surface(stack: PlaneStack, blur_mm: float, step_mm: float | None = None) -> SubvoxelSurface:
    """Surface of a stack for scoring: contours more jagged than a hand draws are smoothed first.

    Parameters
    ----------
    stack
        The union of the gross targets.
    blur_mm
        Standard deviation of the Gaussian; finer details do not count.
    step_mm
        Grid step; None for a sixteenth of the equivalent diameter, between 1 and 2 mm. Either is coarser if the grid
        would otherwise exceed :data:`MOST_VOXELS` voxels.
    """
    step_mm = max(step_mm or _step_mm(stack), _affordable_mm(stack))
    return SubvoxelSurface(stack=evened(stack), smoothing=Smoothing(blur_mm=blur_mm), step_mm=step_mm)


class HasSurface(Protocol):
    """Anything with a surface on which scored shape is measured."""

    @property
    def surface(self) -> SubvoxelSurface:
        """The surface; NotMeasurableError if there is none."""


def sphericity_ratio(subject: HasSurface) -> float:
    """Sphericity relative to the sphere: per body, weighted by volume."""
    return subject.surface.relative_sphericity


def solidity_ratio(subject: HasSurface) -> float:
    """Solidity (volume over that of the convex hull) relative to the sphere: per body, weighted by volume."""
    return subject.surface.relative_solidity


def concavity_ratio(subject: HasSurface) -> float:
    """Area of the convex hulls of the contours in planes over that of the contours, relative to the sphere."""
    return 1 / subject.surface.relative_plane_solidity


def curvature_ratio(subject: HasSurface) -> float:
    """Curvature energy of the contours in planes relative to the sphere."""
    return subject.surface.relative_curvature_energy


def scored_surface_of(target: ShapeContext, blur_mm: float) -> SubvoxelSurface:
    """Surface for the shape of a target; NotMeasurableError if its volume is unknown or no grid can hold it."""
    if not np.isfinite(slab_volume_mm3(target.stack)):
        raise NotMeasurableError("the volume is not known")
    if _affordable_mm(target.stack) > REPLICATE_STEP_MM:
        raise NotMeasurableError(TOO_FAR_APART)
    return scored_surface(target.stack, blur_mm)


def replicate_step_mm(stack: PlaneStack, blur_mm: float) -> float:
    """Grid step for comparing a shape with its redrawings: no finer than the grid it was measured on."""
    return min(max(REPLICATE_STEP_PER_BLUR * blur_mm, _step_mm(stack)), REPLICATE_STEP_MM)


def coarse_shape(stack: PlaneStack, blur_mm: float, step_mm: float) -> dict[str, float]:
    """Shape by scored key on a coarse grid, without a reference sphere, for comparison with a shape measured alike.

    Empty if the planes do not resolve it, or targets are too far apart.
    """
    if _affordable_mm(stack) > REPLICATE_STEP_MM:
        return {}
    try:
        bodies = well_sampled(scored_surface(stack, blur_mm, step_mm).bodies)
        return {
            "scored.sphericity_ratio": volume_weighted(bodies, lambda body: body.shape.sphericity),
            "scored.solidity_ratio": volume_weighted(bodies, lambda body: body.shape.solidity),
            "scored.concavity_ratio": 1 / volume_weighted(bodies, lambda body: body.shape.plane_solidity),
            "scored.curvature_ratio": volume_weighted(bodies, lambda body: body.shape.curvature_energy),
        }
    except UnmeasurableShapeError:
        return {}


def _step_mm(stack: PlaneStack) -> float:
    """Grid step for a stack of that volume, mm."""
    diameter_mm = equivalent_sphere_diameter(slab_volume_mm3(stack))
    return min(max(diameter_mm / STEPS_PER_DIAMETER, FINEST_STEP_MM), COARSEST_STEP_MM)


def _affordable_mm(stack: PlaneStack) -> float:
    """Finest grid step around the stack within the memory limit, mm."""
    width, height = greatest(stack.points_mm) - least(stack.points_mm)
    return float(np.cbrt(width * height * (np.ptp(stack.positions_mm) + stack.slab_mm.max()) / MOST_VOXELS))
