"""UIDs of the SOP Classes that are read."""

from __future__ import annotations

from typing import Final

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
CLASSIC_IMAGES: Final = {_STORAGE + "2": "CT", _STORAGE + "4": "MR", _STORAGE + "128": "PT"}
ENHANCED_PET: Final = _STORAGE + "130"
ENHANCED_IMAGES: Final = {
    _STORAGE + "2.1": "CT",
    _STORAGE + "2.2": "CT",
    _STORAGE + "4.1": "MR",
    _STORAGE + "4.4": "MR",
    ENHANCED_PET: "PT",
    _STORAGE + "128.1": "PT",
}
STRUCTURE_SET: Final = _STORAGE + "481.3"
PLANS: Final = frozenset({_STORAGE + "481.5", _STORAGE + "481.8"})
SPATIAL_REGISTRATION: Final = _STORAGE + "66.1"
DEFORMABLE_REGISTRATION: Final = _STORAGE + "66.3"
REGISTRATIONS: Final = frozenset({SPATIAL_REGISTRATION, DEFORMABLE_REGISTRATION})
SEGMENTATION: Final = _STORAGE + "66.4"
SECONDARY_CAPTURE: Final = _STORAGE + "7"
"""How all its SOP Classes begin."""
