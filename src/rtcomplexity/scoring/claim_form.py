"""The claim information as a form: its fields, and what a person typed as a claim file or as messages by field.

Nothing is filled in that nobody typed. Which values are allowed, :mod:`rtcomplexity.scoring.claim_file` decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.payer import GLOBAL_PERIODS, payers
from rtcomplexity.scoring.site import shipped_sites

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """How a field is typed."""

    TEXT = "text"
    LONG_TEXT = "long text"
    DATE = "date"
    NUMBER = "number"
    LIST = "list"
    CHOICE = "choice"
    YES_NO = "yes or no"
    SUGGESTED = "suggested"
    """Any text; known values are suggested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form."""

    name: str
    """As in the claim file."""
    label: str
    kind: Kind = Kind.TEXT
    hint: str = ""
    mistake: str
    """What a message says is expected."""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a person typed, as a claim file or with what is wrong."""

    typed: Mapping[str, str]
    claim: ClaimFile | None
    """None where something is wrong."""
    mistakes: Mapping[str, str]
    """Message by field."""


_LATERALITY: Final = tuple((each, each.capitalize()) for each in ("left", "right", "bilateral", "not applicable"))
_WORDS: Final = "Enter text."
_MINUTES: Final = "Enter minutes: a number above 0, at most 1440."
_SIDE: Final = "Choose an entry of the list."
_AMERICAN: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@cache
def groups() -> tuple[Group, ...]:
    """Return every field of a claim file, in the order of the form."""
    return (_claim(), _service(), _physician(), _diagnosis(), _time(), _rationale(), _statement())


def _text(name: str, label: str, hint: str = "") -> Field:
    return Field(name=name, label=label, hint=hint, mistake=_WORDS)


def _date(name: str, label: str) -> Field:
    return Field(name=name, label=label, kind=Kind.DATE, hint="MM/DD/YYYY", mistake="Enter a date as MM/DD/YYYY.")


def _choice(name: str, label: str, choices: tuple[tuple[str, str], ...], hint: str = "") -> Field:
    return Field(name=name, label=label, kind=Kind.CHOICE, choices=choices, hint=hint, mistake=_SIDE)


def _yes_no(name: str, label: str) -> Field:
    return Field(name=name, label=label, kind=Kind.YES_NO, choices=(("yes", "Yes"), ("no", "No")), mistake=_SIDE)


def _claim() -> Group:
    known = tuple((each.id, each.name) for each in payers())
    periods = tuple((each, each) for each in GLOBAL_PERIODS)
    return Group(
        title="Claim",
        fields=(
            Field(name="payer", label="Payer", kind=Kind.SUGGESTED, choices=known, mistake=_WORDS),
            Field(name="cpt_code", label="CPT code", mistake="Enter five digits or capital letters."),
            Field(
                name="modifiers",
                label="Modifiers on the claim line",
                kind=Kind.LIST,
                hint="Separate several with commas",
                mistake="Enter two digits or capital letters each, separated by commas.",
            ),
            _choice(
                "global_period", "MPFS global days indicator", periods, "Of the CPT code, from the payer's fee schedule"
            ),
            _text("payer_id", "Payer ID", "Of the clearinghouse"),
            _text("member_id", "Member ID", "The patient's number with the payer"),
            _text("account_number", "Account number"),
            _text("claim_control_number", "Claim control number"),
        ),
    )


def _service() -> Group:
    sites = tuple((each.id, each.title.capitalize()) for each in shipped_sites().values() if not each.covers_any)
    return Group(
        title="Service",
        fields=(
            _date("date_of_service", "Date of service"),
            _text("facility", "Facility"),
            _choice("site", "Treated site", sites, "Counts where the RT Plan does not state it"),
            Field(
                name="fractions",
                label="Number of fractions",
                kind=Kind.NUMBER,
                hint="Of the whole course; counts where the RT Plan does not state it",
                mistake="Enter a whole number from 1.",
            ),
        ),
    )


