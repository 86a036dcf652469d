"""Sentences in a terminal, wrapped so that a number stays on one line with its unit."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from rtcomplexity.evidence.formats.numbers import HELD, held, readable
from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions


@dataclass(frozen=True, slots=True)
class Prose:
    """Sentences that rich wraps at whatever width there is."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Yield the lines; a character that is two columns wide is left to rich to fold."""
        yield Text("\n".join(wrapped(self.text, options.max_width)), overflow="fold")


def wrapped(text: str, width: int) -> list[str]:
    """Break `text` into lines of at most `width` characters.

    Examples
    --------
    >>> wrapped("a volume of 35.2981 cm3 here", 16)
    ['a volume of', '35.3 cm3 here']
    """
    lines = textwrap.wrap(held(readable(shown(text))), width, break_on_hyphens=False)
    return [line.replace(HELD, " ") for line in lines]
