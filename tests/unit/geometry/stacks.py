"""Stacks for geometry tests: a phantom drawn at given planes, in any orientation."""

import numpy as np

from rtcomplexity.geometry.orientation import PlaneAxes
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contour_stack, contours_of

SETTINGS = Settings()
AXIAL_AXES = PlaneAxes(u=np.array([1.0, 0, 0]), v=np.array([0, 1.0, 0]), normal=np.array([0, 0, 1.0]))


def stacked(contours, slices=None, pixel_mm=1.0):
    """Stack contours as if drawn on axial slices at the given z; without slices, in the contours' own frame."""
    if slices is None:
        return stack_contours(contours, settings=SETTINGS, pixel_mm=pixel_mm)
    return stack_contours(
        contours, settings=SETTINGS, axes=AXIAL_AXES, slice_positions_mm=np.asarray(slices, float), pixel_mm=pixel_mm
    )


def phantom(shape, positions, *, points=400, **kwargs):
    """Stack an analytic shape cut at positions."""
    return stacked(contour_stack(shape, positions_mm=positions, points_per_contour=points, **kwargs))


def on_planes(*planes):
    """Contours from (z, polygon) pairs; polygons are (n, 2)."""
    return contours_of([np.column_stack([polygon, np.full(len(polygon), z)]) for z, polygon in planes])


def square(side, center=(0.0, 0.0)):
    """Corners of an axis-parallel square."""
    return (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2) + np.asarray(center, float)


def circle(radius, points=200, center=(0.0, 0.0)):
    """Polygon with the area of the circle."""
    angles = 2 * np.pi * np.arange(points) / points
    scale = np.sqrt(2 * np.pi / (points * np.sin(2 * np.pi / points)))
    return radius * scale * np.column_stack([np.cos(angles), np.sin(angles)]) + np.asarray(center, float)
