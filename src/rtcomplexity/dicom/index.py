"""A folder tree of files, indexed by their headers in one pass, with every file's SHA-256.

Any file name will do. What is no DICOM is skipped and counted; what is DICOM but broken becomes an issue and spoils
nothing else. Folders behind links and special files are not opened. Knows nothing of what files mean to each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
from collections import Counter, defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from rtcomplexity.dicom.headers import FileKind, IndexedFile, read_header
from rtcomplexity.dicom.identity import content_before_pixels, content_hash, content_parts, digest_of, sha256_of
from rtcomplexity.dicom.parsing import (
    DEFAULTS,
    FRONT_BYTES,
    PARSE_FAULTS,
    USUAL_HEADER_BYTES,
    describe,
    encoding_fault,
    has_preamble,
    is_cut_short,
    is_directory_record,
    is_other_format_too,
    may_be_dicom,
    native_pixels,
    parse,
    parse_front,
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

    from rtcomplexity.dicom.identity import Part
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.settings import Settings
    from rtcomplexity.sources.member import Source

SUBJECT: Final = "input"
_WHOLE_IN_MEMORY_BYTES: Final = 64_000_000
_HASHED_ASIDE_BYTES: Final = 64_000
"""From this size on a file is hashed in other threads while headers are parsed: hashing needs no interpreter lock."""
_PIECE_BYTES: Final = 131_072
"""Read at once of pixels that are only hashed: few enough to stay in the processor's cache."""
_MOST_WAITING: Final = 8
"""Files whose hashes are computed in other threads while the next headers are parsed."""
_DICOM_UID_ROOT: Final = "1.2.840.10008."
_MOST_WHOLE: Final = 8
"""Files of one SOP Instance UID that the others may be cut copies of, the largest first."""
_BEGINNING: Final = "A DICOM file is cut short; a complete copy was found."


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

    waiting: deque[Callable[[], None]] = field(default_factory=deque)
    """What adds each file once it is hashed."""

    def settle(self, most: int) -> None:
        """Add files in their order until at most so many still wait for their hashes."""
        while len(self.waiting) > most:
            try:
                self.waiting.popleft()()
            except OSError as fault:
                self.note_unreadable(fault)

    def note_unreadable(self, fault: OSError) -> None:
        """Make an issue of a file that cannot be read."""
        reason = f"A file cannot be read ({fault.strerror})."
        self.issues.append(codes.FILE_UNREADABLE.about(SUBJECT, reason=reason))

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
    with ThreadPoolExecutor(2, thread_name_prefix="hash") as pool:
        while waiting:
            members = _index_file(waiting.popleft(), settings, gathered, pool)
            waiting.extendleft(reversed(members))
            gathered.settle(_MOST_WAITING)
            done += 1
            if progress is not None:
                progress(done, done + len(waiting))
        gathered.settle(0)
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
            return path.parent if is_directory_record(stream.read(FRONT_BYTES)) else path
    except OSError:
        return path  # indexing will say why


def _index_file(source: Source, settings: Settings, gathered: _Gathered, pool: ThreadPoolExecutor) -> Sequence[Member]:
    """Index one file, opened once; give the members that are to be indexed in place of an archive."""
    try:
        size = source.stat().st_size
        if isinstance(source, Member) and size > settings.max_file_bytes:  # opening it would inflate it
            gathered.issues.append(codes.FILE_TOO_LARGE.about(SUBJECT, size=size, limit=settings.max_file_bytes))
            return ()
        with contextlib.ExitStack() as closing:
            stream = closing.enter_context(source.open("rb"))
            front = stream.read(USUAL_HEADER_BYTES)
            if not isinstance(source, Member) and (kind := archive_kind_of(stream, front, source.name)):
                return _members(source, kind, settings, gathered)
            gathered.looked_at += 1
            if size > settings.max_file_bytes:
                gathered.issues.append(codes.FILE_TOO_LARGE.about(SUBJECT, size=size, limit=settings.max_file_bytes))
            elif not may_be_dicom(front) or is_directory_record(front):
                _skip(source, front, gathered)
            elif (slice_ := _uncompressed_slice(front, size, settings)) is not None:
                closing.pop_all()  # whoever hashes the rest closes it
                _index_slice(_Opened(stream, source, front, size), slice_, gathered, pool)
            else:
                _index_whole(_Opened(stream, source, front, size), settings, gathered, pool)
    except OSError as fault:
        gathered.note_unreadable(fault)
    return ()


def _members(archive: Path, kind: str, settings: Settings, gathered: _Gathered) -> list[Member]:
    """List an archive's members; why others are not read becomes issues."""
    found = members_of(archive, kind, settings)
    for each in found:
        if isinstance(each, Unopened):
            gathered.note(each)
    return [each for each in found if isinstance(each, Member)]


