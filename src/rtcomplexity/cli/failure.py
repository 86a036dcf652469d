"""How the command line says that something failed: one short text on stderr, without a traceback.

An expected error has its own message. An unexpected one is reported by its type and the place in this package where it
arose, never by its text, its values or a file's path: those may identify a patient.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

from rtcomplexity.errors import ExitCode, fault_text
from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from types import TracebackType

    from rtcomplexity.errors import RtComplexityError

DEBUG_VARIABLE = "RTCOMPLEXITY_DEBUG"
PACKAGE = "rtcomplexity"
ERROR_SCHEMA = "rtcomplexity/error/1"
AS_JSON = "--json"
"""The option under which a failure is a JSON object."""


def tell_error(error: RtComplexityError, *, as_json: bool = False) -> None:
    """Write an expected error to stderr: its text, or one JSON object on one line."""
    text = shown(str(error))
    sys.stderr.write(error_line(error.code, error.exit_code, text) if as_json else f"{PACKAGE}: {text}\n")


def error_line(code: str, exit_code: int, message: str) -> str:
    r"""Write a failure as one JSON object on one line; stdout stays empty, since there is no result.

    Examples
    --------
    >>> error_line("no-input", 3, "Empty.")
    '{"schema": "rtcomplexity/error/1", "error": {"code": "no-input", "exit_code": 3, "message": "Empty."}}\n'
    """
    error = {"code": code, "exit_code": exit_code, "message": message}
    return json.dumps({"schema": ERROR_SCHEMA, "error": error}, ensure_ascii=False) + "\n"


def tell_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say that this program is at fault; fits :data:`sys.excepthook`, after which Python exits with 1."""
    text = (
        f"{PACKAGE}: {fault_text(error)} There is no result.\n"
        "Please report this line to the maintainers, with the output of 'rtcomplexity doctor' (CONTRIBUTING.md says "
        "how).\n"
        f"{DEBUG_VARIABLE}=1 shows the traceback; it may name files, so read it before you pass it on.\n"
    )
    sys.stderr.write(error_line("internal-error", ExitCode.BUG, text.strip()) if AS_JSON in sys.argv else text)
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(kind, error, trace, file=sys.stderr)
