"""Something odd but usable that was found in the input."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_QUOTES: Final = str.maketrans({"“": '"', "”": '"'})


class Severity(StrEnum):
    """How much an issue matters to a reader of the record, least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Issue:
    """One finding. Its text names no patient, path or ROI of the files; an ROI is meant by its number in `subject`.

    What a user typed may stand in it as :func:`typed` writes it.
    """

    code: str
    """Stable kebab-case key, e.g. ``duplicate-contours``."""
    severity: Severity
    subject: str
    """What it is about: ``plan``, ``input``, ``roi:5``, ``relation:2:4``, ``image:PT:1`` (modality and position)."""
    text: str
    """One or two sentences: what was found, with numbers, and what was done about it."""


def roi_subject(number: int) -> str:
    """Subject of an issue about the ROI of that number."""
    return f"roi:{number}"


def typed(text: str) -> str:
    """Quote what a user typed so that a de-identified record leaves it out: it may name somebody.

    Examples
    --------
    >>> typed("GTV Doe")
    '“GTV Doe”'
    """
    return f"“{text.translate(_QUOTES)}”"
