"""Measured factors of many plans as columns, so that one plan and ten thousand are scored by the same steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from rtcomplexity.scoring.real_contours import NOBODY, SCORED_PREFIX, shipped_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.arrays import Floats, Integers


VOLUME_KEY: Final = "scored.volume"
DIAMETER_KEY: Final = "scored.equivalent_diameter"
_MM3_PER_CM3: Final = 1000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Plans:
    """Columns of measured factors, one value a plan."""

    count: int
    columns: Mapping[str, Floats]
    """(n,) by metric key; NaN is not measured."""
    redrawn_from: Plans | None = field(default=None)
    """The one plan of which these are redrawings: what it is, they are."""

    @classmethod
    def of(cls, gross_targets: Sequence[Mapping[str, Measurement]], redrawn_from: Plans | None = None) -> Self:
        """Put the scored measurements of plans into columns."""
        keys = dict.fromkeys(key for values in gross_targets for key in values)
        columns = {key: np.array([_number(values.get(key)) for values in gross_targets]) for key in keys}
        return cls(count=len(gross_targets), columns=columns, redrawn_from=redrawn_from)

    def column(self, metric: str) -> Floats:
        """(n,) values of a metric; all NaN where no plan has it."""
        return self.columns.get(metric, np.full(self.count, np.nan))

    def chosen(self, plans: Integers) -> Plans:
        """Return some of the plans, by places (m,) among them."""
        columns = {key: values[plans] for key, values in self.columns.items()}
        return replace(self, count=len(plans), columns=columns)

    def parts(self, size: int) -> Iterator[Plans]:
        """Yield the plans, so many at a time."""
        for first in range(0, self.count, size):
            yield self.chosen(np.arange(first, min(first + size, self.count)))

    @cached_property
    def diameters_mm(self) -> Floats:
        """(n,) equivalent diameters: as measured, else by the volume; NaN where neither is known."""
        volumes = self.column(VOLUME_KEY)
        by_volume = np.cbrt(6 * _MM3_PER_CM3 * np.where(volumes > 0, volumes, np.nan) / np.pi)
        stated = self.column(DIAMETER_KEY)
        return np.where(stated > 0, stated, by_volume)

    def own_patient(self, table_id: str) -> Integers:
        """(n,) the patient of a table whom each plan is of, whose contours must not be compared with it."""
        if self.redrawn_from is not None:
            return np.repeat(self.redrawn_from.own_patient(table_id), self.count)
        if not np.any(np.isfinite(self.diameters_mm)):
            return np.full(self.count, NOBODY)
        named = {key.removeprefix(SCORED_PREFIX): values for key, values in self.columns.items()}
        return shipped_table(table_id).own_patient(self.diameters_mm, named)


def _number(measurement: Measurement | None) -> float:
    return np.nan if measurement is None or measurement.value is None else measurement.value
