"""The ledger: one SQLite file in the output folder that knows what was seen and what came of it.

Every plan's end is one transaction, so that a run can be stopped at any moment. Nothing in it identifies anybody:
patients, UIDs and paths are keyed hashes, whose key lies beside it in a file of its own; paths themselves live only in
a temporary table that ends with the run. Only the results of pairs hold names, where that was asked for. Knows SQL;
knows no DICOM.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import zlib
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.batch.results import PlanResult, RecordSummary
from rtcomplexity.closing import Closing
from rtcomplexity.errors import NoInputError, UsageError, os_reason
from rtcomplexity.sources.member import MEMBER_SEPARATOR
from rtcomplexity.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LEDGER_FILE: Final = "ledger.sqlite"
KEY_FILE: Final = "ledger.key"
PLAN_COLUMNS: Final = (
    "key", "status", "code", "reason", "plan_id", "verdict", "t", "record", "patient", "file_count", "wall_s", "cpu_s",
    "peak_bytes", "face",
)  # fmt: skip
"""Of table ``plans``, as :class:`PlanRow` names them."""
_KEY_BYTES: Final = 32
_LEAST_KEY_BYTES: Final = 16
_MOST_KEY_BYTES: Final = 64
"""BLAKE2b takes no longer key."""
_DIGEST_BYTES: Final = 16
_PROBE_FILE: Final = ".probe.sqlite"
_PRIMARY: Final = 0xFF
_DISK_CODES: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY})
_SCHEMA_VERSION: Final = 3
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, seen INTEGER, kind TEXT, reason TEXT, code TEXT,
    sha256 TEXT, instance BLOB, patient BLOB, study BLOB, series BLOB, content TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_content ON files (content, sha256);
CREATE INDEX IF NOT EXISTS by_patient ON files (patient, kind);
CREATE INDEX IF NOT EXISTS by_study ON files (study);
CREATE INDEX IF NOT EXISTS by_series ON files (series);
CREATE INDEX IF NOT EXISTS by_kind ON files (kind, sha256);
CREATE TABLE IF NOT EXISTS frames (path BLOB, frame BLOB, PRIMARY KEY (path, frame)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_frame ON frames (frame);
CREATE TABLE IF NOT EXISTS refs (path BLOB, uid BLOB, PRIMARY KEY (path, uid)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_uid ON refs (uid);
CREATE TABLE IF NOT EXISTS plans (
    key TEXT PRIMARY KEY, seen INTEGER, stats TEXT, input TEXT, options TEXT, status TEXT, code TEXT, reason TEXT,
    plan_id TEXT, verdict TEXT, t REAL, metrics TEXT, record BLOB, patient BLOB, instance BLOB, file_count INTEGER,
    wall_s REAL, cpu_s REAL, peak_bytes INTEGER, face INTEGER, run INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY, software TEXT, engine TEXT, workers INTEGER, files INTEGER, discovery_s REAL, plans_s REAL,
    done INTEGER, assessed INTEGER, refused INTEGER);
CREATE INDEX IF NOT EXISTS by_instance ON plans (instance);
CREATE TABLE IF NOT EXISTS pairs (
    key BLOB PRIMARY KEY, stats TEXT, options TEXT, status TEXT, code TEXT, reason TEXT, content BLOB, wall_s REAL,
    cpu_s REAL, peak_bytes INTEGER, run INTEGER) WITHOUT ROWID;
"""
_MOST_BOUND: Final = 30_000
"""Values that one query of SQLite may bind."""
_TEMPORARY: Final = """
PRAGMA temp_store = FILE;
CREATE TEMP TABLE paths (path BLOB PRIMARY KEY, text BLOB) WITHOUT ROWID;
CREATE INDEX temp.by_text ON paths (text);
CREATE TEMP TABLE claimed (claim INTEGER, plan TEXT, course BLOB, PRIMARY KEY (claim, plan));
CREATE INDEX temp.by_plan ON claimed (plan);
CREATE INDEX temp.by_course ON claimed (course);
"""


class FileRow(NamedTuple):
    """What the ledger keeps of one file; every name in it is a keyed hash."""

    path: bytes
    size: int
    mtime: int
    kind: str
    reason: str = ""
    code: str = ""
    sha256: str = ""
    instance: bytes = b""
    patient: bytes = b""
    study: bytes = b""
    series: bytes = b""
    content: str = ""
    """Of a structure set: what is the same however it is encoded."""


