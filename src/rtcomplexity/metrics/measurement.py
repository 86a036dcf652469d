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
    """Raised by a metric's function where its value does not exist for this input; the text says why.

    It never leaves the metrics layer: the table holds a :class:`Measurement` without a value and with this reason.
    """


class NotApplicableError(Exception):
    """Raised by a metric's function where the question does not arise, so that the table leaves the key out.

    The volume with gaps filled is an example: most ROIs have no gap.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One value, rounded to the digits it is written with, or the reason why there is none."""

    value: float | None
    unit: Unit
    reason: str = ""

    @classmethod
    def of(cls, value: float, unit: Unit) -> Self:
        """Round `value` and carry it."""
        return cls(value=round_significant(float(value)), unit=unit)

    @classmethod
    def missing(cls, reason: str, unit: Unit) -> Self:
        """Carry the reason why there is no value."""
        return cls(value=None, unit=unit, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoiMeasurements:
    """The metrics of one ROI, by key."""

    roi_number: int
    values: Mapping[str, Measurement]
    derived_from: int | None = None
    """Number of the ROI of which this one is a uniform expansion within a voxel."""

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
    """One image set of the case, and where it was sampled."""

    tied: TiedImage
    roi_numbers: tuple[int, ...] = ()
    """Targets on which it has values."""
    conditions: SetConditions | None = None
    """What makes a secondary set count, or not; None where that was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MetricTable:
    """Everything measured in one case."""

    rois: tuple[RoiMeasurements, ...]
    relations: tuple[RelationMeasurements, ...] = ()
    gross_target: Mapping[str, Measurement] = field(default_factory=dict)
    """The scored metrics, on the union of the gross targets (one score per course), by key."""
    gross_target_rois: tuple[int, ...] = ()
    """Numbers of the ROIs in that union."""
    surface_method: str = ""
    """How the surface of their shape was made; empty where nothing is scored."""
    unexplained_targets: tuple[int, ...] = ()
    """Numbers of planned targets that lie apart from that union."""
    issues: tuple[Issue, ...] = ()
    images: tuple[SampledImage, ...] = ()
    """What was made of each image set of the case, in its order; empty where images were not looked at."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "gross_target", MappingProxyType(dict(self.gross_target)))
