"""Text that came from a file, made safe to show.

Knows Unicode categories and nothing of any format: escaping is each format's own business. Control characters,
direction marks and other invisible characters are shown as ``U+XXXX``, so that a name can neither steer a reader's
screen nor pretend to be another name.
"""

from __future__ import annotations

import unicodedata

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ELLIPSIS = "…"
NAME_LENGTH = 48
"""Longest name in a table; the record and the CSV files hold it whole."""


def shown(text: str) -> str:
    r"""Show what is invisible in `text`; line breaks count as invisible.

    Examples
    --------
    >>> shown("GTV\x00\u202e")
    'GTVU+0000U+202E'
    """
    return "".join(coded(c) if unicodedata.category(c) in INVISIBLE else c for c in text)


def person_name(text: str) -> str:
    r"""Write a DICOM person name as a claim has it: family name, comma, given names; other spellings in brackets.

    Examples
    --------
    >>> person_name("Doe^Jane^Mary^Dr"), person_name("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce"), person_name("Doe")
    ('Doe, Jane Mary Dr', 'Yamada, Tarou (\u5c71\u7530, \u592a\u90ce)', 'Doe')
    """
    spellings = [_spelling(each) for each in shown(text).split("=")]
    first, *others = [each for each in spellings if each] or [""]
    return f"{first} ({'; '.join(others)})" if others else first


def _spelling(components: str) -> str:
    family, *others = (part.strip() for part in components.split("^"))
    return ", ".join(filter(None, (family, " ".join(filter(None, others)))))


def coded(character: str) -> str:
    """Write a character as its code point."""
    return f"U+{ord(character):04X}"


def shortened(text: str, length: int = NAME_LENGTH) -> str:
    """Show `text` in at most `length` characters, the end of it first to go.

    Examples
    --------
    >>> shortened("Lung_L", 4)
    'Lun…'
    """
    text = shown(text)
    return text if len(text) <= length else text[: length - 1] + ELLIPSIS


def american_date(iso: str) -> str:
    """Write an ISO date as MM/DD/YYYY; anything else as it is.

    Examples
    --------
    >>> american_date("1958-04-02"), american_date("about 1958")
    ('04/02/1958', 'about 1958')
    """
    parts = iso.split("-")
    is_date = [len(part) for part in parts] == [4, 2, 2] and all(part.isdigit() for part in parts)
    return f"{parts[1]}/{parts[2]}/{parts[0]}" if is_date else iso
