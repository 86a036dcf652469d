"""A console on stdout for a reader who may stop reading; a module of its own, since a JSON document needs no rich."""

from __future__ import annotations

from rich.console import Console

from rtcomplexity.cli.rendering.console import discard_stdout


class ResultConsole(Console):
    """A console whose reader may stop reading."""

    def on_broken_pipe(self) -> None:
        """Discard what follows, where rich would end the process with 1."""
        discard_stdout()
