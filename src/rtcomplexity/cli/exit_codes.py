"""What a process of the command line may end with; a script may rely on these numbers.

An :class:`~rtcomplexity.errors.RtComplexityError` carries its own number; this module names them all in one place.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    """The command succeeded, whatever the verdict."""
    BUG = 1
    """Internal error."""
    USAGE = 2
    """The command line, or what is installed, does not fit."""
    INPUT_UNUSABLE = 3
    """The input cannot be assessed at all; the message says what was found and what to try."""
    BATCH_WITH_REFUSALS = 4
    """A batch is done; some plans or files were refused, or a row of the claims file met no plan."""
    CHECK_FAILED = 5
    """A check requested on the command line (``--fail-at``, ``verify``) failed."""
