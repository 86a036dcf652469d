"""A synthetic thorax: its organs as analytic solids, and what CT, PET and MR show of each tissue.

The thorax has a frame of its own: x to the patient's left, y to the back, z to the head, the carina at the origin; mm.
The organs are plain ellipsoids and tubes that hardly touch. Knows no plan and no files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.testing.phantoms import paint
from rtcomplexity.testing.radial import Ellipsoid, Tube
from rtcomplexity.testing.solids import Several
from rtcomplexity.testing.variations import hashed_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.arrays import Singles
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.testing.placing import Frame
    from rtcomplexity.testing.solids import Solid


HEIGHT_MM = 400.0
"""Organs that run through the whole thorax are as long as this, more than any image."""

BODY = Tube(semi_axes_mm=(158.0, 104.0), height_mm=HEIGHT_MM)
BODY_WITHIN_FAT = Tube(semi_axes_mm=(148.0, 96.0), height_mm=HEIGHT_MM)
LUNG_R = Ellipsoid(semi_axes_mm=(50.0, 78.0, 130.0), center_mm=(-78.0, 0.0, -20.0))
LUNG_L = Ellipsoid(semi_axes_mm=(46.0, 75.0, 130.0), center_mm=(78.0, 5.0, -20.0))
VERTEBRAE = Tube(semi_axes_mm=(19.0, 16.0), height_mm=HEIGHT_MM, center_mm=(0.0, 57.0, 0.0))
VERTEBRAL_ARCH = Tube(semi_axes_mm=(14.0, 12.0), height_mm=HEIGHT_MM, center_mm=(0.0, 80.0, 0.0))
SPINAL_CANAL = Tube(semi_axes_mm=(9.0, 8.0), height_mm=HEIGHT_MM, center_mm=(0.0, 79.0, 0.0))
SPINAL_CORD = Tube(semi_axes_mm=(6.0, 5.0), height_mm=HEIGHT_MM, center_mm=(0.0, 79.0, 0.0))
STERNUM = Tube(semi_axes_mm=(18.0, 5.0), height_mm=HEIGHT_MM, center_mm=(0.0, -89.0, 0.0))
ESOPHAGUS = Tube(semi_axes_mm=(9.0, 5.5), height_mm=HEIGHT_MM, center_mm=(4.0, 34.5, 0.0))
HEART = Ellipsoid(semi_axes_mm=(32.0, 42.0, 50.0), center_mm=(8.0, -34.0, -77.0))
TRACHEA = Tube(semi_axes_mm=(9.0, 8.0), height_mm=90.0, center_mm=(0.0, 20.0, 45.0))
MAIN_BRONCHUS_R = Tube(semi_axes_mm=(8.0, 6.5), height_mm=28.0, center_mm=(-24.0, 24.0, -14.0), lean=(0.85, 0.0))
MAIN_BRONCHUS_L = Tube(semi_axes_mm=(8.0, 6.5), height_mm=28.0, center_mm=(24.0, 24.0, -14.0), lean=(-0.85, 0.0))
TRACHEA_NEAR_CARINA = Tube(semi_axes_mm=(9.0, 8.0), height_mm=20.0, center_mm=(0.0, 20.0, 10.0))
BRONCHIAL_TREE = Several(bodies=(TRACHEA_NEAR_CARINA, MAIN_BRONCHUS_R, MAIN_BRONCHUS_L))
"""The proximal bronchial tree: 2 cm of trachea above the carina, and the main bronchi."""
AORTA_DESCENDING = Tube(semi_axes_mm=(10.5, 10.5), height_mm=HEIGHT_MM, center_mm=(27.0, 44.0, 0.0))
AORTA_ASCENDING = Tube(semi_axes_mm=(13.0, 13.0), height_mm=84.0, center_mm=(0.0, -28.0, 17.0))
VENA_CAVA = Tube(semi_axes_mm=(8.0, 8.0), height_mm=84.0, center_mm=(-20.0, -6.0, 17.0))
PULMONARY_TRUNK = Tube(semi_axes_mm=(11.0, 11.0), height_mm=33.0, center_mm=(21.0, -14.0, -8.5))
GREAT_VESSELS = Several(bodies=(AORTA_DESCENDING, AORTA_ASCENDING, VENA_CAVA, PULMONARY_TRUNK))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tissue:
    """What each modality shows of one tissue."""

    hu: float
    suvbw: float
    mr: float
    """MR signal."""


AIR = Tissue(hu=-1000.0, suvbw=0.02, mr=5.0)
FAT = Tissue(hu=-100.0, suvbw=0.3, mr=420.0)
SOFT = Tissue(hu=40.0, suvbw=0.7, mr=220.0)
LUNG = Tissue(hu=-800.0, suvbw=0.4, mr=30.0)
BONE = Tissue(hu=400.0, suvbw=1.0, mr=120.0)
BLOOD = Tissue(hu=60.0, suvbw=1.5, mr=60.0)
TUMOR = Tissue(hu=30.0, suvbw=10.0, mr=330.0)
NODE = Tissue(hu=35.0, suvbw=7.0, mr=310.0)
NECROSIS = Tissue(hu=5.0, suvbw=0.6, mr=90.0)
COLLAPSED_LUNG = Tissue(hu=20.0, suvbw=1.4, mr=270.0)

Layers = tuple[tuple["Solid", Tissue], ...]
"""Solids with their tissues, each over those before it."""

THORAX: Layers = (
    (BODY, FAT),
    (BODY_WITHIN_FAT, SOFT),
    (LUNG_R, LUNG),
    (LUNG_L, LUNG),
    (VERTEBRAE, BONE),
    (VERTEBRAL_ARCH, BONE),
    (SPINAL_CANAL, SOFT),
    (STERNUM, BONE),
)
"""What lies behind a tumor."""
MEDIASTINUM: Layers = (
    (HEART, BLOOD),
    (AORTA_DESCENDING, BLOOD),
    (AORTA_ASCENDING, BLOOD),
    (VENA_CAVA, BLOOD),
    (PULMONARY_TRUNK, BLOOD),
    (TRACHEA, AIR),
    (MAIN_BRONCHUS_R, AIR),
    (MAIN_BRONCHUS_L, AIR),
)
"""What a tumor leans against."""


def thorax_with(tumors: Sequence[tuple[Solid, Tissue]]) -> Layers:
    """Return the thorax with tumors: over the lungs, under heart, vessels and airways."""
    return (*THORAX, *tumors, *MEDIASTINUM)


def ct_values(grid: ImageGrid, layers: Layers, frame: Frame) -> Singles:
    """(k, j, i) HU of an image: slightly blurred in the plane, with even deterministic noise of ± 15 HU."""
    sharp = paint(grid, [(solid, tissue.hu) for solid, tissue in layers], background=AIR.hu, frame=frame)
    return _scanned(sharp, 15.0, seed=0, least=-1024.0)


def suvbw_values(grid: ImageGrid, layers: Layers, frame: Frame) -> Singles:
    """(k, j, i) SUVbw of an image, blurred in all three directions."""
    sharp = paint(grid, [(solid, tissue.suvbw) for solid, tissue in layers], background=AIR.suvbw, frame=frame)
    return blurred(sharp, axes=(0, 1, 2))


def mr_values(grid: ImageGrid, layers: Layers, frame: Frame) -> Singles:
    """(k, j, i) MR signal of an image: slightly blurred in the plane, with deterministic noise of ± 6."""
    sharp = paint(grid, [(solid, tissue.mr) for solid, tissue in layers], background=AIR.mr, frame=frame)
    return _scanned(sharp, 6.0, seed=1, least=0.0)


def _scanned(sharp: Singles, noise: float, *, seed: int, least: float) -> Singles:
    spread = noise * hashed_noise(sharp.size, seed=seed).astype(np.float32).reshape(sharp.shape)
    return np.maximum(blurred(sharp, axes=(1, 2)) + spread, np.float32(least))


def blurred(values: Singles, axes: Sequence[int]) -> Singles:
    """Weigh each value 2 with its two neighbors along each of the axes; the border repeats itself."""
    for axis in axes:
        width = [(1, 1) if axis == other else (0, 0) for other in range(values.ndim)]
        padded = np.moveaxis(np.pad(values, width, mode="edge"), axis, 0)
        mixed = (padded[:-2] + np.float32(2.0) * padded[1:-1] + padded[2:]) * np.float32(0.25)
        values = np.moveaxis(mixed, 0, axis)
    return values