class Member(NamedTuple):
    """One file of a plan, with where it lies now."""

    path: bytes
    text: str
    size: int
    mtime: int
    sha256: str


class Standing(NamedTuple):
    """What the end of a plan or of a pair was reached with."""

    stats: str
    """Over names, sizes and times of its files, as discovery saw them."""
    input: str
    """Over the sorted SHA-256 of its files; empty where they are not known, and for pairs."""
    options: str
    """Over options, profile, settings and version."""


class Claimed(NamedTuple):
    """A row of the claims file that met a plan."""

    claim: int
    course: str
    """Keyed hash of patient and course."""
    sharing: int
    """Rows with the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """What the ledger keeps of one plan."""

    key: str
    standing: Standing
    outcome: Outcome
    patient: bytes
    instance: bytes
    file_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One plan as reports need it."""

    key: str
    status: Status
    code: str
    reason: str
    plan_id: str | None
    verdict: str | None
    t: float | None
    result: PlanResult | None
    """None where the plan was not assessed."""
    patient: str
    claims: tuple[Claimed, ...]
    versions: int
    """Plans of this run whose structure set has the same SOP Instance UID, this one among them."""
    file_count: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    face: int
    """Whether the pictures of its evidence may show a face."""


@contextmanager
def opened_ledger(folder: Path, key_file: Path | None = None) -> Iterator[Ledger]:
    """Open the ledger in a folder; where nothing is found to keep, nothing of it stays.

    Raises
    ------
    UsageError
        If the folder or the ledger cannot be written, then or later (what was written before stands), or the key file
        holds another key than that of the results there.
    """
    try:
        ledger = Ledger(folder, key_file)
    except OSError as fault:
        raise _unwritable(os_reason(fault)) from fault
    try:
        with ledger:
            yield ledger
    except NoInputError:
        ledger.discard()
        raise
    except sqlite3.Error as fault:
        if getattr(fault, "sqlite_errorcode", 0) & _PRIMARY not in _DISK_CODES:
            raise
        raise _unwritable(str(fault)) from fault


def _unwritable(why: str) -> UsageError:
    expected = "room and permission; the same command then goes on where this one stopped"
    return UsageError("--out", f"a ledger that cannot be written ({why})", expected)


