"""The IBSI morphology features that need intensities, on a gross target's mask and the planning CT.

Uses the voxels of the planning CT as they are: no resampling, no exclusion of values. Sums over all pairs of voxels
grow with the size of the bounding box and are omitted for the largest targets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.intensity import inside_values
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.references import IBSI
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from rtcomplexity.fusion.sampling import RegionValues
    from rtcomplexity.geometry.ibsi_morphology import MaskMorphology
    from rtcomplexity.metrics.context import ShapeContext

LARGEST_BOX_VOXELS: Final = 300_000
"""Larger boxes have no autocorrelation: eight times as many voxels are transformed, in several arrays at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CtShape:
    """A target with the CT values on its voxels."""

    shape: ShapeContext
    image: RegionValues
    """HU of the planning CT itself, without interpolation."""

    @cached_property
    def morphology(self) -> MaskMorphology:
        """Mask and intensities, cropped to the mask; NotMeasurableError if the target leaves the image."""
        inside_values(self.image)
        mask, values = self.image.region.mask, self.image.values
        known = ~np.isnan(values)
        return replace(
            self.shape.morphology, mask=mask, intensities=np.where(known, values, 0.0), intensity_mask=mask & known
        )


OVER_ALL_PAIRS: Final = frozenset({"morans_i", "gearys_c"})


def weighted_feature(subject: CtShape, *, attribute: str) -> float:
    """One feature of the mask and its CT values.

    Raises
    ------
    NotMeasurableError
        If they do not have it, or the mask's box is too large for sums over all pairs.
    """
    morphology = subject.morphology
    if attribute in OVER_ALL_PAIRS and math.prod(morphology.mask.shape) > LARGEST_BOX_VOXELS:
        raise NotMeasurableError(f"the ROI's box holds more than {LARGEST_BOX_VOXELS} voxels")
    if attribute == "integrated_intensity":
        return float(np.mean(inside_values(subject.image))) * subject.shape.morphology.volume_mesh
    return float(getattr(morphology, attribute))


def _feature(
    attribute: str, title: str, unit: Unit, ibsi_code: str, description: str, formula: str
) -> MetricDefinition[CtShape]:
    """Declare one feature; its key is its attribute."""
    return MetricDefinition(
        key=f"ct.{attribute}",
        title=title,
        unit=unit,
        description=description,
        compute=partial(weighted_feature, attribute=attribute),
        formula=formula,
        ibsi_code=ibsi_code,
        reference=IBSI,
    )


CT_MORPHOLOGY: Final[tuple[MetricDefinition[CtShape], ...]] = (
    _feature(
        "centre_of_mass_shift",
        "CT center of mass shift",
        Unit.MM,
        "KLMA",
        "Distance between the center of the mask and that of its CT values.",
        "|mean of the voxel centers - mean of the voxel centers weighted by CT value|",
    ),
    _feature(
        "integrated_intensity",
        "CT integrated intensity",
        Unit.HU_MM3,
        "99N0",
        "Mean CT value inside the mask times the volume of its mesh.",
        "mean CT value x V, the volume of the mesh",
    ),
    _feature(
        "morans_i",
        "CT Moran's I",
        Unit.NONE,
        "N365",
        "Spatial autocorrelation of the CT values inside the mask, pairs weighted by 1 / distance.",
        "N sum_ij w_ij (x_i - m)(x_j - m) / (sum_ij w_ij sum_i (x_i - m)^2), w_ij = 1 / distance",
    ),
    _feature(
        "gearys_c",
        "CT Geary's C",
        Unit.NONE,
        "NPT7",
        "Spatial contrast of the CT values inside the mask, pairs weighted by 1 / distance.",
        "(N - 1) sum_ij w_ij (x_i - x_j)^2 / (2 sum_ij w_ij sum_i (x_i - m)^2), w_ij = 1 / distance",
    ),
)
"""Measured on gross targets whose planning image is a CT."""
