"""The claim file: what only a person knows of a claim, in TOML, stated by that person and never filled in or inferred.

Knows the file's fields and where a mistake stands in it. :mod:`rtcomplexity.scoring.claim` turns it into readiness.
"""

from __future__ import annotations

import tomllib
from datetime import date  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rtcomplexity.errors import InputDataError
from rtcomplexity.scoring.payer import GLOBAL_PERIODS
from rtcomplexity.scoring.profile_lines import line_of

if TYPE_CHECKING:
    from pathlib import Path

Minutes = Annotated[float, Field(gt=0, le=24 * 60)]
TEMPLATE: Final = '''# A claim file for rtcomplexity: rtcomplexity analyze PLAN --claim claim.toml
#
# Every line is commented out: state what you know, leave the rest. Nothing is filled in for you, and nothing you leave
# out is guessed. Minutes and reasons are the physician's own; ready-made sentences are what payers refuse.

# cpt_code = ""                  # the code that is claimed, five characters
# modifiers = []                 # as on the claim line; 11 is no modifier (it is a place of service)
# payer = ""                     # rtcomplexity profile show --payers lists those with known rules
# date_of_service = 0000-00-00   # without quotation marks
# site = ""                      # "thoracic" or "not-thoracic"
# fractions = 0                  # of the whole course
# global_period = ""             # of the code, from the payer's fee schedule: 000, 010, 042, 090, MMM, XXX, YYY or ZZZ

# delineated_by = ""             # role of who drew the targets, not a name
# delineator_reports_77261_77799 = false   # whether that physician also reports codes 77261 to 77799
# physician_minutes = 0          # minutes actually spent on this delineation
# typical_minutes = 0            # minutes a typical delineation takes here
# typical_minutes_source = ""    # how that is known

# reason = """
# """                            # in the physician's own words: what was unusual, and why
# procedure_note_attached = false
# signer = ""                    # who signs the procedure note
'''


class ClaimFileError(InputDataError):
    """A claim file cannot be used."""


class ClaimFile(BaseModel):
    """What a person states of a claim; None where nothing is stated."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    cpt_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{5}$")] | None = None
    modifiers: tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")], ...] = ()
    payer: Annotated[str, Field(min_length=1)] | None = None
    date_of_service: date | None = None
    site: Literal["thoracic", "not-thoracic"] | None = None
    fractions: Annotated[int, Field(ge=1)] | None = None
    global_period: str | None = None
    delineated_by: Annotated[str, Field(min_length=1)] | None = None
    delineator_reports_77261_77799: bool | None = None
    physician_minutes: Minutes | None = None
    typical_minutes: Minutes | None = None
    typical_minutes_source: Annotated[str, Field(min_length=1)] | None = None
    reason: Annotated[str, Field(min_length=1)] | None = None
    procedure_note_attached: bool | None = None
    signer: Annotated[str, Field(min_length=1)] | None = None

    @field_validator("global_period")
    @classmethod
    def _is_an_indicator(cls, value: str | None) -> str | None:
        if value is None:
            return None
        indicator = value.upper().zfill(3)
        if indicator not in GLOBAL_PERIODS:
            raise ValueError(f"must be one of {', '.join(GLOBAL_PERIODS)}")
        return indicator


def load_claim(path: Path) -> ClaimFile:
    """Read a claim file.

    Raises
    ------
    ClaimFileError
        If it cannot be read or used; the text names the line, never what stands there.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise ClaimFileError("The claim file cannot be read.", "rtcomplexity claim new > claim.toml") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ClaimFileError("The claim file is not valid TOML.", "rtcomplexity claim new, and compare") from error
    try:
        return ClaimFile.model_validate(data)
    except ValidationError as error:
        raise ClaimFileError(_explain(error, text), "correct the claim file there") from error


def _explain(error: ValidationError, text: str) -> str:
    places = [f"{_place(each['loc'], text)}: {each['msg']}" for each in error.errors(include_url=False)[:3]]
    return f"The claim file cannot be used: {'; '.join(places)}."


def _place(loc: tuple[int | str, ...], text: str) -> str:
    known = str(loc[0]) if loc and str(loc[0]) in ClaimFile.model_fields else "a field that does not exist"
    line = line_of(text, loc)
    return f"{known} (line {line})" if line else known