class Ledger(Closing):
    """The open ledger; one run at a time has it."""

    def __init__(self, folder: Path, key_file: Path | None = None) -> None:
        made = [path for path in (folder / LEDGER_FILE, folder / KEY_FILE, key_file) if path and not path.exists()]
        self._made = (*made, *(path for path in (folder, *folder.parents) if not path.exists()))
        given = None if key_file is None else _read_or_make_key(key_file)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = _own_key(folder / KEY_FILE, given)
        self.journal = probe_journal(folder)
        self._database = _open(folder / LEDGER_FILE, self.journal)
        self.run = 1 + int(self._one("SELECT coalesce(max(run), 0) FROM runs") or 0)
        self._database.execute("INSERT INTO runs (run) VALUES (?)", (self.run,))
        self._database.commit()

    def close(self) -> None:
        """Write what is left and let others open it."""
        with closing(self._database):
            self._database.commit()

    def discard(self) -> None:
        """Remove the files and folders that opening it made; what was there before stays."""
        for path in self._made:
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()

    def hashed(self, text: str) -> bytes:
        """Keyed hash of a name, UID or path; empty stays empty."""
        if not text:
            return b""
        data = text.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(data, key=self._key, digest_size=_DIGEST_BYTES).digest()

    # Files

    def note_path(self, path: bytes, text: str) -> None:
        """Remember where a file lies, for this run alone."""
        self._database.execute("INSERT OR REPLACE INTO temp.paths VALUES (?, ?)", (path, os.fsencode(text)))

    def is_known(self, path: bytes, size: int, mtime: int) -> bool:
        """Whether a file is as it was; it is then marked as seen."""
        changed = self._database.execute(
            "UPDATE files SET seen = ? WHERE path = ? AND size = ? AND mtime = ?", (self.run, path, size, mtime)
        )
        return changed.rowcount == 1

    def put_file(self, row: FileRow, frames: Iterable[bytes] = (), references: Iterable[bytes] = ()) -> None:
        """Keep what was read of a file."""
        for table in ("frames", "refs"):
            self._database.execute(f"DELETE FROM {table} WHERE path = ?", (row.path,))  # noqa: S608 -- our own names
        self._database.execute(
            "INSERT OR REPLACE INTO files (path, size, mtime, kind, reason, code, sha256, instance, patient, study,"
            " series, content, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, self.run),
        )
        self._database.executemany("INSERT OR IGNORE INTO frames VALUES (?, ?)", ((row.path, each) for each in frames))
        self._database.executemany(
            "INSERT OR IGNORE INTO refs VALUES (?, ?)", ((row.path, each) for each in references)
        )

    def commit(self) -> None:
        """Make everything up to here last."""
        self._database.commit()

    def has_files(self) -> bool:
        """Whether an earlier run left anything."""
        return self._one("SELECT 1 FROM files LIMIT 1") is not None

    def forget_unseen(self) -> None:
        """Drop the files that are no longer there."""
        for table in ("frames", "refs"):
            self._database.execute(
                f"DELETE FROM {table} WHERE path IN (SELECT path FROM files WHERE seen <> ?)",  # noqa: S608
                (self.run,),
            )
        self._database.execute("DELETE FROM files WHERE seen <> ?", (self.run,))
        self._database.commit()

    def structure_sets(self) -> Iterator[FileRow]:
        """All structure sets by SHA-256, each content once, however often and however encoded it lies there."""
        columns = ", ".join(FileRow._fields)
        last = ""
        query = f"""
            SELECT {columns}, min(path) FROM files WHERE kind = 'structure set' AND sha256 > ? AND NOT EXISTS (
                SELECT 1 FROM files AS other WHERE other.content = files.content AND other.sha256 < files.sha256
            ) GROUP BY sha256 LIMIT 64"""  # noqa: S608 -- our own names
        while rows := self._database.execute(query, (last,)).fetchall():
            for row in rows:
                yield FileRow(*row[:-1])
            last = rows[-1][FileRow._fields.index("sha256")]

    def count_structure_sets(self) -> int:
        """How many plans there are."""
        return int(self._one("SELECT count(DISTINCT content) FROM files WHERE kind = 'structure set'") or 0)

    def count_sources(self) -> tuple[int, int, int, int]:
        """Structure sets, the patients they name, how many name none, and named patients who have images alone."""
        query = """
            SELECT count(*), count(DISTINCT nullif(patient, x'')), coalesce(sum(patient = x''), 0), (
                SELECT count(*) FROM (SELECT patient FROM files WHERE kind = 'image' AND patient <> x''
                EXCEPT SELECT patient FROM files WHERE kind = 'structure set')
            ) FROM (SELECT min(patient) AS patient FROM files WHERE kind = 'structure set' GROUP BY content)"""
        sets, patients, nameless, without_set = self._database.execute(query).fetchone()
        return sets, patients, nameless, without_set

    def place_of(self, key: str) -> str:
        """Where the structure set of a plan lies in this run, or the first of its copies; empty where it is gone."""
        query = """
            SELECT text FROM files JOIN temp.paths USING (path)
            WHERE kind = 'structure set' AND sha256 = ? ORDER BY text LIMIT 1"""
        row = self._database.execute(query, (key,)).fetchone()
        return "" if row is None else os.fsdecode(row[0])

    def broken_places(self) -> dict[str, str]:
        """Where what could not be read lies in this run, by the keyed path."""
        query = "SELECT lower(hex(path)), text FROM files JOIN temp.paths USING (path) WHERE kind = 'broken'"
        return {path: os.fsdecode(text) for path, text in self._database.execute(query)}

    def broken_files(self) -> Iterator[tuple[str, str, str]]:
        """(first digits of the keyed path, code, reason) of files that say they are DICOM and cannot be read."""
        query = "SELECT hex(path), code, reason FROM files WHERE kind = 'broken' ORDER BY code, path"
        for path, code, reason in self._database.execute(query):
            yield str(path).lower(), code, reason

    def count_broken(self) -> int:
        """How many files say they are DICOM and cannot be read, or could not be looked at."""
        return int(self._one("SELECT count(*) FROM files WHERE kind = 'broken'"))

    def lacks_references(self, path: bytes) -> bool:
        """Whether a structure set references a series of which no file is there."""
        query = "SELECT 1 FROM refs WHERE path = ? AND uid NOT IN (SELECT series FROM files) LIMIT 1"
        return self._database.execute(query, (path,)).fetchone() is not None

    def frames_of(self, path: bytes) -> set[bytes]:
        """Frames of reference that a file is in, references or relates."""
        return {row[0] for row in self._database.execute("SELECT frame FROM frames WHERE path = ?", (path,))}

    def registrations_of(self, patient: bytes) -> list[tuple[bytes, set[bytes]]]:
        """Registrations of a patient with the frames each relates."""
        query = "SELECT path FROM files WHERE kind = 'registration' AND patient IN (?, x'') ORDER BY path"
        found = self._database.execute(query, (patient,)).fetchall()
        return [(path, self.frames_of(path)) for (path,) in found]

    def members(self, query: str, values: Sequence[object]) -> list[Member]:
        """Files that a condition on ``files`` (from our own code; values are bound) picks, with where they lie."""
        found = self._database.execute(
            "SELECT files.path, text, size, mtime, sha256 FROM files JOIN temp.paths USING (path)"  # noqa: S608
            f" WHERE {query} ORDER BY files.path",
            tuple(values),
        )
        return [Member(path, os.fsdecode(text), *rest) for path, text, *rest in found]

    def images_beside(self, path: bytes) -> list[Member]:
        """Images in a file's own folder or archive, or below it, where they are all of one patient; else none."""
        row = self._database.execute("SELECT text FROM temp.paths WHERE path = ?", (path,)).fetchone()
        archive, separator, _ = row[0].partition(MEMBER_SEPARATOR.encode())
        folder = archive + separator if separator else os.path.dirname(archive) + os.sep.encode()  # noqa: PTH120 -- bytes
        images = self.members("text >= ? AND text < ? AND +kind = 'image'", (folder, folder + b"\xff"))
        marks = ", ".join("?" * min(len(images), _MOST_BOUND))
        query = f"SELECT count(DISTINCT patient) FROM files WHERE path IN ({marks})"  # noqa: S608 -- bound values
        patients = self._database.execute(query, [image.path for image in images[:_MOST_BOUND]]).fetchone()[0]
        return images if patients == 1 else []

    # Plans

    def standing(self, key: str) -> tuple[Standing, Status] | None:
        """What a plan that ended in an earlier run was reached with, and how it ended."""
        query = "SELECT stats, input, options, status FROM plans WHERE key = ?"
        row = self._database.execute(query, (key,)).fetchone()
        return None if row is None else (Standing(*row[:3]), Status(row[3]))

    def keep(self, key: str, stats: str) -> None:
        """Mark a plan that stands as part of this run."""
        self._database.execute("UPDATE plans SET seen = ?, stats = ? WHERE key = ?", (self.run, stats, key))

    def claim(self, row: int, key: str, course: bytes) -> None:
        """Tie a row of the claims file to a plan, for this run alone."""
        self._database.execute("INSERT OR REPLACE INTO temp.claimed VALUES (?, ?, ?)", (row, key, course))

    def put_plan(self, entry: PlanEntry, hashes: Iterable[tuple[bytes, str]]) -> None:
        """Keep a plan's end and the hashes of its files, in one transaction."""
        outcome = entry.outcome
        text, tree = outcome.content.get("record"), outcome.content.get("summary")
        summary = None if tree is None else RecordSummary.from_tree(tree)
        row = (
            entry.key, self.run, *entry.standing, outcome.status.value, outcome.code, outcome.reason,
            *_columns(summary), None if text is None else zlib.compress(text.encode()), entry.patient, entry.instance,
            entry.file_count, outcome.wall_s, outcome.cpu_s, outcome.peak_bytes,
            bool(outcome.content.get("may_show_face")), self.run,
        )  # fmt: skip
        self._database.executemany(
            "UPDATE files SET sha256 = ? WHERE path = ?", ((sha256, path) for path, sha256 in hashes)
        )
        marks = ", ".join("?" * len(row))
        self._database.execute(f"INSERT OR REPLACE INTO plans VALUES ({marks})", row)  # noqa: S608
        self._database.commit()

    def plans(self) -> Iterator[PlanRow]:
        """Every plan of this run, by key, one in memory at a time."""
        columns = ", ".join(PLAN_COLUMNS)
        query = f"SELECT {columns} FROM plans WHERE seen = ? ORDER BY key"  # noqa: S608 -- our own names
        with closing(self._database.cursor()) as cursor:
            for row in cursor.execute(query, (self.run,)):
                values = dict(zip(PLAN_COLUMNS, row, strict=True))
                packed = values.pop("record")
                yield PlanRow(
                    **{
                        **values,
                        "status": Status(values["status"]),
                        "result": None if packed is None else PlanResult.parse(zlib.decompress(packed).decode()),
                        "patient": values["patient"].hex(),
                        "claims": self._claims_of(values["key"]),
                        "versions": self._versions_of(values["key"]),
                    }
                )

    def _claims_of(self, key: str) -> tuple[Claimed, ...]:
        query = """
            SELECT claim, lower(hex(course)),
                (SELECT count(DISTINCT claim) FROM temp.claimed AS other WHERE other.course = one.course)
            FROM temp.claimed AS one WHERE plan = ? ORDER BY claim"""
        return tuple(Claimed(*row) for row in self._database.execute(query, (key,)))

    def _versions_of(self, key: str) -> int:
        query = """
            SELECT count(*) FROM plans AS other JOIN plans AS one USING (instance)
            WHERE one.key = ? AND other.seen = ? AND one.instance <> x''"""
        return max(1, int(self._database.execute(query, (key, self.run)).fetchone()[0]))

    def counts(self) -> dict[str, int]:
        """Plans of this run by status."""
        query = "SELECT status, count(*) FROM plans WHERE seen = ? GROUP BY status"
        return dict(self._database.execute(query, (self.run,)).fetchall())

    def verdicts(self) -> dict[str, int]:
        """Assessed plans of this run by verdict."""
        query = "SELECT verdict, count(*) FROM plans WHERE seen = ? AND verdict IS NOT NULL GROUP BY verdict"
        return dict(self._database.execute(query, (self.run,)).fetchall())

    def metric_names(self) -> tuple[list[str], list[str]]:
        """Metrics that occur in this run: of gross targets, and of ROIs."""
        target: set[str] = set()
        rois: set[str] = set()
        query = "SELECT DISTINCT metrics FROM plans WHERE seen = ? AND metrics IS NOT NULL"
        for (names,) in self._database.execute(query, (self.run,)):
            of_target, of_rois = json.loads(names)
            target.update(of_target)
            rois.update(of_rois)
        return sorted(target), sorted(rois)

    def plan_ids(self) -> set[str]:
        """``plan.id`` of every assessed plan of this run."""
        query = "SELECT plan_id FROM plans WHERE seen = ? AND plan_id IS NOT NULL"
        return {row[0] for row in self._database.execute(query, (self.run,))}

    def verdicts_by_set(self) -> dict[str, int]:
        """Verdicts of this run, structure sets of one SOP Instance UID counted once: as supports if any version is."""
        best = """
            CASE WHEN max(verdict = 'supports') THEN 'supports' WHEN max(verdict = 'indeterminate') THEN 'indeterminate'
            WHEN max(verdict = 'rejects') THEN 'rejects' ELSE 'insufficient_evidence' END"""
        one_each = "CASE WHEN instance = x'' THEN key ELSE hex(instance) END"
        query = f"""
            SELECT best, count(*) FROM (
                SELECT {best} AS best FROM plans WHERE seen = ? AND verdict IS NOT NULL GROUP BY {one_each}
            ) GROUP BY best"""  # noqa: S608 -- our own words
        return dict(self._database.execute(query, (self.run,)).fetchall())

    def shared_courses(self) -> int:
        """How many courses of a patient more than one row of the claims file is for."""
        query = "SELECT count(*) FROM (SELECT 1 FROM temp.claimed GROUP BY course HAVING count(DISTINCT claim) > 1)"
        return int(self._one(query))

    def claimed_rows(self) -> set[int]:
        """Rows of the claims file that met a plan."""
        return {row[0] for row in self._database.execute("SELECT claim FROM temp.claimed")}

    def history(self) -> list[dict[str, Any]]:
        """What is known of every run, oldest first."""
        cursor = self._database.execute("SELECT * FROM runs ORDER BY run")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    # Pairs

    def pair_standing(self, key: bytes) -> tuple[Standing, Status] | None:
        """What a pair that ended was reached with, and how it ended."""
        row = self._database.execute("SELECT stats, options, status FROM pairs WHERE key = ?", (key,)).fetchone()
        return None if row is None else (Standing(row[0], "", row[1]), Status(row[2]))

    def put_pair(self, key: bytes, standing: Standing, outcome: Outcome) -> None:
        """Keep a pair's end, in one transaction."""
        row = (
            key, standing.stats, standing.options, outcome.status.value, outcome.code, outcome.reason,
            zlib.compress(json.dumps(outcome.content).encode()), outcome.wall_s, outcome.cpu_s, outcome.peak_bytes,
            self.run,
        )  # fmt: skip
        self._database.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._database.commit()

    def pair(self, key: bytes) -> Outcome:
        """How a pair ended.

        Raises
        ------
        KeyError
            If it has no end.
        """
        query = "SELECT status, code, reason, content FROM pairs WHERE key = ?"
        row = self._database.execute(query, (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        status, code, reason, content = row
        return Outcome(status=Status(status), code=code, reason=reason, content=json.loads(zlib.decompress(content)))

    # Runs

    def end_run(self, **facts: object) -> None:
        """Keep what is known of this run."""
        columns = ", ".join(f"{name} = ?" for name in facts)
        self._database.execute(f"UPDATE runs SET {columns} WHERE run = ?", (*facts.values(), self.run))  # noqa: S608
        self._database.commit()

    def _one(self, query: str) -> Any:  # noqa: ANN401 -- whatever SQLite holds
        row = self._database.execute(query).fetchone()
        return None if row is None else row[0]


def probe_journal(folder: Path) -> str:
    """Try whether the disk keeps a write-ahead log; name the journal to use.

    Network disks without shared memory or locks fail the probe: there an ordinary journal serves.
    """
    probe = folder / _PROBE_FILE
    _remove(probe)
    try:
        with closing(sqlite3.connect(probe)) as writer, closing(sqlite3.connect(probe)) as reader:
            mode = writer.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            writer.execute("CREATE TABLE probe (x)")
            writer.execute("INSERT INTO probe VALUES (1)")
            writer.commit()
            is_good = mode == "wal" and reader.execute("SELECT x FROM probe").fetchone() == (1,)
    except sqlite3.Error:
        is_good = False
    finally:
        _remove(probe)
    return "wal" if is_good else "truncate"


def _open(path: Path, journal: str) -> sqlite3.Connection:
    try:
        path.touch(mode=0o600)
        database = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute(f"PRAGMA journal_mode = {journal}")
        database.execute(f"PRAGMA synchronous = {'NORMAL' if journal == 'wal' else 'FULL'}")
        _drop_older(database)
        database.executescript(_SCHEMA)
        database.executescript(_TEMPORARY)
        database.execute("BEGIN IMMEDIATE")
        database.commit()
    except (sqlite3.Error, OSError) as fault:
        expected = "a folder that can be written and that no other run is using"
        raise UsageError("--out", f"a ledger that cannot be opened ({fault})", expected) from fault
    return database


def _drop_older(database: sqlite3.Connection) -> None:
    """Forget files and plans of a ledger with other columns: they are read and assessed again."""
    if database.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA_VERSION:
        for table in ("files", "frames", "refs", "plans"):
            database.execute(f"DROP TABLE IF EXISTS {table}")
        database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _own_key(path: Path, given: bytes | None) -> bytes:
    """Key of the results in a folder: the given one, which is copied there, or one of its own."""
    if given is None:
        return _read_or_make_key(path)
    if not path.exists():
        write_whole(path, given)
    if path.read_bytes() != given:
        raise UsageError("--key-file", "another key than that of the results in --out", "their key, or a new --out")
    return given


def _read_or_make_key(path: Path) -> bytes:
    if not path.exists():
        write_whole(path, secrets.token_bytes(_KEY_BYTES))
    key = path.read_bytes()
    if not _LEAST_KEY_BYTES <= len(key) <= _MOST_KEY_BYTES:
        expected = f"{_LEAST_KEY_BYTES} to {_MOST_KEY_BYTES} random bytes, or a new file, which is then made"
        raise UsageError("--key-file", f"{path.name}, a file of {len(key)} bytes", expected)
    return key


def _remove(probe: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{probe}{suffix}").unlink(missing_ok=True)


def _columns(summary: RecordSummary | None) -> tuple[str | None, str | None, float | None, str | None]:
    """plan_id, verdict, t and metrics of table ``plans``."""
    if summary is None:
        return None, None, None, None
    return summary.plan_id, summary.verdict, summary.t, json.dumps([summary.target_metrics, summary.roi_metrics])
