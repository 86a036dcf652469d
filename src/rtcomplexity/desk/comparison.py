"""What moved between two versions of a report, in the words of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.compare.catalogue import METRIC_TITLES
from rtcomplexity.evidence import words
from rtcomplexity.evidence.difference import with_one_line_of_reference
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import told
from rtcomplexity.units import counted
from rtcomplexity.usecases.diff import diff

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rtcomplexity.evidence.difference import Change

KINDS: Final = {
    "verdict": "Verdict",
    "input": "Input file",
    "software": "Software",
    "profile": "Profile",
    "option": "User-supplied input",
    "threshold": "Threshold",
    "family": "Factor group",
    "roi": "Structure",
    "metric": "Metric",
    "part": "Report section",
}
_VERDICT: Final = "verdict"
_WORDS: Final = {**words.ANSWERS, **words.CLAIM}


_DETAILS: Final = frozenset({"roi", "metric", "part"})
"""Kinds of which there can be hundreds: they follow from the others."""
_OF_REFERENCE: Final = "reference median of "

Row = tuple[str, str, str, str]
"""Kind, item, before and after of a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A sentence, what was decided or chosen otherwise, and what was measured otherwise."""

    headline: str
    rows: tuple[Row, ...]
    details: tuple[Row, ...]


def compared(before: Path, after: Path, families: Mapping[str, str]) -> Compared:
    """Compare two evidence folders; `families` are titles of factor groups by id.

    Raises
    ------
    EvidenceFolderError
        If one of them is none, or cannot be read.
    """
    changes = with_one_line_of_reference(diff(before, after).changes)
    value = next((each for each in changes if each.kind == _VERDICT and each.before in words.ANSWERS), None)
    verdict = "The verdict is unchanged"
    if value is not None:
        verdict = f"The verdict changed from {_word(value.before)} to {_word(value.after)}"
    count = len(changes) - (value is not None)
    others = counted(count, "other change") if count else "no other change"
    return Compared(
        headline=f"{verdict}; {others}.",
        rows=tuple(_row(each, families) for each in changes if each.kind not in _DETAILS),
        details=tuple(_row(each, families) for each in changes if each.kind in _DETAILS),
    )


def _row(change: Change, families: Mapping[str, str]) -> Row:
    texts = change.before, change.after
    before, after = map(_word, texts) if change.kind == _VERDICT else map(shown, texts)
    return told(KINDS, change.kind), shown(_item(change, families)), before, after


def _item(change: Change, families: Mapping[str, str]) -> str:
    """Name what changed by its title, where it has one."""
    if change.kind == "option":
        return told(words.OPTIONS, change.what, change.what)
    if change.kind == "family":
        return families.get(change.what, change.what)
    if change.kind == "metric":
        subject, _, key = change.what.rpartition(": ")
        return f"{subject}: {METRIC_TITLES.get(key, key)}"
    key = change.what.removeprefix(_OF_REFERENCE)
    return f"{_OF_REFERENCE}{METRIC_TITLES.get(key, key)}" if key != change.what else change.what


def _word(code: str) -> str:
    return shown(told(_WORDS, code))
