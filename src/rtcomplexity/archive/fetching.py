"""Fetching a plan: one structure set and everything linked to it, wherever in the archive it is.

The set's images may be in another study than the set (ARIA exports do so): references are followed across all studies
of the patient, and whole series are fetched, never whole studies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.archive.query import Query
from rtcomplexity.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rtcomplexity.archive.query import Archive, Series, Study
    from rtcomplexity.archive.shelf import Shelf
    from rtcomplexity.dicom.linkage import FileLinks
    from rtcomplexity.dicom.ties import Ties

STRUCTURE_SET: Final = "RTSTRUCT"
IMAGES: Final = frozenset({"CT", "MR", "PT"})
_MOST_LISTED: Final = 20
_NONE: Final = "check the identifier, and ask the PACS administrator whether this AE title or user may see the study."


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of it."""

    series: int
    files: int
    """Files of the plan that are now in the folder."""
    new_files: int
    """Of these, how many this run fetched."""
    missing_series: int
    """Series that the structure set references and the archive does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One structure set of an archive."""

    study: Study
    series: Series
    sop_instance_uid: str


def fetch_plan(archive: Archive, query: Query, shelf: Shelf, progress: Callable[[str], None]) -> Fetched:
    """Fetch the one structure set that matches a query, and everything linked to it.

    Parameters
    ----------
    archive
        Where from.
    query
        Which patient, accession, study or structure set.
    shelf
        Where to.
    progress
        Called with what is being fetched.

    Raises
    ------
    ArchiveError
        If nothing or several match, a series is not whole, or the archive cannot be queried.
    UsageError
        If the folder cannot be used.
    """
    found = _the_structure_set(archive, query)
    shelf.claim(found.sop_instance_uid)
    own = list(archive.fetch(found.series, found.sop_instance_uid))
    if len(own) != 1:
        raise ArchiveError(
            f"The archive sent {len(own)} instances for one structure set.", "ask the PACS administrator."
        )
    links = shelf.links(shelf.put(own[0], found.series))
    others = [each for each in _all_series(archive, found) if each.modality != STRUCTURE_SET]
    collector = _Collector(archive, shelf, progress)
    frames = collector.registrations(others, set(links.frame_uids))
    collector.plans(others, links.sop_instance_uid)
    collector.images(others, links, frames, found.study.study_uid)
    known = {each.series_uid for each in others}
    kept = [found.series.series_uid, *collector.kept]
    return Fetched(
        series=len(kept),
        files=sum(len(shelf.files(uid)) for uid in kept),
        new_files=shelf.count,
        missing_series=sum(uid not in known for uid in links.referenced_uids),
    )


def _the_structure_set(archive: Archive, query: Query) -> _Found:
    studies = archive.studies(query)
    if not studies:
        raise ArchiveError("No study in the archive matches.", _NONE)
    if len({study.patient_id for study in studies}) > 1:
        listed = _listed(f"{study.date} {study.study_uid}" for study in studies)
        raise ArchiveError(f"{len(studies)} studies of several patients match: {listed}.", "give --study UID.")
    found = [
        _Found(study=study, series=series, sop_instance_uid=uid)
        for study in studies
        for series in archive.series(study.study_uid)
        if series.modality == STRUCTURE_SET
        for uid in archive.instances(series)
        if query.structure_set_uid in {"", uid}
    ]
    if not found:
        raise ArchiveError(f"{len(studies)} studies match, and none holds an RT Structure Set that may be seen.", _NONE)
    if len(found) > 1:
        listed = _listed(f"{each.series.date or each.study.date} {each.sop_instance_uid}" for each in found)
        raise ArchiveError(f"{len(found)} structure sets match: {listed}.", "give one of them as --structure-set UID.")
    return found[0]


