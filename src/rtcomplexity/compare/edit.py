"""Values: one target with the contour it was edited from, as found by :mod:`rtcomplexity.compare.edit_search`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rtcomplexity.case.earlier_sets import AUTOMATIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.structure_set import Roi


class EditBasis(StrEnum):
    """Source of the earlier contour."""

    SAME_SET = "same_set"
    PREDECESSOR = "predecessor"
    EARLIER_SET = "earlier_set"


class EditExtent(StrEnum):
    """Extent of the edit."""

    UNCHANGED = "unchanged"
    WITHIN_TOLERANCE = "within_tolerance"
    LIGHT = "light"
    MODERATE = "moderate"
    EXTENSIVE = "extensive"
    NOT_MEASURED = "not_measured"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edit:
    """One target with the contour that it was, or may have been, edited from."""

    roi: Roi
    earlier: Roi
    earlier_set_uid: str
    basis: EditBasis
    extent: EditExtent
    moved_share: float | None
    """Share of contour length beyond the tolerance: the larger of those of the earlier and the final contour."""
    tolerance_mm: float
    values: Mapping[str, Measurement]

    @property
    def is_from_automatic(self) -> bool:
        """Whether the earlier contour is stated to be automatic."""
        return self.earlier.generation == AUTOMATIC
