"""A folder of evidence folders, as ``batch --evidence`` and ``analyze --out`` leave them, to read on the page."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from rtcomplexity.evidence.output_formats import EVIDENCE_FILE

DEEPEST: Final = 3
"""An evidence folder is looked for so many folders down."""
_ID_LENGTH: Final = 12


def evidence_folders(root: Path) -> dict[str, Path]:
    """Every evidence folder below one by an id that stays while its place does; linked folders are not followed."""
    return {_id_of(path.relative_to(root)): path for path in sorted(_evidence_folders(root, DEEPEST))}


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
