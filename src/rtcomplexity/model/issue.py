"""Something odd but usable that was found in the input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_LISTED: Final = 20
"""Numbers of ROIs in one sentence."""
_QUOTES: Final = str.maketrans({"“": '"', "”": '"'})


class Severity(StrEnum):
    """How much an issue matters to a reader of the record, least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Issue:
    """One finding. Its text names no patient, path or ROI of the files; an ROI is meant by its number in `subject`.

    Text that the user typed is quoted by :func:`typed`.
    """

    code: str
    """Stable kebab-case key, e.g. ``duplicate-contours``."""
    severity: Severity
    subject: str
    """What it is about: ``plan``, ``input``, ``roi:5``, ``relation:2:4``, ``image:PT:1`` (modality and position)."""
    text: str
    """One or two sentences: what was found, with numbers, and what was done about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCode:
    """One kind of finding, as :mod:`rtcomplexity.model.issue_codes` declares it."""

    code: str
    """Stable kebab-case key."""
    severity: Severity
    texts: tuple[str, ...]
    """Sentences with the names of facts in braces; where there are several, the facts given tell which is meant.

    ``{files:file is|files are}`` is a count with the words for one and for any other number.
    """
    action: str
    """What a person can do about it, in one sentence."""
    or_severity: Severity | None = None
    """The other severity that it has in stated cases."""

    @property
    def otherwise(self) -> IssueCode:
        """The same with its other severity."""
        return replace(self, severity=self.or_severity or self.severity)

    def about(self, subject: str, **facts: object) -> Issue:
        """Return the issue about a subject, its sentence filled in with facts.

        Examples
        --------
        >>> tilt = IssueCode(code="gantry-tilt", severity=Severity.INFO, texts=("It leans by {deg:.1f}.",), action="")
        >>> tilt.about("plan", deg=8.04).text
        'It leans by 8.0.'
        """
        text = next(each for each in self.texts if _facts_of(each) == facts.keys())
        return Issue(code=self.code, severity=self.severity, subject=subject, text=_SENTENCE.format(text, **facts))


class _Sentence(Formatter):
    """Fills in facts; the format of a count may be its two words, the one for 1 first."""

    def format_field(self, value: object, format_spec: str) -> str:
        one, separator, many = format_spec.partition("|")
        if not separator:
            return str(super().format_field(value, format_spec))
        return f"{value} {one if value == 1 else many}"


_SENTENCE: Final = _Sentence()


@cache
def _facts_of(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def roi_subject(number: int) -> str:
    """Subject of an issue about the ROI of that number."""
    return f"roi:{number}"


def listed_numbers(numbers: Collection[int]) -> str:
    """List numbers of ROIs in order; of more than 20, the first ones and how many more there are.

    Examples
    --------
    >>> listed_numbers([5, 3]), listed_numbers(range(22))[-13:]
    ('3, 5', '19 and 2 more')
    """
    shown = ", ".join(str(number) for number in sorted(numbers)[:MOST_LISTED])
    more = len(numbers) - MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def typed(text: str) -> str:
    """Quote what a user typed so that a de-identified record leaves it out: it may name someone.

    Examples
    --------
    >>> typed("GTV Doe")
    '“GTV Doe”'
    """
    return f"“{text.translate(_QUOTES)}”"
