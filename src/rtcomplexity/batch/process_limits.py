"""The limits that the operating system can set on a process.

Knows ``resource`` where it exists. The limit on memory is kept by polling (:mod:`rtcomplexity.batch.supervision`);
what is set here stands behind that, for the allocation that is quicker than a poll.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from rtcomplexity.batch.messages import Limits

_HARD_CPU_MARGIN_S: Final = 5
_ADDRESS_SPACE_FACTOR: Final = 1.25
_ADDRESS_SPACE_FLOOR_BYTES: Final = 64 * 1024**2
HAS_RESOURCE_LIMITS: Final = sys.platform != "win32"
HAS_ADDRESS_SPACE_LIMIT: Final = sys.platform.startswith("linux")
"""macOS has the call and does not keep to it."""


def apply_limits(limits: Limits) -> None:
    """Limit this process; what the system lacks is left out (:func:`missing_limits` names it)."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 -- not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + _HARD_CPU_MARGIN_S)
    if HAS_ADDRESS_SPACE_LIMIT:
        bytes_now = psutil.Process().memory_info().vms
        most = bytes_now + int(_ADDRESS_SPACE_FACTOR * limits.memory_bytes) + _ADDRESS_SPACE_FLOOR_BYTES
        _lower(resource.RLIMIT_AS, most, most)


def missing_limits() -> str:
    """Name the limits that this system lacks, for the text of a refusal; empty where it has all.

    Examples
    --------
    >>> import sys
    >>> missing_limits() if sys.platform == "linux" else ""
    ''
    """
    missing = [
        words
        for words, is_there in (
            ("processor time", HAS_RESOURCE_LIMITS),
            ("address space", HAS_ADDRESS_SPACE_LIMIT),
        )
        if not is_there
    ]
    return f" This system sets no limit on {' or '.join(missing)}: it was only polled." if missing else ""


def _lower(kind: int, soft: int, hard: int) -> None:
    """Set a limit, never above the hard one that is already there."""
    import resource  # noqa: PLC0415 -- not on Windows

    highest = resource.getrlimit(kind)[1]
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.setrlimit(kind, (soft, hard))