def _skip(source: Source, front: bytes, gathered: _Gathered) -> None:
    gathered.skipped += 1
    try:
        refuse_nested(source, front)
    except NestedArchiveError as fault:
        gathered.issues.append(codes.NESTED_ARCHIVE.about(SUBJECT, reason=fault))


class _Opened(NamedTuple):
    """A file that was opened and read as far as most headers go."""

    stream: BinaryIO
    source: Source
    front: bytes
    size: int


class _Slice(NamedTuple):
    """What the front of an uncompressed image says."""

    dataset: Dataset
    pixels_begin: int
    parts: list[Part]
    """Of its content, up to the pixels."""


def _uncompressed_slice(front: bytes, size: int, settings: Settings) -> _Slice | None:
    """Parse the front of a file that ends with native pixels beyond it, as most images do; None for any other."""
    if len(front) < USUAL_HEADER_BYTES:
        return None
    found = parse_front(front, settings)
    if found is None:
        return None
    dataset, place = found
    pixels_begin, pixel_bytes = native_pixels(front, place, is_implicit=bool(dataset.original_encoding[0]))
    if pixels_begin + pixel_bytes != size:
        return None
    parts = content_before_pixels(dataset, front, pixel_bytes, settings)
    return _Slice(dataset, pixels_begin, parts) if parts else None


def _index_slice(opened: _Opened, slice_: _Slice, gathered: _Gathered, pool: ThreadPoolExecutor) -> None:
    """Index an image whose header was read; its pixels are read in pieces, only to hash them."""
    hashing = pool.submit(_hash_rest, opened.stream, opened.front, slice_.pixels_begin, slice_.parts)
    _index_dicom(opened, lambda: slice_.dataset, hashing.result, gathered)


def _hash_rest(stream: BinaryIO, front: bytes, pixels_begin: int, parts: list[Part]) -> tuple[str, str]:
    """SHA-256 of a file of which the front was read, and of its content, from one reading of the rest."""
    of_bytes, of_content = hashlib.sha256(front), hashlib.sha256(b"".join(parts))
    of_content.update(memoryview(front)[pixels_begin:])
    piece = memoryview(bytearray(_PIECE_BYTES))
    with stream:
        while count := stream.readinto(piece):  # type: ignore[attr-defined]
            of_bytes.update(piece[:count])
            of_content.update(piece[:count])
    return of_bytes.hexdigest(), of_content.hexdigest()


def _index_whole(opened: _Opened, settings: Settings, gathered: _Gathered, pool: ThreadPoolExecutor) -> None:
    """Index a file of any other kind: read into memory unless it is too large for that."""
    stream, _, front, size = opened
    stream.seek(len(front))
    data: bytes | BinaryIO
    if size <= _WHOLE_IN_MEMORY_BYTES:
        data = front + stream.read()
        hashes = _hashing(data, settings, pool)
    else:
        stream.seek(0)
        known = sha256_of(stream), _content_of_large(stream, settings)
        stream.seek(0)
        data, hashes = stream, lambda: known
    _index_dicom(opened, lambda: parse(data, header_only=True, settings=settings), hashes, gathered)


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


def _index_dicom(
    opened: _Opened,
    parsed: Callable[[], Dataset],
    hashes: Callable[[], tuple[str, str]],
    gathered: _Gathered,
) -> None:
    """Read a file's header; what follows from it waits for the file's hashes."""
    has_prefix = has_preamble(opened.front)
    if is_other_format_too(opened.front):
        gathered.other_formats += 1
    file, fault, oddity = None, "", ""
    try:
        dataset = parsed()
        file = read_header(dataset, opened.source, "")
        fault, oddity = _fault_of(file, dataset, has_prefix=has_prefix), encoding_fault(dataset)
    except InputDataError as error:
        fault = error.found
    except PARSE_FAULTS as error:
        fault = f"A DICOM file is broken: {describe(error)}."

    def add() -> None:
        sha256, content = hashes()
        if fault or file is None:
            _note_broken(fault, sha256, gathered, has_prefix=has_prefix)
            return
        gathered.files.append(replace(file, sha256=sha256, content_hash=content))
        if oddity:
            gathered.oddities[oddity] += 1

    gathered.waiting.append(add)


def _fault_of(file: IndexedFile, dataset: Dataset, *, has_prefix: bool) -> str:
    """Say why a file whose header could be read is of no use; empty where it is."""
    if not (file.sop_class_uid.startswith(_DICOM_UID_ROOT) or (has_prefix and file.sop_class_uid)):
        return "A DICOM file names no SOP Class."
    if is_cut_short(dataset) and file.kind is not FileKind.STRUCTURE_SET:  # those say themselves what is wrong
        return "A DICOM file is cut short inside an element."
    return ""


