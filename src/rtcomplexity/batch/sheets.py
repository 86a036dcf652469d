"""A table of texts in a file that a spreadsheet program opens: CSV in UTF-8, or the first sheet of an Excel workbook.

Reading a workbook needs the standard library alone; writing one needs XlsxWriter, an extra. Knows no claims.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from rtcomplexity.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

WORKBOOK: Final = ".xlsx"
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHEET: Final = "xl/worksheets/sheet1.xml"
_STRINGS: Final = "xl/sharedStrings.xml"
_MOST_PART_BYTES: Final = 50_000_000
_MOST_COLUMNS: Final = 200
_MOST_ROWS: Final = 100_000
_WIDTH: Final = 22
_BROKEN: Final = (
    zipfile.BadZipFile,
    ET.ParseError,
    KeyError,
    ValueError,
    IndexError,
    NotImplementedError,
    RuntimeError,
)


class SheetError(Exception):
    """A file is no table that can be read."""


def read_sheet(path: Path) -> list[list[str]]:
    """Read every row as texts; what a cell does not hold is an empty text.

    Raises
    ------
    SheetError
        If the file is none that can be read.
    OSError
        If it cannot be opened.
    """
    content = path.read_bytes()
    if content.startswith(b"PK"):
        try:
            return _read_workbook(content)
        except _BROKEN as fault:
            raise SheetError("no Excel workbook that can be read") from fault
    try:
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as fault:
        raise SheetError("a file that is no text in UTF-8 or no CSV") from fault


def sheet_bytes(rows: Iterable[Sequence[str]], *, workbook: bool) -> bytes:
    """Write rows, the first one as titles; in a workbook every cell stays text, whatever is typed into it later.

    Raises
    ------
    MissingExtraError
        If a workbook is asked for and XlsxWriter is not installed.
    """
    if workbook:
        return _workbook_bytes(rows)
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode("utf-8-sig")  # the mark tells Excel that it is UTF-8


def _workbook_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    try:
        import xlsxwriter  # noqa: PLC0415 -- an extra
    except ImportError as fault:
        feature = "an Excel workbook"
        raise MissingExtraError(feature, "excel") from fault
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Claims")
        text, title = workbook.add_format({"num_format": "@"}), workbook.add_format({"bold": True, "num_format": "@"})
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write_string(number, column, value, text if number else title)
            if not number:
                sheet.set_column(0, len(row) - 1, _WIDTH, text)
        sheet.freeze_panes(1, 0)
    return stream.getvalue()


def _read_workbook(content: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        strings = _strings(_part(archive, _STRINGS)) if _STRINGS in archive.namelist() else []
        sheet = _part(archive, _SHEET)
    rows: list[list[str]] = []
    for row in sheet.iter(f"{_MAIN}row"):
        number = int(row.get("r", len(rows) + 1))
        if not len(rows) < number <= _MOST_ROWS:
            raise ValueError("rows out of order, or too many")
        rows += [[] for _ in range(number - len(rows))]
        for cell in row.iter(f"{_MAIN}c"):
            column = _column(cell.get("r", ""), len(rows[-1]))
            rows[-1] += [""] * (column + 1 - len(rows[-1]))
            rows[-1][column] = _text(cell, strings)
    return rows


def _part(archive: zipfile.ZipFile, name: str) -> ET.Element:
    """Parse one part of a workbook; expat itself refuses entities that multiply.

    Raises
    ------
    ValueError
        If it is larger than any that a desk fills in.
    """
    with archive.open(name) as stream:
        content = stream.read(_MOST_PART_BYTES + 1)
    if len(content) > _MOST_PART_BYTES or b"<!DOCTYPE" in content[:1000]:
        raise ValueError("too large")
    return ET.fromstring(content)  # noqa: S314 -- without a document type there are no entities


def _strings(part: ET.Element) -> list[str]:
    return ["".join(piece.text or "" for piece in each.iter(f"{_MAIN}t")) for each in part.iter(f"{_MAIN}si")]


def _column(place: str, otherwise: int) -> int:
    """Number of a cell's column from 0.

    Raises
    ------
    ValueError
        If it lies further out than any table of ours.

    Examples
    --------
    >>> _column("A1", 0), _column("AB12", 0), _column("", 3)
    (0, 27, 3)
    """
    letters = re.match("[A-Z]{1,3}", place)
    number = otherwise
    if letters is not None:
        number = -1
        for letter in letters[0]:
            number = 26 * (number + 1) + ord(letter) - ord("A")
    if number >= _MOST_COLUMNS:
        raise ValueError("too many columns")
    return number


def _text(cell: ET.Element, strings: Sequence[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(piece.text or "" for piece in cell.iter(f"{_MAIN}t"))
    value = cell.findtext(f"{_MAIN}v", "")
    if kind == "s":
        return strings[int(value)]
    if kind == "b":
        return "yes" if value == "1" else "no"
    return value
