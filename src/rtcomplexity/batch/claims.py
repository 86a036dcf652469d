"""The claims file: which plan was claimed for which course of which patient, and what a person states of it.

A row a plan, tied by the SOP Instance UID of its structure set. The code is reported once per course: rows of one
patient and course are flagged. Patients and courses leave this module as keyed hashes only.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import UsageError
from rtcomplexity.scoring.site import known_sites, stated_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.batch.ledger import Ledger

NEEDED: Final = ("structure_set_uid", "course")
ALLOWED: Final = (*NEEDED, "site", "fractions")
_OPTION: Final = "--claims"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One row."""

    number: int
    """As a spreadsheet counts them: the first row below the titles is 2."""
    structure_set_uid: str = field(repr=False)
    course: str = field(repr=False)
    site: str | None
    fractions: int | None


@dataclass(frozen=True, slots=True)
class Claims:
    """All rows, by the keyed hash of the structure set's UID."""

    rows: Mapping[bytes, Sequence[ClaimRow]]
    count: int = 0

    def of(self, instance: bytes) -> Sequence[ClaimRow]:
        """Return the rows of one structure set."""
        return self.rows.get(instance, ())


NO_CLAIMS: Final = Claims({})


def read_claims(path: Path) -> list[ClaimRow]:
    """Read a claims file.

    Raises
    ------
    UsageError
        If it cannot be read, a column is missing, unknown or there twice, or a row states nonsense; the row is named by
        number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.DictReader(stream)
            _check_columns(table.fieldnames or ())
            return [_row(number, row) for number, row in enumerate(table, start=2)]
    except OSError as fault:
        raise UsageError(_OPTION, (fault.strerror or type(fault).__name__).lower(), "a CSV file in UTF-8") from fault
    except (UnicodeDecodeError, csv.Error) as fault:
        raise UsageError(_OPTION, "a file that is no text in UTF-8 or no CSV", "a CSV file in UTF-8") from fault


def claims_of(rows: Sequence[ClaimRow], ledger: Ledger) -> Claims:
    """Gather rows by the keyed hash of their structure set."""
    gathered: dict[bytes, list[ClaimRow]] = {}
    for row in rows:
        gathered.setdefault(ledger.hashed(row.structure_set_uid), []).append(row)
    return Claims(gathered, len(rows))


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
    return f"the columns {', '.join(NEEDED)} and, if stated, site and fractions, separated by commas; no others"


def _row(number: int, row: Mapping[str, str | None]) -> ClaimRow:
    values = {name: (row.get(name) or "").strip() for name in ALLOWED}
    for name in NEEDED:
        if not values[name]:
            raise UsageError(_OPTION, f"nothing as {name} in row {number}", "a value")
    return ClaimRow(
        number=number,
        structure_set_uid=values["structure_set_uid"],
        course=values["course"],
        site=_site(values["site"], number),
        fractions=_fractions(values["fractions"], number),
    )


def _site(text: str, number: int) -> str | None:
    if text and stated_site(text, known_sites()) is None:
        ids = ", ".join(site.id for site in known_sites())
        raise UsageError(_OPTION, f"an unknown site in row {number}", f"one of {ids}; or not- and one of these")
    return text or None


def _fractions(text: str, number: int) -> int | None:
    if text and (not text.isdecimal() or int(text) < 1):
        raise UsageError(_OPTION, f"no number of fractions in row {number}", "a whole number from 1")
    return int(text) if text else None