def _note_broken(found: str, sha256: str, gathered: _Gathered, *, has_prefix: bool) -> None:
    """Make an issue of a broken file; without the DICOM prefix it was hardly one, and is only counted."""
    if not has_prefix:
        gathered.skipped += 1
        return
    gathered.issues.append(_excluded(found, sha256))


def _excluded(found: str, sha256: str) -> Issue:
    return codes.FILE_BROKEN.about(SUBJECT, found=found, sha256=sha256[:12])


def _nothing_found(gathered: _Gathered) -> InputDataError:
    count = gathered.looked_at
    if linked := next((issue.text for issue in gathered.issues if issue.code == "linked-folders"), ""):
        where = f"None of {count} files is a readable DICOM file." if count else "The folder holds no file of its own."
        return NoInputError(f"{where} {linked}", "give the real folder that a link leads to.")
    if gathered.issues:
        return NoInputError(
            f"None of {count} files is a readable DICOM file. {gathered.issues[0].text}", "export the plan again."
        )
    where = {0: "The folder is empty.", 1: "The file is not DICOM."}.get(count, f"None of {count} files is DICOM.")
    return NoInputError(where, "give the folder that holds the exported structure set and its images.")


def _grouped(gathered: _Gathered) -> FileIndex:
    files, copies, encoded_anew = _without_copies(gathered.files)
    files, cut = _without_beginnings(files)
    files, known_by_name = _with_patient_ids(files)
    issues = [*gathered.issues, *(_excluded(_BEGINNING, file.sha256) for file in cut)]
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
    issues += _people_of_one_id(files)
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
    """Keep one file of each content; say how many were copies byte by byte, and how many were re-encoded."""
    ordered = sorted(files, key=lambda file: (file.sop_instance_uid, file.sha256, str(file.path)))
    by_bytes = {file.sha256: file for file in reversed(ordered)}
    unique = [file for file in ordered if by_bytes[file.sha256] is file]
    by_content = {(file.sop_instance_uid, file.content): file for file in reversed(unique)}
    kept = [file for file in unique if by_content[file.sop_instance_uid, file.content] is file]
    return kept, len(ordered) - len(unique), len(unique) - len(kept)


def _without_beginnings(files: Sequence[IndexedFile]) -> tuple[list[IndexedFile], list[IndexedFile]]:
    """Leave out copies that were cut short: files that are the beginning of another of the same SOP Instance UID."""
    by_uid: defaultdict[str, list[IndexedFile]] = defaultdict(list)
    for file in files:
        by_uid[file.sop_instance_uid].append(file)
    cut = [file for uid, group in by_uid.items() if uid and len(group) > 1 for file in _beginnings(group)]
    left_out = {id(file) for file in cut}
    return [file for file in files if id(file) not in left_out], cut


def _beginnings(files: Sequence[IndexedFile]) -> list[IndexedFile]:
    """Files that are the beginning of one of the largest among them: comparing each with all would be quadratic."""
    sizes = {id(file): _size(file) for file in files}
    largest = sorted(files, key=lambda file: -sizes[id(file)])[:_MOST_WHOLE]
    return [one for one in files if any(sizes[id(one)] < sizes[id(whole)] and _begins(one, whole) for whole in largest)]


def _size(file: IndexedFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0  # its reader will say so


def _begins(one: IndexedFile, other: IndexedFile) -> bool:
    """Whether all of a file stands at the beginning of another."""
    try:
        with one.path.open("rb") as short, other.path.open("rb") as whole:
            while piece := short.read(_PIECE_BYTES):
                if whole.read(len(piece)) != piece:
                    return False
    except OSError:
        return False  # its reader will say so
    return True


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


def _people_of_one_id(files: Iterable[IndexedFile]) -> list[Issue]:
    """Name and birth date both differ under one Patient ID; either alone is often written in several ways."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    for file in files:
        if file.name_key and file.patient_key != file.name_key:
            people[file.patient_key].add(file.name_key)
    counts = [len(_differing(names)) for names in people.values()]
    return [codes.PATIENT_DETAILS_DIFFER.about(SUBJECT, people=count) for count in counts if count]


def _differing(names: Iterable[str]) -> set[str]:
    """Names with birth dates that share neither with some other."""
    parts = {each: each.rpartition("|")[::2] for each in names}
    pairs = combinations(parts, 2)
    return {each for pair in pairs if all(a != b for a, b in zip(*map(parts.get, pair), strict=True)) for each in pair}


def _clashes(files: Iterable[IndexedFile]) -> list[Issue]:
    """One SOP Instance UID on files that differ."""
    clashing = [count for uid, count in Counter(file.sop_instance_uid for file in files).items() if uid and count > 1]
    if not clashing:
        return []
    return [codes.INSTANCE_UID_CLASH.about(SUBJECT, uids=len(clashing), files=sum(clashing))]
