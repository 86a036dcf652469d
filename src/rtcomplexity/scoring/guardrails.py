"""Fixed texts every output carries, and the words none may use."""

from __future__ import annotations

import re
from typing import Final

DISCLAIMER: Final = (
    "This lists measurements of a radiotherapy plan against a local, versioned scoring profile. It is not a coding, "
    "medical-necessity or payment decision. Modifier 22 is a representation by the billing provider and needs a signed "
    "procedure note. It is administrative support for billing documentation, not for diagnosis, planning or contour "
    "approval. No validated index of delineation complexity is published."
)

SERVICE_LEVEL_NOTE: Final = (
    "11 is the source table's word for a routine service. It is a place-of-service code, not a modifier, and is not "
    "offered for a claim line."
)

FORBIDDEN: Final = re.compile(
    r"qualif(y|ies|ied)|should (be )?bill|you (should|must|can) (bill|claim|code)|guarantee|dollar|\busd\b|\$|"
    r"to (raise|increase|improve) (the|this|your) score|would (raise|increase|improve)|in order to (reach|support)",
    re.IGNORECASE,
)
"""Promises, estimates of money, and hints how to score higher."""
