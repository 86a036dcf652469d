"""Measured values, and the table of them that scoring and evidence read."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from rtcomplexity.units import Unit, round_significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.metrics.image_conditions import SetConditions
    from rtcomplexity.model.issue import Issue


class NotMeasurableError(Exception):
    """Raised by a metric whose value does not exist for this input; the text states why.

    It never leaves the metrics package: the table has a :class:`Measurement` without a value, with this reason.
    """


class NotApplicableError(Exception):
    """Raised by a metric that does not apply, so that the table omits its key.

    An example is the volume with gaps filled: most ROIs have no gap.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One value, rounded to the digits written, or the reason why there is none."""

    value: float | None
    unit: Unit
    reason: str = ""

    @classmethod
    def of(cls, value: float, unit: Unit) -> Self:
        """Round a value."""
        return cls(value=round_significant(float(value)), unit=unit)

    @classmethod
    def missing(cls, reason: str, unit: Unit) -> Self:
        """Record why there is no value."""
        return cls(value=None, unit=unit, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoiMeasurements:
    """The metrics of one ROI, by key."""

    roi_number: int
    values: Mapping[str, Measurement]
    derived_from: int | None = None
    """Number of the ROI that this one expands uniformly, within a voxel."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelationMeasurements:
    """The metrics of an ordered pair of ROIs, by key."""

    a: int
    b: int
    values: Mapping[str, Measurement]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampledImage:
    """One image set of the case, and the targets it was sampled on."""

    tied: TiedImage
    roi_numbers: tuple[int, ...] = ()
    """Targets on which it has values."""
    conditions: SetConditions | None = None
    """The conditions that a secondary set meets; None if not measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MetricTable:
    """All measurements of one case."""

    rois: tuple[RoiMeasurements, ...]
    relations: tuple[RelationMeasurements, ...] = ()
    gross_target: Mapping[str, Measurement] = field(default_factory=dict)
    """The scored metrics by key, on the union of the gross targets: one score per course."""
    gross_target_rois: tuple[int, ...] = ()
    """Numbers of the ROIs in that union."""
    surface_method: str = ""
    """How the surface for shape was made; empty if nothing is scored."""
    unexplained_targets: tuple[int, ...] = ()
    """Numbers of planned targets away from that union."""
    issues: tuple[Issue, ...] = ()
    images: tuple[SampledImage, ...] = ()
    """The image sets of the case, in its order; empty if images were not used."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "gross_target", MappingProxyType(dict(self.gross_target)))