def _listed(lines: Iterable[str]) -> str:
    """Dates and UIDs of what matches, oldest first, as far as a person reads on."""
    ordered = sorted(line.strip() for line in lines)
    more = f"; and {len(ordered) - _MOST_LISTED} more" if len(ordered) > _MOST_LISTED else ""
    return "; ".join(ordered[:_MOST_LISTED]) + more


def _all_series(archive: Archive, found: _Found) -> list[Series]:
    """All series of the patient, those of the set's own study first."""
    patient = found.study.patient_id
    studies = archive.studies(Query(patient_id=patient)) if patient else [found.study]
    ordered = sorted({study.study_uid for study in studies} | {found.study.study_uid})
    ordered.sort(key=lambda uid: uid != found.study.study_uid)
    return [series for uid in ordered for series in archive.series(uid)]


class _Collector:
    """Fetches series by kind, and remembers which are kept."""

    def __init__(self, archive: Archive, shelf: Shelf, progress: Callable[[str], None]) -> None:
        self._archive, self._shelf, self._progress = archive, shelf, progress
        self.kept: list[str] = []

    def registrations(self, series: Sequence[Series], frames: set[str]) -> set[str]:
        """Keep registrations that a chain ties to the set's frames; return all frames reached."""
        waiting = {each.series_uid: self._ties(each) for each in series if each.modality == "REG"}
        while touching := [uid for uid, related in waiting.items() if related & frames]:
            for uid in touching:
                frames |= waiting.pop(uid)
                self.kept.append(uid)
        for uid in waiting:
            self._shelf.drop(uid)
        return frames

    def plans(self, series: Sequence[Series], structure_set_uid: str) -> None:
        """Keep RT Plans that were made on the set."""
        for each in series:
            if each.modality == "RTPLAN":
                paths = self._whole(each)
                if any(structure_set_uid in self._shelf.links(path).referenced_uids for path in paths):
                    self.kept.append(each.series_uid)
                else:
                    self._shelf.drop(each.series_uid)

    def images(self, series: Sequence[Series], links: FileLinks | Ties, frames: set[str], study_uid: str) -> None:
        """Fetch the images that the set references or shares a frame with; all of its study where there are none."""
        images = [each for each in series if each.modality in IMAGES]
        wanted = [each for each in images if each.series_uid in links.referenced_uids]
        wanted += [each for each in images if each not in wanted and self._frame_of(each) in frames]
        for each in wanted or [each for each in images if each.study_uid == study_uid]:
            self._whole(each)
            self.kept.append(each.series_uid)

    def _frame_of(self, series: Series) -> str:
        """The frame that the archive states, or that the first instance does, which is looked at and dropped."""
        if series.frame_of_reference_uid:
            return series.frame_of_reference_uid
        if not self._shelf.files(series.series_uid):
            uids = self._archive.instances(series)[:1]
            contents = [content for uid in uids for content in self._archive.fetch(series, uid)]
            frames = {frame for one in contents for frame in self._shelf.links(self._shelf.put(one, series)).frame_uids}
            self._shelf.drop(series.series_uid)
        else:
            frames = set(self._shelf.links(self._shelf.files(series.series_uid)[0]).frame_uids)
        return next(iter(frames), "")

    def _ties(self, series: Series) -> set[str]:
        return {frame for path in self._whole(series) for frame in self._shelf.links(path).frame_uids}

    def _whole(self, series: Series) -> list[Path]:
        """Fetch a series unless it lies there; refuse one that is not whole."""
        if not self._shelf.is_whole(series):
            expected = "" if series.instances is None else f" of {series.instances}"
            count = 0
            for content in self._archive.fetch(series):
                self._shelf.put(content, series)
                count += 1
                self._progress(f"{series.modality}: {count}{expected}")
            if series.instances is not None and len(self._shelf.files(series.series_uid)) < series.instances:
                raise ArchiveError(
                    f"A {series.modality} series is not whole: {count} of {series.instances} instances came.",
                    "run the same command again; else ask the PACS administrator whether all of it is archived.",
                )
        return self._shelf.files(series.series_uid)
