"""A DIMSE archive (C-FIND, C-GET, C-MOVE), by pynetdicom. The only module that knows it.

C-GET first, over the same association; where the archive refuses it, C-MOVE to a receiver of our own that is open only
while a series is moved.
"""

from __future__ import annotations

import re
import socket
import tempfile
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydicom.dataset import Dataset

from rtcomplexity.archive.query import Archive, Query, Series, Study
from rtcomplexity.dicom.sop_classes import CLASSIC_IMAGES, ENHANCED_IMAGES, PLANS, REGISTRATIONS, STRUCTURE_SET
from rtcomplexity.errors import ArchiveError, MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.settings import Settings

_WAIT_S: Final = 30
_OUT_OF_RESOURCES: Final = 0xA700
_PENDING: Final = frozenset({0xFF00, 0xFF01})
STORAGE: Final = tuple(sorted({*CLASSIC_IMAGES, *ENHANCED_IMAGES, *PLANS, *REGISTRATIONS, STRUCTURE_SET}))
SYNTAXES: Final = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91",
)  # fmt: skip
_AE: Final = re.compile(r"[\x21-\x5b\x5d-\x7e][\x20-\x5b\x5d-\x7e]{0,15}")
_ASK: Final = "ask the PACS administrator to register the calling AE title, and which called AE title and port to use."


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """An archive and who asks it."""

    host: str
    port: int
    called: str
    calling: str
    move_to: tuple[str, int] | None = None
    """AE title and port of our own receiver, as the archive has them registered."""


def parse_peer(address: str, called: str, calling: str, move_to: str | None) -> Peer:
    """Read the options of the command line.

    Raises
    ------
    UsageError
        If one of them is no address or no AE title.

    Examples
    --------
    >>> parse_peer("pacs.example:104", "PACS", "RTCOMPLEXITY", "RTCOMPLEXITY@11112").move_to
    ('RTCOMPLEXITY', 11112)
    """
    host, _, port = address.rpartition(":")
    for option, title in (("--called", called), ("--calling", calling)):
        if not _AE.fullmatch(title):
            raise UsageError(option, title, "an AE title: up to 16 letters, digits and signs, no backslash")
    if not host:
        raise UsageError("--dimse", address, "HOST:PORT")
    own = None
    if move_to is not None:
        title, _, own_port = move_to.rpartition("@")
        if not _AE.fullmatch(title):
            raise UsageError("--move-to", move_to, "AET@PORT, such as RTCOMPLEXITY@11112")
        own = title, _port("--move-to", own_port)
    return Peer(host=host.strip("[]"), port=_port("--dimse", port), called=called, calling=calling, move_to=own)


