"""Every file of an evidence folder, rendered from one record and its pictures.

The names are fixed here: none ever comes from a tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.csv import csv_notice, image_sets_csv, rois_csv
from rtcomplexity.evidence.formats.html import evidence_html
from rtcomplexity.evidence.formats.pdf import evidence_pdf
from rtcomplexity.evidence.formats.summary import summary_txt
from rtcomplexity.evidence.record import to_json
from rtcomplexity.pictures.scene import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtcomplexity.evidence.record import Record
    from rtcomplexity.pictures.scene import Pictures

    Renderer = Callable[[Record, Pictures], bytes]

EVIDENCE_FILE: Final = "evidence.json"
PICTURE_FOLDER: Final = "pictures"
CSV_NOTICE_FILE: Final = "csv_notice.txt"
REPORTS: Final[dict[str, Renderer]] = {
    CSV_NOTICE_FILE: lambda record, _: csv_notice(record),
    "evidence.html": evidence_html,
    "evidence.pdf": evidence_pdf,
    "image_sets.csv": lambda record, _: image_sets_csv(record),
    "rois.csv": lambda record, _: rois_csv(record),
    "summary.txt": lambda record, _: summary_txt(record),
}
FORMATS: Final = {
    "html": ("evidence.html",),
    "pdf": ("evidence.pdf",),
    "csv": ("image_sets.csv", "rois.csv", CSV_NOTICE_FILE),
    "txt": ("summary.txt",),
}
"""What ``report --format`` may name."""
OUTPUT_NAMES: Final = (EVIDENCE_FILE, *REPORTS, *(f"{PICTURE_FOLDER}/{name}" for name in FILES))
"""Every name that the manifest may list."""


def render(record: Record, pictures: Pictures, reports: Iterable[str] = tuple(REPORTS)) -> dict[str, bytes]:
    """Render a folder's files but for its manifest; the same record and pictures give the same bytes."""
    return {
        EVIDENCE_FILE: to_json(record),
        **{f"{PICTURE_FOLDER}/{name}": content for name, content in pictures.all_files().items()},
        **{name: REPORTS[name](record, pictures) for name in reports},
    }
