"""Progress of reading, on stderr and only if that is a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Report: TypeAlias = Callable[[int, int], None]


MEASURING: Final = "Measuring"


@contextmanager
def status_line(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Return a function that shows a short text in place of the last one; it does nothing without a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    with console.status("Asking the archive") as status:
        yield status.update


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report | None]:
    """Return a function called with files read and files in all; None without a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    with console.status("Looking at the folder") as status:

        def report(done: int, total: int) -> None:
            if done < total:
                status.update(f"Reading file {done} of {total}")
            else:  # the thread that turns the sign ends here: beside it no helper could be forked
                status.stop()
                console.print(MEASURING, end="\r")

        try:
            yield report
        finally:
            console.print(" " * len(MEASURING), end="\r")
