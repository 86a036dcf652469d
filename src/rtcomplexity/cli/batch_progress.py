"""How far a batch has come, on stderr.

On a terminal one line that is rewritten, else a line every ten seconds.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from rtcomplexity.batch.messages import Status

_WATCHED_S: Final = 0.2
_LOGGED_S: Final = 10.0
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


class BatchProgress:
    """Counts the plans or pairs of a run; as a context it also ends the line, and says what an interrupted run kept."""

    def __init__(self, *, quiet: bool, things: str = "plans") -> None:
        self._things = things
        self._is_watched = sys.stderr.isatty()
        self._is_quiet = quiet
        self._total = self._done = self._stood = self._refused = 0
        self._started = self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, SystemExit):  # a signal
            self.stopped()
        elif error is None:
            self.close()

    def looking(self, files: int) -> None:
        """Files seen so far."""
        self._tell(f"Looking: {files} files")

    def starting(self, plans: int, found: str) -> None:
        """The number of plans is known; `found` says of how many patients."""
        self._total, self._started = plans, time.monotonic()
        self._tell(f"Found {found}", at_once=True)

    def ended(self, status: Status, *, stood: bool) -> None:
        """One more plan is done."""
        self._done += not stood
        self._stood += stood
        self._refused += status.value != "assessed"
        self._tell(self._line(), at_once=self._done + self._stood == self._total)

    def stopped(self) -> None:
        """The run was interrupted: say what is kept, even when quiet."""
        self.close()
        done = self._done + self._stood
        kept = (
            f"{done} of {self._total} {self._things} are done and kept"
            if self._total
            else f"None of the {self._things} was begun"
        )
        sys.stderr.write(f"{kept}; the same command continues with the rest.\n")

    def close(self) -> None:
        """Leave the last line as it is."""
        if self._is_watched and not self._is_quiet:
            sys.stderr.write("\n")

    def _line(self) -> str:
        rate = self._done / max(time.monotonic() - self._started, 1e-6)
        left = self._total - self._done - self._stood
        parts = [f"{self._done + self._stood} of {self._total} {self._things}"]
        parts += [f"{self._stood} already done"] if self._stood else []
        parts += [f"{self._refused} refused"] if self._refused else []
        parts += [f"{rate:.2f} a second"] if self._done else []
        parts += [f"about {duration(left / rate)} left"] if self._done and left else []
        return ", ".join(parts)

    def _tell(self, line: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if self._is_quiet or not (at_once or now - self._last >= (_WATCHED_S if self._is_watched else _LOGGED_S)):
            return
        self._last = now
        sys.stderr.write(f"\r\x1b[K{line}" if self._is_watched else f"{line}\n")
        sys.stderr.flush()


def duration(seconds: float) -> str:
    """Format a time to read.

    Examples
    --------
    >>> duration(42), duration(600), duration(7300)
    ('42 s', '10 min', '2 h 2 min')
    """
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE_S)
    return f"{minutes} min" if seconds < _HOUR_S else f"{minutes // 60} h {minutes % 60} min"
