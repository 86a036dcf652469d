"""Reads the two files in which CMS publishes what it knows of a code: relative values, and physician time.

Both are CSV files with lines of words before the table, and column names that run over several lines: over ``HCPCS``
nothing, over ``RVU`` the word ``WORK``, over ``DAYS`` the word ``GLOB``. Columns are found by their words, not by their
place, which differs from year to year. Amounts of money and descriptions of codes are not read.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import InputDataError
from rtcomplexity.scoring.official_facts import OfficialCode, OfficialMinutes, Release, source_file
from rtcomplexity.scoring.payer import GLOBAL_PERIODS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

HEADER_LINES: Final = 6
"""Most lines that column names run over."""
MOST_BYTES: Final = 64_000_000
_CODE_NAMES: Final = frozenset({"HCPCS", "CPT", "CPT/HCPCS", "HCPCS/CPT", "HCPCS CODE", "CPT CODE", "CPT/HCPCS CODE"})
_MONTHS: Final = (
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
)  # fmt: skip
_TRY_FEES: Final = (
    "the file PPRRVU….csv of a release of CMS's physician fee schedule (relative value files), as published."
)
_TRY_TIMES: Final = "CMS's physician time file of the final rule, saved as CSV, as published."


class CmsFileError(InputDataError):
    """A file of CMS cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    name: str
    before: tuple[str, ...]
    """Cells before the table."""
    columns: tuple[str, ...]
    """Names, all of a column's lines joined."""
    code_column: int
    lines: tuple[tuple[int, list[str]], ...]
    expected: str

    def column(self, *patterns: str) -> int:
        """Find the only column whose name matches all patterns."""
        found = self.columns_of(*patterns)
        if len(found) != 1:
            what = " ".join(pattern.strip(r"\b") for pattern in patterns)
            text = f"{self.name} has {_count(len(found), 'column')} named {what!r}."
            raise CmsFileError(text, self.expected)
        return found[0]

    def columns_of(self, *patterns: str) -> list[int]:
        return [n for n, name in enumerate(self.columns) if all(re.search(pattern, name) for pattern in patterns)]

    def rows_of(self, code: str) -> Iterator[tuple[int, list[str]]]:
        """Give the lines of a code that carry no modifier."""
        modifiers = self.columns_of(r"^MOD(IFIER)?$")
        for number, cells in self.lines:
            has_modifier = any(_cell(cells, column) for column in modifiers)
            if _cell(cells, self.code_column).upper() == code and not has_modifier:
                yield number, cells


def fee_schedule(content: bytes, name: str, codes: Collection[str], starts: date | None = None) -> Release:
    """Read codes of a relative value file, as one release without physician times.

    Parameters
    ----------
    content : the CSV file
    name : what messages call it
    codes : those that are looked for
    starts : first day that the release is for; read from the file, or from its name, if None

    Raises
    ------
    CmsFileError
        If it is no such file, does not say which release it is, or lacks a code.
    """
    table = _table(content, name, _TRY_FEES)
    work, days = table.column(r"\bWORK\b", r"\bRVU\b"), table.column(r"\bGLOB", r"\bDAYS\b")
    status = table.column(r"\bSTATUS\b")
    title = _title(table) or name
    rows = {}
    for code in codes:
        number, cells = _only_row(table, code)
        period = _cell(cells, days).upper().zfill(3)
        if period not in GLOBAL_PERIODS:
            raise CmsFileError(f"Line {number} of {name} has an unknown global days indicator.", _TRY_FEES)
        rows[code] = OfficialCode(
            row=number,
            status=_cell(cells, status)[:1].upper(),
            global_period=period,
            work_rvu=_number(cells, work, number, table),
        )
    starts = starts or _starts(title, name)
    return Release(title=title, starts=starts, fee_schedule=source_file(content, name), codes=rows)


