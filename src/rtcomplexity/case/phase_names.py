"""Which phase of a breathing or heart cycle the description of a series names: T00, Ph00, 50Ex, 0%A, "Gated, 30.0%".

A percentage may also be how strongly an image was reconstructed iteratively (ASIR 30%, ADMIRE 60 %), a dose or a
blend: those are no phases. Words that mean such are data here; knows nothing of files.
"""

from __future__ import annotations

import re
from typing import Final

_RECONSTRUCTIONS: Final = (
    "ASIR|ASIR-V|ASIRV|ARV|AR|SS|MBIR|VEO|DLIR|TRUEFIDELITY|"  # GE
    "ADMIRE|SAFIRE|IRIS|QIR|"  # Siemens
    "IDOSE|IMR|SPECTRAL|PRECISE|"  # Philips
    "AIDR|AIDR3D|FIRST|AICE|PIQE|"  # Canon
    "IPV|INTELLIP|CLEARVIEW|KARL|AIIR|CLEARINFINITY|DEEPIR"  # others
)
"""Names of iterative and learned reconstructions."""
_OTHER_SHARES: Final = "DOSE|BLEND|BLENDED|MIX|MIXED|STRENGTH|LEVEL|NOISE|CONTRAST|WINDOW|ZOOM|MATRIX|FOV|MA|KV|PITCH"
"""What else a percentage may be a share of."""
_NO_PHASE: Final = re.compile(
    rf"(?<![A-Z])(?:{_RECONSTRUCTIONS}|{_OTHER_SHARES})(?![A-Z])[\s_:=/,-]*V?[\s_:=/,-]*\d+(?:\.\d+)?\s*%?"
    rf"|\d+(?:\.\d+)?\s*%\s*(?:{_RECONSTRUCTIONS}|{_OTHER_SHARES})(?![A-Z])",
    re.IGNORECASE,
)
_PHASE: Final = re.compile(
    r"(?<![\d.])(?P<share>\d{1,3}(?:\.\d+)?)\s*%"
    r"|(?<![a-z])(?:phase|ph)[\s_=.#-]*(?P<phase>\d{1,3}(?:\.\d+)?)(?!\d)"
    r"|(?<![a-z0-9])(?P<breath>\d{1,3})[\s_]*(?:ex|in|exp|insp|exhale|inhale)(?![a-z])"
    r"|(?<![a-z0-9])t[\s_]*=[\s_]*(?P<equal>\d{1,3})(?!\d)"
    r"|(?<![a-z0-9])t[\s_]?(?P<time>0|\d{2,3})(?![\d.a-z])",
    re.IGNORECASE,
)
"""30%, phase 3, Ph00, 50Ex, T=3, T30; not the T1 and T2 of an MR."""
_VERTEBRAE: Final = frozenset(range(1, 13))


def named_phase(description: str) -> float | None:
    """Return the phase that a series description names, in per cent or by number; None where it names none.

    Examples
    --------
    >>> named_phase("4D_T00"), named_phase("Gated, 30.0%"), named_phase("50Ex"), named_phase("0%A")
    (0.0, 30.0, 50.0, 0.0)
    >>> named_phase("Thorax ADMIRE 30%"), named_phase("T2 axial"), named_phase("T11 vertebra")
    (None, None, None)
    """
    found = _PHASE.search(_NO_PHASE.sub(" ", description))
    if found is None:
        return None
    number = float(found[found.lastindex or 0])
    if number > 100 or (found["time"] is not None and number in _VERTEBRAE and number != 10):
        return None
    return number
