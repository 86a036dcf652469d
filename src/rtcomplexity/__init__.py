"""Measures target delineation in RT plans and says whether it supports or rejects a modifier-22 claim.

The public names are imported when they are first used, so that ``import rtcomplexity`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcomplexity.errors import InputDataError, RtComplexityError
    from rtcomplexity.model.options import AnalyzeOptions
    from rtcomplexity.scoring.site import Site
    from rtcomplexity.settings import Settings
    from rtcomplexity.usecases.analyze import Assessment, analyze
    from rtcomplexity.usecases.diff import diff
    from rtcomplexity.usecases.package import write_evidence
    from rtcomplexity.usecases.verify import verify

__all__ = [
    "AnalyzeOptions", "Assessment", "InputDataError", "RtComplexityError", "Settings", "Site", "analyze", "diff",
    "verify", "write_evidence",
]  # fmt: skip

_HOMES = {
    "AnalyzeOptions": "rtcomplexity.model.options",
    "Assessment": "rtcomplexity.usecases.analyze",
    "InputDataError": "rtcomplexity.errors",
    "RtComplexityError": "rtcomplexity.errors",
    "Settings": "rtcomplexity.settings",
    "Site": "rtcomplexity.scoring.site",
    "analyze": "rtcomplexity.usecases.analyze",
    "diff": "rtcomplexity.usecases.diff",
    "verify": "rtcomplexity.usecases.verify",
    "write_evidence": "rtcomplexity.usecases.package",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home (PEP 562)."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
