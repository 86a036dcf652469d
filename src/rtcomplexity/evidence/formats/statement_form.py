"""The physician's statement as one Letter page with fields that any PDF reader fills in and saves.

A file of its own, since the report is PDF/A and PDF/UA without fields (decision 0061). It is written by hand: one page,
standard fonts, text and check fields. Every field is empty; there is no field that signs for anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import InputDataError
from rtcomplexity.evidence import words
from rtcomplexity.evidence.page import attachment_number, page_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import Record

TITLE: Final = "Physician's statement of medical rationale"
WIDTH_PT, HEIGHT_PT = 612, 792
"""US Letter."""
MARGIN_PT: Final = 54
_BODY_PT: Final = 10
_SMALL_PT: Final = 8.5
_MEAN_CHARACTER: Final = 0.5
"""Width of Helvetica's mean character, of its size; lines are broken by it, a little early."""
_GAP_PT: Final = 18
_FIELD_PT: Final = 18
_CHECK_PT: Final = 11
_NARRATIVE_PT: Final = 230
_MULTILINE: Final = 1 << 12
_PRINT: Final = 4


def statement_form(record: Record) -> bytes:
    """Write the form; the same record gives the same bytes.

    Raises
    ------
    InputDataError
        Where no statement can change the result, so that none is asked for.
    """
    page = page_of(record)
    if not page.asks_physician:
        raise InputDataError(
            "No physician's statement is requested: it would not change this result.", "the report alone."
        )
    sheet = _Sheet()
    sheet.line(TITLE, size=15, bold=True)
    sheet.text(page.identity or f"{page.privacy}. Attachment control number: {attachment_number(record)}")
    sheet.text(words.FORM_NOTICE)
    sheet.heading("Sources of difficulty (check all that apply)")
    for number, difficulty in enumerate(page.difficulties, start=1):
        sheet.check(f"difficulty_{number}", difficulty)
    sheet.heading("Physician time")
    sheet.fields(
        ("actual_minutes", "Actual physician time (minutes)"),
        ("typical_minutes", "Typical time at this practice (minutes)"),
        ("typical_source", "Source of the typical time"),
    )
    sheet.heading("What was unusual and why, in the physician's own words")
    sheet.narrative("rationale", "What was unusual and why, in the physician's own words")
    sheet.fields(("physician", "Physician"), ("credentials", "Credentials"), ("npi", "NPI"))
    sheet.signature()
    sheet.text(page.disclaimer, size=_SMALL_PT)
    return _document(sheet)


@dataclass(slots=True)
class _Sheet:
    """A page that is filled from its top."""

    y_pt: float = HEIGHT_PT - MARGIN_PT
    drawn: list[str] = field(default_factory=list)
    """Operators of the page's content."""
    widgets: list[str] = field(default_factory=list)
    """Dictionaries of the fields."""

    def line(self, text: str, *, size: float = _BODY_PT, bold: bool = False, x_pt: float = MARGIN_PT) -> None:
        """Write one line below what is there."""
        self.y_pt -= 1.3 * size
        self._write(text, x_pt, self.y_pt, size, bold=bold)

    def text(self, text: str, *, size: float = _BODY_PT) -> None:
        """Write a paragraph."""
        for line in _broken(text, WIDTH_PT - 2 * MARGIN_PT, size):
            self.line(line, size=size)
        self.y_pt -= 4

    def heading(self, text: str) -> None:
        """Write a heading."""
        self.y_pt -= 8
        self.line(text, size=11, bold=True)
        self.y_pt -= 3

    def check(self, name: str, label: str) -> None:
        """Put a box to check before its label."""
        self.y_pt -= 17
        box = (MARGIN_PT, self.y_pt - 2, MARGIN_PT + _CHECK_PT, self.y_pt - 2 + _CHECK_PT)
        self._frame(box)
        self._widget(name, label, box, "/FT /Btn /V /Off /AS /Off /AP << /N << /Yes 6 0 R /Off 7 0 R >> >>")
        self._write(label, MARGIN_PT + _CHECK_PT + 6, self.y_pt, _BODY_PT)

    def fields(self, *named: tuple[str, str]) -> None:
        """Put fields side by side, each below its label."""
        width = (WIDTH_PT - 2 * MARGIN_PT - _GAP_PT * (len(named) - 1)) / len(named)
        self.y_pt -= 12
        for number, (name, label) in enumerate(named):
            x = MARGIN_PT + number * (width + _GAP_PT)
            self._write(label, x, self.y_pt, _SMALL_PT)
            self._field(name, label, (x, self.y_pt - 4 - _FIELD_PT, x + width, self.y_pt - 4))
        self.y_pt -= _FIELD_PT + 8

    def narrative(self, name: str, label: str) -> None:
        """Put one large field of several lines."""
        box = (MARGIN_PT, self.y_pt - _NARRATIVE_PT, WIDTH_PT - MARGIN_PT, self.y_pt - 2)
        self._field(name, label, box, flags=_MULTILINE)
        self.y_pt -= _NARRATIVE_PT + 4

    def signature(self) -> None:
        """Draw a line to sign on by hand, and a field for the date."""
        self.y_pt -= 34
        right = WIDTH_PT - MARGIN_PT
        self.drawn.append(f"{MARGIN_PT} {self.y_pt:g} m {right - 170} {self.y_pt:g} l S")
        self._field("signed_on", "Date (MM/DD/YYYY)", (right - 150, self.y_pt, right, self.y_pt + _FIELD_PT))
        self._write("Signature", MARGIN_PT, self.y_pt - 11, _SMALL_PT)
        self._write("Date (MM/DD/YYYY)", right - 150, self.y_pt - 11, _SMALL_PT)
        self.y_pt -= 20

    def _write(self, text: str, x_pt: float, y_pt: float, size: float, *, bold: bool = False) -> None:
        font = "HeBo" if bold else "Helv"
        self.drawn.append(f"BT /{font} {size:g} Tf {x_pt:g} {y_pt:g} Td {_string(text)} Tj ET")

    def _frame(self, box: tuple[float, float, float, float]) -> None:
        left, low, right, high = box
        self.drawn.append(f"{left:g} {low:g} {right - left:g} {high - low:g} re S")

    def _field(self, name: str, label: str, box: tuple[float, float, float, float], flags: int = 0) -> None:
        self._frame(box)
        self._widget(name, label, box, f"/FT /Tx /Ff {flags} /V () /DA (/Helv {_BODY_PT} Tf 0 g)")

    def _widget(self, name: str, label: str, box: tuple[float, float, float, float], what: str) -> None:
        corners = " ".join(f"{value:g}" for value in box)
        self.widgets.append(
            f"<< /Type /Annot /Subtype /Widget /F {_PRINT} /P 3 0 R /Rect [{corners}] /T {_string(name)} "
            f"/TU {_string(label)} {what} >>"
        )


