"""Small quantized surfaces of the targets and nearby organs, for the 3D view.

For display only: smoothed, coarse, and never measured.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.mesh import Mesh as Surface
from rtcomplexity.geometry.mesh import UnmeasurableShapeError, mesh_of_field
from rtcomplexity.geometry.stack.runs import Lattice, plane_of_slices, rasterise
from rtcomplexity.pictures.scene import Mesh
from rtcomplexity.pictures.slices import sentence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.pictures.region import Shown, View

TRIANGLES: Final = 2600
"""About how many triangles a surface has."""
FINEST_MM: Final = 1.0
LEVELS: Final = 65535
MOST_VERTICES: Final = 65536
SMOOTHING: Final = 0.8


def draw_meshes(view: View) -> tuple[tuple[Mesh, ...], tuple[float, float, float], float, str]:
    """Triangulate every ROI shown: the meshes, their common origin and step (mm), and alternative text."""
    surfaces = [(each, surface) for each in view.shown if (surface := surface_of(each.stack)) is not None]
    if not surfaces:
        return (), (0.0, 0.0, 0.0), 1.0, ""
    points = np.concatenate([surface.vertices_mm for _, surface in surfaces])
    lower = np.floor(points.min(axis=0))
    step = round(float(np.ceil(points.max(axis=0) - lower).max()) / LEVELS, 6) or 1.0
    meshes = tuple(_quantized(each, surface, lower, step) for each, surface in surfaces)
    return meshes, (float(lower[0]), float(lower[1]), float(lower[2])), step, _alt([each for each, _ in surfaces])


def surface_of(stack: PlaneStack) -> Surface | None:
    """Triangulate a stack of planes, coarse and smoothed, in patient coordinates; None if nothing remains."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - importing the package stays quick

    area_mm2 = float((stack.plane_perimeters_mm * stack.slab_mm).sum() + 2 * stack.plane_areas_mm2.max(initial=0))
    pitch = max(float(np.sqrt(2 * area_mm2 / TRIANGLES)), FINEST_MM)
    lattice = Lattice.around(stack, pitch)
    low = stack.positions_mm[0] - stack.lower_mm[0] - 2 * pitch
    high = stack.positions_mm[-1] + stack.upper_mm[-1] + 2 * pitch
    heights = np.arange(low, high + pitch, pitch)
    runs = rasterise(stack, lattice).select_planes(plane_of_slices(stack, heights))
    mask = runs.mask((slice(0, len(heights)), slice(0, lattice.rows), slice(0, lattice.columns)))
    slab = float(np.median(stack.slab_mm))
    sigma = (max(SMOOTHING, 0.4 * slab / pitch), SMOOTHING, SMOOTHING)
    field = gaussian_filter(np.pad(mask, 2).astype(np.float32), sigma)
    origin = (low - 2 * pitch, lattice.v0_mm - 2 * pitch, lattice.u0_mm - 2 * pitch)
    try:
        surface = mesh_of_field(field, 0.5, (pitch, pitch, pitch), origin_mm=origin)
    except UnmeasurableShapeError:
        return None
    if len(surface.vertices_mm) > MOST_VERTICES:
        return None
    axes = np.array([stack.normal, stack.v_axis, stack.u_axis])
    return Surface(vertices_mm=surface.vertices_mm @ axes, faces=surface.faces)


def _quantized(shown: Shown, surface: Surface, lower: Floats, step: float) -> Mesh:
    """A surface in 16-bit coordinates."""
    vertices = np.clip(np.rint((surface.vertices_mm - lower) / step), 0, LEVELS)
    return Mesh(
        number=shown.roi.number,
        name=shown.name,
        target_class=shown.roi.target_class.value,
        layer="targets" if shown.is_target else "organs",
        colour=shown.colour,
        vertices=_encoded(vertices),
        faces=_encoded(surface.faces),
    )


def _encoded(values: NDArray[np.floating] | NDArray[np.integer]) -> str:
    """Numbers as base64 of little-endian 16-bit integers."""
    return base64.b64encode(values.astype("<u2").tobytes()).decode("ascii")


def _alt(shown: Sequence[Shown]) -> str:
    """Alternative text of the 3D view."""
    targets = [each.name for each in shown if each.is_target]
    organs = [each.name for each in shown if not each.is_target]
    near = f", and near them {sentence_of(organs)}" if organs else ""
    return f"Surfaces of {sentence_of(targets)}{near}, to be turned round. Smoothed; nothing is measured on them."
