"""What every value that pydantic reads from a file or writes to one is based on: frozen, with no further fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rtcomplexity.units import round_significant

Text = Annotated[str, Field(min_length=1)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(round_significant)]
"""A finite number, rounded as it is written."""


class Frozen(BaseModel):
    """A value of finite numbers that nothing changes; built when first used."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