def physician_times(content: bytes, name: str, codes: Collection[str]) -> dict[str, OfficialMinutes]:
    """Read typical minutes of codes; a code that the file does not have is left out.

    Raises
    ------
    CmsFileError
        If it is no such file, or a code has two lines.
    """
    table = _table(content, name, _TRY_TIMES)
    intra, total = table.column(r"\bINTRA", "TIME"), table.column(r"\bTOTAL\b", "TIME")
    pre, post = ([n for n in table.columns_of(word, "TIME") if n != total] for word in (r"\bPRE", r"\bPOST"))
    if not pre or not post:
        raise CmsFileError(f"{name} has no columns of time before and after the service.", _TRY_TIMES)
    rows = {}
    for code in codes:
        if not list(table.rows_of(code)):
            continue
        number, cells = _only_row(table, code)
        row = OfficialMinutes(
            row=number,
            pre_minutes=sum(_number(cells, each, number, table) for each in pre),
            intra_minutes=_number(cells, intra, number, table),
            post_minutes=sum(_number(cells, each, number, table) for each in post),
            total_minutes=_number(cells, total, number, table),
        )
        rows[code] = row
        parts_minutes = row.pre_minutes + row.intra_minutes + row.post_minutes
        if parts_minutes > row.total_minutes:  # visits after the service may add to the total
            raise CmsFileError(f"Line {number} of {name}: its times exceed their total.", _TRY_TIMES)
    return rows


def _table(content: bytes, name: str, expected: str) -> _Table:
    if len(content) > MOST_BYTES:
        raise CmsFileError(f"{name} is larger than any such file.", expected)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    reader = csv.reader(io.StringIO(text.replace("\0", "")))
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise CmsFileError(f"Line {reader.line_num} of {name} is no CSV ({error}).", expected) from None
    for place, (_, cells) in enumerate(lines):
        codes = [n for n, cell in enumerate(cells) if _plain(cell) in _CODE_NAMES]
        if codes:
            above = [found for _, found in lines[max(place + 1 - HEADER_LINES, 0) : place + 1]]
            return _Table(
                name=name,
                before=tuple(cell for _, found in lines[:place] for cell in found if cell),
                columns=tuple(_column_name(above, n) for n in range(len(cells))),
                code_column=codes[0],
                lines=tuple(lines[place + 1 :]),
                expected=expected,
            )
    raise CmsFileError(f"{name} has no line of column names with HCPCS.", expected)


def _column_name(above: Sequence[Sequence[str]], column: int) -> str:
    """Join what stands over a column; the first column has sentences over it."""
    words = [_plain(_cell(cells, column)) for cells in (above if column else above[-1:])]
    return " ".join(word for word in words if word)


def _plain(text: str) -> str:
    return " ".join(text.upper().replace("*", "").split())


def _count(found: int, what: str) -> str:
    """Say that there is none of what there has to be one of, or that there are several."""
    return f"{found} {what}s" if found else f"no {what}"


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _only_row(table: _Table, code: str) -> tuple[int, list[str]]:
    found = list(table.rows_of(code))
    if len(found) != 1:
        text = f"{table.name} has {_count(len(found), 'line')} for {code} without a modifier."
        raise CmsFileError(text, table.expected)
    return found[0]


def _number(cells: Sequence[str], column: int, line: int, table: _Table) -> float:
    """Read a number; an empty cell is 0 minutes."""
    text = _cell(cells, column).replace(",", "")
    try:
        value = float(text or 0)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise CmsFileError(f"Line {line} of {table.name} has no number where one is expected.", table.expected)
    return value


def _title(table: _Table) -> str:
    """Find the line that names the release."""
    pattern = r"\b20\d\d\b.*relative value|relative value.*\b20\d\d\b"
    named = [cell for cell in table.before if re.search(pattern, cell, re.IGNORECASE)]
    return " ".join(named[0].split())[:120] if named else ""


def _starts(title: str, name: str) -> date:
    """Say from when on a release is for, by the year and month that it is named by."""
    for text in (title, name):
        year = re.search(r"20\d\d", text) or re.search(r"(?<=RVU)\d\d(?=\D)", text, re.IGNORECASE)
        month = re.search("|".join(_MONTHS), re.sub("MEDICARE", "", text.upper()))
        if year is not None:
            number = int(year.group()) % 2000 + 2000
            return date(number, _MONTHS.index(month.group()) + 1 if month else 1, 1)
    raise CmsFileError(f"{name} does not say which release it is.", "--starts with the first day it is for.")
