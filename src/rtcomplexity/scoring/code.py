"""The procedure codes that the claim axis knows: at which site, and for how many fractions, each is reported."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rtcomplexity.scoring.site import TreatedSite, shipped_sites


class CodeRule(BaseModel):
    """Where a code is reported; our own words, never a descriptor's."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")

    code: Annotated[str, Field(pattern="^[0-9A-Z]{5}$")]
    site: str
    """Id of a shipped site."""
    max_fractions: Annotated[int, Field(ge=1)]
    course: str
    """What a course of at most this many fractions is called."""
    source: str

    @property
    def treated_site(self) -> TreatedSite:
        """The site it is reported for."""
        return shipped_sites()[self.site]


@cache
def code_rule() -> CodeRule:
    """Return the rule of the code whose claims this software looks at."""
    content = (resources.files("rtcomplexity.scoring") / "codes.toml").read_text("utf-8")
    (rule,) = tomllib.loads(content)["codes"]
    return CodeRule.model_validate(rule)
