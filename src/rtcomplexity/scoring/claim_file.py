"""The claim file: what only a person knows of a claim, in TOML, stated by that person and never filled in or inferred.

Knows the fields of the file and the line of a mistake. :mod:`rtcomplexity.scoring.claim` turns it into readiness.
"""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from rtcomplexity.errors import InputDataError
from rtcomplexity.model.frozen import Frozen, Text
from rtcomplexity.scoring.payer import GLOBAL_PERIODS
from rtcomplexity.scoring.profile_lines import line_of

if TYPE_CHECKING:
    from pathlib import Path

Minutes = Annotated[float, Field(gt=0, le=24 * 60)]
TEMPLATE: Final = '''# Claim information for rtcomplexity: rtcomplexity analyze PLAN --claim claim.toml
#
# Every line is commented out. Remove the # before what is documented and fill it in; leave the rest. Nothing is filled
# in or guessed. Time and rationale are the physician's own; payers reject boilerplate.

# cpt_code = ""                  # the code that is claimed, five characters
# modifiers = []                 # as on the claim line; 11 is a place of service, not a modifier
# payer = ""                     # rtcomplexity profile show --payers lists the payers with known rules
# date_of_service = 0000-00-00   # without quotation marks
# site = ""                      # treated site, as --site takes it
# fractions = 0                  # of the whole course
# global_period = ""             # of the code, from the payer's fee schedule: 000, 010, 042, 090, MMM, XXX, YYY or ZZZ

# date of birth, name and ID come from the plan; the following are printed in identified reports only
# facility = ""
# account_number = ""
# claim_control_number = ""
# member_id = ""                # the patient's number with the payer; report --format cdex needs it
# payer_id = ""                 # the payer's ID at clearinghouses
# delineated_by = ""             # contouring physician
# credentials = ""               # of the contouring physician
# npi = ""                       # ten digits
# diagnosis = []                 # ICD-10-CM codes
# laterality = ""                # "left", "right", "bilateral" or "not applicable"
# stage = ""
# prior_radiation = ""
# auto_segmentation_edited = false   # whether automatic contours were edited by hand
# stated_by = ""                 # who fills in this file
# stated_on = 0000-00-00         # without quotation marks
# delineator_reports_77261_77799 = false   # whether that physician also reports codes 77261 to 77799
# physician_minutes = 0          # actual physician time on this delineation, minutes
# typical_minutes = 0            # typical time at this practice, minutes
# typical_minutes_source = ""    # how that is known

# reason = """
# """                            # in the physician's own words: what was unusual and why
# procedure_note_attached = false
# signer = ""                    # who signs the procedure note
'''


MOST_MISTAKES: Final = 3
"""A message names this many."""
_PLAIN: Final = (
    "account_number", "claim_control_number", "member_id", "payer_id", "delineated_by", "credentials", "stage",
    "prior_radiation",
)  # fmt: skip
FORMS: Final = {name: f'{name} = "..." (in quotation marks)' for name in _PLAIN} | {
    "cpt_code": 'cpt_code = "....." (five digits or capitals, in quotation marks)',
    "modifiers": 'modifiers = ["..", ".."] (two digits or capitals each, in quotation marks and square brackets)',
    "payer": 'payer = "its name" (in quotation marks)',
    "date_of_service": "date_of_service = YYYY-MM-DD (year-month-day, without quotation marks)",
    "site": 'site = "its name" (in quotation marks; small letters, as --site takes it)',
    "fractions": "fractions = N (a whole number from 1, without quotation marks)",
    "global_period": f'global_period = "..." (one of {", ".join(GLOBAL_PERIODS)}, in quotation marks)',
    "facility": 'facility = "its name" (in quotation marks)',
    "npi": 'npi = "NNNNNNNNNN" (ten digits with a valid check digit, in quotation marks)',
    "diagnosis": 'diagnosis = ["A00.0"] (ICD-10-CM codes, in quotation marks and square brackets)',
    "laterality": 'laterality = "left", "right", "bilateral" or "not applicable"',
    "auto_segmentation_edited": "auto_segmentation_edited = true or = false (without quotation marks)",
    "stated_by": 'stated_by = "a name" (in quotation marks)',
    "stated_on": "stated_on = YYYY-MM-DD (year-month-day, without quotation marks)",
    "delineator_reports_77261_77799": "delineator_reports_77261_77799 = true or = false (without quotation marks)",
    "physician_minutes": "physician_minutes = N (a number above 0 and up to 1440, without quotation marks)",
    "typical_minutes": "typical_minutes = N (a number above 0 and up to 1440, without quotation marks)",
    "typical_minutes_source": 'typical_minutes_source = "how it is known" (in quotation marks)',
    "reason": 'reason = """the physician\'s own words"""',
    "procedure_note_attached": "procedure_note_attached = true or = false (without quotation marks)",
    "signer": 'signer = "a name" (in quotation marks)',
}
"""The right form of each field, for messages; none is anybody's value."""