def _port(option: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UsageError(option, text, "a port from 1 to 65535")
    return int(text)


class Dimse(Archive):
    """An archive queried over DIMSE, with a new association for each query."""

    def __init__(self, peer: Peer, settings: Settings) -> None:
        self._peer, self._settings, self._net = peer, settings, pynetdicom()
        self._can_get = True

    def close(self) -> None:
        """Nothing stays open between questions."""

    def studies(self, query: Query) -> list[Study]:
        """Studies that fit a query."""
        asked = {
            "PatientID": query.patient_id,
            "AccessionNumber": query.accession_number,
            "StudyInstanceUID": query.study_uid,
            "StudyDate": "",
        }
        if query.structure_set_uid:
            rows = self._find("IMAGE", {**asked, "SeriesInstanceUID": "", "SOPInstanceUID": query.structure_set_uid})
            rows = [row for row in rows if _value(row, "SOPInstanceUID") == query.structure_set_uid]
        else:
            rows = self._find("STUDY", asked)
        found = {
            uid: Study(study_uid=uid, patient_id=_value(row, "PatientID"), date=_value(row, "StudyDate"))
            for row in rows
            if (uid := _value(row, "StudyInstanceUID"))
        }
        return list(found.values())

    def series(self, study_uid: str) -> list[Series]:
        """All series of a study."""
        asked = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": "", "Modality": "", "SeriesDate": ""}
        wanted = {"NumberOfSeriesRelatedInstances": "", "FrameOfReferenceUID": ""}
        return [self._series(row, study_uid) for row in self._find("SERIES", {**asked, **wanted})]

    def _series(self, row: Dataset, study_uid: str) -> Series:
        count = _value(row, "NumberOfSeriesRelatedInstances")
        return Series(
            study_uid=study_uid,
            series_uid=_value(row, "SeriesInstanceUID"),
            modality=_value(row, "Modality"),
            instances=int(count) if count.isdecimal() else None,
            date=_value(row, "SeriesDate"),
            frame_of_reference_uid=_value(row, "FrameOfReferenceUID"),
        )

    def instances(self, series: Series) -> list[str]:
        """SOP Instance UIDs of a series."""
        asked = {"StudyInstanceUID": series.study_uid, "SeriesInstanceUID": series.series_uid, "SOPInstanceUID": ""}
        return [uid for row in self._find("IMAGE", asked) if (uid := _value(row, "SOPInstanceUID"))]

    def fetch(self, series: Series, sop_instance_uid: str = "") -> Iterator[bytes]:
        """Hand over the files of a series, or one of them."""
        asked = {"StudyInstanceUID": series.study_uid, "SeriesInstanceUID": series.series_uid}
        if sop_instance_uid:
            asked["SOPInstanceUID"] = sop_instance_uid
        identifier = _dataset("IMAGE" if sop_instance_uid else "SERIES", asked)
        with closing(_Inbox(self._settings)) as inbox:
            if self._can_get:
                self._can_get = self._get(identifier, inbox)
            if not self._can_get:
                self._move(identifier, inbox)
            yield from inbox.files()

    def _find(self, level: str, asked: dict[str, str]) -> list[Dataset]:
        model = self._net.sop_class.StudyRootQueryRetrieveInformationModelFind
        with self._associated([(model, ())]) as association:
            rows = []
            for status, row in association.send_c_find(_dataset(level, asked), model):
                self._check_answer(status, "C-FIND")
                if row is not None and status.Status in _PENDING:
                    rows.append(row)
                if len(rows) > self._settings.max_archive_entries:
                    raise ArchiveError(f"More than {len(rows) - 1} answers to one query.", "ask for less: --study UID.")
        return rows

    def _get(self, identifier: Dataset, inbox: _Inbox) -> bool:
        """Ask by C-GET; False where the archive has no C-GET."""
        net = self._net
        model = net.sop_class.StudyRootQueryRetrieveInformationModelGet
        roles = [net.build_role(uid, scp_role=True) for uid in STORAGE]
        contexts = [(model, ()), *((uid, SYNTAXES) for uid in STORAGE)]
        handlers = [(net.evt.EVT_C_STORE, inbox.take)]
        with self._associated(contexts, ext_neg=roles, evt_handlers=handlers) as association:
            if model not in {context.abstract_syntax for context in association.accepted_contexts}:
                return False
            for status, _ in association.send_c_get(identifier, model):
                if getattr(status, "Status", None) in {0x0122, 0x0211}:
                    return False
                self._check_answer(status, "C-GET")
        return True

    def _move(self, identifier: Dataset, inbox: _Inbox) -> None:
        if self._peer.move_to is None:
            raise ArchiveError(
                "The archive does not answer C-GET.",
                "register an AE title and port for this machine there, and give it as --move-to AET@PORT.",
            )
        net, (title, port) = self._net, self._peer.move_to
        model = net.sop_class.StudyRootQueryRetrieveInformationModelMove
        entity = storage_entity(title)
        try:
            server = entity.start_server(("", port), block=False, evt_handlers=[(net.evt.EVT_C_STORE, inbox.take)])
        except OSError as fault:
            raise UsageError("--move-to", f"port {port} ({fault.strerror})", "a port that is free") from fault
        try:
            with self._associated([(model, ())]) as association:
                for status, _ in association.send_c_move(identifier, title, model):
                    self._check_answer(status, "C-MOVE")
        finally:
            server.shutdown()

    @contextmanager
    def _associated(self, contexts: list[tuple[str, tuple[str, ...]]], **options: Any) -> Iterator[Any]:  # noqa: ANN401
        peer = self._peer
        entity = self._net.AE(ae_title=peer.calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = _WAIT_S
        for uid, syntaxes in contexts:
            entity.add_requested_context(uid, list(syntaxes)) if syntaxes else entity.add_requested_context(uid)
        _check_port(peer)
        association = entity.associate(peer.host, peer.port, ae_title=peer.called, **options)
        if not association.is_established:
            raise _refused(association, peer)
        try:
            yield association
        finally:
            if association.is_established:
                association.release()

    def _check_answer(self, status: Dataset, what: str) -> None:
        code = getattr(status, "Status", None)
        if code is None:
            raise ArchiveError(
                f"The archive ended the connection during {what}.", "run the same command again; it continues."
            )
        if code in _PENDING or code == 0:
            return
        if what == "C-MOVE" and code in {0xA801, 0xC000}:
            try_ = "ask the PACS administrator to register the AE title and port of --move-to for this machine."
        else:
            try_ = "ask the PACS administrator what its log says; run the same command again to continue."
        raise ArchiveError(f"The archive answered {what} with status 0x{code:04X}.", try_)


def storage_entity(title: str) -> Any:  # noqa: ANN401 -- of pynetdicom
    """Return what takes every kind of instance that a plan may have, for those who call it by its title."""
    entity = pynetdicom().AE(ae_title=title)
    entity.require_called_aet = True
    for uid in STORAGE:
        entity.add_supported_context(uid, list(SYNTAXES))
    return entity


class _Inbox:
    """Instances that a peer stores here, in a temporary file without a name until they are handed on."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, threading.Lock()
        self._file, self._sizes = tempfile.TemporaryFile(), list[int]()  # noqa: SIM115 -- ends with the inbox

    def take(self, event: Any) -> int:  # noqa: ANN401 -- of pynetdicom
        """Take one instance; answer as C-STORE does."""
        content = event.encoded_dataset()
        with self._lock:
            if len(content) > self._settings.max_file_bytes or len(self._sizes) >= self._settings.max_archive_entries:
                return _OUT_OF_RESOURCES
            self._file.write(content)
            self._sizes.append(len(content))
        return 0

    def files(self) -> Iterator[bytes]:
        """Hand on everything that came."""
        self._file.seek(0)
        for size in self._sizes:
            yield self._file.read(size)

    def close(self) -> None:
        """Forget what came."""
        self._file.close()


def _dataset(level: str, asked: dict[str, str]) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for keyword, value in asked.items():
        setattr(dataset, keyword, value)
    return dataset


def _value(row: Dataset, keyword: str) -> str:
    value = row.get(keyword)
    return "" if value is None else str(value).strip()


def _check_port(peer: Peer) -> None:
    """See that something listens: pynetdicom does not say why it could not connect."""
    try:
        socket.create_connection((peer.host, peer.port), timeout=_WAIT_S).close()
    except OSError as fault:
        raise ArchiveError(
            f"No archive answers at {peer.host} port {peer.port} ({fault.strerror or type(fault).__name__}).",
            "ask the PACS administrator for host, port and firewall rules.",
        ) from fault


def _refused(association: Any, peer: Peer) -> ArchiveError:  # noqa: ANN401 -- of pynetdicom
    where = f"{peer.host} port {peer.port}"
    if association.is_rejected:
        return ArchiveError(f"The archive at {where} rejected the association ({peer.calling} to {peer.called}).", _ASK)
    return ArchiveError(f"The archive at {where} aborted the association ({peer.calling} to {peer.called}).", _ASK)


def pynetdicom() -> Any:  # noqa: ANN401 -- an extra
    """Import the extra."""
    try:
        import pynetdicom as net  # noqa: PLC0415 -- an extra
    except ImportError as fault:
        feature = "--dimse"
        raise MissingExtraError(feature, "pacs") from fault
    return net
