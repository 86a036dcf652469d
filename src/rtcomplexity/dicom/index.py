"""A folder tree of files, indexed by their headers in one pass, with every file's SHA-256.

Any file name will do. What is no DICOM is skipped and counted; what is DICOM but broken becomes an issue and spoils
nothing else. Folders behind links and special files are not opened. Knows nothing of what files mean to each other.
"""

from __future__ import annotations

import hashlib
import mmap
from collections import Counter, defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from rtcomplexity.dicom.headers import FileKind, IndexedFile, read_header
from rtcomplexity.dicom.identity import content_hash, content_parts, digest_of
from rtcomplexity.dicom.parsing import (
    DEFAULTS,
    HEAD_BYTES,
    PARSE_FAULTS,
    describe,
    encoding_fault,
    has_preamble,
    is_cut_short,
    is_directory_record,
    is_other_format_too,
    may_be_dicom,
    parse,
)
from rtcomplexity.errors import (
    InputDataError,
    LimitExceededError,
    NestedArchiveError,
    NoInputError,
    UnreadableFileError,
)
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.sources.archives import Unopened, archive_kind_of, members_of, refuse_nested
from rtcomplexity.sources.member import Member
from rtcomplexity.sources.walk import LINKED_FOLDER, SPECIAL_FILE, regular_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pydicom.dataset import Dataset

    from rtcomplexity.model.issue import Issue
    from rtcomplexity.settings import Settings
    from rtcomplexity.sources.member import Source

SUBJECT: Final = "input"
_WHOLE_IN_MEMORY_BYTES: Final = 64_000_000
_CHUNK_BYTES: Final = 4_000_000
_HASHED_ASIDE_BYTES: Final = 64_000
"""From this size on a file is hashed in other threads while its header is parsed: hashing needs no interpreter lock."""
_HEAD_BYTES: Final = 1024
_DICOM_UID_ROOT: Final = "1.2.840.10008."


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIndex:
    """The DICOM files of a folder, each kind sorted by SOP Instance UID and SHA-256, never by name."""

    structure_sets: tuple[IndexedFile, ...] = ()
    plans: tuple[IndexedFile, ...] = ()
    images: tuple[IndexedFile, ...] = ()
    registrations: tuple[IndexedFile, ...] = ()
    others: tuple[IndexedFile, ...] = ()
    """Doses, secondary captures and all else."""
    files_read: int = 0
    """DICOM files, copies included."""
    files_skipped: int = 0
    """Files that are no DICOM, and directory records (DICOMDIR)."""
    issues: tuple[Issue, ...] = ()

    @property
    def files(self) -> tuple[IndexedFile, ...]:
        """All files."""
        return self.structure_sets + self.plans + self.images + self.registrations + self.others

    @property
    def patient_keys(self) -> frozenset[str]:
        """The patients that files name."""
        return frozenset(file.patient_key for file in self.files) - {""}


@dataclass(slots=True)
class _Gathered:
    """What one walk has found so far."""

    files: list[IndexedFile] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    skipped: int = 0
    other_formats: int = 0
    """Files that open as another kind of file too."""
    oddities: Counter[str] = field(default_factory=Counter)
    """How many files have a fault of their transfer syntax that spoils nothing, by its words."""
    looked_at: int = 0
    """Files and members of archives that were opened."""

    def note(self, unopened: Unopened) -> None:
        """Make an issue of something that was not read."""
        self.issues.append(codes.ISSUE_CODES[unopened.code].about(SUBJECT, reason=unopened.reason))


def index_folder(
    path: Path | str, *, settings: Settings, progress: Callable[[int, int], None] | None = None
) -> FileIndex:
    """Index a folder tree, or a single file.

    Parameters
    ----------
    path : Path or str
        Folder, walked with all its subfolders and the zip and tar archives in them; or one file: an archive, a DICOMDIR
        (which stands for the folder it lies in), or any other.
    settings : Settings
        ``max_file_bytes`` limits what is opened.
    progress : callable, optional
        Called with (files done, files in all).

    Returns
    -------
    FileIndex
        Files grouped by kind; what was broken stands in its issues.

    Raises
    ------
    NoInputError
        If the path does not exist, or no readable DICOM file is there.
    """
    gathered = _Gathered()
    return _index(_list_files(Path(path), gathered), gathered, settings, progress)


