"""The folder that fetched files go to: each checked, named by hashes, and there only when it is whole."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from rtcomplexity.dicom.ties import read_ties
from rtcomplexity.errors import ArchiveError, InputDataError, UsageError
from rtcomplexity.whole_files import PART_SUFFIX, writable, write_whole

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rtcomplexity.archive.query import Series
    from rtcomplexity.dicom.linkage import FileLinks
    from rtcomplexity.dicom.ties import Ties
    from rtcomplexity.settings import Settings

MARKER: Final = ".fetched"
_SUFFIX: Final = ".dcm"
_DIGITS: Final = 24


class Shelf:
    """Files of one plan; the same folder again continues what was stopped."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder, self._settings = folder, settings
        self.count = 0
        """Files that were put here in this run."""

    def claim(self, structure_set_uid: str) -> None:
        """Make the folder that of one structure set.

        Raises
        ------
        UsageError
            If it holds something else, or cannot be written.
        """
        marker, mark = self._folder / MARKER, _hashed(structure_set_uid)
        with self._writable():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if marker.exists():
                if marker.read_text("ascii").strip() != mark:
                    raise UsageError("--out", "a folder with files of another structure set", "a new or empty folder")
            elif any(each.suffix != PART_SUFFIX for each in self._folder.iterdir()):
                raise UsageError("--out", "a folder with other files in it", "a new or empty folder")
            else:
                write_whole(marker, mark + "\n")

    def is_whole(self, series: Series) -> bool:
        """Whether the folder has as many files of a series as the archive says."""
        return series.instances is not None and 0 < series.instances <= len(self.files(series.series_uid))

    def files(self, series_uid: str) -> list[Path]:
        """Files of a series in the folder."""
        return sorted((self._folder / _hashed(series_uid)).glob(f"*{_SUFFIX}"))

    def links(self, path: Path, content: bytes = b"") -> FileLinks | Ties:
        """Ties of a file that lies here, whose content may be known."""
        found = read_ties(content or path.read_bytes()) or self._links_of_unusual(path)
        if found is None:
            raise ArchiveError("The archive sent something that is no DICOM file.", "ask the PACS administrator.")
        return found

    def _links_of_unusual(self, path: Path) -> FileLinks | None:
        from rtcomplexity.dicom.linkage import read_links  # noqa: PLC0415 -- and pydicom with it

        return read_links(path, settings=self._settings, hashed=False)

    def put(self, content: bytes, series: Series) -> Path:
        """Keep one instance of a series.

        Raises
        ------
        ArchiveError
            If it is no DICOM file, or of another series than requested.
        UsageError
            If it cannot be written.
        """
        part = self._folder / f".arrived{PART_SUFFIX}"
        with self._writable():
            write_whole(part, content)
            try:
                links = self._checked(part, content, series)
                target = self._folder / _hashed(series.series_uid) / f"{_hashed(links.sop_instance_uid)}{_SUFFIX}"
                target.parent.mkdir(exist_ok=True, mode=0o700)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        self.count += 1
        return target

    def drop(self, series_uid: str) -> None:
        """Remove what was only looked at."""
        for path in self.files(series_uid):
            path.unlink()
        folder = self._folder / _hashed(series_uid)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    def _writable(self) -> AbstractContextManager[None]:
        return writable("--out", self._folder, "a folder that can be written")

    def _checked(self, part: Path, content: bytes, series: Series) -> FileLinks | Ties:
        try:
            links = self.links(part, content)
        except InputDataError as fault:
            raise ArchiveError(f"The archive sent a file that cannot be read. {fault.found}", fault.try_) from fault
        if (links.study_uid, links.series_uid) != (series.study_uid, series.series_uid):
            raise ArchiveError(
                "The archive sent an instance of another series than was asked for.", "ask the PACS administrator."
            )
        return links


def _hashed(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:_DIGITS]
