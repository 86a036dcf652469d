"""The use case: say what moved between two evidence folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtcomplexity.evidence.difference import difference_sentence, differences
from rtcomplexity.evidence.folder import read_folder

if TYPE_CHECKING:
    from rtcomplexity.evidence.difference import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderDifference:
    """What moved between two evidence folders."""

    summary: str
    changes: tuple[Change, ...]


def diff(before: Path | str, after: Path | str) -> FolderDifference:
    """Compare the records and manifests of two evidence folders.

    Raises
    ------
    EvidenceFolderError
        If one of them is none, or cannot be read.
    """
    folders = read_folder(Path(before)), read_folder(Path(after))
    first, second = (folder.record() for folder in folders)
    changes = tuple(differences(first, second, (folders[0].manifest(), folders[1].manifest())))
    return FolderDifference(summary=difference_sentence(first, second, changes), changes=changes)