class ClaimFileError(InputDataError):
    """A claim file cannot be used."""


class ClaimFile(Frozen):
    """What the user states of a claim; None where nothing is stated."""

    model_config = ConfigDict(str_strip_whitespace=True)

    cpt_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{5}$")] | None = None
    modifiers: tuple[Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")], ...] = ()
    payer: Text | None = None
    date_of_service: date | None = None
    site: Annotated[str, Field(pattern="^[a-z][a-z0-9-]*$")] | None = None
    fractions: Annotated[int, Field(ge=1)] | None = None
    global_period: str | None = None
    facility: Text | None = None
    account_number: Text | None = None
    claim_control_number: Text | None = None
    member_id: Text | None = None
    payer_id: Text | None = None
    delineated_by: Text | None = None
    credentials: Text | None = None
    npi: Annotated[str, Field(pattern=r"^[12]\d{9}$")] | None = None
    diagnosis: tuple[Annotated[str, Field(pattern=r"^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$")], ...] = ()
    laterality: Literal["left", "right", "bilateral", "not applicable"] | None = None
    stage: Text | None = None
    prior_radiation: Text | None = None
    auto_segmentation_edited: bool | None = None
    stated_by: Text | None = None
    stated_on: date | None = None
    delineator_reports_77261_77799: bool | None = None
    physician_minutes: Minutes | None = None
    typical_minutes: Minutes | None = None
    typical_minutes_source: Text | None = None
    reason: Text | None = None
    procedure_note_attached: bool | None = None
    signer: Text | None = None

    @field_validator("npi")
    @classmethod
    def _has_its_check_digit(cls, value: str | None) -> str | None:
        if value is not None and not has_npi_check_digit(value):
            raise ValueError("the check digit of the NPI is wrong")
        return value

    @field_validator("global_period")
    @classmethod
    def _is_an_indicator(cls, value: str | None) -> str | None:
        if value is None:
            return None
        indicator = value.upper().zfill(3)
        if indicator not in GLOBAL_PERIODS:
            raise ValueError(f"must be one of {', '.join(GLOBAL_PERIODS)}")
        return indicator


def has_npi_check_digit(npi: str) -> bool:
    """Whether the last of ten digits is the Luhn digit of the rest after the prefix 80840, as CMS defines an NPI.

    Examples
    --------
    >>> has_npi_check_digit("1234567893"), has_npi_check_digit("1234567890")
    (True, False)
    """
    doubled = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(f"80840{npi}"), start=1)]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def load_claim(path: Path) -> ClaimFile:
    """Read a claim file.

    Raises
    ------
    ClaimFileError
        If it cannot be read or used; the text names the line, never its content.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise ClaimFileError("The claim file cannot be read.", "rtcomplexity claim new > claim.toml") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        where = _where(error)
        raise ClaimFileError(f"The claim file is not valid TOML{where}.", 'lines like: payer = "..."') from error
    try:
        return ClaimFile.model_validate(data)
    except ValidationError as error:
        raise ClaimFileError(_explain(error, text), "correct the claim file there") from error


def claim_toml(claim: ClaimFile) -> str:
    r"""Write claim information as a claim file: what is stated, one line per field, in the fields' order.

    Examples
    --------
    >>> print(claim_toml(ClaimFile(payer='"Example"', modifiers=("22",), date_of_service=date(2026, 3, 9))), end="")
    modifiers = ["22"]
    payer = "\"Example\""
    date_of_service = 2026-03-09
    """
    stated = ((name, getattr(claim, name)) for name in ClaimFile.model_fields)
    return "".join(f"{name} = {_toml(value)}\n" for name, value in stated if value is not None and value != ())


def _toml(value: object) -> str:
    """Write a value; JSON's escapes are among those of TOML, which asks for one more."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _explain(error: ValidationError, text: str) -> str:
    places = dict.fromkeys(f"{_place(each['loc'], text)}: {_wanted(each['loc'])}" for each in error.errors())
    return f"The claim file cannot be used: {'; '.join([*places][:MOST_MISTAKES])}."


def _wanted(loc: tuple[int | str, ...]) -> str:
    """Show the right form of a field; a key that is none is not repeated: it may name someone."""
    key = str(loc[0]) if loc else ""
    if key in FORMS:
        return f"expected a line like {FORMS[key]}"
    nearest = get_close_matches(key, ClaimFile.model_fields, n=1)
    return f"the nearest field is {nearest[0]}" if nearest else "rtcomplexity claim new lists the fields"


def _where(error: Exception) -> str:
    found = re.search(r"at line (\d+)", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else None
    return f": line {found[1]} cannot be read" if found else ""


def _place(loc: tuple[int | str, ...], text: str) -> str:
    known = str(loc[0]) if loc and str(loc[0]) in ClaimFile.model_fields else "a field that does not exist"
    line = line_of(text, loc)
    return f"{known} (line {line})" if line else known
