"""A folder of evidence folders, as ``batch --evidence`` and ``analyze --out`` leave them, to read on the page."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rtcomplexity.evidence.output_formats import EVIDENCE_FILE

DEEPEST: Final = 3
"""An evidence folder is looked for so many folders down."""
_ID_LENGTH: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The evidence folders below one folder."""

    root: Path

    def folders(self) -> dict[str, Path]:
        """Every evidence folder by an id that stays while its place does; linked folders are not followed."""
        found = sorted(_evidence_folders(self.root, DEEPEST))
        return {_id_of(path.relative_to(self.root)): path for path in found}


def _evidence_folders(folder: Path, deepest: int) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            inside = list(entries)
    except OSError:
        return []
    if any(entry.name == EVIDENCE_FILE and entry.is_file(follow_symlinks=False) for entry in inside):
        return [folder]
    if not deepest:
        return []
    subfolders = [Path(entry.path) for entry in inside if entry.is_dir(follow_symlinks=False)]
    return [found for each in subfolders for found in _evidence_folders(each, deepest - 1)]


def _id_of(place: Path) -> str:
    return hashlib.sha256(place.as_posix().encode("utf-8", "surrogatepass")).hexdigest()[:_ID_LENGTH]
