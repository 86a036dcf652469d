"""Contexts for metric tests: a phantom as an ROI without an image, or on one."""

import numpy as np

from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.model.structure_set import Roi, TargetClass
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contour_stack, cylinder

SETTINGS = Settings()


def context_of(contours, *, image=None, number=1, target_class=TargetClass.GTV, **facts):
    """Context of one ROI with these contours."""
    roi = Roi(number=number, name="GTV", contours=contours, target_class=target_class, **facts)
    return RoiContext(roi=roi, grid=contouring_grid(image, [roi], SETTINGS), settings=SETTINGS)


def slices(first, last, spacing):
    """Positions from first to last."""
    return np.arange(first, last + spacing / 2, spacing)


def tube(radius=10.0, height=60.0, spacing=3.0, points=400):
    """Contours of a tube along z, its middle at the origin."""
    z = slices(-height / 2 + spacing / 2, height / 2 - spacing / 2, spacing)
    return contour_stack(cylinder(radius, height), positions_mm=z, points_per_contour=points)