def _physician() -> Group:
    return Group(
        title="Contouring physician",
        fields=(
            _text("delineated_by", "Name"),
            _text("credentials", "Credentials"),
            Field(name="npi", label="NPI", hint="10 digits", mistake="Enter ten digits with a valid check digit."),
            _yes_no(
                "delineator_reports_77261_77799", "Does the same physician report CPT 77261\u201377799 for this course?"
            ),
            _yes_no("auto_segmentation_edited", "Were automatic contours edited by hand?"),
        ),
    )


def _diagnosis() -> Group:
    return Group(
        title="Diagnosis",
        fields=(
            Field(
                name="diagnosis",
                label="ICD-10-CM codes",
                kind=Kind.LIST,
                hint="Separate several with commas",
                mistake="Enter ICD-10-CM codes such as A00.0, separated by commas.",
            ),
            _choice("laterality", "Laterality", _LATERALITY),
            _text("stage", "Stage"),
            _text("prior_radiation", "Prior radiation"),
        ),
    )


def _time() -> Group:
    return Group(
        title="Physician time",
        fields=(
            Field(
                name="physician_minutes",
                label="Actual physician time (minutes)",
                kind=Kind.NUMBER,
                hint="On this delineation, as documented",
                mistake=_MINUTES,
            ),
            Field(
                name="typical_minutes",
                label="Typical time at this practice (minutes)",
                kind=Kind.NUMBER,
                mistake=_MINUTES,
            ),
            _text("typical_minutes_source", "Source of the typical time"),
        ),
    )


def _rationale() -> Group:
    return Group(
        title="Medical rationale and procedure note",
        fields=(
            Field(
                name="reason",
                label="Physician's statement of medical rationale",
                kind=Kind.LONG_TEXT,
                hint="In the physician's own words: what was unusual, and why. Payers reject boilerplate",
                mistake=_WORDS,
            ),
            _yes_no("procedure_note_attached", "Is the procedure note attached to the claim?"),
            _text("signer", "Signer of the procedure note"),
        ),
    )


def _statement() -> Group:
    return Group(
        title="Who provides this information",
        fields=(
            _text("stated_by", "Completed by"),
            _date("stated_on", "Completed on"),
        ),
    )


def fields() -> dict[str, Field]:
    """Return every field by its name."""
    return {field.name: field for group in groups() for field in group.fields}


def typed_of(claim: ClaimFile) -> dict[str, str]:
    """Return claim information as a person would have typed it."""
    return {name: _shown(getattr(claim, name)) for name in fields()}


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value:%m/%d/%Y}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def read(typed: Mapping[str, str]) -> Filled:
    """Read what a person typed; a field left empty states nothing."""
    known = fields()
    kept = {name: typed.get(name, "").replace("\r\n", "\n").strip() for name in known}
    values, mistakes = {}, {}
    for name, text in kept.items():
        try:
            values[name] = _value(known[name], text)
        except ValueError:
            mistakes[name] = known[name].mistake
    claim = None
    try:
        claim = ClaimFile.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as fault:
        wrong = {str(each["loc"][0]) for each in fault.errors()}
        mistakes |= {name: known[name].mistake for name in known if name in wrong}
    return Filled(typed=kept, claim=None if mistakes else claim, mistakes=mistakes)


def _value(field: Field, text: str) -> Any:  # noqa: ANN401 -- any value of a claim file
    r"""Read one field; None where nothing was typed.

    Raises
    ------
    ValueError
        If it cannot be what the field holds.
    """
    if not text:
        return None
    match field.kind:
        case Kind.DATE:
            return _day(text)
        case Kind.NUMBER:
            number = float(text)
            return int(number) if number.is_integer() else number
        case Kind.LIST:
            return [each.upper() for each in re.split(r"[,;\s]+", text) if each]
        case Kind.YES_NO:
            return {"yes": True, "no": False}.get(text, text)
    return text


def _day(text: str) -> date:
    """Read an American date.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> _day("3/9/2026")
    datetime.date(2026, 3, 9)
    """
    found = _AMERICAN.fullmatch(text)
    if found is None:
        raise ValueError("no date")
    month, day, year = map(int, found.groups())
    return date(year, month, day)
