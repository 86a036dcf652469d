"""Whose files lie in a folder: one patient's, several patients', or one patient's under several Patient IDs.

Files that were anonymized in two steps carry two IDs and refer to each other. Only a person can state that these are
one patient; here is what ties them, and what such a statement does to the files. A message shows an ID as a keyed hash,
unless names are asked for.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from rtcomplexity.dicom.headers import FileKind
from rtcomplexity.dicom.linkage import read_links
from rtcomplexity.errors import InputDataError, SeveralPatientsError
from rtcomplexity.model import issue_codes as codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rtcomplexity.dicom.headers import IndexedFile
    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.settings import Settings

_SHOWN_DIGITS: Final = 8
_MOST_LISTED: Final = 4
_WORDS: Final = {
    FileKind.STRUCTURE_SET: "structure set",
    FileKind.PLAN: "plan",
    FileKind.REGISTRATION: "registration",
    FileKind.OTHER: "other DICOM file",
}
_SEGMENTATION: Final = "Segmentation"


def of_one_patient(
    index: FileIndex, settings: Settings, *, same_patient: bool = False, name_patients: bool = False
) -> tuple[FileIndex, tuple[Issue, ...]]:
    """Return the files as one patient's.

    Parameters
    ----------
    index : FileIndex
        All files.
    settings : Settings
        Limits on what is opened to find references.
    same_patient : bool
        Whether the user states that several Patient IDs are one patient's.
    name_patients : bool
        Whether a message shows Patient IDs as they are.

    Returns
    -------
    FileIndex
        The same files; under one patient where that was stated.
    tuple of Issue
        That it was stated, of which files, and what ties them.

    Raises
    ------
    SeveralPatientsError
        If files have several Patient IDs and nobody stated that these are one patient's, or nothing ties them.
    """
    keys = sorted(index.patient_keys)
    if len(keys) < 2:
        return index, ()
    ties = _ties(index, keys, settings)
    if not same_patient or not _are_tied(keys, ties):
        raise _refusal(index, ties, _shown(index, keys, name_patients=name_patients), is_stated=same_patient)
    shown = _shown(index, keys)
    issue = codes.PATIENTS_STATED_AS_ONE.about(
        "input", patients=len(keys), files=_by_patient(index, shown), ties=_listed(ties, shown)
    )
    return with_patient(index, keys[0]), (issue,)


def with_patient(index: FileIndex, key: str) -> FileIndex:
    """Return the files with every stated patient replaced by one."""

    def joined(files: Iterable[IndexedFile]) -> tuple[IndexedFile, ...]:
        return tuple(replace(file, patient_key=key) if file.patient_key else file for file in files)

    return _changed(index, joined)


def files_of_the_set(index: FileIndex, structure_set_uid: str) -> FileIndex:
    """Return the files that have the Patient ID of a structure set, and those that name no patient."""
    keys = {file.patient_key for file in index.structure_sets if file.sop_instance_uid == structure_set_uid} | {""}

    def own(files: Iterable[IndexedFile]) -> tuple[IndexedFile, ...]:
        return tuple(file for file in files if file.patient_key in keys)

    return _changed(index, own)


def _changed(index: FileIndex, change: Callable[[Iterable[IndexedFile]], tuple[IndexedFile, ...]]) -> FileIndex:
    return replace(
        index,
        structure_sets=change(index.structure_sets),
        plans=change(index.plans),
        images=change(index.images),
        registrations=change(index.registrations),
        others=change(index.others),
    )


def inventory(files: Sequence[IndexedFile]) -> str:
    """Counts by kind, e.g. "134 CT images, 2 structure sets"."""
    images = Counter(file.modality for file in files if file.kind is FileKind.IMAGE)
    parts = [f"{count} {modality} {_plural('image', count)}" for modality, count in sorted(images.items())]
    kinds = Counter(_word(file) for file in files if file.kind is not FileKind.IMAGE)
    words = (*_WORDS.values(), _SEGMENTATION)
    parts += [f"{kinds[word]} {_plural(word, kinds[word])}" for word in words if kinds[word]]
    return ", ".join(parts)


def _word(file: IndexedFile) -> str:
    is_segmentation = file.kind is FileKind.OTHER and file.modality == "SEG"
    return _SEGMENTATION if is_segmentation else _WORDS[file.kind]


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _refusal(
    index: FileIndex, ties: Mapping[tuple[str, str], str], shown: Mapping[str, str], *, is_stated: bool
) -> InputDataError:
    patients = f"{len(index.patient_keys)} patients: {inventory(index.files)}. {_by_patient(index, shown)}"
    text = f"The folder holds files of {patients}."
    if not ties:
        untied = " No study, series, frame of reference or reference links them." if is_stated else ""
        return SeveralPatientsError(
            f"{text}{untied}", "give the folder of one patient; `rtcomplexity batch` is for many."
        )
    tied = _listed(ties, shown)
    if is_stated:
        advice = "exclude the files that nothing links to the others."
        return SeveralPatientsError(f"{text} {tied}. Nothing links the other patients' files.", advice)
    return SeveralPatientsError(
        f"{text} {tied}.",
        "state --same-patient if these are one patient's files, as after anonymization in two steps; else give the "
        "folder of one patient.",
    )


def _by_patient(index: FileIndex, shown: Mapping[str, str]) -> str:
    """Which files have which Patient ID."""
    groups: dict[str, list[IndexedFile]] = {key: [] for key in shown}
    for file in index.files:
        if file.patient_key:
            groups[file.patient_key].append(file)
    return _first([f"patient {shown[key]}: {inventory(files)}" for key, files in groups.items()], "patients")


def _first(parts: Sequence[str], what: str) -> str:
    """Join some parts and count the others: whole archives have hundreds of patients."""
    others = len(parts) - _MOST_LISTED
    return "; ".join(parts) if others < 2 else "; ".join((*parts[:_MOST_LISTED], f"{others} other {what}"))


def _shown(index: FileIndex, keys: Sequence[str], *, name_patients: bool = False) -> dict[str, str]:
    """Patient IDs as a message shows them: hashed under a key that only who has the files can make."""
    if name_patients:
        return {key: key for key in keys}
    secret = "\n".join(sorted(file.content for file in index.files)).encode()
    return {key: hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()[:_SHOWN_DIGITS] for key in keys}


def _listed(ties: Mapping[tuple[str, str], str], shown: Mapping[str, str]) -> str:
    parts = [f"{shown[one]} and {shown[other]} are linked by {words}" for (one, other), words in ties.items()]
    return _first(parts, "pairs of patients are linked")


def _ties(index: FileIndex, keys: Sequence[str], settings: Settings) -> dict[tuple[str, str], str]:
    """What links the files of each two patients, in words; pairs that nothing links are left out."""
    named: dict[str, defaultdict[str, set[str]]] = {key: defaultdict(set) for key in keys}
    for file in index.files:
        if file.patient_key:
            _add_names(named[file.patient_key], file, settings)
    pairs = {(one, other): _shared(named[one], named[other]) for one, other in combinations(keys, 2)}
    return {pair: ", ".join(words) for pair, words in pairs.items() if words}


def _add_names(named: defaultdict[str, set[str]], file: IndexedFile, settings: Settings) -> None:
    """Add what a file is named by, and what it names."""
    named["study"].add(file.study_uid)
    named["series"].add(file.series_uid)
    named["frame"].add(file.frame_of_reference_uid)
    named["is"] |= {file.series_uid, file.sop_instance_uid}
    if file.kind in {FileKind.IMAGE, FileKind.OTHER}:
        return
    try:
        links = read_links(file.path, settings=settings, hashed=False)
    except InputDataError:
        return  # its reader will say what is wrong with it
    if links is not None:
        named["frame"] |= set(links.frame_uids)
        named["refers"] |= set(links.referenced_uids)


def _shared(one: Mapping[str, set[str]], other: Mapping[str, set[str]]) -> list[str]:
    shared = (
        ("one study", one["study"] & other["study"]),
        ("one series", one["series"] & other["series"]),
        ("one frame of reference", one["frame"] & other["frame"]),
        ("references", (one["refers"] & other["is"]) | (other["refers"] & one["is"])),
    )
    return [words for words, uids in shared if uids - {""}]


def _are_tied(keys: Sequence[str], ties: Iterable[tuple[str, str]]) -> bool:
    """Whether every patient's files are tied to every other's, directly or through others."""
    reached, pairs = {keys[0]}, list(ties)
    while True:
        more = {key for pair in pairs if not reached.isdisjoint(pair) for key in pair} - reached
        if not more:
            return reached == set(keys)
        reached |= more
