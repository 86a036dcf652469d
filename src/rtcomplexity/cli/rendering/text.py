"""Text that came from a file, made safe to show in a terminal.

Knows Unicode categories; knows nothing of tables. Control characters, direction marks and other invisible characters
are shown as ``U+XXXX``, so that a name can neither steer the terminal nor pretend to be another name.
"""

import unicodedata

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ELLIPSIS = "…"


def shown(text: str) -> str:
    r"""Show what is invisible in `text`; line breaks count as invisible.

    Examples
    --------
    >>> shown("GTV\x1b[31m")
    'GTVU+001B[31m'
    """
    return "".join(f"U+{ord(c):04X}" if unicodedata.category(c) in INVISIBLE else c for c in text)


def shortened(text: str, length: int) -> str:
    """Show `text` in at most `length` characters, the end of it first to go.

    Examples
    --------
    >>> shortened("Lung_L", 4)
    'Lun…'
    """
    text = shown(text)
    return text if len(text) <= length else text[: length - 1] + ELLIPSIS
