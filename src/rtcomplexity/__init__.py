"""Measures target delineation in RT plans and says whether it supports or rejects a modifier-22 claim.

The public names are imported when they are first used, so that ``import rtcomplexity`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcomplexity.assessment import Assessment, analyze
    from rtcomplexity.errors import InputDataError, RtComplexityError
    from rtcomplexity.scoring.facts import Site
    from rtcomplexity.settings import Settings

__all__ = ["Assessment", "InputDataError", "RtComplexityError", "Settings", "Site", "analyze"]

_HOMES = {
    "Assessment": "rtcomplexity.assessment",
    "InputDataError": "rtcomplexity.errors",
    "RtComplexityError": "rtcomplexity.errors",
    "Settings": "rtcomplexity.settings",
    "Site": "rtcomplexity.scoring.facts",
    "analyze": "rtcomplexity.assessment",
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
