"""Regions and values made in memory: a ball on a grid, values a function of position."""

import numpy as np

from rtcomplexity.fusion.sampling import RegionValues, region_of
from unit.fusion.images import ball, grid, runs_of

CENTER = np.array([4.0, 2.0, 1.0])
FINE = grid(shape=(30, 36, 40), spacing=(2.0, 1.5, 1.25), origin=(-21, -25, -28))
UNEVEN = grid(
    shape=(24, 36, 40), spacing=(0, 1.5, 1.25), origin=(-21, -25, -28),
    heights=np.cumsum([2, 3, 2, 2.5] * 6),
)  # fmt: skip


def region(image_grid=FINE, radius_mm=9.0, reach_mm=10.0, mask=None):
    return region_of(runs_of(ball(image_grid, CENTER, radius_mm) if mask is None else mask), image_grid, reach_mm)


def values(shape, value_of, undefined_share=0.0):
    """Values on all voxels of the region's box."""
    everywhere = np.ones(shape.mask.shape, bool)
    painted = value_of(shape.points_mm(everywhere)).reshape(shape.mask.shape)
    return RegionValues(region=shape, values=painted, undefined_share=undefined_share)
