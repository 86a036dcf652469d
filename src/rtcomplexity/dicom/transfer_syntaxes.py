"""UIDs of the transfer syntaxes that are read, and the VRs whose length fills four bytes. Imports no pydicom."""

from __future__ import annotations

from typing import Final

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
NATIVE: Final = frozenset({IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED})
JPEG_FAMILY: Final = "1.2.840.10008.1.2.4."
"""How the UIDs of every JPEG begin."""
JPEG_LOSSLESS: Final = frozenset(f"{JPEG_FAMILY}{n}" for n in (57, 70))
JPEG: Final = JPEG_LOSSLESS | {f"{JPEG_FAMILY}{n}" for n in (50, 51, 80, 81)}
JPEG_2000: Final = frozenset(f"{JPEG_FAMILY}{n}" for n in (90, 91, 201, 202, 203))
RLE: Final = "1.2.840.10008.1.2.5"
COMPRESSED: Final = JPEG | JPEG_2000 | {RLE}

LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
