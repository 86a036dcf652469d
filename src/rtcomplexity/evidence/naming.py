"""What replaces names and UIDs that can identify a patient.

Knows no record. A keyed UID is the same within one plan and says nothing outside it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from rtcomplexity.scoring.payer import UNLISTED, payer_stated

UID: Final = re.compile(r"(?<![\d.])(?:[0-2](?:\.\d+){4,}|2\.25\.\d{6,})(?![\d.]*\d)")
"""UIDs, and those that are made of a UUID."""


IDENTIFYING_OPTIONS: Final = frozenset({"map", "structure_set"})
"""Options whose values repeat names or UIDs of the plan, as Python spells them."""
NOT_SHOWN: Final = "not shown"
"""In place of a text of the files that anybody can have typed."""
_APPROVALS: Final = ("APPROVED", "UNAPPROVED", "REJECTED")
_GENERATIONS: Final = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")
_ENDS_FIRST: Final = ("HF", "FF", "LF", "RF", "AF", "PF")
_LYING: Final = ("P", "S", "DR", "DL")
_POSITIONS: Final = tuple(f"{end}{lying}" for end in _ENDS_FIRST for lying in _LYING)
CODED: Final = frozenset((*_APPROVALS, *_GENERATIONS, *_POSITIONS))
"""What DICOM lets an approval status, an ROI's generation and a patient position say."""


def roi_label(target_class: str, number: int) -> str:
    """Return an ROI's class and number, which replace its name.

    Examples
    --------
    >>> roi_label("GTV", 2)
    'GTV 2'
    """
    return f"{target_class} {number}"


def keyed_uid(uid: str, plan_id: str) -> str:
    """Return a UID under 2.25 derived from `uid` with the plan's id as key; empty stays empty.

    Examples
    --------
    >>> keyed_uid("1.2.3", "a") == keyed_uid("1.2.3", "a") != keyed_uid("1.2.3", "b")
    True
    """
    if not uid:
        return ""
    digest = hmac.new(plan_id.encode(), uid.encode(), hashlib.sha256).digest()
    return f"2.25.{int.from_bytes(digest[:16])}"


def without_uids(text: str, plan_id: str) -> str:
    """Return `text` with every UID in it replaced by its keyed form."""
    return UID.sub(lambda found: keyed_uid(found[0], plan_id), text)


def nameless_option(name: str, value: str) -> str:
    """Return an option's value; of one whose value repeats names or UIDs of the plan, only that it was given.

    A payer that no rule here is about is not named: anything may stand in its place.

    Examples
    --------
    >>> nameless_option("--map", "GTV Doe=GTV"), nameless_option("--payer", "medicare")
    ('set', 'medicare')
    """
    plain = name.lstrip("-").replace("-", "_")
    if plain == "payer" and payer_stated(value).id == UNLISTED:
        return UNLISTED
    return "set" if plain in IDENTIFYING_OPTIONS else value


def coded(text: str) -> str:
    """Return a text of the files where it is one of DICOM's own words, or empty; any other is not shown.

    Examples
    --------
    >>> coded("MANUAL"), coded(""), coded("DRAWN BY DR DOE")
    ('MANUAL', '', 'not shown')
    """
    return text if not text or text in CODED else NOT_SHOWN


def encodable(text: str) -> str:
    r"""Return `text` with lone surrogates, which no UTF-8 can hold, written as ``\udcXX``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
