"""The table in which a desk states the claims of many plans: one row per structure set, every other cell empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.claims import NEEDED, PLACE
from rtcomplexity.batch.sheets import WORKBOOK, sheet_bytes
from rtcomplexity.dicom.headers import FileKind
from rtcomplexity.dicom.linkage import read_links
from rtcomplexity.errors import InputDataError, NoStructureSetError, UsageError
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.scoring import claim_form
from rtcomplexity.sources.archives import Unopened
from rtcomplexity.sources.member import shown_place
from rtcomplexity.sources.walk import regular_files, with_members
from rtcomplexity.whole_files import writable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rtcomplexity.settings import Settings

SUFFIXES: Final = (WORKBOOK, ".csv")


def write_claims_template(root: Path, path: Path, *, settings: Settings) -> int:
    """Write the table for every structure set below a folder, and say how many rows it has.

    Raises
    ------
    UsageError
        If the file's name ends otherwise than in .xlsx or .csv, it is there already, or it cannot be written.
    NoStructureSetError
        If there is no structure set.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError("--claims-template", path.name, f"a name that ends in {' or '.join(SUFFIXES)}")
    sets = sorted(_structure_sets(root, settings))
    if not sets:
        raise NoStructureSetError("No RT Structure Set was found.", "give the folder that holds the plans.")
    titles = (*NEEDED, PLACE, *claim_form.fields())
    rows = [(uid, "", place, *("" for _ in claim_form.fields())) for place, uid in sets]
    content = sheet_bytes([titles, *rows], workbook=path.suffix.lower() == WORKBOOK)
    with (
        writable("--claims-template", path, "a new file in a folder that can be written"),
        path.open("xb") as stream,
    ):
        stream.write(content)
    return len(rows)


def _structure_sets(root: Path, settings: Settings) -> Iterator[tuple[str, str]]:
    """Give place and UID of each structure set, copies once."""
    known = set()
    for source in with_members(regular_files(root), settings):
        if isinstance(source, Unopened):
            continue
        try:
            links = read_links(source, settings=settings, hashed=False)
        except InputDataError:
            continue  # a batch lists what cannot be read
        if links is not None and links.kind is FileKind.STRUCTURE_SET and links.sop_instance_uid not in known:
            known.add(links.sop_instance_uid)
            yield _place(shown(shown_place(str(source), root))), links.sop_instance_uid


def _place(text: str) -> str:
    """Show a place so that no spreadsheet takes it for a formula."""
    return f"./{text}" if text.startswith(("=", "+", "-", "@")) else text
