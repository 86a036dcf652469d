"""What moved between two versions of a report, in the words of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence import words
from rtcomplexity.evidence.difference import with_one_line_of_reference
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import told
from rtcomplexity.usecases.diff import diff

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A sentence, and a row of kind, item, before and after for each change."""

    headline: str
    rows: tuple[tuple[str, str, str, str], ...]


def compared(before: Path, after: Path) -> Compared:
    """Compare two evidence folders.

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
    others = "no other change" if not count else f"{count} other change{'s' if count > 1 else ''}"
    return Compared(headline=f"{verdict}; {others}.", rows=tuple(map(_row, changes)))


def _row(change: Change) -> tuple[str, str, str, str]:
    texts = change.before, change.after
    before, after = map(_word, texts) if change.kind == _VERDICT else map(shown, texts)
    return told(KINDS, change.kind), shown(change.what), before, after


def _word(code: str) -> str:
    return shown(told(_WORDS, code))
