"""The IBSI morphology of a target's mask on the planning grid, and the shape of its sub-voxel surface.

The IBSI family serves comparison with literature: on 3 mm slices it makes a perfect sphere look irregular. Shapes are
compared by the sub-voxel surface, relative to the sphere of the same volume on the same planes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.references import IBSI
from rtcomplexity.units import MM3_PER_CM3, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.metrics.context import ShapeContext


class _Row(NamedTuple):
    key: str
    title: str
    unit: Unit
    ibsi_code: str
    attribute: str
    scale: float = 1.0


FORMULAS: Final[Mapping[str, str]] = {
    "volume_mesh": "V = |sum over mesh faces of a · (b x c)| / 6",
    "surface_area": "A = sum over mesh faces of |ab x ac| / 2",
    "surface_to_volume": "A / V",
    "compactness_1": "V / (pi^(1/2) A^(3/2))",
    "compactness_2": "36 pi V^2 / A^3",
    "spherical_disproportion": "A / (36 pi V^2)^(1/3)",
    "sphericity": "(36 pi V^2)^(1/3) / A",
    "asphericity": "(A^3 / (36 pi V^2))^(1/3) - 1",
    "maximum_3d_diameter": "largest distance between two mesh vertices",
    "major_axis_length": "4 sqrt(largest eigenvalue of the covariance of the voxel centers)",
    "minor_axis_length": "4 sqrt(second eigenvalue of the covariance of the voxel centers)",
    "least_axis_length": "4 sqrt(smallest eigenvalue of the covariance of the voxel centers)",
    "elongation": "sqrt(second eigenvalue / largest eigenvalue)",
    "flatness": "sqrt(smallest eigenvalue / largest eigenvalue)",
    "volume_density_aabb": "V / volume of the axis-aligned bounding box",
    "area_density_aabb": "A / area of the axis-aligned bounding box",
    "volume_density_aee": "3 V / (4 pi a b c), a, b, c half the principal axis lengths",
    "area_density_aee": "A / area of the ellipsoid with half the principal axis lengths as semi-axes (IBSI's series)",
    "volume_density_convex_hull": "V / volume of the convex hull",
    "area_density_convex_hull": "A / area of the convex hull",
}
"""Formula of each IBSI feature by attribute; V and A are the volume and area of the mesh."""
SUBVOXEL_FORMULAS: Final[Mapping[str, str]] = {
    "volume_mm3": "volume of the surface, summed over bodies",
    "area_mm2": "area of the surface, summed over bodies",
    "sphericity": "(36 pi V^2)^(1/3) / A of each body",
    "solidity": "V / volume of the convex hull of each body",
    "relative_sphericity": "sphericity of each body / that of the sphere of equal volume cut at the same planes",
    "relative_solidity": "solidity of each body / that of the sphere of equal volume cut at the same planes",
}

IBSI_ROWS = (
    _Row("shape.mesh_volume", "Volume (mesh)", Unit.CM3, "RNU0", "volume_mesh", 1 / MM3_PER_CM3),
    _Row("shape.surface_area", "Surface area (mesh)", Unit.MM2, "C0JK", "surface_area"),
    _Row("shape.surface_to_volume", "Surface to volume ratio", Unit.PER_MM, "2PR5", "surface_to_volume"),
    _Row("shape.compactness_1", "Compactness 1", Unit.NONE, "SKGS", "compactness_1"),
    _Row("shape.compactness_2", "Compactness 2", Unit.NONE, "BQWJ", "compactness_2"),
    _Row("shape.spherical_disproportion", "Spherical disproportion", Unit.NONE, "KRCK", "spherical_disproportion"),
    _Row("shape.sphericity", "Sphericity", Unit.NONE, "QCFX", "sphericity"),
    _Row("shape.asphericity", "Asphericity", Unit.NONE, "25C7", "asphericity"),
    _Row("shape.maximum_3d_diameter", "Maximum 3D diameter", Unit.MM, "L0JK", "maximum_3d_diameter"),
    _Row("shape.major_axis_length", "Major axis length", Unit.MM, "TDIC", "major_axis_length"),
    _Row("shape.minor_axis_length", "Minor axis length", Unit.MM, "P9VJ", "minor_axis_length"),
    _Row("shape.least_axis_length", "Least axis length", Unit.MM, "7J51", "least_axis_length"),
    _Row("shape.elongation", "Elongation", Unit.NONE, "Q3CK", "elongation"),
    _Row("shape.flatness", "Flatness", Unit.NONE, "N17B", "flatness"),
    _Row("shape.volume_density_aabb", "Volume density, aligned box", Unit.NONE, "PBX1", "volume_density_aabb"),
    _Row("shape.area_density_aabb", "Area density, aligned box", Unit.NONE, "R59B", "area_density_aabb"),
    _Row("shape.volume_density_aee", "Volume density, ellipsoid", Unit.NONE, "6BDE", "volume_density_aee"),
    _Row("shape.area_density_aee", "Area density, ellipsoid", Unit.NONE, "RDD2", "area_density_aee"),
    _Row("shape.volume_density_hull", "Volume density, hull", Unit.NONE, "R3ER", "volume_density_convex_hull"),
    _Row("shape.area_density_hull", "Area density, hull", Unit.NONE, "7T7F", "area_density_convex_hull"),
)

SUBVOXEL_ROWS = (
    _Row("subvoxel.volume", "Volume (sub-voxel surface)", Unit.CM3, "", "volume_mm3", 1 / MM3_PER_CM3),
    _Row("subvoxel.surface_area", "Surface area (sub-voxel)", Unit.MM2, "", "area_mm2"),
    _Row("subvoxel.sphericity", "Sphericity (sub-voxel)", Unit.NONE, "", "sphericity"),
    _Row("shape.solidity", "Solidity (sub-voxel)", Unit.NONE, "", "solidity"),
    _Row("subvoxel.relative_sphericity", "Sphericity against the sphere", Unit.NONE, "", "relative_sphericity"),
    _Row("subvoxel.relative_solidity", "Solidity against the sphere", Unit.NONE, "", "relative_solidity"),
)


def feature(context: ShapeContext, *, of: Literal["morphology", "subvoxel"], row: _Row) -> float:
    """One feature of the IBSI morphology, or of the sub-voxel surface; NotMeasurableError if it is not finite."""
    value = float(getattr(getattr(context, of), row.attribute))
    if not np.isfinite(value):
        raise NotMeasurableError("the shape does not have this number")
    return row.scale * value


def _ibsi_definition(row: _Row) -> MetricDefinition[ShapeContext]:
    return MetricDefinition(
        key=row.key,
        title=row.title,
        unit=row.unit,
        description=f"{row.title} of the padded mask on the planning grid (marching cubes at 0.5), as IBSI defines it.",
        compute=partial(feature, of="morphology", row=row),
        formula=FORMULAS[row.attribute],
        ibsi_code=row.ibsi_code,
        reference=IBSI,
    )


def _subvoxel_definition(row: _Row) -> MetricDefinition[ShapeContext]:
    return MetricDefinition(
        key=row.key,
        title=row.title,
        unit=row.unit,
        description=(
            f"{row.title}: of the surface found from signed distances of the exact contours, interpolated between "
            "planes and rounded at the ends; several bodies are weighted by volume."
        ),
        compute=partial(feature, of="subvoxel", row=row),
        formula=SUBVOXEL_FORMULAS[row.attribute],
    )


TARGET: tuple[MetricDefinition[ShapeContext], ...] = (
    *map(_ibsi_definition, IBSI_ROWS),
    *map(_subvoxel_definition, SUBVOXEL_ROWS),
)
"""Measured on targets only."""
