"""An evidence folder on disk: written whole or not at all, read back without trust.

Every file is staged beside its place, readable by its owner alone, and moved there only when all are staged; the
manifest goes last. A link in a file's place is replaced, never followed; a link in place of the folder of pictures is
refused.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import ValidationError

from rtcomplexity.errors import InputDataError, UsageError, first_complaint, os_reason
from rtcomplexity.evidence import manifest as manifests
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.manifest import MANIFEST_FILE, Manifest
from rtcomplexity.evidence.output_formats import EVIDENCE_FILE
from rtcomplexity.evidence.record import Record, from_json
from rtcomplexity.evidence.rendering import ALLOWED_NAMES, PICTURE_FOLDER
from rtcomplexity.evidence.signing import SIGNATURE_FILE
from rtcomplexity.pictures.scene import FILES, SCENE_FILE, Pictures, from_files, no_pictures
from rtcomplexity.whole_files import PART_SUFFIX, writable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LARGEST_FILE_BYTES: Final = 256_000_000
Part = TypeVar("Part", Record, Manifest)
KNOWN_NAMES: Final = (*ALLOWED_NAMES, MANIFEST_FILE, SIGNATURE_FILE)


class EvidenceFolderError(InputDataError):
    """A folder that is no evidence folder, or no longer one that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvidenceFolder:
    """The files of an evidence folder as they are now."""

    files: Mapping[str, bytes]
    """Content of every known file that is there, by name."""
    others: tuple[str, ...] = ()
    """Names in the folder that are no part of the evidence."""

    def record(self) -> Record:
        """Read the record.

        Raises
        ------
        EvidenceFolderError
            If there is none, or it breaks its contract.
        """
        return self._part(EVIDENCE_FILE, from_json)

    def manifest(self) -> Manifest:
        """Read the manifest; raises EvidenceFolderError as :meth:`record` does."""
        return self._part(MANIFEST_FILE, manifests.from_json)

    def _part(self, name: str, read: Callable[[bytes], Part]) -> Part:
        if name not in self.files:
            raise EvidenceFolderError(f"The folder has no {name}.", "name a folder that analyze --out left.")
        try:
            return read(self.files[name])
        except ValidationError as error:
            raise _broken(name, error) from None

    def pictures(self) -> Pictures:
        """Read the saved pictures; raises EvidenceFolderError where their description is broken."""
        saved = {name: self.files[path] for name in FILES if (path := f"{PICTURE_FOLDER}/{name}") in self.files}
        if SCENE_FILE not in saved:
            return no_pictures("No pictures: none were saved.")
        try:
            return from_files(saved)
        except ValidationError as error:
            raise _broken(f"{PICTURE_FOLDER}/{SCENE_FILE}", error) from None


def _broken(name: str, error: ValidationError) -> EvidenceFolderError:
    complaint = first_complaint(error, whole="the file")
    return EvidenceFolderError(f"{name} breaks its contract at {complaint}.", "the folder as it was left.")


def read_folder(folder: Path) -> EvidenceFolder:
    """Read every known file of a folder.

    Raises
    ------
    EvidenceFolderError
        If the folder cannot be read, or a file of it is a link or too large.
    """
    try:
        present = {path.name for path in folder.iterdir()} - {PICTURE_FOLDER}
        pictures = folder / PICTURE_FOLDER
        if pictures.is_dir() and not pictures.is_symlink():
            present |= {f"{PICTURE_FOLDER}/{path.name}" for path in pictures.iterdir()}
        files = {name: _read(folder / name) for name in KNOWN_NAMES if name in present}
    except OSError as error:
        raise EvidenceFolderError(
            f"The evidence folder cannot be read: {os_reason(error)}.", "another folder."
        ) from None
    return EvidenceFolder(files=files, others=tuple(sorted(present - set(KNOWN_NAMES))))


def _read(path: Path) -> bytes:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceFolderError(f"{path.name} is no ordinary file.", "the folder as it was left.")
    if status.st_size > LARGEST_FILE_BYTES:
        raise EvidenceFolderError(f"{path.name} is larger than any evidence file.", "the folder as it was left.")
    return path.read_bytes()


def refuse_another_plan(folder: Path, plan_id: str, content_id: str | None = None, *, option: str = "--out") -> None:
    """Refuse a folder that holds the evidence of another plan; that of the same one may be written over.

    Raises
    ------
    UsageError
        If the plan that its record or manifest names is neither `plan_id` nor of the content `content_id`.
    """
    if content_id and _plan_id(folder / EVIDENCE_FILE, ("plan", "content_id")) == content_id:
        return
    ids = {_plan_id(folder / EVIDENCE_FILE, ("plan", "id")), _plan_id(folder / MANIFEST_FILE, ("plan_id",))}
    others = sorted(ids - {"", plan_id})
    if others:
        found = f"the evidence of another plan ({others[0][:12]}; this one is {plan_id[:12]})"
        raise UsageError(option, found, "a new folder for each plan, or the earlier one removed")


def _plan_id(path: Path, keys: tuple[str, ...]) -> str:
    """Read which plan a file names; empty where there is no such file, or none that can be read."""
    try:
        value = json.loads(_read(path))
        for key in keys:
            value = value[key]
    except (OSError, EvidenceFolderError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return shown(value) if isinstance(value, str) else ""


def write_folder(folder: Path, files: Mapping[str, bytes], *, option: str = "--out") -> None:
    """Write the files into the folder, all or none, and remove known files of an earlier run that are not among them.

    Raises
    ------
    UsageError
        If the folder cannot be made or written; what was there before is then still there.
    """
    with writable(option, folder, "a folder that can be written"):
        _prepare(folder, files)
        staged = _staged(folder, files)
        for name in sorted(staged, key=lambda each: each in {MANIFEST_FILE, SIGNATURE_FILE}):
            staged[name].replace(folder / name)
        for name in set(KNOWN_NAMES) - set(files):
            (folder / name).unlink(missing_ok=True)


def _prepare(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make the folders; refuse where something stands in a file's place that cannot be replaced."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pictures = folder / PICTURE_FOLDER
    if pictures.is_symlink():
        raise OSError(None, "its folder of pictures is a link")
    pictures.mkdir(exist_ok=True, mode=0o700)
    for name in files:
        if (folder / name).is_dir() and not (folder / name).is_symlink():
            raise OSError(None, f"{name} is a folder there")


def _staged(folder: Path, files: Mapping[str, bytes]) -> dict[str, Path]:
    """Write every file beside its place; on any failure none is left."""
    staged: dict[str, Path] = {}
    try:
        for name, content in files.items():
            descriptor, temporary = tempfile.mkstemp(dir=(folder / name).parent, prefix=".", suffix=PART_SUFFIX)
            staged[name] = Path(temporary)  # mode 0600
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
    except BaseException:
        for temporary_file in staged.values():
            temporary_file.unlink(missing_ok=True)
        raise
    return staged