def index_files(paths: Sequence[Source], *, settings: Settings) -> FileIndex:
    """Index files that were found before, wherever they lie; as :func:`index_folder` otherwise."""
    return _index(paths, _Gathered(), settings, None)


def _index(
    paths: Sequence[Source], gathered: _Gathered, settings: Settings, progress: Callable[[int, int], None] | None
) -> FileIndex:
    waiting, done = deque(paths), 0
    with ThreadPoolExecutor(2, thread_name_prefix="hash") as pool:  # one for the bytes, one for the content
        while waiting:
            members = _index_file(waiting.popleft(), settings, gathered, pool)
            waiting.extendleft(reversed(members))
            done += 1
            if progress is not None:
                progress(done, done + len(waiting))
    if not gathered.files:
        raise _nothing_found(gathered)
    return _grouped(gathered)


def load(file: IndexedFile, limit_bytes: int, settings: Settings = DEFAULTS) -> Dataset:
    """Parse an indexed file again, with everything up to its pixels.

    Raises
    ------
    UnreadableFileError
        If the file is gone, broken, cut short, or no longer what was indexed.
    LimitExceededError
        If it has more than `limit_bytes` bytes.
    """
    try:
        size = file.path.stat().st_size
        if size > limit_bytes:
            raise LimitExceededError(
                f"A {file.kind} of {size} bytes is over the limit of {limit_bytes}.",
                "raise the limit if that is right.",
            )
        data = file.path.read_bytes()
    except OSError as fault:
        raise UnreadableFileError(
            f"A {file.kind} can no longer be opened ({fault.strerror}).", "leave the folder as it is during a run."
        ) from fault
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise UnreadableFileError(
            f"A {file.kind} changed while it was being read.", "leave the folder as it is during a run."
        )
    dataset = parse(data, settings=settings)
    if is_cut_short(dataset) and file.kind is not FileKind.STRUCTURE_SET:
        raise UnreadableFileError(f"A {file.kind} is cut short inside an element.", "export it again.")
    return dataset


def _list_files(path: Path, gathered: _Gathered) -> list[Path]:
    if not path.exists():
        raise NoInputError("There is no such file or folder.", "check the path.")
    found: list[Path] = []
    linked = 0
    for each in regular_files(media_folder(path)):
        if not isinstance(each, Unopened):
            found.append(each)
        elif each.code == LINKED_FOLDER:
            linked += 1
        elif each.code == SPECIAL_FILE:
            gathered.skipped += 1
        else:
            gathered.note(each)
    if linked:
        gathered.issues.append(codes.LINKED_FOLDERS.about(SUBJECT, linked=linked))
    return found


def media_folder(path: Path) -> Path:
    """Give the folder in which a DICOMDIR lies, which it stands for; any other path as it is."""
    if not path.is_file():
        return path
    try:
        with path.open("rb") as stream:
            return path.parent if is_directory_record(stream.read(_HEAD_BYTES)) else path
    except OSError:
        return path  # indexing will say why


def _index_file(source: Source, settings: Settings, gathered: _Gathered, pool: ThreadPoolExecutor) -> Sequence[Member]:
    """Index one file, opened once; give the members that are to be indexed in place of an archive."""
    try:
        size = source.stat().st_size
        if isinstance(source, Member) and size > settings.max_file_bytes:  # opening it would inflate it
            gathered.issues.append(codes.FILE_TOO_LARGE.about(SUBJECT, size=size, limit=settings.max_file_bytes))
            return ()
        with source.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            if not isinstance(source, Member) and (kind := archive_kind_of(stream, head, source.name)):
                return _members(source, kind, settings, gathered)
            gathered.looked_at += 1
            if size > settings.max_file_bytes:
                gathered.issues.append(codes.FILE_TOO_LARGE.about(SUBJECT, size=size, limit=settings.max_file_bytes))
            else:
                stream.seek(len(head))
                _index_stream(stream, head, source, size, settings, gathered, pool)
    except OSError as fault:
        gathered.issues.append(
            codes.FILE_UNREADABLE.about(SUBJECT, reason=f"A file cannot be read ({fault.strerror}).")
        )
    return ()


