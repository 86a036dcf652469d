"""The plans that a profile of one's own was made from, as the profile states them: who made it, and what was measured.

The values are kept so that a plan that is one of them can be left out, and so that newer plans can be compared.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from rtcomplexity.model.frozen import Frozen, Text
from rtcomplexity.scoring.plans import Plans


class Provenance(Frozen):
    """What a calibrated profile says of its plans and of who made it."""

    made_by: Text
    period: Text
    """When the plans were treated, in the maker's words: results hold no dates."""
    institution: str = ""
    software: tuple[str, ...] = ()
    """Versions that measured the plans."""
    surface_method: str = ""
    """How the scored surface was made."""
    slice_spacings_mm: tuple[float, ...] = ()
    """Least, median and greatest of the planning images; empty where none is known."""
    excluded: dict[str, Annotated[int, Field(ge=1)]] = Field(default={})
    """Results left out, by reason."""
    self_check_plans: Annotated[int, Field(ge=0)] = 0
    """Plans that were held out, a fifth at a time; 0 where there were too few."""
    self_check_supported: Annotated[int, Field(ge=0)] = 0
    """How many of these the profile of the others supports."""


class MeasuredPlans(Frozen):
    """The plans' measurements."""

    ids: Annotated[tuple[Text, ...], Field(min_length=1)]
    """What distinguishes each plan: the content of its files."""
    fractions: tuple[Annotated[int, Field(ge=1)] | Literal[""], ...]
    """An empty string where they are not stated."""
    columns: dict[str, tuple[float | Literal[""], ...]]
    """Values by metric key; an empty string is not measured."""

    @model_validator(mode="after")
    def _is_one_value_a_plan(self) -> Self:
        if len(set(self.ids)) < len(self.ids):
            raise ValueError("a plan is named twice")
        for name, values in (("fractions", self.fractions), *self.columns.items()):
            if len(values) != len(self.ids):
                raise ValueError(f"{name} has {len(values)} values for {len(self.ids)} plans")
        return self

    @property
    def plans(self) -> Plans:
        """As columns."""
        columns = {
            key: np.array([np.nan if value == "" else value for value in values], float)
            for key, values in self.columns.items()
        }
        return Plans(count=len(self.ids), columns=columns)
