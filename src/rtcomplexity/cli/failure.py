"""How the command line says that something failed: one short text on stderr, without a traceback.

An expected error speaks for itself. An unexpected one is told by its type and by the place in this package where it
arose, never by its text, its values or a file's path: those may identify a patient.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from types import TracebackType

    from rtcomplexity.errors import RtComplexityError

DEBUG_VARIABLE = "RTCOMPLEXITY_DEBUG"
PACKAGE = "rtcomplexity"


def tell_error(error: RtComplexityError) -> None:
    """Write the text of an expected error to stderr."""
    sys.stderr.write(f"{PACKAGE}: {shown(str(error))}\n")


def tell_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say that this program is at fault; fits :data:`sys.excepthook`, after which Python exits with 1."""
    sys.stderr.write(fault_text(kind, trace))
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(kind, error, trace, file=sys.stderr)


def fault_text(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Describe an unexpected exception without its text."""
    return (
        f"{PACKAGE} stopped on a fault of its own: {kind.__name__}{_place(trace)}. There is no result.\n"
        "Please report this line to the maintainers, with the output of 'rtcomplexity doctor' (CONTRIBUTING.md says "
        "how).\n"
        f"{DEBUG_VARIABLE}=1 shows the traceback; it may name files, so read it before you pass it on.\n"
    )


def _place(trace: TracebackType | None) -> str:
    places = [
        f" at {module} line {line}"
        for frame, line in traceback.walk_tb(trace)
        if (module := str(frame.f_globals.get("__name__", ""))).startswith(PACKAGE)
    ]
    return places[-1] if places else ""