def _members(archive: Path, kind: str, settings: Settings, gathered: _Gathered) -> list[Member]:
    """List an archive's members; why others are not read becomes issues."""
    found = members_of(archive, kind, settings)
    for each in found:
        if isinstance(each, Unopened):
            gathered.note(each)
    return [each for each in found if isinstance(each, Member)]


def _index_stream(
    stream: BinaryIO,
    head: bytes,
    path: Source,
    size: int,
    settings: Settings,
    gathered: _Gathered,
    pool: ThreadPoolExecutor,
) -> None:
    if not may_be_dicom(head[:HEAD_BYTES]) or is_directory_record(head):
        gathered.skipped += 1
        try:
            refuse_nested(path, head)
        except NestedArchiveError as fault:
            gathered.issues.append(codes.NESTED_ARCHIVE.about(SUBJECT, reason=fault))
        return
    source: bytes | BinaryIO
    if size <= _WHOLE_IN_MEMORY_BYTES:
        source = head + stream.read()
        hashes = _hashing(source, settings, pool)
    else:
        stream.seek(0)
        known = _digest(stream), _content_of_large(stream, settings)
        stream.seek(0)
        source, hashes = stream, lambda: known
    if is_other_format_too(head):
        gathered.other_formats += 1
    _index_dicom(source, path, hashes, settings, gathered, has_prefix=has_preamble(head))


def _hashing(data: bytes, settings: Settings, pool: ThreadPoolExecutor) -> Callable[[], tuple[str, str]]:
    """Begin to hash a file and its content; calling what is returned waits for both."""
    if len(data) < _HASHED_ASIDE_BYTES:
        known = hashlib.sha256(data).hexdigest(), content_hash(data, settings)
        return lambda: known
    of_bytes = pool.submit(lambda: hashlib.sha256(data).hexdigest())
    of_content = pool.submit(digest_of, content_parts(data, settings))
    return lambda: (of_bytes.result(), of_content.result())


def _content_of_large(stream: BinaryIO, settings: Settings) -> str:
    """Content hash of a file that is not read into memory; empty where it cannot be mapped, as in an archive."""
    try:
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return content_hash(mapped, settings)
    except (OSError, ValueError, BufferError):
        return ""


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _index_dicom(
    source: bytes | BinaryIO,
    path: Source,
    hashes: Callable[[], tuple[str, str]],
    settings: Settings,
    gathered: _Gathered,
    *,
    has_prefix: bool,
) -> None:
    try:
        dataset = parse(source, header_only=True, settings=settings)
        file = read_header(dataset, path, "")
    except InputDataError as fault:
        _note_broken(fault.found, hashes()[0], gathered, has_prefix=has_prefix)
        return
    except PARSE_FAULTS as fault:
        _note_broken(f"A DICOM file is broken: {describe(fault)}.", hashes()[0], gathered, has_prefix=has_prefix)
        return
    sha256, content = hashes()
    file = replace(file, sha256=sha256, content_hash=content)
    if not (file.sop_class_uid.startswith(_DICOM_UID_ROOT) or (has_prefix and file.sop_class_uid)):
        _note_broken("A DICOM file names no SOP Class.", sha256, gathered, has_prefix=has_prefix)
    elif is_cut_short(dataset) and file.kind is not FileKind.STRUCTURE_SET:  # those say themselves what is wrong
        _note_broken("A DICOM file is cut short inside an element.", sha256, gathered, has_prefix=has_prefix)
    else:
        gathered.files.append(file)
        if oddity := encoding_fault(dataset):
            gathered.oddities[oddity] += 1


def _note_broken(found: str, sha256: str, gathered: _Gathered, *, has_prefix: bool) -> None:
    """Make an issue of a broken file; without the DICOM prefix it was hardly one, and is only counted."""
    if not has_prefix:
        gathered.skipped += 1
        return
    gathered.issues.append(codes.FILE_BROKEN.about(SUBJECT, found=found, sha256=sha256[:12]))


