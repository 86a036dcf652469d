"""Something odd but usable that was found in the input."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much an issue matters to a reader of the record, least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Issue:
    """One finding. Its text names no patient, path or ROI name; an ROI is meant by its number in `subject`."""

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
