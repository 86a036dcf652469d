"""Image values inside a target and at its border: first-order statistics, contrast, gradient.

The statistics are IBSI's, without discretization, on the voxels given. Border metrics compare the 3 mm inside the
surface with the 3 mm outside. Knows no files: values come as :class:`rtcomplexity.fusion.sampling.RegionValues`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.boxes import box_of_mask
from rtcomplexity.metrics.definition import MetricDefinition, documented_rule
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.references import IBSI
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.fusion.sampling import RegionValues
    from rtcomplexity.model.arrays import Flags, Floats

SHELL_MM: Final = 3.0
NO_GRADIENT: Final = "the image has no gradient at the surface: too few voxels"
MOST_UNDEFINED: Final = 0.05
"""A target with more of its volume outside the image is not measured on the remainder."""


def inside_values(image: RegionValues) -> Floats:
    """(n,) values inside the target.

    Raises
    ------
    NotMeasurableError
        If more than 5 % of the target lies outside the image, or where the registration is undefined.
    """
    if image.undefined_share > MOST_UNDEFINED:
        raise NotMeasurableError(f"{100 * image.undefined_share:.3g}% of the ROI has no value in the image")
    return _some(image.inside)


def mean(values: Floats) -> float:
    """Arithmetic mean, IBSI Q4LE, in the values' unit.

    Examples
    --------
    >>> mean(np.array([1.0, 2.0, 6.0]))
    3.0
    """
    return float(_some(values).mean())


def variance(values: Floats) -> float:
    """Population variance (division by n), IBSI ECT3, in the values' unit squared."""
    return float(_some(values).var())


def standard_deviation(values: Floats) -> float:
    """Square root of :func:`variance`, in the values' unit.

    Examples
    --------
    >>> standard_deviation(np.array([1.0, 3.0]))
    1.0
    """
    return float(np.sqrt(variance(values)))


def percentile(values: Floats, share: float) -> float:
    """Percentile by linear interpolation between order statistics; `share` is 0 to 100.

    Examples
    --------
    >>> percentile(np.array([0.0, 10.0]), 25)
    2.5
    """
    return float(np.percentile(_some(values), share))


def median(values: Floats) -> float:
    """50th percentile, IBSI Y12H."""
    return percentile(values, 50)


def minimum(values: Floats) -> float:
    """Smallest value, IBSI 1GSF."""
    return float(_some(values).min())


def maximum(values: Floats) -> float:
    """Largest value, IBSI 84IY."""
    return float(_some(values).max())


def boundary_contrast(image: RegionValues) -> float:
    """Mean of the 3 mm inside the surface less the mean of the 3 mm outside it, in the image's unit.

    Positive if the target is brighter than its surroundings. Distances are between voxel centers.
    """
    inside_values(image)
    inner, outer = image.shell(-SHELL_MM, 0), image.shell(0, SHELL_MM)
    if len(inner) == 0 or len(outer) == 0:
        raise NotMeasurableError(f"no voxel lies within {SHELL_MM:g} mm of the surface on one of its sides")
    return float(inner.mean() - outer.mean())


def boundary_gradient(image: RegionValues) -> float:
    """Mean magnitude of the gradient at the voxels on both sides of the surface, in the image's unit per mm.

    Central differences between voxel centers, in mm along each axis of the grid, including uneven slices. Noise raises
    a magnitude, so values compare within one kind of image only.
    """
    inside_values(image)
    border = _border(image.region.mask)
    if not border.any():
        raise NotMeasurableError(NO_GRADIENT)
    box = box_of_mask(border, margin=1)
    magnitude = np.sqrt(sum(np.square(part) for part in _gradient(image, box)))
    at_border = magnitude[border[box]]
    at_border = at_border[~np.isnan(at_border)]
    if len(at_border) == 0:
        raise NotMeasurableError(NO_GRADIENT)
    return float(at_border.mean())


def _gradient(image: RegionValues, within: tuple[slice, ...]) -> list[Floats]:
    """Partial derivatives per mm along three axes in part of the region; NaN next to undefined voxels."""
    grid, box = image.region.grid, image.region.box
    places = (
        grid.slice_positions_mm[slice(*box.k)],
        np.arange(box.shape[1]) * grid.row_spacing_mm,
        np.arange(box.shape[2]) * grid.column_spacing_mm,
    )
    if min(box.shape) < 2:
        raise NotMeasurableError(NO_GRADIENT)
    values = image.values[within]
    return [np.gradient(values, place[within[axis]], axis=axis) for axis, place in enumerate(places)]


def _border(mask: Flags) -> Flags:
    """Voxels with a face neighbor on the other side."""
    border = np.zeros_like(mask)
    for axis in range(3):
        lower = [slice(None)] * 3
        upper = [slice(None)] * 3
        lower[axis], upper[axis] = slice(None, -1), slice(1, None)
        changes = mask[tuple(lower)] != mask[tuple(upper)]
        border[tuple(lower)] |= changes
        border[tuple(upper)] |= changes
    return border


def _some(values: Floats) -> Floats:
    """The values, if there are any."""
    if len(values) == 0:
        raise NotMeasurableError("the image has no value inside the ROI")
    return values


def _of_inside(compute: Callable[[Floats], float]) -> Callable[[RegionValues], float]:
    """A statistic of the values inside the target."""
    return lambda image: compute(inside_values(image))


def definitions(prefix: str, name: str, unit: Unit, unit_per_mm: Unit) -> tuple[MetricDefinition[RegionValues], ...]:
    """Declare the metrics for one kind of image, e.g. ``definitions("ct", "CT", Unit.HU, Unit.HU_PER_MM)``."""
    statistics: tuple[tuple[str, str, str, str, Callable[[Floats], float]], ...] = (
        ("mean", "mean", "Mean", "Q4LE", mean),
        ("std", "standard deviation", "Population standard deviation", "", standard_deviation),
        ("median", "median", "Median", "Y12H", median),
        ("p05", "5th percentile", "5th percentile, linearly interpolated,", "", lambda v: percentile(v, 5)),
        ("p95", "95th percentile", "95th percentile, linearly interpolated,", "", lambda v: percentile(v, 95)),
    )
    return (
        *(
            MetricDefinition(
                key=f"{prefix}.{key}",
                title=f"{name} {title}",
                unit=unit,
                description=f"{what} of the {name} values inside the target, on the planning grid's voxels.",
                compute=_of_inside(compute),
                formula=documented_rule(compute) or "linear between order statistics",
                ibsi_code=code,
                reference=IBSI if code else "",
            )
            for key, title, what, code, compute in statistics
        ),
        MetricDefinition(
            key=f"{prefix}.boundary_contrast",
            title=f"{name} boundary contrast",
            unit=unit,
            description="Mean of the 3 mm inside the surface less the mean of the 3 mm outside it.",
            compute=boundary_contrast,
        ),
        MetricDefinition(
            key=f"{prefix}.boundary_gradient",
            title=f"{name} boundary gradient",
            unit=unit_per_mm,
            description="Mean gradient magnitude at the voxels on both sides of the surface.",
            compute=boundary_gradient,
        ),
    )


CT: Final = definitions("ct", "CT", Unit.HU, Unit.HU_PER_MM)
"""Metrics of the CT inside and around a target."""