def _nothing_found(gathered: _Gathered) -> InputDataError:
    count = gathered.looked_at
    if linked := next((issue.text for issue in gathered.issues if issue.code == "linked-folders"), ""):
        where = f"None of {count} files is a readable DICOM file." if count else "The folder holds no file of its own."
        return NoInputError(f"{where} {linked}", "give the real folder that a link leads to.")
    if gathered.issues:
        return NoInputError(
            f"None of {count} files is a readable DICOM file. {gathered.issues[0].text}", "export the plan again."
        )
    where = f"None of {count} files is DICOM." if count else "The folder is empty."
    return NoInputError(where, "give the folder that holds the exported structure set and its images.")


def _grouped(gathered: _Gathered) -> FileIndex:
    files, copies, encoded_anew = _without_copies(gathered.files)
    files, known_by_name = _with_patient_ids(files)
    issues = list(gathered.issues)
    if known_by_name:
        issues.append(codes.PATIENT_ID_MISSING.about(SUBJECT, files=known_by_name))
    if copies:
        issues.append(codes.IDENTICAL_COPIES.about(SUBJECT, copies=copies))
    if encoded_anew:
        issues.append(codes.COPIES_ENCODED_ANEW.about(SUBJECT, copies=encoded_anew))
    if gathered.other_formats:
        issues.append(codes.PREAMBLE_OF_OTHER_FORMAT.about(SUBJECT, files=gathered.other_formats))
    issues += [
        codes.TRANSFER_SYNTAX_WRONG.about(SUBJECT, files=count, oddity=oddity)
        for oddity, count in gathered.oddities.items()
    ]
    issues += _clashes(files)
    groups: dict[FileKind, list[IndexedFile]] = {kind: [] for kind in FileKind}
    for file in files:
        groups[file.kind].append(file)
    return FileIndex(
        structure_sets=tuple(groups[FileKind.STRUCTURE_SET]),
        plans=tuple(groups[FileKind.PLAN]),
        images=tuple(groups[FileKind.IMAGE]),
        registrations=tuple(groups[FileKind.REGISTRATION]),
        others=tuple(groups[FileKind.OTHER]),
        files_read=len(gathered.files),
        files_skipped=gathered.skipped,
        issues=tuple(sorted(issues)),
    )


def _without_copies(files: Iterable[IndexedFile]) -> tuple[list[IndexedFile], int, int]:
    """Keep one file of each content; say how many were copies byte by byte, and how many were encoded anew."""
    ordered = sorted(files, key=lambda file: (file.sop_instance_uid, file.sha256, str(file.path)))
    by_bytes = {file.sha256: file for file in reversed(ordered)}
    unique = [file for file in ordered if by_bytes[file.sha256] is file]
    by_content = {(file.sop_instance_uid, file.content): file for file in reversed(unique)}
    kept = [file for file in unique if by_content[file.sop_instance_uid, file.content] is file]
    return kept, len(ordered) - len(unique), len(unique) - len(kept)


def _with_patient_ids(files: Sequence[IndexedFile]) -> tuple[list[IndexedFile], int]:
    """Give files that only name their patient the key of those with the same name and birth date and a Patient ID.

    Says how many there were. A name without a birth date, or one that stands beside two Patient IDs, ties nothing.
    """
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for file in files:
        if file.name_key and file.patient_key != file.name_key:
            keys[file.name_key].add(file.patient_key)
    done = [
        replace(file, patient_key=next(iter(keys[file.name_key])))
        if file.patient_key == file.name_key and len(keys.get(file.name_key, ())) == 1
        else file
        for file in files
    ]
    return done, sum(one is not file for one, file in zip(done, files, strict=True))


def _clashes(files: Iterable[IndexedFile]) -> list[Issue]:
    """One SOP Instance UID on files that differ."""
    clashing = [count for uid, count in Counter(file.sop_instance_uid for file in files).items() if uid and count > 1]
    if not clashing:
        return []
    return [codes.INSTANCE_UID_CLASH.about(SUBJECT, uids=len(clashing), files=sum(clashing))]
