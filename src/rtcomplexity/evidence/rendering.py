"""An evidence folder's files, rendered from one record and its pictures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from rtcomplexity.cores import run_all
from rtcomplexity.evidence.output_formats import EVIDENCE_FILE, FROM_PLAN, ON_REQUEST, REPORTS
from rtcomplexity.evidence.record import to_json
from rtcomplexity.pictures.scene import FILES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtcomplexity.evidence.record import Record
    from rtcomplexity.pictures.scene import Pictures

PICTURE_FOLDER: Final = "pictures"
OUTPUT_NAMES: Final = (EVIDENCE_FILE, *REPORTS, *(f"{PICTURE_FOLDER}/{name}" for name in FILES))
"""What ``analyze --out`` writes in addition to the manifest."""
ALLOWED_NAMES: Final = (*OUTPUT_NAMES, *ON_REQUEST, *FROM_PLAN)
"""Every name that the manifest may list."""


def render(
    record: Record, pictures: Pictures, reports: Iterable[str] = tuple(REPORTS), *, cores: int = 1
) -> dict[str, bytes]:
    """Render a folder's files but for its manifest: the same bytes for the same record and pictures, on any cores."""
    names = tuple(reports)
    rendered = run_all([partial(REPORTS[name], record, pictures) for name in names], cores)
    return {
        EVIDENCE_FILE: to_json(record),
        **{f"{PICTURE_FOLDER}/{name}": content for name, content in pictures.all_files().items()},
        **dict(zip(names, rendered, strict=True)),
    }
