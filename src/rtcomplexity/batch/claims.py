"""The claims file: which plan was claimed for which course of which patient, and what the user states of it.

A row a plan, tied by the SOP Instance UID of its structure set. The code is reported once per course: rows of one
patient and course are flagged. Patients and courses leave this module as keyed hashes only.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.sheets import SheetError, read_sheet
from rtcomplexity.errors import FileRowsError, UsageError, os_reason
from rtcomplexity.scoring import claim_form
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.site import known_sites, stated_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.batch.ledger import Ledger

NEEDED: Final = ("structure_set_uid", "course")
PLACE: Final = "file"
"""Path of the structure set, for the person who fills in the table; not read."""
ALLOWED: Final = (*NEEDED, PLACE, *ClaimFile.model_fields)
MOST_MISTAKES: Final = 10
"""A message names this many."""
_APART: Final = frozenset({"site", "fractions"})
"""What a row states as the options of the same names do."""
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_SERIAL: Final = re.compile(r"\d{5}(\.0*)?")
_OPTION: Final = "--claims"
_FILE: Final = "a CSV file in UTF-8 or an Excel workbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One row."""

    number: int
    """As a spreadsheet counts them: the first row below the titles is 2."""
    structure_set_uid: str = field(repr=False)
    course: str = field(repr=False)
    site: str | None
    fractions: int | None
    claim: ClaimFile | None = field(default=None, repr=False)
    """Everything else that is stated; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Claims:
    """All rows, by the keyed hash of the structure set's UID."""

    rows: Mapping[bytes, Sequence[ClaimRow]]
    numbers: tuple[int, ...] = ()
    """Of all rows."""

    def of(self, instance: bytes) -> Sequence[ClaimRow]:
        """Return the rows of one structure set."""
        return self.rows.get(instance, ())


def read_claims(path: Path) -> list[ClaimRow]:
    """Read a claims file: CSV, or the first sheet of an Excel workbook.

    A row of a table that `--claims-template` made in which nothing was filled in is left out.

    Raises
    ------
    UsageError
        If it cannot be read, a column is missing, unknown or there twice, or rows state nonsense; every such row is
        named by number and column, never by what it holds.
    """
    try:
        titles, *rows = read_sheet(path) or [[]]
    except OSError as fault:
        raise UsageError(_OPTION, os_reason(fault), _FILE) from fault
    except SheetError as fault:
        raise UsageError(_OPTION, str(fault), _FILE) from fault
    _check_columns(titles)
    numbered = ((number, _values(titles, row)) for number, row in enumerate(rows, start=2) if any(row))
    read = [_row(number, values) for number, values in numbered if not _is_untouched(titles, values)]
    mistakes = [text for _, texts in read for text in texts]
    if mistakes:
        more = f"; and {len(mistakes) - MOST_MISTAKES} more" if len(mistakes) > MOST_MISTAKES else ""
        listed = "; ".join(mistake.rstrip(".") for mistake in mistakes[:MOST_MISTAKES])
        raise FileRowsError(_OPTION, f"{listed}{more}.", "correct these cells; nothing was run")
    return [row for row, _ in read if row is not None]


def claims_of(rows: Sequence[ClaimRow], ledger: Ledger) -> Claims:
    """Gather rows by the keyed hash of their structure set."""
    gathered: dict[bytes, list[ClaimRow]] = {}
    for row in rows:
        gathered.setdefault(ledger.hashed(row.structure_set_uid), []).append(row)
    return Claims(gathered, tuple(row.number for row in rows))


def course_key(ledger: Ledger, patient: bytes, course: str) -> bytes:
    """Keyed hash of a patient and a course; case, width, blanks and what no one sees do not make another course."""
    return ledger.hashed(f"{patient.hex()}/{_plain(course)}")


def _plain(course: str) -> str:
    letters = unicodedata.normalize("NFKC", course).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] not in "CZ")


def _check_columns(names: Sequence[str]) -> None:
    """Refuse a first line that does not name the columns; one that names none of them may be data, and is not shown."""
    missing = [name for name in NEEDED if name not in names]
    if not names:
        raise UsageError(_OPTION, "an empty file", _expected_columns())
    if all(name in names[0] for name in NEEDED):
        raise UsageError(_OPTION, "a first line whose columns no comma separates", _expected_columns())
    if len(missing) == len(NEEDED):
        raise UsageError(_OPTION, "a first line that names none of the columns", _expected_columns())
    unknown = [name for name in names if name not in ALLOWED]
    twice = [name for name, count in Counter(names).items() if count > 1 and name in ALLOWED]
    for what, which in (("without the column", missing), ("with the unknown column", unknown), ("with twice", twice)):
        if which:
            plural = "s" if len(which) > 1 and what != "with twice" else ""
            raise UsageError(_OPTION, f"a first line {what}{plural} {', '.join(which)}", _expected_columns())


def _expected_columns() -> str:
    return f"the columns {', '.join(NEEDED)} and, if stated, those that --claims-template writes; no others"


def _values(titles: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    return {name: text.strip() for name, text in zip(titles, row, strict=False)}


def _is_untouched(titles: Sequence[str], values: Mapping[str, str]) -> bool:
    """Whether a row is as the template has it."""
    return PLACE in titles and not any(text for name, text in values.items() if name not in {NEEDED[0], PLACE})


def _row(number: int, values: Mapping[str, str]) -> tuple[ClaimRow | None, list[str]]:
    """Read one row; None and what is wrong with it where it states nonsense."""
    mistakes = [f"row {number}, {name}: nothing" for name in NEEDED if not values.get(name)]
    site = values.get("site", "")
    if site and stated_site(site, known_sites()) is None:
        ids = ", ".join(each.id for each in known_sites())
        mistakes.append(f"row {number}, site: an unknown site (known: {ids}; or not- and one of these)")
    filled = claim_form.read({name: _typed(name, text) for name, text in values.items() if name != "site"})
    mistakes += [f"row {number}, {name}: {text}" for name, text in filled.mistakes.items()]
    if mistakes or filled.claim is None:
        return None, mistakes
    rest = filled.claim.model_copy(update=dict.fromkeys(_APART))
    row = ClaimRow(
        number=number,
        structure_set_uid=values["structure_set_uid"],
        course=values["course"],
        site=site or None,
        fractions=filled.claim.fractions,
        claim=None if rest == ClaimFile() else rest,
    )
    return row, []


def _typed(name: str, text: str) -> str:
    """Return a cell as a person would have typed it: a spreadsheet may have made a number of a date."""
    field = claim_form.fields().get(name)
    if field is not None and field.kind is claim_form.Kind.DATE and _SERIAL.fullmatch(text):
        return f"{_EXCEL_EPOCH + timedelta(days=int(float(text))):%m/%d/%Y}"
    return text
