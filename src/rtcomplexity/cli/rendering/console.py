"""Where results go: stdout, with or without color, at whatever width there is.

Markup and emoji codes are off: a name like ``[red]`` is printed as it is. A reader that stops reading is no
failure; what follows is discarded.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rtcomplexity.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

NARROWEST = 40


def print_result(parts: Iterable[RenderableType]) -> None:
    """Print renderables to stdout, a blank line between them."""
    from rich.table import Table

    from rtcomplexity.cli.rendering.terminal import ResultConsole
    from rtcomplexity.cli.rendering.widths import fit_words

    console = ResultConsole(file=sys.stdout, markup=False, emoji=False, highlight=False)
    console.width = max(console.width, NARROWEST)
    with _writing():
        for number, part in enumerate(parts):
            if number:
                console.print()
            if isinstance(part, Table):
                fit_words(part, console.width)
            console.print(part)
        sys.stdout.flush()


def print_outcome(tree: object, parts: Iterable[RenderableType], *, as_json: bool) -> None:
    """Print plain values as one JSON document, or the renderables that show them."""
    if as_json:
        print_document(as_json_bytes(tree))
    else:
        print_result(parts)


def print_document(content: bytes) -> None:
    """Write one document to stdout, byte for byte whatever the terminal's encoding."""
    with _writing():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.flush()


def as_json_bytes(value: object) -> bytes:
    """Write plain values as JSON in UTF-8."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def discard_stdout() -> None:
    """Send everything that is still written to stdout nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        raise UsageError("stdout", error.strerror or "an error", "somewhere to write the result") from error
