"""The claims file: which plan was claimed for which course of which patient, and what a person states of it.

A row a plan, tied by the SOP Instance UID of its structure set. The code is reported once per course: rows of one
patient and course are flagged. Patients and courses leave this module as keyed hashes only.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import UsageError
from rtcomplexity.scoring.facts import Site

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


def load_claims(path: Path, ledger: Ledger) -> Claims:
    """Read a claims file.

    Raises
    ------
    UsageError
        If it cannot be read, a column is missing or unknown, or a row states nonsense; the row is named by number.
    """
    rows: dict[bytes, list[ClaimRow]] = {}
    read = _read(path)
    for row in read:
        rows.setdefault(ledger.hashed(row.structure_set_uid), []).append(row)
    return Claims(rows, len(read))


def course_key(ledger: Ledger, patient: bytes, course: str) -> bytes:
    """Keyed hash of a patient and a course; case, width, blanks and what no one sees do not make another course."""
    return ledger.hashed(f"{patient.hex()}/{_plain(course)}")


def _plain(course: str) -> str:
    letters = unicodedata.normalize("NFKC", course).casefold()
    return "".join(letter for letter in letters if unicodedata.category(letter)[0] not in "CZ")


def _read(path: Path) -> list[ClaimRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.DictReader(stream)
            _check_columns(table.fieldnames or ())
            return [_row(number, row) for number, row in enumerate(table, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise UsageError(_OPTION, type(fault).__name__, "a CSV file in UTF-8") from fault


def _check_columns(names: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in ALLOWED]
    if missing or unknown:
        expected = f"the columns {', '.join(NEEDED)} and, if stated, site and fractions; no others"
        found = f"{len(missing)} of them missing, {len(unknown)} others"
        raise UsageError(_OPTION, found, expected)


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
    sites = {site.value.replace("_", "-"): site.value for site in Site if site is not Site.UNKNOWN}
    if text and text not in sites:
        raise UsageError(_OPTION, f"an unknown site in row {number}", f"one of {', '.join(sites)}")
    return sites.get(text)


def _fractions(text: str, number: int) -> int | None:
    if text and (not text.isdecimal() or int(text) < 1):
        raise UsageError(_OPTION, f"no number of fractions in row {number}", "a whole number from 1")
    return int(text) if text else None
