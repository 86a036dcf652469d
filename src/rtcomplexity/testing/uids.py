"""UIDs as hashes of keys, so that a plan written twice is the same plan and a test can name what it looks for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcomplexity.testing.description import ImageDescription, PlanDescription


def hashed_uid(*names: str) -> str:
    """Return the UID of some names: ``2.25.`` and 127 bits of their SHA-256.

    Examples
    --------
    >>> hashed_uid("a") == hashed_uid("a")
    True
    """
    digest = hashlib.sha256("\x1f".join(("rtcomplexity.testing", *names)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big') >> 1}"


def study_uid(plan: PlanDescription, key: str) -> str:
    """Study Instance UID of a study key."""
    return hashed_uid(plan.key, "study", key)


def frame_uid(plan: PlanDescription, key: str) -> str:
    """Frame of Reference UID of a frame key."""
    return hashed_uid(plan.key, "frame", key)


def series_uid(plan: PlanDescription, key: str) -> str:
    """Series Instance UID of an image, structure set, plan or registration key."""
    return hashed_uid(plan.key, "series", key)


def instance_uid(plan: PlanDescription, key: str) -> str:
    """SOP Instance UID of a structure set, plan or registration key."""
    return hashed_uid(plan.key, "instance", key)


def image_uids(plan: PlanDescription, image: ImageDescription) -> tuple[str, ...]:
    """SOP Instance UID of each slice of a series, in the order of its grid."""
    return tuple(hashed_uid(plan.key, "instance", image.key, str(k)) for k in range(len(image.grid.slice_origins_mm)))
