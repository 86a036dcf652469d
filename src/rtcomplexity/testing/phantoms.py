"""Phantoms: analytic solids drawn as contours and painted into images, in any orientation.

The solids stand in :mod:`rtcomplexity.testing.solids` and :mod:`rtcomplexity.testing.radial`, the frames in
:mod:`rtcomplexity.testing.placing`. Pure numpy, in millimeters; knows no files and no pydicom.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.image import ImageGrid
from rtcomplexity.model.structure_set import ContourGeometricType, Contours
from rtcomplexity.testing.placing import AXIAL, Frame
from rtcomplexity.testing.polygons import END_TOLERANCE_MM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from rtcomplexity.model.arrays import Flags, Floats, Singles
    from rtcomplexity.testing.solids import Sectioned, Solid


def plane_positions(shape: Sectioned, spacing_mm: float, phase: float = 0.5) -> Floats:
    """Positions of evenly spaced planes through all of a solid, mm.

    Parameters
    ----------
    shape
        The solid.
    spacing_mm
        Distance between neighboring planes, mm.
    phase
        Where the first plane lies above the solid's lowest point, as a share of the spacing, from 0 to 1.
    """
    low, high = shape.extent_mm
    count = math.floor((high - low) / spacing_mm - phase + END_TOLERANCE_MM) + 1
    return low + (np.arange(max(count, 0), dtype=np.float64) + phase) * spacing_mm


def contour_stack(
    shape: Sectioned,
    *,
    positions_mm: ArrayLike,
    points_per_contour: int = 64,
    frame: Frame = AXIAL,
    geometric_type: ContourGeometricType = ContourGeometricType.CLOSED_PLANAR,
) -> Contours:
    """Draw a solid as closed planar contours on parallel planes.

    Parameters
    ----------
    shape
        The solid, in its own frame.
    positions_mm
        (p,) z of each plane in the solid's own frame, mm, in any order; planes that miss it get no contour.
    points_per_contour
        Vertices of each contour (about as many, for a prism).
    frame
        Where the solid lies in the patient: the contours' normal is the frame's z axis.
    geometric_type
        Type of every contour; CLOSEDPLANAR_XOR for holes written that way.

    Returns
    -------
    Contours
        In patient coordinates (LPS), mm; polygon areas equal the true sections'.
    """
    positions = np.asarray(positions_mm, dtype=np.float64).ravel().tolist()
    sections = [shape.sections(position, points_per_contour) for position in positions]
    return contours_at(positions, sections, frame=frame, geometric_type=geometric_type)


def contours_at(
    positions_mm: Sequence[float],
    sections_mm: Sequence[Sequence[Floats]],
    *,
    frame: Frame = AXIAL,
    geometric_type: ContourGeometricType = ContourGeometricType.CLOSED_PLANAR,
) -> Contours:
    """Place the (n, 2) polygons of each plane at its z, mm, and by `frame` in the patient."""
    stack = [
        np.column_stack([polygon, np.full(len(polygon), position)])
        for position, polygons in zip(positions_mm, sections_mm, strict=True)
        for polygon in polygons
    ]
    return contours_of([frame.to_patient(points) for points in stack], geometric_type)


def contours_of(
    polygons_mm: Sequence[Floats], geometric_type: ContourGeometricType = ContourGeometricType.CLOSED_PLANAR
) -> Contours:
    """Put (n, 3) polygons, LPS, mm, into one :class:`~rtcomplexity.model.structure_set.Contours`."""
    counts = [len(polygon) for polygon in polygons_mm]
    return Contours(
        points_mm=np.concatenate(polygons_mm) if polygons_mm else np.empty((0, 3)),
        offsets=np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]),
        geometric_types=np.full(len(counts), geometric_type, dtype=np.int8),
    )


def polygons_of(contours: Contours) -> list[Floats]:
    """Take contours apart into their (n, 3) polygons; inverse of :func:`contours_of`."""
    return np.split(contours.points_mm, contours.offsets[1:-1]) if len(contours) else []


def image_grid(
    *,
    frame: Frame = AXIAL,
    slices: int = 20,
    rows: int = 48,
    columns: int = 64,
    slice_spacing_mm: float = 3.0,
    row_spacing_mm: float = 2.0,
    column_spacing_mm: float = 2.5,
    positions_mm: ArrayLike | None = None,
    shear: tuple[float, float] = (0.0, 0.0),
) -> ImageGrid:
    """Lay out an image whose middle is the frame's origin; anisotropic, with Rows != Columns unless told otherwise.

    Parameters
    ----------
    frame
        Its x axis is the row direction, its y axis the column direction, its z axis the slices' normal.
    slices, rows, columns
        Number of each.
    slice_spacing_mm, row_spacing_mm, column_spacing_mm
        Distance between neighbors, mm.
    positions_mm
        (k,) increasing positions of the slices along the normal from the frame's origin, instead of even ones, mm.
    shear
        How far each slice moves along (x, y) for each mm of z: (0, tan(tilt)) is a gantry tilt.
    """
    even = (np.arange(slices) - (slices - 1) / 2.0) * slice_spacing_mm
    z = even if positions_mm is None else np.asarray(positions_mm, dtype=np.float64)
    x = -(columns - 1) / 2.0 * column_spacing_mm + shear[0] * z
    y = -(rows - 1) / 2.0 * row_spacing_mm + shear[1] * z
    return ImageGrid(
        slice_origins_mm=frame.to_patient(np.stack([x, y, z], axis=-1)),
        row_direction=frame.x_axis,
        column_direction=frame.y_axis,
        row_spacing_mm=row_spacing_mm,
        column_spacing_mm=column_spacing_mm,
        rows=rows,
        columns=columns,
        slice_thickness_mm=slice_spacing_mm,
    )


def pixel_centers_mm(grid: ImageGrid) -> Floats:
    """(k, j, i, 3) center of every pixel of an image, patient coordinates (LPS), mm."""
    along_rows = np.arange(grid.columns)[:, None] * grid.column_spacing_mm * grid.row_direction
    along_columns = np.arange(grid.rows)[:, None] * grid.row_spacing_mm * grid.column_direction
    return grid.slice_origins_mm[:, None, None] + along_columns[None, :, None] + along_rows[None, None]


def voxelize(shape: Solid, grid: ImageGrid, *, frame: Frame = AXIAL) -> Flags:
    """(k, j, i) whether each pixel center of an image lies inside a solid that `frame` places in the patient."""
    return shape.contains(frame.from_patient(pixel_centers_mm(grid)))


def paint(grid: ImageGrid, parts: Iterable[tuple[Solid, float]], *, background: float, frame: Frame = AXIAL) -> Singles:
    """Paint solids into an image, each over those before it.

    Parameters
    ----------
    grid
        The image's pixels.
    parts
        Each solid with its value: HU, Bq/ml, signal.
    background
        Value outside all of them.
    frame
        Where the solids' common frame lies in the image's patient coordinates.

    Returns
    -------
    Singles
        (k, j, i) values at the pixel centers.
    """
    own = frame.from_patient(pixel_centers_mm(grid))
    values = np.full(own.shape[:-1], background, dtype=np.float32)
    for solid, value in parts:
        values[solid.contains(own)] = value
    return values
