"""The procedure codes that the claim axis knows: at which site, and for how many fractions, each is reported."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Annotated

from pydantic import Field

from rtcomplexity.model.frozen import Frozen
from rtcomplexity.scoring.shipped import shipped
from rtcomplexity.scoring.site import TreatedSite, shipped_sites


class CodeRule(Frozen):
    """Where a code is reported; our own words, never a descriptor's."""

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
    (rule,) = tomllib.loads(shipped("")["codes"].read_text("utf-8"))["codes"]
    return CodeRule.model_validate(rule)