def _broken(text: str, width_pt: float, size: float) -> Iterator[str]:
    """Break a text into lines."""
    most = int(width_pt / (_MEAN_CHARACTER * size))
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > most:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


def _string(text: str) -> str:
    r"""Write a PDF string; a character that the standard fonts lack is written as its code point.

    Examples
    --------
    >>> print(_string("a(b) \\ \u2013 \u5c71"))
    (a\(b\) \\ \226 U+5C71)
    """
    pieces = []
    for character in text:
        try:
            code = character.encode("cp1252")[0]
        except UnicodeEncodeError:
            pieces.append(f"U+{ord(character):04X}")
            continue
        is_plain = 32 <= code < 127 and character not in "()\\"
        pieces.append(character if is_plain else f"\\{character}" if character in "()\\" else f"\\{code:03o}")
    return f"({''.join(pieces)})"


def _document(sheet: _Sheet) -> bytes:
    """Put the objects together, with the table of where each begins."""
    first = 9
    kids = " ".join(f"{number} 0 R" for number in range(first, first + len(sheet.widgets)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    box = f"/BBox [0 0 {_CHECK_PT} {_CHECK_PT}]"
    cross = f"1 w 2 2 m {_CHECK_PT - 2} {_CHECK_PT - 2} l S 2 {_CHECK_PT - 2} m {_CHECK_PT - 2} 2 l S"
    resources = "<< /Font << /Helv 4 0 R /HeBo 5 0 R >> >>"
    titled = "<< /DisplayDocTitle true >>"
    size_pt = f"/MediaBox [0 0 {WIDTH_PT} {HEIGHT_PT}]"
    form = f"<< /Fields [{kids}] /DR {resources} /DA (/Helv {_BODY_PT} Tf 0 g) /NeedAppearances true >>"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang (en-US) /ViewerPreferences {titled} /AcroForm {form} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R {size_pt} /Resources {resources} /Contents 8 0 R /Annots [{kids}] /Tabs /R >>",
        font.format("Helvetica"),
        font.format("Helvetica-Bold"),
        _stream(cross, f"/Type /XObject /Subtype /Form {box}"),
        _stream("", f"/Type /XObject /Subtype /Form {box}"),
        _stream("\n".join(["0.6 w", *sheet.drawn])),
        *sheet.widgets,
        f"<< /Title {_string(TITLE)} >>",
    ]
    content, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{text}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n"
    trailer += f"<< /Size {size} /Root 1 0 R /Info {size - 1} 0 R >>\nstartxref\n{len(content)}\n%%EOF\n"
    return content + trailer.encode("ascii")


def _stream(content: str, more: str = "") -> str:
    return f"<< {more} /Length {len(content)} >>\nstream\n{content}\nendstream"
