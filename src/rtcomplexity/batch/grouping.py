"""Which files make one plan: a structure set, the images tied to it, its RT Plans and registrations.

Works on the ledger's keyed hashes. Images are those of the same patient that share the set's study, a series it
references, or a frame of reference that it or a chain of registrations reaches; where nothing is tied, all images of
the patient, so that the reader can say so. Where the patient has no image at all, images that a UID ties under another
Patient ID, and those of the one other patient in the set's own folder, go with it: the reader then refuses and says
what is there. What truly holds together, the reader decides. A plus before a column keeps SQLite from going through all
files of a kind where a tie leads to a few: a plan costs the same in any archive.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.batch.ledger import FileRow, Ledger, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlan:
    """One plan and its files."""

    structure_set: FileRow
    members: tuple[Member, ...]
    """The structure set first."""

    @property
    def key(self) -> str:
        """SHA-256 of the structure set's file."""
        return self.structure_set.sha256

    @property
    def input_sha256(self) -> str:
        """Hash over what all files hold, whatever their names; empty while one of them is not known."""
        return input_hash(member.sha256 for member in self.members)

    @property
    def stats(self) -> str:
        """Hash over names, sizes and times."""
        lines = sorted(f"{member.path.hex()} {member.size} {member.mtime}" for member in self.members)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def found_plans(ledger: Ledger) -> Iterator[FoundPlan]:
    """Every structure set with its files, each content once."""
    for structure_set in ledger.structure_sets():
        own = ledger.members("files.path = ?", (structure_set.path,))
        yield FoundPlan(structure_set=structure_set, members=(*own, *_companions(ledger, structure_set)))


def input_hash(hashes: Iterable[str]) -> str:
    """Hash over the SHA-256 of files, in any order; empty where one is missing.

    Examples
    --------
    >>> input_hash(["b", "a"]) == input_hash(["a", "b"])
    True
    >>> input_hash(["a", ""])
    ''
    """
    ordered = sorted(hashes)
    return "" if not all(ordered) else hashlib.sha256("\n".join(ordered).encode()).hexdigest()


def _companions(ledger: Ledger, structure_set: FileRow) -> list[Member]:
    registrations, frames = _reached(ledger, structure_set)
    images = _tied_images(ledger, structure_set, frames)
    if not images and structure_set.patient:
        images = (
            ledger.members("kind = 'image' AND patient = ?", (structure_set.patient,))
            or _tied_images(ledger, structure_set, frames, of_any_patient=True)
            or ledger.images_beside(structure_set.path)
        )
    plans = ledger.members(
        "+kind = 'plan' AND files.path IN (SELECT refs.path FROM refs WHERE uid = ?)", (structure_set.instance,)
    )
    held = [member for path in registrations for member in ledger.members("files.path = ?", (path,))]
    return [*images, *plans, *held]


def _reached(ledger: Ledger, structure_set: FileRow) -> tuple[list[bytes], set[bytes]]:
    """Registrations that touch the set's frames, directly or through others, and all frames they reach."""
    frames = ledger.frames_of(structure_set.path)
    waiting = ledger.registrations_of(structure_set.patient)
    used: list[bytes] = []
    while True:
        touching = [path for path, related in waiting if related & frames]
        if not touching:
            return sorted(used), frames
        for path, related in waiting:
            if path in touching:
                frames |= related
        used += touching
        waiting = [(path, related) for path, related in waiting if path not in touching]


def _tied_images(
    ledger: Ledger, structure_set: FileRow, frames: set[bytes], *, of_any_patient: bool = False
) -> list[Member]:
    frames = frames or {b""}  # no file has the empty one; an empty list would be looked up by reading everything
    marks = ", ".join("?" * len(frames))
    ties = f"""
        SELECT path FROM files WHERE study = ? AND study <> x''
        UNION SELECT files.path FROM files JOIN refs ON refs.uid = files.series WHERE refs.path = ?
        UNION SELECT path FROM frames WHERE frame IN ({marks})"""  # noqa: S608 -- marks are bound values
    is_bound = bool(structure_set.patient) and not of_any_patient
    patient = "AND (+patient = ? OR +patient = x'')" if is_bound else ""
    values = (structure_set.study, structure_set.path, *frames, *([structure_set.patient] if is_bound else []))
    return ledger.members(f"+kind = 'image' AND files.path IN ({ties}) {patient}", values)
