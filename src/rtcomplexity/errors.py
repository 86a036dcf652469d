"""Every error this package raises on purpose.

An error carries facts as positional fields (so that it survives pickling between processes), says in ``__str__`` what
was found and what to try, and never names a patient, a path's folder or an ROI.
"""

from __future__ import annotations

import traceback
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pydantic import ValidationError


class ExitCode(IntEnum):
    """How a command ended; a script may rely on these numbers."""

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


class RtComplexityError(Exception):
    """Root of all errors raised on purpose."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    @property
    def code(self) -> str:
        """The kind of the error as a stable word.

        Examples
        --------
        >>> NoStructureSetError("", "").code
        'no-structure-set'
        """
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("-")


class UsageError(RtComplexityError):
    """An option's value cannot be used."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(self, option: str, found: str, expected: str) -> None:
        super().__init__(option, found, expected)
        self.option, self.found, self.expected = option, found, expected

    def __str__(self) -> str:
        return f"{self.option}: found {self.found!r}, expected {self.expected}"


class FileRowsError(UsageError):
    """A table that an option names has mistakes in its cells; ``found`` lists them, ``expected`` what to do."""

    def __str__(self) -> str:
        return f"{self.option}: {self.found} Try: {self.expected}."


class MissingOptionError(UsageError):
    """An option is needed that was not given; ``found`` says why in a sentence, ``expected`` what to add."""

    def __str__(self) -> str:
        return f"{self.found} Try: add {self.expected}."


class InputDataError(RtComplexityError):
    """The input cannot be used; ``found`` says what is there, ``try_`` what to do."""

    exit_code: ClassVar[ExitCode] = ExitCode.INPUT_UNUSABLE

    def __init__(self, found: str, try_: str) -> None:
        super().__init__(found, try_)
        self.found, self.try_ = found, try_

    def __str__(self) -> str:
        return f"{self.found} Try: {self.try_}"


class NoInputError(InputDataError):
    """The folder does not exist, is empty, or holds no DICOM file."""


class NoStructureSetError(InputDataError):
    """No readable RT Structure Set was found."""


class SeveralPatientsError(InputDataError):
    """One folder has files of more than one patient."""


class UnreadableFileError(InputDataError):
    """A file that had to be read cannot be."""


class ArchiveError(InputDataError):
    """A DICOM archive (PACS) cannot be queried, or did not send what it has."""


class NestedArchiveError(InputDataError):
    """An archive contains an archive."""


class CorruptStructureSetError(InputDataError):
    """A file says it is an RT Structure Set but has none of its contents."""


class GeometryError(InputDataError):
    """Positions or orientations that describe no stack of planes."""


class LimitExceededError(InputDataError):
    """The input asks for more than a limit in :class:`rtcomplexity.settings.Settings` allows."""


class ProfileError(InputDataError):
    """A scoring profile cannot be used."""


class CohortError(InputDataError):
    """A local cohort cannot be built or used."""


class MissingExtraError(RtComplexityError):
    """A feature needs an optional dependency that is not installed."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(feature, extra)
        self.feature, self.extra = feature, extra

    def __str__(self) -> str:
        pip = f"install 'rtcomplexity[{self.extra}]'"
        found = f"{self.feature} needs the extra {self.extra}, which is not installed"
        return f"{found}. Try: pip {pip} (installed with pipx: pipx runpip rtcomplexity {pip})"


def fault_text(fault: BaseException) -> str:
    """Name an unexpected exception by its type and place in this package, never by its text, which may identify."""
    places = [
        f" at {module} line {line}"
        for frame, line in traceback.walk_tb(fault.__traceback__)
        if (module := str(frame.f_globals.get("__name__", ""))).startswith("rtcomplexity")
    ]
    return f"Internal error: {type(fault).__name__}{places[-1] if places else ''}."


def os_reason(error: OSError) -> str:
    """Return why the system refused, without a path.

    Examples
    --------
    >>> os_reason(PermissionError(13, "Permission denied", "/home/doe"))
    'permission denied'
    """
    return (error.strerror or type(error).__name__).lower()


def first_complaint(error: ValidationError, whole: str = "as a whole") -> str:
    """Return the first thing wrong with a document: where (`whole` if nowhere in particular) and what."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or whole
    return f"{where}: {first['msg']}"
